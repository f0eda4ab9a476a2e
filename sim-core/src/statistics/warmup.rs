//! How much of a run's start to leave out, because the system had not yet forgotten that it began empty.
//!
//! MSER-5 (White, *Simulation* 1997; White, Cobb & Spratt, WSC 2000) finds the cut that leaves the mean of the
//! rest with the least standard error; it serves to check the warm-up a file states. Welch's moving average
//! (Law, *Simulation Modeling and Analysis*, 9.5.1) is the picture to look at. Feed both the average over
//! replications of a time-binned series, a hundred bins or more a run.

use super::tally::Tally;

/// MSER-5: observations a batch.
pub const MSER_BATCH: usize = 5;
/// Fewer batches than that tell nothing.
const FEWEST_BATCHES: usize = 4;
/// A cut that leaves fewer batches is never trusted: two equal batch means alone would look perfect.
const FEWEST_LEFT: usize = 5;
/// A cut beyond the middle counts as clearly better if its statistic is below that share of the best allowed one.
const CLEARLY_BETTER: f64 = 0.25;

/// What to leave out of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Truncation {
    /// How many observations at the start.
    pub observations: usize,
    /// The mean of the whole series.
    pub mean_of_all: f64,
    /// The mean of what is kept.
    pub mean_of_kept: f64,
    /// False if the best cut seems to lie beyond the middle: the run is too short, or drifts.
    pub sufficient: bool,
}

/// A series with too few observations to find a warm-up in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooShort {
    /// Observations given.
    pub given: usize,
    /// Observations needed: 20 for MSER-5.
    pub needed: usize,
}

/// The cut that MSER with batches of `batch` observations finds in the first half of the series.
///
/// No tolerance is absolute: the same series in other units, or on another level, gets the same cut.
/// Of equal cuts the earliest wins.
///
/// # Errors
/// If the series has fewer than four batches.
pub fn mser(series: &[f64], batch: usize) -> Result<Truncation, TooShort> {
    let batch = batch.max(1);
    let needed = FEWEST_BATCHES * batch;
    if series.len() < needed {
        return Err(TooShort { given: series.len(), needed });
    }
    let means = batch_means_of(series, batch);
    let curve = curve_of(&means);
    let middle = means.len() / 2;
    let (cut, best) = least(&curve[..=middle]);
    let kept = Tally::of(&means[cut..]);
    Ok(Truncation {
        observations: cut * batch,
        mean_of_all: Tally::of(&means).mean().unwrap_or_default(),
        mean_of_kept: kept.mean().unwrap_or_default(),
        sufficient: !later_is_better(&curve, means.len(), cut, best),
    })
}

/// MSER's statistic for leaving out 0, 1, 2 … batches, all but the last two: the squared standard error of the
/// rest's mean, but for its factor.
pub fn mser_curve(series: &[f64], batch: usize) -> Vec<f64> {
    curve_of(&batch_means_of(series, batch.max(1)))
}

/// Whether a cut beyond the middle beats the `best` of the first half: clearly, or at all when the best is the
/// last one allowed.
fn later_is_better(curve: &[f64], batches: usize, cut: usize, best: f64) -> bool {
    let middle = batches / 2;
    let last = batches.saturating_sub(FEWEST_LEFT).min(curve.len().saturating_sub(1));
    let Some(later) = curve.get(middle + 1..=last) else { return false };
    let later = later.iter().copied().fold(f64::INFINITY, f64::min);
    later < best * CLEARLY_BETTER || (cut == middle && later < best)
}

/// The means of whole batches; what does not fill one at the end is left out.
fn batch_means_of(series: &[f64], batch: usize) -> Vec<f64> {
    series.chunks_exact(batch).map(|batch| batch.iter().sum::<f64>() / batch.len() as f64).collect()
}

fn curve_of(means: &[f64]) -> Vec<f64> {
    // Backwards, so that one pass gives every rest.
    let mut rest = Tally::default();
    let mut curve: Vec<f64> = means
        .iter()
        .rev()
        .map(|&mean| {
            rest.record(mean);
            let count = rest.count() as f64;
            rest.variance().map_or(0.0, |variance| variance * (count - 1.0) / (count * count))
        })
        .collect();
    curve.reverse();
    curve.pop();
    curve
}

/// The first of the least numbers and where it is.
fn least(numbers: &[f64]) -> (usize, f64) {
    let mut best = (0, f64::INFINITY);
    for (index, &number) in numbers.iter().enumerate() {
        if number < best.1 {
            best = (index, number);
        }
    }
    best
}

/// The mean over replications of each bin; as long as the shortest series.
pub fn average_over_replications<S: AsRef<[f64]>>(replications: &[S]) -> Vec<f64> {
    let bins = replications.iter().map(|series| series.as_ref().len()).min().unwrap_or(0);
    let mean = |bin| replications.iter().map(|series| series.as_ref()[bin]).sum::<f64>();
    (0..bins).map(|bin| mean(bin) / replications.len() as f64).collect()
}

