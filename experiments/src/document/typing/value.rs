//! A node of the tree as serde sees it.
//!
//! A bare `RoundRobin` is read for a unit variant, for one with fields that all have defaults, and for one that
//! wraps a spec; `Some` and the names of wrappers are never written; numbers are as exact as their text.

use serde::{
    Deserializer,
    de::{Visitor, value::StrDeserializer},
};

use super::{
    access::{Entries, Fields, Items, Variant},
    mistake::{Fault, Mistake},
    number,
};
use crate::document::tree::{Kind, Node, Scalar};

/// A node, seen with or without the name before its parenthesis.
#[derive(Clone, Copy)]
pub(super) struct Value<'a> {
    pub(super) node: &'a Node,
    view: View,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum View {
    /// All of it.
    Whole,
    /// What a variant holds: the name has been read.
    Arguments,
}

impl<'a> Value<'a> {
    pub(super) const fn whole(node: &'a Node) -> Self {
        Self { node, view: View::Whole }
    }

    pub(super) const fn arguments(node: &'a Node) -> Self {
        Self { node, view: View::Arguments }
    }

    /// Hands over the value meant: the node, or the one value in a variant's parenthesis.
    fn through<R>(self, read: impl FnOnce(&'a Node) -> Result<R, Mistake>) -> Result<R, Mistake> {
        match (&self.node.kind, self.view) {
            (_, View::Whole) => read(self.node),
            (Kind::Tuple { items, .. }, View::Arguments) if items.len() == 1 => {
                read(&items[0]).map_err(|mistake| mistake.under(0))
            }
            (Kind::Tuple { items, .. }, View::Arguments) => Err(one_value(items.len())),
            (_, View::Arguments) => Err(one_value(0)),
        }
    }

    /// Whether it is a variant without arguments, read for what it holds.
    fn is_bare(self) -> bool {
        let empty = match &self.node.kind {
            Kind::Word(_) => true,
            Kind::Struct { fields, .. } => fields.is_empty(),
            Kind::Tuple { items, .. } => items.is_empty(),
            Kind::Scalar(_) | Kind::Map(_) | Kind::List(_) => false,
        };
        self.view == View::Arguments && empty
    }

    fn fields<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match (&self.node.kind, self.view) {
            (Kind::Struct { name: None, fields, .. }, _) | (Kind::Struct { fields, .. }, View::Arguments) => {
                visitor.visit_map(Fields::new(fields))
            }
            (Kind::Word(_), View::Arguments) => visitor.visit_map(Fields::new(&[])),
            (Kind::Tuple { .. }, View::Arguments) => self.through(|node| Value::whole(node).fields(visitor)),
            (_, View::Whole | View::Arguments) => Err(Mistake::mismatch("a group of fields ( … )")),
        }
    }

    /// Values by position: a list, or what stands in the parenthesis.
    fn positions<V: Visitor<'a>>(self, length: usize, visitor: V) -> Result<V::Value, Mistake> {
        let read = |items: &'a [Node], visitor: V| {
            if items.len() == length {
                visitor.visit_seq(Items::new(items))
            } else {
                Err(Mistake::new(Fault::Length { found: items.len(), expected: count(length) }))
            }
        };
        match (&self.node.kind, self.view) {
            (Kind::Tuple { name: None, items }, View::Whole)
            | (Kind::Tuple { items, .. }, View::Arguments)
                if self.view == View::Whole || items.len() == length || items.len() != 1 =>
            {
                read(items, visitor)
            }
            (_, View::Whole) => Err(Mistake::mismatch(format!("{} in parentheses", count(length)))),
            (_, View::Arguments) => {
                self.through(|node| Value::whole(node).deserialize_tuple(length, visitor))
            }
        }
    }

    /// A whole number from `least` to `most`.
    fn integer(self, least: i128, most: i128) -> Result<i128, Mistake> {
        self.through(|node| {
            let Kind::Scalar(Scalar::Number(text)) = &node.kind else {
                return Err(Mistake::mismatch("a whole number"));
            };
            let value = number::whole(text);
            let fits = value.filter(|value| (least..=most).contains(value));
            let too_large = value.is_some_and(|value| value > most);
            fits.ok_or_else(|| Mistake::new(Fault::Number(number::range(least, most, too_large))))
        })
    }
}

fn one_value(found: usize) -> Mistake {
    Mistake::new(Fault::Length { found, expected: count(1) })
}

/// "one value", "2 values".
fn count(length: usize) -> String {
    if length == 1 { "one value".to_owned() } else { format!("{length} values") }
}

macro_rules! integers {
    ($($method:ident => $visit:ident($Type:ty);)+) => {$(
        fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mistake> {
            let value = self.integer(i128::from(<$Type>::MIN), i128::from(<$Type>::MAX))?;
            // `integer` has checked the range.
            visitor.$visit(value as $Type)
        }
    )+};
}

