//! The results store: one small file a run, keyed by what was run and not by when.
//!
//! `results/<name>/<experiment hash>/runs/<cell hash>/<replication>.bin`. A run is a pure function of its cell's
//! hash and its replication, so whoever finds a valid file need not run it again: a killed command goes on, more
//! replications extend, an edited file takes over the cells it did not touch, and folders merge by copying.
//! Several processes may write at once, since files appear whole and equal runs have equal bytes.

mod guard;
mod locate;
mod record;
mod whole;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use models::report::RunReport;

use self::guard::Guard;
pub use self::{
    locate::{LocateError, locate},
    record::{Spoiled, decode, encode},
    whole::write_whole,
};
use crate::study::{Cell, Study};

/// What analysis needs to know of the experiment, beside the runs it speaks of.
pub const STUDY_FILE: &str = "study.json";

/// A failure of the file system, with the place it happened at.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {source}", path.display())]
pub struct StoreError {
    /// What was tried: `write`.
    pub action: &'static str,
    /// On what.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl StoreError {
    /// For `map_err`: what was tried on which path.
    pub fn new<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> Self + use<'a> {
        move |source| Self { action, path: path.to_owned(), source }
    }
}

/// What the store knows of one run.
#[derive(Debug)]
pub enum Found {
    /// It is there, whole.
    Valid(Box<RunReport>),
    /// It was never stored.
    Missing,
    /// There is a file, but not one to trust.
    Spoiled(Spoiled),
}

/// The folder of one experiment.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    siblings: Vec<PathBuf>,
    _guard: Option<Guard>,
}

impl Store {
    /// Opens `root/<name>/<hash>` for writing, makes it if need be, and sweeps up what killed processes left.
    ///
    /// # Errors
    /// The folder cannot be made or listed.
    pub fn open(root: &Path, study: &Study) -> Result<Self, StoreError> {
        let folder = root.join(&study.name).join(&study.hash);
        let runs = folder.join("runs");
        fs::create_dir_all(&runs).map_err(StoreError::new("create", &runs))?;
        let guard = Guard::take(&folder)?;
        let siblings = siblings(&folder)?;
        Ok(Self { folder, siblings, _guard: Some(guard) })
    }

    /// A folder that is only looked at.
    pub fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), siblings: Vec::new(), _guard: None }
    }

    /// Where everything of this experiment stands.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The run, if this folder holds it whole.
    pub fn load(&self, cell: &Cell, replication: u64) -> Found {
        read(&self.run_path(cell, replication), cell, replication)
    }

    /// As [`Store::load`], and else takes the run over from another version of the same experiment.
    ///
    /// # Errors
    /// A run was found elsewhere but cannot be written here.
    pub fn load_or_adopt(&self, cell: &Cell, replication: u64) -> Result<Found, StoreError> {
        let own = self.load(cell, replication);
        if matches!(own, Found::Valid(_)) {
            return Ok(own);
        }
        for sibling in &self.siblings {
            if let Found::Valid(report) = read(&run_path(sibling, cell, replication), cell, replication) {
                self.save(cell, replication, &report)?;
                return Ok(Found::Valid(report));
            }
        }
        Ok(own)
    }

    /// Stores a run; the file appears whole or not at all.
    ///
    /// # Errors
    /// The disk is full, or the folder cannot be written.
    pub fn save(&self, cell: &Cell, replication: u64, report: &RunReport) -> Result<(), StoreError> {
        write_whole(&self.run_path(cell, replication), &encode(&cell.hash, replication, report))
    }

    /// Writes a file of this folder whole.
    ///
    /// # Errors
    /// The disk is full, or the folder cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        write_whole(&self.folder.join(name), bytes)
    }

    /// What the folder's study file says.
    ///
    /// # Errors
    /// It is missing or not a study of this version.
    pub fn study(&self) -> Result<Study, StoreError> {
        let path = self.folder.join(STUDY_FILE);
        let text = fs::read_to_string(&path).map_err(StoreError::new("read", &path))?;
        serde_json::from_str(&text).map_err(|error| StoreError::new("read", &path)(error.into()))
    }

    /// Writes the study file.
    ///
    /// # Errors
    /// The disk is full, or the folder cannot be written.
    pub fn write_study(&self, study: &Study) -> Result<(), StoreError> {
        let text = serde_json::to_string_pretty(study)
            .map_err(|error| StoreError::new("write", &self.folder.join(STUDY_FILE))(error.into()))?;
        self.write(STUDY_FILE, (text + "\n").as_bytes())
    }

    /// Lets `latest` name this folder: among the versions of this experiment, and among all experiments.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn point_latest(&self) -> Result<(), StoreError> {
        locate::point_latest(&self.folder)
    }

    fn run_path(&self, cell: &Cell, replication: u64) -> PathBuf {
        run_path(&self.folder, cell, replication)
    }
}

