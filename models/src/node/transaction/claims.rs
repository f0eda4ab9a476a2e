//! Keys that are held: who needs one waits before it takes a worker, so that nobody who could give it back waits behind
//! it.

use sim_core::{
    simulation::Context,
    time::{SimDuration, SimTime},
};

use super::{Claims, Holder};
use crate::{
    event::Event,
    measure::AbortCause as Cause,
    policy::transaction::Request,
    request::{CallId, Instance, Phase, Reason},
    world::World,
};

impl World {
    /// A write of one key claims it.
    pub(super) fn claim_for_write(&mut self, id: CallId, key: u64, cx: &mut Context<Event>) {
        let age = self.transactions.next_age();
        self.transactions.writes.insert(id, Claims { keys: vec![key], age, ..Claims::default() });
        self.claim(id, cx);
    }

    /// The claims of a call, and in whose name.
    fn claims(&mut self, id: CallId) -> Option<(Holder, &mut Claims)> {
        if let Some((transaction, party)) = self.transactions.parts.get(id).copied() {
            let party = self.transactions.all.get_mut(transaction)?.parties.get_mut(party)?;
            return (party.call == Some(id)).then_some((Holder::Transaction(transaction), &mut party.claims));
        }
        self.transactions.writes.get_mut(id).map(|claims| (Holder::Write(id), claims))
    }

    /// A call claims one key after another; with all of them it comes to its server.
    pub(super) fn claim(&mut self, id: CallId, cx: &mut Context<Event>) {
        let Some(at) = self.calls.get(id).map(|call| call.callee) else { return };
        loop {
            let Some((holder, claims)) = self.claims(id) else { return };
            let (age, next) = (claims.age, claims.keys.get(claims.since.len()).copied());
            let Some(key) = next else { return self.admit(id, cx) };
            let Some(own) = self.participation(at.node) else { return };
            let answer = own.locks[usize::from(at.server)].request(key, holder, age);
            own.book.totals.claims += 1;
            own.book.totals.lock_waits += u64::from(answer != Request::Granted);
            match answer {
                Request::Granted => self.hold(id, cx.now()),
                Request::Waits => return self.stand_in_line(id, cx),
                Request::Refused => return self.give_up_claims(id, cx),
            }
        }
    }

    fn hold(&mut self, id: CallId, now: SimTime) {
        if let Some((_, claims)) = self.claims(id) {
            claims.since.push(now);
            claims.waits = false;
        }
    }

    fn stand_in_line(&mut self, id: CallId, cx: &mut Context<Event>) {
        if let Some((_, claims)) = self.claims(id) {
            claims.waits = true;
        }
        let Some(call) = self.calls.get_mut(id) else { return };
        call.phase = Phase::Waiting;
        call.run = call.run.wrapping_add(1);
        let (at, run) = (call.callee, call.run);
        let patience =
            self.participation(at.node).and_then(|own| own.locks[usize::from(at.server)].patience());
        if let Some(patience) = patience {
            cx.after(patience, Event::Claim { call: id, run, granted: false });
        }
    }

    /// A call has the key that it waited for, or has waited for too long.
    pub(crate) fn on_claim(&mut self, id: CallId, run: u16, granted: bool, cx: &mut Context<Event>) {
        if self.calls.get(id).is_none_or(|call| call.run != run || call.phase != Phase::Waiting) {
            return;
        }
        match (granted, self.claims(id).is_some_and(|(_, claims)| claims.waits)) {
            (true, false) => self.claim(id, cx),
            (false, true) => self.give_up_claims(id, cx),
            (true, true) | (false, false) => {}
        }
    }

    /// A call does not get what it needs: it fails.
    fn give_up_claims(&mut self, id: CallId, cx: &mut Context<Event>) {
        self.blame(id, Cause::Locked);
        self.clear_claims(id, cx);
        self.leave_line(id, Reason::Error, cx);
    }

    /// Keys are given back; each goes to the next in line.
    pub(super) fn release_claims(
        &mut self,
        at: Instance,
        holder: Holder,
        claims: &Claims,
        cx: &mut Context<Event>,
    ) {
        let now = cx.now();
        let waited_for = claims.since.len() + usize::from(claims.waits);
        for (number, key) in claims.keys.iter().take(waited_for).enumerate() {
            let Some(own) = self.participation(at.node) else { return };
            if let Some(since) = claims.since.get(number) {
                own.book.on_release(now.since(*since));
            }
            if let Some(next) = own.locks[usize::from(at.server)].release(*key, holder) {
                self.grant_key(next, at, cx);
            }
        }
    }

    /// A key goes to one who waited for it.
    fn grant_key(&mut self, holder: Holder, at: Instance, cx: &mut Context<Event>) {
        let call = match holder {
            Holder::Write(call) => Some(call),
            Holder::Transaction(id) => self.transactions.all.get(id).and_then(|transaction| {
                transaction.parties.iter().find(|party| party.at == at).and_then(|party| party.call)
            }),
        };
        let Some(id) = call else { return };
        self.hold(id, cx.now());
        if let Some(call) = self.calls.get_mut(id) {
            call.run = call.run.wrapping_add(1);
            // Not at once: whoever gives back may be in the middle of a crash.
            cx.after(SimDuration::ZERO, Event::Claim { call: id, run: call.run, granted: true });
        }
    }
}
