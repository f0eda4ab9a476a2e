//! What the house gives its commands: the loader's plans as studies, the models' runs, the catalogue.

mod catalogue;
mod curves;
mod execute;
mod explain;
mod files;
mod forecast;
mod study;
mod system;
mod templates;

use std::path::Path;

use crate::{
    campaign::Texts,
    cli::{Catalogue, Entry, LoadFailure, Loaded, Overrides, Sources, Template, TheoryCheck},
    diagnostic::Diagnostics,
    load, theory,
};

/// The loader, the models and the catalogue, as the commands see them.
#[derive(Clone, Copy, Debug)]
pub struct House;

impl Sources for House {
    fn load(&self, file: &Path, overrides: &Overrides) -> Result<Loaded, LoadFailure> {
        let flags = load::Overrides {
            set: overrides.set.clone(),
            sweep: overrides.sweep.clone(),
            arm: overrides.arm.clone(),
            where_: overrides.condition.clone(),
            replications: overrides.replications,
            seed: overrides.seed,
            slo: overrides.slo.clone(),
            allow_single: overrides.allow_single,
        };
        let mut plan = load::load(file, &flags).map_err(|wrong| failure(&wrong))?;
        let folder = file.parent().unwrap_or(Path::new("."));
        files::fill(&mut plan, folder).map_err(LoadFailure::Invalid)?;
        let warnings = plan.warnings.render(false);
        let texts = Texts { experiment: plan.source.clone(), resolved: plan.resolved.clone() };
        let study = study::of(&plan);
        let experiment = Box::new(execute::Cells::new(plan, folder.to_owned()));
        Ok(Loaded { study, texts, warnings, experiment })
    }

    fn catalogue(&self, what: Catalogue) -> Vec<Entry> {
        catalogue::entries(what)
    }

    fn explain(&self, name: &str) -> Option<String> {
        explain::explain(name)
    }

    fn similar(&self, name: &str) -> Vec<String> {
        explain::similar(name)
    }

    fn templates(&self) -> Vec<Template> {
        templates::all()
    }

    fn theory(&self) -> Vec<TheoryCheck> {
        theory::checks(&theory::Lab::default())
    }
}

/// What a command tells of a file that does not load.
fn failure(wrong: &Diagnostics) -> LoadFailure {
    let text = wrong.render(false);
    match wrong.status() {
        8 => LoadFailure::NothingMatched(text),
        1 => LoadFailure::Unreadable(text),
        _ => LoadFailure::Invalid(text),
    }
}