/// Welch's moving average: 2w + 1 points around each, fewer near the start; the last w have none.
pub fn moving_average(series: &[f64], half_window: usize) -> Vec<f64> {
    let centres = series.len().saturating_sub(half_window);
    let around = |centre: usize| {
        let reach = half_window.min(centre);
        let points = &series[centre - reach..=centre + reach];
        points.iter().sum::<f64>() / points.len() as f64
    };
    (0..centres).map(around).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An empty system fills: 60 observations, the first 20 still falling.
    const FILLING: [u8; 60] = [
        20, 18, 17, 15, 14, 12, 11, 11, 10, 9, 8, 8, 7, 7, 6, 6, 5, 6, 5, 5, 4, 5, 6, 5, 5, 5, 6, 5, 5,
        6, //
        5, 4, 5, 6, 4, 5, 5, 4, 6, 6, 4, 5, 5, 6, 5, 5, 6, 4, 4, 5, 5, 4, 7, 5, 5, 6, 5, 5, 4, 6,
    ];

    fn filling(scale: f64, shift: f64) -> Vec<f64> {
        FILLING.iter().map(|&value| f64::from(value) * scale + shift).collect()
    }

    #[test]
    fn the_cut_leaves_the_least_standard_error() {
        let curve = mser_curve(&filling(1.0, 0.0), MSER_BATCH);
        // numpy: var(Z[d:]) / (k − d).
        let expected = [
            0.976_366, 0.245_289, 0.043_360, 0.005_048, 0.004_922, 0.006_297, 0.005_370, 0.005_120,
            0.006_875, 0.011_852, 0.0,
        ];
        assert_eq!(curve.len(), expected.len());
        for (found, expected) in curve.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
        }
        let cut = mser(&filling(1.0, 0.0), MSER_BATCH).unwrap();
        // The two equal batch means at the end, with statistic 0, must not win.
        assert_eq!((cut.observations, cut.sufficient), (20, true));
        assert!((cut.mean_of_kept - 5.075).abs() < 1e-9 && (cut.mean_of_all - 6.716_666_667).abs() < 1e-9);
    }

    #[test]
    fn units_and_level_do_not_move_the_cut() {
        for (scale, shift) in [(1e-5, 0.0), (1.0, 1000.0), (1e9, 0.0), (-1.0, 0.0), (1e-12, 0.0)] {
            assert_eq!(mser(&filling(scale, shift), MSER_BATCH).unwrap().observations, 20, "{scale} {shift}");
        }
    }

    #[test]
    fn what_never_settles_is_told() {
        let ramp: Vec<f64> = (0..100).map(f64::from).collect();
        assert!(!mser(&ramp, MSER_BATCH).unwrap().sufficient);
        // A step at 70 % of the run, with a little noise.
        let step: Vec<f64> =
            (0..200).map(|i| if i < 140 { 20.0 } else { 5.0 } + f64::from(i * 7 % 5)).collect();
        assert!(!mser(&step, MSER_BATCH).unwrap().sufficient);
        let constant = mser(&[7.0; 60], MSER_BATCH).unwrap();
        assert_eq!((constant.observations, constant.sufficient), (0, true));
        assert_eq!(mser(&[1.0; 19], MSER_BATCH), Err(TooShort { given: 19, needed: 20 }));
        assert!(mser(&[1.0; 20], MSER_BATCH).is_ok());
    }

    #[test]
    fn noise_alone_is_seldom_called_a_drift() {
        let mut stream = crate::random::Streams::new(3, 0).stream("warmup/test");
        let drifts = (0..1000)
            .filter(|_| {
                let noise: Vec<f64> = (0..100).map(|_| stream.unit()).collect();
                !mser(&noise, MSER_BATCH).unwrap().sufficient
            })
            .count();
        assert!(drifts < 50, "{drifts} of 1000");
    }

    #[test]
    fn welchs_average_narrows_at_the_start() {
        let series = [1.0, 3.0, 2.0, 6.0, 5.0, 7.0, 6.0, 8.0, 7.0, 8.0];
        let found = moving_average(&series, 2);
        for (found, expected) in found.iter().zip([1.0, 2.0, 3.4, 4.6, 5.2, 6.4, 6.6, 7.2]) {
            assert!((found - expected).abs() < 1e-12);
        }
        assert_eq!(
            (found.len(), moving_average(&series, 0).len(), moving_average(&series, 20).len()),
            (8, 10, 0)
        );
    }

    #[test]
    fn replications_are_averaged_bin_by_bin() {
        assert_eq!(average_over_replications(&[vec![1.0, 2.0, 3.0], vec![3.0, 6.0]]), [2.0, 4.0]);
        assert!(average_over_replications::<Vec<f64>>(&[]).is_empty());
    }
}
