//! Pins: what running plans need, told to every process on the store.
//!
//! A pin is a locked file that lists objects. It counts while its lock is held, so a plan that was
//! killed pins nothing.

use std::{
    collections::BTreeSet,
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

use loopy_core::Hash;

use super::{
    Kind,
    temp::{self, Temp},
};

/// Keeps objects from eviction (also by other processes) until it is dropped.
#[must_use = "objects are pinned only while this lives"]
pub struct Pin {
    file: Temp,
}

impl std::fmt::Debug for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Pin").field(&self.file.path()).finish()
    }
}

/// Writes a pin. The caller holds the store's lock, so that no reader sees half of it.
pub(super) fn create(dir: &Path, keys: &[(Kind, Hash)]) -> io::Result<Pin> {
    let file = Temp::create(dir)?;
    let mut text = String::new();
    for (kind, hash) in keys {
        text.push_str(kind.name());
        text.push(' ');
        text.push_str(&hash.to_string());
        text.push('\n');
    }
    (&file.file).write_all(text.as_bytes())?;
    Ok(Pin { file })
}

/// Everything pinned by living processes, this one included. The caller holds the store's lock.
pub(super) fn read(dir: &Path) -> io::Result<BTreeSet<(Kind, Hash)>> {
    let mut keys = BTreeSet::new();
    for path in temp::sweep(dir)? {
        match fs::read_to_string(&path) {
            Ok(text) => keys.extend(text.lines().filter_map(parse)),
            // Its plan ended after the sweep.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(keys)
}

fn parse(line: &str) -> Option<(Kind, Hash)> {
    let (kind, hash) = line.split_once(' ')?;
    Some((kind.parse().ok()?, hash.parse().ok()?))
}

/// Where the pins of the store at `dir` are.
pub(super) fn folder(dir: &Path) -> PathBuf {
    dir.join("pins")
}
