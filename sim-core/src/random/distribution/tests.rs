//! Laws that hold for every distribution, and how a file writes them.

use ron::{Options, extensions::Extensions};

use super::*;
use crate::random::Streams;

fn read<Q: Quantity>(text: &str) -> Result<DistributionSpec<Q>, String> {
    let extensions =
        Extensions::IMPLICIT_SOME | Extensions::UNWRAP_NEWTYPES | Extensions::UNWRAP_VARIANT_NEWTYPES;
    Options::default().with_default_extension(extensions).from_str(text).map_err(|error| error.to_string())
}

/// Every distribution's example, and some whose shape asks more of the inversion.
fn examples() -> Vec<DistributionSpec> {
    let mut examples: Vec<_> = DistributionSpec::catalog().into_iter().map(|row| row.2).collect();
    let more = [
        r#"Erlang(shape: 1000, mean: "1s")"#,
        r#"Gamma(mean: "20ms", cv: 0.05)"#,
        r#"Gamma(mean: "20ms", cv: 3.0)"#,
        r#"Hyperexponential(mean: "20ms", cv: 8.0)"#,
        r#"Hyperexponential(branches: [(weight: 3, mean: "1ms"), (weight: 1, mean: "1s"), (weight: 1, mean: "2ms")])"#,
        r#"LogNormal(p50: "5ms", p99: "40ms")"#,
        r#"Weibull(shape: 3.0, scale: "10ms")"#,
        r#"BoundedPareto(shape: 2.0, minimum: "1ms", maximum: "1s")"#,
        r#"TruncatedNormal(mean: "1ms", standard_deviation: "4ms")"#,
        r#"Mixture([(weight: 1, of: Shifted(by: "1ms", of: Gamma(mean: "2ms", cv: 0.5))), (weight: 2, of: Constant("9ms"))])"#,
    ];
    examples.extend(more.map(|text| read(text).unwrap()));
    examples
}

/// Midpoints and widths of cells that halve towards both ends of (0, 1), as 64-bit uniform numbers can be drawn.
fn fine_grid() -> impl Iterator<Item = (f64, f64)> {
    (2..=53).flat_map(|octave| {
        let width = libm::ldexp(1.0, -octave) / 1024.0;
        (0..1024).flat_map(move |cell| {
            let w = libm::ldexp(1.0, -octave) + (f64::from(cell) + 0.5) * width;
            [(w, width), (1.0 - w, width)]
        })
    })
}

#[test]
fn mean_and_variance_are_those_of_the_quantiles() {
    for spec in examples() {
        let distribution = spec.build();
        let mean: f64 = fine_grid().map(|(u, width)| width * distribution.quantile(u)).sum();
        assert!((mean / distribution.mean() - 1.0).abs() < 5e-4, "{spec:?}: {mean} {}", distribution.mean());
        let square = |u| (distribution.quantile(u) - mean) * (distribution.quantile(u) - mean);
        let variance: f64 = fine_grid().map(|(u, width)| width * square(u)).sum();
        let error = (variance - distribution.variance()).abs();
        assert!(
            error <= 1e-2 * distribution.variance() + 1e-12 * mean * mean,
            "{spec:?}: {variance} {}",
            distribution.variance()
        );
    }
}

#[test]
fn a_million_draws_have_the_mean_and_the_variance() {
    let n = 1_000_000;
    for spec in examples() {
        let distribution = spec.build();
        let mut stream = Streams::new(1, 0).stream("law");
        let (mean, variance) = (distribution.mean(), distribution.variance());
        let mut sums = [0.0; 3];
        for _ in 0..n {
            let deviation = distribution.sample(stream.bits()) - mean;
            let square = deviation * deviation;
            for (sum, term) in sums.iter_mut().zip([deviation, square, square * square]) {
                *sum += term / f64::from(n);
            }
        }
        let [bias, second, fourth] = sums;
        assert!(bias.abs() <= 4.0 * libm::sqrt(variance / f64::from(n)), "{spec:?}: mean off by {bias}");
        let allowed = 4.0 * libm::sqrt((fourth - second * second) / f64::from(n));
        assert!((second - variance).abs() <= allowed, "{spec:?}: variance {second}, not {variance}");
    }
}

