//! What became of a workload in one run after the last fault: when its goodput was normal for good, and how things
//! stand late in the run.

use models::report::{Metric, RunReport, Series, Unit};
use sim_core::statistics::Tally;

use crate::study::{Horizon, Study};

/// Goodput is looked at in moving averages over that many seconds: single seconds are noise.
const SMOOTH: f64 = 10.0;
/// From that share of what it was, goodput is normal.
const NORMAL: f64 = 0.95;
/// Where requests are few, so many standard deviations of the average below what it was are normal as well.
const DEVIATIONS: f64 = 4.0;
/// Goodput below that share of what it was, late in the run, is a system that does not recover.
const STUCK_BELOW: f64 = 0.5;
/// Load that moved by more than that share is another load.
const SAME_LOAD: f64 = 0.1;
/// A line that falls below that share of itself while a run is late drains.
const DRAINING: f64 = 0.9;
/// The last part of the run that counts as late; it must lie after the fault.
const LATE_FROM: f64 = 0.75;

/// How one workload fared in one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Aftermath {
    /// The workload.
    pub workload: String,
    /// Seconds from the last fault's end until goodput was normal for good; infinite if it never was.
    pub recovered_after: f64,
    /// How things stand late in the run, if they are still down although load and capacity are what they were.
    pub stuck: Option<Late>,
}

/// How things stand late in a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Late {
    /// Goodput before the first fault, a second.
    pub before: f64,
    /// Goodput now.
    pub goodput: f64,
    /// Requests offered now.
    pub demand: Option<f64>,
    /// Attempts made for them now.
    pub attempts: Option<f64>,
    /// The component with the longest line, and how many wait there.
    pub longest: Option<(String, f64)>,
}

/// When the first fault begins, when the last one ends, when the run ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Course {
    first: f64,
    pub(super) over: f64,
    pub(super) end: f64,
}

impl Course {
    /// None without a fault, or if one lasts to the end.
    pub(super) fn of(study: &Study) -> Option<Self> {
        let end = match study.horizon {
            Horizon::SteadyState { warmup, measure } => warmup + measure,
            Horizon::Terminating { end } => end,
        };
        let first = study.faults.iter().map(|fault| fault.from).reduce(f64::min)?;
        let over = study.faults.iter().map(|fault| fault.to).reduce(f64::max)?;
        (over + SMOOTH <= end).then_some(Self { first, over, end })
    }

    /// The stretch before the first fault; its first half is left to the system to fill.
    fn before(&self) -> (f64, f64) {
        (self.first / 2.0, self.first)
    }

    /// The last part of the run, if the fault was over by then.
    fn late(&self) -> Option<(f64, f64)> {
        let from = self.end * LATE_FROM;
        (self.over < from).then_some((from, self.end))
    }
}

/// What became of every workload; and tells the run's report when each was back.
pub fn aftermaths(study: &Study, run: &mut RunReport) -> Vec<Aftermath> {
    let Some(course) = Course::of(study) else { return Vec::new() };
    let told = study.workloads.iter().filter_map(|workload| aftermath(run, course, workload));
    let told: Vec<Aftermath> = told.collect();
    run.metrics.extend(told.iter().map(|told| Metric {
        name: format!("{}.time_to_recover.max", told.workload),
        unit: Unit::Seconds,
        value: Some(told.recovered_after),
        samples: 1,
    }));
    told
}

fn aftermath(run: &RunReport, course: Course, workload: &str) -> Option<Aftermath> {
    let goodput = series(run, &format!("{workload}.goodput"))?;
    let recovered_after = recovered_after(goodput, course)?;
    let stuck = recovered_after.is_infinite().then(|| stuck(run, goodput, course, workload)).flatten();
    Some(Aftermath { workload: workload.to_owned(), recovered_after, stuck })
}

