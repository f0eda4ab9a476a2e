//! The page of a name: what it is, where it comes from, its fields, an example.

use super::words::{words, wrapped};
use crate::{
    document::{compact, parse, pretty, tree::Node, typing::word},
    house::catalogue::{
        Book, Found,
        types::{Field, Form, Type, Variant},
        value,
    },
};

/// Examples of so many characters take more than one line.
const LONG_EXAMPLE: usize = 80;

/// The page of something that the catalogue lists.
pub(super) fn of(found: &Found<'_>) -> String {
    let word = word(found.topic.field).map_or_else(String::new, |word| format!(": {word}"));
    let mut text = format!("{}{word} [{}]\n\n{}", found.name, found.topic.heading, wrapped(&found.docs, 0));
    for paragraph in found.header() {
        text.push('\n');
        text.push_str(&wrapped(&paragraph, 0));
    }
    let fields = found.fields();
    text.push_str(&if fields.is_empty() { held(found.holds) } else { listed(&fields) });
    text.push_str(&example(found.topic.field, &found.example));
    text
}

/// The page of a name that only says more about a field.
pub(super) fn detail(book: &Book, of: Type<'_>, variant: &Variant<'_>) -> String {
    let name = variant.name.unwrap_or_default();
    let places = places(book, of);
    if places.is_empty() {
        return String::new();
    }
    let mut text = format!("{name} (of {})\n\n{}", places.join(", "), wrapped(&variant.docs, 0));
    if let Some(Form::Group(fields)) = variant.holds.map(Type::form) {
        text.push_str(&listed(&fields));
    } else {
        text.push_str(&held(variant.holds));
    }
    text.push_str(&example("", &value::example(variant)));
    text
}

/// The fields that hold a type.
fn places(book: &Book, of: Type<'_>) -> Vec<String> {
    let mut places = Vec::new();
    for found in book.all() {
        let holding = found.fields().into_iter().filter(|field| reaches(field.of, of));
        places.extend(holding.map(|field| format!("{}.{}", found.name, field.name)));
    }
    places.sort();
    places.dedup();
    places
}

fn reaches(from: Type<'_>, of: Type<'_>) -> bool {
    match from.form() {
        _ if from.is(of) => true,
        Form::Optional(inner) | Form::Map(inner, _) | Form::List(inner) => reaches(inner, of),
        Form::Group(fields) => fields.into_iter().any(|field| field.of.is(of)),
        Form::Choice(_)
        | Form::Tuple(_)
        | Form::Quantity(_)
        | Form::Text
        | Form::Character
        | Form::Whole
        | Form::Number
        | Form::Bool => false,
    }
}

/// The page of one field.
pub(super) fn field(book: &Book, path: &str, field: &Field<'_>) -> String {
    let mut text = format!("{path}: {}\n\n{}", told(field), wrapped(&field.docs, 0));
    text.push_str(&inside(book, field.of));
    text
}

/// What stands inside a value: the names of a choice, the fields of a group.
fn inside(book: &Book, of: Type<'_>) -> String {
    match of.form() {
        Form::Optional(of) | Form::Map(of, _) | Form::List(of) => inside(book, of),
        Form::Group(fields) => listed(&fields),
        Form::Choice(variants) => {
            let mut text = "\nChoices\n".to_owned();
            for variant in &variants {
                let name = variant.name.map_or_else(|| value::example(variant), str::to_owned);
                text.extend(["  ", &name, "\n", &wrapped(&variant.docs, 6)]);
            }
            let first =
                variants.iter().find_map(|variant| variant.name).filter(|_| book.topic_of(of).is_some());
            first.map_or(text.clone(), |name| format!("{text}\nEach has a page: stampede explain {name}\n"))
        }
        Form::Tuple(_)
        | Form::Quantity(_)
        | Form::Text
        | Form::Character
        | Form::Whole
        | Form::Number
        | Form::Bool => String::new(),
    }
}

fn listed(fields: &[Field<'_>]) -> String {
    if fields.is_empty() {
        return String::new();
    }
    let entry = |field: &Field<'_>| {
        format!("{}{}", wrapped(&format!("{}: {}", field.name, told(field)), 2), wrapped(&field.docs, 6))
    };
    format!("\nFields\n{}", fields.iter().map(entry).collect::<String>())
}

/// What a field holds, in words, and what it is by default.
fn told(field: &Field<'_>) -> String {
    let default = match (field.required, field.default) {
        (true, _) => "must be given".to_owned(),
        (false, Some(default)) => match value::ron(field.of, default).as_str() {
            "None" => "may be left out".to_owned(),
            text => format!("default {}", laid_out(text)),
        },
        (false, None) => "may be left out".to_owned(),
    };
    format!("{}; {default}", words(field.of))
}

fn laid_out(text: &str) -> String {
    parse(text, 0).root.map_or_else(|| text.to_owned(), |root| compact(&root))
}

/// What a name holds that has no fields.
fn held(of: Option<Type<'_>>) -> String {
    let of = of.filter(|of| !matches!(of.form(), Form::Group(_)));
    of.map_or_else(String::new, |of| format!("\nHolds {}\n", words(of)))
}

fn example(field: &str, example: &str) -> String {
    let before = match field {
        "" | "faults" => String::new(),
        "workloads" => "\"clients\": ".to_owned(),
        "components" => "\"web\": ".to_owned(),
        "stages" => "stages: [".to_owned(),
        field => format!("{field}: "),
    };
    let after = if field == "stages" { "]" } else { "" };
    let short = example.len() < LONG_EXAMPLE;
    let lay_out = |root: &Node| if short { compact(root) } else { pretty(root) };
    let laid_out = parse(example, 0).root.map_or_else(|| example.to_owned(), |root| lay_out(&root));
    let lines = format!("{before}{}{after}", laid_out.trim_end());
    let lines = lines.lines().map(|line| format!("  {line}\n"));
    format!("\nExample\n{}", lines.collect::<String>())
}
