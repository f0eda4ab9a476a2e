//! When requests come: renewal processes, bursts, profiles of rate over time, traces.
//!
//! A process says how irregular arrivals are, a profile how their rate changes over the day; [`Arrivals`] puts
//! them together by thinning. The rate itself is an argument, and every gap is drawn for rate 1 before it is
//! divided by it: two runs at different rates see the same pattern, stretched.
//! Lewis & Shedler, *Simulation of nonhomogeneous Poisson processes by thinning*, 1979.

use sim_core::{
    random::{Stream, Streams},
    time::{SimDuration, SimTime},
};

use crate::units::Rate;

pub mod deterministic;
pub mod mmpp;
pub mod poisson;
pub mod profile;
pub mod renewal;
pub mod trace;

#[cfg(test)]
mod laws;

pub use profile::{Profile, ProfileSpec, Shape};

/// The streams one source of arrivals draws from, each for one purpose.
#[derive(Clone, Debug)]
pub struct Draws {
    /// Gaps between candidates.
    pub gap: Stream,
    /// When bursts begin and end.
    pub burst: Stream,
    /// Which candidates a profile lets through, one draw a candidate.
    pub thinning: Stream,
}

impl Draws {
    /// The streams of the source at `path`: `clients.web/gap`, `clients.web/burst`, `clients.web/thinning`.
    pub fn new(streams: &Streams, path: &str) -> Self {
        let [gap, burst, thinning] =
            ["gap", "burst", "thinning"].map(|purpose| streams.stream(&format!("{path}/{purpose}")));
        Self { gap, burst, thinning }
    }
}

/// Says when the next request comes.
pub trait Arrive: std::fmt::Debug {
    /// The gap from `now` to the next arrival in nanoseconds, at a `rate` above 0; infinite for never.
    fn gap(&mut self, now: SimTime, rate: Rate, draws: &mut Draws) -> f64;
}

family! {
    /// How irregular arrivals are.
    pub trait Arrive, spec ArrivalSpec, state Process, build(burst: &mut Stream);
    /// Independent of each other: many users who do not know of one another.
    Poisson = poisson;
    /// Like clockwork: the k-th comes k gaps after the start.
    Deterministic = deterministic;
    /// Independent gaps of any distribution, of which the shape counts and the mean does not.
    Renewal = renewal;
    /// Bursts: a Poisson process whose rate jumps between states (MMPP).
    Mmpp = mmpp;
}

impl Default for ArrivalSpec {
    /// Poisson.
    fn default() -> Self {
        Self::Poisson(poisson::Spec::default())
    }
}

impl Arrive for Process {
    #[inline(always)]
    fn gap(&mut self, now: SimTime, rate: Rate, draws: &mut Draws) -> f64 {
        on_each!(self, it => it.gap(now, rate, draws))
    }
}

/// A source of arrivals: a process under a profile.
#[derive(Debug)]
pub struct Arrivals {
    process: Process,
    profile: Profile,
    /// The largest factor of the profile.
    peak: f64,
    /// Whether the profile never changes, so that nothing is thinned.
    steady: bool,
    /// What rounding to whole nanoseconds left of the last gap, so that rates stay exact however high.
    remainder: f64,
}

impl Arrivals {
    /// Arrivals whose profile begins at `start`.
    pub fn new(process: &ArrivalSpec, profile: &ProfileSpec, start: SimTime, draws: &mut Draws) -> Self {
        let steady = matches!(profile, ProfileSpec::Constant(_));
        let process = process.build(&mut draws.burst);
        let profile = profile.build(start);
        Self { process, peak: profile.max_factor(), profile, steady, remainder: 0.0 }
    }

    /// When the next request comes after one at `now`, at a `rate` that the profile multiplies; `NEVER` for none.
    #[inline(always)]
    pub fn next(&mut self, now: SimTime, rate: Rate, draws: &mut Draws) -> SimTime {
        let peak = Rate(rate.0 * self.peak);
        if peak.0.is_nan() || peak.0 <= 0.0 {
            return SimTime::NEVER;
        }
        if self.steady {
            return self.candidate(now, peak, draws);
        }
        let mut from = now;
        loop {
            // A candidate where the factor is 0 would be thinned for sure; a long silence is passed in one step.
            from = self.profile.wakes(from);
            from = self.candidate(from, peak, draws);
            if from == SimTime::NEVER || self.passes(from, draws) {
                return from;
            }
        }
    }

    #[inline]
    fn candidate(&mut self, from: SimTime, peak: Rate, draws: &mut Draws) -> SimTime {
        let exact = self.process.gap(from, peak, draws) + self.remainder;
        let gap = SimDuration::from_nanos_f64(exact);
        self.remainder = if gap == SimDuration::FOREVER { 0.0 } else { exact - gap.as_nanos() as f64 };
        from + gap
    }

    fn passes(&self, candidate: SimTime, draws: &mut Draws) -> bool {
        draws.thinning.unit() * self.peak < self.profile.factor(candidate)
    }
}

/// An exponential value of mean 1, by inversion: one draw.
#[inline]
fn exponential(random: &mut Stream) -> f64 {
    -libm::log(1.0 - random.unit())
}

/// The mean gap in nanoseconds.
#[inline]
fn mean_gap(rate: Rate) -> f64 {
    1e9 / rate.0
}
