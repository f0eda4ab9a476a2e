//! Paths into a tree: `lb.strategy.choices`, `web.overrides[15].speed`, `faults[0].duration`.
//!
//! The first segment is the id of a workload or a component, else a field of the experiment. A path goes through
//! fields, keys and indices, into the fields of a variant, and through optional values that are not there yet.

use std::fmt;

use super::{
    nearest,
    source::Span,
    tree::{Entry, Field, Kind, Name, Node, Scalar},
};

/// More segments than brackets may nest would build a tree no file could hold.
const LONGEST: usize = 32;

/// The maps whose keys are ids: a path starts with one of these.
pub(crate) const ID_MAPS: [&str; 2] = ["workloads", "components"];

/// Where a value stands, segment by segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(Vec<String>);

/// A path that leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misstep {
    /// Why, in one sentence: "`web.servers` is a number and has no fields".
    pub what: String,
    /// What would lead on: "did you mean …?".
    pub advice: String,
}

impl Path {
    /// Reads `a.b[0].c`. An index may stand in brackets or after a dot; a key with dots stands in brackets.
    ///
    /// # Errors
    /// An empty segment, a bracket that does not close, or more segments than a tree can have.
    pub fn parse(text: &str) -> Result<Self, Misstep> {
        let misstep =
            |advice: &str| Misstep { what: format!("`{text}` is not a path"), advice: advice.to_owned() };
        let mut segments = Vec::new();
        let mut rest = text;
        loop {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (segment, behind) = rest.split_at(end);
            if segment.is_empty() || segment.contains(|character: char| character.is_whitespace()) {
                return Err(misstep("write it as `lb.strategy` or `faults[0].duration`"));
            }
            segments.push(segment.to_owned());
            rest = behind;
            while let Some(bracketed) = rest.strip_prefix('[') {
                let Some((key, behind)) = bracketed.split_once(']').filter(|(key, _)| !key.is_empty()) else {
                    return Err(misstep("a `[` needs an index and a `]`"));
                };
                segments.push(key.to_owned());
                rest = behind;
            }
            if segments.len() > LONGEST {
                return Err(misstep("it has too many segments"));
            }
            let Some(behind) = rest.strip_prefix('.') else { break };
            rest = behind;
        }
        if rest.is_empty() { Ok(Self(segments)) } else { Err(misstep("after `]` comes `.` or the end")) }
    }

    /// The segments, at least one.
    pub fn segments(&self) -> &[String] {
        &self.0
    }

    /// The id or field it starts with.
    pub fn first(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }

    /// Whether setting this one sets `other` too: it is the same, or stands above it.
    pub fn covers(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    /// The same path with segment `index` replaced.
    pub fn with_segment(&self, index: usize, segment: &str) -> Self {
        let mut changed = self.clone();
        if let Some(place) = changed.0.get_mut(index) {
            segment.clone_into(place);
        }
        changed
    }

    /// Its first `length` segments.
    pub fn prefix(&self, length: usize) -> Self {
        Self(self.0.iter().take(length).cloned().collect())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.0.iter().enumerate() {
            let plain = segment.starts_with(char::is_alphabetic) && !segment.contains(['.', '[']);
            match (index, plain) {
                (0, _) => f.write_str(segment)?,
                (_, true) => write!(f, ".{segment}")?,
                (_, false) => write!(f, "[{segment}]")?,
            }
        }
        Ok(())
    }
}

/// Puts `value` where `path` leads. What is made on the way gets `key`, the place of the path's own text.
///
/// # Errors
/// The path goes through a number, a text, or beyond the end of a list.
pub fn set(root: &mut Node, path: &Path, key: Span, value: Node) -> Result<(), Misstep> {
    let (container, mut index) = match id_map(root, path.first()) {
        Some(map) => (map, 0),
        None => (root, 0),
    };
    let mut place = container;
    while let Some(segment) = path.0.get(index) {
        place = slot(place, segment, key).map_err(|why| blocked(path, index, &why))?;
        index += 1;
    }
    *place = value;
    Ok(())
}

/// The map that has `id` among its keys.
fn id_map<'a>(root: &'a mut Node, id: &str) -> Option<&'a mut Node> {
    let Kind::Struct { fields, .. } = &mut root.kind else { return None };
    let holds = |field: &&mut Field| {
        ID_MAPS.contains(&&*field.name.text)
            && field.value.entries().iter().any(|entry| entry.key.key_text() == id)
    };
    fields.iter_mut().find(holds).map(|field| &mut field.value)
}

