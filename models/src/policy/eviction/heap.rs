//! Slots by what they are worth, the least first, any of which can change its worth or leave: a 4-ary heap.

use super::list::PerSlot;

const WIDTH: usize = 4;

/// What a slot is worth; of equals the one touched earlier goes first.
#[derive(Clone, Copy, Debug)]
struct Item {
    worth: f64,
    touched: u64,
    place: u32,
}

impl Item {
    #[inline]
    fn before(&self, other: &Self) -> bool {
        self.worth.total_cmp(&other.worth).then(self.touched.cmp(&other.touched)).is_lt()
    }
}

/// A heap that knows where each slot is in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Heap {
    items: Vec<Item>,
    positions: PerSlot<u32>,
    touches: u64,
}

impl Heap {
    pub(super) fn push(&mut self, place: u32, worth: f64) {
        self.touches += 1;
        self.items.push(Item { worth, touched: self.touches, place });
        self.rise(self.items.len() - 1);
    }

    /// Raises what a member is worth, to no less than it was.
    pub(super) fn raise(&mut self, place: u32, worth: f64) {
        self.touches += 1;
        let position = self.positions[place] as usize;
        self.items[position] = Item { worth, touched: self.touches, place };
        self.sink(position);
    }

    /// The member worth least, and what it is worth.
    pub(super) fn least(&self) -> Option<(u32, f64)> {
        self.items.first().map(|item| (item.place, item.worth))
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
            if !item.before(&self.items[parent]) {
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
            && self.items[child].before(&item)
        {
            self.set(position, self.items[child]);
            position = child;
        }
        self.set(position, item);
    }

    fn least_child(&self, position: usize) -> Option<usize> {
        let first = position * WIDTH + 1;
        let last = (first + WIDTH).min(self.items.len());
        (first..last).reduce(
            |least, child| {
                if self.items[child].before(&self.items[least]) { child } else { least }
            },
        )
    }

    #[inline]
    fn set(&mut self, position: usize, item: Item) {
        self.items[position] = item;
        self.positions.put(item.place, position as u32);
    }
}
