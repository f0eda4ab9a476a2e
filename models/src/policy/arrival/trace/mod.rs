//! Traces: requests that came once, in the order and at the distances they came.
//!
//! No process explains everything a real day holds; a trace brings it along. This crate opens no file: a
//! [`TraceParser`] is fed line by line, and [`Replay`] turns records into arrivals.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};
use xxhash_rust::xxh64::xxh64;

use crate::units::Bytes;

pub mod common_log;
pub mod csv;
mod replay;

pub use replay::Replay;

/// One request of a trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceRecord {
    /// When it came, on the trace's own clock.
    pub at: SimTime,
    /// What it asked for.
    pub key: Option<u64>,
    /// How large the answer was.
    pub size: Option<Bytes>,
    /// Of what kind it was.
    pub class: Option<String>,
}

/// `(file: "access.log", format: CommonLog, time_scale: 0.1, repeat: Forever)`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TraceSpec {
    /// The file, beside the experiment's.
    pub file: String,
    /// How its lines are read. Default `Csv()`.
    pub format: TraceFormat,
    /// What times are multiplied by: 0.5 plays it twice as fast. Default 1.
    pub time_scale: f64,
    /// What comes after its end. Default `Never`.
    pub repeat: Repeat,
}

/// What comes after the end of a trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum Repeat {
    /// Nothing.
    #[default]
    Never,
    /// The same again, so many times.
    Times(u32),
    /// The same again and again.
    Forever,
}

/// How the lines of a trace are read.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
pub enum TraceFormat {
    /// Comma-separated values under a line of headings.
    Csv(csv::Spec),
    /// The Common Log Format of web servers, what follows it (as in the combined format) passed over.
    CommonLog,
    /// libCacheSim's oracleGeneral: records of 24 bytes, times in whole seconds.
    OracleGeneral,
    /// A key a line, as the traces of LIRS: requests come evenly.
    KeyList {
        /// Time from one to the next. Default 1 ms.
        #[serde(default = "one_millisecond")]
        every: SimDuration,
    },
}

const fn one_millisecond() -> SimDuration {
    SimDuration::from_millis(1)
}

impl Default for TraceFormat {
    fn default() -> Self {
        Self::Csv(csv::Spec::default())
    }
}

impl Default for TraceSpec {
    fn default() -> Self {
        let (format, repeat) = (TraceFormat::default(), Repeat::default());
        Self { file: String::new(), format, time_scale: 1.0, repeat }
    }
}

impl TraceSpec {
    /// Reports what is wrong with the values.
    pub fn check(&self, check: &mut Check) {
        check.require(!self.file.is_empty(), "file", || "a trace needs a file".to_owned());
        check.positive("time_scale", self.time_scale);
        check.at("format", |check| match &self.format {
            TraceFormat::Csv(spec) => check.at("Csv", |check| spec.check(check)),
            TraceFormat::CommonLog | TraceFormat::OracleGeneral => {}
            TraceFormat::KeyList { every } => check.at("KeyList", |check| {
                check.require(!every.is_zero(), "every", || "every must be above 0".into());
            }),
        });
    }

    /// What reads the file's lines; nothing does where requests are not told of in lines of text with their times.
    pub fn parser(&self) -> Option<TraceParser> {
        match &self.format {
            TraceFormat::Csv(spec) => Some(TraceParser::Csv(Box::new(spec.parser()))),
            TraceFormat::CommonLog => Some(TraceParser::CommonLog),
            TraceFormat::OracleGeneral | TraceFormat::KeyList { .. } => None,
        }
    }

    /// The arrivals that records in the order of the file make, from time 0 on.
    pub fn replay<I: Iterator<Item = TraceRecord> + Clone>(&self, records: I) -> Replay<I> {
        Replay::new(records, self.time_scale, self.repeat)
    }
}

/// Reads a trace line by line.
#[derive(Debug)]
pub enum TraceParser {
    /// Remembers the headings.
    Csv(Box<csv::Parser>),
    /// Remembers nothing.
    CommonLog,
}

impl TraceParser {
    /// The request a line tells of; `None` for headings and empty lines.
    ///
    /// # Errors
    /// What is wrong with the line; the next can be read all the same.
    pub fn parse(&mut self, line: &str) -> Result<Option<TraceRecord>, BadLine> {
        let line = line.trim_end_matches(['\r', '\n']);
        if line.trim().is_empty() {
            return Ok(None);
        }
        match self {
            Self::Csv(parser) => parser.parse(line),
            Self::CommonLog => common_log::parse(line).map(Some),
        }
    }
}

/// What is wrong with a line of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadLine {
    /// The headings lack a column that the spec names.
    NoColumn(String),
    /// The line is too short to have a value in this column, or the value is empty.
    NoValue(String),
    /// A quoted value does not end on its line.
    OpenQuote,
    /// Not a number of the time unit, 0 or above.
    NotATime(String),
    /// Not a whole number of bytes.
    NotASize(String),
    /// Not a line of the Common Log Format: which part of it is missing.
    NotCommonLog(&'static str),
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoColumn(column) => write!(f, "the first line has no column `{column}`"),
            Self::NoValue(column) => write!(f, "the line has no value in column `{column}`"),
            Self::OpenQuote => f.write_str("a quoted value does not end on its line"),
            Self::NotATime(text) => write!(f, "`{text}` is not a time: a number of 0 or above is needed"),
            Self::NotASize(text) => write!(f, "`{text}` is not a size: a whole number of bytes is needed"),
            Self::NotCommonLog(part) => write!(f, "a line of the Common Log Format has {part}, this has not"),
        }
    }
}

impl std::error::Error for BadLine {}

/// A key as a number: itself if it is a whole number, else its XXH64; none if it is empty.
fn key_of(text: &str) -> Option<u64> {
    if text.is_empty() { None } else { Some(text.parse().unwrap_or_else(|_| xxh64(text.as_bytes(), 0))) }
}

/// A size in bytes, none if it is empty or the `-` of log files.
fn size_of(text: &str) -> Result<Option<Bytes>, BadLine> {
    match text {
        "" | "-" => Ok(None),
        number => {
            number.parse().map(|bytes| Some(Bytes(bytes))).map_err(|_| BadLine::NotASize(number.into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::arrival::laws::read;

    #[test]
    fn keys_are_numbers_or_their_published_hash() {
        assert_eq!(key_of("17"), Some(17));
        // XXH64 of "a" with seed 0, from the reference implementation.
        assert_eq!(key_of("a"), Some(0xD24E_C4F1_A98C_6E5B));
        assert_eq!(key_of(""), None);
    }

    #[test]
    fn a_spec_reads_from_a_file_and_is_checked() {
        let spec: TraceSpec = read(
            r#"(file: "day.csv", format: Csv(key: "user", delimiter: ';'), time_scale: 0.5, repeat: Times(2))"#,
        );
        let mut check = Check::default();
        spec.check(&mut check);
        assert!(check.is_clean());
        assert!(matches!(read::<TraceSpec>("(format: CommonLog)").parser(), Some(TraceParser::CommonLog)));

        read::<TraceSpec>("(format: Csv(time: \"\", delimiter: '→'), time_scale: 0)").check(&mut check);
        let paths: Vec<_> = check.into_problems().iter().map(|problem| problem.path.join(".")).collect();
        assert_eq!(paths, ["file", "time_scale", "format.Csv.time", "format.Csv.delimiter"]);
    }
}
