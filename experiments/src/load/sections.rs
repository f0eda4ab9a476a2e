//! Arms and sweep as the file writes them: names, paths and values that stay trees.

use std::collections::BTreeMap;

use crate::{
    diagnostic::{Diagnostic, Diagnostics},
    document::{
        Path, compact,
        source::Span,
        tree::{Entry, Kind, Node, Scalar},
        typing::Author,
    },
    experiment::{Arm, FIELDS, Setting, SweepAxis},
    plan::Axis,
};

/// The name of the only arm of a file without arms.
pub(super) const BASE: &str = "base";

/// Even two values on each of so many axes would be too many cells.
const MOST_AXES: usize = 16;

/// What is varied.
#[derive(Debug, Default)]
pub(super) struct Sections {
    /// The arms, in the file's order.
    pub(super) arms: Vec<Arm>,
    /// The axes, in the file's order.
    pub(super) axes: Vec<SweepAxis>,
}

impl Sections {
    /// Reads `arms` and `sweep`.
    pub(super) fn read(root: &Node, diagnostics: &mut Diagnostics) -> Self {
        let arms = entries(root.field("arms"), "`arms`", diagnostics);
        let mut axes = entries(root.field("sweep"), "`sweep`", diagnostics);
        if let Some((_, excess)) = axes.split_at_checked(MOST_AXES).filter(|(_, excess)| !excess.is_empty()) {
            let what = format!("the sweep has {} axes, more than {MOST_AXES}", axes.len());
            diagnostics.push(Diagnostic::error("E0505", what).at(excess[0].key.span, "too many from here"));
            axes = &axes[..MOST_AXES];
        }
        Self {
            arms: arms.iter().map(|entry| arm(entry, diagnostics)).collect(),
            axes: axes.iter().filter_map(|entry| axis(entry, diagnostics)).collect(),
        }
    }

    /// The names of the arms; a file without arms has one.
    pub(super) fn arm_names(&self) -> Vec<String> {
        if self.arms.is_empty() {
            return vec![BASE.to_owned()];
        }
        self.arms.iter().map(|arm| arm.name.clone()).collect()
    }

    /// The axes in canonical text.
    pub(super) fn axes(&self) -> Vec<Axis> {
        let texts = |axis: &SweepAxis| axis.values.iter().map(canonical).collect();
        self.axes.iter().map(|axis| Axis { path: axis.path.to_string(), values: texts(axis) }).collect()
    }
}

/// Who sets what an arm sets, in words.
pub(super) fn arm_author(arm: &str, setting: &Setting) -> Author {
    Author { who: format!("arm `{arm}` sets"), path: setting.path.clone(), span: setting.span }
}

/// Who sets what a sweep sets, in words.
pub(super) fn axis_author(axis: &SweepAxis) -> Author {
    Author { who: "the sweep sets".to_owned(), path: axis.path.clone(), span: axis.span }
}

/// A value's text: equal numbers are equal texts.
pub(super) fn canonical(node: &Node) -> String {
    let Kind::Scalar(Scalar::Number(text)) = &node.kind else { return compact(node) };
    let whole = text.parse::<i128>().map(|value| value.to_string());
    whole.unwrap_or_else(|_| text.parse::<f64>().map_or_else(|_| text.clone(), |value| value.to_string()))
}

/// The entries of a map, or of nothing; another kind of value is told of.
fn entries<'a>(node: Option<&'a Node>, what: &str, diagnostics: &mut Diagnostics) -> &'a [Entry] {
    let Some(node) = node else { return &[] };
    if let Kind::Map(entries) = &node.kind {
        return entries;
    }
    let what = format!("{what} must be a map {{ \"…\": … }}, found {}", node.describe());
    diagnostics.push(Diagnostic::error("E0204", what).at(node.head(), "expected `{`"));
    &[]
}

/// The text of a key; a bare word is told of and taken as if it had quotes.
fn key<'a>(entry: &'a Entry, diagnostics: &mut Diagnostics) -> &'a str {
    let text = entry.key.key_text();
    if entry.key.as_text().is_none() {
        let what = format!("a key must be a text in quotes, found {}", entry.key.describe());
        let label = if text.is_empty() { String::new() } else { format!("write \"{text}\"") };
        diagnostics.push(Diagnostic::error("E0204", what).at(entry.key.head(), label));
    }
    text
}

fn arm(entry: &Entry, diagnostics: &mut Diagnostics) -> Arm {
    let name = key(entry, diagnostics).to_owned();
    let settings = entries(Some(&entry.value), &format!("arm `{name}`"), diagnostics);
    let settings = settings.iter().filter_map(|entry| {
        let (path, span) = path(entry, diagnostics)?;
        Some(Setting { path, span, value: entry.value.clone() })
    });
    Arm { settings: settings.collect(), span: entry.key.span, name }
}

