//! What a running pipeline tells: one vocabulary for the live lines, the NDJSON and the logs.

use loopy_core::{clip::ClipPath, ledger::Noted};
use serde::Serialize;

/// A stage of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Stage {
    Scan,
    Analyze,
    Plan,
    Encode,
    Sound,
    Splice,
    Fingerprint,
    Compare,
}

impl Stage {
    /// The name, as in the JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scan => "scan",
            Self::Analyze => "analyze",
            Self::Plan => "plan",
            Self::Encode => "encode",
            Self::Sound => "sound",
            Self::Splice => "splice",
            Self::Fingerprint => "fingerprint",
            Self::Compare => "compare",
        }
    }
}

/// One thing worth telling. Consumers ignore types and fields that they do not know.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A stage begins.
    StageStarted {
        /// Which.
        stage: Stage,
        /// Units of work in it.
        total: u64,
        /// What a unit is: `files`, `frames`, `clips`.
        unit: &'static str,
    },
    /// A stage has come this far.
    Progress {
        /// Which.
        stage: Stage,
        /// Units done.
        done: u64,
        /// Units in all.
        total: u64,
    },
    /// A stage is over.
    StageFinished {
        /// Which.
        stage: Stage,
        /// Wall seconds.
        wall: f64,
        /// CPU seconds, workers included.
        cpu: f64,
    },
    /// A file is not used.
    LeftOut {
        /// The file.
        file: ClipPath,
        /// Why.
        reason: String,
    },
    /// A file is used, but not wholly or not as it is.
    Remark {
        /// The file.
        file: ClipPath,
        /// What was done.
        reason: String,
    },
    /// A step down a ladder.
    Fallback(Noted),
    /// Something that the user should know and need not act on.
    Note {
        /// The words.
        message: String,
    },
}

/// Where events go. Called from one thread at a time.
pub type Sink<'a> = &'a (dyn Fn(Event) + Sync);
