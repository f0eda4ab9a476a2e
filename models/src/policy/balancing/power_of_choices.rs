//! Power of d choices: the least loaded of d available backends drawn at random.
//!
//! From one choice to two the longest queue shrinks exponentially, from two to three by a constant only. With
//! replacement the same backend may be drawn twice, which wastes a choice: the two variants differ by about
//! one percent in a large pool and by a quarter of the picks in a pool of two. Mitzenmacher, *The Power of
//! Two Choices in Randomized Load Balancing*, 1996; Vvedenskaya et al., 1996.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{
    Ask, Backend, Backends, Balance, Done, Endpoint, Wants, available,
    load::{Load, LoadMeasure},
    power_of_two_choices::two_of,
};

/// `PowerOfChoices`: how many, drawn how, compared by what.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// How many are drawn, at least 1. Default 2.
    pub choices: u32,
    /// Whether the same backend may be drawn again. Default false.
    pub replacement: bool,
    /// What those drawn are compared by; of equals the first drawn is picked.
    pub by: LoadMeasure,
}

impl Default for Spec {
    fn default() -> Self {
        Self { choices: 2, replacement: false, by: LoadMeasure::default() }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.require(self.choices >= 1, "choices", || "choices must be at least 1, got 0".into());
        check.at("by", |check| self.by.check(check));
    }

    pub(super) fn build(&self, endpoints: &[Endpoint]) -> State {
        State {
            choices: self.choices.max(1) as usize,
            replacement: self.replacement,
            load: self.by.build(endpoints),
            drawn: Vec::new(),
            sorted: Vec::new(),
        }
    }
}

/// The loads, and room for the draws.
#[derive(Debug)]
pub struct State {
    choices: usize,
    replacement: bool,
    load: Load,
    /// In the order of drawing.
    drawn: Vec<usize>,
    /// Ascending, to find the holes in the next draw.
    sorted: Vec<usize>,
}

impl State {
    /// Draws from 0..n, at least 1, into `drawn`.
    fn draw(&mut self, n: usize, random: &mut Stream) {
        self.drawn.clear();
        if self.replacement {
            self.drawn.extend((0..self.choices).map(|_| random.below(n)));
        } else {
            self.draw_distinct(n, random);
        }
    }

    /// Every draw is from those left over, so any order of any subset is as likely.
    fn draw_distinct(&mut self, n: usize, random: &mut Stream) {
        self.sorted.clear();
        for taken in 0..self.choices.min(n) {
            let mut drawn = random.below(n - taken);
            let holes = self.sorted.iter().take_while(|&&hole| {
                let behind = drawn >= hole;
                drawn += usize::from(behind);
                behind
            });
            let place = holes.count();
            self.sorted.insert(place, drawn);
            self.drawn.push(drawn);
        }
    }

    fn least_drawn(&mut self, backends: &Backends<'_>) -> Option<usize> {
        let mut best: Option<(usize, f64)> = None;
        for &index in &self.drawn {
            let load = self.load.of(index, backends.rows.get(index)?, backends.now);
            if best.is_none_or(|(_, least)| load < least) {
                best = Some((index, load));
            }
        }
        best.map(|(index, _)| index)
    }

    /// Draws anew from those available only, once some were met that are not.
    fn redraw(&mut self, rows: &[Backend], random: &mut Stream) -> Option<()> {
        let available = available::count(rows);
        if available == 0 {
            return None;
        }
        self.draw(available, random);
        for drawn in &mut self.drawn {
            *drawn = available::nth(rows, *drawn)?;
        }
        Some(())
    }
}

impl Balance for State {
    #[inline]
    fn pick(&mut self, backends: &Backends<'_>, _: &Ask, random: &mut Stream) -> Option<usize> {
        let rows = backends.rows;
        if rows.is_empty() {
            return None;
        }
        // Drawing from all and rejecting is as fair as drawing from those available, and needs no count of
        // them.
        if self.choices == 2 && !self.replacement && rows.len() >= 2 {
            let (a, b) = two_of(rows.len(), random);
            if rows[a].available && rows[b].available {
                let first = self.load.of(a, &rows[a], backends.now);
                return Some(if first <= self.load.of(b, &rows[b], backends.now) { a } else { b });
            }
            self.redraw(rows, random)?;
        } else {
            self.draw(rows.len(), random);
            if !self.drawn.iter().all(|&index| available::is(rows, index)) {
                self.redraw(rows, random)?;
            }
        }
        self.least_drawn(backends)
    }

    fn on_done(&mut self, backends: &Backends<'_>, done: &Done) {
        self.load.on_done(backends.now, done);
    }

    fn on_membership(&mut self, endpoints: &[Endpoint]) {
        self.load.on_membership(endpoints);
    }

    fn wants(&self) -> Wants {
        Wants::NOTHING
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::balancing::testing::{letters, loaded};

    fn counts<const N: usize>(spec: &Spec, rows: &[Backend], picks: usize) -> [f64; N] {
        let picked = letters(&mut spec.build(&[]), rows, picks);
        std::array::from_fn(|index| {
            picked.matches((b'a' + index as u8) as char).count() as f64 / picks as f64
        })
    }

    #[test]
    fn the_nth_best_wins_as_often_as_combinatorics_says() {
        // Loads 0 to 4, d distinct draws: the best of rank r wins C(4 − r, d − 1) of C(5, d) subsets.
        let rows = loaded(&[0, 1, 2, 3, 4]);
        for (choices, expected) in [
            (1, [0.2; 5]),
            (2, [0.4, 0.3, 0.2, 0.1, 0.0]),
            (3, [0.6, 0.3, 0.1, 0.0, 0.0]),
            (9, [1.0, 0.0, 0.0, 0.0, 0.0]),
        ] {
            let spec = Spec { choices, ..Spec::default() };
            for (share, expected) in counts::<5>(&spec, &rows, 100_000).into_iter().zip(expected) {
                assert!((share - expected).abs() < 0.0065, "{choices} choices: {share} is not {expected}");
            }
        }
    }

    #[test]
    fn replacement_wastes_a_choice() {
        // Of two, the worse wins if it is drawn twice: 1/4 with replacement, never without.
        let rows = loaded(&[0, 9]);
        let spec = Spec { replacement: true, ..Spec::default() };
        let [_, worse] = counts(&spec, &rows, 100_000);
        assert!((worse - 0.25).abs() < 0.005, "{worse}");
        assert_eq!(counts(&Spec::default(), &rows, 1000), [1.0, 0.0]);
    }

    #[test]
    fn draws_come_from_those_available() {
        // Two of the three left: a wins 2 of 3 pairs, c one.
        let mut rows = loaded(&[0, 0, 1, 2]);
        rows[1].available = false;
        let [a, b, c, d] = counts(&Spec::default(), &rows, 60_000);
        assert!((a - 2.0 / 3.0).abs() < 0.008 && (c - 1.0 / 3.0).abs() < 0.008, "{a} {c}");
        assert_eq!((b, d), (0.0, 0.0));
    }

    #[test]
    fn ties_are_fair_for_any_number_of_choices() {
        for choices in [2, 3, 4] {
            let spec = Spec { choices, ..Spec::default() };
            for share in counts::<5>(&spec, &loaded(&[7; 5]), 100_000) {
                assert!((share - 0.2).abs() < 0.0051, "{choices} choices: {share}");
            }
        }
    }
}
