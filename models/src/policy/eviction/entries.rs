//! The objects of a cache, and what a policy may know of them.

use super::index::Index;

/// How much a cache holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capacity {
    /// So many objects, whatever their sizes.
    Entries(u64),
    /// So many bytes. An object counts as at least one, so that empty ones are bounded too.
    Bytes(u64),
}

impl Capacity {
    /// The most that weights may sum up to.
    #[inline]
    pub const fn limit(self) -> u64 {
        match self {
            Self::Entries(limit) | Self::Bytes(limit) => limit,
        }
    }

    /// What an object of so many bytes takes of it.
    #[inline]
    pub const fn weight(self, size: u64) -> u64 {
        match self {
            Self::Bytes(_) if size > 0 => size,
            Self::Entries(_) | Self::Bytes(_) => 1,
        }
    }
}

/// Where an object stands in its cache, until it leaves; then another may stand there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot(pub(super) u32);

impl Slot {
    /// Its number: slots are numbered from 0 and used again, so a vector beside the cache can be indexed by it.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// An object that is to come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newcomer {
    /// Its key.
    pub key: u64,
    /// Its size in bytes.
    pub size: u64,
    /// What it takes of the capacity.
    pub weight: u64,
    /// Where its key is remembered, if the policy does: the object will stand there, so the policy lets go of it.
    pub remembered: Option<Slot>,
}

/// The objects of a cache by slot, and the keys of some that left: a policy that remembers a key leaves it its slot, so
/// that one look tells whether a key is held, remembered or neither.
#[derive(Clone, Debug)]
pub struct Entries {
    index: Index,
    sizes: Vec<u64>,
    free: Vec<Slot>,
    capacity: Capacity,
}

impl Entries {
    pub(super) const fn new(capacity: Capacity) -> Self {
        Self { index: Index::new(), sizes: Vec::new(), free: Vec::new(), capacity }
    }

    /// How much the cache holds.
    #[inline]
    pub const fn capacity(&self) -> Capacity {
        self.capacity
    }

    /// Where a key is held or remembered.
    #[inline]
    pub(super) fn find(&self, key: u64) -> Option<Slot> {
        self.index.find(key).map(Slot)
    }

    /// How many keys are held or remembered.
    #[inline]
    pub(super) fn known(&self) -> usize {
        self.index.len()
    }

    /// How many slots there are, those that are free now included.
    #[inline]
    pub const fn slots(&self) -> usize {
        self.sizes.len()
    }

    /// The key in a slot that is taken.
    #[inline]
    pub fn key(&self, slot: Slot) -> u64 {
        self.index.key(slot.0)
    }

    /// Its size in bytes.
    #[inline]
    pub fn size(&self, slot: Slot) -> u64 {
        self.sizes[slot.index()]
    }

    /// What it takes of the capacity.
    #[inline]
    pub fn weight(&self, slot: Slot) -> u64 {
        match self.capacity {
            Capacity::Entries(_) => 1,
            Capacity::Bytes(_) => self.capacity.weight(self.size(slot)),
        }
    }

    /// Gives an object a slot: where its key is remembered, else a free one, else the next new one.
    #[inline]
    pub(super) fn put(&mut self, newcomer: &Newcomer) -> Slot {
        if let Some(slot) = newcomer.remembered {
            self.sizes[slot.index()] = newcomer.size;
            return slot;
        }
        let slot = self.free.pop().unwrap_or_else(|| self.next_new());
        if slot.index() == self.sizes.len() {
            self.sizes.push(newcomer.size);
        } else {
            self.sizes[slot.index()] = newcomer.size;
        }
        self.index.insert(newcomer.key, slot.0);
        slot
    }

    fn next_new(&self) -> Slot {
        Slot(u32::try_from(self.sizes.len()).expect("four billion objects fit in no memory"))
    }

    /// Forgets a key, held or remembered, whose slot is free from now on.
    #[inline]
    pub fn forget(&mut self, slot: Slot) {
        self.index.remove(slot.0);
        self.free.push(slot);
    }
}
