//! What can be asked of a walk.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{cues::Cue, matrix::Matrix, states::States, wish::Wish};
use crate::{
    clock,
    graph::{DOUBTFUL, Edge, Score},
    rate::Rate,
};

/// What fills the joints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Seams {
    /// What the analysis found to go unseen: a cut, motion, or a dissolve where there are handles.
    #[default]
    Auto,
    /// Hard cuts only.
    Cut,
    /// A dissolve wherever there are handles.
    Dissolve,
    /// Motion at every joint.
    Motion,
}

/// What makes one next clip likelier than another, beside what was shown before.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Mode {
    /// How little the joint is seen.
    #[default]
    VisualSimilarity,
    /// Nothing: every next clip is as likely.
    Uniform,
    /// Weights of ordered pairs of clips, given or learned.
    Pairs(Arc<Matrix>),
}

/// What the walk shall be like.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Output frames in all; at least 1.
    pub frames: u64,
    /// Output frame rate.
    pub fps: Rate,
    /// How clips of other rates are fitted to it.
    pub rate_mode: clock::Mode,
    /// Seed of every draw.
    pub seed: u64,
    /// The end joins the beginning.
    pub looped: bool,
    /// Visits from one showing of a clip to its next, at least; `None` for 3/5 of the clips of its
    /// scene.
    pub min_gap: Option<u32>,
    /// What fills the joints.
    pub seams: Seams,
    /// Frames of every bridge; under 2 there are no dissolves, and with 0 no bridges at all. `None`
    /// for as long as the analysis found each to need; where all dissolve, [`super::DISSOLVE`].
    pub bridge_frames: Option<u32>,
    /// Distinct bridge frames as a share of the distinct clip frames of the library; 0 or more.
    pub bridge_budget: f64,
    /// Joints of a lower score are not taken where the walk can do without them, nor, unless it is
    /// zero, those likely to be unusual ([`DOUBTFUL`]). Unless it is zero, a joint that hides its seam but scores under 0.6
    /// is only taken where clips could not be reached without it.
    pub seam_threshold: Score,
    /// Clip to begin with, as an index into [`crate::Graph::clips`]; `None` to draw one.
    pub start: Option<u32>,
    /// Creation time to write into the video, in seconds since 1970.
    pub created: Option<i64>,
    /// What makes a next clip likely.
    pub mode: Mode,
    /// How evenly draws follow what is likely, in 1/256: 256 as it is, less for the likeliest,
    /// more for anything; at least 1.
    pub temperature: u32,
    /// How much pairs and triples of clips that were shown before are avoided, in 1/256: 256 as
    /// usual, 0 not at all.
    pub repetition_penalty: u32,
    /// Visits for which a clip is the less likely to return the later it was shown; `None` for
    /// twice the clips.
    pub history_window: Option<u32>,
    /// Clips are entered and left at other ports from visit to visit where they have some.
    pub vary: bool,
    /// No ordered pair of clips repeats until every acceptable pair was shown.
    pub certified: bool,
    /// What is wished of single clips, by index into [`crate::Graph::clips`]; empty for nothing.
    pub wishes: Vec<Wish>,
    /// States of the library.
    pub states: Option<Arc<States>>,
    /// What the walk is told on the way.
    pub cues: Vec<Cue>,
}

impl Options {
    /// A viewer is meant to take `edge` for a change of scene: the graph says so, or it scores under
    /// the threshold or is likely to be unusual; without a threshold only what the graph says.
    pub(crate) fn changes_scene(&self, edge: &Edge) -> bool {
        let doubtful = self.seam_threshold > Score(0) && edge.rsv.is_some_and(|rsv| rsv > DOUBTFUL);
        edge.declared || doubtful || edge.score < self.seam_threshold
    }
}

impl Default for Options {
    /// One minute at 30 frames a second.
    #[expect(clippy::expect_used, reason = "30/1 is a rate")]
    fn default() -> Self {
        Self {
            frames: 1800,
            fps: Rate::new(30, 1).expect("30/1 is a rate"),
            rate_mode: clock::Mode::default(),
            seed: 0,
            looped: false,
            min_gap: None,
            seams: Seams::default(),
            bridge_frames: None,
            bridge_budget: 1.0,
            seam_threshold: Score(0),
            start: None,
            created: None,
            mode: Mode::default(),
            temperature: 256,
            repetition_penalty: 256,
            history_window: None,
            vary: true,
            certified: false,
            wishes: Vec::new(),
            states: None,
            cues: Vec::new(),
        }
    }
}
