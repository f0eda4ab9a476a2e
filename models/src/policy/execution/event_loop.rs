//! Loops that run tasks one after the other: each to its next wait, and nobody else of that loop meanwhile.
//!
//! A task lives on a loop: it gives the loop up when it waits or calls, and takes its turn there again when what it
//! waited for is there. Threads take turns by the clock; here a long computation holds up everybody who lives on its
//! loop, unless idle loops steal work, or its class is `blocking` and runs, waits included, on threads of their own.
//! tokio 1.x, `runtime/scheduler/multi_thread`: queues of 256 that push half of themselves to a global one when they
//! overflow, which comes first every 61st time; thieves begin at a random victim and take half of what it has;
//! `spawn_blocking` has 512 threads. Not modelled: the slot for who was woken last, budgets within a task.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    random::Stream,
    time::{SimDuration, SimTime},
};

use super::{
    Admission, Door, Execute, Newcomer, Setting, Vitals, Wake,
    blocking::{Blocking, Ready},
    cpu::Cpu,
    loops::{Loops, Turn},
};
use crate::policy::concurrency::{Job, Task};

/// `EventLoop(workers: 4, blocking: ["report"])`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Loops, each with a core of its own, 1 to 4096. Default 1 (Node.js; tokio: as many as there are cores).
    pub workers: u32,
    /// Whether an idle loop takes work from others. Default true (tokio's multi-threaded runtime).
    pub work_stealing: bool,
    /// Computing that a theft costs the thief. Default 0.
    pub steal_cost: SimDuration,
    /// Most requests inside at once; others stand in the component's line. Default: no limit.
    pub max_in_flight: Option<u32>,
    /// Classes of requests that run on threads of their own (`spawn_blocking`). Default: none.
    pub blocking: Vec<String>,
    /// Most such threads, at least 1. Default 512 (tokio `max_blocking_threads`).
    pub blocking_threads: u32,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            workers: 1,
            work_stealing: true,
            steal_cost: SimDuration::ZERO,
            max_in_flight: None,
            blocking: Vec::new(),
            blocking_threads: 512,
        }
    }
}

impl Spec {
    /// Whether one loop may take work from another.
    pub fn steals(&self) -> bool {
        self.work_stealing && self.workers > 1
    }

    pub(super) fn check(&self, check: &mut Check) {
        check.require((1..=4096).contains(&self.workers), "workers", || {
            format!("workers must be 1 to 4096, got {}", self.workers)
        });
        check.require((1..=32_768).contains(&self.blocking_threads), "blocking_threads", || {
            format!("blocking_threads must be 1 to 32768, got {}", self.blocking_threads)
        });
        check.require(self.max_in_flight != Some(0), "max_in_flight", || {
            "max_in_flight must be at least 1, got 0; leave it out for no limit".into()
        });
        check.require(self.steal_cost.is_zero() || self.work_stealing, "steal_cost", || {
            "without work_stealing nothing is stolen: leave steal_cost out".into()
        });
    }

    pub(super) fn build(&self, setting: &Setting<'_>) -> State {
        State {
            loops: Loops::new(self.workers as usize, self.work_stealing),
            blocking: Blocking::new(self.blocking_threads),
            blocks: setting
                .classes
                .iter()
                .map(|class| self.blocking.iter().any(|name| name == class))
                .collect(),
            most: self.max_in_flight.unwrap_or(u32::MAX) as usize,
            steal_cost: self.steal_cost,
            cpu: Cpu::new(None, setting.speed),
            inside: BTreeMap::new(),
            parts: BTreeSet::new(),
            begun: VecDeque::new(),
            unbegun: 0,
            random: Box::new(setting.random.clone()),
            vitals: Vitals::default(),
        }
    }
}

/// The loops, the threads that block, and who is where.
#[derive(Debug)]
pub struct State {
    loops: Loops,
    blocking: Blocking,
    /// Which classes block.
    blocks: Vec<bool>,
    most: usize,
    steal_cost: SimDuration,
    /// Those who compute, each at full speed: there is one on each loop and thread at most.
    cpu: Cpu,
    inside: BTreeMap<Job, Place>,
    /// Those of them that are parts of a request, or what one left behind: tasks of their own.
    parts: BTreeSet<Job>,
    begun: VecDeque<Job>,
    /// How many inside have not begun.
    unbegun: usize,
    random: Box<Stream>,
    vitals: Vitals,
}

