//! The pending events: earliest first, and in a stated order within one instant.
//!
//! Three places hold an event. The *lane* is a plain FIFO for the present instant: what happens "now" never
//! touches the calendar. The *shelf* holds the nearest events in order, the *wheel* all that are further away than
//! those; a full shelf spills its later half into the wheel, an empty one takes the wheel's next slot. With few
//! pending events the wheel is never used. `benches/engine.rs` shows what each costs.
//!
//! Order: by time; at one time by [`Order`]; then first in, first out.

use std::collections::VecDeque;

use self::{
    shelf::{Pending, Shelf},
    wheel::Wheel,
};
use crate::time::SimTime;

mod shelf;
mod wheel;

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

/// The pending events of a simulation.
#[derive(Clone, Debug)]
pub struct Calendar<E> {
    now: u64,
    /// Events of the present instant, in the order they will happen.
    lane: VecDeque<E>,
    /// Events not later than `near`.
    shelf: Shelf<E>,
    /// The last instant whose events lie on the shelf.
    near: u64,
    /// Events later than `near`.
    wheel: Wheel<E>,
}

impl<E: Copy> Default for Calendar<E> {
    fn default() -> Self {
        Self {
            now: 0,
            lane: VecDeque::new(),
            shelf: Shelf::default(),
            near: u64::MAX,
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
        self.lane.len() + self.shelf.len() + self.wheel.len()
    }

    /// Whether nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds an event. A time in the past means now.
    #[inline(always)]
    pub fn push(&mut self, at: SimTime, event: E) {
        let at = at.as_nanos();
        if at <= self.now {
            self.lane.push_back(event);
        } else if at <= self.near && !self.shelf.is_full() {
            self.shelf.push(Pending { at, event });
        } else {
            self.push_far(Pending { at, event });
        }
    }

    /// Adds an event to the present instant, after all that are there.
    #[inline]
    pub fn push_now(&mut self, event: E) {
        self.lane.push_back(event);
    }

    /// Adds an event to the wheel, or to a shelf that is full.
    fn push_far(&mut self, pending: Pending<E>) {
        if pending.at <= self.near {
            self.spill();
        }
        if pending.at <= self.near {
            self.shelf.push(pending);
        } else {
            self.wheel.push(pending);
        }
    }

    /// Moves the shelf's later half into the wheel; all of it if most have one time.
    fn spill(&mut self) {
        if self.wheel.is_empty() {
            self.wheel.set(self.now);
        }
        let cut = self.shelf.middle_time();
        for pending in self.shelf.spill(cut) {
            self.wheel.push(pending);
        }
        self.near = cut - 1;
    }

    /// Takes the next event not later than `limit` and moves the clock to it.
    #[inline(always)]
    pub fn pop(&mut self, limit: SimTime, order: impl Fn(&E) -> Order) -> Option<E> {
        if let Some(event) = self.lane.pop_front() {
            return Some(event);
        }
        let limit = limit.as_nanos();
        if self.shelf.next_time().unwrap_or(0) > limit {
            return None;
        }
        let Some(next) = self.shelf.pop() else { return self.pop_far(limit, order) };
        self.now = next.at;
        if self.shelf.next_time() != Some(next.at) {
            return Some(next.event);
        }
        self.lane.push_back(next.event);
        while self.shelf.next_time() == Some(next.at) {
            self.lane.extend(self.shelf.pop().map(|pending| pending.event));
        }
        self.sort_lane(order)
    }

    /// Lays the wheel's earliest events onto the empty shelf and takes the first.
    fn pop_far(&mut self, limit: u64, order: impl Fn(&E) -> Order) -> Option<E> {
        // Asked first: the wheel's time must never pass the clock's.
        if self.wheel.next_time()? > limit {
            return None;
        }
        let earliest = self.wheel.take_earliest(shelf::ROOM)?;
        self.near = if self.wheel.is_empty() { u64::MAX } else { earliest.until };
        if earliest.events.len() > shelf::ROOM {
            // All of one instant, which is the next.
            self.now = earliest.until;
            self.lane.extend(earliest.events.iter().map(|pending| pending.event));
            return self.sort_lane(order);
        }
        for pending in &earliest.events {
            self.shelf.push(*pending);
        }
        self.wheel.give_back(earliest);
        self.pop(SimTime::from_nanos(limit), order)
    }

    /// Puts the events of a new instant into their stated order; the sort is stable, so ties stay FIFO.
    #[cold]
    fn sort_lane(&mut self, order: impl Fn(&E) -> Order) -> Option<E> {
        self.lane.make_contiguous().sort_by_key(order);
        self.lane.pop_front()
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

    #[test]
    fn a_crowd_of_one_instant_keeps_its_order() {
        let mut calendar = Calendar::default();
        let orders = [Order::Arrival, Order::Completion];
        for number in 0..1000 {
            calendar.push(SimTime::from_nanos(1000 + number as u64 % 2), (orders[number % 3 % 2], number));
        }
        let mut expected: Vec<(u64, Numbered)> =
            (0..1000).map(|number| (1000 + number as u64 % 2, (orders[number % 3 % 2], number))).collect();
        expected.sort_unstable();
        assert_eq!(pop_all(&mut calendar), expected);
    }

    #[test]
    fn times_reach_to_the_end() {
        let mut calendar = Calendar::default();
        let times: Vec<u64> = (0..200).map(|number| u64::MAX - 1 - number * (u64::MAX / 256)).collect();
        for (number, at) in times.iter().enumerate() {
            calendar.push(SimTime::from_nanos(*at), (Order::Tick, number));
        }
        let popped: Vec<u64> = pop_all(&mut calendar).into_iter().map(|(at, _)| at).collect();
        assert!(popped.iter().eq(times.iter().rev()));
    }

    #[test]
    fn what_comes_after_a_pause_comes_before_what_was_further_away() {
        let mut calendar = Calendar::default();
        for number in 0..200 {
            calendar.push(SimTime::from_nanos(1 << 20 | number), (Order::Tick, number as usize));
        }
        // The clock stands at 0 while the wheel is asked, and something nearer is pushed then.
        assert_eq!(calendar.pop(SimTime::from_nanos(500), |event| event.0), None);
        for number in 200..400 {
            calendar.push(SimTime::from_nanos(number), (Order::Tick, number as usize));
        }
        let numbers: Vec<usize> = pop_all(&mut calendar).into_iter().map(|(_, event)| event.1).collect();
        assert!(numbers.into_iter().eq((200..400).chain(0..200)));
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
