//! A chart's data as CSV, for those who want to draw it themselves.

use super::data::{Line, Point};

/// CSV text of rows under a header; numbers keep all their digits.
pub(super) fn csv<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing into memory cannot fail, and all rows are equally long.
    let _ = writer.write_record(header);
    for row in rows {
        let _ = writer.write_record(&row);
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// A number with every digit it needs to be read back unchanged; empty for none.
pub(super) fn number(value: Option<f64>) -> String {
    value.filter(|value| value.is_finite()).map_or(String::new(), |value| value.to_string())
}

/// The rows of lines: arm, x, y, low, high, unstable, note.
pub(super) fn line_rows(lines: &[Line]) -> impl Iterator<Item = [String; 7]> {
    lines.iter().flat_map(|line| line.points.iter().map(|point| point_row(&line.label, point)))
}

/// The header that belongs to `line_rows`.
pub(super) const LINE_HEADER: [&str; 7] = ["arm", "x", "y", "low", "high", "unstable", "note"];

fn point_row(arm: &str, point: &Point) -> [String; 7] {
    [
        arm.to_owned(),
        number(Some(point.x)),
        number(point.y),
        number(point.low),
        number(point.high),
        point.open.to_string(),
        point.note.clone().unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_and_numbers_keep_their_digits() {
        let rows = [["a,\"b\"\n".to_owned(), number(Some(0.1 + 0.2)), number(Some(f64::NAN))]];
        let text = csv(["arm", "x", "y"], rows);
        assert_eq!(text, "arm,x,y\n\"a,\"\"b\"\"\n\",0.30000000000000004,\n");
    }
}
