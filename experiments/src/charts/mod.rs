//! Charts: plain values in, one self-contained SVG out, and a PNG of the same drawing.
//!
//! Each kind of chart is a struct of plain data in a file of its own, and answers one question. All share the
//! same look: a sentence as title, a line on how to read it, units on the axes, intervals, and for each arm one
//! colour, dash and marker. The same data give the same bytes.

mod canvas;
pub mod data;
mod diagram;
mod distribution;
mod font;
mod forest;
mod goodput;
mod heat_map;
mod hockey_stick;
mod keys;
mod line_chart;
mod marker;
mod marks;
mod number;
mod palette;
mod picture;
mod plot;
mod precision;
mod ribbon;
mod rows;
mod scale;
mod server_bars;
mod sheet;
mod slo_matrix;
mod spread;
mod stacked_bars;
mod strip;
mod table;
mod thin;
mod ticks;
mod time_series;
mod waterfall;
mod welch;
pub(crate) mod xml;

pub use diagram::{Diagram, Edge, Node};
pub use distribution::{Distribution, Quantile, Tail};
pub use forest::{Better, Difference, Forest};
pub use goodput::Goodput;
pub use heat_map::{HeatMap, HeatRow};
pub use hockey_stick::HockeyStick;
pub(crate) use number::plain;
pub use number::reading;
pub use palette::dark_rules;
pub use picture::{Picture, PngError};
pub use precision::Precision;
pub use ribbon::{BreakerState, Ribbon, RibbonOf, RibbonRow};
pub use server_bars::{Bar, Imbalance, ServerBars};
pub use slo_matrix::{MatrixCell, MatrixRow, SloMatrix, Verdict};
pub use stacked_bars::{StackedBars, StackedRow};
pub use time_series::{Panel, TimeSeries};
pub use waterfall::{Block, Passing, Waterfall, WaterfallRow};
pub use welch::Welch;

/// What every kind of chart can do.
pub trait Chart {
    /// The picture; `None` if there is nothing to show.
    fn draw(&self) -> Option<Picture>;

    /// The data behind the picture as CSV, in base units, with a header.
    fn csv(&self) -> String;
}
