//! Everything written out, and what it is known by: resolved texts and hashes.
//!
//! Text comes from typed values, so comments, layout, the order of fields and values left at their defaults make
//! no difference to a hash.

use std::collections::BTreeSet;

use ron::{Options, extensions::Extensions};
use serde::Serialize;
use xxhash_rust::xxh64::xxh64;

use crate::{
    claim::Claim,
    diagnostic::Diagnostic,
    document::{
        self, pretty, quoted,
        source::Span,
        tree::{Entry, Field, Kind, Name, Node},
    },
    experiment::System,
    load::{
        cells::Point,
        sections::{BASE, Sections, canonical},
        study::Study,
    },
    plan::{Cell, Coordinate, limits, speaks_of},
};

/// Counted up when the meaning of a resolved text changes: stored results are then not reused.
const FORMAT: u64 = 1;

/// Prints and hashes the cells of a study.
pub(super) struct Resolver<'a> {
    pub(super) study: &'a Study,
    pub(super) sections: &'a Sections,
    pub(super) points: &'a [Point],
}

impl Resolver<'_> {
    /// The cells, arm by arm and point by point, as `systems` are.
    pub(super) fn cells<S: System>(&self, systems: Vec<S>) -> Result<Vec<Cell<S>>, Diagnostic> {
        let arms = self.sections.arm_names();
        let places = arms.iter().flat_map(|arm| self.points.iter().map(move |point| (arm, point)));
        places.zip(systems).map(|((arm, point), system)| self.cell(arm, point, system)).collect()
    }

    fn cell<S: System>(&self, arm: &str, point: &Point, system: S) -> Result<Cell<S>, Diagnostic> {
        let point = self.coordinates(point);
        let printed = ron_text(&system)?;
        let hash = self.cell_hash(arm, &point, &printed);
        let resolved = self.cell_text(arm, &point, &tree(&printed)?)?;
        Ok(Cell { arm: arm.to_owned(), point, system, hash, resolved })
    }

    fn coordinates(&self, point: &Point) -> Vec<Coordinate> {
        let values = point.iter().zip(&self.sections.axes);
        let coordinate = |(index, axis): (&usize, &crate::experiment::SweepAxis)| {
            let value = canonical(axis.values.get(*index)?);
            Some(Coordinate { path: axis.path.to_string(), value })
        };
        values.filter_map(coordinate).collect()
    }

    /// A hash of all that decides the results of a replication, but for its number.
    fn cell_hash(&self, arm: &str, point: &[Coordinate], system: &str) -> String {
        let Study { spec, windows, slos, expectations } = self.study;
        let run = &spec.run;
        let mut lines = vec![system.to_owned(), format!("{} {} {}", run.seed, run.horizon, run.series_bin)];
        let windows = windows.iter().map(|window| format!("{} {} {}", window.name, window.start, window.end));
        lines.extend(windows.collect::<BTreeSet<_>>());
        let limits = limits(slos, expectations, arm);
        lines.extend(limits.iter().map(|limit| format!("{} {}", limit.name, limit.limit)));
        // Without common random numbers every cell has streams of its own.
        if !run.common_random_numbers {
            lines.push(place(arm, point));
        }
        format!("{:016x}", xxh64(lines.join("\n").as_bytes(), FORMAT))
    }

    /// A hash of the experiment without its replication count, 8 hex digits: the name of a folder.
    pub(super) fn hash<S>(&self, cells: &[Cell<S>]) -> String {
        let Study { spec, slos, expectations, .. } = self.study;
        let baseline = spec.baseline.as_deref().unwrap_or_default();
        let mut lines = vec![spec.name.clone(), quoted(&spec.question), baseline.to_owned()];
        lines.extend(cells.iter().map(|cell| format!("{} {}", cell.hash, place(&cell.arm, &cell.point))));
        lines.extend(texts(slos));
        for expectation in expectations {
            lines.push(expectation.of.clone());
            lines.extend(texts(&expectation.claims));
        }
        format!("{:08x}", xxh64(lines.join("\n").as_bytes(), FORMAT) >> 32)
    }

    /// A cell as a file of its own.
    fn cell_text(&self, arm: &str, point: &[Coordinate], system: &Node) -> Result<String, Diagnostic> {
        let values = || point.iter().map(|coordinate| &*coordinate.value);
        let about = self.study.expectations.iter().filter(|about| speaks_of(&about.of, arm, values()));
        let expected: Vec<Claim> = about.flat_map(|about| about.claims.iter().cloned()).collect();
        let expected = (!expected.is_empty()).then(|| (text(BASE), claims(&expected)));
        let mut fields = self.opening();
        fields.extend(fields_of(system));
        fields.extend(self.closing(expected.into_iter().collect())?);
        Ok(pretty(&group(fields)))
    }

    /// The whole experiment, every default written out.
    pub(super) fn experiment<S: System>(&self, base: &S) -> Result<String, Diagnostic> {
        let mut fields = self.opening();
        fields.extend(fields_of(&tree(&ron_text(base)?)?));
        let arms = self.sections.arms.iter().map(|arm| {
            let settings =
                arm.settings.iter().map(|setting| (text(&setting.path.to_string()), setting.value.clone()));
            (text(&arm.name), map(settings.collect()))
        });
        fields.extend(filled("arms", arms.collect()));
        fields.extend(self.study.spec.baseline.iter().map(|baseline| field("baseline", text(baseline))));
        let axes =
            self.sections.axes.iter().map(|axis| (text(&axis.path.to_string()), list(axis.values.clone())));
        fields.extend(filled("sweep", axes.collect()));
        let expected = self.study.expectations.iter();
        let expected = expected.map(|expectation| (text(&expectation.of), claims(&expectation.claims)));
        fields.extend(self.closing(expected.collect())?);
        Ok(pretty(&group(fields)))
    }

    fn opening(&self) -> Vec<Field> {
        let spec = &self.study.spec;
        vec![field("name", text(&spec.name)), field("question", text(&spec.question))]
    }

    fn closing(&self, expected: Vec<(Node, Node)>) -> Result<Vec<Field>, Diagnostic> {
        let spec = &self.study.spec;
        let mut fields = vec![field("run", tree(&ron_text(&spec.run)?)?)];
        let windows = spec.windows.iter().map(|(name, (start, end))| {
            let items = vec![text(&start.to_string()), text(&end.to_string())];
            (text(name), Node { kind: Kind::Tuple { name: None, items }, span: Span::default() })
        });
        fields.extend(filled("windows", windows.collect()));
        if !self.study.slos.is_empty() {
            fields.push(field("slos", claims(&self.study.slos)));
        }
        fields.extend(filled("expect", expected));
        Ok(fields)
    }
}

