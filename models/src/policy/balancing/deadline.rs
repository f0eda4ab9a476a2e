//! Earliest deadline first, the core of Envoy's weighted strategies.
//!
//! Every backend waits with a deadline one period away, a period being 1/weight; the earliest is picked, the
//! clock moves there, and it waits again. Deadlines are whole multiples of one unit that every weight
//! divides, so that ties are exact: with Envoy's doubles the order drifts after a few turns. Envoy
//! `edf_scheduler.h`.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::Backend;

/// Backends waiting for their deadlines.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    /// Earliest first; of equal deadlines the one that began to wait first.
    waiting: BinaryHeap<Reverse<Wait>>,
    /// Those passed over in the present pick; kept to save an allocation.
    skipped: Vec<usize>,
    weights: Vec<u32>,
    /// The period of weight 1.
    unit: u128,
    now: u128,
    order: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Wait {
    deadline: u128,
    order: u64,
    backend: usize,
}

impl Schedule {
    /// All wait one period of their weight; weights must be at least 1.
    pub(super) fn new(weights: Vec<u32>) -> Self {
        let mut schedule = Self {
            waiting: BinaryHeap::new(),
            skipped: Vec::new(),
            unit: unit_of(&weights),
            weights,
            now: 0,
            order: 0,
        };
        for backend in 0..schedule.weights.len() {
            schedule.wait(backend, schedule.period(backend));
        }
        schedule
    }

    /// Starts anew if the weights differ from those in force.
    pub(super) fn set_weights(&mut self, weights: impl Iterator<Item = u32> + Clone) {
        if !self.weights.iter().copied().eq(weights.clone()) {
            *self = Self::new(weights.collect());
        }
    }

    /// The available backend with the earliest deadline. `stretch` turns the period of its weight into its
    /// own.
    ///
    /// Those passed over because they are not available wait a period from now, as if they had just come
    /// back.
    pub(super) fn pick(
        &mut self,
        rows: &[Backend],
        stretch: impl Fn(u128, &Backend) -> u128,
    ) -> Option<usize> {
        if !rows.iter().any(|row| row.available) {
            return None;
        }
        let mut picked = None;
        while let Some(Reverse(wait)) = self.waiting.pop() {
            if rows.get(wait.backend).is_some_and(|row| row.available) {
                self.now = wait.deadline;
                picked = Some(wait.backend);
                break;
            }
            self.skipped.push(wait.backend);
        }
        let mut again = std::mem::take(&mut self.skipped);
        for backend in again.drain(..).chain(picked) {
            let period = self.period(backend);
            self.wait(backend, rows.get(backend).map_or(period, |row| stretch(period, row)));
        }
        self.skipped = again;
        picked
    }

    fn period(&self, backend: usize) -> u128 {
        self.unit / u128::from(self.weights.get(backend).copied().unwrap_or(1).max(1))
    }

    fn wait(&mut self, backend: usize, period: u128) {
        let deadline = self.now.saturating_add(period.max(1));
        self.waiting.push(Reverse(Wait { deadline, order: self.order, backend }));
        self.order += 1;
    }
}

/// The period of a backend in slow start: longer as its share is smaller.
#[inline]
pub(super) fn slowed(period: u128, share: f32) -> u128 {
    if share >= 1.0 { period } else { (period as f64 / f64::from(share)) as u128 }
}

/// The least common multiple of the weights times a power of two, from 2⁶³ up; 2⁶⁴ if that does not hold it,
/// where periods are rounded by less than one part in 2³².
fn unit_of(weights: &[u32]) -> u128 {
    const MOST: u128 = 1 << 64;
    let mut multiple = 1_u128;
    for &weight in weights {
        let weight = u128::from(weight.max(1));
        multiple = multiple / greatest_common_divisor(multiple, weight) * weight;
        if multiple >= MOST {
            return MOST;
        }
    }
    multiple << (multiple.leading_zeros() - 64)
}

/// Euclid's algorithm.
fn greatest_common_divisor(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}
