//! The planner: a seeded walk over the graph that returns late and ends on the exact frame.
//!
//! [`plan`] lays the graph on the output clock (`map`), walks it with memory (`trail`, `choice`
//! by `taste`, `walker`), searches the last stretch so that the length fits to the frame (`ending`, `table`,
//! tied together in `route`), and writes the walk down (`write`). Every decision is integer
//! arithmetic on seeded draws: the same graph and options give the same plan on every machine.

mod ahead;
mod better;
mod choice;
pub mod cues;
pub(crate) mod dice;
mod ending;
mod errand;
mod exits;
mod fade;
mod fixed;
mod groups;
mod guard;
mod map;
pub mod matrix;
mod options;
mod resume;
mod route;
mod script;
mod span;
pub mod states;
mod stream;
mod table;
mod taste;
mod tour;
mod trail;
mod triples;
mod walker;
pub mod wish;
mod write;

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;

pub use self::{
    matrix::Matrix,
    options::{Mode, Options, Seams},
    resume::{Place, Shown},
    span::Span,
    states::States,
    stream::{Leg, Planner, Reaction, Stream},
    wish::Wish,
};
use crate::{graph::Graph, plan::Plan};

/// Relative step written for a joint that no edge of the graph describes.
pub const UNKNOWN_STEP: f32 = 1000.0;

/// Frames of a dissolve that is wished for everywhere, where none are given.
pub const DISSOLVE: u32 = 6;

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
    /// Pairs of clips are weighed by a matrix of another library.
    #[error(transparent)]
    Matrix(#[from] matrix::Error),
    /// What is wished of clips cannot be granted.
    #[error(transparent)]
    Wish(#[from] wish::Error),
    /// States of another library: their clips, and those of the graph.
    #[error("the states are for {0} clips; the library has {1}")]
    States(usize, usize),
    /// A state cannot be shown.
    #[error(transparent)]
    State(#[from] states::Error),
    /// A cue cannot be followed.
    #[error(transparent)]
    Cue(#[from] cues::Error),
    /// Pairs cannot be certified while somebody else decides.
    #[error("a certified walk takes its pairs in order: it follows neither states nor cues")]
    Certified,
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
    let planner = Planner::new(graph, options)?;
    let last = options.frames - 1;
    if let Some((cue, given)) = (1..).zip(&options.cues).find(|(_, cue)| cue.at > last) {
        let at = given.at;
        return Err(cues::Error::After { cue, at, last }.into());
    }
    let walked = route::find(&planner, options);
    Ok(write::plan(graph, options, &planner, &walked))
}
