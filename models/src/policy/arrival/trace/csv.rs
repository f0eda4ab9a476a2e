//! Traces as comma-separated values (RFC 4180) under a line of headings.
//!
//! The spec names the columns; others are passed over. A quoted value may hold the delimiter but no line break,
//! since lines are fed one by one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, time::SimTime};

use super::{BadLine, TraceRecord, key_of, size_of};

/// `Csv(time: "timestamp", time_unit: Milliseconds, key: "user", size: "bytes", class: "operation")`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The heading of the column that says when a request came. Default `"time"`.
    pub time: String,
    /// What that column counts. Default `Seconds`.
    pub time_unit: TimeUnit,
    /// The heading of the keys' column. Whole numbers are taken as they are, other text is hashed. Default: none.
    pub key: Option<String>,
    /// The heading of the column of sizes in bytes. Default: none.
    pub size: Option<String>,
    /// The heading of the classes' column. Default: none.
    pub class: Option<String>,
    /// What separates values, an ASCII character. Default `','`.
    pub delimiter: char,
}

/// What a column of times counts, fractions allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum TimeUnit {
    /// Seconds.
    #[default]
    Seconds,
    /// Thousandths of a second.
    Milliseconds,
    /// Millionths of a second.
    Microseconds,
    /// Billionths of a second.
    Nanoseconds,
}

impl Default for Spec {
    fn default() -> Self {
        let time_unit = TimeUnit::default();
        Self { time: "time".to_owned(), time_unit, key: None, size: None, class: None, delimiter: ',' }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        let columns = [("key", &self.key), ("size", &self.size), ("class", &self.class)];
        let named = columns.map(|(field, column)| (field, column.as_deref()));
        for (field, column) in [("time", Some(self.time.as_str()))].into_iter().chain(named) {
            check.require(column != Some(""), field, || "a column needs its heading".to_owned());
        }
        check.require(self.delimiter.is_ascii() && self.delimiter != '"', "delimiter", || {
            format!(
                "values are separated by one ASCII character other than a quote, not by `{}`",
                self.delimiter
            )
        });
    }

    pub(super) fn parser(&self) -> Parser {
        let delimiter = u8::try_from(self.delimiter).unwrap_or(b',');
        Parser {
            spec: self.clone(),
            headings: None,
            row: Row {
                reader: csv_core::ReaderBuilder::new().delimiter(delimiter).build(),
                line: Vec::new(),
                text: Vec::new(),
                ends: Vec::new(),
                values: 0,
            },
        }
    }
}

impl TimeUnit {
    const fn nanos(self) -> u64 {
        match self {
            Self::Seconds => 1_000_000_000,
            Self::Milliseconds => 1_000_000,
            Self::Microseconds => 1_000,
            Self::Nanoseconds => 1,
        }
    }

    /// Reads `1700000000.123456` exactly, which a floating-point number would not; what is finer than a nanosecond
    /// is cut off.
    fn parse(self, text: &str) -> Option<SimTime> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let mut nanos = whole.parse::<u64>().ok()?.checked_mul(self.nanos())?;
        let mut place = self.nanos();
        for digit in fraction.bytes() {
            place /= 10;
            nanos = nanos.checked_add(u64::from(digit.is_ascii_digit().then(|| digit - b'0')?) * place)?;
        }
        Some(SimTime::from_nanos(nanos))
    }
}

/// Reads the headings from the first line and a request from each later one.
#[derive(Debug)]
pub struct Parser {
    spec: Spec,
    headings: Option<Headings>,
    row: Row,
}

/// Where the columns stand.
#[derive(Clone, Copy, Debug)]
struct Headings {
    time: usize,
    key: Option<usize>,
    size: Option<usize>,
    class: Option<usize>,
}

impl Parser {
    /// The request a line tells of; `None` for the headings.
    ///
    /// # Errors
    /// What is wrong with the line. Until headings are found, a line is taken for them.
    pub fn parse(&mut self, line: &str) -> Result<Option<TraceRecord>, BadLine> {
        let Some(headings) = self.headings else {
            self.row.split(line.trim_start_matches('\u{FEFF}'))?;
            self.headings = Some(self.find_headings()?);
            return Ok(None);
        };
        self.row.split(line)?;
        let time = self.row.value(headings.time);
        if time.is_empty() {
            return Err(BadLine::NoValue(self.spec.time.clone()));
        }
        let at = self.spec.time_unit.parse(time).ok_or_else(|| BadLine::NotATime(time.to_owned()))?;
        let value = |column: Option<usize>| column.map_or("", |column| self.row.value(column));
        let class = Some(value(headings.class)).filter(|class| !class.is_empty()).map(str::to_owned);
        Ok(Some(TraceRecord {
            at,
            key: key_of(value(headings.key)),
            size: size_of(value(headings.size))?,
            class,
        }))
    }

