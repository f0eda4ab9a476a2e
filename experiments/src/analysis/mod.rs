//! From runs to conclusions: figures with intervals, verdicts, rankings, an answer.
//!
//! Everything is a function of the study and of the runs in the order of cells and replications, so that it says
//! the same however the runs came about.

mod aftermath;
mod answer;
mod band;
mod cell;
mod estimate;
mod headline;
mod ranking;
mod recovery;
mod stability;
mod verdict;
mod warmup;

use models::report::{RunReport, Unit};
use rayon::prelude::*;
use sim_core::statistics::{Tail, judge_tail};

pub use self::{
    aftermath::{Aftermath, Late, aftermaths},
    answer::{who_keeps, who_leads},
    band::{Band, BandPoint},
    cell::{CellAnalysis, LimitTally},
    estimate::{Estimate, FigureName, Flag, Method},
    headline::{Headline, headlines, usual_figures},
    ranking::{Difference, Ranking, Reference, paired, rank},
    recovery::{Recovery, Stuck},
    stability::Growth,
    verdict::{Basis, Kind, Ruling, Verdict, rule},
    warmup::WarmupCheck,
};
use crate::study::{Horizon, Study, quantile_of};

/// How often an interval made here holds the truth.
pub const CONFIDENCE: f64 = 0.95;
/// The risk of calling arms different that are not, over all arms at a sweep point.
pub const RISK: f64 = 0.05;

/// All that is concluded from the runs of a study.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Analysis {
    /// What each cell says, in the study's order.
    pub cells: Vec<CellAnalysis>,
    /// The figures to show first.
    pub headlines: Vec<Headline>,
    /// Every claim at every cell it speaks of.
    pub rulings: Vec<Ruling>,
    /// Who leads, a headline and a point each.
    pub rankings: Vec<Ranking>,
    /// The paired differences behind the rankings.
    pub differences: Vec<Difference>,
    /// How workloads fared after faults.
    pub recoveries: Vec<Recovery>,
    /// Whether the warm-up was long enough; none for a study with an end.
    pub warmup: Option<WarmupCheck>,
    /// The answer, most important sentence first.
    pub answer: Vec<String>,
}

/// Hands out one run of a cell, by indices; none if it is not there.
pub type Load<'a> = dyn Fn(usize, u64) -> Option<RunReport> + Sync + 'a;

/// Analyses what runs there are of the wanted replications.
pub fn analyse(study: &Study, load: &Load<'_>) -> Analysis {
    let gather = |cell: usize| {
        let wanted = study.cells.get(cell).map_or(0, |cell| cell.replications);
        let runs = (0..wanted).filter_map(|replication| Some((replication, load(cell, replication)?)));
        let mut runs: Vec<(u64, RunReport)> = runs.collect();
        let aftermaths = runs.iter_mut().flat_map(|(_, run)| aftermaths(study, run)).collect();
        CellAnalysis { aftermaths, ..CellAnalysis::of(&runs) }
    };
    let mut cells: Vec<CellAnalysis> = (0..study.cells.len()).into_par_iter().map(gather).collect();
    judge_cells(study, &mut cells);
    let warmup = warmup::check(study, &cells);
    raise_warmup_flags(&mut cells, warmup.as_ref());
    let headlines = headlines(study, &cells);
    let (rankings, differences) = rank(study, &cells, &headlines);
    let rulings = rule(study, &cells);
    let recoveries = recovery::recoveries(study, &cells);
    let mut analysis =
        Analysis { cells, headlines, rulings, rankings, differences, recoveries, warmup, answer: Vec::new() };
    analysis.answer = answer::answer(study, &analysis);
    analysis
}

/// Finds unstable cells and thin tails, and flags the figures that suffer from them.
fn judge_cells(study: &Study, cells: &mut [CellAnalysis]) {
    // A story with an end may overload a station on purpose; only a steady state can be missing.
    let steady = matches!(study.horizon, Horizon::SteadyState { .. });
    for cell in cells {
        cell.growth = if steady { stability::growth(&cell.backlogs, cell.replications.len()) } else { None };
        let (unstable, busiest) = (cell.growth.is_some(), cell.busiest());
        for estimate in &mut cell.estimates {
            raise_tail_flags(estimate, busiest);
            if unstable {
                estimate.raise(Flag::Unstable);
            }
            if unstable && estimate.grows_when_unstable() {
                estimate.forsake_interval();
            }
        }
    }
}

/// A quantile needs observations beyond itself, in the replication that has the fewest.
fn raise_tail_flags(estimate: &mut Estimate, busiest: f64) {
    let measured = estimate.values.iter().zip(&estimate.samples).filter(|(value, _)| value.is_some());
    let fewest = measured.map(|(_, samples)| *samples).min();
    // A level's quantile is one over time, not over observations.
    let of_observations = matches!(estimate.unit, Unit::Seconds | Unit::Bytes);
    let quantile = quantile_of(FigureName::parse(&estimate.name).statistic).filter(|_| of_observations);
    if let (Some(fewest), Some(quantile)) = (fewest, quantile) {
        match judge_tail(fewest, quantile, Some(busiest)) {
            Tail::Enough => {}
            Tail::Few { .. } => estimate.raise(Flag::FewTailSamples),
            Tail::TooFew { .. } => estimate.raise(Flag::TailUnresolved),
        }
    }
}

fn raise_warmup_flags(cells: &mut [CellAnalysis], check: Option<&WarmupCheck>) {
    for index in check.iter().flat_map(|check| &check.insufficient) {
        for estimate in cells.get_mut(*index).into_iter().flat_map(|cell| &mut cell.estimates) {
            estimate.raise(Flag::WarmupInsufficient);
        }
    }
}

impl Analysis {
    /// The rulings on wishes or on the author's claims.
    pub fn rulings_of(&self, kind: Kind) -> impl Iterator<Item = &Ruling> {
        self.rulings.iter().filter(move |ruling| ruling.kind == kind)
    }

    /// Whether a cell is best, or tied with the best, in a headline at its point.
    pub fn leads(&self, headline: usize, cell: usize) -> bool {
        let here = |ranking: &Ranking| ranking.headline == headline && ranking.leaders.contains(&cell);
        self.rankings.iter().any(here)
    }

    /// How many rulings of that kind have that verdict.
    pub fn count(&self, kind: Kind, verdict: Verdict) -> usize {
        self.rulings_of(kind).filter(|ruling| ruling.verdict == verdict).count()
    }
}
