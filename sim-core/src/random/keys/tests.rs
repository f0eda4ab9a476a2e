//! Laws that hold for every distribution of keys, and how a file writes them.

use ron::{Options, extensions::Extensions};

use super::*;
use crate::random::{Luck, Streams};

fn options() -> Options {
    Options::default().with_default_extension(
        Extensions::IMPLICIT_SOME | Extensions::UNWRAP_NEWTYPES | Extensions::UNWRAP_VARIANT_NEWTYPES,
    )
}

fn read(text: &str) -> KeysSpec {
    options().from_str(text).unwrap()
}

/// Every example, and some with other exponents, edges and sizes.
fn examples() -> Vec<KeysSpec> {
    let more = [
        "Uniform(items: 1)",
        "Zipf(items: 1)",
        "Zipf(items: 16384, exponent: 1)",
        "Zipf(items: 16385, exponent: 0.5)",
        "Zipf(items: 300000, exponent: 0)",
        "Zipf(items: 300000, exponent: 1.0)",
        "Zipf(items: 300000, exponent: 1.5)",
        "Zipf(items: 300000, exponent: 100)",
        "HotSet(items: 10, hot_fraction: 0.0, hot_weight: 1.0)",
        "HotSet(items: 10, hot_fraction: 1.0, hot_weight: 0.0)",
        "HotSet(items: 100001, hot_fraction: 0.001, hot_weight: 0.3)",
        "Empirical(weights: [0, 1, 0, 3, 0])",
    ];
    KeysSpec::catalog().into_iter().map(|row| row.2).chain(more.map(read)).collect()
}

#[test]
fn the_probabilities_sum_to_1() {
    for spec in examples() {
        let keys = spec.build();
        let sum: f64 = (0..keys.items()).map(|rank| keys.probability(rank)).sum();
        assert!((sum - 1.0).abs() < 1e-10, "{spec:?}: {sum}");
        assert_eq!(keys.probability(keys.items()), 0.0);
    }
}

/// Borders of bins that hold at least 1/50 of the probability each.
fn bins(keys: &Keys) -> Vec<(u64, f64)> {
    let (mut bins, mut share) = (Vec::new(), 0.0);
    for rank in 0..keys.items() {
        share += keys.probability(rank);
        if share >= 0.02 || rank + 1 == keys.items() {
            bins.push((rank, share));
            share = 0.0;
        }
    }
    bins
}

#[test]
fn a_million_draws_fall_as_often_as_they_should() {
    let n = 1_000_000_u32;
    for spec in examples() {
        let keys = spec.build();
        let bins = bins(&keys);
        let mut counts = vec![0_u32; bins.len()];
        let mut stream = Streams::new(2, 0).stream("law");
        for _ in 0..n {
            let rank = keys.draw(stream.bits());
            counts[bins.partition_point(|(last, _)| *last < rank)] += 1;
        }
        let mut chi_square = 0.0;
        for ((last, share), count) in bins.iter().zip(&counts) {
            let (expected, count) = (share * f64::from(n), f64::from(*count));
            let deviation = (count - expected) * (count - expected);
            // Four standard deviations for each bin, and room for a bin that is never to be met.
            assert!(
                deviation <= 16.0 * expected * (1.0 - share) + 1e-6,
                "{spec:?} up to {last}: {count} {expected}"
            );
            if expected > 5.0 {
                chi_square += deviation / expected;
            }
        }
        let freedom = bins.len() as f64;
        assert!(
            chi_square <= freedom + 4.0 * libm::sqrt(2.0 * freedom),
            "{spec:?}: {chi_square} of {freedom}"
        );
    }
}

#[test]
fn larger_bits_never_give_a_smaller_rank() {
    for spec in examples() {
        let keys = spec.build();
        let mut last = 0;
        for step in 0..100_000 {
            let rank = keys.draw(step * (u64::MAX / 99_999));
            assert!(rank >= last && rank < keys.items(), "{spec:?}: {rank} after {last}");
            last = rank;
        }
    }
}

#[test]
fn a_steeper_law_moves_each_request_towards_the_popular() {
    let [flat, steep] =
        [0.9, 1.0].map(|exponent| read(&format!("Zipf(items: 100000, exponent: {exponent})")).build());
    for request in 0..10_000 {
        let bits = Luck(request).at(1, 0);
        assert!(steep.draw(bits) <= flat.draw(bits));
    }
}

#[test]
fn every_example_is_right_and_reads_back_as_it_was_written() {
    for spec in examples() {
        let mut check = Check::default();
        spec.check(&mut check);
        assert_eq!(check.into_problems(), [], "{spec:?}");
        let text = options().to_string(&spec).unwrap();
        assert_eq!(read(&text), spec, "{text}");
    }
    for (name, doc, spec) in KeysSpec::catalog() {
        assert!(spec.name() == name && doc.ends_with('.'), "{name}: {doc}");
    }
    assert_eq!(read("Zipf(items: 5)"), KeysSpec::Zipf(zipf::Spec { items: 5, exponent: 0.99 }));
    assert!(options().from_str::<KeysSpec>("Zipf(items: 5, exponents: 1)").is_err());
}

#[test]
fn a_wrong_value_is_told_with_its_place() {
    for (text, path, code) in [
        ("Uniform(items: 0)", "Uniform.items", "E0404"),
        ("Uniform(items: 1000000000001)", "Uniform.items", "E0404"),
        ("Zipf(items: 0)", "Zipf.items", "E0404"),
        ("Zipf(items: 9, exponent: -0.1)", "Zipf.exponent", "E0404"),
        ("HotSet(items: 1)", "HotSet.items", "E0404"),
        ("HotSet(items: 9, hot_fraction: 20)", "HotSet.hot_fraction", "E0402"),
        ("HotSet(items: 9, hot_weight: -1)", "HotSet.hot_weight", "E0402"),
        ("Empirical(weights: [])", "Empirical.weights", "E0404"),
        ("Empirical(weights: [1, -1, 3])", "Empirical.weights.1", "E0404"),
    ] {
        let mut check = Check::default();
        read(text).check(&mut check);
        let problems = check.into_problems();
        assert_eq!(problems.len(), 1, "{text}: {problems:?}");
        assert_eq!((problems[0].path.join(".").as_str(), problems[0].code), (path, code));
    }
}
