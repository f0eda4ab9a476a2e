//! A file's text: read into a tree that keeps places, changed by path, printed, and given to serde.
//!
//! serde forgets where things stand and `ron::Value` forgets variant names, hence a reader of our own.

mod cursor;
mod duplicates;
mod literal;
mod nearest;
mod parse;
pub(crate) mod path;
mod print;
mod recovery;
pub mod source;
mod token;
pub mod tree;
pub mod typing;

pub use duplicates::remove_duplicates;
pub use nearest::{nearest, nearest_within, one_of, suggest};
pub(crate) use parse::parse_list;
pub use parse::{Parsed, parse};
pub use path::{Misstep, Path, find, set};
pub use print::{compact, pretty, quoted};
pub(crate) use token::decimal;

/// After this many mistakes in one text nothing more is read: it is not an experiment.
pub(crate) const MOST_MISTAKES: usize = 100;
