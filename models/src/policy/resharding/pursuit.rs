//! Pursuit: what a query of several keys still has to read, while these may go from shard to shard.
//!
//! It was sent to a shard by a map that was right once. Every shard it comes to answers for what it holds at that moment, and
//! what has gone is asked for where it went, so that a query misses no key. Of single keys that is known exactly; of a
//! range, or of all there is, only which shards gave keys to which since: it may come to one in vain, never miss one.

use std::collections::BTreeSet;

use super::Custody;

/// What is still to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pursuit {
    /// These keys.
    Keys(Vec<u64>),
    /// Whatever there is of a range.
    Range {
        /// From this key to that, both included.
        range: (u64, u64),
        /// Shards that may hold what was not read yet.
        unread: BTreeSet<u32>,
        /// So many departures are reckoned with.
        since: usize,
    },
}

impl Pursuit {
    /// Of what that shard held of a range after so many departures.
    pub fn of_range(range: (u64, u64), shard: u32, since: usize) -> Self {
        Self::Range { range, unread: BTreeSet::from([shard]), since }
    }

    /// Whether a shard has anything of it, as far as that is known before it is read.
    pub fn is_at(&self, shard: u32, custody: &Custody) -> bool {
        match self {
            Self::Keys(keys) => keys.iter().any(|key| custody.owner(*key) == shard),
            Self::Range { .. } => true,
        }
    }

    /// A shard is read now; how many single keys that brings.
    pub fn on_read(&mut self, shard: u32, custody: &Custody) -> usize {
        match self {
            Self::Keys(keys) => {
                let before = keys.len();
                keys.retain(|key| custody.owner(*key) != shard);
                before - keys.len()
            }
            Self::Range { unread, since, .. } => {
                follow(unread, since, custody);
                unread.remove(&shard);
                0
            }
        }
    }

    /// The shard to be read next, if anything is left.
    pub fn next(&mut self, custody: &Custody) -> Option<u32> {
        match self {
            Self::Keys(keys) => keys.first().map(|key| custody.owner(*key)),
            Self::Range { range, unread, since } => {
                follow(unread, since, custody);
                let holders = custody.shards_of_range(range.0, range.1);
                unread.retain(|shard| holders.contains(shard));
                unread.first().copied()
            }
        }
    }
}

/// What left a shard that was not read yet is not read either.
fn follow(unread: &mut BTreeSet<u32>, since: &mut usize, custody: &Custody) {
    for (from, to) in custody.departures_since(*since) {
        if unread.contains(from) {
            unread.insert(*to);
        }
    }
    *since = custody.departed();
}

#[cfg(test)]
mod tests {
    use sim_core::random::{Luck, distribution::DistributionSpec};

    use super::*;
    use crate::{
        policy::{
            partitioning::{KeySizes, PartitionerSpec},
            resharding::{CutOver, Knowledge, Learns},
        },
        units::Bytes,
    };

    const KEYS: u64 = 200;

    /// Keys that move at random, and one who asks for some of them.
    struct Trial {
        custody: Custody,
        /// The part under way, and how deep it is.
        moving: Option<usize>,
        depth: u64,
        changes: u32,
        luck: Luck,
        draws: u64,
    }

    impl Trial {
        fn new(map: &str, luck: Luck) -> Self {
            let law: DistributionSpec<Bytes> = DistributionSpec::constant(Bytes(1000));
            let map = ron::from_str::<PartitionerSpec>(map).unwrap().build(4);
            let custody = Custody::new(map, KeySizes::new(law.build()));
            Self { custody, moving: None, depth: 0, changes: 0, luck, draws: 0 }
        }

        fn draw(&mut self, below: u64) -> u64 {
            self.draws += 1;
            self.luck.at(self.draws, 0) % below
        }

        /// Something moves on.
        fn step(&mut self) {
            let Some(part) = self.moving else {
                let shards = 3 + self.draw(4) as u32;
                let cut_over =
                    [CutOver::DualWrites, CutOver::KeyByKey, CutOver::default()][self.draw(3) as usize];
                let keys_per_part = 1 + self.draw(30);
                self.custody.begin(shards, KEYS, keys_per_part, cut_over);
                self.changes += 1;
                return self.start(0);
            };
            if self.depth < 1 << 63 {
                self.depth = (self.depth + (1 << 61)).min(1 << 63);
                self.custody.lift(part, self.depth);
                self.custody.land(part, true);
                return;
            }
            self.custody.hand_over(part);
            self.start(part + 1);
        }

        fn start(&mut self, part: usize) {
            (self.moving, self.depth) = (Some(part), 0);
            if part < self.custody.parts().len() {
                self.custody.start(part);
            } else {
                self.custody.finish();
                self.moving = None;
            }
        }

        /// Keys that a pursuit which begins at that shard reads, while others move on between two shards.
        fn pursue(&mut self, mut pursuit: Pursuit, mut shard: u32) -> (BTreeSet<u64>, u32) {
            let (mut read, mut hops) = (BTreeSet::new(), 0);
            loop {
                (0..self.draw(8)).for_each(|_| self.step());
                read.extend((0..KEYS).filter(|key| self.custody.owner(*key) == shard));
                pursuit.on_read(shard, &self.custody);
                (0..self.draw(3)).for_each(|_| self.step());
                let Some(next) = pursuit.next(&self.custody) else { return (read, hops) };
                (shard, hops) = (next, hops + 1);
            }
        }
    }

    #[test]
    fn no_key_is_missed_however_they_move() {
        for map in ["JumpHashing(())", "HashModulo(())", "Range((keys: Some(200)))"] {
            let mut chased = 0;
            for trial in 0..150 {
                let mut trial = Trial::new(map, Luck(trial));
                // Who asks has a map of its own, and learns from what it is told.
                let mut knowledge = Knowledge::default();
                for _ in 0..6 {
                    (0..trial.draw(20)).for_each(|_| trial.step());
                    let low = trial.draw(KEYS);
                    let high = (low + trial.draw(KEYS)).min(KEYS - 1);
                    let informed = trial.draw(2) == 0;
                    let (shards, since) = if informed {
                        (trial.custody.shards_of_range(low, high), trial.custody.departed())
                    } else {
                        (knowledge.shards_of_range((low, high), &trial.custody), knowledge.seen())
                    };
                    let keys: Vec<u64> = (low..=high).collect();
                    let mut by_range = BTreeSet::new();
                    for shard in shards {
                        let (read, hops) = trial.pursue(Pursuit::of_range((low, high), shard, since), shard);
                        by_range.extend(read);
                        chased += hops;
                    }
                    assert!(keys.iter().all(|key| by_range.contains(key)), "{map}: {low} to {high}");
                    let first = knowledge.shard_of(low, &trial.custody);
                    let (read, _) = trial.pursue(Pursuit::Keys(keys.clone()), first);
                    assert!(keys.iter().all(|key| read.contains(key)), "{map}: {keys:?}");
                    if trial.draw(2) == 0 {
                        knowledge.learn(low, Learns::Table, &trial.custody);
                    }
                }
            }
            assert!(chased > 100, "{map}: {chased}");
        }
    }

    #[test]
    fn who_asks_where_nothing_moved_is_sent_nowhere() {
        let mut trial = Trial::new("HashModulo(())", Luck(1));
        (0..40).for_each(|_| trial.step());
        for shard in trial.custody.shards_of_range(0, KEYS) {
            let mut pursuit = Pursuit::of_range((0, KEYS), shard, trial.custody.departed());
            pursuit.on_read(shard, &trial.custody);
            assert_eq!(pursuit.next(&trial.custody), None);
        }
    }
}
