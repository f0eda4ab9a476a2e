//! M/M/1: Poisson arrivals, exponential service, one channel, first come first served.
//!
//! Kleinrock, *Queueing Systems* I, 3.2.

/// A stable M/M/1 station.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MM1 {
    arrivals: f64,
    service: f64,
}

impl MM1 {
    /// Rates of arrivals and of service; `None` unless arrivals are slower.
    pub fn new(arrivals: f64, service: f64) -> Option<Self> {
        (arrivals >= 0.0 && arrivals < service).then_some(Self { arrivals, service })
    }

    /// ρ = λ/µ: the share of time it is busy.
    pub fn utilisation(self) -> f64 {
        self.arrivals / self.service
    }

    /// The mean number present, ρ/(1 − ρ).
    pub fn mean_number(self) -> f64 {
        self.utilisation() / (1.0 - self.utilisation())
    }

    /// The variance of the number present, ρ/(1 − ρ)².
    pub fn variance_of_number(self) -> f64 {
        self.mean_number() / (1.0 - self.utilisation())
    }

    /// The chance that at least `number` are present, ρⁿ.
    pub fn chance_of_at_least(self, number: u32) -> f64 {
        libm::pow(self.utilisation(), f64::from(number))
    }

    /// The mean time from arrival to departure, 1/(µ − λ).
    pub fn mean_sojourn(self) -> f64 {
        1.0 / (self.service - self.arrivals)
    }

    /// The mean time before service, ρ/(µ − λ).
    pub fn mean_wait(self) -> f64 {
        self.utilisation() * self.mean_sojourn()
    }

    /// The chance that a sojourn is longer than `time`.
    pub fn sojourn_tail(self, time: f64) -> f64 {
        libm::exp(-(self.service - self.arrivals) * time)
    }

    /// The `p`-quantile of the sojourn.
    pub fn sojourn_quantile(self, p: f64) -> f64 {
        -libm::log1p(-p) * self.mean_sojourn()
    }

    /// The `p`-quantile of the wait: 0 for the share 1 − ρ that does not wait.
    pub fn wait_quantile(self, p: f64) -> f64 {
        (libm::log(self.utilisation() / (1.0 - p)) * self.mean_sojourn()).max(0.0)
    }

    /// The chance that a busy period with `from` present reaches `level` before it ends (gambler's ruin).
    pub fn reaches_before_empty(self, from: u32, level: u32) -> f64 {
        let odds = 1.0 / self.utilisation();
        let grown = |steps: u32| libm::pow(odds, f64::from(steps)) - 1.0;
        grown(from) / grown(level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 5e-5 * expected.abs().max(1e-3), "{found} is not {expected}");
    }

    #[test]
    fn four_fifths_busy() {
        let station = MM1::new(0.8, 1.0).unwrap();
        assert_close(station.mean_number(), 4.0);
        assert_close(station.variance_of_number(), 20.0);
        assert_close(station.chance_of_at_least(10), 0.10737);
        assert_close(station.mean_sojourn(), 5.0);
        assert_close(station.mean_wait(), 4.0);
        for (p, sojourn) in [(0.5, 3.4657), (0.9, 11.5129), (0.99, 23.025_851), (0.999, 34.5388)] {
            assert_close(station.sojourn_quantile(p), sojourn);
            assert_close(station.sojourn_tail(sojourn), 1.0 - p);
        }
        assert_close(station.wait_quantile(0.99), 21.910_133);
        assert_eq!(station.wait_quantile(0.2), 0.0);
        assert_eq!((MM1::new(1.0, 1.0), MM1::new(f64::NAN, 1.0)), (None, None));
    }

    #[test]
    fn half_busy_seldom_climbs_to_twenty() {
        let station = MM1::new(0.5, 1.0).unwrap();
        assert!((station.reaches_before_empty(1, 20) / 9.536_752_259e-7 - 1.0).abs() < 1e-9);
        for (level, chance) in [(1, 1.0 / 3.0), (2, 0.428_571), (5, 0.492_063), (10, 0.499_756)] {
            assert_close(station.reaches_before_empty(level, level + 1), chance);
        }
    }
}
