//! A caller's view of the servers it may call: the table a balancer picks from, and who keeps it true.
//!
//! Every balancer instance, and every client process or server that calls by itself, has its own view: several
//! of them do not see each other's requests. What a view knows of health it knows from its own checks and its
//! own replies, never from the servers themselves.

use sim_core::{
    random::Stream,
    time::{SimDuration, SimTime},
};

use super::{
    care::Care,
    sharding::{Query, Shards},
};
use crate::{
    policy::{
        balancing::{Ask, Backend, Backends, Balance, Balancer, Done, InFlight, LoadReport, Wants},
        detection::active_check::ActiveCheck,
    },
    request::{Instance, Outcome},
};

/// A view of some servers and the rule that picks one.
#[derive(Debug)]
pub struct Dispatch {
    /// Whose view of what: `lb`, `lb[2]`, `clients -> web`.
    pub name: String,
    /// The servers, by row.
    pub targets: Vec<Instance>,
    /// What the balancer sees, by row.
    rows: Vec<Backend>,
    /// Whether each row is well, full or not.
    well: Vec<bool>,
    /// Sent and not yet answered, by row: the view's own truth, whatever the board says.
    in_flight: InFlight,
    balancer: Balancer,
    /// A balancer for each further group of rows, where a locality makes groups: each takes its own turns.
    pub others: Vec<Balancer>,
    random: Stream,
    /// Time between refreshes of the board it reads, if it does not count by itself.
    pub board: Option<SimDuration>,
    /// What its balancer wants to know.
    pub wants: Wants,
    /// The book of its caller's calls.
    pub book: u16,
    /// Health, limits and sessions, if the file asks for any.
    pub care: Option<Box<Care>>,
    /// Which rows hold a key, if the servers are a database's.
    pub shards: Option<Box<Shards>>,
    /// Whether several of the servers may hold a key: those of a cache that copies hot ones.
    pub copies: bool,
    /// Whether its balancer alone decides, by what it counts itself and whoever asks: one look for all of the above.
    plain: bool,
}

impl Dispatch {
    /// A view of `targets`, all idle and taken to be well.
    pub fn new(
        name: String,
        targets: Vec<Instance>,
        rows: Vec<Backend>,
        balancer: Balancer,
        random: Stream,
    ) -> Self {
        let in_flight = InFlight::new(rows.len());
        let well = vec![true; rows.len()];
        Self {
            name,
            targets,
            rows,
            well,
            in_flight,
            balancer,
            others: Vec::new(),
            random,
            board: None,
            wants: Wants::default(),
            book: 0,
            care: None,
            shards: None,
            copies: false,
            plain: false,
        }
    }

    /// All that it needs is there.
    pub fn furnished(mut self) -> Self {
        let bare = self.care.is_none() && self.shards.is_none() && self.board.is_none();
        self.plain = bare && !self.wants.identity;
        self
    }

    /// Whether its balancer needs to know nothing but its table.
    #[inline(always)]
    pub const fn is_plain(&self) -> bool {
        self.plain
    }

    /// What its balancer sees, by row.
    pub fn rows(&self) -> &[Backend] {
        &self.rows
    }

    /// Picks a row where the balancer decides alone; the caller then tells [`Self::on_send`].
    #[inline(always)]
    pub fn pick_plainly(&mut self, now: SimTime) -> Option<usize> {
        let backends = Backends { now, rows: &self.rows, in_flight: Some(&self.in_flight) };
        self.balancer.pick(&backends, &Ask::default(), &mut self.random)
    }

    /// Picks a row that is not among `tried`; the caller then tells [`Self::on_send`].
    pub fn pick(&mut self, now: SimTime, (ask, query): (&Ask, Query), tried: &[u16]) -> Option<usize> {
        let Self { rows, balancer, others, random, care, shards, board, in_flight, .. } = self;
        if care.is_none() && shards.is_none() && tried.is_empty() {
            let in_flight = if board.is_none() { Some(&*in_flight) } else { None };
            return balancer.pick(&Backends { now, rows, in_flight }, ask, random);
        }
        let untouched: Vec<(usize, bool)> =
            tried.iter().map(|row| (usize::from(*row), rows[usize::from(*row)].available)).collect();
        for (row, _) in &untouched {
            rows[*row].available = false;
        }
        let pick = match (shards, care) {
            (Some(shards), _) => shards.pick(now, (ask, query), rows, (&mut *balancer, others), random),
            (None, Some(care)) => care.pick(now, ask, rows, (&mut *balancer, others), random),
            (None, None) => balancer.pick(&Backends::new(now, rows), ask, random),
        };
        for (row, available) in untouched {
            rows[row].available = available;
        }
        pick
    }

    /// A request goes to `row`.
    #[inline(always)]
    pub fn on_send(&mut self, now: SimTime, row: usize) {
        let in_flight = self.in_flight.rise(row);
        if self.plain {
            self.rows[row].in_flight = in_flight;
            return;
        }
        if self.board.is_none() {
            self.rows[row].in_flight = in_flight;
        }
        if self.care.is_some() {
            self.refresh_after(now, row, |care| care.on_send(now, row));
        }
    }

