//! A figure over time: its mean in each bin over the replications, and where the true mean lies.

use std::cell::RefCell;

use models::report::{Series, Unit};
use sim_core::statistics::{Tally, student_factor};

use super::CONFIDENCE;

/// A series of one cell over its replications.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// `clients.goodput`.
    pub name: String,
    /// In what it counts.
    pub unit: Unit,
    /// The bins' width in seconds; the first starts at 0.
    pub bin: f64,
    /// A point a bin; none where no replication measured anything.
    pub points: Vec<Option<BandPoint>>,
}

/// One bin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BandPoint {
    /// The mean over the replications that measured something.
    pub mean: f64,
    /// Half the width of Student's interval; none below two replications.
    pub half_width: Option<f64>,
}

impl Band {
    /// Puts the replications of one series together; none if there are none. Bins are those of the first.
    pub(super) fn of(series: &[&Series]) -> Option<Self> {
        let first = series.first()?;
        let bins = series.iter().map(|series| series.values.len()).max().unwrap_or(0);
        let points =
            (0..bins).map(|bin| point(series.iter().filter_map(|s| s.values.get(bin).copied().flatten())));
        Some(Self { name: first.name.clone(), unit: first.unit, bin: first.bin, points: points.collect() })
    }

    /// The mean of the bins that lie wholly within `from..to` seconds.
    pub fn mean_within(&self, from: f64, to: f64) -> Option<f64> {
        let within = |bin: usize| bin as f64 * self.bin >= from && (bin + 1) as f64 * self.bin <= to;
        let inside = self.points.iter().enumerate().filter(|(bin, _)| within(*bin));
        inside.filter_map(|(_, point)| point.map(|point| point.mean)).collect::<Tally>().mean()
    }
}

fn point(values: impl Iterator<Item = f64>) -> Option<BandPoint> {
    let tally: Tally = values.collect();
    let half_width = tally.standard_error().map(|error| factor(tally.count()) * error);
    Some(BandPoint { mean: tally.mean()?, half_width })
}

/// Student's factor for that many replications, remembered: a report has millions of bins and one or two counts.
fn factor(count: u64) -> f64 {
    thread_local! {
        static KNOWN: RefCell<Vec<(u64, f64)>> = const { RefCell::new(Vec::new()) };
    }
    KNOWN.with_borrow_mut(|known| {
        if let Some((_, factor)) = known.iter().find(|(for_count, _)| *for_count == count) {
            return *factor;
        }
        let factor = student_factor(CONFIDENCE, count.saturating_sub(1) as f64);
        known.push((count, factor));
        factor
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bin_is_an_interval_of_its_own() {
        let series = |values: &[Option<f64>]| Series {
            name: "clients.goodput".into(),
            unit: Unit::PerSecond,
            bin: 1.0,
            values: values.to_vec(),
        };
        let runs = [series(&[Some(1.0), None, None]), series(&[Some(3.0), Some(5.0)])];
        let band = Band::of(&runs.iter().collect::<Vec<_>>()).unwrap();
        let [Some(first), Some(second), None] = band.points.as_slice() else { panic!("{band:?}") };
        assert_eq!((first.mean, second.mean, second.half_width), (2.0, 5.0, None));
        // t.975 with one degree of freedom is 12.706205, the standard error 1.
        assert!((first.half_width.unwrap() - 12.706_205).abs() < 1e-6);
        assert_eq!(band.mean_within(0.0, 1.0), Some(2.0));
    }
}
