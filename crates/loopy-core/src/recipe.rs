//! Recipes: everything that decides a segment's bytes, hashed into its key.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    clip,
    clock::{ClipClock, Mode},
    encode::Settings,
    grade::Grade,
    normalise::Normalise,
    rate::Rate,
};

/// What a segment holds and how it is made. Two equal recipes give equal bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Recipe {
    /// The pictures.
    pub pictures: Pictures,
    /// Output frame rate.
    pub fps: Rate,
    /// How other rates are fitted to it.
    pub rate_mode: Mode,
    /// Pixel work.
    pub normalise: Normalise,
    /// Encoder settings.
    pub encode: Settings,
    /// Frames at the head and the tail that carry a visible mark, for previews.
    #[serde(default, skip_serializing_if = "Marks::none")]
    pub marks: Marks,
    /// Versions of the program's pixel path and of the libraries that decide the bytes.
    pub versions: String,
}

/// How many frames next to a joint are visibly marked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Marks {
    /// Frames from the start of the segment.
    pub head: u32,
    /// Frames before its end.
    pub tail: u32,
}

impl Marks {
    /// No frame is marked.
    pub fn none(&self) -> bool {
        *self == Self::default()
    }

    /// Frame `index` of a segment of `frames` is marked.
    pub fn covers(self, index: u32, frames: u32) -> bool {
        index < self.head || index + self.tail >= frames
    }
}

/// A row of frames of one clip on its output clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    /// The source.
    pub source: clip::Hash,
    /// First frame of the row on the clip's output clock. Where the clock starts depends on trims,
    /// so the row's place is no part of the key: what it shows is.
    pub from: u32,
    /// One past the last.
    pub to: u32,
    /// Hash of the source frames that the row shows.
    pub taps: clip::Hash,
    /// Correction of the clip's light and colour. Left out where it changes nothing, so that it
    /// does not change the key either.
    #[serde(default, skip_serializing_if = "Grade::is_identity")]
    pub grade: Grade,
}

impl Row {
    /// Frames `from..to` of `clock`, a clock of the file whose hash is `source`, as they are.
    pub fn new(source: clip::Hash, clock: &ClipClock, from: u32, to: u32) -> Self {
        let mut bytes = Vec::with_capacity((to - from) as usize * 5);
        for tap in clock.taps(from..to) {
            bytes.extend(tap.frame.to_be_bytes());
            bytes.push(tap.next);
        }
        Self {
            source,
            from,
            to,
            taps: clip::Hash::of(&bytes),
            grade: Grade::default(),
        }
    }

    /// The same frames under `grade`.
    #[must_use]
    pub fn graded(self, grade: Grade) -> Self {
        Self { grade, ..self }
    }

    fn anywhere(self) -> Self {
        Self {
            from: 0,
            to: self.to - self.from,
            ..self
        }
    }
}

/// Which pictures a segment holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Pictures {
    /// Frames of a clip.
    Run(Row),
    /// `tail` dissolves into `head`, which is as long.
    Dissolve {
        /// Frames of the clip that is left, from its out-port on.
        tail: Row,
        /// Frames of the clip that is entered, up to its in-port.
        head: Row,
    },
    /// `tail` turns into `head`, which is as long, by motion.
    Morph {
        /// Frames of the clip that is left, from its out-port on.
        tail: Row,
        /// Frames of the clip that is entered, up to its in-port.
        head: Row,
    },
    /// Motion from the last picture of `before` to the first of `after`.
    Motion {
        /// The last frames of the clip that is left, enough to show how it moves.
        before: Row,
        /// The first frames of the clip that is entered, likewise.
        after: Row,
        /// Frames of the bridge; at least 1.
        frames: u32,
        /// Bit `i` is set where frame `i` repeats the one before it, bit `frames` where the first
        /// of `after` does.
        holds: u64,
    },
}

impl Recipe {
    /// The key under which the store keeps the segment.
    pub fn key(&self) -> clip::Hash {
        let mut placeless = self.clone();
        placeless.pictures = match self.pictures {
            Pictures::Run(row) => Pictures::Run(row.anywhere()),
            Pictures::Dissolve { tail, head } => Pictures::Dissolve {
                tail: tail.anywhere(),
                head: head.anywhere(),
            },
            Pictures::Morph { tail, head } => Pictures::Morph {
                tail: tail.anywhere(),
                head: head.anywhere(),
            },
            Pictures::Motion {
                before,
                after,
                frames,
                holds,
            } => Pictures::Motion {
                before: before.anywhere(),
                after: after.anywhere(),
                frames,
                holds,
            },
        };
        clip::Hash::of_json(&placeless)
    }

    /// Frames in the segment.
    pub fn frames(&self) -> u32 {
        match self.pictures {
            Pictures::Run(row)
            | Pictures::Dissolve { tail: row, .. }
            | Pictures::Morph { tail: row, .. } => row.to - row.from,
            Pictures::Motion { frames, .. } => frames,
        }
    }
}
