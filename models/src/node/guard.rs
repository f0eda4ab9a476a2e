//! Controllers of a view: health checks, ejection and slow start have their turns, boards are refreshed.

use sim_core::{simulation::Context, time::SimTime};

use crate::{
    event::Event,
    measure::Windows,
    report::{Decision, MOST_DECISIONS},
    request::{Instance, Picked, Site},
    world::World,
};

impl World {
    /// Schedules the first turns of every view's controllers.
    pub(crate) fn begin_dispatches(&mut self, cx: &mut Context<Event>) {
        for number in 0..self.dispatches.len() as u32 {
            let dispatch = &mut self.dispatches[number as usize];
            if let Some(every) = dispatch.board {
                cx.after(every, Event::Board { dispatch: number });
            }
            if let Some(care) = &mut dispatch.care {
                for row in 0..care.checks.len() {
                    let at = care.first_check(row);
                    cx.at(at, Event::Check { dispatch: number, row: row as u16 });
                }
                self.schedule_turn(number, cx);
                self.begin_heartbeats(number, cx);
            }
        }
    }

    /// Every server is idle at first and offers itself to a balancer that keeps a list.
    pub(crate) fn offer_all(&mut self) {
        for node in 0..self.nodes.len() as u16 {
            for server in 0..self.nodes[usize::from(node)].servers.len() as u16 {
                self.offer_if_idle(Instance { node, server });
            }
        }
    }

    /// A backend is to be checked: the answer comes after a round trip, or never and then after the timeout.
    pub(crate) fn on_check(&mut self, number: u32, row: u16, cx: &mut Context<Event>) {
        let now = cx.now();
        let from = self.watchers[number as usize];
        let dispatch = &self.dispatches[number as usize];
        let target = dispatch.targets[usize::from(row)];
        let Some(care) = &dispatch.care else { return };
        let deadline = care.checks[usize::from(row)].deadline(now);
        let (answers, healthy) = self.probe(from, target);
        let (at, healthy) = match answers {
            Some(at) if now + at <= deadline => (now + at, healthy),
            Some(_) | None => (deadline, false),
        };
        cx.at(at, Event::Checked { dispatch: number, row, healthy });
    }

    /// How long a probe takes to be answered, if it ever is, and whether the answer is good.
    fn probe(&self, from: Site, target: Instance) -> (Option<sim_core::time::SimDuration>, bool) {
        let to = self.site(target);
        let ailment = self.nodes[usize::from(target.node)].servers[usize::from(target.server)].ailment();
        if ailment.silent || !self.network.reaches(from, to) {
            return (None, false);
        }
        let nanos = self.network.mean_delay(from, to) + self.network.mean_delay(to, from);
        let travel = sim_core::time::SimDuration::from_nanos_f64(nanos);
        (Some(travel), ailment.up && ailment.fails_fast.is_none())
    }

    /// A check came back.
    pub(crate) fn on_checked(&mut self, number: u32, row: u16, healthy: bool, cx: &mut Context<Event>) {
        let now = cx.now();
        let decided = self.dispatches[number as usize].on_checked(now, usize::from(row), healthy);
        if let Some(care) = &mut self.dispatches[number as usize].care {
            let next = care.next_check(now, usize::from(row));
            cx.at(next, Event::Check { dispatch: number, row });
        }
        self.log_care(Picked { dispatch: number, row }, decided, cx);
    }

    /// An ejector or a slow start has its turn.
    pub(crate) fn on_tend(&mut self, number: u32, cx: &mut Context<Event>) {
        let now = cx.now();
        self.turns[number as usize] = SimTime::NEVER;
        for (row, what) in self.dispatches[number as usize].on_tend(now) {
            self.log(number, row, &what, now);
        }
        self.schedule_turn(number, cx);
    }

    /// Brings the books up to what the views have decided so far.
    pub(crate) fn count_care(&mut self) {
        for book in &mut self.call_books {
            (book.totals.panics, book.totals.ejections) = (0, 0);
        }
        for dispatch in &mut self.dispatches {
            if let Some(care) = &mut dispatch.care {
                let book = &mut self.call_books[usize::from(dispatch.book)];
                book.totals.panics += care.panics;
                book.totals.ejections += care.ejections;
                care.vigilance.take_findings().into_iter().for_each(|finding| book.on_finding(finding));
            }
        }
    }

    /// A board is refreshed.
    pub(crate) fn on_board(&mut self, number: u32, cx: &mut Context<Event>) {
        let nodes = &self.nodes;
        let dispatch = &mut self.dispatches[number as usize];
        dispatch.on_board(|at| nodes[usize::from(at.node)].servers[usize::from(at.server)].ledger.level);
        if let Some(every) = dispatch.board {
            cx.after(every, Event::Board { dispatch: number });
        }
    }

    /// Logs what a view decided about a row, and lets its controllers reschedule themselves.
    pub(crate) fn log_care(&mut self, picked: Picked, decided: Option<String>, cx: &mut Context<Event>) {
        if let Some(what) = decided {
            self.log(picked.dispatch, usize::from(picked.row), &what, cx.now());
        }
        self.schedule_turn(picked.dispatch, cx);
    }

    /// Schedules the next turn of a view's controllers, if it is sooner than the one scheduled.
    fn schedule_turn(&mut self, number: u32, cx: &mut Context<Event>) {
        let Some(care) = &self.dispatches[number as usize].care else { return };
        let next = care.next_turn(cx.now());
        if next < self.turns[number as usize] {
            self.turns[number as usize] = next;
            cx.at(next, Event::Tend { dispatch: number });
        }
    }

    fn log(&mut self, number: u32, row: usize, what: &str, now: SimTime) {
        let dispatch = &self.dispatches[number as usize];
        let target = dispatch.targets[row];
        let server = &self.nodes[usize::from(target.node)].servers[usize::from(target.server)].name;
        let (who, what) = (dispatch.name.clone(), format!("{server} {what}"));
        self.decide(|| Decision { at: now.as_secs_f64(), who, what });
    }

    /// Logs a decision of a controller.
    pub(crate) fn decide(&mut self, decision: impl FnOnce() -> Decision) {
        self.decided += 1;
        if self.decisions.len() < MOST_DECISIONS {
            self.decisions.push(decision());
        }
    }

    /// The windows of the run.
    pub fn windows(&self) -> &Windows {
        &self.windows
    }
}
