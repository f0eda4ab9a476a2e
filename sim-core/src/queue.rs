//! The pending events: earliest first, and in a stated order within one instant.
//!
//! Three places hold an event. The *lane* is a plain FIFO for the present instant: what happens "now" never
//! touches the calendar. Few pending events lie in a *sorted list*, many in a *hierarchical wheel* of
//! 11 levels × 64 slots whose times stay exact; the list turns into the wheel and back as the number changes.
//! `benches/engine.rs` shows where each wins.
//!
//! Order: by time; at one time by [`Order`]; then first in, first out. The wheel keeps that without a sequence
//! number: an event's level depends only on its time and the clock's, so two events of one time always share a
//! slot, and slots are emptied front to back.

use std::collections::VecDeque;

use crate::time::SimTime;

/// What comes first at one instant: whoever finishes frees room before someone gives up or arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// Work that is done.
    Completion,
    /// Somebody's patience ends.
    Timeout,
    /// A controller's turn.
    Tick,
    /// Something new comes in.
    Arrival,
}

/// An event and its time.
#[derive(Clone, Copy, Debug)]
struct Pending<E> {
    at: u64,
    event: E,
}

/// The list turns into the wheel above this many events. Measured: the crossing lies between 24 and 64.
const LIST_MOST: usize = 40;
/// The wheel turns back into the list below this many: far enough from the other bound not to flap.
const WHEEL_LEAST: usize = 12;

/// The pending events of a simulation.
#[derive(Clone, Debug)]
pub struct Calendar<E> {
    now: u64,
    /// Events of the present instant, in the order they will happen.
    lane: VecDeque<E>,
    /// Latest first, so that the next one is popped off the end. Empty while the wheel is in use.
    list: Vec<Pending<E>>,
    wheel: Wheel<E>,
}

impl<E: Copy> Default for Calendar<E> {
    fn default() -> Self {
        Self {
            now: 0,
            lane: VecDeque::new(),
            list: Vec::with_capacity(LIST_MOST + 1),
            wheel: Wheel::default(),
        }
    }
}

impl<E: Copy> Calendar<E> {
    /// The time of the event handled last.
    #[inline]
    pub fn now(&self) -> SimTime {
        SimTime::from_nanos(self.now)
    }

    /// How many events are pending.
    pub fn len(&self) -> usize {
        self.lane.len() + self.list.len() + self.wheel.len
    }

    /// Whether nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds an event. A time in the past means now.
    #[inline]
    pub fn push(&mut self, at: SimTime, event: E) {
        let at = at.as_nanos();
        if at <= self.now {
            self.lane.push_back(event);
        } else if self.wheel.len == 0 {
            self.push_to_list(Pending { at, event });
        } else {
            self.wheel.push(self.now, Pending { at, event });
        }
    }

    /// Adds an event to the present instant, after all that are there.
    #[inline]
    pub fn push_now(&mut self, event: E) {
        self.lane.push_back(event);
    }

    /// Takes the next event not later than `limit` and moves the clock to it.
    #[inline]
    pub fn pop(&mut self, limit: SimTime, order: impl Fn(&E) -> Order) -> Option<E> {
        if let Some(event) = self.lane.pop_front() {
            return Some(event);
        }
        if self.wheel.len == 0 {
            self.pop_from_list(limit.as_nanos(), order)
        } else {
            self.pop_from_wheel(limit.as_nanos(), order)
        }
    }

    #[inline]
    fn push_to_list(&mut self, pending: Pending<E>) {
        // From the end, past everything that happens before it or at the same time.
        let mut place = self.list.len();
        while place > 0 && self.list[place - 1].at <= pending.at {
            place -= 1;
        }
        self.list.insert(place, pending);
        if self.list.len() > LIST_MOST {
            for pending in self.list.drain(..).rev() {
                self.wheel.push(self.now, pending);
            }
        }
    }

