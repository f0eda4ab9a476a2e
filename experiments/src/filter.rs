//! Which cells of a plan are meant: arms by pattern, sweep points by condition.
//!
//! `--arm 'p2c*'`, `--where 'clients.load.fraction >= 0.8 && !(web.servers == 4)'`. A filter hides cells; it changes
//! no cell and no name of a folder.

use std::cmp::Ordering;

use crate::{
    claim::Comparison,
    diagnostic::Diagnostic,
    document::{Path, nearest, source::Span},
    plan::Coordinate,
    quantity::Quantity,
};

/// Parentheses within parentheses in a condition.
const DEEPEST: usize = 32;

/// A condition on a sweep point.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// `PATH op VALUE`.
    Compare {
        /// The axis.
        path: String,
        /// What must hold.
        test: Test,
        /// The value as written, without quotes.
        value: String,
    },
    /// `a && b && …`.
    All(Vec<Self>),
    /// `a || b || …`.
    Any(Vec<Self>),
    /// `!a`.
    Not(Box<Self>),
}

/// A comparison in a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    /// `!=`.
    Unequal,
    /// The others, as in claims.
    Holds(Comparison),
}

impl Condition {
    /// Reads a condition on the given axes.
    ///
    /// # Errors
    /// What does not read, or names no axis.
    pub fn parse(text: &str, source: usize, axes: &[String]) -> Result<Self, Diagnostic> {
        let mut reader = Reader { text, source, at: 0, axes, depth: 0 };
        let condition = reader.any()?;
        reader.skip_space();
        if reader.at < text.len() {
            return Err(reader.unexpected("`&&`, `||` or the end"));
        }
        Ok(condition)
    }

    /// Whether a point fulfils it.
    pub fn holds(&self, point: &[Coordinate]) -> bool {
        match self {
            Self::All(terms) => terms.iter().all(|term| term.holds(point)),
            Self::Any(terms) => terms.iter().any(|term| term.holds(point)),
            Self::Not(inner) => !inner.holds(point),
            Self::Compare { path, test, value } => point
                .iter()
                .find(|coordinate| coordinate.path == *path)
                .is_some_and(|coordinate| test.holds(&coordinate.value, value)),
        }
    }
}

impl Test {
    /// Compares as quantities where both are of one kind, as text otherwise.
    fn holds(self, left: &str, right: &str) -> bool {
        let left = left.trim_matches('"');
        let quantities = (Quantity::parse(left), Quantity::parse(right));
        let order = match quantities {
            (Ok(a), Ok(b)) if a.unit() == b.unit() => a.base().partial_cmp(&b.base()),
            _ if left == right => Some(Ordering::Equal),
            _ => None,
        };
        match (self, order) {
            (Self::Unequal, order) => order != Some(Ordering::Equal),
            (Self::Holds(_), None) => false,
            (Self::Holds(comparison), Some(order)) => comparison.holds(f64::from(order as i8), 0.0),
        }
    }
}

/// The comparisons, the longer of two that begin alike first.
const TESTS: [(&str, Test); 6] = [
    ("<=", Test::Holds(Comparison::LessOrEqual)),
    (">=", Test::Holds(Comparison::GreaterOrEqual)),
    ("==", Test::Holds(Comparison::Equal)),
    ("!=", Test::Unequal),
    ("<", Test::Holds(Comparison::Less)),
    (">", Test::Holds(Comparison::Greater)),
];

