//! How the terminal's output looks: its signs, its colours, its unit of time. Colour never stands alone.

use anstyle::{AnsiColor, Style};

use crate::{analysis::Verdict, output::number::TimeUnit};

/// The choices a user makes about looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Plain characters only.
    pub ascii: bool,
    /// In which unit lengths of time are shown.
    pub time_unit: TimeUnit,
}

const PASS: Style = AnsiColor::Green.on_default();
const FAIL: Style = AnsiColor::Red.on_default();
const OPEN: Style = AnsiColor::Yellow.on_default();
/// Names of sections.
const STRONG: Style = Style::new().bold();

/// Levels of a sparkline, from nothing to the most.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII_BLOCKS: [char; 8] = ['_', '.', ':', '-', '=', '+', '*', '#'];

/// What plain characters stand for others.
const PLAIN: [(char, &str); 20] = [
    ('✓', "+"),
    ('✗', "x"),
    ('▴', "*"),
    ('◇', "o"),
    ('±', "+-"),
    ('×', "x"),
    ('–', "-"),
    ('—', "-"),
    ('…', "..."),
    ('≥', ">="),
    ('≤', "<="),
    ('≈', "~"),
    ('µ', "u"),
    ('∞', "inf"),
    ('→', "->"),
    ('┌', "["),
    ('┐', "]"),
    ('─', "-"),
    ('│', "|"),
    ('·', "."),
];

impl Look {
    /// A verdict's sign, in its colour.
    pub fn verdict(self, verdict: Verdict) -> String {
        let (sign, style) = match verdict {
            Verdict::Pass => ("✓", PASS),
            Verdict::Fail => ("✗", FAIL),
            Verdict::Inconclusive => ("?", OPEN),
        };
        painted(style, sign)
    }

    /// A yes or no as a sign.
    pub fn check(self, good: bool) -> String {
        self.verdict(if good { Verdict::Pass } else { Verdict::Fail })
    }

    /// The name of a section.
    pub fn strong(self, text: &str) -> String {
        painted(STRONG, text)
    }

    /// One level of a sparkline: `share` of the most, 0 to 1.
    pub fn block(self, share: f64) -> char {
        let levels = if self.ascii { ASCII_BLOCKS } else { BLOCKS };
        let level = (share * (levels.len() - 1) as f64 + 0.5).max(0.0) as usize;
        levels.get(level.min(levels.len() - 1)).copied().unwrap_or(' ')
    }

    /// The finished text in the characters the user wants.
    pub fn finish(self, text: String) -> String {
        if !self.ascii {
            return text;
        }
        let plain = |c: char| PLAIN.iter().find(|(from, _)| *from == c).map(|(_, to)| *to);
        let mut out = String::with_capacity(text.len());
        for character in text.chars() {
            match plain(character) {
                Some(plain) => out.push_str(plain),
                None => out.push(character),
            }
        }
        out
    }

    /// The text as it will be measured: in plain characters where those are wanted.
    pub fn measured(self, text: &str) -> String {
        self.finish(text.to_owned())
    }
}

fn painted(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}
