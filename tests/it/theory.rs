//! The simulator beside queueing theory: what `stampede selftest` tells a user, as tests, by the same rule.

use experiments::{
    cli::{Depth, TheoryCheck},
    theory::{Lab, checks},
};
use rayon::prelude::*;

/// A check agrees with theory, a control does not.
fn passes(check: &TheoryCheck, found: f64) -> bool {
    ((found - check.expected).abs() <= check.tolerance) != check.negative_control
}

/// A failure as it is told: which check, and its figures.
fn failure(check: &TheoryCheck, found: f64) -> String {
    let wanted = if check.negative_control { "not to be" } else { "to be" };
    format!(
        "{}: {} is {found:.6}, wanted {wanted} {:.6} ± {:.6}",
        check.suite, check.name, check.expected, check.tolerance
    )
}

#[test]
fn every_check_agrees_with_theory_and_every_control_does_not() {
    let checks: Vec<TheoryCheck> =
        checks(&Lab::default()).into_iter().filter(|check| check.depth <= Depth::Usual).collect();
    let found: Vec<f64> = checks.par_iter().map(|check| (check.simulate)()).collect();
    let failures: Vec<String> = checks
        .iter()
        .zip(found)
        .filter(|(check, found)| !passes(check, *found))
        .map(|(check, found)| failure(check, found))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_suite_has_a_control_as_quick_as_its_quickest_check() {
    let checks = checks(&Lab::default());
    for check in &checks {
        let of_suite = || checks.iter().filter(|other| other.suite == check.suite);
        let first = of_suite().map(|other| other.depth).min();
        let control = of_suite().filter(|other| other.negative_control).map(|other| other.depth).min();
        assert_eq!(control, first, "{}", check.suite);
        assert!(check.expected.is_finite() && check.tolerance >= 0.0, "{}: {}", check.suite, check.name);
    }
}

/// Shows how many standard errors each tolerance is worth, and how many the mean over several seeds is off:
/// `DEPTH=Quick SUITE=M/M/1 SEEDS=8 LENGTH=0.1 cargo test --release -p tests spread -- --ignored --nocapture`.
#[test]
#[ignore = "takes as long as the checks times seeds times length"]
fn the_spread_of_every_figure_over_seeds() {
    let setting = |name: &str| std::env::var(name).ok();
    let number = |name: &str, usual: f64| setting(name).and_then(|text| text.parse().ok()).unwrap_or(usual);
    let length: f64 = number("LENGTH", 0.1);
    let chosen = |check: &TheoryCheck| {
        setting("DEPTH").is_none_or(|depth| depth == format!("{:?}", check.depth))
            && setting("SUITE").is_none_or(|suite| check.suite.contains(&suite))
    };
    let of_seed = |seed: u64| checks(&Lab { seed, length }).into_iter().filter(chosen).collect::<Vec<_>>();
    let seeds = number("SEEDS", 8.0) as u64;
    let runs: Vec<Vec<f64>> = (1001..1001 + seeds)
        .into_par_iter()
        .map(|seed| of_seed(seed).iter().map(|check| (check.simulate)()).collect())
        .collect();
    for (place, check) in of_seed(0).iter().enumerate() {
        let figures: Vec<f64> = runs.iter().map(|run| run[place]).collect();
        println!("{}", spread(check, &figures, length));
    }
}

/// One line about the figures that a check had over several seeds.
fn spread(check: &TheoryCheck, figures: &[f64], length: f64) -> String {
    let count = figures.len() as f64;
    let mean = figures.iter().sum::<f64>() / count;
    let squares: f64 = figures.iter().map(|figure| (figure - mean) * (figure - mean)).sum();
    let deviation = (squares / (count - 1.0)).sqrt();
    format!(
        "{:5.1}σ allowed {:+6.1}σ off {:+7.2} % of {:.5} {}{}: {}",
        check.tolerance / (deviation * length.sqrt()),
        (mean - check.expected) / (deviation / count.sqrt()),
        (mean / check.expected - 1.0) * 100.0,
        check.expected,
        if check.negative_control { "CONTROL " } else { "" },
        check.suite,
        check.name,
    )
}
