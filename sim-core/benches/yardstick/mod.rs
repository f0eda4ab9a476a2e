//! What a specialist would write for one system and nothing else: the yardstick of every speed ratio.
//!
//! A 4-ary heap of packed (time, sequence) keys, ChaCha8, floats for nothing but the logarithm; no names, no
//! metrics but the mean. Included by the benches of the engine and of the full model.

use std::collections::VecDeque;

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// A 4-ary min-heap of (time, sequence) packed in a u128, each with a payload.
struct Heap {
    entries: Vec<(u128, u32)>,
    sequence: u64,
}

impl Heap {
    fn push(&mut self, time: u64, payload: u32) {
        let key = u128::from(time) << 64 | u128::from(self.sequence);
        self.sequence += 1;
        self.entries.push((key, payload));
        let mut child = self.entries.len() - 1;
        while child > 0 {
            let parent = (child - 1) / 4;
            if self.entries[parent].0 <= key {
                break;
            }
            self.entries[child] = self.entries[parent];
            child = parent;
        }
        self.entries[child] = (key, payload);
    }

    fn pop(&mut self) -> Option<(u64, u32)> {
        let last = self.entries.pop()?;
        let Some(top) = self.entries.first().copied() else { return Some(((last.0 >> 64) as u64, last.1)) };
        let length = self.entries.len();
        let mut hole = 0;
        loop {
            let first = 4 * hole + 1;
            if first >= length {
                break;
            }
            let mut least = first;
            for child in first + 1..(first + 4).min(length) {
                if self.entries[child].0 < self.entries[least].0 {
                    least = child;
                }
            }
            if self.entries[least].0 >= last.0 {
                break;
            }
            self.entries[hole] = self.entries[least];
            hole = least;
        }
        self.entries[hole] = last;
        Some(((top.0 >> 64) as u64, top.1))
    }
}

fn exponential(random: &mut ChaCha8Rng, mean: f64) -> u64 {
    let unit = (random.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0);
    (-libm::log(1.0 - unit) * mean) as u64
}

/// M/M/n with join the shortest queue (n = 1 is M/M/1): mean response in units of the mean service time.
pub(crate) fn join_shortest_queue(servers: usize, load: f64, customers: u64, seed: u64) -> f64 {
    const SERVICE: f64 = 1e6;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut heap = Heap { entries: Vec::with_capacity(64), sequence: 0 };
    let mut queues: Vec<VecDeque<u64>> = vec![VecDeque::new(); servers];
    let gap = SERVICE / (load * servers as f64);
    let (mut arrived, mut served, mut total) = (0_u64, 0_u64, 0_u128);
    let arrival = servers as u32;
    heap.push(exponential(&mut random, gap), arrival);
    while served < customers {
        let Some((now, what)) = heap.pop() else { break };
        if what == arrival {
            arrived += 1;
            let mut best = 0;
            for server in 1..servers {
                if queues[server].len() < queues[best].len() {
                    best = server;
                }
            }
            queues[best].push_back(now);
            if queues[best].len() == 1 {
                heap.push(now + exponential(&mut random, SERVICE), best as u32);
            }
            heap.push(now + exponential(&mut random, gap), arrival);
        } else {
            let queue = &mut queues[what as usize];
            if let Some(came) = queue.pop_front() {
                total += u128::from(now - came);
                served += 1;
            }
            if !queue.is_empty() {
                heap.push(now + exponential(&mut random, SERVICE), what);
            }
        }
    }
    assert!(arrived >= served);
    total as f64 / served as f64 / SERVICE
}
