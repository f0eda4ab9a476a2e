//! A RON text as a tree that keeps every place: what was written, before it means anything.
//!
//! Unlike `ron::Value` it keeps variant names, the order of keys and where each thing stands, so that arms can
//! change it by path and every later mistake can point at its line.

use super::source::Span;

/// A value and where it was written.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Where it stands.
    pub span: Span,
}

/// The forms a value can take.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A value without parts.
    Scalar(Scalar),
    /// A bare name: `RoundRobin`, `None`.
    Word(String),
    /// Named fields, with or without a name: `(mean: "20ms")`, `LogNormal(mean: "20ms")`, `()`.
    Struct {
        /// The name before the parenthesis.
        name: Option<Name>,
        /// The fields, as ordered in the file.
        fields: Vec<Field>,
        /// Made on the way of a path, so that it may as well stand for a map.
        loose: bool,
    },
    /// Values by position: `("30s", "120s")`, `Rate("700/s")`.
    Tuple {
        /// The name before the parenthesis.
        name: Option<Name>,
        /// At least one value.
        items: Vec<Node>,
    },
    /// `{ "key": value }`.
    Map(Vec<Entry>),
    /// `[1, 2]`.
    List(Vec<Node>),
}

/// A value without parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// `true`, `false`.
    Bool(bool),
    /// A number in decimal, without `_` and leading `+`, with the digits that were written.
    Number(String),
    /// `"text"`, escapes resolved.
    Text(String),
    /// `'c'`.
    Character(char),
}

/// A name and where it was written.
#[derive(Clone, Debug)]
pub struct Name {
    /// The name.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// `name: value`.
#[derive(Clone, Debug)]
pub struct Field {
    /// The name.
    pub name: Name,
    /// The value.
    pub value: Node,
}

/// `key: value` in a map.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key, any value.
    pub key: Node,
    /// The value.
    pub value: Node,
}

/// How a value hangs on the one that holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The field's name, the key's text, or the index in brackets.
    pub text: String,
    /// Where the name or key stands; the value itself in a list.
    pub span: Span,
}

impl Node {
    /// Parentheses with nothing in them.
    pub const fn empty(span: Span) -> Self {
        Self { kind: Kind::Struct { name: None, fields: Vec::new(), loose: false }, span }
    }

    /// What a path makes where nothing stood.
    pub const fn loose(span: Span) -> Self {
        Self { kind: Kind::Struct { name: None, fields: Vec::new(), loose: true }, span }
    }

    /// A text.
    pub fn text(text: impl Into<String>, span: Span) -> Self {
        Self { kind: Kind::Scalar(Scalar::Text(text.into())), span }
    }

    /// A number.
    pub fn number(number: impl Into<String>, span: Span) -> Self {
        Self { kind: Kind::Scalar(Scalar::Number(number.into())), span }
    }

    /// Whether a path made it.
    pub const fn is_loose(&self) -> bool {
        matches!(self.kind, Kind::Struct { loose: true, .. })
    }

