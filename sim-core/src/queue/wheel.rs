//! The far events: a hierarchical wheel of 11 levels × 64 slots whose times stay exact.
//!
//! Level `k` holds the events whose time first differs from the wheel's own time in its `k`-th digit of 6 bits. An
//! event's place depends on these two times alone, so two events of one time always share a slot; slots are
//! emptied front to back, and that keeps first in, first out without a sequence number.

use super::shelf::Pending;

const LEVELS: usize = 11;
const SLOTS: usize = 64;
/// Bits of a digit.
const DIGIT: usize = 6;
/// Events of a block: enough to sweep through, few enough that the memory of a drained one is soon filled again.
const BLOCK: usize = 256;

type Block<E> = Vec<Pending<E>>;

/// Events by time.
#[derive(Clone, Debug)]
pub(super) struct Wheel<E> {
    len: usize,
    /// Not after any event in it.
    time: u64,
    slots: Vec<Slot<E>>,
    /// Which slots of each level hold events.
    occupied: [u64; LEVELS],
    /// Which levels hold events.
    levels: u32,
    /// Empty blocks.
    spare: Vec<Block<E>>,
}

/// Events in the order they were pushed, in blocks: what moves down a level moves in sweeps through memory that is in
/// the cache. At a million pending events a hold takes some 40 ns so, 50 with one long vector a slot, 300 with a list.
#[derive(Clone, Debug)]
struct Slot<E> {
    full: Vec<Block<E>>,
    last: Block<E>,
}

/// The earliest events of a wheel.
#[derive(Debug)]
pub(super) struct Earliest<E> {
    /// The events, in the order they were pushed.
    pub(super) events: Block<E>,
    /// The last instant they span: whatever is left is later.
    pub(super) until: u64,
    slot: usize,
}

impl<E: Copy> Default for Wheel<E> {
    fn default() -> Self {
        let slot = Slot { full: Vec::new(), last: Vec::new() };
        Self {
            len: 0,
            time: 0,
            slots: vec![slot; LEVELS * SLOTS],
            occupied: [0; LEVELS],
            levels: 0,
            spare: Vec::new(),
        }
    }
}

impl<E: Copy> Wheel<E> {
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Sets an empty wheel to a time.
    pub(super) fn set(&mut self, time: u64) {
        debug_assert!(self.is_empty(), "events lie where the wheel's time put them");
        self.time = time;
    }

    /// Adds an event not earlier than the wheel's time.
    #[inline]
    pub(super) fn push(&mut self, pending: Pending<E>) {
        self.len += 1;
        self.append(pending);
    }

    #[inline]
    fn append(&mut self, pending: Pending<E>) {
        let level = (pending.at ^ self.time | 1).ilog2() as usize / DIGIT;
        let digit = (pending.at >> (DIGIT * level)) as usize % SLOTS;
        let slot = &mut self.slots[level * SLOTS + digit];
        slot.last.push(pending);
        if slot.last.len() == BLOCK {
            let fresh = self.spare.pop().unwrap_or_else(|| Vec::with_capacity(BLOCK));
            slot.full.push(std::mem::replace(&mut slot.last, fresh));
        }
        self.occupied[level] |= 1 << digit;
        self.levels |= 1 << level;
    }

    /// The level and digit of the slot that holds the earliest event.
    #[inline]
    fn next_slot(&self) -> Option<(usize, usize)> {
        if self.levels == 0 {
            return None;
        }
        let level = self.levels.trailing_zeros() as usize;
        Some((level, self.occupied[level].trailing_zeros() as usize))
    }

    /// The time of the earliest event.
    pub(super) fn next_time(&self) -> Option<u64> {
        let (level, digit) = self.next_slot()?;
        let slot = &self.slots[level * SLOTS + digit];
        let least = |block: &Block<E>| block.iter().map(|pending| pending.at).min();
        slot.full.iter().filter_map(least).chain(least(&slot.last)).min()
    }

    /// Takes the earliest events off: all of a slot that holds at most `most`, or all of one instant, however many.
    /// Fuller slots are spread over lower levels first, and the wheel's time moves up to them.
    pub(super) fn take_earliest(&mut self, most: usize) -> Option<Earliest<E>> {
        loop {
            let (level, digit) = self.next_slot()?;
            self.occupied[level] &= !(1 << digit);
            if self.occupied[level] == 0 {
                self.levels &= !(1 << level);
            }
            // The slot's first instant: the digits above are the wheel's own.
            let span = 1_u64 << (DIGIT * level);
            // The topmost level has fewer digits than slots: what would lie above bit 63 is not there.
            let above = self.time & !((span - 1) | span.wrapping_mul(SLOTS as u64 - 1));
            self.time = above | (digit as u64 * span);
            let slot = level * SLOTS + digit;
            let until = self.time | (span - 1);
            if self.slots[slot].full.is_empty() && self.slots[slot].last.len() <= most {
                let events = std::mem::take(&mut self.slots[slot].last);
                self.len -= events.len();
                return Some(Earliest { events, until, slot });
            }
            if level == 0 {
                let mut events = Vec::new();
                self.drain(slot, |_, block| events.extend_from_slice(block));
                self.len -= events.len();
                return Some(Earliest { events, until, slot });
            }
            self.drain(slot, |wheel, block| block.iter().for_each(|pending| wheel.append(*pending)));
        }
    }

    /// Takes the memory of what was taken off back.
    #[inline]
    pub(super) fn give_back(&mut self, mut earliest: Earliest<E>) {
        let last = &mut self.slots[earliest.slot].last;
        if last.is_empty() && earliest.events.len() < BLOCK {
            earliest.events.clear();
            *last = earliest.events;
        }
    }

    /// Empties a slot, block by block.
    #[inline]
    fn drain(&mut self, slot: usize, mut each: impl FnMut(&mut Self, &[Pending<E>])) {
        if !self.slots[slot].full.is_empty() {
            let mut full = std::mem::take(&mut self.slots[slot].full);
            for mut block in full.drain(..) {
                each(self, &block);
                block.clear();
                self.spare.push(block);
            }
            self.slots[slot].full = full;
        }
        let mut last = std::mem::take(&mut self.slots[slot].last);
        each(self, &last);
        last.clear();
        self.slots[slot].last = last;
    }
}
