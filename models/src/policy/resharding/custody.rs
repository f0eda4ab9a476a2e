//! Custody: which shard answers for a key at this moment, and what any other says.

use super::{CutOver, Part, Parts, parts::Place};
use crate::policy::partitioning::{KeySizes, Partition, Partitioner, Table};

/// What somebody wants of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query {
    /// The key.
    pub key: u64,
    /// Whether it is changed.
    pub writes: bool,
    /// Whether the shard is to answer for it although it may not hold it yet: whoever does has said so.
    pub asking: bool,
}

/// What a shard says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It answers.
    Serve,
    /// That shard holds it.
    Moved(u32),
    /// That shard has got this key already, out of a part that is on its way.
    Ask(u32),
    /// The key is being handed over: it is to be asked for again afterwards.
    Wait,
}

/// What becomes of a write after a shard has done it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// Nothing more.
    Done,
    /// It is to be copied after the rest of this part.
    Later(usize),
    /// That shard has to do it too before it counts.
    Also(u32),
}

/// Who holds what, now and at every earlier time that somebody may still believe in.
#[derive(Debug)]
pub struct Custody {
    /// The maps between which keys moved, in order; the last is the one aimed at.
    maps: Vec<Partitioner>,
    /// What moves, or has moved, from each map to the next.
    moves: Vec<Moves>,
    /// From which shard to which keys went, in order.
    departures: Vec<(u32, u32)>,
    sizes: KeySizes,
}

#[derive(Debug)]
struct Moves {
    parts: Parts,
    stages: Vec<Stage>,
    cut_over: CutOver,
    /// How many parts were handed over.
    gone: u32,
    finished: bool,
}

/// How far a part has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Still,
    /// It is copied: what is less deep than `gone` is there, up to `going` it is on its way.
    Moving {
        gone: u64,
        going: u64,
    },
    Blocked,
    /// It is the other shard's, as so many parts before it.
    Gone(u32),
}

/// Where a key is in the moves under way.
enum Standing {
    At(u32),
    Moves(Part, Stage, u64),
}

impl Custody {
    /// Nothing moves yet; keys are of these sizes.
    pub fn new(map: Partitioner, sizes: KeySizes) -> Self {
        Self { maps: vec![map], moves: Vec::new(), departures: Vec::new(), sizes }
    }

    /// Shards that may hold something now.
    pub fn shards(&self) -> u32 {
        let under_way = self.under_way().map_or(0, |(number, _)| self.maps[number].shards());
        self.aim().shards().max(under_way)
    }

    /// The map aimed at.
    fn aim(&self) -> &Partitioner {
        &self.maps[self.maps.len() - 1]
    }

    fn under_way(&self) -> Option<(usize, &Moves)> {
        let number = self.moves.len().checked_sub(1)?;
        Some((number, &self.moves[number])).filter(|(_, moves)| !moves.finished)
    }

    /// Whether nothing is on its way.
    pub fn rests(&self) -> bool {
        self.under_way().is_none()
    }

    /// Keys begin to move to so many shards, in parts of at most so many of the keys below `keys`.
    pub fn begin(&mut self, shards: u32, keys: u64, keys_per_part: u64, cut_over: CutOver) {
        let (next, _) = self.aim().resized(shards);
        self.begin_towards(next, keys, keys_per_part, cut_over);
    }

    /// Where the ranges are, if keys are divided by range or by a directory.
    pub fn table(&self) -> Option<&Table> {
        match self.aim() {
            Partitioner::Range(range) => Some(range.table()),
            Partitioner::Directory(directory) => Some(directory.table()),
            Partitioner::HashModulo(_)
            | Partitioner::ConsistentHashing(_)
            | Partitioner::JumpHashing(_)
            | Partitioner::RendezvousHashing(_)
            | Partitioner::HashSlots(_)
            | Partitioner::Composite(_)
            | Partitioner::Custom(_) => None,
        }
    }

    /// The map with other ranges.
    fn with_table(&self, table: Table) -> Option<Partitioner> {
        match self.aim() {
            Partitioner::Range(range) => Some(Partitioner::Range(range.with_table(table))),
            Partitioner::Directory(directory) => Some(Partitioner::Directory(directory.with_table(table))),
            Partitioner::HashModulo(_)
            | Partitioner::ConsistentHashing(_)
            | Partitioner::JumpHashing(_)
            | Partitioner::RendezvousHashing(_)
            | Partitioner::HashSlots(_)
            | Partitioner::Composite(_)
            | Partitioner::Custom(_) => None,
        }
    }

    /// Whether ranges may be cut and joined: entries of a directory are what they are.
    pub fn cuts(&self) -> bool {
        matches!(self.aim(), Partitioner::Range(_))
    }

    /// Ranges are cut and joined, and nothing changes its holder. Nothing may be on its way.
    pub fn cut(&mut self, table: Table) {
        if let (Some(next), Some(map)) = (self.with_table(table), self.maps.last_mut()) {
            *map = next;
        }
    }

