//! Ports and edges: where the walk may leave a clip and where it may enter the next.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clip::Clip;

/// A score in 0..1 kept as an integer, so that equal graphs are equal to the bit everywhere.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(transparent)]
pub struct Score(pub u16);

impl Score {
    /// Nobody notices.
    pub const MAX: Self = Self(u16::MAX);

    /// `percent` of certainty, 0 to 100, rounded down.
    pub const fn percent(percent: u32) -> Self {
        Self((u16::MAX as u32 * percent / 100) as u16)
    }

    /// From 0..1; values outside are clamped, NaN is 0.
    pub fn from_f64(score: f64) -> Self {
        Self((score.clamp(0.0, 1.0) * f64::from(u16::MAX)).round() as u16)
    }

    /// As 0..1.
    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / f64::from(u16::MAX)
    }
}

/// One end of an edge: a port of a clip.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct PortRef {
    /// Index into [`Graph::clips`].
    pub clip: u32,
    /// Source boundary: the frame before which the walk leaves, or with which it enters.
    pub boundary: u32,
}

/// A way out of one clip into another (or into an earlier part of the same).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Edge {
    /// Where the walk leaves.
    pub from: PortRef,
    /// Where it enters.
    pub to: PortRef,
    /// Estimated probability that a viewer does not notice a hard cut here.
    pub score: Score,
    /// Distance of the two sides relative to the clips' own steps: 1 is an ordinary step.
    pub step: f32,
    /// The two sides are so unlike that the joint is a declared change of scene.
    pub declared: bool,
    /// The help that the joint needs to go unseen.
    #[serde(default)]
    pub bridge: Bridge,
    /// Relative seam visibility with that help: the share of the two clips' own moments that are
    /// milder, 0 to 1. `None` where it was only estimated.
    #[serde(default)]
    pub rsv: Option<f32>,
}

/// A joint whose relative seam visibility is larger is unusual: fewer than one in twenty of the clips'
/// own moments are as visible.
pub const UNUSUAL: f32 = 0.95;
/// A joint with a larger [`Edge::rsv`] is likely to be unusual in the finished film: it was tried on
/// small pictures, and of those between this and [`UNUSUAL`] nearly half are more visible there.
pub const DOUBTFUL: f32 = 0.88;

/// What lies between the two sides of an edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Bridge {
    /// Nothing: the step is ordinary as it is.
    #[default]
    None,
    /// Motion from the one side to the other, at the source's own rate.
    Motion {
        /// Pictures; at least 1.
        frames: u8,
        /// Bit `i` is set where picture `i` repeats the one before it, bit `frames` where the first
        /// of the clip that is entered does: where the clips hold pictures, so does the bridge.
        #[serde(default, skip_serializing_if = "none")]
        holds: u16,
    },
    /// So many frames in which the one side turns into the other while both go on, at the source's
    /// own rate; at least 2, over handles.
    Morph(u8),
    /// A dissolve of so many frames at the source's own rate; at least 2, over handles.
    Dissolve(u8),
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes what it may skip by reference"
)]
pub(crate) fn none(holds: &u16) -> bool {
    *holds == 0
}

/// The ports of one clip: source boundaries, rising, the first at the start of the usable range,
/// the last at its end. The first is never left by, the last never entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ports(pub Vec<u32>);

/// All clips, ports and edges worth having.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Graph {
    /// The clips, in library order.
    pub clips: Vec<Clip>,
    /// Ports of each clip, by the same index.
    pub ports: Vec<Ports>,
    /// Edges, sorted by `from`, then falling score, then `to`.
    pub edges: Vec<Edge>,
    /// Number of scenes (components joined without declared changes).
    pub scenes: u32,
}

impl Graph {
    /// The edges that leave `from`, best first.
    pub fn leaving(&self, from: PortRef) -> &[Edge] {
        let start = self.edges.partition_point(|edge| edge.from < from);
        let len = self.edges[start..].partition_point(|edge| edge.from == from);
        &self.edges[start..start + len]
    }

    /// Sorts edges into the order that [`Graph::leaving`] needs and drops exact doubles.
    pub fn sort(&mut self) {
        self.edges.sort_by(|a, b| {
            (a.from, std::cmp::Reverse(a.score), a.to).cmp(&(
                b.from,
                std::cmp::Reverse(b.score),
                b.to,
            ))
        });
        self.edges.dedup_by(|a, b| a.from == b.from && a.to == b.to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walk::sample::{edge, graph, library};

    #[test]
    fn edges_leave_a_port_best_first_and_once() {
        let mut graph = graph(&[(90, vec![30]), (90, vec![])]);
        for (from, to, score) in [
            ((1, 90), (0, 0), 0.3),
            ((0, 90), (1, 0), 0.4),
            ((0, 30), (1, 0), 0.2),
            ((0, 90), (0, 30), 0.9),
            ((0, 90), (1, 0), 0.4),
        ] {
            graph.edges.push(edge(from, to, score, 1.0));
        }
        graph.sort();
        assert_eq!(graph.edges.len(), 4);
        let leaving = |clip, boundary| {
            let edges = graph.leaving(PortRef { clip, boundary });
            edges
                .iter()
                .map(|edge| (edge.to.clip, edge.to.boundary))
                .collect::<Vec<_>>()
        };
        assert_eq!(leaving(0, 90), [(0, 30), (1, 0)]);
        assert_eq!(leaving(0, 30), [(1, 0)]);
        assert_eq!(leaving(0, 31), []);
        assert_eq!(leaving(1, 90), [(0, 0)]);
    }

    #[test]
    fn every_edge_is_found_at_its_port() {
        let graph = library(3, 20, 100, 4, 5);
        let ports = (0..).zip(&graph.ports).flat_map(|(clip, ports)| {
            ports.0.iter().map(move |boundary| PortRef {
                clip,
                boundary: *boundary,
            })
        });
        let found: usize = ports.map(|port| graph.leaving(port).len()).sum();
        assert_eq!(found, graph.edges.len());
    }

    #[test]
    fn scores_are_clamped_and_come_back() {
        assert_eq!(Score::from_f64(2.0), Score::MAX);
        assert_eq!(Score::from_f64(-1.0), Score(0));
        assert_eq!(Score::from_f64(f64::NAN), Score(0));
        for score in [0, 1, 777, 65_535] {
            assert_eq!(Score::from_f64(Score(score).as_f64()), Score(score));
        }
    }
}
