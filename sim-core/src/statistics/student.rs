//! Quantiles and tails of Student's t and of the normal distribution.
//!
//! `statrs` computes them with the platform's logarithm, whose last digit differs from machine to machine, so
//! what leaves here is rounded to 10 significant digits: those are the same everywhere, and more than any
//! interval needs.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// Above that many degrees of freedom a series around the normal quantile is more exact than `statrs`.
const MANY_DEGREES: f64 = 1000.0;

/// The `p`-quantile of Student's t with `freedom` degrees of freedom.
///
/// Infinite where nothing can be known: `p` at or beyond 0 or 1, or no degree of freedom.
pub fn student_quantile(p: f64, freedom: f64) -> f64 {
    if !(p > 0.0 && p < 1.0 && freedom > 0.0) {
        return if p < 0.5 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    if freedom > MANY_DEGREES {
        return ten_digits(around_the_normal(exact_normal_quantile(p), freedom));
    }
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::INFINITY, |student| ten_digits(student.inverse_cdf(p)))
}

/// t with t_{1−α/2, ν}: how many standard errors a two-sided interval of `confidence` reaches to each side.
pub fn student_factor(confidence: f64, freedom: f64) -> f64 {
    student_quantile(0.5 + confidence / 2.0, freedom)
}

/// The chance that Student's t with `freedom` degrees of freedom exceeds `t`.
pub fn student_tail(t: f64, freedom: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom).map_or(0.5, |student| ten_digits(student.sf(t)))
}

/// The `p`-quantile of the standard normal distribution; infinite at and beyond 0 and 1.
pub fn normal_quantile(p: f64) -> f64 {
    if p > 0.0 && p < 1.0 { ten_digits(exact_normal_quantile(p)) } else { student_quantile(p, f64::INFINITY) }
}

/// How many standard deviations a two-sided normal interval of `confidence` reaches to each side.
pub fn normal_factor(confidence: f64) -> f64 {
    normal_quantile(0.5 + confidence / 2.0)
}

/// The chance that a standard normal number exceeds `z`.
pub fn normal_tail(z: f64) -> f64 {
    libm::erfc(z / std::f64::consts::SQRT_2) / 2.0
}

fn exact_normal_quantile(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p)
}

/// Abramowitz & Stegun 26.7.5: t's quantile as a series in 1/ν around the normal quantile `z`.
fn around_the_normal(z: f64, freedom: f64) -> f64 {
    let s = z * z;
    let first = z * (s + 1.0) / 4.0;
    let second = z * ((5.0 * s + 16.0) * s + 3.0) / 96.0;
    let third = z * (((3.0 * s + 19.0) * s + 17.0) * s - 15.0) / 384.0;
    z + (first + (second + third / freedom) / freedom) / freedom
}

/// `number` to 10 significant digits; what is not finite stays.
pub(super) fn ten_digits(number: f64) -> f64 {
    format!("{number:.9e}").parse().unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_agree_with_the_tables() {
        // Tables of Student's t, e.g. NIST/SEMATECH 1.3.6.7.2; the last is Bonferroni's for 15 comparisons.
        let table = [
            (0.975, 1.0, 12.706_205),
            (0.975, 4.0, 2.776_445),
            (0.975, 9.0, 2.262_157),
            (0.975, 19.0, 2.093_024),
            (0.975, 29.0, 2.045_230),
            (0.975, 99.0, 1.984_217),
            (0.95, 9.0, 1.833_113),
            (0.995, 9.0, 3.249_836),
            (1.0 - 0.05 / 30.0, 9.0, 3.954_219),
            // scipy.stats.t.ppf.
            (0.975, 100_000.0, 1.959_987_707_5),
            (0.9, 1_001.0, 1.282_397_874_6),
            (0.975, 12.7, 2.165_567_731),
        ];
        for (p, freedom, t) in table {
            let found = student_quantile(p, freedom);
            assert!((found - t).abs() < 1e-6, "t({p}, {freedom}) = {found}, not {t}");
            assert!((student_quantile(1.0 - p, freedom) + t).abs() < 1e-6);
        }
        assert!((normal_quantile(0.975) - 1.959_963_985).abs() < 1e-9);
        assert!((student_factor(0.95, 9.0) - 2.262_157_163).abs() < 1e-9);
    }

    #[test]
    fn the_series_joins_the_table_where_it_takes_over() {
        for p in [0.6, 0.9, 0.975, 0.9999] {
            let (below, above) = (student_quantile(p, 1000.0), student_quantile(p, 1000.0001));
            assert!((below - above).abs() < 3e-9, "{p}: {below} {above}");
        }
    }

    #[test]
    fn a_normal_interval_covers_too_little() {
        // True coverage of mean ± 1.96 s/√n for n normal numbers.
        for (n, coverage) in [(3, 0.8109), (5, 0.8784), (10, 0.9184), (20, 0.9352), (30, 0.9403)] {
            let found = 1.0 - 2.0 * student_tail(normal_factor(0.95), f64::from(n - 1));
            assert!((found - coverage).abs() < 5e-5, "n = {n}: {found}");
        }
        assert!((normal_tail(1.959_963_985) - 0.025).abs() < 1e-10);
        // Far tails keep their digits: scipy.stats.norm.sf(8).
        assert!((normal_tail(8.0) / 6.220_960_574_271_784e-16 - 1.0).abs() < 1e-12);
        assert!((student_tail(20.0, 29.0) / 8.209_118_715_834_557e-19 - 1.0).abs() < 1e-9);
    }

    #[test]
    fn nothing_known_is_infinitely_wide() {
        assert_eq!(student_quantile(0.975, 0.0), f64::INFINITY);
        assert_eq!(student_quantile(0.0, 5.0), f64::NEG_INFINITY);
        assert_eq!((normal_quantile(1.0), normal_quantile(-1.0)), (f64::INFINITY, f64::NEG_INFINITY));
    }
}
