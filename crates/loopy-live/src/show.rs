//! What the server asks of whoever makes the stream.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// Something that a viewer or a program tells the stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case", deny_unknown_fields)]
pub enum Verb {
    /// Clips are likelier by their relevance, -1 to 1.
    Signal {
        /// How much.
        value: f64,
    },
    /// Go to a state and stay; none lets states follow each other.
    State {
        /// Its name.
        state: Option<String>,
    },
    /// Show a clip next.
    Next {
        /// Its name.
        clip: String,
    },
    /// Do not show a clip any more, or do again.
    Avoid {
        /// Its name.
        clip: String,
        /// `false` takes it back.
        #[serde(default = "yes")]
        avoid: bool,
    },
    /// Another walk from here on.
    Seed {
        /// Its seed.
        seed: u64,
    },
}

fn yes() -> bool {
    true
}

/// A verb was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Taken {
    /// First output frame that can show it.
    pub frame: u64,
    /// Milliseconds until that frame is sent.
    pub due_ms: u64,
}

/// Why a verb was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{msg}")]
pub struct Refused {
    /// One word for programs: `unknown_clip`, `unknown_state`, `out_of_range`, `not_running`.
    pub code: &'static str,
    /// What was wrong, in the user's words.
    pub msg: String,
    /// What to do about it.
    pub hint: String,
}

/// Whoever makes the stream.
pub trait Show: Send + Sync {
    /// The parts `processing`, `stream`, `certificate`, `system` and `ledger` of the figures, as
    /// `docs/protocol.md` has them: a JSON object with those keys. Cheap, called once a second.
    fn figures(&self) -> serde_json::Map<String, serde_json::Value>;

    /// The stream runs: pictures are coming.
    fn ready(&self) -> bool;

    /// A file of HTTP live streaming, by its path from where the playlists are: media type and bytes.
    fn file(&self, _path: &str) -> Option<(&'static str, Bytes)> {
        None
    }

    /// Takes a verb.
    ///
    /// # Errors
    /// [`Refused`] where it names what is not there.
    fn tell(&self, verb: &Verb) -> Result<Taken, Refused>;
}
