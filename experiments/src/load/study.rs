//! The laboratory's part, understood: names, windows, claims, and whether they fit each other.

use std::{collections::BTreeMap, ops::Range};

use sim_core::time::SimTime;

use crate::{
    claim::Claim,
    diagnostic::{Diagnostic, Diagnostics},
    document::{
        self,
        path::ID_MAPS,
        source::Span,
        tree::{Kind, Node},
    },
    experiment::{ExperimentSpec, FIELDS, Window},
    load::{
        names::{bad_name, known, taken},
        sections::Sections,
    },
    plan::{Axis, Expectation, same_value},
};

/// Bins of a series at most: one pixel each would already be too many.
const MOST_BINS: u64 = 1_000_000;

/// The laboratory's part of a file, checked.
#[derive(Debug)]
pub(super) struct Study {
    pub(super) spec: ExperimentSpec,
    pub(super) windows: Vec<Window>,
    pub(super) slos: Vec<Claim>,
    pub(super) expectations: Vec<Expectation>,
}

impl Study {
    /// Checks `spec`, which was read from `root`.
    pub(super) fn new(
        spec: ExperimentSpec,
        root: &Node,
        sections: &Sections,
        allow_single: bool,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let checker = Checker { root, spec: &spec };
        let mut found = checker.names(sections);
        found.extend(checker.run());
        // Where an arm was taken out as a duplicate, that it is missed only follows from that.
        if !diagnostics.has_errors() {
            found.extend(checker.arms(sections));
        }
        found.extend(checker.windows());
        let slos = checker.claims(root.field("slos"), &mut found);
        let expectations = checker.expectations(&mut found);
        let claims = || slos.iter().chain(expectations.iter().flat_map(|arm| &arm.claims));
        found.extend(claims().flat_map(|claim| checker.claim(claim)));
        if !allow_single {
            found.extend(checker.replications(claims().find(|claim| !claim.is_exact())));
        }
        diagnostics.extend(found);
        let windows = spec.windows.iter().map(|(name, (start, end))| Window {
            name: name.clone(),
            start: SimTime::ZERO + *start,
            end: SimTime::ZERO + *end,
        });
        Self { windows: windows.collect(), slos, expectations, spec }
    }
}

struct Checker<'a> {
    root: &'a Node,
    spec: &'a ExperimentSpec,
}

