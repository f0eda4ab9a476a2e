//! The queues of event loops: one for each, one for all, and who takes what from where.

use std::collections::VecDeque;

use sim_core::{random::Stream, time::SimTime};

use super::blocking::Ready;
use crate::policy::concurrency::Job;

/// What a loop's own queue holds where others may steal from it (tokio `LOCAL_QUEUE_CAPACITY`).
const LOCAL: usize = 256;
/// Every so many turns the global queue comes first (tokio `global_queue_interval`).
const GLOBAL_FIRST: u64 = 61;

/// Loops and their queues.
#[derive(Debug)]
pub(super) struct Loops {
    all: Vec<Loop>,
    global: VecDeque<Ready>,
    stealing: bool,
    /// Loops that have nobody; who is there latest looks first.
    idle: Vec<usize>,
    /// Where the next newcomer will live.
    next: usize,
}

#[derive(Clone, Debug, Default)]
struct Loop {
    queue: VecDeque<Ready>,
    busy: bool,
    turns: u64,
}

/// Whom a loop takes up.
pub(super) struct Turn {
    pub(super) ready: Ready,
    /// Whether it was another loop's.
    pub(super) stolen: bool,
}

impl Loops {
    pub(super) fn new(loops: usize, stealing: bool) -> Self {
        Self {
            all: vec![Loop::default(); loops],
            global: VecDeque::new(),
            stealing: stealing && loops > 1,
            idle: (0..loops).rev().collect(),
            next: 0,
        }
    }

    /// Newcomers are dealt out in turns.
    pub(super) fn next_home(&mut self) -> usize {
        let home = self.next;
        self.next = (home + 1) % self.all.len();
        home
    }

    /// Somebody stands at a loop. A queue that others steal from is short: if it is full, its older half goes to all.
    pub(super) fn push(&mut self, home: usize, ready: Ready) {
        let queue = &mut self.all[home].queue;
        if self.stealing && queue.len() >= LOCAL {
            self.global.extend(queue.drain(..LOCAL / 2));
            self.global.push_back(ready);
        } else {
            queue.push_back(ready);
        }
    }

    /// Who looks for work after somebody came to this loop: the loop itself if it idles, else one that steals.
    pub(super) fn who_looks(&self, home: usize) -> Option<usize> {
        if !self.all[home].busy {
            return Some(home);
        }
        self.idle.last().copied().filter(|_| self.stealing)
    }

    /// Whom an idle loop takes up: its own, now and then and else somebody from the global queue, else another's.
    pub(super) fn take(&mut self, home: usize, random: &mut Stream) -> Option<Turn> {
        let own = &mut self.all[home];
        own.turns += 1;
        let global_first = self.stealing && own.turns.is_multiple_of(GLOBAL_FIRST);
        let early = if global_first { self.global.pop_front() } else { None };
        let found = early.or_else(|| self.all[home].queue.pop_front()).or_else(|| self.global.pop_front());
        let turn = match found {
            Some(ready) => Turn { ready, stolen: false },
            None => Turn { ready: self.steal(home, random)?, stolen: true },
        };
        self.all[home].busy = true;
        self.idle.retain(|idle| *idle != home);
        Some(turn)
    }

    /// Takes the older half of the first queue that has any, from a random one on; answers the oldest of it.
    fn steal(&mut self, thief: usize, random: &mut Stream) -> Option<Ready> {
        if !self.stealing || self.all.iter().all(|victim| victim.queue.is_empty()) {
            return None;
        }
        let count = self.all.len();
        let start = random.below(count);
        let victims = (0..count).map(|step| (start + step) % count);
        let victim = victims.into_iter().find(|victim| !self.all[*victim].queue.is_empty())?;
        let queue = &mut self.all[victim].queue;
        let half = queue.len().div_ceil(2);
        let mut taken = queue.drain(..half).collect::<VecDeque<_>>();
        let first = taken.pop_front();
        self.all[thief].queue.append(&mut taken);
        first
    }

    /// A loop has nobody any more.
    pub(super) fn free(&mut self, home: usize) {
        self.all[home].busy = false;
        self.idle.push(home);
    }

    /// Takes somebody out who lived on a loop when it became ready; whether it had never run.
    pub(super) fn remove(&mut self, home: usize, job: Job) -> bool {
        let loops = self.all.len();
        let queues = (0..loops).map(|step| (home + step) % loops);
        for queue in queues.map(Some).chain([None]) {
            let queue = match queue {
                Some(place) => &mut self.all[place].queue,
                None => &mut self.global,
            };
            if let Some(place) = queue.iter().position(|ready| ready.task.job == job) {
                return queue.remove(place).is_some_and(|ready| ready.fresh);
            }
        }
        false
    }

    /// Since when the oldest waits who has never run.
    pub(super) fn oldest(&self) -> Option<SimTime> {
        let queues = self.all.iter().map(|each| &each.queue).chain([&self.global]);
        queues.flatten().filter(|ready| ready.fresh).map(|ready| ready.since).min()
    }

    pub(super) fn busy(&self) -> u32 {
        (self.all.len() - self.idle.len()) as u32
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new(self.all.len(), self.stealing);
    }
}
