//! Faults: begin and end, and what they do to servers and the network while they last.

use sim_core::{
    random::{Stream, distribution::Distribution},
    simulation::Context,
    time::{SimDuration, SimTime},
};

use super::{network::Disturbance, server::Ailment};
use crate::{
    event::Event,
    policy::execution::Execute,
    report::Decision,
    request::{Awaited, CallId, Instance, Outcome, Phase, Reason},
    world::World,
};

/// A fault of the file, ready to strike.
#[derive(Debug)]
pub struct Fault {
    /// What it does.
    pub effect: Effect,
    /// Its name in logs: `Crash of web[3]`.
    pub name: String,
    /// When it strikes.
    pub schedule: Schedule,
    /// The servers it strikes; together, or each by itself with a renewal.
    pub targets: Vec<Strike>,
    /// The sites whose messages it disturbs.
    pub sites: Vec<bool>,
}

/// A target of a fault.
#[derive(Debug)]
pub struct Strike {
    /// The servers.
    pub servers: Vec<Instance>,
    /// Whether it lasts now.
    pub active: bool,
    /// Chance of when it strikes again.
    pub random: Stream,
}

/// When a fault strikes.
#[derive(Clone, Debug)]
pub enum Schedule {
    /// Once.
    Once {
        /// From then.
        at: SimTime,
        /// Until then.
        until: Option<SimTime>,
    },
    /// Again and again.
    Renewal {
        /// From repair to failure.
        between: Distribution,
        /// From failure to repair.
        repair: Distribution,
    },
}

/// What a fault does while it lasts.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Servers are down.
    Down,
    /// A share of the workers remains.
    Remaining(f64),
    /// Everything takes so many times as long.
    Factor(f64),
    /// A share of requests fails after the work.
    Errors(f64),
    /// Every request fails at once, after so long.
    FailsFast(SimDuration),
    /// Nothing is answered.
    Silent,
    /// Messages are delayed.
    Delay(Distribution),
    /// A share of messages is lost; 1 for a partition.
    Loss(f64),
}

impl World {
    /// Schedules the first strike of every fault.
    pub(crate) fn begin_faults(&mut self, cx: &mut Context<Event>) {
        for fault in 0..self.faults.len() as u16 {
            for target in 0..self.faults[usize::from(fault)].targets.len() as u16 {
                let at = match self.faults[usize::from(fault)].schedule {
                    Schedule::Once { at, .. } => at,
                    Schedule::Renewal { .. } => self.next_turn_of(fault, target, true, cx.now()),
                };
                cx.at(at, Event::Fault { fault, target, begins: true });
            }
        }
    }

    /// When a renewing fault begins, or ends, after `now`.
    fn next_turn_of(&mut self, fault: u16, target: u16, begins: bool, now: SimTime) -> SimTime {
        let fault = &mut self.faults[usize::from(fault)];
        let Schedule::Renewal { between, repair } = &fault.schedule else { return SimTime::NEVER };
        let length = if begins { between } else { repair };
        now + SimDuration::from_nanos_f64(
            length.sample(fault.targets[usize::from(target)].random.bits()).max(1.0),
        )
    }

    /// A fault begins or ends.
    pub(crate) fn on_fault(&mut self, number: u16, target: u16, begins: bool, cx: &mut Context<Event>) {
        let now = cx.now();
        self.faults[usize::from(number)].targets[usize::from(target)].active = begins;
        match self.faults[usize::from(number)].schedule {
            Schedule::Once { until, .. } => {
                if let (true, Some(until)) = (begins, until) {
                    cx.at(until, Event::Fault { fault: number, target, begins: false });
                }
            }
            Schedule::Renewal { .. } => {
                let at = self.next_turn_of(number, target, !begins, now);
                cx.at(at, Event::Fault { fault: number, target, begins: !begins });
            }
        }
        let what = if begins { "begins" } else { "ends" };
        let who = self.faults[usize::from(number)].name.clone();
        self.decisions.push(Decision { at: now.as_secs_f64(), who, what: what.into() });
        self.disturb_network(number, begins);
        let servers = self.faults[usize::from(number)].targets[usize::from(target)].servers.clone();
        for server in servers {
            self.fall_ill(server, cx);
        }
    }

    fn disturb_network(&mut self, number: u16, begins: bool) {
        let fault = &self.faults[usize::from(number)];
        let (delay, loss) = match &fault.effect {
            Effect::Delay(delay) => (Some(delay.clone()), 0.0),
            Effect::Loss(loss) => (None, *loss),
            Effect::Down
            | Effect::Remaining(_)
            | Effect::Factor(_)
            | Effect::Errors(_)
            | Effect::FailsFast(_)
            | Effect::Silent => return,
        };
        if begins {
            self.network.disturb(number, Disturbance { sites: fault.sites.clone(), delay, loss });
        } else {
            self.network.calm(number);
        }
    }

