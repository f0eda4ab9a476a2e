//! Which arm is better, by how much, and how surely: paired differences against the baseline and against the best.
//!
//! Arms saw the same requests replication by replication, so their differences are compared and never their
//! intervals, which may overlap and still hide a sure difference. p-values are Holm's, over all arms at a point.

use serde::Serialize;
use sim_core::statistics::{Comparison, compare, multiplicity::holm};

use super::{CONFIDENCE, RISK, cell::CellAnalysis, estimate::Estimate, headline::Headline};
use crate::study::Study;

/// What an arm is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// The file's baseline.
    Baseline,
    /// The arm with the best mean at that point.
    Best,
}

/// One arm minus another at one sweep point.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The figure, by index of its headline.
    pub headline: usize,
    /// Index of the cell that is compared.
    pub cell: usize,
    /// Index of the cell it is compared with.
    pub with: usize,
    /// In which role that other stands.
    pub reference: Reference,
    /// The paired difference.
    pub comparison: Comparison,
    /// The p-value among all arms that are compared with the same one at this point.
    pub p_holm: f64,
}

/// Who leads in one figure at one sweep point.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    /// The figure, by index of its headline.
    pub headline: usize,
    /// The sweep point.
    pub point: Vec<String>,
    /// The cell with the best mean, if any cell has one.
    pub best: Option<usize>,
    /// The best cell and those it cannot be told from, in the study's order; empty where nothing can be compared.
    pub leaders: Vec<usize>,
}

/// Ranks every headline that has a better side at every point, and the differences behind it: baseline's first, then the best one's.
pub fn rank(
    study: &Study,
    cells: &[CellAnalysis],
    headlines: &[Headline],
) -> (Vec<Ranking>, Vec<Difference>) {
    let (mut rankings, mut differences) = (Vec::new(), Vec::new());
    let ranked = headlines.iter().enumerate().filter(|(_, headline)| headline.has_a_better_side(study));
    for (index, headline) in ranked {
        for point in study.points() {
            let field = Field {
                headline: index,
                figure: &headline.figure,
                cells,
                rivals: rivals(study, cells, headline, &point),
            };
            let best = field.best(headline.less_is_better);
            let baseline = study.baseline.as_ref().and_then(|arm| study.cell(arm, &point));
            let against_best = best.map(|best| field.compare_with(best, Reference::Best)).unwrap_or_default();
            if let Some(baseline) = baseline {
                differences.extend(field.compare_with(baseline, Reference::Baseline));
            }
            rankings.push(Ranking { headline: index, point, best, leaders: leaders(best, &against_best) });
            if best != baseline {
                differences.extend(against_best);
            }
        }
    }
    (rankings, differences)
}

/// The cells at a point whose figure can be compared: measured, finite, and not growing with the run.
fn rivals(study: &Study, cells: &[CellAnalysis], headline: &Headline, point: &[String]) -> Vec<usize> {
    let comparable = |index: &usize| {
        cells.get(*index).is_some_and(|cell| {
            cell.estimate(&headline.figure).is_some_and(|estimate| {
                let settled = cell.growth.is_none() || !estimate.grows_when_unstable();
                settled && estimate.mean.is_some_and(f64::is_finite)
            })
        })
    };
    (0..study.cells.len()).filter(|index| study.cells[*index].point == point).filter(comparable).collect()
}

/// The best and all that it cannot be told from; nothing where no difference could be tested.
fn leaders(best: Option<usize>, against_best: &[Difference]) -> Vec<usize> {
    let tied =
        against_best.iter().filter(|difference| difference.p_holm > RISK).map(|difference| difference.cell);
    let mut leaders: Vec<usize> =
        if against_best.is_empty() { Vec::new() } else { tied.chain(best).collect() };
    leaders.sort_unstable();
    leaders
}

/// The rivals in one figure at one point.
struct Field<'a> {
    headline: usize,
    figure: &'a str,
    cells: &'a [CellAnalysis],
    rivals: Vec<usize>,
}

