//! Where ticks stand: round values, at most as many as there is room for.

/// At most `most` (at least two) round values within `low..=high`, evenly spaced.
pub(super) fn linear(low: f64, high: f64, most: usize) -> Vec<f64> {
    let step = round_step((high - low) / most.max(2) as f64);
    let first = (low / step.size()).ceil() as i64;
    let last = (high / step.size() * (1.0 + 1e-12)).floor() as i64;
    // A range far from zero and far too narrow for its floats would count for ever.
    (first..=last).take(2 * most + 2).map(|index| step.times(index)).collect()
}

/// Round values within `low..=high` for a logarithmic axis, at most about `most`.
pub(super) fn log(low: f64, high: f64, most: usize) -> Vec<f64> {
    if high / low < 4.0 {
        return linear(low, high, most);
    }
    let multiples: [&[i64]; 3] = [&[1, 2, 5], &[1, 3], &[1]];
    let candidates = multiples.iter().map(|multiples| decades(low, high, multiples));
    let fitting = candidates.into_iter().find(|ticks| (2..=most).contains(&ticks.len()));
    fitting.unwrap_or_else(|| thinned(decades(low, high, &[1]), most))
}

/// The unlabelled values between: 1, 2, … 9 of each decade; none where decades are many.
pub(super) fn log_minor(low: f64, high: f64) -> Vec<f64> {
    if high / low > 1e5 {
        return Vec::new();
    }
    decades(low, high, &[1, 2, 3, 4, 5, 6, 7, 8, 9])
}

/// The multiples of each power of ten that lie within `low..=high`.
fn decades(low: f64, high: f64, multiples: &[i64]) -> Vec<f64> {
    let first = libm::log10(low).floor() as i32 - 1;
    let last = libm::log10(high).ceil() as i32 + 1;
    let values = (first..=last).flat_map(|exponent| multiples.iter().map(move |m| scaled(*m, exponent)));
    values.filter(|value| *value >= low * (1.0 - 1e-9) && *value <= high * (1.0 + 1e-9)).collect()
}

fn thinned(ticks: Vec<f64>, most: usize) -> Vec<f64> {
    let every = ticks.len().div_ceil(most.max(1)).max(1);
    ticks.into_iter().step_by(every).collect()
}

/// The largest round value (1, 2 or 5 times a power of ten) at or below `value`, which is positive.
pub(super) fn round_down(value: f64) -> f64 {
    let nearest = |low: f64, high: f64| decades(low, high, &[1, 2, 5]).last().copied();
    nearest(value / 10.0, value).unwrap_or(value)
}

/// The smallest round value at or above `value`, which is positive.
pub(super) fn round_up(value: f64) -> f64 {
    decades(value, value * 10.0, &[1, 2, 5]).first().copied().unwrap_or(value)
}

/// A step of 1, 2 or 5 times a power of ten.
#[derive(Clone, Copy, Debug)]
struct Step {
    digit: i64,
    exponent: i32,
}

impl Step {
    fn size(self) -> f64 {
        scaled(self.digit, self.exponent)
    }

    fn times(self, index: i64) -> f64 {
        scaled(index.saturating_mul(self.digit), self.exponent)
    }
}

/// The smallest round step that is at least `raw`.
fn round_step(raw: f64) -> Step {
    let exponent = libm::log10(raw.max(1e-300)).floor() as i32;
    let wide_enough = |digit: &&i64| scaled(**digit, exponent) >= raw * (1.0 - 1e-9);
    match [1, 2, 5].iter().find(wide_enough) {
        Some(digit) => Step { digit: *digit, exponent },
        None => Step { digit: 1, exponent: exponent + 1 },
    }
}

/// `digits` times ten to the `exponent`; divided for negative exponents, so that 3 and -1 give 0.3.
fn scaled(digits: i64, exponent: i32) -> f64 {
    let power = libm::pow(10.0, f64::from(exponent.abs()));
    if exponent < 0 { digits as f64 / power } else { digits as f64 * power }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linear_ticks_are_round() {
        assert_eq!(linear(0.0, 1.0, 6), [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]);
        assert_eq!(linear(0.48, 0.97, 8), [0.5, 0.6, 0.7, 0.8, 0.9]);
        assert_eq!(linear(-25.0, 180.0, 6), [0.0, 50.0, 100.0, 150.0]);
        assert_eq!(linear(0.0, 600.0, 8), [0.0, 100.0, 200.0, 300.0, 400.0, 500.0, 600.0]);
    }

    #[test]
    fn logarithmic_ticks_thin_out_as_the_range_grows() {
        assert_eq!(log(0.1, 0.2, 6), [0.1, 0.12, 0.14, 0.16, 0.18, 0.2]);
        assert_eq!(log(0.1, 1.0, 6), [0.1, 0.2, 0.5, 1.0]);
        assert_eq!(log(0.01, 10.0, 7), [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0]);
        assert_eq!(log(1e-6, 1.0, 7).len(), 7);
        assert!(log(1e-30, 1e30, 7).len() <= 7);
    }

    #[test]
    fn round_values_enclose() {
        assert_eq!((round_down(0.104), round_up(0.46)), (0.1, 0.5));
        assert_eq!((round_down(0.1), round_up(0.5)), (0.1, 0.5));
        assert_eq!((round_down(7.0), round_up(7.0)), (5.0, 10.0));
    }

    #[test]
    fn a_range_too_narrow_for_its_floats_ends() {
        assert!(linear(1e16, 1e16 + 2.0, 5).len() <= 12);
        assert!(linear(-1e30, 1e30, 5).len() <= 12);
    }
}
