//! A semaphore: so many may hold it at once, the others wait in order of coming (Dijkstra, EWD 123, 1965; Java's
//! fair `Semaphore`).
//!
//! A permit given back goes to the first in line at once, so nobody who comes later can take it before.

use std::collections::VecDeque;

use sim_core::time::SimTime;

/// Permits, and who waits for one.
#[derive(Clone, Debug)]
pub struct Semaphore<T> {
    free: u32,
    line: VecDeque<(T, SimTime)>,
}

impl<T: PartialEq + Copy> Semaphore<T> {
    /// So many permits, all free.
    pub const fn new(permits: u32) -> Self {
        Self { free: permits, line: VecDeque::new() }
    }

    /// Takes a permit; if none is free, joins the line.
    pub fn enter(&mut self, now: SimTime, who: T) -> bool {
        if self.free > 0 {
            self.free -= 1;
            return true;
        }
        self.line.push_back((who, now));
        false
    }

    /// Gives a permit back; who has it now, if anybody waited.
    pub fn leave(&mut self) -> Option<T> {
        let next = self.line.pop_front();
        if next.is_none() {
            self.free += 1;
        }
        next.map(|(who, _)| who)
    }

    /// Leaves the line.
    pub fn withdraw(&mut self, who: T) {
        self.line.retain(|(waits, _)| *waits != who);
    }

    /// How many wait.
    pub fn waiting(&self) -> u32 {
        self.line.len() as u32
    }

    /// When the first in line joined it.
    pub fn oldest(&self) -> Option<SimTime> {
        self.line.front().map(|(_, joined)| *joined)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permits_go_to_the_first_in_line() {
        let mut semaphore = Semaphore::new(2);
        let at = SimTime::from_nanos;
        let entered = ['a', 'b', 'c', 'd', 'e'].map(|who| semaphore.enter(at(1), who));
        assert_eq!(entered, [true, true, false, false, false]);
        semaphore.withdraw('d');
        assert_eq!((semaphore.waiting(), semaphore.oldest()), (2, Some(at(1))));
        let given = [semaphore.leave(), semaphore.leave(), semaphore.leave(), semaphore.leave()];
        assert_eq!(given, [Some('c'), Some('e'), None, None]);
        assert_eq!([semaphore.enter(at(2), 'f'), semaphore.enter(at(2), 'g')], [true, true]);
    }
}
