//! Every arm at every sweep point: the file's system with a few places set, typed and checked like a file.

use std::collections::BTreeMap;

use crate::{
    diagnostic::{Diagnostic, Diagnostics},
    document::{
        self,
        tree::Node,
        typing::{self, Author, Context},
    },
    experiment::{Arm, FIELDS, SweepAxis, System},
    load::{
        flags::{self, Flags},
        sections::{self, Sections},
    },
    plan::{Cell, Coordinate},
};
use sim_core::check::Problem;

/// More cells than this are a mistake in a sweep.
const MOST: usize = 10_000;

/// A sweep point: which value of each axis.
pub(super) type Point = Vec<usize>;

/// Arms × sweep points.
#[derive(Clone, Copy)]
pub(super) struct Product<'a> {
    /// The system's part of the file, flags applied.
    pub(super) system: &'a Node,
    pub(super) sections: &'a Sections,
    pub(super) flags: &'a Flags,
}

impl Product<'_> {
    /// Checks the file without what is varied, then each arm and each value of each axis once.
    ///
    /// Most mistakes show here, before they repeat in every cell. Returns the system without arms and sweep.
    pub(super) fn probe<S: System>(self, diagnostics: &mut Diagnostics) -> Option<S> {
        let axes = &self.sections.axes;
        sections::check_axes(axes, diagnostics);
        sections::check_dead_sweeps(self.sections, diagnostics);
        sections::check_dead_flags(self.sections, &self.flags.settings, diagnostics);
        self.check_size(diagnostics);
        let base = self.system::<S>(None, &[], diagnostics);
        let first = vec![0; axes.len()];
        let arms = self.arms().into_iter().map(|arm| (arm, first.clone()));
        let varied = axes.iter().enumerate().flat_map(|(place, axis)| {
            let first = &first;
            (1..axis.values.len()).map(move |index| {
                let mut point = first.clone();
                point[place] = index;
                (self.sections.arms.first(), point)
            })
        });
        for (arm, point) in arms.chain(varied).take(MOST) {
            if diagnostics.is_full() {
                break;
            }
            self.system::<S>(arm, &self.values(&point), diagnostics);
        }
        base
    }

    /// The arms; a file without arms has one that changes nothing.
    fn arms(&self) -> Vec<Option<&Arm>> {
        match &*self.sections.arms {
            [] => vec![None],
            arms => arms.iter().map(Some).collect(),
        }
    }

    /// The values of the axes at a point.
    fn values(&self, point: &[usize]) -> Vec<(&SweepAxis, &Node)> {
        let values = point.iter().zip(&self.sections.axes);
        values.filter_map(|(index, axis)| Some((axis, axis.values.get(*index)?))).collect()
    }

    /// Every point, the last axis varying fastest.
    pub(super) fn points(self) -> Vec<Point> {
        let mut points = vec![Point::new()];
        for axis in &self.sections.axes {
            let longer = |point: &Point| {
                let point = point.clone();
                (0..axis.values.len()).map(move |index| [&point[..], &[index]].concat())
            };
            points = points.iter().flat_map(longer).collect();
        }
        points
    }

    /// The systems of all cells, arm by arm and point by point; `None` if any of them is wrong.
    pub(super) fn systems<S: System>(
        self,
        points: &[Point],
        diagnostics: &mut Diagnostics,
    ) -> Option<Vec<S>> {
        let mut systems = Vec::new();
        for arm in self.arms() {
            for point in points {
                systems.push(self.system::<S>(arm, &self.values(point), diagnostics)?);
            }
        }
        Some(systems)
    }

    fn check_size(self, diagnostics: &mut Diagnostics) {
        let arms = self.sections.arms.len().max(1);
        let sizes = self.sections.axes.iter().map(|axis| axis.values.len());
        let cells = sizes.fold(arms, usize::saturating_mul);
        if cells > MOST {
            let what = format!("the plan has {cells} cells, more than {MOST}");
            let help = "sweep fewer values, or split the experiment";
            diagnostics.push(Diagnostic::error("E0509", what).help(help));
        }
    }

    /// The system of one arm at one point, unless something is wrong with it.
    fn system<S: System>(
        self,
        arm: Option<&Arm>,
        values: &[(&SweepAxis, &Node)],
        diagnostics: &mut Diagnostics,
    ) -> Option<S> {
        let mut tree = self.system.clone();
        let (authors, set) = self.set(&mut tree, arm, values, diagnostics);
        let context = Context { also: &FIELDS, authors: &authors };
        let system = typing::read::<S>(&tree, context).map_err(|wrong| diagnostics.extend(wrong)).ok()?;
        let problems = system.problems();
        let sound = problems.is_empty();
        // Ids that are used twice were told of with both their places.
        let told = problems.into_iter().filter(|problem| problem.code != "E0303");
        diagnostics.extend(told.map(|problem| located(&tree, problem)));
        (sound && set).then_some(system)
    }

    /// Sets the sweep's values, then what the arm sets; returns who set what, and whether all could be set.
    fn set(
        self,
        tree: &mut Node,
        arm: Option<&Arm>,
        values: &[(&SweepAxis, &Node)],
        diagnostics: &mut Diagnostics,
    ) -> (Vec<Author>, bool) {
        let swept = values.iter().map(|(axis, value)| (sections::axis_author(axis), *value));
        let of_arm = arm.into_iter().flat_map(|arm| {
            arm.settings.iter().map(|setting| (sections::arm_author(&arm.name, setting), &setting.value))
        });
        let mut authors = self.flags.authors.clone();
        let mut complete = true;
        for (author, value) in swept.chain(of_arm) {
            if let Err(misstep) = document::set(tree, &author.path, author.span, value.clone()) {
                diagnostics.push(flags::blocked(&author, &misstep));
                complete = false;
            }
            authors.push(author);
        }
        (authors, complete)
    }
}

