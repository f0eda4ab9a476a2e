//! Which figures a reader wants to see first: those that claims speak of, else what every workload is asked for.

use super::{cell::CellAnalysis, estimate::FigureName};
use crate::study::{Claim, Op, Study};

/// A figure worth a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Headline {
    /// Its name: `clients.latency.p99`.
    pub figure: String,
    /// Whether small values please.
    pub less_is_better: bool,
    /// The SLO that speaks of it, by index.
    pub slo: Option<usize>,
}

/// What each workload is asked for where the file makes no claim, and whether small values please.
const USUAL: [(&str, bool); 3] =
    [("latency.p99", true), ("goodput.mean", false), ("success_ratio.mean", false)];

/// The figures of the SLOs, then of the expectations, each once; the usual ones if there are no claims.
pub fn headlines(study: &Study, cells: &[CellAnalysis]) -> Vec<Headline> {
    let mut found: Vec<Headline> = Vec::new();
    for (place, claim) in study.claims().enumerate() {
        let figure = claim.figure();
        if found.iter().all(|headline| headline.figure != figure) {
            let slo = (place < study.slos.len()).then_some(place);
            found.push(Headline { figure, less_is_better: claim.op.wants_less(), slo });
        }
    }
    if found.is_empty() { usual(study, cells) } else { found }
}

/// The names of all figures that claims speak of or that every workload is asked for, whether measured or not.
pub fn usual_figures(study: &Study) -> Vec<String> {
    let usual =
        study.workloads.iter().flat_map(|workload| USUAL.map(|(figure, _)| format!("{workload}.{figure}")));
    let mut names: Vec<String> = study.claims().map(Claim::figure).chain(usual).collect();
    names.sort();
    names.dedup();
    names
}

fn usual(study: &Study, cells: &[CellAnalysis]) -> Vec<Headline> {
    let named = |workload: &String| {
        let headline = |(figure, less_is_better): (&str, bool)| Headline {
            figure: format!("{workload}.{figure}"),
            less_is_better,
            slo: None,
        };
        USUAL.map(headline)
    };
    let measured = |headline: &Headline| cells.iter().any(|cell| cell.estimate(&headline.figure).is_some());
    study.workloads.iter().flat_map(named).filter(measured).collect()
}

impl Headline {
    /// Whether arms can be ranked by it: an SLO speaks of it, or claims about it all want it small, or all want it large. One that is to
    /// lie between two bounds, or to be exactly something, has no better side.
    pub(super) fn has_a_better_side(&self, study: &Study) -> bool {
        let wants = |claim: &Claim| claim.op != Op::Equal && claim.op.wants_less() == self.less_is_better;
        self.slo.is_some() || study.claims().filter(|claim| claim.figure() == self.figure).all(wants)
    }

    /// The figure as a sentence names it: `p99` of a latency, `mean goodput`, with its window: `p99@late`.
    pub fn short(&self) -> String {
        let name = FigureName::parse(&self.figure);
        let quantity = name.quantity().replace('_', " ");
        let a_time = quantity.ends_with("latency") || quantity.ends_with("wait");
        let words = match name.statistic {
            "mean" if a_time => format!("mean {quantity}"),
            "mean" | "rate" | "count" => quantity,
            statistic if quantity == "latency" => statistic.to_owned(),
            statistic => format!("{statistic} of {quantity}"),
        };
        match name.window {
            Some(window) => format!("{words}@{window}"),
            None => words,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_short_names() {
        let short =
            |figure: &str| Headline { figure: figure.into(), less_is_better: true, slo: None }.short();
        assert_eq!(short("clients.latency.p99"), "p99");
        assert_eq!(short("clients.goodput.mean@late"), "goodput@late");
        assert_eq!(short("clients.latency.mean"), "mean latency");
        assert_eq!(short("clients.time_to_recover.max"), "max of time to recover");
    }
}