/// Why a path cannot go on.
enum Blocked {
    /// The value has no parts: what it is, in words.
    Leaf(String),
    /// The list is that long.
    Length(usize),
}

fn blocked(path: &Path, index: usize, why: &Blocked) -> Misstep {
    let here = path.prefix(index);
    match why {
        Blocked::Leaf(what) => Misstep {
            what: format!("`{here}` is {what} and has no `{}`", path.0[index]),
            advice: format!("set `{here}` itself"),
        },
        Blocked::Length(length) => Misstep {
            what: format!("`{here}` has no item `{}`", path.0[index]),
            advice: match length {
                0 => "it is empty".to_owned(),
                1 => "its only item is [0]".to_owned(),
                _ => format!("its items are [0] to [{}]", length - 1),
            },
        },
    }
}

/// The place of `segment` in `node`, made if it is not there.
fn slot<'a>(node: &'a mut Node, segment: &str, key: Span) -> Result<&'a mut Node, Blocked> {
    open_word(node, key);
    let what = node.describe();
    match &mut node.kind {
        Kind::Struct { fields, .. } => Ok(field_slot(fields, segment, key)),
        Kind::Map(entries) => Ok(entry_slot(entries, segment, key)),
        Kind::Tuple { items, .. } | Kind::List(items) => {
            let index = segment.parse::<usize>().ok();
            let alone = items.len() == 1 && index.is_none();
            let length = items.len();
            match (index, items) {
                // `Some(…)` and the long form `Variant((…))`: the path does not name the inner value.
                (None, items) if alone => slot(&mut items[0], segment, key),
                (None, _) => Err(Blocked::Leaf(what)),
                (Some(index), items) => items.get_mut(index).ok_or(Blocked::Length(length)),
            }
        }
        Kind::Scalar(_) | Kind::Word(_) => Err(Blocked::Leaf(what)),
    }
}

/// A bare word gets parentheses so that a path can lead into it; `None` becomes whatever the path makes of it.
fn open_word(node: &mut Node, key: Span) {
    let Kind::Word(word) = &node.kind else { return };
    if word == "None" {
        *node = Node::loose(key);
    } else {
        let name = Some(Name { text: word.clone(), span: node.span });
        node.kind = Kind::Struct { name, fields: Vec::new(), loose: false };
    }
}

fn field_slot<'a>(fields: &'a mut Vec<Field>, segment: &str, key: Span) -> &'a mut Node {
    let found = fields.iter().position(|field| field.name.text == segment);
    let index = found.unwrap_or_else(|| {
        let name = Name { text: segment.to_owned(), span: key };
        fields.push(Field { name, value: Node::loose(key) });
        fields.len() - 1
    });
    &mut fields[index].value
}

fn entry_slot<'a>(entries: &'a mut Vec<Entry>, segment: &str, key: Span) -> &'a mut Node {
    let found = entries.iter().position(|entry| entry.key.key_text() == segment);
    let index = found.unwrap_or_else(|| {
        let number = segment.bytes().all(|byte| byte.is_ascii_digit());
        let name = if number { Node::number(segment, key) } else { Node::text(segment, key) };
        entries.push(Entry { key: name, value: Node::loose(key) });
        entries.len() - 1
    });
    &mut entries[index].value
}

/// The place of the nearest thing to where `segments` lead: the value, or the name of its closest ancestor.
///
/// The names of variants may stand among the segments; they lead nowhere further.
pub fn find(root: &Node, segments: &[String]) -> Option<Span> {
    let mut segments = segments.iter().map(|segment| segment.trim_matches(['[', ']'])).peekable();
    let first = segments.peek()?;
    let holds = |map: &&Node| map.entries().iter().any(|entry| entry.key.key_text() == *first);
    let mut node = ID_MAPS.iter().filter_map(|field| root.field(field)).find(holds).unwrap_or(root);
    let mut nearest = None;
    for segment in segments {
        if let Some((child, name)) = part(node, segment) {
            node = child;
            nearest = Some(name);
        } else if node.name() != Some(segment) {
            return nearest;
        }
    }
    nearest.map(|_| {
        if matches!(node.kind, Kind::Scalar(Scalar::Text(_) | Scalar::Number(_))) {
            node.span
        } else {
            node.head()
        }
    })
}

/// The part of `node` that `segment` names, and where that name stands.
fn part<'a>(node: &'a Node, segment: &str) -> Option<(&'a Node, Span)> {
    let named =
        |index: &usize| node.step(*index).is_some_and(|step| step.text.trim_matches(['[', ']']) == segment);
    let count = node.count();
    if let Some(index) = (0..count).find(named) {
        return Some((node.child(index)?, node.step(index)?.span));
    }
    let alone = matches!(node.kind, Kind::Tuple { .. }) && count == 1;
    if alone { part(node.child(0)?, segment) } else { None }
}