struct Reader<'a> {
    text: &'a str,
    source: usize,
    at: usize,
    axes: &'a [String],
    depth: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Moves over `sign` if it comes next.
    fn takes(&mut self, sign: &str) -> bool {
        self.skip_space();
        let found = self.rest().starts_with(sign);
        self.at += if found { sign.len() } else { 0 };
        found
    }

    fn span(&self, start: usize) -> Span {
        Span { source: self.source, start, end: self.at.max(start) }
    }

    fn unexpected(&self, expected: &str) -> Diagnostic {
        let found =
            self.rest().chars().next().map_or_else(|| "the end".to_owned(), |next| format!("`{next}`"));
        let what = format!("expected {expected}, found {found}");
        let help = "write a condition such as 'clients.load.fraction >= 0.8 && web.servers == 16'";
        Diagnostic::error("E0507", what).at(self.span(self.at), format!("expected {expected}")).help(help)
    }

    fn any(&mut self) -> Result<Condition, Diagnostic> {
        let mut terms = vec![self.all()?];
        while self.takes("||") {
            terms.push(self.all()?);
        }
        Ok(Condition::Any(terms))
    }

    fn all(&mut self) -> Result<Condition, Diagnostic> {
        let mut terms = vec![self.term()?];
        while self.takes("&&") {
            terms.push(self.term()?);
        }
        Ok(Condition::All(terms))
    }

    fn term(&mut self) -> Result<Condition, Diagnostic> {
        if self.depth >= DEEPEST {
            return Err(self.unexpected("fewer nested conditions"));
        }
        self.depth += 1;
        let condition = if self.takes("!") {
            Condition::Not(Box::new(self.term()?))
        } else if self.takes("(") {
            let inner = self.any()?;
            if !self.takes(")") {
                return Err(self.unexpected("`)`"));
            }
            inner
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(condition)
    }

    fn comparison(&mut self) -> Result<Condition, Diagnostic> {
        self.skip_space();
        let start = self.at;
        let path = self.word().ok_or_else(|| self.unexpected("the path of a sweep axis"))?;
        let span = self.span(start);
        let path = self.axis(path, span)?;
        let known = TESTS.iter().find(|(sign, _)| self.takes(sign));
        let (_, test) = known.ok_or_else(|| self.unexpected("a comparison (< <= > >= == !=)"))?;
        self.skip_space();
        let value = self.value().ok_or_else(|| self.unexpected("a value"))?;
        Ok(Condition::Compare { path, test: *test, value: value.to_owned() })
    }

    /// Everything up to white space or a sign.
    fn word(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        let ends = |character: char| character.is_whitespace() || "<>=!&|()".contains(character);
        let end = rest.find(ends).unwrap_or(rest.len());
        self.at += end;
        Some(&rest[..end]).filter(|word| !word.is_empty())
    }

    /// A word, or a text in quotes without them.
    fn value(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        let Some(quoted) = rest.strip_prefix('"') else { return self.word() };
        let (text, _) = quoted.split_once('"')?;
        self.at += text.len() + 2;
        Some(text)
    }

    /// The axis that a path names, written as the axes are.
    fn axis(&self, path: &str, span: Span) -> Result<String, Diagnostic> {
        let canonical = Path::parse(path).map_or_else(|_| path.to_owned(), |path| path.to_string());
        if self.axes.contains(&canonical) {
            return Ok(canonical);
        }
        let near = nearest(path, self.axes.iter().map(String::as_str));
        let label = match (near, self.axes) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, []) => "the experiment has no sweep".to_owned(),
            (None, axes) => format!("the sweep axes are: {}", axes.join(", ")),
        };
        Err(Diagnostic::error("E0507", format!("`{path}` is not a sweep axis")).at(span, label))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(condition: &str) -> bool {
        let axes = ["clients.timeout", "web.servers", "lb.strategy"].map(str::to_owned);
        let values = ["\"5s\"", "16", "PowerOfTwoChoices(choices: 3)"];
        let point = axes.iter().zip(values);
        let point: Vec<_> =
            point.map(|(path, value)| Coordinate { path: path.clone(), value: value.to_owned() }).collect();
        Condition::parse(condition, 0, &axes).unwrap_or_else(|wrong| panic!("{wrong:?}")).holds(&point)
    }

    #[test]
    fn quantities_are_compared_by_size_and_the_rest_by_text() {
        for right in [
            "clients.timeout == 5000ms",
            "clients.timeout < \"1min\"",
            "web.servers >= 16 && web.servers<17",
            "lb.strategy == \"PowerOfTwoChoices(choices: 3)\"",
            "lb.strategy != Random",
            "web.servers == 1 || web.servers == 2 || clients.timeout > 4s",
            "!(web.servers == 16 && clients.timeout == 4s)",
        ] {
            assert!(holds(right), "{right}");
        }
        for wrong in
            ["clients.timeout > 5s", "clients.timeout < 6", "web.servers != 16", "lb.strategy < Zebra"]
        {
            assert!(!holds(wrong), "{wrong}");
        }
    }

    #[test]
    fn and_binds_closer_than_or() {
        assert!(holds("web.servers == 16 || web.servers == 1 && web.servers == 2"));
        assert!(!holds("(web.servers == 16 || web.servers == 1) && web.servers == 2"));
    }
}
