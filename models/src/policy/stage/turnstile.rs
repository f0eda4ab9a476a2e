//! So many inside at once, the others in line, first come, first served: what bulkheads and connection pools have in common.

use std::collections::VecDeque;

/// Who is inside and who waits, by the ids of their passages.
#[derive(Debug)]
pub(super) struct Turnstile {
    most_inside: u32,
    most_waiting: u32,
    inside: u32,
    /// In the order they came.
    waiting: VecDeque<u64>,
}

/// What becomes of one who comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Inside,
    Waits,
    Full,
}

impl Turnstile {
    pub(super) const fn new(most_inside: u32, most_waiting: u32) -> Self {
        Self { most_inside, most_waiting, inside: 0, waiting: VecDeque::new() }
    }

    pub(super) fn enter(&mut self, id: u64) -> Entry {
        if self.inside < self.most_inside {
            self.inside += 1;
            return Entry::Inside;
        }
        if self.waiting.len() >= self.most_waiting as usize {
            return Entry::Full;
        }
        self.waiting.push_back(id);
        Entry::Waits
    }

    /// One goes who was inside.
    pub(super) fn go(&mut self) {
        self.inside -= 1;
    }

    /// One goes, inside or still waiting.
    pub(super) fn leave(&mut self, id: u64) {
        match self.waiting.iter().position(|waiting| *waiting == id) {
            Some(place) => {
                self.waiting.remove(place);
            }
            None => self.go(),
        }
    }

    /// Lets the next in, if there is room.
    pub(super) fn release(&mut self) -> Option<u64> {
        if self.inside == self.most_inside {
            return None;
        }
        let next = self.waiting.pop_front()?;
        self.inside += 1;
        Some(next)
    }
}
