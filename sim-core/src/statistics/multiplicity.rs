//! Many comparisons at once: chance alone makes one of fifteen "significant" two times in five.
//!
//! Holm's step-down (*Scandinavian Journal of Statistics* 1979) keeps the chance of any false finding and is
//! the default for p-values. Bonferroni's cut does the same with less power, but also widens intervals.
//! Benjamini & Hochberg's (JRSS B 1995) only bounds the share of false findings among all.

/// Holm's adjusted p-values, in the order given.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let count = p_values.len();
    let mut adjusted = vec![0.0; count];
    let mut floor = 0.0_f64;
    for (step, index) in ascending(p_values).into_iter().enumerate() {
        floor = floor.max(((count - step) as f64 * p_values[index]).min(1.0));
        adjusted[index] = floor;
    }
    adjusted
}

/// Bonferroni's adjusted p-values, in the order given.
pub fn bonferroni(p_values: &[f64]) -> Vec<f64> {
    p_values.iter().map(|p| (p * p_values.len() as f64).min(1.0)).collect()
}

/// Benjamini and Hochberg's adjusted p-values, in the order given.
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let count = p_values.len();
    let mut adjusted = vec![0.0; count];
    let mut ceiling = 1.0_f64;
    for (step, index) in ascending(p_values).into_iter().enumerate().rev() {
        ceiling = ceiling.min(p_values[index] * count as f64 / (step + 1) as f64);
        adjusted[index] = ceiling;
    }
    adjusted
}

/// The confidence each of `comparisons` intervals needs so that all hold together with `confidence`: 1 − α/K.
pub fn simultaneous_confidence(confidence: f64, comparisons: usize) -> f64 {
    1.0 - (1.0 - confidence) / comparisons.max(1) as f64
}

/// The indices by ascending p-value; equal ones in the order given.
fn ascending(p_values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::student_factor;

    fn assert_all_close(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
        }
    }

    #[test]
    fn adjusted_values_agree_with_r() {
        // R: p.adjust(c(.012, .001, .30, .008, .041), "holm"), "bonferroni", "BH".
        let p_values = [0.012, 0.001, 0.30, 0.008, 0.041];
        assert_all_close(&holm(&p_values), &[0.036, 0.005, 0.30, 0.032, 0.082]);
        assert_all_close(&bonferroni(&p_values), &[0.06, 0.005, 1.0, 0.04, 0.205]);
        assert_all_close(&benjamini_hochberg(&p_values), &[0.02, 0.005, 0.30, 0.02, 0.051_25]);
        // A later, smaller product never undercuts an earlier one.
        assert_all_close(&holm(&[0.01, 0.011, 0.04]), &[0.03, 0.03, 0.04]);
        assert!(holm(&[]).is_empty());
    }

    #[test]
    fn simultaneous_intervals_reach_further() {
        // t with 9 degrees of freedom, 15 pairs of 6 arms, and 5 arms against a baseline.
        for (comparisons, factor) in [(1, 2.262_157), (5, 3.249_836), (15, 3.954_219)] {
            let found = student_factor(simultaneous_confidence(0.95, comparisons), 9.0);
            assert!((found - factor).abs() < 1e-6, "{comparisons}: {found}");
        }
    }
}
