//! How wide the figures spread over independent seeds, beside the tolerances that are set for them.

use rayon::prelude::*;

use super::*;

/// Prints, for each check, by how many standard errors the mean over several seeds is off, and how many the
/// tolerance is worth: `cargo test -p experiments --release spread -- --ignored --nocapture`, with `DEPTH=Quick`
/// and `SUITE=…` to see a part.
#[test]
#[ignore = "takes many times as long as the checks themselves"]
fn spread() {
    let wanted = |name: &str| std::env::var(name).ok();
    let seeds: u64 = wanted("SEEDS").and_then(|count| count.parse().ok()).unwrap_or(8);
    let chosen = |check: &TheoryCheck| {
        wanted("DEPTH").is_none_or(|depth| depth == format!("{:?}", check.depth))
            && wanted("SUITE").is_none_or(|suite| check.suite.contains(&suite))
    };
    let runs: Vec<Vec<f64>> = (0..seeds)
        .into_par_iter()
        .map(|seed| {
            let checks = checks(1000 + seed).into_iter().filter(chosen);
            checks.map(|check| (check.simulate)()).collect()
        })
        .collect();
    for (number, check) in checks(SEED).into_iter().filter(chosen).enumerate() {
        let figures: Vec<f64> = runs.iter().map(|run| run[number]).collect();
        let count = figures.len() as f64;
        let mean = figures.iter().sum::<f64>() / count;
        let squares: f64 = figures.iter().map(|figure| (figure - mean) * (figure - mean)).sum();
        let deviation = (squares / (count - 1.0)).sqrt();
        println!(
            "{:4.1}σ allowed, {:+5.1}σ off, {:+6.2} % of {:.5}, {}{}: {}",
            check.tolerance / deviation,
            (mean - check.expected) / deviation,
            (mean / check.expected - 1.0) * 100.0,
            check.expected,
            if check.negative_control { "CONTROL " } else { "" },
            check.suite,
            check.name,
        );
    }
}