/// The ids and fields a path may start with, but for the one that a path written at `made` put there.
fn beginnings(root: &Node, made: Span) -> Vec<&str> {
    let maps = ID_MAPS.iter().filter_map(|field| root.field(field));
    let ids = maps.flat_map(|map| map.entries().iter().map(|entry| entry.key.key_text()));
    let Kind::Struct { fields, .. } = &root.kind else { return ids.collect() };
    let fields = fields.iter().filter(|field| field.name.span != made);
    ids.chain(fields.map(|field| &*field.name.text)).collect()
}

/// The advice for a path, written at `made`, whose start is unknown.
pub(crate) fn start_advice(root: &Node, path: &Path, made: Span, known: &[&str]) -> String {
    let mut names = beginnings(root, made);
    names.extend(known);
    nearest(path.first(), names.iter().copied()).map_or_else(
        || format!("a path starts with one of: {}", beginnings(root, made).join(", ")),
        |near| format!("did you mean `{}`?", path.with_segment(0, near)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{compact, parse};

    fn path(text: &str) -> Path {
        Path::parse(text).unwrap_or_else(|wrong| panic!("{wrong:?}"))
    }

    /// `document` after setting `place` to 9.
    fn after(document: &str, place: &str) -> String {
        let mut root = parse(document, 0).root.unwrap();
        match set(&mut root, &path(place), Span::default(), Node::number("9", Span::default())) {
            Ok(()) => compact(&root),
            Err(misstep) => format!("{}; {}", misstep.what, misstep.advice),
        }
    }

    #[test]
    fn a_path_has_one_canonical_text() {
        for (written, canonical) in [
            ("lb.strategy.choices", "lb.strategy.choices"),
            ("web.overrides.15.speed", "web.overrides[15].speed"),
            ("faults[0].duration", "faults[0].duration"),
            ("a[x.y][2]", "a[x.y][2]"),
        ] {
            assert_eq!(path(written).to_string(), canonical);
            assert_eq!(path(canonical), path(written));
        }
        for wrong in ["", ".", "a.", ".a", "a..b", "a[", "a[]", "a[1]b", "a b", "[0]"] {
            assert!(Path::parse(wrong).is_err(), "{wrong}");
        }
        assert!(path("a.b").covers(&path("a.b.c")) && path("a.b").covers(&path("a.b")));
        assert!(!path("a.b").covers(&path("a.bc")) && !path("a.b.c").covers(&path("a.b")));
    }

    #[test]
    fn a_path_goes_through_every_shape() {
        let ids = |value: &str| format!("(components: {{ \"lb\": {value} }})");
        for (document, place, expected) in [
            ("(a: 1)", "a", "(a: 9)"),
            ("(a: (b: 1))", "a.b", "(a: (b: 9))"),
            ("(a: [1, 2])", "a[1]", "(a: [1, 9])"),
            ("(a: [(b: 1)])", "a[0].b", "(a: [(b: 9)])"),
            ("(a: { 15: (b: 1) })", "a.15.b", "(a: { 15: (b: 9) })"),
            ("(a: { \"x\": 1 })", "a.y", "(a: { \"x\": 1, \"y\": 9 })"),
            ("(a: Fifo)", "a.capacity", "(a: Fifo(capacity: 9))"),
            ("(a: P(by: Peak))", "a.by.decay", "(a: P(by: Peak(decay: 9)))"),
            ("(a: P((by: 1)))", "a.by", "(a: P((by: 9)))"),
            ("(a: Some((by: 1)))", "a.by", "(a: Some((by: 9)))"),
            ("(a: (\"x\", \"y\"))", "a[1]", "(a: (\"x\", 9))"),
            ("(a: None)", "a.b.c", "(a: (b: (c: 9)))"),
            ("()", "a.b", "(a: (b: 9))"),
        ] {
            assert_eq!(after(document, place), expected);
        }
        assert_eq!(after(&ids("LoadBalancer(x: 1)"), "lb.x"), ids("LoadBalancer(x: 9)"));
        assert_eq!(after("(a: [1, 2])", "a[2]"), "`a` has no item `2`; its items are [0] to [1]");
        assert_eq!(after("(a: 1)", "a.b"), "`a` is the number 1 and has no `b`; set `a` itself");
    }
}
