//! Colours, dashes and markers: one look for each arm, the same in every chart.
//!
//! Colours are those of Okabe and Ito (*Color Universal Design*, 2008), which people with colour-vision
//! deficiencies can tell apart. Their yellow is left out: a yellow line on white paper cannot be seen.
//! Colour never stands alone: each arm also has a marker, and from the eighth on another dash.

use plotters::style::RGBColor;

/// The paper a chart is drawn on.
pub(super) const PAPER: RGBColor = RGBColor(0xFF, 0xFF, 0xFF);
/// Titles, labels and symbols.
pub(super) const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
/// Explanations, ticks and notes.
pub(super) const SOFT: RGBColor = RGBColor(0x59, 0x59, 0x59);
/// The lines of an axis, and leaders.
pub(super) const RULE: RGBColor = RGBColor(0x9A, 0x9A, 0x9A);
/// Grid lines.
pub(super) const GRID: RGBColor = RGBColor(0xE4, 0xE4, 0xE4);
/// A fault's shade.
pub(super) const FAULT: RGBColor = RGBColor(0xF8, 0xE0, 0xD4);
/// A window's shade, and boxes.
pub(super) const SHADE: RGBColor = RGBColor(0xEE, 0xF2, 0xF6);
/// Tint of a passed cell.
pub(super) const PASS: RGBColor = RGBColor(0xD3, 0xEE, 0xE4);
/// Tint of a failed cell.
pub(super) const FAIL: RGBColor = RGBColor(0xF9, 0xDB, 0xC8);
/// Tint of an undecided cell.
pub(super) const UNSURE: RGBColor = RGBColor(0xF8, 0xEE, 0xC6);
/// Lines of the hatch over a failed cell.
pub(super) const HATCH: RGBColor = RGBColor(0xE6, 0xAE, 0x8E);

/// The number of colours before dashes change.
const COLOURS: usize = 7;

/// A colour of Okabe and Ito.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Colour {
    /// `#0072B2`
    Blue,
    /// `#D55E00`
    Vermillion,
    /// `#009E73`
    Green,
    /// `#CC79A7`
    Purple,
    /// `#E69F00`
    Orange,
    /// `#56B4E9`
    Sky,
    /// `#000000`
    Black,
}

impl Colour {
    const ALL: [Self; COLOURS] =
        [Self::Blue, Self::Vermillion, Self::Green, Self::Purple, Self::Orange, Self::Sky, Self::Black];

    /// The colour of part number `index`.
    pub(super) fn of(index: usize) -> Self {
        Self::ALL[index % COLOURS]
    }

    /// The colour on white paper.
    pub(super) fn rgb(self) -> RGBColor {
        match self {
            Self::Blue => RGBColor(0x00, 0x72, 0xB2),
            Self::Vermillion => RGBColor(0xD5, 0x5E, 0x00),
            Self::Green => RGBColor(0x00, 0x9E, 0x73),
            Self::Purple => RGBColor(0xCC, 0x79, 0xA7),
            Self::Orange => RGBColor(0xE6, 0x9F, 0x00),
            Self::Sky => RGBColor(0x56, 0xB4, 0xE9),
            Self::Black => RGBColor(0x00, 0x00, 0x00),
        }
    }

    /// The colour on dark paper: the same hue, light enough to be seen.
    fn on_dark(self) -> RGBColor {
        match self {
            Self::Blue => RGBColor(0x3D, 0xA0, 0xDD),
            Self::Vermillion => RGBColor(0xF2, 0x7F, 0x2E),
            Self::Green => RGBColor(0x2C, 0xBF, 0x98),
            Self::Purple => RGBColor(0xDD, 0x96, 0xBD),
            Self::Orange => RGBColor(0xE9, 0xAD, 0x28),
            Self::Sky => RGBColor(0x78, 0xC6, 0xF2),
            Self::Black => RGBColor(0xF5, 0xF5, 0xF5),
        }
    }
}

/// How a line is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dash {
    /// Unbroken.
    Solid,
    /// The baseline's, and no other arm's.
    Dashed,
    /// Dots.
    Dotted,
    /// A dash and a dot.
    DashDot,
    /// Long dashes.
    LongDash,
}

impl Dash {
    /// Lengths of strokes and gaps in pixels; empty for an unbroken line.
    pub(super) fn lengths(self) -> &'static [f64] {
        match self {
            Self::Solid => &[],
            Self::Dashed => &[7.0, 4.0],
            Self::Dotted => &[2.0, 3.0],
            Self::DashDot => &[9.0, 3.0, 2.0, 3.0],
            Self::LongDash => &[14.0, 4.0],
        }
    }
}

