//! Pacing: accesses one after the other, so many a second at most, a line of limited length before them.
//!
//! Each access takes its turn a fixed time after the one before it, as a disk's IOPS limit lets it: a single server with
//! a constant service time, where what counts is when service begins. Under Poisson arrivals at a load ρ the wait is that
//! of M/D/1, ρ/(2μ(1 − ρ)) on average. The same as a leaky bucket that queues (nginx `limit_req` with `burst`; GCRA, ATM
//! Forum 1996). Differs from a token bucket, which lets a burst through at once.

use sim_core::time::{SimDuration, SimTime};

/// A disk as its limit makes it.
#[derive(Clone, Debug)]
pub struct Pacing {
    /// Between two accesses.
    gap: SimDuration,
    /// How many may wait.
    depth: u32,
    /// When the next access may begin.
    free_at: SimTime,
}

impl Pacing {
    /// So many accesses a second, which is above 0, and so many waiting at most.
    pub fn new(per_second: f64, depth: u32) -> Self {
        Self { gap: SimDuration::from_nanos_f64(1e9 / per_second), depth, free_at: SimTime::ZERO }
    }

    /// An access comes `now`: how long it waits for its turn, or `None` if the line is full.
    pub fn take(&mut self, now: SimTime) -> Option<SimDuration> {
        let wait = self.free_at.since(now);
        if wait.as_nanos() > u64::from(self.depth).saturating_mul(self.gap.as_nanos()) {
            return None;
        }
        self.free_at = now + wait + self.gap;
        Some(wait)
    }

    /// Whoever waited is gone.
    pub fn restart(&mut self) {
        self.free_at = SimTime::ZERO;
    }
}

#[cfg(test)]
mod tests {
    use sim_core::{random::Streams, statistics::Tally};

    use super::*;

    const fn at(millis: u64) -> SimTime {
        SimTime::from_nanos(millis * 1_000_000)
    }

    #[test]
    fn accesses_take_turns_and_who_finds_the_line_full_is_refused() {
        let mut disk = Pacing::new(100.0, 2);
        let waits: Vec<_> =
            (0..5).map(|_| disk.take(at(0)).map(|wait| wait.as_nanos() / 1_000_000)).collect();
        assert_eq!(waits, [Some(0), Some(10), Some(20), None, None], "one begins, two wait");
        assert_eq!(disk.take(at(15)), Some(SimDuration::from_millis(15)), "the next begins at 30 ms");
        assert_eq!(disk.take(at(100)), Some(SimDuration::ZERO));
        disk.restart();
        assert_eq!(disk.take(at(100)), Some(SimDuration::ZERO));
    }

    #[test]
    fn it_waits_as_m_d_1_does() {
        // Pollaczek–Khinchine with constant service: W = ρ/(2μ(1 − ρ)).
        for load in [0.5, 0.8] {
            let (mut disk, mut stream) = (Pacing::new(1000.0, u32::MAX), Streams::new(1, 0).stream("disk"));
            let (mut now, mut waits) = (0.0, Tally::default());
            for _ in 0..2_000_000 {
                now += -libm::log(1.0 - stream.unit()) / (load * 1000.0);
                let wait = disk.take(SimTime::from_nanos((now * 1e9) as u64)).unwrap();
                waits.record(wait.as_nanos() as f64 / 1e9);
            }
            let expected = load / (2.0 * 1000.0 * (1.0 - load));
            assert!((waits.mean().unwrap() / expected - 1.0).abs() < 0.02, "{load}: {waits:?}");
        }
    }
}
