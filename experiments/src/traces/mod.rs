//! Traces of caches: which key was asked for, one request after the other.
//!
//! Research keeps them in a few formats, mostly compressed. A reader gives requests one by one, so a trace may be larger
//! than memory; what is wrong with a file names the file and the line or record.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
};

use sim_core::time::SimTime;
use xxhash_rust::xxh64::xxh64;

mod compression;
mod key_list;
mod oracle_general;
mod separated;

/// One request of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheRequest {
    /// What it asked for: a whole number as it is, other text by its XXH64.
    pub key: u64,
    /// How large the object is in bytes; 1 where the format does not say.
    pub size: u64,
    /// When it came, on the trace's own clock, where the format says so.
    pub at: Option<SimTime>,
    /// The number of the next request for the same key, from 0, where the format says so and there is one.
    pub next: Option<u64>,
}

impl CacheRequest {
    const fn of(key: u64) -> Self {
        Self { key, size: 1, at: None, next: None }
    }
}

/// How a trace is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceFormat {
    /// Comma-separated values: a key, then perhaps a size in bytes, then perhaps a time in seconds; or in the order
    /// that a first line of the headings `key`, `size` and `time` says.
    Separated,
    /// libCacheSim's oracleGeneral: records of 24 bytes.
    OracleGeneral,
    /// A key on each line, as the traces of LIRS: lines of a single `*` separate rounds and are passed over.
    KeyList,
}

impl TraceFormat {
    /// What a file's name says, without the ending of its compression.
    pub fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_lowercase();
        let name = name.trim_end_matches(".gz").trim_end_matches(".zst");
        let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
        if name.contains("oraclegeneral") {
            Some(Self::OracleGeneral)
        } else if ends(&[".csv"]) {
            Some(Self::Separated)
        } else if ends(&[".trc", ".lis", ".txt", ".trace"]) {
            Some(Self::KeyList)
        } else {
            None
        }
    }
}

/// Why a trace cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The file cannot be opened.
    #[error("{}: cannot be opened: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The name does not tell the format.
    #[error(
        "{}: what is it? Names end in `.csv`, `.oracleGeneral`, or `.trc`, `.lis`, `.txt` for a key a line, each \
         perhaps followed by `.gz` or `.zst`",
        path.display()
    )]
    Format {
        /// The file.
        path: PathBuf,
    },
    /// Reading breaks off, or what is compressed is damaged.
    #[error("{} {place}: cannot be read on: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The line or record, `line 3`.
        place: String,
        /// What the system or the decompressor says.
        source: io::Error,
    },
    /// A line or record holds something else than the format says.
    #[error("{} {place}: {what}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// The line or record, `line 3`.
        place: String,
        /// What is wrong.
        what: String,
    },
}

/// What can go wrong inside a format, which does not know its file.
enum Wrong {
    Read(String, io::Error),
    Content(String, String),
}

impl Wrong {
    fn in_file(self, path: &Path) -> TraceError {
        let path = path.to_owned();
        match self {
            Self::Read(place, source) => TraceError::Read { path, place, source },
            Self::Content(place, what) => TraceError::Content { path, place, what },
        }
    }
}

/// Requests of a format, or what is wrong with one.
type Requests = Box<dyn Iterator<Item = Result<CacheRequest, Wrong>>>;

/// Reads a trace, whose compression is known by its first bytes; ends after the first mistake.
///
/// # Errors
/// The file cannot be opened.
pub fn read(path: &Path, format: TraceFormat) -> Result<TraceReader, TraceError> {
    let open = |source| TraceError::Open { path: path.to_owned(), source };
    let file = BufReader::new(File::open(path).map_err(open)?);
    let plain = BufReader::with_capacity(1 << 16, compression::plain(file).map_err(open)?);
    Ok(TraceReader { path: path.to_owned(), requests: Some(requests(plain, format)) })
}

/// Reads a trace whose name tells its format.
///
/// # Errors
/// The file cannot be opened, or its name tells nothing.
pub fn read_named(path: &Path) -> Result<TraceReader, TraceError> {
    let format = TraceFormat::of(path).ok_or_else(|| TraceError::Format { path: path.to_owned() })?;
    read(path, format)
}

fn requests(plain: BufReader<Box<dyn Read>>, format: TraceFormat) -> Requests {
    match format {
        TraceFormat::Separated => Box::new(separated::Separated::new(plain)),
        TraceFormat::OracleGeneral => Box::new(oracle_general::OracleGeneral::new(plain)),
        TraceFormat::KeyList => Box::new(key_list::KeyList::new(plain)),
    }
}

/// The requests of a file, in its order.
pub struct TraceReader {
    path: PathBuf,
    /// None after a mistake.
    requests: Option<Requests>,
}

impl Iterator for TraceReader {
    type Item = Result<CacheRequest, TraceError>;

    fn next(&mut self) -> Option<Self::Item> {
        let request = self.requests.as_mut()?.next()?;
        if request.is_err() {
            self.requests = None;
        }
        Some(request.map_err(|wrong| wrong.in_file(&self.path)))
    }
}

/// A key as a number: itself if it is a whole number, else its XXH64.
fn key_of(text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| xxh64(text.as_bytes(), 0))
}

#[cfg(test)]
mod tests;
