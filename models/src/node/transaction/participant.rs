//! Participants: take part, promise or refuse, hold their keys until they learn how it ended.

use sim_core::{random::unit, simulation::Context, time::SimDuration};

use super::{Holder, REFUSE, TransactionId};
use crate::{
    event::Event,
    measure::AbortCause as Cause,
    node::service::DEMAND,
    policy::transaction::Stand,
    request::{Asked, Call, CallId, Reason},
    world::World,
};

impl World {
    /// A call that may have to hold keys comes to a shard.
    pub(in crate::node) fn admit_at_shard(&mut self, id: CallId, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id).copied() else { return };
        match call.asked {
            Asked::Prepare | Asked::Alone => self.take_part(id, &call, cx),
            Asked::Undo => self.take_back(id, &call, cx),
            Asked::Commit | Asked::Abort => {
                self.calls[id].work = SimDuration::ZERO;
                self.admit(id, cx);
            }
            Asked::Serve | Asked::Shard | Asked::Apply if self.writes[usize::from(call.class)] => {
                let key = self.key_of(&call);
                if self.stores(call.callee, key) {
                    self.claim_for_write(id, key, cx);
                } else {
                    self.admit(id, cx);
                }
            }
            Asked::Serve
            | Asked::Get
            | Asked::Put
            | Asked::Drop
            | Asked::Take
            | Asked::Accept
            | Asked::HandDown
            | Asked::Shard
            | Asked::Lookup
            | Asked::Entry
            | Asked::Copy
            | Asked::Validate
            | Asked::Apply
            | Asked::Peek
            | Asked::Released => self.admit(id, cx),
        }
    }

    /// A participant is asked to work: it claims its keys first. Who asks again is answered as before.
    fn take_part(&mut self, id: CallId, call: &Call, cx: &mut Context<Event>) {
        let Some((transaction, number)) = self.part_of_transaction(call) else {
            return self.leave_line(id, Reason::Error, cx);
        };
        self.transactions.parts.insert(id, (transaction, number));
        let Some(known) = self.transactions.all.get_mut(transaction) else { return };
        if matches!(known.agreement.stand(number), Stand::Prepared | Stand::Committed) {
            self.calls[id].work = SimDuration::ZERO;
            return self.admit(id, cx);
        }
        if !known.agreement.begin(number) {
            return self.leave_line(id, Reason::Error, cx);
        }
        let party = &mut known.parties[number];
        (party.at, party.call) = (call.callee, Some(id));
        self.set_work(id, call, transaction, number);
        self.claim(id, cx);
    }

    /// A participant of a saga is asked to undo what it did.
    fn take_back(&mut self, id: CallId, call: &Call, cx: &mut Context<Event>) {
        let part = self.transactions.parts.get(id).copied();
        let known = part.and_then(|(transaction, number)| {
            Some((transaction, number, self.transactions.all.get_mut(transaction)?))
        });
        let Some((transaction, number, known)) = known else { return self.leave_line(id, Reason::Error, cx) };
        let undone = known.agreement.stand(number) != Stand::Committed;
        let party = &mut known.parties[number];
        if party.call.is_some() {
            return self.leave_line(id, Reason::Error, cx);
        }
        if undone {
            self.calls[id].work = SimDuration::ZERO;
            return self.admit(id, cx);
        }
        party.call = Some(id);
        self.set_work(id, call, transaction, number);
        self.claim(id, cx);
    }

    /// Which participant of which transaction a coordinator's call is for.
    fn part_of_transaction(&self, call: &Call) -> Option<(TransactionId, usize)> {
        let owner = self.tasks.whole(call.parent?);
        let transaction = self.transactions.owned.get(owner).copied()?;
        let division = self.nodes[usize::from(call.callee.node)].division()?;
        let shard = *division.shard_of.get(usize::from(call.callee.server))? as u32;
        let known = self.transactions.all.get(transaction)?;
        let number = known.parties.iter().position(|party| party.shard == shard)?;
        Some((transaction, number))
    }

    /// Each key takes a write's computing.
    fn set_work(&mut self, id: CallId, call: &Call, transaction: TransactionId, number: usize) {
        let keys =
            self.transactions.all.get(transaction).map_or(0, |known| known.parties[number].claims.keys.len());
        let Some(own) = self.participation(call.callee.node) else { return };
        let work: f64 = (0..keys as u64).map(|key| own.write.sample(call.need.at(DEMAND, key))).sum();
        self.calls[id].work = SimDuration::from_nanos_f64(work);
    }

    /// A participant has worked: it promises, or refuses.
    pub(super) fn vote(&mut self, id: CallId, cx: &mut Context<Event>) {
        let now = cx.now();
        let Some((transaction, number)) = self.transactions.parts.get(id).copied() else {
            return self.fail(id, Reason::Error, cx);
        };
        let refuses = self.refuses(id, transaction);
        let Some(known) = self.transactions.all.get_mut(transaction) else {
            return self.fail(id, Reason::Error, cx);
        };
        known.messages += 1;
        if !refuses && known.agreement.promise(number) {
            known.parties[number].promised = now;
            return self.next_step(id, cx);
        }
        let promised = known.agreement.stand(number) == Stand::Prepared;
        if promised { self.next_step(id, cx) } else { self.fail(id, Reason::Error, cx) }
    }

    /// A participant that needs nobody else has worked: it commits, or refuses.
    pub(super) fn commit_alone(&mut self, id: CallId, cx: &mut Context<Event>) {
        let Some((transaction, number)) = self.transactions.parts.get(id).copied() else {
            return self.fail(id, Reason::Error, cx);
        };
        let refuses = self.refuses(id, transaction);
        let Some(known) = self.transactions.all.get_mut(transaction) else {
            return self.fail(id, Reason::Error, cx);
        };
        known.messages += 1;
        if !refuses && known.agreement.commit_alone(number) {
            self.publish(id, transaction, number, cx);
            self.expose(transaction, number);
            self.release_party(transaction, number, cx);
            return self.next_step(id, cx);
        }
        let done = known.agreement.stand(number) == Stand::Committed;
        if done { self.next_step(id, cx) } else { self.fail(id, Reason::Error, cx) }
    }

    /// Whether a participant that could does not want to.
    fn refuses(&mut self, id: CallId, transaction: TransactionId) -> bool {
        let (Some(call), Some(known)) = (self.calls.get(id), self.transactions.all.get(transaction)) else {
            return true;
        };
        let refuses = known.deed.refuse > 0.0 && unit(call.luck.at(REFUSE, 0)) < known.deed.refuse;
        if refuses {
            self.blame(id, Cause::Refused);
        }
        refuses
    }

    /// A participant learns how it ended: its keys are free.
    pub(super) fn learn(&mut self, id: CallId, cx: &mut Context<Event>) {
        let now = cx.now();
        let (part, call) = (self.transactions.parts.get(id).copied(), self.calls.get(id).copied());
        let (Some((transaction, number)), Some(call)) = (part, call) else { return self.next_step(id, cx) };
        let Some(known) = self.transactions.all.get_mut(transaction) else { return self.next_step(id, cx) };
        let (before, database) = (known.agreement.learn(number), known.database);
        let doubt = now.since(known.parties[number].promised);
        match before {
            Some(Stand::Prepared) => {
                if let Some(own) = self.participation(database) {
                    own.book.on_certainty(doubt);
                }
                if call.asked == Asked::Commit {
                    self.publish(id, transaction, number, cx);
                }
            }
            Some(Stand::Committed) => {
                if let Some(own) = self.participation(database) {
                    own.book.totals.compensated += 1;
                }
                self.take_from_sight(transaction, number);
                self.publish(id, transaction, number, cx);
            }
            Some(Stand::Idle | Stand::Working | Stand::Aborted | Stand::Undone) | None => {}
        }
        if before.is_some() {
            self.release_party(transaction, number, cx);
        }
        self.send_acknowledgement(&call, transaction, number as u16, cx);
        self.next_step(id, cx);
    }

    /// What a participant wrote is true from now on.
    fn publish(&mut self, id: CallId, transaction: TransactionId, number: usize, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id).copied() else { return };
        let node = call.callee.node;
        if !self.truth.follows(node) {
            return;
        }
        let Some(known) = self.transactions.all.get(transaction) else { return };
        for key in known.parties[number].claims.keys.clone() {
            self.truth.change(node, key, cx.now());
            self.invalidate(node, key, &call, cx);
        }
    }

    /// A participant gives its keys back; one that waited for one of them fails.
    fn release_party(&mut self, transaction: TransactionId, number: usize, cx: &mut Context<Event>) {
        let Some(party) = self.transactions.all.get_mut(transaction).map(|known| &mut known.parties[number])
        else {
            return;
        };
        let (at, held) = (party.at, party.claims.clone());
        (party.claims.since, party.claims.waits) = (Vec::new(), false);
        let waiting = party.call.filter(|_| held.waits);
        self.release_claims(at, Holder::Transaction(transaction), &held, cx);
        if let Some(waiting) = waiting {
            self.leave_line(waiting, Reason::Error, cx);
        }
    }

    /// Why a participant's transaction comes to nothing, unless something went wrong before.
    pub(super) fn blame(&mut self, id: CallId, cause: Cause) {
        let known = self.transactions.parts.get(id).and_then(|(id, _)| self.transactions.all.get_mut(*id));
        if let Some(known) = known {
            known.cause.get_or_insert(cause);
            known.messages += u64::from(cause == Cause::Locked);
        }
    }

    /// A call ends: keys it holds for itself are free, a participant that has promised nothing gives up, and a
    /// coordinator that has not decided leaves its participants to whoever comes after it.
    pub(in crate::node) fn clear_claims(&mut self, id: CallId, cx: &mut Context<Event>) {
        if let Some(claims) = self.transactions.writes.remove(id)
            && let Some(at) = self.calls.get(id).map(|call| call.callee)
        {
            self.release_claims(at, Holder::Write(id), &claims, cx);
        }
        if let Some((transaction, number)) = self.transactions.parts.remove(id) {
            self.end_part(id, transaction, number, cx);
        }
        if let Some(transaction) = self.transactions.owned.remove(id) {
            self.desert(transaction, cx);
        }
    }

    fn end_part(&mut self, id: CallId, transaction: TransactionId, number: usize, cx: &mut Context<Event>) {
        let Some(known) = self.transactions.all.get_mut(transaction) else { return };
        if known.parties[number].call != Some(id) {
            return;
        }
        known.parties[number].call = None;
        if known.agreement.give_up(number) {
            known.cause.get_or_insert(Cause::Failed);
        }
        if known.agreement.stand(number) != Stand::Prepared {
            self.release_party(transaction, number, cx);
        }
        self.close_if_over(transaction);
    }
}
