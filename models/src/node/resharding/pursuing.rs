//! Queries of several keys while these go from shard to shard: a part that comes to a shard which holds some of its keys no
//! more goes on to where they are, until it has all of them.

use std::collections::BTreeMap;

use sim_core::simulation::Context;

use crate::{
    event::Event,
    node::{
        program::{Gather, Reach},
        sharding::Division,
        tasks::Kind,
    },
    policy::resharding::{Knowledge, Pursuit},
    request::{Asked, Call, CallId, Outcome},
    world::World,
};

/// What a query asks of the shards it is sent to.
#[derive(Debug)]
pub enum Sought {
    /// Of each these keys.
    Keys(BTreeMap<u32, Vec<u64>>),
    /// Of each what it has of a range, as it was after keys had gone from shard to shard so many times.
    Range((u64, u64), usize),
}

impl Sought {
    /// What is asked of one shard.
    fn of(&self, shard: u32) -> Pursuit {
        match self {
            Self::Keys(keys) => Pursuit::Keys(keys.get(&shard).cloned().unwrap_or_default()),
            Self::Range(range, since) => Pursuit::of_range(*range, shard, *since),
        }
    }
}

impl World {
    /// The shards that a query is sent to whose keys may move meanwhile, by the map that whoever asks has.
    pub(in crate::node) fn seek(&mut self, id: CallId, gather: &Gather) -> Option<Vec<u32>> {
        let at = self.calls.get(id)?.callee;
        let route = self.nodes[usize::from(at.node)].routes.get(usize::from(gather.route))?;
        let resharding = self.nodes[usize::from(route.node)].division()?.resharding.as_deref();
        let custody = &resharding.filter(|it| it.moves())?.custody;
        let view = route.dispatches.get(usize::from(at.server)).or(route.dispatches.first());
        let shards = view.and_then(|view| self.dispatches[*view as usize].shards.as_deref());
        let own = shards.and_then(|shards| shards.map_of_its_own());
        let key = |nth| self.further_key(id, nth);
        let range = match gather.reach {
            Reach::Keys(count) => {
                let mut keys: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
                for key in (0..u64::from(count)).map(key) {
                    let shard = own.map_or_else(|| custody.owner(key), |own| own.shard_of(key, custody));
                    keys.entry(shard).or_default().push(key);
                }
                let shards = keys.keys().copied().collect();
                self.sought.insert(id, Sought::Keys(keys));
                return Some(shards);
            }
            Reach::All => (0, u64::MAX),
            Reach::Span(span) => (key(0), key(0).saturating_add(span.saturating_sub(1))),
        };
        let shards = match (own, gather.reach) {
            (Some(own), _) => own.shards_of_range(range, custody),
            (None, Reach::All) => (0..custody.shards()).collect(),
            (None, Reach::Span(_) | Reach::Keys(_)) => custody.shards_of_range(range.0, range.1),
        };
        let since = own.map_or_else(|| custody.departed(), Knowledge::seen);
        self.sought.insert(id, Sought::Range(range, since));
        Some(shards)
    }

    /// What a part of such a query still has to read, if it is one.
    fn pursuit(&mut self, id: CallId, call: &Call) -> Option<&mut Pursuit> {
        if call.asked != Asked::Shard {
            return None;
        }
        if !self.pursuits.contains_key(id) {
            // Who was enough without it asks for nothing any more.
            let Kind::Branch(owner) = self.tasks.all.get(call.parent?)?.kind else { return None };
            let sought = self.sought.get(owner)?;
            let division = self.nodes[usize::from(call.callee.node)].division()?;
            self.pursuits.insert(id, sought.of(division.shard_at(call.callee.server)));
        }
        self.pursuits.get_mut(id)
    }

    /// Whether a part of a query comes to a shard that has nothing of it any more.
    pub(in crate::node) fn comes_in_vain(&mut self, id: CallId, call: &Call) -> bool {
        if self.pursuit(id, call).is_none() {
            return false;
        }
        let division = self.nodes[usize::from(call.callee.node)].division();
        let resharding = division.and_then(|division| division.resharding.as_deref());
        let (Some(division), Some(resharding)) = (division, resharding) else { return false };
        let shard = division.shard_at(call.callee.server);
        self.pursuits.get(id).is_some_and(|pursuit| !pursuit.is_at(shard, &resharding.custody))
    }

    /// A shard has done what there was to do for a part of a query, unless it only `looked`. Whether that is not all of it, or
    /// the answer does not go straight back.
    pub(in crate::node) fn pursue(
        &mut self,
        id: CallId,
        call: &Call,
        (outcome, looked): (Outcome, bool),
        cx: &mut Context<Event>,
    ) -> bool {
        if self.pursuit(id, call).is_none() {
            return false;
        }
        let Some(pursuit) = self.pursuits.get_mut(id) else { return false };
        let Some(division) = self.nodes[usize::from(call.callee.node)].division_mut() else { return false };
        let shard = division.shard_at(call.callee.server);
        let Division { resharding, book, .. } = division;
        let Some(resharding) = resharding.as_deref() else { return false };
        let found = if looked { 0 } else { pursuit.on_read(shard, &resharding.custody) };
        book.totals.gathered += found as u64;
        match pursuit.next(&resharding.custody) {
            None => {
                book.totals.answered += 1;
                self.pursuits.remove(id);
                return self.answer_by_way(id, call, outcome, cx);
            }
            Some(next) if next == shard => self.send_back(id, call, None, cx),
            Some(next) => self.send_on(id, call, (next, true), cx),
        }
        true
    }
}
