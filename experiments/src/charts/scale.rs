//! Scales: from a value to its place on an axis, with the ticks of that axis.
//!
//! The three scales implement plotters' `Ranged`, so that its series are drawn in the data's own coordinates.
//! plotters' own logarithmic range uses the platform's logarithm; bytes that are equal everywhere need `libm`.

use super::data::{Axis, Quantity, Spacing};
use super::{number, ticks};
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged};
use std::ops::Range;

/// A labelled place on an axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) at: f64,
    pub(super) label: String,
}

/// A finished axis: its bounds, its ticks, and the way from a value to a place.
#[derive(Clone, Debug)]
pub(super) struct Scale {
    spacing: Spacing,
    low: f64,
    high: f64,
    pub(super) ticks: Vec<Tick>,
    /// Places of short unlabelled ticks.
    pub(super) minor: Vec<f64>,
}

/// Values beyond this size are gaps: no axis can show them beside others.
const LARGEST: f64 = 1e30;

/// The smallest tail a scale of nines shows.
const FEWEST_NINES: f64 = 1e-7;

/// The least and the greatest of the values an axis can show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Extent {
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Extent {
    /// The extent of those `values` that have a place on an axis of this spacing; `None` if none has.
    pub(super) fn of(values: impl IntoIterator<Item = f64>, spacing: Spacing) -> Option<Self> {
        let placed = values.into_iter().filter(|value| has_place(*value, spacing));
        placed.fold(None, |extent, value| {
            let Self { low, high } = extent.unwrap_or(Self { low: value, high: value });
            Some(Self { low: low.min(value), high: high.max(value) })
        })
    }

    /// The same extent, or one with room around its only value.
    pub(super) fn widened(self) -> Self {
        if self.low < self.high { self } else { aired(self) }
    }

    /// The same extent with zero in it.
    pub(super) fn with_zero(self) -> Self {
        Self { low: self.low.min(0.0), high: self.high.max(0.0) }
    }
}

/// Whether an axis of this spacing can show `value`.
pub(super) fn has_place(value: f64, spacing: Spacing) -> bool {
    match spacing {
        Spacing::Linear => value.is_finite() && value.abs() < LARGEST,
        Spacing::Log => value > 1.0 / LARGEST && value < LARGEST,
        Spacing::Nines => (0.0..1.0).contains(&value),
    }
}

impl Scale {
    /// A scale for `axis` that shows all of `extent` with a little air, with at most `most` ticks.
    pub(super) fn fit(axis: &Axis, extent: Extent, most: usize) -> Self {
        match axis.spacing {
            Spacing::Linear => Self::linear(axis.quantity, aired(extent), most),
            Spacing::Log => Self::log(axis.quantity, rounded(extent), most),
            Spacing::Nines => Self::nines(extent.high, most),
        }
    }

    /// A linear scale without ticks, for rows and columns that are labelled otherwise.
    pub(super) fn bare(low: f64, high: f64) -> Self {
        Self { spacing: Spacing::Linear, low, high, ticks: Vec::new(), minor: Vec::new() }
    }

    /// A linear scale with exactly these bounds.
    pub(super) fn linear(quantity: Quantity, bounds: Extent, most: usize) -> Self {
        let mut at = ticks::linear(bounds.low, bounds.high, most);
        if quantity == Quantity::Count && at.iter().filter(|at| at.fract() == 0.0).count() >= 2 {
            // Things are counted in whole numbers, unless all are fewer than two.
            at.retain(|at| at.fract() == 0.0);
        }
        let ticks = labelled(&at, number::linear_labels(quantity, &at));
        Self { spacing: Spacing::Linear, low: bounds.low, high: bounds.high, ticks, minor: Vec::new() }
    }

    fn log(quantity: Quantity, bounds: Extent, most: usize) -> Self {
        let at = ticks::log(bounds.low, bounds.high, most);
        let ticks = labelled(&at, number::log_labels(quantity, &at));
        let minor = ticks::log_minor(bounds.low, bounds.high);
        Self { spacing: Spacing::Log, low: bounds.low, high: bounds.high, ticks, minor }
    }

    /// Cumulative probabilities from 0 to `highest`, with ticks at 50, 90, 99 % and each further nine.
    fn nines(highest: f64, most: usize) -> Self {
        const AT: [f64; 7] = [0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999_999];
        let high = highest.clamp(0.9, 1.0 - FEWEST_NINES);
        let at: Vec<f64> = AT.into_iter().filter(|at| *at <= high + 1e-9).take(most.max(2)).collect();
        let labels = at.iter().map(|at| number::reading(Quantity::Percentile, *at)).collect();
        Self { spacing: Spacing::Nines, low: 0.0, high, ticks: labelled(&at, labels), minor: Vec::new() }
    }

    /// The lowest value shown.
    pub(super) fn low(&self) -> f64 {
        self.low
    }

    /// The highest value shown.
    pub(super) fn high(&self) -> f64 {
        self.high
    }

