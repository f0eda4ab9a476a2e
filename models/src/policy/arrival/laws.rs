//! What every process and profile obeys, tried on both catalogues, and the measures the members' tests use.

use sim_core::{check::Check, random::Streams, time::SimTime};

use super::{ArrivalSpec, Arrivals, Draws, ProfileSpec};
use crate::units::Rate;

/// Reads a value as the loader does.
pub(super) fn read<T: serde::de::DeserializeOwned>(text: &str) -> T {
    use ron::extensions::Extensions as On;
    let options = ron::Options::default()
        .with_default_extension(On::IMPLICIT_SOME | On::UNWRAP_NEWTYPES | On::UNWRAP_VARIANT_NEWTYPES);
    options.from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The nanoseconds at which requests come.
pub(super) fn arrivals(process: &str, profile: &str, rate: f64, seed: u64) -> impl Iterator<Item = u64> {
    let mut draws = Draws::new(&Streams::new(seed, 0), "clients");
    let mut source = Arrivals::new(&read(process), &read(profile), SimTime::ZERO, &mut draws);
    let mut now = SimTime::ZERO;
    std::iter::from_fn(move || {
        now = source.next(now, Rate(rate), &mut draws);
        (now < SimTime::NEVER).then_some(now.as_nanos())
    })
}

/// How many come in each of so many windows of so many seconds.
pub(super) fn counts(process: &str, profile: &str, rate: f64, window: f64, windows: usize) -> Vec<f64> {
    let mut counts = vec![0.0; windows];
    for at in arrivals(process, profile, rate, 7) {
        match counts.get_mut((at as f64 / 1e9 / window) as usize) {
            Some(count) => *count += 1.0,
            None => break,
        }
    }
    counts
}

pub(super) fn mean_and_variance(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (n - 1.0))
}

#[track_caller]
pub(super) fn near(found: f64, expected: f64, within: f64) {
    assert!((found - expected).abs() <= within, "{found} is not {expected} ± {within}");
}

/// Holds the counts of each second against the mean factor of that second, each within four standard deviations of
/// Poisson, all together within four of chi-square.
#[track_caller]
pub(super) fn follows(profile: &str, seconds: u64, factor: impl Fn(u64) -> f64) {
    let rate = 10_000.0;
    let counts = counts("Poisson()", profile, rate, 1.0, seconds as usize);
    let (mut squares, mut bins) = (0.0, 0.0_f64);
    for (second, count) in (0..).zip(counts) {
        let expected = rate * factor(second);
        near(count, expected, 4.0 * expected.sqrt());
        if expected > 0.0 {
            squares += (count - expected) * (count - expected) / expected;
            bins += 1.0;
        }
    }
    near(squares, bins, 4.0 * (2.0 * bins).sqrt());
}

/// The paths of what is wrong with a profile.
pub(super) fn wrong(profile: &str) -> Vec<String> {
    let mut check = Check::default();
    read::<ProfileSpec>(profile).check(&mut check);
    check.into_problems().iter().map(|problem| problem.path.join(".")).collect()
}

fn processes() -> Vec<ArrivalSpec> {
    ArrivalSpec::catalog().into_iter().map(|(_, _, spec)| spec).collect()
}

fn start(process: &ArrivalSpec, profile: &ProfileSpec) -> (Arrivals, Draws) {
    let mut draws = Draws::new(&Streams::new(3, 0), "clients");
    (Arrivals::new(process, profile, SimTime::ZERO, &mut draws), draws)
}

#[test]
fn every_process_keeps_its_long_run_rate_under_every_profile() {
    for process in processes() {
        for (name, _, profile) in ProfileSpec::catalog() {
            let (mut source, mut draws) = start(&process, &profile);
            let (mut now, mut count) = (SimTime::ZERO, 0.0);
            // Ten days, so that bursts and waves average out; a ramp and steps leave little of their own.
            while now < SimTime::from_nanos(864_000_000_000_000) {
                now = source.next(now, Rate(1.0), &mut draws);
                count += 1.0;
            }
            let mean_factor = if name == "Ramp" { 2.0 - 300.0 / 864_000.0 } else { 1.0 };
            near(count / 864_000.0, mean_factor, 0.02);
        }
    }
}

#[test]
fn twice_the_rate_is_the_same_pattern_in_half_the_time() {
    for process in processes() {
        if matches!(process, ArrivalSpec::Mmpp(_)) {
            // Its bursts come at the same moments at every rate.
            continue;
        }
        let (mut slow, mut slow_draws) = start(&process, &ProfileSpec::default());
        let (mut fast, mut fast_draws) = start(&process, &ProfileSpec::default());
        let (mut at, mut half) = (SimTime::ZERO, SimTime::ZERO);
        for _ in 0..1000 {
            at = slow.next(at, Rate(100.0), &mut slow_draws);
            half = fast.next(half, Rate(200.0), &mut fast_draws);
            assert!(at.as_nanos().abs_diff(2 * half.as_nanos()) <= 2, "{at} {half}");
        }
    }
}

#[test]
fn without_a_rate_nothing_ever_comes() {
    for process in processes() {
        for (_, _, profile) in ProfileSpec::catalog() {
            let (mut source, mut draws) = start(&process, &profile);
            for rate in [0.0, -1.0, f64::NAN] {
                assert_eq!(source.next(SimTime::ZERO, Rate(rate), &mut draws), SimTime::NEVER);
            }
        }
    }
}

#[test]
fn defaults_are_right_and_read_back() {
    let mut check = Check::default();
    for spec in processes() {
        spec.check(&mut check);
        assert_eq!(read::<ArrivalSpec>(&ron_text(&spec)), spec);
    }
    for (_, _, spec) in ProfileSpec::catalog() {
        spec.check(&mut check);
        assert_eq!(read::<ProfileSpec>(&ron_text(&spec)), spec);
    }
    assert_eq!(check.into_problems(), []);
}

fn ron_text(spec: &impl serde::Serialize) -> String {
    let on = ron::extensions::Extensions::UNWRAP_VARIANT_NEWTYPES;
    ron::Options::default().with_default_extension(on).to_string(spec).unwrap()
}

#[test]
fn mmpp_is_told_what_is_wrong_with_its_states() {
    let mut check = Check::default();
    read::<ArrivalSpec>(r#"Mmpp(states: [(rate_factor: 0, mean_sojourn: "0s")])"#).check(&mut check);
    let paths: Vec<_> = check.into_problems().iter().map(|problem| problem.path.join(".")).collect();
    assert_eq!(paths, ["Mmpp.states", "Mmpp.states.0.mean_sojourn"]);
}
