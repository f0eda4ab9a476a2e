//! How long a run must be, before anything has run.
//!
//! The variance of a long run's mean is an asymptotic variance over its length. For M/M/1 it is known; taking the
//! busiest station for one gives an honest first guess. It grows like 1/(1 − ρ)⁴: at utilisation 0.9 the mean
//! wait needs fifteen times the customers that it needs at 0.5.

/// The 97.5 % point of the normal distribution to the two decimals of the textbooks: a plan needs no more.
const Z: f64 = 1.96;

/// The asymptotic variance of the mean wait in the queue of M/M/1, in squared mean service times a customer:
/// ρ(2 + 5ρ − 4ρ² + ρ³)/(1 − ρ)⁴ (Daley, *Journal of Applied Probability* 1968).
pub fn wait_variance(utilisation: f64) -> f64 {
    let rho = utilisation;
    rho * (2.0 + rho * (5.0 + rho * (rho - 4.0))) / fourth_power(1.0 - rho)
}

/// How many customers give the mean wait of M/M/1 a 95 % half-width of that share of itself.
pub fn customers_for_mean_wait(utilisation: f64, relative: f64) -> f64 {
    let mean = utilisation / (1.0 - utilisation);
    let reach = Z / (relative * mean);
    (reach * reach * wait_variance(utilisation)).round()
}

/// How many mean service times give the mean number in M/M/1 a 95 % half-width of that share of itself: from the
/// asymptotic variance 2ρ(1 + ρ)/(1 − ρ)⁴ (Whitt, *Management Science* 1989).
pub fn time_for_mean_number(utilisation: f64, relative: f64) -> f64 {
    let rho = utilisation;
    let mean = rho / (1.0 - rho);
    let reach = Z / (relative * mean);
    reach * reach * 2.0 * rho * (1.0 + rho) / fourth_power(1.0 - rho)
}

/// How many mean service times M/M/1 takes to forget its start: (1 − √ρ)⁻² (Cohen 1969).
/// A warm-up of several of them is none too long.
pub fn relaxation_time(utilisation: f64) -> f64 {
    let gap = 1.0 - utilisation.sqrt();
    1.0 / (gap * gap)
}

/// How many independent runs give the chance of a rare event a standard error of that share of itself:
/// (1 − p)/(p·RE²).
pub fn runs_for_rare_event(chance: f64, relative_error: f64) -> f64 {
    (1.0 - chance) / (chance * relative_error * relative_error)
}

fn fourth_power(x: f64) -> f64 {
    x * x * x * x
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(found: f64, expected: f64) {
        assert!((found / expected - 1.0).abs() < 1e-9, "{found} is not {expected}");
    }

    #[test]
    fn busier_means_much_longer() {
        for (utilisation, variance, customers) in
            [(0.5, 29.0, 44_563.0), (0.8, 1976.0, 189_775.0), (0.9, 35_901.0, 681_073.0)]
        {
            assert_close(wait_variance(utilisation), variance);
            assert_eq!(customers_for_mean_wait(utilisation, 0.05), customers);
        }
        // Whitt's run lengths for 1 %.
        for (utilisation, time) in [(0.5, 9.2e5), (0.8, 4.3e6), (0.9, 1.6e7), (0.95, 6.3e7)] {
            assert!((time_for_mean_number(utilisation, 0.01) / time - 1.0).abs() < 0.02);
        }
        // (1 − √0.81)⁻² = 100.
        assert_close(relaxation_time(0.81), 100.0);
    }

    #[test]
    fn a_rare_event_takes_a_hundred_million_runs() {
        // One in 2²⁰ − 1: the chance that M/M/1 at ρ = ½ reaches 20 before it empties.
        assert_close(runs_for_rare_event(1.0 / 1_048_575.0, 0.1), 104_857_400.0);
    }
}
