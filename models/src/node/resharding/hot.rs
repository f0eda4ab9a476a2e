//! Hot keys of a database: found by their share of the reads, copied to other shards, and held there until they cool down.

use std::collections::{BTreeSet, VecDeque};

use sim_core::{
    random::{Luck, distribution::Distribution, name_hash},
    simulation::Context,
    time::SimDuration,
};

use crate::{
    event::Event,
    policy::hot_keys::HotKeys,
    request::{CallId, Instance, Outcome},
    world::World,
};

/// How long a single key takes at either side.
const TIME: u64 = name_hash("database/hot copy");

/// What a database knows that looks for hot keys.
#[derive(Debug)]
pub struct HotSearch {
    /// Which keys are asked for most.
    pub detector: HotKeys,
    /// How long a shard takes to read a key, and to write one.
    pub times: (Distribution, Distribution),
    /// Keys that are on their way to further shards.
    copying: Vec<KeyOnItsWay>,
}

/// A hot key that is read where it is, and then written at one shard after the other.
#[derive(Debug)]
struct KeyOnItsWay {
    key: u64,
    /// Shards that have it not yet.
    left: VecDeque<u32>,
    call: CallId,
    work: SimDuration,
}

impl HotSearch {
    /// Nothing is hot yet.
    pub const fn new(detector: HotKeys, times: (Distribution, Distribution)) -> Self {
        Self { detector, times, copying: Vec::new() }
    }

    /// How much a call has to do that copies a hot key.
    pub(super) fn work_of(&self, call: CallId) -> Option<SimDuration> {
        self.copying.iter().find(|own| own.call == call).map(|own| own.work)
    }
}

impl World {
    /// A read of a key was answered, from a further copy of it or not: whoever counts these may find other keys hot now.
    #[cold]
    pub(in crate::node) fn note_read(&mut self, node: u16, key: u64, copied: bool, cx: &mut Context<Event>) {
        let Some(division) = self.nodes[usize::from(node)].division_mut() else { return };
        let Some(resharding) = division.resharding.as_deref_mut() else { return };
        let Some(search) = resharding.search.as_deref_mut() else { return };
        division.book.totals.reads += 1;
        division.book.totals.copy_reads += u64::from(copied);
        if search.detector.on_lookup(cx.now(), key) {
            let (most, all) = search.detector.hottest();
            division.book.totals.hottest += most;
            division.book.totals.judged += all;
            self.judge_hot_keys(node, cx);
        }
    }

    /// Keys that are hot no more are forgotten, those that have become hot are copied.
    fn judge_hot_keys(&mut self, node: u16, cx: &mut Context<Event>) {
        let Some(resharding) = self.resharding(node) else { return };
        let Some(search) = resharding.search.as_deref_mut() else { return };
        let hot: BTreeSet<u64> = search.detector.hot().collect();
        let cooled: Vec<u64> = resharding.hot.keys().filter(|key| !hot.contains(key)).collect();
        let found: Vec<u64> = hot.into_iter().filter(|key| !resharding.hot.has(*key)).collect();
        search.copying.retain(|own| !cooled.contains(&own.key));
        for key in &cooled {
            resharding.hot.forget(*key);
        }
        for key in &found {
            resharding.hot.make(*key);
        }
        if let Some(division) = self.nodes[usize::from(node)].division_mut() {
            division.book.totals.cooled += cooled.len() as u64;
            division.book.totals.found += found.len() as u64;
        }
        self.count_hot_keys(node, cx);
        for key in cooled {
            self.tell_resharding(node, format!("key {key} is hot no more"), cx.now());
        }
        for key in found {
            self.begin_to_copy(node, key, cx);
        }
    }

    fn count_hot_keys(&mut self, node: u16, cx: &Context<Event>) {
        let Some(division) = self.nodes[usize::from(node)].division_mut() else { return };
        let count = division.resharding.as_deref().map_or(0, |it| it.hot.made());
        division.book.set_hot_keys(cx.now(), count);
    }

    /// A hot key is read where it is; from then on writes of it go to all shards that are to have it.
    fn begin_to_copy(&mut self, node: u16, key: u64, cx: &mut Context<Event>) {
        let Some(resharding) = self.resharding(node) else { return };
        let mut holders = resharding.copies(key).into_iter().map(|(_, shard)| shard);
        let Some(owner) = holders.next() else { return };
        let left: VecDeque<u32> = holders.collect();
        let what = format!("finds key {key} hot and copies it from shard {owner} to {} more", left.len());
        let leader = resharding.leader(Instance { node, server: 0 }, owner);
        self.tell_resharding(node, what, cx.now());
        let call = self.send_copy(node, (leader, leader), cx);
        let Some(resharding) = self.resharding(node) else { return };
        let luck = Luck(key).at(TIME, resharding.sent);
        let Some(search) = resharding.search.as_deref_mut() else { return };
        let work = search.times.0.sample_duration(luck);
        search.copying.push(KeyOnItsWay { key, left, call, work });
    }

    /// A call that copies a hot key has its outcome; whether it was one.
    pub(super) fn hot_copy_hears(
        &mut self,
        id: CallId,
        node: u16,
        outcome: Outcome,
        cx: &mut Context<Event>,
    ) -> bool {
        let Some(resharding) = self.resharding(node) else { return false };
        let Some(search) = resharding.search.as_deref_mut() else { return false };
        let Some(place) = search.copying.iter().position(|own| own.call == id) else { return false };
        let own = &mut search.copying[place];
        let (key, next) = (own.key, own.left.pop_front().filter(|_| outcome.is_success()));
        if let Some(shard) = next {
            self.copy_on(node, key, shard, cx);
            return true;
        }
        search.copying.remove(place);
        if outcome.is_success() {
            resharding.hot.made_at_last(key);
        } else {
            resharding.hot.forget(key);
            if let Some(division) = self.nodes[usize::from(node)].division_mut() {
                division.book.totals.uncopied += 1;
            }
        }
        self.count_hot_keys(node, cx);
        true
    }

    /// A hot key was read, or written at a shard: it is written at the next.
    fn copy_on(&mut self, node: u16, key: u64, shard: u32, cx: &mut Context<Event>) {
        let Some(resharding) = self.resharding(node) else { return };
        let leader = |shard| resharding.leader(Instance { node, server: 0 }, shard);
        let ways = (leader(resharding.custody.owner(key)), leader(shard));
        let call = self.send_copy(node, ways, cx);
        let Some(resharding) = self.resharding(node) else { return };
        let luck = Luck(key).at(TIME, resharding.sent);
        let Some(search) = resharding.search.as_deref_mut() else { return };
        let work = search.times.1.sample_duration(luck);
        if let Some(own) = search.copying.iter_mut().find(|own| own.key == key) {
            (own.call, own.work) = (call, work);
        }
    }
}
