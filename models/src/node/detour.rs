//! Detours: a shard that does not hold a key sends the call on, by way of the caller or by itself.
//!
//! It stays the same call for whoever made it: one attempt, one deadline, and every hop counts in how long it took.

use sim_core::{random::name_hash, simulation::Context, time::SimDuration};

use super::{
    network::Passage,
    sharding::Query,
    tracing::record,
    travel::{BACK, OUT},
};
use crate::{
    event::Event,
    policy::{
        balancing::Ask,
        resharding::{self, Routing, Verdict, Write},
    },
    request::{Asked, Call, CallId, Instance, Outcome, Phase, Picked, Reason, Site},
    trace::SpanKind,
    world::World,
};

/// The legs of a detour, told apart by number.
const LEG: u64 = name_hash("database/detour");

/// What is not as usual with a call.
#[derive(Clone, Copy, Debug, Default)]
pub struct Detour {
    /// Its server has looked, and is not to answer.
    turned: bool,
    /// Its shard is to answer although the map does not say so.
    asking: bool,
    /// Which server passes the answer on.
    via: Option<Instance>,
    /// The answer, on its way there.
    answer: Option<Outcome>,
    /// Which shard its caller is told to ask, and whether for good.
    told: Option<(u32, bool)>,
    /// Legs so far.
    legs: u64,
}

impl World {
    /// What a call's server says to it; nothing where that is no question of keys.
    fn verdict(&self, id: CallId, call: &Call, writes: bool) -> Option<Verdict> {
        let division = self.nodes[usize::from(call.callee.node)].division()?;
        let resharding = division.resharding.as_deref()?;
        if matches!(call.asked, Asked::Shard | Asked::Copy) {
            return None;
        }
        let asking = self.detours.get(id).is_some_and(|detour| detour.asking);
        let shard = division.shard_of[usize::from(call.callee.server)] as u32;
        let key = resharding.name_at(shard, self.key_of(call), self.writes[usize::from(call.class)]);
        let query = resharding::Query { key, writes, asking };
        Some(resharding.custody.verdict(shard, query))
    }

    /// A server looks whether it holds what a call asks for, before it does anything for it.
    #[cold]
    pub(super) fn look(&mut self, id: CallId) {
        let Some(call) = self.calls.get(id).copied() else { return };
        let writes = self.writes[usize::from(call.class)];
        let verdict = self.verdict(id, &call, writes);
        if verdict.is_none_or(|verdict| verdict == Verdict::Serve) && !self.comes_in_vain(id, &call) {
            return;
        }
        let look = self.resharding(call.callee.node).map_or(SimDuration::ZERO, |it| it.look);
        self.calls[id].work = look;
        self.change_detour(id, |detour| detour.turned = true);
    }

    fn change_detour(&mut self, id: CallId, change: impl FnOnce(&mut Detour)) {
        let mut detour = self.detours.get(id).copied().unwrap_or_default();
        change(&mut detour);
        self.detours.insert(id, detour);
    }

    /// A server has done what there was to do for a call. Whether the answer, if it is a good one, is not for it to give.
    #[cold]
    pub(super) fn turn_aside(&mut self, id: CallId, outcome: Outcome, cx: &mut Context<Event>) -> bool {
        let Some(call) = self.calls.get(id).copied().filter(|_| outcome.reason().is_none()) else {
            return false;
        };
        let turned = self.detours.get(id).is_some_and(|detour| detour.turned);
        // Writes that have begun are let through: they are copied with the rest.
        let Some(verdict) = self.verdict(id, &call, false) else {
            return self.pursue(id, &call, (outcome, turned), cx);
        };
        let writes = self.writes[usize::from(call.class)];
        let verdict = if turned { self.verdict(id, &call, writes).unwrap_or(verdict) } else { verdict };
        match verdict {
            Verdict::Serve if !turned => return self.answer(id, &call, outcome, cx),
            Verdict::Serve => self.send_back(id, &call, None, cx),
            Verdict::Wait => {
                self.step_out(id, &call, cx);
                if let Some(division) = self.nodes[usize::from(call.callee.node)].division_mut() {
                    division.book.totals.held += 1;
                    division.resharding.iter_mut().for_each(|it| it.held.push(id));
                }
            }
            Verdict::Moved(owner) => {
                let key = self.key_of(&call);
                let resharding = self.resharding(call.callee.node);
                let shard = resharding.map_or(owner, |it| it.onward(key, writes, owner, call.luck));
                self.send_on(id, &call, (shard, true), cx);
            }
            Verdict::Ask(shard) => self.send_on(id, &call, (shard, false), cx),
        }
        true
    }

