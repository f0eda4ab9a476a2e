//! Whether one that sends heartbeats is still there: two ways to judge silence.
//!
//! An active check asks; here the monitored speaks by itself, and only its silence tells. Nothing heard yet says
//! nothing: it counts as available. A detector schedules nothing, so its owner asks whenever it wants to know.

use std::fmt;

use sim_core::time::{SimDuration, SimTime};

use super::{heartbeat, phi_accrual};

/// Judges the silence of one that sends heartbeats.
pub trait FailureDetector: fmt::Debug {
    /// A heartbeat came.
    fn on_heartbeat(&mut self, now: SimTime);

    /// How suspicious the silence is: −log₁₀ of the chance that a heartbeat is still to come, so that 1 is wrong in one
    /// of ten cases, 2 in one of a hundred.
    fn phi(&self, now: SimTime) -> f64;

    /// Whether it is not suspected.
    fn is_available(&self, now: SimTime) -> bool;

    /// From when on it is suspected, if nothing more is heard.
    fn suspected_from(&self) -> SimTime;
}

family! {
    /// How the silence of one that sends heartbeats is judged. It is built with the interval heartbeats are expected at.
    pub trait FailureDetector, spec FailureDetectorSpec, state AnyFailureDetector, build(interval: SimDuration);
    /// Suspects after a fixed time of silence.
    Heartbeat = heartbeat;
    /// Suspects when the silence is too unlikely by the intervals seen (Akka).
    PhiAccrual = phi_accrual;
}

impl Default for FailureDetectorSpec {
    /// It adapts itself to the network, where a fixed timeout has to be told.
    fn default() -> Self {
        Self::PhiAccrual(phi_accrual::Spec::default())
    }
}

impl FailureDetector for AnyFailureDetector {
    fn on_heartbeat(&mut self, now: SimTime) {
        on_each!(self, it => it.on_heartbeat(now));
    }

    fn phi(&self, now: SimTime) -> f64 {
        on_each!(self, it => it.phi(now))
    }

    fn is_available(&self, now: SimTime) -> bool {
        on_each!(self, it => it.is_available(now))
    }

    fn suspected_from(&self) -> SimTime {
        on_each!(self, it => it.suspected_from())
    }
}

#[cfg(test)]
pub(super) mod testing {
    use super::{FailureDetector, SimDuration, SimTime};

    pub(in super::super) fn at(millis: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_millis(millis)
    }

    /// The first whole millisecond at which the detector suspects one that falls silent now, within a day.
    pub(in super::super) fn suspected_at(detector: &impl FailureDetector, now: u64) -> u64 {
        let (mut available, mut suspected) = (now, now + 86_400_000);
        while suspected - available > 1 {
            let middle = available.midpoint(suspected);
            if detector.is_available(at(middle)) { available = middle } else { suspected = middle }
        }
        suspected
    }
}

#[cfg(test)]
mod tests {
    use sim_core::{check::Check, random::Streams};

    use super::{
        testing::{at, suspected_at},
        *,
    };

    fn each() -> impl Iterator<Item = (&'static str, AnyFailureDetector)> {
        let built =
            |(name, _, spec): (_, _, FailureDetectorSpec)| (name, spec.build(SimDuration::from_secs(1)));
        FailureDetectorSpec::catalog().into_iter().map(built)
    }

    #[test]
    fn every_default_is_a_right_one() {
        for (name, _, spec) in FailureDetectorSpec::catalog() {
            let mut check = Check::default();
            spec.check(&mut check);
            assert_eq!(check.into_problems(), [], "{name}");
        }
    }

    #[test]
    fn who_was_never_heard_counts_as_available() {
        for (name, detector) in each() {
            assert!(detector.is_available(at(1_000_000)), "{name}");
            assert_eq!(detector.phi(at(1_000_000)), 0.0, "{name}");
        }
    }

    #[test]
    fn suspicion_grows_with_silence_and_a_heartbeat_ends_it() {
        for (name, mut detector) in each() {
            for beat in 0..20 {
                detector.on_heartbeat(at(1000 * beat));
                assert!(detector.is_available(at(1000 * beat + 999)), "{name}");
            }
            let phis: Vec<_> = (19..60).map(|second| detector.phi(at(1000 * second))).collect();
            assert!(phis.is_sorted(), "{name}: {phis:?}");
            assert!(!detector.is_available(at(60_000)), "{name}");
            detector.on_heartbeat(at(60_000));
            assert!(detector.is_available(at(60_001)), "{name}");
        }
    }

    /// Delays from a crash at a random moment to suspicion, in seconds: least, mean, most.
    fn delays(spec: &FailureDetectorSpec, crashes: u32) -> (f64, f64, f64) {
        let mut random = Streams::new(7, 0).stream("replica/crash");
        let mut detector = spec.build(SimDuration::from_secs(1));
        for beat in 0..=1000 {
            detector.on_heartbeat(at(1000 * beat));
        }
        let suspected = suspected_at(&detector, 1_000_000) as f64 / 1000.0;
        let delays = (0..crashes).map(|_| suspected - 1000.0 - random.unit());
        let first = (f64::INFINITY, 0.0, 0.0_f64);
        delays.fold(first, |(least, mean, most), delay| {
            (least.min(delay), mean + delay / f64::from(crashes), most.max(delay))
        })
    }

    /// From crash to suspicion: uniform over one interval before the timeout, counted from the last heartbeat.
    #[test]
    fn a_crash_is_noticed_within_one_interval_before_the_timeout() {
        let timeout = SimDuration::from_secs(3);
        let fixed = FailureDetectorSpec::Heartbeat(heartbeat::Spec { timeout });
        let (least, mean, most) = delays(&fixed, 100_000);
        assert!((mean - 2.5).abs() < 0.025, "{mean}");
        assert!(least >= 2.0 && most <= 3.0, "{least} {most}");
        // Akka's defaults: a thousand even intervals of 1 s leave σ = 0.1 s, and with the pause of 3 s φ = 8 is reached
        // 5.3 σ after 4 s.
        let (_, mean, _) = delays(&FailureDetectorSpec::PhiAccrual(phi_accrual::Spec::default()), 100_000);
        assert!((mean - 4.03).abs() < 0.04, "{mean}");
    }
}
