//! A log file that several processes may write to, begun anew when it is full.
//!
//! `FILE` is written; `FILE.1` is the newest of the full ones. Whole lines are appended, so that lines
//! of several processes lie one after the other.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// The file, its size and its predecessors.
pub(super) struct Rotating {
    path: PathBuf,
    cap: u64,
    keep: u16,
    state: Mutex<State>,
}

struct State {
    file: File,
    /// The last write failed; whoever cares was told.
    failed: bool,
}

impl Rotating {
    /// Appends to `path`; above `cap` bytes a new file is begun, and `keep` full ones stay.
    pub(super) fn open(path: PathBuf, cap: u64, keep: u16) -> io::Result<Self> {
        let file = open(&path)?;
        Ok(Self {
            path,
            cap,
            keep,
            state: Mutex::new(State {
                file,
                failed: false,
            }),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a line. What went wrong, unless the write before went wrong as well.
    pub(super) fn line(&self, line: &[u8]) -> Option<io::Error> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let error = self.append(&mut state.file, line).err();
        let before = std::mem::replace(&mut state.failed, error.is_some());
        error.filter(|_| !before)
    }

    fn append(&self, file: &mut File, line: &[u8]) -> io::Result<()> {
        // Another process may have begun a new one.
        if !is(file, &self.path) {
            *file = open(&self.path)?;
        }
        let size = file.metadata()?.len();
        if size > 0 && size + line.len() as u64 > self.cap {
            self.turn(file)?;
        }
        file.write_all(line)
    }

    /// Moves the full file away and begins another, unless another process just did.
    fn turn(&self, file: &mut File) -> io::Result<()> {
        file.lock()?;
        if is(file, &self.path) {
            for number in (1..self.keep).rev() {
                shift(&self.numbered(number), &self.numbered(number + 1))?;
            }
            if self.keep == 0 {
                fs::remove_file(&self.path)?;
            } else {
                shift(&self.path, &self.numbered(1))?;
            }
        }
        // The lock goes with the old file.
        *file = open(&self.path)?;
        Ok(())
    }

    fn numbered(&self, number: u16) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    // It tells where clips lie: its owner may read it.
    options.append(true).create(true).mode(0o600).open(path)
}

/// Whether `path` leads to this file.
fn is(file: &File, path: &Path) -> bool {
    let id = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), fs::metadata(path)) {
        (Ok(ours), Ok(there)) => id(ours) == id(there),
        _ => false,
    }
}

fn shift(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        moved => moved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_file_is_kept_so_often_and_no_line_is_torn() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        let log = Rotating::open(path.clone(), 40, 2).unwrap();
        for number in 0..20 {
            assert!(log.line(format!("line {number:03}\n").as_bytes()).is_none());
        }
        let mut names: Vec<_> = fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["a.log", "a.log.1", "a.log.2"]);
        let text: String = ["a.log.2", "a.log.1", "a.log"]
            .iter()
            .map(|name| fs::read_to_string(dir.path().join(name)).unwrap())
            .collect();
        let lines: Vec<_> = text.lines().collect();
        let wanted: Vec<_> = (8..20).map(|number| format!("line {number:03}")).collect();
        assert_eq!(lines, wanted);
    }

    #[test]
    fn two_writers_turn_the_file_together_and_lose_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        let writers = [0, 1].map(|_| Rotating::open(path.clone(), 300, 90).unwrap());
        std::thread::scope(|scope| {
            for (who, log) in writers.iter().enumerate() {
                scope.spawn(move || {
                    for number in 0..200 {
                        assert!(
                            log.line(format!("{who} {number:03}\n").as_bytes())
                                .is_none()
                        );
                    }
                });
            }
        });
        let mut lines: Vec<String> = Vec::new();
        for entry in fs::read_dir(dir.path()).unwrap() {
            let text = fs::read_to_string(entry.unwrap().path()).unwrap();
            assert!(text.len() <= 320);
            lines.extend(text.lines().map(str::to_owned));
        }
        lines.sort();
        let wanted = [0, 1].map(|who| (0..200).map(move |number| format!("{who} {number:03}")));
        assert_eq!(lines, wanted.into_iter().flatten().collect::<Vec<_>>());
    }

    #[test]
    fn without_full_files_to_keep_the_file_begins_anew() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        let log = Rotating::open(path.clone(), 10, 0).unwrap();
        for line in ["first\n", "second\n"] {
            assert!(log.line(line.as_bytes()).is_none());
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "second\n");
    }

    #[test]
    fn what_cannot_be_written_is_told_once() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("folder");
        fs::create_dir(&folder).unwrap();
        let log = Rotating::open(folder.join("a.log"), 100, 1).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert!(log.line(b"a\n").is_some());
        assert!(log.line(b"b\n").is_none());
        fs::create_dir(&folder).unwrap();
        assert!(log.line(b"c\n").is_none());
        assert_eq!(fs::read_to_string(folder.join("a.log")).unwrap(), "c\n");
    }
}
