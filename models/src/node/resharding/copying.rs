//! Copying: keys that move are read at one shard and written at the other by calls of their own.

use sim_core::{
    random::{Luck, name_hash},
    simulation::Context,
    time::{SimDuration, SimTime},
};

use super::{Resharding, Sending, Stores, Turn};
use crate::{
    event::Event,
    measure::Stored,
    node::{origin::Origin, sharding::Division, travel::Order},
    policy::resharding::Batch,
    report::Decision,
    request::{CallId, Instance, Outcome, RequestId},
    world::World,
};

/// How long after a failure a batch is copied anew.
const PAUSE: SimDuration = SimDuration::from_secs(1);
const COPY: u64 = name_hash("database/copy");

impl Division {
    /// So many keys of a part, after those `before` them, are counted at their new shard.
    fn count_moved(&mut self, part: usize, (before, keys): (u64, u64)) {
        let Some(resharding) = &self.resharding else { return };
        let part = resharding.custody.parts()[part];
        let moved = Stored { keys: keys.into(), bytes: part.bytes_of(before, keys) };
        self.stored[part.from as usize] -= moved;
        self.stored[part.to as usize] += moved;
        self.book.totals.moved_keys += keys;
        let bytes = u64::try_from(moved.bytes).unwrap_or(u64::MAX);
        self.book.totals.moved_bytes = self.book.totals.moved_bytes.saturating_add(bytes);
    }
}

impl World {
    pub(in crate::node) fn resharding(&mut self, node: u16) -> Option<&mut Resharding> {
        self.nodes[usize::from(node)].division_mut()?.resharding.as_deref_mut()
    }

    /// Schedules the changes of all databases.
    pub(crate) fn begin_resharding(&mut self, cx: &mut Context<Event>) {
        for node in 0..self.nodes.len() as u16 {
            let Some(resharding) = self.resharding(node) else { continue };
            for change in &resharding.timeline {
                cx.at(SimTime::ZERO + change.at, Event::Reshard { node });
            }
            if let Some((spec, _)) = &resharding.balancing {
                cx.after(spec.every, Event::Rebalance { node });
            }
        }
    }

    /// It is time for a change of a database's shards, unless another is under way.
    pub(crate) fn on_reshard(&mut self, node: u16, cx: &mut Context<Event>) {
        let Some(resharding) = self.resharding(node) else { return };
        let before = resharding.custody.shards();
        let Some(shards) = resharding.begin(cx.now()) else { return };
        let parts = resharding.custody.parts();
        let keys: u64 = parts.iter().map(|part| part.keys).sum();
        let what = format!("goes from {before} to {shards} shards: {keys} keys in {} parts", parts.len());
        let streams = resharding.sending.len();
        self.tell_resharding(node, what, cx.now());
        for stream in 0..streams as u16 {
            self.on_copy(node, stream, cx);
        }
    }

    /// It is time to look whether a database's ranges are asked alike.
    pub(crate) fn on_rebalance(&mut self, node: u16, cx: &mut Context<Event>) {
        let Some(division) = self.nodes[usize::from(node)].division_mut() else { return };
        let Some(resharding) = division.resharding.as_deref_mut() else { return };
        if let Some((spec, _)) = &resharding.balancing {
            cx.after(spec.every, Event::Rebalance { node });
        }
        let (splits, joints, goes) = resharding.rebalance(cx.now());
        division.book.totals.splits += splits;
        division.book.totals.joints += joints;
        if splits + joints > 0 {
            self.tell_resharding(node, format!("splits {splits} ranges and joins {joints}"), cx.now());
        }
        if let Some((first, last, to)) = goes {
            let what = format!("sends its keys from {first} to {last} to shard {to}");
            self.tell_resharding(node, what, cx.now());
            self.on_copy(node, 0, cx);
        }
    }

    pub(super) fn tell_resharding(&mut self, node: u16, what: String, now: SimTime) {
        let who = self.nodes[usize::from(node)].name.clone();
        self.decide(|| Decision { at: now.as_secs_f64(), who, what });
    }

    /// A stream of copies goes on.
    pub(crate) fn on_copy(&mut self, node: u16, stream: u16, cx: &mut Context<Event>) {
        let place = usize::from(stream);
        loop {
            let Some(resharding) = self.resharding(node) else { return };
            if resharding.sending.get(place).is_none_or(Option::is_some) {
                return;
            }
            match resharding.go_on(place, cx.now()) {
                Turn::Copy(batch) => return self.send_batch(node, place, batch, false, cx),
                Turn::Wait(until) => return cx.at(until, Event::Copy { node, stream }),
                Turn::HandedOver(part) => self.hand_over(node, part, cx),
                Turn::Rest => return self.end_resharding(node, cx),
            }
        }
    }

