//! What a fault did and for how long: what was offered, what came out, how long it took, over simulated time.

use models::report::RunReport;

use super::{
    super::{
        album::{AnyChart, Draft},
        view::{Spot, View},
        words,
    },
    MOST, story,
};
use crate::{
    analysis::Band,
    charts::{
        Panel, TimeSeries,
        data::{Axis, Heading, Limit, Line, Point, Quantity, Spacing, Span},
    },
    study::{Fault, Horizon},
};

/// Series of a workload or of a call that are shown, from top to bottom, and whether on a logarithmic axis.
const OF_CALLERS: [(&str, bool); 6] = [
    ("offered", false),
    ("attempts", false),
    ("goodput", false),
    ("errors", false),
    ("latency.p99", true),
    ("in_flight", false),
];
/// Series of a component that are shown.
const OF_COMPONENTS: [(&str, bool); 4] =
    [("queue_length", false), ("age", false), ("utilization", false), ("wasted", false)];
/// Panels under one another in a chart.
const PANELS: usize = 8;

pub(super) fn draft(view: &View<'_>) -> Draft {
    let a_story = matches!(view.study.horizon, Horizon::Terminating { .. }) || !view.study.faults.is_empty();
    if !a_story {
        return Draft::default();
    }
    let spots = view.chosen_spots();
    let first: Vec<Option<RunReport>> =
        spots.iter().map(|spot| view.run(spot.index, *spot.cell.replications.first()?)).collect();
    let stage = Stage { view, spots, first };
    let workloads = view.study.workloads.iter().take(MOST).filter_map(|workload| stage.of_workload(workload));
    Draft {
        number: 6,
        name: "time_series",
        heading: "What happened over time?".into(),
        charts: workloads.chain(stage.of_components()).collect(),
        ..Draft::default()
    }
}

/// The arms at the chosen point, each with its first replication.
struct Stage<'a> {
    view: &'a View<'a>,
    spots: Vec<Spot<'a>>,
    first: Vec<Option<RunReport>>,
}

