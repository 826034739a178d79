//! The store: finished work, kept by the hash of everything that decided it.
//!
//! A folder that several processes may use at once:
//!
//! ```text
//! <dir>/objects/<kind>/<2 hex>/<hash>   sealed objects (see `object`)
//! <dir>/tmp/<pid>-<n>                   objects being written, locked by their writer
//! <dir>/pins/<pid>-<n>                  what running plans need, locked while they run
//! <dir>/lock                            held for the moment in which pins or evictions change
//! ```
//!
//! Nothing is synced to the disk: every object carries its checksum, so that what a crash tore is
//! noticed when it is read, removed, and made again. The store is a cache: losing an object costs
//! time, trusting a damaged one costs the video.

mod error;
mod evict;
mod kind;
mod object;
mod pin;
mod space;
mod temp;
mod write;

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use loopy_core::Hash;

use self::error::wrap;
pub use self::{
    error::Error,
    evict::{Cleared, Info, Totals},
    kind::{Kind, ParseKindError},
    object::Reader,
    pin::Pin,
    space::{default_cap, device, free_space},
};

/// A cap that never evicts, for a process whose parent keeps the store within its own cap.
pub const UNCAPPED: u64 = u64::MAX;

/// An object's use is marked at most this often.
const TOUCH_EVERY: Duration = Duration::from_hours(1);

/// A content-addressed folder. Share it between threads; open it once in each process.
#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    cap: u64,
    account: Mutex<evict::Account>,
    /// Objects whose checksum was verified, with the file (inode, size) that passed.
    verified: Mutex<BTreeMap<(Kind, Hash), (u64, u64)>>,
    damaged: AtomicU64,
}

impl Store {
    /// Opens the store at `dir`, made if it is not there, and removes what dead writers left.
    ///
    /// `cap` is the size in bytes above which the least recently used objects go (see
    /// [`default_cap`] and [`UNCAPPED`]).
    ///
    /// # Errors
    /// When the folder cannot be made or written.
    pub fn open(dir: &Path, cap: u64) -> Result<Self, Error> {
        let store = Self {
            dir: dir.to_path_buf(),
            cap,
            account: Mutex::default(),
            verified: Mutex::default(),
            damaged: AtomicU64::new(0),
        };
        for kind in Kind::ALL {
            store.make_dir(&store.folder(kind))?;
        }
        store.make_dir(&pin::folder(dir))?;
        let tmp = store.tmp();
        store.make_dir(&tmp)?;
        temp::sweep(&tmp).map_err(wrap("clean", &tmp, dir, 0))?;
        Ok(store)
    }

    /// The store's folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where an object is or would be. The file holds the payload and then a trailer; what reads
    /// it from here rather than with [`Store::get`] does without the checksum.
    pub fn path(&self, kind: Kind, hash: &Hash) -> PathBuf {
        let name = hash.to_string();
        self.folder(kind).join(&name[..2]).join(name)
    }

    /// Whether an object is there. Its checksum is not verified.
    pub fn contains(&self, kind: Kind, hash: &Hash) -> bool {
        self.path(kind, hash).is_file()
    }

    /// Bytes of an object; `None` when it is not there. Its checksum is not verified.
    pub fn size(&self, kind: Kind, hash: &Hash) -> Option<u64> {
        let metadata = fs::metadata(self.path(kind, hash)).ok()?;
        metadata.len().checked_sub(object::TRAILER)
    }

    /// An object's bytes; `None` when it is not there, or was there and damaged (it is removed).
    ///
    /// # Errors
    /// When a file that is there cannot be read.
    pub fn get(&self, kind: Kind, hash: &Hash) -> Result<Option<Vec<u8>>, Error> {
        let Some((path, file)) = self.find(kind, hash)? else {
            return Ok(None);
        };
        let bytes = object::read(&file, kind, hash).map_err(wrap("read", &path, &self.dir, 0))?;
        match bytes {
            Some(_) => touch(&file),
            None => self.discard(&path, &file),
        }
        Ok(bytes)
    }