fn axis(entry: &Entry, diagnostics: &mut Diagnostics) -> Option<SweepAxis> {
    let (path, span) = path(entry, diagnostics)?;
    let Kind::List(values) = &entry.value.kind else {
        let what = format!("the sweep over {path} needs a list, found {}", entry.value.describe());
        let label = "write [first, second, …]";
        diagnostics.push(Diagnostic::error("E0505", what).at(entry.value.head(), label));
        return None;
    };
    Some(SweepAxis { path, span, values: values.clone() })
}

/// The path a key spells; it must lead into the system.
fn path(entry: &Entry, diagnostics: &mut Diagnostics) -> Option<(Path, Span)> {
    let text = key(entry, diagnostics);
    let span = entry.key.span;
    match Path::parse(text) {
        Ok(path) if FIELDS.contains(&path.first()) => {
            let what = format!("`{path}` belongs to the experiment, not to the system");
            let help = format!("set it once for all arms, or with --set {path}=…");
            diagnostics
                .push(Diagnostic::error("E0501", what).at(span, "not a field of the system").help(help));
            None
        }
        Ok(path) => Some((path, span)),
        Err(misstep) => {
            diagnostics.push(Diagnostic::error("E0501", misstep.what).at(span, misstep.advice));
            None
        }
    }
}

/// Reports axes without values, with a value twice, or over the same field.
pub(super) fn check_axes(axes: &[SweepAxis], diagnostics: &mut Diagnostics) {
    for (index, axis) in axes.iter().enumerate() {
        check_values(axis, diagnostics);
        let overlaps = |other: &&SweepAxis| other.path.covers(&axis.path) || axis.path.covers(&other.path);
        if let Some(other) = axes.iter().take(index).find(overlaps) {
            let what = format!("the sweeps over {} and {} set the same field", other.path, axis.path);
            let diagnostic = Diagnostic::error("E0505", what).at(axis.span, "this one");
            diagnostics.push(diagnostic.beside(other.span, "and this one"));
        }
    }
}

fn check_values(axis: &SweepAxis, diagnostics: &mut Diagnostics) {
    if axis.values.is_empty() {
        let what = format!("the sweep over {} has no values", axis.path);
        diagnostics.push(Diagnostic::error("E0505", what).at(axis.span, "nothing would run"));
    }
    let mut seen = BTreeMap::new();
    for value in &axis.values {
        let text = canonical(value);
        let what = format!("the sweep over {} has {text} twice", axis.path);
        if let Some(first) = seen.insert(text, value.head()) {
            let diagnostic = Diagnostic::error("E0505", what).at(value.head(), "again here");
            diagnostics.push(diagnostic.beside(first, "first here"));
        }
    }
}

/// Reports axes that have no effect in some arms, because these set the swept field.
pub(super) fn check_dead_sweeps(sections: &Sections, diagnostics: &mut Diagnostics) {
    for axis in &sections.axes {
        let setting = |arm: &Arm| arm.settings.iter().position(|setting| setting.path.covers(&axis.path));
        let mut setters = sections.arms.iter().filter_map(|arm| Some((arm, setting(arm)?)));
        let Some((arm, index)) = setters.next() else { continue };
        let what = format!("sweep over {} has no effect in arm {}, which sets it", axis.path, arm.name);
        let mut diagnostic = Diagnostic::error("E0504", what).at(arm.settings[index].span, "set here");
        let others: Vec<_> = setters.map(|(arm, _)| &*arm.name).collect();
        if !others.is_empty() {
            diagnostic = diagnostic.note(format!("nor in arms {}", others.join(", ")));
        }
        let help = "drop one of the two, or compare the arms in two files";
        diagnostics.push(diagnostic.beside(axis.span, "swept here").help(help));
    }
}

/// Warns of `--set` that every arm or a sweep overrides.
pub(super) fn check_dead_flags(sections: &Sections, flags: &[Setting], diagnostics: &mut Diagnostics) {
    let sets = |arm: &Arm, path: &Path| arm.settings.iter().any(|setting| setting.path.covers(path));
    for Setting { path, span, .. } in flags {
        let swept = sections.axes.iter().any(|axis| axis.path.covers(path));
        let by_arms = !sections.arms.is_empty() && sections.arms.iter().all(|arm| sets(arm, path));
        if swept || by_arms {
            let by = if swept { "the sweep" } else { "every arm" };
            let what = format!("--set {path} has no effect: {by} sets it");
            diagnostics.push(Diagnostic::warning("W0504", what).at(*span, "overridden"));
        }
    }
}