fn run_path(folder: &Path, cell: &Cell, replication: u64) -> PathBuf {
    folder.join("runs").join(&cell.hash).join(format!("{replication}.bin"))
}

fn read(path: &Path, cell: &Cell, replication: u64) -> Found {
    match fs::read(path) {
        Ok(bytes) => match decode(&cell.hash, replication, &bytes) {
            Ok(report) => Found::Valid(Box::new(report)),
            Err(spoiled) => Found::Spoiled(spoiled),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Found::Missing,
        Err(error) => Found::Spoiled(Spoiled::Unreadable(error.kind())),
    }
}

/// The other versions of the same experiment, sorted by hash; `latest` is a link to one of them, and no other.
fn siblings(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let Some(parent) = folder.parent() else { return Ok(Vec::new()) };
    let entries = fs::read_dir(parent).map_err(StoreError::new("list", parent))?;
    let mut found: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .filter(|path| path != folder)
        .collect();
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn study(hash: &str) -> Study {
        Study { name: "a".into(), hash: hash.into(), ..Study::default() }
    }

    fn cell() -> Cell {
        Cell { arm: "x".into(), hash: "0123456789abcdef".into(), ..Cell::default() }
    }

    fn report(events: u64) -> RunReport {
        RunReport { events, ..RunReport::default() }
    }

    #[test]
    fn a_run_is_found_again_and_another_is_not() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::open(root.path(), &study("aaaaaaaa")).unwrap();
        store.save(&cell(), 3, &report(7)).unwrap();
        assert!(matches!(store.load(&cell(), 3), Found::Valid(found) if found.events == 7));
        assert!(matches!(store.load(&cell(), 4), Found::Missing));
    }

    #[test]
    fn a_file_in_the_wrong_place_is_not_believed() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::open(root.path(), &study("aaaaaaaa")).unwrap();
        store.save(&cell(), 3, &report(7)).unwrap();
        fs::copy(store.run_path(&cell(), 3), store.run_path(&cell(), 4)).unwrap();
        assert!(matches!(store.load(&cell(), 4), Found::Spoiled(Spoiled::OfAnotherRun)));
    }

    #[test]
    fn an_edited_experiment_takes_over_the_cells_it_did_not_touch() {
        let root = tempfile::tempdir().unwrap();
        Store::open(root.path(), &study("aaaaaaaa")).unwrap().save(&cell(), 0, &report(7)).unwrap();
        let edited = Store::open(root.path(), &study("bbbbbbbb")).unwrap();
        assert!(matches!(edited.load(&cell(), 0), Found::Missing));
        assert!(matches!(edited.load_or_adopt(&cell(), 0), Ok(Found::Valid(_))));
        assert!(matches!(edited.load(&cell(), 0), Found::Valid(_)));
    }

    #[test]
    fn leftovers_go_only_when_nobody_else_is_at_work() {
        let root = tempfile::tempdir().unwrap();
        let first = Store::open(root.path(), &study("aaaaaaaa")).unwrap();
        let leftover = first.folder().join("runs").join(".0.bin.1.0.tmp");
        fs::write(&leftover, "half").unwrap();
        let second = Store::open(root.path(), &study("aaaaaaaa")).unwrap();
        assert!(leftover.exists());
        drop((first, second));
        Store::open(root.path(), &study("aaaaaaaa")).unwrap();
        assert!(!leftover.exists());
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("a"), "a file where the folder should be").unwrap();
        let error = Store::open(root.path(), &study("aaaaaaaa")).unwrap_err().to_string();
        assert!(error.starts_with("cannot create ") && error.contains("aaaaaaaa"), "{error}");
    }
}
