//! Intervals for the mean of one long run whose observations resemble their neighbours.
//!
//! The run is cut into 20 to 30 batches long enough that their means hardly depend on each other (Schmeiser,
//! *Operations Research* 1982); von Neumann's ratio tests whether they still do. Overlapping batches (Meketon &
//! Schmeiser, WSC 1984) use the same data more often and estimate with a third less variance. An interval that
//! takes the observations themselves for independent is nine times too narrow for the waits of M/M/1 at 0.8.

use super::{interval::Interval, student::student_factor, tally::Tally};

/// The most batches worth making: more only shorten them.
pub const MOST_BATCHES: usize = 30;
/// The fewest that still tell the spread well.
pub const FEWEST_BATCHES: usize = 20;
/// The 95 % point of the standard normal distribution, above which batch means count as correlated.
const CORRELATED_ABOVE: f64 = 1.645;
/// Sokal's window for the correlation time: five times that time.
const WINDOW_PER_TIME: f64 = 5.0;

/// The interval from non-overlapping batches, and whether to believe it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchMeans {
    /// Student's interval over the batch means.
    pub interval: Interval,
    /// Observations a batch.
    pub batch_size: usize,
    /// The correlation of each batch mean with the next.
    pub lag_one: f64,
    /// Von Neumann's ratio: near 2 for independent means, lower if neighbours resemble each other.
    pub von_neumann: f64,
    /// The ratio as a standard normal number, positive for positive correlation.
    pub z: f64,
}

impl BatchMeans {
    /// Whether the batches are still so short that their means depend on each other; the interval is too narrow then.
    pub fn is_correlated(&self) -> bool {
        self.z > CORRELATED_ABOVE
    }
}

/// Cuts the series into `batches` equal parts; observations that do not fill the last are left out.
/// `None` below three batches or observations for them.
pub fn batch_means(series: &[f64], batches: usize, confidence: f64) -> Option<BatchMeans> {
    let batch_size = series.len().checked_div(batches)?;
    if batches < 3 || batch_size == 0 {
        return None;
    }
    let means: Vec<f64> = series
        .chunks_exact(batch_size)
        .take(batches)
        .map(|batch| batch.iter().sum::<f64>() / batch_size as f64)
        .collect();
    let interval = Interval::of(&means, confidence)?;
    let (lag_one, von_neumann) = neighbours(&means, interval.mean);
    let count = batches as f64;
    let z = ((count * count - 1.0) / (count - 2.0)).sqrt() * (1.0 - von_neumann / 2.0);
    Some(BatchMeans { interval, batch_size, lag_one, von_neumann, z })
}

/// Batch means with the shortest batches that pass the test: 30 of them, else the 20 longest, told as they are.
pub fn batch_means_of_run(series: &[f64], confidence: f64) -> Option<BatchMeans> {
    let many = batch_means(series, MOST_BATCHES, confidence)?;
    if many.is_correlated() { batch_means(series, FEWEST_BATCHES, confidence) } else { Some(many) }
}

/// The correlation of neighbours, and von Neumann's ratio. Means that are all equal count as independent.
fn neighbours(means: &[f64], mean: f64) -> (f64, f64) {
    let squares: f64 = means.iter().map(|value| (value - mean) * (value - mean)).sum();
    if squares == 0.0 {
        return (0.0, 2.0);
    }
    let pairs = || means.iter().zip(means.iter().skip(1));
    let products: f64 = pairs().map(|(a, b)| (a - mean) * (b - mean)).sum();
    let steps: f64 = pairs().map(|(a, b)| (b - a) * (b - a)).sum();
    (products / squares, steps / squares)
}

/// The interval from all n − m + 1 batches of `batch_size` neighbours, with 1.5 (n/m − 1) degrees of freedom.
/// `None` unless at least two whole batches fit.
pub fn overlapping_batch_means(series: &[f64], batch_size: usize, confidence: f64) -> Option<Interval> {
    if batch_size == 0 || series.len() < 2 * batch_size {
        return None;
    }
    let mean = Tally::of(series).mean()?;
    let (n, m) = (series.len() as f64, batch_size as f64);
    let mut sum: f64 = series[..batch_size].iter().sum();
    let mut squares = (sum / m - mean) * (sum / m - mean);
    for (first, next) in series.iter().zip(&series[batch_size..]) {
        sum += next - first;
        squares += (sum / m - mean) * (sum / m - mean);
    }
    let variance = n * m / ((n - m + 1.0) * (n - m)) * squares;
    let freedom = 1.5 * (n / m - 1.0);
    let half_width = student_factor(confidence, freedom) * (variance / n).sqrt();
    Some(Interval { mean, half_width, confidence, count: (n / m) as u64 })
}

