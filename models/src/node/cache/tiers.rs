//! Levels of caches: what has to go moves down, what is dropped below is dropped above, and disks take accesses in turn.

use sim_core::{
    random::{Luck, name_hash},
    simulation::Context,
    time::{SimDuration, SimTime},
};

use super::Keeper;
use crate::{
    event::Event,
    measure::Absence,
    node::{network::Passage, shelf::Held, tasks::part_of},
    request::{Asked, Call, CallId, Instance, Notice, NoticeId},
    spec::Inclusion,
    world::World,
};

/// Chance of what is sent between levels, told apart by purpose.
const DEMOTION: u64 = name_hash("cache/demotion");
const MESSAGE: u64 = name_hash("cache/message");

impl World {
    /// What a call had a server of a cache let go moves down, or is dropped above.
    pub(super) fn part_with_victims(&mut self, id: CallId, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id).copied() else { return };
        let at = call.callee;
        let Some(keeper) = self.keeper(at.node) else { return };
        let victims = keeper.shelves[usize::from(at.server)].take_victims();
        let moves_down = keeper.inclusion == Inclusion::Exclusive;
        for (key, held) in victims {
            if moves_down {
                self.hand_down(id, &call, (key, held), cx);
            }
            self.drop_above(at, key, cx);
        }
    }

    /// An object that has to go is sent to the cache below. It is a call that no client waits for.
    fn hand_down(&mut self, id: CallId, call: &Call, (key, held): (u64, Held), cx: &mut Context<Event>) {
        let node = call.callee.node;
        if let Some(keeper) = self.keeper(node) {
            keeper.book.totals.demotions += 1;
        }
        let part = Call {
            request: self.tasks.outliving.send(node, key, held),
            asked: Asked::HandDown,
            step: 0,
            luck: call.luck.child(DEMOTION, key),
            need: call.need.child(DEMOTION, key),
            ..part_of(call)
        };
        self.set_off(id, part, cx);
    }

    /// Takes in what the cache above had to let go.
    pub(super) fn accept(&mut self, id: CallId, cx: &mut Context<Event>) {
        let now = cx.now();
        let Some(call) = self.calls.get(id).copied() else { return };
        let (at, key) = (call.callee, self.key_of(&call));
        // One that is sent again has arrived already.
        if let Some((sender, held)) = self.tasks.outliving.arrive(call.request) {
            if let Some(sender) = self.keeper(sender) {
                sender.book.totals.landed += 1;
            }
            if let Some(keeper) = self.keeper(at.node)
                && keeper.access(at.server, now).is_some()
            {
                let Keeper { shelves, book, .. } = keeper;
                shelves[usize::from(at.server)].accept(key, held, book);
                keeper.count(now);
            }
            self.part_with_victims(id, cx);
        }
        self.next_step(id, cx);
    }

    /// What a cache sent down did not arrive.
    pub(in crate::node) fn lose_demotion(&mut self, sender: u16) {
        if let Some(keeper) = self.keeper(sender) {
            keeper.book.totals.lost_demotions += 1;
        }
    }

    /// Those caches that hold nothing a server does not drop a key as well.
    pub(super) fn drop_above(&mut self, from: Instance, key: u64, cx: &mut Context<Event>) {
        let Some(keeper) = self.keeper(from.node).filter(|keeper| !keeper.above.is_empty()) else { return };
        for node in keeper.above.clone() {
            for server in 0..self.nodes[usize::from(node)].servers.len() as u16 {
                let to = Instance { node, server };
                match self.message(from, to, key, cx.now()) {
                    Some(SimDuration::ZERO) => self.back_invalidate(to, key, cx),
                    Some(travel) => {
                        let notice = self.notices.insert(Notice { to, key });
                        cx.after(travel, Event::BackInvalidate(notice));
                    }
                    None => {}
                }
            }
        }
    }

    /// A server of a cache went down with what it held: those caches that hold nothing their source does not drop it at
    /// once. It sends no messages any more; their connections to it break.
    pub(super) fn lose_above(&mut self, node: u16, lost: &[u64], cx: &mut Context<Event>) {
        let above = self.keeper(node).map(|keeper| keeper.above.clone()).unwrap_or_default();
        for (above, key) in above.into_iter().flat_map(|above| lost.iter().map(move |key| (above, *key))) {
            // Another server of the cache below may have a copy.
            if self.may_keep(above, key) {
                continue;
            }
            for server in 0..self.nodes[usize::from(above)].servers.len() as u16 {
                self.back_invalidate(Instance { node: above, server }, key, cx);
            }
        }
    }

    /// How long a message about a key is on its way from one server to another; none if it is lost.
    pub(super) fn message(
        &self,
        from: Instance,
        to: Instance,
        key: u64,
        now: SimTime,
    ) -> Option<SimDuration> {
        if self.network.is_instant() {
            return Some(SimDuration::ZERO);
        }
        let place = self.nodes[usize::from(to.node)].place;
        let luck = Luck(key).child(place ^ MESSAGE, now.since(SimTime::ZERO).as_nanos());
        match self.network.send(self.site(from), self.site(to), luck, u64::from(to.server), 0) {
            Passage::Arrives(travel) => Some(travel),
            Passage::Lost => None,
        }
    }

    /// A server hears that the cache below no longer holds a key.
    pub(crate) fn on_back_invalidate(&mut self, id: NoticeId, cx: &mut Context<Event>) {
        let Some(Notice { to, key }) = self.notices.remove(id) else { return };
        self.back_invalidate(to, key, cx);
    }

    fn back_invalidate(&mut self, at: Instance, key: u64, cx: &mut Context<Event>) {
        let before = self.holds(at, key);
        self.drop_key(at, key, cx);
        if before
            && !self.holds(at, key)
            && let Some(keeper) = self.keeper(at.node)
        {
            keeper.book.totals.back_invalidations += 1;
        }
    }

    /// Whether a cache may keep a key: one that holds nothing its source does not hears from it whether that holds it.
    pub(super) fn may_keep(&self, node: u16, key: u64) -> bool {
        let cache = &self.nodes[usize::from(node)];
        if cache.keeper().is_none_or(|keeper| keeper.inclusion != Inclusion::Inclusive) {
            return true;
        }
        let below = cache.routes.first().map(|route| route.node);
        let servers = |node: u16| 0..self.nodes[usize::from(node)].servers.len() as u16;
        below.is_some_and(|node| servers(node).any(|server| self.holds(Instance { node, server }, key)))
    }

    fn holds(&self, at: Instance, key: u64) -> bool {
        let keeper = self.nodes[usize::from(at.node)].keeper();
        keeper.is_some_and(|keeper| keeper.shelves[usize::from(at.server)].peek(key).is_some())
    }
}

impl Keeper {
    /// How long an access to a server's objects waits for its turn; `None` if it is refused.
    pub(super) fn access(&mut self, server: u16, now: SimTime) -> Option<SimDuration> {
        let Some(disk) = self.disks.get_mut(usize::from(server)) else { return Some(SimDuration::ZERO) };
        let wait = disk.take(now);
        self.book.on_access(wait);
        wait
    }

    /// What was found is left to the cache above, which asked for it.
    pub(super) fn promote(&mut self, server: u16, key: u64, now: SimTime) {
        if self.shelves[usize::from(server)].take_out(key, Absence::Promoted).is_some() {
            self.book.totals.promotions += 1;
            self.count(now);
        }
    }
}