    /// The variant's name, if it has one: `RoundRobin`, `LogNormal`.
    pub fn name(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(word) => Some(word),
            Kind::Struct { name, .. } | Kind::Tuple { name, .. } => name.as_ref().map(|name| &*name.text),
            Kind::Scalar(_) | Kind::Map(_) | Kind::List(_) => None,
        }
    }

    /// Where its name stands, else where it begins: a place short enough to underline.
    pub fn head(&self) -> Span {
        match &self.kind {
            Kind::Struct { name: Some(name), .. } | Kind::Tuple { name: Some(name), .. } => name.span,
            Kind::Struct { loose: true, .. } | Kind::Scalar(_) | Kind::Word(_) => self.span,
            Kind::Struct { .. } | Kind::Tuple { .. } | Kind::Map(_) | Kind::List(_) => {
                Span { end: self.span.end.min(self.span.start + 1), ..self.span }
            }
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Kind::Scalar(Scalar::Text(text)) = &self.kind { Some(text) } else { None }
    }

    /// The value of a field, if it has one of this name.
    pub fn field(&self, name: &str) -> Option<&Self> {
        let Kind::Struct { fields, .. } = &self.kind else { return None };
        fields.iter().find(|field| field.name.text == name).map(|field| &field.value)
    }

    /// The entries of a map; none if it is no map.
    pub fn entries(&self) -> &[Entry] {
        if let Kind::Map(entries) = &self.kind { entries } else { &[] }
    }

    /// The text of a key, a name or a number: what a path's segment is compared with.
    pub fn key_text(&self) -> &str {
        match &self.kind {
            Kind::Scalar(Scalar::Text(text) | Scalar::Number(text)) | Kind::Word(text) => text,
            Kind::Scalar(Scalar::Bool(value)) => ["false", "true"][usize::from(*value)],
            Kind::Scalar(Scalar::Character(_))
            | Kind::Struct { .. }
            | Kind::Tuple { .. }
            | Kind::Map(_)
            | Kind::List(_) => "",
        }
    }

    /// How many values it holds directly.
    pub const fn count(&self) -> usize {
        match &self.kind {
            Kind::Struct { fields, .. } => fields.len(),
            Kind::Tuple { items, .. } | Kind::List(items) => items.len(),
            Kind::Map(entries) => entries.len(),
            Kind::Scalar(_) | Kind::Word(_) => 0,
        }
    }

    /// The value in place `index` among those it holds directly.
    pub fn child(&self, index: usize) -> Option<&Self> {
        match &self.kind {
            Kind::Struct { fields, .. } => fields.get(index).map(|field| &field.value),
            Kind::Tuple { items, .. } | Kind::List(items) => items.get(index),
            Kind::Map(entries) => entries.get(index).map(|entry| &entry.value),
            Kind::Scalar(_) | Kind::Word(_) => None,
        }
    }

    /// The value in place `index`, to change it.
    pub fn child_mut(&mut self, index: usize) -> Option<&mut Self> {
        match &mut self.kind {
            Kind::Struct { fields, .. } => fields.get_mut(index).map(|field| &mut field.value),
            Kind::Tuple { items, .. } | Kind::List(items) => items.get_mut(index),
            Kind::Map(entries) => entries.get_mut(index).map(|entry| &mut entry.value),
            Kind::Scalar(_) | Kind::Word(_) => None,
        }
    }

    /// How the value in place `index` hangs here.
    pub fn step(&self, index: usize) -> Option<Step> {
        let step = |text: &str, span| Step { text: text.to_owned(), span };
        match &self.kind {
            Kind::Struct { fields, .. } => {
                fields.get(index).map(|field| step(&field.name.text, field.name.span))
            }
            Kind::Tuple { items, .. } | Kind::List(items) => {
                items.get(index).map(|item| step(&format!("[{index}]"), item.head()))
            }
            Kind::Map(entries) => entries.get(index).map(|entry| step(entry.key.key_text(), entry.key.span)),
            Kind::Scalar(_) | Kind::Word(_) => None,
        }
    }

    /// Takes the value in place `index` out, with its name or key.
    pub fn remove_child(&mut self, index: usize) {
        if self.child(index).is_none() {
            return;
        }
        match &mut self.kind {
            Kind::Struct { fields, .. } => drop(fields.remove(index)),
            Kind::Tuple { items, .. } | Kind::List(items) => drop(items.remove(index)),
            Kind::Map(entries) => drop(entries.remove(index)),
            Kind::Scalar(_) | Kind::Word(_) => {}
        }
    }

    /// What it is, in words: "the text \"4\"", "a map { … }".
    pub fn describe(&self) -> String {
        match &self.kind {
            Kind::Scalar(Scalar::Bool(value)) => format!("`{value}`"),
            Kind::Scalar(Scalar::Number(text)) => format!("the number {text}"),
            Kind::Scalar(Scalar::Text(text)) => format!("the text {text:?}"),
            Kind::Scalar(Scalar::Character(character)) => format!("the character {character:?}"),
            Kind::Word(word) => format!("the bare word `{word}`"),
            Kind::Struct { name: Some(name), .. } | Kind::Tuple { name: Some(name), .. } => {
                format!("`{}(…)`", name.text)
            }
            Kind::Struct { fields, .. } if fields.is_empty() => "`()`".to_owned(),
            Kind::Struct { .. } => "fields in parentheses".to_owned(),
            Kind::Tuple { .. } => "values in parentheses".to_owned(),
            Kind::Map(_) => "a map { … }".to_owned(),
            Kind::List(_) => "a list [ … ]".to_owned(),
        }
    }
}
