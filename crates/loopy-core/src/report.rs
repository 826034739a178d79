//! The report of a render: a published schema that only grows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    certificate::Certificate,
    clip::{ClipPath, Hash},
    grade::Grade,
    ledger::Entry,
    plan::SeamKind,
    rate::Rate,
    size::Size,
};

/// Version of the report's schema.
pub const SCHEMA: u32 = 1;

/// Everything about one finished render.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// [`SCHEMA`] of the program that wrote it.
    pub schema: u32,
    /// Version of the program.
    pub version: String,
    /// Output file as given, with its fields filled in.
    pub output: ClipPath,
    /// Hash of the plan.
    pub plan: Hash,
    /// Output frame rate.
    pub fps: Rate,
    /// Output size.
    pub size: Size,
    /// Seed of the walk.
    pub seed: u64,
    /// Output frames in all.
    pub frames: u64,
    /// The end joins the beginning.
    pub looped: bool,
    /// Sound of the output.
    pub audio: Option<Audio>,
    /// Visits in order.
    pub visits: Vec<Visit>,
    /// Joints in order.
    pub seams: Vec<Seam>,
    /// Distinct segments, so that a video can be verified without the store.
    pub segments: Vec<Segment>,
    /// Clips whose light and colour were corrected, with how much.
    #[serde(default)]
    pub graded: Vec<Graded>,
    /// Files that were not used at all, with the reason.
    pub left_out: Vec<LeftOut>,
    /// Files that were used, but not wholly or not as they are, with what was done.
    pub remarks: Vec<LeftOut>,
    /// Counts and costs.
    pub totals: Totals,
    /// Steps down a ladder.
    pub fallbacks: Vec<Entry>,
    /// What the walk guarantees.
    pub certificate: Certificate,
    /// Wishes that the graph could not grant.
    pub notes: Vec<String>,
}

/// One stay in a clip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Visit {
    /// Path as given.
    pub clip: ClipPath,
    /// Hash of the clip's file.
    pub blake3: Hash,
    /// First source frame shown.
    pub first: u32,
    /// Last source frame shown, inclusive.
    pub last: u32,
    /// Output frame at which the visit starts.
    pub start: u64,
    /// Output frames of the visit.
    pub frames: u32,
    /// Its segments in order, as indices into [`Report::segments`].
    pub segments: Vec<u32>,
}

/// One joint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Seam {
    /// Output frame of the first frame that is not an untouched frame of the visit before.
    pub start: u64,
    /// Synthesised or blended frames; 0 for a hard cut.
    pub frames: u32,
    /// What fills it.
    pub kind: SeamKind,
    /// It counts as a change of scene although something fills it: that hides it too little.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub declared: bool,
    /// Estimated probability that a viewer does not notice, 0 to 1.
    pub score: f64,
    /// Relative seam visibility: the share of the two clips' own moments that are milder than the
    /// joint, 0 to 1; for a scene change, and wherever it was not measured, 1.
    pub rsv: f64,
    /// The step across the joint, without a bridge, in units of the clips' own steps.
    #[serde(default)]
    pub step: f64,
    /// Clip that is left, and its last source frame.
    pub from: End,
    /// Clip that is entered, and its first source frame.
    pub to: End,
    /// Segment of the bridge, as an index into [`Report::segments`].
    pub segment: Option<u32>,
}

impl Seam {
    /// A viewer is meant to take it for a change of scene: it is counted apart.
    pub fn changes_scene(&self) -> bool {
        self.declared || self.kind == SeamKind::SceneChange
    }
}

/// One side of a joint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct End {
    /// Path as given.
    pub clip: ClipPath,
    /// Source frame next to the joint.
    pub frame: u32,
}

/// One distinct segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Segment {
    /// Key in the store.
    pub key: Hash,
    /// Hash of its access units, each preceded by its length as a 32-bit big-endian number.
    pub digest: Hash,
    /// Frames.
    pub frames: u32,
    /// Bytes of its access units.
    pub bytes: u64,
}

/// A clip whose light and colour were corrected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Graded {
    /// Path as given.
    pub clip: ClipPath,
    /// Hash of the clip's file.
    pub blake3: Hash,
    /// Number of the shot among those of the file, counted from 1; 0 where the file is one clip.
    #[serde(default)]
    pub shot: u32,
    /// What was done to each of its frames.
    pub grade: Grade,
}

/// A file and what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeftOut {
    /// Path as given.
    pub file: ClipPath,
    /// Why.
    pub reason: String,
}

/// Sound of the output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Audio {
    /// Codec.
    pub codec: String,
    /// Samples per second.
    pub rate: u32,
    /// Samples in all, per channel.
    pub samples: u64,
    /// Bits per second asked of the encoder.
    pub bitrate: u32,
}

/// Counts and costs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    /// Frames that this render encoded.
    pub encoded_frames: u64,
    /// Frames of the output that were copied as packets.
    pub copied_frames: u64,
    /// Distinct frames that the output needs encoded, whether they were in the store or not.
    pub distinct_frames: u64,
    /// Bytes of the output file.
    pub bytes: u64,
    /// Cost by stage.
    pub stages: Vec<Stage>,
    /// Peak resident memory of this process in bytes, if the system tells.
    pub peak_memory: Option<u64>,
    /// Largest peak of a worker in bytes, if the system tells.
    pub peak_worker_memory: Option<u64>,
}

/// Cost of one stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Stage {
    /// Name: scan, analyze, plan, encode, sound, splice.
    pub name: String,
    /// Wall seconds.
    pub wall: f64,
    /// CPU seconds, workers included.
    pub cpu: f64,
}
