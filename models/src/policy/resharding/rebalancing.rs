//! Rebalancing: ranges are split and joined by size and load, and go from the busiest shard to the idlest.
//!
//! A split or a joint is metadata. What moves is one range at a time: the one that brings the two shards closest to each other,
//! and none as long as the busiest has hardly more than the mean. CockroachDB's store rebalancer
//! (`kv.allocator.load_based_rebalancing`: every minute, within a tenth of the mean) and its load-based splitting, which cuts
//! where sampled keys fall apart evenly.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, time::SimDuration};

use super::{CutOver, ReshardSpec};
use crate::{
    policy::partitioning::{
        Table,
        splitting::{self, Change, Held},
    },
    units::{Bytes, Rate},
};

/// How ranges are split, joined and moved while they are asked for, or entries of a directory moved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RebalanceSpec {
    /// How often it is looked. Default 60s (CockroachDB's `kv.allocator.load_based_rebalancing_interval`).
    pub every: SimDuration,
    /// How much more than the mean the busiest shard has to have before anything moves. Default 0.1 (CockroachDB's
    /// `kv.allocator.qps_rebalance_threshold`).
    pub threshold: f64,
    /// When a range is split or joined with the next; an entry of a directory never is.
    pub split: splitting::Spec,
    /// Bytes copied a second at most. Default 32 MiB (CockroachDB's `kv.snapshot_rebalance.max_rate`). `None`: as fast as
    /// the shards can.
    pub bandwidth: Option<Bytes>,
    /// Keys copied at once, at least 1. Default 10.
    pub batch: u32,
    /// Computing that a key takes at the leader that gives it, and again at the one that gets it, at speed 1. Default 10us.
    pub copy_time: SimDuration,
    /// How a range that is copied becomes the other shard's. Default `Block(pause: "10ms")`.
    pub cut_over: CutOver,
}

impl Default for RebalanceSpec {
    fn default() -> Self {
        let ReshardSpec { bandwidth, batch, copy_time, cut_over, .. } = ReshardSpec::default();
        let (every, split) = (SimDuration::from_secs(60), splitting::Spec::default());
        Self { every, threshold: 0.1, split, bandwidth, batch, copy_time, cut_over }
    }
}

impl RebalanceSpec {
    /// Reports what is wrong with the values.
    pub fn check(&self, check: &mut Check) {
        check.require(!self.every.is_zero(), "every", || "every must be above 0".into());
        check.require(self.threshold.is_finite() && self.threshold >= 0.0, "threshold", || {
            format!("threshold must be at least 0, got {}", self.threshold)
        });
        check.at("split", |check| self.split.check(check));
        self.copying().check(check);
    }

    /// How a range is copied: as part of a change of the number of shards would be, in one piece.
    pub fn copying(&self) -> ReshardSpec {
        let Self { bandwidth, batch, copy_time, cut_over, .. } = self.clone();
        ReshardSpec {
            bandwidth,
            batch,
            copy_time,
            cut_over,
            keys_per_part: u64::MAX,
            ..ReshardSpec::default()
        }
    }
}

/// What was asked since the last look, range by range.
#[derive(Clone, Debug, Default)]
pub struct Loads {
    ranges: BTreeMap<u64, Asked>,
}

/// How often a range was asked, and for which keys every so many times.
#[derive(Clone, Debug, Default)]
struct Asked {
    count: u64,
    /// One of `2^doubled` is kept.
    doubled: u32,
    kept: Vec<u64>,
}

impl Asked {
    fn on_request(&mut self, key: u64) {
        /// Keys kept at most.
        const MOST: usize = 64;
        if self.count.trailing_zeros() >= self.doubled {
            self.kept.push(key);
        }
        self.count += 1;
        if self.kept.len() == MOST {
            let mut keep = false;
            self.kept.retain(|_| {
                keep = !keep;
                keep
            });
            self.doubled += 1;
        }
    }

    fn median(&self) -> Option<u64> {
        let mut kept = self.kept.clone();
        kept.sort_unstable();
        kept.get(kept.len() / 2).copied()
    }
}

/// What a look comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebalanced {
    /// The same keys at the same shards, in other ranges.
    pub table: Table,
    /// Ranges that were split, and joined.
    pub splits: u64,
    /// Ranges that were joined.
    pub joints: u64,
    /// A range that is to go to another shard: its first and last key, and that shard.
    pub goes: Option<(u64, u64, u32)>,
}

/// What there is to be balanced.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// Shards.
    pub shards: u32,
    /// Keys stored, from 0.
    pub keys: u64,
    /// Bytes of each.
    pub bytes_per_key: u64,
    /// Whether ranges may be cut and joined.
    pub cuts: bool,
}

impl Loads {
    /// A key was asked for.
    pub fn on_request(&mut self, table: &Table, key: u64) {
        self.ranges.entry(table.start_of(key)).or_default().on_request(key);
    }

    /// Looks at what was asked since the last time, and begins anew.
    pub fn look(&mut self, spec: &RebalanceSpec, table: &Table, extent: Extent) -> Rebalanced {
        let asked = std::mem::take(&mut self.ranges);
        let seconds = spec.every.as_secs_f64();
        let held: Vec<(Held, u32)> = held(table, &asked, seconds, extent);
        let goes = goes(spec.threshold, &held, extent.shards);
        let mut next = table.clone();
        let (mut splits, mut joints) = (0, 0);
        if !extent.cuts {
            return Rebalanced { table: next, splits, joints, goes };
        }
        let mut joined = false;
        for (place, (range, holder)) in held.iter().enumerate() {
            let right = held.get(place + 1).filter(|(_, other)| other == holder && !joined);
            match spec.split.decide(range, right.map(|(range, _)| range)) {
                Change::Split(key) => {
                    next.cut(key);
                    splits += 1;
                    joined = false;
                }
                Change::Join => {
                    next.joint_at(range.last.saturating_add(1));
                    joints += 1;
                    joined = true;
                }
                Change::Keep => joined = false,
            }
        }
        Rebalanced { table: next, splits, joints, goes }
    }
}

