//! Names given twice in one group: serde would keep the last and lose the first without a word.

use std::collections::BTreeMap;

use super::{
    source::Span,
    tree::{Kind, Node},
};
use crate::diagnostic::Diagnostic;

/// Reports every repeated field and key, and takes the repetitions out of the tree.
pub fn remove_duplicates(root: &mut Node) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    walk(root, "", &mut found);
    found
}

/// `field` is the name of the field that holds `node`: it says what its keys are.
fn walk(node: &mut Node, field: &str, found: &mut Vec<Diagnostic>) {
    let is_map = matches!(node.kind, Kind::Map(_));
    let mut first: BTreeMap<String, Span> = BTreeMap::new();
    let mut index = 0;
    while let Some(step) = node.step(index).filter(|_| found.len() < super::MOST_MISTAKES) {
        if !step.text.is_empty()
            && let Some(earlier) = first.get(&step.text)
        {
            let kind = if is_map { key_kind(field) } else { "field" };
            found.push(twice(kind, &step.text, *earlier, step.span));
            node.remove_child(index);
            continue;
        }
        if let Some(child) = node.child_mut(index) {
            walk(child, if is_map { "" } else { &step.text }, found);
        }
        first.insert(step.text, step.span);
        index += 1;
    }
}

fn twice(kind: &str, name: &str, first: Span, again: Span) -> Diagnostic {
    let remedy = if kind == "field" { "remove" } else { "rename" };
    Diagnostic::error("E0103", format!("{kind} `{name}` is defined twice"))
        .at(again, format!("again here; {remedy} one of them"))
        .beside(first, "first here")
}

/// What the keys of a map are called, by the field that holds it.
fn key_kind(field: &str) -> &'static str {
    match field {
        "arms" => "arm",
        "components" => "component",
        "workloads" => "workload",
        "windows" => "window",
        "regions" => "region",
        "sweep" => "sweep axis",
        _ => "key",
    }
}
