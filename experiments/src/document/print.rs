//! The tree as text: on one line, or laid out for people.
//!
//! One layout for one tree, so that equal trees give equal text.

use super::tree::{Kind, Name, Node, Scalar};

/// A group that fits in this many columns stays on one line.
const WIDTH: usize = 100;

/// The value on one line: `PowerOfTwoChoices(by: PeakEwma(decay: "10s"))`.
pub fn compact(node: &Node) -> String {
    let mut out = String::new();
    write_compact(node, &mut out);
    out
}

/// The value over as many lines as it needs, each level indented by four.
pub fn pretty(node: &Node) -> String {
    let mut out = String::new();
    write_pretty(node, 0, 0, &mut out);
    out.push('\n');
    out
}

fn write_compact(node: &Node, out: &mut String) {
    let Some((open, close)) = brackets(node) else { return out.push_str(&leaf(node)) };
    out.push_str(&open);
    let padded = matches!(node.kind, Kind::Map(_)) && node.child(0).is_some();
    out.push_str(if padded { " " } else { "" });
    for (index, (prefix, child)) in children(node).into_iter().enumerate() {
        out.push_str(if index > 0 { ", " } else { "" });
        out.push_str(&prefix);
        write_compact(child, out);
    }
    out.push_str(if padded { " " } else { "" });
    out.push(close);
}

/// `column` is how much of the line is taken before the value.
fn write_pretty(node: &Node, indent: usize, column: usize, out: &mut String) {
    let line = compact(node);
    let Some((open, close)) = brackets(node) else { return out.push_str(&line) };
    let children = children(node);
    let root = indent == 0;
    if children.is_empty() || !root && indent + column + line.chars().count() < WIDTH {
        return out.push_str(&line);
    }
    out.push_str(&open);
    for (prefix, child) in children {
        out.push('\n');
        out.push_str(&" ".repeat(indent + 4));
        out.push_str(&prefix);
        write_pretty(child, indent + 4, prefix.chars().count(), out);
        out.push(',');
    }
    out.push('\n');
    out.push_str(&" ".repeat(indent));
    out.push(close);
}

/// What stands around the parts of a value; `None` if it has no parts.
fn brackets(node: &Node) -> Option<(String, char)> {
    match &node.kind {
        Kind::Scalar(_) | Kind::Word(_) => None,
        Kind::Struct { name, .. } | Kind::Tuple { name, .. } => Some((opening(name.as_ref()), ')')),
        Kind::Map(_) => Some(("{".to_owned(), '}')),
        Kind::List(_) => Some(("[".to_owned(), ']')),
    }
}

fn opening(name: Option<&Name>) -> String {
    format!("{}(", name.map_or("", |name| &name.text))
}

/// The parts of a value, each with what stands before it.
fn children(node: &Node) -> Vec<(String, &Node)> {
    match &node.kind {
        Kind::Struct { fields, .. } => {
            fields.iter().map(|field| (format!("{}: ", field.name.text), &field.value)).collect()
        }
        Kind::Tuple { items, .. } | Kind::List(items) => {
            items.iter().map(|item| (String::new(), item)).collect()
        }
        Kind::Map(entries) => {
            entries.iter().map(|entry| (format!("{}: ", compact(&entry.key)), &entry.value)).collect()
        }
        Kind::Scalar(_) | Kind::Word(_) => Vec::new(),
    }
}

fn leaf(node: &Node) -> String {
    match &node.kind {
        Kind::Scalar(Scalar::Bool(value)) => value.to_string(),
        Kind::Scalar(Scalar::Text(text)) => quoted(text),
        Kind::Scalar(Scalar::Character('\'')) => "'\\''".to_owned(),
        Kind::Scalar(Scalar::Character(character)) => format!("'{}'", escaped(*character)),
        Kind::Scalar(Scalar::Number(word)) | Kind::Word(word) => word.clone(),
        Kind::Struct { .. } | Kind::Tuple { .. } | Kind::Map(_) | Kind::List(_) => String::new(),
    }
}

/// A text in quotes, with the escapes that the parser knows.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        if character == '"' {
            out.push_str("\\\"");
        } else {
            out.push_str(&escaped(character));
        }
    }
    out.push('"');
    out
}

fn escaped(character: char) -> String {
    match character {
        '\\' => "\\\\".to_owned(),
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        '\0' => "\\0".to_owned(),
        other if other.is_control() => format!("\\u{{{:x}}}", u32::from(other)),
        other => other.to_string(),
    }
}
