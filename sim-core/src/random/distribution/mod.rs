//! Distributions of lengths and sizes, each inverted from one uniform number.
//!
//! One draw takes exactly 64 bits, whatever the distribution: so a request's luck decides its demand, and a change
//! of parameters moves every draw a little instead of shifting which draw goes where. A larger uniform number
//! gives no smaller value ([`mixture`] tells its exception), so runs that share their numbers stay coupled even
//! between distributions.
//! Inversion as the method of choice for common random numbers: Law, *Simulation Modeling and Analysis*, 8.2.1.

use std::fmt::{Debug, Display};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::unit_open;
use crate::{check::Check, time::SimDuration};

mod incomplete_gamma;
mod inverse;
mod normal;
pub(super) mod steps;

pub mod bounded_pareto;
pub mod constant;
pub mod empirical;
pub mod erlang;
pub mod exponential;
pub mod gamma;
pub mod hyperexponential;
pub mod log_normal;
pub mod mixture;
pub mod pareto;
pub mod shifted;
pub mod truncated_normal;
pub mod uniform;
pub mod weibull;

/// What a distribution is of: a length of time, a size, a bare number.
pub trait Quantity: Clone + Debug + Display + PartialEq + Serialize + DeserializeOwned + JsonSchema {
    /// The value in base units: nanoseconds of a length, bytes of a size.
    fn base(&self) -> f64;
}

impl Quantity for SimDuration {
    fn base(&self) -> f64 {
        self.as_nanos() as f64
    }
}

impl Quantity for f64 {
    fn base(&self) -> f64 {
        *self
    }
}

/// A column of a CSV file whose values a distribution needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Column {
    /// The file, as the experiment names it.
    pub file: String,
    /// The column's heading.
    pub column: String,
}