    #[inline]
    fn pop_from_list(&mut self, limit: u64, order: impl Fn(&E) -> Order) -> Option<E> {
        let next = *self.list.last()?;
        if next.at > limit {
            return None;
        }
        self.list.pop();
        self.now = next.at;
        if self.list.last().is_none_or(|after| after.at != next.at) {
            return Some(next.event);
        }
        self.lane.push_back(next.event);
        while let Some(same) = self.list.pop_if(|pending| pending.at == next.at) {
            self.lane.push_back(same.event);
        }
        self.sort_lane(order)
    }

    fn pop_from_wheel(&mut self, limit: u64, order: impl Fn(&E) -> Order) -> Option<E> {
        let at = self.wheel.next_time()?;
        if at > limit {
            return None;
        }
        self.now = at;
        self.wheel.take(at, &mut self.lane);
        if self.wheel.len < WHEEL_LEAST {
            self.wheel.drain_to(&mut self.list);
        }
        if self.lane.len() > 1 { self.sort_lane(order) } else { self.lane.pop_front() }
    }

    /// Puts the events of a new instant into their stated order; the sort is stable, so ties stay FIFO.
    #[cold]
    fn sort_lane(&mut self, order: impl Fn(&E) -> Order) -> Option<E> {
        self.lane.make_contiguous().sort_by_key(order);
        self.lane.pop_front()
    }
}

const LEVELS: usize = 11;
const SLOTS: usize = 64;
/// A slot that grew beyond this many events gives its memory back when it is emptied.
const SLOT_KEEPS: usize = 65_536;

/// Level `k` holds the events whose time first differs from the clock's in its `k`-th digit of 6 bits.
///
/// Slots are vectors rather than linked lists: what moves down a level moves in one sweep through memory, which
/// at a million pending events is the difference between 40 and 300 ns.
#[derive(Clone, Debug)]
struct Wheel<E> {
    len: usize,
    slots: Vec<Vec<Pending<E>>>,
    /// Which slots of each level hold events.
    occupied: [u64; LEVELS],
    /// Which levels hold events.
    levels: u32,
}

impl<E: Copy> Default for Wheel<E> {
    fn default() -> Self {
        Self { len: 0, slots: vec![Vec::new(); LEVELS * SLOTS], occupied: [0; LEVELS], levels: 0 }
    }
}

impl<E: Copy> Wheel<E> {
    /// Adds an event later than `now`.
    #[inline]
    fn push(&mut self, now: u64, pending: Pending<E>) {
        self.len += 1;
        self.append(now, pending);
    }

