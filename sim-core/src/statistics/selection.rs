//! Picking the best of several arms: by elimination, by a fixed budget, or from what has been run.
//!
//! Kim & Nelson's procedure (TOMACS 2001) drops an arm as soon as it is clearly behind and works with common
//! random numbers, under which it needs a fraction of the replications. Chen's OCBA (*Discrete Event Dynamic
//! Systems* 2000) spreads a given number of replications, but takes the arms for independent. Smaller is better
//! throughout; negate what should be great.

use super::{comparison::compare, multiplicity::holm, tally::Tally};

/// Kim and Nelson's fully sequential elimination.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KimNelson {
    first_stage: usize,
    indifference: f64,
    /// η: how far the wedge reaches.
    pub eta: f64,
    /// h² = 2η(n₀ − 1).
    pub h_squared: f64,
}

impl KimNelson {
    /// For `arms` arms, of which the best is picked with chance `confidence` if it leads by `indifference`;
    /// variances come from the first `first_stage` replications (10). `None` unless there are two arms, three
    /// such replications, and a lead to look for.
    pub fn new(arms: usize, first_stage: usize, indifference: f64, confidence: f64) -> Option<Self> {
        if arms < 2 || first_stage < 3 || !(indifference > 0.0 && confidence < 1.0) {
            return None;
        }
        let freedom = (first_stage - 1) as f64;
        let risk = 2.0 * (1.0 - confidence) / (arms - 1) as f64;
        let eta = 0.5 * (libm::pow(risk, -2.0 / freedom) - 1.0);
        Some(Self { first_stage, indifference, eta, h_squared: 2.0 * eta * freedom })
    }

    /// Which of the `alive` arms stay after the replications so far. `arms[i]` holds arm i's, in order; the
    /// fewest any living arm has count. All stay while the first stage lasts.
    pub fn survivors(&self, arms: &[&[f64]], alive: &[usize]) -> Vec<usize> {
        let done = alive.iter().map(|&arm| arms[arm].len()).min().unwrap_or(0);
        if done < self.first_stage {
            return alive.to_vec();
        }
        let mean = |arm: usize| arms[arm][..done].iter().sum::<f64>() / done as f64;
        let means: Vec<(usize, f64)> = alive.iter().map(|&arm| (arm, mean(arm))).collect();
        let beaten = |&(arm, mean): &(usize, f64)| {
            means
                .iter()
                .any(|&(other, best)| other != arm && mean > best + self.wedge(arms[arm], arms[other], done))
        };
        means.iter().filter(|candidate| !beaten(candidate)).map(|&(arm, _)| arm).collect()
    }

    /// How far one arm may trail another after `done` replications and still stay.
    fn wedge(&self, arm: &[f64], other: &[f64], done: usize) -> f64 {
        let first_stage = arm.iter().zip(other).take(self.first_stage);
        let spread: Tally = first_stage.map(|(a, b)| a - b).collect();
        let done = done as f64;
        let reach =
            self.h_squared * spread.variance().unwrap_or(0.0) / (self.indifference * self.indifference);
        (self.indifference / (2.0 * done) * (reach - done)).max(0.0)
    }
}

/// How OCBA spreads `total` replications over arms with these means and standard deviations, as shares to round.
///
/// `None` if two arms tie for the best or one never varies: then no share is defined.
pub fn optimal_allocation(means: &[f64], deviations: &[f64], total: f64) -> Option<Vec<f64>> {
    let best = least(means)?;
    let weight = |arm: usize| {
        let ratio = deviations.get(arm)? / (means[arm] - means[best]);
        (ratio > 0.0 && ratio.is_finite()).then_some(ratio * ratio)
    };
    let others = |arm: &usize| *arm != best;
    let mut shares = vec![0.0; means.len()];
    let mut squares = 0.0;
    for arm in (0..means.len()).filter(others) {
        shares[arm] = weight(arm)?;
        squares += shares[arm] * shares[arm] / (deviations[arm] * deviations[arm]);
    }
    shares[best] = deviations.get(best)? * squares.sqrt();
    let sum: f64 = shares.iter().sum();
    (sum > 0.0).then(|| shares.iter().map(|share| share / sum * total).collect())
}

/// The best arm of one cell, and those that may be as good.
#[derive(Clone, Debug, PartialEq)]
pub struct Best {
    /// The arm with the least mean; the first of equals.
    pub arm: usize,
    /// Holm's p-value of each arm against the best, 1 for the best itself.
    pub p_values: Vec<f64>,
}

