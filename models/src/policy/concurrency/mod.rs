//! How one server shares itself among the jobs it holds: preemptive and sharing disciplines.
//!
//! A share holds every job it is given at once and says when the next one will be done; the node arms a timer
//! there and asks again after every change, since any newcomer may move it. A job that waits before it is let
//! in stands in a line of `discipline`.

use sim_core::time::{SimDuration, SimTime};

mod clock;
mod cores;
mod preemptive;

pub mod preemptive_lifo;
pub mod preemptive_priority;
pub mod processor_sharing;
pub mod shortest_remaining;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod theory;

pub use cores::Cores;

/// What the owner calls a job; unique among those one server holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Job(pub u64);

/// A job as it is handed to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its name.
    pub job: Job,
    /// The work it needs, as the time it takes alone on a core of speed 1.
    pub work: SimDuration,
    /// Its class's priority: 0 goes first.
    pub priority: u8,
}

/// Shares a server among jobs. Times never run backwards.
pub trait Share: std::fmt::Debug {
    /// Takes a job in.
    fn add(&mut self, now: SimTime, task: &Task);

    /// Lets a job go undone; the work it still needed, `None` if it is not held.
    fn remove(&mut self, now: SimTime, job: Job) -> Option<SimDuration>;

    /// When the next job will be done if nothing changes; `None` if none is served or the server stands still.
    fn next_completion(&self) -> Option<SimTime>;

    /// Lets the next job go that is done by `now`; `None` if none is. Jobs done at once go in order of their need
    /// being met, then of their coming. Ask until `None`.
    fn complete(&mut self, now: SimTime) -> Option<Job>;

    /// From `now` on every core runs at `speed`, up to 4096; at 0 it stands still.
    fn set_speed(&mut self, now: SimTime, speed: f64);

    /// How many jobs it holds, served or interrupted.
    fn held(&self) -> usize;

    /// How many cores work.
    fn busy_cores(&self) -> u16;
}

family! {
    /// How a server shares its cores among the jobs it holds.
    pub trait Share, spec ShareSpec, state Sharing, build(speed: f64);
    /// Everyone at once, in equal parts: what operating systems aim at.
    ProcessorSharing = processor_sharing;
    /// The latest first; whoever came before is interrupted and goes on later.
    PreemptiveLifo = preemptive_lifo;
    /// The least remaining work first (SRPT): the smallest mean response there is.
    ShortestRemaining = shortest_remaining;
    /// The class of the lowest priority number first, interrupting others, who go on where they were.
    PreemptivePriority = preemptive_priority;
}

impl ShareSpec {
    /// How many jobs run at full speed.
    pub fn cores(&self) -> u16 {
        match self {
            Self::ProcessorSharing(spec) => spec.0.cores,
            Self::PreemptiveLifo(spec) => spec.0.cores,
            Self::ShortestRemaining(spec) => spec.0.cores,
            Self::PreemptivePriority(spec) => spec.0.cores,
        }
    }
}

impl Share for Sharing {
    fn add(&mut self, now: SimTime, task: &Task) {
        on_each!(self, it => it.add(now, task));
    }

    fn remove(&mut self, now: SimTime, job: Job) -> Option<SimDuration> {
        on_each!(self, it => it.remove(now, job))
    }

    #[inline]
    fn next_completion(&self) -> Option<SimTime> {
        on_each!(self, it => it.next_completion())
    }

    fn complete(&mut self, now: SimTime) -> Option<Job> {
        on_each!(self, it => it.complete(now))
    }

    fn set_speed(&mut self, now: SimTime, speed: f64) {
        on_each!(self, it => it.set_speed(now, speed));
    }

    fn held(&self) -> usize {
        on_each!(self, it => it.held())
    }

    fn busy_cores(&self) -> u16 {
        on_each!(self, it => it.busy_cores())
    }
}
