//! The album: every chart of every section, drawn in parallel and kept in order.

use std::{collections::BTreeSet, fs};

use rayon::prelude::*;

use crate::{
    charts::{Chart, Picture, PngError},
    report::{Figure, Link, Section, Table},
    store::{Store, StoreError},
};

/// Where charts stand, relative to the report.
const FOLDER: &str = "charts";
/// What is written of each chart.
const KINDS: [&str; 3] = ["svg", "png", "csv"];

/// A chart of any kind.
pub(super) type AnyChart = Box<dyn Chart + Send + Sync>;

/// A section whose charts are not drawn yet.
#[derive(Default)]
pub(super) struct Draft {
    /// First part of its files' names: the same section has the same number in every report.
    pub(super) number: u8,
    /// Second part of its files' names.
    pub(super) name: &'static str,
    /// The question it answers.
    pub(super) heading: String,
    /// A paragraph each.
    pub(super) explanation: Vec<String>,
    /// Its charts; those with nothing to show are left out.
    pub(super) charts: Vec<AnyChart>,
    /// Its tables.
    pub(super) tables: Vec<Table>,
    /// Files beside the report that tell more.
    pub(super) links: Vec<Link>,
}

/// A chart in all its forms.
struct Drawn {
    picture: Picture,
    png: Result<Vec<u8>, PngError>,
    csv: String,
}

/// Sections with their charts drawn, each with its file's name: `03_goodput`, without folder or ending.
pub(super) struct Album {
    sections: Vec<(Draft, Vec<(String, Drawn)>)>,
}

impl Album {
    /// Draws all charts of these sections.
    pub(super) fn draw(drafts: Vec<Draft>) -> Self {
        let charts: Vec<&AnyChart> = drafts.iter().flat_map(|draft| &draft.charts).collect();
        let drawn: Vec<Option<Drawn>> = charts.par_iter().map(|chart| Drawn::of(chart.as_ref())).collect();
        let mut drawn = drawn.into_iter();
        let page = |draft: Draft| {
            let shown = drawn.by_ref().take(draft.charts.len()).flatten().enumerate();
            let shown = shown.map(|(before, drawn)| (stem(&draft, before), drawn)).collect();
            (draft, shown)
        };
        Self { sections: drafts.into_iter().map(page).collect() }
    }

    /// Writes every chart, and takes away those of an earlier report that this one does not have.
    pub(super) fn write(&self, store: &Store) -> Result<(), StoreError> {
        let mut written = BTreeSet::new();
        for (stem, drawn) in self.sections.iter().flat_map(|(_, drawn)| drawn) {
            let unfit = |error: &PngError| std::io::Error::other(error.to_string());
            let folder = store.folder().join(FOLDER);
            let png = drawn.png.as_ref().map_err(|error| StoreError::new("draw", &folder)(unfit(error)))?;
            let bytes: [&[u8]; 3] = [drawn.picture.svg.as_bytes(), png, drawn.csv.as_bytes()];
            for (kind, bytes) in KINDS.iter().zip(bytes) {
                let name = format!("{stem}.{kind}");
                store.write(&format!("{FOLDER}/{name}"), bytes)?;
                written.insert(name);
            }
        }
        sweep_up(store, &written)
    }

    /// The sections of the report.
    pub(super) fn into_sections(self) -> Vec<Section> {
        let figure = |(stem, drawn): (String, Drawn)| {
            let link =
                |kind: &str| Link { label: kind.to_uppercase(), path: format!("{FOLDER}/{stem}.{kind}") };
            Figure { links: ["csv", "svg", "png"].map(link).to_vec(), picture: drawn.picture }
        };
        let section = |(draft, drawn): (Draft, Vec<(String, Drawn)>)| Section {
            heading: draft.heading,
            explanation: draft.explanation,
            figures: drawn.into_iter().map(figure).collect(),
            tables: draft.tables,
            links: draft.links,
        };
        self.sections.into_iter().map(section).collect()
    }
}

impl Drawn {
    /// None if there is nothing to show.
    fn of(chart: &dyn Chart) -> Option<Self> {
        let picture = chart.draw()?;
        Some(Self { png: picture.png(), csv: chart.csv(), picture })
    }
}

/// `02_hockey_stick`, and `02_hockey_stick_2` for the next.
fn stem(draft: &Draft, before: usize) -> String {
    let further = if before == 0 { String::new() } else { format!("_{}", before + 1) };
    format!("{:02}_{}{further}", draft.number, draft.name)
}

/// Removes charts that were not written now.
fn sweep_up(store: &Store, written: &BTreeSet<String>) -> Result<(), StoreError> {
    let folder = store.folder().join(FOLDER);
    let Ok(entries) = fs::read_dir(&folder) else { return Ok(()) };
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let a_chart = name.as_bytes().get(2) == Some(&b'_') && KINDS.iter().any(|kind| name.ends_with(kind));
        if a_chart && !written.contains(&name) {
            let path = entry.path();
            fs::remove_file(&path).map_err(StoreError::new("remove", &path))?;
        }
    }
    Ok(())
}
