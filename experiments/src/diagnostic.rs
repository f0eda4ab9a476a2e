//! What is said about a mistake: what, where, why, and the smallest fix.
//!
//! The form is that of compilers: `error[CODE]: what`, the place with its source line and carets, `= note` and
//! `= help`. All mistakes of one pass come together, in the order of the text.

use codespan_reporting::{
    diagnostic as report,
    term::{self, termcolor::Ansi},
};

use crate::document::source::{Sources, Span};

/// How many are shown; more would bury the first, which is often the cause of the rest.
const SHOWN: usize = 20;

/// How many are kept: a file this wrong is something else.
const KEPT: usize = 1_000;

/// A source line longer than this is not shown, only named.
const LONGEST_LINE: usize = 400;

/// Whether it stops the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing runs.
    Error,
    /// Worth a look; the run goes on.
    Warning,
}

/// A place in a source and what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is said beside the carets; may be empty.
    pub text: String,
    /// Whether this is the place of the mistake (`^^^`) or one that explains it (`---`).
    pub primary: bool,
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// The code of its kind, `E0301`; `stampede explain` tells more.
    pub code: &'static str,
    /// What is wrong, in one sentence without a full stop.
    pub what: String,
    /// Where; empty if it belongs to no place.
    pub labels: Vec<Label>,
    /// Why, and the smallest fix: `note: …`, `help: …`.
    pub notes: Vec<String>,
}

impl Diagnostic {
    /// An error.
    pub fn error(code: &'static str, what: impl Into<String>) -> Self {
        Self { severity: Severity::Error, code, what: what.into(), labels: Vec::new(), notes: Vec::new() }
    }

    /// A warning.
    pub fn warning(code: &'static str, what: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, what) }
    }

    /// The place of the mistake.
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into(), primary: true });
        self
    }

    /// A place that explains it.
    pub fn beside(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into(), primary: false });
        self
    }

    /// Why it is a mistake.
    pub fn note(mut self, text: impl AsRef<str>) -> Self {
        self.notes.push(format!("note: {}", text.as_ref()));
        self
    }

    /// The smallest fix.
    pub fn help(mut self, text: impl AsRef<str>) -> Self {
        self.notes.push(format!("help: {}", text.as_ref()));
        self
    }

    /// Where it stands among the others: by source and position, those without a place last.
    fn position(&self) -> (usize, usize, Severity) {
        let place = self.labels.iter().find(|label| label.primary);
        place.map_or((usize::MAX, 0, self.severity), |label| {
            (label.span.source, label.span.start, self.severity)
        })
    }
}

/// The mistakes of one pass, with the sources they point into.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    sources: Sources,
    items: Vec<Diagnostic>,
}

impl Diagnostics {
    /// None so far, about `sources`.
    pub const fn new(sources: Sources) -> Self {
        Self { sources, items: Vec::new() }
    }

    /// Adds one, unless the same was said before or a thousand others were.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if self.items.len() < KEPT && !self.items.contains(&diagnostic) {
            self.items.push(diagnostic);
        }
    }

    /// Adds several.
    pub fn extend(&mut self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        for diagnostic in diagnostics {
            self.push(diagnostic);
        }
    }

    /// Every one, in the order of the text.
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut items: Vec<_> = self.items.iter().collect();
        items.sort_by_key(|diagnostic| diagnostic.position());
        items
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are as many as are shown.
    pub const fn is_full(&self) -> bool {
        self.items.len() >= SHOWN
    }

    /// Whether any of them stops the run.
    pub fn has_errors(&self) -> bool {
        self.items.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// The texts they point into.
    pub const fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The texts they point into, to add one.
    pub(crate) const fn sources_mut(&mut self) -> &mut Sources {
        &mut self.sources
    }

    /// The exit status they call for: 1 a file that cannot be read, 8 filters that match nothing, 3 a file
    /// that is wrong, 0 if there are only warnings.
    pub fn status(&self) -> u8 {
        let has = |code| self.items.iter().any(|diagnostic| diagnostic.code == code);
        match () {
            () if !self.has_errors() => 0,
            () if has("E0001") => 1,
            () if self
                .items
                .iter()
                .all(|item| item.code == "E0508" || item.severity == Severity::Warning) =>
            {
                8
            }
            () => 3,
        }
    }

    /// The text for a terminal (`color`) or a file: at most twenty, in order, with a count of the rest.
    pub fn render(&self, color: bool) -> String {
        let mut out = Ansi::new(Vec::new());
        let mut plain = String::new();
        let config = term::Config::default();
        let items = self.sorted();
        for item in items.iter().take(SHOWN) {
            let shown = self.shown(item);
            // Writing to memory fails only for a place outside its source, which `shown` has ruled out.
            let _ = if color {
                term::emit_to_write_style(&mut out, &config, self.sources.files(), &shown)
            } else {
                term::emit_to_string(&mut plain, &config, self.sources.files(), &shown)
            };
        }
        if color {
            plain = String::from_utf8_lossy(&out.into_inner()).into_owned();
        }
        match items.len().saturating_sub(SHOWN) {
            0 => plain,
            rest => format!("{plain}… and {rest} more\n"),
        }
    }

    /// The form the renderer takes; a place on a line too long to show becomes a note.
    fn shown(&self, item: &Diagnostic) -> report::Diagnostic<usize> {
        let severity = match item.severity {
            Severity::Error => report::Severity::Error,
            Severity::Warning => report::Severity::Warning,
        };
        let mut shown =
            report::Diagnostic::new(severity).with_code(item.code).with_message(shortened(&item.what));
        for label in &item.labels {
            match self.place(label.span) {
                Ok(span) => {
                    let style = if label.primary {
                        report::LabelStyle::Primary
                    } else {
                        report::LabelStyle::Secondary
                    };
                    let mark = report::Label::new(style, span.source, span.start..span.end);
                    shown.labels.push(mark.with_message(shortened(&label.text)));
                }
                Err(named) => shown.notes.push(shortened(&format!("note: {named}: {}", label.text))),
            }
        }
        shown.notes.extend(item.notes.iter().map(|note| shortened(note)));
        shown
    }

    /// The part of `span` on its first line, or the place in words if that line is too long to show.
    fn place(&self, span: Span) -> Result<Span, String> {
        let text = self.sources.text(span.source);
        let start = span.start.min(text.len());
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |newline| start + newline);
        if line_end - line_start > LONGEST_LINE {
            let line = text[..start].matches('\n').count() + 1;
            let column = text[line_start..start].chars().count() + 1;
            return Err(format!("at {}:{line}:{column}", self.sources.name(span.source)));
        }
        Ok(Span { source: span.source, start, end: span.end.clamp(start, line_end) })
    }
}

/// A sentence with a name of absurd length in it, cut.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_LINE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