    /// Brings a server's state in line with the faults that last.
    fn fall_ill(&mut self, at: Instance, cx: &mut Context<Event>) {
        let now = cx.now();
        let ailment = self.ailment_of(at);
        let server = &mut self.nodes[usize::from(at.node)].servers[usize::from(at.server)];
        let before = server.suffer(ailment.clone());
        if before.is_failure() != ailment.is_failure() {
            self.dispatches.iter_mut().for_each(|view| view.on_truth(now, at, ailment.is_failure()));
        }
        let server = &mut self.nodes[usize::from(at.node)].servers[usize::from(at.server)];
        if before.up && !ailment.up {
            return self.crash(at, cx);
        }
        if !before.up && ailment.up {
            server.started = now;
            self.refill_shelf(at, now);
            self.recover_transactions(at, cx);
        }
        let server = &mut self.nodes[usize::from(at.node)].servers[usize::from(at.server)];
        let speed = server.speed();
        if let Some(host) = &mut server.host {
            host.executor.set_capacity(now, speed / ailment.factor, ailment.remaining);
            self.settle_host(at, cx);
            return self.offer_if_idle(at);
        }
        if before.factor != ailment.factor || before.up != ailment.up {
            self.stretch(at, before.factor, ailment.factor, cx);
        }
        self.serve_next(at, cx);
    }

    /// All faults that strike a server now, taken together.
    fn ailment_of(&self, at: Instance) -> Ailment {
        let mut ailment = Ailment::default();
        for fault in &self.faults {
            let strikes = fault.targets.iter().any(|target| target.active && target.servers.contains(&at));
            if !strikes {
                continue;
            }
            match fault.effect {
                Effect::Down => ailment.up = false,
                Effect::Remaining(share) => ailment.remaining *= share,
                Effect::Factor(factor) => ailment.factor *= factor,
                Effect::Errors(share) => ailment.errors = 1.0 - (1.0 - ailment.errors) * (1.0 - share),
                Effect::FailsFast(latency) => ailment.fails_fast = Some(latency),
                Effect::Silent => ailment.silent = true,
                Effect::Delay(_) | Effect::Loss(_) => {}
            }
        }
        ailment
    }

    /// Calls at a server that wait, compute or call, in order of their arena.
    fn calls_at(&self, at: Instance) -> Vec<CallId> {
        let there = |phase| matches!(phase, Phase::Waiting | Phase::Running | Phase::Calling);
        self.calls
            .iter()
            .filter(|(_, call)| call.callee == at && there(call.phase))
            .map(|(id, _)| id)
            .collect()
    }

    /// A server goes down: everything it held fails.
    fn crash(&mut self, at: Instance, cx: &mut Context<Event>) {
        let now = cx.now();
        self.nodes[usize::from(at.node)].servers[usize::from(at.server)].evacuate();
        self.lose_shelf(at, cx);
        self.leave_replicas(at, cx);
        self.fail_held(at, cx);
        for id in self.calls_at(at) {
            if self.tasks.is_task(id) {
                // Branches end with whoever waits for them.
                if !self.tasks.is_branch(id) {
                    self.drop_task(id, Reason::Crashed, cx);
                }
                continue;
            }
            self.clear(id, cx);
            let Some(call) = self.calls.get(id).copied() else { continue };
            let node = &mut self.nodes[usize::from(at.node)];
            node.forget(id);
            node.on_leave(at.server, now, call.arrived, Outcome::Failure(Reason::Crashed));
            let server = &mut node.servers[usize::from(at.server)];
            match call.phase {
                Phase::Waiting => server.take_out(call.ticket, now),
                Phase::Running | Phase::Calling => {
                    let works = server.host.is_none();
                    if works && (call.phase == Phase::Running || self.holds_worker(&call)) {
                        let server = &mut self.nodes[usize::from(at.node)].servers[usize::from(at.server)];
                        server.ledger.on_stop(now, call.started);
                    }
                }
                Phase::Travelling | Phase::Returning | Phase::Lost => {}
            }
            if let Some(call) = self.calls.get_mut(id) {
                // It is done: whoever hears of what is abandoned may give it up in turn.
                (call.phase, call.awaits) = (Phase::Returning, Awaited::Nothing);
            }
            self.abandon_awaited(call.awaits, cx);
            self.reply(id, Outcome::Failure(Reason::Crashed), cx);
        }
        self.settle_host(at, cx);
    }

    /// What computes at a server goes on at another speed.
    fn stretch(&mut self, at: Instance, before: f64, after: f64, cx: &mut Context<Event>) {
        let now = cx.now();
        for id in self.calls_at(at) {
            let Some(call) = self.calls.get_mut(id) else { continue };
            if call.phase != Phase::Running {
                continue;
            }
            let server = &self.nodes[usize::from(at.node)].servers[usize::from(at.server)];
            // Work done since it resumed, at the speed that held until now.
            let done = now.since(call.resumed).as_nanos() as f64 * (server.speed() / before);
            call.work = SimDuration::from_nanos_f64((call.work.as_nanos() as f64 - done).max(0.0));
            debug_assert!(after > 0.0, "a factor above 0 was checked");
            self.compute(id, cx);
        }
    }
}
