//! Sections: steps that need a permit of a resource. A resource is a station of its own: who comes waits for a permit,
//! is served while it is held, and leaves.

use sim_core::{
    simulation::Context,
    time::{SimDuration, SimTime},
};

use super::tracing::record;
use crate::{
    event::Event,
    measure::{Ages, Ledger, Times, Windows},
    policy::semaphore::Semaphore,
    request::{CallId, Outcome, Reason},
    world::{Role, World},
};

/// What some steps of a component need a permit of.
#[derive(Clone, Debug)]
pub struct Resource {
    /// `web.lock`.
    pub name: String,
    /// How many may hold each gate at once.
    pub permits: u32,
    /// One for each server, or one for all.
    pub gates: Vec<Gate>,
    /// Distributions over all gates.
    pub times: Times,
    /// How long the longest waiting at any gate has waited.
    pub ages: Ages,
}

/// Permits, who waits for them, and their books.
#[derive(Clone, Debug)]
pub struct Gate {
    semaphore: Semaphore<CallId>,
    /// Its books: from asking to giving back.
    pub ledger: Ledger,
}

/// A permit that a call holds or waits for.
#[derive(Clone, Copy, Debug)]
pub struct Permit {
    /// Of which of its component's resources.
    resource: u16,
    /// Behind which step it was asked for.
    place: u16,
    /// When it was asked for.
    asked: SimTime,
    /// When it was had; while it is waited for, not yet.
    had: Option<SimTime>,
}

impl Resource {
    /// A resource with so many gates.
    pub fn new(name: String, permits: u32, gates: usize, windows: &Windows) -> Self {
        let gate = Gate { semaphore: Semaphore::new(permits), ledger: Ledger::new(windows) };
        let (times, ages) = (Times::fine(windows), Ages::new(windows));
        Self { name, permits, gates: vec![gate; gates], times, ages }
    }

    fn gate(&mut self, server: u16) -> &mut Gate {
        let last = self.gates.len() - 1;
        &mut self.gates[usize::from(server).min(last)]
    }

    /// Looks at how long the longest waiting has waited.
    pub fn look_at_ages(&mut self, now: SimTime, windows: &Windows) {
        let oldest = self.gates.iter().filter_map(|gate| gate.semaphore.oldest()).min();
        self.ages.look(oldest.map_or(SimDuration::ZERO, |joined| now.since(joined)), windows);
    }
}

impl Permit {
    /// When it was asked for, and since when it is held, if it is.
    pub const fn times(&self) -> (SimTime, Option<SimTime>) {
        (self.asked, self.had)
    }

    /// Which gate it is of: the component's resource and its gate.
    pub fn gate_of(&self, resources: &[Resource], server: u16) -> (usize, usize) {
        let resource = usize::from(self.resource);
        (resource, usize::from(server).min(resources[resource].gates.len() - 1))
    }
}

impl World {
    /// A call needs a permit; whether it has it at once.
    pub(super) fn enter_section(&mut self, id: CallId, number: u16, now: SimTime) -> bool {
        let Self { calls, nodes, tasks, .. } = self;
        let Some(call) = calls.get(id) else { return false };
        let Role::Service(service) = &mut nodes[usize::from(call.callee.node)].role else { return false };
        let resource = &mut service.resources[usize::from(number)];
        let gate = resource.gate(call.callee.server);
        gate.ledger.on_arrival(now);
        let entered = gate.semaphore.enter(now, id);
        if entered {
            gate.ledger.on_start(now, SimDuration::ZERO);
            resource.times.on_start(SimDuration::ZERO);
        } else {
            gate.ledger.set_queued(now, gate.semaphore.waiting());
        }
        if call.traced {
            record(&mut self.tracer, |tracer| tracer.ask_permit(id, &resource.name, entered, now));
        }
        let had = entered.then_some(now);
        tasks.note_permit(id, Permit { resource: number, place: call.step, asked: now, had });
        entered
    }

    /// A call gives back the permit it asked for last, or no longer waits for it.
    pub(super) fn leave_section(&mut self, id: CallId, cx: &mut Context<Event>) {
        let now = cx.now();
        let Some(call) = self.calls.get(id) else { return };
        let (at, traced) = (call.callee, call.traced);
        let Some(permit) = self.tasks.take_permit(id) else { return };
        if traced && permit.had.is_some() {
            record(&mut self.tracer, |tracer| tracer.release(id, now));
        }
        let Self { nodes, .. } = self;
        let Role::Service(service) = &mut nodes[usize::from(at.node)].role else { return };
        let resource = &mut service.resources[usize::from(permit.resource)];
        let gate = resource.gate(at.server);
        let Some(had) = permit.had else {
            gate.semaphore.withdraw(id);
            gate.ledger.set_queued(now, gate.semaphore.waiting());
            let outcome = Outcome::Failure(Reason::Cancelled);
            return gate.ledger.on_leave(now, permit.asked, outcome);
        };
        gate.ledger.on_stop(now, had);
        gate.ledger.on_leave(now, permit.asked, Outcome::Success);
        let next = gate.semaphore.leave();
        gate.ledger.set_queued(now, gate.semaphore.waiting());
        resource.times.on_leave(now.since(permit.asked));
        if let Some(next) = next {
            self.grant(next, cx);
        }
    }

    /// A call that waited has its permit and goes on.
    fn grant(&mut self, id: CallId, cx: &mut Context<Event>) {
        let now = cx.now();
        let Some(call) = self.calls.get(id) else { return };
        let (at, traced) = (call.callee, call.traced);
        let Some(permit) = self.tasks.last_permit(id) else { return };
        permit.had = Some(now);
        let (wait, number) = (now.since(permit.asked), permit.resource);
        let Self { nodes, .. } = self;
        if let Role::Service(service) = &mut nodes[usize::from(at.node)].role {
            let resource = &mut service.resources[usize::from(number)];
            resource.gate(at.server).ledger.on_start(now, wait);
            resource.times.on_start(wait);
            if traced {
                record(&mut self.tracer, |tracer| tracer.have_permit(id, &resource.name, now));
            }
        }
        // Not at once: whoever gives back may be in the middle of a crash.
        self.go_on_after(id, SimDuration::ZERO, cx);
    }

    /// A call gives back every permit it asked for behind this step, the last one first.
    pub(super) fn give_back(&mut self, id: CallId, from: u16, cx: &mut Context<Event>) {
        while self.tasks.last_permit(id).is_some_and(|permit| permit.place > from) {
            self.leave_section(id, cx);
        }
    }
}
