//! Replications until a figure is known well enough: `5%@clients.latency.p99`.

use std::str::FromStr;

use sim_core::statistics::{Precision, StoppingRule};

use crate::{analysis::CellAnalysis, study::Study};

/// A goal for the interval of one figure in every cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Goal {
    /// The figure: `clients.latency.p99`.
    pub figure: String,
    /// The relative error wanted: 0.05.
    pub relative: f64,
}

impl Goal {
    fn rule(&self) -> StoppingRule {
        StoppingRule::new(Precision::Relative(self.relative))
    }

    /// The replications to begin with: the least that can be enough.
    pub fn first(&self) -> u64 {
        let rule = self.rule();
        rule.minimum + look_ahead(&rule, rule.minimum)
    }

    /// How many replications the cell wants after these, `most` at the utmost.
    ///
    /// An unstable cell wants no more: its figures grow with the run, and no number of runs settles them.
    pub fn wanted(&self, cell: &CellAnalysis, so_far: u64, most: u64) -> u64 {
        let rule = self.rule();
        let values =
            cell.estimate(&self.figure).map(|estimate| estimate.values.iter().flatten().copied().collect());
        let values: Vec<f64> = values.unwrap_or_default();
        match rule.enough(&values) {
            Some(enough) => (enough + look_ahead(&rule, enough)).min(most),
            None if cell.growth.is_some() => so_far,
            None => (so_far + rule.look_ahead).min(most),
        }
    }

    /// Whether any cell of the study tells the figure; a goal for an unknown figure would never be reached.
    pub fn is_told(&self, cells: &[CellAnalysis]) -> bool {
        cells.iter().any(|cell| cell.estimate(&self.figure).is_some())
    }
}

/// Every cell begins with as many.
pub fn begin(study: &mut Study, goal: &Goal, most: u64) {
    for cell in &mut study.cells {
        cell.replications = goal.first().min(most);
    }
}

/// The replications after the goal is first reached, through which it must hold.
fn look_ahead(rule: &StoppingRule, reached: u64) -> u64 {
    rule.look_ahead * reached.max(100) / 100
}

impl FromStr for Goal {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a precision such as 5%@clients.latency.p99");
        let (share, figure) = text.split_once('@').ok_or_else(wrong)?;
        let percent: f64 = share.strip_suffix('%').ok_or_else(wrong)?.trim().parse().map_err(|_| wrong())?;
        let sensible = percent > 0.0 && percent < 100.0 && figure.split('.').count() >= 3;
        if sensible {
            Ok(Self { figure: figure.to_owned(), relative: percent / 100.0 })
        } else {
            Err(wrong())
        }
    }
}

#[cfg(test)]
mod tests {
    use models::report::{Metric, RunReport, Unit};

    use super::*;
    use crate::analysis::Growth;

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

    #[test]
    fn a_cell_wants_more_until_the_precision_holds() {
        let goal: Goal = "5%@c.latency.p99".parse().unwrap();
        assert_eq!(goal.first(), 15);
        // Law and Hoad's rule on this series from 10 replications with look-ahead 5: reached at 18.
        let series = [
            10.0, 10.1, 10.05, 13.0, 8.0, 11.2, 9.1, 10.4, 9.8, 10.6, 10.1, 9.7, 10.3, 10.2, 9.9, 10.5, 10.0,
            10.1, 9.8, 10.4, 10.2, 10.3, 9.9, 10.1, 10.0, 10.2, 10.1, 9.9, 10.0, 10.3,
        ];
        assert_eq!(goal.wanted(&cell(&series[..15]), 15, 100), 20);
        assert_eq!(goal.wanted(&cell(&series[..20]), 20, 22), 22);
        assert_eq!(goal.wanted(&cell(&series), 30, 100), 23);
    }

    #[test]
    fn an_unstable_cell_wants_no_more() {
        let goal: Goal = "1%@c.latency.p99".parse().unwrap();
        let growth = Some(Growth { station: "web".into(), per_second: 16.0 });
        assert_eq!(goal.wanted(&CellAnalysis { growth, ..cell(&[1.0, 9.0]) }, 15, 100), 15);
    }

    #[test]
    fn precision_is_percent_at_figure() {
        for wrong in ["5@c.latency.p99", "0%@c.latency.p99", "5%c", "5%@p99", "x%@c.latency.p99"] {
            assert!(wrong.parse::<Goal>().is_err(), "{wrong}");
        }
    }
}
