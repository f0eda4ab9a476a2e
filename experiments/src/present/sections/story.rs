//! The story of a run in a sentence: what the faults took, who was back when, or where goodput lies without faults.

use models::report::Unit;
use sim_core::statistics::Tally;

use super::super::words::{self, Who};
use crate::{
    analysis::Band,
    charts::{data::Quantity, plain},
    study::Fault,
};

/// Values that differ by less than that factor are told as one.
const ALIKE: f64 = 1.02;

/// What the faults did to goodput, and which arm was back when: `times` are the medians, infinite for who never was.
pub(super) fn after_faults(
    bands: &[(&str, &Band)],
    first: &Fault,
    times: &[(&str, f64)],
    place: &str,
) -> String {
    let label = first.label.trim();
    let level = |(_, band): &(&str, &Band)| band.mean_within(first.from / 2.0, first.from);
    let during =
        |(arm, band): &(&str, &Band)| Some((band.mean_within(first.from, first.to)?, (*arm).to_owned()));
    let mut parts = vec![format!(
        "{label}{place} takes goodput {}",
        fall(
            bands.iter().filter_map(level).collect::<Tally>().mean(),
            &bands.iter().filter_map(during).collect::<Vec<_>>(),
        )
    )];
    let (back, down): (Vec<_>, Vec<_>) = times.iter().partition(|(_, time)| time.is_finite());
    let back: Vec<(f64, String)> = back.iter().map(|(arm, time)| (*time, (*arm).to_owned())).collect();
    let down: Vec<&str> = down.iter().map(|(arm, _)| *arm).collect();
    if let Some(times) = range(&back, Unit::Seconds, ["", " to "]) {
        parts.push(format!("goodput is back within {times} of its end"));
    }
    if !down.is_empty() {
        parts.push(format!("{} not recover", Who::of(&down, bands.len()).does("does", "do")));
    }
    parts.join("; ")
}

/// `from 69.7/s to between 7.10/s (long_queue) and 38.9/s (short_queue)`.
fn fall(before: Option<f64>, during: &[(f64, String)]) -> String {
    let before = before.map_or("–".to_owned(), |before| words::shown(Unit::PerSecond, before));
    let during = range(during, Unit::PerSecond, ["between ", " and "]);
    format!("from {before} to {}", during.unwrap_or_else(|| "–".to_owned()))
}

/// One value if all are alike, else the least and the greatest with their arms, joined by these words.
fn range(values: &[(f64, String)], unit: Unit, [before, between]: [&str; 2]) -> Option<String> {
    let by_value = |one: &&(f64, String), other: &&(f64, String)| one.0.total_cmp(&other.0);
    let (least, most) = (values.iter().min_by(by_value)?, values.iter().max_by(by_value)?);
    // Bins are whole seconds as a rule: three digits would boast.
    let shown = |value| match unit {
        Unit::Seconds => plain(Quantity::Seconds, value),
        Unit::PerSecond | Unit::Count | Unit::Ratio | Unit::Bytes => words::shown(unit, value),
    };
    let told = |(value, arm): &(f64, String)| format!("{} ({arm})", shown(*value));
    Some(match values {
        [only] => told(only),
        _ if most.0 <= ALIKE * least.0 => shown(most.0),
        _ => format!("{before}{}{between}{}", told(least), told(most)),
    })
}

/// Without a fault: where goodput lies.
pub(super) fn goodputs(bands: &[(&str, &Band)], from: f64, to: f64, place: &str) -> String {
    let means: Vec<(f64, &str)> =
        bands.iter().filter_map(|(arm, band)| Some((band.mean_within(from, to)?, *arm))).collect();
    let by_mean = |one: &&(f64, &str), other: &&(f64, &str)| one.0.total_cmp(&other.0);
    let rate = |value| words::shown(Unit::PerSecond, value);
    match (means.iter().min_by(by_mean), means.iter().max_by(by_mean)) {
        (Some((low, _)), Some((high, _))) if *high <= ALIKE * low => {
            format!("Goodput is {} on average{place}, under every arm", rate(*high))
        }
        (Some((low, worst)), Some((high, best))) => {
            format!("Goodput averages {} under {best} and {} under {worst}{place}", rate(*high), rate(*low))
        }
        _ => format!("The run over time{place}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::BandPoint;

    /// 700/s, 250/s through the fault, nothing until `back`, then 700/s again.
    fn band(back: usize) -> Band {
        let level = |second: usize| match second {
            120..150 => 250.0,
            second if second >= 150 && second < back => 0.0,
            _ => 700.0,
        };
        let point = |second| Some(BandPoint { mean: level(second), half_width: None });
        Band { name: String::new(), unit: Unit::PerSecond, bin: 1.0, points: (0..300).map(point).collect() }
    }

    #[test]
    fn what_a_fault_took_and_who_came_back() {
        let (soon, late, never) = (band(160), band(200), band(300));
        let fault = Fault { label: "CapacityLoss web".into(), from: 120.0, to: 150.0 };
        let told = |bands: &[(&str, &Band)], times: &[(&str, f64)]| after_faults(bands, &fault, times, "");
        assert_eq!(
            told(
                &[("a", &soon), ("b", &late), ("c", &never)],
                &[("a", 10.0), ("b", 50.0), ("c", f64::INFINITY)]
            ),
            "CapacityLoss web takes goodput from 700/s to 250/s; \
             goodput is back within 10 s (a) to 50 s (b) of its end; c does not recover"
        );
        assert_eq!(
            told(&[("a", &never)], &[("a", f64::INFINITY)]),
            "CapacityLoss web takes goodput from 700/s to 250/s (a); a does not recover"
        );
    }

    #[test]
    fn without_a_fault_goodput_is_told() {
        let (full, half) = (band(150), band(300));
        assert_eq!(goodputs(&[("a", &full)], 0.0, 100.0, ""), "Goodput is 700/s on average, under every arm");
        assert_eq!(
            goodputs(&[("a", &full), ("b", &half)], 150.0, 300.0, ""),
            "Goodput averages 700/s under a and 0/s under b"
        );
    }
}