    /// Whether `value` lies within the bounds.
    pub(super) fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// Where `value` lies between the lowest (0) and the highest (1) value shown, never beyond them.
    pub(super) fn fraction(&self, value: f64) -> f64 {
        let (low, high) = (self.even(self.low), self.even(self.high));
        ((self.even(value) - low) / (high - low)).clamp(0.0, 1.0)
    }

    /// `value` on the scale's own, evenly spaced measure.
    fn even(&self, value: f64) -> f64 {
        match self.spacing {
            Spacing::Linear => value,
            Spacing::Log => libm::log10(value.clamp(1.0 / LARGEST, LARGEST)),
            Spacing::Nines => -libm::log10((1.0 - value).max(FEWEST_NINES)),
        }
    }
}

fn labelled(at: &[f64], labels: Vec<String>) -> Vec<Tick> {
    at.iter().zip(labels).map(|(at, label)| Tick { at: *at, label }).collect()
}

/// An extent with air above, and below unless it starts at zero; equal values get room around them.
fn aired(extent: Extent) -> Extent {
    const AIR: f64 = 0.04;
    let Extent { low, high } = extent;
    let span = (high - low).max(1e-9 * high.abs()).max(1e-12 * low.abs());
    if span <= 2e-9 * high.abs().max(low.abs()) || span == 0.0 {
        let around = if high == 0.0 { 1.0 } else { 0.1 * high.abs().max(low.abs()) };
        return Extent { low: low - around, high: high + around };
    }
    let low = if low == 0.0 { 0.0 } else { low - AIR * span };
    Extent { low, high: if high == 0.0 { 0.0 } else { high + AIR * span } }
}

/// A logarithmic extent widened to round values.
fn rounded(extent: Extent) -> Extent {
    let Extent { low, high } = Extent { low: extent.low / 1.03, high: extent.high * 1.03 };
    if high / low < 3.0 {
        let step = (high - low) / 8.0;
        let ticks = ticks::linear(low - step, high + step, 9);
        let below = ticks.iter().rev().find(|tick| **tick <= low && **tick > 0.0);
        let above = ticks.iter().find(|tick| **tick >= high);
        return Extent { low: below.copied().unwrap_or(low), high: above.copied().unwrap_or(high) };
    }
    Extent { low: ticks::round_down(low), high: ticks::round_up(high) }
}

impl Ranged for Scale {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let length = f64::from(limit.1 - limit.0);
        limit.0 + (length * self.fraction(*value)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _hint: Hint) -> Vec<f64> {
        self.ticks.iter().map(|tick| tick.at).collect()
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn extent(low: f64, high: f64) -> Extent {
        Extent { low, high }
    }

    #[test]
    fn each_decade_and_each_nine_is_equally_long() {
        let log = Scale::log(Quantity::Seconds, extent(0.001, 10.0), 7);
        assert!((log.fraction(0.1) - 0.5).abs() < 1e-12);
        let nines = Scale::nines(0.9999, 7);
        assert!((nines.fraction(0.99) - 0.5).abs() < 1e-12);
        assert!((nines.fraction(0.5) - std::f64::consts::LOG10_2 / 4.0).abs() < 1e-6);
    }

    #[test]
    fn values_beyond_the_bounds_stay_at_the_edge() {
        let scale = Scale::log(Quantity::Seconds, extent(0.01, 1.0), 5);
        assert_eq!(scale.map(&-3.0, (100, 0)), 100);
        assert_eq!(scale.map(&50.0, (100, 0)), 0);
        assert_eq!(scale.map(&0.1, (100, 0)), 50);
    }

    #[test]
    fn zero_and_odd_values_have_no_place_on_a_logarithmic_axis() {
        let values = [0.0, -1.0, f64::NAN, f64::INFINITY, 0.2, 0.4];
        assert_eq!(Extent::of(values, Spacing::Log), Some(extent(0.2, 0.4)));
        assert_eq!(Extent::of([0.0, f64::NAN], Spacing::Log), None);
        assert_eq!(Extent::of([0.0, f64::NAN], Spacing::Linear), Some(extent(0.0, 0.0)));
    }

    proptest! {
        #[test]
        fn any_extent_fits_with_ticks_inside(low in proptest::num::f64::ANY, high in proptest::num::f64::ANY, kind in 0..3usize) {
            let spacing = [Spacing::Linear, Spacing::Log, Spacing::Nines][kind];
            let axis = Axis { title: String::new(), quantity: Quantity::Seconds, spacing };
            if let Some(extent) = Extent::of([low, high], spacing) {
                let scale = Scale::fit(&axis, extent, 7);
                prop_assert!(scale.contains(extent.low) && scale.contains(extent.high));
                prop_assert!(scale.low < scale.high);
                prop_assert!(scale.ticks.len() <= 16, "{:?}", scale.ticks);
                prop_assert!((0.0..=1.0).contains(&scale.fraction(extent.low)));
            }
        }
    }
}
