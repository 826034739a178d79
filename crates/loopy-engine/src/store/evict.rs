//! Keeping the store within its cap: counting, evicting the least recently used, clearing.
//!
//! The size is counted by one scan and then kept as a running total. Other processes put objects
//! too, so the scan is repeated after every sixteenth of the cap, and before anything is evicted.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use loopy_core::Hash;
use serde::Serialize;

use super::{Error, Kind, Store, UNCAPPED, error::wrap, guard, pin, temp};

/// The running total.
#[derive(Debug, Default)]
pub(super) struct Account {
    /// Bytes of all objects; `None` until they were first counted.
    used: Option<u64>,
    /// Total at which the objects are counted again.
    due: u64,
}

/// Objects of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// The kind.
    pub kind: Kind,
    /// Number of objects.
    pub objects: u64,
    /// Their bytes on disk, trailers included.
    pub bytes: u64,
}

/// What is in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// The store's folder.
    pub dir: PathBuf,
    /// Size cap in bytes.
    pub cap: u64,
    /// Every kind in order, those with no objects too.
    pub kinds: Vec<Totals>,
}

/// What clearing did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cleared {
    /// Objects removed.
    pub removed: u64,
    /// Their bytes on disk.
    pub bytes: u64,
    /// Objects that stay because a running plan needs them.
    pub kept: u64,
}

/// An object found by a scan.
struct Object {
    used: SystemTime,
    key: (Kind, Hash),
    size: u64,
    path: PathBuf,
}

impl Store {
    /// Makes room for `needed` more bytes under the cap, least recently used objects first; the
    /// bytes freed. What running plans pin stays, even above the cap.
    ///
    /// # Errors
    /// When the store cannot be read or locked.
    pub fn make_room(&self, needed: u64) -> Result<u64, Error> {
        if self.cap == UNCAPPED {
            return Ok(0);
        }
        let mut account = guard(&self.account);
        let fits = |used: u64, limit: u64| used.saturating_add(needed) <= limit;
        if account.used.is_some_and(|used| fits(used, account.due)) {
            return Ok(0);
        }
        let step = self.cap / 16;
        let mut used = self.scan()?.iter().map(|object| object.size).sum();
        let mut freed = 0;
        if !fits(used, self.cap) {
            // Somewhat below the cap, so that not every put evicts.
            let goal = (self.cap - step).saturating_sub(needed);
            (used, freed) = self.evict(|used, _freed| used > goal)?;
            if !fits(used, self.cap) {
                tracing::warn!(
                    "the store {} is above its cap of {} bytes: a running plan needs {used} of them",
                    self.dir.display(),
                    self.cap
                );
            }
        }
        account.used = Some(used);
        account.due = match used.saturating_add(needed) {
            // Above the cap with all the rest pinned: look again when there is more.
            over if over > self.cap => over + step,
            within => self.cap.min(within + step),
        };
        Ok(freed)
    }

    /// Brings the store back under its cap, for the end of a run: what it needed may go now. The
    /// bytes freed.
    ///
    /// # Errors
    /// As [`Store::make_room`].
    pub fn trim(&self) -> Result<u64, Error> {
        // Workers and other processes have put objects too: counted anew.
        guard(&self.account).used = None;
        self.make_room(0)
    }

    /// Evicts at least `bytes` whatever the cap, for a disk that is full; the bytes freed, 0 when
    /// there is nothing left that may go.
    pub(super) fn free_some(&self, bytes: u64) -> Result<u64, Error> {
        let (used, freed) = self.evict(|_used, freed| freed < bytes)?;
        guard(&self.account).used = Some(used);
        Ok(freed)
    }

    /// Counts an object that was put.
    pub(super) fn count(&self, size: u64, replaced: u64) {
        if let Some(used) = &mut guard(&self.account).used {
            *used = used.saturating_add(size).saturating_sub(replaced);
        }
    }

    /// What is there, counted now.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn info(&self) -> Result<Info, Error> {
        let mut kinds = Kind::ALL.map(|kind| Totals {
            kind,
            objects: 0,
            bytes: 0,
        });
        for object in self.scan()? {
            if let Some(totals) = kinds.iter_mut().find(|totals| totals.kind == object.key.0) {
                totals.objects += 1;
                totals.bytes += object.size;
            }
        }
        Ok(Info {
            dir: self.dir.clone(),
            cap: self.cap,
            kinds: kinds.to_vec(),
        })
    }

    /// Removes every object (of `kind`, where given) that no running plan needs.
    ///
    /// # Errors
    /// When the store cannot be read, locked or written.
    pub fn clear(&self, kind: Option<Kind>) -> Result<Cleared, Error> {
        // Counted anew at the next put. Before the lock, which eviction takes after the account.
        guard(&self.account).used = None;
        let _lock = self.lock()?;
        let pins = self.pins()?;
        let mut cleared = Cleared::default();
        for object in self.scan()? {
            if kind.is_some_and(|kind| kind != object.key.0) {
                continue;
            }
            if pins.contains(&object.key) {
                cleared.kept += 1;
            } else if self.delete(&object.path)? {
                cleared.removed += 1;
                cleared.bytes += object.size;
            }
        }
        Ok(cleared)
    }

    /// Deletes the least recently used unpinned objects while `more(bytes left, bytes freed)`;
    /// both figures in the end.
    fn evict(&self, more: impl Fn(u64, u64) -> bool) -> Result<(u64, u64), Error> {
        let _lock = self.lock()?;
        let pins = self.pins()?;
        let mut objects = self.scan()?;
        objects.sort_by_key(|object| (object.used, object.key));
        let mut used: u64 = objects.iter().map(|object| object.size).sum();
        let mut freed = 0;
        for object in objects {
            if !more(used, freed) {
                break;
            }
            if !pins.contains(&object.key) && self.delete(&object.path)? {
                used -= object.size;
                freed += object.size;
            }
        }
        Ok((used, freed))
    }

    fn pins(&self) -> Result<BTreeSet<(Kind, Hash)>, Error> {
        let dir = pin::folder(&self.dir);
        temp::sweep(&self.tmp())
            .and_then(|_writing| pin::read(&dir))
            .map_err(wrap("read the pins in", &dir, &self.dir, 0))
    }

    /// Whether the file was there to be deleted.
    fn delete(&self, path: &Path) -> Result<bool, Error> {
        match fs::remove_file(path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(wrap("remove", path, &self.dir, 0)(error)),
        }
    }

    /// Every object, in no order. Files that are not ours are passed over.
    fn scan(&self) -> Result<Vec<Object>, Error> {
        let mut objects = Vec::new();
        for kind in Kind::ALL {
            let folder = self.folder(kind);
            scan_kind(kind, &folder, &mut objects).map_err(wrap("list", &folder, &self.dir, 0))?;
        }
        Ok(objects)
    }
}

fn scan_kind(kind: Kind, folder: &Path, objects: &mut Vec<Object>) -> io::Result<()> {
    for shelf in fs::read_dir(folder)? {
        let shelf = shelf?;
        if !shelf.file_type()?.is_dir() {
            continue;
        }
        for entry in fs::read_dir(shelf.path())? {
            let entry = entry?;
            let Some(hash) = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok())
            else {
                continue;
            };
            let metadata = match entry.metadata() {
                Ok(metadata) => metadata,
                // Evicted by another process since the folder was read.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            objects.push(Object {
                used: metadata.modified()?,
                key: (kind, hash),
                size: metadata.len(),
                path: entry.path(),
            });
        }
    }
    Ok(())
}
