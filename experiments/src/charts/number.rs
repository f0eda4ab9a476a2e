//! Numbers as people read them: three significant digits, SI prefixes, one unit for each axis.

use super::data::Quantity;

/// A prefix: what a value is divided by, and what then follows the figure.
type Prefix = (f64, &'static str);

const SECONDS: &[Prefix] = &[(1e-9, " ns"), (1e-6, " µs"), (1e-3, " ms"), (1.0, " s")];
const PER_SECOND: &[Prefix] = &[(1.0, "/s"), (1e3, " k/s"), (1e6, " M/s"), (1e9, " G/s")];
const RATIO: &[Prefix] = &[(1.0, "")];
const COUNT: &[Prefix] = &[(1.0, ""), (1e3, " k"), (1e6, " M"), (1e9, " G"), (1e12, " T")];
const BYTES: &[Prefix] = &[(1.0, " B"), (1e3, " kB"), (1e6, " MB"), (1e9, " GB"), (1e12, " TB")];

impl Quantity {
    fn prefixes(self) -> &'static [Prefix] {
        match self {
            Self::Seconds => SECONDS,
            Self::PerSecond => PER_SECOND,
            Self::Ratio | Self::Percentile => RATIO,
            Self::Count => COUNT,
            Self::Bytes => BYTES,
        }
    }

    /// The largest prefix not above a magnitude, else the smallest; numbers stay plain below ten thousand.
    fn prefix(self, magnitude: f64) -> Prefix {
        let least = |factor: f64| if factor == 1e3 { 1e4 } else { factor };
        // A tick computed as 0.99999… ms is meant as 1 ms.
        let reached = |(factor, _): &&Prefix| least(*factor) <= magnitude * (1.0 + 1e-9);
        let fitting = self.prefixes().iter().rev().find(reached);
        fitting.or(self.prefixes().first()).copied().unwrap_or((1.0, ""))
    }
}

/// `value` with three significant digits and its unit: `292 ms`, `1.24 k/s`, `0.950`.
pub fn reading(quantity: Quantity, value: f64) -> String {
    if value == 0.0 {
        return format!("0{}", quantity.prefix(1.0).1);
    }
    if !value.is_finite() {
        return "–".to_owned();
    }
    if quantity == Quantity::Percentile {
        return percentile(value);
    }
    // Rounded first, so that 999.6 ms becomes 1.00 s and not 1000 ms.
    let rounded = three_digits(value).0;
    let (factor, unit) = quantity.prefix(rounded.abs());
    let figure = figure(value / factor);
    match quantity {
        Quantity::Count => format!("{}{unit}", without_trailing_zeros(&figure)),
        Quantity::Seconds
        | Quantity::PerSecond
        | Quantity::Ratio
        | Quantity::Bytes
        | Quantity::Percentile => format!("{figure}{unit}"),
    }
}

/// A cumulative probability by its usual name.
fn percentile(probability: f64) -> String {
    format!("p{}", without_trailing_zeros(&format!("{:.5}", 100.0 * probability)))
}

/// `value` as somebody wrote it, at most three significant digits and no zeros behind: `250 ms`, `20 s`.
pub(crate) fn plain(quantity: Quantity, value: f64) -> String {
    let text = reading(quantity, value);
    let (figure, unit) = text.split_at(text.find([' ', '/']).unwrap_or(text.len()));
    format!("{}{unit}", without_trailing_zeros(figure))
}

/// A value with its interval, all in one unit: `104.0 ms [103.5, 104.5]`.
pub(super) fn with_interval(quantity: Quantity, value: f64, low: f64, high: f64) -> String {
    in_one_unit(quantity, [value, low, high], &|value, decimals| format!("{value:.decimals$}"))
}

/// A difference with its interval: `+11.40 ms [+10.95, +11.85]`.
pub(super) fn difference(quantity: Quantity, value: f64, low: f64, high: f64) -> String {
    in_one_unit(quantity, [value, low, high], &|value, decimals| format!("{value:+.decimals$}"))
}