    /// An object to be read in parts, its checksum verified the first time it is opened; `None`
    /// as in [`Store::get`].
    ///
    /// # Errors
    /// When a file that is there cannot be read.
    pub fn open_reader(&self, kind: Kind, hash: &Hash) -> Result<Option<Reader>, Error> {
        let Some((path, file)) = self.find(kind, hash)? else {
            return Ok(None);
        };
        let read = |why| wrap("read", &path, &self.dir, 0)(why);
        let metadata = file.metadata().map_err(read)?;
        let identity = (metadata.ino(), metadata.len());
        let known = guard(&self.verified).get(&(kind, *hash)) == Some(&identity);
        let len = if known {
            metadata.len().checked_sub(object::TRAILER)
        } else {
            object::verify(&file, kind, hash).map_err(read)?
        };
        let Some(len) = len else {
            self.discard(&path, &file);
            return Ok(None);
        };
        guard(&self.verified).insert((kind, *hash), identity);
        touch(&file);
        Ok(Some(Reader::new(file, len)))
    }

    /// Marks an object as used now, when it is there; at most once an hour, and only if the
    /// system lets us. Reading an object does this too.
    pub fn touch(&self, kind: Kind, hash: &Hash) {
        if let Ok(Some((_, file))) = self.find(kind, hash) {
            touch(&file);
        }
    }

    /// Keeps `keys` from eviction, whether they are there yet or not, until the pin is dropped
    /// or this process ends. Pin before asking whether an object is there.
    ///
    /// # Errors
    /// When the pin cannot be written.
    pub fn pin(&self, keys: &[(Kind, Hash)]) -> Result<Pin, Error> {
        let _lock = self.lock()?;
        let dir = pin::folder(&self.dir);
        pin::create(&dir, keys).map_err(wrap("write a pin in", &dir, &self.dir, 0))
    }

    /// How many damaged objects this process has found and removed.
    pub fn damaged(&self) -> u64 {
        self.damaged.load(Ordering::Relaxed)
    }

    fn find(&self, kind: Kind, hash: &Hash) -> Result<Option<(PathBuf, File)>, Error> {
        let path = self.path(kind, hash);
        match File::open(&path) {
            Ok(file) => Ok(Some((path, file))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(wrap("open", &path, &self.dir, 0)(error)),
        }
    }

    /// Removes a damaged object, unless another process has put a new file in its place.
    fn discard(&self, path: &Path, file: &File) {
        self.damaged.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(
            "{} was damaged and is removed; it will be made again",
            path.display()
        );
        let same = match (file.metadata(), fs::metadata(path)) {
            (Ok(ours), Ok(theirs)) => (ours.dev(), ours.ino()) == (theirs.dev(), theirs.ino()),
            _ => false,
        };
        if same {
            temp::remove(path);
        }
    }

    /// Waits for the store's lock; held until the file is dropped.
    fn lock(&self) -> Result<File, Error> {
        let path = self.dir.join("lock");
        let open = || {
            let file = File::options().create(true).append(true).open(&path)?;
            file.lock()?;
            Ok(file)
        };
        open().map_err(wrap("lock", &path, &self.dir, 0))
    }

    fn make_dir(&self, dir: &Path) -> Result<(), Error> {
        fs::create_dir_all(dir).map_err(wrap("make", dir, &self.dir, 0))
    }

    fn folder(&self, kind: Kind) -> PathBuf {
        self.dir.join("objects").join(kind.name())
    }

    fn tmp(&self) -> PathBuf {
        self.dir.join("tmp")
    }
}

/// A lock whose holder panicked still guards a usable value: each is one plain value.
fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sets the time of last use. A store that lends its objects read-only is still of use, so a
/// refusal is not an error.
fn touch(file: &File) {
    let now = SystemTime::now();
    let recent = |at: SystemTime| now.duration_since(at).is_ok_and(|age| age < TOUCH_EVERY);
    let due = file
        .metadata()
        .and_then(|metadata| metadata.modified())
        .is_ok_and(|at| !recent(at));
    if due && let Err(error) = file.set_modified(now) {
        tracing::debug!("cannot mark an object as used: {error}");
    }
}
