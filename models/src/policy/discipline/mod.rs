//! Who is next: the order of a waiting line and what a full line does.
//!
//! A discipline holds no job. It says who is next ([`Next`]) and the [`Line`], which holds the jobs in order of
//! arrival, carries that out. A job that has begun is not put back: what shares or preempts is `concurrency`.

use std::num::NonZeroU64;

use sim_core::{
    random::Stream,
    time::{SimDuration, SimTime},
};

mod aged;
mod line;
mod ranked;
mod room;

pub mod adaptive_lifo;
pub mod codel;
pub mod earliest_deadline;
pub mod fifo;
pub mod lifo;
pub mod priority;
pub mod random;
pub mod shortest_job_first;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod theory;

pub use line::{Line, Popped, Pushed};
pub use room::{Capacity, Room, WhenFull};

/// A job that waits, and what a discipline may know of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<J> {
    /// The job; a discipline sees its ticket here.
    pub job: J,
    /// When it joined the line.
    pub arrived: SimTime,
    /// Its class's priority: 0 goes first.
    pub priority: u8,
    /// The work it will need, at speed 1.
    pub demand: SimDuration,
    /// The first moment at which nobody wants its result any more, `NEVER` if it has no deadline.
    pub deadline: SimTime,
}

/// A place in one line, given once and never again; later tickets are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(NonZeroU64);

/// Who is next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Who joined first.
    Oldest,
    /// Who joined last.
    Newest,
    /// The holder of this ticket, who must be waiting.
    Holder(Ticket),
}

/// What a discipline sees of its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The time of asking.
    pub now: SimTime,
    /// How many wait.
    pub length: usize,
    /// When the oldest of them joined.
    pub oldest: SimTime,
}

/// Decides who is next.
pub trait Order: std::fmt::Debug {
    /// The room its line has.
    fn room(&self) -> &Room;

    /// Somebody joined.
    fn on_push(&mut self, _entry: &Entry<Ticket>) {}

    /// Who is next; asked only while somebody waits. The answer leaves at once, and [`Order::on_leave`] says so.
    fn next(&mut self, waiting: &Waiting, random: &mut Stream) -> Next;

    /// Whether the one just taken is thrown away instead of served; `waiting` is what [`Order::next`] saw, when that
    /// one still waited.
    fn drops(&mut self, _waiting: &Waiting, _entry: &Entry<Ticket>) -> bool {
        false
    }

    /// Somebody left: was next, was displaced, or gave up.
    fn on_leave(&mut self, _entry: &Entry<Ticket>) {}
}

family! {
    /// The waiting line of a station: who is next, how many may wait, what a full line does.
    pub trait Order, spec QueueSpec, state Discipline, build(now: SimTime);
    /// First in, first out.
    Fifo = fifo;
    /// Last in, first out.
    Lifo = lifo;
    /// Anyone with equal chance (SIRO).
    Random = random;
    /// The class of the lowest priority number, first in, first out within it; who has begun is not interrupted.
    Priority = priority;
    /// The smallest demand.
    ShortestJobFirst = shortest_job_first;
    /// The earliest deadline.
    EarliestDeadline = earliest_deadline;
    /// First in, first out; a line whose waits stay long drops from its head, ever faster (RFC 8289).
    CoDel = codel;
    /// First in, first out, or newest first with little patience while the line has long not been empty (Facebook).
    AdaptiveLifo = adaptive_lifo;
}

impl Default for QueueSpec {
    /// First in, first out, without limit: the textbook's station.
    fn default() -> Self {
        Self::Fifo(fifo::Spec::default())
    }
}

impl QueueSpec {
    /// Whether a full line holds up its callers.
    pub fn blocks(&self) -> bool {
        self.build(SimTime::ZERO).room().when_full == WhenFull::Block
    }

    /// Whether it drops who waits too long, so that no overload lets it grow for ever.
    pub fn sheds(&self) -> bool {
        match self {
            Self::Fifo(_)
            | Self::Lifo(_)
            | Self::Random(_)
            | Self::Priority(_)
            | Self::ShortestJobFirst(_)
            | Self::EarliestDeadline(_) => false,
            Self::CoDel(_) | Self::AdaptiveLifo(_) => true,
        }
    }
}

impl Order for Discipline {
    #[inline]
    fn room(&self) -> &Room {
        on_each!(self, it => it.room())
    }

    #[inline]
    fn on_push(&mut self, entry: &Entry<Ticket>) {
        on_each!(self, it => it.on_push(entry));
    }

    #[inline]
    fn next(&mut self, waiting: &Waiting, random: &mut Stream) -> Next {
        on_each!(self, it => it.next(waiting, random))
    }

    #[inline]
    fn drops(&mut self, waiting: &Waiting, entry: &Entry<Ticket>) -> bool {
        on_each!(self, it => it.drops(waiting, entry))
    }

    #[inline]
    fn on_leave(&mut self, entry: &Entry<Ticket>) {
        on_each!(self, it => it.on_leave(entry));
    }
}