impl Stage<'_> {
    fn of_workload(&self, workload: &str) -> Option<AnyChart> {
        let calls = format!("{workload}.calls.");
        let mine = |owner: &str| owner == workload || owner.starts_with(&calls);
        let panels = self.panels(&OF_CALLERS, &mine);
        let how = "Read downwards: what was offered, what came out, how long it took. \
                   Bands are 95 % intervals, thin lines one replication.";
        self.chart(self.title(workload), how, panels)
    }

    fn of_components(&self) -> Option<AnyChart> {
        let components = self.view.study.system.parts.iter().map(|part| part.id.as_str());
        let components: Vec<&str> = components
            .filter(|id| !self.view.study.workloads.iter().any(|workload| workload == id))
            .collect();
        let panels = self.panels(&OF_COMPONENTS, &|owner| components.contains(&owner));
        let how = "One panel a component's figure. Bands are 95 % intervals, thin lines one replication.";
        self.chart(self.queue_title(&components), how, panels)
    }

    fn chart(&self, title: String, how: &str, panels: Vec<Panel>) -> Option<AnyChart> {
        if panels.is_empty() {
            return None;
        }
        let fault = |fault: &Fault| Span::new(fault.label.trim(), fault.from, fault.to);
        let windows = self.view.study.windows.iter();
        Some(Box::new(TimeSeries {
            heading: Heading::new(title, how),
            panels,
            faults: self.view.study.faults.iter().map(fault).collect(),
            windows: windows.map(|window| Span::new(&window.name, window.from, window.to)).collect(),
        }))
    }

    /// A panel for each series of these kinds whose owner is wanted and that is not zero throughout.
    fn panels(&self, kinds: &[(&str, bool)], wanted: &dyn Fn(&str) -> bool) -> Vec<Panel> {
        let mut panels = Vec::new();
        for (kind, logarithmic) in kinds {
            for name in self.names(kind, wanted) {
                panels.extend(self.panel(&name, *logarithmic));
            }
        }
        panels.truncate(PANELS);
        panels
    }

    /// The series of one kind, sorted by name.
    fn names(&self, kind: &str, wanted: &dyn Fn(&str) -> bool) -> Vec<String> {
        let of_kind = |band: &&Band| {
            let owner = band.name.strip_suffix(kind).and_then(|owner| owner.strip_suffix('.'));
            owner.is_some_and(wanted)
        };
        let bands = self.spots.iter().flat_map(|spot| &spot.cell.bands).filter(of_kind);
        let mut names: Vec<String> = bands.map(|band| band.name.clone()).collect();
        names.sort();
        names.dedup();
        names
    }

    fn panel(&self, name: &str, logarithmic: bool) -> Option<Panel> {
        let bands: Vec<Option<&Band>> = self.spots.iter().map(|spot| spot.cell.band(name)).collect();
        let unit = bands.iter().flatten().next()?.unit;
        let moves = |band: &&Band| band.points.iter().flatten().any(|point| point.mean != 0.0);
        bands.iter().flatten().copied().find(moves)?;
        let lines = self.spots.iter().zip(&self.first).zip(&bands).filter_map(|((spot, first), band)| {
            let points = points((*band)?);
            Some(Line { example: example(first.as_ref(), name), ..Line::new(spot.arm, spot.style, points) })
        });
        let of_this = |claim: &&crate::study::Claim| {
            claim.metric == name || format!("{}.{}", claim.metric, claim.statistic) == name
        };
        let claim = self.view.study.slos.iter().find(of_this);
        Some(Panel {
            y: Axis {
                title: title_of(name),
                quantity: words::quantity(unit),
                spacing: if logarithmic { Spacing::Log } else { Spacing::Linear },
            },
            lines: lines.collect(),
            limit: claim.map(|claim| Limit { label: "SLO".into(), value: claim.threshold }),
        })
    }

    /// What the faults did to goodput; without faults what goodput was.
    fn title(&self, workload: &str) -> String {
        let name = format!("{workload}.goodput");
        let bands: Vec<(&str, &Band)> =
            self.spots.iter().filter_map(|spot| Some((spot.arm, spot.cell.band(&name)?))).collect();
        let (from, to) = self.view.measured();
        let place = self.view.at_chosen();
        match self.view.study.faults.first() {
            Some(first) => story::after_faults(&bands, first, &self.times(workload), &place),
            None => story::goodputs(&bands, from, to, &place),
        }
    }

    /// The median time each arm took to recover, if faults ended.
    fn times(&self, workload: &str) -> Vec<(&str, f64)> {
        let of = |spot: &Spot<'_>| {
            let mut all = self.view.analysis.recoveries.iter();
            let mine = all.find(|found| found.cell == spot.index && found.workload == workload)?;
            mine.median
        };
        self.spots.iter().filter_map(|spot| Some((spot.arm, of(spot)?))).collect()
    }

    /// Whose queue grows longest.
    fn queue_title(&self, components: &[&str]) -> String {
        let longest = |spot: &Spot<'_>| {
            let queues = components
                .iter()
                .filter_map(|id| Some((*id, spot.cell.band(&format!("{id}.queue_length"))?)));
            let peak = |(id, band): (&str, &Band)| {
                let means = band.points.iter().flatten().map(|point| point.mean);
                (means.fold(0.0, f64::max), id.to_owned())
            };
            queues.map(peak).max_by(|one, other| one.0.total_cmp(&other.0))
        };
        let peaks = self.spots.iter().filter_map(|spot| Some((longest(spot)?, spot.arm)));
        match peaks.max_by(|one, other| one.0.0.total_cmp(&other.0.0)) {
            Some(((peak, id), arm)) if peak >= 1.0 => {
                let length = crate::charts::reading(Quantity::Count, peak);
                format!("The longest queue is that of {id} under {arm}: {length} waiting")
            }
            Some(_) | None => "Hardly anybody ever waits".to_owned(),
        }
    }
}

fn points(band: &Band) -> Vec<Point> {
    let point = |(bin, point): (usize, &Option<crate::analysis::BandPoint>)| {
        let t = (bin as f64 + 0.5) * band.bin;
        match point {
            Some(found) => Point {
                low: found.half_width.map(|half| (found.mean - half).max(0.0)),
                high: found.half_width.map(|half| found.mean + half),
                ..Point::new(t, found.mean)
            },
            None => Point::gap(t),
        }
    };
    band.points.iter().enumerate().map(point).collect()
}

/// One replication of a series.
fn example(run: Option<&RunReport>, name: &str) -> Vec<Point> {
    let series = run.and_then(|run| run.series.iter().find(|series| series.name == name));
    let points = series.into_iter().flat_map(|series| {
        series
            .values
            .iter()
            .enumerate()
            .map(|(bin, value)| Point { y: *value, ..Point::gap((bin as f64 + 0.5) * series.bin) })
    });
    points.collect()
}

/// `clients.latency.p99` as `clients: latency p99`, `clients.calls.lb.attempts` as `clients to lb: attempts`.
fn title_of(name: &str) -> String {
    if let Some((owner, kind)) = name.rsplit_once('.').filter(|(owner, _)| owner.contains(".calls.")) {
        return format!("{}: {kind}", words::calls(owner));
    }
    let (owner, kind) = name.split_once('.').unwrap_or(("", name));
    format!("{owner}: {}", kind.replace(['.', '_'], " "))
}
