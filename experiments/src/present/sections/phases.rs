//! Phases: what figures of a story are compared over where a chart or table has one place for each.

use super::super::view::{Spot, View};

/// What figures are compared over: sweep points, else windows, else the whole run.
pub(super) enum Phases<'a> {
    /// Sweep points.
    Points(Vec<Vec<String>>),
    /// Windows of the run at the chosen point.
    Windows(Vec<&'a str>),
}

impl<'a> Phases<'a> {
    /// Sweep points if there are several, else windows if there are any.
    pub(super) fn of(view: &View<'a>) -> Self {
        let points = view.study.points();
        match view.study.windows.as_slice() {
            windows if points.len() < 2 && !windows.is_empty() => {
                Self::Windows(windows.iter().map(|window| window.name.as_str()).collect())
            }
            _ => Self::Points(points),
        }
    }

    /// Their names; that of the whole run is empty.
    pub(super) fn names(&self, view: &View<'_>) -> Vec<String> {
        match self {
            Self::Points(points) => points.iter().map(|point| view.study.shown_point_text(point)).collect(),
            Self::Windows(windows) => windows.iter().map(|window| (*window).to_owned()).collect(),
        }
    }

    /// The mean of a figure in every phase under one arm.
    pub(super) fn means(&self, view: &View<'_>, arm: &str, figure: &str) -> Vec<Option<f64>> {
        let mean = |spot: Option<Spot<'_>>, figure: &str| spot?.cell.estimate(figure)?.mean;
        match self {
            Self::Points(points) => points.iter().map(|point| mean(view.find(arm, point), figure)).collect(),
            Self::Windows(windows) => windows
                .iter()
                .map(|window| mean(view.find(arm, &view.chosen), &format!("{figure}@{window}")))
                .collect(),
        }
    }
}
