//! The answer in sentences: who wins where, and who keeps which promise where.
//!
//! Where the ranking changes along the sweep each stretch is told, and where arms tie, that: one name for the
//! whole would be wrong.

use super::{Analysis, Headline, Ruling, Verdict, ranking::Ranking, verdict::Kind};
use crate::study::{Claim, Study, one_of};

/// The sentences, most important first.
pub(super) fn answer(study: &Study, analysis: &Analysis) -> Vec<String> {
    let mut sentences = Vec::new();
    for (index, headline) in analysis.headlines.iter().enumerate() {
        // What only the author claims something of is no question of the reader's.
        if headline.slo.is_some() || study.slos.is_empty() {
            sentences.extend(who_leads(study, analysis, index));
        }
        if let Some(claim) = headline.slo.and_then(|slo| study.slos.get(slo)) {
            sentences.extend(who_keeps(study, analysis, claim));
        }
    }
    sentences
}

/// Who is best in a headline, stretch by stretch of the sweep; none where no arms can be compared.
pub fn who_leads(study: &Study, analysis: &Analysis, headline: usize) -> Option<String> {
    let rankings: Vec<&Ranking> =
        analysis.rankings.iter().filter(|ranking| ranking.headline == headline).collect();
    winners(study, analysis.headlines.get(headline)?, &rankings)
}

/// Who keeps an SLO where.
pub fn who_keeps(study: &Study, analysis: &Analysis, claim: &Claim) -> Option<String> {
    let about = |ruling: &&Ruling| ruling.kind == Kind::Slo && ruling.claim == *claim;
    keepers(study, &analysis.rulings.iter().filter(about).collect::<Vec<_>>())
}

/// `At load 0.50–0.60 p2c has the lowest p99; at 0.70 p2c and least tie; from 0.80 on least.`
fn winners(study: &Study, headline: &Headline, rankings: &[&Ranking]) -> Option<String> {
    if rankings.iter().all(|ranking| ranking.leaders.is_empty()) {
        return None;
    }
    let best =
        format!("the {} {}", if headline.less_is_better { "lowest" } else { "highest" }, headline.short());
    let leaders = |ranking: &&Ranking| arms(study, &ranking.leaders);
    if study.axes.len() > 1 {
        return Some(winners_over_a_grid(study, &best, rankings));
    }
    let stretches = stretches(&rankings.iter().map(leaders).collect::<Vec<_>>());
    let axis = AxisWords::of(study, rankings.iter().map(|ranking| ranking.point.as_slice()));
    if let [only] = stretches.as_slice() {
        return Some(format!("{} {best}{}.", has(&only.what), axis.everywhere()));
    }
    let part = |(place, stretch): (usize, &Stretch<Vec<&str>>)| {
        let range = axis.range(stretch, rankings.len(), place == 0);
        match stretch.what.as_slice() {
            [] => format!("{range} no two arms can be compared"),
            [one] if place == 0 => format!("{range} {one} has {best}"),
            [one] => format!("{range} {one}"),
            several if place == 0 => format!("{range} {} tie for {best}", list(several)),
            several => format!("{range} {} tie", list(several)),
        }
    };
    let parts: Vec<String> = stretches.iter().enumerate().map(part).collect();
    Some(format!("{}.", parts.join("; ")))
}

fn has(leaders: &[&str]) -> String {
    match leaders {
        [one] => format!("{one} has"),
        several => format!("{} tie for", list(several)),
    }
}

/// Over several axes stretches mean nothing: how often each arm leads.
fn winners_over_a_grid(study: &Study, best: &str, rankings: &[&Ranking]) -> String {
    let leads =
        |arm: &str| rankings.iter().filter(|ranking| arms(study, &ranking.leaders).contains(&arm)).count();
    let mut counts: Vec<(usize, &str)> =
        study.present_arms().into_iter().map(|arm| (leads(arm), arm)).collect();
    counts.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let told = counts.iter().filter(|(count, _)| *count > 0).map(|(count, arm)| format!("{arm} at {count}"));
    let told: Vec<String> = told.collect();
    format!("Of {} sweep points, {best} (or a tie for it): {}.", rankings.len(), told.join(", "))
}

