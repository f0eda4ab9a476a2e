//! Values as files write them: defaults, and examples made up from what a type must be given.

use serde_json::Value;

use super::types::{Field, Form, Type, Variant};
use crate::document::quoted;

/// A value of a type in RON; fields that have their default are left out.
pub(in crate::house) fn ron(of: Type<'_>, value: &Value) -> String {
    match (of.form(), value) {
        (Form::Optional(inner), value) => {
            if value.is_null() {
                "None".to_owned()
            } else {
                ron(inner, value)
            }
        }
        (Form::Choice(variants), value) => choice(&variants, value),
        (Form::Group(fields), value) => format!("({})", given(&fields, value)),
        (Form::Map(of, numbers), Value::Object(entries)) => {
            let key = |key: &str| if numbers { key.to_owned() } else { quoted(key) };
            let entries = entries.iter().map(|(name, value)| format!("{}: {}", key(name), ron(of, value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        (Form::List(of), Value::Array(items)) => format!("[{}]", list(items, std::iter::repeat(of))),
        (Form::Tuple(parts), Value::Array(items)) => format!("({})", list(items, parts)),
        (Form::Character, Value::String(text)) => format!("'{}'", text.escape_default()),
        (_, Value::String(text)) => quoted(text),
        // An id or a list of ids, by its own words.
        (_, Value::Array(items)) => format!("[{}]", list(items, std::iter::repeat(of))),
        (_, value) => value.to_string(),
    }
}

fn list<'a>(items: &[Value], of: impl IntoIterator<Item = Type<'a>>) -> String {
    items.iter().zip(of).map(|(item, of)| ron(of, item)).collect::<Vec<_>>().join(", ")
}

fn choice(variants: &[Variant<'_>], value: &Value) -> String {
    let entry = value.as_object().and_then(|object| object.iter().next());
    for variant in variants {
        match (variant.name, variant.holds, entry) {
            (Some(name), None, _) if value == name => return name.to_owned(),
            (Some(name), Some(holds), Some((given, value))) if given == name => {
                return called(name, &ron(holds, value), holds);
            }
            _ => {}
        }
    }
    let bare = variants.iter().find(|variant| variant.name.is_none()).and_then(|variant| variant.holds);
    bare.map_or_else(|| value.to_string(), |holds| ron(holds, value))
}

/// A name with what it holds: `Fifo`, `Fifo(capacity: 8)`, `Given([1, 2])`.
fn called(name: &str, held: &str, holds: Type<'_>) -> String {
    match (holds.form(), held) {
        (Form::Group(_), "()") => name.to_owned(),
        (Form::Group(_) | Form::Tuple(_), held) => format!("{name}{held}"),
        _ => format!("{name}({held})"),
    }
}

/// The fields that differ from their defaults.
fn given(fields: &[Field<'_>], value: &Value) -> String {
    let told = fields.iter().filter_map(|field| {
        let value = value.get(field.name)?;
        let same = field.default == Some(value) || value.is_null();
        (!same).then(|| format!("{}: {}", field.name, ron(field.of, value)))
    });
    told.collect::<Vec<_>>().join(", ")
}

/// An example of a variant: its name, with what must be given.
pub(in crate::house) fn example(variant: &Variant<'_>) -> String {
    match (variant.name, variant.holds) {
        (Some(name), Some(holds)) => called(name, &sample(holds), holds),
        (Some(name), None) => name.to_owned(),
        (None, holds) => holds.map(sample).unwrap_or_default(),
    }
}

/// A value that a type accepts.
pub(in crate::house) fn sample(of: Type<'_>) -> String {
    match of.form() {
        Form::Optional(inner) => sample(inner),
        Form::Choice(variants) => variants.first().map(example).unwrap_or_default(),
        Form::Group(fields) => {
            let required = fields.iter().filter(|field| field.required);
            let told = required.map(|field| format!("{}: {}", field.name, sample(field.of)));
            format!("({})", told.collect::<Vec<_>>().join(", "))
        }
        Form::Map(of, numbers) => format!("{{{}: {}}}", if numbers { "0" } else { "\"web\"" }, sample(of)),
        Form::List(of) => format!("[{}]", sample(of)),
        Form::Tuple(parts) => format!("({})", parts.into_iter().map(sample).collect::<Vec<_>>().join(", ")),
        Form::Quantity(words) => words.split('"').nth(1).map_or_else(|| quoted("web"), quoted),
        Form::Text => quoted("web"),
        Form::Character => "';'".to_owned(),
        Form::Whole => "2".to_owned(),
        Form::Number => "0.5".to_owned(),
        Form::Bool => "true".to_owned(),
    }
}
