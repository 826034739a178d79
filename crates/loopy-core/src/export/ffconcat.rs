//! A plan as a script for FFmpeg's concat demuxer: the visits without the bridges between them.
//!
//! The demuxer seeks to the key frame at or before an in-point, so that players show up to one
//! group of pictures too much there; the stated durations are exact.

use std::path::{Path, PathBuf};

use super::{Places, seconds};
use crate::{
    Plan,
    clip::show,
    plan::{Seam, SeamKind},
};

/// Why a plan cannot be written as a script.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A script has a line for each file.
    #[error("a script of FFmpeg cannot name {}: there is a line break in it", show(.0))]
    LineBreak(PathBuf),
}

impl Error {
    /// What helps.
    pub fn hint(&self) -> &'static str {
        "rename the file, or export as .csv or .otio, which can name it"
    }
}

/// Writes `plan`, which holds together ([`Plan::check`]).
///
/// The script is bytes: a name that is not UTF-8 is written as it is, which is what FFmpeg reads.
///
/// # Errors
/// [`Error::LineBreak`].
pub fn write(plan: &Plan, places: Places) -> Result<Vec<u8>, Error> {
    let mut script = b"ffconcat version 1.0\n".to_vec();
    let mut line = |text: &str| {
        script.extend_from_slice(text.as_bytes());
        script.push(b'\n');
    };
    let bridges = plan.seams.iter().filter(|seam| seam.frames > 0);
    let (count, frames) = bridges.fold((0, 0), |(count, frames), seam| {
        (count + 1, frames + u64::from(seam.frames))
    });
    line(
        "# Played with `ffmpeg -safe 0 -i FILE` (or ffplay). Visits alone: in-points are exact where",
    );
    line("# they fall on key frames, elsewhere players begin at the key frame before.");
    line(&format!(
        "# Bridges are drawn and not in any clip: {count} of them, {frames} frames, are left out."
    ));
    for (index, visit) in plan.visits.iter().enumerate() {
        let clip = &plan.clip(visit).clip;
        script.extend_from_slice(b"\nfile ");
        script.extend_from_slice(&quoted(&name(clip.path.as_path(), places))?);
        let mut line = |text: String| {
            script.extend_from_slice(text.as_bytes());
            script.push(b'\n');
        };
        line(String::new());
        line(format!("inpoint {}", seconds(clip.time(visit.first))));
        // The out-point is excluded; times of frames are rounded to nearest, and it must not lie
        // behind the frame that it keeps out.
        let out = clip.time(visit.last + 1).max(1) - 1;
        line(format!("outpoint {}", seconds(out)));
        let length =
            plan.fps.micros(u64::from(visit.leave)) - plan.fps.micros(u64::from(visit.enter));
        line(format!("duration {}", seconds(length)));
        if let Some(seam) = plan.seams.get(index)
            && seam.frames > 0
        {
            line(left_out(seam));
        }
    }
    Ok(script)
}

fn left_out(seam: &Seam) -> String {
    let what = match seam.kind {
        SeamKind::Morph => "morph",
        SeamKind::Motion => "motion",
        SeamKind::Dissolve => "dissolve",
        SeamKind::Cut | SeamKind::SceneChange => "bridge",
    };
    let ending = if seam.frames == 1 { "" } else { "s" };
    format!("# left out here: {what}, {} frame{ending}", seam.frames)
}

/// The clip as the script names it: relative to the script where FFmpeg calls such a name safe,
/// otherwise in full, with the protocol, because FFmpeg reads `a:b.mp4` as one.
fn name(path: &Path, places: Places) -> Vec<u8> {
    let absolute = places.absolute(path);
    let inside = places
        .folder
        .and_then(|folder| absolute.strip_prefix(folder).ok())
        .map(|path| path.as_os_str().as_encoded_bytes())
        .filter(|bytes| safe(bytes));
    if let Some(bytes) = inside {
        return bytes.to_vec();
    }
    [b"file:", absolute.as_os_str().as_encoded_bytes()].concat()
}

/// FFmpeg's own rule: portable characters, and no part that begins with a dot.
fn safe(path: &[u8]) -> bool {
    let portable =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
    path.iter().all(portable)
        && path
            .split(|byte| *byte == b'/')
            .all(|part| !part.starts_with(b"."))
}

/// In single quotes, where everything but the quote itself stands for itself.
fn quoted(name: &[u8]) -> Result<Vec<u8>, Error> {
    if name.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
        let name = String::from_utf8_lossy(name);
        let name = name.strip_prefix("file:").unwrap_or(&name);
        return Err(Error::LineBreak(PathBuf::from(name)));
    }
    let mut text = vec![b'\''];
    for byte in name {
        match byte {
            b'\'' => text.extend_from_slice(b"'\\''"),
            other => text.push(*other),
        }
    }
    text.push(b'\'');
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ClipPath,
        walk::{self, sample::library},
    };

    fn places() -> Places<'static> {
        Places {
            root: Path::new("/films"),
            folder: Some(Path::new("/films/out")),
        }
    }

    fn plan() -> Plan {
        walk::plan(&library(6, 6, 120, 3, 6), &walk::Options::default()).unwrap()
    }

    #[test]
    fn durations_are_those_of_the_visits_to_the_microsecond() {
        let plan = plan();
        let script = String::from_utf8(write(&plan, places()).unwrap()).unwrap();
        assert!(script.starts_with("ffconcat version 1.0\n"));
        let all = |key: &str| -> Vec<f64> {
            let lines = script.lines().filter_map(|line| line.strip_prefix(key));
            lines.map(|text| text.trim().parse().unwrap()).collect()
        };
        let (inpoints, outpoints) = (all("inpoint "), all("outpoint "));
        let durations = all("duration ");
        assert_eq!(durations.len(), plan.visits.len());
        for (index, visit) in plan.visits.iter().enumerate() {
            let frames = f64::from(visit.frames()) / 30.0;
            assert!((durations[index] - frames).abs() < 2e-6);
            assert!((outpoints[index] - inpoints[index] - frames).abs() < 4e-6);
        }
        let bridges = plan.seams.iter().filter(|seam| seam.frames > 0).count();
        assert!(bridges > 0);
        assert_eq!(script.matches("# left out here").count(), bridges);
    }

    #[test]
    fn names_are_quoted_and_relative_only_where_ffmpeg_trusts_them() {
        let named = |path: &str| quoted(&name(Path::new(path), places()));
        let text = |path: &str| String::from_utf8(named(path).unwrap()).unwrap();
        assert_eq!(text("out/clips/a.mp4"), "'clips/a.mp4'");
        assert_eq!(text("out/clips/a b.mp4"), "'file:/films/out/clips/a b.mp4'");
        assert_eq!(text("out/.hidden.mp4"), "'file:/films/out/.hidden.mp4'");
        assert_eq!(text("it's\\.mp4"), "'file:/films/it'\\''s\\.mp4'");
        let broken = Path::new("/films/a\nb.mp4").to_owned();
        assert_eq!(named("a\nb.mp4"), Err(Error::LineBreak(broken)));
    }

    #[cfg(unix)]
    #[test]
    fn a_name_that_is_not_utf8_is_written_as_it_is() {
        use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};
        let mut plan = plan();
        for planned in &mut plan.clips {
            planned.clip.path = ClipPath::from(Path::new(OsStr::from_bytes(b"a\xff.mp4")));
        }
        let script = write(&plan, places()).unwrap();
        let line = b"\nfile 'file:/films/a\xff.mp4'\n";
        assert!(script.windows(line.len()).any(|part| part == line));
    }
}
