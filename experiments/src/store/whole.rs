//! Files that appear whole or not at all: written beside their place, synced, renamed.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use super::StoreError;

/// How the name of an unfinished file ends.
pub(super) const UNFINISHED: &str = ".tmp";

/// Writes `bytes` to `path`, making its folder if need be. A reader sees the old file or the new one.
///
/// # Errors
/// The disk is full, or the folder cannot be written; nothing is left behind then.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let unfinished = unfinished(path);
    let written = write_and_rename(&unfinished, path, bytes);
    if written.is_err() {
        // Best effort: the failure already told is the one that matters.
        let _ = fs::remove_file(&unfinished);
    }
    written.map_err(StoreError::new("write", path))
}

fn write_and_rename(unfinished: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = File::create(unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(unfinished, path)
}

/// A name beside `path` that no other process and no other thread uses.
pub(super) fn unfinished(path: &Path) -> PathBuf {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.{number}{UNFINISHED}", process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        write_whole(&path, b"old").unwrap();
        // A folder in the way makes the rename fail after the write.
        let blocked = folder.path().join("b.csv");
        fs::create_dir(&blocked).unwrap();
        let error = write_whole(&blocked, b"new").unwrap_err().to_string();
        assert!(error.contains("b.csv"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
