//! A house whose simulator is a formula with noise: quick, deterministic, and as unsteady as a test wants.
//!
//! Three arms at three loads. `even` is best when load is low, `fast` when it is high, `blind` cannot keep up from 0.7
//! on. Noise is SplitMix64 over the seed and the replication, shared by all cells, with a little of each cell's own.

mod storm;

use std::{fs, path::Path, thread, time::Duration};

use experiments::{
    campaign::Texts,
    cli::{
        Busiest, Catalogue, Depth, Entry, Experiment, Forecast, LoadFailure, Loaded, Overrides, Sources,
        Template, TheoryCheck,
    },
    runner::{Execute, RunFailure, Supervisor},
    study::{Axis, Cell, Claim, Expectation, Horizon, Op, Study},
};
use models::report::{Backlog, LimitCount, Metric, RunReport, Series, Unit};
use models::trace::Traces;
use sim_core::{random::name_hash, statistics::Histogram};

pub(crate) struct Fake;

const ARMS: [&str; 3] = ["blind", "even", "fast"];
const LOADS: [&str; 3] = ["0.5", "0.7", "0.95"];

impl Sources for Fake {
    /// Reads a few words of the file: `wrong`, `crash`, `slow`, `expect`, `doubt`, `drift`.
    fn load(&self, file: &Path, overrides: &Overrides) -> Result<Loaded, LoadFailure> {
        let text =
            fs::read_to_string(file).map_err(|error| LoadFailure::Unreadable(format!("error: {error}")))?;
        if text.contains("wrong") {
            return Err(LoadFailure::Invalid("error[E0201]: wrong".into()));
        }
        let study = if text.contains("storm") { storm::study() } else { study(&text, overrides) };
        if study.cells.is_empty() {
            return Err(LoadFailure::NothingMatched("error: no arm matches".into()));
        }
        let texts = Texts { experiment: text.clone(), resolved: text.clone() };
        let experiment = Box::new(Formula { study: study.clone(), text });
        Ok(Loaded { study, texts, warnings: String::new(), experiment })
    }

    fn catalogue(&self, _what: Catalogue) -> Vec<Entry> {
        vec![Entry { group: "balancing".into(), name: "Random".into(), summary: "any of them".into() }]
    }

    fn explain(&self, name: &str) -> Option<String> {
        (name == "Random").then(|| "Random: any of them".to_owned())
    }

    fn similar(&self, _name: &str) -> Vec<String> {
        vec!["Random".into()]
    }

    fn templates(&self) -> Vec<Template> {
        vec![Template {
            name: "plain".into(),
            summary: "a question".into(),
            text: "( name: \"fake\" )\n".into(),
        }]
    }

    fn theory(&self) -> Vec<TheoryCheck> {
        let check = |name: &str, simulated: f64, negative_control| TheoryCheck {
            suite: "M/M/1",
            name: name.into(),
            expected: 5.0,
            tolerance: 0.05,
            depth: Depth::Quick,
            negative_control,
            simulate: Box::new(move || simulated),
        };
        vec![check("mean time in system", 5.02, false), check("service 3 % slower", 5.9, true)]
    }
}

fn study(text: &str, overrides: &Overrides) -> Study {
    let replications = overrides.replications.map_or(6, u64::from);
    let cell = |arm: &str, load: &str| Cell {
        arm: arm.into(),
        point: vec![load.into()],
        hash: format!("{:016x}", name_hash(&format!("{arm}@{load}"))),
        replications,
        expected_events: 1000.0,
    };
    let wanted = |arm: &&&str| overrides.arm.is_empty() || overrides.arm.iter().any(|wanted| wanted == **arm);
    let mut study = Study {
        name: "fake".into(),
        question: "Who keeps p99 below 250 ms?".into(),
        hash: "3f9c2a71".into(),
        workloads: vec!["clients".into()],
        arms: ARMS.map(str::to_owned).to_vec(),
        baseline: Some("blind".into()),
        axes: vec![Axis { path: "clients.load.fraction".into(), values: LOADS.map(str::to_owned).to_vec() }],
        cells: ARMS.iter().filter(wanted).flat_map(|arm| LOADS.map(|load| cell(arm, load))).collect(),
        seed: overrides.seed.unwrap_or(1),
        replications,
        common_random_numbers: true,
        horizon: Horizon::SteadyState { warmup: 20.0, measure: 100.0 },
        slos: vec![claim("clients.latency", "p99", Op::Less, 0.25, "ms")],
        ..Study::default()
    };
    let expect = |threshold| Expectation {
        arm: "fast".into(),
        claim: claim("clients.latency", "p99", Op::Less, threshold, "ms"),
    };
    if text.contains("expect") {
        study.expectations.push(expect(0.05));
    }
    if text.contains("doubt") {
        // No limit is counted there, and the interval at 0.95 straddles it.
        study.expectations.push(Expectation {
            arm: "fast".into(),
            claim: claim("clients.latency", "mean", Op::Less, 0.0556, "ms"),
        });
    }
    study
}

