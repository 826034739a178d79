//! The jobs: pure functions from content-addressed inputs to objects in the store.
//!
//! A job carries everything that it needs by value, writes its results under their keys, and
//! never runs twice for a key that is there. Nothing here assumes that it runs beside its parent.

use loopy_core::{Clip, ClipPath, Hash, clip::Facts, limits::Limits, recipe::Recipe};
use loopy_sight::verdict::Usable;
use serde::{Deserialize, Serialize};

use crate::{
    Error, analyze, around, fingerprint, pictures, sound::loudness::Measure, soundtrack,
    store::Store, trial,
};

/// Work for one worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum Job {
    /// Read a file's facts, frames and features; keep the features in the store.
    Analyze {
        /// The file.
        path: ClipPath,
        /// Hash of its bytes: the key of the features.
        hash: Hash,
        /// What it may ask of us.
        limits: Limits,
    },
    /// Keep what the steps of a clip look like, and its pictures around boundaries, for trials.
    Around(Box<around::Wanted>),
    /// Keep the fingerprints of a clip's frames.
    Fingerprint(Box<fingerprint::Wanted>),
    /// Try joints of which both sides have been kept.
    Try {
        /// Pair of clips by pair.
        pairs: Vec<trial::Pair>,
    },
    /// Encode rows of one clip, which is decoded once for all of them.
    Encode {
        /// The clip.
        clip: Box<Clip>,
        /// Segments, each of one row of this clip.
        segments: Vec<Recipe>,
        /// Rows to keep losslessly for bridges.
        handles: Vec<Recipe>,
        /// What the file may ask of us.
        limits: Limits,
    },
    /// Encode bridges from handles that are in the store.
    Bridge {
        /// The bridges.
        bridges: Vec<Recipe>,
    },
    /// Decode a clip's sound to samples in the store.
    Sound {
        /// The file.
        path: ClipPath,
        /// Hash of its bytes: the key of the samples.
        hash: Hash,
        /// What it may ask of us.
        limits: Limits,
    },
}

/// What a job found or made.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "done", rename_all = "snake_case")]
pub enum Done {
    /// Of [`Job::Analyze`].
    Analyzed {
        /// What it found.
        verdict: Box<Verdict>,
    },
    /// Of [`Job::Around`] and [`Job::Fingerprint`].
    Kept,
    /// Of [`Job::Try`].
    Tried {
        /// In the order of the pairs and their joints.
        found: Vec<Vec<loopy_sight::trial::Outcome>>,
    },
    /// Of [`Job::Encode`] and [`Job::Bridge`].
    Encoded {
        /// Frames that went through an encoder for the output.
        frames: u64,
        /// Steps down a ladder.
        fallbacks: Vec<loopy_core::ledger::Entry>,
    },
    /// Of any job: it could not be done through no fault of its input, because the store failed.
    Trouble {
        /// Why, in the user's words.
        why: String,
    },
    /// Of [`Job::Sound`].
    Sound {
        /// What it found; `None` when the file has no sound.
        facts: Option<SoundFacts>,
    },
}

/// Whether a file is a usable clip. Kept in the index under the file's hash.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// It is.
    Usable(Box<Analysis>),
    /// It is not.
    Unusable {
        /// Why, in the user's words.
        reason: String,
    },
}

/// A usable file, apart from its path and name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are those of `Clip`")]
pub struct Analysis {
    pub facts: Facts,
    pub times: Vec<i64>,
    pub end: i64,
    /// What of it is usable, in its order; each is a clip.
    pub shots: Vec<Usable>,
    /// Container time of the first frame in microseconds.
    pub start: i64,
    /// What was repaired in all of it, in the user's words.
    pub remarks: Vec<String>,
    /// Steps down a ladder while reading it.
    pub fallbacks: Vec<loopy_core::ledger::Entry>,
}

/// A clip's sound in the store.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SoundFacts {
    /// Container time of the first sample in microseconds.
    pub start: i64,
    /// Loudness and peak.
    pub measure: Measure,
}

/// Does `job`; the error is the reason in the user's words.
pub fn perform(store: &Store, job: &Job) -> Result<Done, String> {
    let done = match job {
        Job::Analyze { path, hash, limits } => analyze::read(store, path.as_path(), hash, limits)
            .map(|verdict| Done::Analyzed {
                verdict: Box::new(verdict),
            }),
        Job::Around(wanted) => around::keep(store, wanted).map(|()| Done::Kept),
        Job::Fingerprint(wanted) => fingerprint::keep(store, wanted).map(|()| Done::Kept),
        Job::Try { pairs } => trial::perform(store, pairs).map(|found| Done::Tried { found }),
        Job::Encode {
            clip,
            segments,
            handles,
            limits,
        } => pictures::rows(store, clip, segments, handles, limits),
        Job::Bridge { bridges } => pictures::bridges(store, bridges),
        Job::Sound { path, hash, limits } => {
            soundtrack::keep(store, path.as_path(), hash, limits).map(|facts| Done::Sound { facts })
        }
    };
    match done {
        Ok(done) => Ok(done),
        Err(Error::Store(error)) => Ok(Done::Trouble {
            why: error.to_string(),
        }),
        Err(Error::Trouble { why }) => Ok(Done::Trouble { why }),
        Err(error) => Err(error.to_string()),
    }
}
