//! Clips: one usable shot of one source file, its facts and its frames in source time.

use std::{
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{color::Color, rate::Rate, size::Size, tags::Tags};

/// A blake3 hash, written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Hash([u8; 32]);

/// Why a text is not a hash.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a hash is 64 hexadecimal digits")]
pub struct ParseHashError;

impl Hash {
    /// The hash of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// The hash of `value` as JSON, fed piece by piece, because that of a long plan is long.
    pub(crate) fn of_json(value: &impl Serialize) -> Self {
        let mut hasher = blake3::Hasher::new();
        // A hasher takes every byte, and our nouns hold nothing that JSON cannot: no maps with
        // keys that are not strings.
        let _infallible = serde_json::to_writer(&mut hasher, value);
        Self(*hasher.finalize().as_bytes())
    }

    /// A hash computed elsewhere.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(blake3::Hash::from_bytes(self.0).to_hex().as_str())
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = ParseHashError;
    fn from_str(text: &str) -> Result<Self, ParseHashError> {
        blake3::Hash::from_hex(text)
            .map(|hash| Self(*hash.as_bytes()))
            .map_err(|_bad| ParseHashError)
    }
}

impl From<Hash> for String {
    fn from(hash: Hash) -> Self {
        hash.to_string()
    }
}

impl TryFrom<String> for Hash {
    type Error = ParseHashError;
    fn try_from(text: String) -> Result<Self, ParseHashError> {
        text.parse()
    }
}

/// A path that survives JSON even when its name is not UTF-8.
///
/// Written as the plain string when that is UTF-8, otherwise as `hex:` and the bytes. Clones share
/// the path: a long film names each of its clips thousands of times.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct ClipPath(Arc<Path>);

/// Why a text is not a clip path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a path: after `hex:` come pairs of hexadecimal digits")]
pub struct ParsePathError(String);

const HEX: &str = "hex:";

impl ClipPath {
    /// The path itself.
    pub fn as_path(&self) -> &Path {
        &self.0
    }

    /// The path for people: control characters and bytes that are not UTF-8 are escaped.
    pub fn display(&self) -> String {
        show(&self.0)
    }
}

/// A path for people: control characters and bytes that are not UTF-8 are escaped, so that a name
/// can neither break a line nor drive a terminal.
pub fn show(path: &Path) -> String {
    let text = path.to_string_lossy();
    if text.chars().any(char::is_control) {
        text.chars()
            .flat_map(|c| {
                let escape = c.is_control();
                let escaped = escape.then(|| c.escape_default()).into_iter().flatten();
                escaped.chain((!escape).then_some(c))
            })
            .collect()
    } else {
        text.into_owned()
    }
}

impl fmt::Debug for ClipPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl From<PathBuf> for ClipPath {
    fn from(path: PathBuf) -> Self {
        Self(path.into())
    }
}

impl From<&Path> for ClipPath {
    fn from(path: &Path) -> Self {
        Self(path.into())
    }
}

impl From<ClipPath> for String {
    fn from(path: ClipPath) -> Self {
        match path.0.to_str() {
            Some(text) if !text.starts_with(HEX) => text.to_owned(),
            Some(text) => to_hex(text.as_bytes()),
            None => to_hex(path.0.as_os_str().as_encoded_bytes()),
        }
    }
}

fn to_hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(HEX.to_owned(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

impl TryFrom<String> for ClipPath {
    type Error = ParsePathError;

    fn try_from(text: String) -> Result<Self, ParsePathError> {
        let Some(hex) = text.strip_prefix(HEX) else {
            return Ok(PathBuf::from(text).into());
        };
        let error = || ParsePathError(text.clone());
        if hex.len() % 2 != 0 || !hex.is_ascii() {
            return Err(error());
        }
        let bytes = (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).map_err(|_bad| error()))
            .collect::<Result<Vec<u8>, _>>()?;
        Ok(PathBuf::from(os_string(bytes).ok_or_else(error)?).into())
    }
}

#[cfg(unix)]
#[expect(
    clippy::unnecessary_wraps,
    reason = "elsewhere not every row of bytes is a name"
)]
fn os_string(bytes: Vec<u8>) -> Option<OsString> {
    use std::os::unix::ffi::OsStringExt;
    Some(OsString::from_vec(bytes))
}

#[cfg(not(unix))]
fn os_string(bytes: Vec<u8>) -> Option<OsString> {
    String::from_utf8(bytes).ok().map(OsString::from)
}

/// What a container and its first video stream say, before anything is decoded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// FFmpeg's name of the container format.
    pub container: String,
    /// FFmpeg's name of the video codec.
    pub codec: String,
    /// FFmpeg's name of the pixel format.
    pub pixel_format: String,
    /// Size as coded, in pixels.
    pub coded: Size,
    /// Size as shown: rotation and sample aspect applied, rounded to even.
    pub shown: Size,
    /// Clockwise rotation that shows the picture upright: 0, 90, 180 or 270.
    pub rotation: u16,
    /// The picture is mirrored by its display matrix.
    pub mirrored: bool,
    /// The stream is flagged as interlaced.
    pub interlaced: bool,
    /// The pixel format (or its side stream) carries alpha.
    pub alpha: bool,
    /// Colour as tagged or, where untagged, as assumed.
    pub color: Color,
    /// Frame rate that the container states, if it states one.
    pub stated_rate: Option<Rate>,
    /// Length that the container states, in microseconds.
    pub stated_micros: Option<i64>,
    /// The file has a sound stream that can be decoded.
    pub sound: bool,
}

