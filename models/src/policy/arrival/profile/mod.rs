//! How the rate of arrivals changes over time: a factor of the rate the load states.
//!
//! A profile is a function of time alone: it remembers and draws nothing.

use sim_core::{check::Check, time::SimTime};

pub mod constant;
pub mod diurnal;
pub mod hourly;
pub mod ramp;
pub mod sine;
pub mod steps;

/// A factor over time.
pub trait Shape: std::fmt::Debug {
    /// The factor at `now`, 0 or above.
    fn factor(&self, now: SimTime) -> f64;

    /// The largest factor there ever is; thinning draws candidates at its rate.
    fn max_factor(&self) -> f64;

    /// The end of the silence that holds at `now`: `now` if none does, `NEVER` if it has no end.
    fn wakes(&self, now: SimTime) -> SimTime {
        now
    }
}

family! {
    /// How the rate of arrivals changes over time. Times count from the start of the workload.
    pub trait Shape, spec ProfileSpec, state Profile, build(start: SimTime);
    /// Always the rate that the load states.
    Constant = constant;
    /// Sudden changes at given times: flash crowds.
    Steps = steps;
    /// A steady change from one factor to another.
    Ramp = ramp;
    /// A wave around the stated rate.
    Sine = sine;
    /// A day's wave between a lowest and a highest factor, given the hour of the peak.
    Diurnal = diurnal;
    /// A day by its 24 hourly factors.
    Hourly = hourly;
}

impl Default for ProfileSpec {
    /// Constant.
    fn default() -> Self {
        Self::Constant(constant::Spec::default())
    }
}

impl Shape for Profile {
    #[inline]
    fn factor(&self, now: SimTime) -> f64 {
        on_each!(self, it => it.factor(now))
    }

    #[inline]
    fn max_factor(&self) -> f64 {
        on_each!(self, it => it.max_factor())
    }

    #[inline]
    fn wakes(&self, now: SimTime) -> SimTime {
        on_each!(self, it => it.wakes(now))
    }
}

/// Requires a finite factor of 0 or above at `field`.
fn check_factor(field: &str, factor: f64, check: &mut Check) {
    check.require(factor.is_finite() && factor >= 0.0, field, || {
        format!("a factor of the rate must be 0 or above, got {factor}")
    });
}
