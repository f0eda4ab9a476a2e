//! The latency distribution, stretched towards the tail: each further nine is equally long.
//!
//! The x axis is that of HdrHistogram's percentile plots (Gil Tene). A line ends where fewer than a hundred
//! samples lie beyond it: further out it would tell of luck.

use super::data::{ArmStyle, Axis, Heading, Limit, Line, Point, Quantity, Spacing};
use super::line_chart::{LineChart, NOTHING};
use super::{Chart, Picture, table};

/// Fewest samples beyond a quantile that is shown.
const FEWEST_BEYOND: f64 = 100.0;

/// A quantile over the replications.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantile {
    /// Cumulative probability, 0 to below 1.
    pub probability: f64,
    /// The value, in the unit of the axis.
    pub value: f64,
    /// Lowest or lower bound over the replications, if there are several.
    pub low: Option<f64>,
    /// Highest or upper bound over the replications, if there are several.
    pub high: Option<f64>,
}

/// The distribution of one arm at the chosen sweep point.
#[derive(Clone, Debug, PartialEq)]
pub struct Tail {
    /// The arm's name.
    pub label: String,
    /// The arm's look.
    pub style: ArmStyle,
    /// How many values were observed.
    pub samples: u64,
    /// By ascending probability.
    pub quantiles: Vec<Quantile>,
}

/// Latency distributions, one line an arm.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    /// Title and explanation.
    pub heading: Heading,
    /// What is distributed.
    pub y: Axis,
    /// One an arm.
    pub tails: Vec<Tail>,
    /// The SLO, if there is one.
    pub limit: Option<Limit>,
}

impl Chart for Distribution {
    fn draw(&self) -> Option<Picture> {
        let x = Axis {
            title: "percentile of requests, each further nine equally long".to_owned(),
            quantity: Quantity::Percentile,
            spacing: Spacing::Nines,
        };
        let lines: Vec<Line> = self.tails.iter().map(Tail::line).collect();
        let cut = self.tails.iter().any(|tail| tail.shown().count() < tail.quantiles.len());
        let note = "Each line ends where fewer than 100 samples lie beyond it.";
        let chart = LineChart {
            heading: &self.heading,
            x: &x,
            y: &self.y,
            lines: &lines,
            limit: self.limit.as_ref(),
            theory: None,
            from_zero: false,
            below: NOTHING,
            above: NOTHING,
            notes: if cut { vec![note.to_owned()] } else { Vec::new() },
        };
        chart.draw()
    }

    fn csv(&self) -> String {
        let header = ["arm", "probability", "value", "low", "high", "samples_beyond"];
        table::csv(header, self.tails.iter().flat_map(Tail::rows))
    }
}

impl Tail {
    fn line(&self) -> Line {
        let point = |quantile: &Quantile| Point {
            low: quantile.low,
            high: quantile.high,
            ..Point::new(quantile.probability, quantile.value)
        };
        Line::new(&self.label, self.style, self.shown().map(point).collect())
    }

    fn beyond(&self, quantile: &Quantile) -> f64 {
        (1.0 - quantile.probability) * self.samples as f64
    }

    /// The quantiles with enough samples beyond them.
    fn shown(&self) -> impl Iterator<Item = &Quantile> {
        // A count that is a hundred but for rounding is a hundred.
        self.quantiles.iter().filter(|quantile| self.beyond(quantile) > FEWEST_BEYOND - 1e-6)
    }

    fn rows(&self) -> impl Iterator<Item = [String; 6]> {
        self.quantiles.iter().map(|quantile| {
            [
                self.label.clone(),
                table::number(Some(quantile.probability)),
                table::number(Some(quantile.value)),
                table::number(quantile.low),
                table::number(quantile.high),
                table::number(Some(self.beyond(quantile).floor())),
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_ends_where_fewer_than_a_hundred_samples_lie_beyond() {
        let quantile =
            |probability| Quantile { probability, value: 1.0 + probability, low: None, high: None };
        let tail = |samples| Tail {
            label: "p2c".into(),
            style: ArmStyle::of(0, false),
            samples,
            quantiles: [0.5, 0.9, 0.99, 0.999, 0.9999].map(quantile).to_vec(),
        };
        let last = |samples| tail(samples).shown().last().map(|quantile| quantile.probability);
        assert_eq!(last(1_000_000), Some(0.9999));
        assert_eq!(last(999_999), Some(0.999));
        assert_eq!(last(10_000), Some(0.99));
        assert_eq!(last(150), None);
    }
}
