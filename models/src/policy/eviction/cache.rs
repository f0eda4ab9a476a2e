//! A cache of limited size: objects in slots, found by key, evicted by a policy.

use sim_core::random::Stream;

use super::{Capacity, Entries, Evict, Eviction, Newcomer, Slot};

/// Draws for an object before its cache counts as all but empty.
const MOST_DRAWS: usize = 64;

/// Objects with a value each, of which `P` chooses who has to go.
///
/// Memory is proportional to what it holds and its policy remembers, never to the number of keys it has seen.
#[derive(Debug)]
pub struct Cache<V = (), P = Eviction> {
    policy: P,
    entries: Entries,
    /// What the owner keeps beside each object; none in a slot that is free or only remembers a key.
    values: Vec<Option<V>>,
    held: usize,
    weight: u64,
    /// Wider than a size, since in a cache of objects nothing bounds it.
    bytes: u128,
}

/// An object that left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evicted<V = ()> {
    /// Its key.
    pub key: u64,
    /// Its size in bytes.
    pub size: u64,
    /// What was kept beside it.
    pub value: V,
}

impl<V: Copy, P: Evict> Cache<V, P> {
    /// An empty cache; the policy must have been built for the same capacity.
    pub const fn new(capacity: Capacity, policy: P) -> Self {
        Self { policy, entries: Entries::new(capacity), values: Vec::new(), held: 0, weight: 0, bytes: 0 }
    }

    /// Asks for a key, which counts as a use of its object if it is held.
    #[inline]
    pub fn lookup(&mut self, key: u64) -> Option<Slot> {
        let slot = self.find(key)?;
        self.policy.on_hit(slot, &mut self.entries);
        Some(slot)
    }

    /// Where the object of a key is; does not count as a use.
    #[inline]
    pub fn find(&self, key: u64) -> Option<Slot> {
        self.entries.find(key).filter(|&slot| self.holds(slot))
    }

    /// Whether an object stands where a key was found, rather than the memory of one.
    #[inline]
    fn holds(&self, slot: Slot) -> bool {
        // Most policies remember nobody, and then there is nothing to look up.
        self.entries.known() == self.held || self.values[slot.index()].is_some()
    }

    /// Stores an object; whoever has to go for it is told to `evicted`. `None` if it is not let in.
    ///
    /// If the key is held with the same size, its value is replaced, which counts as a use. With another size the
    /// object is a new one: the old one leaves first, without being told.
    #[inline]
    pub fn insert(
        &mut self,
        key: u64,
        size: u64,
        value: V,
        random: &mut Stream,
        evicted: impl FnMut(Evicted<V>),
    ) -> Option<Slot> {
        let mut known = self.entries.find(key);
        if let Some(slot) = known.filter(|&slot| self.holds(slot)) {
            if self.entries.size(slot) == size {
                self.policy.on_hit(slot, &mut self.entries);
                self.values[slot.index()] = Some(value);
                return Some(slot);
            }
            self.take_out(slot);
            known = None;
        }
        self.admit(self.newcomer(key, size, known), value, random, evicted)
    }

    /// Asks for a key and, if it is not held, stores an object of that size at once: whether it was held.
    ///
    /// As [`lookup`](Self::lookup) and then [`insert`](Self::insert), but the key is looked for once.
    #[inline]
    pub fn access(
        &mut self,
        key: u64,
        size: u64,
        value: V,
        random: &mut Stream,
        evicted: impl FnMut(Evicted<V>),
    ) -> bool {
        let known = self.entries.find(key);
        if let Some(slot) = known.filter(|&slot| self.holds(slot)) {
            self.policy.on_hit(slot, &mut self.entries);
            return true;
        }
        self.admit(self.newcomer(key, size, known), value, random, evicted);
        false
    }

    #[inline]
    const fn newcomer(&self, key: u64, size: u64, remembered: Option<Slot>) -> Newcomer {
        Newcomer { key, size, weight: self.entries.capacity().weight(size), remembered }
    }

    /// Stores an object whose key is not held.
    #[inline]
    fn admit(
        &mut self,
        newcomer: Newcomer,
        value: V,
        random: &mut Stream,
        mut evicted: impl FnMut(Evicted<V>),
    ) -> Option<Slot> {
        let limit = self.entries.capacity().limit();
        if newcomer.weight > limit {
            return None;
        }
        self.policy.on_miss(&newcomer, &mut self.entries);
        while self.weight > limit - newcomer.weight {
            let Some(gone) = self.make_room(&newcomer, random) else {
                // The policy has let go of its memory of a key that does not come in.
                newcomer.remembered.into_iter().for_each(|slot| self.entries.forget(slot));
                return None;
            };
            evicted(gone);
        }
        Some(self.occupy(&newcomer, value))
    }

