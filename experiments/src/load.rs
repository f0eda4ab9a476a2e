//! From a file and flags to a plan, or to everything that is wrong with them.
//!
//! The text becomes a tree, flags change the tree, the tree is typed; then each arm at each sweep point is the
//! same tree with a few places set, typed and checked like a file of its own.

mod cells;
mod figures;
mod flags;
mod names;
mod range;
mod read;
mod resolve;
mod sections;
mod select;
mod stability;
mod study;

use std::path::Path;

use models::spec::SystemSpec;

use self::{cells::Product, flags::Flags, resolve::Resolver, sections::Sections, study::Study};
pub(crate) use self::{figures::refuse, stability::overload};
use crate::{
    claim::Claim,
    diagnostic::{Diagnostic, Diagnostics},
    document::{
        self,
        source::Sources,
        tree::{Kind, Node},
        typing,
    },
    experiment::{self, ExperimentSpec, System},
    plan::{Cell, Plan},
};

/// What the command line changes, each as the user wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--set PATH=VALUE`.
    pub set: Vec<String>,
    /// `--sweep PATH=V1,V2` or `PATH=A..=B/STEP`: replaces the axis of this path, or adds one.
    pub sweep: Vec<String>,
    /// `--arm GLOB`: only arms that match one of them.
    pub arm: Vec<String>,
    /// `--where CONDITION`: only sweep points that fulfil it.
    pub where_: Option<String>,
    /// `--replications N`.
    pub replications: Option<u32>,
    /// `--seed N`.
    pub seed: Option<u64>,
    /// `--slo CLAIM`: beside those of the file.
    pub slo: Vec<String>,
    /// `--allow-single`: one replication is enough although claims ask for intervals.
    pub allow_single: bool,
}

/// Loads an experiment file.
///
/// # Errors
/// All that is wrong with the file and the flags; or that no cell is left by the filters.
pub fn load(path: &Path, overrides: &Overrides) -> Result<Plan, Diagnostics> {
    load_as::<SystemSpec>(path, overrides)
}

/// Loads an experiment file about another kind of system.
///
/// # Errors
/// As [`load`].
pub fn load_as<S: System>(path: &Path, overrides: &Overrides) -> Result<Plan<S>, Diagnostics> {
    let name = path.display().to_string();
    match read::read(path) {
        Ok(text) => load_text(&name, &text, overrides),
        Err(failure) => Err(failure.diagnostics(&name)),
    }
}

/// Loads an experiment from its text; `name` is what messages call it.
///
/// # Errors
/// As [`load`].
pub fn load_text<S: System>(name: &str, text: &str, overrides: &Overrides) -> Result<Plan<S>, Diagnostics> {
    let mut sources = Sources::default();
    let source = sources.add(name, text);
    let mut loading = Loading { diagnostics: Diagnostics::new(sources), overrides };
    let plan = loading.plan::<S>(text, source);
    match plan {
        Some(mut plan) if !loading.diagnostics.has_errors() => {
            plan.warnings = loading.diagnostics;
            Ok(plan)
        }
        _ => Err(loading.diagnostics),
    }
}

/// What goes along while a file is loaded.
struct Loading<'a> {
    diagnostics: Diagnostics,
    overrides: &'a Overrides,
}

