//! What of a request a hash policy hashes, and the bytes it sees.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Ask;

/// What a hash policy hashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum HashOf {
    /// The request's key; as text, its decimal digits.
    #[default]
    Key,
    /// The client's IPv4 address; as text, in dotted form.
    Address,
}

impl HashOf {
    /// What is hashed, as a number.
    pub(super) fn number(self, ask: &Ask) -> u64 {
        match self {
            Self::Key => ask.key,
            Self::Address => u64::from(ask.address),
        }
    }

    /// What is hashed, as the text a header or a variable of the reference would hold.
    pub(super) fn text(self, ask: &Ask) -> Text {
        let mut text = Text { bytes: [0; 20], length: 0 };
        let written = match self {
            Self::Key => write!(text, "{}", ask.key),
            Self::Address => {
                let [a, b, c, d] = ask.address.to_be_bytes();
                write!(text, "{a}.{b}.{c}.{d}")
            }
        };
        debug_assert!(written.is_ok(), "twenty bytes hold any u64 and any IPv4 address");
        text
    }
}

/// A short text on the stack: hashing a request allocates nothing.
pub(super) struct Text {
    bytes: [u8; 20],
    length: usize,
}

impl Text {
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.length + text.len();
        self.bytes.get_mut(self.length..end).ok_or(std::fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_texts_fit() {
        let ask = Ask { key: u64::MAX, address: u32::MAX };
        assert_eq!(HashOf::Key.text(&ask).as_bytes(), b"18446744073709551615");
        assert_eq!(HashOf::Address.text(&ask).as_bytes(), b"255.255.255.255");
    }
}
