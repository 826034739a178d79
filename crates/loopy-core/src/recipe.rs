//! Recipes: everything that decides a segment's bytes, hashed into its key.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    clip::Hash, clock::Mode, encode::Settings, normalise::Normalise, rate::Rate,
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
    /// Versions of the program's pixel path and of the libraries that decide the bytes.
    pub versions: String,
}

/// A row of frames of one clip on its output clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    /// The source.
    pub source: Hash,
    /// First source frame of the clip's usable range, where its output clock starts.
    pub origin: u32,
    /// First frame of the row on the clip's output clock.
    pub from: u32,
    /// One past the last.
    pub to: u32,
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
}

impl Recipe {
    /// The key under which the store keeps the segment.
    pub fn key(&self) -> Hash {
        // Plain structs of numbers and strings always serialise.
        Hash::of(serde_json::to_string(self).unwrap_or_default().as_bytes())
    }

    /// Frames in the segment.
    pub fn frames(&self) -> u32 {
        match self.pictures {
            Pictures::Run(row) | Pictures::Dissolve { tail: row, .. } => row.to - row.from,
        }
    }
}
