//! A number with its unit, read without knowing which kind is wanted: `250ms`, `665/s`, `2KB`, `0.95`.
//!
//! A field of a spec knows its kind and reads itself; a claim, a filter and a flag first have to see what they got.

use models::{
    report::Unit,
    units::{Bytes, Rate},
};
use sim_core::time::{SimDuration, split_unit};

/// A number with its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Quantity {
    /// `250ms`.
    Duration(SimDuration),
    /// `665/s`, in events a second.
    Rate(f64),
    /// `2KB`.
    Size(Bytes),
    /// `0.95`, `100`.
    Number(f64),
    /// `95%`, which files never use.
    Percent(f64),
}

impl Quantity {
    /// Reads a quantity.
    ///
    /// # Errors
    /// No number, or a unit that is not known.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (number, unit) = split_unit(text);
        let plain = || number.parse::<f64>().ok().filter(|value| value.is_finite());
        match unit {
            "" => plain().map(Self::Number).ok_or_else(|| format!("`{text}` is not a number")),
            "%" => plain().map(Self::Percent).ok_or_else(|| format!("`{text}` is not a number")),
            unit if unit.starts_with('/') => Rate::parse(text).map(|rate| Self::Rate(rate.0)),
            unit if unit.ends_with(['B', 'b']) => Bytes::parse(text).map(Self::Size),
            _ => SimDuration::parse(text).map(Self::Duration),
        }
    }

    /// Its value in base units: seconds, per second, bytes, or plain.
    pub fn base(self) -> f64 {
        match self {
            Self::Duration(length) => length.as_secs_f64(),
            Self::Size(size) => size.0 as f64,
            Self::Rate(value) | Self::Number(value) => value,
            Self::Percent(value) => value / 100.0,
        }
    }

    /// What it counts in; a plain number may be a count or a ratio.
    pub const fn unit(self) -> Option<Unit> {
        match self {
            Self::Duration(_) => Some(Unit::Seconds),
            Self::Rate(_) => Some(Unit::PerSecond),
            Self::Size(_) => Some(Unit::Bytes),
            Self::Number(_) | Self::Percent(_) => None,
        }
    }

    /// What it is, in words.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Duration(_) => "a duration",
            Self::Rate(_) => "a rate",
            Self::Size(_) => "a size",
            Self::Number(_) => "a plain number",
            Self::Percent(_) => "a percentage",
        }
    }
}

/// What a figure of this unit is, in words.
pub const fn describe(unit: Unit) -> &'static str {
    match unit {
        Unit::Seconds => "a duration",
        Unit::PerSecond => "a rate",
        Unit::Count => "a number",
        Unit::Ratio => "a ratio",
        Unit::Bytes => "a size",
    }
}

/// A quantity of this unit with the number that was written: `250ms`, `250/s`.
pub fn example(unit: Unit, number: &str) -> String {
    let suffix = match unit {
        Unit::Seconds => "ms",
        Unit::PerSecond => "/s",
        Unit::Bytes => "KB",
        Unit::Count | Unit::Ratio => "",
    };
    format!("{number}{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_tells_the_kind() {
        assert_eq!(Quantity::parse("250ms"), Ok(Quantity::Duration(SimDuration::from_millis(250))));
        assert_eq!(Quantity::parse("42/min"), Ok(Quantity::Rate(0.7)));
        assert_eq!(Quantity::parse("2KB"), Ok(Quantity::Size(Bytes(2000))));
        assert_eq!(Quantity::parse("1e-3"), Ok(Quantity::Number(0.001)));
        assert_eq!(Quantity::parse("95 %"), Ok(Quantity::Percent(95.0)));
        for wrong in ["", "ms", "5 parsecs", "1/fortnight", "1e999", "inf"] {
            assert!(Quantity::parse(wrong).is_err(), "{wrong}");
        }
    }
}
