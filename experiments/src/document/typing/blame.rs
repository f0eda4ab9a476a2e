//! A mistake in words: what the user wrote, where it stands, and what would have been right.

use super::{
    Context, by_path,
    mistake::{Fault, Mistake, Place},
    vocabulary,
};
use crate::{
    diagnostic::Diagnostic,
    document::{
        one_of,
        source::Span,
        suggest,
        tree::{Kind, Node, Scalar, Step},
    },
};

/// The diagnostic for a mistake in `root`.
pub(super) fn diagnostic(root: &Node, mistake: &Mistake, context: Context<'_>) -> Diagnostic {
    let scene = Scene::new(root, mistake);
    if let Some(author) = by_path::author(&scene, mistake.fault(), context) {
        return by_path::diagnostic(&scene, author, mistake.fault(), context);
    }
    match mistake.fault() {
        Fault::UnknownField { name, expected } => scene.unknown_field(name, expected, context),
        Fault::UnknownVariant { name, expected } => scene.unknown_variant(name, expected),
        Fault::Missing(field) => scene.missing(field),
        Fault::Mismatch { expected, variants } => scene.mismatch(expected, variants),
        Fault::Length { found, expected } => scene.length(*found, expected),
        Fault::Number(expected) => scene.number(expected),
        Fault::NotBare => scene.not_bare(),
        Fault::Refused(words) => scene.refused(words),
    }
}

/// The refused value and what stands around it.
pub(super) struct Scene<'a> {
    pub(super) root: &'a Node,
    /// The value, or the group whose field name is meant.
    pub(super) node: &'a Node,
    /// Its place: the value, or the name that is wrong.
    pub(super) span: Span,
    /// The key that is wrong, if it is one.
    key: Option<&'a Node>,
    /// From the root to the value: the groups, and how each next one hangs in it.
    pub(super) way: Vec<(&'a Node, Step)>,
}

impl<'a> Scene<'a> {
    fn new(root: &'a Node, mistake: &Mistake) -> Self {
        let mut scene = Self { root, node: root, span: root.head(), key: None, way: Vec::new() };
        for index in mistake.steps() {
            let (Some(child), Some(step)) = (scene.node.child(index), scene.node.step(index)) else { break };
            scene.way.push((scene.node, step));
            scene.node = child;
            scene.span = child.head();
        }
        // Where a name is wrong, the scene is the group that has it.
        if mistake.place() == Place::Name
            && let Some((group, step)) = scene.way.pop()
        {
            scene.node = group;
            scene.span = step.span;
            let entries = group.entries().iter();
            scene.key = entries.map(|entry| &entry.key).find(|key| key.span == step.span);
        }
        scene
    }

    /// The field or key the value hangs on, looking through variants and lists.
    pub(super) fn holder(&self) -> Option<&Step> {
        self.way.iter().rev().map(|(_, step)| step).find(|step| !step.text.starts_with('['))
    }

    /// What the user calls the value: its field's name.
    pub(super) fn subject(&self) -> String {
        self.holder().map_or_else(|| "the experiment".to_owned(), |step| format!("`{}`", step.text))
    }

    /// What the user calls the group: its variant's name, else its field's.
    fn group(&self) -> String {
        self.node.name().map_or_else(|| self.subject(), str::to_owned)
    }

    /// The path or variant to underline if the group itself is meant.
    fn group_span(&self) -> Span {
        let named = self.node.name().is_some();
        let step = self.way.last().filter(|(_, step)| !named && !step.text.starts_with('['));
        step.map_or_else(|| self.node.head(), |(_, step)| step.span)
    }

    /// What this choice is called in the field.
    fn kind(&self) -> Option<vocabulary::Kind> {
        let mut way = self.way.iter().rev().skip_while(|(_, step)| step.text.starts_with('['));
        let inner = way.next()?;
        // An entry of a map or list is called after the field that holds the map.
        let entry = matches!(inner.0.kind, Kind::Map(_));
        let (group, step) = if entry { way.next()? } else { inner };
        vocabulary::of(group.name().unwrap_or_default(), &step.text)
    }

    /// The fields the group has.
    pub(super) fn fields_of(&self, expected: &[&str]) -> String {
        if expected.is_empty() { format!("{} takes no fields", self.group()) } else { one_of(expected) }
    }

    fn unknown_field(&self, name: &str, expected: &[&str], context: Context<'_>) -> Diagnostic {
        let mut known = expected.to_vec();
        if self.way.is_empty() {
            known.extend(context.also);
        }
        let (near, text) = suggest(name, &known);
        let label = if near.is_some() { text } else { self.fields_of(&known) };
        let what = format!("{} has no field `{name}`", self.group());
        Diagnostic::error("E0201", what).at(self.span, label)
    }

