//! Whether a claim holds: yes, no, or not to be told from these replications, and then how many would tell.
//!
//! A quantile against a limit is not read off a histogram: p99 < 250 ms says that at most 1 % of the requests take
//! 250 ms or longer, and those are counted exactly. The verdict is the interval of that share against 1 %.

use serde::Serialize;
use sim_core::statistics::Bounds;

use super::{
    cell::CellAnalysis,
    estimate::{Estimate, share_bounds},
};
use crate::study::{Claim, Op, Study, tail_of};

/// What is known of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It holds.
    Pass,
    /// It does not.
    Fail,
    /// These replications cannot tell.
    Inconclusive,
}

/// Whether the author wished it or claimed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A wish that an arm may miss.
    Slo,
    /// The author's claim; a broken one is an error.
    Expect,
}

/// What a verdict rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The interval of the figure against the threshold.
    Interval,
    /// The exact share of observations over the limit, its interval against the quantile's tail.
    ShareOverLimit,
    /// Each replication for itself: counts, and what must be equal.
    EveryReplication,
    /// One replication, without an interval.
    OneReplication,
    /// A station falls behind: the figure grows with the run and passes every limit.
    Unstable,
    /// No replication measured the figure.
    NotMeasured,
}

/// The verdict on one claim at one cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Ruling {
    /// Wish or claim.
    pub kind: Kind,
    /// What was claimed.
    pub claim: Claim,
    /// Index of the cell.
    pub cell: usize,
    /// What is known of it.
    pub verdict: Verdict,
    /// What that rests on.
    pub basis: Basis,
    /// The mean of the figure over the replications.
    pub value: Option<f64>,
    /// Where its true mean lies.
    pub bounds: Option<Bounds>,
    /// About how many replications would decide; only where these cannot.
    pub replications_needed: Option<u64>,
    /// What a reader must know beside it; may be empty.
    pub note: String,
}

/// Every claim of the study at every cell it speaks of: SLOs first, each over all cells, then expectations.
pub fn rule(study: &Study, cells: &[CellAnalysis]) -> Vec<Ruling> {
    let wishes = study.slos.iter().map(|claim| (Kind::Slo, None, claim));
    let claims = study.expectations.iter().map(|expect| (Kind::Expect, Some(&expect.arm), &expect.claim));
    let mut rulings = Vec::new();
    for (kind, arm, claim) in wishes.chain(claims) {
        for (index, (cell, found)) in study.cells.iter().zip(cells).enumerate() {
            if arm.is_none_or(|arm| cell.is_of(arm)) {
                rulings.push(Ruling { kind, cell: index, ..judge(claim, found) });
            }
        }
    }
    rulings
}

/// The verdict on a claim at a cell, as an SLO of cell 0; [`rule`] says of which.
fn judge(claim: &Claim, cell: &CellAnalysis) -> Ruling {
    let estimate = cell.estimate(&claim.figure());
    let ruling = Ruling {
        kind: Kind::Slo,
        claim: claim.clone(),
        cell: 0,
        verdict: Verdict::Inconclusive,
        basis: Basis::NotMeasured,
        value: estimate.and_then(|estimate| estimate.mean),
        bounds: estimate.and_then(|estimate| estimate.bounds),
        replications_needed: None,
        note: String::new(),
    };
    let decision = estimate.and_then(|estimate| decide(claim, cell, estimate)).unwrap_or_else(|| Decision {
        note: format!("no replication measured {}", claim.figure()),
        ..Decision::of(Verdict::Inconclusive, Basis::NotMeasured)
    });
    Ruling {
        verdict: decision.verdict,
        basis: decision.basis,
        replications_needed: decision.needed,
        note: decision.note,
        ..ruling
    }
}

/// A verdict and what it rests on.
struct Decision {
    verdict: Verdict,
    basis: Basis,
    needed: Option<u64>,
    note: String,
}

impl Decision {
    fn of(verdict: Verdict, basis: Basis) -> Self {
        Self { verdict, basis, needed: None, note: String::new() }
    }

