//! The hash of a file's bytes, read only when the file is not known unchanged.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    os::unix::{ffi::OsStrExt, fs::OpenOptionsExt},
    path::Path,
    time::SystemTime,
};

use loopy_core::Hash;

use super::{Error, Index, Stamp, bytes, seal};

/// Bytes read at a time.
const CHUNK: usize = 256 << 10;

impl Index {
    /// The hash of the bytes of the file at `path`: remembered where the file is unchanged since,
    /// read otherwise. An index that fails is only logged: it saves time and nothing else.
    ///
    /// # Errors
    /// When the file cannot be read, is no regular file (a pipe would never end), or changes while
    /// it is read.
    pub fn content_hash(&self, path: &Path) -> io::Result<Hash> {
        let whole = std::path::absolute(path)?;
        let file = open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        let stamp = Stamp::of(&metadata);
        match self.known_hash(&whole, &stamp) {
            Ok(Some(hash)) => return Ok(hash),
            Ok(None) => {}
            Err(error) => tracing::warn!("a file is read again: {error}"),
        }
        // Before reading, so that a write during the read finds the file unsettled.
        let settled = stamp.is_settled(SystemTime::now());
        let hash = read(&file)?;
        if Stamp::of(&file.metadata()?) != stamp {
            return Err(io::Error::other("it changes while it is read"));
        }
        if settled && let Err(error) = self.remember_hash(&whole, &stamp, &hash) {
            tracing::warn!("a file will be read again next time: {error}");
        }
        Ok(hash)
    }

    /// The remembered hash of the file at the absolute `path`, if it still looks like `stamp`.
    fn known_hash(&self, path: &Path, stamp: &Stamp) -> Result<Option<Hash>, Error> {
        let (path, stamp) = (path.as_os_str().as_bytes(), stamp.to_bytes());
        let row = self.find(
            "SELECT hash, seal FROM files WHERE path = ?1 AND stamp = ?2",
            &[&path, &&stamp[..]],
            |row| Ok((bytes(row, 0)?, bytes(row, 1)?)),
        )?;
        Ok(row.and_then(|(hash, sealed)| {
            let whole = seal(&[path, &stamp, &hash])[..] == sealed;
            whole
                .then(|| hash.try_into().ok().map(Hash::from_bytes))
                .flatten()
        }))
    }

    fn remember_hash(&self, path: &Path, stamp: &Stamp, hash: &Hash) -> Result<(), Error> {
        let (path, stamp) = (path.as_os_str().as_bytes(), stamp.to_bytes());
        let seal = seal(&[path, &stamp, hash.as_bytes()]);
        self.change(
            "INSERT OR REPLACE INTO files (path, stamp, hash, seal) VALUES (?1, ?2, ?3, ?4)",
            &[&path, &&stamp[..], &&hash.as_bytes()[..], &&seal[..]],
        )?;
        Ok(())
    }
}

/// The hash of a file as it is now.
pub(crate) fn hash_of(path: &Path) -> io::Result<Hash> {
    read(&open(path)?)
}

/// Opens without waiting, should the path have become a pipe.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32)
        .open(path)
}

fn read(mut file: &File) -> io::Result<Hash> {
    let mut sum = blake3::Hasher::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok(Hash::from_bytes(*sum.finalize().as_bytes())),
            Ok(got) => {
                sum.update(&chunk[..got]);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn stamp(path: &Path) -> Stamp {
        Stamp::of(&fs::metadata(path).unwrap())
    }

    #[test]
    fn an_unchanged_file_is_not_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let index = Index::open(dir.path()).unwrap();
        let file = dir.path().join("clip");
        fs::write(&file, "as it is").unwrap();
        // What only the index can say shows that the file was not read.
        let remembered = Hash::of(b"as remembered");
        index
            .remember_hash(&file, &stamp(&file), &remembered)
            .unwrap();
        assert_eq!(index.content_hash(&file).unwrap(), remembered);
        // A relative path to it is the same file.
        let roundabout = dir.path().join(".").join("clip");
        assert_eq!(index.content_hash(&roundabout).unwrap(), remembered);

        fs::write(&file, "as it was changed").unwrap();
        assert_eq!(
            index.content_hash(&file).unwrap(),
            Hash::of(b"as it was changed")
        );
    }

    #[test]
    fn times_set_back_do_not_hide_a_change_of_equal_size() {
        let dir = tempfile::tempdir().unwrap();
        let index = Index::open(dir.path()).unwrap();
        let file = dir.path().join("clip");
        fs::write(&file, "one").unwrap();
        let before = stamp(&file);
        index
            .remember_hash(&file, &before, &Hash::of(b"one"))
            .unwrap();
        let modified = fs::metadata(&file).unwrap().modified().unwrap();
        // Clocks of file systems tick in milliseconds; rewrite until the tick has come.
        while stamp(&file).changed == before.changed {
            fs::write(&file, "two").unwrap();
            File::open(&file).unwrap().set_modified(modified).unwrap();
        }
        assert_eq!(stamp(&file).modified, before.modified);
        assert_eq!(index.content_hash(&file).unwrap(), Hash::of(b"two"));
    }

    #[test]
    fn a_file_written_just_now_is_not_trusted_next_time() {
        let dir = tempfile::tempdir().unwrap();
        let index = Index::open(dir.path()).unwrap();
        let file = dir.path().join("clip");
        fs::write(&file, "young").unwrap();
        index.content_hash(&file).unwrap();
        assert_eq!(index.known_hash(&file, &stamp(&file)).unwrap(), None);

        // This source is older than its compilation.
        let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let hash = index.content_hash(&old).unwrap();
        assert_eq!(index.known_hash(&old, &stamp(&old)).unwrap(), Some(hash));
    }

    #[test]
    fn what_is_no_file_is_refused_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let index = Index::open(dir.path()).unwrap();
        let pipe = dir.path().join("pipe.mp4");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RWXU,
            0,
        )
        .unwrap();
        for path in [pipe.as_path(), dir.path()] {
            let error = index.content_hash(path).unwrap_err();
            assert!(error.to_string().contains("not a regular file"), "{error}");
        }
        let missing = index.content_hash(&dir.path().join("missing")).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_seal_tells_a_changed_row() {
        let dir = tempfile::tempdir().unwrap();
        let index = Index::open(dir.path()).unwrap();
        let file = dir.path().join("clip");
        fs::write(&file, "content").unwrap();
        index
            .remember_hash(&file, &stamp(&file), &Hash::of(b"content"))
            .unwrap();
        index
            .change(
                "UPDATE files SET hash = ?1",
                &[&&Hash::of(b"other").as_bytes()[..]],
            )
            .unwrap();
        assert_eq!(index.known_hash(&file, &stamp(&file)).unwrap(), None);
    }
}
