//! W-TinyLFU: a small LRU window, and behind it a segmented LRU that only the more popular enter.
//!
//! Who falls out of the window is a candidate; it takes the place of the main part's next victim only if a sketch
//! counted more uses of it lately, so that keys used once do not push out what is popular. The window's size climbs
//! to where hits are most. Einziger, Friedman & Manes, *TinyLFU*, ACM TOS 2017, and *Adaptive Software Cache
//! Management*, Middleware 2018; numbers as in Caffeine's `BoundedLocalCache.java`, where the sketch starts when the
//! cache is half full, here at once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{
    Capacity, Entries, Evict, Newcomer, Slot,
    climber::Climber,
    list::{Links, PerSlot, Segment},
    share::part,
    sketch::Sketch,
};

/// `TinyLfu(window: 0.01, protected: 0.8, adaptive: true)`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The window's share of the capacity at the start, at least one unit. Default 0.01: Caffeine.
    pub window: f64,
    /// The protected segment's share of the rest. Default 0.8: Caffeine.
    pub protected: f64,
    /// Whether the window grows and shrinks by hill climbing. Default true: Caffeine.
    pub adaptive: bool,
}

impl Default for Spec {
    fn default() -> Self {
        Self { window: 0.01, protected: 0.8, adaptive: true }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.fraction("window", self.window);
        check.fraction("protected", self.protected);
    }

    /// For static dispatch; else build the family.
    pub fn build(&self, capacity: Capacity) -> State {
        let limit = capacity.limit();
        let window_limit = part(limit, self.window).min(limit);
        // A cache of bytes does not know yet how many objects it will hold.
        let objects = match capacity {
            Capacity::Entries(entries) => entries,
            Capacity::Bytes(_) => 0,
        };
        State {
            links: Links::default(),
            segments: [Segment::default(); 3],
            places: PerSlot::default(),
            window_limit,
            protected_limit: ((limit - window_limit) as f64 * self.protected) as u64,
            sketch: Sketch::new(objects),
            climber: self.adaptive.then(|| Climber::new(limit)),
        }
    }
}

/// Where a slot is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Window,
    Probation,
    Protected,
}

/// A candidate used that often may come in by chance, so that nobody can keep it out with a made-up victim.
const OFTEN: u64 = 6;

/// One in so many of those does.
const LUCKY: u64 = 128;

/// The window and the main part's two segments, each by last use.
#[derive(Clone, Debug)]
pub struct State {
    links: Links,
    segments: [Segment; 3],
    places: PerSlot<Place>,
    window_limit: u64,
    protected_limit: u64,
    sketch: Sketch,
    climber: Option<Climber>,
}

impl State {
    #[inline]
    const fn segment(&self, place: Place) -> &Segment {
        &self.segments[place as usize]
    }

    fn unlink(&mut self, slot: Slot, entries: &Entries) {
        let segment = &mut self.segments[self.places[slot.0] as usize];
        segment.unlink(&mut self.links, slot.0, entries.weight(slot));
    }

    fn enter(&mut self, slot: Slot, to: Place, weight: u64) {
        self.places.put(slot.0, to);
        self.segments[to as usize].push(&mut self.links, slot.0, weight);
    }

    fn shift(&mut self, slot: Slot, to: Place, entries: &Entries) {
        self.unlink(slot, entries);
        self.enter(slot, to, entries.weight(slot));
    }

    /// Whether the candidate takes the victim's place.
    fn admits(&self, candidate: Slot, victim: Slot, entries: &Entries, random: &mut Stream) -> bool {
        let uses = |slot: Slot| self.sketch.frequency(entries.key(slot));
        let candidate = uses(candidate);
        candidate > uses(victim) || candidate >= OFTEN && random.bits().is_multiple_of(LUCKY)
    }

    fn shrink_protected(&mut self, entries: &Entries) {
        while self.segment(Place::Protected).weight() > self.protected_limit
            && let Some(oldest) = self.segment(Place::Protected).oldest()
        {
            self.shift(Slot(oldest), Place::Probation, entries);
        }
    }

