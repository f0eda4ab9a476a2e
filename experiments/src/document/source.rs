//! The texts that were read, and places in them.
//!
//! A flag's text is a source like a file (`<--set>`), so that a mistake in it is shown in the same way.

use codespan_reporting::files::SimpleFiles;

/// A range of bytes in one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Which of the [`Sources`].
    pub source: usize,
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Span {
    /// From the start of this span to the end of `last`.
    pub const fn to(self, last: Self) -> Self {
        Self { source: self.source, start: self.start, end: last.end }
    }

    /// The empty place right after this span.
    pub const fn after(self) -> Self {
        Self { source: self.source, start: self.end, end: self.end }
    }

    /// How many bytes it covers.
    pub const fn length(self) -> usize {
        self.end.saturating_sub(self.start)
    }
}

/// Every text that was read, by number.
#[derive(Clone, Debug)]
pub struct Sources {
    files: SimpleFiles<String, String>,
}

impl Default for Sources {
    fn default() -> Self {
        Self { files: SimpleFiles::new() }
    }
}

impl Sources {
    /// Adds a text under the name that messages call it by.
    pub fn add(&mut self, name: impl Into<String>, text: &str) -> usize {
        self.files.add(name.into(), printable(text))
    }

    /// The name of a source, or nothing if there is none of this number.
    pub fn name(&self, source: usize) -> &str {
        self.files.get(source).map_or("", |file| file.name())
    }

    /// The text of a source, control characters blanked.
    pub fn text(&self, source: usize) -> &str {
        self.files.get(source).map_or("", |file| file.source())
    }

    /// The text under `span`.
    pub fn slice(&self, span: Span) -> &str {
        self.text(span.source).get(span.start..span.end).unwrap_or_default()
    }

    /// What the renderer reads.
    pub(crate) const fn files(&self) -> &SimpleFiles<String, String> {
        &self.files
    }
}

/// Blanks control characters, byte for byte, so that a file cannot steer the terminal it is shown on.
fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() && !matches!(character, '\n' | '\t') {
            out.extend(std::iter::repeat_n(' ', character.len_utf8()));
        } else {
            out.push(character);
        }
    }
    out
}
