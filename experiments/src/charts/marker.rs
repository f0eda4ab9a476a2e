//! The shapes at an arm's points: filled for a measured value, hollow with an arrow for an unstable one.

use super::canvas::{Area, Drawn, Place, place, stroke, units};
use super::data::{ArmStyle, Marker};
use super::palette::PAPER;
use plotters::element::{Circle, PathElement, Polygon};
use plotters::style::{Color, RGBColor, ShapeStyle};

/// Half the width of a square marker in pixels; the others look equally heavy.
const REACH: f64 = 3.6;

/// Draws a filled marker.
pub(super) fn filled(area: &Area<'_>, at: Place, style: ArmStyle) -> Drawn {
    solid(area, at, style.marker, style.colour.rgb().filled())
}

/// Draws a hollow marker under an upward arrow.
pub(super) fn unstable(area: &Area<'_>, at: Place, style: ArmStyle) -> Drawn {
    hollow(area, at, style)?;
    arrow_up(area, (at.0, at.1 - 5.0), style.colour.rgb())
}

/// Draws a hollow marker.
pub(super) fn hollow(area: &Area<'_>, at: Place, style: ArmStyle) -> Drawn {
    solid(area, at, style.marker, PAPER.filled())?;
    outline(area, at, style.marker, style.colour.rgb())
}

fn solid(area: &Area<'_>, at: Place, marker: Marker, fill: ShapeStyle) -> Drawn {
    match corners(marker, at) {
        Some(corners) => area.draw(&Polygon::new(corners, fill)),
        None => area.draw(&Circle::new(place(at), units(REACH * 1.1), fill)),
    }
}

fn outline(area: &Area<'_>, at: Place, marker: Marker, colour: RGBColor) -> Drawn {
    let line = stroke(colour, 1.6);
    let Some(corners) = corners(marker, at) else {
        return area.draw(&Circle::new(place(at), units(REACH * 1.1), line));
    };
    let closed: Vec<_> = corners.iter().chain(corners.first()).copied().collect();
    area.draw(&PathElement::new(closed, line))
}

/// A circle around a point, to single it out.
pub(super) fn ring(area: &Area<'_>, at: Place, colour: RGBColor) -> Drawn {
    area.draw(&Circle::new(place(at), units(8.0), stroke(colour, 1.6)))
}

/// An arrow that stands on `foot`.
fn arrow_up(area: &Area<'_>, foot: Place, colour: RGBColor) -> Drawn {
    let tip = (foot.0, foot.1 - 8.5);
    let head = [tip, (tip.0 - 3.2, tip.1 + 5.0), (tip.0 + 3.2, tip.1 + 5.0)].map(place);
    area.draw(&PathElement::new([place(foot), place((tip.0, tip.1 + 4.0))], stroke(colour, 1.6)))?;
    area.draw(&Polygon::new(head, colour.filled()))
}

/// The corners of a marker; none for the circle.
fn corners(marker: Marker, at: Place) -> Option<Vec<(i32, i32)>> {
    const HALF: f64 = 0.42;
    let plus: [(f64, f64); 12] = [
        (-HALF, -1.3),
        (HALF, -1.3),
        (HALF, -HALF),
        (1.3, -HALF),
        (1.3, HALF),
        (HALF, HALF),
        (HALF, 1.3),
        (-HALF, 1.3),
        (-HALF, HALF),
        (-1.3, HALF),
        (-1.3, -HALF),
        (-HALF, -HALF),
    ];
    let shape: Vec<(f64, f64)> = match marker {
        Marker::Circle => return None,
        Marker::Triangle => vec![(0.0, -1.3), (1.25, 0.95), (-1.25, 0.95)],
        Marker::Square => vec![(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)],
        Marker::Diamond => vec![(0.0, -1.4), (1.4, 0.0), (0.0, 1.4), (-1.4, 0.0)],
        Marker::TriangleDown => vec![(0.0, 1.3), (1.25, -0.95), (-1.25, -0.95)],
        Marker::Plus => plus.to_vec(),
        // The plus, turned by an eighth.
        Marker::Cross => plus.iter().map(|(x, y)| (0.71 * (x - y), 0.71 * (x + y))).collect(),
    };
    Some(shape.iter().map(|(x, y)| place((at.0 + REACH * x, at.1 + REACH * y))).collect())
}
