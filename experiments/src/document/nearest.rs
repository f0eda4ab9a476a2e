//! The nearest of the known names to one that is not known.

/// Longer names are not compared.
const LONGEST: usize = 80;

/// The known name that `name` most likely misspells, or nothing if none is near.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // One edit, and one more in every three characters.
    nearest_within(name, known, 1 + name.chars().take(LONGEST).count() / 3)
}

/// The known name at most `allowed` edits away, whatever its case; the first of equals wins.
pub fn nearest_within<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
    allowed: usize,
) -> Option<&'a str> {
    let length = name.chars().take(LONGEST + 1).count();
    if length > LONGEST {
        return None;
    }
    let lower = name.to_lowercase();
    let distance = |known: &str| strsim::damerau_levenshtein(&lower, &known.to_lowercase());
    let close = |known: &&str| known.chars().count().abs_diff(length) <= allowed;
    let candidates = known.into_iter().filter(close).map(|known| (distance(known), known));
    candidates.filter(|(edits, _)| *edits <= allowed).min_by_key(|(edits, _)| *edits).map(|(_, known)| known)
}

/// "did you mean `x`?", else the known names, else nothing.
pub fn suggest<'a>(name: &str, known: &[&'a str]) -> (Option<&'a str>, String) {
    let found = nearest(name, known.iter().copied());
    let text = found.map_or_else(|| one_of(known), |found| format!("did you mean `{found}`?"));
    (found, text)
}

/// "expected one of: a, b, c", shortened beyond a dozen.
pub fn one_of(known: &[&str]) -> String {
    const SHOWN: usize = 12;
    let rest = if known.len() > SHOWN { ", …" } else { "" };
    let names = known.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match known.len() {
        0 => String::new(),
        1 => format!("expected {names}"),
        _ => format!("expected one of: {names}{rest}"),
    }
}
