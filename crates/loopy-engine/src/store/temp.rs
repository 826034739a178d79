//! Temporary files: written in `<store>/tmp`, locked by their writer, renamed when whole.
//!
//! The lock, not the process number, says whether a writer lives: numbers are reused and mean
//! nothing across containers that share a store.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

/// Makes names unique within the process.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// A new file, locked, that vanishes on drop unless it was kept.
pub(super) struct Temp {
    pub(super) file: File,
    path: PathBuf,
    kept: bool,
}

impl Temp {
    /// Creates and locks a file `<pid>-<n>` in `dir`.
    pub(super) fn create(dir: &Path) -> io::Result<Self> {
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = dir.join(format!("{}-{number}", process::id()));
            let file = match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            };
            let temp = Self {
                file,
                path,
                kept: false,
            };
            match temp.file.try_lock() {
                // A sweeper that came between creation and lock has removed the file.
                Ok(()) if temp.file.metadata()?.nlink() == 0 => {}
                Ok(()) => return Ok(temp),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Moves the file to its final place.
    pub(super) fn keep(mut self, place: &Path) -> io::Result<()> {
        fs::rename(&self.path, place)?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        if !self.kept {
            remove(&self.path);
        }
    }
}

/// Removes a file that may be gone already. A failure is only logged: what stays behind is swept
/// later.
pub(super) fn remove(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!("cannot remove {}: {error}", path.display());
        }
        _ => {}
    }
}

/// Removes the files in `dir` whose writers are dead, and returns those whose writers live.
pub(super) fn sweep(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut alive = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        match file.try_lock() {
            Ok(()) => remove(&path),
            Err(TryLockError::WouldBlock) => alive.push(path),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(alive)
}
