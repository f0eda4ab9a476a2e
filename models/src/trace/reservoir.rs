//! Which traces of a workload are kept: an even sample, and the slowest.
//!
//! The requests of the least luck are an even sample of all that were offered, whatever their order (bottom-k
//! sampling: Cohen & Kaplan, *Summarizing data using bottom-k sketches*, PODC 2007).

use super::Kept;

/// How many stand for all.
pub(super) const EVEN: usize = 16;
/// How many of the slowest are kept.
pub(super) const SLOW: usize = 8;

/// What is kept of one workload, each with the number of its draft.
#[derive(Clone, Debug, Default)]
pub(super) struct Reservoir {
    /// By luck, least first.
    even: Vec<(u64, u32)>,
    /// By latency, slowest first; of equal ones the first.
    slow: Vec<(u64, u32)>,
}

impl Reservoir {
    /// Offers a request that has its outcome; the drafts that are kept for no reason any more.
    pub(super) fn offer(&mut self, draft: u32, luck: u64, latency: u64) -> Vec<u32> {
        let place = self.even.partition_point(|(other, _)| *other <= luck);
        self.even.insert(place, (luck, draft));
        let place = self.slow.partition_point(|(other, _)| *other >= latency);
        self.slow.insert(place, (latency, draft));
        let out = (self.even.len() > EVEN).then(|| self.even.pop()).flatten();
        let past = (self.slow.len() > SLOW).then(|| self.slow.pop()).flatten();
        let mut gone: Vec<u32> = out.into_iter().chain(past).map(|(_, draft)| draft).collect();
        gone.dedup();
        gone.retain(|draft| self.why(*draft).is_none());
        gone
    }

    /// Why a draft is kept, if it is.
    pub(super) fn why(&self, draft: u32) -> Option<Kept> {
        let among = |list: &[(u64, u32)]| list.iter().any(|(_, kept)| *kept == draft);
        if among(&self.even) {
            return Some(Kept::Even);
        }
        among(&self.slow).then_some(Kept::Slow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_luck_and_the_longest_latency_stay() {
        let mut reservoir = Reservoir::default();
        let mut gone = Vec::new();
        // Luck falls while latency rises and falls again.
        for number in 0..100_u32 {
            let latency = u64::from(50 - number.abs_diff(50));
            gone.extend(reservoir.offer(number, u64::from(100 - number), latency));
        }
        let kept: Vec<u32> = (0..100).filter(|number| reservoir.why(*number).is_some()).collect();
        // The slowest are 50 and those around it, the earlier of two equals; the least lucky are the last sixteen.
        let slowest = [46, 47, 48, 49, 50, 51, 52, 53];
        assert_eq!(kept[..8], slowest);
        assert_eq!(kept[8..], (84..100).collect::<Vec<_>>());
        assert_eq!(reservoir.why(50), Some(Kept::Slow));
        assert_eq!(reservoir.why(99), Some(Kept::Even));
        gone.sort_unstable();
        assert_eq!(gone.len() + kept.len(), 100, "each goes once or stays");
        gone.dedup();
        assert_eq!(gone.len() + kept.len(), 100);
    }
}
