//! The loop: take the earliest event, hand it to the model, repeat; and the budgets that stop a runaway.

use std::{fmt, ops::ControlFlow};

use crate::{
    queue::{Calendar, Order},
    time::{SimDuration, SimTime},
};

/// The system under study.
pub trait Model {
    /// All that can happen: small and `Copy`, ids inside.
    type Event: Copy;

    /// What comes first among events of one instant.
    fn order(event: &Self::Event) -> Order;

    /// Reacts to one event. New events go through `cx`.
    fn handle(&mut self, event: Self::Event, cx: &mut Context<Self::Event>);

    /// How many units of work are inside, for the budget.
    fn in_flight(&self) -> u64;
}

/// What a model may do to the future.
#[derive(Clone, Debug)]
pub struct Context<E> {
    calendar: Calendar<E>,
    /// Set by scheduling beyond the end of simulated time; ends the run.
    overflow: bool,
}

impl<E: Copy> Context<E> {
    /// The present.
    #[inline]
    pub fn now(&self) -> SimTime {
        self.calendar.now()
    }

    /// Schedules an event at a time; the past means now.
    #[inline]
    pub fn at(&mut self, time: SimTime, event: E) {
        if time == SimTime::NEVER {
            self.overflow = true;
        } else {
            self.calendar.push(time, event);
        }
    }

    /// Schedules an event after a delay.
    #[inline]
    pub fn after(&mut self, delay: SimDuration, event: E) {
        self.at(self.now() + delay, event);
    }

    /// Schedules an event at the present instant, after all that are due.
    #[inline]
    pub fn now_too(&mut self, event: E) {
        self.calendar.push_now(event);
    }
}

/// What a run may cost before it is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Most events handled.
    pub events: u64,
    /// Most units of work in flight at once.
    pub in_flight: u64,
}

/// How far a run has come, told to its supervisor from time to time.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Simulated time.
    pub now: SimTime,
    /// Events handled.
    pub events: u64,
    /// Units of work in flight.
    pub in_flight: u64,
}

/// Why a run did not reach its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// More events than the budget allows.
    Events(u64),
    /// More in flight than the budget allows.
    InFlight(u64),
    /// An event was scheduled beyond the end of simulated time.
    Overflow,
    /// The supervisor said so: wall time is up, or the user interrupted.
    Supervisor,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Events(most) => write!(f, "the run needed more than its budget of {most} events"),
            Self::InFlight(most) => write!(f, "more than the budget of {most} requests were in flight"),
            Self::Overflow => {
                f.write_str("an event was scheduled beyond the end of simulated time (584 years)")
            }
            Self::Supervisor => f.write_str("the run was stopped from outside"),
        }
    }
}

/// Events between two looks at the supervisor: some milliseconds of wall time.
const LOOK_EVERY: u64 = 1 << 15;

/// A model with its clock and its pending events.
#[derive(Clone, Debug)]
pub struct Simulation<M: Model> {
    /// The system.
    pub model: M,
    context: Context<M::Event>,
    events: u64,
}

impl<M: Model> Simulation<M> {
    /// A model at time zero with nothing pending.
    pub fn new(model: M) -> Self {
        Self { model, context: Context { calendar: Calendar::default(), overflow: false }, events: 0 }
    }

    /// The future, to schedule the first events.
    pub fn context(&mut self) -> &mut Context<M::Event> {
        &mut self.context
    }

    /// The model and the future together: to let the model schedule its own beginning.
    pub fn parts(&mut self) -> (&mut M, &mut Context<M::Event>) {
        (&mut self.model, &mut self.context)
    }

    /// Events handled so far.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Handles every event up to and including `end`. The supervisor is asked every few milliseconds.
    ///
    /// # Errors
    /// A budget is spent, time overflowed, or the supervisor broke off.
    pub fn run_until(
        &mut self,
        end: SimTime,
        budget: Budget,
        supervisor: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<(), Stop> {
        loop {
            let pause = self.events.saturating_add(LOOK_EVERY).min(budget.events);
            while self.events < pause {
                let Some(event) = self.context.calendar.pop(end, M::order) else {
                    return if self.context.overflow { Err(Stop::Overflow) } else { Ok(()) };
                };
                self.events += 1;
                self.model.handle(event, &mut self.context);
            }
            self.look(budget, supervisor)?;
        }
    }

    fn look(
        &self,
        budget: Budget,
        supervisor: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<(), Stop> {
        let progress =
            Progress { now: self.context.now(), events: self.events, in_flight: self.model.in_flight() };
        if self.context.overflow {
            return Err(Stop::Overflow);
        }
        if self.events >= budget.events {
            return Err(Stop::Events(budget.events));
        }
        if progress.in_flight > budget.in_flight {
            return Err(Stop::InFlight(budget.in_flight));
        }
        match supervisor(&progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Stop::Supervisor),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts its ticks and schedules the next one.
    struct Ticker {
        ticks: u64,
        gap: SimDuration,
    }

    impl Model for Ticker {
        type Event = ();
        fn order((): &()) -> Order {
            Order::Tick
        }
        fn handle(&mut self, (): (), cx: &mut Context<()>) {
            self.ticks += 1;
            cx.after(self.gap, ());
        }
        fn in_flight(&self) -> u64 {
            self.ticks
        }
    }

    const ROOMY: Budget = Budget { events: u64::MAX, in_flight: u64::MAX };

    fn run(gap: SimDuration, budget: Budget) -> (u64, Result<(), Stop>) {
        let mut simulation = Simulation::new(Ticker { ticks: 0, gap });
        simulation.context().at(SimTime::ZERO, ());
        let result =
            simulation.run_until(SimTime::from_nanos(1_000_000), budget, &mut |_| ControlFlow::Continue(()));
        (simulation.model.ticks, result)
    }

    #[test]
    fn runs_to_its_end_inclusive() {
        assert_eq!(run(SimDuration::from_nanos(10), ROOMY), (100_001, Ok(())));
    }

    #[test]
    fn budgets_and_overflow_stop_it_with_a_reason() {
        let gap = SimDuration::from_nanos(1);
        assert_eq!(run(gap, Budget { events: 1000, ..ROOMY }), (1000, Err(Stop::Events(1000))));
        let (ticks, stop) = run(gap, Budget { in_flight: 50, ..ROOMY });
        assert_eq!((ticks, stop), (LOOK_EVERY, Err(Stop::InFlight(50))));
        assert_eq!(run(SimDuration::FOREVER, ROOMY), (1, Err(Stop::Overflow)));
    }
}