impl Field<'_> {
    fn estimate(&self, cell: usize) -> Option<&Estimate> {
        self.cells.get(cell)?.estimate(self.figure)
    }

    /// The first of the best means.
    fn best(&self, less_is_better: bool) -> Option<usize> {
        let mut best: Option<(usize, f64)> = None;
        for cell in &self.rivals {
            let Some(mean) = self.estimate(*cell).and_then(|estimate| estimate.mean) else { continue };
            if best.is_none_or(|(_, so_far)| if less_is_better { mean < so_far } else { mean > so_far }) {
                best = Some((*cell, mean));
            }
        }
        best.map(|(cell, _)| cell)
    }

    fn compare_with(&self, with: usize, reference: Reference) -> Vec<Difference> {
        if !self.rivals.contains(&with) {
            return Vec::new();
        }
        let others = self.rivals.iter().filter(|cell| **cell != with);
        let compared: Vec<_> = others.filter_map(|cell| Some((*cell, self.pairwise(*cell, with)?))).collect();
        let adjusted = holm(&compared.iter().map(|(_, comparison)| comparison.p_value).collect::<Vec<_>>());
        let difference = |((cell, comparison), p_holm): ((usize, Comparison), f64)| Difference {
            headline: self.headline,
            cell,
            with,
            reference,
            comparison,
            p_holm,
        };
        compared.into_iter().zip(adjusted).map(difference).collect()
    }

    fn pairwise(&self, cell: usize, with: usize) -> Option<Comparison> {
        paired((self.cells.get(cell)?, self.estimate(cell)?), (self.cells.get(with)?, self.estimate(with)?))
    }
}

/// Compares one figure of two cells over the replications that both measured.
pub fn paired(one: (&CellAnalysis, &Estimate), other: (&CellAnalysis, &Estimate)) -> Option<Comparison> {
    let of = |(cell, estimate): (&CellAnalysis, &Estimate), replication: u64| {
        let place = cell.replications.binary_search(&replication).ok()?;
        estimate.values.get(place).copied().flatten().filter(|value| value.is_finite())
    };
    let pairs = one
        .0
        .replications
        .iter()
        .filter_map(|replication| Some((of(one, *replication)?, of(other, *replication)?)));
    let (ours, theirs): (Vec<f64>, Vec<f64>) = pairs.unzip();
    compare(&ours, &theirs, CONFIDENCE)
}

#[cfg(test)]
mod tests {
    use models::report::{Metric, RunReport, Unit};

    use super::*;
    use crate::study::Cell;

    fn cell(values: &[f64]) -> CellAnalysis {
        let metric = |value| Metric {
            name: "c.latency.p99".into(),
            unit: Unit::Seconds,
            value: Some(value),
            samples: 1,
        };
        let report = |value| RunReport { metrics: vec![metric(value)], ..RunReport::default() };
        CellAnalysis::of(&values.iter().zip(0..).map(|(value, r)| (r, report(*value))).collect::<Vec<_>>())
    }

    fn ranked(arms: &[&[f64]], baseline: Option<&str>) -> (Vec<Ranking>, Vec<Difference>) {
        let names: Vec<String> = (0..arms.len()).map(|arm| format!("arm{arm}")).collect();
        let cells = names.iter().map(|arm| Cell { arm: arm.clone(), ..Cell::default() }).collect();
        let study = Study { arms: names, baseline: baseline.map(Into::into), cells, ..Study::default() };
        let headline = Headline { figure: "c.latency.p99".into(), less_is_better: true, slo: None };
        rank(&study, &arms.iter().map(|values| cell(values)).collect::<Vec<_>>(), &[headline])
    }

    // Two noisy arms 7 apart in every pair but for a little: their own intervals overlap almost fully.
    const SLOW: [f64; 10] = [105., 121., 98., 109., 93., 117., 103., 110., 99., 106.];
    const FAST: [f64; 10] = [98., 114.5, 90.5, 102., 86.5, 109.5, 96., 103.5, 91.5, 99.];

    #[test]
    fn a_paired_difference_is_seen_through_the_noise() {
        let (rankings, differences) = ranked(&[&SLOW, &FAST], Some("arm0"));
        assert_eq!((rankings[0].best, rankings[0].leaders.as_slice()), (Some(1), [1].as_slice()));
        // Against the baseline: fast minus slow; against the best: slow minus fast.
        let [base, best] = differences.as_slice() else { panic!("{differences:?}") };
        assert_eq!((base.cell, base.with, base.reference), (1, 0, Reference::Baseline));
        assert!((base.comparison.difference.mean - -7.0).abs() < 0.1);
        assert_eq!((best.cell, best.with, best.reference), (0, 1, Reference::Best));
        assert!(best.p_holm < 1e-9 && best.comparison.variance_reduction.unwrap() > 100.0);
    }

    #[test]
    fn what_cannot_be_told_apart_leads_together() {
        let noise = [106., 120., 97., 110., 92., 118., 104., 109., 100., 105.];
        let (rankings, _) = ranked(&[&SLOW, &noise, &FAST.map(|value| value + 40.0)], None);
        assert_eq!(rankings[0].leaders, [0, 1]);
    }

    #[test]
    fn one_replication_names_no_leader() {
        let (rankings, differences) = ranked(&[&[1.0], &[2.0]], Some("arm0"));
        assert_eq!((rankings[0].best, rankings[0].leaders.len(), differences.len()), (Some(0), 0, 0));
    }
}