/// Value, low and high with the prefix of the largest, and as many decimals as the interval's width deserves.
fn in_one_unit(quantity: Quantity, all: [f64; 3], write: &dyn Fn(f64, usize) -> String) -> String {
    let [value, low, high] = all;
    let largest =
        all.iter().filter(|value| value.is_finite()).fold(0.0, |most: f64, next| most.max(next.abs()));
    let (factor, unit) = quantity.prefix(largest);
    // Two digits of the half-width, and three of the largest figure.
    let decimals = |of: f64, digits: i32| digits - 1 - three_digits(of / factor).1;
    let narrow = if high > low && (high - low).is_finite() { decimals((high - low) / 2.0, 2) } else { 0 };
    let decimals = usize::try_from(narrow.max(decimals(largest, 3)).min(6)).unwrap_or(0);
    let figure = |value: f64| match value {
        _ if value.is_finite() && value.abs() / factor < 1e9 => write(value / factor, decimals),
        _ if value.is_finite() => format!("{:.2e}", value / factor),
        _ if value.is_nan() => "–".to_owned(),
        _ if value > 0.0 => "∞".to_owned(),
        _ => "-∞".to_owned(),
    };
    format!("{}{unit} [{}, {}]", figure(value), figure(low), figure(high))
}

/// A probability of error: `2e-12`, `0.013`.
pub(super) fn p_value(p: f64) -> String {
    if p < 0.001 { format!("{p:.0e}") } else { format!("{p:.3}") }
}

/// `value` to three significant digits, plain where that is short.
fn figure(value: f64) -> String {
    let (_, exponent) = three_digits(value);
    match usize::try_from(2 - exponent) {
        Ok(decimals) if decimals <= 6 => format!("{value:.decimals$}"),
        Err(_) if exponent < 7 => format!("{value:.0}"),
        Ok(_) | Err(_) => format!("{value:.2e}"),
    }
}

/// `value` rounded to three significant digits, and its decimal exponent.
fn three_digits(value: f64) -> (f64, i32) {
    let text = format!("{value:.2e}");
    let exponent = text.split_once('e').and_then(|(_, exponent)| exponent.parse().ok());
    (text.parse().unwrap_or(value), exponent.unwrap_or(0))
}

fn without_trailing_zeros(figure: &str) -> &str {
    if figure.contains('e') || !figure.contains('.') {
        return figure;
    }
    figure.trim_end_matches('0').trim_end_matches('.')
}

/// Labels of evenly spaced ticks: one prefix, and as many decimals as the finest tick needs.
pub(super) fn linear_labels(quantity: Quantity, ticks: &[f64]) -> Vec<String> {
    let largest = ticks.iter().fold(0.0, |largest: f64, tick| largest.max(tick.abs()));
    let (factor, unit) = quantity.prefix(largest);
    let decimals = (0..=6).find(|decimals| ticks.iter().all(|tick| is_exact(tick / factor, *decimals)));
    let label = |tick: &f64| match decimals {
        _ if *tick == 0.0 => "0".to_owned(),
        Some(decimals) if largest / factor < 1e7 => format!("{:.decimals$}{unit}", tick / factor),
        Some(_) | None => format!("{:.2e}{unit}", tick / factor),
    };
    ticks.iter().map(label).collect()
}

/// Labels of logarithmically spaced ticks: each has its own prefix.
pub(super) fn log_labels(quantity: Quantity, ticks: &[f64]) -> Vec<String> {
    ticks.iter().map(|tick| log_label(quantity, *tick)).collect()
}

fn log_label(quantity: Quantity, tick: f64) -> String {
    let (factor, unit) = quantity.prefix(tick);
    format!("{}{unit}", without_trailing_zeros(&figure(tick / factor)))
}

