//! How an instance runs its requests: threads, pools of them, event loops, actors.
//!
//! An executor holds every request from its coming in to its leaving and says when the next piece of computing is
//! done; whoever owns it arms a timer there. Who is not let in stands in the component's line, which the executor
//! sees through its [`Door`] only. How cores are shared among those who compute is `concurrency`.

use sim_core::{
    random::Stream,
    time::{SimDuration, SimTime},
};

use super::concurrency::{Job, ShareSpec, Task};
use crate::request::Reason;

mod blocking;
mod cpu;
mod loops;
mod shared;
mod size;

pub mod actor;
pub mod event_loop;
pub mod thread_pool;
pub mod threads;

#[cfg(test)]
mod testing;

pub use cpu::CpuSpec;

/// A request as an executor sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newcomer {
    /// Its name, and the computing it needs first.
    pub task: Task,
    /// Its class, by the number it has in the [`Setting`].
    pub class: u16,
    /// What it asks for.
    pub key: u64,
}

/// What an executor sees of the component's line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Door {
    /// How many stand there.
    pub waiting: usize,
    /// Whether it takes no more.
    pub full: bool,
}

/// What becomes of a newcomer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Admission {
    /// It is inside, though it may have to wait there before it begins.
    Enter,
    /// It is inside in place of this one, which has not begun and goes.
    Replace(Job),
    /// It stands in the component's line, if that takes it.
    Wait,
    /// It stands in the component's line in place of the oldest there.
    Displace,
    /// It waits outside until [`Execute::accepts`], and is then asked for again.
    Hold,
    /// It is refused.
    Refuse(Reason),
}

/// What a request does whose wait or call is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Wake {
    /// It goes on at once.
    GoOn,
    /// It goes on when [`Execute::complete`] names it.
    InTurn,
}

/// What can be read off an executor. Counts grow from the start of the run, restarts included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vitals {
    /// Threads there are now, idle ones included.
    pub threads: u32,
    /// How often a loop took somebody up.
    pub polls: u64,
    /// How long those had been ready before, all together.
    pub lag: SimDuration,
    /// How often a loop took work from another.
    pub steals: u64,
}

/// Runs requests. Times never run backwards.
pub trait Execute: std::fmt::Debug {
    /// Somebody comes.
    fn on_arrive(&mut self, now: SimTime, newcomer: &Newcomer, door: Door) -> Admission;

    /// Whether newcomers are looked at: those that had to hold may be asked for again.
    fn accepts(&self) -> bool {
        true
    }

    /// Whether somebody from the line may come in.
    fn has_room(&self) -> bool;

    /// Somebody comes in from the line; asked only while there is room.
    fn on_enter(&mut self, now: SimTime, newcomer: &Newcomer);

    /// Somebody inside who computes nothing at present has more to compute; or a part of a request does that goes on
    /// beside the rest, or what a request left behind: those come in without asking.
    fn on_compute(&mut self, now: SimTime, task: &Task);

    /// What somebody inside waited for is there.
    fn on_wake(&mut self, _now: SimTime, _job: Job) -> Wake {
        Wake::GoOn
    }

    /// All that follows from a completion at once has followed: the job computes again, waits or is gone.
    fn on_settled(&mut self, _now: SimTime, _job: Job) {}

    /// Somebody inside is gone: done, or not wanted any more.
    fn on_leave(&mut self, now: SimTime, job: Job);

    /// Somebody who has begun since last asked; ask until `None`.
    fn begun(&mut self) -> Option<Job>;

    /// When the next piece of computing will be done if nothing changes.
    fn next_completion(&self) -> Option<SimTime>;

    /// A piece of computing that is done by `now`; ask until `None`, and say of each when it has settled.
    fn complete(&mut self, now: SimTime) -> Option<Job>;

    /// From `now` on it runs at `speed`, and a share of its capacity remains.
    fn set_capacity(&mut self, now: SimTime, speed: f64, remaining: f64);

    /// Everybody inside is gone, and it is as at the start.
    fn restart(&mut self);