impl Best {
    /// Compares every arm with the best, pair by pair; `None` unless all have at least two replications.
    ///
    /// The best is chosen by the same data, so the p-values are a little too small: a mark in a table, no proof.
    pub fn of(arms: &[&[f64]]) -> Option<Self> {
        let means: Option<Vec<f64>> = arms.iter().map(|sample| Tally::of(sample).mean()).collect();
        let best = least(&means?)?;
        let others: Vec<usize> = (0..arms.len()).filter(|&arm| arm != best).collect();
        let compared: Option<Vec<f64>> =
            others.iter().map(|&arm| Some(compare(arms[arm], arms[best], 0.95)?.p_value)).collect();
        let mut p_values = vec![1.0; arms.len()];
        for (arm, p) in others.into_iter().zip(holm(&compared?)) {
            p_values[arm] = p;
        }
        Some(Self { arm: best, p_values })
    }

    /// Whether that arm is the best or not told apart from it at that risk (0.05).
    pub fn is_best_or_tied(&self, arm: usize, risk: f64) -> bool {
        self.p_values.get(arm).is_some_and(|&p| p > risk)
    }
}

/// The index of the least number, the first of equals.
fn least(numbers: &[f64]) -> Option<usize> {
    (0..numbers.len()).min_by(|&a, &b| numbers[a].total_cmp(&numbers[b]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARMS: [[f64; 10]; 6] = [
        [105.0, 121.0, 98.0, 109.0, 93.0, 117.0, 103.0, 110.0, 99.0, 106.0],
        [109.0, 112.0, 104.0, 103.0, 101.0, 115.0, 99.0, 113.0, 107.0, 100.0],
        [118.0, 127.0, 110.0, 124.0, 113.0, 120.0, 116.0, 126.0, 111.0, 119.0],
        [101.0, 119.0, 95.0, 112.0, 96.0, 107.0, 106.0, 103.0, 98.0, 108.0],
        [131.0, 139.0, 122.0, 136.0, 126.0, 133.0, 128.0, 138.0, 124.0, 132.0],
        [112.0, 111.0, 105.0, 108.0, 107.0, 109.0, 110.0, 115.0, 98.0, 113.0],
    ];

    fn arms() -> Vec<&'static [f64]> {
        ARMS.iter().map(<[f64; 10]>::as_slice).collect()
    }

    #[test]
    fn kim_and_nelson_drop_what_is_clearly_behind() {
        let procedure = KimNelson::new(6, 10, 2.0, 0.95).unwrap();
        assert!((procedure.eta - 0.692_666_152_2).abs() < 1e-9);
        assert!((procedure.h_squared - 12.467_990_740_3).abs() < 1e-8);
        let wedges = [(0, 5.3864), (1, 20.6666), (2, 4.7803), (4, 4.9708), (5, 13.7573)];
        for (other, wedge) in wedges {
            assert!((procedure.wedge(&ARMS[3], &ARMS[other], 10) - wedge).abs() < 1e-4);
        }
        assert_eq!(procedure.survivors(&arms(), &[0, 1, 2, 3, 4, 5]), [0, 1, 3, 5]);
        // While the first stage lasts nobody goes.
        let short: Vec<&[f64]> = ARMS.iter().map(|arm| &arm[..9]).collect();
        assert_eq!(procedure.survivors(&short, &[0, 4]), [0, 4]);
        assert_eq!((KimNelson::new(1, 10, 2.0, 0.95), KimNelson::new(6, 10, 0.0, 0.95)), (None, None));
    }

    #[test]
    fn a_budget_goes_to_those_that_are_close() {
        let found = optimal_allocation(&[1.0, 2.0, 3.0, 4.0, 5.0], &[2.0; 5], 200.0).unwrap();
        for (found, expected) in found.iter().zip([84.3646, 81.2268, 20.3067, 9.0252, 5.0767]) {
            assert!((found - expected).abs() < 1e-4, "{found} is not {expected}");
        }
        assert_eq!(optimal_allocation(&[1.0, 1.0, 2.0], &[1.0; 3], 100.0), None);
        assert_eq!(optimal_allocation(&[], &[], 100.0), None);
    }

    #[test]
    fn the_best_has_company() {
        let best = Best::of(&arms()).unwrap();
        assert_eq!(best.arm, 3);
        let tied: Vec<usize> = (0..6).filter(|&arm| best.is_best_or_tied(arm, 0.05)).collect();
        // Paired t of arms 0, 1 and 5 against 3: p = 0.29, 0.51 and 0.08 before Holm.
        assert_eq!(tied, [0, 1, 3, 5]);
        assert!(best.p_values[4] < 1e-6);
        assert_eq!(Best::of(&[&[1.0], &[2.0]]), None);
    }
}
