//! From clips and their features to the graph: scenes, ports, edges.
//!
//! The same clips in the same order give the same graph to the bit, for any number of threads.

use std::collections::{BTreeMap, BTreeSet};

use loopy_core::{Clip, Graph, Hash, graph::Ports};
use rayon::prelude::*;

pub use crate::missing::Missing;
use crate::{
    edges::{self, Field},
    features::Features,
    joint::View,
    look, missing,
    pairs::{self, NoCache, PairCache, PairMatches, Side},
    ports::{self, Chosen, Ground},
    scenes,
};

/// How many ports and edges there may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Ports of a clip, start and end included.
    pub max_ports: usize,
    /// Ports inside a clip for every second of it, at most.
    pub ports_a_second: f64,
    /// Least distance of two ports inside a clip in seconds; to its start and end it may be less.
    pub port_seconds: f64,
    /// Edges that leave one port, those not counted that connectivity demands.
    pub edges_per_port: usize,
    /// Ports are opened for every joint that has room, not only where they improve the best of a
    /// pair.
    pub every: bool,
}

impl Options {
    /// More of everything, for joints to be tried and most of them left out.
    pub fn wide() -> Self {
        Self {
            max_ports: 16,
            ports_a_second: 5.0,
            port_seconds: 0.3,
            edges_per_port: 16,
            every: true,
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_ports: 8,
            ports_a_second: 1.0,
            port_seconds: 0.5,
            edges_per_port: 4,
            every: false,
        }
    }
}

/// Why there is no graph: clips and features do not belong together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// As many features as clips are needed.
    #[error("there are {clips} clips but features of {features}")]
    Count {
        /// Clips given.
        clips: usize,
        /// Features given.
        features: usize,
    },
    /// The usable range is empty or reaches past the frames that were looked at.
    #[error(
        "{clip}: frames {first} to {until} are not among the {frames} that were analyzed; analyze it again"
    )]
    Range {
        /// The clip, for people.
        clip: String,
        /// Start of its usable range.
        first: u32,
        /// End of its usable range, exclusive.
        until: u32,
        /// Frames that have features.
        frames: usize,
    },
}

/// A graph and what would make it better.
#[derive(Clone, Debug, PartialEq)]
pub struct Built {
    /// The graph.
    pub graph: Graph,
    /// For each clip that fits no other the joints that come nearest to attaching it.
    pub missing: Vec<Missing>,
}

/// [`build_with`] without a cache and without what is missing.
///
/// # Errors
/// When features are missing.
pub fn build(
    clips: Vec<Clip>,
    features: &[&Features],
    options: &Options,
    known: &BTreeMap<usize, Vec<u32>>,
) -> Result<Graph, Error> {
    build_with(clips, features, options, known, &NoCache).map(|built| built.graph)
}

/// Builds the graph of `clips`, each with the features of its file at the same index; the scene of
/// each clip is set here. `known` holds the ports that clips have already (encoded, most likely), by
/// their index: those are kept, used or not, and only added to. Pairs of clips that `cache` knows are not
/// searched again.
///
/// From every port that an edge enters a walk can reach every clip, and as long as there is more
/// than one clip each can be entered from and left to at least one other.
///
/// # Errors
/// When features are missing.
pub fn build_with(
    mut clips: Vec<Clip>,
    features: &[&Features],
    options: &Options,
    known: &BTreeMap<usize, Vec<u32>>,
    cache: &dyn PairCache,
) -> Result<Built, Error> {
    if clips.len() != features.len() {
        return Err(Error::Count {
            clips: clips.len(),
            features: features.len(),
        });
    }
    let sides: Vec<Side> = clips
        .par_iter()
        .zip(features)
        .map(|(clip, features)| {
            Side::new(features, clip).ok_or_else(|| Error::Range {
                clip: clip.path.display(),
                first: clip.first,
                until: clip.until,
                frames: features.len(),
            })
        })
        .collect::<Result<_, _>>()?;
    let views: Vec<View> = clips
        .par_iter()
        .zip(features)
        .map(|(clip, features)| View::new(features, clip.first, clip.until))
        .collect();
    let found = matches(&clips, &sides, &views, cache);
    let scenes = scenes::scenes(&sides, &found);
    let ground = Ground {
        clips: &clips,
        views: &views,
        sides: &sides,
        scenes: &scenes,
        found: &found,
        options,
    };
    let Chosen { ports, joints } = ports::choose(&ground, known);
    let field = Field {
        clips: &clips,
        views: &views,
        scenes: &scenes,
        options,
        joints: &joints,
    };
    let edges = edges::choose(&field, &ports);
    let missing = missing::missing(&views, &scenes, &found);

    let used: BTreeSet<(u32, u32)> = edges
        .iter()
        .flat_map(|edge| [edge.from, edge.to])
        .map(|port| (port.clip, port.boundary))
        .collect();
    let ports = (0..)
        .zip(ports)
        .zip(&clips)
        .map(|((index, mut ports), clip)| {
            let known = known.get(&(index as usize));
            ports.retain(|port| {
                [clip.first, clip.until].contains(port)
                    || known.is_some_and(|known| known.contains(port))
                    || used.contains(&(index, *port))
            });
            Ports(ports)
        })
        .collect();
    for (clip, scene) in clips.iter_mut().zip(&scenes) {
        clip.scene = *scene;
    }
    let scenes = scenes.iter().max().map_or(0, |scene| scene + 1);
    let mut graph = Graph {
        clips,
        ports,
        edges,
        scenes,
    };
    graph.sort();
    Ok(Built { graph, missing })
}

/// The matches of all pairs worth comparing.
fn matches(
    clips: &[Clip],
    sides: &[Side],
    views: &[View],
    cache: &dyn PairCache,
) -> BTreeMap<(usize, usize), PairMatches> {
    let keys: Vec<Hash> = clips.iter().map(pairs::key).collect();
    let pairs = look::pairs(views);
    pairs
        .into_par_iter()
        .map(|(a, b)| {
            let found = if a == b {
                pairs::loops(&sides[a])
            } else {
                pairs::cached((&sides[a], &keys[a]), (&sides[b], &keys[b]), cache)
            };
            ((a, b), found)
        })
        .collect::<Vec<_>>()
        .into_iter()
        .collect()
}

#[cfg(test)]
pub(crate) mod sample;

#[cfg(test)]
mod tests;
