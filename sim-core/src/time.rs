//! Simulated time, in whole nanoseconds. Integers, so that sums never depend on their order.
//!
//! Arithmetic saturates at [`SimTime::NEVER`], 584 years after the start; scheduling an event there is an
//! error that stops the run, so overflow is told and never wraps.

use std::{
    borrow::Cow,
    fmt,
    ops::{Add, AddAssign, Sub},
};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A moment since the start of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SimTime(u64);

/// A length of simulated time. In files: a number and a unit, `"250ms"`, `"1.5s"`; units ns, us, ms, s, min, h.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimDuration(u64);

impl SimTime {
    /// The start of every run.
    pub const ZERO: Self = Self(0);
    /// After every moment that can happen.
    pub const NEVER: Self = Self(u64::MAX);

    /// The moment `nanos` after the start.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the start.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Seconds since the start.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The time since `earlier`, zero if that lies in the future.
    pub const fn since(self, earlier: Self) -> SimDuration {
        SimDuration(self.0.saturating_sub(earlier.0))
    }
}

impl SimDuration {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// Longer than any run.
    pub const FOREVER: Self = Self(u64::MAX);

    /// A length of `nanos` nanoseconds.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// A length of `micros` microseconds.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros.saturating_mul(1_000))
    }

    /// A length of `millis` milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// A length of `secs` seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000_000))
    }

    /// The nearest whole number of nanoseconds; negative and NaN give zero, too long gives [`Self::FOREVER`].
    pub fn from_nanos_f64(nanos: f64) -> Self {
        // Adding a half and truncating rounds to nearest without the platform's `round`; `as` saturates.
        Self((nanos + 0.5) as u64)
    }

    /// The nearest length to `secs` seconds.
    pub fn from_secs_f64(secs: f64) -> Self {
        Self::from_nanos_f64(secs * 1e9)
    }

    /// The length in nanoseconds.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The length in seconds.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// Whether this is no time at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// This length `factor` times.
    pub const fn saturating_mul(self, factor: u64) -> Self {
        Self(self.0.saturating_mul(factor))
    }

    /// Reads `"250ms"`. The error says what is wrong in one sentence.
    ///
    /// # Errors
    /// No unit, an unknown unit, not a number, negative, or longer than 584 years.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (number, unit) = split_unit(text);
        if unit.is_empty() && number.parse::<f64>().is_ok() {
            return Err(format!(
                "a duration needs a unit: write \"{number}ms\" or \"{number}s\" (units are ns, us, ms, s, min, h)"
            ));
        }
        let scale = match unit {
            "ns" => 1.0,
            "us" | "µs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "min" => 60e9,
            "h" => 3600e9,
            _ => return Err(format!("`{text}` is not a duration: units are ns, us, ms, s, min, h")),
        };
        let value: f64 =
            number.parse().map_err(|_| format!("`{text}` is not a duration such as \"250ms\""))?;
        if !value.is_finite() || value < 0.0 {
            return Err(format!("a duration cannot be negative or infinite, got `{text}`"));
        }
        let nanos = value * scale;
        if nanos >= u64::MAX as f64 {
            return Err(format!("`{text}` is longer than simulated time can hold (584 years)"));
        }
        Ok(Self::from_nanos_f64(nanos))
    }
}

/// Splits `"1.5ms"` into `"1.5"` and `"ms"`.
pub fn split_unit(text: &str) -> (&str, &str) {
    let text = text.trim();
    // An exponent's `e` belongs to the number only if a digit or sign follows.
    let mut end = text.len();
    let bytes = text.as_bytes();
    for (index, byte) in bytes.iter().enumerate() {
        let exponent = matches!(byte, b'e' | b'E')
            && index > 0
            && bytes.get(index + 1).is_some_and(|next| next.is_ascii_digit() || matches!(next, b'+' | b'-'));
        if !(byte.is_ascii_digit() || matches!(byte, b'.' | b'+' | b'-') || exponent) {
            end = index;
            break;
        }
    }
    (text[..end].trim_end(), text[end..].trim_start())
}

impl fmt::Display for SimDuration {
    /// The largest unit that leaves a short exact number: `250ms`, `1.5s`, `1234567ns`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, scale) in
            [("h", 3_600_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000)]
        {
            // At most three decimals, so that what is printed reads back exactly.
            if self.0 >= scale
                && self.0.is_multiple_of(scale / if unit == "h" { 1 } else { 1_000 })
                && (unit != "h" || self.0.is_multiple_of(scale))
            {
                return write!(f, "{}{unit}", self.0 as f64 / scale as f64);
            }
        }
        write!(f, "{}ns", self.0)
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SimDuration(self.0).fmt(f)
    }
}

impl Serialize for SimDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SimDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = SimDuration;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(DURATION)
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<SimDuration, E> {
                SimDuration::parse(text).map_err(E::custom)
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<SimDuration, E> {
                SimDuration::parse(&number.to_string()).map_err(E::custom)
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<SimDuration, E> {
                SimDuration::parse(&number.to_string()).map_err(E::custom)
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<SimDuration, E> {
                SimDuration::parse(&number.to_string()).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

/// What a file must hold where a length is meant.
const DURATION: &str = "a duration such as \"250ms\"";

impl JsonSchema for SimDuration {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "SimDuration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "title": DURATION })
    }
}

impl Add<SimDuration> for SimTime {
    type Output = Self;
    fn add(self, rhs: SimDuration) -> Self {
        Self(self.0.saturating_add(rhs.0))
    }
}

impl Add for SimDuration {
    type Output = Self;
    fn add(self, rhs: Self) -> Self {
        Self(self.0.saturating_add(rhs.0))
    }
}

impl AddAssign for SimDuration {
    fn add_assign(&mut self, rhs: Self) {
        *self = *self + rhs;
    }
}

impl Sub for SimDuration {
    type Output = Self;
    /// Zero if `rhs` is longer.
    fn sub(self, rhs: Self) -> Self {
        Self(self.0.saturating_sub(rhs.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_reads_back_exactly() {
        for nanos in [
            0,
            1,
            999,
            1_000,
            1_500,
            1_234_567,
            250_000_000,
            1_500_000_000,
            90_000_000_000,
            3_600_000_000_000,
            u64::MAX / 2,
        ] {
            let length = SimDuration::from_nanos(nanos);
            let back = SimDuration::parse(&length.to_string()).unwrap();
            if nanos < 1 << 53 {
                assert_eq!(back, length, "{length}");
            }
        }
        assert_eq!(SimDuration::from_millis(250).to_string(), "250ms");
        assert_eq!(SimDuration::from_millis(1500).to_string(), "1.5s");
    }

    #[test]
    fn a_length_needs_a_unit_it_knows() {
        assert_eq!(SimDuration::parse("1.5 ms"), Ok(SimDuration::from_micros(1_500)));
        assert_eq!(SimDuration::parse("1e3us"), Ok(SimDuration::from_millis(1)));
        assert!(SimDuration::parse("20").unwrap_err().contains("needs a unit"));
        for wrong in ["", "ms", "-1s", "1 day", "1e400s", "NaNs", "1e30h"] {
            assert!(SimDuration::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn overflow_saturates_at_never() {
        assert_eq!(SimTime::from_nanos(5) + SimDuration::FOREVER, SimTime::NEVER);
        assert_eq!(SimTime::ZERO.since(SimTime::from_nanos(3)), SimDuration::ZERO);
    }
}
