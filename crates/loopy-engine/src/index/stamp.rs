//! What a file looks like from outside, to tell whether it changed since it was read.

use std::{
    fs::Metadata,
    os::unix::fs::MetadataExt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A file younger than this may be written again without its times showing it.
const RACY: Duration = Duration::from_secs(2);

/// Size, times and identity of a file. Equal stamps mean an unchanged file, unless it was written
/// to just before it was looked at (see [`Stamp::is_settled`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    /// Size in bytes.
    size: u64,
    /// Last change of the content, in nanoseconds since 1970.
    pub(super) modified: i128,
    /// Last change of content or metadata, in nanoseconds since 1970. Unlike `modified` it cannot
    /// be set back.
    pub(super) changed: i128,
    /// Number of the file on its device.
    inode: u64,
    /// The device.
    device: u64,
}

impl Stamp {
    /// The stamp in a file's metadata.
    pub(super) fn of(metadata: &Metadata) -> Self {
        let nanos =
            |seconds: i64, nanos: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
        Self {
            size: metadata.len(),
            modified: nanos(metadata.mtime(), metadata.mtime_nsec()),
            changed: nanos(metadata.ctime(), metadata.ctime_nsec()),
            inode: metadata.ino(),
            device: metadata.dev(),
        }
    }

    /// Whether the file had rested for 2 s at `now`. Clocks of file systems are coarse, so that a
    /// younger file may change once more and keep its stamp. Times in the future are not trusted.
    pub(super) fn is_settled(&self, now: SystemTime) -> bool {
        let now = now
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_nanos() as i128);
        self.modified.max(self.changed) + RACY.as_nanos() as i128 <= now
    }

    /// The stamp as it is kept.
    pub(super) fn to_bytes(self) -> [u8; 56] {
        let mut bytes = [0; 56];
        bytes[..8].copy_from_slice(&self.size.to_le_bytes());
        bytes[8..24].copy_from_slice(&self.modified.to_le_bytes());
        bytes[24..40].copy_from_slice(&self.changed.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.inode.to_le_bytes());
        bytes[48..].copy_from_slice(&self.device.to_le_bytes());
        bytes
    }
}
