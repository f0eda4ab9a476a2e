//! The types of an experiment file as its readers see them: fields and choices with their documentation.
//!
//! schemars reads both off the definitions that serde types files by, so nothing here is written a second time.

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value};

/// All types met so far; each is described once and referred to by name.
#[derive(Default)]
pub(in crate::house) struct Types {
    generator: SchemaGenerator,
}

/// One type.
#[derive(Clone, Copy)]
pub(in crate::house) struct Type<'a> {
    types: &'a Types,
    schema: &'a Value,
    /// Whether a missing value is somebody else's matter.
    present: bool,
}

/// What a value of a type looks like in a file.
pub(in crate::house) enum Form<'a> {
    /// One of several names, some of which hold more.
    Choice(Vec<Variant<'a>>),
    /// Named fields.
    Group(Vec<Field<'a>>),
    /// Keys and values; whether the keys are numbers.
    Map(Type<'a>, bool),
    /// Any number of values.
    List(Type<'a>),
    /// Values by position.
    Tuple(Vec<Type<'a>>),
    /// A value or `None`.
    Optional(Type<'a>),
    /// A kind of value with words of its own: "a duration such as \"250ms\"".
    Quantity(&'a str),
    /// Any text.
    Text,
    /// One character.
    Character,
    /// A whole number.
    Whole,
    /// A number.
    Number,
    /// `true` or `false`.
    Bool,
}

/// One of the names of a choice.
pub(in crate::house) struct Variant<'a> {
    /// Its name; none if only the value is written.
    pub(in crate::house) name: Option<&'a str>,
    /// What it means.
    pub(in crate::house) docs: String,
    /// What it holds.
    pub(in crate::house) holds: Option<Type<'a>>,
}

/// One field of a group.
pub(in crate::house) struct Field<'a> {
    /// Its name.
    pub(in crate::house) name: &'a str,
    /// What it means.
    pub(in crate::house) docs: String,
    /// What it holds.
    pub(in crate::house) of: Type<'a>,
    /// Whether it must be given.
    pub(in crate::house) required: bool,
    /// What it is if it is not given.
    pub(in crate::house) default: Option<&'a Value>,
}

impl Types {
    /// Describes a type and all that it is made of.
    pub(in crate::house) fn add<T: JsonSchema>(&mut self) -> Value {
        self.generator.subschema_for::<T>().to_value()
    }

    /// The type that `schema` describes.
    pub(in crate::house) fn of<'a>(&'a self, schema: &'a Value) -> Type<'a> {
        Type { types: self, schema, present: false }.resolved()
    }

    /// Every type that has a name of its own.
    pub(in crate::house) fn all(&self) -> impl Iterator<Item = Type<'_>> {
        self.generator.definitions().values().map(|schema| self.of(schema))
    }
}

impl<'a> Type<'a> {
    fn other(self, schema: &'a Value) -> Self {
        Self { schema, present: false, ..self }.resolved()
    }

    fn resolved(self) -> Self {
        let name = self.schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
        let definition = name.and_then(|name| self.types.generator.definitions().get(name));
        // Ends: a definition that only names another wraps it, and none wraps itself.
        definition.map_or(self, |schema| Self { schema, ..self }.resolved())
    }

    /// What it means, as its definition says; empty if it has no definition of its own.
    pub(in crate::house) fn docs(self) -> String {
        docs(self.schema)
    }

    /// Whether it is written the same way as the other.
    pub(in crate::house) fn is(self, other: Self) -> bool {
        std::ptr::eq(self.schema, other.schema)
    }

    /// What its values look like.
    pub(in crate::house) fn form(self) -> Form<'a> {
        let get = |key: &str| self.schema.get(key);
        if let Some(inner) = self.inner().filter(|_| !self.present) {
            return Form::Optional(inner);
        }
        if let Some(words) = get("title").and_then(Value::as_str) {
            return Form::Quantity(words);
        }
        if let Some(variants) = get("oneOf").or_else(|| get("anyOf")).and_then(Value::as_array) {
            return Form::Choice(variants.iter().map(|schema| self.variant(schema)).collect());
        }
        if let Some(parts) = get("prefixItems").and_then(Value::as_array) {
            return Form::Tuple(parts.iter().map(|part| self.other(part)).collect());
        }
        match self.kind() {
            "object" => self.object(),
            "array" => Form::List(self.other(get("items").unwrap_or(&Value::Null))),
            "integer" => Form::Whole,
            "number" => Form::Number,
            "boolean" => Form::Bool,
            _ if get("maxLength").is_some() => Form::Character,
            _ => Form::Text,
        }
    }

    fn kind(self) -> &'a str {
        match self.schema.get("type") {
            Some(Value::Array(kinds)) => kinds.first().and_then(Value::as_str).unwrap_or_default(),
            kind => kind.and_then(Value::as_str).unwrap_or_default(),
        }
    }

    /// The type itself, if its values may also be missing.
    fn inner(self) -> Option<Self> {
        if self.schema.get("type").is_some_and(Value::is_array) {
            return Some(Self { present: true, ..self });
        }
        let parts = self.schema.get("anyOf")?.as_array()?;
        let missing = |part: &Value| part.get("type").and_then(Value::as_str) == Some("null");
        parts.iter().any(missing).then_some(())?;
        parts.iter().find(|part| !missing(part)).map(|part| self.other(part))
    }

    fn object(self) -> Form<'a> {
        let fields = self.schema.get("properties").and_then(Value::as_object);
        let of_numbers = self.schema.get("patternProperties").and_then(Value::as_object);
        match (fields, of_numbers.and_then(|patterns| patterns.values().next())) {
            (Some(fields), _) => Form::Group(self.fields(fields)),
            (None, Some(schema)) => Form::Map(self.other(schema), true),
            (None, None) => match self.schema.get("additionalProperties") {
                Some(schema @ Value::Object(_)) => Form::Map(self.other(schema), false),
                _ => Form::Group(Vec::new()),
            },
        }
    }

    fn fields(self, fields: &'a Map<String, Value>) -> Vec<Field<'a>> {
        let required = self.schema.get("required").and_then(Value::as_array);
        let field = |(name, schema): (&'a String, &'a Value)| Field {
            name,
            docs: docs(schema),
            of: self.other(schema),
            required: required.is_some_and(|names| names.iter().any(|required| required == name)),
            default: schema.get("default"),
        };
        fields.iter().map(field).collect()
    }

    fn variant(self, schema: &'a Value) -> Variant<'a> {
        let docs = docs(schema);
        if let Some(name) = schema.get("const").and_then(Value::as_str) {
            return Variant { name: Some(name), docs, holds: None };
        }
        let named =
            schema.get("properties").and_then(Value::as_object).and_then(|fields| fields.iter().next());
        match named {
            Some((name, holds)) => Variant { name: Some(name), docs, holds: Some(self.other(holds)) },
            None => Variant { name: None, docs, holds: Some(self.other(schema)) },
        }
    }
}

fn docs(schema: &Value) -> String {
    plain(schema.get("description").and_then(Value::as_str).unwrap_or_default())
}

/// Documentation for a terminal: its lines joined, links reduced to what they say.
pub(in crate::house) fn plain(docs: &str) -> String {
    let words: Vec<&str> = docs.split_whitespace().collect();
    let mut text = words.join(" ").replace("[`", "`").replace("`]", "`");
    while let Some(start) = text.find("`(") {
        let Some(length) = text[start..].find(')') else { break };
        text.replace_range(start + 1..=start + length, "");
    }
    text
}
