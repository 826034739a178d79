//! The planner: a seeded walk over the graph that returns late and ends on the exact frame.
//!
//! [`plan`] lays the graph on the output clock (`map`), walks it with memory (`trail`, `choice`,
//! `body`), searches the last stretch so that the length fits to the frame (`ending`, `table`,
//! tied together in `route`), and writes the walk down (`write`). Every decision is integer
//! arithmetic on seeded draws: the same graph and options give the same plan on every machine.

mod body;
mod choice;
mod dice;
mod ending;
mod groups;
mod map;
mod route;
mod span;
mod table;
mod trail;
mod write;

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::span::Span;
use crate::{
    clock,
    graph::{Graph, Score},
    plan::Plan,
    rate::Rate,
};

/// Relative step written for a joint that no edge of the graph describes.
pub const UNKNOWN_STEP: f32 = 1000.0;

/// Frames of a dissolve where none are given.
pub const DISSOLVE: u32 = 6;

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
    /// Visits from one showing of a clip to its next, at least; `None` for 3/5 of the clips.
    pub min_gap: Option<u32>,
    /// What fills the joints.
    pub seams: Seams,
    /// Frames of every bridge; under 2 there are no dissolves, and with 0 no bridges at all. `None`
    /// for as long as the analysis found motion to need, and dissolves of [`DISSOLVE`].
    pub bridge_frames: Option<u32>,
    /// Distinct bridge frames as a share of the distinct clip frames of the library; 0 or more.
    pub bridge_budget: f64,
    /// Joints of a lower score are not taken where the walk can do without them.
    pub seam_threshold: Score,
    /// Clip to begin with, as an index into [`Graph::clips`]; `None` to draw one.
    pub start: Option<u32>,
    /// Creation time to write into the video, in seconds since 1970.
    pub created: Option<i64>,
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
        }
    }
}

/// Why there is no walk.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No clip has a usable frame.
    #[error("there is no clip to show: the graph has {0} clips and none has a usable frame")]
    NoClips(usize),
    /// A walk of nothing was asked for.
    #[error("a plan needs at least one frame")]
    NoFrames,
    /// The clip to begin with cannot be shown.
    #[error("cannot begin with clip {0}: the graph has no such clip or it is too short")]
    Start(u32),
    /// The bridge budget is negative or not a number.
    #[error("the bridge budget must be 0 or more")]
    Budget,
    /// The graph contradicts itself.
    #[error("the graph does not hold together: {0}")]
    Graph(String),
}

/// Plans a walk of exactly `options.frames` output frames.
///
/// What the graph cannot grant (the return gap, a clip that is never reached, the budget, an exact
/// loop) is lowered and said in [`Plan::notes`].
///
/// # Errors
/// [`Error`] when nothing can be shown or the graph or an option contradicts itself.
pub fn plan(graph: &Graph, options: &Options) -> Result<Plan, Error> {
    if options.frames == 0 {
        return Err(Error::NoFrames);
    }
    if options.bridge_budget.is_nan() || options.bridge_budget < 0.0 {
        return Err(Error::Budget);
    }
    let map = map::Map::new(graph, options)?;
    if let Some(start) = options.start
        && map.usable.binary_search(&start).is_err()
    {
        return Err(Error::Start(start));
    }
    let walked = route::find(&map, options);
    Ok(write::plan(graph, options, &map, &walked))
}
