//! What a report is made of: plain text and finished pictures; no model, no result store.

use crate::charts::{Picture, Verdict};

/// A whole report.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReportData {
    /// The experiment's name.
    pub title: String,
    /// The question it asks.
    pub question: String,
    /// The answer, a paragraph each.
    pub answer: Vec<String>,
    /// What held and what did not, in a few words each.
    pub verdicts: Vec<Chip>,
    /// How to trust it and repeat it.
    pub provenance: Provenance,
    /// Warnings and flags, shown before all results.
    pub notices: Vec<Notice>,
    /// The results; a section with nothing to show is left out.
    pub sections: Vec<Section>,
    /// What the simulator checked about its own work.
    pub checks: Vec<Check>,
    /// The resolved experiment, every default written out.
    pub experiment: String,
    /// Files beside the report.
    pub downloads: Vec<Link>,
}

/// A verdict in a few words.
#[derive(Clone, Debug, PartialEq)]
pub struct Chip {
    /// What was found.
    pub verdict: Verdict,
    /// Of what: "4 of 6 arms meet the SLO".
    pub text: String,
}

/// Where the figures come from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Provenance {
    /// The seed all randomness comes from.
    pub seed: u64,
    /// The simulator's version.
    pub version: String,
    /// Hash of the resolved experiment.
    pub hash: String,
    /// The command line that makes the same results again.
    pub command: String,
    /// More such facts, by name: replications, requests simulated.
    pub more: Vec<(String, String)>,
}

/// How serious a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Good to know.
    Note,
    /// The results must be read with care.
    Warning,
    /// Some results are missing or wrong.
    Error,
}

/// Something the reader must know before the results.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// How serious it is.
    pub severity: Severity,
    /// In a sentence.
    pub text: String,
}

/// One question of the report and its evidence.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// A sentence: "Where is the knee?".
    pub heading: String,
    /// How the evidence answers it, a paragraph each.
    pub explanation: Vec<String>,
    /// Charts.
    pub figures: Vec<Figure>,
    /// Tables.
    pub tables: Vec<Table>,
    /// Files beside the report that tell more.
    pub links: Vec<Link>,
}

/// A chart with links to its files.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The chart.
    pub picture: Picture,
    /// Its files, relative to the report: CSV, SVG, PNG.
    pub links: Vec<Link>,
}

/// A link to a file beside the report.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// The words to click on.
    pub label: String,
    /// Path relative to the report, unescaped: `charts/02_hockey_stick.csv`.
    pub path: String,
}

/// Which side a column's cells stand on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Names and words.
    Left,
    /// Figures, so that their digits stand below each other.
    Right,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name, with the unit.
    pub title: String,
    /// Where its cells stand.
    pub side: Side,
}

/// A table of text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows; missing cells stay empty.
    pub rows: Vec<Vec<String>>,
}

/// A check of the simulator's own work.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// What was checked: "conservation".
    pub name: String,
    /// Whether it held.
    pub verdict: Verdict,
    /// Its figures.
    pub detail: String,
}

impl Section {
    /// Whether there is nothing to show.
    pub(super) fn is_empty(&self) -> bool {
        self.figures.is_empty() && self.tables.iter().all(|table| table.rows.is_empty())
    }
}
