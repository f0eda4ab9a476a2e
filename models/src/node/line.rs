//! Before a server: calls stand in its line, are turned away, or leave it unserved; an idle one offers itself.

use sim_core::{simulation::Context, time::SimDuration};

use crate::{
    event::Event,
    policy::discipline::Pushed,
    request::{CallId, Instance, Outcome, Phase, Reason},
    world::World,
};

impl World {
    /// A call stands in its server's line, if that takes it.
    #[inline(always)]
    pub(super) fn stand_in_queue(&mut self, id: CallId, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get_mut(id) else { return };
        let server = &mut self.nodes[usize::from(call.callee.node)].servers[usize::from(call.callee.server)];
        match server.enqueue(id, call, cx.now(), &self.windows) {
            Pushed::Queued(ticket) => {
                call.phase = Phase::Waiting;
                call.ticket = Some(ticket);
            }
            Pushed::Displaced(ticket, oldest) => {
                call.phase = Phase::Waiting;
                call.ticket = Some(ticket);
                self.leave_line(oldest.job, Reason::Displaced, cx);
            }
            Pushed::Refused(_) => self.leave_line(id, Reason::QueueFull, cx),
        }
    }

    /// A call is answered at the door: it came and went, and no worker saw it.
    pub(crate) fn turn_away(
        &mut self,
        id: CallId,
        reason: Reason,
        after: SimDuration,
        cx: &mut Context<Event>,
    ) {
        let now = cx.now();
        let Some(call) = self.calls.get_mut(id) else { return };
        let ledger =
            &mut self.nodes[usize::from(call.callee.node)].servers[usize::from(call.callee.server)].ledger;
        ledger.on_arrival(now, &self.windows);
        ledger.on_leave(now, now, Outcome::Failure(reason), &self.windows);
        if after.is_zero() {
            return self.reply(id, Outcome::Failure(reason), cx);
        }
        call.phase = Phase::Returning;
        cx.after(after, Event::Reply { call: id, outcome: Outcome::Failure(reason) });
    }

    /// An idle server offers itself to one of the balancers that keep a list of idle ones.
    #[inline(always)]
    pub(crate) fn offer_if_idle(&mut self, at: Instance) {
        let node = &mut self.nodes[usize::from(at.node)];
        if node.idle_watchers.is_empty() || node.servers[usize::from(at.server)].ledger.level > 0 {
            return;
        }
        let watchers = &node.idle_watchers[usize::from(at.server)];
        if watchers.is_empty() {
            return;
        }
        // A server stands in one queue of idle ones at most, even if it was given work by chance meanwhile.
        let stands =
            |(dispatch, row): &(u32, u16)| self.dispatches[*dispatch as usize].holds_offer(usize::from(*row));
        if watchers.iter().any(stands) {
            return;
        }
        let (dispatch, row) = watchers[node.random.below(watchers.len())];
        self.dispatches[dispatch as usize].on_idle(usize::from(row));
    }

    /// A call leaves the line unserved, or was never let in.
    pub(crate) fn leave_line(&mut self, id: CallId, reason: Reason, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id).copied() else { return };
        let ledger =
            &mut self.nodes[usize::from(call.callee.node)].servers[usize::from(call.callee.server)].ledger;
        ledger.on_leave(cx.now(), call.arrived, Outcome::Failure(reason), &self.windows);
        self.reply(id, Outcome::Failure(reason), cx);
    }
}
