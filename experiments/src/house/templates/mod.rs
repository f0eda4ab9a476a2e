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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{
        cli::{Overrides, Sources},
        house::House,
        runner::Supervisor,
    };

    /// A few simulated seconds of every cell; whether the claims hold is for a whole run to say.
    #[test]
    fn every_template_loads_and_runs() {
        let folder = tempfile::tempdir().unwrap();
        for template in all() {
            let path = folder.path().join(format!("{}.ron", template.name));
            fs::write(&path, &template.text).unwrap();
            let short = r#"run.horizon=SteadyState(warmup: "1s", measure: "5s")"#;
            let set = if template.text.contains("SteadyState") { vec![short.to_owned()] } else { Vec::new() };
            let overrides = Overrides { set, replications: Some(2), ..Overrides::default() };
            let loaded = House.load(&path, &overrides);
            let loaded = loaded.unwrap_or_else(|wrong| panic!("{}: {wrong:?}", template.name));
            assert!(loaded.study.cells.len() >= 2, "{}", template.name);
            for cell in 0..loaded.study.cells.len() {
                let report = loaded.experiment.execute(cell, 0, &Supervisor::default());
                assert!(report.is_ok(), "{} cell {cell}: {report:?}", template.name);
            }
        }
    }

    #[test]
    fn every_template_opens_with_its_question() {
        for template in all() {
            assert!(template.summary.ends_with('?'), "{}: {}", template.name, template.summary);
            assert!(template.text.matches("//").count() >= 10, "{} explains too little", template.name);
        }
    }
}
