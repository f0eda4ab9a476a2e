//! What becomes known as a call ends: what is true from now on, and whom that is told.

use sim_core::{
    random::{name_hash, unit},
    simulation::Context,
    time::SimDuration,
};

use crate::{
    event::Event,
    request::{Asked, Call, CallId, Instance, Notice, NoticeId, Outcome},
    world::World,
};

const LOSS: u64 = name_hash("cache/invalidation lost");
const DELAY: u64 = name_hash("cache/invalidation delay");

impl World {
    /// A call is over: what it changed is the truth from now on, what it was told goes on to whoever asked, and what a
    /// cache did for it is booked.
    pub(in crate::node) fn settle_truth(&mut self, id: CallId, outcome: Outcome, cx: &mut Context<Event>) {
        let now = cx.now();
        let Some(call) = self.calls.get(id).copied().filter(|call| call.asked != Asked::Copy) else { return };
        let (node, served) = (call.callee.node, outcome.reason().is_none());
        let writes = self.writes[usize::from(call.class)];
        if served && self.truth.follows(node) && !call.asked.is_of_transaction() {
            let key = self.key_of(&call);
            let version = match self.replica_version(id, &call, now) {
                Some(version) => version,
                None if writes => self.truth.change(node, key, now),
                None => self.truth.version(node, key),
            };
            self.truth.tell(id, version);
            self.see_key(&call, key);
            if writes && matches!(call.asked, Asked::Serve | Asked::Shard | Asked::Released) {
                self.invalidate(node, key, &call, cx);
            }
        }
        let by_class = matches!(call.asked, Asked::Serve | Asked::Take);
        let reads = call.asked == Asked::Get || by_class && !writes;
        if let Some(keeper) = self.keeper(node).filter(|_| reads && served) {
            keeper.book.on_answer(call.found, now.since(call.arrived));
        }
        if let (Asked::Get, Some(parent)) =
            (call.asked, call.parent.and_then(|parent| self.calls.get_mut(parent)))
        {
            parent.found = call.found && served;
        }
        self.truth.pass_on(id, call.parent);
    }

    /// Tells the caches that keep a component's keys, and want to be told, that one has changed.
    pub(in crate::node) fn invalidate(
        &mut self,
        source: u16,
        key: u64,
        call: &Call,
        cx: &mut Context<Event>,
    ) {
        for node in 0..self.nodes.len() as u16 {
            let servers = self.nodes[usize::from(node)].servers.len() as u16;
            let place = self.nodes[usize::from(node)].place;
            let Some(keeper) = self.keeper(node).filter(|keeper| keeper.truth == source) else { continue };
            let Some((delay, loss)) = keeper.invalidation.clone() else { continue };
            for server in 0..servers {
                let visit = u64::from(server);
                if loss > 0.0 && unit(call.luck.at(LOSS ^ place, visit)) < loss {
                    continue;
                }
                let delay = SimDuration::from_nanos_f64(delay.sample(call.luck.at(DELAY ^ place, visit)));
                let notice = self.notices.insert(Notice { to: Instance { node, server }, key });
                cx.after(delay, Event::Invalidate(notice));
            }
        }
    }

    /// A message that a key has changed reaches a server of a cache.
    pub(crate) fn on_invalidate(&mut self, id: NoticeId, cx: &mut Context<Event>) {
        let Some(Notice { to, key }) = self.notices.remove(id) else { return };
        self.drop_key(to, key, cx);
    }
}
