//! The walk of a call down through the stages between its caller and the wire, and of its reply back up.
//!
//! Rules live in `policy::stage`; here each answer is carried out. The law: every passage opened is closed exactly
//! once, by reply, own wake or abandonment, and a wake reaches only the passage that asked. Passages live in a
//! generational arena, so a wake, a reply or a hold for one that is gone finds nothing.

use sim_core::{
    random::Luck,
    simulation::Context,
    time::{SimDuration, SimTime},
};
use slotmap::SlotMap;

use super::{origin::Origin, service::Route};
use crate::{
    event::Event,
    policy::stage::{AnyStage, Mode, Passage, Stage},
    report::Decision,
    request::{Awaited, CallId, PassageId, RequestId},
    world::World,
};

mod down;
#[cfg(test)]
mod laws;
mod up;

/// Stages and the state they share among the calls of one caller to one callee.
#[derive(Debug)]
pub struct Pipeline {
    /// Whose calls to whom: `clients.calls.checkout`, with a number where several callers have one each.
    pub name: String,
    /// Outermost first, each with its name.
    pub stages: Vec<(&'static str, AnyStage)>,
    /// The caller's book of these calls.
    pub book: u16,
    /// The way to the service that answers in the callee's place.
    pub fallback: Option<Way>,
}

/// All passages that are open.
pub type Crossings = SlotMap<PassageId, Crossing>;

/// How a caller reaches a callee.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// The callee.
    pub node: u16,
    /// The line of deadlines an attempt stands in, if it has a timeout.
    pub line: Option<u16>,
    /// Where attempts are booked.
    pub book: u16,
    /// The caller's view of the callee's servers, if there is anything to pick.
    pub dispatch: Option<u32>,
    /// What stands between, if anything does.
    pub pipeline: Option<u32>,
}

/// What a caller wants: enough to send it as often as its stages ask for.
#[derive(Clone, Copy, Debug)]
pub struct Errand {
    /// For whom.
    pub request: RequestId,
    /// What calls inherit from whoever asks.
    pub origin: Origin,
    /// Who asks, if a component does.
    pub parent: Option<CallId>,
    /// How to get there.
    pub way: Way,
    /// Which of the caller's steps it is for.
    pub visit: u16,
    /// How much later than now the first attempt leaves: a connection has to be opened first.
    pub delay: SimDuration,
    /// Whether it is part of an arrival.
    pub arriving: bool,
}

/// One open passage: who waits outside, what goes on inside.
#[derive(Debug)]
pub struct Crossing {
    pub(super) pipeline: u32,
    pub(super) stage: usize,
    outer: Asker,
    view: Passage,
    pub(super) errand: Errand,
    phase: Stay,
    /// The one wake that is still meant; `NEVER` if none is.
    wake: SimTime,
    /// What is out below it: more than one only where copies are sent.
    below: Vec<Awaited>,
    /// Attempts and copies sent down so far.
    sent: u32,
    /// Whether it is, or is part of, a copy of a call that is still out.
    copy: bool,
}

/// Why a passage is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stay {
    /// It waits to be let in.
    Held,
    /// It waits for what is below.
    Passed,
    /// It pauses before it sends again.
    Pausing,
}

/// Who gets the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asker {
    /// The client of the request, or the call that is its parent.
    Caller,
    /// A stage further out.
    Passage(PassageId),
}

/// Where a call is on its way down.
#[derive(Clone, Copy, Debug)]
struct Descent {
    outer: Asker,
    stage: usize,
    attempt: u32,
    copy: bool,
    luck: Luck,
}

impl World {
    /// Asks the stage of a passage something, and notes whether its rule changed.
    pub(super) fn consult<T>(
        &mut self,
        id: PassageId,
        cx: &Context<Event>,
        question: impl FnOnce(&mut AnyStage, SimTime, &mut Crossing) -> T,
    ) -> Option<T> {
        let crossing = self.crossings.get_mut(id)?;
        let (pipeline, place) = (crossing.pipeline, crossing.stage);
        let stage = &mut self.pipelines[pipeline as usize].stages[place].1;
        let before = stage.mode();
        let answer = question(stage, cx.now(), crossing);
        let after = stage.mode();
        if before != after {
            self.note_mode(pipeline, place, before, after, cx.now());
        }
        Some(answer)
    }

    /// A breaker changed its rule: for the log, and for the share of time it is open.
    fn note_mode(
        &mut self,
        pipeline: u32,
        place: usize,
        before: Option<Mode>,
        after: Option<Mode>,
        now: SimTime,
    ) {
        let Pipeline { name, stages, book, .. } = &self.pipelines[pipeline as usize];
        let what = after.map_or("", Mode::name);
        let (who, what) = (format!("{name} {}", stages[place].0), what.to_owned());
        let opens = i64::from(after == Some(Mode::Open)) - i64::from(before == Some(Mode::Open));
        self.call_books[usize::from(*book)].on_open(now, opens);
        self.decide(|| Decision { at: now.as_secs_f64(), who, what });
    }

    /// Whether every passage that was opened was closed or is open, and an open one waits for something.
    pub(crate) fn check_passages(&self) -> Result<(), String> {
        let open = self.crossings.len() as u64;
        if self.opened != self.closed + open {
            return Err(format!("{} passages opened ≠ {} closed + {open} open", self.opened, self.closed));
        }
        let stuck = self.crossings.values().find(|crossing| match crossing.phase {
            Stay::Passed => crossing.below.is_empty(),
            Stay::Held | Stay::Pausing => crossing.wake == SimTime::NEVER,
        });
        match stuck {
            None => Ok(()),
            Some(crossing) => {
                let Pipeline { name, stages, .. } = &self.pipelines[crossing.pipeline as usize];
                Err(format!("a passage of {name} {} waits for nothing", stages[crossing.stage].0))
            }
        }
    }
}

impl Route {
    /// The way that one of a caller's instances takes.
    #[inline(always)]
    pub fn way(&self, instance: usize) -> Way {
        Way {
            node: self.node,
            line: self.line,
            book: self.book,
            dispatch: self.dispatches.get(instance).copied(),
            pipeline: self.pipelines.get(instance).copied(),
        }
    }
}

impl Mode {
    /// Its name in logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half open",
        }
    }

    /// How dark a chart shows it: 0 closed, ½ half open, 1 open.
    pub const fn shade(self) -> f64 {
        match self {
            Self::Closed => 0.0,
            Self::HalfOpen => 0.5,
            Self::Open => 1.0,
        }
    }
}