/// Where a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// It is ready, at this loop or at all of them.
    Queued(usize),
    /// It has this loop; `computes` is false while it is decided what it does next.
    Running { home: usize, computes: bool },
    /// It waits, and lives on this loop.
    Parked(usize),
    /// It waits for a blocking thread.
    Blocked,
    /// It has a blocking thread.
    Blocking,
}

impl State {
    /// A task takes its turn at the loop it lives on.
    fn make_ready(&mut self, now: SimTime, home: usize, ready: Ready) {
        self.inside.insert(ready.task.job, Place::Queued(home));
        self.loops.push(home, ready);
        if let Some(idle) = self.loops.who_looks(home) {
            self.turn(now, idle);
        }
    }

    /// A loop that has nobody takes up the next it finds.
    fn turn(&mut self, now: SimTime, home: usize) {
        let Some(Turn { ready, stolen }) = self.loops.take(home, &mut self.random) else { return };
        let mut task = ready.task;
        if stolen {
            self.vitals.steals += 1;
            task.work += self.steal_cost;
        }
        self.vitals.polls += 1;
        self.vitals.lag += now.since(ready.since);
        self.begin(&ready);
        self.inside.insert(task.job, Place::Running { home, computes: true });
        self.cpu.add(now, &task);
    }

    fn begin(&mut self, ready: &Ready) {
        if ready.fresh {
            self.unbegun -= 1;
            self.begun.push_back(ready.task.job);
        }
    }

    /// A blocking thread takes the next up.
    fn block(&mut self, now: SimTime) {
        while let Some(ready) = self.blocking.take() {
            self.begin(&ready);
            self.inside.insert(ready.task.job, Place::Blocking);
            self.cpu.add(now, &ready.task);
        }
    }

    /// A loop's task gives it up.
    fn free(&mut self, now: SimTime, home: usize) {
        self.loops.free(home);
        self.turn(now, home);
    }
}

impl Execute for State {
    fn on_arrive(&mut self, now: SimTime, newcomer: &Newcomer, _: Door) -> Admission {
        if !self.has_room() {
            return Admission::Wait;
        }
        self.on_enter(now, newcomer);
        Admission::Enter
    }

    fn has_room(&self) -> bool {
        self.held() < self.most
    }

    fn on_enter(&mut self, now: SimTime, newcomer: &Newcomer) {
        let ready = Ready { task: newcomer.task, since: now, fresh: true };
        self.unbegun += 1;
        if self.blocks[usize::from(newcomer.class)] {
            self.inside.insert(newcomer.task.job, Place::Blocked);
            self.blocking.push(ready);
            return self.block(now);
        }
        let home = self.loops.next_home();
        self.make_ready(now, home, ready);
    }

    fn on_compute(&mut self, now: SimTime, task: &Task) {
        match self.inside.get_mut(&task.job) {
            // It has not given its loop up.
            Some(Place::Running { computes, .. }) => {
                *computes = true;
                self.cpu.add(now, task);
            }
            Some(Place::Blocking) => self.cpu.add(now, task),
            Some(Place::Parked(home)) => {
                let home = *home;
                self.make_ready(now, home, Ready { task: *task, since: now, fresh: false });
            }
            None => {
                self.parts.insert(task.job);
                let home = self.loops.next_home();
                self.make_ready(now, home, Ready { task: *task, since: now, fresh: false });
            }
            Some(Place::Queued(_) | Place::Blocked) => {}
        }
    }

    /// A task that has waited has to be taken up by its loop, if only to see that it is done.
    fn on_wake(&mut self, now: SimTime, job: Job) -> Wake {
        let Some(Place::Parked(home)) = self.inside.get(&job).copied() else { return Wake::GoOn };
        let task = Task { job, work: SimDuration::ZERO, priority: 0 };
        self.make_ready(now, home, Ready { task, since: now, fresh: false });
        Wake::InTurn
    }

    fn on_settled(&mut self, now: SimTime, job: Job) {
        if let Some(Place::Running { home, computes: false }) = self.inside.get(&job).copied() {
            self.inside.insert(job, Place::Parked(home));
            self.free(now, home);
        }
    }

    fn on_leave(&mut self, now: SimTime, job: Job) {
        self.cpu.remove(now, job);
        self.parts.remove(&job);
        match self.inside.remove(&job) {
            Some(Place::Queued(home)) => self.unbegun -= usize::from(self.loops.remove(home, job)),
            Some(Place::Running { home, .. }) => self.free(now, home),
            Some(Place::Blocked) => {
                self.unbegun -= 1;
                self.blocking.remove(job);
            }
            Some(Place::Blocking) => {
                self.blocking.free();
                self.block(now);
            }
            Some(Place::Parked(_)) | None => {}
        }
    }