    /// The right server has answered: whether the answer takes another way than straight back.
    fn answer(&mut self, id: CallId, call: &Call, outcome: Outcome, cx: &mut Context<Event>) -> bool {
        let key = self.key_of(call);
        let writes = self.writes[usize::from(call.class)];
        let at = call.callee;
        let Some(division) = self.nodes[usize::from(at.node)].division_mut() else { return false };
        let shard = division.shard_of[usize::from(at.server)] as u32;
        let Some(resharding) = division.resharding.as_deref_mut() else { return false };
        let next = if writes { resharding.next_copy(shard, key) } else { None };
        let name = resharding.name_at(shard, key, writes);
        match if writes { resharding.custody.on_write(shard, name) } else { Write::Done } {
            Write::Done => {}
            Write::Later(part) => resharding.on_write(part),
            Write::Also(other) => {
                division.book.totals.doubled += 1;
                self.step_out(id, call, cx);
                self.change_detour(id, |detour| {
                    (detour.asking, detour.via) = (true, detour.via.or(Some(at)));
                });
                self.go_to(id, at, self.leader_of_shard(at, other), cx);
                return true;
            }
        }
        if let Some(next) = next {
            division.book.totals.copied += 1;
            self.step_out(id, call, cx);
            self.change_detour(id, |detour| (detour.asking, detour.via) = (false, detour.via.or(Some(at))));
            self.go_to(id, at, self.leader_of_shard(at, next), cx);
            return true;
        }
        resharding.on_request(name);
        division.book.totals.answered += 1;
        if !writes && resharding.search.is_some() {
            self.note_read(at.node, key, name != key, cx);
        }
        self.answer_by_way(id, call, outcome, cx)
    }

    /// An answer goes back by way of the server that passed the call on, if one did.
    pub(super) fn answer_by_way(
        &mut self,
        id: CallId,
        call: &Call,
        outcome: Outcome,
        cx: &mut Context<Event>,
    ) -> bool {
        let Some(via) = self.detours.get(id).and_then(|detour| detour.via) else { return false };
        if !self.truth.is_idle() {
            self.settle_truth(id, outcome, cx);
        }
        self.step_out(id, call, cx);
        self.change_detour(id, |detour| detour.answer = Some(outcome));
        self.return_to(id, call.callee, self.site(via), cx);
        true
    }

    /// The server a shard's requests go to, near another one.
    fn leader_of_shard(&self, at: Instance, shard: u32) -> Instance {
        let node = &self.nodes[usize::from(at.node)];
        let resharding = node.division().and_then(|division| division.resharding.as_deref());
        resharding.map_or(at, |it| it.leader(at, shard))
    }

    /// A call is to be answered by another shard: its server passes it on, or tells its caller.
    pub(super) fn send_on(
        &mut self,
        id: CallId,
        call: &Call,
        (shard, moved): (u32, bool),
        cx: &mut Context<Event>,
    ) {
        let at = call.callee;
        let Some(division) = self.nodes[usize::from(at.node)].division_mut() else { return };
        let routing = division.resharding.as_deref().map_or(Routing::Informed, |it| it.routing);
        if routing != Routing::AnyNode {
            return self.send_back(id, call, Some((shard, moved)), cx);
        }
        division.book.totals.forwarded += 1;
        self.step_out(id, call, cx);
        self.change_detour(id, |detour| {
            (detour.asking, detour.turned, detour.via) = (!moved, false, detour.via.or(Some(at)));
        });
        self.go_to(id, at, self.leader_of_shard(at, shard), cx);
    }

    /// A call's server tells the caller to ask another shard, or the same once more.
    pub(super) fn send_back(
        &mut self,
        id: CallId,
        call: &Call,
        told: Option<(u32, bool)>,
        cx: &mut Context<Event>,
    ) {
        self.step_out(id, call, cx);
        self.say(id, call.callee, told, cx);
    }

