//! Threads that are kept: a few always, more only once the queue is full, fewer again after a while.
//!
//! A newcomer gets a new thread while there are fewer than `core`, even if one is idle; then it stands in the queue,
//! from which idle threads take; only when the queue refuses it does it get a new thread, up to `max`, ahead of those
//! who wait; then `on_full` decides. The queue is the component's: `Fifo` without limit is a `LinkedBlockingQueue`,
//! a capacity of 0 a `SynchronousQueue`, which hands over to the thread that was idle last, others to the one that
//! was idle first. `java.util.concurrent.ThreadPoolExecutor`, javadoc and `execute`, `getTask` of OpenJDK 21.

use std::collections::{BTreeSet, VecDeque};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};

use super::{Admission, CpuSpec, Door, Execute, Newcomer, Setting, Vitals, cpu::Cpu, share_of};
use crate::{
    policy::concurrency::{Job, Task},
    request::Reason,
};

/// `ThreadPool(core: 10, max: 50)`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Threads made for newcomers whether others are idle or not, 0 to 65535. Default 1 (`newSingleThreadExecutor`).
    pub core: u32,
    /// Most threads, at least 1 and `core`. Default: as many as `core` (`newFixedThreadPool`).
    pub max: Option<u32>,
    /// How long a thread above `core` stays idle. Default 60 s (`newCachedThreadPool`).
    pub keep_alive: SimDuration,
    /// Whether that ends core threads too. Default false (`allowsCoreThreadTimeOut`).
    pub core_times_out: bool,
    /// Computing that a new thread needs before its first request. Default 0.
    pub thread_start: SimDuration,
    /// What happens to a newcomer when the queue is full and there are `max` threads. Default `Abort`.
    pub on_full: OnFull,
    /// The cores the threads share while they compute. Default: each has a core of its own.
    pub cpu: Option<CpuSpec>,
}

/// What a saturated pool does with a newcomer: the handlers that `ThreadPoolExecutor` brings along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum OnFull {
    /// It is refused (`AbortPolicy`).
    #[default]
    Abort,
    /// Whoever accepts requests runs it itself, and accepts nobody meanwhile (`CallerRunsPolicy`).
    CallerRuns,
    /// It takes the place of the one that has been in the queue longest (`DiscardOldestPolicy`).
    DiscardOldest,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            core: 1,
            max: None,
            keep_alive: SimDuration::from_secs(60),
            core_times_out: false,
            thread_start: SimDuration::ZERO,
            on_full: OnFull::default(),
            cpu: None,
        }
    }
}

impl Spec {
    /// Most threads.
    pub fn most(&self) -> u32 {
        self.max.unwrap_or(self.core).max(1)
    }

    pub(super) fn check(&self, check: &mut Check) {
        let most = self.max.unwrap_or(self.core);
        check.require(most >= self.core, "max", || {
            format!("max must be at least core, {}, got {most}", self.core)
        });
        check.require((1..=65_535).contains(&most), "max", || format!("max must be 1 to 65535, got {most}"));
        check.require(!self.core_times_out || !self.keep_alive.is_zero(), "keep_alive", || {
            "core threads that time out need a keep_alive above 0".into()
        });
        if let Some(cpu) = &self.cpu {
            check.at("cpu", |check| cpu.check(check));
        }
    }

    pub(super) fn build(&self, setting: &Setting<'_>) -> State {
        State {
            cpu: Cpu::new(self.cpu.as_ref(), setting.speed),
            spec: self.clone(),
            usable: self.most(),
            threads: 0,
            idle: VecDeque::new(),
            expiry: SimTime::NEVER,
            acceptor: None,
            inside: BTreeSet::new(),
            begun: VecDeque::new(),
        }
    }
}

/// The pool's threads and whom they serve.
#[derive(Debug)]
pub struct State {
    spec: Spec,
    cpu: Cpu,
    /// Threads that faults leave.
    usable: u32,
    /// Threads there are.
    threads: u32,
    /// Those of them that wait for work, who has waited longest first.
    idle: VecDeque<Idle>,
    /// No thread ends before.
    expiry: SimTime,
    /// Whom the acceptor runs itself.
    acceptor: Option<Job>,
    inside: BTreeSet<Job>,
    begun: VecDeque<Job>,
}

/// A thread that waits for work.
#[derive(Clone, Copy, Debug)]
struct Idle {
    since: SimTime,
    /// Whether it looks at the clock at all: it decides so when it begins to wait.
    timed: bool,
}

/// Which idle thread gets work first.
#[derive(Clone, Copy)]
enum From {
    Longest,
    Latest,
}

impl State {
    /// Threads that serve somebody.
    fn serving(&self) -> u32 {
        self.threads - self.idle.len() as u32
    }

