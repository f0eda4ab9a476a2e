//! Everybody computes at once, in the parts that a share gives them: what `sharing` stands for.

use std::collections::{BTreeSet, VecDeque};

use sim_core::time::SimTime;

use super::{Admission, Door, Execute, Newcomer, Vitals};
use crate::policy::concurrency::{Job, Share, ShareSpec, Sharing, Task};

/// A share and those inside.
#[derive(Debug)]
pub(super) struct State {
    spec: ShareSpec,
    share: Sharing,
    speed: f64,
    inside: BTreeSet<Job>,
    begun: VecDeque<Job>,
}

impl State {
    pub(super) fn new(spec: &ShareSpec, speed: f64) -> Self {
        let share = spec.build(speed);
        Self { spec: spec.clone(), share, speed, inside: BTreeSet::new(), begun: VecDeque::new() }
    }
}

impl Execute for State {
    fn on_arrive(&mut self, now: SimTime, newcomer: &Newcomer, _: Door) -> Admission {
        self.on_enter(now, newcomer);
        Admission::Enter
    }

    fn has_room(&self) -> bool {
        true
    }

    fn on_enter(&mut self, now: SimTime, newcomer: &Newcomer) {
        self.inside.insert(newcomer.task.job);
        self.begun.push_back(newcomer.task.job);
        self.share.add(now, &newcomer.task);
    }

    fn on_compute(&mut self, now: SimTime, task: &Task) {
        self.share.add(now, task);
    }

    fn on_leave(&mut self, now: SimTime, job: Job) {
        self.inside.remove(&job);
        self.share.remove(now, job);
    }

    fn begun(&mut self) -> Option<Job> {
        self.begun.pop_front()
    }

    fn next_completion(&self) -> Option<SimTime> {
        self.share.next_completion()
    }

    fn complete(&mut self, now: SimTime) -> Option<Job> {
        self.share.complete(now)
    }

    /// Cores that are lost cannot be taken from anybody by name: all run slower.
    fn set_capacity(&mut self, now: SimTime, speed: f64, remaining: f64) {
        self.speed = speed * remaining;
        self.share.set_speed(now, self.speed);
    }

    fn restart(&mut self) {
        *self = Self::new(&self.spec, self.speed);
    }

    fn busy(&self) -> u32 {
        u32::from(self.share.busy_cores())
    }

    fn held(&self) -> usize {
        self.inside.len()
    }

    fn vitals(&mut self, _: SimTime) -> Vitals {
        Vitals::default()
    }
}