    fn begun(&mut self) -> Option<Job> {
        self.begun.pop_front()
    }

    fn next_completion(&self) -> Option<SimTime> {
        self.cpu.next_completion()
    }

    fn complete(&mut self, now: SimTime) -> Option<Job> {
        let job = self.cpu.complete(now)?;
        if let Some(Place::Running { computes, .. }) = self.inside.get_mut(&job) {
            *computes = false;
        }
        Some(job)
    }

    /// Loops that are lost cannot be taken from anybody by name: all run slower.
    fn set_capacity(&mut self, now: SimTime, speed: f64, remaining: f64) {
        self.cpu.set_speed(now, speed * remaining);
    }

    fn restart(&mut self) {
        self.loops.clear();
        self.blocking.clear();
        self.cpu.clear();
        self.inside.clear();
        self.parts.clear();
        self.begun.clear();
        self.unbegun = 0;
    }

    fn busy(&self) -> u32 {
        self.loops.busy()
    }

    fn held(&self) -> usize {
        self.inside.len() - self.parts.len()
    }

    fn waiting(&self) -> usize {
        self.unbegun
    }

    fn oldest(&self) -> Option<SimTime> {
        self.loops.oldest().into_iter().chain(self.blocking.oldest()).min()
    }

    fn vitals(&mut self, _: SimTime) -> Vitals {
        self.vitals
    }
}

#[cfg(test)]
mod tests {
    use sim_core::time::SimTime;

    use crate::policy::execution::testing::{Story, story};

    #[test]
    fn a_long_computation_holds_up_everybody_on_its_loop() {
        // a's second part is ready at 2 and has to wait until H lets go at 11.
        assert_eq!(story("EventLoop()", 9, "a:1,1,1@0 H:10@0 b:1@3"), "a>0 H>1 H.11 a.12 b>12 b.13");
        // Where H has a thread of its own nobody waits for it.
        let apart = r#"EventLoop(blocking: ["heavy"])"#;
        assert_eq!(story(apart, 9, "a:1,1,1@0 H:10@0 b:1@3"), "a>0 H>0 a.3 b>3 b.4 H.10");
    }

    #[test]
    fn a_task_keeps_its_loop_from_one_wait_to_the_next_and_wakes_where_it_lives() {
        // Without stealing turns are round: a and c live on the first loop, b and d on the second.
        let apart = "EventLoop(workers: 2, work_stealing: false)";
        assert_eq!(
            story(apart, 9, "a:1,3,1@0 b:9@0 c:1@0 d:1@0"),
            "a>0 b>0 c>1 c.2 a.5 b.9 d>9 d.10",
            "d waits for its loop though the other idles",
        );
        assert_eq!(
            story("EventLoop(workers: 2)", 9, "a:1,3,1@0 b:9@0 c:1@0 d:1@0"),
            "a>0 b>0 c>1 c.2 d>2 d.3 a.5 b.9",
            "the idle loop steals d",
        );
    }

    #[test]
    fn a_thief_takes_half_of_what_its_victim_has() {
        // b, c, d and e stand behind a. The second loop is done with its own at 1 and takes b and c: at 4 each loop
        // goes on with what it has.
        let mut tale = Story::new("EventLoop(workers: 2)", 9);
        tale.play("a:4@0 z:1@0 b:3@0 x:0@0 c:9@0 y:0@0 d:8@0 w:0@0 e:9@0");
        tale.pass(SimTime::NEVER);
        assert_eq!(
            tale.told(),
            "a>0 z>0 z.1 x>1 x.1 y>1 y.1 w>1 w.1 b>1 a.4 d>4 b.4 c>4 d.12 e>12 c.13 e.21",
        );
        assert_eq!(tale.steals(), 1, "one theft brought two");
    }

    #[test]
    fn blocking_threads_are_held_during_waits_and_are_limited() {
        let two = r#"EventLoop(blocking: ["heavy"], blocking_threads: 2)"#;
        assert_eq!(story(two, 9, "A:1,4,1@0 B:1,4,1@0 C:1@0"), "A>0 B>0 A.6 C>6 B.6 C.7");
    }

    #[test]
    fn beyond_what_may_be_in_flight_requests_stand_in_line() {
        let limited = "EventLoop(max_in_flight: 2)";
        assert_eq!(
            story(limited, 1, "a:1,5,1@0 b:1,5,1@0 c:1@0 d:1@0"),
            "a>0 c+0 d!QueueFull@0 b>1 a.7 c>7 c.8 b.9"
        );
    }
}
