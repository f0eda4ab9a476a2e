//! The nearest events, in order: a short sorted list.

/// The most events a shelf holds. Measured: beyond some forty the wheel is faster.
pub(super) const ROOM: usize = 40;

/// An event and its time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending<E> {
    pub(super) at: u64,
    pub(super) event: E,
}

/// At most [`ROOM`] events in order of time; of equal times, first in, first out.
#[derive(Clone, Debug)]
pub(super) struct Shelf<E> {
    /// Latest first, so that the next one is popped off the end.
    list: Vec<Pending<E>>,
}

impl<E: Copy> Default for Shelf<E> {
    fn default() -> Self {
        Self { list: Vec::with_capacity(ROOM) }
    }
}

impl<E: Copy> Shelf<E> {
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.list.len() == ROOM
    }

    /// Adds an event; there must be room.
    #[inline(always)]
    pub(super) fn push(&mut self, pending: Pending<E>) {
        // From the end, past everything that happens before it or at the same time, which moves on by one.
        let mut place = self.list.len();
        self.list.push(pending);
        while place > 0 && self.list[place - 1].at <= pending.at {
            self.list[place] = self.list[place - 1];
            place -= 1;
        }
        self.list[place] = pending;
    }

    /// The time of the next event.
    #[inline]
    pub(super) fn next_time(&self) -> Option<u64> {
        self.list.last().map(|pending| pending.at)
    }

    /// Takes the next event.
    #[inline(always)]
    pub(super) fn pop(&mut self) -> Option<Pending<E>> {
        self.list.pop()
    }

    /// The time of the one in the middle: the cut when half of them have to go.
    pub(super) fn middle_time(&self) -> u64 {
        self.list[self.list.len() / 2].at
    }

    /// Takes all from `cut` on off, earliest first.
    pub(super) fn spill(&mut self, cut: u64) -> impl Iterator<Item = Pending<E>> {
        let later = self.list.partition_point(|pending| pending.at >= cut);
        self.list.drain(..later).rev()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf(times: &[u64]) -> Shelf<usize> {
        let mut shelf = Shelf::default();
        for (event, at) in times.iter().enumerate() {
            shelf.push(Pending { at: *at, event });
        }
        shelf
    }

    fn rest(mut shelf: Shelf<usize>) -> Vec<usize> {
        std::iter::from_fn(|| shelf.pop()).map(|pending| pending.event).collect()
    }

    #[test]
    fn equal_times_come_out_as_they_went_in() {
        assert_eq!(rest(shelf(&[5, 3, 5, 9, 3, 5])), [1, 4, 0, 2, 5, 3]);
    }

    #[test]
    fn a_spill_takes_equal_times_together() {
        let mut shelf = shelf(&[1, 7, 7, 2, 7, 9]);
        assert_eq!(shelf.middle_time(), 7);
        let spilled: Vec<usize> = shelf.spill(7).map(|pending| pending.event).collect();
        assert_eq!(spilled, [1, 2, 4, 5]);
        shelf.push(Pending { at: 3, event: 6 });
        assert_eq!(rest(shelf), [0, 3, 6]);
    }
}