    fn unknown_variant(&self, name: &str, expected: &[&str]) -> Diagnostic {
        let kind = self.kind();
        let what = match (kind, self.holder()) {
            (Some(kind), _) => format!("unknown {} `{name}`", kind.word),
            (None, Some(step)) => format!("unknown {} `{name}`", step.text.replace('_', " ")),
            (None, None) => format!("unknown name `{name}`"),
        };
        let diagnostic = Diagnostic::error("E0202", what).at(self.span, suggest(name, expected).1);
        match kind.and_then(|kind| kind.list) {
            Some(list) => diagnostic.help(format!("stampede list {list}")),
            None => diagnostic,
        }
    }

    fn missing(&self, field: &str) -> Diagnostic {
        let what = format!("{} needs `{field}`", self.group());
        Diagnostic::error("E0203", what).at(self.group_span(), format!("add `{field}: …`"))
    }

    fn mismatch(&self, expected: &str, variants: &[&str]) -> Diagnostic {
        let number = matches!(expected, "a number" | "a whole number");
        if let Some(percent) = self.node.as_text().filter(|_| number).and_then(|text| text.strip_suffix('%'))
            && let Ok(percent) = percent.trim().parse::<f64>()
        {
            let what = format!("{} must be a fraction, got {percent}%", self.subject());
            let label =
                format!("did you mean {}?  fractions are written 0..1, never in percent", percent / 100.0);
            return Diagnostic::error("E0402", what).at(self.span, label);
        }
        let known = if variants.is_empty() { expected.to_owned() } else { self.choice() };
        let subject = match self.key {
            Some(_) => format!("a key of {}", self.subject()),
            None => self.subject(),
        };
        let what = format!("{subject} must be {known}, found {}", self.culprit().describe());
        Diagnostic::error("E0204", what).at(self.span, self.remedy(expected, variants))
    }

    /// The key or value that is wrong.
    fn culprit(&self) -> &'a Node {
        self.key.unwrap_or(self.node)
    }

    /// What a choice is called when its value is none.
    fn choice(&self) -> String {
        let word = self.kind().map_or("name", |kind| kind.word);
        let article = if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        format!("{article} {word}")
    }

    /// The smallest change that would make the value fit.
    fn remedy(&self, expected: &str, variants: &[&str]) -> String {
        match &self.culprit().kind {
            Kind::Scalar(Scalar::Text(text)) if variants.contains(&&**text) => {
                format!("write {text} without quotes")
            }
            _ if !variants.is_empty() => one_of(variants),
            Kind::Scalar(Scalar::Text(text)) if text.parse::<f64>().is_ok() => {
                format!("write {text} without quotes")
            }
            Kind::Word(word) if expected.contains("text") || expected.contains('"') => {
                format!("write \"{word}\" in quotes")
            }
            Kind::Map(_) if expected.contains("( … )") => "write ( … ) instead of { … }".to_owned(),
            Kind::Struct { name: Some(name), .. } if expected.contains("( … )") => {
                format!("write ( … ) without `{}`", name.text)
            }
            Kind::Scalar(_)
            | Kind::Word(_)
            | Kind::Struct { .. }
            | Kind::Tuple { .. }
            | Kind::Map(_)
            | Kind::List(_) => format!("expected {expected}"),
        }
    }

    fn length(&self, found: usize, expected: &str) -> Diagnostic {
        let what = format!("{} needs {expected}, found {found}", self.group());
        Diagnostic::error("E0204", what).at(self.group_span(), format!("expected {expected}"))
    }

    fn not_bare(&self) -> Diagnostic {
        let name = self.node.name().unwrap_or_default();
        let what = format!("`{name}` takes no parentheses");
        Diagnostic::error("E0204", what).at(self.span, format!("write `{name}`"))
    }

    fn number(&self, expected: &str) -> Diagnostic {
        let what = format!("{} must be {expected}, got {}", self.subject(), self.culprit().key_text());
        Diagnostic::error("E0205", what).at(self.span, format!("expected {expected}"))
    }

    /// A type's own words: `what: advice (units are …)`.
    fn refused(&self, words: &str) -> Diagnostic {
        let (words, units) = match words.split_once(" (units are ") {
            Some((words, units)) => (words, Some(units.trim_end_matches(')'))),
            None => match words.split_once(": units are ") {
                Some((words, units)) => (words, Some(units)),
                None => (words, None),
            },
        };
        let (what, label) = words
            .split_once(": write ")
            .map_or((words, String::new()), |(what, advice)| (what, format!("write {advice}")));
        let code = match units {
            _ if what.contains("needs a unit") => "E0401",
            Some(_) => "E0405",
            None => "E0404",
        };
        let diagnostic = Diagnostic::error(code, what).at(self.span, label);
        match units {
            Some(units) => diagnostic.note(format!("units are {units}")),
            None => diagnostic,
        }
    }
}
