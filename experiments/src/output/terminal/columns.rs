//! Columns that stand under each other on any terminal: aligned by the width of what is shown, not by bytes.

use unicode_width::UnicodeWidthStr;

/// To which side a column's entries lean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lean {
    /// Names.
    Left,
    /// Numbers and headers over them.
    Right,
}

/// The width a text takes on a terminal; colours take none.
pub fn width(text: &str) -> usize {
    anstream::adapter::strip_str(text).to_string().width()
}

/// The text, filled up with blanks.
pub fn pad(text: &str, to: usize, lean: Lean) -> String {
    let blanks = " ".repeat(to.saturating_sub(width(text)));
    match lean {
        Lean::Left => format!("{text}{blanks}"),
        Lean::Right => format!("{blanks}{text}"),
    }
}

/// Rows of entries in columns two blanks apart; no blanks at the ends of lines.
pub fn columns(rows: &[Vec<String>], lean: impl Fn(usize, usize) -> Lean, indent: usize) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|entry| width(entry)).max();
    let widths: Vec<usize> = (0..count).map(|column| widest(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for (line, row) in rows.iter().enumerate() {
        let entries = row.iter().zip(&widths).enumerate();
        let padded: Vec<String> =
            entries.map(|(column, (entry, width))| pad(entry, *width, lean(line, column))).collect();
        text.push_str(&" ".repeat(indent));
        text.push_str(padded.join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_and_colours_do_not_move_columns() {
        let rows = [
            vec!["a".into(), "\u{1b}[32m✓\u{1b}[0m".into(), "1".into()],
            vec!["bcd".into(), "x✗".into(), "20".into()],
        ];
        let lean = |_, column| if column == 2 { Lean::Right } else { Lean::Left };
        let text = anstream::adapter::strip_str(&columns(&rows, lean, 2)).to_string();
        assert_eq!(text, "  a    ✓    1\n  bcd  x✗  20\n");
    }
}
