//! Words that titles are made of: who does what, in which figure, beyond which limit.

use models::report::Unit;

use crate::{
    analysis::Estimate,
    charts::{data::Quantity, reading},
    study::{Claim, Op},
};

/// Arms named one by one; of more the rest is counted.
const NAMED: usize = 4;

/// Arms as the subject of a sentence.
pub(super) struct Who {
    text: String,
    plural: bool,
}

impl Who {
    /// These arms, of `all` that are spoken of.
    pub(super) fn of(arms: &[&str], all: usize) -> Self {
        match arms {
            [] => Self { text: "no arm".to_owned(), plural: false },
            [one] => Self { text: (*one).to_owned(), plural: false },
            [_, _] if all == 2 => Self { text: "both arms".to_owned(), plural: true },
            several if several.len() == all => Self { text: "every arm".to_owned(), plural: false },
            several => Self { text: list(several), plural: true },
        }
    }

    /// Subject and verb: `does("passes", "pass")`.
    pub(super) fn does(&self, one: &str, several: &str) -> String {
        format!("{} {}", self.text, if self.plural { several } else { one })
    }

    /// Without a verb.
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

/// `a`, `a and b`, `a, b, c, d and 3 others`.
pub(super) fn list(words: &[&str]) -> String {
    match words {
        [] => "none".to_owned(),
        [one] => (*one).to_owned(),
        many if many.len() > NAMED + 1 => {
            let (named, rest) = many.split_at(NAMED);
            format!("{} and {} others", named.join(", "), rest.len())
        }
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// `once`, `twice`, `3 times`.
pub(super) fn times(count: usize) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        more => format!("{more} times"),
    }
}

/// `clients to checkout` of `clients.calls.checkout`.
pub(super) fn calls(name: &str) -> String {
    name.replacen(".calls.", " to ", 1)
}

/// The first letter large, unless it is that of an arm's or a component's name.
pub(super) fn sentence(text: &str, names: &[&str]) -> String {
    let first = text.split([' ', ',', ':']).next().unwrap_or_default();
    if names.contains(&first) {
        return text.to_owned();
    }
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What an axis for figures of this unit measures.
pub(super) const fn quantity(unit: Unit) -> Quantity {
    match unit {
        Unit::Seconds => Quantity::Seconds,
        Unit::PerSecond => Quantity::PerSecond,
        Unit::Count => Quantity::Count,
        Unit::Ratio => Quantity::Ratio,
        Unit::Bytes => Quantity::Bytes,
    }
}

/// A figure with three digits and its unit.
pub(super) fn shown(unit: Unit, value: f64) -> String {
    reading(quantity(unit), value)
}

/// `under 250 ms`: the good side of a limit.
pub(super) fn goal(claim: &Claim, unit: Unit) -> String {
    let word = match claim.op {
        Op::Less => "under",
        Op::AtMost => "at or under",
        Op::Greater => "above",
        Op::AtLeast => "at or above",
        Op::Equal => "at",
    };
    format!("{word} {}", crate::charts::plain(quantity(unit), claim.threshold))
}

/// The unit of a headline's figure, as its cells tell it.
pub(super) fn unit_of<'a>(mut estimates: impl Iterator<Item = &'a Estimate>) -> Unit {
    estimates.next().map_or(Unit::Ratio, |estimate| estimate.unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_agree_with_their_verbs() {
        let told = |arms: &[&str], all| Who::of(arms, all).does("passes", "pass");
        assert_eq!(told(&[], 3), "no arm passes");
        assert_eq!(told(&["a"], 1), "a passes");
        assert_eq!(told(&["a", "b"], 2), "both arms pass");
        assert_eq!(told(&["a", "b"], 3), "a and b pass");
        assert_eq!(told(&["a", "b", "c"], 3), "every arm passes");
        assert_eq!(told(&["a", "b", "c", "d", "e", "f"], 7), "a, b, c, d and 2 others pass");
    }

    #[test]
    fn goals_are_on_the_good_side() {
        let claim = Claim {
            text: String::new(),
            metric: "c.latency".into(),
            statistic: "p99".into(),
            window: None,
            op: Op::Less,
            threshold: 0.25,
            limit: None,
            unit: "ms".into(),
        };
        assert_eq!(goal(&claim, Unit::Seconds), "under 250 ms");
        assert_eq!(
            goal(&Claim { op: Op::Greater, threshold: 665.0, ..claim }, Unit::PerSecond),
            "above 665/s"
        );
    }
}
