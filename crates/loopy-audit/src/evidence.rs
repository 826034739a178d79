//! What the detector said of one film: plain values without pictures, so that the instants of
//! several films can be pooled.

use loopy_core::{Hash, report::Seam};

use crate::{model::Judge, outcome::Excluded};

/// An edge by the clip and frame that are left, and those that are entered: the same in every film.
pub(crate) type Key = (Hash, u32, Hash, u32);

/// Two clips, either way round: what instants stand or fall with.
pub(crate) type Pair = (Hash, Hash);

/// The scored instants of one film.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// The film's name for people.
    pub(crate) film: String,
    /// Name of each scene.
    pub(crate) scenes: Vec<String>,
    /// Each clip with the index of its scene.
    pub(crate) clips: Vec<(Hash, usize)>,
    pub(crate) edges: Vec<Edge>,
    pub(crate) naturals: Vec<Natural>,
    pub(crate) controls: Controls,
    /// Without the edges that were seen to go on.
    pub(crate) excluded: Excluded,
}

/// An edge.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    pub(crate) key: Key,
    pub(crate) scene: usize,
    pub(crate) seam: Seam,
    pub(crate) judge: Judge,
    /// The same take goes on in another file.
    pub(crate) goes_on: bool,
    /// Log odds; `None` when it was not scored.
    pub(crate) score: Option<f64>,
}

impl Edge {
    pub(crate) fn pair(&self) -> Pair {
        pair(self.key.0, self.key.2)
    }
}

/// A natural instant.
#[derive(Clone, Debug)]
pub(crate) struct Natural {
    /// Index of the edge that it is set against.
    pub(crate) edge: usize,
    pub(crate) scene: usize,
    /// Begins at a port that was not taken.
    pub(crate) port: bool,
    /// Over as many frames as the edge's bridge.
    pub(crate) score: Option<f64>,
    /// Over none.
    pub(crate) plain: Option<f64>,
}

/// A scored instant with what it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Instant {
    pub(crate) scene: usize,
    pub(crate) pair: Pair,
    pub(crate) score: f64,
}

/// Edits of known kind, and natural instants made the same way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Controls {
    pub(crate) short: Vec<Instant>,
    pub(crate) long: Vec<Instant>,
    pub(crate) cuts: Vec<Instant>,
    pub(crate) dissolves: Vec<Instant>,
    pub(crate) skips: Vec<Instant>,
}

pub(crate) fn pair(a: Hash, b: Hash) -> Pair {
    (a.min(b), a.max(b))
}