    /// Threads that have been idle for too long end, the longest idle first.
    fn expire(&mut self, now: SimTime) {
        if now < self.expiry {
            return;
        }
        let (keep_alive, mut threads) = (self.spec.keep_alive, self.threads);
        let least = if self.spec.core_times_out { 0 } else { self.spec.core };
        self.expiry = SimTime::NEVER;
        self.idle.retain_mut(|idle| {
            let ends = idle.timed && idle.since + keep_alive <= now && threads > least;
            if ends {
                threads -= 1;
            } else if idle.timed && idle.since + keep_alive > now {
                self.expiry = self.expiry.min(idle.since + keep_alive);
            } else {
                idle.timed = false;
            }
            !ends
        });
        self.threads = threads;
    }

    /// A thread has nothing to do.
    fn rest(&mut self, now: SimTime) {
        let timed = self.spec.core_times_out || self.threads > self.spec.core;
        if timed {
            self.expiry = self.expiry.min(now + self.spec.keep_alive);
        }
        self.idle.push_back(Idle { since: now, timed });
    }

    /// An idle thread takes somebody, if there is one.
    fn hand_over(&mut self, now: SimTime, task: &Task, from: From) -> bool {
        let taken = match from {
            From::Longest => self.idle.pop_front(),
            From::Latest => self.idle.pop_back(),
        };
        if taken.is_some() {
            self.run(now, task);
        }
        taken.is_some()
    }

    /// A new thread takes somebody.
    fn hire(&mut self, now: SimTime, task: &Task) {
        self.threads += 1;
        self.run(now, &Task { work: task.work + self.spec.thread_start, ..*task });
    }

    fn run(&mut self, now: SimTime, task: &Task) {
        self.inside.insert(task.job);
        self.begun.push_back(task.job);
        self.cpu.add(now, task);
    }

    /// The pool has all its threads and the queue is full.
    fn reject(&mut self, now: SimTime, task: &Task) -> Admission {
        match self.spec.on_full {
            OnFull::Abort => Admission::Refuse(Reason::QueueFull),
            OnFull::DiscardOldest => Admission::Displace,
            OnFull::CallerRuns => {
                self.acceptor = Some(task.job);
                self.run(now, task);
                Admission::Enter
            }
        }
    }
}

impl Execute for State {
    fn on_arrive(&mut self, now: SimTime, newcomer: &Newcomer, door: Door) -> Admission {
        if !self.accepts() {
            return Admission::Hold;
        }
        self.expire(now);
        let (task, free) = (&newcomer.task, self.serving() < self.usable);
        if free && self.threads < self.spec.core.min(self.usable) {
            self.hire(now, task);
            return Admission::Enter;
        }
        // A line that takes nobody hands over directly.
        let from = if door.full { From::Latest } else { From::Longest };
        if free && self.hand_over(now, task, from) {
            return Admission::Enter;
        }
        if !door.full && (self.threads > 0 || !free) {
            return Admission::Wait;
        }
        if free && self.threads < self.usable {
            self.hire(now, task);
            return Admission::Enter;
        }
        self.reject(now, task)
    }

    fn accepts(&self) -> bool {
        self.acceptor.is_none()
    }

    fn has_room(&self) -> bool {
        let may_hire = self.threads < self.spec.core.max(1).min(self.usable);
        self.serving() < self.usable && (!self.idle.is_empty() || may_hire)
    }

    fn on_enter(&mut self, now: SimTime, newcomer: &Newcomer) {
        if !self.hand_over(now, &newcomer.task, From::Latest) {
            self.hire(now, &newcomer.task);
        }
    }

    fn on_compute(&mut self, now: SimTime, task: &Task) {
        self.cpu.add(now, task);
    }

    fn on_leave(&mut self, now: SimTime, job: Job) {
        self.cpu.remove(now, job);
        if !self.inside.remove(&job) {
            return;
        }
        if self.acceptor == Some(job) {
            self.acceptor = None;
            return;
        }
        self.expire(now);
        self.rest(now);
    }

    fn begun(&mut self) -> Option<Job> {
        self.begun.pop_front()
    }

    fn next_completion(&self) -> Option<SimTime> {
        self.cpu.next_completion()
    }

    fn complete(&mut self, now: SimTime) -> Option<Job> {
        self.cpu.complete(now)
    }

    fn set_capacity(&mut self, now: SimTime, speed: f64, remaining: f64) {
        self.usable = share_of(self.spec.most(), remaining);
        self.cpu.set_speed(now, speed);
    }

    fn restart(&mut self) {
        self.cpu.clear();
        self.threads = 0;
        self.idle.clear();
        self.acceptor = None;
        self.inside.clear();
        self.begun.clear();
    }

    fn busy(&self) -> u32 {
        self.serving()
    }

    fn held(&self) -> usize {
        self.inside.len()
    }