    /// A range goes to another shard; whether there are ranges.
    pub fn begin_range(&mut self, (first, last, to): (u64, u64, u32), keys: u64, cut_over: CutOver) -> bool {
        let Some(mut table) = self.table().cloned() else { return false };
        table.give(first, last, to);
        let Some(next) = self.with_table(table) else { return false };
        self.begin_towards(next, keys, u64::MAX, cut_over);
        true
    }

    fn begin_towards(&mut self, next: Partitioner, keys: u64, keys_per_part: u64, cut_over: CutOver) {
        let parts = Parts::new((self.aim(), &next), (keys, &self.sizes), keys_per_part);
        let stages = vec![Stage::Still; parts.all().len()];
        self.maps.push(next);
        self.moves.push(Moves { parts, stages, cut_over, gone: 0, finished: false });
    }

    /// The parts that move, or moved last.
    pub fn parts(&self) -> &[Part] {
        self.moves.last().map_or(&[], |moves| moves.parts.all())
    }

    /// A part begins to move.
    pub fn start(&mut self, part: usize) {
        self.set(part, Stage::Moving { gone: 0, going: 0 });
    }

    /// What is less deep than `going` is being copied.
    pub fn lift(&mut self, part: usize, going: u64) {
        if let Some(Stage::Moving { going: lifted, .. }) = self.stage_mut(part) {
            *lifted = going;
        }
    }

    /// What was being copied has arrived, or has not.
    pub fn land(&mut self, part: usize, arrived: bool) {
        if let Some(Stage::Moving { gone, going }) = self.stage_mut(part) {
            if arrived { *gone = *going } else { *going = *gone }
        }
        if arrived && self.goes_key_by_key() {
            self.depart(part);
        }
    }

    /// Writes of a part are to wait.
    pub fn block(&mut self, part: usize) {
        self.set(part, Stage::Blocked);
    }

    /// A part is the other shard's from now on.
    pub fn hand_over(&mut self, part: usize) {
        let Some(moves) = self.moves.last_mut() else { return };
        moves.stages[part] = Stage::Gone(moves.gone);
        moves.gone += 1;
        self.depart(part);
    }

    /// Keys of a part are the other shard's.
    fn depart(&mut self, part: usize) {
        let Part { from, to, .. } = self.parts()[part];
        self.departures.push((from, to));
    }

    /// How many times keys went from shard to shard.
    pub fn departed(&self) -> usize {
        self.departures.len()
    }

    /// From which shard to which keys went after so many times.
    pub fn departures_since(&self, since: usize) -> &[(u32, u32)] {
        self.departures.get(since..).unwrap_or_default()
    }

    /// All parts were handed over.
    pub fn finish(&mut self) {
        if let Some(moves) = self.moves.last_mut() {
            moves.finished = true;
        }
    }

    fn set(&mut self, part: usize, stage: Stage) {
        if let Some(known) = self.stage_mut(part) {
            *known = stage;
        }
    }

    fn stage_mut(&mut self, part: usize) -> Option<&mut Stage> {
        self.moves.last_mut()?.stages.get_mut(part)
    }

    fn standing(&self, key: u64) -> Standing {
        let Some((number, moves)) = self.under_way() else { return Standing::At(self.aim().shard_of(key)) };
        let (from, to) = (self.maps[number].shard_of(key), self.aim().shard_of(key));
        match moves.parts.place(from, to, key).filter(|_| from != to) {
            Some(Place { part, depth }) => {
                Standing::Moves(moves.parts.all()[part], moves.stages[part], depth)
            }
            None => Standing::At(from),
        }
    }

    fn cut_over(&self) -> CutOver {
        self.moves.last().map_or_else(CutOver::default, |moves| moves.cut_over)
    }

    /// Whether keys are the other shard's one by one.
    pub fn goes_key_by_key(&self) -> bool {
        self.cut_over() == CutOver::KeyByKey
    }

    /// Who holds a key by the map, which changes part by part.
    pub fn by_map(&self, key: u64) -> u32 {
        match self.standing(key) {
            Standing::At(shard) => shard,
            Standing::Moves(Part { to, .. }, Stage::Gone(_), _) => to,
            Standing::Moves(Part { from, .. }, Stage::Still | Stage::Moving { .. } | Stage::Blocked, _) => {
                from
            }
        }
    }

    /// The one shard that answers for a key.
    pub fn owner(&self, key: u64) -> u32 {
        match self.standing(key) {
            Standing::Moves(Part { to, .. }, Stage::Moving { gone, .. }, depth)
                if depth < gone && self.goes_key_by_key() =>
            {
                to
            }
            Standing::At(_) | Standing::Moves(..) => self.by_map(key),
        }
    }

    /// The shards that may hold a key from `low` to `high`, in ascending order.
    pub fn shards_of_range(&self, low: u64, high: u64) -> Vec<u32> {
        let mut shards = self.aim().shards_of_range(low, high);
        if let Some((number, _)) = self.under_way() {
            shards.extend(self.maps[number].shards_of_range(low, high));
        }
        shards.sort_unstable();
        shards.dedup();
        shards
    }

