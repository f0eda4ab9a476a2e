//! What must hold however keys move: one shard answers for each, and nothing that was acknowledged is lost.
//!
//! Random clients with maps of their own read and write while random streams copy; what each shard has stored is kept
//! here, key by key, and no shard may answer with less than what was acknowledged before.

use std::collections::BTreeMap;

use sim_core::{
    random::{Luck, distribution::DistributionSpec},
    time::{SimDuration, SimTime},
};

use super::{
    Batch, Command, Custody, CutOver, Knowledge, Learns, Parts, Query, ReshardSpec, Transfers, Verdict, Write,
};
use crate::{
    policy::partitioning::{KeySizes, Partition, Partitioner, PartitionerSpec},
    units::Bytes,
};

const KEYS: u64 = 300;

/// A read or a write that a shard is at work on.
#[derive(Clone, Copy, Debug)]
struct Work {
    key: u64,
    shard: u32,
    asking: bool,
    /// What it writes; a read has what was acknowledged when it was sent.
    version: u64,
    writes: bool,
}

/// What is on its way from one shard to another.
struct Load {
    part: usize,
    to: u32,
    /// Whether these are keys of the part, and not writes that came later.
    keys: bool,
    versions: Vec<(u64, u64)>,
}

/// Shards that really store something.
struct Trial {
    custody: Custody,
    transfers: Transfers,
    maps: (Partitioner, Partitioner),
    parts: Parts,
    stored: Vec<BTreeMap<u64, u64>>,
    acknowledged: BTreeMap<u64, u64>,
    clients: Vec<(Knowledge, Learns)>,
    works: Vec<Work>,
    /// What each stream has on its way.
    sent: BTreeMap<usize, Load>,
    /// Keys written that a part has to be brought up to date with.
    behind: BTreeMap<usize, Vec<u64>>,
    /// How deep each part was copied.
    reached: BTreeMap<usize, u64>,
    version: u64,
    now: SimTime,
    luck: Luck,
    draws: u64,
    redirects: u64,
}

impl Trial {
    fn new(map: &PartitionerSpec, (from, to): (u32, u32), spec: &ReshardSpec, luck: Luck) -> Self {
        let law: DistributionSpec<Bytes> = DistributionSpec::constant(Bytes(1000));
        let (before, sizes) = (map.build(from), KeySizes::new(law.build()));
        let after = before.resized(to).0;
        let mut stored = vec![BTreeMap::new(); from.max(to) as usize];
        for key in 0..KEYS {
            stored[before.shard_of(key) as usize].insert(key, 0);
        }
        let mut custody = Custody::new(map.build(from), sizes.clone());
        custody.begin(to, KEYS, spec.keys_per_part, spec.cut_over);
        let learns = |client| if client % 2 == 0 { Learns::Table } else { Learns::Part };
        Self {
            custody,
            transfers: Transfers::new(spec),
            parts: Parts::new((&before, &after), (KEYS, &sizes), spec.keys_per_part),
            maps: (before, after),
            stored,
            acknowledged: BTreeMap::new(),
            clients: (0..6).map(|client| (Knowledge::default(), learns(client))).collect(),
            works: Vec::new(),
            sent: BTreeMap::new(),
            behind: BTreeMap::new(),
            reached: BTreeMap::new(),
            version: 0,
            now: SimTime::ZERO,
            luck,
            draws: 0,
            redirects: 0,
        }
    }

    fn draw(&mut self, below: u64) -> u64 {
        self.draws += 1;
        self.luck.at(self.draws, 0) % below
    }

    /// One client asks for one key, and goes where it is sent until somebody takes it or it has to wait.
    fn ask(&mut self) {
        let (key, client) = (self.draw(KEYS), self.draw(6) as usize);
        let writes = self.draw(2) == 0;
        let (mut shard, mut asking) = (self.clients[client].0.shard_of(key, &self.custody), false);
        for hop in 0.. {
            assert!(hop < 4, "sent from shard to shard");
            match self.custody.verdict(shard, Query { key, writes, asking }) {
                Verdict::Serve => break,
                Verdict::Wait => return,
                Verdict::Ask(to) => (shard, asking) = (to, true),
                Verdict::Moved(to) => {
                    self.redirects += 1;
                    let (knowledge, learns) = &mut self.clients[client];
                    knowledge.learn(key, *learns, &self.custody);
                    assert_eq!(knowledge.shard_of(key, &self.custody), to, "it knows better now");
                    (shard, asking) = (to, false);
                }
            }
        }
        self.version += 1;
        let version = if writes { self.version } else { self.acknowledged.get(&key).copied().unwrap_or(0) };
        self.works.push(Work { key, shard, asking, version, writes });
    }

