//! Several channels fed by one line: who is lost without a line, who waits with one.
//!
//! Erlang 1917, by the recursion that neither factorials nor powers overflow; Kleinrock, *Queueing Systems* I,
//! 3.5 and 3.6. Erlang B holds for any distribution of service, Erlang C for exponential service only.

/// Erlang's loss formula: the share of customers who find all `channels` busy and go; `offered` = λ/µ.
pub fn erlang_b(channels: u32, offered: f64) -> f64 {
    (1..=channels).fold(1.0, |loss, k| offered * loss / (f64::from(k) + offered * loss))
}

/// Erlang's delay formula: the share who must wait; `None` unless `offered` = λ/µ is below `channels`.
pub fn erlang_c(channels: u32, offered: f64) -> Option<f64> {
    let busy = offered / f64::from(channels);
    let loss = erlang_b(channels, offered);
    (busy < 1.0).then(|| loss / (1.0 - busy * (1.0 - loss)))
}

/// A stable M/M/c station with an unbounded line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MMc {
    arrivals: f64,
    service: f64,
    channels: u32,
    waits: f64,
}

impl MMc {
    /// Rate of arrivals, rate of service of one channel, number of channels; `None` unless they keep up.
    pub fn new(arrivals: f64, service: f64, channels: u32) -> Option<Self> {
        let waits = erlang_c(channels, arrivals / service)?;
        Some(Self { arrivals, service, channels, waits })
    }

    /// The share of customers who wait.
    pub fn share_waiting(self) -> f64 {
        self.waits
    }

    /// The mean wait, C/(cµ − λ).
    pub fn mean_wait(self) -> f64 {
        self.waits / self.spare()
    }

    /// The mean time from arrival to departure.
    pub fn mean_sojourn(self) -> f64 {
        self.mean_wait() + 1.0 / self.service
    }

    /// The mean number present.
    pub fn mean_number(self) -> f64 {
        self.arrivals * self.mean_sojourn()
    }

    /// The chance of waiting longer than `time`, C e^(−(cµ − λ)t).
    pub fn wait_tail(self, time: f64) -> f64 {
        self.waits * libm::exp(-self.spare() * time)
    }

    /// The `p`-quantile of the wait.
    pub fn wait_quantile(self, p: f64) -> f64 {
        (libm::log(self.waits / (1.0 - p)) / self.spare()).max(0.0)
    }

    fn spare(self) -> f64 {
        f64::from(self.channels) * self.service - self.arrivals
    }
}

/// M/M/c/K: `channels` channels and room for `capacity` in all; who finds it full goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MMcK {
    arrivals: f64,
    loss: f64,
    number: f64,
}

impl MMcK {
    /// Rate of arrivals, rate of service of one channel, channels, capacity; stable at any load.
    pub fn new(arrivals: f64, service: f64, channels: u32, capacity: u32) -> Self {
        // A birth and death chain grown by one state at a time: the last state's share, and the mean.
        let (mut loss, mut number) = (1.0, 0.0);
        for k in 1..=capacity {
            let up = arrivals / (service * f64::from(k.min(channels))) * loss;
            loss = up / (1.0 + up);
            number += (f64::from(k) - number) * loss;
        }
        Self { arrivals, loss, number }
    }

    /// The share of customers lost.
    pub fn loss(self) -> f64 {
        self.loss
    }

    /// The mean number present.
    pub fn mean_number(self) -> f64 {
        self.number
    }

    /// The mean time from arrival to departure of those who came in.
    pub fn mean_sojourn(self) -> f64 {
        self.number / (self.arrivals * (1.0 - self.loss))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 6e-7 + 5e-6 * expected.abs(), "{found} is not {expected}");
    }

    #[test]
    fn the_loss_formula() {
        for (channels, offered, loss) in [
            (5, 5.0, 0.284_868),
            (10, 5.0, 0.018_385),
            (10, 8.0, 0.121_661),
            (10, 10.0, 0.214_582),
            (20, 20.0, 0.158_892),
            (100, 100.0, 0.075_700),
            (100, 90.0, 0.026_957),
            (4, 3.2, 0.228_144_930_0),
            (16, 12.8, 0.080_647_212_8),
            (16, 15.2, 0.150_722_707_0),
            // One pool of twenty against two of ten.
            (20, 16.0, 0.064_411),
        ] {
            assert_close(erlang_b(channels, offered), loss);
        }
    }

    #[test]
    fn the_delay_formula_and_its_waits() {
        for (channels, offered, waits, wait) in [
            (2, 1.6, 0.711_111, 1.777_778),
            (4, 3.2, 0.596_432_471_8, 0.745_541),
            (8, 6.4, 0.457_645, 0.286_028),
            (10, 8.0, 0.409_180, 0.204_590),
            (10, 9.0, 0.668_732, 0.668_732),
            (16, 12.8, 0.304_883_912_9, 0.095_276),
            (16, 15.2, 0.780_192_462_2, 0.975_240_6),
            (100, 80.0, 0.019_646, 0.000_982),
            (100, 95.0, 0.506_457, 0.101_291),
        ] {
            let station = MMc::new(offered, 1.0, channels).unwrap();
            assert_close(station.share_waiting(), waits);
            assert_close(station.mean_wait(), wait);
            assert_close(station.mean_number(), offered * (1.0 + station.mean_wait()));
            assert_close(station.wait_tail(station.wait_quantile(0.999)), 0.001);
            assert_close(station.wait_tail(0.0), waits);
        }
        assert_eq!((MMc::new(4.0, 1.0, 4), erlang_c(0, 1.0)), (None, None));
        assert_eq!(MMc::new(3.2, 1.0, 4).unwrap().wait_quantile(0.4), 0.0);
    }

    #[test]
    fn a_bounded_line_loses_some() {
        for (arrivals, capacity, loss, number, sojourn) in [
            (0.8, 5, 0.088_819_498_7, 1.868_33, 2.563_07),
            (0.8, 10, 0.023_493, 2.966_31, 3.797_10),
            (1.0, 10, 0.090_909, 5.0, 5.5),
            (1.5, 10, 0.337_232, 8.128_66, 8.176_48),
            (1.2, 5, 0.250_588_121_6, 3.021_172_376, 3.359_493),
        ] {
            let station = MMcK::new(arrivals, 1.0, 1, capacity);
            assert_close(station.loss(), loss);
            assert_close(station.mean_number(), number);
            assert_close(station.mean_sojourn(), sojourn);
        }
        // Without a line it is Erlang's B; with a long one his M/M/c.
        assert_close(MMcK::new(8.0, 1.0, 10, 10).loss(), 0.121_661);
        assert_close(MMcK::new(3.2, 1.0, 4, 2000).mean_sojourn(), 1.745_541);
        assert_close(MMcK::new(1.5, 1.0, 1, 5000).loss(), 1.0 / 3.0);
    }
}
