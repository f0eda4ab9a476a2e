//! Empirical: one of the values that were measured, as often as it was.
//!
//! Assumes no shape, and so never gives a value beyond the largest in the sample: its tail is the sample's. The
//! values are sorted, so it is monotone like the others.
//! The bootstrap's resampling: Efron, *Bootstrap Methods: Another Look at the Jackknife*, Annals of Statistics 7
//! (1979).

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Column, Quantity, check_value,
    steps::{Steps, check_weights},
};
use crate::{check::Check, time::SimDuration};

/// `Empirical(values: ["1ms", "3ms"], weights: [0.9, 0.1])`, or from a column of a CSV file:
/// `Empirical(file: "trace.csv", column: "latency")`.
///
/// This crate opens no file: who reads the experiment asks [`needs`](Self::needs) and answers with
/// [`fill`](Self::fill) before building.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, bound = "Q: Quantity")]
pub struct Spec<Q = SimDuration> {
    /// The values, in any order, none negative.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Q>,
    /// How often each value, against the other weights; default: all as often.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weights: Vec<f64>,
    /// The CSV file that holds the values, instead of `values`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The heading of the file's column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
}

impl Default for Spec {
    fn default() -> Self {
        let values = [1, 2, 5, 10, 100].map(SimDuration::from_millis).into();
        Self { values, weights: vec![50.0, 30.0, 15.0, 4.0, 1.0], file: None, column: None }
    }
}

impl<Q> Spec<Q> {
    /// The column that has to be read before this can be built.
    pub fn needs(&self) -> Option<Column> {
        let (file, column) = (self.file.clone()?, self.column.clone()?);
        Some(Column { file, column })
    }

    /// Takes the values of the column, so that the spec stands on its own.
    pub fn fill(&mut self, values: Vec<Q>) {
        *self = Self { values, weights: Vec::new(), file: None, column: None };
    }
}

impl<Q: Quantity> Spec<Q> {
    pub(super) fn check(&self, check: &mut Check) {
        match (&self.file, &self.column) {
            (None, None) => self.check_values(check),
            (Some(_), Some(_)) if self.values.is_empty() && self.weights.is_empty() => {}
            (Some(_) | None, Some(_) | None) => {
                check.problem("E0404", "give either values, or file and column");
            }
        }
    }

    fn check_values(&self, check: &mut Check) {
        check.require(!self.values.is_empty(), "values", || "values must not be empty".to_owned());
        check.at("values", |check| {
            for (index, value) in self.values.iter().enumerate() {
                check.at(index, |check| check_value(check, value));
            }
        });
        let (values, weights) = (self.values.len(), self.weights.len());
        if weights > 0 {
            check.require(values == weights, "weights", || {
                format!("weights must be as many as values, got {weights} for {values}")
            });
            check_weights(check, &self.weights);
        }
    }

    pub(super) fn build(&self) -> State {
        assert!(!self.values.is_empty(), "the values of {:?} were not filled in", self.needs());
        let mut pairs: Vec<(f64, f64)> = self
            .values
            .iter()
            .enumerate()
            .map(|(index, value)| (value.base(), self.weights.get(index).copied().unwrap_or(1.0)))
            .collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        State {
            steps: Steps::new(pairs.iter().map(|pair| pair.1)),
            values: pairs.iter().map(|pair| pair.0).collect(),
        }
    }
}

/// The values in ascending order, with a step each.
#[derive(Clone, Debug)]
pub struct State {
    values: Arc<[f64]>,
    steps: Steps,
}

impl State {
    #[inline]
    pub(super) fn quantile(&self, u: f64) -> f64 {
        self.values[self.steps.find(u)]
    }

    pub(super) fn mean(&self) -> f64 {
        self.expect(|value| value)
    }

    pub(super) fn variance(&self) -> f64 {
        let mean = self.mean();
        self.expect(|value| (value - mean) * (value - mean))
    }

    fn expect(&self, of: impl Fn(f64) -> f64) -> f64 {
        self.values.iter().enumerate().map(|(step, value)| self.steps.share(step) * of(*value)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(values: &[f64], weights: &[f64]) -> Spec<f64> {
        Spec { values: values.into(), weights: weights.into(), file: None, column: None }
    }

    #[test]
    fn the_quantile_is_the_smallest_value_with_so_much_below() {
        let state = spec(&[9.0, 1.0, 4.0, 1.0], &[]).build();
        let found: Vec<f64> = [0.1, 0.49, 0.51, 0.74, 0.76].map(|u| state.quantile(u)).into();
        assert_eq!(found, [1.0, 1.0, 4.0, 4.0, 9.0]);
        assert_eq!((state.mean(), state.variance()), (3.75, 10.687_5));
    }

    #[test]
    fn weights_follow_their_values_into_order() {
        let state = spec(&[10.0, 1.0, 5.0], &[1.0, 7.0, 0.0]).build();
        assert_eq!([0.0, 0.874, 0.876].map(|u| state.quantile(u)), [1.0, 1.0, 10.0]);
        assert!((state.mean() - 2.125).abs() < 1e-15);
    }
}