    fn plain(holds: bool, basis: Basis) -> Self {
        Self::of(if holds { Verdict::Pass } else { Verdict::Fail }, basis)
    }
}

fn decide(claim: &Claim, cell: &CellAnalysis, estimate: &Estimate) -> Option<Decision> {
    if let Some(growth) = cell.growth.as_ref().filter(|_| estimate.grows_when_unstable()) {
        let note = format!("unstable: {} falls behind, the figure grows with the run", growth.station);
        return Some(Decision {
            note,
            ..Decision::plain(claim.op.holds(f64::INFINITY, claim.threshold), Basis::Unstable)
        });
    }
    if claim.op == Op::Equal || claim.statistic == "count" {
        return by_every_replication(claim, estimate);
    }
    by_share_over_limit(claim, cell).or_else(|| by_value(claim, estimate))
}

fn by_every_replication(claim: &Claim, estimate: &Estimate) -> Option<Decision> {
    let measured: Vec<f64> = estimate.values.iter().flatten().copied().collect();
    let broken = measured.iter().filter(|value| !claim.op.holds(**value, claim.threshold)).count();
    let note = if broken == 0 {
        String::new()
    } else {
        format!("broken in {broken} of {} replications", measured.len())
    };
    let decision = Decision { note, ..Decision::plain(broken == 0, Basis::EveryReplication) };
    (!measured.is_empty()).then_some(decision)
}

/// The interval of the figure itself.
fn by_value(claim: &Claim, estimate: &Estimate) -> Option<Decision> {
    let mean = estimate.mean?;
    let count = estimate.count();
    if count == 1 {
        return Some(one_replication(claim.op.holds(mean, claim.threshold)));
    }
    if !mean.is_finite() {
        let infinite = estimate.values.iter().flatten().filter(|value| !value.is_finite()).count();
        let note = format!("infinite in {infinite} of {count} replications");
        return Some(Decision {
            note,
            ..Decision::plain(claim.op.holds(mean, claim.threshold), Basis::Interval)
        });
    }
    // Without an interval all replications agree on 0: there is nothing to be unsure between.
    let bounds = estimate.bounds.unwrap_or(Bounds { lower: mean, upper: mean });
    let verdict = against(claim.op, bounds, claim.threshold);
    Some(Decision {
        needed: needed(verdict, count, bounds, mean, claim.threshold),
        ..Decision::of(verdict, Basis::Interval)
    })
}

/// The exact share of observations over the limit against the quantile's tail.
fn by_share_over_limit(claim: &Claim, cell: &CellAnalysis) -> Option<Decision> {
    let tail = tail_of(&claim.statistic)?;
    let tally = cell.limit(&claim.distribution(), claim.limit?)?;
    // p99 < T leaves those at T outside, p99 <= T does not; the opposites likewise.
    let strict = matches!(claim.op, Op::Less | Op::AtLeast);
    let counts: Vec<(u64, u64)> = tally
        .counts
        .iter()
        .map(|count| {
            (if strict { count.at + count.over } else { count.over }, count.under + count.at + count.over)
        })
        .filter(|(_, trials)| *trials > 0)
        .collect();
    let share = |(over, trials): (u64, u64)| over as f64 / trials as f64;
    // The quantile keeps its limit exactly when the share does not exceed its tail.
    let kept = if claim.op.wants_less() { Op::AtMost } else { Op::Greater };
    if let [only] = counts.as_slice() {
        return Some(one_replication(kept.holds(share(*only), tail)));
    }
    let (bounds, _) = share_bounds(&counts)?;
    let mean = counts.iter().copied().map(share).sum::<f64>() / counts.len() as f64;
    let verdict = against(kept, bounds, tail);
    Some(Decision {
        needed: needed(verdict, counts.len() as u64, bounds, mean, tail),
        ..Decision::of(verdict, Basis::ShareOverLimit)
    })
}

