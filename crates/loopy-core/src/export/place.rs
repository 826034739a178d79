//! Where clips are, as other programs name it: absolute paths and `file` URLs.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

/// What relative paths of clips are relative to, and where the exported file will lie.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
    /// Folder that relative paths start from; absolute.
    pub root: &'a Path,
    /// Folder of the exported file, absolute; `None` when it has none.
    pub folder: Option<&'a Path>,
}

impl Places<'_> {
    /// `path`, absolute and without `.` parts.
    pub(super) fn absolute(&self, path: &Path) -> PathBuf {
        self.root.join(path).components().collect()
    }
}

/// `path` as a `file` URL. Every byte that a URL cannot hold is percent-encoded, so that names that
/// are not UTF-8 arrive whole.
pub(super) fn url(path: &Path) -> String {
    let mut url = "file://".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                url.push(char::from(*byte));
            }
            other => {
                // Writing to a String cannot fail.
                let _infallible = write!(url, "%{other:02X}");
            }
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_url_holds_every_name() {
        use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};
        let name = OsStr::from_bytes(b"/clips/a b#1%\xff\n.mp4");
        assert_eq!(url(Path::new(name)), "file:///clips/a%20b%231%25%FF%0A.mp4");
    }

    #[test]
    fn relative_paths_start_at_the_root() {
        let places = Places {
            root: Path::new("/home/me"),
            folder: None,
        };
        let absolute = |path: &str| places.absolute(Path::new(path));
        assert_eq!(absolute("./clips/a.mp4"), Path::new("/home/me/clips/a.mp4"));
        assert_eq!(absolute("/clips/a.mp4"), Path::new("/clips/a.mp4"));
    }
}
