//! The waiting line itself: holds the jobs, asks its discipline who is next, keeps to its room.

use sim_core::{random::Stream, time::SimTime};

use super::{Discipline, Entry, Next, Order, QueueSpec, Ticket, Waiting, WhenFull, aged::Aged};

/// What became of a job that wanted to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Pushed<J> {
    /// It waits; the ticket takes it out again.
    Queued(Ticket),
    /// It waits, and this one, the oldest, had to go.
    Displaced(Ticket, Entry<J>),
    /// It was turned away: the line is full.
    Refused(J),
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Popped<J> {
    /// Serve this one.
    Next(Entry<J>),
    /// Its turn came at or after its deadline, or the discipline drops it: throw it away and ask again.
    Expired(Entry<J>),
    /// Nobody waits.
    Empty,
}

/// Jobs that wait for one station.
#[derive(Debug)]
pub struct Line<J> {
    jobs: Aged<J>,
    discipline: Discipline,
}

impl<J: Copy> Line<J> {
    /// An empty line that opens `now`.
    pub fn new(spec: &QueueSpec, now: SimTime) -> Self {
        Self::with(spec.build(now))
    }

    /// An empty line under a discipline of one's own.
    pub fn with(discipline: Discipline) -> Self {
        Self { jobs: Aged::new(), discipline }
    }

    /// Lets a job wait, if there is room or room is made.
    #[inline]
    pub fn push(&mut self, entry: Entry<J>) -> Pushed<J> {
        if !self.discipline.room().is_full(self.jobs.len()) {
            return Pushed::Queued(self.join(entry));
        }
        match self.discipline.room().when_full {
            WhenFull::Reject => Pushed::Refused(entry.job),
            WhenFull::DropOldest => match self.take_oldest() {
                Some(oldest) => Pushed::Displaced(self.join(entry), oldest),
                None => Pushed::Refused(entry.job),
            },
        }
    }

    /// Whose turn it is at `now`.
    #[inline]
    pub fn pop(&mut self, now: SimTime, random: &mut Stream) -> Popped<J> {
        let Some(oldest) = self.oldest_arrival() else { return Popped::Empty };
        let waiting = Waiting { now, length: self.jobs.len(), oldest };
        let taken = match self.discipline.next(&waiting, random) {
            Next::Oldest => self.jobs.take_oldest(),
            Next::Newest => self.jobs.take_newest(),
            Next::Holder(ticket) => self.jobs.take(ticket).map(|entry| (ticket, entry)),
        };
        let Some((ticket, entry)) = taken else {
            unreachable!("the discipline named a job that does not wait")
        };
        let seen = seen(&entry, ticket);
        let dropped = self.discipline.drops(&waiting, &seen);
        self.discipline.on_leave(&seen);
        if dropped || self.discipline.room().drop_expired && entry.deadline <= now {
            return Popped::Expired(entry);
        }
        Popped::Next(entry)
    }

    /// Takes out the holder of `ticket`, which gave up; `None` if it left before.
    pub fn remove(&mut self, ticket: Ticket) -> Option<Entry<J>> {
        let entry = self.jobs.take(ticket)?;
        self.discipline.on_leave(&seen(&entry, ticket));
        Some(entry)
    }

    /// Takes out who joined first, whoever would be next: to make room, or to empty a crashed server's line.
    pub fn take_oldest(&mut self) -> Option<Entry<J>> {
        let (ticket, entry) = self.jobs.take_oldest()?;
        self.discipline.on_leave(&seen(&entry, ticket));
        Some(entry)
    }

    /// Whether it takes no more.
    pub fn is_full(&self) -> bool {
        self.discipline.room().is_full(self.jobs.len())
    }

    /// How many wait.
    #[inline]
    pub fn len(&self) -> usize {
        self.jobs.len()
    }

    /// Whether nobody waits.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.jobs.len() == 0
    }

    /// When the oldest of those who wait joined.
    #[inline]
    pub fn oldest_arrival(&self) -> Option<SimTime> {
        self.jobs.oldest().map(|entry| entry.arrived)
    }

    #[inline]
    fn join(&mut self, entry: Entry<J>) -> Ticket {
        let ticket = self.jobs.push(entry);
        self.discipline.on_push(&seen(&entry, ticket));
        ticket
    }
}

/// The entry as a discipline sees it.
#[inline]
fn seen<J>(entry: &Entry<J>, ticket: Ticket) -> Entry<Ticket> {
    Entry {
        job: ticket,
        arrived: entry.arrived,
        priority: entry.priority,
        demand: entry.demand,
        deadline: entry.deadline,
    }
}
