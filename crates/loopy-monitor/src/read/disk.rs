//! The disk that a folder lies on.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::Reading;

/// Room on a disk, in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// The folder that was asked for.
    pub path: PathBuf,
    /// All of the disk.
    pub total: u64,
    /// What an ordinary user may still write.
    pub free: u64,
}

/// The disk of `folder` or, where that does not exist yet, of its nearest parent that does.
pub(crate) fn of(folder: &Path) -> Reading<Disk> {
    let unknown = |why: io::Error| {
        Reading::unknown(format!(
            "the disk of {} cannot be asked: {why}",
            folder.display()
        ))
    };
    let whole = match std::path::absolute(folder) {
        Ok(whole) => whole,
        Err(why) => return unknown(why),
    };
    let mut place = whole.as_path();
    loop {
        match (rustix::fs::statvfs(place), place.parent()) {
            (Ok(disk), _) => {
                return Reading::Known(Disk {
                    path: folder.to_owned(),
                    total: disk.f_blocks.saturating_mul(disk.f_frsize),
                    free: disk.f_bavail.saturating_mul(disk.f_frsize),
                });
            }
            (Err(rustix::io::Errno::NOENT), Some(parent)) => place = parent,
            (Err(why), _) => return unknown(why.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_still_to_be_made_lies_on_its_parents_disk() {
        let dir = tempfile::tempdir().unwrap();
        let here = of(dir.path()).known().cloned().unwrap();
        let below = of(&dir.path().join("a/b")).known().cloned().unwrap();
        assert!(here.total > 0 && here.free <= here.total);
        assert_eq!(below.total, here.total);
    }

    #[test]
    fn a_file_as_a_folder_is_a_reason() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let reading = of(&file.path().join("below"));
        assert!(reading.why().unwrap().contains("below"));
    }
}
