//! Processor sharing: with n jobs on c cores each is served at min(1, c/n) of a core.
//!
//! Small jobs pass large ones without anyone knowing their size; the mean response depends on the mean demand
//! alone, and a job of size x takes x/(1−ρ). The limit of round robin as its quantum shrinks.
//! Kleinrock, *Time-shared Systems: A Theoretical Treatment*, 1967.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};

use super::{
    Cores, Job, Share, Task,
    clock::{Clock, Portion, Work},
};

/// `ProcessorSharing(cores: 4)`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Spec(pub Cores);

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        self.0.check(check);
    }

    pub(super) fn build(&self, speed: f64) -> State {
        State {
            cores: self.0.cores.max(1),
            clock: Clock::new(speed),
            begun: 0,
            ends: BTreeSet::new(),
            held: BTreeMap::new(),
        }
    }
}

/// Everyone, by the clock's reading at which each is done.
#[derive(Debug)]
pub struct State {
    cores: u16,
    clock: Clock,
    begun: u64,
    ends: BTreeSet<(End, Job)>,
    held: BTreeMap<Job, End>,
}

/// The reading at which a job is done, then the order of coming.
type End = (Work, u64);

impl State {
    fn portion(&self) -> Portion {
        Portion::of(self.cores, self.held.len())
    }
}

impl Share for State {
    fn add(&mut self, now: SimTime, task: &Task) {
        self.clock.advance(now, self.portion());
        let end = (self.clock.given().plus(Work::new(task.work)), self.begun);
        self.begun += 1;
        let before = self.held.insert(task.job, end);
        assert!(before.is_none(), "{:?} is held already", task.job);
        self.ends.insert((end, task.job));
    }

    fn remove(&mut self, now: SimTime, job: Job) -> Option<SimDuration> {
        self.clock.advance(now, self.portion());
        let end = self.held.remove(&job)?;
        self.ends.remove(&(end, job));
        Some(end.0.minus(self.clock.given()).as_duration())
    }

    fn next_completion(&self) -> Option<SimTime> {
        let ((reading, _), _) = self.ends.first()?;
        self.clock.when(*reading, self.portion())
    }

    fn complete(&mut self, now: SimTime) -> Option<Job> {
        self.clock.advance(now, self.portion());
        let ((reading, _), _) = self.ends.first()?;
        if *reading > self.clock.given() {
            return None;
        }
        let (_, job) = self.ends.pop_first()?;
        self.held.remove(&job);
        Some(job)
    }

    fn set_speed(&mut self, now: SimTime, speed: f64) {
        self.clock.advance(now, self.portion());
        self.clock.set_speed(speed);
    }

    fn held(&self) -> usize {
        self.held.len()
    }

    fn busy_cores(&self) -> u16 {
        self.held.len().min(usize::from(self.cores)) as u16
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::concurrency::laws::story;

    #[test]
    fn everyone_gets_an_equal_part() {
        // Alone a has 2 of its 6 by 2; a and b have one each by 4, when b is done; a's last 3 take 3.
        assert_eq!(story("ProcessorSharing()", "a:6@0 b:1@2"), "b@4 a@7");
        assert_eq!(story("ProcessorSharing()", "a:2@0 b:2@0 c:2@0"), "a@6 b@6 c@6");
    }

    #[test]
    fn nobody_gets_more_than_a_core() {
        assert_eq!(story("ProcessorSharing(cores: 2)", "a:4@0 b:4@0"), "a@4 b@4");
        // Three on two cores run at 2/3: a and b are done after 6, c's other 2 at full speed.
        assert_eq!(story("ProcessorSharing(cores: 2)", "a:4@0 b:4@0 c:6@0"), "a@6 b@6 c@8");
    }

    #[test]
    fn speed_and_leaving_change_the_pace_at_once() {
        // Half speed from 2: the other 2 of a take 4. At 0 it stands still until 9.
        assert_eq!(story("ProcessorSharing()", "a:4@0 speed:0.5@2"), "a@6");
        assert_eq!(story("ProcessorSharing()", "a:4@0 speed:0@2 speed:1@9"), "a@11");
        // From 0 to 4 each has 2; then b goes with 8 left and a is alone.
        assert_eq!(story("ProcessorSharing()", "a:4@0 b:10@0 -b@4"), "b-8s@4 a@6");
    }
}