    /// Takes out whom the policy chooses; `None` if that is the newcomer.
    #[inline]
    fn make_room(&mut self, newcomer: &Newcomer, random: &mut Stream) -> Option<Evicted<V>> {
        let slot = self.policy.evict(newcomer, &mut self.entries, random)?;
        let gone = self.vacate(slot)?;
        if !self.policy.remembers(slot) {
            self.entries.forget(slot);
        }
        Some(gone)
    }

    /// Takes the object of a key out.
    pub fn remove(&mut self, key: u64) -> Option<Evicted<V>> {
        let slot = self.find(key)?;
        self.take_out(slot)
    }

    fn take_out(&mut self, slot: Slot) -> Option<Evicted<V>> {
        self.policy.on_remove(slot, &mut self.entries);
        let gone = self.vacate(slot);
        self.entries.forget(slot);
        gone
    }

    #[inline]
    fn occupy(&mut self, newcomer: &Newcomer, value: V) -> Slot {
        let slot = self.entries.put(newcomer);
        if slot.index() == self.values.len() {
            self.values.push(Some(value));
        } else {
            self.values[slot.index()] = Some(value);
        }
        self.held += 1;
        self.weight += newcomer.weight;
        self.bytes += u128::from(newcomer.size);
        self.policy.on_insert(slot, newcomer, &mut self.entries);
        slot
    }

    /// Takes the object off its slot; `None` if there was none, which a policy from outside may have mistaken.
    #[inline]
    fn vacate(&mut self, slot: Slot) -> Option<Evicted<V>> {
        let value = self.values.get_mut(slot.index())?.take()?;
        let (key, size) = (self.entries.key(slot), self.entries.size(slot));
        self.held -= 1;
        self.weight -= self.entries.weight(slot);
        self.bytes -= u128::from(size);
        Some(Evicted { key, size, value })
    }
}

impl<V, P> Cache<V, P> {
    /// How many objects it holds.
    #[inline]
    pub const fn len(&self) -> usize {
        self.held
    }

    /// Whether it holds nothing.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of all objects.
    #[inline]
    pub fn bytes(&self) -> u64 {
        u64::try_from(self.bytes).unwrap_or(u64::MAX)
    }

    /// What all objects take of the capacity.
    #[inline]
    pub const fn weight(&self) -> u64 {
        self.weight
    }

    /// How much it holds at most.
    pub const fn capacity(&self) -> Capacity {
        self.entries.capacity()
    }

    /// The key of the object in a slot; none if there is none.
    pub fn key(&self, slot: Slot) -> Option<u64> {
        self.value(slot).map(|_| self.entries.key(slot))
    }

    /// What is kept beside the object in a slot; none if there is none.
    #[inline]
    pub fn value(&self, slot: Slot) -> Option<&V> {
        self.values.get(slot.index())?.as_ref()
    }

    /// What is kept beside the object in a slot, to be changed.
    #[inline]
    pub fn value_mut(&mut self, slot: Slot) -> Option<&mut V> {
        self.values.get_mut(slot.index())?.as_mut()
    }

    /// All objects, by slot: their keys, sizes in bytes and values.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64, &V)> {
        let taken = |(index, value): (usize, &'_ Option<V>)| value.is_some().then_some(Slot(index as u32));
        let slots = self.values.iter().enumerate().filter_map(taken);
        slots.filter_map(|slot| Some((self.entries.key(slot), self.entries.size(slot), self.value(slot)?)))
    }

    /// An object drawn at random, each with equal chance; none if few slots hold any, and none of those is met.
    pub fn any(&self, random: &mut Stream) -> Option<(u64, &V)> {
        // A few draws: most slots hold an object, unless most were taken out.
        (0..MOST_DRAWS).find_map(|_| {
            let slot = Slot(random.below(self.values.len().max(1)) as u32);
            self.value(slot).map(|value| (self.entries.key(slot), value))
        })
    }

    /// What chooses who has to go.
    pub const fn policy(&self) -> &P {
        &self.policy
    }
}