    fn climb(&mut self, hit: bool, entries: &Entries) {
        let Some(climber) = &mut self.climber else { return };
        let step = climber.on_request(hit, self.sketch.sample());
        if step > 0 {
            self.grow_window(step.unsigned_abs(), entries);
        } else if step < 0 {
            self.shrink_window(step.unsigned_abs(), entries);
        }
    }

    fn grow_window(&mut self, step: u64, entries: &Entries) {
        let mut quota = step.min(self.protected_limit);
        self.protected_limit -= quota;
        self.window_limit += quota;
        self.shrink_protected(entries);
        let next = |state: &Self, quota: u64| {
            let oldest = [Place::Probation, Place::Protected].map(|place| state.segment(place).oldest());
            oldest.into_iter().flatten().map(Slot).find(|&slot| entries.weight(slot) <= quota)
        };
        while let Some(slot) = next(self, quota) {
            quota -= entries.weight(slot);
            self.shift(slot, Place::Window, entries);
        }
        // What nobody could use goes back.
        self.protected_limit += quota;
        self.window_limit -= quota;
    }

    fn shrink_window(&mut self, step: u64, entries: &Entries) {
        let mut quota = step.min(self.window_limit.saturating_sub(1));
        self.protected_limit += quota;
        self.window_limit -= quota;
        while let Some(slot) = self.segment(Place::Window).oldest().map(Slot)
            && entries.weight(slot) <= quota
        {
            quota -= entries.weight(slot);
            self.shift(slot, Place::Probation, entries);
        }
        self.protected_limit -= quota;
        self.window_limit += quota;
    }
}

impl Evict for State {
    #[inline]
    fn on_hit(&mut self, slot: Slot, entries: &mut Entries) {
        self.sketch.increment(entries.key(slot));
        let place = self.places[slot.0];
        if place == Place::Probation && entries.weight(slot) <= self.protected_limit {
            self.shift(slot, Place::Protected, entries);
            self.shrink_protected(entries);
        } else {
            self.segments[place as usize].refresh(&mut self.links, slot.0);
        }
        self.climb(true, entries);
    }

    #[inline]
    fn on_miss(&mut self, newcomer: &Newcomer, entries: &mut Entries) {
        self.sketch.reserve(entries.slots() as u64);
        self.sketch.increment(newcomer.key);
        self.climb(false, entries);
    }

    #[inline]
    fn evict(&mut self, newcomer: &Newcomer, entries: &mut Entries, random: &mut Stream) -> Option<Slot> {
        let [window, probation, protected] = self.segments.map(|segment| segment.oldest().map(Slot));
        let overflows = self.segment(Place::Window).weight() + newcomer.weight > self.window_limit;
        let candidate = window.filter(|_| overflows);
        let loser = match (candidate, probation) {
            (Some(candidate), Some(victim)) if self.admits(candidate, victim, entries, random) => {
                self.shift(candidate, Place::Probation, entries);
                victim
            }
            (Some(candidate), _) => candidate,
            (None, victim) => victim.or(protected).or(window)?,
        };
        self.unlink(loser, entries);
        Some(loser)
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, newcomer: &Newcomer, entries: &mut Entries) {
        self.enter(slot, Place::Window, newcomer.weight);
        while self.segment(Place::Window).weight() > self.window_limit
            && let Some(oldest) = self.segment(Place::Window).oldest()
        {
            self.shift(Slot(oldest), Place::Probation, entries);
        }
    }

    #[inline]
    fn on_remove(&mut self, slot: Slot, entries: &mut Entries) {
        self.unlink(slot, entries);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::eviction::testing::story;

    #[test]
    fn only_the_more_popular_enter() {
        // c, d and e, asked for once each, displace nobody; d's three uses outweigh a's two.
        let spec = Spec { adaptive: false, ..Spec::default() };
        assert_eq!(story(&spec, 3, "a a b b c d e d d f"), "a a! b b! c d(-c) e(-d) d(-e) d! f(-a)");
    }

    #[test]
    fn the_window_of_a_small_cache_has_room_for_one() {
        let state = Spec::default().build(Capacity::Entries(20));
        assert_eq!((state.window_limit, state.protected_limit), (1, 15));
    }
}