/// The integrated autocorrelation time: how many observations are worth one independent one.
///
/// 1 + 2 Σ ρₖ up to the first lag that is five times the sum so far (Sokal, *Monte Carlo Methods in Statistical
/// Mechanics*, 1997). `None` if the series is too short for that lag, or constant.
pub fn correlation_time(series: &[f64]) -> Option<f64> {
    let mean = Tally::of(series).mean()?;
    let at_lag =
        |lag: usize| -> f64 { series.iter().zip(&series[lag..]).map(|(a, b)| (a - mean) * (b - mean)).sum() };
    let squares = at_lag(0);
    if squares <= 0.0 {
        return None;
    }
    let mut time = 1.0;
    for lag in 1..series.len() / 2 {
        time += 2.0 * at_lag(lag) / squares;
        if lag as f64 >= WINDOW_PER_TIME * time {
            return Some(time);
        }
    }
    None
}

/// How many independent observations the series is worth: its length over [`correlation_time`].
pub fn effective_sample_size(series: &[f64]) -> Option<f64> {
    Some(series.len() as f64 / correlation_time(series)?)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// v ← 0.9 v + (u − ½) from SplitMix64(7), 10 000 values after 1000.
    pub(in crate::statistics) fn autoregressive() -> Vec<f64> {
        let (mut state, mut value) = (7_u64, 0.0);
        let mut next = || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            value = 0.9 * value + (crate::random::unit(z ^ (z >> 31)) - 0.5);
            value
        };
        (0..11_000).map(|_| next()).skip(1000).collect()
    }

    fn assert_close(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-7 * expected.abs().max(1.0), "{found} is not {expected}");
    }

    #[test]
    fn batches_see_the_correlation_that_observations_hide() {
        let series = autoregressive();
        assert_close(series[2], -1.090_957_887_2);
        let all = Tally::of(&series);
        assert_close(all.mean().unwrap(), -0.005_065_803_980);
        assert_close(all.variance().unwrap(), 0.431_469_264_5);
        let twenty = batch_means(&series, 20, 0.95).unwrap();
        assert_eq!(twenty.batch_size, 500);
        assert_close(twenty.interval.half_width, 0.048_749_797_4);
        let per_observation = |found: &BatchMeans, factor: f64| {
            let error = found.interval.half_width / factor;
            error * error * found.interval.count as f64 * found.batch_size as f64
        };
        // Close to the process's own 8.3333, which the sample variance, 0.43, is not.
        assert_close(per_observation(&twenty, student_factor(0.95, 19.0)), 5.424_968_136_4);
        assert_close(twenty.lag_one, -0.301_352_6);
        assert_close(twenty.von_neumann, 2.433_151_2);
        assert_close(twenty.z, -1.019_670_3);
        assert!(!twenty.is_correlated());
        let hundred = batch_means(&series, 100, 0.95).unwrap();
        assert_close(hundred.interval.half_width, 0.055_743_827_1);
        assert_close(per_observation(&hundred, student_factor(0.95, 99.0)), 7.892_512_035_9);
        // 1.96 √(8.3333 / 10 000) is the truth; the naive interval is a quarter of it.
        assert_close(Interval::of(&series, 0.95).unwrap().half_width, 0.012_875_760_8);
    }

    #[test]
    fn overlapping_batches_agree_with_their_formula() {
        // numpy, from Meketon & Schmeiser's formula.
        let series = autoregressive();
        for (size, half) in [(100, 0.056_617_233_840_9), (500, 0.050_783_924_028_1)] {
            assert_close(overlapping_batch_means(&series, size, 0.95).unwrap().half_width, half);
        }
        assert_eq!(overlapping_batch_means(&series[..10], 6, 0.95), None);
    }

    #[test]
    fn short_batches_are_told_to_be_correlated() {
        let series = autoregressive();
        assert!(batch_means(&series, 2000, 0.95).unwrap().is_correlated());
        assert!(batch_means_of_run(&series[..300], 0.95).unwrap().is_correlated());
        let whole = batch_means_of_run(&series, 0.95).unwrap();
        assert_eq!((whole.interval.count, whole.is_correlated()), (30, false));
        assert!(!batch_means(&[1.0; 100], 20, 0.95).unwrap().is_correlated());
        assert_eq!(batch_means(&series, 2, 0.95), None);
    }

    #[test]
    fn nineteen_observations_are_worth_one() {
        // (1 + 0.9) / (1 − 0.9) = 19 in theory; this path gives emcee's figure.
        let series = autoregressive();
        assert_close(correlation_time(&series).unwrap(), 19.697_534_06);
        assert!((effective_sample_size(&series).unwrap() - 507.677_761_5).abs() < 1e-5);
        assert_eq!((correlation_time(&[3.0; 50]), correlation_time(&series[..30])), (None, None));
    }
}