fn recovered_after(goodput: &Series, course: Course) -> Option<f64> {
    let (from, to) = course.before();
    let before: Tally = within(goodput, from, to).collect();
    let bins = (SMOOTH / goodput.bin).ceil().max(1.0) as usize;
    let mean = before.mean().filter(|mean| *mean > 0.0)?;
    let noise = before.deviation().unwrap_or(0.0) / (bins as f64).sqrt();
    let normal = (NORMAL * mean).min(mean - DEVIATIONS * noise).max(STUCK_BELOW * mean);
    let first = (course.over / goodput.bin).ceil() as usize;
    let is_normal =
        |window: &&[Option<f64>]| window.iter().flatten().sum::<f64>() / window.len() as f64 >= normal;
    // From the end back to the last stretch that was not normal: what came before it was not for good.
    let normal_ones = goodput.values.get(first..)?.windows(bins).rev().take_while(is_normal).count();
    let all = (goodput.values.len() - first + 1).checked_sub(bins).filter(|all| *all > 0)?;
    if normal_ones == 0 {
        return Some(f64::INFINITY);
    }
    Some(((first + all - normal_ones) as f64 * goodput.bin - course.over).max(0.0))
}

fn stuck(run: &RunReport, goodput: &Series, course: Course, workload: &str) -> Option<Late> {
    let (before, late) = (course.before(), course.late()?);
    let was = mean(goodput, before)?;
    let is = mean(goodput, late).filter(|is| *is < STUCK_BELOW * was)?;
    let offered = series(run, &format!("{workload}.offered"));
    let demand = |when| offered.and_then(|offered| mean(offered, when));
    let moved = |(was, is): (f64, f64)| (is - was).abs() > SAME_LOAD * was;
    if demand(before).zip(demand(late)).is_some_and(moved) || is_draining(run, late) {
        return None;
    }
    let calls = format!("{workload}.calls.");
    let of_calls = run.series.iter().filter(|series| {
        series.name.strip_prefix(&calls).is_some_and(|callee| callee.ends_with(".attempts"))
    });
    let attempts: Vec<f64> = of_calls.filter_map(|series| mean(series, late)).collect();
    Some(Late {
        before: was,
        goodput: is,
        demand: demand(late),
        attempts: (!attempts.is_empty()).then(|| attempts.iter().sum()),
        longest: longest(run, late),
    })
}

/// Whether the longest line becomes shorter: a system that works off what has piled up is late, not stuck.
fn is_draining(run: &RunReport, (from, to): (f64, f64)) -> bool {
    let middle = f64::midpoint(from, to);
    let line = longest(run, (from, middle)).and_then(|(at, was)| {
        let line = series(run, &format!("{at}.queue_length"))?;
        Some((was, mean(line, (middle, to))?))
    });
    line.is_some_and(|(was, is)| is < DRAINING * was)
}

/// Where most wait.
fn longest(run: &RunReport, when: (f64, f64)) -> Option<(String, f64)> {
    let line = |series: &Series| {
        let component = series.name.strip_suffix(".queue_length")?;
        Some((component.to_owned(), mean(series, when)?))
    };
    let lines = run.series.iter().filter_map(line).filter(|(_, waiting)| *waiting >= 1.0);
    lines.max_by(|one, other| one.1.total_cmp(&other.1))
}

fn series<'a>(run: &'a RunReport, name: &str) -> Option<&'a Series> {
    run.series.iter().find(|series| series.name == name)
}

fn mean(series: &Series, (from, to): (f64, f64)) -> Option<f64> {
    within(series, from, to).collect::<Tally>().mean()
}

