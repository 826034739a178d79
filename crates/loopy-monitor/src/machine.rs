//! Where the machine tells of itself: `/proc` and `/sys`, or trees that stand for them.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

/// Most that is read of one file; those that are read have a few KiB.
const MOST: u64 = 1 << 20;

/// A machine, by the folders in which it tells of itself.
#[derive(Clone, Debug)]
pub struct Machine {
    proc: PathBuf,
    sys: PathBuf,
    own: String,
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            proc: PathBuf::from("/proc"),
            sys: PathBuf::from("/sys"),
            own: "self".to_owned(),
        }
    }
}

impl Machine {
    /// A machine whose `/proc` and `/sys` lie elsewhere, seen from its process `own`.
    pub fn at(proc: impl Into<PathBuf>, sys: impl Into<PathBuf>, own: u32) -> Self {
        Self {
            proc: proc.into(),
            sys: sys.into(),
            own: own.to_string(),
        }
    }

    /// The file of this name below `/proc`.
    pub(crate) fn proc(&self, name: &str) -> Result<String, String> {
        text(&self.proc.join(name))
    }

    /// The file of this name below this process's folder in `/proc`.
    pub(crate) fn own(&self, name: &str) -> Result<String, String> {
        text(&self.proc.join(&self.own).join(name))
    }

    /// The file at `path`, which begins with `/sys`.
    pub(crate) fn sys(&self, path: &Path) -> Result<String, String> {
        let below = path
            .strip_prefix("/sys")
            .map_err(|_elsewhere| format!("{} lies outside /sys", path.display()))?;
        text(&self.sys.join(below))
    }

    /// The folder of `/proc`.
    pub(crate) fn proc_dir(&self) -> &Path {
        &self.proc
    }
}

/// What is in a file that the system writes.
fn text(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MOST).read_to_end(&mut bytes))
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => format!("there is no {}", path.display()),
            std::io::ErrorKind::PermissionDenied => {
                format!("{} may not be read", path.display())
            }
            _ => format!("{} cannot be read: {error}", path.display()),
        })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