fn claim(metric: &str, statistic: &str, op: Op, threshold: f64, unit: &str) -> Claim {
    Claim {
        text: format!("{metric}.{statistic} {} {}{unit}", op.symbol(), threshold * 1e3),
        metric: metric.into(),
        statistic: statistic.into(),
        window: None,
        op,
        threshold,
        limit: Some((threshold * 1e9 + 0.5) as u64),
        unit: unit.into(),
    }
}

struct Formula {
    study: Study,
    text: String,
}

impl Experiment for Formula {
    fn forecast(&self) -> Option<Forecast> {
        let load = |cell: &Cell| cell.point[0].parse::<f64>().ok();
        let busiest = |cell: &Cell| Busiest {
            load: load(cell).filter(|_| cell.arm == "blind").map(|load| load * 1.9),
            station: "web[15]".into(),
        };
        Some(Forecast {
            requests: 9.9e7,
            cpu_seconds: 15.0,
            fewest_requests: 155_000.0,
            capacity: vec!["web: 15 × 200/s + 1 × 100/s = 3100/s".into()],
            busiest: self.study.cells.iter().map(busiest).collect(),
        })
    }

    fn trace(&self, cell: usize, replication: u64, supervisor: &Supervisor) -> Result<RunReport, RunFailure> {
        // Nothing is simulated here, and so no request can be recorded.
        self.execute(cell, replication, supervisor)
    }
}

impl Execute for Formula {
    fn execute(
        &self,
        cell: usize,
        replication: u64,
        supervisor: &Supervisor,
    ) -> Result<RunReport, RunFailure> {
        if self.text.contains("slow") {
            thread::sleep(Duration::from_millis(15));
        }
        if supervisor.stopped() {
            return Err(RunFailure::Interrupted);
        }
        let cell = &self.study.cells[cell];
        assert!(
            !(self.text.contains("crash") && cell.arm == "even" && replication == 2),
            "the books of web do not balance: 7 arrived, 6 left"
        );
        if self.text.contains("storm") {
            return Ok(storm::report(cell, replication));
        }
        let change = if self.text.contains("drift") { 1.06 } else { 1.0 };
        Ok(report(self.study.seed, cell, replication, change))
    }
}

/// Every figure of one run.
fn report(seed: u64, cell: &Cell, replication: u64, change: f64) -> RunReport {
    let load: f64 = cell.point[0].parse().unwrap();
    let shared = unit(mix(seed ^ mix(replication))) - 0.5;
    let own = unit(mix(seed ^ mix(replication ^ name_hash(&cell.hash)))) - 0.5;
    let base = match cell.arm.as_str() {
        "even" => 0.0904 + 0.03 * load,
        "fast" => 0.110 + 0.002 * load,
        _ => 0.3 + load,
    };
    let p99 = (base * change + 0.004 * shared + 0.002 * own).max(0.0);
    let slow = if p99 < 0.25 { 20 } else { 1500 };
    let arrivals = 1000.0 * load;
    let growth = if cell.arm == "blind" && load > 0.6 { 100.0 * (load - 0.5) + own } else { own };
    let mut histogram = Histogram::default();
    for rank in 1..=1000_u64 {
        histogram.record((p99 * 1e6) as u64 * rank);
    }
    let metric =
        |name: &str, unit, value| Metric { name: name.into(), unit, value: Some(value), samples: 100_000 };
    let mut metrics = vec![
        metric("clients.goodput.mean", Unit::PerSecond, arrivals + shared),
        metric("clients.in_flight.mean", Unit::Count, arrivals * p99 / 2.0),
        metric("clients.latency.mean", Unit::Seconds, p99 / 2.0),
        metric("clients.latency.p99", Unit::Seconds, p99),
        metric("clients.success_ratio.mean", Unit::Ratio, 1.0),
        metric("web.utilization.mean", Unit::Ratio, load),
    ];
    metrics.sort_by(|one, other| one.name.cmp(&other.name));
    let wave = |bin: u64| Some(arrivals * p99 / 2.0 + unit(mix(mix(replication) ^ bin)) - 0.5);
    RunReport {
        events: 1000 + (load * 100.0) as u64,
        requests: 400,
        metrics,
        series: vec![Series {
            name: "clients.in_flight".into(),
            unit: Unit::Count,
            bin: 1.0,
            values: (0..120).map(wave).collect(),
        }],
        histograms: vec![("clients.latency".into(), histogram)],
        limits: vec![LimitCount {
            name: "clients.latency".into(),
            limit: 250_000_000,
            under: 100_000 - slow,
            at: 0,
            over: slow,
        }],
        decisions: Vec::new(),
        backlogs: vec![Backlog {
            station: "web[15]".into(),
            growth,
            arrivals,
            served: if growth > 2.0 { 0.9 } else { 1.0 },
        }],
        digest: mix(seed ^ (p99 * 1e9) as u64),
        traces: Traces::default(),
    }
}

/// SplitMix64's step and finaliser.
fn mix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}
