//! Which backends a hash table was built of: it is built anew when that changes, and only then.

use super::{Backend, Endpoint};
use crate::policy::hashing::Member;

/// The backends in the table.
#[derive(Clone, Debug)]
pub(super) struct Roster {
    names: Vec<String>,
    /// The weight of each, 0 for those left out.
    weights: Vec<u32>,
}

impl Roster {
    /// All of them, with their configured weights.
    pub(super) fn new(endpoints: &[Endpoint]) -> Self {
        Self {
            names: endpoints.iter().map(|endpoint| endpoint.name.clone()).collect(),
            weights: endpoints.iter().map(|endpoint| endpoint.weight.max(1)).collect(),
        }
    }

    /// Takes over who is available and their weights; whether the table must be built anew. If none is
    /// available the former table is as good as any.
    pub(super) fn refresh(&mut self, rows: &[Backend]) -> bool {
        let weight = |row: &Backend| if row.available { row.weight.max(1) } else { 0 };
        let same = rows.iter().map(weight).eq(self.weights.iter().copied());
        if same || !rows.iter().any(|row| row.available) {
            return false;
        }
        self.weights = rows.iter().map(weight).collect();
        true
    }

    /// The weight of all in the table.
    pub(super) fn total_weight(&self) -> u64 {
        self.weights.iter().copied().map(u64::from).sum()
    }

    /// Those in the table, in configured order.
    pub(super) fn members(&self) -> Vec<Member<'_>> {
        (0_u32..)
            .zip(self.names.iter().zip(&self.weights))
            .filter(|&(_, (_, &weight))| weight > 0)
            .map(|(index, (name, &weight))| Member { index, name, weight })
            .collect()
    }
}