    fn find_headings(&self) -> Result<Headings, BadLine> {
        let find = |heading: &String| {
            let column = (0..self.row.values).find(|column| self.row.value(*column) == heading);
            column.ok_or_else(|| BadLine::NoColumn(heading.clone()))
        };
        let maybe = |heading: &Option<String>| heading.as_ref().map(find).transpose();
        let Spec { time, key, size, class, .. } = &self.spec;
        Ok(Headings { time: find(time)?, key: maybe(key)?, size: maybe(size)?, class: maybe(class)? })
    }
}

/// The values of one line, in buffers that are used again.
#[derive(Debug)]
struct Row {
    reader: csv_core::Reader,
    line: Vec<u8>,
    text: Vec<u8>,
    ends: Vec<usize>,
    values: usize,
}

impl Row {
    fn split(&mut self, line: &str) -> Result<(), BadLine> {
        self.line.clear();
        self.line.extend_from_slice(line.as_bytes());
        self.line.push(b'\n');
        // Enough for any line: values are no longer than it, and each but the last costs a delimiter.
        self.text.resize(self.line.len(), 0);
        self.ends.resize(self.line.len() + 1, 0);
        self.reader.reset();
        let (result, _, _, values) = self.reader.read_record(&self.line, &mut self.text, &mut self.ends);
        self.values = values;
        match result {
            csv_core::ReadRecordResult::Record => Ok(()),
            csv_core::ReadRecordResult::InputEmpty
            | csv_core::ReadRecordResult::OutputFull
            | csv_core::ReadRecordResult::OutputEndsFull
            | csv_core::ReadRecordResult::End => Err(BadLine::OpenQuote),
        }
    }

    /// The value of a column without the blanks around it, empty if the line has no such column.
    fn value(&self, column: usize) -> &str {
        let ends = self.ends.get(..self.values).unwrap_or_default();
        let start = column.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
        let bytes = ends.get(column).and_then(|end| self.text.get(start..*end)).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default().trim()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{policy::arrival::laws::read, units::Bytes};

    fn parse(spec: &str, lines: &[&str]) -> Vec<Result<Option<TraceRecord>, BadLine>> {
        let mut parser = read::<Spec>(spec).parser();
        lines.iter().map(|line| parser.parse(line)).collect()
    }

    #[test]
    fn columns_are_found_by_their_headings() {
        let spec = r#"(time: "ts", time_unit: Milliseconds, key: "user id", size: "bytes", class: "op")"#;
        let lines = [
            "\u{FEFF}bytes,op,other,\"user id\",ts",
            r#"512,"get, or ""fetch""",x,17,1700000000123.4567891"#,
        ];
        let at = SimTime::from_nanos(1_700_000_000_123_456_789);
        let class = Some("get, or \"fetch\"".to_owned());
        let record = TraceRecord { at, key: Some(17), size: Some(Bytes(512)), class };
        assert_eq!(parse(spec, &lines), [Ok(None), Ok(Some(record))]);
    }

    #[test]
    fn a_bad_line_is_told_and_the_next_is_read() {
        let lines = ["time,size", "x,1", "-1,1", "1e3,1", ",1", "1,big", "1,\"5", "99999999999999,1", "2.5"];
        let results = parse(r#"(size: "size")"#, &lines);
        let time = |text: &str| Err(BadLine::NotATime(text.to_owned()));
        let last = TraceRecord { at: SimTime::from_nanos(2_500_000_000), ..TraceRecord::default() };
        assert_eq!(
            results,
            [
                Ok(None),
                time("x"),
                time("-1"),
                time("1e3"),
                Err(BadLine::NoValue("time".to_owned())),
                Err(BadLine::NotASize("big".to_owned())),
                Err(BadLine::OpenQuote),
                time("99999999999999"),
                Ok(Some(last)),
            ]
        );
        assert_eq!(parse(r#"(key: "user")"#, &["time,size"]), [Err(BadLine::NoColumn("user".to_owned()))]);
    }
}
