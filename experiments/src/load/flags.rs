//! What the command line changes in the tree. Each flag's text is a source of its own: `<--set>`.

use crate::{
    diagnostic::{Diagnostic, Diagnostics},
    document::{
        self, Misstep, Path,
        source::Span,
        tree::{Field, Kind, Name, Node},
        typing::Author,
    },
    experiment::{Setting, SweepAxis},
    load::{Overrides, range},
    quantity::Quantity,
};

/// The flags, read.
#[derive(Debug, Default)]
pub(super) struct Flags {
    /// What `--set` set, for messages and to see whether it has an effect.
    pub(super) settings: Vec<Setting>,
    /// Who set it, in words.
    pub(super) authors: Vec<Author>,
    /// The axes of `--sweep`.
    axes: Vec<SweepAxis>,
}

impl Flags {
    /// Reads the flags and sets what they set.
    pub(super) fn apply(root: &mut Node, overrides: &Overrides, diagnostics: &mut Diagnostics) -> Self {
        let mut flags = Self::default();
        for text in &overrides.set {
            flags.set(root, text, diagnostics);
        }
        let numbers = [
            ("--seed", "seed", overrides.seed.map(|seed| seed.to_string())),
            ("--replications", "replications", overrides.replications.map(|count| count.to_string())),
        ];
        for (flag, field, number) in numbers {
            if let Some(number) = number {
                set_run(root, flag, field, &number, diagnostics);
            }
        }
        for text in &overrides.slo {
            add_slo(root, text, diagnostics);
        }
        for text in &overrides.sweep {
            let axis = sweep_axis(text, diagnostics);
            flags.axes.extend(axis);
        }
        flags
    }

    /// Puts the axes of `--sweep` in the place of the file's, or after them.
    pub(super) fn add_axes(&self, axes: &mut Vec<SweepAxis>) {
        for axis in &self.axes {
            match axes.iter_mut().find(|known| known.path == axis.path) {
                Some(known) => *known = axis.clone(),
                None => axes.push(axis.clone()),
            }
        }
    }

    fn set(&mut self, root: &mut Node, text: &str, diagnostics: &mut Diagnostics) {
        let source = diagnostics.sources_mut().add("<--set>", text);
        let Some((path, span, rest)) = path_of(text, source, "--set", diagnostics) else { return };
        let Some(value) = flag_value(text, rest, source, diagnostics) else { return };
        let author = Author { who: "--set sets".to_owned(), path: path.clone(), span };
        match document::set(root, &path, span, value.clone()) {
            Ok(()) => {
                self.authors.push(author);
                self.settings.push(Setting { path, span, value });
            }
            Err(misstep) => diagnostics.push(blocked(&author, &misstep)),
        }
    }
}

/// The diagnostic for a path that leads nowhere.
pub(super) fn blocked(author: &Author, misstep: &Misstep) -> Diagnostic {
    let what = format!("{} `{}`, but {}", author.who, author.path, misstep.what);
    Diagnostic::error("E0501", what).at(author.span, misstep.advice.as_str())
}

/// Reads the path before the `=` of a flag; the rest begins at the returned byte.
fn path_of(
    text: &str,
    source: usize,
    flag: &str,
    diagnostics: &mut Diagnostics,
) -> Option<(Path, Span, usize)> {
    let whole = Span { source, start: 0, end: text.len() };
    let Some((written, _)) = text.split_once('=') else {
        let what = Diagnostic::error("E0501", format!("{flag} needs PATH=VALUE, got `{text}`"));
        diagnostics.push(what.at(whole, "add `=` and a value"));
        return None;
    };
    let start = written.len() - written.trim_start().len();
    let span = Span { source, start, end: start + written.trim().len() };
    let behind = written.len() + 1;
    if text[behind..].trim().is_empty() {
        let what = Diagnostic::error("E0102", "a value is missing after `=`");
        diagnostics.push(what.at(whole.after(), "add a value"));
        return None;
    }
    match Path::parse(written.trim()) {
        Ok(path) => Some((path, span, behind)),
        Err(misstep) => {
            diagnostics.push(Diagnostic::error("E0501", misstep.what).at(span, misstep.advice));
            None
        }
    }
}

