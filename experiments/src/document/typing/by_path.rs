//! A mistake that an arm, a sweep or a flag made by its path: told at the path, since the file itself is right.

use super::{Author, Context, blame::Scene, mistake::Fault};
use crate::{
    diagnostic::Diagnostic,
    document::{
        nearest, one_of,
        path::start_advice,
        tree::{Kind, Node},
    },
};

/// Who set the value by a path that leads to a place that is not there.
pub(super) fn author<'c>(scene: &Scene<'_>, fault: &Fault, context: Context<'c>) -> Option<&'c Author> {
    let node = scene.node;
    let led_into = |author: &Author| match fault {
        // The path opened a value that has no parts.
        Fault::Mismatch { .. } | Fault::NotBare | Fault::Number(_) | Fault::Length { .. } => {
            holds_field_at(node, author)
        }
        Fault::UnknownField { .. } | Fault::UnknownVariant { .. } | Fault::Missing(_) | Fault::Refused(_) => {
            false
        }
    };
    let made = |author: &Author| node.is_loose() && author.span == node.span;
    let mut authors = context.authors.iter();
    authors.find(|author| author.span == scene.span || made(author) || led_into(author))
}

fn holds_field_at(node: &Node, author: &Author) -> bool {
    let Kind::Struct { fields, .. } = &node.kind else { return false };
    fields.iter().any(|field| field.name.span == author.span)
}

/// The diagnostic for what `author` set.
pub(super) fn diagnostic(
    scene: &Scene<'_>,
    author: &Author,
    fault: &Fault,
    context: Context<'_>,
) -> Diagnostic {
    let Author { who, path, span } = author;
    let here = here(scene, author);
    let (why, label) = match fault {
        Fault::UnknownField { name, expected } if scene.way.is_empty() => {
            let known: Vec<_> = expected.iter().chain(context.also).copied().collect();
            (format!("nothing is called `{name}`"), start_advice(scene.root, path, *span, &known))
        }
        Fault::UnknownField { name, expected } => unknown_field(scene, author, name, expected),
        Fault::Missing(field) => {
            (format!("`{here}` is not set and needs `{field}`"), format!("set all of `{here}`"))
        }
        Fault::Mismatch { variants, .. } if !variants.is_empty() => {
            (format!("`{here}` is not set"), format!("set all of `{here}`; {}", one_of(variants)))
        }
        Fault::Mismatch { expected, .. } | Fault::Number(expected) | Fault::Length { expected, .. } => {
            (format!("`{here}` is {expected} and has no fields"), format!("set `{here}` itself"))
        }
        Fault::NotBare | Fault::UnknownVariant { .. } | Fault::Refused(_) => {
            (format!("`{here}` has no fields"), format!("set `{here}` itself"))
        }
    };
    Diagnostic::error("E0501", format!("{who} `{path}`, but {why}")).at(*span, label)
}

/// The part of the path that leads to the value.
fn here(scene: &Scene<'_>, author: &Author) -> String {
    let holder = scene.holder().map(|step| step.text.as_str());
    let index = author.path.segments().iter().position(|segment| Some(segment.as_str()) == holder);
    index.map_or_else(|| author.path.to_string(), |index| author.path.prefix(index + 1).to_string())
}

fn unknown_field(scene: &Scene<'_>, author: &Author, name: &str, expected: &[&str]) -> (String, String) {
    let path = &author.path;
    let index = path.segments().iter().position(|segment| segment == name).unwrap_or_default();
    let label = nearest(name, expected.iter().copied()).map_or_else(
        || scene.fields_of(expected),
        |near| format!("did you mean `{}`?", path.with_segment(index, near)),
    );
    let kind = scene.node.name().map_or_else(String::new, |name| format!(" ({name})"));
    (format!("`{}`{kind} has no such field", path.prefix(index)), label)
}
