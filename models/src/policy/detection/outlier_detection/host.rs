//! What Envoy remembers of one host: its standing, its failures in a row, and the record of an interval.

use sim_core::time::{SimDuration, SimTime};

/// One host.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Host {
    standing: Standing,
    /// Ejections, less the healthy intervals since: the multiple of the base time.
    multiplier: u64,
    /// In a row.
    pub(super) failures: u32,
    /// In a row.
    pub(super) gateway_failures: u32,
    /// Of the present interval.
    successes: u32,
    /// Of the present interval.
    requests: u32,
}

#[derive(Clone, Copy, Debug, Default)]
enum Standing {
    #[default]
    NeverEjected,
    Ejected {
        until: SimTime,
    },
    ReturnedAt(SimTime),
}

impl Host {
    pub(super) fn succeed(&mut self) {
        self.successes += 1;
        self.requests += 1;
        (self.failures, self.gateway_failures) = (0, 0);
    }

    pub(super) fn fail(&mut self, gateway: bool) {
        self.requests += 1;
        self.failures += 1;
        self.gateway_failures = if gateway { self.gateway_failures + 1 } else { 0 };
    }

    pub(super) fn is_ejected(&self) -> bool {
        match self.standing {
            Standing::Ejected { .. } => true,
            Standing::NeverEjected | Standing::ReturnedAt(_) => false,
        }
    }

    /// Whether its time out is over.
    pub(super) fn is_due(&self, now: SimTime) -> bool {
        match self.standing {
            Standing::Ejected { until } => until <= now,
            Standing::NeverEjected | Standing::ReturnedAt(_) => false,
        }
    }

    /// Takes it out for one `base` longer than the last time, at most `longest`, plus `jitter`; until when.
    pub(super) fn eject(
        &mut self,
        now: SimTime,
        base: SimDuration,
        longest: SimDuration,
        jitter: SimDuration,
    ) -> SimTime {
        if base.saturating_mul(self.multiplier) < longest + base {
            self.multiplier += 1;
        }
        let until = now + base.saturating_mul(self.multiplier).min(longest) + jitter;
        self.standing = Standing::Ejected { until };
        until
    }

    pub(super) fn put_back(&mut self, now: SimTime) {
        self.standing = Standing::ReturnedAt(now);
        (self.failures, self.gateway_failures) = (0, 0);
    }

    /// On a tick: an interval or more after its return, takes back one step of the time out.
    pub(super) fn forgive(&mut self, now: SimTime, interval: SimDuration) {
        match self.standing {
            Standing::ReturnedAt(returned) if now.since(returned) >= interval => {
                self.multiplier = self.multiplier.saturating_sub(1);
            }
            Standing::NeverEjected | Standing::Ejected { .. } | Standing::ReturnedAt(_) => {}
        }
    }

    /// Starts the next interval; the record of the last, if the host was in and had requests.
    pub(super) fn close_interval(&mut self, backend: usize) -> Option<Record> {
        let record = Record { backend, successes: self.successes, requests: self.requests };
        (self.successes, self.requests) = (0, 0);
        (!self.is_ejected() && record.requests > 0).then_some(record)
    }
}

/// A host's last interval.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    pub(super) backend: usize,
    pub(super) requests: u32,
    successes: u32,
}

impl Record {
    /// In percent: Envoy's figures are, and so round alike.
    pub(super) fn success_rate(&self) -> f64 {
        f64::from(self.successes) * 100.0 / f64::from(self.requests)
    }

    /// From 0 to 1.
    pub(super) fn failure_rate(&self) -> f64 {
        f64::from(self.requests - self.successes) / f64::from(self.requests)
    }

    /// Whether at least that many of ten thousand requests failed.
    pub(super) fn fails_at_least(&self, of_ten_thousand: u64) -> bool {
        10_000 * u64::from(self.requests - self.successes) >= of_ten_thousand * u64::from(self.requests)
    }
}

/// The success rate below which a host stands out: the mean less `factor` population deviations.
pub(super) fn threshold(rates: &[f64], factor: f64) -> f64 {
    let count = rates.len() as f64;
    let mean = rates.iter().sum::<f64>() / count;
    let variance = rates.iter().map(|rate| (rate - mean) * (rate - mean)).sum::<f64>() / count;
    mean - factor * variance.sqrt()
}
