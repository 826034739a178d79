//! Files that appear whole or not at all: written beside their final name, renamed when done.

use std::{
    fs,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use loopy_media::mux::Container;
use serde::Serialize;

use crate::{Error, scan::plain};

/// Where a video goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Fragmented mp4 to standard output.
    Stdout,
    /// A file; its ending names the container.
    File(PathBuf),
}

impl Target {
    /// The container that the name asks for.
    ///
    /// # Errors
    /// [`Error::Usage`] for an ending that is none of ours.
    pub fn container(&self, fragmented: bool) -> Result<Container, Error> {
        let Self::File(path) = self else {
            return Ok(Container::FragmentedMp4);
        };
        let ending = path
            .extension()
            .map(|e| e.to_string_lossy().to_ascii_lowercase());
        match ending.as_deref() {
            Some("mp4" | "m4v" | "mov") if fragmented => Ok(Container::FragmentedMp4),
            Some("mp4" | "m4v" | "mov") => Ok(Container::Mp4),
            Some("mkv") => Ok(Container::Mkv),
            _ => Err(Error::Usage(format!(
                "the output `{}` should end in .mp4 or .mkv (or be `-` for standard output)",
                loopy_core::clip::show(path)
            ))),
        }
    }

    /// Finds out before the work starts whether the place can be written to.
    pub fn check(&self) -> Result<(), Error> {
        let Self::File(path) = self else {
            return Ok(());
        };
        if path.is_dir() {
            return Err(fail(path, "it is a folder"));
        }
        Partial::create(path).map(drop)
    }
}

const SUFFIX: &str = ".partial";

/// A file being written under another name; gone when dropped, final when [`Partial::finish`]ed.
#[derive(Debug)]
pub struct Partial {
    file: tempfile::NamedTempFile,
    target: PathBuf,
}

impl Partial {
    /// A temporary file in the folder of `target`.
    pub fn create(target: &Path) -> Result<Self, Error> {
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let name = target
            .file_name()
            .ok_or_else(|| fail(target, "it has no file name"))?;
        let mut prefix = std::ffi::OsString::from(".");
        // A long name must leave room for the temporary part.
        let bytes = name.as_encoded_bytes();
        if bytes.len() <= 200 {
            prefix.push(name);
        }
        prefix.push(".");
        sweep(folder, prefix.as_encoded_bytes());
        let file = tempfile::Builder::new()
            .prefix(&prefix)
            .suffix(SUFFIX)
            .permissions(permissions())
            .tempfile_in(folder)
            .map_err(|error| fail(target, &plain(&error)))?;
        // Held until the file has its name: tells a later run that somebody is still writing.
        if let Err(error) = file.as_file().try_lock() {
            tracing::debug!(%error, "the temporary file cannot be locked");
        }
        Ok(Self {
            file,
            target: target.to_owned(),
        })
    }

    /// The temporary name.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Gives the file its final name.
    pub fn finish(self) -> Result<(), Error> {
        let target = self.target;
        // The name must not be on the disk before the bytes are.
        self.file
            .as_file()
            .sync_all()
            .map_err(|error| fail(&target, &plain(&error)))?;
        self.file
            .persist(&target)
            .map(drop)
            .map_err(|error| fail(&target, &plain(&error.error)))
    }
}

/// Removes what a run that was killed left behind: temporary files that nobody holds.
fn sweep(folder: &Path, prefix: &[u8]) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        if !name.starts_with(prefix) || !name.ends_with(SUFFIX.as_bytes()) {
            continue;
        }
        let unheld = fs::File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok());
        if unheld && let Err(error) = fs::remove_file(entry.path()) {
            tracing::debug!(%error, "a leftover temporary file stays");
        }
    }
}

#[cfg(unix)]
fn permissions() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    // As any other file of the user's; the umask takes away what it takes.
    fs::Permissions::from_mode(0o666)
}

#[cfg(not(unix))]
fn permissions() -> fs::Permissions {
    fs::Permissions::from(
        fs::metadata(".")
            .map(|m| m.permissions())
            .unwrap_or_default(),
    )
}

/// Writes bytes whole or not at all.
pub fn write(target: &Path, bytes: &[u8]) -> Result<(), Error> {
    write_with(target, |file| file.write_all(bytes))
}

/// Writes a document as JSON, whole or not at all; piece by piece, because that of a long video is
/// long.
pub fn write_json(target: &Path, document: &impl Serialize) -> Result<(), Error> {
    write_with(target, |file| {
        Ok(serde_json::to_writer_pretty(file, document)?)
    })
}

fn write_with(
    target: &Path,
    fill: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<(), Error> {
    let mut partial = Partial::create(target)?;
    let mut file = BufWriter::new(partial.file.as_file_mut());
    fill(&mut file)
        .and_then(|()| file.flush())
        .map_err(|error| fail(target, &plain(&error)))?;
    drop(file);
    partial.finish()
}

fn fail(path: &Path, why: &str) -> Error {
    Error::Output {
        path: path.to_owned(),
        why: why.to_owned(),
    }
}
