//! A server: workers and a line, or an executor; its speed, its faults, its ledger.

use sim_core::{
    random::Stream,
    time::{SimDuration, SimTime},
};

use super::hosting::Host;
use crate::{
    measure::{Ages, Ledger, Level, Times, Totals, Windows},
    policy::{
        balancing::LoadReport,
        discipline::{Entry, Line, Popped, Pushed, Ticket},
        execution::Door,
    },
    request::{Call, CallId, Reason, Site},
};

/// One server of a pool, or one instance of a load balancer.
#[derive(Debug)]
pub struct Server {
    /// `web[3]`.
    pub name: String,
    /// Where it stands.
    pub site: Site,
    /// Its speed when well; 1 is normal.
    speed: f64,
    /// Its workers when well.
    workers: u32,
    /// Its weight for balancers.
    pub weight: u32,
    /// What faults do to it now.
    ailment: Ailment,
    /// What is left of it then, worked out once rather than for every call.
    now: Condition,
    /// When it started last.
    pub started: SimTime,
    /// Who waits.
    line: Line<CallId>,
    /// How many stand outside, of a line that blocks.
    pub blocked: Option<Box<Level>>,
    /// Who says who runs when, if its workers do not serve one by one.
    pub host: Option<Box<Host>>,
    /// Its books.
    pub ledger: Ledger,
    /// Its distributions, coarse; not kept for the only server of a component, whose own they would be.
    pub times: Times,
    /// How long the longest waiting has waited.
    pub ages: Ages,
    /// What it last told of its load.
    report: (SimTime, Totals, LoadReport),
}

/// What faults do to a server, all that are in force taken together.
#[derive(Clone, Debug, PartialEq)]
pub struct Ailment {
    /// It runs.
    pub up: bool,
    /// Share of the workers that remains.
    pub remaining: f64,
    /// How many times as long everything takes.
    pub factor: f64,
    /// Share of requests answered with an error after the work.
    pub errors: f64,
    /// It answers with an error at once, after so long.
    pub fails_fast: Option<SimDuration>,
    /// It takes requests and never answers.
    pub silent: bool,
}

impl Ailment {
    /// Whether no request is served, so that a detector should find it.
    pub fn is_failure(&self) -> bool {
        !self.up || self.silent || self.fails_fast.is_some()
    }
}

impl Default for Ailment {
    fn default() -> Self {
        Self { up: true, remaining: 1.0, factor: 1.0, errors: 0.0, fails_fast: None, silent: false }
    }
}

/// What a server can do as long as faults do not change.
#[derive(Clone, Copy, Debug)]
struct Condition {
    /// Whether it fails in any way.
    serves_nobody: bool,
    /// Workers that may be busy.
    workers: u32,
    /// Speed once warm.
    speed: f64,
}

/// How a server slows down while it warms up.
#[derive(Clone, Copy, Debug)]
pub struct WarmUp {
    /// How long it takes.
    pub duration: SimDuration,
    /// The share of speed it starts with.
    pub initial: f64,
}

impl Server {
    /// An idle server.
    pub fn new(name: String, site: Site, line: Line<CallId>, windows: &Windows) -> Self {
        let report = LoadReport { rate: 0.0, errors: 0.0, utilization: 0.0 };
        Self {
            name,
            site,
            speed: 1.0,
            workers: 1,
            weight: 1,
            ailment: Ailment::default(),
            now: Condition { serves_nobody: false, workers: 1, speed: 1.0 },
            started: SimTime::ZERO,
            line,
            blocked: None,
            host: None,
            ledger: Ledger::new(windows),
            times: Times::coarse(windows),
            ages: Ages::new(windows),
            report: (SimTime::ZERO, Totals::default(), report),
        }
    }

    /// Gives it so many workers of that speed.
    pub fn equip(&mut self, workers: u32, speed: f64) {
        (self.workers, self.speed) = (workers, speed);
        self.suffer(self.ailment.clone());
    }

    /// From now on faults do this to it; what they did before.
    pub fn suffer(&mut self, ailment: Ailment) -> Ailment {
        let workers = if ailment.remaining >= 1.0 {
            self.workers
        } else {
            (f64::from(self.workers) * ailment.remaining + 1e-9) as u32
        };
        let speed = self.speed / ailment.factor;
        self.now = Condition { serves_nobody: ailment.is_failure(), workers, speed };
        std::mem::replace(&mut self.ailment, ailment)
    }

    /// What faults do to it now.
    #[inline]
    pub const fn ailment(&self) -> &Ailment {
        &self.ailment
    }

