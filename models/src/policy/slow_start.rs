//! Slow start: a backend that has just come up gets a share of its weight that grows with its age.
//!
//! A cold backend (empty caches, unwarmed code, few connections) that at once gets its full share falls over
//! again. Envoy ramps by a power of the age from a floor and asks for the share at every pick; HAProxy climbs
//! in sixteenths of the weight, by whole seconds, and only looks every twentieth of the window.
//! Envoy's `applySlowStartFactor` and `slow_start_config`; HAProxy's `slowstart`, `server_recalc_eweight`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, time::SimDuration};

/// How the weight of a backend that came up grows to its full value.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum SlowStartSpec {
    /// Envoy: `max(min_weight, (age / window)^(1 / aggression))`, at process start too.
    Envoy(Envoy),
    /// HAProxy: linear in steps of a sixteenth, for the weight and for the slots, not at process start.
    Haproxy(Haproxy),
}

/// Envoy's ramp.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Envoy {
    /// How long the ramp lasts; `"60s"`, Envoy itself has no default.
    pub window: SimDuration,
    /// The least share, 0 to 1; 0.10, Envoy's `min_weight_percent` of 10 %.
    pub min_weight: f64,
    /// The ramp's bend, above 0: 1 is linear, above 1 climbs early, below 1 late; 1.0, Envoy's default.
    pub aggression: f64,
}

/// HAProxy's ramp.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Haproxy {
    /// How long the ramp lasts, counted in whole seconds begun; `"60s"`, HAProxy itself has no default.
    pub window: SimDuration,
}

impl Default for Envoy {
    fn default() -> Self {
        Self { window: SimDuration::from_secs(60), min_weight: 0.10, aggression: 1.0 }
    }
}

impl Default for Haproxy {
    fn default() -> Self {
        Self { window: SimDuration::from_secs(60) }
    }
}

impl SlowStartSpec {
    /// Reports what is wrong with the values.
    pub fn check(&self, check: &mut Check) {
        let window = self.window();
        check.require(!window.is_zero(), "window", || format!("window must be above 0, got {window}"));
        match self {
            Self::Envoy(ramp) => {
                check.fraction("min_weight", ramp.min_weight);
                check.positive("aggression", ramp.aggression);
            }
            Self::Haproxy(_) => {}
        }
    }

    /// How long the ramp lasts.
    pub fn window(&self) -> SimDuration {
        match self {
            Self::Envoy(ramp) => ramp.window,
            Self::Haproxy(ramp) => ramp.window,
        }
    }

    /// Whether backends that are there when the balancer starts ramp too.
    pub fn at_process_start(&self) -> bool {
        match self {
            Self::Envoy(_) => true,
            Self::Haproxy(_) => false,
        }
    }

    /// The share of its weight a backend has, above 0 up to 1, when it has been up for `age`.
    pub fn share(&self, age: SimDuration) -> f32 {
        match self {
            Self::Envoy(ramp) => ramp.share(age),
            Self::Haproxy(ramp) => ramp.share(age),
        }
    }

    /// How many of its `slots` a backend serves at that age; 0, no limit, stays so. Envoy does not ramp slots.
    pub fn slots(&self, age: SimDuration, slots: u32) -> u32 {
        match self {
            Self::Envoy(_) => slots,
            Self::Haproxy(ramp) => ramp.slots(age, slots),
        }
    }

    /// The age at which a balancer that keeps shares should ask again; `None` once the ramp is over.
    pub fn next_change(&self, age: SimDuration) -> Option<SimDuration> {
        let window = self.window();
        if age >= window {
            return None;
        }
        // Envoy asks at each pick; HAProxy's own step of a twentieth is fine enough for its ramp.
        let step = step(window).as_nanos();
        Some(SimDuration::from_nanos((age.as_nanos() / step + 1) * step).min(window))
    }
}

impl Envoy {
    fn share(&self, age: SimDuration) -> f32 {
        if age >= self.window {
            return 1.0;
        }
        // Envoy counts a newborn as one millisecond old.
        let age = age.max(SimDuration::from_millis(1)).as_nanos() as f64;
        let linear = (age / self.window.as_nanos() as f64).min(1.0);
        let bent = if self.aggression == 1.0 { linear } else { libm::pow(linear, 1.0 / self.aggression) };
        // A share of 0 would take the backend out for good.
        bent.max(self.min_weight).max(f64::from(f32::MIN_POSITIVE)) as f32
    }
}

