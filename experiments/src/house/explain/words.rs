//! Types in words, and text that fits a terminal.

use crate::house::catalogue::types::{Form, Type, Variant};

/// Columns of a line of text.
const WIDTH: usize = 100;

/// Names of a choice that are told; of longer choices the first few.
const MOST_NAMES: usize = 6;
const FIRST_NAMES: usize = 3;

/// What a value of a type is.
pub(super) fn words(of: Type<'_>) -> String {
    match of.form() {
        Form::Choice(variants) => names(&variants),
        Form::Group(fields) => {
            let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
            format!("a group ({})", names.join(", "))
        }
        Form::Map(of, true) => format!("a map of numbers, each to {}", words(of)),
        Form::Map(of, false) => format!("a map of names, each to {}", words(of)),
        Form::List(of) => format!("a list, each {}", words(of)),
        Form::Tuple(parts) => {
            let parts: Vec<String> = parts.into_iter().map(words).collect();
            format!("({})", parts.join(", "))
        }
        Form::Optional(of) => words(of),
        Form::Quantity(words) => words.to_owned(),
        Form::Text => "a text".to_owned(),
        Form::Character => "a character".to_owned(),
        Form::Whole => "a whole number".to_owned(),
        Form::Number => "a number".to_owned(),
        Form::Bool => "true or false".to_owned(),
    }
}

fn names(variants: &[Variant<'_>]) -> String {
    let name = |variant: &Variant<'_>| {
        variant.name.map_or_else(|| variant.holds.map_or_else(String::new, words), str::to_owned)
    };
    let told = if variants.len() > MOST_NAMES { FIRST_NAMES } else { variants.len() };
    let mut names: Vec<String> = variants.iter().take(told).map(name).collect();
    if told < variants.len() {
        return format!("one of {}: {}, …", variants.len(), names.join(", "));
    }
    let last = names.pop().unwrap_or_default();
    if names.is_empty() { last } else { format!("{} or {last}", names.join(", ")) }
}

/// A paragraph in lines that fit, each behind so many blanks.
pub(super) fn wrapped(text: &str, indent: usize) -> String {
    let blanks = " ".repeat(indent);
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last().map_or(0, |line| line.chars().count());
        if last > 0 && indent + last + 1 + word.chars().count() > WIDTH {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(if line.is_empty() { "" } else { " " });
            line.push_str(word);
        }
    }
    lines.iter().flat_map(|line| [&blanks, line.as_str(), "\n"]).collect()
}
