//! What a finished video shows more than once, told from the video alone.

use std::path::Path;

use loopy_core::Rate;
use loopy_sight::repeats::{self, Repeat};
use serde::Serialize;

use crate::{
    Error,
    events::{Event, Sink, Stage},
    fingerprint,
};

/// Shortest repeat that is told, in microseconds.
const SHORTEST: u64 = 2_000_000;

/// What a video repeats.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Repeats {
    /// Frames of the video.
    pub frames: u64,
    /// Its frame rate.
    pub fps: Rate,
    /// Stretches that were shown before, in order, each with its last showing before.
    pub repeats: Vec<Told>,
    /// Share of the video that lies in them.
    pub repeated: f64,
    /// Fewest frames from a showing to the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub soonest: Option<u64>,
    /// Frames of the longest.
    pub longest: u64,
}

/// A stretch that was shown before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    /// First frame of it.
    pub start: u64,
    /// First frame of the showing before.
    pub earlier: u64,
    /// Frames.
    pub frames: u64,
}

/// Finds what the video at `path` shows more than once.
///
/// # Errors
/// When the video cannot be read, or Ctrl-C was pressed.
pub fn run(path: &Path, sink: Sink, interrupted: &dyn Fn() -> bool) -> Result<Repeats, Error> {
    let film = fingerprint::film(path, sink, interrupted)?;
    let frames = film.prints.len() as u64;
    sink(Event::StageStarted {
        stage: Stage::Compare,
        total: frames,
        unit: "frames",
    });
    let shortest = film.fps.frames_in(SHORTEST).max(1);
    let found = repeats::find(&film.prints, shortest as usize, &mut |done| {
        sink(Event::Progress {
            stage: Stage::Compare,
            done,
            total: frames,
        });
    });
    let told = |repeat: &Repeat| Told {
        start: repeat.start,
        earlier: repeat.earlier,
        frames: repeat.frames,
    };
    let shown: u64 = found.iter().map(|repeat| repeat.frames).sum();
    Ok(Repeats {
        frames,
        fps: film.fps,
        repeated: shown as f64 / frames.max(1) as f64,
        soonest: found
            .iter()
            .map(|repeat| repeat.start - repeat.earlier)
            .min(),
        longest: found.iter().map(|repeat| repeat.frames).max().unwrap_or(0),
        repeats: found.iter().map(told).collect(),
    })
}
