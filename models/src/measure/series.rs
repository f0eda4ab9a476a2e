//! Series: figures in equal bins of time.

use crate::report::{Series, Unit};

/// Gathers one value a bin for many names.
#[derive(Clone, Debug)]
pub struct Recorder {
    bin: f64,
    series: Vec<Series>,
}

impl Recorder {
    /// No series yet; bins of `bin` seconds.
    pub fn new(bin: f64) -> Self {
        Self { bin, series: Vec::new() }
    }

    /// The bins' width in seconds.
    pub fn bin(&self) -> f64 {
        self.bin
    }

    /// Adds a series and answers its number.
    pub fn add(&mut self, name: String, unit: Unit) -> usize {
        self.series.push(Series { name, unit, bin: self.bin, values: Vec::new() });
        self.series.len() - 1
    }

    /// Adds the next bin's value.
    pub fn push(&mut self, series: usize, value: Option<f64>) {
        self.series[series].values.push(value);
    }

    /// The values of one series so far.
    pub fn values(&self, series: usize) -> &[Option<f64>] {
        &self.series[series].values
    }

    /// All series, sorted by name.
    pub fn into_series(mut self) -> Vec<Series> {
        self.series.sort_by(|left, right| left.name.cmp(&right.name));
        self.series
    }
}