/// `A and B meet p99 < 250ms at every load; C up to 0.90; D fails it at every load.`
fn keepers<'a>(study: &'a Study, rulings: &[&'a Ruling]) -> Option<String> {
    let claim = &rulings.first()?.claim.text;
    let mut groups: Vec<Group<'_>> = Vec::new();
    for arm in study.present_arms() {
        let of_arm = |ruling: &&&Ruling| study.cells.get(ruling.cell).is_some_and(|cell| cell.arm == arm);
        let mine: Vec<&Ruling> = rulings.iter().filter(of_arm).copied().collect();
        let verdicts: Vec<Verdict> = mine.iter().map(|ruling| ruling.verdict).collect();
        match groups.iter_mut().find(|group| group.verdicts == verdicts) {
            Some(group) => group.arms.push(arm),
            None => groups.push(Group { arms: vec![arm], verdicts, rulings: mine }),
        }
    }
    // Those that keep it most often first.
    groups.sort_by_key(|group| group.verdicts.iter().filter(|verdict| **verdict != Verdict::Pass).count());
    let part = |group: &Group<'_>| format!("{} {}", list(&group.arms), record(study, group));
    Some(format!("{claim}: {}.", groups.iter().map(part).collect::<Vec<_>>().join("; ")))
}

/// Arms with the same verdict at every point.
struct Group<'a> {
    arms: Vec<&'a str>,
    verdicts: Vec<Verdict>,
    rulings: Vec<&'a Ruling>,
}

/// How they fare: `pass at every load`, `passes up to 0.90, fails from 0.95 on`.
fn record(study: &Study, group: &Group<'_>) -> String {
    let several = group.arms.len() > 1;
    let cells = group.rulings.iter().filter_map(|ruling| study.cells.get(ruling.cell));
    let axis = AxisWords::of(study, cells.map(|cell| cell.point.as_slice()));
    if study.axes.len() > 1 {
        let passed = group.verdicts.iter().filter(|verdict| **verdict == Verdict::Pass).count();
        return format!("{} at {passed} of {} points", verb(Verdict::Pass, several), group.verdicts.len());
    }
    let stretches = stretches(&group.verdicts);
    if let [only] = stretches.as_slice() {
        return format!("{}{}", verb(only.what, several), axis.everywhere());
    }
    let points = group.verdicts.len();
    let part = |stretch: &Stretch<Verdict>| {
        format!("{} {}", verb(stretch.what, several), axis.extent(stretch, points))
    };
    stretches.iter().map(part).collect::<Vec<_>>().join(", ")
}

const fn verb(verdict: Verdict, several: bool) -> &'static str {
    match (verdict, several) {
        (Verdict::Pass, true) => "pass",
        (Verdict::Pass, false) => "passes",
        (Verdict::Fail, true) => "fail",
        (Verdict::Fail, false) => "fails",
        (Verdict::Inconclusive, true) => "are inconclusive",
        (Verdict::Inconclusive, false) => "is inconclusive",
    }
}

/// Neighbouring points with the same thing said of them; both ends inclusive.
struct Stretch<T> {
    from: usize,
    to: usize,
    what: T,
}

fn stretches<T: PartialEq + Clone>(items: &[T]) -> Vec<Stretch<T>> {
    let mut found: Vec<Stretch<T>> = Vec::new();
    for (place, item) in items.iter().enumerate() {
        match found.last_mut() {
            Some(last) if last.what == *item => last.to = place,
            _ => found.push(Stretch { from: place, to: place, what: item.clone() }),
        }
    }
    found
}

/// How the one sweep axis is spoken of; nothing to say without a sweep.
struct AxisWords {
    label: String,
    values: Vec<String>,
}

impl AxisWords {
    fn of<'a>(study: &Study, points: impl Iterator<Item = &'a [String]>) -> Self {
        let label = study.axis_labels().first().cloned().unwrap_or_default();
        Self { label, values: points.map(|point| study.shown_point_text(point)).collect() }
    }

    fn everywhere(&self) -> String {
        if self.label.is_empty() { String::new() } else { format!(" at every {}", one_of(&self.label)) }
    }

    fn value(&self, place: usize) -> &str {
        self.values.get(place).map_or("?", String::as_str)
    }

    fn range<T>(&self, stretch: &Stretch<T>, points: usize, first: bool) -> String {
        let (from, to) = (self.value(stretch.from), self.value(stretch.to));
        match (first, stretch.from == stretch.to) {
            (true, true) => format!("At {} {from}", self.label),
            (true, false) => format!("At {} {from}–{to}", self.label),
            (false, true) => format!("at {from}"),
            (false, false) if stretch.to + 1 == points => format!("from {from} on"),
            (false, false) => format!("at {from}–{to}"),
        }
    }

    fn extent<T>(&self, stretch: &Stretch<T>, points: usize) -> String {
        let (from, to) = (self.value(stretch.from), self.value(stretch.to));
        match (stretch.from, stretch.to) {
            (0, last) if last > 0 => format!("up to {to}"),
            (first, last) if last + 1 == points && first < last => format!("from {from} on"),
            (first, last) if first == last => format!("at {from}"),
            _ => format!("at {from}–{to}"),
        }
    }
}

