//! Deadlines of one constant length: already in order, so a FIFO with one armed event serves them all.
//!
//! A timeout for each request would double the pending events, and nearly all of them come to nothing. Here
//! an entry costs a push and a pop; entries that no longer matter are dropped from the front as they get there.

use std::collections::VecDeque;

use crate::time::{SimDuration, SimTime};

/// A line of deadlines, all `length` after they were set.
#[derive(Clone, Debug)]
pub struct Deadlines<K> {
    length: SimDuration,
    line: VecDeque<(SimTime, K)>,
    armed: bool,
}

impl<K: Copy> Deadlines<K> {
    /// An empty line.
    pub fn new(length: SimDuration) -> Self {
        Self { length, line: VecDeque::new(), armed: false }
    }

    /// How long after being set a deadline falls due.
    pub fn length(&self) -> SimDuration {
        self.length
    }

    /// Sets a deadline for `key`. `Some(time)` asks the owner to schedule one event then and to call
    /// [`Self::due`] from it. `live` tells whether an older key still waits; dead ones at the front are dropped,
    /// so that the line is no longer than what is in flight.
    #[inline]
    pub fn set(&mut self, now: SimTime, key: K, live: impl Fn(K) -> bool) -> Option<SimTime> {
        while self.line.front().is_some_and(|(_, oldest)| !live(*oldest)) {
            self.line.pop_front();
        }
        self.line.push_back((now + self.length, key));
        if self.armed {
            return None;
        }
        self.armed = true;
        Some(now + self.length)
    }

    /// The armed event fired: takes the next key whose deadline has come and that is still live. Call until
    /// it answers [`Due::Later`] or [`Due::Nothing`].
    pub fn due(&mut self, now: SimTime, live: impl Fn(K) -> bool) -> Due<K> {
        while let Some((deadline, key)) = self.line.front().copied() {
            if !live(key) {
                self.line.pop_front();
            } else if deadline <= now {
                self.line.pop_front();
                return Due::Now(key);
            } else {
                return Due::Later(deadline);
            }
        }
        self.armed = false;
        Due::Nothing
    }

    /// How many entries the line holds, dead ones included.
    pub fn len(&self) -> usize {
        self.line.len()
    }

    /// Whether the line holds nothing.
    pub fn is_empty(&self) -> bool {
        self.line.is_empty()
    }
}

/// What a fired line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due<K> {
    /// This key's time is up; ask again.
    Now(K),
    /// Nobody's yet: schedule the armed event again, for then.
    Later(SimTime),
    /// The line is empty and no event is armed.
    Nothing,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(nanos: u64) -> SimTime {
        SimTime::from_nanos(nanos)
    }

    #[test]
    fn one_armed_event_serves_the_whole_line() {
        let mut line = Deadlines::new(SimDuration::from_nanos(10));
        assert_eq!(line.set(at(0), 'a', |_| true), Some(at(10)));
        assert_eq!(line.set(at(3), 'b', |_| true), None);
        assert_eq!(line.set(at(4), 'c', |_| true), None);
        // `b` was answered in time.
        let live = |key| key != 'b';
        assert_eq!(line.due(at(10), live), Due::Now('a'));
        assert_eq!(line.due(at(10), live), Due::Later(at(14)));
        assert_eq!(line.due(at(14), live), Due::Now('c'));
        assert_eq!(line.due(at(14), live), Due::Nothing);
        assert_eq!(line.set(at(20), 'd', live), Some(at(30)), "armed anew after it ran empty");
    }

    #[test]
    fn the_line_is_no_longer_than_what_is_in_flight() {
        let mut line = Deadlines::new(SimDuration::from_secs(100));
        for number in 0..100_000_u64 {
            // Each is answered before the next three are sent.
            line.set(at(number), number, |key| key + 3 > number);
        }
        assert!(line.len() <= 4, "{}", line.len());
    }
}
