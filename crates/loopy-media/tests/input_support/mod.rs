//! What the tests of the input side share: where the shared media lie, and small made sources.

#![allow(clippy::print_stdout, reason = "a skipped test says so")]
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use loopy_core::{limits::Limits, normalise::Normalise, size::Size};
use loopy_media::{
    Error,
    decode::{Faults, Picture, Reader},
    probe::probe,
};

/// A folder of the shared media, when this machine has them.
pub(crate) fn shared(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("LOOPY_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let path = root.join(folder);
    if !path.is_dir() {
        println!("skipped: no {}", path.display());
        return None;
    }
    Some(path)
}

/// One file of the broken and unusual media.
pub(crate) fn hostile(name: &str) -> Option<PathBuf> {
    Some(shared("hostile")?.join(name))
}

/// Runs `ffmpeg` with these arguments and `to` at the end; false when the machine has none.
pub(crate) fn ffmpeg(arguments: &str, to: &Path) -> bool {
    let status = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y"])
        .args(arguments.split_whitespace())
        .arg(to)
        .stdin(Stdio::null())
        .status();
    match status {
        Ok(status) => {
            assert!(status.success(), "ffmpeg {arguments}");
            true
        }
        Err(error) => {
            println!("skipped: ffmpeg does not run ({error})");
            false
        }
    }
}

/// All pictures of a file, and what went wrong.
pub(crate) fn read(path: &Path, wanted: &Normalise) -> Result<(Vec<Picture>, Faults), Error> {
    let limits = Limits::default();
    let facts = probe(path, &limits)?;
    let mut reader = Reader::open(path, &facts, wanted, 1, &limits)?;
    let mut pictures = Vec::new();
    while let Some(picture) = reader.next()? {
        pictures.push(picture);
    }
    assert!(reader.fallbacks().is_empty(), "{:?}", reader.fallbacks());
    Ok((pictures, reader.faults().clone()))
}

/// To this size with everything else as usual.
pub(crate) fn to(width: u32, height: u32) -> Normalise {
    Normalise::to(Size::new(width, height))
}

/// Luma, U and V at a pixel.
pub(crate) fn at(picture: &Picture, x: u32, y: u32) -> [u8; 3] {
    let width = picture.frame.size().width;
    let [luma, u, v] = picture.frame.planes();
    let chroma = (y / 2 * (width / 2) + x / 2) as usize;
    [luma[(y * width + x) as usize], u[chroma], v[chroma]]
}

/// Asserts that two colours differ by at most `by` in each part.
#[track_caller]
pub(crate) fn near(got: [u8; 3], wanted: [u8; 3], by: u8) {
    let close = got
        .iter()
        .zip(wanted)
        .all(|(got, wanted)| got.abs_diff(wanted) <= by);
    assert!(close, "{got:?} is not {wanted:?}");
}

/// Average luma.
pub(crate) fn brightness(picture: &Picture) -> f64 {
    let [luma, ..] = picture.frame.planes();
    luma.iter().map(|value| f64::from(*value)).sum::<f64>() / luma.len() as f64
}