impl Haproxy {
    /// The scale of dynamic weights, `BE_WEIGHT_SCALE`.
    const SCALE: u64 = 16;

    fn share(&self, age: SimDuration) -> f32 {
        if age >= self.window {
            return 1.0;
        }
        let window = self.seconds();
        let parts = ((Self::SCALE * self.seen(age) + window) / window).min(Self::SCALE);
        parts as f32 / Self::SCALE as f32
    }

    fn slots(&self, age: SimDuration, slots: u32) -> u32 {
        if age >= self.window || slots == 0 {
            return slots;
        }
        let percent = 100 * self.seen(age) / self.seconds();
        ((u64::from(slots) * percent / 100) as u32).max(1)
    }

    /// Whole seconds of age when the warm-up task last ran.
    fn seen(&self, age: SimDuration) -> u64 {
        let step = step(self.window).as_nanos();
        age.as_nanos() / step * step / 1_000_000_000
    }

    /// The window in seconds, rounded up, as HAProxy stores it.
    fn seconds(&self) -> u64 {
        self.window.as_nanos().div_ceil(1_000_000_000).max(1)
    }
}

/// How often HAProxy's warm-up task looks: every second or twentieth of the window, whichever is longer.
fn step(window: SimDuration) -> SimDuration {
    SimDuration::from_nanos(window.as_nanos() / 20).max(SimDuration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(seconds: u64) -> SimDuration {
        SimDuration::from_secs(seconds)
    }

    #[test]
    fn envoys_ramp_follows_its_formula() {
        // W = 120 s, least share 10 %, at 30, 60 and 90 s.
        for (aggression, shares) in
            [(1.0, [0.25, 0.5, 0.75]), (2.0, [0.5, 0.5_f64.sqrt(), 0.866_03]), (0.5, [0.1, 0.25, 0.562_5])]
        {
            let ramp = SlowStartSpec::Envoy(Envoy { window: secs(120), aggression, ..Envoy::default() });
            for (age, share) in [30, 60, 90].into_iter().zip(shares) {
                let got = f64::from(ramp.share(secs(age)));
                assert!((got - share).abs() < 1e-5, "aggression {aggression}, {age} s: {got}");
            }
            assert_eq!(ramp.share(secs(120)), 1.0);
        }
    }

    #[test]
    fn envoys_newborn_gets_the_floor_and_never_nothing() {
        let ramp = |min_weight| SlowStartSpec::Envoy(Envoy { min_weight, ..Envoy::default() });
        assert_eq!(ramp(0.10).share(SimDuration::ZERO), 0.10);
        assert!(ramp(0.0).share(SimDuration::ZERO) > 0.0);
    }

    #[test]
    fn haproxy_climbs_by_sixteenths() {
        // (16 t + W) / W in integers, seen every max(1 s, W / 20) = 3 s.
        let ramp = SlowStartSpec::Haproxy(Haproxy { window: secs(60) });
        let sixteenths = |age| f64::from(ramp.share(secs(age))) * 16.0;
        assert_eq!([0, 2, 3, 5, 6, 30, 57, 59].map(sixteenths), [1., 1., 1., 1., 2., 9., 16., 16.]);
        assert_eq!(sixteenths(60), 16.0);
        assert!(!ramp.at_process_start());
    }

    #[test]
    fn haproxys_slots_grow_with_the_age_and_are_never_none() {
        let ramp = SlowStartSpec::Haproxy(Haproxy { window: secs(20) });
        assert_eq!([0, 5, 10, 20].map(|age| ramp.slots(secs(age), 40)), [1, 10, 20, 40]);
        assert_eq!(ramp.slots(secs(5), 0), 0, "no limit");
    }

    #[test]
    fn the_next_look_is_a_twentieth_later_and_ends_with_the_window() {
        let ramp = SlowStartSpec::Haproxy(Haproxy { window: secs(100) });
        assert_eq!(ramp.next_change(SimDuration::ZERO), Some(secs(5)));
        assert_eq!(ramp.next_change(secs(5)), Some(secs(10)));
        assert_eq!(ramp.next_change(secs(99)), Some(secs(100)));
        assert_eq!(ramp.next_change(secs(100)), None);
    }

    #[test]
    fn a_share_in_percent_is_refused_with_a_hint() {
        let mut check = Check::default();
        SlowStartSpec::Envoy(Envoy { min_weight: 10.0, ..Envoy::default() }).check(&mut check);
        assert_eq!(check.into_problems()[0].code, "E0402");
    }
}
