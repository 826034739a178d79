//! Why the index could not do what it was asked.

use std::path::PathBuf;

use loopy_core::clip::show;
use rusqlite::ErrorCode;

/// Why the index failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The index's folder cannot be written.
    #[error(
        "the index in {} cannot be written: {why}; make the folder writable or choose another with \
         `--cache`",
        show(dir)
    )]
    NotWritable {
        /// The folder.
        dir: PathBuf,
        /// Why.
        why: String,
    },
    /// The index's disk is full.
    #[error(
        "the disk of the index in {} is full; free some space there",
        show(dir)
    )]
    Full {
        /// The folder.
        dir: PathBuf,
    },
    /// A newer program made the index.
    #[error(
        "the index {} was made by a newer version (schema {found}, this program knows {known}); \
         choose another folder with `--cache`",
        show(path)
    )]
    Newer {
        /// The index.
        path: PathBuf,
        /// Its schema version.
        found: u32,
        /// The newest that we know.
        known: u32,
    },
    /// SQLite refused something else, such as waiting too long for another process.
    #[error("the index {} failed: {why}", show(path))]
    Database {
        /// The index.
        path: PathBuf,
        /// SQLite's reason.
        #[source]
        why: rusqlite::Error,
    },
}

/// Whether the database has to be opened anew, rebuilt if need be: its file is damaged or no
/// database, its tables are not ours (our statements are right, so that SQLite's general error
/// means just that), or it can no longer be written, because another process has moved it aside.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::Unknown
                | ErrorCode::ReadOnly
        )
    )
}