/// A problem of the system at its place in the tree.
fn located(tree: &Node, problem: Problem) -> Diagnostic {
    let Problem { path, code, what, help } = problem;
    let help = help.map(|help| with_nearest(&what, help));
    let diagnostic = Diagnostic::error(code, what);
    // A short advice stands beside the carets, a longer one below.
    let short = ["did you mean", "write ", "known "];
    let beside = help.as_ref().is_some_and(|help| short.iter().any(|start| help.starts_with(start)));
    let (label, help) = if beside { (help, None) } else { (None, help) };
    let label = label.or_else(|| (code == "E0304").then(|| "closes the cycle".to_owned()));
    let diagnostic = match document::find(tree, &path) {
        Some(span) => diagnostic.at(span, label.unwrap_or_default()),
        None => label.into_iter().fold(diagnostic, Diagnostic::help),
    };
    help.into_iter().fold(diagnostic, Diagnostic::help)
}

/// "did you mean `lb`?  known components: lb, web", if one of the known names is like the last one in `what`.
fn with_nearest(what: &str, help: String) -> String {
    let Some((_, names)) = help.split_once(": ").filter(|_| help.starts_with("known ")) else { return help };
    let wrong = what.rsplit('`').nth(1).unwrap_or_default();
    match document::nearest(wrong, names.split(", ")) {
        Some(near) => format!("did you mean \"{near}\"?  {help}"),
        None => help,
    }
}

/// Warns of arms that are the same system at the same point.
pub(super) fn twins<S>(cells: &[Cell<S>]) -> Option<Diagnostic> {
    let mut seen: BTreeMap<&str, (&str, &[Coordinate])> = BTreeMap::new();
    for cell in cells {
        let first = seen.insert(&cell.hash, (&cell.arm, &cell.point));
        if let Some((arm, _)) = first.filter(|(arm, point)| *arm != cell.arm && *point == cell.point) {
            let what = format!("arms `{arm}` and `{}` are the same system", cell.arm);
            return Some(
                Diagnostic::warning("W0505", what).note("their results will be equal to the last digit"),
            );
        }
    }
    None
}