    /// A shard is done with what somebody asked for, unless it holds that no more.
    fn finish(&mut self) {
        if self.works.is_empty() {
            return;
        }
        let place = self.draw(self.works.len() as u64) as usize;
        let work = self.works.swap_remove(place);
        let query = Query { key: work.key, writes: false, asking: work.asking };
        if self.custody.verdict(work.shard, query) != Verdict::Serve {
            return;
        }
        let stored = self.stored[work.shard as usize].entry(work.key).or_default();
        if !work.writes {
            assert!(*stored >= work.version, "{work:?} found {stored}");
            return;
        }
        *stored = (*stored).max(work.version);
        match self.custody.on_write(work.shard, work.key) {
            Write::Also(shard) => return self.works.push(Work { shard, asking: true, ..work }),
            Write::Later(part) => {
                self.transfers.on_write(part);
                self.behind.entry(part).or_default().push(work.key);
            }
            Write::Done => {}
        }
        let acknowledged = self.acknowledged.entry(work.key).or_default();
        *acknowledged = (*acknowledged).max(work.version);
    }

    /// What a batch takes along: what is true at its old shard as it leaves.
    fn load(&mut self, batch: Batch) -> Load {
        let part = self.parts.all()[batch.part];
        let keys: Vec<u64> = match batch.going {
            Some(going) => {
                let reached = self.reached.insert(batch.part, going).unwrap_or(0);
                let inside = |key: &u64| {
                    let (from, to) = (self.maps.0.shard_of(*key), self.maps.1.shard_of(*key));
                    let place = self.parts.place(from, to, *key).filter(|place| place.part == batch.part);
                    place.is_some_and(|place| (reached..going).contains(&place.depth))
                };
                (0..KEYS).filter(inside).collect()
            }
            None => self.behind.entry(batch.part).or_default().drain(..batch.keys as usize).collect(),
        };
        let source = &self.stored[part.from as usize];
        let versions = keys.into_iter().map(|key| (key, source.get(&key).copied().unwrap_or(0))).collect();
        Load { part: batch.part, to: part.to, keys: batch.going.is_some(), versions }
    }

    /// A stream goes on; whether all is done.
    fn copy(&mut self) -> bool {
        let stream = self.draw(self.transfers.streams() as u64) as usize;
        if let Some(load) = self.sent.remove(&stream) {
            for (key, version) in load.versions {
                let stored = self.stored[load.to as usize].entry(key).or_default();
                *stored = (*stored).max(version);
            }
            self.transfers.on_arrived(stream, true);
            if load.keys {
                self.custody.land(load.part, true);
            }
        }
        match self.transfers.next(stream, self.now, self.parts.all()) {
            Command::Start(part) => self.custody.start(part),
            Command::Copy(batch) => {
                if let Some(going) = batch.going {
                    self.custody.lift(batch.part, going);
                }
                let load = self.load(batch);
                self.sent.insert(stream, load);
            }
            Command::Wait(until) => self.now = self.now.max(until),
            Command::Block(part) => self.custody.block(part),
            Command::HandOver(part) => self.custody.hand_over(part),
            Command::Rest => return self.transfers.are_done(self.parts.all()),
        }
        false
    }

    /// Nobody else than its owner answers for a key that nobody was sent after.
    fn one_answers(&self) {
        for key in (0..KEYS).step_by(7) {
            let query = Query { key, writes: false, asking: false };
            let serve = (0..self.custody.shards())
                .filter(|shard| self.custody.verdict(*shard, query) == Verdict::Serve);
            let serving: Vec<u32> = serve.collect();
            assert!(serving.is_empty() || serving == [self.custody.owner(key)], "{key}: {serving:?}");
        }
    }
}

#[test]
fn one_shard_answers_and_nothing_acknowledged_is_lost() {
    let cut_overs =
        [CutOver::Block { pause: SimDuration::from_millis(1) }, CutOver::DualWrites, CutOver::KeyByKey];
    let mut redirects = 0;
    for (number, (name, _, map)) in PartitionerSpec::catalog().into_iter().enumerate() {
        for (round, cut_over) in cut_overs.into_iter().enumerate() {
            for sizes in [(3, 4), (4, 3), (2, 5)] {
                let luck = Luck(0).child(number as u64, u64::from(sizes.1) * 10 + round as u64);
                let spec = ReshardSpec {
                    cut_over,
                    keys_per_part: 20,
                    streams: 3,
                    batch: 4,
                    ..ReshardSpec::default()
                };
                let mut trial = Trial::new(&map, sizes, &spec, luck);
                let mut done = false;
                while !done {
                    match trial.draw(4) {
                        0 | 1 => trial.ask(),
                        2 => trial.finish(),
                        _ => done = trial.copy(),
                    }
                    trial.one_answers();
                }
                trial.custody.finish();
                trial.one_answers();
                for (key, version) in &trial.acknowledged {
                    let owner = trial.maps.1.shard_of(*key);
                    let stored = trial.stored[owner as usize].get(key);
                    assert_eq!(trial.custody.owner(*key), owner, "{name} {cut_over:?}");
                    assert!(
                        stored >= Some(version),
                        "{name} {cut_over:?}: {key} is {stored:?}, not {version}"
                    );
                }
                redirects += trial.redirects;
            }
        }
    }
    assert!(redirects > 100, "{redirects}");
}