/// Reads the value that begins at byte `start` of a flag's text; a quantity needs no quotes there.
fn flag_value(text: &str, start: usize, source: usize, diagnostics: &mut Diagnostics) -> Option<Node> {
    let written = text.get(start..)?;
    let span = Span { source, start, end: text.len() };
    if let Some(node) = bare_quantity(written, span) {
        return Some(node);
    }
    // Blanks in front, so that places in the value are places in the flag.
    let parsed = document::parse(&format!("{}{written}", " ".repeat(start)), source);
    let count = parsed.diagnostics.len();
    diagnostics.extend(parsed.diagnostics);
    parsed.root.filter(|_| parsed.sound && count == 0)
}

/// `250ms` and `700/s` as a shell passes them most easily, without quotes.
pub(super) fn bare_quantity(written: &str, span: Span) -> Option<Node> {
    let text = written.trim();
    let quantity = Quantity::parse(text).ok()?;
    quantity.unit().map(|_| Node::text(text, span))
}

/// `--seed` and `--replications`.
fn set_run(root: &mut Node, flag: &str, field: &str, number: &str, diagnostics: &mut Diagnostics) {
    let source = diagnostics.sources_mut().add(format!("<{flag}>"), number);
    let span = Span { source, start: 0, end: number.len() };
    // A file without `run`, or whose `run` is no group, is told so when it is typed.
    if root.field("run").is_some()
        && let Ok(path) = Path::parse(&format!("run.{field}"))
    {
        let _ = document::set(root, &path, span, Node::number(number, span));
    }
}

/// Adds a claim to the file's list.
fn add_slo(root: &mut Node, text: &str, diagnostics: &mut Diagnostics) {
    let source = diagnostics.sources_mut().add("<--slo>", text);
    let span = Span { source, start: 0, end: text.len() };
    let claim = Node::text(text, span);
    let Kind::Struct { fields, .. } = &mut root.kind else { return };
    match fields.iter_mut().find(|field| field.name.text == "slos") {
        // A list that is none is told of when it is typed.
        Some(Field { value: Node { kind: Kind::List(items), .. }, .. }) => items.push(claim),
        Some(_) => {}
        None => {
            let name = Name { text: "slos".to_owned(), span };
            fields.push(Field { name, value: Node { kind: Kind::List(vec![claim]), span } });
        }
    }
}

fn sweep_axis(text: &str, diagnostics: &mut Diagnostics) -> Option<SweepAxis> {
    let source = diagnostics.sources_mut().add("<--sweep>", text);
    let (path, span, start) = path_of(text, source, "--sweep", diagnostics)?;
    let written = text.get(start..)?;
    let place = Span { source, start, end: text.len() };
    let values = match range::expand(written, place) {
        Some(values) => values.map_err(|wrong| vec![wrong]),
        None => listed(written, place),
    };
    values.map(|values| SweepAxis { path, span, values }).map_err(|wrong| diagnostics.extend(wrong)).ok()
}

/// `V1,V2`: quantities may lack their quotes.
fn listed(written: &str, place: Span) -> Result<Vec<Node>, Vec<Diagnostic>> {
    let pieces = written.split(',').scan(place.start, |start, piece| {
        let span = Span { start: *start, end: *start + piece.len(), ..place };
        *start = span.end + 1;
        Some((piece, span))
    });
    let bare: Option<Vec<_>> = pieces.map(|(piece, span)| bare_quantity(piece, span)).collect();
    if let Some(values) = bare {
        return Ok(values);
    }
    let padded = format!("{}{written}", " ".repeat(place.start));
    let (values, wrong) = document::parse_list(&padded, place.source);
    if wrong.is_empty() { Ok(values) } else { Err(wrong) }
}
