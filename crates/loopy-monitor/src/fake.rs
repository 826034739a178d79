//! A machine of files, for tests.

use std::{fs, path::Path};

use tempfile::TempDir;

use crate::Machine;

/// A folder with `proc` and `sys` in it.
pub(crate) struct Fake(TempDir);

/// Our own number on it.
pub(crate) const OWN: u32 = 100;

impl Fake {
    /// With these files, by their whole paths.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let fake = Self(tempfile::tempdir().unwrap());
        for folder in ["proc", "sys"] {
            fs::create_dir(fake.0.path().join(folder)).unwrap();
        }
        for (path, text) in files {
            fake.write(path, text);
        }
        fake
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A process and its parent, with its ticks and resident pages.
    pub(crate) fn process(&self, pid: u32, parent: u32, ticks: u64, pages: u64) {
        let text = format!(
            "{pid} (loopy) S {parent} 1 1 0 -1 0 0 0 0 0 {ticks} 0 0 0 20 0 1 0 5 2998272 {pages} 0 0\n"
        );
        self.write(&format!("/proc/{pid}/stat"), &text);
    }

    /// What the kernel lists below a process.
    pub(crate) fn children(&self, pid: u32, children: &str) {
        self.write(&format!("/proc/{pid}/task/{pid}/children"), children);
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_dir_all(self.0.path().join(path.trim_start_matches('/'))).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn machine(&self) -> Machine {
        Machine::at(self.path().join("proc"), self.path().join("sys"), OWN)
    }
}
