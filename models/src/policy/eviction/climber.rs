//! Hill climbing: goes on in a direction as long as more requests hit than before, in ever smaller steps.
//!
//! A change of the hit ratio by a twentieth or more starts over with the full step: the traffic has changed.
//! Caffeine's `BoundedLocalCache.java`, `determineAdjustment`; Einziger et al., *Adaptive Software Cache Management*,
//! Middleware 2018.

/// Caffeine's `HILL_CLIMBER_STEP_PERCENT`.
const STEP: f64 = 0.0625;

/// Caffeine's `HILL_CLIMBER_STEP_DECAY_RATE`.
const DECAY: f64 = 0.98;

/// Caffeine's `HILL_CLIMBER_RESTART_THRESHOLD`.
const RESTART: f64 = 0.05;

/// Counts hits and answers with steps.
#[derive(Clone, Debug)]
pub(super) struct Climber {
    limit: f64,
    step: f64,
    hit_ratio: f64,
    hits: u64,
    requests: u64,
}

impl Climber {
    pub(super) fn new(limit: u64) -> Self {
        let limit = limit as f64;
        Self { limit, step: -STEP * limit, hit_ratio: 0.0, hits: 0, requests: 0 }
    }

    /// By how much to enlarge the window, 0 until a sample of so many requests is full.
    #[inline]
    pub(super) fn on_request(&mut self, hit: bool, sample: u64) -> i64 {
        self.hits += u64::from(hit);
        self.requests += 1;
        if self.requests < sample { 0 } else { self.decide() }
    }

    fn decide(&mut self) -> i64 {
        let hit_ratio = self.hits as f64 / self.requests as f64;
        let change = hit_ratio - self.hit_ratio;
        let amount = if change >= 0.0 { self.step } else { -self.step };
        let full = STEP * self.limit * if amount >= 0.0 { 1.0 } else { -1.0 };
        self.step = if change.abs() >= RESTART { full } else { DECAY * amount };
        self.hit_ratio = hit_ratio;
        (self.hits, self.requests) = (0, 0);
        amount as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The steps after samples of a hundred requests with so many hits each.
    fn steps(hits: &[u64]) -> Vec<i64> {
        let mut climber = Climber::new(1600);
        let sample = |&hits: &u64| (0..100).map(|index| climber.on_request(index < hits, 100)).sum();
        hits.iter().map(sample).collect()
    }

    #[test]
    fn turns_round_when_hits_fall() {
        // First the full step of 100 downwards; then 0.98 of it; then back, and back again.
        assert_eq!(steps(&[40, 41, 40, 39]), [-100, -100, 98, -96]);
        // A fall by a twentieth starts over with a full step, in the other direction.
        assert_eq!(steps(&[40, 41, 41, 35, 35]), [-100, -100, -98, 96, 100]);
    }
}
