//! Slots by what they are worth, the least first, any of which can gain worth or leave: a 4-ary heap.
//!
//! A member that gains is moved when it comes to the front: until then it stands where it stood, which is never too far
//! behind. So a hit costs a note, not a walk through the heap.

use super::list::PerSlot;

const WIDTH: usize = 4;

/// What a slot is worth, 0 or more, above when it was touched last: of equals the one touched earlier goes first. One
/// number, so that no branch depends on which of two is less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Rank(u128);

impl Rank {
    #[inline]
    const fn new(worth: f64, touched: u64) -> Self {
        // Of floats that are not negative the bits are in the order of the numbers.
        Self((worth.to_bits() as u128) << 64 | touched as u128)
    }

    #[inline]
    const fn worth(self) -> f64 {
        f64::from_bits((self.0 >> 64) as u64)
    }
}

/// A slot, and its rank when it was moved last.
#[derive(Clone, Copy, Debug)]
struct Item {
    rank: Rank,
    place: u32,
}

/// A heap that knows where each slot is in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Heap {
    items: Vec<Item>,
    positions: PerSlot<u32>,
    /// The rank of each slot now.
    ranks: PerSlot<Rank>,
    touches: u64,
}

impl Heap {
    pub(super) fn push(&mut self, place: u32, worth: f64) {
        self.touches += 1;
        let rank = Rank::new(worth, self.touches);
        self.ranks.put(place, rank);
        self.items.push(Item { rank, place });
        self.rise(self.items.len() - 1);
    }

    /// Raises what a member is worth, to no less than it was.
    #[inline]
    pub(super) fn raise(&mut self, place: u32, worth: f64) {
        self.touches += 1;
        self.ranks[place] = Rank::new(worth, self.touches);
    }

    /// The member worth least, and what it is worth.
    pub(super) fn least(&mut self) -> Option<(u32, f64)> {
        // Ends: each step brings a member up to date.
        loop {
            let Item { rank, place } = *self.items.first()?;
            let now = self.ranks[place];
            if now == rank {
                return Some((place, now.worth()));
            }
            self.items[0].rank = now;
            self.sink(0);
        }
    }

    pub(super) fn remove(&mut self, place: u32) {
        let position = self.positions[place] as usize;
        self.items.swap_remove(position);
        if position < self.items.len() {
            self.rise(position);
            self.sink(self.positions[self.items[position].place] as usize);
        }
    }

    /// Moves an item towards the front as far as it belongs.
    fn rise(&mut self, mut position: usize) {
        let item = self.items[position];
        while position > 0 {
            let parent = (position - 1) / WIDTH;
            if item.rank > self.items[parent].rank {
                break;
            }
            self.set(position, self.items[parent]);
            position = parent;
        }
        self.set(position, item);
    }

    /// Moves an item towards the end as far as it belongs.
    fn sink(&mut self, mut position: usize) {
        let item = self.items[position];
        while let Some(child) = self.least_child(position)
            && self.items[child].rank < item.rank
        {
            self.set(position, self.items[child]);
            position = child;
        }
        self.set(position, item);
    }

    #[inline]
    fn least_child(&self, position: usize) -> Option<usize> {
        let first = position * WIDTH + 1;
        let children = self.items.get(first..(first + WIDTH).min(self.items.len()))?;
        let (mut least, mut rank) = (0, children.first()?.rank);
        for (child, item) in children.iter().enumerate().skip(1) {
            let less = item.rank < rank;
            least = if less { child } else { least };
            rank = if less { item.rank } else { rank };
        }
        Some(first + least)
    }

    #[inline]
    fn set(&mut self, position: usize, item: Item) {
        self.items[position] = item;
        self.positions.put(item.place, position as u32);
    }
}
