//! Which folder a user means: a path, an experiment's name, or `latest`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{STUDY_FILE, StoreError, whole, write_whole};

/// The text beside (and instead of) the link, for systems without links.
const LATEST_TEXT: &str = "latest.txt";

/// No results stand where the user pointed.
#[derive(Debug, thiserror::Error)]
#[error(
    "no results for `{result}`: it is neither a results folder nor an experiment run into {}\n  = help: stampede run FILE",
    root.display()
)]
pub struct LocateError {
    /// What the user wrote.
    pub result: String,
    /// Where results are looked for.
    pub root: PathBuf,
}

/// The folder meant by `result`: a results folder, a folder of versions, an experiment's name, or `latest`.
///
/// # Errors
/// Nothing of that name has results.
pub fn locate(root: &Path, result: &str) -> Result<PathBuf, LocateError> {
    let named = root.join(result);
    let latest = follow(root).filter(|_| result == "latest");
    [latest, results_in(Path::new(result)), results_in(&named)]
        .into_iter()
        .flatten()
        .next()
        .ok_or_else(|| LocateError { result: result.to_owned(), root: root.to_owned() })
}

/// The folder itself if it holds results, else the version its latest text names.
fn results_in(folder: &Path) -> Option<PathBuf> {
    if holds_results(folder) {
        return Some(folder.to_owned());
    }
    follow(folder)
}

fn follow(folder: &Path) -> Option<PathBuf> {
    let text = fs::read_to_string(folder.join(LATEST_TEXT)).ok()?;
    Some(folder.join(text.trim())).filter(|target| holds_results(target))
}

fn holds_results(folder: &Path) -> bool {
    folder.join(STUDY_FILE).is_file()
}

/// Writes `latest` and `latest.txt` beside the folder, and the text of the results root.
pub(super) fn point_latest(folder: &Path) -> Result<(), StoreError> {
    let (Some(versions), Some(hash)) = (folder.parent(), folder.file_name()) else { return Ok(()) };
    let hash = hash.to_string_lossy();
    link(&versions.join("latest"), &hash).map_err(StoreError::new("link", &versions.join("latest")))?;
    write_whole(&versions.join(LATEST_TEXT), format!("{hash}\n").as_bytes())?;
    let (Some(root), Some(name)) = (versions.parent(), versions.file_name()) else { return Ok(()) };
    write_whole(&root.join(LATEST_TEXT), format!("{}/{hash}\n", name.to_string_lossy()).as_bytes())
}

/// A link that appears at once: made beside its place and renamed.
#[cfg(unix)]
fn link(path: &Path, target: &str) -> io::Result<()> {
    let unfinished = whole::unfinished(path);
    std::os::unix::fs::symlink(target, &unfinished)?;
    fs::rename(&unfinished, path)
}

#[cfg(not(unix))]
fn link(_path: &Path, _target: &str) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{store::Store, study::Study};

    #[test]
    fn folder_name_and_latest_mean_the_same_results() {
        let root = tempfile::tempdir().unwrap();
        let study = Study { name: "storm".into(), hash: "3f9c2a71".into(), ..Study::default() };
        let store = Store::open(root.path(), &study).unwrap();
        store.write_study(&study).unwrap();
        store.point_latest().unwrap();
        let folder = root.path().join("storm/3f9c2a71");
        for result in ["latest", "storm", "storm/3f9c2a71", folder.to_str().unwrap()] {
            assert_eq!(locate(root.path(), result).unwrap(), folder, "{result}");
        }
        assert_eq!(fs::read_link(root.path().join("storm/latest")).unwrap(), Path::new("3f9c2a71"));
        assert!(locate(root.path(), "storn").unwrap_err().to_string().contains("`storn`"));
    }
}
