//! Constant: the rate that the load states, at all times.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, time::SimTime};

use super::Shape;

/// `Constant`: nothing to set.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {}

impl Spec {
    pub(super) fn check(&self, _: &mut Check) {}

    pub(super) fn build(&self, _: SimTime) -> State {
        State {}
    }
}

/// Nothing to know.
#[derive(Debug)]
pub struct State {}

impl Shape for State {
    #[inline]
    fn factor(&self, _: SimTime) -> f64 {
        1.0
    }

    #[inline]
    fn max_factor(&self) -> f64 {
        1.0
    }
}