    /// A part is another shard's from now on.
    fn hand_over(&mut self, node: u16, part: usize, cx: &mut Context<Event>) {
        let Some(division) = self.nodes[usize::from(node)].division_mut() else { return };
        division.book.totals.handed_over += 1;
        let moves_at_once = division.resharding.as_deref().is_some_and(|it| !it.custody.goes_key_by_key());
        if moves_at_once {
            let keys = division.resharding.as_deref().map_or(0, |it| it.custody.parts()[part].keys);
            division.count_moved(part, (0, keys));
        }
        self.release_held(node, cx);
    }

    /// The last part may have been handed over.
    fn end_resharding(&mut self, node: u16, cx: &mut Context<Event>) {
        let now = cx.now();
        let Some(begun) = self.resharding(node).and_then(Resharding::end) else { return };
        let took = now.since(begun);
        if let Some(division) = self.nodes[usize::from(node)].division_mut() {
            division.book.totals.migrations += 1;
            division.book.totals.migrating += took;
        }
        self.tell_resharding(node, format!("has moved all in {:.3} s", took.as_secs_f64()), now);
        self.on_reshard(node, cx);
    }

    /// Sends a batch to be read where it is, or written where it goes.
    fn send_batch(&mut self, node: u16, stream: usize, batch: Batch, read: bool, cx: &mut Context<Event>) {
        let Some(resharding) = self.resharding(node) else { return };
        let part = resharding.custody.parts()[batch.part];
        let leader = |shard| resharding.leader(Instance { node, server: 0 }, shard);
        let ways = (leader(part.from), leader(if read { part.to } else { part.from }));
        let copy_time = resharding.under_way.as_ref().map_or(SimDuration::ZERO, |it| it.copy_time);
        let work = SimDuration::from_nanos_f64(copy_time.as_nanos() as f64 * batch.keys as f64);
        let call = self.send_copy(node, ways, cx);
        if let Some(resharding) = self.resharding(node) {
            resharding.sending[stream] = Some(Sending { batch, call, read, work });
        }
    }

    /// Sends a call that copies from one server to another, or reads at that server what is to be copied.
    pub(super) fn send_copy(
        &mut self,
        node: u16,
        (from, callee): (Instance, Instance),
        cx: &mut Context<Event>,
    ) -> CallId {
        let place = self.nodes[usize::from(node)].place;
        let (sent, book, line) = self.resharding(node).map_or((0, 0, 0), |resharding| {
            resharding.sent += 1;
            let Stores { book, line, .. } = resharding.stores;
            (resharding.sent, book, line)
        });
        let luck = Luck(place).child(COPY, sent);
        let origin = Origin::by_itself(self.site(from), luck);
        let order = Order {
            request: RequestId::default(),
            origin,
            parent: None,
            passage: None,
            callee,
            picked: None,
            line: Some(line),
            book,
            visit: 0,
            attempt: 1,
            retry: false,
            copy: false,
            delay: SimDuration::ZERO,
            arriving: false,
        };
        self.call_books[usize::from(book)].on_ask();
        self.send(order, cx)
    }

    /// A call without a client has its outcome: one that copies, or one whose client is gone.
    #[cold]
    pub(in crate::node) fn copier_hears(
        &mut self,
        id: CallId,
        node: u16,
        outcome: Outcome,
        cx: &mut Context<Event>,
    ) {
        if self.hot_copy_hears(id, node, outcome, cx) {
            return;
        }
        let Some(resharding) = self.resharding(node) else { return };
        let of_it = |sending: &Option<Sending>| sending.is_some_and(|sending| sending.call == id);
        let Some(stream) = resharding.sending.iter().position(of_it) else { return };
        let Some(sending) = resharding.sending[stream] else { return };
        let event = Event::Copy { node, stream: stream as u16 };
        if !outcome.is_success() {
            resharding.on_arrived(stream, false);
            self.release_held(node, cx);
            return cx.after(PAUSE, event);
        }
        if !sending.read {
            return self.send_batch(node, stream, sending.batch, true, cx);
        }
        let (part, moved) = resharding.on_arrived(stream, true);
        if resharding.custody.goes_key_by_key() {
            if let Some(division) = self.nodes[usize::from(node)].division_mut() {
                division.count_moved(part, moved);
            }
            self.release_held(node, cx);
        }
        self.on_copy(node, stream as u16, cx);
    }
}
