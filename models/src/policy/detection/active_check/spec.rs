//! What a file says of a check: its pace, its patience, and whose habits it follows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, time::SimDuration};

use super::ActiveCheck;

/// Whose habits a check follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum Flavor {
    /// Up at the start but down at the first failure until a check has passed; pauses count from a check's end.
    #[default]
    Haproxy,
    /// Down at the start, up at the first success; pauses count from a check's end.
    Envoy,
    /// Up at the start; a check starts every interval whatever the last one took, as with AWS and Kubernetes.
    Fixed,
}

/// How a backend is checked.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ActiveCheckSpec {
    /// Between two checks of a backend whose state is not in doubt; `"2s"`, HAProxy's `inter`.
    pub interval: SimDuration,
    /// How long a check may take before it counts as failed; the interval, as HAProxy without `timeout check`.
    pub timeout: Option<SimDuration>,
    /// Failures in a row that take a backend out; 3, HAProxy's `fall`.
    pub unhealthy_after: u32,
    /// Successes in a row that bring it back; 2, HAProxy's `rise`.
    pub healthy_after: u32,
    /// Between checks while a change is pending; the interval. HAProxy's `fastinter`, Envoy's edge intervals.
    pub fast_interval: Option<SimDuration>,
    /// Between checks of a backend that is out; the interval. HAProxy's `downinter`, Envoy's `unhealthy_interval`.
    pub down_interval: Option<SimDuration>,
    /// Envoy only: between checks while no request has ever been sent; `"60s"`, Envoy's `no_traffic_interval`.
    pub no_traffic_interval: Option<SimDuration>,
    /// Whose habits to follow; `Haproxy`.
    pub flavor: Flavor,
    /// By what share of itself a pause varies, 0 to 1: to both sides for HAProxy (`spread-checks`), only longer
    /// for the others (Envoy's `interval_jitter_percent`); 0.0, both references' default.
    pub jitter: f64,
}

impl Default for ActiveCheckSpec {
    fn default() -> Self {
        Self {
            interval: SimDuration::from_secs(2),
            timeout: None,
            unhealthy_after: 3,
            healthy_after: 2,
            fast_interval: None,
            down_interval: None,
            no_traffic_interval: None,
            flavor: Flavor::Haproxy,
            jitter: 0.0,
        }
    }
}

impl ActiveCheckSpec {
    /// Reports what is wrong with the values.
    pub fn check(&self, check: &mut Check) {
        let lengths = [
            ("interval", Some(self.interval)),
            ("timeout", self.timeout),
            ("fast_interval", self.fast_interval),
            ("down_interval", self.down_interval),
            ("no_traffic_interval", self.no_traffic_interval),
        ];
        for (field, length) in lengths {
            check.require(length.is_none_or(|length| !length.is_zero()), field, || {
                format!("{field} must be above 0")
            });
        }
        for (field, count) in
            [("unhealthy_after", self.unhealthy_after), ("healthy_after", self.healthy_after)]
        {
            check.require(count > 0, field, || format!("{field} must be at least 1, got 0"));
        }
        check.fraction("jitter", self.jitter);
        self.check_flavor(check);
    }

    fn check_flavor(&self, check: &mut Check) {
        let envoy = self.flavor == Flavor::Envoy;
        check.require(envoy || self.no_traffic_interval.is_none(), "no_traffic_interval", || {
            "only `flavor: Envoy` has a pace for times without traffic".into()
        });
        let paced = self.fast_interval.is_none() && self.down_interval.is_none();
        check.require(self.flavor != Flavor::Fixed || paced, "flavor", || {
            "`Fixed` keeps one beat: leave out fast_interval and down_interval, or use Haproxy or Envoy"
                .into()
        });
    }

    /// How long a check may take.
    pub fn timeout(&self) -> SimDuration {
        self.timeout.unwrap_or(self.interval)
    }

    /// The state of one backend before its first check.
    pub fn build(&self) -> ActiveCheck {
        let health = match self.flavor {
            Flavor::Haproxy => self.healthy_after,
            Flavor::Envoy => 0,
            Flavor::Fixed => self.full(),
        };
        ActiveCheck::new(self.clone(), health)
    }

    /// The counter of a backend that is up beyond doubt.
    pub(super) fn full(&self) -> u32 {
        self.healthy_after.saturating_add(self.unhealthy_after).saturating_sub(1)
    }
}
