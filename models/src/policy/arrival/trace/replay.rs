//! Replay: records become arrivals, from time 0 on, scaled, and once more from the start if asked.

use sim_core::time::{SimDuration, SimTime};

use super::{Repeat, TraceRecord};

/// The arrivals of a trace: the first at time 0, the others at their distances from it.
///
/// Time never runs backwards: a record earlier than the one before it comes at the same moment, since web servers
/// log a request when it ends. A repetition begins one mean gap after the last record, so that the rate stays what
/// it was; a trace that lasts no time is not repeated.
#[derive(Clone, Debug)]
pub struct Replay<I> {
    fresh: I,
    records: I,
    time_scale: f64,
    repeat: Repeat,
    /// When this round began, unscaled.
    round: SimDuration,
    progress: Progress,
}

/// How far a round has come.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    /// The first record's time.
    origin: Option<SimTime>,
    /// The last record's distance from it.
    offset: SimDuration,
    records: u64,
}

impl<I: Iterator<Item = TraceRecord> + Clone> Replay<I> {
    /// Replays `records`, all times multiplied by `time_scale`.
    pub fn new(records: I, time_scale: f64, repeat: Repeat) -> Self {
        let (round, progress) = (SimDuration::ZERO, Progress::default());
        Self { fresh: records.clone(), records, time_scale, repeat, round, progress }
    }

    /// Begins the next round if there is one.
    fn again(&mut self) -> Option<()> {
        self.repeat = match self.repeat {
            Repeat::Never | Repeat::Times(0) => return None,
            Repeat::Times(times) => Repeat::Times(times - 1),
            Repeat::Forever => Repeat::Forever,
        };
        let length = self.progress.offset;
        if length.is_zero() {
            return None;
        }
        // More than one record, or there were no length.
        let gap = SimDuration::from_nanos(length.as_nanos() / (self.progress.records - 1));
        self.round = self.round + length + gap;
        self.progress = Progress::default();
        self.records = self.fresh.clone();
        Some(())
    }
}

impl<I: Iterator<Item = TraceRecord> + Clone> Iterator for Replay<I> {
    type Item = TraceRecord;

    fn next(&mut self) -> Option<TraceRecord> {
        let mut next = self.records.next();
        if next.is_none() {
            self.again()?;
            next = self.records.next();
        }
        let record = next?;
        let progress = &mut self.progress;
        let origin = *progress.origin.get_or_insert(record.at);
        progress.offset = progress.offset.max(record.at.since(origin));
        progress.records += 1;
        let unscaled = self.round + progress.offset;
        let after = SimDuration::from_nanos_f64(unscaled.as_nanos() as f64 * self.time_scale);
        Some(TraceRecord { at: SimTime::ZERO + after, ..record })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn replay(seconds: &[u64], time_scale: f64, repeat: Repeat) -> Vec<f64> {
        let records: Vec<_> = seconds
            .iter()
            .map(|at| TraceRecord {
                at: SimTime::from_nanos(at * SECOND),
                key: Some(*at),
                ..TraceRecord::default()
            })
            .collect();
        Replay::new(records.into_iter(), time_scale, repeat)
            .take(9)
            .map(|record| record.at.as_secs_f64())
            .collect()
    }

    #[test]
    fn starts_at_zero_keeps_distances_and_scales_them() {
        assert_eq!(
            replay(&[1_700_000_000, 1_700_000_003, 1_700_000_004], 1.0, Repeat::Never),
            [0.0, 3.0, 4.0]
        );
        assert_eq!(replay(&[5, 8, 9], 0.5, Repeat::Never), [0.0, 1.5, 2.0]);
    }

    #[test]
    fn a_record_out_of_order_comes_with_the_one_before() {
        assert_eq!(replay(&[5, 9, 7, 3, 10], 1.0, Repeat::Never), [0.0, 4.0, 4.0, 4.0, 5.0]);
    }

    #[test]
    fn a_repetition_begins_one_mean_gap_after_the_end() {
        assert_eq!(replay(&[5, 8, 9], 1.0, Repeat::Times(1)), [0.0, 3.0, 4.0, 6.0, 9.0, 10.0]);
        assert_eq!(
            replay(&[5, 8, 9], 2.0, Repeat::Forever),
            [0.0, 6.0, 8.0, 12.0, 18.0, 20.0, 24.0, 30.0, 32.0]
        );
    }

    #[test]
    fn what_lasts_no_time_is_not_repeated() {
        assert_eq!(replay(&[5, 5], 1.0, Repeat::Forever), [0.0, 0.0]);
        assert!(replay(&[], 1.0, Repeat::Forever).is_empty());
    }
}
