//! The embedded font: registering it, measuring text, and making text fit.
//!
//! DejaVu Sans is compiled in, so that a chart's layout and its PNG are the same on every machine.
//! A browser shows the SVG in its own DejaVu Sans, or in Verdana, whose widths are nearly equal.

use plotters::style::{FontDesc, FontFamily, FontStyle, register_font};
use std::sync::Once;

/// The font family as the SVG names it, and the name the embedded font is registered under.
pub(super) const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";
/// The embedded regular face.
pub(super) const REGULAR: &[u8] = include_bytes!("../../assets/DejaVuSans-subset.ttf");
/// The embedded bold face.
pub(super) const BOLD: &[u8] = include_bytes!("../../assets/DejaVuSans-Bold-subset.ttf");

/// plotters' font sizes are 1.24 times the `font-size` its SVG backend writes.
const PLOTTERS_SIZE: f64 = 1.24;

/// Size and weight of a piece of text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Face {
    /// CSS pixels.
    pub(super) size: f64,
    pub(super) bold: bool,
}

impl Face {
    pub(super) const TITLE: Self = Self { size: 16.0, bold: true };
    pub(super) const TEXT: Self = Self { size: 12.5, bold: false };
    pub(super) const STRONG: Self = Self { size: 12.5, bold: true };
    pub(super) const SMALL: Self = Self { size: 11.5, bold: false };

    /// The font at `scale` units a pixel.
    pub(super) fn font(self, scale: f64) -> FontDesc<'static> {
        static REGISTERED: Once = Once::new();
        REGISTERED.call_once(register);
        let style = if self.bold { FontStyle::Bold } else { FontStyle::Normal };
        FontDesc::new(FontFamily::Name(FAMILY), self.size * scale * PLOTTERS_SIZE, style)
    }

    /// Width of `text` in pixels; some percent more than drawn, as a margin for other fonts.
    pub(super) fn width(self, text: &str) -> f64 {
        const PRECISION: f64 = 16.0;
        let (width, _) = self.font(PRECISION).box_size(text).unwrap_or_default();
        f64::from(width) / PRECISION
    }

    /// `text`, or as much of it as fits into `room` pixels with an ellipsis.
    pub(super) fn fit(self, text: &str, room: f64) -> String {
        if self.width(text) <= room {
            return text.to_owned();
        }
        let mut kept: Vec<char> = text.chars().take(400).collect();
        while !kept.is_empty() {
            kept.pop();
            let shorter = format!("{}…", kept.iter().collect::<String>().trim_end());
            if self.width(&shorter) <= room {
                return shorter;
            }
        }
        String::new()
    }

    /// `text` in lines no wider than `room`, broken at spaces; a word wider than that is cut.
    pub(super) fn wrap(self, text: &str, room: f64) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            match lines.last_mut() {
                Some(line) if self.width(&format!("{line} {word}")) <= room => {
                    line.push(' ');
                    line.push_str(word);
                }
                Some(_) | None => lines.push(self.fit(word, room)),
            }
        }
        lines
    }
}

fn register() {
    for (style, bytes) in [(FontStyle::Normal, REGULAR), (FontStyle::Bold, BOLD)] {
        assert!(register_font(FAMILY, style, bytes).is_ok(), "the embedded font can be read");
    }
}

/// `text` on one line and without characters that XML forbids.
pub(super) fn clean(text: &str) -> String {
    let visible = |c: char| if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') { ' ' } else { c };
    text.chars().map(visible).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_is_a_little_more_than_the_font_says() {
        // DejaVu Sans: advance of "0" is 1303 of 2048 units.
        let true_width = 10.0 * 12.5 * 1303.0 / 2048.0;
        let width = Face::TEXT.width("0000000000");
        assert!(width > true_width && width < 1.08 * true_width, "{width} {true_width}");
    }

    #[test]
    fn fitted_text_fits_and_keeps_its_start() {
        let name = "p2c_peak_ewma_with_a_very_long_name_indeed";
        let short = Face::TEXT.fit(name, 120.0);
        assert!(Face::TEXT.width(&short) <= 120.0);
        assert!(short.starts_with("p2c_peak_ew") && short.ends_with('…'), "{short}");
        assert_eq!(Face::TEXT.fit("short", 120.0), "short");
        assert_eq!(Face::TEXT.fit("wide", 1.0), "");
    }

    #[test]
    fn wrapped_lines_fit_and_lose_no_word() {
        let text = "Strategies that ignore server speed fail at every load; weights fix it up to 0.90.";
        let lines = Face::TITLE.wrap(text, 300.0);
        assert!(lines.len() > 1 && lines.iter().all(|line| Face::TITLE.width(line) <= 300.0));
        assert_eq!(lines.join(" "), text);
    }

    #[test]
    fn the_symbols_of_the_reports_are_in_the_font() {
        let missing = Face::TEXT.width("\u{10FFFF}");
        for symbol in "✓✗◇▴±×→µ…≥≤σρ█░".chars() {
            assert!(Face::TEXT.width(&symbol.to_string()) != missing, "{symbol}");
        }
    }

    #[test]
    fn control_characters_become_spaces() {
        assert_eq!(clean("a\u{0}b\nc\u{1b}[31m"), "a b c [31m");
    }
}
