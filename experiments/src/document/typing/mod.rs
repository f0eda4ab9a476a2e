//! From the tree to typed values, by serde, with every mistake of a file told at once.
//!
//! serde stops at the first mistake. So the piece it stopped at is taken out and the rest is read again, until
//! nothing is wrong any more; mistakes that only follow from a piece taken out are not told.

mod access;
mod blame;
mod by_path;
mod mistake;
mod number;
mod value;
mod vocabulary;

use serde::de::DeserializeOwned;

use self::{
    mistake::{Fault, Mistake, Place},
    value::Value,
};
use super::{nearest, source::Span, tree::Node};
use crate::diagnostic::Diagnostic;

/// Mistakes told of one tree, as many as are shown.
const MOST: usize = 20;

/// Pieces taken out at most: each told mistake may take the groups around it with it.
const MOST_ROUNDS: usize = 200;

/// The field's own word for the choice that stands in `field`: "load-balancing strategy".
pub(crate) fn word(field: &str) -> Option<&'static str> {
    vocabulary::of("", field).map(|kind| kind.word)
}

/// Who set a field by path, and where the path stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// "arm `random` sets", "the sweep sets", "--set sets".
    pub who: String,
    /// The path.
    pub path: super::Path,
    /// Where it is written.
    pub span: Span,
}

/// What is known beside the tree when it is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// Fields of the experiment that another part of it reads: names to suggest.
    pub also: &'a [&'static str],
    /// The paths by which fields were set.
    pub authors: &'a [Author],
}

/// Reads a typed value.
///
/// # Errors
/// Every mistake in the tree, at most twenty.
pub fn read<T: DeserializeOwned>(tree: &Node, context: Context<'_>) -> Result<T, Vec<Diagnostic>> {
    let mut mistake = match T::deserialize(Value::whole(tree)) {
        Ok(value) => return Ok(value),
        Err(mistake) => mistake,
    };
    let mut diagnostics = Vec::new();
    let mut pruned = Pruned { tree: tree.clone(), holes: Vec::new() };
    for _ in 0..MOST_ROUNDS {
        if !pruned.explains(&mistake) {
            diagnostics.push(blame::diagnostic(&pruned.tree, &mistake, context));
        }
        if diagnostics.len() >= MOST || !pruned.prune(&mistake) {
            break;
        }
        match T::deserialize(Value::whole(&pruned.tree)) {
            Ok(_) => break,
            Err(next) => mistake = next,
        }
    }
    Err(diagnostics)
}

/// The tree without the pieces that were wrong.
struct Pruned {
    tree: Node,
    /// Where something was taken out: the group's place, and the name of what is missing there now.
    holes: Vec<(Span, String)>,
}

impl Pruned {
    /// Whether the mistake only follows from a piece taken out before.
    fn explains(&self, mistake: &Mistake) -> bool {
        let Some(group) = mistake.node(&self.tree) else { return false };
        match mistake.fault() {
            Fault::Missing(name) => {
                let here =
                    |(span, hole): &(Span, String)| *span == group.span && (hole == name || group.is_loose());
                self.holes.iter().any(here)
            }
            Fault::Length { .. } => self.holes.iter().any(|(span, _)| *span == group.span),
            Fault::UnknownField { .. }
            | Fault::UnknownVariant { .. }
            | Fault::Mismatch { .. }
            | Fault::Number(_)
            | Fault::NotBare
            | Fault::Refused(_) => false,
        }
    }

    /// Takes the piece out; false if that would be the whole.
    fn prune(&mut self, mistake: &Mistake) -> bool {
        let steps = mistake.steps();
        let Some((last, above)) = steps.split_last() else { return false };
        let mut group = &mut self.tree;
        for step in above {
            let Some(child) = group.child_mut(*step) else { return false };
            group = child;
        }
        let Some(step) = group.step(*last) else { return false };
        // A misspelled field stands for the one it misspells, so that this one is not missed as well.
        let meant = match (mistake.fault(), mistake.place()) {
            (Fault::UnknownField { name, expected }, Place::Name) => {
                nearest(name, expected.iter().copied()).map(str::to_owned)
            }
            _ => None,
        };
        self.holes.push((group.span, meant.unwrap_or(step.text)));
        group.remove_child(*last);
        true
    }
}