    /// What a shard says to a query.
    pub fn verdict(&self, shard: u32, query: Query) -> Verdict {
        let owned_by = |owner| if owner == shard { Verdict::Serve } else { Verdict::Moved(owner) };
        let (part, stage, depth) = match self.standing(query.key) {
            Standing::At(owner) => return owned_by(owner),
            Standing::Moves(part, stage, depth) => (part, stage, depth),
        };
        match stage {
            Stage::Gone(_) => owned_by(part.to),
            Stage::Blocked if query.writes && shard == part.from => Verdict::Wait,
            Stage::Still | Stage::Blocked => owned_by(part.from),
            Stage::Moving { gone, going } => {
                let gets = query.asking && shard == part.to;
                match self.cut_over() {
                    CutOver::DualWrites if gets => Verdict::Serve,
                    CutOver::DualWrites | CutOver::Block { .. } => owned_by(part.from),
                    CutOver::KeyByKey if depth < gone && gets => Verdict::Serve,
                    CutOver::KeyByKey if shard != part.from => Verdict::Moved(part.from),
                    CutOver::KeyByKey if depth < gone => Verdict::Ask(part.to),
                    CutOver::KeyByKey if depth < going => Verdict::Wait,
                    CutOver::KeyByKey => Verdict::Serve,
                }
            }
        }
    }

    /// What becomes of a write that a shard has done.
    pub fn on_write(&self, shard: u32, key: u64) -> Write {
        let Some((number, moves)) = self.under_way() else { return Write::Done };
        let (from, to) = (self.maps[number].shard_of(key), self.aim().shard_of(key));
        let place = moves.parts.place(from, to, key).filter(|_| from == shard && from != to);
        let Some(Place { part, .. }) = place else { return Write::Done };
        match (moves.stages[part], moves.cut_over) {
            (Stage::Moving { .. } | Stage::Blocked, CutOver::Block { .. }) => Write::Later(part),
            (Stage::Moving { .. }, CutOver::DualWrites) => Write::Also(to),
            (Stage::Still | Stage::Gone(_), CutOver::Block { .. })
            | (Stage::Still | Stage::Gone(_) | Stage::Blocked, CutOver::DualWrites)
            | (_, CutOver::KeyByKey) => Write::Done,
        }
    }

    /// How many maps there were before the one that is right now, or is right for what has not moved.
    pub(super) fn epoch(&self) -> usize {
        self.under_way().map_or(self.moves.len(), |(number, _)| number)
    }

    /// How many parts of a move were handed over.
    pub(super) fn gone(&self, epoch: usize) -> u32 {
        self.moves.get(epoch).map_or(0, |moves| moves.gone)
    }

    /// Who held a key before the moves of that epoch.
    pub(super) fn shard_at(&self, epoch: usize, key: u64) -> u32 {
        self.maps[epoch.min(self.maps.len() - 1)].shard_of(key)
    }

    /// The shards that may have held a key of a range before the moves of that epoch, or that got some in these as one knows
    /// who knows so many parts to have gone, or that are getting some.
    pub(super) fn shards_at(&self, epoch: usize, known: u32, (low, high): (u64, u64)) -> Vec<u32> {
        let mut shards = self.maps[epoch.min(self.maps.len() - 1)].shards_of_range(low, high);
        let Some(moves) = self.moves.get(epoch) else { return shards };
        let got = |stage: &Stage| match stage {
            Stage::Gone(before) => *before < known,
            Stage::Moving { .. } => true,
            Stage::Still | Stage::Blocked => false,
        };
        let parts = moves.parts.all().iter().zip(&moves.stages);
        shards.extend(parts.filter(|(_, stage)| got(stage)).map(|(part, _)| part.to));
        shards
    }

    /// Whom a part of the moves of an epoch goes to.
    pub(super) fn receiver(&self, epoch: usize, part: usize) -> Option<u32> {
        Some(self.moves.get(epoch)?.parts.all().get(part)?.to)
    }

    /// Where a key goes in the moves of an epoch: which part it belongs to, whom that goes to, and how many went before
    /// it if it has gone.
    pub(super) fn destination(&self, epoch: usize, key: u64) -> Option<(usize, u32, Option<u32>)> {
        let moves = self.moves.get(epoch)?;
        let (from, to) = (self.maps[epoch].shard_of(key), self.maps[epoch + 1].shard_of(key));
        let Place { part, .. } = moves.parts.place(from, to, key)?;
        let gone = match moves.stages[part] {
            Stage::Gone(before) => Some(before),
            Stage::Still | Stage::Moving { .. } | Stage::Blocked => None,
        };
        Some((part, to, gone))
    }

    /// How many epochs there were, the one under way included.
    pub(super) fn epochs(&self) -> usize {
        self.moves.len()
    }
}