/// The arm and the values of the axes, on one line.
fn place(arm: &str, point: &[Coordinate]) -> String {
    point.iter().fold(arm.to_owned(), |place, at| format!("{place} {}={}", at.path, at.value))
}

/// The canonical text of a typed value, on one line.
fn ron_text(value: &impl Serialize) -> Result<String, Diagnostic> {
    let extensions =
        Extensions::IMPLICIT_SOME | Extensions::UNWRAP_NEWTYPES | Extensions::UNWRAP_VARIANT_NEWTYPES;
    let printed = Options::default().with_default_extension(extensions).to_string(value);
    printed.map_err(|why| Diagnostic::error("E0002", format!("the system cannot be printed: {why}")))
}

/// The tree of a text that was printed.
fn tree(printed: &str) -> Result<Node, Diagnostic> {
    let parsed = document::parse(printed, 0);
    let root = parsed.root.filter(|_| parsed.diagnostics.is_empty());
    root.ok_or_else(|| Diagnostic::error("E0002", "the printed system cannot be read back"))
}

fn texts(claims: &[Claim]) -> Vec<String> {
    claims.iter().map(ToString::to_string).collect()
}

fn claims(claims: &[Claim]) -> Node {
    list(texts(claims).iter().map(|claim| text(claim)).collect())
}

fn text(text: &str) -> Node {
    Node::text(text, Span::default())
}

fn list(items: Vec<Node>) -> Node {
    Node { kind: Kind::List(items), span: Span::default() }
}

fn map(entries: Vec<(Node, Node)>) -> Node {
    let entries = entries.into_iter().map(|(key, value)| Entry { key, value }).collect();
    Node { kind: Kind::Map(entries), span: Span::default() }
}

fn group(fields: Vec<Field>) -> Node {
    Node { kind: Kind::Struct { name: None, fields, loose: false }, span: Span::default() }
}

fn field(name: &str, value: Node) -> Field {
    Field { name: Name { text: name.to_owned(), span: Span::default() }, value }
}

/// A field that holds a map, unless the map is empty.
fn filled(name: &str, entries: Vec<(Node, Node)>) -> Option<Field> {
    if entries.is_empty() { None } else { Some(field(name, map(entries))) }
}

fn fields_of(node: &Node) -> Vec<Field> {
    if let Kind::Struct { fields, .. } = &node.kind { fields.clone() } else { Vec::new() }
}
