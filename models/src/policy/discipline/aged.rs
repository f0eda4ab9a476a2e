//! Jobs in order of arrival, of which any can be taken out.
//!
//! A ring of slots sorted by ticket. Taking from either end is a pop; taking from the middle leaves a hole,
//! found by binary search and closed once half the slots are holes, so that nothing leaks.

use std::{collections::VecDeque, num::NonZeroU64};

use super::{Entry, Ticket};

/// The waiting jobs, oldest first.
#[derive(Debug)]
pub(super) struct Aged<J> {
    // Invariant: the first and the last slot hold an entry.
    slots: VecDeque<Slot<J>>,
    waiting: usize,
    next: Ticket,
}

#[derive(Clone, Copy, Debug)]
struct Slot<J> {
    ticket: Ticket,
    entry: Option<Entry<J>>,
}

/// Holes that are never worth closing.
const FEW: usize = 32;

impl<J: Copy> Aged<J> {
    pub(super) fn new() -> Self {
        Self { slots: VecDeque::new(), waiting: 0, next: Ticket(NonZeroU64::MIN) }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.waiting
    }

    #[inline]
    pub(super) fn push(&mut self, entry: Entry<J>) -> Ticket {
        let ticket = self.ticket();
        self.push_with(ticket, entry);
        ticket
    }

    /// A ticket for one who does not wait here yet.
    #[inline]
    pub(super) fn ticket(&mut self) -> Ticket {
        let ticket = self.next;
        self.next = Ticket(ticket.0.saturating_add(1));
        ticket
    }

    /// Lets the holder of a ticket wait, which must be later than those of all who wait.
    #[inline]
    pub(super) fn push_with(&mut self, ticket: Ticket, entry: Entry<J>) {
        self.waiting += 1;
        self.slots.push_back(Slot { ticket, entry: Some(entry) });
    }

    #[inline]
    pub(super) fn oldest(&self) -> Option<&Entry<J>> {
        self.slots.front().and_then(|slot| slot.entry.as_ref())
    }

    #[inline]
    pub(super) fn take_oldest(&mut self) -> Option<(Ticket, Entry<J>)> {
        let slot = self.slots.pop_front()?;
        self.close_ends();
        self.out_of(slot)
    }

    #[inline]
    pub(super) fn take_newest(&mut self) -> Option<(Ticket, Entry<J>)> {
        let slot = self.slots.pop_back()?;
        self.close_ends();
        self.out_of(slot)
    }

    /// The job with this ticket, unless it left before.
    pub(super) fn take(&mut self, ticket: Ticket) -> Option<Entry<J>> {
        let index = self.slots.binary_search_by_key(&ticket, |slot| slot.ticket).ok()?;
        let entry = self.slots.get_mut(index)?.entry.take()?;
        self.waiting -= 1;
        self.close_ends();
        if self.slots.len() > 2 * self.waiting + FEW {
            self.slots.retain(|slot| slot.entry.is_some());
        }
        Some(entry)
    }

    #[inline]
    fn out_of(&mut self, slot: Slot<J>) -> Option<(Ticket, Entry<J>)> {
        self.waiting -= 1;
        slot.entry.map(|entry| (slot.ticket, entry))
    }

    #[inline]
    fn close_ends(&mut self) {
        while self.slots.front().is_some_and(|slot| slot.entry.is_none()) {
            self.slots.pop_front();
        }
        while self.slots.back().is_some_and(|slot| slot.entry.is_none()) {
            self.slots.pop_back();
        }
    }
}

#[cfg(test)]
mod tests {
    use sim_core::time::{SimDuration, SimTime};

    use super::*;

    #[test]
    fn holes_do_not_accumulate_behind_a_stuck_head() {
        let entry = |job| Entry {
            job,
            arrived: SimTime::ZERO,
            priority: 0,
            demand: SimDuration::ZERO,
            deadline: SimTime::NEVER,
        };
        let mut aged = Aged::new();
        aged.push(entry(0));
        // Ever two wait besides the head, the later of which keeps the hole before it from closing.
        let mut before = aged.push(entry(1));
        for job in 2..10_000 {
            let ticket = aged.push(entry(job));
            assert_eq!(aged.take(before).map(|taken| taken.job), Some(job - 1));
            assert_eq!(aged.take(before), None);
            before = ticket;
            assert!(aged.slots.len() <= 2 * aged.len() + FEW + 1, "{} slots", aged.slots.len());
        }
        assert_eq!(aged.take_oldest().map(|(_, taken)| taken.job), Some(0));
        assert_eq!(aged.take_newest().map(|(_, taken)| taken.job), Some(9_999));
        assert_eq!((aged.len(), aged.slots.len()), (0, 0));
    }
}
