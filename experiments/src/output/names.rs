//! File names of cells: `least_outstanding@0.95`, safe on every file system and never the same for two cells.

use crate::study::{Cell, Study};

/// The stem of a cell's files.
pub fn cell_stem(study: &Study, cell: &Cell) -> String {
    let stem = plain_stem(cell);
    let alike = study.cells.iter().filter(|other| plain_stem(other) == stem).count();
    if alike > 1 { format!("{stem}~{}", cell.hash) } else { stem }
}

fn plain_stem(cell: &Cell) -> String {
    let values: Vec<String> = cell.point.iter().map(|value| safe(value.trim_matches('"'))).collect();
    let arm = safe(&cell.arm);
    if values.is_empty() { arm } else { format!("{arm}@{}", values.join(",")) }
}

/// Letters, digits, dot, dash and underscore; all else becomes an underscore.
pub fn safe(text: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() || "._-[]".contains(c) { c } else { '_' };
    text.chars().map(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_are_safe_and_distinct() {
        let cell = |value: &str, hash: &str| Cell {
            arm: "p2c/peak".into(),
            point: vec![value.into(), "\"5s\"".into()],
            hash: hash.into(),
            ..Cell::default()
        };
        let study = Study {
            cells: vec![cell("A(b)", "1"), cell("A[b]", "2"), cell("A b ", "3"), cell("A:b:", "4")],
            ..Study::default()
        };
        let stems: Vec<String> = study.cells.iter().map(|cell| cell_stem(&study, cell)).collect();
        assert_eq!(
            stems,
            ["p2c_peak@A_b_,5s~1", "p2c_peak@A[b],5s", "p2c_peak@A_b_,5s~3", "p2c_peak@A_b_,5s~4"]
        );
    }
}
