//! The library index: what is already known about files and clips, so that an unchanged folder
//! is neither read nor decoded again.
//!
//! SQLite in WAL mode, shared by processes. It only holds what can be found out again: a damaged
//! database is moved aside and built anew, and rows carry a seal, since SQLite itself does not
//! notice a flipped bit in a value.

pub(crate) mod content;
mod error;
mod pairs;
mod schema;
mod stamp;

use std::{
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use loopy_core::Hash;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, ToSql};

use self::error::is_damage;
use self::stamp::Stamp;
pub use self::{error::Error, pairs::Pair};

/// How long one process waits for another's transaction.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is known about files and clips. Share it between threads.
#[derive(Debug)]
pub struct Index {
    path: PathBuf,
    open: Mutex<Open>,
}

/// A connection and the file that it is to.
#[derive(Debug)]
struct Open {
    connection: Connection,
    inode: Option<u64>,
}

impl Index {
    /// Opens the index in `dir`, made if it is not there, brought up to date if it is older, built
    /// anew if it is damaged.
    ///
    /// # Errors
    /// When the folder cannot be written, or a newer program made the index.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        fs::create_dir_all(dir).map_err(|why| Error::NotWritable {
            dir: dir.to_path_buf(),
            why: why.to_string(),
        })?;
        let path = dir.join("index.sqlite");
        let open = match connect(&path)? {
            Ok(open) => open,
            Err(why) => rebuild(&path, inode(&path), &why)?,
        };
        Ok(Self {
            path,
            open: Mutex::new(open),
        })
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What `version` of the analysis found in the clip with this content, as JSON.
    ///
    /// # Errors
    /// When the database fails.
    pub fn clip(&self, hash: &Hash, version: &str) -> Result<Option<String>, Error> {
        let hash = &hash.as_bytes()[..];
        let row = self.find(
            "SELECT json, seal FROM clips WHERE hash = ?1 AND version = ?2",
            &[&hash, &version],
            |row| Ok((bytes(row, 0)?, bytes(row, 1)?)),
        )?;
        Ok(row.and_then(|(json, sealed)| {
            let whole = seal(&[hash, version.as_bytes(), &json])[..] == sealed;
            whole.then(|| String::from_utf8(json).ok()).flatten()
        }))
    }

    /// Remembers what `version` of the analysis found in the clip with this content.
    ///
    /// # Errors
    /// When the database fails.
    pub fn set_clip(&self, hash: &Hash, version: &str, json: &str) -> Result<(), Error> {
        let hash = &hash.as_bytes()[..];
        let seal = seal(&[hash, version.as_bytes(), json.as_bytes()]);
        self.change(
            "INSERT OR REPLACE INTO clips (hash, version, json, seal) VALUES (?1, ?2, ?3, ?4)",
            &[&hash, &version, &json, &&seal[..]],
        )?;
        Ok(())
    }

    /// Why the clip with this content is not tried again by this `version`, if so.
    ///
    /// # Errors
    /// When the database fails.
    pub fn quarantined(&self, hash: &Hash, version: &str) -> Result<Option<String>, Error> {
        let reason = self.find(
            "SELECT reason FROM quarantine WHERE hash = ?1 AND version = ?2",
            &[&&hash.as_bytes()[..], &version],
            |row| bytes(row, 0),
        )?;
        Ok(reason.map(|reason| String::from_utf8_lossy(&reason).into_owned()))
    }

    /// Remembers that the clip with this content is not to be tried again by this `version`, why,
    /// and since when (for whoever reads the database).
    ///
    /// # Errors
    /// When the database fails.
    pub fn quarantine(&self, hash: &Hash, version: &str, reason: &str) -> Result<(), Error> {
        self.change(
            "INSERT OR REPLACE INTO quarantine (hash, version, reason, at)
             VALUES (?1, ?2, ?3, datetime('now'))",
            &[&&hash.as_bytes()[..], &version, &reason],
        )?;
        Ok(())
    }

    /// Lets the clip with this content be tried again; whether it was in quarantine.
    ///
    /// # Errors
    /// When the database fails.
    pub fn release(&self, hash: &Hash) -> Result<bool, Error> {
        let rows = self.change(
            "DELETE FROM quarantine WHERE hash = ?1",
            &[&&hash.as_bytes()[..]],
        )?;
        Ok(rows > 0)
    }

    /// Forgets everything.
    ///
    /// # Errors
    /// When the database fails.
    pub fn clear(&self) -> Result<(), Error> {
        self.run(|connection| {
            connection.execute_batch(
                "BEGIN IMMEDIATE; DELETE FROM files; DELETE FROM clips; DELETE FROM quarantine;
                 DELETE FROM pairs; COMMIT;",
            )
        })
    }

    fn find<T>(
        &self,
        query: &str,
        params: &[&dyn ToSql],
        read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, Error> {
        self.run(|connection| {
            connection
                .prepare_cached(query)?
                .query_row(params, &read)
                .optional()
        })
    }

    fn change(&self, statement: &str, params: &[&dyn ToSql]) -> Result<usize, Error> {
        self.run(|connection| connection.prepare_cached(statement)?.execute(params))
    }

    /// Runs `work`, a second time on a new database when the first finds this one damaged.
    fn run<T>(&self, work: impl Fn(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        let mut open = self.lock();
        if open.inode != inode(&self.path) {
            // Another process has rebuilt it; SQLite would go on with the file set aside.
            *open = connect(&self.path)?.map_err(|why| typed(&self.path, why))?;
        }
        match work(&open.connection) {
            Err(why) if is_damage(&why) => {
                *open = rebuild(&self.path, open.inode, &why)?;
                work(&open.connection).map_err(|why| typed(&self.path, why))
            }
            other => other.map_err(|why| typed(&self.path, why)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A column's bytes; none where a damaged row has something else there than text or blob.
fn bytes(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<u8>> {
    let value = row.get_ref(column)?.as_bytes();
    Ok(value.unwrap_or_default().to_vec())
}

/// Detects values that changed on the disk.
fn seal(parts: &[&[u8]]) -> [u8; 16] {
    let mut sum = blake3::Hasher::new();
    for part in parts {
        sum.update(&(part.len() as u64).to_le_bytes());
        sum.update(part);
    }
    let mut seal = [0; 16];
    seal.copy_from_slice(&sum.finalize().as_bytes()[..16]);
    seal
}

/// Opens the database; the inner error says how it is damaged.
fn connect(path: &Path) -> Result<Result<Open, rusqlite::Error>, Error> {
    let prepare = || -> rusqlite::Result<(Connection, Option<u32>)> {
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(PATIENCE)?;
        // The answer is the mode in force; a disk without shared memory keeps another, which works.
        connection.pragma_update_and_check(None, "journal_mode", "wal", |_row| Ok(()))?;
        connection.pragma_update(None, "synchronous", "normal")?;
        let newer = schema::migrate(&mut connection)?;
        Ok((connection, newer))
    };
    match prepare() {
        Ok((connection, None)) => Ok(Ok(Open {
            connection,
            inode: inode(path),
        })),
        Ok((_, Some(found))) => Err(Error::Newer {
            path: path.to_path_buf(),
            found,
            known: schema::KNOWN,
        }),
        Err(why) if is_damage(&why) => Ok(Err(why)),
        Err(why) => Err(typed(path, why)),
    }
}

/// Moves the damaged database aside and starts a new one. `seen` is the file that was found
/// damaged: when another process has replaced it meanwhile, the new one is just opened.
fn rebuild(path: &Path, seen: Option<u64>, why: &rusqlite::Error) -> Result<Open, Error> {
    let aside = path.with_extension("sqlite.damaged");
    let replace = || -> io::Result<()> {
        let lock = File::options()
            .create(true)
            .append(true)
            .open(path.with_extension("lock"))?;
        lock.lock()?;
        if inode(path) == seen {
            tracing::warn!(
                "the index was damaged ({why}); it is moved to {} and built anew",
                aside.display()
            );
            fs::rename(path, &aside)?;
            for rest in ["sqlite-wal", "sqlite-shm"] {
                match fs::remove_file(path.with_extension(rest)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
        }
        Ok(())
    };
    replace().map_err(|why| Error::NotWritable {
        dir: folder(path),
        why: why.to_string(),
    })?;
    connect(path)?.map_err(|why| typed(path, why))
}

fn inode(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().map(|metadata| metadata.ino())
}

fn folder(path: &Path) -> PathBuf {
    path.parent().unwrap_or(path).to_path_buf()
}

fn typed(path: &Path, why: rusqlite::Error) -> Error {
    match why.sqlite_error_code() {
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            Error::NotWritable {
                dir: folder(path),
                why: why.to_string(),
            }
        }
        Some(ErrorCode::DiskFull) => Error::Full { dir: folder(path) },
        _ => Error::Database {
            path: path.to_path_buf(),
            why,
        },
    }
}