impl Checker<'_> {
    /// The place of a value, or none if it stands nowhere.
    fn span(&self, path: &[&str]) -> Option<Span> {
        let segments: Vec<_> = path.iter().map(|segment| (*segment).to_owned()).collect();
        document::find(self.root, &segments)
    }

    /// A diagnostic at a value, without a place if the value is a default.
    fn wrong(&self, code: &'static str, what: String, path: &[&str], label: &str) -> Diagnostic {
        let diagnostic = Diagnostic::error(code, what);
        match self.span(path) {
            Some(span) => diagnostic.at(span, label),
            None => diagnostic,
        }
    }

    fn names(&self, sections: &Sections) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let name = self.span(&["name"]).unwrap_or_default();
        found.extend(bad_name("the experiment", &self.spec.name, name, ""));
        for arm in &sections.arms {
            found.extend(bad_name("arm", &arm.name, arm.span, "@#"));
        }
        for entry in self.root.field("windows").map_or(&[][..], Node::entries) {
            found.extend(bad_name("window", entry.key.key_text(), entry.key.span, "@"));
        }
        let mut ids = BTreeMap::new();
        for entry in ID_MAPS.iter().filter_map(|map| self.root.field(map)).flat_map(Node::entries) {
            let id = entry.key.key_text();
            found.extend(bad_name("id", id, entry.key.span, ".@#"));
            found.extend(taken(id, entry.key.span, &ids));
            ids.insert(id, entry.key.span);
        }
        found
    }

    fn run(&self) -> Vec<Diagnostic> {
        let run = &self.spec.run;
        let mut found = Vec::new();
        let mut require = |holds: bool, what: &str, path: &[&str]| {
            if !holds {
                found.push(self.wrong("E0404", what.to_owned(), path, "out of range"));
            }
        };
        require(run.replications > 0, "replications must be 1 or more", &["run", "replications"]);
        require(
            run.horizon.end() > run.horizon.start(),
            "the horizon must leave time to measure",
            &["run", "horizon", "measure"],
        );
        require(
            run.horizon.end() < SimTime::NEVER,
            "the horizon is beyond simulated time",
            &["run", "horizon"],
        );
        let bin = run.series_bin.as_nanos();
        require(bin > 0, "series_bin must be above 0", &["run", "series_bin"]);
        let few = bin == 0 || run.horizon.end().as_nanos() / bin <= MOST_BINS;
        require(few, "series_bin must leave at most a million bins", &["run", "series_bin"]);
        require(run.budget.events > 0, "the budget must allow events", &["run", "budget", "events"]);
        found
    }

    /// The baseline and the arms of expectations must exist.
    fn arms(&self, sections: &Sections) -> Vec<Diagnostic> {
        let arms = sections.arm_names();
        let unknown = |name: &str, code, what: &str, span: Option<Span>| {
            let diagnostic = Diagnostic::error(code, format!("{what} `{name}`, which is no arm"));
            diagnostic.at(span.unwrap_or_default(), known("arms", name, &arms))
        };
        let mut found = Vec::new();
        if let Some(baseline) = self.spec.baseline.as_ref().filter(|name| !arms.contains(name)) {
            found.push(unknown(baseline, "E0506", "the baseline is", self.span(&["baseline"])));
        }
        for entry in self.root.field("expect").map_or(&[][..], Node::entries) {
            let of = entry.key.key_text();
            let arm = of.split('@').next().unwrap_or(of);
            if !arms.iter().any(|known| known == arm) {
                found.push(unknown(arm, "E0606", "expect names", Some(entry.key.span)));
            } else if let Some((_, point)) = of.split_once('@') {
                found.extend(off_axes(of, point, &sections.axes(), entry.key.span));
            }
        }
        found
    }

    fn windows(&self) -> Vec<Diagnostic> {
        let horizon = self.spec.run.horizon;
        let mut found = Vec::new();
        for (name, (start, end)) in &self.spec.windows {
            if end <= start {
                let what = format!("window `{name}` ends before it starts");
                found.push(self.wrong(
                    "E0602",
                    what,
                    &["windows", name, "1"],
                    "must be later than the start",
                ));
            } else if SimTime::ZERO + *end > horizon.end() {
                let last = horizon.end();
                let what = format!("window `{name}` ends at {end}, but the run ends at {last}");
                let diagnostic = self.wrong("E0602", what, &["windows", name, "1"], "");
                let note = format!("horizon: {horizon}");
                let help = format!("extend the horizon or end the window at \"{last}\"");
                found.push(diagnostic.note(note).help(help));
            }
        }
        found
    }

    /// The claims of a list, those that can be read.
    fn claims(&self, list: Option<&Node>, found: &mut Vec<Diagnostic>) -> Vec<Claim> {
        let Some(Node { kind: Kind::List(items), .. }) = list else { return Vec::new() };
        let mut claims = Vec::new();
        for item in items {
            let Some(text) = item.as_text() else { continue };
            match Claim::parse(text, &|range| inside(item, text, range)) {
                Ok(claim) => claims.push(claim),
                Err(wrong) => found.push(wrong),
            }
        }
        claims
    }

    fn expectations(&self, found: &mut Vec<Diagnostic>) -> Vec<Expectation> {
        let entries = self.root.field("expect").map_or(&[][..], Node::entries);
        let expectation = |entry: &document::tree::Entry| Expectation {
            of: entry.key.key_text().to_owned(),
            claims: self.claims(Some(&entry.value), found),
        };
        entries.iter().map(expectation).collect()
    }

    /// The subject and the window of a claim must exist.
    fn claim(&self, claim: &Claim) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let ids = self.subjects();
        if !ids.iter().any(|id| id == claim.id()) {
            let what = format!("the claim refers to `{}`, which does not exist", claim.id());
            let label = known("ids", claim.id(), &ids);
            found.push(Diagnostic::error("E0301", what).at(claim.subject_span, label));
        }
        let windows: Vec<_> = self.spec.windows.iter().map(|(name, _)| name.clone()).collect();
        if let Some(window) = claim.window.as_ref().filter(|name| !windows.contains(name)) {
            let what = format!("unknown window `{window}`");
            let label = known("windows", window, &windows);
            found.push(Diagnostic::error("E0603", what).at(claim.window_span, label));
        }
        found
    }

    /// What claims may speak of: workloads and components first, then whatever else the system names.
    fn subjects(&self) -> Vec<String> {
        let Kind::Struct { fields, .. } = &self.root.kind else { return Vec::new() };
        let (ids, rest): (Vec<_>, Vec<_>) = fields
            .iter()
            .filter(|field| !FIELDS.contains(&&*field.name.text))
            .partition(|field| ID_MAPS.contains(&&*field.name.text));
        let keys = |field: &&document::tree::Field| {
            let entries = field.value.entries().iter();
            entries.map(|entry| entry.key.key_text().to_owned()).collect::<Vec<_>>()
        };
        let names = rest.iter().map(|field| field.name.text.clone());
        ids.iter().flat_map(keys).chain(rest.iter().flat_map(keys)).chain(names).collect()
    }

    /// One replication gives no interval; `claim` is one that asks for one.
    fn replications(&self, claim: Option<&Claim>) -> Option<Diagnostic> {
        let claim = claim.filter(|_| self.spec.run.replications == 1)?;
        let what =
            "1 replication gives no interval, but slos are set; use replications: 10 or --allow-single";
        let path = ["run", "replications"];
        let diagnostic = self.wrong("E0601", what.to_owned(), &path, "no interval from this");
        Some(diagnostic.beside(claim.span, "this claim asks for one"))
    }
}

/// An expectation for a sweep point must name a value of every axis, as `stale@5s` or `p2c@0.9,16`.
fn off_axes(of: &str, point: &str, axes: &[Axis], span: Span) -> Option<Diagnostic> {
    let values: Vec<&str> = point.split(',').map(str::trim).collect();
    let on = |(value, axis): (&&str, &Axis)| axis.values.iter().any(|known| same_value(value, known));
    if values.len() == axes.len() && values.iter().zip(axes).all(on) {
        return None;
    }
    let known = axes.iter().map(|axis| format!("{}: {}", axis.path, axis.values.join(" ")));
    let label = match axes {
        [] => "this file sweeps nothing; name the arm alone".to_owned(),
        _ => format!("the sweep has {}", known.collect::<Vec<_>>().join(", ")),
    };
    Some(
        Diagnostic::error("E0607", format!("expect names `{of}`, which is no point of the sweep"))
            .at(span, label),
    )
}

/// The place of a range of bytes of a text: exact unless escapes moved them.
fn inside(node: &Node, text: &str, range: Range<usize>) -> Span {
    let offset = match node.span.length().checked_sub(text.len()) {
        Some(0) => 0,
        Some(2) => 1,
        _ => return node.span,
    };
    let start = node.span.start + offset;
    Span { start: start + range.start, end: start + range.end, ..node.span }
}
