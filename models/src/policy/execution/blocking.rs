//! Threads for what blocks, and those who wait for one, first come, first served.

use std::collections::VecDeque;

use sim_core::time::SimTime;

use crate::policy::concurrency::{Job, Task};

/// A task that may run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ready {
    pub(super) task: Task,
    /// Since when.
    pub(super) since: SimTime,
    /// Whether it has not run before.
    pub(super) fresh: bool,
}

/// So many threads, and their queue.
#[derive(Debug)]
pub(super) struct Blocking {
    threads: u32,
    used: u32,
    queue: VecDeque<Ready>,
}

impl Blocking {
    pub(super) const fn new(threads: u32) -> Self {
        Self { threads, used: 0, queue: VecDeque::new() }
    }

    pub(super) fn push(&mut self, ready: Ready) {
        self.queue.push_back(ready);
    }

    /// The next, if a thread is free for it.
    pub(super) fn take(&mut self) -> Option<Ready> {
        if self.used == self.threads {
            return None;
        }
        let ready = self.queue.pop_front()?;
        self.used += 1;
        Some(ready)
    }

    pub(super) fn free(&mut self) {
        self.used -= 1;
    }

    pub(super) fn remove(&mut self, job: Job) {
        self.queue.retain(|ready| ready.task.job != job);
    }

    pub(super) fn oldest(&self) -> Option<SimTime> {
        self.queue.front().map(|ready| ready.since)
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new(self.threads);
    }
}
