//! Eviction by drawing: a few objects at random, the worst of them and of those drawn before goes.
//!
//! Candidates of earlier draws wait in a small pool, as bad as they were then, even if used since. Redis `evict.c`,
//! `evictionPoolPopulate`.

use sim_core::{check::Check, random::Stream};

use super::{Slot, list::PerSlot};

/// Slots without gaps, and the candidates by badness, the worst last.
#[derive(Clone, Debug)]
pub(super) struct Sampling {
    samples: u8,
    most: usize,
    held: Vec<Slot>,
    places: PerSlot<Place>,
    pool: Vec<Candidate>,
}

/// Where a slot stands among those that are held, and whether it is a candidate.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    position: u32,
    pooled: bool,
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    badness: u64,
    slot: Slot,
}

/// Reports what is wrong with how many are drawn and kept in mind.
pub(super) fn check(samples: u8, pool: u8, check: &mut Check) {
    for (field, value) in [("samples", samples), ("pool", pool)] {
        check.require((1..=64).contains(&value), field, || format!("{field} is 1 to 64, not {value}"));
    }
}

impl Sampling {
    /// So many are drawn for each that goes, and so many kept in mind.
    pub(super) fn new(samples: u8, pool: u8) -> Self {
        Self {
            samples: samples.max(1),
            most: usize::from(pool.max(1)),
            held: Vec::new(),
            places: PerSlot::default(),
            pool: Vec::new(),
        }
    }

    #[inline]
    pub(super) fn insert(&mut self, slot: Slot) {
        let position = self.held.len() as u32;
        self.places.put(slot.0, Place { position, pooled: false });
        self.held.push(slot);
    }

    pub(super) fn remove(&mut self, slot: Slot) {
        self.pool.retain(|candidate| candidate.slot != slot);
        self.forget(slot);
    }

    /// Takes out the worst, by what is told of how bad each is.
    #[inline]
    pub(super) fn take_worst(&mut self, random: &mut Stream, badness: impl Fn(Slot) -> u64) -> Option<Slot> {
        if self.held.is_empty() {
            return None;
        }
        for _ in 0..self.samples {
            let slot = self.held[random.below(self.held.len())];
            if !self.places[slot.0].pooled {
                self.consider(Candidate { badness: badness(slot), slot });
            }
        }
        let worst = self.pool.pop()?.slot;
        self.forget(worst);
        Some(worst)
    }

    /// Keeps a candidate in mind, instead of the least bad one if the pool is full.
    fn consider(&mut self, candidate: Candidate) {
        let place = self.pool.partition_point(|other| other.badness < candidate.badness);
        if self.pool.len() < self.most {
            self.pool.insert(place, candidate);
        } else if place > 0 {
            self.places[self.pool[0].slot.0].pooled = false;
            self.pool.copy_within(1..place, 0);
            self.pool[place - 1] = candidate;
        } else {
            return;
        }
        self.places[candidate.slot.0].pooled = true;
    }

    fn forget(&mut self, slot: Slot) {
        let position = self.places[slot.0].position;
        self.held.swap_remove(position as usize);
        if let Some(moved) = self.held.get(position as usize) {
            self.places[moved.0].position = position;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pool_keeps_the_worst() {
        let mut sampling = Sampling::new(1, 2);
        (0..4).for_each(|place| sampling.insert(Slot(place)));
        for (place, badness) in [(0, 5), (1, 3), (2, 4), (3, 2)] {
            sampling.consider(Candidate { badness, slot: Slot(place) });
        }
        let kept: Vec<_> = sampling.pool.iter().map(|candidate| candidate.slot.0).collect();
        assert_eq!(kept, [2, 0]);
        assert_eq!([0, 1, 2, 3].map(|place| sampling.places[place].pooled), [true, false, true, false]);
    }
}