    /// What a server says about a key goes to the caller of a call that it has no worker for any more.
    fn say(&mut self, id: CallId, at: Instance, told: Option<(u32, bool)>, cx: &mut Context<Event>) {
        if let Some(division) = self.nodes[usize::from(at.node)].division_mut() {
            match told {
                Some((_, true)) => division.book.totals.moved += 1,
                Some((_, false)) => division.book.totals.asked += 1,
                None => {}
            }
        }
        let shard = self.nodes[usize::from(at.node)]
            .division()
            .and_then(|division| division.shard_of.get(usize::from(at.server)))
            .map_or(0, |shard| *shard as u32);
        self.change_detour(id, |detour| detour.told = told.or(Some((shard, false))));
        let Some(call) = self.calls.get(id) else { return };
        let to = self.caller_site(call);
        self.return_to(id, at, to, cx);
    }

    /// A call leaves its server, which has a worker free.
    fn step_out(&mut self, id: CallId, call: &Call, cx: &mut Context<Event>) {
        let now = cx.now();
        if let Some(call) = self.calls.get_mut(id) {
            (call.phase, call.resumed) = (Phase::Returning, now);
        }
        if call.traced {
            record(&mut self.tracer, |tracer| tracer.turn_to(id, SpanKind::Inbound, now));
        }
        let node = &mut self.nodes[usize::from(call.callee.node)];
        node.on_leave(call.callee.server, now, call.arrived, Outcome::Success);
        let ledger = &mut node.servers[usize::from(call.callee.server)].ledger;
        ledger.on_work(now.since(call.started), !call.awaited);
        ledger.on_stop(now, call.started);
        self.serve_next(call.callee, cx);
    }

    /// Something that a server says travels to that site.
    fn return_to(&mut self, id: CallId, from: Instance, to: Site, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get_mut(id) else { return };
        call.phase = Phase::Returning;
        let luck = call.luck;
        match self.leg(self.site(from), to, luck, BACK) {
            Passage::Arrives(SimDuration::ZERO) => cx.now_too(Event::Detour(id)),
            Passage::Arrives(travel) => cx.after(travel, Event::Detour(id)),
            Passage::Lost => self.lose(id, cx.now()),
        }
    }

    /// A call goes from where it is to another server.
    fn go_to(&mut self, id: CallId, from: Instance, to: Instance, cx: &mut Context<Event>) {
        self.go_from(id, self.site(from), to, cx);
    }

    fn go_from(&mut self, id: CallId, from: Site, to: Instance, cx: &mut Context<Event>) {
        self.change_detour(id, |detour| detour.legs += 1);
        let legs = self.detours.get(id).map_or(0, |detour| detour.legs);
        let Some(call) = self.calls.get_mut(id) else { return };
        call.luck = call.luck.child(LEG, legs);
        (call.callee, call.phase, call.step) = (to, Phase::Travelling, 0);
        (call.work, call.ticket) = (SimDuration::ZERO, None);
        let (luck, traced) = (call.luck, call.traced);
        if traced {
            record(&mut self.tracer, |tracer| tracer.turn_to(id, SpanKind::Outbound, cx.now()));
        }
        match self.leg(from, self.site(to), luck, OUT) {
            Passage::Arrives(SimDuration::ZERO) => cx.now_too(Event::Deliver(id)),
            Passage::Arrives(travel) => cx.after(travel, Event::Deliver(id)),
            Passage::Lost => self.lose(id, cx.now()),
        }
    }

