//! The interval for the mean of one long run from its spectrum near frequency 0.
//!
//! The variance of the mean is the spectral density at 0 over n. It is read off a polynomial fitted to the
//! logarithm of the periodogram at low frequencies, so no batch size has to be chosen: Heidelberger & Welch,
//! CACM 1981.

use std::f64::consts::TAU;

use super::{interval::Interval, student::student_factor, tally::Tally};

/// The mean of the logarithm of half a chi-square number with four degrees of freedom, negated.
const LOG_BIAS: f64 = 0.270;
/// The variance of the same logarithm.
const LOG_VARIANCE: f64 = 0.645;

/// A fit of a polynomial of `degree` to `points` pairs of periodogram ordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpectralFit {
    /// Points fitted, K: 25.
    pub points: usize,
    /// Degree of the polynomial, d: 2.
    pub degree: usize,
}

impl Default for SpectralFit {
    fn default() -> Self {
        Self { points: 25, degree: 2 }
    }
}

/// What follows from the number of points and the degree alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpectralConstants {
    /// The variance of the fitted logarithm at frequency 0.
    pub log_variance: f64,
    /// C₁ = e^(−v/2), which takes the bias off the exponential of the fit.
    pub unbias: f64,
    /// C₂ = 2/(e^v − 1), rounded: the degrees of freedom.
    pub freedom: f64,
}

impl SpectralFit {
    /// The constants; `None` if the points do not determine the polynomial.
    pub fn constants(self) -> Option<SpectralConstants> {
        let (_, leverage) = self.intercept(&vec![0.0; self.points])?;
        let log_variance = LOG_VARIANCE * leverage;
        let freedom = (2.0 / libm::expm1(log_variance)).round().max(1.0);
        Some(SpectralConstants { log_variance, unbias: libm::exp(-log_variance / 2.0), freedom })
    }

    /// The interval for the mean of the series; `None` if it is too short for the points, or constant.
    pub fn interval(self, series: &[f64], confidence: f64) -> Option<Interval> {
        let constants = self.constants()?;
        if series.len() <= 4 * self.points {
            return None;
        }
        let mean = Tally::of(series).mean()?;
        let ordinate = |j: usize| periodogram(series, mean, 2 * j - 1) + periodogram(series, mean, 2 * j);
        let logarithms: Vec<f64> =
            (1..=self.points).map(|j| libm::log(ordinate(j) / 2.0) + LOG_BIAS).collect();
        let (at_zero, _) = self.intercept(&logarithms)?;
        let density = constants.unbias * libm::exp(at_zero);
        if !(density.is_finite() && density > 0.0) {
            return None;
        }
        let error = (density / series.len() as f64).sqrt();
        let half_width = student_factor(confidence, constants.freedom) * error;
        Some(Interval { mean, half_width, confidence, count: constants.freedom as u64 + 1 })
    }

    /// The least-squares polynomial's value at frequency 0, and its variance if each ordinate's is 1.
    ///
    /// By polynomials orthogonal on the frequencies (Forsythe, SIAM Journal 1957), which needs no matrix.
    fn intercept(self, ordinates: &[f64]) -> Option<(f64, f64)> {
        if self.points <= self.degree {
            return None;
        }
        // Pair j covers frequencies 2j − 1 and 2j; in units of the last pair's, as only ratios matter.
        let last = (4 * self.points - 1) as f64;
        let frequencies: Vec<f64> = (1..=self.points).map(|j| (4 * j - 1) as f64 / last).collect();
        let (mut value, mut leverage) = (0.0, 0.0);
        let (mut before, mut before_at_zero, mut before_norm) = (vec![0.0; self.points], 0.0, 1.0);
        let (mut now, mut at_zero) = (vec![1.0; self.points], 1.0);
        for _ in 0..=self.degree {
            let norm = dot(&now, &now);
            value += at_zero * dot(&now, ordinates) / norm;
            leverage += at_zero * at_zero / norm;
            let squares: Vec<f64> = now.iter().map(|q| q * q).collect();
            let (centre, back) = (dot(&frequencies, &squares) / norm, norm / before_norm);
            let next =
                (0..self.points).map(|i| (frequencies[i] - centre) * now[i] - back * before[i]).collect();
            let next_at_zero = -centre * at_zero - back * before_at_zero;
            (before, before_at_zero, before_norm) = (now, at_zero, norm);
            (now, at_zero) = (next, next_at_zero);
        }
        Some((value, leverage))
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// |Σ (xₜ − mean) e^(−2πi k t/n)|² / n.
fn periodogram(series: &[f64], mean: f64, k: usize) -> f64 {
    let n = series.len();
    let (mut cosine, mut sine) = (0.0, 0.0);
    for (t, value) in series.iter().enumerate() {
        // Reduced in whole numbers, so that the angle stays exact at the end of a long run.
        let angle = TAU * ((k * t) % n) as f64 / n as f64;
        cosine += (value - mean) * libm::cos(angle);
        sine += (value - mean) * libm::sin(angle);
    }
    (cosine * cosine + sine * sine) / n as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::batch_means::tests::autoregressive;

    #[test]
    fn the_constants_are_the_papers() {
        // Heidelberger & Welch, table of C₁ and C₂; numpy to six digits.
        for (points, degree, variance, unbias, freedom) in [
            (25, 2, 0.252_954, 0.881_194, 7.0),
            (25, 3, 0.488_287, 0.783_375, 3.0),
            (50, 2, 0.121_005, 0.941_291, 16.0),
            (50, 3, 0.223_455, 0.894_288, 8.0),
        ] {
            let found = SpectralFit { points, degree }.constants().unwrap();
            assert!((found.log_variance - variance).abs() < 1e-6, "{found:?}");
            assert!((found.unbias - unbias).abs() < 1e-6 && found.freedom == freedom, "{found:?}");
        }
        assert_eq!(SpectralFit { points: 2, degree: 2 }.constants(), None);
    }

    #[test]
    fn the_spectrum_knows_the_variance_of_the_mean() {
        // numpy: fft and lstsq on the same series.
        let interval = SpectralFit::default().interval(&autoregressive(), 0.95).unwrap();
        assert!((interval.half_width - 0.056_359_532_0).abs() < 1e-9, "{interval:?}");
        assert_eq!(SpectralFit::default().interval(&[1.0; 100], 0.95), None);
        assert_eq!(SpectralFit::default().interval(&[1.0; 1000], 0.95), None);
    }
}
