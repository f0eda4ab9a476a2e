//! Quantities a file writes with their unit: rates (`"700/s"`) and sizes (`"2KB"`).

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sim_core::{random::distribution::Quantity, time::split_unit};

/// How often, per second. In files: `"700/s"`, `"42/min"`, `"3/h"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Rate(pub f64);

/// A size in bytes. In files: `"512B"`, `"2KB"` (1000), `"2KiB"` (1024), up to TB and TiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub u64);

impl Rate {
    /// Reads `"700/s"`.
    ///
    /// # Errors
    /// No or an unknown unit, not a number, negative or infinite.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (number, unit) = split_unit(text);
        let per_second = match unit {
            "/s" => 1.0,
            "/min" => 60.0,
            "/h" => 3600.0,
            "" if number.parse::<f64>().is_ok() => {
                return Err(format!("a rate needs a unit: write \"{number}/s\""));
            }
            _ => return Err(format!("`{text}` is not a rate such as \"700/s\" (units are /s, /min, /h)")),
        };
        let value: f64 = number.parse().map_err(|_| format!("`{text}` is not a rate such as \"700/s\""))?;
        if !value.is_finite() || value < 0.0 {
            return Err(format!("a rate cannot be negative or infinite, got `{text}`"));
        }
        Ok(Self(value / per_second))
    }
}

impl Bytes {
    /// Reads `"2KB"`.
    ///
    /// # Errors
    /// No or an unknown unit, not a number, negative or beyond 2⁶⁴.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (number, unit) = split_unit(text);
        let scale: u64 = match unit {
            "B" => 1,
            "KB" => 1_000,
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            "TB" => 1_000_000_000_000,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            "TiB" => 1 << 40,
            "" if number.parse::<f64>().is_ok() => {
                return Err(format!("a size needs a unit: write \"{number}B\" or \"{number}KB\""));
            }
            _ => {
                return Err(format!(
                    "`{text}` is not a size such as \"2KB\" (units are B, KB, MB, GB, TB, KiB, MiB, GiB, TiB)"
                ));
            }
        };
        let value: f64 = number.parse().map_err(|_| format!("`{text}` is not a size such as \"2KB\""))?;
        let bytes = value * scale as f64;
        if !(0.0..u64::MAX as f64).contains(&bytes) {
            return Err(format!("a size cannot be negative or beyond 2^64 bytes, got `{text}`"));
        }
        Ok(Self((bytes + 0.5) as u64))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", self.0)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, scale) in [("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000)] {
            if self.0 >= scale && self.0.is_multiple_of(scale) {
                return write!(f, "{}{unit}", self.0 / scale);
            }
        }
        write!(f, "{}B", self.0)
    }
}

impl Quantity for Bytes {
    fn base(&self) -> f64 {
        self.0 as f64
    }
}

/// Serde for a quantity written as a string with its unit.
macro_rules! as_text {
    ($Type:ident, $example:literal) => {
        impl Serialize for $Type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $Type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl de::Visitor<'_> for Visitor {
                    type Value = $Type;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($example)
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$Type, E> {
                        $Type::parse(text).map_err(E::custom)
                    }
                    fn visit_f64<E: de::Error>(self, number: f64) -> Result<$Type, E> {
                        $Type::parse(&number.to_string()).map_err(E::custom)
                    }
                    fn visit_u64<E: de::Error>(self, number: u64) -> Result<$Type, E> {
                        $Type::parse(&number.to_string()).map_err(E::custom)
                    }
                    fn visit_i64<E: de::Error>(self, number: i64) -> Result<$Type, E> {
                        $Type::parse(&number.to_string()).map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Visitor)
            }
        }

        impl JsonSchema for $Type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($Type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "title": $example })
            }
        }
    };
}

as_text!(Rate, "a rate such as \"700/s\"");
as_text!(Bytes, "a size such as \"2KB\"");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_need_their_unit() {
        assert_eq!(Rate::parse("42/min"), Ok(Rate(0.7)));
        assert_eq!(Bytes::parse("1.5KiB"), Ok(Bytes(1536)));
        assert!(Rate::parse("700").unwrap_err().contains("700/s"));
        assert!(Bytes::parse("2 kb").is_err());
        for wrong in ["", "/s", "-1/s", "x/s"] {
            assert!(Rate::parse(wrong).is_err(), "{wrong}");
        }
    }
}
