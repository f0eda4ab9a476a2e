//! How much each arm differs from the best at the hardest point, pair by pair.

use super::{
    columns::{Lean, columns},
    look::Look,
    matrix,
};
use crate::{
    analysis::{Analysis, Difference, Ranking},
    output::number::{Scale, chance, signed, times},
    study::Study,
};

/// The differences of the first headline at the last point where arms could be compared; nothing if at none.
pub(super) fn differences(study: &Study, analysis: &Analysis, look: Look) -> String {
    let told = |ranking: &&Ranking| ranking.headline == 0 && !ranking.leaders.is_empty();
    let Some(ranking) = analysis.rankings.iter().rfind(told) else { return String::new() };
    let against_best =
        |difference: &&Difference| difference.headline == 0 && Some(difference.with) == ranking.best;
    let mut found: Vec<&Difference> = analysis.differences.iter().filter(against_best).collect();
    let best = ranking.best.and_then(|best| study.cells.get(best));
    let (Some(headline), Some(best)) = (analysis.headlines.first(), best) else { return String::new() };
    let size = |difference: &Difference| difference.comparison.difference.mean.abs();
    found.sort_by(|one, other| size(one).total_cmp(&size(other)));
    let scale = matrix::scale(study, analysis, headline, look);
    let rows: Vec<Vec<String>> = found.iter().map(|difference| row(study, difference, scale)).collect();
    let point = study.shown_point_text(&ranking.point);
    let place = if point.is_empty() {
        String::new()
    } else {
        format!(" at {} {point}", study.axis_labels().join(", "))
    };
    let title = format!(
        "{} in {}{place}, each minus {} (95 % CI each, Holm-adjusted p)",
        look.strong("Paired differences"),
        headline.short(),
        best.arm
    );
    let lean = |_, column| if column == 1 || column == 4 { Lean::Right } else { Lean::Left };
    format!("{title}\n{}", columns(&rows, lean, 2))
}

fn row(study: &Study, difference: &Difference, scale: Scale) -> Vec<String> {
    let found = &difference.comparison;
    let arm = study.cells.get(difference.cell).map(|cell| cell.arm.clone()).unwrap_or_default();
    let (mean, lower, upper) = (found.difference.mean, found.difference.lower(), found.difference.upper());
    let show = |value: f64, digits| signed(value * scale.factor, digits);
    vec![
        arm,
        scale.with_unit(&show(mean, 3)),
        format!("[{}, {}]", show(lower, 4), show(upper, 4)),
        format!("Holm p {}", chance(difference.p_holm)),
        saved(study, found.variance_reduction),
    ]
}

/// What common random numbers were worth: the variance of the difference without them over that with them.
fn saved(study: &Study, reduction: Option<f64>) -> String {
    match reduction {
        Some(factor) if study.common_random_numbers && factor < 1.0 => {
            format!("CRN cost {}", times(1.0 / factor))
        }
        Some(factor) if study.common_random_numbers => format!("CRN saved {}", times(factor)),
        Some(_) | None => String::new(),
    }
}
