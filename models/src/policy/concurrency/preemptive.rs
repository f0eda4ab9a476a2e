//! Cores that always serve those who rank first, interrupting others, who go on later where they were.
//!
//! What the three preemptive disciplines share; they differ in the rank alone. Every job served has a core of
//! its own, so one clock measures them all. The running jobs are searched one by one: cores are few.

use std::{collections::BTreeMap, fmt::Debug, marker::PhantomData};

use sim_core::time::{SimDuration, SimTime};

use super::{
    Job, Share, Task,
    clock::{Clock, Portion, Work},
};

/// What a rank may be made of.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    job: Job,
    pub(super) priority: u8,
    /// How many came before it.
    pub(super) sequence: u64,
    /// The work it still needs.
    pub(super) left: Work,
}

/// Who is served before whom.
pub trait Rank: Debug {
    /// The smallest rank is served. A newcomer interrupts only a greater rank; among equals who came first is served.
    fn rank(held: &Held) -> u128;
}

/// The jobs a server holds, those of the smallest ranks running.
#[derive(Debug)]
pub struct Preemptive<R> {
    cores: u16,
    clock: Clock,
    begun: u64,
    running: Vec<Running>,
    interrupted: BTreeMap<Place, Held>,
    places: BTreeMap<Job, Place>,
    rank: PhantomData<R>,
}

/// A job on a core; what it has left is counted from here.
#[derive(Clone, Copy, Debug)]
struct Running {
    end: Work,
    held: Held,
}

/// Rank, then order of coming.
type Place = (u128, u64);

impl Running {
    fn settled(&self, clock: &Clock) -> Held {
        Held { left: self.end.minus(clock.given()), ..self.held }
    }
}

impl<R: Rank> Preemptive<R> {
    pub(super) fn new(cores: u16, speed: f64) -> Self {
        Self {
            cores: cores.max(1),
            clock: Clock::new(speed),
            begun: 0,
            running: Vec::new(),
            interrupted: BTreeMap::new(),
            places: BTreeMap::new(),
            rank: PhantomData,
        }
    }

    fn place(held: &Held) -> Place {
        (R::rank(held), held.sequence)
    }

    fn start(&mut self, held: Held) {
        self.running.push(Running { end: self.clock.given().plus(held.left), held });
    }

    fn set_aside(&mut self, held: Held) {
        let place = Self::place(&held);
        self.places.insert(held.job, place);
        self.interrupted.insert(place, held);
    }

    /// Takes the running job that ranks last off its core if the newcomer ranks before it.
    fn interrupt_for(&mut self, newcomer: &Held) -> Option<Held> {
        let last = self.last()?;
        let loser = self.running.get(last)?.settled(&self.clock);
        if R::rank(newcomer) >= R::rank(&loser) {
            return None;
        }
        self.running.swap_remove(last);
        Some(loser)
    }

    /// The index of the running job that ranks last.
    fn last(&self) -> Option<usize> {
        let place =
            |index: &usize| self.running.get(*index).map(|job| Self::place(&job.settled(&self.clock)));
        (0..self.running.len()).max_by_key(place)
    }

    /// Who is done first: the index and the clock's reading.
    fn first_end(&self) -> Option<(usize, Work)> {
        let ends = self.running.iter().enumerate().map(|(index, job)| (job.end, job.held.sequence, index));
        ends.min().map(|(end, _, index)| (index, end))
    }

    /// Takes a job off its core and gives the core to the first of those interrupted.
    fn release(&mut self, index: usize) -> Running {
        let released = self.running.swap_remove(index);
        if let Some((_, next)) = self.interrupted.pop_first() {
            self.places.remove(&next.job);
            self.start(next);
        }
        released
    }
}

impl<R: Rank> Share for Preemptive<R> {
    fn add(&mut self, now: SimTime, task: &Task) {
        self.clock.advance(now, Portion::WHOLE);
        let newcomer =
            Held { job: task.job, priority: task.priority, sequence: self.begun, left: Work::new(task.work) };
        self.begun += 1;
        if self.running.len() < usize::from(self.cores) {
            self.start(newcomer);
        } else if let Some(loser) = self.interrupt_for(&newcomer) {
            self.set_aside(loser);
            self.start(newcomer);
        } else {
            self.set_aside(newcomer);
        }
    }

    fn remove(&mut self, now: SimTime, job: Job) -> Option<SimDuration> {
        self.clock.advance(now, Portion::WHOLE);
        if let Some(index) = self.running.iter().position(|running| running.held.job == job) {
            let gone = self.release(index);
            return Some(gone.settled(&self.clock).left.as_duration());
        }
        let place = self.places.remove(&job)?;
        self.interrupted.remove(&place).map(|held| held.left.as_duration())
    }

    fn next_completion(&self) -> Option<SimTime> {
        let (_, end) = self.first_end()?;
        self.clock.when(end, Portion::WHOLE)
    }

    fn complete(&mut self, now: SimTime) -> Option<Job> {
        self.clock.advance(now, Portion::WHOLE);
        let (index, end) = self.first_end()?;
        (end <= self.clock.given()).then(|| self.release(index).held.job)
    }

    fn set_speed(&mut self, now: SimTime, speed: f64) {
        self.clock.advance(now, Portion::WHOLE);
        self.clock.set_speed(speed);
    }

    fn held(&self) -> usize {
        self.running.len() + self.interrupted.len()
    }

    fn busy_cores(&self) -> u16 {
        self.running.len() as u16
    }
}
