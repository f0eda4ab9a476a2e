//! Many equal stations: what choosing the shorter of two lines is worth, and what taking turns is.
//!
//! The supermarket model is the limit of infinitely many stations (Vvedenskaya, Dobrushin & Karpelevich 1996;
//! Mitzenmacher 1996). Taking turns gives each station every n-th customer, which is GI/M/1 (Kleinrock,
//! *Queueing Systems* I, 6.4).

/// The mean time in the system, in mean services, if each customer joins the shortest of `choices` lines chosen
/// at random: Σ λ^((dⁱ − d)/(d − 1)). `None` unless `load` is below 1 and there is a choice.
pub fn shortest_of(choices: u32, load: f64) -> Option<f64> {
    if !(0.0..1.0).contains(&load) || choices == 0 {
        return None;
    }
    if choices == 1 {
        return Some(1.0 / (1.0 - load));
    }
    // The exponents are 0, d, d + d², …; the terms fall faster than any power.
    let (mut sum, mut exponent, mut step) = (0.0, 0.0, f64::from(choices));
    loop {
        let term = libm::pow(load, exponent);
        sum += term;
        if term < 1e-18 {
            return Some(sum);
        }
        exponent += step;
        step *= f64::from(choices);
    }
}

/// The mean time in the system, in mean services, of a station that gets every `turns`-th of Poisson arrivals
/// at `load`.
pub fn every_nth(turns: u32, load: f64) -> Option<f64> {
    let stages = f64::from(turns);
    let rate = stages * load;
    renewal_sojourn(load, |s| libm::pow(rate / (rate + s), stages))
}

/// The same with arrivals at constant distances: the limit of infinitely many turns.
pub fn constant_gaps(load: f64) -> Option<f64> {
    renewal_sojourn(load, |s| libm::exp(-s / load))
}

/// GI/M/1 with a service of mean 1: 1/(1 − σ), σ being the root below 1 of A*(1 − σ) = σ, where `transform` is
/// the Laplace transform of the time between arrivals. `None` unless `load` is below 1.
pub fn renewal_sojourn(load: f64, transform: impl Fn(f64) -> f64) -> Option<f64> {
    if !(load > 0.0 && load < 1.0) {
        return None;
    }
    // The difference is positive below the root and negative between it and the trivial root 1.
    let (mut low, mut high) = (0.0, 1.0 - 1e-9);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if transform(1.0 - middle) > middle { low = middle } else { high = middle }
    }
    Some(1.0 / (1.0 - low))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(found: Option<f64>, expected: f64) {
        assert!(
            found.is_some_and(|found| (found - expected).abs() < 6e-6 * expected),
            "{found:?} {expected}"
        );
    }

    #[test]
    fn two_choices_are_worth_most() {
        // Mitzenmacher, IEEE TPDS 2001, the limit.
        let loads = [0.5, 0.7, 0.8, 0.9, 0.95, 0.99];
        for (choices, times) in [
            (1, [2.0, 3.333_33, 5.0, 10.0, 20.0, 100.0]),
            (2, [1.265_69, 1.614_45, 1.947_36, 2.614_06, 3.383_05, 5.432_00]),
            (3, [1.125_24, 1.356_84, 1.580_89, 2.027_86, 2.535_13, 3.857_85]),
            (5, [1.031_25, 1.168_09, 1.328_92, 1.632_88, 1.988_77, 2.901_68]),
        ] {
            for (load, time) in loads.into_iter().zip(times) {
                assert_close(shortest_of(choices, load), time);
            }
        }
        assert_eq!((shortest_of(2, 1.0), shortest_of(0, 0.5), shortest_of(2, 0.0)), (None, None, Some(1.0)));
    }

    #[test]
    fn taking_turns_evens_arrivals_out() {
        for (turns, at_80, at_90) in [
            (1, 5.0, 10.0),
            (2, 3.843_98, 7.588_28),
            (4, 3.267_38, 6.383_05),
            (10, 2.922_27, 5.660_28),
            (100, 2.715_66, 5.226_81),
        ] {
            assert_close(every_nth(turns, 0.8), at_80);
            assert_close(every_nth(turns, 0.9), at_90);
        }
        assert_close(constant_gaps(0.8), 2.692_73);
        assert_close(constant_gaps(0.9), 5.178_66);
        assert_eq!(every_nth(2, 1.0), None);
    }
}