fn one_replication(holds: bool) -> Decision {
    Decision {
        note: "(1 replication, no interval)".to_owned(),
        ..Decision::plain(holds, Basis::OneReplication)
    }
}

/// Pass if the whole interval keeps the threshold, fail if none of it does.
fn against(op: Op, bounds: Bounds, threshold: f64) -> Verdict {
    match (op.holds(bounds.lower, threshold), op.holds(bounds.upper, threshold)) {
        (true, true) => Verdict::Pass,
        (false, false) => Verdict::Fail,
        (true, false) | (false, true) => Verdict::Inconclusive,
    }
}

/// How many replications would bring the interval's half-width down to the distance from the threshold.
fn needed(verdict: Verdict, count: u64, bounds: Bounds, mean: f64, threshold: f64) -> Option<u64> {
    let half = (bounds.upper - bounds.lower) / 2.0;
    let ratio = half / (mean - threshold).abs();
    let replications = (count as f64 * ratio * ratio).ceil();
    // At the threshold itself no number of replications decides.
    (verdict == Verdict::Inconclusive && replications.is_finite())
        .then(|| (replications as u64).max(count + 1))
}

#[cfg(test)]
mod tests {
    use models::report::{LimitCount, Metric, RunReport, Unit};

    use super::*;
    use crate::analysis::stability::Growth;

    fn claim(figure: &str, op: Op, threshold: f64) -> Claim {
        let (metric, statistic) = figure.rsplit_once('.').unwrap();
        Claim {
            text: format!("{figure} {} {threshold}", op.symbol()),
            metric: metric.into(),
            statistic: statistic.into(),
            window: None,
            op,
            threshold,
            limit: Some((threshold * 1e9 + 0.5) as u64),
            unit: String::new(),
        }
    }

    fn cell(figure: &str, values: &[f64]) -> CellAnalysis {
        let metric =
            |value| Metric { name: figure.into(), unit: Unit::Seconds, value: Some(value), samples: 1000 };
        let report = |value| RunReport { metrics: vec![metric(value)], ..RunReport::default() };
        let runs: Vec<_> = values.iter().enumerate().map(|(r, value)| (r as u64, report(*value))).collect();
        CellAnalysis::of(&runs)
    }

    /// Ten values with this mean and this half-width of their 95 % interval.
    fn ten(mean: f64, half: f64) -> Vec<f64> {
        // Alternating ±d has standard deviation d·√(10/9); t.975 with 9 degrees of freedom is 2.262157.
        let d = half * 3.0 / 2.262_157;
        (0..10).map(|i| if i % 2 == 0 { mean + d } else { mean - d }).collect()
    }

    fn verdict(op: Op, threshold: f64, values: &[f64]) -> (Verdict, Option<u64>) {
        let ruling =
            judge(&claim("clients.latency.mean", op, threshold), &cell("clients.latency.mean", values));
        (ruling.verdict, ruling.replications_needed)
    }

    #[test]
    fn the_interval_decides_or_says_how_many_would() {
        assert_eq!(verdict(Op::Less, 0.300, &ten(0.2922, 0.0209)), (Verdict::Inconclusive, Some(72)));
        assert_eq!(verdict(Op::Less, 0.300, &ten(0.3600, 0.1043)), (Verdict::Inconclusive, Some(31)));
        assert_eq!(verdict(Op::Less, 0.250, &ten(0.3600, 0.1043)), (Verdict::Fail, None));
        assert_eq!(verdict(Op::Less, 0.350, &ten(0.2922, 0.0209)), (Verdict::Pass, None));
        assert_eq!(verdict(Op::Greater, 0.250, &ten(0.3600, 0.1043)), (Verdict::Pass, None));
        assert_eq!(verdict(Op::Greater, 0.350, &ten(0.2922, 0.0209)), (Verdict::Fail, None));
    }

