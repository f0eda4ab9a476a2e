//! Numbers: three digits for people, all of them for machines.

use clap::ValueEnum;
use models::report::Unit;

/// In which unit people read lengths of time; files always hold seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TimeUnit {
    /// Whichever gives short numbers.
    #[default]
    Auto,
    /// Microseconds.
    Us,
    /// Milliseconds.
    Ms,
    /// Seconds.
    S,
}

/// What a column's numbers are multiplied by, and the unit that stands in its header.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Shown value over base value.
    pub factor: f64,
    /// The shown unit; may be empty.
    pub unit: &'static str,
}

impl Scale {
    /// The scale of a column whose typical value, in base units, is `typical`.
    pub fn of(unit: Unit, typical: f64, wished: TimeUnit) -> Self {
        match unit {
            Unit::Seconds => Self::of_time(typical, wished),
            Unit::PerSecond => Self { factor: 1.0, unit: "/s" },
            Unit::Bytes => Self { factor: 1.0, unit: "B" },
            Unit::Count | Unit::Ratio => Self { factor: 1.0, unit: "" },
        }
    }

    fn of_time(typical: f64, wished: TimeUnit) -> Self {
        match wished {
            TimeUnit::Us => Self { factor: 1e6, unit: "µs" },
            TimeUnit::Ms => Self { factor: 1e3, unit: "ms" },
            TimeUnit::S => Self { factor: 1.0, unit: "s" },
            TimeUnit::Auto if typical.abs() < 1e-3 => Self::of_time(typical, TimeUnit::Us),
            TimeUnit::Auto if typical.abs() < 10.0 => Self::of_time(typical, TimeUnit::Ms),
            TimeUnit::Auto => Self::of_time(typical, TimeUnit::S),
        }
    }

    /// The number with three digits and its unit: `104 ms`, `700/s`, `0.95`.
    pub fn show(self, value: f64) -> String {
        self.with_unit(&significant(value * self.factor, 3))
    }

    /// The unit behind a number that is written already.
    pub fn with_unit(self, number: &str) -> String {
        match self.unit {
            "" => number.to_owned(),
            unit if unit.starts_with('/') => format!("{number}{unit}"),
            unit => format!("{number} {unit}"),
        }
    }
}

/// A unit's name in files, where values are in base units.
pub const fn base_unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Seconds => "s",
        Unit::PerSecond => "1/s",
        Unit::Count => "count",
        Unit::Ratio => "ratio",
        Unit::Bytes => "B",
    }
}

/// The shortest text that reads back as the same number.
pub fn exact(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || !value.is_finite() || (1e-5..1e17).contains(&size) {
        format!("{value}")
    } else {
        format!("{value:e}")
    }
}

/// [`exact`], and nothing for nothing.
pub fn exact_or_empty(value: Option<f64>) -> String {
    value.map(exact).unwrap_or_default()
}

/// That many significant digits and no more zeros than they need; whole numbers keep all digits before the point.
pub fn significant(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return if value.is_nan() {
            "–"
        } else if value > 0.0 {
            "∞"
        } else {
            "-∞"
        }
        .to_owned();
    }
    let decimals = decimals_for(value, digits);
    if decimals > 9 {
        return format!("{value:.*e}", digits.saturating_sub(1));
    }
    without_minus_zero(format!("{value:.decimals$}"))
}

