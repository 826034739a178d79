//! Why the store could not do what it was asked, and how disk-full errors are told apart.

use std::{
    io,
    path::{Path, PathBuf},
};

use loopy_core::clip::show;

use super::space;

/// Why the store failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The disk (or the user's quota on it) is full, and nothing unpinned is left to evict.
    #[error(
        "no room in the store {}: {} needed, {} free; free some space there, or choose another disk \
         with `--cache`",
        show(dir), text(*needed), text(*free)
    )]
    Full {
        /// Bytes that the object at hand has asked for so far.
        needed: u64,
        /// Bytes free on the store's disk.
        free: u64,
        /// The store's folder.
        dir: PathBuf,
    },
    /// The system refused something.
    #[error("the store cannot {what} {}: {why}", show(path))]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which path.
        path: PathBuf,
        /// The system's reason.
        #[source]
        why: io::Error,
    },
}

/// Bytes for people.
fn text(bytes: u64) -> String {
    const MIB: u64 = 1 << 20;
    match bytes {
        0..MIB => format!("{} KiB", bytes.div_ceil(1024)),
        _ => format!("{} MiB", bytes.div_ceil(MIB)),
    }
}

/// Whether `error` says that a disk or a quota is full.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

/// Turns a system error into ours: `Full` where the disk is full, `Io` otherwise.
pub(super) fn wrap<'a>(
    what: &'static str,
    path: &'a Path,
    dir: &'a Path,
    needed: u64,
) -> impl FnOnce(io::Error) -> Error + 'a {
    move |why| {
        if is_full(&why) {
            Error::Full {
                needed,
                free: space::free_space(dir).unwrap_or(0),
                dir: dir.to_path_buf(),
            }
        } else {
            Error::Io {
                what,
                path: path.to_path_buf(),
                why,
            }
        }
    }
}
