//! The output clock: which source frame each output frame of a clip shows.
//!
//! Clips, ports and edges live in source frames. For one output rate, a clip becomes a row of
//! output frames; a port at source boundary `b` becomes the first output frame that shows frame
//! `b` or later. Everything is integer arithmetic on absolute times, so nothing drifts.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{clip::Clip, rate::Rate};

/// How a clip of another frame rate is fitted to the output clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Show the nearest earlier source frame: frames are repeated or left out, never mixed.
    #[default]
    Duplicate,
    /// Mix the two neighbouring source frames by their distance in time.
    Blend,
}

/// What one output frame shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tap {
    /// Source frame.
    pub frame: u32,
    /// Share of the source frame after it, in 1/256; 0 in [`Mode::Duplicate`].
    pub next: u8,
}

/// The output frames of one clip at one rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClipClock {
    taps: Vec<Tap>,
}

impl ClipClock {
    /// The row of output frames that shows the usable range of `clip` at `rate`.
    ///
    /// The row is as long as the range lasts, rounded to whole output frames, at least one.
    pub fn new(clip: &Clip, rate: Rate, mode: Mode) -> Self {
        let origin = clip.time(clip.first);
        let count = rate.frames_in(clip.micros().max(0) as u64).max(1);
        // A source frame counts as due up to an eighth of an output frame early: container times
        // are rounded to milliseconds or coarser, and must not make one frame show twice.
        let slack = rate.micros(1) / 8;
        let last = clip.until - 1;
        let mut frame = clip.first;
        let taps = (0..count)
            .map(|index| {
                let now = origin + rate.micros(index);
                while frame < last && clip.time(frame + 1) <= now + slack {
                    frame += 1;
                }
                let next = if mode == Mode::Blend && frame < last {
                    let (from, to) = (clip.time(frame), clip.time(frame + 1));
                    let share = (now - from).max(0) * 256 / (to - from).max(1);
                    // Within the slack of either side, a whole frame is the sharper answer.
                    if share < 16 { 0 } else { share.min(240) as u8 }
                } else {
                    0
                };
                Tap { frame, next }
            })
            .collect();
        Self { taps }
    }

    /// Output frames in the row.
    pub fn len(&self) -> u32 {
        self.taps.len() as u32
    }

    /// A row is never empty; here because `len` is.
    pub fn is_empty(&self) -> bool {
        self.taps.is_empty()
    }

    /// What output frame `index` of the clip shows.
    pub fn tap(&self, index: u32) -> Tap {
        self.taps[(index as usize).min(self.taps.len() - 1)]
    }

    /// The taps of `range`.
    pub fn taps(&self, range: Range<u32>) -> &[Tap] {
        &self.taps[range.start as usize..range.end as usize]
    }

    /// The output frame at which source boundary `boundary` lies: the first that shows that
    /// source frame or a later one, or the end of the row.
    pub fn position(&self, boundary: u32) -> u32 {
        self.taps.partition_point(|tap| tap.frame < boundary) as u32
    }
}
