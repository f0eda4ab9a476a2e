//! The waiting line itself: holds the jobs, asks its discipline who is next, keeps to its room.

use std::collections::BTreeSet;

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
    /// What few lines need: one that blocks, or drops the least important.
    crowd: Option<Box<Crowd<J>>>,
}

/// What a line has to know beside who waits.
#[derive(Debug)]
enum Crowd<J> {
    /// Of one that blocks: those for whom there is no room yet. Whoever stands here came after all inside.
    Outside(Aged<J>),
    /// Of one that drops the least important: those inside, by importance.
    Ranked(BTreeSet<(u8, Ticket)>),
}

impl<J: Copy> Crowd<J> {
    fn of(when_full: WhenFull) -> Option<Box<Self>> {
        match when_full {
            WhenFull::Reject | WhenFull::DropOldest => None,
            WhenFull::Block => Some(Box::new(Self::Outside(Aged::new()))),
            WhenFull::DropLowest => Some(Box::new(Self::Ranked(BTreeSet::new()))),
        }
    }
}

impl<J: Copy> Line<J> {
    /// An empty line that opens `now`.
    pub fn new(spec: &QueueSpec, now: SimTime) -> Self {
        Self::with(spec.build(now))
    }

    /// An empty line under a discipline of one's own.
    pub fn with(discipline: Discipline) -> Self {
        let crowd = Crowd::of(discipline.room().when_full);
        Self { jobs: Aged::new(), discipline, crowd }
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
            WhenFull::DropLowest => match self.take_less_important_than(entry.priority) {
                Some(lowest) => Pushed::Displaced(self.join(entry), lowest),
                None => Pushed::Refused(entry.job),
            },
            WhenFull::Block => {
                let ticket = self.jobs.ticket();
                if let Some(outside) = self.outside_mut() {
                    outside.push_with(ticket, entry);
                }
                Pushed::Queued(ticket)
            }
        }
    }

    /// Whose turn it is at `now`.
    #[inline]
    pub fn pop(&mut self, now: SimTime, random: &mut Stream) -> Popped<J> {
        if self.crowd.is_some() && self.jobs.len() == 0 {
            self.let_one_in(now);
        }
        let Some(oldest) = self.jobs.oldest().map(|entry| entry.arrived) else { return Popped::Empty };
        let waiting = Waiting { now, length: self.jobs.len(), oldest };
        let taken = match self.discipline.next(&waiting, random) {
            Next::Oldest => self.jobs.take_oldest(),
            Next::Newest => self.jobs.take_newest(),
            Next::Holder(ticket) => self.jobs.take(ticket).map(|entry| (ticket, entry)),
        };
        let Some((ticket, entry)) = taken else {
            unreachable!("the discipline named a job that does not wait")
        };
        let dropped = self.discipline.drops(&waiting, &seen(&entry, ticket));
        self.leave(&entry, ticket);
        self.let_in(now);
        if dropped || self.discipline.room().drop_expired && entry.deadline <= now {
            return Popped::Expired(entry);
        }
        Popped::Next(entry)
    }

    /// Takes out the holder of `ticket`, which gave up; `None` if it left before.
    pub fn remove(&mut self, ticket: Ticket, now: SimTime) -> Option<Entry<J>> {
        let Some(entry) = self.jobs.take(ticket) else {
            return self.outside_mut().and_then(|outside| outside.take(ticket));
        };
        self.leave(&entry, ticket);
        self.let_in(now);
        Some(entry)
    }

    /// Takes out who joined first, whoever would be next: to make room, or to empty a crashed server's line.
    pub fn take_oldest(&mut self) -> Option<Entry<J>> {
        let (ticket, entry) = self.jobs.take_oldest()?;
        self.leave(&entry, ticket);
        Some(entry)
    }

    /// Takes out the latest of the least important, if that one is less important than a newcomer.
    fn take_less_important_than(&mut self, priority: u8) -> Option<Entry<J>> {
        let (_, ticket) = *self.ranks_mut()?.last().filter(|(lowest, _)| *lowest > priority)?;
        let entry = self.jobs.take(ticket)?;
        self.leave(&entry, ticket);
        Some(entry)
    }

    /// Somebody inside is there no more.
    #[inline]
    fn leave(&mut self, entry: &Entry<J>, ticket: Ticket) {
        if let Some(ranks) = self.ranks_mut() {
            ranks.remove(&(entry.priority, ticket));
        }
        self.discipline.on_leave(&seen(entry, ticket));
    }

    /// Whether it takes no more.
    pub fn is_full(&self) -> bool {
        self.discipline.room().is_full(self.jobs.len())
    }

    /// How many wait in it.
    #[inline]
    pub fn len(&self) -> usize {
        self.jobs.len()
    }

    /// How many wait outside.
    pub fn blocked(&self) -> usize {
        self.outside().map_or(0, Aged::len)
    }

    /// Whether nobody waits, in it or outside.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.jobs.len() == 0 && self.blocked() == 0
    }

    /// When the oldest of those who wait joined, or came if all wait outside.
    #[inline]
    pub fn oldest_arrival(&self) -> Option<SimTime> {
        let outside = || self.outside().and_then(Aged::oldest);
        self.jobs.oldest().or_else(outside).map(|entry| entry.arrived)
    }

    #[inline]
    fn outside(&self) -> Option<&Aged<J>> {
        match self.crowd.as_deref()? {
            Crowd::Outside(outside) => Some(outside),
            Crowd::Ranked(_) => None,
        }
    }

    #[inline]
    fn outside_mut(&mut self) -> Option<&mut Aged<J>> {
        match self.crowd.as_deref_mut()? {
            Crowd::Outside(outside) => Some(outside),
            Crowd::Ranked(_) => None,
        }
    }

    #[inline]
    fn ranks_mut(&mut self) -> Option<&mut BTreeSet<(u8, Ticket)>> {
        match self.crowd.as_deref_mut()? {
            Crowd::Ranked(ranks) => Some(ranks),
            Crowd::Outside(_) => None,
        }
    }

    /// Lets in from outside as many as there is room for.
    #[inline]
    fn let_in(&mut self, now: SimTime) {
        while self.blocked() > 0 && !self.is_full() {
            self.let_one_in(now);
        }
    }

    /// Whoever has stood outside longest joins now.
    fn let_one_in(&mut self, now: SimTime) {
        let Some((ticket, entry)) = self.outside_mut().and_then(Aged::take_oldest) else { return };
        let entry = Entry { arrived: now, ..entry };
        self.jobs.push_with(ticket, entry);
        self.discipline.on_push(&seen(&entry, ticket));
    }

    #[inline]
    fn join(&mut self, entry: Entry<J>) -> Ticket {
        let ticket = self.jobs.push(entry);
        if let Some(ranks) = self.ranks_mut() {
            ranks.insert((entry.priority, ticket));
        }
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
