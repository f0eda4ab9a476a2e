//! Lists of slots from oldest to newest: links by number in one vector, so that nothing is allocated for a member.

use std::ops::{Index, IndexMut};

/// No place.
const NONE: u32 = u32::MAX;

#[inline]
const fn some(place: u32) -> Option<u32> {
    if place == NONE { None } else { Some(place) }
}

/// What a policy remembers of each slot; grows as slots do.
#[derive(Clone, Debug, Default)]
pub(super) struct PerSlot<T>(Vec<T>);

impl<T: Copy + Default> PerSlot<T> {
    #[inline]
    pub(super) fn put(&mut self, place: u32, value: T) {
        let place = place as usize;
        if place >= self.0.len() {
            self.0.resize(place + 1, T::default());
        }
        self.0[place] = value;
    }
}

impl<T> Index<u32> for PerSlot<T> {
    type Output = T;

    #[inline]
    fn index(&self, place: u32) -> &T {
        &self.0[place as usize]
    }
}

impl<T> IndexMut<u32> for PerSlot<T> {
    #[inline]
    fn index_mut(&mut self, place: u32) -> &mut T {
        &mut self.0[place as usize]
    }
}

#[derive(Clone, Copy, Debug)]
struct Link {
    older: u32,
    newer: u32,
}

impl Default for Link {
    fn default() -> Self {
        Self { older: NONE, newer: NONE }
    }
}

/// The links of any number of lists, as long as no place is in two of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Links(PerSlot<Link>);

impl Links {
    /// The next newer member of its list.
    #[inline]
    pub(super) fn newer(&self, place: u32) -> Option<u32> {
        some(self.0[place].newer)
    }
}

/// The two ends of a list.
#[derive(Clone, Copy, Debug)]
pub(super) struct List {
    oldest: u32,
    newest: u32,
}

impl Default for List {
    fn default() -> Self {
        Self { oldest: NONE, newest: NONE }
    }
}

impl List {
    #[inline]
    pub(super) const fn is_empty(self) -> bool {
        self.oldest == NONE
    }

    #[inline]
    pub(super) const fn oldest(self) -> Option<u32> {
        some(self.oldest)
    }

    #[inline]
    pub(super) const fn newest(self) -> Option<u32> {
        some(self.newest)
    }

    /// Adds a place as the newest.
    #[inline]
    pub(super) fn push(&mut self, links: &mut Links, place: u32) {
        links.0.put(place, Link { older: self.newest, newer: NONE });
        match some(self.newest) {
            Some(newest) => links.0[newest].newer = place,
            None => self.oldest = place,
        }
        self.newest = place;
    }

    /// Adds a place right above another, as the oldest if `below` is none.
    #[inline]
    pub(super) fn push_above(&mut self, links: &mut Links, below: Option<u32>, place: u32) {
        let above = below.map_or(self.oldest, |below| links.0[below].newer);
        links.0.put(place, Link { older: below.unwrap_or(NONE), newer: above });
        match below {
            Some(below) => links.0[below].newer = place,
            None => self.oldest = place,
        }
        match some(above) {
            Some(above) => links.0[above].older = place,
            None => self.newest = place,
        }
    }

    /// Takes a member out.
    #[inline]
    pub(super) fn unlink(&mut self, links: &mut Links, place: u32) {
        let Link { older, newer } = links.0[place];
        match some(older) {
            Some(older) => links.0[older].newer = newer,
            None => self.oldest = newer,
        }
        match some(newer) {
            Some(newer) => links.0[newer].older = older,
            None => self.newest = older,
        }
    }

    /// Makes a member the newest.
    #[inline]
    pub(super) fn refresh(&mut self, links: &mut Links, place: u32) {
        if self.newest != place {
            self.unlink(links, place);
            self.push(links, place);
        }
    }
}

/// A list whose members' weights are summed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Segment {
    list: List,
    weight: u64,
}

impl Segment {
    #[inline]
    pub(super) const fn weight(&self) -> u64 {
        self.weight
    }

    #[inline]
    pub(super) const fn oldest(&self) -> Option<u32> {
        self.list.oldest()
    }

    #[inline]
    pub(super) fn push(&mut self, links: &mut Links, place: u32, weight: u64) {
        self.list.push(links, place);
        self.weight += weight;
    }

    #[inline]
    pub(super) fn unlink(&mut self, links: &mut Links, place: u32, weight: u64) {
        self.list.unlink(links, place);
        self.weight -= weight;
    }

    #[inline]
    pub(super) fn refresh(&mut self, links: &mut Links, place: u32) {
        self.list.refresh(links, place);
    }
}