#[test]
fn a_larger_number_gives_no_smaller_value() {
    for spec in examples() {
        if spec.name() == "Mixture" {
            continue;
        }
        let distribution = spec.build();
        let mut grid: Vec<f64> = fine_grid().map(|(u, _)| u).collect();
        grid.sort_by(f64::total_cmp);
        let mut last = 0.0;
        for u in grid {
            let value = distribution.quantile(u);
            // Rounding may turn two neighbours of equal value around by a few units in the last place.
            assert!(value >= last * (1.0 - 1e-15), "{spec:?}: {last} then {value} at {u}");
            last = value;
        }
    }
}

#[test]
fn both_ends_of_chance_give_a_length_of_time() {
    for spec in examples() {
        let distribution = spec.build();
        for bits in [0, u64::MAX] {
            let value = distribution.sample(bits);
            assert!(value.is_finite() && value >= 0.0, "{spec:?}: {value}");
        }
        assert!(
            distribution.sample_duration(0) <= distribution.sample_duration(u64::MAX)
                || spec.name() == "Mixture"
        );
    }
}

#[test]
fn every_example_reads_back_as_it_was_written() {
    let extensions =
        Extensions::IMPLICIT_SOME | Extensions::UNWRAP_NEWTYPES | Extensions::UNWRAP_VARIANT_NEWTYPES;
    let options = Options::default().with_default_extension(extensions);
    for spec in examples() {
        for text in [
            options.to_string(&spec).unwrap(),
            options.to_string_pretty(&spec, ron::ser::PrettyConfig::new()).unwrap(),
        ] {
            assert_eq!(read(&text), Ok(spec.clone()), "{text}");
        }
    }
}

