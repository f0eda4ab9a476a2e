//! The parts of a node as serde walks them; each mistake below learns its index on the way up.

use serde::{
    Deserializer,
    de::{DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor},
    forward_to_deserialize_any,
};

use super::{
    mistake::{Fault, Mistake},
    value::{Value, name},
};
use crate::document::tree::{Entry, Field, Node};

/// The fields of a struct.
pub(super) struct Fields<'a> {
    fields: &'a [Field],
    at: usize,
}

impl<'a> Fields<'a> {
    pub(super) const fn new(fields: &'a [Field]) -> Self {
        Self { fields, at: 0 }
    }
}

impl<'a> MapAccess<'a> for Fields<'a> {
    type Error = Mistake;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Mistake> {
        let Some(field) = self.fields.get(self.at) else { return Ok(None) };
        let key = seed.deserialize(Key(&field.name.text));
        key.map(Some).map_err(|mistake| mistake.in_name().under(self.at))
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Mistake> {
        let Some(field) = self.fields.get(self.at) else { return Err(Mistake::mismatch("a value")) };
        let index = self.at;
        self.at += 1;
        seed.deserialize(Value::whole(&field.value)).map_err(|mistake| mistake.under(index))
    }
}

/// The entries of a map.
pub(super) struct Entries<'a> {
    entries: &'a [Entry],
    at: usize,
}

impl<'a> Entries<'a> {
    pub(super) const fn new(entries: &'a [Entry]) -> Self {
        Self { entries, at: 0 }
    }
}

impl<'a> MapAccess<'a> for Entries<'a> {
    type Error = Mistake;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Mistake> {
        let Some(entry) = self.entries.get(self.at) else { return Ok(None) };
        let key = seed.deserialize(Value::whole(&entry.key));
        key.map(Some).map_err(|mistake| mistake.in_name().under(self.at))
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Mistake> {
        let Some(entry) = self.entries.get(self.at) else { return Err(Mistake::mismatch("a value")) };
        let index = self.at;
        self.at += 1;
        seed.deserialize(Value::whole(&entry.value)).map_err(|mistake| mistake.under(index))
    }
}

/// The items of a list or tuple.
pub(super) struct Items<'a> {
    items: &'a [Node],
    at: usize,
}

impl<'a> Items<'a> {
    pub(super) const fn new(items: &'a [Node]) -> Self {
        Self { items, at: 0 }
    }
}

impl<'a> SeqAccess<'a> for Items<'a> {
    type Error = Mistake;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Mistake> {
        let Some(item) = self.items.get(self.at) else { return Ok(None) };
        let index = self.at;
        self.at += 1;
        seed.deserialize(Value::whole(item)).map(Some).map_err(|mistake| mistake.under(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len() - self.at)
    }
}

/// A variant: its name, then what it holds.
pub(super) struct Variant<'a> {
    node: &'a Node,
}

impl<'a> Variant<'a> {
    pub(super) const fn new(node: &'a Node) -> Self {
        Self { node }
    }
}

impl<'a> EnumAccess<'a> for Variant<'a> {
    type Error = Mistake;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'a>>(self, seed: V) -> Result<(V::Value, Self), Mistake> {
        let value = seed.deserialize(name(self.node.name().unwrap_or_default()))?;
        Ok((value, self))
    }
}

impl<'a> VariantAccess<'a> for Variant<'a> {
    type Error = Mistake;

    fn unit_variant(self) -> Result<(), Mistake> {
        let unit = Value::arguments(self.node).deserialize_unit(serde::de::IgnoredAny);
        unit.map(drop).map_err(|_| Mistake::new(Fault::NotBare))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'a>>(self, seed: T) -> Result<T::Value, Mistake> {
        seed.deserialize(Value::arguments(self.node))
    }

    fn tuple_variant<V: Visitor<'a>>(self, length: usize, visitor: V) -> Result<V::Value, Mistake> {
        Value::arguments(self.node).deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'a>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        Value::arguments(self.node).deserialize_struct("", fields, visitor)
    }
}

/// A field's name: as it is, or as the number it spells where a path made a map of numbers.
struct Key<'a>(&'a str);

macro_rules! number_keys {
    ($($method:ident => $visit:ident($Type:ty);)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
            let number = self.0.parse::<$Type>().map_err(|_| Mistake::mismatch("a whole number"))?;
            visitor.$visit(number)
        }
    )+};
}

impl<'de> Deserializer<'de> for Key<'de> {
    type Error = Mistake;

    number_keys! {
        deserialize_u8 => visit_u8(u8);
        deserialize_u16 => visit_u16(u16);
        deserialize_u32 => visit_u32(u32);
        deserialize_u64 => visit_u64(u64);
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_borrowed_str(self.0)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        kind: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        name(self.0).deserialize_enum(kind, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 f32 f64 char str string bytes byte_buf option unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}
