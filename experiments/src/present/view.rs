//! What all sections look at: the study and its analysis, the sweep point that single-point charts show, and the
//! look of each arm.

use models::report::{RunReport, Unit};

use super::{sweep::Sweep, words};
use crate::{
    analysis::{Analysis, CellAnalysis, Estimate, FigureName, Headline, Load, Verdict},
    charts::data::ArmStyle,
    output::number::{Scale, TimeUnit},
    study::{Claim, Horizon, Study},
};

/// A study and what was concluded of it.
pub(super) struct View<'a> {
    pub(super) study: &'a Study,
    pub(super) analysis: &'a Analysis,
    load: &'a Load<'a>,
    /// The sweep point of charts that show one: the last at which arms can be compared.
    pub(super) chosen: Vec<String>,
    /// The sweep through that point, if there is one.
    pub(super) sweep: Option<Sweep>,
    /// Files of replications whose requests were all recorded.
    pub(super) traces: Vec<String>,
}

/// One arm at one sweep point.
#[derive(Clone, Copy)]
pub(super) struct Spot<'a> {
    pub(super) arm: &'a str,
    /// The cell's index.
    pub(super) index: usize,
    pub(super) cell: &'a CellAnalysis,
    pub(super) style: ArmStyle,
}

impl<'a> View<'a> {
    pub(super) fn new(
        study: &'a Study,
        analysis: &'a Analysis,
        load: &'a Load<'a>,
        traces: Vec<String>,
    ) -> Self {
        let chosen = chosen(study, analysis);
        let sweep = Sweep::through(study, &chosen);
        Self { study, analysis, load, chosen, sweep, traces }
    }

    /// An arm's cell at a point, if it was run.
    pub(super) fn spot(&self, arm: &'a str, point: &[String]) -> Option<Spot<'a>> {
        let index = self.study.cell(arm, point)?;
        let cell = self.analysis.cells.get(index).filter(|cell| !cell.replications.is_empty())?;
        Some(Spot { arm, index, cell, style: self.style(arm) })
    }

    /// The same for an arm whose name does not live as long.
    pub(super) fn find(&self, arm: &str, point: &[String]) -> Option<Spot<'a>> {
        self.spot(self.study.arms.iter().find(|known| *known == arm)?, point)
    }

