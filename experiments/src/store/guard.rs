//! Who is at work in a folder: a shared lock while a process writes, so that leftovers are swept only by one alone.

use std::{
    fs::{self, File},
    path::Path,
};

use super::{StoreError, whole::UNFINISHED};

/// Held as long as a process may write; the system lets go of it when the process dies, however it dies.
#[derive(Debug)]
pub(super) struct Guard {
    _shared: File,
}

impl Guard {
    /// Takes part in the work on `folder`; if nobody else does, unfinished files are of the dead and removed.
    pub(super) fn take(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(".lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(StoreError::new("write", &path))?;
        // Where the file system knows no locks nothing is swept, and nothing else depends on them.
        if file.try_lock().is_ok() {
            sweep(folder);
            let _ = file.unlock();
        }
        let _ = file.lock_shared();
        Ok(Self { _shared: file })
    }
}

/// Removes unfinished files in `folder` and below. What cannot be removed does no harm.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            sweep(&path);
        } else if entry.file_name().to_string_lossy().ends_with(UNFINISHED) {
            let _ = fs::remove_file(&path);
        }
    }
}
