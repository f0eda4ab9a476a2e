//! What caches of other sizes would hit: reuse distances of what is asked for at each server.

use super::Keeper;
use crate::{measure::SIZES, policy::eviction::ReuseDistances};

/// The reuse distances of what each server was asked for, and the sizes that are told.
#[derive(Clone, Debug)]
pub struct SizeCurve {
    servers: Vec<ReuseDistances>,
    /// Objects, from the smallest on.
    sizes: [u64; SIZES.len()],
}

impl SizeCurve {
    /// For so many servers that hold so many objects each.
    pub fn new(capacity: u64, servers: usize) -> Self {
        let sizes = SIZES.map(|(_, factor)| (capacity as f64 * factor) as u64);
        Self { servers: vec![ReuseDistances::default(); servers], sizes }
    }
}

impl Keeper {
    /// A key is looked for at a server: in which sizes it would be found.
    pub(super) fn reckon(&mut self, server: u16, key: u64) {
        let Some(SizeCurve { servers, sizes }) = &mut self.size_curve else { return };
        let distance = servers[usize::from(server)].record(key);
        let found = sizes.map(|size| distance.is_some_and(|distance| (distance as u64) < size));
        self.book.on_reckoned(found);
    }
}
