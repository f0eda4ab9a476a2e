//! Knowledge: what one caller takes the map to be.
//!
//! It knows a map of some time, and a number of moves since. Where the shards have moved on, it finds out by asking the
//! wrong one.

use std::collections::BTreeSet;

use super::{Custody, Learns};

/// What a caller believes.
#[derive(Clone, Debug, Default)]
pub struct Knowledge {
    /// The map it once fetched: how many there were before.
    epoch: usize,
    /// How many parts it knows to have gone since.
    gone: u32,
    /// Single parts that it knows to have gone, with their epoch.
    parts: BTreeSet<(usize, usize)>,
    /// How many times keys had gone from shard to shard when it fetched the map.
    seen: usize,
}

impl Knowledge {
    /// Where it thinks a key is.
    pub fn shard_of(&self, key: u64, custody: &Custody) -> u32 {
        let mut shard = custody.shard_at(self.epoch, key);
        for epoch in self.epoch..custody.epochs() {
            let Some((part, to, gone)) = custody.destination(epoch, key) else { continue };
            let fetched = epoch == self.epoch && gone.is_some_and(|before| before < self.gone);
            if fetched || self.parts.contains(&(epoch, part)) {
                shard = to;
            }
        }
        shard
    }

    /// The shards where it looks for keys of a range, in ascending order.
    pub fn shards_of_range(&self, range: (u64, u64), custody: &Custody) -> Vec<u32> {
        let mut shards = custody.shards_at(self.epoch, self.gone, range);
        shards.extend(self.parts.iter().filter_map(|(epoch, part)| custody.receiver(*epoch, *part)));
        shards.sort_unstable();
        shards.dedup();
        shards
    }

    /// How many times keys had gone from shard to shard when it fetched the map.
    pub const fn seen(&self) -> usize {
        self.seen
    }

    /// A shard has said that it holds a key no more.
    pub fn learn(&mut self, key: u64, learns: Learns, custody: &Custody) {
        match learns {
            Learns::Table => {
                self.epoch = custody.epoch();
                self.gone = custody.gone(self.epoch);
                self.parts.clear();
                self.seen = custody.departed();
            }
            Learns::Part => {
                for epoch in self.epoch..custody.epochs() {
                    if let Some((part, _, Some(_))) = custody.destination(epoch, key) {
                        self.parts.insert((epoch, part));
                    }
                }
            }
        }
    }
}
