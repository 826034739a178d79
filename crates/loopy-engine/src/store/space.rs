//! How much room a disk has.

use std::{io, os::unix::fs::MetadataExt as _, path::Path};

use super::Error;

/// The cap of a store whose user names none: 20 GiB.
const USUAL_CAP: u64 = 20 << 30;

/// Bytes that an ordinary user may still write on the disk that holds `dir`; where `dir` does not
/// exist yet, its nearest parent that does counts.
pub fn free_space(dir: &Path) -> Result<u64, Error> {
    let disk = disk(dir)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// The disk that holds `dir` or, where that does not exist yet, its nearest parent that does.
pub fn device(dir: &Path) -> Option<u64> {
    let whole = std::path::absolute(dir).ok()?;
    let mut places = whole.ancestors();
    places.find_map(|place| Some(place.metadata().ok()?.dev()))
}

/// The default size cap of a store at `dir`, in bytes: 20 GiB, or a fifth of its disk when that is
/// less. A disk that cannot be asked is found out when it is written to.
pub fn default_cap(dir: &Path) -> u64 {
    disk(dir).map_or(USUAL_CAP, |disk| {
        USUAL_CAP.min(disk.f_blocks.saturating_mul(disk.f_frsize) / 5)
    })
}

fn disk(dir: &Path) -> Result<rustix::fs::StatVfs, Error> {
    let error = |why: io::Error| Error::Io {
        what: "measure the disk of",
        path: dir.to_path_buf(),
        why,
    };
    let whole = std::path::absolute(dir).map_err(error)?;
    let mut place = whole.as_path();
    loop {
        match (rustix::fs::statvfs(place), place.parent()) {
            (Ok(disk), _) => return Ok(disk),
            (Err(rustix::io::Errno::NOENT), Some(parent)) => place = parent,
            (Err(why), _) => return Err(error(why.into())),
        }
    }
}
