//! Classes of customers, the first served before the others.
//!
//! Cobham, *Operations Research* 1954. Order only moves waits about: Σ ρᵢWᵢ is the same for every order that
//! neither interrupts nor idles (Kleinrock's conservation law).

/// A class of customers. Classes stand in the order in which they are served.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PriorityClass {
    /// Arrivals per unit of time.
    pub arrivals: f64,
    /// The mean service.
    pub mean_service: f64,
    /// The mean squared service: twice the squared mean if exponential, once if constant.
    pub second_moment: f64,
}

impl PriorityClass {
    fn load(&self) -> f64 {
        self.arrivals * self.mean_service
    }

    /// What an arrival finds left of a service under way, Σ λE[S²]/2.
    fn residual(&self) -> f64 {
        self.arrivals * self.second_moment / 2.0
    }
}

/// Each class's mean wait if a service once begun is finished. ∞ for a class that is never reached.
pub fn non_preemptive_waits(classes: &[PriorityClass]) -> Vec<f64> {
    let residual: f64 = classes.iter().map(PriorityClass::residual).sum();
    over_headroom(classes.iter().map(PriorityClass::load), |_| residual)
}

/// Each class's mean time from arrival to departure if a higher class interrupts and the rest is done later.
pub fn preemptive_resume_sojourns(classes: &[PriorityClass]) -> Vec<f64> {
    let residual = |class: usize| classes[..=class].iter().map(PriorityClass::residual).sum();
    let waits = over_headroom(classes.iter().map(PriorityClass::load), residual);
    let mut above = 0.0;
    let sojourn = |(class, wait): (&PriorityClass, f64)| {
        let interrupted = class.mean_service / (1.0 - above);
        above += class.load();
        if wait.is_finite() { interrupted + wait } else { wait }
    };
    classes.iter().zip(waits).map(sojourn).collect()
}

/// Each class's mean wait before `channels` exponential channels of rate `service`, none interrupted.
pub fn non_preemptive_waits_of_channels(arrivals: &[f64], service: f64, channels: u32) -> Vec<f64> {
    let capacity = service * f64::from(channels);
    let offered = arrivals.iter().sum::<f64>() / service;
    // All channels are busy with Erlang's C, or always.
    let busy = super::erlang::erlang_c(channels, offered).unwrap_or(1.0);
    over_headroom(arrivals.iter().map(|rate| rate / capacity), |_| busy / capacity)
}

/// residualₖ / ((1 − σₖ₋₁)(1 − σₖ)), σₖ being the load of the classes up to k.
fn over_headroom(loads: impl Iterator<Item = f64>, residual: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut above = 0.0;
    loads
        .enumerate()
        .map(|(class, load)| {
            let (before, after) = (1.0 - above, 1.0 - above - load);
            above += load;
            if after > 0.0 { residual(class) / (before * after) } else { f64::INFINITY }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(arrivals: &[f64], second_moment: f64) -> Vec<PriorityClass> {
        arrivals
            .iter()
            .map(|&arrivals| PriorityClass { arrivals, mean_service: 1.0, second_moment })
            .collect()
    }

    fn assert_close(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-5 * expected, "{found} is not {expected}");
        }
    }

    #[test]
    fn the_first_class_waits_least() {
        let two = non_preemptive_waits(&classes(&[0.2, 0.6], 2.0));
        assert_close(&two, &[1.0, 5.0]);
        // ρW of first come first served, 0.8 × 4.
        assert!((0.2 * two[0] + 0.6 * two[1] - 3.2).abs() < 1e-12);
        assert_close(&non_preemptive_waits(&classes(&[0.3; 3], 2.0)), &[1.285_71, 3.214_29, 22.5]);
        assert_close(&non_preemptive_waits(&classes(&[0.3; 3], 1.0)), &[0.642_857, 1.607_143, 11.25]);
        assert_eq!(non_preemptive_waits(&classes(&[0.5, 0.6], 2.0))[1], f64::INFINITY);
    }

    #[test]
    fn an_interrupting_class_does_not_see_the_others() {
        // The first class lives in its own M/M/1, 1/(1 − 0.2); all of them share M/M/1's mean number of 4.
        let sojourns = preemptive_resume_sojourns(&classes(&[0.2, 0.6], 2.0));
        assert!((sojourns[0] - 1.25).abs() < 1e-12);
        assert!((0.2 * sojourns[0] + 0.6 * sojourns[1] - 4.0).abs() < 1e-12);
    }

    #[test]
    fn classes_before_several_channels() {
        assert_close(&non_preemptive_waits_of_channels(&[0.8, 2.4], 1.0, 4), &[0.186_385, 0.931_926]);
        let over = non_preemptive_waits_of_channels(&[1.0, 4.0], 1.0, 4);
        assert!(over[0].is_finite() && over[1].is_infinite());
    }
}