    /// Whether it fails now in any way.
    #[inline]
    pub const fn serves_nobody(&self) -> bool {
        self.now.serves_nobody
    }

    /// Its speed when well; 1 is normal.
    pub const fn speed(&self) -> f64 {
        self.speed
    }

    /// Its workers when well.
    #[inline]
    pub const fn workers(&self) -> u32 {
        self.workers
    }

    /// Whether a worker is free.
    #[inline]
    pub fn has_room(&self) -> bool {
        self.ledger.busy < self.now.workers
    }

    /// Whether it has nothing to do: nobody is here, and no worker computes for what goes on by itself.
    pub fn is_idle(&self) -> bool {
        // What an executor keeps busy may be counted as busy until the end of the instant.
        self.ledger.level == 0 && (self.ledger.busy == 0 || self.host.is_some())
    }

    /// Its speed now.
    #[inline]
    pub fn speed_at(&self, now: SimTime, warm_up: Option<&WarmUp>) -> f64 {
        let speed = self.now.speed;
        let Some(warm_up) = warm_up else { return speed };
        // The first start of all is long ago: experiments begin with warm servers.
        let age = now.since(self.started);
        if self.started == SimTime::ZERO || age >= warm_up.duration {
            return speed;
        }
        let done = age.as_nanos() as f64 / warm_up.duration.as_nanos() as f64;
        speed * (warm_up.initial + (1.0 - warm_up.initial) * done)
    }

    /// The part of its speed that it has while it warms up.
    pub fn warmth(&self, now: SimTime, warm_up: Option<&WarmUp>) -> f64 {
        warm_up.map_or(1.0, |_| self.speed_at(now, warm_up) / self.speed_at(now, None))
    }

    /// How long the one who has waited longest has waited; zero if nobody waits.
    pub fn age(&self, now: SimTime) -> SimDuration {
        let inside = self.host.as_ref().and_then(|host| host.oldest());
        let oldest = self.line.oldest_arrival().into_iter().chain(inside).min();
        oldest.map_or(SimDuration::ZERO, |since| now.since(since))
    }

    /// Its line as its executor sees it.
    pub fn door(&self) -> Door {
        Door { waiting: self.line.len(), full: self.line.is_full() }
    }

    /// Takes out of the line who has waited longest.
    pub fn take_oldest(&mut self) -> Option<CallId> {
        self.line.take_oldest().map(|entry| entry.job)
    }

    /// Puts a call into the line, if there is room.
    pub fn enqueue(&mut self, id: CallId, call: &Call, now: SimTime) -> Pushed<CallId> {
        let entry = Entry {
            job: id,
            arrived: now,
            priority: call.priority,
            demand: call.work,
            deadline: call.deadline,
        };
        let pushed = self.line.push(entry);
        self.count_queue(now);
        pushed
    }

    /// Whose turn it is.
    #[inline(always)]
    pub fn dequeue(&mut self, now: SimTime, random: &mut Stream) -> Popped<CallId> {
        if self.line.is_empty() {
            return Popped::Empty;
        }
        let popped = self.line.pop(now, random);
        self.count_queue(now);
        popped
    }

    /// Takes a call out of the line, if it stands there.
    pub fn take_out(&mut self, ticket: Option<Ticket>, now: SimTime) {
        if let Some(ticket) = ticket {
            self.line.remove(ticket, now);
            self.count_queue(now);
        }
    }

    #[inline]
    fn count_queue(&mut self, now: SimTime) {
        self.ledger.set_queued(now, self.line.len() as u32);
        if let Some(blocked) = &mut self.blocked {
            blocked.set(now, self.line.blocked() as u32);
        }
    }

    /// What it tells of its load: averages over at least a second.
    pub fn report(&mut self, now: SimTime) -> LoadReport {
        const LEAST: SimDuration = SimDuration::from_secs(1);
        let (since, before, last) = self.report;
        let elapsed = now.since(since);
        if elapsed < LEAST {
            return last;
        }
        self.ledger.advance(now);
        let totals = self.ledger.totals.since(&before);
        let seconds = elapsed.as_secs_f64();
        let failures = totals.failed[Reason::Error as usize];
        let report = LoadReport {
            rate: totals.finished() as f64 / seconds,
            errors: failures as f64 / seconds,
            utilization: totals.busy_area as f64 / elapsed.as_nanos() as f64 / f64::from(self.workers),
        };
        self.report = (now, self.ledger.totals, report);
        report
    }
}
