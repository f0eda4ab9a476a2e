//! Comma-separated values (RFC 4180): key, size in bytes, time in seconds, the last two if there are any.

use std::io::Read;

use csv::{Reader, ReaderBuilder, StringRecord};
use sim_core::time::SimTime;

use super::{CacheRequest, Wrong, key_of};

/// Where the columns stand.
#[derive(Clone, Copy)]
struct Columns {
    key: usize,
    size: Option<usize>,
    time: Option<usize>,
}

impl Columns {
    const USUAL: Self = Self { key: 0, size: Some(1), time: Some(2) };

    /// What a first line says if it is one of headings.
    fn said_by(row: &StringRecord) -> Option<Self> {
        let find = |name: &str| row.iter().position(|heading| heading.trim().eq_ignore_ascii_case(name));
        Some(Self { key: find("key")?, size: find("size"), time: find("time") })
    }
}

pub(super) struct Separated<R> {
    reader: Reader<R>,
    row: StringRecord,
    /// None before the first line.
    columns: Option<Columns>,
}

impl<R: Read> Separated<R> {
    pub(super) fn new(source: R) -> Self {
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(source);
        Self { reader, row: StringRecord::new(), columns: None }
    }

    /// Reads the next row; whether there was one.
    fn advance(&mut self) -> Result<bool, Wrong> {
        let line = self.reader.position().line();
        self.reader.read_record(&mut self.row).map_err(|error| Wrong::Read(place(line), error.into()))
    }

    fn request(&mut self) -> Result<Option<CacheRequest>, Wrong> {
        if !self.advance()? {
            return Ok(None);
        }
        let columns = match self.columns {
            Some(columns) => columns,
            None => match Columns::said_by(&self.row) {
                Some(columns) => {
                    self.columns = Some(columns);
                    return self.request_after_headings();
                }
                None => *self.columns.insert(Columns::USUAL),
            },
        };
        parse(&self.row, columns).map(Some)
    }

    fn request_after_headings(&mut self) -> Result<Option<CacheRequest>, Wrong> {
        match (self.advance()?, self.columns) {
            (true, Some(columns)) => parse(&self.row, columns).map(Some),
            (true, None) | (false, _) => Ok(None),
        }
    }
}

impl<R: Read> Iterator for Separated<R> {
    type Item = Result<CacheRequest, Wrong>;

    fn next(&mut self) -> Option<Self::Item> {
        self.request().transpose()
    }
}

fn place(line: u64) -> String {
    format!("line {line}")
}

fn parse(row: &StringRecord, columns: Columns) -> Result<CacheRequest, Wrong> {
    let wrong = |what: String| Wrong::Content(place(row.position().map_or(0, csv::Position::line)), what);
    let value = |column: Option<usize>| column.and_then(|column| row.get(column)).unwrap_or_default().trim();
    let key = value(Some(columns.key));
    if key.is_empty() {
        return Err(wrong("there is no key".to_owned()));
    }
    let size = match value(columns.size) {
        "" => 1,
        text => text
            .parse()
            .map_err(|_| wrong(format!("`{text}` is not a size: a whole number of bytes is needed")))?,
    };
    let at = match value(columns.time) {
        "" => None,
        text => Some(time_of(text).ok_or_else(|| {
            wrong(format!("`{text}` is not a time: a number of seconds of 0 or above is needed"))
        })?),
    };
    Ok(CacheRequest { key: key_of(key), size, at, next: None })
}

fn time_of(text: &str) -> Option<SimTime> {
    let nanos = text.parse::<f64>().ok()? * 1e9;
    (0.0..u64::MAX as f64).contains(&nanos).then(|| SimTime::from_nanos(nanos.round() as u64))
}
