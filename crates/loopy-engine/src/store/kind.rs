//! The kinds of object that a store keeps.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What an object is; each kind has its own folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Encoded packets of a run or a bridge.
    Segment,
    /// What the analysis of a clip found.
    Analysis,
    /// Lossless frames around ports.
    Frames,
    /// Decoded or coded sound.
    Sound,
}

impl Kind {
    /// Every kind, in order.
    pub const ALL: [Self; 4] = [Self::Segment, Self::Analysis, Self::Frames, Self::Sound];

    /// The kind's name, which is also its folder's.
    pub fn name(self) -> &'static str {
        match self {
            Self::Segment => "segment",
            Self::Analysis => "analysis",
            Self::Frames => "frames",
            Self::Sound => "sound",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a text is not a kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no kind of stored object")]
pub struct ParseKindError(String);

impl FromStr for Kind {
    type Err = ParseKindError;

    fn from_str(text: &str) -> Result<Self, ParseKindError> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| ParseKindError(text.to_owned()))
    }
}