impl Loading<'_> {
    /// The plan, unless something is wrong.
    fn plan<S: System>(&mut self, text: &str, source: usize) -> Option<Plan<S>> {
        let mut root = self.tree(text, source)?;
        let flags = Flags::apply(&mut root, self.overrides, &mut self.diagnostics);
        let mut sections = Sections::read(&root, &mut self.diagnostics);
        flags.add_axes(&mut sections.axes);
        let (system, laboratory) = experiment::split(&root);
        let spec = self.typed::<ExperimentSpec>(&laboratory, &flags);
        let study = spec.map(|spec| {
            Study::new(spec, &root, &sections, self.overrides.allow_single, &mut self.diagnostics)
        });
        let product = Product { system: &system, sections: &sections, flags: &flags };
        let base = product.probe::<S>(&mut self.diagnostics);
        let (study, base) = (study?, base?);
        self.refuse_claims(&study, &base, product);
        if self.diagnostics.has_errors() {
            return None;
        }
        let points = product.points();
        let systems = product.systems::<S>(&points, &mut self.diagnostics)?;
        self.resolved(text, &Resolver { study: &study, sections: &sections, points: &points }, &base, systems)
    }

    /// The tree of the file, unless there is none that could be trusted.
    fn tree(&mut self, text: &str, source: usize) -> Option<Node> {
        let parsed = document::parse(text, source);
        self.diagnostics.extend(parsed.diagnostics);
        let mut root = parsed.root?;
        let duplicates = document::remove_duplicates(&mut root);
        self.diagnostics.extend(duplicates);
        if !parsed.sound || self.diagnostics.len() >= document::MOST_MISTAKES {
            return None;
        }
        if !matches!(root.kind, Kind::Struct { name: None, .. }) {
            let what = format!("an experiment is ( name: \"…\", … ), found {}", root.describe());
            self.diagnostics.push(Diagnostic::error("E0109", what).at(root.head(), "expected `(`"));
            return None;
        }
        Some(root)
    }

    fn typed<T: serde::de::DeserializeOwned>(&mut self, tree: &Node, flags: &Flags) -> Option<T> {
        let context = typing::Context { also: &experiment::FIELDS, authors: &flags.authors };
        typing::read(tree, context).map_err(|mistakes| self.diagnostics.extend(mistakes)).ok()
    }

    /// Tells of claims on figures that no run reports.
    fn refuse_claims<S: System>(&mut self, study: &Study, base: &S, product: Product<'_>) {
        let expected = study.expectations.iter().flat_map(|expectation| &expectation.claims);
        let claims = study.slos.iter().chain(expected);
        let doubtful: Vec<(&Claim, Diagnostic)> =
            claims.filter_map(|claim| Some((claim, base.refuse(claim)?))).collect();
        if doubtful.is_empty() {
            return;
        }
        // An arm may have the server or the call that the file itself lacks.
        let systems = if self.diagnostics.has_errors() {
            Vec::new()
        } else {
            product.systems::<S>(&product.points(), &mut Diagnostics::default()).unwrap_or_default()
        };
        for (claim, refusal) in doubtful {
            if systems.iter().all(|system| system.refuse(claim).is_some()) {
                self.diagnostics.push(refusal);
            }
        }
    }

    /// Prints and hashes everything, then applies the filters.
    fn resolved<S: System>(
        &mut self,
        text: &str,
        resolver: &Resolver<'_>,
        base: &S,
        systems: Vec<S>,
    ) -> Option<Plan<S>> {
        let printed = resolver.cells(systems).and_then(|cells| Ok((resolver.experiment(base)?, cells)));
        let (resolved, cells) = printed.map_err(|failure| self.diagnostics.push(failure)).ok()?;
        let hash = resolver.hash(&cells);
        self.diagnostics.extend(cells::twins(&cells));
        let horizon = resolver.study.spec.run.horizon;
        self.diagnostics.extend(stability::refuse_hopeless(&cells, horizon));
        let axes = resolver.sections.axes();
        let names: Vec<String> = axes.iter().map(|axis| axis.path.clone()).collect();
        let cells: Vec<Cell<S>> = select::select(cells, self.overrides, &names, &mut self.diagnostics)?;
        if !self.diagnostics.has_errors() {
            self.diagnostics.extend(stability::warn_unstable(&cells, horizon));
        }
        let study = resolver.study;
        Some(Plan {
            name: study.spec.name.clone(),
            question: study.spec.question.clone(),
            arms: resolver.sections.arm_names(),
            baseline: study.spec.baseline.clone(),
            axes,
            cells,
            run: study.spec.run.clone(),
            windows: study.windows.clone(),
            slos: study.slos.clone(),
            expectations: study.expectations.clone(),
            hash,
            source: text.to_owned(),
            resolved,
            warnings: Diagnostics::default(),
        })
    }
}

#[cfg(test)]
mod tests;
