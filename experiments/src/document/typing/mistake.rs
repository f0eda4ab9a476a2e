//! What serde refused and where: the way from the root is gathered while the error travels up.

use std::fmt;

use serde::de;

use crate::document::tree::Node;

/// A value that does not fit its type.
#[derive(Debug)]
pub(super) struct Mistake(Box<Inner>);

#[derive(Debug)]
struct Inner {
    fault: Fault,
    /// The indices from the refused value up to the root.
    upward: Vec<usize>,
    place: Place,
}

/// Which part of the value is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The value.
    Value,
    /// The field's name or the key it hangs on.
    Name,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fault {
    UnknownField {
        name: String,
        expected: &'static [&'static str],
    },
    UnknownVariant {
        name: String,
        expected: &'static [&'static str],
    },
    Missing(String),
    /// Another kind of value was expected: in words, and the variants if those were.
    Mismatch {
        expected: String,
        variants: &'static [&'static str],
    },
    /// Another number of values was expected.
    Length {
        found: usize,
        expected: String,
    },
    /// A number its type cannot hold: what it must be.
    Number(String),
    /// A variant that holds nothing has something in parentheses.
    NotBare,
    /// The type's own words.
    Refused(String),
}

impl Mistake {
    pub(super) fn new(fault: Fault) -> Self {
        Self(Box::new(Inner { fault, upward: Vec::new(), place: Place::Value }))
    }

    pub(super) fn mismatch(expected: impl Into<String>) -> Self {
        Self::new(Fault::Mismatch { expected: expected.into(), variants: &[] })
    }

    /// The same mistake seen from one level further out.
    pub(super) fn under(mut self, index: usize) -> Self {
        self.0.upward.push(index);
        self
    }

    /// It is the name of the field, or the key, that is wrong.
    pub(super) fn in_name(mut self) -> Self {
        self.0.place = Place::Name;
        self
    }

    pub(super) const fn fault(&self) -> &Fault {
        &self.0.fault
    }

    pub(super) const fn place(&self) -> Place {
        self.0.place
    }

    /// The indices from the root to the refused value.
    pub(super) fn steps(&self) -> Vec<usize> {
        self.0.upward.iter().rev().copied().collect()
    }

    /// The refused value.
    pub(super) fn node<'a>(&self, root: &'a Node) -> Option<&'a Node> {
        self.0.upward.iter().rev().try_fold(root, |node, step| node.child(*step))
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0.fault)
    }
}

impl std::error::Error for Mistake {}

impl de::Error for Mistake {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Fault::Refused(message.to_string()))
    }

    fn invalid_type(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::mismatch(expected.to_string())
    }

    fn invalid_value(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(Fault::Number(expected.to_string()))
    }

    fn invalid_length(found: usize, expected: &dyn de::Expected) -> Self {
        Self::new(Fault::Length { found, expected: expected.to_string() })
    }

    fn unknown_variant(name: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Fault::UnknownVariant { name: name.to_owned(), expected })
    }

    fn unknown_field(name: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Fault::UnknownField { name: name.to_owned(), expected })
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(Fault::Missing(field.to_owned()))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(Fault::Refused(format!("`{field}` is given twice")))
    }
}