impl Facts {
    /// Those of ordinary H.264 in MP4, 8 bits, upright and without sound, of `size`.
    pub fn ordinary(size: Size) -> Self {
        Self {
            container: "mp4".to_owned(),
            codec: "h264".to_owned(),
            pixel_format: "yuv420p".to_owned(),
            coded: size,
            shown: size,
            rotation: 0,
            mirrored: false,
            interlaced: false,
            alpha: false,
            color: Color::SDR,
            stated_rate: None,
            stated_micros: None,
            sound: false,
        }
    }
}

/// One usable shot of one source file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Clip {
    /// Path as the user gave it.
    pub path: ClipPath,
    /// Hash of the file's bytes.
    pub hash: Hash,
    /// Container and stream facts.
    pub facts: Facts,
    /// Presentation time of each decoded frame in microseconds from the first, strictly rising;
    /// repaired where the file's own were broken or missing.
    pub times: Vec<i64>,
    /// Time at which the last frame ends, in microseconds from the first frame.
    pub end: i64,
    /// First frame of the usable range.
    pub first: u32,
    /// One past the last frame of the usable range.
    pub until: u32,
    /// Number of the shot among those of the file, counted from 1; 0 where the file is one clip.
    #[serde(default, skip_serializing_if = "is_only")]
    pub shot: u32,
    /// Where the file's sound lies relative to the first frame: sound time = frame time + this,
    /// in microseconds from the first sound sample.
    pub sound_offset: i64,
    /// Name, state and words read from the file name.
    pub tags: Tags,
    /// Scene (component of the graph) that the clip belongs to.
    pub scene: u32,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "what serde calls takes references"
)]
fn is_only(shot: &u32) -> bool {
    *shot == 0
}

/// Microseconds that are always worth showing.
pub(crate) const ENOUGH: u32 = 1_000_000;
/// Microseconds that are worth showing again at once.
const ENOUGH_AGAIN: i64 = 2_000_000;

impl Clip {
    /// What people call it: the path, and `#2` for the second shot of several.
    pub fn name(&self) -> String {
        numbered(self.path.as_path(), self.shot)
    }

    /// [`Clip::name`] without the folder.
    pub fn short_name(&self) -> String {
        let path = self.path.as_path();
        numbered(
            Path::new(path.file_name().unwrap_or(path.as_os_str())),
            self.shot,
        )
    }

    /// Frames in the usable range.
    pub fn frames(&self) -> u32 {
        self.until - self.first
    }

    /// Time at which frame `index` starts (`end` for one past the last), in microseconds.
    pub fn time(&self, index: u32) -> i64 {
        self.times.get(index as usize).copied().unwrap_or(self.end)
    }

    /// Between boundary `from` and a later one lies enough to be shown: a second, or a third of the clip.
    pub fn worth_showing(&self, from: u32, until: u32) -> bool {
        self.has_between(from, until, i64::from(ENOUGH).min(self.micros() / 3))
    }

    /// From boundary `from` the clip may lead back to boundary `to` of its own: two seconds or half
    /// of it lie between, so that it does not stutter.
    pub fn leads_back(&self, from: u32, to: u32) -> bool {
        self.has_between(to, from, ENOUGH_AGAIN.min(self.micros() / 2))
    }

    /// Times are rounded, so one microsecond less will do.
    fn has_between(&self, from: u32, until: u32, least: i64) -> bool {
        from < until && self.time(until) - self.time(from) + 1 >= least
    }

    /// Length of the usable range in microseconds.
    pub fn micros(&self) -> i64 {
        self.time(self.until) - self.time(self.first)
    }

    /// Measured frame rate over the usable range, snapped to a standard rate when close.
    pub fn rate(&self) -> Option<Rate> {
        let micros = self.micros();
        (micros > 0)
            .then(|| f64::from(self.frames()) * 1e6 / micros as f64)
            .and_then(Rate::from_f64)
    }
}

fn numbered(path: &Path, shot: u32) -> String {
    let name = show(path);
    if shot == 0 {
        name
    } else {
        format!("{name}#{shot}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_name_that_is_not_utf8_survives_json() {
        use std::os::unix::ffi::OsStringExt;
        let path = PathBuf::from(OsString::from_vec(vec![b'a', 0xff, b'\n', b'b']));
        let clip = ClipPath::from(path.clone());
        let json = serde_json::to_string(&clip).unwrap();
        let back: ClipPath = serde_json::from_str(&json).unwrap();
        assert_eq!(back.as_path(), path);
        assert!(!clip.display().contains('\n'));
    }

    #[test]
    fn a_plain_name_stays_plain_in_json_and_a_hex_name_is_not_mistaken() {
        for name in ["a b'c.mp4", "hex:61", "-x.mp4"] {
            let clip = ClipPath::from(Path::new(name));
            let json = serde_json::to_string(&clip).unwrap();
            let back: ClipPath = serde_json::from_str(&json).unwrap();
            assert_eq!(back, clip);
        }
        assert!(ClipPath::try_from("hex:6".to_owned()).is_err());
        assert!(ClipPath::try_from("hex:é0".to_owned()).is_err());
    }
}
