//! Hot keys: a key that is asked too often for one shard is stored several times, each copy under another name and so,
//! in all likelihood, on another shard.
//!
//! Reads go to any copy, writes to all of them: with r copies on n shards a shard with one gets a share of p/r + (1−p)/n of the
//! reads instead of p + (1−p)/n, and every write r times over. DynamoDB's *write sharding* with calculated suffixes; the hot
//! key copies of `memcached` at Facebook (Nishtala et al. 2013).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::check::Check;

use super::suffixed;

/// Keys that are stored several times.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CopiedKeysSpec {
    /// Which keys. Default: key 0, the most popular where keys are drawn by popularity.
    pub keys: Vec<u64>,
    /// Copies of each, the first included, 1 to 64: each on another shard, as long as there are shards. Default 2.
    pub copies: u32,
}

impl Default for CopiedKeysSpec {
    fn default() -> Self {
        Self { keys: vec![0], copies: 2 }
    }
}

impl CopiedKeysSpec {
    /// Reports what is wrong with the values.
    pub fn check(&self, check: &mut Check) {
        check.require((1..=64).contains(&self.copies), "copies", || {
            format!("copies must be 1 to 64, got {}", self.copies)
        });
        check.require(!self.keys.is_empty(), "keys", || {
            "name at least one key, or leave copied_keys out".into()
        });
    }

    /// The keys, ready to be asked for.
    pub fn build(&self) -> CopiedKeys {
        let keys = self.keys.iter().map(|key| (*key, Copied::Made)).collect();
        CopiedKeys { keys, copies: self.copies.max(1) }
    }
}

/// Keys that are stored several times.
#[derive(Clone, Debug, Default)]
pub struct CopiedKeys {
    keys: BTreeMap<u64, Copied>,
    copies: u32,
}

/// How far the copies of a key are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Copied {
    /// They get what is written, and answer nobody.
    Making,
    /// They answer.
    Made,
}

/// A copy: the name under which it is placed, and the shard that has it.
pub type KeyCopy = (u64, u32);

impl CopiedKeys {
    /// No key has copies yet; those that get some have so many, the first included.
    pub fn none(copies: u32) -> Self {
        Self { keys: BTreeMap::new(), copies }
    }

    /// Whether what is written of a key goes to several shards.
    pub fn has(&self, key: u64) -> bool {
        self.copies > 1 && self.keys.contains_key(&key)
    }

    /// Whether several shards answer reads of a key.
    pub fn answer(&self, key: u64) -> bool {
        self.copies > 1 && self.keys.get(&key) == Some(&Copied::Made)
    }

    /// Copies of a key begin to be made.
    pub fn make(&mut self, key: u64) {
        self.keys.insert(key, Copied::Making);
    }

    /// The copies of a key are there, if they are still wanted.
    pub fn made_at_last(&mut self, key: u64) {
        self.keys.entry(key).and_modify(|copied| *copied = Copied::Made);
    }

    /// A key is to have no copies any more.
    pub fn forget(&mut self, key: u64) {
        self.keys.remove(&key);
    }

    /// The keys that have copies, or are to have some, in ascending order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = u64> {
        self.keys.keys().copied()
    }

    /// Of how many keys the copies answer.
    pub fn made(&self) -> usize {
        self.keys.values().filter(|copied| **copied == Copied::Made).count()
    }

    /// The copies of a key, the first under its own name; of suffixes that meet on a shard the later are passed over.
    pub fn copies(&self, key: u64, shards: u32, shard_of: impl Fn(u64) -> u32) -> Vec<KeyCopy> {
        /// Suffixes that are tried for each copy: where shards are unequal, some may hardly ever be met.
        const TRIES: u32 = 64;
        let wanted = if self.has(key) { self.copies.min(shards.max(1)) } else { 1 };
        let mut copies: Vec<KeyCopy> = Vec::new();
        for name in (0..wanted * TRIES).map(|copy| suffixed(key, copy)) {
            let shard = shard_of(name);
            if copies.iter().all(|(_, known)| *known != shard) {
                copies.push((name, shard));
            }
            if copies.len() == wanted as usize {
                break;
            }
        }
        copies
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::policy::partitioning::{Partition, PartitionerSpec};

    #[test]
    fn copies_stand_apart_and_the_first_is_the_key_itself() {
        let map = ron::from_str::<PartitionerSpec>("JumpHashing(())").unwrap().build(8);
        let hot = CopiedKeysSpec { keys: vec![7], copies: 5 }.build();
        let copies = hot.copies(7, 8, |key| map.shard_of(key));
        assert_eq!((copies.len(), copies[0]), (5, (7, map.shard_of(7))));
        let shards: BTreeSet<u32> = copies.iter().map(|(_, shard)| *shard).collect();
        assert_eq!(shards.len(), 5);
        assert_eq!(hot.copies(8, 8, |key| map.shard_of(key)), [(8, map.shard_of(8))]);
        let mut found = CopiedKeys::none(2);
        found.make(9);
        assert!(found.has(9) && !found.answer(9), "they are written to before they answer");
        found.made_at_last(9);
        assert_eq!((found.answer(9), found.made(), found.keys().collect::<Vec<_>>()), (true, 1, vec![9]));
        found.forget(9);
        found.made_at_last(9);
        assert!(!found.has(9), "they came too late");
        // No more copies than shards.
        assert_eq!(hot.copies(7, 3, |key| map.shard_of(key) % 3).len(), 3);
    }
}
