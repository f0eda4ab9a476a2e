//! How unevenly a load is spread: four figures, since each hides something.
//!
//! The greatest share bounds the throughput (what the fullest can take, over its share); the coefficient of
//! variation and Jain's index (Jain, Chiu & Hawe, DEC-TR-301, 1984) see all, with J = 1/(1 + CV²); Gini's is the
//! economists' mean difference.

/// The greatest over the mean: 1 is even, n is all on one. `None` without any load.
pub fn max_over_mean(loads: &[f64]) -> Option<f64> {
    let mean = mean(loads)?;
    Some(loads.iter().copied().fold(0.0, f64::max) / mean)
}

/// The coefficient of variation of the whole population: 0 is even. `None` without any load.
pub fn coefficient_of_variation(loads: &[f64]) -> Option<f64> {
    let mean = mean(loads)?;
    let squares: f64 = loads.iter().map(|load| (load - mean) * (load - mean)).sum();
    Some((squares / loads.len() as f64).sqrt() / mean)
}

/// Jain's fairness index, (Σx)²/(nΣx²): 1 is even, 1/n is all on one. `None` without any load.
pub fn jain(loads: &[f64]) -> Option<f64> {
    let mean = mean(loads)?;
    let squares: f64 = loads.iter().map(|load| load * load).sum();
    Some(mean * mean * loads.len() as f64 / squares)
}

/// Gini's coefficient: 0 is even, 1 − 1/n is all on one. `None` without any load.
pub fn gini(loads: &[f64]) -> Option<f64> {
    let mean = mean(loads)?;
    let mut sorted = loads.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let count = sorted.len() as f64;
    let ranked: f64 = sorted.iter().enumerate().map(|(rank, load)| (rank + 1) as f64 * load).sum();
    Some(2.0 * ranked / (count * count * mean) - (count + 1.0) / count)
}

/// The mean of loads that are not all nothing.
fn mean(loads: &[f64]) -> Option<f64> {
    let sum: f64 = loads.iter().sum();
    (sum > 0.0).then(|| sum / loads.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_hot_shard_shows_in_all_four() {
        let loads = [120.0, 95.0, 101.0, 98.0, 310.0, 99.0, 97.0, 80.0];
        assert!((max_over_mean(&loads).unwrap() - 2.48).abs() < 1e-12);
        assert!((coefficient_of_variation(&loads).unwrap() - 0.565_261).abs() < 1e-6);
        assert!((jain(&loads).unwrap() - 0.757_851).abs() < 1e-6);
        // Half the relative mean absolute difference of all pairs.
        let pairs: f64 = loads.iter().flat_map(|a| loads.iter().map(move |b| f64::abs(a - b))).sum();
        assert!((gini(&loads).unwrap() - pairs / (2.0 * 64.0 * 125.0)).abs() < 1e-12);
    }

    #[test]
    fn the_ends_of_the_scale() {
        let (even, one) = ([5.0; 4], [0.0, 8.0, 0.0, 0.0]);
        let all = |loads| [max_over_mean(loads), coefficient_of_variation(loads), jain(loads), gini(loads)];
        assert_eq!(all(&even), [Some(1.0), Some(0.0), Some(1.0), Some(0.0)]);
        assert_eq!(all(&one), [Some(4.0), Some(3.0_f64.sqrt()), Some(0.25), Some(0.75)]);
        assert_eq!(all(&[0.0, 0.0]), [None; 4]);
        assert_eq!(all(&[]), [None; 4]);
    }
}
