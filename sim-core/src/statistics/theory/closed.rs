//! A fixed number of customers going round: who finishes thinks, then comes back.
//!
//! Exact mean value analysis (Reiser & Lavenberg, JACM 1980) for stations with one channel each, and the
//! machine-repair model for one station with several (Kleinrock, *Queueing Systems* I, 3.8).

/// What a closed network does in the long run.
#[derive(Clone, Debug, PartialEq)]
pub struct ClosedNetwork {
    /// Customers finished per unit of time.
    pub throughput: f64,
    /// The mean time from the end of thinking to the next thought.
    pub response: f64,
    /// The mean number at each station.
    pub numbers: Vec<f64>,
}

/// `customers` who each think for `think` on average, then bring each station its `demands`.
///
/// Exact for exponential service of any order, or any service if each station shares its channel.
pub fn mean_value_analysis(demands: &[f64], think: f64, customers: u32) -> ClosedNetwork {
    let mut network = ClosedNetwork { throughput: 0.0, response: 0.0, numbers: vec![0.0; demands.len()] };
    for present in 1..=customers {
        // Who arrives sees the network with himself taken out.
        let at_stations: Vec<f64> =
            demands.iter().zip(&network.numbers).map(|(demand, number)| demand * (1.0 + number)).collect();
        network.response = at_stations.iter().sum();
        network.throughput = f64::from(present) / (think + network.response);
        network.numbers = at_stations.iter().map(|time| network.throughput * time).collect();
    }
    network
}

/// `machines` that each run for `run` on average, and `channels` repairers who take `repair` each, all exponential.
pub fn machine_repair(machines: u32, run: f64, repair: f64, channels: u32) -> ClosedNetwork {
    let mut weight = 1.0;
    let (mut total, mut broken, mut mending) = (1.0, 0.0, 0.0);
    for down in 1..=machines {
        let busy = f64::from(down.min(channels));
        weight *= f64::from(machines - down + 1) / run * repair / busy;
        total += weight;
        broken += weight * f64::from(down);
        mending += weight * busy;
        if total > 1e200 {
            // Only ratios matter.
            for sum in [&mut weight, &mut total, &mut broken, &mut mending] {
                *sum *= 1e-200;
            }
        }
    }
    let throughput = mending / total / repair;
    let response = if throughput > 0.0 { broken / total / throughput } else { 0.0 };
    ClosedNetwork { throughput, response, numbers: vec![broken / total] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_values_of_three_stations() {
        // Demands 50, 80 and 40 ms, thinking 1 s: the 80 ms bound throughput by 12.5 a second.
        for (customers, throughput, response) in [
            (1, 0.854_70, 0.17),
            (2, 1.696_39, 0.178_974),
            (5, 4.126_56, 0.211_663),
            (10, 7.723_04, 0.294_826),
            (20, 11.897_43, 0.681_035),
            (40, 12.499_86, 2.200_037),
        ] {
            let found = mean_value_analysis(&[0.05, 0.08, 0.04], 1.0, customers);
            assert!((found.throughput - throughput).abs() < 1e-5, "{found:?}");
            assert!((found.response - response).abs() < 1e-6, "{found:?}");
            // Little's law round the loop.
            let present: f64 = found.numbers.iter().sum::<f64>() + found.throughput;
            assert!((present - f64::from(customers)).abs() < 1e-9);
        }
    }

    #[test]
    fn one_repairer_is_a_network_of_one_station() {
        for machines in [1, 3, 10, 200, 5000] {
            let (repair, network) =
                (machine_repair(machines, 2.0, 0.5, 1), mean_value_analysis(&[0.5], 2.0, machines));
            assert!((repair.throughput - network.throughput).abs() < 1e-9, "{machines}");
            assert!((repair.response / network.response - 1.0).abs() < 1e-9, "{machines}");
        }
        // As many repairers as machines: nobody waits.
        assert!((machine_repair(6, 2.0, 0.5, 6).response - 0.5).abs() < 1e-12);
        // Two machines, one repairer, run = repair = 1: weights 1 : 2 : 2.
        assert!((machine_repair(2, 1.0, 1.0, 1).throughput - 0.8).abs() < 1e-12);
    }
}
