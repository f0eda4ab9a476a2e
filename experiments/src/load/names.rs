//! Names: which can be used, which are taken, which are known.

use std::collections::BTreeMap;

use crate::{
    diagnostic::Diagnostic,
    document::{nearest, path::ID_MAPS, source::Span},
    experiment::FIELDS,
};

/// The longest name of an experiment, arm, window or id: names become parts of file names.
const LONGEST_NAME: usize = 80;

/// "did you mean `x`?  known windows: a, b".
pub(super) fn known(what: &str, name: &str, names: &[String]) -> String {
    let list = match names {
        [] => format!("there are no {what}"),
        names => format!("known {what}: {}", names.iter().take(12).cloned().collect::<Vec<_>>().join(", ")),
    };
    match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?  {list}"),
        None => list,
    }
}

/// A name that cannot be part of a file name or a path.
pub(super) fn bad_name(kind: &str, name: &str, span: Span, separators: &str) -> Option<Diagnostic> {
    let forbidden = |character: char| {
        !character.is_alphanumeric() && !"_-.+=".contains(character) || separators.contains(character)
    };
    let label = if name.is_empty() {
        "a name cannot be empty".to_owned()
    } else if name.chars().count() > LONGEST_NAME {
        format!("a name has at most {LONGEST_NAME} characters")
    } else if name.starts_with('.') {
        "a name cannot start with a dot".to_owned()
    } else {
        let found = name.chars().find(|character| forbidden(*character))?;
        format!("a name cannot contain {found:?}; letters, digits, `_` and `-` are fine")
    };
    let shown: String = name.chars().take(LONGEST_NAME).collect();
    let what = format!("{kind} `{}` has a name that cannot be used", shown.escape_default());
    Some(Diagnostic::error("E0206", what).at(span, label))
}

/// An id that names something else already.
pub(super) fn taken(id: &str, span: Span, ids: &BTreeMap<&str, Span>) -> Option<Diagnostic> {
    if FIELDS.contains(&id) || ID_MAPS.contains(&id) {
        let what = format!("`{id}` is a field of every experiment and cannot be an id");
        return Some(Diagnostic::error("E0303", what).at(span, "choose another name"));
    }
    let first = ids.get(id)?;
    let what = format!("`{id}` is both a workload and a component");
    Some(
        Diagnostic::error("E0303", what)
            .at(span, "again here; rename one of them")
            .beside(*first, "first here"),
    )
}