    #[test]
    fn ends_on_the_threshold_follow_the_operator() {
        let bounds = Bounds { lower: 1.0, upper: 2.0 };
        assert_eq!(against(Op::Less, bounds, 2.0), Verdict::Inconclusive);
        assert_eq!(against(Op::AtMost, bounds, 2.0), Verdict::Pass);
        assert_eq!(against(Op::Less, bounds, 1.0), Verdict::Fail);
        assert_eq!(against(Op::AtMost, bounds, 1.0), Verdict::Inconclusive);
    }

    #[test]
    fn one_replication_decides_and_says_that_it_is_one() {
        let ruling = judge(&claim("a.latency.mean", Op::Less, 2.0), &cell("a.latency.mean", &[1.0]));
        assert_eq!((ruling.verdict, ruling.basis), (Verdict::Pass, Basis::OneReplication));
        assert_eq!(ruling.note, "(1 replication, no interval)");
    }

    #[test]
    fn counts_and_equality_hold_in_every_replication_or_not_at_all() {
        let letters =
            |values: &[f64], op| judge(&claim("dead.length.max", op, 0.0), &cell("dead.length.max", values));
        assert_eq!(letters(&[0.0; 10], Op::Equal).verdict, Verdict::Pass);
        let broken = letters(&[0.0, 0.0, 1.0], Op::Equal);
        assert_eq!((broken.verdict, broken.note.as_str()), (Verdict::Fail, "broken in 1 of 3 replications"));
        let few = judge(&claim("a.errors.count", Op::Less, 5.0), &cell("a.errors.count", &[4.0, 4.0, 5.0]));
        assert_eq!((few.verdict, few.basis), (Verdict::Fail, Basis::EveryReplication));
    }

    #[test]
    fn a_quantile_is_decided_by_the_counter_and_not_by_its_own_interval() {
        let limit =
            |over| LimitCount { name: "a.latency".into(), limit: 250_000_000, under: 9_900, at: 20, over };
        let mut found = cell("a.latency.p99", &ten(0.260, 0.001));
        found.limits = vec![super::super::cell::LimitTally {
            name: "a.latency".into(),
            limit: 250_000_000,
            counts: vec![limit(79), limit(80), limit(80)],
        }];
        // Exactly 1 % may be at the limit or over it; 99 and 100 of 10 000 are.
        let strict = judge(&claim("a.latency.p99", Op::Less, 0.25), &found);
        assert_eq!((strict.basis, strict.verdict), (Basis::ShareOverLimit, Verdict::Inconclusive));
        // Those at the limit keep `<=`.
        assert_eq!(judge(&claim("a.latency.p99", Op::AtMost, 0.25), &found).verdict, Verdict::Pass);
        assert_eq!(judge(&claim("a.latency.p99", Op::Greater, 0.25), &found).verdict, Verdict::Fail);
        // Another limit was not counted, so the interval decides.
        assert_eq!(judge(&claim("a.latency.p99", Op::Less, 0.1), &found).basis, Basis::Interval);
    }

    #[test]
    fn an_unstable_cell_fails_latency_claims_whatever_it_measured() {
        let mut found = cell("a.latency.p99", &ten(0.1, 0.001));
        found.growth = Some(Growth { station: "web[15]".into(), per_second: 16.0 });
        let ruling = judge(&claim("a.latency.p99", Op::Less, 0.25), &found);
        assert_eq!((ruling.verdict, ruling.basis), (Verdict::Fail, Basis::Unstable));
    }

    #[test]
    fn what_never_ends_fails_and_what_is_not_measured_stays_open() {
        let ruling = judge(
            &claim("a.time_to_recover.max", Op::Less, 60.0),
            &cell("a.time_to_recover.max", &[4.0, f64::INFINITY]),
        );
        assert_eq!(
            (ruling.verdict, ruling.note.as_str()),
            (Verdict::Fail, "infinite in 1 of 2 replications")
        );
        let missing = judge(&claim("b.latency.p99", Op::Less, 1.0), &cell("a.latency.p99", &[1.0]));
        assert_eq!((missing.verdict, missing.basis), (Verdict::Inconclusive, Basis::NotMeasured));
    }
}