    /// How many of its slots are taken: threads, loops or cores.
    fn busy(&self) -> u32;

    /// How many are inside.
    fn held(&self) -> usize;

    /// How many inside have not begun.
    fn waiting(&self) -> usize {
        0
    }

    /// Since when the oldest of those inside waits who has not begun.
    fn oldest(&self) -> Option<SimTime> {
        None
    }

    /// What can be read off it.
    fn vitals(&mut self, now: SimTime) -> Vitals;
}

/// Where an executor is set up.
#[derive(Debug)]
pub struct Setting<'a> {
    /// Its server's speed.
    pub speed: f64,
    /// Every class of request there is, by number.
    pub classes: &'a [&'a str],
    /// Its chance.
    pub random: Stream,
}

family! {
    /// How an instance runs its requests.
    pub trait Execute, spec ConcurrencySpec, state Executor, build(setting: &Setting<'_>);
    /// A thread for each request, up to a limit; a thread is held while its request waits.
    Threads = threads;
    /// Threads that are kept, more when the queue is full, fewer after a while (java.util.concurrent).
    ThreadPool = thread_pool;
    /// Loops that run tasks to their next wait (async/await); idle ones steal, what blocks has threads of its own.
    EventLoop = event_loop;
    /// A mailbox for each actor, which handles one message at a time; the key says whose message it is.
    Actor = actor;
}

/// What remains of so many when a share of them does.
fn share_of(all: u32, remaining: f64) -> u32 {
    // A hair more, so that 0.1 of 10 is 1.
    (f64::from(all) * remaining + 1e-9) as u32
}

impl Executor {
    /// An executor that lets everybody compute at once, in the parts that a share gives them.
    pub fn sharing(share: &ShareSpec, speed: f64) -> Self {
        Self::Custom(Box::new(shared::State::new(share, speed)))
    }
}

impl Execute for Executor {
    fn on_arrive(&mut self, now: SimTime, newcomer: &Newcomer, door: Door) -> Admission {
        on_each!(self, it => it.on_arrive(now, newcomer, door))
    }

    fn accepts(&self) -> bool {
        on_each!(self, it => it.accepts())
    }

    fn has_room(&self) -> bool {
        on_each!(self, it => it.has_room())
    }

    fn on_enter(&mut self, now: SimTime, newcomer: &Newcomer) {
        on_each!(self, it => it.on_enter(now, newcomer));
    }

    fn on_compute(&mut self, now: SimTime, task: &Task) {
        on_each!(self, it => it.on_compute(now, task));
    }

    fn on_wake(&mut self, now: SimTime, job: Job) -> Wake {
        on_each!(self, it => it.on_wake(now, job))
    }

    fn on_settled(&mut self, now: SimTime, job: Job) {
        on_each!(self, it => it.on_settled(now, job));
    }

    fn on_leave(&mut self, now: SimTime, job: Job) {
        on_each!(self, it => it.on_leave(now, job));
    }

    fn begun(&mut self) -> Option<Job> {
        on_each!(self, it => it.begun())
    }

    fn next_completion(&self) -> Option<SimTime> {
        on_each!(self, it => it.next_completion())
    }

    fn complete(&mut self, now: SimTime) -> Option<Job> {
        on_each!(self, it => it.complete(now))
    }

    fn set_capacity(&mut self, now: SimTime, speed: f64, remaining: f64) {
        on_each!(self, it => it.set_capacity(now, speed, remaining));
    }

    fn restart(&mut self) {
        on_each!(self, it => it.restart());
    }

    fn busy(&self) -> u32 {
        on_each!(self, it => it.busy())
    }

    fn held(&self) -> usize {
        on_each!(self, it => it.held())
    }

    fn waiting(&self) -> usize {
        on_each!(self, it => it.waiting())
    }

    fn oldest(&self) -> Option<SimTime> {
        on_each!(self, it => it.oldest())
    }

    fn vitals(&mut self, now: SimTime) -> Vitals {
        on_each!(self, it => it.vitals(now))
    }
}