    /// Appends an event to the slot that its time and the clock give it.
    #[inline]
    fn append(&mut self, now: u64, pending: Pending<E>) {
        let level = (pending.at ^ now).ilog2() as usize / 6;
        let digit = (pending.at >> (6 * level)) as usize % SLOTS;
        self.slots[level * SLOTS + digit].push(pending);
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
    #[inline]
    fn next_time(&self) -> Option<u64> {
        let (level, digit) = self.next_slot()?;
        self.slots[level * SLOTS + digit].iter().map(|pending| pending.at).min()
    }

    /// Moves the events at `at`, the earliest time, into `lane`, and the rest of their slot to lower levels.
    #[inline]
    fn take(&mut self, at: u64, lane: &mut VecDeque<E>) {
        let Some((level, digit)) = self.next_slot() else { return };
        self.occupied[level] &= !(1 << digit);
        if self.occupied[level] == 0 {
            self.levels &= !(1 << level);
        }
        let mut slot = std::mem::take(&mut self.slots[level * SLOTS + digit]);
        for pending in slot.drain(..) {
            if pending.at == at {
                lane.push_back(pending.event);
                self.len -= 1;
            } else {
                self.append(at, pending);
            }
        }
        if slot.capacity() <= SLOT_KEEPS {
            self.slots[level * SLOTS + digit] = slot;
        }
    }

    /// Empties the wheel into a list, latest first.
    #[cold]
    fn drain_to(&mut self, list: &mut Vec<Pending<E>>) {
        let mut lane = VecDeque::new();
        while let Some(at) = self.next_time() {
            self.take(at, &mut lane);
            list.extend(lane.drain(..).map(|event| Pending { at, event }));
        }
        list.reverse();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An event that carries its order and its place in the sequence of pushes.
    type Numbered = (Order, usize);

    fn pop_all(calendar: &mut Calendar<Numbered>) -> Vec<(u64, Numbered)> {
        let mut popped = Vec::new();
        while let Some(event) = calendar.pop(SimTime::NEVER, |event| event.0) {
            popped.push((calendar.now, event));
        }
        popped
    }

    #[test]
    fn simultaneous_events_come_in_the_stated_order_then_first_in_first_out() {
        let mut calendar = Calendar::default();
        let at = SimTime::from_nanos(7);
        for (number, order) in [
            Order::Arrival,
            Order::Tick,
            Order::Arrival,
            Order::Completion,
            Order::Timeout,
            Order::Completion,
        ]
        .into_iter()
        .enumerate()
        {
            calendar.push(at, (order, number));
        }
        let numbers: Vec<usize> = pop_all(&mut calendar).into_iter().map(|(_, event)| event.1).collect();
        assert_eq!(numbers, [3, 5, 4, 1, 0, 2]);
    }

    #[test]
    fn what_happens_now_waits_for_what_was_due_now() {
        let mut calendar = Calendar::default();
        calendar.push(SimTime::from_nanos(5), (Order::Arrival, 0));
        calendar.push(SimTime::from_nanos(5), (Order::Completion, 1));
        assert_eq!(calendar.pop(SimTime::NEVER, |event| event.0), Some((Order::Completion, 1)));
        calendar.push_now((Order::Completion, 2));
        assert_eq!(calendar.pop(SimTime::NEVER, |event| event.0), Some((Order::Arrival, 0)));
        assert_eq!(calendar.pop(SimTime::NEVER, |event| event.0), Some((Order::Completion, 2)));
    }

    #[test]
    fn nothing_beyond_the_limit_moves_the_clock() {
        let mut calendar = Calendar::default();
        for at in 10..100 {
            calendar.push(SimTime::from_nanos(at), (Order::Tick, at as usize));
        }
        assert_eq!(calendar.pop(SimTime::from_nanos(9), |event| event.0), None);
        assert_eq!(calendar.now(), SimTime::ZERO);
        assert_eq!(calendar.len(), 90);
    }

    proptest! {
        /// The calendar against a stable sort: pops and pushes in turn, few and many pending, near and far times.
        #[test]
        fn pops_in_the_order_of_a_stable_sort(
            gaps in prop::collection::vec((0_u64..1 << 40, 0_u32..40, 0_u8..4, prop::bool::weighted(0.45)), 1..600)
        ) {
            let orders = [Order::Completion, Order::Timeout, Order::Tick, Order::Arrival];
            let mut calendar = Calendar::default();
            let mut model: Vec<(u64, Order, usize)> = Vec::new();
            for (number, (gap, shift, order, pop)) in gaps.into_iter().enumerate() {
                // Strictly in the future: what is pushed at the present instant has its own test.
                let at = calendar.now + 1 + (gap >> shift);
                calendar.push(SimTime::from_nanos(at), (orders[order as usize], number));
                model.push((at, orders[order as usize], number));
                if pop {
                    let event = calendar.pop(SimTime::NEVER, |event| event.0).unwrap();
                    let least = *model.iter().min().unwrap();
                    prop_assert_eq!((calendar.now, event.0, event.1), least);
                    model.retain(|entry| *entry != least);
                }
            }
            model.sort_unstable();
            let rest: Vec<(u64, Order, usize)> = pop_all(&mut calendar).into_iter().map(|(at, event)| (at, event.0, event.1)).collect();
            prop_assert_eq!(rest, model);
            prop_assert!(calendar.is_empty());
        }
    }
}
