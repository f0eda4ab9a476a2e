//! The topics and what can be found in them by name.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{
    examples, heading,
    types::{Field, Form, Type, Types, plain},
    value,
};
use crate::{
    cli::Catalogue,
    document::{
        parse,
        tree::{Kind, Node},
    },
};

/// Fields that an example shows of a strategy, beside those that must be given.
const SHOWN: usize = 3;

/// Everything that a file can name.
#[derive(Default)]
pub(in crate::house) struct Book {
    /// The types that topics are about.
    pub(in crate::house) types: Types,
    /// The topics, in the order to show them.
    pub(in crate::house) topics: Vec<Topic>,
}

/// A choice or a group of fields, with the field of a file that holds it.
pub(in crate::house) struct Topic {
    /// Where it is listed.
    pub(in crate::house) what: Option<Catalogue>,
    /// Its chapter and field.
    pub(in crate::house) heading: String,
    /// The field that holds it.
    pub(in crate::house) field: &'static str,
    schema: Value,
    members: Vec<Member>,
}

/// What is known of one of the names beside its type.
struct Member {
    name: &'static str,
    /// Its default, or an example where it has none.
    spec: Value,
    /// Its fields as they are defined; the types know them by name only.
    order: Vec<String>,
    /// The file that defines it.
    file: &'static str,
}

/// Something that a name stands for.
pub(in crate::house) struct Found<'a> {
    /// What it belongs to.
    pub(in crate::house) topic: &'a Topic,
    /// Its name.
    pub(in crate::house) name: &'a str,
    /// What it is.
    pub(in crate::house) docs: String,
    /// What it holds.
    pub(in crate::house) holds: Option<Type<'a>>,
    /// An example, as the field of a file holds it.
    pub(in crate::house) example: String,
    member: Option<&'a Member>,
}

impl Book {
    /// Adds a family: its members with a spec each, and their files.
    pub(super) fn family<T: JsonSchema + Serialize>(
        &mut self,
        what: Option<Catalogue>,
        chapter: usize,
        field: &'static str,
        members: impl IntoIterator<Item = (&'static str, T)>,
        files: &[(&str, &'static str)],
    ) {
        self.kinds::<T>(what, chapter, field);
        let member = |(name, spec): (&'static str, T)| Member {
            name,
            order: order(&spec),
            spec: serde_json::to_value(spec).unwrap_or_default(),
            file: files.iter().find(|(known, _)| *known == name).map_or("", |(_, file)| file),
        };
        if let Some(topic) = self.topics.last_mut() {
            topic.members = members.into_iter().map(member).collect();
        }
    }

    /// Adds a choice or a group of which nothing is known but its type.
    pub(super) fn kinds<T: JsonSchema>(
        &mut self,
        what: Option<Catalogue>,
        chapter: usize,
        field: &'static str,
    ) {
        let schema = self.types.add::<T>();
        self.topics.push(Topic {
            what,
            heading: heading(chapter, field),
            field,
            schema,
            members: Vec::new(),
        });
    }

    /// The type that a topic is about.
    pub(in crate::house) fn of<'a>(&'a self, topic: &'a Topic) -> Type<'a> {
        self.types.of(&topic.schema)
    }

    /// The topic that is about a type.
    pub(in crate::house) fn topic_of(&self, of: Type<'_>) -> Option<&Topic> {
        self.topics.iter().find(|topic| self.of(topic).is(of))
    }

    /// What a topic holds: the names of its choice, or the group under the name of its field.
    pub(in crate::house) fn found<'a>(&'a self, topic: &'a Topic) -> Vec<Found<'a>> {
        let of = self.of(topic);
        let Form::Choice(variants) = of.form() else {
            let example = examples::of(topic.field).map_or_else(|| value::sample(of), str::to_owned);
            return vec![Found {
                topic,
                name: topic.field,
                docs: of.docs(),
                holds: Some(of),
                example,
                member: None,
            }];
        };
        let found = variants.into_iter().filter_map(|variant| {
            let name = variant.name?;
            let member = topic.members.iter().find(|member| member.name == name);
            let example = match (examples::of(name), member, variant.holds) {
                (Some(example), ..) => example.to_owned(),
                (None, Some(member), Some(holds)) => shown(name, holds, member),
                (None, ..) => value::example(&variant),
            };
            Some(Found { topic, name, docs: variant.docs, holds: variant.holds, example, member })
        });
        found.collect()
    }

    /// Everything that topics hold.
    pub(in crate::house) fn all(&self) -> impl Iterator<Item = Found<'_>> {
        self.topics.iter().flat_map(|topic| self.found(topic))
    }
}

impl<'a> Found<'a> {
    /// Its fields in the order of their definition, as far as that is known.
    pub(in crate::house) fn fields(&self) -> Vec<Field<'a>> {
        let Some(Form::Group(fields)) = self.holds.map(Type::form) else { return Vec::new() };
        sorted(fields, self.member.map_or(&[], |member| &member.order))
    }

    /// What the file that defines it says of it: the idea, how it differs, where it comes from.
    pub(in crate::house) fn header(&self) -> Vec<String> {
        let file = self.member.map_or("", |member| member.file);
        let lines = file.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim);
        let text = lines.collect::<Vec<_>>().join("\n");
        text.split("\n\n").map(plain).filter(|paragraph| !paragraph.is_empty()).collect()
    }
}

/// Those that must be given first, then as defined.
fn sorted<'a>(mut fields: Vec<Field<'a>>, order: &[String]) -> Vec<Field<'a>> {
    let place = |field: &Field<'_>| order.iter().position(|name| name == field.name).unwrap_or(order.len());
    fields.sort_by_key(|field| (!field.required, place(field)));
    fields
}

/// A member with its first fields written out.
fn shown(name: &str, holds: Type<'_>, member: &Member) -> String {
    let held = &member.spec[name];
    let Form::Group(fields) = holds.form() else { return format!("{name}({})", value::ron(holds, held)) };
    let fields = sorted(fields, &member.order).into_iter().enumerate();
    let told = fields.filter(|(index, field)| field.required || *index < SHOWN).filter_map(|(_, field)| {
        let value = held.get(field.name).filter(|value| !value.is_null())?;
        Some(format!("{}: {}", field.name, value::ron(field.of, value)))
    });
    let told = told.collect::<Vec<_>>().join(", ");
    if told.is_empty() { name.to_owned() } else { format!("{name}({told})") }
}

/// The names of a value's fields, in the order in which they are defined.
fn order(spec: &impl Serialize) -> Vec<String> {
    let text = ron::to_string(spec).unwrap_or_default();
    parse(&text, 0).root.map_or_else(Vec::new, |root| names(&root))
}

fn names(node: &Node) -> Vec<String> {
    match &node.kind {
        Kind::Struct { fields, .. } => fields.iter().map(|field| field.name.text.clone()).collect(),
        Kind::Tuple { items, .. } => items.first().map_or_else(Vec::new, names),
        Kind::Scalar(_) | Kind::Word(_) | Kind::Map(_) | Kind::List(_) => Vec::new(),
    }
}
