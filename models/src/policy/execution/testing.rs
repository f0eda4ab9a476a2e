//! What tests of executors share: stories of requests, told in words.

use std::collections::{BTreeMap, VecDeque};

use sim_core::{
    random::Streams,
    time::{SimDuration, SimTime},
};

use super::{Admission, ConcurrencySpec, Door, Execute, Executor, Newcomer, Setting, Wake};
use crate::policy::concurrency::{Job, Task};

/// An executor behind a line that is first in, first out, and what is told of it.
pub(super) struct Story {
    executor: Executor,
    now: SimTime,
    capacity: usize,
    line: VecDeque<Job>,
    held: VecDeque<Job>,
    /// What each job has left: computing, waiting, computing, in turns.
    parts: BTreeMap<Job, VecDeque<SimDuration>>,
    wakes: Vec<(SimTime, Job)>,
    told: Vec<String>,
}

fn read(text: &str) -> ConcurrencySpec {
    use ron::extensions::Extensions as On;
    let on = On::IMPLICIT_SOME | On::UNWRAP_NEWTYPES | On::UNWRAP_VARIANT_NEWTYPES;
    ron::Options::default().with_default_extension(on).from_str(text).expect("a spec")
}

/// Plays `job:compute,wait,compute@time` words, in seconds, and tells who begins `>`, stands in line `+`, is held `-`,
/// displaced `^`, refused `!` or done `.` when. Capital letters are of class `heavy`, others of class `light`.
pub(super) fn story(spec: &str, capacity: usize, words: &str) -> String {
    let mut story = Story::new(spec, capacity);
    story.play(words);
    story.pass(SimTime::NEVER);
    story.told()
}

/// How many threads there are so many seconds after the start.
pub(super) fn threads_after(spec: &str, capacity: usize, words: &str, seconds: u64) -> u32 {
    let mut story = Story::new(spec, capacity);
    story.play(words);
    let then = SimTime::ZERO + SimDuration::from_secs(seconds);
    story.pass(then);
    story.executor.vitals(then).threads
}

impl Story {
    pub(super) fn new(spec: &str, capacity: usize) -> Self {
        let random = Streams::new(1, 0).stream("story");
        let setting = Setting { speed: 1.0, classes: &["light", "heavy"], random };
        Self {
            executor: read(spec).build(&setting),
            now: SimTime::ZERO,
            capacity,
            line: VecDeque::new(),
            held: VecDeque::new(),
            parts: BTreeMap::new(),
            wakes: Vec::new(),
            told: Vec::new(),
        }
    }

    /// How often a loop took work from another so far.
    pub(super) fn steals(&mut self) -> u64 {
        self.executor.vitals(self.now).steals
    }

    /// All that was told so far.
    pub(super) fn told(&self) -> String {
        self.told.join(" ")
    }

    pub(super) fn play(&mut self, words: &str) {
        for word in words.split(' ') {
            let (what, at) = word.split_once('@').expect("a time");
            let now = SimTime::ZERO + seconds(at);
            self.pass(now);
            self.now = now;
            if let Some(gone) = what.strip_prefix('-') {
                self.leave(named(gone));
            } else {
                let (name, parts) = what.split_once(':').expect("parts");
                self.parts.insert(named(name), parts.split(',').map(seconds).collect());
                self.arrive(named(name));
            }
            self.settle();
        }
    }

    fn tell(&mut self, job: Job, sign: &str) {
        let name = char::from(job.0 as u8);
        self.told.push(format!("{name}{sign}{}", self.now.as_secs_f64()));
    }

    fn task(&mut self, job: Job) -> Task {
        let work = self.parts.get_mut(&job).and_then(VecDeque::pop_front).expect("computing");
        Task { job, work, priority: 0 }
    }

    fn newcomer(&self, job: Job) -> Newcomer {
        let task = Task { job, work: self.parts[&job][0], priority: 0 };
        let class = u16::from(char::from(job.0 as u8).is_ascii_uppercase());
        Newcomer { task, class, key: job.0 }
    }

    fn arrive(&mut self, job: Job) {
        let door = Door { waiting: self.line.len(), full: self.line.len() >= self.capacity };
        match self.executor.on_arrive(self.now, &self.newcomer(job), door) {
            Admission::Enter => self.entered(job),
            Admission::Replace(oldest) => {
                self.executor.on_leave(self.now, oldest);
                self.tell(oldest, "^");
                self.entered(job);
            }
            Admission::Wait if door.full => self.tell(job, "!QueueFull@"),
            Admission::Wait => self.stand(job),
            Admission::Displace => {
                let oldest = self.line.pop_front().expect("somebody waits");
                self.tell(oldest, "^");
                self.stand(job);
            }
            Admission::Hold => {
                self.held.push_back(job);
                self.tell(job, "-");
            }
            Admission::Refuse(reason) => self.tell(job, &format!("!{reason:?}@")),
        }
    }

    fn stand(&mut self, job: Job) {
        self.line.push_back(job);
        self.tell(job, "+");
    }

    fn entered(&mut self, job: Job) {
        let _ = self.task(job);
    }

    fn leave(&mut self, job: Job) {
        self.parts.remove(&job);
        self.wakes.retain(|(_, waiting)| *waiting != job);
        self.executor.on_leave(self.now, job);
    }

    /// Tells who has begun; lets in who may come.
    fn settle(&mut self) {
        loop {
            while let Some(job) = self.executor.begun() {
                self.tell(job, ">");
            }
            if self.executor.accepts() && !self.held.is_empty() {
                let job = self.held.pop_front().expect("somebody is held");
                self.arrive(job);
            } else if self.executor.has_room() && !self.line.is_empty() {
                let job = self.line.pop_front().expect("somebody waits");
                self.executor.on_enter(self.now, &self.newcomer(job));
                self.entered(job);
            } else {
                return;
            }
        }
    }

    /// Lets time come: completions first, then the ends of waits.
    pub(super) fn pass(&mut self, until: SimTime) {
        loop {
            let done = self.executor.next_completion().unwrap_or(SimTime::NEVER);
            let woken = self.wakes.iter().map(|(at, _)| *at).min().unwrap_or(SimTime::NEVER);
            let next = done.min(woken);
            if next > until || next == SimTime::NEVER {
                return;
            }
            self.now = next;
            if done <= woken {
                while let Some(job) = self.executor.complete(self.now) {
                    self.go_on(job);
                    self.executor.on_settled(self.now, job);
                    self.settle();
                }
            } else {
                let place = self.wakes.iter().position(|(at, _)| *at == next).expect("the one found");
                let (_, job) = self.wakes.remove(place);
                if self.executor.on_wake(self.now, job) == Wake::GoOn {
                    self.go_on(job);
                }
                self.settle();
            }
        }
    }

    /// The next part of a job: a wait if it has computed, computing if it has waited, or its end.
    fn go_on(&mut self, job: Job) {
        let left = self.parts[&job].len();
        if left == 0 {
            self.tell(job, ".");
            return self.leave(job);
        }
        if left.is_multiple_of(2) {
            let length = self.parts.get_mut(&job).and_then(VecDeque::pop_front).expect("a wait");
            self.wakes.push((self.now + length, job));
        } else {
            let task = self.task(job);
            self.executor.on_compute(self.now, &task);
        }
    }
}

fn seconds(text: &str) -> SimDuration {
    SimDuration::from_secs_f64(text.parse().expect("seconds"))
}

fn named(name: &str) -> Job {
    Job(u64::from(name.as_bytes()[0]))
}