    fn vitals(&mut self, now: SimTime) -> Vitals {
        self.expire(now);
        Vitals { threads: self.threads, ..Vitals::default() }
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::execution::testing::{story, threads_after};

    /// `execute` in the order its javadoc tells: core, queue, max, reject.
    #[test]
    fn threads_up_to_core_then_the_queue_then_threads_up_to_max_then_rejection() {
        let pool = "ThreadPool(core: 2, max: 4)";
        assert_eq!(
            story(pool, 2, "a:9@0 b:9@0 c:9@0 d:9@0 e:7@0 f:9@0 g:9@0"),
            // e and f come after c and d but begin before them; c and d are taken in order as threads get free.
            "a>0 b>0 c+0 d+0 e>0 f>0 g!QueueFull@0 e.7 c>7 a.9 d>9 b.9 f.9 c.16 d.18",
        );
    }

    #[test]
    fn a_core_thread_is_made_even_if_another_is_idle() {
        // After a is done its thread is idle; b gets a second one all the same, c and d an idle one.
        let pool = "ThreadPool(core: 2, max: 2, thread_start: \"1s\")";
        assert_eq!(story(pool, 9, "a:1@0 b:1@5 c:1@9 d:1@9"), "a>0 a.2 b>5 b.7 c>9 d>9 c.10 d.10");
    }

    /// `newFixedThreadPool`: the queue never refuses, so `max` is never asked.
    #[test]
    fn an_endless_queue_makes_max_meaningless() {
        let pool = "ThreadPool(core: 1, max: 9)";
        assert_eq!(story(pool, 99, "a:2@0 b:2@0 c:2@0"), "a>0 b+0 c+0 a.2 b>2 b.4 c>4 c.6");
    }

    /// `newCachedThreadPool`: nobody waits, and threads end after 60 s without work.
    #[test]
    fn a_queue_without_room_hands_over_to_idle_threads_or_makes_new_ones() {
        let pool = "ThreadPool(core: 0, max: 3, thread_start: \"1s\")";
        assert_eq!(
            story(pool, 0, "a:1@0 b:1@0 c:1@5 d:1@5 e:1@5 f:1@5 g:1@66"),
            "a>0 b>0 a.2 b.2 c>5 d>5 e>5 f!QueueFull@5 c.6 d.6 e.7 g>66 g.67",
            "c and d find idle threads, which need no start; e gets a third; g finds e's, idle for 59 s",
        );
        let words = "a:1@0 b:1@0 c:1@5 d:1@5 e:1@5 g:1@67";
        assert_eq!(
            story(pool, 0, words),
            "a>0 b>0 a.2 b.2 c>5 d>5 e>5 c.6 d.6 e.7 g>67 g.69",
            "60 s are over"
        );
    }

    #[test]
    fn a_pool_without_core_makes_a_thread_for_the_first_in_its_queue() {
        // `execute` adds a worker when it finds none after it has queued; it makes no second one.
        assert_eq!(story("ThreadPool(core: 0, max: 5)", 9, "a:2@0 b:2@0"), "a>0 b+0 a.2 b>2 b.4");
    }

    #[test]
    fn threads_above_core_end_after_keep_alive_and_core_threads_stay() {
        let (burst, pool) = ("a:1@0 b:1@0 c:1@0 d:1@0", "core: 1, max: 4, keep_alive: \"10s\"");
        for (seconds, threads) in [(0, 4), (10, 4), (11, 1), (999, 1)] {
            assert_eq!(
                threads_after(&format!("ThreadPool({pool})"), 0, burst, seconds),
                threads,
                "{seconds}"
            );
        }
        let mortal = format!("ThreadPool({pool}, core_times_out: true)");
        assert_eq!(threads_after(&mortal, 0, burst, 11), 0, "allowCoreThreadTimeOut");
    }

    /// `CallerRunsPolicy` slows down who submits; `DiscardOldestPolicy` drops the head of the queue.
    #[test]
    fn a_saturated_pool_does_as_it_is_told() {
        let words = "a:4@0 b:4@1 c:5@2 d:1@3 e:1@3";
        let pool = |on_full: &str| format!("ThreadPool(core: 1, on_full: {on_full})");
        // c runs on the acceptor until 7: d and e are not even looked at before; then d stands in the queue behind b,
        // which left it at 4, and e finds that full and runs on the acceptor.
        assert_eq!(
            story(&pool("CallerRuns"), 1, words),
            "a>0 b+1 c>2 d-3 e-3 a.4 b>4 c.7 d+7 e>7 b.8 d>8 e.8 d.9",
        );
        assert_eq!(story(&pool("DiscardOldest"), 1, words), "a>0 b+1 b^2 c+2 c^3 d+3 d^3 e+3 a.4 e>4 e.5");
        assert_eq!(
            story(&pool("Abort"), 1, words),
            "a>0 b+1 c!QueueFull@2 d!QueueFull@3 e!QueueFull@3 a.4 b>4 b.8",
        );
    }
}
