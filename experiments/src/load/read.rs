//! The file's bytes as text; what keeps a file from being read, in words.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use crate::{
    diagnostic::{Diagnostic, Diagnostics},
    document::source::{Sources, Span},
};

/// No experiment is this long; a device that never ends is not read for ever.
const LONGEST: u64 = 16 << 20;

/// Why there is no text.
#[derive(Debug)]
pub(super) enum Failure {
    /// The system refused; with what to do about it.
    Unreadable(String, &'static str),
    /// Bytes that are no UTF-8, from this place on.
    NotText(Vec<u8>, usize),
}

/// Reads a file as UTF-8, without the mark some editors put in front.
pub(super) fn read(path: &Path) -> Result<String, Failure> {
    let bytes = bytes(path).map_err(|why| unreadable(path, &why))?;
    if bytes.len() as u64 > LONGEST {
        return Err(Failure::Unreadable("is longer than 16 MiB".to_owned(), "is it an experiment file?"));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)),
        Err(why) => {
            let place = why.utf8_error().valid_up_to();
            Err(Failure::NotText(why.into_bytes(), place))
        }
    }
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unreadable(path: &Path, why: &io::Error) -> Failure {
    if path.is_dir() {
        return Failure::Unreadable("is a folder".to_owned(), "name a file in it");
    }
    match why.kind() {
        io::ErrorKind::NotFound => Failure::Unreadable(
            "does not exist".to_owned(),
            "`stampede init` writes an experiment; `stampede init --list` shows which",
        ),
        io::ErrorKind::PermissionDenied => {
            Failure::Unreadable("may not be read".to_owned(), "check its permissions")
        }
        _ => Failure::Unreadable(format!("cannot be read: {why}"), "check the path"),
    }
}

impl Failure {
    /// The failure as the only diagnostic about the file `name`.
    pub(super) fn diagnostics(self, name: &str) -> Diagnostics {
        match self {
            Self::Unreadable(what, help) => {
                let mut diagnostics = Diagnostics::default();
                diagnostics.push(Diagnostic::error("E0001", format!("`{name}` {what}")).help(help));
                diagnostics
            }
            Self::NotText(bytes, place) => {
                let byte = bytes.get(place).copied().unwrap_or_default();
                let mut sources = Sources::default();
                let source = sources.add(name, &String::from_utf8_lossy(&bytes));
                let mut diagnostics = Diagnostics::new(sources);
                let span = Span { source, start: place, end: place };
                let what = format!("`{name}` is not UTF-8 text");
                let label = format!("the byte {byte:#04x} starts no character");
                diagnostics
                    .push(Diagnostic::error("E0107", what).at(span, label).help("save the file as UTF-8"));
                diagnostics
            }
        }
    }
}