    /// What a call has been told reaches whoever it was told to.
    pub(crate) fn on_detour(&mut self, id: CallId, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id).copied() else { return };
        if !call.awaited {
            self.part_with(id, Outcome::Failure(Reason::Cancelled), cx.now());
            return;
        }
        let detour = self.detours.get(id).copied().unwrap_or_default();
        match (detour.answer, detour.via, detour.told) {
            (Some(outcome), Some(via), _) => {
                self.calls[id].callee = via;
                self.reply(id, outcome, cx);
            }
            (_, _, Some((shard, moved))) => self.ask_again(id, &call, (shard, moved), cx),
            (Some(_) | None, _, None) => {}
        }
    }

    /// The caller asks the shard that it was told, and learns if that is for good.
    fn ask_again(&mut self, id: CallId, call: &Call, (shard, moved): (u32, bool), cx: &mut Context<Event>) {
        let (key, writes) = (self.key_of(call), self.writes[usize::from(call.class)]);
        self.let_row_go(call, cx);
        let Some(division) = self.nodes[usize::from(call.callee.node)].division() else { return };
        let home = division.shard_of[usize::from(call.callee.server)] as u32;
        if let (true, Some(resharding), Some(picked)) = (moved, &division.resharding, call.picked)
            && let Some(shards) = &mut self.dispatches[picked.dispatch as usize].shards
        {
            if call.asked == Asked::Shard {
                shards.learn_all(&resharding.custody);
            } else {
                shards.learn(resharding.name_at(shard, key, writes), &resharding.custody);
            }
        }
        let Some((callee, picked)) = self.row_of_shard(call, shard, key, cx) else {
            self.calls[id].picked = None;
            return self.on_reply(id, Outcome::Failure(Reason::NoBackend), cx);
        };
        self.calls[id].picked = picked;
        self.change_detour(id, |detour| {
            (detour.told, detour.turned, detour.asking) = (None, false, !moved && shard != home);
        });
        let from = self.caller_site(call);
        self.go_from(id, from, callee, cx);
    }

    /// The view that sent a call hears that it was answered.
    fn let_row_go(&mut self, call: &Call, cx: &mut Context<Event>) {
        let Some(picked) = call.picked else { return };
        let (now, row) = (cx.now(), usize::from(picked.row));
        let view = &mut self.dispatches[picked.dispatch as usize];
        let decided = view.on_reply(now, row, now.since(call.sent), Outcome::Success, None);
        if view.care.is_some() {
            self.log_care(picked, decided, cx);
        }
    }

    /// Who answers for a shard in the eyes of a call's caller.
    fn row_of_shard(
        &mut self,
        call: &Call,
        shard: u32,
        key: u64,
        cx: &Context<Event>,
    ) -> Option<(Instance, Option<Picked>)> {
        let Some(Picked { dispatch, .. }) = call.picked else {
            return Some((self.leader_of_shard(call.callee, shard), None));
        };
        let query =
            Query { shard: Some(shard as u16), replica: None, writes: self.writes[usize::from(call.class)] };
        let view = &mut self.dispatches[dispatch as usize];
        let row = view.pick(cx.now(), (&Ask { key, ..Ask::default() }, query), &[])?;
        view.on_send(cx.now(), row);
        Some((view.targets[row], Some(Picked { dispatch, row: row as u16 })))
    }

    /// Calls that waited for a key to be handed over ask again, unless it still is.
    pub(super) fn release_held(&mut self, node: u16, cx: &mut Context<Event>) {
        let Some(resharding) = self.resharding(node).filter(|it| !it.held.is_empty()) else { return };
        for id in std::mem::take(&mut resharding.held) {
            let Some(call) = self.calls.get(id).copied() else { continue };
            let writes = self.writes[usize::from(call.class)];
            match self.verdict(id, &call, writes) {
                Some(Verdict::Wait) => self.resharding(node).into_iter().for_each(|it| it.held.push(id)),
                Some(Verdict::Moved(shard)) => self.pass_on_held(id, &call, (shard, true), cx),
                Some(Verdict::Ask(shard)) => self.pass_on_held(id, &call, (shard, false), cx),
                Some(Verdict::Serve) | None => self.say(id, call.callee, None, cx),
            }
        }
    }

    /// A server goes down: those that waited there for a key to be handed over hear that.
    pub(super) fn fail_held(&mut self, at: Instance, cx: &mut Context<Event>) {
        let Some(resharding) = self.resharding(at.node).filter(|it| !it.held.is_empty()) else { return };
        for id in std::mem::take(&mut resharding.held) {
            if self.calls.get(id).is_some_and(|call| call.callee == at) {
                self.reply(id, Outcome::Failure(Reason::Crashed), cx);
            } else {
                self.resharding(at.node).into_iter().for_each(|it| it.held.push(id));
            }
        }
    }

    fn pass_on_held(
        &mut self,
        id: CallId,
        call: &Call,
        (shard, moved): (u32, bool),
        cx: &mut Context<Event>,
    ) {
        let at = call.callee;
        if self.resharding(at.node).is_some_and(|it| it.routing == Routing::AnyNode) {
            self.change_detour(id, |detour| {
                (detour.asking, detour.turned, detour.via) = (!moved, false, detour.via.or(Some(at)));
            });
            return self.go_to(id, at, self.leader_of_shard(at, shard), cx);
        }
        self.say(id, at, Some((shard, moved)), cx);
    }
}