    /// A request goes to `row` without the balancer having been asked.
    pub fn on_forced(&mut self, now: SimTime, row: usize) {
        let backends = Backends::new(now, &self.rows);
        self.balancer.on_forced(&backends, row);
        self.others.iter_mut().for_each(|other| other.on_forced(&backends, row));
        self.on_send(now, row);
    }

    /// A request sent to `row` ended; what was decided about the row, for the log.
    #[inline(always)]
    pub fn on_reply(
        &mut self,
        now: SimTime,
        row: usize,
        latency: SimDuration,
        outcome: Outcome,
        report: Option<LoadReport>,
    ) -> Option<String> {
        let in_flight = self.in_flight.fall(row);
        if self.board.is_none() {
            self.rows[row].in_flight = in_flight;
        }
        let done = Done { backend: row, latency, success: outcome.is_success(), report };
        let backends = Backends::new(now, &self.rows);
        self.balancer.on_done(&backends, &done);
        self.others.iter_mut().for_each(|other| other.on_done(&backends, &done));
        if self.care.is_some() {
            self.refresh_after(now, row, |care| care.on_result(now, row, outcome, latency))
        } else {
            None
        }
    }

    /// A server offers itself to this view.
    pub fn on_idle(&mut self, row: usize) {
        self.balancer.on_idle(row);
        self.others.iter_mut().for_each(|other| other.on_idle(row));
    }

    /// Whether a server's offer waits here to be taken.
    pub fn holds_offer(&self, row: usize) -> bool {
        self.balancer.holds_offer(row)
    }

    /// The board is refreshed with the true loads.
    pub fn on_board(&mut self, load: impl Fn(Instance) -> u32) {
        for (row, target) in self.rows.iter_mut().zip(&self.targets) {
            row.in_flight = load(*target);
        }
    }

    /// A check of `row` came back.
    pub fn on_checked(&mut self, now: SimTime, row: usize, healthy: bool) -> Option<String> {
        self.refresh_after(now, row, |care| care.on_checked(now, row, healthy))
    }

    /// What is thought of `row` has changed.
    pub fn on_judged(&mut self, now: SimTime, row: usize) {
        if self.refresh(now, row) {
            self.tell_change(now);
        }
    }

    /// The server of some row fails, or is well again.
    pub fn on_truth(&mut self, now: SimTime, at: Instance, fails: bool) {
        let Some(care) = &mut self.care else { return };
        for row in (0..self.targets.len()).filter(|row| self.targets[*row] == at) {
            if fails {
                care.on_failure(now, row, !self.well[row]);
            } else {
                care.on_repair(now, row);
            }
        }
    }

    /// The view's own controllers have their turn; what they decided, by row.
    pub fn on_tend(&mut self, now: SimTime) -> Vec<(usize, String)> {
        let Some(care) = &mut self.care else { return Vec::new() };
        let decided = care.on_tick(now);
        for row in 0..self.rows.len() {
            self.refresh(now, row);
        }
        self.tell_change(now);
        decided
    }

    fn tell_change(&mut self, now: SimTime) {
        let backends = Backends::new(now, &self.rows);
        self.balancer.on_change(&backends);
        self.others.iter_mut().for_each(|other| other.on_change(&backends));
    }

    /// Whether `row` is taken to be well, however full it is.
    pub fn is_well(&self, row: usize) -> bool {
        self.well[row]
    }

    /// Whether any row may be taken out for being unwell.
    pub fn takes_out(&self) -> bool {
        self.care.as_ref().is_some_and(|care| care.judges())
    }

    /// Whether `row` may be picked.
    pub fn is_available(&self, row: usize) -> bool {
        self.rows[row].available
    }

    /// Whether a pick depends on the request's key or its client's address.
    #[inline]
    pub fn asks_who(&self) -> bool {
        self.wants.identity
            || self.shards.is_some()
            || self.care.as_ref().is_some_and(|care| care.sticky.is_some() || care.caches.is_some())
    }

    /// Whether clients stay with their server.
    pub fn is_sticky(&self) -> bool {
        self.care.as_ref().is_some_and(|care| care.sticky.is_some())
    }

    /// Which of several rules its balancer follows now.
    pub fn mode(&self) -> usize {
        self.balancer.mode()
    }

    /// Lets the care do something about a row and brings the row up to date.
    fn refresh_after(
        &mut self,
        now: SimTime,
        row: usize,
        act: impl FnOnce(&mut Care) -> Option<String>,
    ) -> Option<String> {
        let decided = act(self.care.as_mut()?);
        if self.refresh(now, row) {
            self.tell_change(now);
        }
        decided
    }

    /// Brings a row up to date; whether its health or share changed, on which derived tables depend. A row that
    /// is only full for a moment stays in them.
    fn refresh(&mut self, now: SimTime, row: usize) -> bool {
        let Some(care) = &mut self.care else { return false };
        let (well, room, share) = care.standing(now, row, self.in_flight.counts()[row]);
        let before = (self.well[row], self.rows[row].share);
        if before.0 && !well && !care.checks.get(row).is_some_and(ActiveCheck::is_fresh) {
            care.vigilance.on_suspicion(now, row);
        }
        self.well[row] = well;
        self.rows[row].available = well && room;
        self.rows[row].share = share;
        before != (well, share)
    }
}