/// What each range holds and how often it was asked.
fn held(table: &Table, asked: &BTreeMap<u64, Asked>, seconds: f64, extent: Extent) -> Vec<(Held, u32)> {
    let of = |(first, last, holder): (u64, u64, u32)| {
        let stored = last.min(extent.keys.saturating_sub(1)).saturating_add(1).saturating_sub(first);
        let known = asked.get(&first);
        let range = Held {
            first,
            last: last.min(extent.keys.saturating_sub(1)).max(first),
            bytes: Bytes(stored.saturating_mul(extent.bytes_per_key)),
            load: Rate(known.map_or(0.0, |asked| asked.count as f64 / seconds)),
            median: known.and_then(Asked::median),
        };
        (range, holder)
    };
    table.spans().map(of).collect()
}

/// The range that goes from the busiest shard to the idlest: the one that leaves the larger of the two least.
fn goes(threshold: f64, held: &[(Held, u32)], shards: u32) -> Option<(u64, u64, u32)> {
    let mut loads = vec![0.0; shards as usize];
    for (range, holder) in held {
        *loads.get_mut(*holder as usize)? += range.load.0;
    }
    let mean = loads.iter().sum::<f64>() / f64::from(shards.max(1));
    let (mut busiest, mut idlest) = (0, 0);
    for (shard, load) in loads.iter().enumerate() {
        // Of equal ones the first counts.
        busiest = if *load > loads[busiest] { shard } else { busiest };
        idlest = if *load < loads[idlest] { shard } else { idlest };
    }
    let (most, least) = (loads[busiest], loads[idlest]);
    if most <= mean * (1.0 + threshold) {
        return None;
    }
    let mut best: Option<(f64, &Held)> = None;
    for (range, _) in held.iter().filter(|(_, holder)| *holder as usize == busiest) {
        let after = (most - range.load.0).max(least + range.load.0);
        if range.load.0 > 0.0 && after < best.map_or(most, |(known, _)| known) {
            best = Some((after, range));
        }
    }
    best.map(|(_, range)| (range.first, range.last, idlest as u32))
}

#[cfg(test)]
mod tests {
    use sim_core::random::Luck;

    use super::*;

    const EXTENT: Extent = Extent { shards: 2, keys: 100, bytes_per_key: 1000, cuts: true };

    fn spec(busiest: f64) -> RebalanceSpec {
        let split = splitting::Spec { busiest: Rate(busiest), ..splitting::Spec::default() };
        RebalanceSpec { every: SimDuration::from_secs(1), split, ..RebalanceSpec::default() }
    }

    #[test]
    fn a_busy_range_is_split_where_its_requests_fall_apart_and_half_of_it_goes() {
        let mut table = Table::new(vec![(0, 0), (50, 1)], 99);
        let mut loads = Loads::default();
        // Keys 0 to 9 are asked alike, 1000 times together; nothing else is.
        let ask = |loads: &mut Loads, table: &Table| {
            (0..1000).for_each(|nth| loads.on_request(table, Luck(nth).at(0, 0) % 10));
        };
        ask(&mut loads, &table);
        let first = loads.look(&spec(700.0), &table, EXTENT);
        // All of it would only make the other the busy one.
        assert_eq!((first.splits, first.joints, first.goes), (1, 0, None));
        let cut = first.table.pieces()[1].0;
        assert!((4..=6).contains(&cut), "{cut}");
        assert_eq!(first.table.pieces(), [(0, 0), (cut, 0), (50, 1)]);
        table = first.table;
        ask(&mut loads, &table);
        let (low, high, to) = loads.look(&spec(700.0), &table, EXTENT).goes.unwrap();
        assert!(to == 1 && (low, high) == (0, cut - 1) || (low, high) == (cut, 49), "{low} to {high}");
        table.give(low, high, 1);
        ask(&mut loads, &table);
        assert_eq!(loads.look(&RebalanceSpec { threshold: 0.5, ..spec(700.0) }, &table, EXTENT).goes, None);
    }

    #[test]
    fn entries_of_a_directory_go_whole() {
        // Two tenants of the first shard have five and three requests of ten, one of the second has two: if the three go, both
        // have five.
        let table = Table::new(vec![(0, 0), (10, 0), (20, 1)], 99);
        let mut loads = Loads::default();
        (0..1000).for_each(|nth| loads.on_request(&table, [0, 0, 0, 0, 0, 10, 10, 10, 20, 20][nth % 10]));
        let look = loads.look(&spec(1.0), &table, Extent { cuts: false, ..EXTENT });
        assert_eq!((look.splits, look.joints, look.goes), (0, 0, Some((10, 19, 1))));
        assert_eq!(look.table, table);
    }

    #[test]
    fn cold_neighbours_are_joined() {
        let table = Table::new(vec![(0, 0), (10, 0), (20, 0), (50, 1)], 99);
        let look = Loads::default().look(&spec(500.0), &table, EXTENT);
        // In pairs: the third has no free neighbour at its shard.
        assert_eq!((look.joints, look.table.pieces()), (1, &[(0, 0), (20, 0), (50, 1)][..]));
    }
}