/// The shape at an arm's points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Marker {
    /// ●
    Circle,
    /// ▲
    Triangle,
    /// ■
    Square,
    /// ◆
    Diamond,
    /// ▼
    TriangleDown,
    /// ✚
    Plus,
    /// ✖
    Cross,
}

impl Marker {
    const ALL: [Self; COLOURS] = [
        Self::Circle,
        Self::Triangle,
        Self::Square,
        Self::Diamond,
        Self::TriangleDown,
        Self::Plus,
        Self::Cross,
    ];
}

/// How one arm is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ArmStyle {
    /// Its colour.
    pub colour: Colour,
    /// Its dash; `Dashed` is the baseline.
    pub dash: Dash,
    /// Its marker.
    pub marker: Marker,
}

impl ArmStyle {
    /// The look of arm number `index` in the order of the file; 28 arms and a baseline all differ.
    pub fn of(index: usize, baseline: bool) -> Self {
        const ROUNDS: [Dash; 4] = [Dash::Solid, Dash::Dotted, Dash::DashDot, Dash::LongDash];
        let round = index / COLOURS;
        let dash = if baseline { Dash::Dashed } else { ROUNDS[round % ROUNDS.len()] };
        let marker = Marker::ALL[(index + round) % COLOURS];
        Self { colour: Colour::ALL[index % COLOURS], dash, marker }
    }

    /// The looks of `count` arms, of which `baseline` is dashed.
    pub fn for_arms(count: usize, baseline: Option<usize>) -> Vec<Self> {
        (0..count).map(|index| Self::of(index, baseline == Some(index))).collect()
    }
}

/// CSS that redraws a chart for dark paper: every colour used above, as fill and as stroke.
pub fn dark_rules() -> String {
    let paper_and_ink = [
        (PAPER, RGBColor(0x17, 0x1A, 0x1E)),
        (INK, RGBColor(0xEC, 0xEC, 0xEC)),
        (SOFT, RGBColor(0xB4, 0xB8, 0xBD)),
        (RULE, RGBColor(0x78, 0x7D, 0x84)),
        (GRID, RGBColor(0x32, 0x37, 0x3D)),
        (FAULT, RGBColor(0x4E, 0x30, 0x22)),
        (SHADE, RGBColor(0x25, 0x2C, 0x34)),
        (PASS, RGBColor(0x14, 0x45, 0x37)),
        (FAIL, RGBColor(0x5A, 0x2E, 0x17)),
        (UNSURE, RGBColor(0x51, 0x46, 0x14)),
        (HATCH, RGBColor(0x96, 0x5A, 0x38)),
    ];
    let arms = Colour::ALL.map(|colour| (colour.rgb(), colour.on_dark()));
    paper_and_ink.iter().chain(&arms).map(|(light, dark)| dark_rule(*light, *dark)).collect()
}

fn dark_rule(light: RGBColor, dark: RGBColor) -> String {
    let (light, dark) = (hex(light), hex(dark));
    format!(".chart [fill=\"{light}\"]{{fill:{dark}}}.chart [stroke=\"{light}\"]{{stroke:{dark}}}\n")
}

/// A colour as plotters writes it.
pub(super) fn hex(colour: RGBColor) -> String {
    format!("#{:02X}{:02X}{:02X}", colour.0, colour.1, colour.2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn twenty_eight_arms_and_any_baseline_look_different() {
        for baseline in 0..28 {
            let looks: BTreeSet<_> = ArmStyle::for_arms(28, Some(baseline)).into_iter().collect();
            assert_eq!(looks.len(), 28);
        }
    }

    #[test]
    fn only_the_baseline_is_dashed() {
        let dashed = |style: &&ArmStyle| style.dash == Dash::Dashed;
        assert_eq!(ArmStyle::for_arms(50, Some(3)).iter().filter(dashed).count(), 1);
        assert_eq!(ArmStyle::for_arms(50, None).iter().filter(dashed).count(), 0);
    }

    #[test]
    fn colours_are_those_of_okabe_and_ito() {
        let published = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"];
        assert_eq!(Colour::ALL.map(|colour| hex(colour.rgb())), published);
    }

    #[test]
    fn every_light_colour_has_one_dark_rule() {
        let rules = dark_rules();
        assert_eq!(rules.lines().count(), rules.lines().collect::<BTreeSet<_>>().len());
        for colour in [PAPER, INK, HATCH, Colour::Sky.rgb()] {
            assert!(rules.contains(&format!("[fill=\"{}\"]", hex(colour))));
        }
    }
}