    /// Every arm's cell at a point, in the file's order.
    pub(super) fn spots(&self, point: &[String]) -> Vec<Spot<'a>> {
        self.study.present_arms().into_iter().filter_map(|arm| self.spot(arm, point)).collect()
    }

    /// Every arm's cell at the chosen point.
    pub(super) fn chosen_spots(&self) -> Vec<Spot<'a>> {
        self.spots(&self.chosen)
    }

    /// The look of an arm: by its place in the file, filtered out or not.
    pub(super) fn style(&self, arm: &str) -> ArmStyle {
        let place = self.study.arms.iter().position(|known| known == arm).unwrap_or(0);
        ArmStyle::of(place, self.study.baseline.as_deref() == Some(arm))
    }

    /// ` at load 0.95`; nothing without a sweep.
    pub(super) fn at(&self, point: &[String]) -> String {
        let labels = self.study.axis_labels();
        let values = self.study.shown_point(point);
        let told: Vec<String> =
            labels.iter().zip(values).map(|(label, value)| format!("{label} {value}")).collect();
        if told.is_empty() { String::new() } else { format!(" at {}", told.join(", ")) }
    }

    /// ` at load 0.95` for the chosen point.
    pub(super) fn at_chosen(&self) -> String {
        self.at(&self.chosen)
    }

    /// One value of the sweep's axis as people read it, `load 0.95`.
    pub(super) fn on_sweep(&self, sweep: &Sweep, point: &[String]) -> String {
        let labels = self.study.axis_labels();
        let along = labels.iter().position(|label| *label == sweep.label).unwrap_or(0);
        let values = self.study.shown_point(point);
        format!("{} {}", sweep.label, values.get(along).map_or("?", String::as_str))
    }

    /// A figure in a few words; of which workload or component, where that is not plain.
    pub(super) fn short(&self, headline: &Headline) -> String {
        let name = FigureName::parse(&headline.figure);
        let (owner, _) = name.metric.rsplit_once('.').unwrap_or((name.metric, ""));
        let only =
            self.study.workloads.len() == 1 && self.study.workloads.iter().any(|workload| workload == owner);
        if only { headline.short() } else { format!("{} of {owner}", headline.short()) }
    }

    /// A figure as the title of an axis: `p99 latency`.
    pub(super) fn axis_title(&self, headline: &Headline) -> String {
        let name = FigureName::parse(&headline.figure);
        let short = self.short(headline);
        if name.quantity() == "latency" && name.statistic != "mean" {
            short.replacen(name.statistic, &format!("{} latency", name.statistic), 1)
        } else {
            short
        }
    }

    /// A text as a sentence; names of arms stay as they are.
    pub(super) fn sentence(&self, text: &str) -> String {
        let arms = self.study.arms.iter().chain(&self.study.workloads);
        words::sentence(text, &arms.map(String::as_str).collect::<Vec<_>>())
    }

    /// A replication of a cell as it was stored.
    pub(super) fn run(&self, cell: usize, replication: u64) -> Option<RunReport> {
        (self.load)(cell, replication)
    }

    /// The claim behind a headline, if an SLO is.
    pub(super) fn claim(&self, headline: &Headline) -> Option<&'a Claim> {
        headline.slo.and_then(|slo| self.study.slos.get(slo))
    }

    /// The verdict on an SLO at a cell.
    pub(super) fn verdict(&self, claim: &Claim, cell: usize) -> Option<Verdict> {
        let here = |ruling: &&crate::analysis::Ruling| ruling.cell == cell && ruling.claim == *claim;
        self.analysis.rulings_of(crate::analysis::Kind::Slo).find(here).map(|ruling| ruling.verdict)
    }

    /// Every cell's estimate of a figure.
    pub(super) fn estimates(&self, figure: &'a str) -> impl Iterator<Item = &'a Estimate> {
        self.analysis.cells.iter().filter_map(move |cell| cell.estimate(figure))
    }

    /// In what a headline's figure counts.
    pub(super) fn unit(&self, headline: &'a Headline) -> Unit {
        words::unit_of(self.estimates(&headline.figure))
    }

    /// One unit for all figures of a headline: that of the claim's threshold, else of the figures.
    pub(super) fn scale(&self, headline: &'a Headline) -> Scale {
        let means = self.estimates(&headline.figure).filter_map(|estimate| estimate.mean);
        let least = means.filter(|mean| mean.is_finite()).reduce(f64::min);
        let typical = self.claim(headline).map(|claim| claim.threshold).or(least).unwrap_or(1.0);
        Scale::of(self.unit(headline), typical, TimeUnit::Auto)
    }

    /// Headlines of lengths of time, over all of the measurement or in a window.
    pub(super) fn times(&self) -> Vec<(usize, &'a Headline)> {
        let a_time = |headline: &Headline| {
            self.estimates_of(headline).any(|estimate| estimate.unit == Unit::Seconds)
                && !FigureName::parse(&headline.figure).quantity().starts_with("time_to")
        };
        self.analysis.headlines.iter().enumerate().filter(|(_, headline)| a_time(headline)).collect()
    }

    fn estimates_of(&self, headline: &Headline) -> impl Iterator<Item = &'a Estimate> {
        let figure = headline.figure.clone();
        self.analysis.cells.iter().filter_map(move |cell| cell.estimate(&figure))
    }

    /// The seconds that count.
    pub(super) fn measured(&self) -> (f64, f64) {
        match self.study.horizon {
            Horizon::SteadyState { warmup, measure } => (warmup, warmup + measure),
            Horizon::Terminating { end } => (0.0, end),
        }
    }

    /// How many replications the cells have: `10`, `10 to 40`.
    pub(super) fn replications(&self) -> String {
        let counts = self.analysis.cells.iter().map(|cell| cell.replications.len());
        match (counts.clone().min().unwrap_or(0), counts.max().unwrap_or(0)) {
            (least, most) if least == most => least.to_string(),
            (least, most) => format!("{least} to {most}"),
        }
    }
}

impl Spot<'_> {
    /// Whether a figure in this unit grows for as long as the run lasts.
    pub(super) fn unstable(&self, estimate: &Estimate) -> bool {
        self.cell.growth.is_some() && estimate.grows_when_unstable()
    }
}

/// The last point at which several arms could be compared in the first headline; else the last point.
fn chosen(study: &Study, analysis: &Analysis) -> Vec<String> {
    let compared =
        analysis.rankings.iter().rfind(|ranking| ranking.headline == 0 && !ranking.leaders.is_empty());
    let point = compared.map(|ranking| ranking.point.clone());
    point.or_else(|| study.points().pop()).unwrap_or_default()
}
