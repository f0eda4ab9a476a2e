//! One channel with Poisson arrivals and any distribution of service.
//!
//! The mean wait depends on the service's mean and variance only (Pollaczek 1930, Khinchine 1932). With constant
//! service the distribution of the wait is known as well (Erlang 1909).

/// The mean wait at `utilisation` for a service of mean `mean` and squared coefficient of variation
/// `squared_cv`: ρ·S·(1 + cv²)/(2(1 − ρ)). `None` unless stable.
pub fn mean_wait(utilisation: f64, mean: f64, squared_cv: f64) -> Option<f64> {
    let twice = utilisation * mean * (1.0 + squared_cv);
    (utilisation < 1.0).then(|| twice / (2.0 * (1.0 - utilisation)))
}

/// M/D/1 with a service of 1: the chance that the wait is at most `time`.
///
/// The sum alternates, so digits are lost as `time` grows: ten are left at 15, none beyond 40.
pub fn constant_service_wait(utilisation: f64, time: f64) -> f64 {
    if time < 0.0 {
        return 0.0;
    }
    let term = |k: u64| {
        let x = utilisation * (k as f64 - time);
        libm::exp(-x) * (1..=k).fold(1.0, |product, i| product * x / i as f64)
    };
    ((1.0 - utilisation) * (0..=time as u64).map(term).sum::<f64>()).clamp(0.0, 1.0)
}

/// M/D/1 with a service of 1: the `p`-quantile of the wait, for quantiles below about 30.
pub fn constant_service_wait_quantile(utilisation: f64, p: f64) -> f64 {
    let (mut low, mut high) = (0.0, 40.0);
    if constant_service_wait(utilisation, low) >= p {
        return low;
    }
    // 60 halvings leave nothing between the ends.
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if constant_service_wait(utilisation, middle) < p { low = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variance_of_service_makes_waits() {
        for (squared_cv, wait) in [(0.0, 2.0), (0.5, 3.0), (1.0, 4.0), (4.0, 10.0), (10.0, 22.0)] {
            assert!((mean_wait(0.8, 1.0, squared_cv).unwrap() - wait).abs() < 1e-12);
        }
        // 99 % of 1 ms and 1 % of 100 ms, half busy: the few long ones make the others wait 25 ms.
        let (mean, second) = (0.99 + 1.0, 0.99 + 100.0);
        let found = mean_wait(0.5, mean, second / (mean * mean) - 1.0).unwrap();
        assert!((found - 25.3744).abs() < 1e-4, "{found}");
        assert_eq!(mean_wait(1.0, 1.0, 0.0), None);
    }

    #[test]
    fn waits_before_a_constant_service() {
        assert!((constant_service_wait(0.8, 0.0) - 0.2).abs() < 1e-12);
        for (p, wait) in [(0.5, 1.2759), (0.9, 5.0115), (0.99, 10.3559)] {
            let found = constant_service_wait_quantile(0.8, p);
            assert!((found - wait).abs() < 1e-4, "{p}: {found}");
        }
        assert_eq!(constant_service_wait_quantile(0.8, 0.1), 0.0);
    }
}
