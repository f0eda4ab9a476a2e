//! Inversion of a discrete distribution: which of many weighted steps a uniform number falls on.
//!
//! A guide table tells where to begin, so the search takes at most two comparisons on average, however many
//! steps there are. An alias table is a little faster, but scatters: here a larger uniform number never gives an
//! earlier step, and neighbouring weights give neighbouring answers to the same number.
//! Chen & Asai, *On Generating Random Variates from an Empirical Distribution*, AIIE Transactions 6 (1974).

use std::sync::Arc;

use crate::check::Check;

/// Weighted steps on [0, 1]. Cloning shares the table.
#[derive(Clone, Debug)]
pub(in crate::random) struct Steps {
    /// Where each step ends; the last ends at 1.
    ends: Arc<[f64]>,
    /// For each of many equal parts of [0, 1]: the step its start falls on.
    guide: Arc<[u32]>,
}

impl Steps {
    /// Steps as wide as these weights, which must be finite, not negative and not all 0.
    pub(in crate::random) fn new(weights: impl IntoIterator<Item = f64>) -> Self {
        let mut total = 0.0;
        let mut ends: Vec<f64> = weights.into_iter().map(|weight| sum_into(&mut total, weight)).collect();
        assert!(total > 0.0 && total.is_finite(), "weights were not checked: their sum is {total}");
        for end in &mut ends {
            *end /= total;
        }
        let guide = guide(&ends);
        Self { ends: ends.into(), guide }
    }

    /// The step that `u`, in [0, 1), falls on.
    #[inline]
    pub(in crate::random) fn find(&self, u: f64) -> usize {
        let last = self.ends.len() - 1;
        let mut step =
            self.guide[((u * self.guide.len() as f64) as usize).min(self.guide.len() - 1)] as usize;
        while step < last && self.ends[step] <= u {
            step += 1;
        }
        step
    }

    /// The step that `u` falls on, and how far along it, as a number in (0, 1).
    #[inline]
    pub(in crate::random) fn split(&self, u: f64) -> (usize, f64) {
        let step = self.find(u);
        let start = self.start(step);
        let along = (u - start) / (self.ends[step] - start);
        // Rounding may touch an end, where inversions are infinite.
        (step, along.clamp(f64::EPSILON / 2.0, 1.0 - f64::EPSILON / 2.0))
    }

    /// The probability of a step.
    pub(in crate::random) fn share(&self, step: usize) -> f64 {
        self.ends.get(step).map_or(0.0, |end| end - self.start(step))
    }

    fn start(&self, step: usize) -> f64 {
        if step == 0 { 0.0 } else { self.ends[step - 1] }
    }
}

/// Adds to a running total and answers with it.
fn sum_into(total: &mut f64, weight: f64) -> f64 {
    *total += weight;
    *total
}

/// The guide table: walks the parts and the steps once, side by side.
fn guide(ends: &[f64]) -> Arc<[u32]> {
    // A second comparison is one that a processor cannot foresee: finer parts make it rare while they are cheap.
    let parts = (ends.len() * 4).min(1 << 16).max(ends.len());
    let last = ends.len() - 1;
    let mut step = 0;
    (0..parts)
        .map(|part| {
            let start = part as f64 / parts as f64;
            while step < last && ends[step] <= start {
                step += 1;
            }
            step as u32
        })
        .collect()
}

/// Checks a list of weights as a file gives them, at `weights`.
pub(in crate::random) fn check_weights(check: &mut Check, weights: &[f64]) {
    check.at("weights", |check| {
        for (index, weight) in weights.iter().enumerate() {
            check.at(index, |check| check_weight(check, *weight));
        }
        check_total(check, weights.iter().sum());
    });
}

/// Checks one weight.
pub(super) fn check_weight(check: &mut Check, weight: f64) {
    if !(weight.is_finite() && weight >= 0.0) {
        check.problem("E0404", format!("a weight must not be negative, got {weight}"));
    }
}

/// Checks the sum of all weights; if one of them is wrong, it has been told.
pub(super) fn check_total(check: &mut Check, total: f64) {
    if total == 0.0 {
        check.problem("E0404", "at least one weight must be above 0");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_a_linear_search_finds() {
        let steps = Steps::new([0.0, 3.0, 0.0, 1.0, 4.0, 0.0, 8.0, 0.0]);
        let ends = [0.0, 3.0, 3.0, 4.0, 8.0, 8.0, 16.0, 16.0];
        for part in 0..1_600 {
            let u = f64::from(part) / 1_600.0;
            let expected = ends.iter().position(|end| u * 16.0 < *end).unwrap();
            assert_eq!(steps.find(u), expected, "{u}");
            let (step, along) = steps.split(u + 1e-9);
            let start = if step == 0 { 0.0 } else { ends[step - 1] };
            assert!((start + along * (ends[step] - start) - (u + 1e-9) * 16.0).abs() < 1e-12);
        }
        assert_eq!(
            [steps.share(1), steps.share(2), steps.share(6), steps.share(9)],
            [3.0 / 16.0, 0.0, 0.5, 0.0]
        );
    }

    #[test]
    fn a_border_belongs_to_the_step_after_it() {
        assert_eq!(Steps::new([3.0, 7.0]).find(0.3), 1);
    }

    #[test]
    fn the_ends_stay_inside() {
        let steps = Steps::new([1.0, 2.0]);
        assert_eq!(steps.find(0.0), 0);
        assert_eq!(steps.find(1.0), 1);
        assert!(steps.split(1.0).1 < 1.0);
        assert!(steps.split(0.0).1 > 0.0);
    }
}