#[test]
fn a_file_writes_them_without_extra_parentheses() {
    let half = read::<SimDuration>(r#"Constant("0.5ms")"#).unwrap();
    assert_eq!(half, DistributionSpec::Constant(constant::Spec(SimDuration::from_micros(500))));
    assert_eq!(half.build().sample_duration(7), SimDuration::from_micros(500));
    let bare = read::<f64>("Uniform(low: 1, high: 3)").unwrap();
    assert_eq!(bare, DistributionSpec::Uniform(uniform::Spec { low: 1.0, high: 3.0 }));
    for wrong in [
        "Exponential(mean: 100)",
        r#"Exponential(mean: "1ms", cv: 1.0)"#,
        "Exponential()",
        r#"Expnential(mean: "1ms")"#,
        r#"Mixture([(weight: 1, of: Constant("1ms"), off: 1)])"#,
    ] {
        assert!(read::<SimDuration>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_wrong_value_is_told_with_its_place() {
    for (text, path) in [
        (r#"Uniform(low: "3ms", high: "1ms")"#, "Uniform.high"),
        (r#"Exponential(mean: "0s")"#, "Exponential.mean"),
        (r#"Erlang(shape: 0, mean: "1s")"#, "Erlang.shape"),
        (r#"Hyperexponential(mean: "1s", cv: 0.9)"#, "Hyperexponential.cv"),
        (r#"Hyperexponential(mean: "1s")"#, "Hyperexponential"),
        (r#"Hyperexponential(branches: [(weight: 0, mean: "1s")])"#, "Hyperexponential.branches.0.weight"),
        (r#"LogNormal(mean: "1s", p99: "2s")"#, "LogNormal"),
        (r#"LogNormal(p50: "3s", p99: "2s")"#, "LogNormal.p99"),
        (r#"LogNormal(mean: "3s", cv: -1.0)"#, "LogNormal.cv"),
        (r#"Weibull(shape: 1.0, mean: "3s", scale: "1s")"#, "Weibull"),
        (r#"Weibull(shape: 0.0, mean: "3s")"#, "Weibull.shape"),
        (r#"Pareto(shape: -2.0, minimum: "3s")"#, "Pareto.shape"),
        (r#"BoundedPareto(shape: 1.0, minimum: "3s", maximum: "3s")"#, "BoundedPareto.maximum"),
        (r#"Gamma(mean: "3s", cv: 0.0)"#, "Gamma.cv"),
        (r#"TruncatedNormal(mean: "3s", standard_deviation: "0s")"#, "TruncatedNormal.standard_deviation"),
        ("Empirical()", "Empirical.values"),
        (r#"Empirical(file: "a.csv")"#, "Empirical"),
        (r#"Empirical(values: ["1s"], weights: [1, 2])"#, "Empirical.weights"),
        (r#"Empirical(values: ["1s", "2s"], weights: [1, -2])"#, "Empirical.weights.1"),
        (r#"Empirical(values: ["1s", "2s"], weights: [0, 0])"#, "Empirical.weights"),
        ("Mixture([])", "Mixture"),
        (r#"Mixture([(weight: -1, of: Constant("1s"))])"#, "Mixture.0.weight"),
        (r#"Mixture([(weight: 1, of: Exponential(mean: "0s"))])"#, "Mixture.0.of.Exponential.mean"),
        (r#"Shifted(by: "1s", of: Gamma(mean: "0s", cv: 1.0))"#, "Shifted.of.Gamma.mean"),
    ] {
        let mut check = Check::default();
        read::<SimDuration>(text).unwrap().check(&mut check);
        let problems = check.into_problems();
        assert_eq!(problems.len(), 1, "{text}: {problems:?}");
        assert_eq!((problems[0].path.join(".").as_str(), problems[0].code), (path, "E0404"), "{problems:?}");
    }
}

#[test]
fn bare_numbers_may_be_negative_only_where_they_are_refused() {
    for text in ["Constant(-1)", "Uniform(low: -1, high: 1)", "Empirical(values: [-1])", "Constant(inf)"] {
        let mut check = Check::default();
        read::<f64>(text).unwrap().check(&mut check);
        assert_eq!(check.into_problems().len(), 1, "{text}");
    }
}

#[test]
fn examples_are_right_and_named() {
    for (name, doc, spec) in DistributionSpec::catalog() {
        let mut check = Check::default();
        spec.check(&mut check);
        assert_eq!(check.into_problems(), [], "{name}");
        assert!(spec.name() == name && doc.ends_with('.'), "{name}: {doc}");
    }
}

#[test]
fn columns_are_asked_for_and_filled_wherever_they_stand() {
    let text = r#"Mixture([
        (weight: 1, of: Empirical(file: "a.csv", column: "x")),
        (weight: 3, of: Shifted(by: "1ms", of: Empirical(file: "b.csv", column: "y"))),
    ])"#;
    let mut spec = read::<SimDuration>(text).unwrap();
    let asked: Vec<String> =
        spec.columns().into_iter().map(|column| column.file + ":" + &column.column).collect();
    assert_eq!(asked, ["a.csv:x", "b.csv:y"]);
    let millis = |values: &[u64]| values.iter().copied().map(SimDuration::from_millis).collect::<Vec<_>>();
    let mut give =
        |column: &Column| if column.file == "a.csv" { Ok(millis(&[2, 4])) } else { Err("no such file") };
    assert_eq!(spec.fill(&mut give), Err("no such file"));
    assert_eq!(spec.fill(&mut |_| Ok::<_, ()>(millis(&[10, 30]))), Ok(()));
    assert_eq!(spec.columns(), []);
    // A quarter of 3 ms and three quarters of 1 + 20 ms.
    assert!((spec.build().mean() - 16.5e6).abs() < 1e-6);
}

#[test]
fn squared_coefficients_of_variation_are_the_textbooks() {
    for (text, scv) in [
        (r#"Constant("0s")"#, 0.0),
        (r#"Uniform(low: "0s", high: "3s")"#, 1.0 / 3.0),
        (r#"Exponential(mean: "2s")"#, 1.0),
        (r#"Erlang(shape: 4, mean: "2s")"#, 0.25),
        (r#"Hyperexponential(mean: "2s", cv: 2.0)"#, 4.0),
        (r#"Gamma(mean: "2s", cv: 3.0)"#, 9.0),
        (r#"LogNormal(mean: "2s", cv: 3.0)"#, 9.0),
        // Pareto: 1 / (shape (shape - 2)).
        (r#"Pareto(shape: 3.0, minimum: "2s")"#, 1.0 / 3.0),
        (r#"Pareto(shape: 2.0, minimum: "2s")"#, f64::INFINITY),
    ] {
        let found = read::<SimDuration>(text).unwrap().build().scv();
        assert!(found == scv || (found / scv - 1.0).abs() < 1e-12, "{text}: {found} {scv}");
    }
}