/// Three digits without zeros that say nothing: `20` for 20.0; for what a file states and nobody measured.
pub fn short(value: f64) -> String {
    let text = significant(value, 3);
    match text.split_once('.') {
        Some((_, decimals)) if !decimals.contains('e') => {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => text,
    }
}

/// How many times: `8.4×`; beyond what anybody can use, only that.
pub fn times(factor: f64) -> String {
    if factor > 10_000.0 { ">10 000×".to_owned() } else { format!("{factor:.1}×") }
}

/// A mean and its half-width as one word: `104±0.5`, `292±21`; the half-width with two digits, and with one decimal
/// more than the mean at most.
pub fn give_or_take(mean: f64, half_width: Option<f64>) -> String {
    let shown = significant(mean, 3);
    let Some(half) = half_width.filter(|half| half.is_finite()) else { return shown };
    let most = decimals_for(mean, 3) + 1;
    let decimals = decimals_for(half, 2).min(most);
    format!("{shown}±{half:.decimals$}")
}

/// With its sign, for differences: `+11.4`.
pub fn signed(value: f64, digits: usize) -> String {
    let text = significant(value, digits);
    if value > 0.0 { format!("+{text}") } else { text }
}

/// A chance: `0.04`, `2e-12`; what the arithmetic no longer tells from 0 is `<1e-15`.
pub fn chance(p: f64) -> String {
    match p {
        p if p > 0.995 => "1".to_owned(),
        p if p >= 1e-3 => significant(p, 2),
        p if p < 1e-15 => "<1e-15".to_owned(),
        p => format!("{p:.0e}"),
    }
}

/// Decimals that leave `digits` significant ones: rounded first, since 9.996 has one digit more than it seems.
fn decimals_for(value: f64, digits: usize) -> usize {
    if value == 0.0 || !value.is_finite() {
        return 0;
    }
    let scientific = format!("{:.*e}", digits.saturating_sub(1), value.abs());
    let exponent: isize = scientific.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    let size = exponent.unsigned_abs();
    if exponent < 0 { digits - 1 + size } else { digits.saturating_sub(1 + size) }
}

fn without_minus_zero(text: String) -> String {
    let zero = text.starts_with('-') && text.chars().all(|c| "-0.".contains(c));
    if zero { text.trim_start_matches('-').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_get_three_digits() {
        let shown = [104.4, 0.003_124_9, 9.996, 12_345.6, 0.0, -0.000_04].map(|value| significant(value, 3));
        assert_eq!(shown, ["104", "0.00312", "10.0", "12346", "0", "-0.0000400"]);
        assert_eq!(significant(f64::INFINITY, 3), "∞");
        assert_eq!(significant(1.5e-12, 3), "1.50e-12");
        assert_eq!([20.0, 100.0, 0.25, 1500.0].map(short), ["20", "100", "0.25", "1500"]);
        assert_eq!([8.43, 3e28].map(times), ["8.4×", ">10 000×"]);
    }

    #[test]
    fn half_widths_are_no_finer_than_the_mean_deserves() {
        let pairs =
            [(104.1, 0.52), (292.2, 20.9), (360.0, 104.3), (171.2, 5.91), (0.999, 0.000_31), (700.0, 0.0)];
        let shown = pairs.map(|(mean, half)| give_or_take(mean, Some(half)));
        assert_eq!(shown, ["104±0.5", "292±21", "360±104", "171±5.9", "0.999±0.0003", "700±0"]);
        assert_eq!(give_or_take(104.1, None), "104");
    }

    #[test]
    fn machines_get_every_digit() {
        for value in [0.1 + 0.2, 1e-300, 2.0e17, 1.0 / 3.0, -0.0, 5e-324] {
            assert_eq!(exact(value).parse::<f64>().unwrap().to_bits(), f64::to_bits(value), "{value}");
        }
        assert_eq!(exact(2e-12), "2e-12");
        assert_eq!(exact(f64::INFINITY), "inf");
    }

    #[test]
    fn a_column_has_one_unit() {
        let show = |typical| Scale::of(Unit::Seconds, typical, TimeUnit::Auto).show(typical);
        assert_eq!([0.000_25, 0.25, 25.0].map(show), ["250 µs", "250 ms", "25.0 s"]);
        assert_eq!(Scale::of(Unit::Seconds, 0.25, TimeUnit::S).show(0.25), "0.250 s");
        assert_eq!(Scale::of(Unit::PerSecond, 1.0, TimeUnit::Auto).show(700.0), "700/s");
    }

    #[test]
    fn chances_are_short() {
        assert_eq!([1.0, 0.041, 2.3e-12, 0.0].map(chance), ["1", "0.041", "2e-12", "<1e-15"]);
    }
}