/// The values of the bins that lie wholly within `from..to` seconds.
fn within(series: &Series, from: f64, to: f64) -> impl Iterator<Item = f64> {
    let inside = move |bin: usize| bin as f64 * series.bin >= from && (bin + 1) as f64 * series.bin <= to;
    series.values.iter().enumerate().filter(move |(bin, _)| inside(*bin)).filter_map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::Fault;

    fn study() -> Study {
        Study {
            workloads: vec!["clients".into()],
            horizon: Horizon::Terminating { end: 600.0 },
            faults: vec![Fault { label: "CapacityLoss".into(), from: 120.0, to: 150.0 }],
            ..Study::default()
        }
    }

    /// One value for each second.
    fn seconds(name: &str, level: impl Fn(usize) -> f64) -> Series {
        let values = (0..600).map(|second| Some(level(second))).collect();
        Series { name: name.into(), unit: Unit::PerSecond, bin: 1.0, values }
    }

    fn told(series: Vec<Series>) -> Vec<Aftermath> {
        aftermaths(&study(), &mut RunReport { series, ..RunReport::default() })
    }

    fn recovered(level: impl Fn(usize) -> f64) -> f64 {
        told(vec![seconds("clients.goodput", level)])[0].recovered_after
    }

    #[test]
    fn it_is_back_when_it_stays_back() {
        let down_until = |back| move |second| if (120..back).contains(&second) { 0.0 } else { 700.0 };
        assert_eq!(recovered(down_until(150)), 0.0);
        assert_eq!(recovered(down_until(167)), 17.0);
        assert_eq!(recovered(down_until(600)), f64::INFINITY);
        // A relapse at 300 s: what came before was not for good.
        let relapse =
            |second| if (120..140).contains(&second) || (300..310).contains(&second) { 0.0 } else { 700.0 };
        assert_eq!(recovered(relapse), 160.0);
    }

    #[test]
    fn normal_is_95_percent_or_within_the_noise_of_before() {
        let after = |level: f64| move |second| if second < 120 { 700.0 } else { level };
        assert_eq!((recovered(after(665.0)), recovered(after(664.0))), (0.0, f64::INFINITY));
        // 10 and 30 by turns deviate by 10, averages over ten bins by 10 / √10: 20 − 4 × 3.2 = 7.3 lies below the
        // half that always counts as down.
        let noisy = |level: f64| {
            move |second| match second {
                0..120 if second % 2 == 0 => 10.0,
                0..120 => 30.0,
                _ => level,
            }
        };
        assert_eq!((recovered(noisy(10.0)), recovered(noisy(9.9))), (0.0, f64::INFINITY));
    }

    #[test]
    fn the_report_gets_a_figure() {
        let mut run = RunReport { series: vec![seconds("clients.goodput", |_| 1.0)], ..RunReport::default() };
        aftermaths(&study(), &mut run);
        assert_eq!(
            (run.metrics[0].name.as_str(), run.metrics[0].value),
            ("clients.time_to_recover.max", Some(0.0))
        );
    }

    #[test]
    fn stuck_is_below_half_under_the_same_load() {
        let stuck = |after: f64, load: f64| {
            let level = |before, after| move |second| if second < 120 { before } else { after };
            let late = told(vec![
                seconds("clients.goodput", level(700.0, after)),
                seconds("clients.offered", level(700.0, load)),
                seconds("clients.calls.checkout.attempts", level(700.0, 2800.0)),
                seconds("checkout.queue_length", level(0.0, 20_000.0)),
            ]);
            late[0].stuck.clone()
        };
        let late = stuck(349.0, 700.0).unwrap();
        assert_eq!(
            (late.before, late.goodput, late.demand, late.attempts),
            (700.0, 349.0, Some(700.0), Some(2800.0))
        );
        assert_eq!(late.longest, Some(("checkout".to_owned(), 20_000.0)));
        assert_eq!(stuck(351.0, 700.0), None);
        assert_eq!(stuck(349.0, 629.0), None);
    }

    #[test]
    fn a_line_that_drains_is_late_but_not_stuck() {
        let stuck = |a_second: f64| {
            let line = move |second: usize| 50_000.0 - a_second * second as f64;
            let found = told(vec![
                seconds("clients.goodput", |second| if second < 120 { 700.0 } else { 0.0 }),
                seconds("checkout.queue_length", line),
            ]);
            found[0].stuck.is_some()
        };
        // The middles of the late halves are 75 s apart, and 75 s of 40/s are a tenth of 50 000 less 487.5 s of 40/s.
        assert!(stuck(0.0) && stuck(-10.0) && stuck(30.0) && !stuck(50.0));
    }

    #[test]
    fn without_an_end_of_the_fault_nothing_is_told() {
        let mut study = study();
        study.faults[0].to = 600.0;
        let mut run = RunReport { series: vec![seconds("clients.goodput", |_| 1.0)], ..RunReport::default() };
        assert_eq!(aftermaths(&study, &mut run), []);
    }
}
