//! The cells that the filters leave; an empty choice is a mistake of its own, with its own exit status.

use globset::{Glob, GlobMatcher};

use crate::{
    diagnostic::{Diagnostic, Diagnostics},
    document::source::Span,
    filter::Condition,
    load::Overrides,
    plan::Cell,
};

/// The cells whose arm matches a pattern and whose point fulfils the condition; `None` if a filter is wrong or
/// leaves nothing.
pub(super) fn select<S>(
    cells: Vec<Cell<S>>,
    overrides: &Overrides,
    axes: &[String],
    diagnostics: &mut Diagnostics,
) -> Option<Vec<Cell<S>>> {
    let cells = by_arm(cells, &overrides.arm, diagnostics)?;
    let Some(text) = &overrides.where_ else { return Some(cells) };
    let source = diagnostics.sources_mut().add("<--where>", text);
    let condition = Condition::parse(text, source, axes).map_err(|wrong| diagnostics.push(wrong)).ok()?;
    let left: Vec<_> = cells.into_iter().filter(|cell| condition.holds(&cell.point)).collect();
    if left.is_empty() {
        let span = Span { source, start: 0, end: text.len() };
        let what = Diagnostic::error("E0508", "no sweep point fulfils the condition");
        diagnostics.push(what.at(span, "matches nothing").help("`stampede list FILE` shows the points"));
        return None;
    }
    Some(left)
}

fn by_arm<S>(cells: Vec<Cell<S>>, globs: &[String], diagnostics: &mut Diagnostics) -> Option<Vec<Cell<S>>> {
    if globs.is_empty() {
        return Some(cells);
    }
    let mut arms: Vec<&str> = cells.iter().map(|cell| &*cell.arm).collect();
    arms.dedup();
    let matchers: Vec<_> = globs.iter().map(|glob| matcher(glob, &arms, diagnostics)).collect();
    let matchers = matchers.into_iter().collect::<Option<Vec<_>>>()?;
    let wanted = |cell: &Cell<S>| matchers.iter().any(|matcher| matcher.is_match(&cell.arm));
    Some(cells.into_iter().filter(wanted).collect())
}

/// The matcher of a pattern that matches at least one arm.
fn matcher(glob: &str, arms: &[&str], diagnostics: &mut Diagnostics) -> Option<GlobMatcher> {
    let source = diagnostics.sources_mut().add("<--arm>", glob);
    let span = Span { source, start: 0, end: glob.len() };
    let matcher = match Glob::new(glob) {
        Ok(parsed) => parsed.compile_matcher(),
        Err(why) => {
            let what = format!("`{glob}` is not a pattern: {}", why.kind());
            diagnostics.push(Diagnostic::error("E0507", what).at(span, "write it as 'p2c*' or '{a,b}'"));
            return None;
        }
    };
    if arms.iter().any(|arm| matcher.is_match(arm)) {
        return Some(matcher);
    }
    let what = format!("no arm matches `{glob}`");
    let label = format!("the arms are: {}", arms.join(", "));
    diagnostics.push(Diagnostic::error("E0508", what).at(span, label));
    None
}
