//! Whether one arm is really better than another: paired differences at the chosen sweep point.

use super::{
    super::{
        album::{AnyChart, Draft},
        view::View,
        words::{self, Who},
    },
    MOST,
};
use crate::{
    analysis::{Difference, Headline, RISK, Reference},
    charts::{
        self, Better, Forest,
        data::{Axis, Heading},
    },
};

pub(super) fn draft(view: &View<'_>) -> Draft {
    let charts = view
        .analysis
        .headlines
        .iter()
        .enumerate()
        .filter_map(|(index, headline)| chart(view, index, headline));
    Draft {
        number: 5,
        name: "paired_differences",
        heading: "Is one arm really better than another?".into(),
        explanation: explanation(view),
        charts: charts.take(MOST).collect(),
        ..Draft::default()
    }
}

fn explanation(view: &View<'_>) -> Vec<String> {
    let luck = if view.study.common_random_numbers {
        "Arms saw the same requests, so their replications are compared pair by pair."
    } else {
        "Replications are compared pair by pair, although arms did not see the same requests."
    };
    vec![format!("{luck} p-values are Holm's, over all arms compared at this point.")]
}

fn chart(view: &View<'_>, index: usize, headline: &Headline) -> Option<AnyChart> {
    let found = compared(view, index);
    let with = view.study.cells.get(found.first()?.with)?;
    // Where no arm ever differs there is nothing to see.
    let differs = |found: &&Difference| {
        found.comparison.difference.mean != 0.0 || found.comparison.difference.half_width > 0.0
    };
    found.iter().copied().find(differs)?;
    let unit = view.unit(headline);
    let rows: Vec<charts::Difference> = found.iter().filter_map(|difference| row(view, difference)).collect();
    let better = if headline.less_is_better { Better::Lower } else { Better::Higher };
    let how = format!(
        "Each row is an arm minus {}, with its 95 % interval; at zero there is no difference.",
        with.arm
    );
    Some(Box::new(Forest {
        heading: Heading::new(title(view, headline, &found, &with.arm), how),
        axis: Axis::linear(
            format!("{} minus that of {}", view.axis_title(headline), with.arm),
            words::quantity(unit),
        ),
        better,
        rows,
    }))
}

/// The differences at the chosen point: to the baseline, else to the best arm; smallest first.
fn compared<'a>(view: &View<'a>, headline: usize) -> Vec<&'a Difference> {
    let here = |difference: &&Difference| {
        difference.headline == headline
            && view.study.cells.get(difference.cell).is_some_and(|cell| cell.point == view.chosen)
    };
    let with = |reference: Reference| -> Vec<&'a Difference> {
        let all = view.analysis.differences.iter().filter(here);
        all.filter(|difference| difference.reference == reference).collect()
    };
    let mut found = match with(Reference::Baseline) {
        none if none.is_empty() => with(Reference::Best),
        some => some,
    };
    let size = |difference: &Difference| difference.comparison.difference.mean;
    found.sort_by(|one, other| size(one).total_cmp(&size(other)));
    found
}

fn row(view: &View<'_>, difference: &Difference) -> Option<charts::Difference> {
    let arm = &view.study.cells.get(difference.cell)?.arm;
    let found = &difference.comparison;
    Some(charts::Difference {
        label: arm.clone(),
        style: view.style(arm),
        difference: found.difference.mean,
        low: found.difference.lower(),
        high: found.difference.upper(),
        p_holm: Some(difference.p_holm),
        variance_reduction: found.variance_reduction.filter(|_| view.study.common_random_numbers),
    })
}

/// `At load 0.95, against round_robin: a and b have a lower p99; c cannot be told apart`.
fn title(view: &View<'_>, headline: &Headline, found: &[&Difference], with: &str) -> String {
    let arms = |wanted: &dyn Fn(&Difference) -> bool| -> Vec<&str> {
        let those = found.iter().filter(|difference| wanted(difference));
        those
            .filter_map(|difference| view.study.cells.get(difference.cell))
            .map(|cell| cell.arm.as_str())
            .collect()
    };
    let sure = |difference: &Difference| difference.p_holm <= RISK;
    let mean = |difference: &Difference| difference.comparison.difference.mean;
    let lower = arms(&|difference| sure(difference) && mean(difference) < 0.0);
    let higher = arms(&|difference| sure(difference) && mean(difference) > 0.0);
    let same = arms(&|difference| !sure(difference));
    // "Every arm" would count the reference itself.
    let who = |arms: &[&str]| match arms {
        all if all.len() == found.len() && all.len() > 2 => Who::of(&["every other arm"], usize::MAX),
        some => Who::of(some, usize::MAX),
    };
    let short = view.short(headline);
    let mut parts = Vec::new();
    if !lower.is_empty() {
        parts.push(format!("{} a lower {short}", who(&lower).does("has", "have")));
    }
    if !higher.is_empty() {
        parts.push(format!("{} a higher {short}", who(&higher).does("has", "have")));
    }
    if !same.is_empty() {
        let what = if parts.is_empty() { format!("apart by {short}") } else { "apart".to_owned() };
        parts.push(format!("{} be told {what}", who(&same).does("cannot", "cannot")));
    }
    let at = view.at_chosen();
    view.sentence(format!("{at}, compared with {with}: {}", parts.join("; ")).trim_start_matches(',').trim())
}