impl<'a> Deserializer<'a> for Value<'a> {
    type Error = Mistake;

    integers! {
        deserialize_u8 => visit_u8(u8);
        deserialize_u16 => visit_u16(u16);
        deserialize_u32 => visit_u32(u32);
        deserialize_u64 => visit_u64(u64);
        deserialize_i8 => visit_i8(i8);
        deserialize_i16 => visit_i16(i16);
        deserialize_i32 => visit_i32(i32);
        deserialize_i64 => visit_i64(i64);
    }

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.through(|node| match &node.kind {
            Kind::Scalar(Scalar::Bool(value)) => visitor.visit_bool(*value),
            Kind::Scalar(Scalar::Number(text)) => number::visit(text, visitor),
            Kind::Scalar(Scalar::Text(text)) => visitor.visit_borrowed_str(text),
            Kind::Scalar(Scalar::Character(character)) => visitor.visit_char(*character),
            Kind::Word(word) if word == "None" => visitor.visit_none(),
            Kind::Word(word) => visitor.visit_borrowed_str(word),
            Kind::Struct { name: None, fields, .. } => visitor.visit_map(Fields::new(fields)),
            Kind::Map(entries) => visitor.visit_map(Entries::new(entries)),
            Kind::List(items) | Kind::Tuple { name: None, items } => visitor.visit_seq(Items::new(items)),
            Kind::Struct { .. } | Kind::Tuple { .. } => visitor.visit_enum(Variant::new(node)),
        })
    }

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.through(|node| {
            let Kind::Scalar(Scalar::Bool(value)) = &node.kind else {
                return Err(Mistake::mismatch("`true` or `false`"));
            };
            visitor.visit_bool(*value)
        })
    }

    fn deserialize_f32<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.through(|node| {
            let Kind::Scalar(Scalar::Number(text)) = &node.kind else {
                return Err(Mistake::mismatch("a number"));
            };
            visitor.visit_f64(number::finite(text)?)
        })
    }

    fn deserialize_char<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.through(|node| {
            let Kind::Scalar(Scalar::Character(character)) = &node.kind else {
                return Err(Mistake::mismatch("a character in single quotes"));
            };
            visitor.visit_char(*character)
        })
    }

    /// Quantities ask for this: a bare number goes to them, so that they can say which unit it lacks.
    fn deserialize_str<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.through(|node| {
            if let Kind::Scalar(Scalar::Number(text)) = &node.kind {
                return number::visit(text, visitor);
            }
            let text = node.as_text().ok_or_else(|| Mistake::mismatch(expecting(&visitor)))?;
            visitor.visit_borrowed_str(text)
        })
    }

    fn deserialize_string<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.through(|node| {
            let text = node.as_text().ok_or_else(|| Mistake::mismatch("a text in quotes"))?;
            visitor.visit_borrowed_str(text)
        })
    }

    fn deserialize_bytes<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let node = self.node;
        if self.is_bare() || matches!(&node.kind, Kind::Word(word) if word == "None") {
            return visitor.visit_none();
        }
        match &node.kind {
            Kind::Tuple { items, .. } if node.name() == Some("Some") && items.len() == 1 => {
                visitor.visit_some(Self::whole(&items[0])).map_err(|mistake| mistake.under(0))
            }
            Kind::Scalar(_)
            | Kind::Word(_)
            | Kind::Struct { .. }
            | Kind::Tuple { .. }
            | Kind::Map(_)
            | Kind::List(_) => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let empty = matches!(&self.node.kind, Kind::Struct { name: None, fields, .. } if fields.is_empty());
        if empty || self.is_bare() { visitor.visit_unit() } else { Err(Mistake::mismatch("`()`")) }
    }

    fn deserialize_unit_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let several = matches!(&self.node.kind, Kind::Tuple { items, .. } if items.len() > 1);
        match &self.node.kind {
            Kind::Tuple { items, .. } if several && self.view == View::Arguments => {
                visitor.visit_seq(Items::new(items))
            }
            Kind::Scalar(_)
            | Kind::Word(_)
            | Kind::Struct { .. }
            | Kind::Tuple { .. }
            | Kind::Map(_)
            | Kind::List(_) => self.through(|node| {
                let Kind::List(items) = &node.kind else {
                    return Err(Mistake::mismatch("a list [ … ]"));
                };
                visitor.visit_seq(Items::new(items))
            }),
        }
    }

    fn deserialize_tuple<V: Visitor<'a>>(self, length: usize, visitor: V) -> Result<V::Value, Mistake> {
        self.positions(length, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        self.positions(length, visitor)
    }

    fn deserialize_map<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.through(|node| match &node.kind {
            Kind::Map(entries) => visitor.visit_map(Entries::new(entries)),
            Kind::Struct { fields, loose: true, .. } => visitor.visit_map(Fields::new(fields)),
            Kind::Scalar(_) | Kind::Word(_) | Kind::Struct { .. } | Kind::Tuple { .. } | Kind::List(_) => {
                Err(Mistake::mismatch("a map { \"key\": value }"))
            }
        })
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        self.fields(visitor)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        self.through(|node| {
            if node.name().is_some() {
                return visitor.visit_enum(Variant::new(node));
            }
            Err(Mistake::new(Fault::Mismatch { expected: String::new(), variants }))
        })
    }

    fn deserialize_identifier<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_borrowed_str(self.node.key_text())
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_unit()
    }
}

/// What a visitor waits for, in its own words.
fn expecting<'a, V: Visitor<'a>>(visitor: &V) -> String {
    struct Words<'v, V>(&'v V);
    impl<'a, V: Visitor<'a>> std::fmt::Display for Words<'_, V>
    where
        V: Visitor<'a>,
    {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            self.0.expecting(f)
        }
    }
    Words(visitor).to_string()
}

/// The name of a field or variant as serde sees it.
pub(super) fn name(text: &str) -> StrDeserializer<'_, Mistake> {
    serde::de::IntoDeserializer::into_deserializer(text)
}