/// Turns the list of distributions into a spec enum, a state enum and a catalogue.
///
/// Each row is `/// documentation` and `Name = module;`; the module holds `Spec` (serde data with `check` and
/// `build`; for lengths of time also `Default`, an example) and `State` (with `quantile`, `mean`, `variance`).
macro_rules! distributions {
    ($( $(#[doc = $doc:literal])+ $Variant:ident = $module:ident; )+) => {
        /// What a file says of a random quantity: `Exponential(mean: "100ms")`.
        #[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
        #[serde(deny_unknown_fields, bound = "Q: Quantity")]
        pub enum DistributionSpec<Q = SimDuration> { $( $(#[doc = $doc])+ $Variant($module::Spec<Q>), )+ }

        /// A distribution ready to be drawn from, in base units. Cloning shares its tables.
        #[derive(Clone, Debug)]
        pub enum Distribution { $( $(#[doc = $doc])+ $Variant($module::State), )+ }

        impl DistributionSpec {
            /// The source file of every distribution by its name: its header tells the idea and where it is from.
            pub const fn files() -> &'static [(&'static str, &'static str)] {
                &[ $( (stringify!($Variant), include_str!(concat!(stringify!($module), ".rs"))), )+ ]
            }

            /// Every distribution: its name, its documentation, an example.
            pub fn catalog() -> Vec<(&'static str, &'static str, Self)> {
                vec![ $( (stringify!($Variant), concat!($($doc, "\n"),+).trim_ascii(), Self::$Variant(Default::default())), )+ ]
            }
        }

        impl<Q: Quantity> DistributionSpec<Q> {
            /// The name a file uses for this distribution.
            pub fn name(&self) -> &'static str {
                match self { $( Self::$Variant(_) => stringify!($Variant), )+ }
            }

            /// Reports what is wrong with the values.
            pub fn check(&self, check: &mut Check) {
                match self { $( Self::$Variant(spec) => check.at(stringify!($Variant), |check| spec.check(check)), )+ }
            }

            /// Builds what is drawn from, out of a spec that was checked and whose columns were filled.
            pub fn build(&self) -> Distribution {
                match self { $( Self::$Variant(spec) => Distribution::$Variant(spec.build()), )+ }
            }
        }

        impl Distribution {
            /// The value that is exceeded with probability 1 − `u`, for `u` in (0, 1).
            #[inline]
            pub fn quantile(&self, u: f64) -> f64 {
                match self { $( Self::$Variant(state) => state.quantile(u), )+ }
            }

            /// The mean; infinite if there is none.
            pub fn mean(&self) -> f64 {
                match self { $( Self::$Variant(state) => state.mean(), )+ }
            }

            /// The variance; infinite if there is none.
            pub fn variance(&self) -> f64 {
                match self { $( Self::$Variant(state) => state.variance(), )+ }
            }
        }
    };
}

distributions! {
    /// Always the same value.
    Constant = constant;
    /// Any value between two ends, each as likely.
    Uniform = uniform;
    /// No memory: the gaps of a Poisson process; cv 1.
    Exponential = exponential;
    /// A sum of equal exponential phases; cv at most 1.
    Erlang = erlang;
    /// An exponential value with a random mean; cv at least 1.
    Hyperexponential = hyperexponential;
    /// A normal logarithm: the usual shape of service times.
    LogNormal = log_normal;
    /// A power of an exponential value: lifetimes.
    Weibull = weibull;
    /// A tail that is a power: heavy, its variance infinite at shape 2 and below.
    Pareto = pareto;
    /// A power law between two ends.
    BoundedPareto = bounded_pareto;
    /// Any cv, with an exponential tail.
    Gamma = gamma;
    /// A normal value that is not negative.
    TruncatedNormal = truncated_normal;
    /// One of the values that were measured.
    Empirical = empirical;
    /// One of several distributions.
    Mixture = mixture;
    /// A fixed part, then a random one.
    Shifted = shifted;
}

impl<Q: Quantity> DistributionSpec<Q> {
    /// The mean, in base units.
    pub fn mean(&self) -> f64 {
        self.build().mean()
    }
}

impl<Q> DistributionSpec<Q> {
    /// Always `value`.
    pub fn constant(value: Q) -> Self {
        Self::Constant(constant::Spec(value))
    }

    /// The columns of files that have to be filled in before building, in the order they are written.
    pub fn columns(&self) -> Vec<Column> {
        match self {
            Self::Empirical(spec) => spec.needs().into_iter().collect(),
            Self::Mixture(spec) => spec.0.iter().flat_map(|branch| branch.of.columns()).collect(),
            Self::Shifted(spec) => spec.of.columns(),
            Self::Constant(_)
            | Self::Uniform(_)
            | Self::Exponential(_)
            | Self::Erlang(_)
            | Self::Hyperexponential(_)
            | Self::LogNormal(_)
            | Self::Weibull(_)
            | Self::Pareto(_)
            | Self::BoundedPareto(_)
            | Self::Gamma(_)
            | Self::TruncatedNormal(_) => Vec::new(),
        }
    }

    /// Fills in every column that is needed with what `read` gives for it.
    ///
    /// # Errors
    /// The first error of `read`.
    pub fn fill<E>(&mut self, read: &mut dyn FnMut(&Column) -> Result<Vec<Q>, E>) -> Result<(), E> {
        match self {
            Self::Empirical(spec) => {
                if let Some(column) = spec.needs() {
                    spec.fill(read(&column)?);
                }
                Ok(())
            }
            Self::Mixture(spec) => spec.0.iter_mut().try_for_each(|branch| branch.of.fill(read)),
            Self::Shifted(spec) => spec.of.fill(read),
            Self::Constant(_)
            | Self::Uniform(_)
            | Self::Exponential(_)
            | Self::Erlang(_)
            | Self::Hyperexponential(_)
            | Self::LogNormal(_)
            | Self::Weibull(_)
            | Self::Pareto(_)
            | Self::BoundedPareto(_)
            | Self::Gamma(_)
            | Self::TruncatedNormal(_) => Ok(()),
        }
    }
}

impl Distribution {
    /// A value in base units from 64 random bits.
    #[inline]
    pub fn sample(&self, bits: u64) -> f64 {
        self.quantile(unit_open(bits))
    }

    /// A length of time from 64 random bits, to the nearest nanosecond.
    #[inline]
    pub fn sample_duration(&self, bits: u64) -> SimDuration {
        SimDuration::from_nanos_f64(self.sample(bits))
    }

    /// The squared coefficient of variation: variance over squared mean, what waiting times are proportional to.
    /// 0 for a constant 0.
    pub fn scv(&self) -> f64 {
        let (mean, variance) = (self.mean(), self.variance());
        if variance == 0.0 || variance.is_infinite() { variance } else { variance / (mean * mean) }
    }
}

/// Requires a quantity above 0 at `field`.
fn positive<Q: Quantity>(check: &mut Check, field: &str, value: &Q) {
    let base = value.base();
    check.require(base.is_finite() && base > 0.0, field, || format!("{field} must be above 0, got {value}"));
}

/// Requires a quantity of 0 or more at `field`.
fn not_negative<Q: Quantity>(check: &mut Check, field: &str, value: &Q) {
    let base = value.base();
    check.require(base.is_finite() && base >= 0.0, field, || {
        format!("{field} must not be negative, got {value}")
    });
}

/// Requires a value of 0 or more at the present path.
fn check_value<Q: Quantity>(check: &mut Check, value: &Q) {
    if !(value.base().is_finite() && value.base() >= 0.0) {
        check.problem("E0404", format!("a value must not be negative, got {value}"));
    }
}

#[cfg(test)]
mod tests;
