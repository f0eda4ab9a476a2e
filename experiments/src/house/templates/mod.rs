//! The experiments that `stampede init` writes: each a file beside this one, opened by its question.

use crate::cli::Template;

/// Name and file, the one to begin with first.
const TEMPLATES: [(&str, &str); 4] = [
    ("load-balancing", include_str!("load_balancing.ron")),
    ("steady-state", include_str!("steady_state.ron")),
    ("fault", include_str!("fault.ron")),
    ("closed-loop", include_str!("closed_loop.ron")),
];

/// All templates; what each is about is its file's first line.
pub(super) fn all() -> Vec<Template> {
    let template = |(name, text): &(&str, &str)| Template {
        name: (*name).to_owned(),
        summary: text.lines().next().unwrap_or_default().trim_start_matches("// ").to_owned(),
        text: (*text).to_owned(),
    };
    TEMPLATES.iter().map(template).collect()
}