/// Whether `decimals` decimals tell `value` to a millionth.
fn is_exact(value: f64, decimals: usize) -> bool {
    let shown: f64 = format!("{value:.decimals$}").parse().unwrap_or(value);
    (shown - value).abs() <= 1e-6 * value.abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Quantity::{Bytes, Count, PerSecond, Percentile, Ratio, Seconds};

    #[test]
    fn readings_have_three_significant_digits() {
        let table = [
            (Seconds, 0.2922, "292 ms"),
            (Seconds, 0.9996, "1.00 s"),
            (Seconds, 0.9994, "999 ms"),
            (Seconds, 1.234, "1.23 s"),
            (Seconds, 12_345.0, "12345 s"),
            (Seconds, 2.5e-6, "2.50 µs"),
            (Seconds, 4e-9, "4.00 ns"),
            (Seconds, 1e-12, "0.00100 ns"),
            (Seconds, 0.0, "0 s"),
            (Seconds, -0.0114, "-11.4 ms"),
            (PerSecond, 700.0, "700/s"),
            (PerSecond, 2799.0, "2799/s"),
            (PerSecond, 9999.9, "10.0 k/s"),
            (PerSecond, 12_345.0, "12.3 k/s"),
            (PerSecond, 0.25, "0.250/s"),
            (Ratio, 0.95, "0.950"),
            (Ratio, 0.99999, "1.00"),
            (Count, 16.0, "16"),
            (Count, 20_000.0, "20 k"),
            (Count, 2.5, "2.5"),
            (Bytes, 1_500_000.0, "1.50 MB"),
            (Count, 1e25, "1.00e13 T"),
            (Percentile, 0.5, "p50"),
            (Percentile, 0.9999, "p99.99"),
            (Seconds, f64::NAN, "–"),
            (Seconds, f64::INFINITY, "–"),
        ];
        for (quantity, value, expected) in table {
            assert_eq!(reading(quantity, value), expected, "{quantity:?} {value}");
        }
    }

    #[test]
    fn plain_figures_have_no_zeros_behind() {
        let table = [
            (Seconds, 20.0, "20 s"),
            (Seconds, 0.25, "250 ms"),
            (Ratio, 0.5, "0.5"),
            (PerSecond, 20_000.0, "20 k/s"),
            (PerSecond, 700.0, "700/s"),
            (Seconds, 0.0, "0 s"),
        ];
        for (quantity, value, expected) in table {
            assert_eq!(plain(quantity, value), expected);
        }
    }

    #[test]
    fn differences_share_one_unit_and_show_their_width() {
        let table = [
            ((0.0114, 0.01095, 0.01185), "+11.40 ms [+10.95, +11.85]"),
            ((0.1808, 0.1597, 0.2018), "+181 ms [+160, +202]"),
            ((-0.0001, -0.0004, 0.0002), "-100 µs [-400, +200]"),
            ((1.0, 0.5, f64::INFINITY), "+1.00 s [+0.50, ∞]"),
        ];
        for ((value, low, high), expected) in table {
            assert_eq!(difference(Seconds, value, low, high), expected);
        }
        assert_eq!(with_interval(Seconds, 0.104, 0.1035, 0.1045), "104.00 ms [103.50, 104.50]");
        assert_eq!(with_interval(PerSecond, 985.0, 955.0, 1004.0), "985/s [955, 1004]");
    }

    #[test]
    fn small_probabilities_are_powers_of_ten() {
        assert_eq!([2e-12, 0.0132, 1.0].map(p_value), ["2e-12", "0.013", "1.000"]);
    }

    #[test]
    fn linear_ticks_share_one_unit() {
        let table: [(Quantity, &[f64], &[&str]); 8] = [
            (Seconds, &[0.0, 0.5, 1.0, 1.5], &["0", "0.5 s", "1.0 s", "1.5 s"]),
            (Seconds, &[0.0, 0.1, 0.2], &["0", "100 ms", "200 ms"]),
            (Seconds, &[0.0, 100.0, 600.0], &["0", "100 s", "600 s"]),
            (PerSecond, &[0.0, 400.0, 1200.0], &["0", "400/s", "1200/s"]),
            (PerSecond, &[0.0, 5_000.0, 10_000.0], &["0", "5 k/s", "10 k/s"]),
            (Ratio, &[0.5, 0.75, 1.0], &["0.50", "0.75", "1.00"]),
            (Count, &[0.0, 10_000.0, 20_000.0], &["0", "10 k", "20 k"]),
            (Bytes, &[1e20, 2e20], &["1.00e8 TB", "2.00e8 TB"]),
        ];
        for (quantity, ticks, expected) in table {
            assert_eq!(linear_labels(quantity, ticks), expected);
        }
    }

    #[test]
    fn logarithmic_ticks_have_their_own_units() {
        let ticks = [1e-6, 1e-5, 0.000_999_999_999_9, 0.01, 0.5, 1.0, 20.0];
        let expected = ["1 µs", "10 µs", "1 ms", "10 ms", "500 ms", "1 s", "20 s"];
        assert_eq!(log_labels(Seconds, &ticks), expected);
        assert_eq!(log_labels(PerSecond, &[0.1, 1.0, 1000.0, 2e6]), ["0.1/s", "1/s", "1000/s", "2 M/s"]);
    }
}