fn arms<'a>(study: &'a Study, cells: &[usize]) -> Vec<&'a str> {
    cells.iter().filter_map(|cell| study.cells.get(*cell)).map(|cell| cell.arm.as_str()).collect()
}

/// `a`, `a and b`, `a, b and c`.
fn list(words: &[&str]) -> String {
    match words {
        [] => "none".to_owned(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        analysis::Basis,
        study::{Axis, Cell, Op},
    };

    const ARMS: [&str; 3] = ["a", "b", "c"];

    /// Arms at the given loads, or without a sweep, and an SLO on their p99.
    fn study(loads: &[&str]) -> Study {
        let cell = |arm: &str, point: &[&str]| Cell {
            arm: arm.into(),
            point: point.iter().map(|value| (*value).to_owned()).collect(),
            ..Cell::default()
        };
        let points: Vec<&[&str]> = if loads.is_empty() { vec![&[]] } else { loads.chunks(1).collect() };
        let values = loads.iter().map(|load| (*load).to_owned()).collect();
        let axis = Axis { path: "clients.load.fraction".into(), values };
        Study {
            arms: ARMS.map(str::to_owned).to_vec(),
            axes: if loads.is_empty() { Vec::new() } else { vec![axis] },
            cells: ARMS.iter().flat_map(|arm| points.iter().map(|point| cell(arm, point))).collect(),
            slos: vec![Claim {
                text: "c.latency.p99 < 250ms".into(),
                metric: "c.latency".into(),
                statistic: "p99".into(),
                window: None,
                op: Op::Less,
                threshold: 0.25,
                limit: Some(250_000_000),
                unit: "ms".into(),
            }],
            ..Study::default()
        }
    }

    /// What is told where `leaders` lead and where the verdicts are these, a word a point and arm.
    fn told(study: &Study, leaders: &[&str], verdicts: [&str; 3]) -> Vec<String> {
        let points = study.points();
        let index = |arm: char, point: &[String]| study.cell(&arm.to_string(), point).unwrap();
        let ranking = |(arms, point): (&&str, &Vec<String>)| Ranking {
            headline: 0,
            point: point.clone(),
            best: arms.chars().next().map(|arm| index(arm, point)),
            leaders: arms.chars().map(|arm| index(arm, point)).collect(),
        };
        let ruling = |(cell, letter): (usize, char)| Ruling {
            kind: Kind::Slo,
            claim: study.slos[0].clone(),
            cell,
            verdict: match letter {
                '+' => Verdict::Pass,
                '-' => Verdict::Fail,
                _ => Verdict::Inconclusive,
            },
            basis: Basis::Interval,
            value: None,
            bounds: None,
            replications_needed: None,
            note: String::new(),
        };
        let analysis = Analysis {
            headlines: vec![Headline { figure: "c.latency.p99".into(), less_is_better: true, slo: Some(0) }],
            rankings: leaders.iter().zip(&points).map(ranking).collect(),
            rulings: verdicts.concat().chars().enumerate().map(ruling).collect(),
            ..Analysis::default()
        };
        answer(study, &analysis)
    }

    #[test]
    fn a_ranking_that_crosses_names_each_stretch() {
        let study = study(&["0.5", "0.6", "0.70", "0.8", "0.9"]);
        let told = told(&study, &["a", "a", "ab", "b", "b"], ["+++++", "+++--", "-----"]);
        assert_eq!(
            told,
            [
                "At load 0.50–0.60 a has the lowest p99; at 0.70 a and b tie; from 0.80 on b.",
                "c.latency.p99 < 250ms: a passes at every load; b passes up to 0.70, fails from 0.80 on; \
             c fails at every load.",
            ]
        );
    }

    #[test]
    fn one_winner_is_named_only_where_it_wins_everywhere() {
        let study = study(&["0.5", "0.9"]);
        let told = told(&study, &["ab", "ab"], ["++", "++", "+?"]);
        assert_eq!(
            told,
            [
                "a and b tie for the lowest p99 at every load.",
                "c.latency.p99 < 250ms: a and b pass at every load; c passes at 0.5, is inconclusive at 0.9.",
            ]
        );
    }

    #[test]
    fn without_a_sweep_no_place_is_named() {
        let told = told(&study(&[]), &["c"], ["-", "-", "+"]);
        assert_eq!(told, ["c has the lowest p99.", "c.latency.p99 < 250ms: c passes; a and b fail."]);
    }

    #[test]
    fn points_where_nothing_can_be_compared_are_told() {
        let told = told(&study(&["1", "2"]), &["a", ""], ["++", "--", "--"]);
        assert_eq!(told[0], "At load 1 a has the lowest p99; at 2 no two arms can be compared.");
    }
}
