//! The axis that charts over a sweep have below them: the first whose values are numbers; the others are held.

use crate::{
    charts::data::{Axis, Quantity},
    quantity,
    study::{Study, bare},
};

/// A sweep seen along one axis.
pub(super) struct Sweep {
    /// What the axis measures.
    pub(super) x: Axis,
    /// The axis in a word: `load`.
    pub(super) label: String,
    /// Values and the sweep points that have them, ascending.
    pub(super) points: Vec<(f64, Vec<String>)>,
    /// Where the other axes are held: `dns_ttl 30s`; none if there is one axis.
    pub(super) held: Option<String>,
}

impl Sweep {
    /// `load (clients.load.fraction)`.
    pub(super) fn axis_title(&self) -> String {
        if self.label == self.x.title {
            self.label.clone()
        } else {
            format!("{} ({})", self.label, self.x.title)
        }
    }

    /// The sweep through `chosen`; none unless at least two points lie on a numeric axis.
    pub(super) fn through(study: &Study, chosen: &[String]) -> Option<Self> {
        let numeric = |axis: &crate::study::Axis| axis.values.iter().all(|value| number(value).is_some());
        let along = study.axes.iter().position(numeric)?;
        let on_line = |point: &Vec<String>| {
            point.iter().zip(chosen).enumerate().all(|(axis, (own, held))| axis == along || own == held)
        };
        let placed = |point: Vec<String>| Some((number(point.get(along)?)?.base(), point));
        let mut points: Vec<(f64, Vec<String>)> =
            study.points().into_iter().filter(on_line).filter_map(placed).collect();
        points.sort_by(|one, other| one.0.total_cmp(&other.0));
        let labels = study.axis_labels();
        let label = labels.get(along)?.clone();
        let shown = study.shown_point(chosen);
        let others = labels.iter().zip(shown).enumerate().filter(|(axis, _)| *axis != along);
        let held: Vec<String> = others.map(|(_, (label, value))| format!("{label} {value}")).collect();
        let axis = study.axes.get(along)?;
        let x = Axis::linear(axis.path.clone(), kind(axis));
        let held = (!held.is_empty()).then(|| held.join(", "));
        (points.len() > 1).then_some(Self { x, label, points, held })
    }
}

/// What the values of an axis count in.
fn kind(axis: &crate::study::Axis) -> Quantity {
    match axis.values.first().and_then(|value| number(value.as_str())) {
        Some(quantity::Quantity::Duration(_)) => Quantity::Seconds,
        Some(quantity::Quantity::Rate(_)) => Quantity::PerSecond,
        Some(quantity::Quantity::Size(_)) => Quantity::Bytes,
        Some(quantity::Quantity::Percent(_)) => Quantity::Ratio,
        Some(quantity::Quantity::Number(_)) if axis.path.ends_with("fraction") => Quantity::Ratio,
        Some(quantity::Quantity::Number(_)) | None => Quantity::Count,
    }
}

/// A value of an axis as a number with its unit.
fn number(value: &str) -> Option<quantity::Quantity> {
    quantity::Quantity::parse(bare(value)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::{Axis as Swept, Cell};

    #[test]
    fn the_first_numeric_axis_is_followed_and_the_others_are_held() {
        let axis = |path: &str, values: [&str; 2]| Swept {
            path: path.into(),
            values: values.map(str::to_owned).to_vec(),
        };
        let (strategies, timeouts) = (["Random", "RoundRobin"], ["\"5s\"", "\"500ms\""]);
        let cells =
            strategies.iter().flat_map(|one| timeouts.map(|other| (*one, other))).map(|(one, other)| Cell {
                arm: "a".into(),
                point: vec![one.to_owned(), other.to_owned()],
                ..Cell::default()
            });
        let study = Study {
            axes: vec![axis("lb.strategy", strategies), axis("clients.timeout", timeouts)],
            cells: cells.collect(),
            ..Study::default()
        };
        let sweep = Sweep::through(&study, &["RoundRobin".into(), "\"5s\"".into()]).unwrap();
        assert_eq!((sweep.label.as_str(), sweep.x.quantity), ("timeout", Quantity::Seconds));
        assert_eq!(sweep.held.as_deref(), Some("strategy RoundRobin"));
        assert_eq!(sweep.points.iter().map(|(x, _)| *x).collect::<Vec<_>>(), [0.5, 5.0]);
        assert!(Sweep::through(&Study::default(), &[]).is_none());
    }
}
