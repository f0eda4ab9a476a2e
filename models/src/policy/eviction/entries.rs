//! What a policy may know of the objects in a cache.

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
}

/// The objects of a cache by slot.
#[derive(Clone, Debug)]
pub struct Entries {
    rows: Vec<Row>,
    capacity: Capacity,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    key: u64,
    size: u64,
}

impl Entries {
    pub(super) const fn new(capacity: Capacity) -> Self {
        Self { rows: Vec::new(), capacity }
    }

    /// How much the cache holds.
    #[inline]
    pub const fn capacity(&self) -> Capacity {
        self.capacity
    }

    /// How many slots there are, those that are free now included.
    #[inline]
    pub const fn slots(&self) -> usize {
        self.rows.len()
    }

    /// The key of the object in a slot that is taken.
    #[inline]
    pub fn key(&self, slot: Slot) -> u64 {
        self.rows[slot.index()].key
    }

    /// Its size in bytes.
    #[inline]
    pub fn size(&self, slot: Slot) -> u64 {
        self.rows[slot.index()].size
    }

    /// What it takes of the capacity.
    #[inline]
    pub fn weight(&self, slot: Slot) -> u64 {
        match self.capacity {
            Capacity::Entries(_) => 1,
            Capacity::Bytes(_) => self.capacity.weight(self.size(slot)),
        }
    }

    /// Writes an object into a slot, the next new one if `slot` is none.
    #[inline]
    pub(super) fn put(&mut self, slot: Option<Slot>, newcomer: &Newcomer) -> Slot {
        let row = Row { key: newcomer.key, size: newcomer.size };
        if let Some(slot) = slot {
            self.rows[slot.index()] = row;
            return slot;
        }
        let slot = Slot(u32::try_from(self.rows.len()).expect("four billion objects fit in no memory"));
        self.rows.push(row);
        slot
    }
}
