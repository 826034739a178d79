//! Plans for other programs: a sheet that people edit and we read back (CSV), a list for FFmpeg
//! (ffconcat), a timeline for editors (OpenTimelineIO).

pub mod ffconcat;
pub mod otio;
mod place;
pub mod sheet;

use std::path::Path;

pub use self::place::Places;

/// How a plan is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// The plan itself.
    Json,
    /// A row for each visit; can be edited and read back.
    Csv,
    /// A script for FFmpeg's concat demuxer.
    Ffconcat,
    /// A timeline for editors.
    Otio,
}

impl Format {
    /// The format that the ending of a file name asks for.
    pub fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        Some(match ending.as_str() {
            "json" => Self::Json,
            "csv" => Self::Csv,
            "ffconcat" => Self::Ffconcat,
            "otio" => Self::Otio,
            _ => return None,
        })
    }
}

/// Seconds with six digits, from microseconds.
fn seconds(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let micros = micros.unsigned_abs();
    format!("{sign}{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}
