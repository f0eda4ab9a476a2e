//! What computes: cores in equal parts, and what it costs to switch between threads.
//!
//! While more threads can run than there are cores, each core gives every thread a slice in turn, and switching
//! takes its share of every slice; a thread that begins to compute among so many is switched to once more.
//! Bendersky, *Measuring context switching and memory overheads for Linux threads*, 2018: 1.2 to 2.2 µs a switch.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};

use crate::policy::concurrency::{Cores, Job, Share, ShareSpec, Sharing, Task, processor_sharing};

/// The cores that threads share. In files: `cpu: (cores: 4, context_switch: "2us")`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CpuSpec {
    /// Threads that run at full speed, at least 1. Default 1.
    pub cores: u16,
    /// What a switch from one thread to another costs; Linux: 1.2 to 2.2 µs. Default 0.
    pub context_switch: SimDuration,
    /// How long a thread runs before another has its turn. Default 3 ms (Linux `base_slice_ns` on 8 cores or more).
    pub time_slice: SimDuration,
}

impl Default for CpuSpec {
    fn default() -> Self {
        Self { cores: 1, context_switch: SimDuration::ZERO, time_slice: SimDuration::from_millis(3) }
    }
}

impl CpuSpec {
    pub(super) fn check(&self, check: &mut Check) {
        check.require(self.cores > 0, "cores", || "cores must be at least 1, got 0".into());
        check.require(!self.time_slice.is_zero(), "time_slice", || "a time_slice must be above 0".into());
    }

    /// What part of a slice is work when threads take turns.
    fn useful(&self) -> f64 {
        let slice = self.time_slice.as_nanos() as f64;
        slice / (slice + self.context_switch.as_nanos() as f64)
    }
}

/// Cores, and those who compute on them.
#[derive(Debug)]
pub(super) struct Cpu {
    spec: CpuSpec,
    share: Sharing,
    speed: f64,
    crowded: bool,
    /// Whose computing was done last, and when: if it computes more at once, it needs no switch.
    last: Option<(SimTime, Job)>,
}

/// As many cores as anybody has threads: each has one of its own.
const PLENTY: u16 = u16::MAX;

impl Cpu {
    /// The cores of a specification; without one, a core for each thread.
    pub(super) fn new(spec: Option<&CpuSpec>, speed: f64) -> Self {
        let spec = spec.cloned().unwrap_or(CpuSpec { cores: PLENTY, ..CpuSpec::default() });
        Self { share: equal_parts(spec.cores, speed), spec, speed, crowded: false, last: None }
    }

    pub(super) fn add(&mut self, now: SimTime, task: &Task) {
        let others = self.share.held() >= usize::from(self.spec.cores);
        let switched = others && self.last != Some((now, task.job));
        let work = if switched { task.work + self.spec.context_switch } else { task.work };
        self.share.add(now, &Task { work, ..*task });
        self.set_pace(now);
    }

    /// Lets a job go undone, if it computes.
    pub(super) fn remove(&mut self, now: SimTime, job: Job) {
        self.share.remove(now, job);
        self.set_pace(now);
    }

    pub(super) fn next_completion(&self) -> Option<SimTime> {
        self.share.next_completion()
    }

    pub(super) fn complete(&mut self, now: SimTime) -> Option<Job> {
        let job = self.share.complete(now)?;
        self.set_pace(now);
        self.last = Some((now, job));
        Some(job)
    }

    pub(super) fn set_speed(&mut self, now: SimTime, speed: f64) {
        self.speed = speed;
        self.share.set_speed(now, self.pace());
    }

    /// Nobody computes any more.
    pub(super) fn clear(&mut self) {
        self.crowded = false;
        self.share = equal_parts(self.spec.cores, self.speed);
    }

    pub(super) fn busy_cores(&self) -> u16 {
        self.share.busy_cores()
    }

    fn set_pace(&mut self, now: SimTime) {
        let crowded = self.share.held() > usize::from(self.spec.cores);
        if crowded != self.crowded {
            self.crowded = crowded;
            self.share.set_speed(now, self.pace());
        }
    }

    fn pace(&self) -> f64 {
        if self.crowded { self.speed * self.spec.useful() } else { self.speed }
    }
}

fn equal_parts(cores: u16, speed: f64) -> Sharing {
    ShareSpec::ProcessorSharing(processor_sharing::Spec(Cores { cores })).build(speed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When `jobs` jobs of a second each, all there from the start, are done.
    fn done(spec: &CpuSpec, jobs: u64) -> f64 {
        let mut cpu = Cpu::new(Some(spec), 1.0);
        for job in 0..jobs {
            cpu.add(SimTime::ZERO, &Task { job: Job(job), work: SimDuration::from_secs(1), priority: 0 });
        }
        let mut last = SimTime::ZERO;
        while let Some(at) = cpu.next_completion() {
            cpu.complete(at).unwrap();
            last = at;
        }
        last.as_secs_f64()
    }

    #[test]
    fn switching_takes_its_share_of_every_slice() {
        let spec = |cores| CpuSpec {
            cores,
            context_switch: SimDuration::from_micros(300),
            time_slice: SimDuration::from_millis(3),
        };
        assert_eq!(done(&spec(1), 1), 1.0, "one thread is never switched");
        assert_eq!(done(&spec(4), 4), 1.0, "nor is one of four on four cores");
        // Four on one core: 4 s of work and three switches to those who come among others, a tenth more in slices,
        // until the last three switches' worth is left to one thread after another.
        let four = done(&spec(1), 4);
        assert!((four - 4.0 * 1.1).abs() < 0.002, "{four}");
        assert_eq!(done(&CpuSpec { cores: 1, ..CpuSpec::default() }, 4), 4.0, "free switches cost nothing");
    }

    #[test]
    fn whoever_goes_on_at_once_is_not_switched_to_again() {
        let task = |job, work| Task { job: Job(job), work: SimDuration::from_millis(work), priority: 0 };
        let spec = CpuSpec { context_switch: SimDuration::from_millis(1), ..CpuSpec::default() };
        let mut cpu = Cpu::new(Some(&spec), 1.0);
        cpu.add(SimTime::ZERO, &task(1, 0));
        cpu.add(SimTime::ZERO, &task(2, 1_000));
        assert_eq!(cpu.complete(SimTime::ZERO), Some(Job(1)));
        cpu.add(SimTime::ZERO, &task(1, 8));
        let at = cpu.next_completion().unwrap();
        // Half a core, of which a quarter goes to switches: 21 333 333 ⅓ ns, and done when it is done.
        assert_eq!(at, SimTime::from_nanos(8_000_000_u64 * 2 * 4 / 3 + 1));
    }
}
