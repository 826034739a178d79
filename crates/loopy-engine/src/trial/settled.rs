//! What was settled of a scene: joints between clips that were there are not looked at again when a
//! clip comes.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Write as _,
};

use loopy_core::{
    Graph, Hash,
    graph::{Edge, PortRef},
};
use serde::{Deserialize, Serialize};

use super::candidates::pair;
use crate::{Error, library, render::Room};

/// Changes when other joints would be kept after the same trials.
const VERSION: &str = "settled-8";
/// A clip's row that tells the scene it was settled in last.
const LAST: &str = "settled-in-7";

/// A scene and its joints.
#[derive(Serialize, Deserialize)]
struct Scene {
    /// Keys of its clips' steps.
    clips: Vec<Hash>,
    /// The joints kept; clips are places in `clips`.
    edges: Vec<Edge>,
}

/// Ordered pairs of clips whose joints stand.
#[derive(Default)]
pub(super) struct Settled {
    pairs: BTreeMap<(u32, u32), Vec<Edge>>,
    /// Clips that were settled with others before.
    clips: BTreeSet<u32>,
    /// Clips that come to a scene of at least as many that were.
    late: BTreeSet<u32>,
}

impl Settled {
    /// What is known of clips of `graph` with these steps.
    ///
    /// # Errors
    /// When the index fails.
    pub(super) fn of(graph: &Graph, steps: &[Hash], room: &Room) -> Result<Self, Error> {
        let places: HashMap<Hash, u32> = steps.iter().copied().zip(0..).collect();
        let mut scenes = BTreeSet::new();
        for own in steps {
            let json = room.index.clip(own, LAST)?;
            scenes.extend(json.and_then(|json| serde_json::from_str::<Hash>(&json).ok()));
        }
        let mut settled = Self::default();
        for key in scenes {
            let json = room.index.clip(&key, VERSION)?;
            let scene = json.and_then(|json| serde_json::from_str::<Scene>(&json).ok());
            if let Some(scene) = scene {
                settled.add(graph, &places, &scene);
            }
        }
        settled.find_late(graph);
        Ok(settled)
    }

    fn find_late(&mut self, graph: &Graph) {
        let mut scenes: BTreeMap<u32, (usize, Vec<u32>)> = BTreeMap::new();
        for (clip, index) in graph.clips.iter().zip(0..) {
            let (known, new) = scenes.entry(clip.scene).or_default();
            if self.knows(index) {
                *known += 1;
            } else {
                new.push(index);
            }
        }
        let late = scenes
            .into_values()
            .filter(|(known, new)| *known >= new.len());
        self.late = late.flat_map(|(_, new)| new).collect();
    }

    fn add(&mut self, graph: &Graph, places: &HashMap<Hash, u32>, scene: &Scene) {
        let place = |at: u32| places.get(scene.clips.get(at as usize)?).copied();
        let clips: Vec<u32> = scene
            .clips
            .iter()
            .filter_map(|key| places.get(key).copied())
            .collect();
        for from in &clips {
            for to in &clips {
                if graph.clips[*from as usize].scene == graph.clips[*to as usize].scene {
                    self.pairs.insert((*from, *to), Vec::new());
                }
            }
        }
        self.clips.extend(&clips);
        for edge in &scene.edges {
            let port = |port: PortRef| {
                let clip = place(port.clip)?;
                let known = graph.ports[clip as usize].0.contains(&port.boundary);
                known.then_some(PortRef { clip, ..port })
            };
            let Some((from, to)) = port(edge.from).zip(port(edge.to)) else {
                continue;
            };
            if let Some(edges) = self.pairs.get_mut(&(from.clip, to.clip)) {
                edges.push(Edge {
                    from,
                    to,
                    ..edge.clone()
                });
            }
        }
    }

    /// The joints between the two clips of `edge` stand.
    pub(super) fn has(&self, edge: &Edge) -> bool {
        self.pairs.contains_key(&pair(edge))
    }

    /// The clip was settled with others before.
    pub(super) fn knows(&self, clip: u32) -> bool {
        self.clips.contains(&clip)
    }

    /// The clip comes to others.
    pub(super) fn late(&self, clip: u32) -> bool {
        self.late.contains(&clip)
    }

    /// Puts the joints that stand in the place of what the search found between the same clips.
    pub(super) fn lay(&self, graph: &mut Graph) {
        graph.edges.retain(|edge| edge.declared || !self.has(edge));
        graph.edges.extend(self.pairs.values().flatten().cloned());
        graph.sort();
    }
}

/// Keeps the joints of each scene of `graph`.
///
/// # Errors
/// When the index fails.
pub(super) fn keep(graph: &Graph, steps: &[Hash], room: &Room) -> Result<(), Error> {
    let mut members: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (clip, index) in graph.clips.iter().zip(0..) {
        members.entry(clip.scene).or_default().push(index);
    }
    for members in members.into_values() {
        let places: BTreeMap<u32, u32> = members.iter().copied().zip(0..).collect();
        let port = |port: PortRef| {
            let clip = places.get(&port.clip).copied()?;
            Some(PortRef { clip, ..port })
        };
        let edges = graph.edges.iter().filter(|edge| !edge.declared);
        let edges = edges.filter_map(|edge| {
            Some(Edge {
                from: port(edge.from)?,
                to: port(edge.to)?,
                ..edge.clone()
            })
        });
        let scene = Scene {
            clips: members.iter().map(|clip| steps[*clip as usize]).collect(),
            edges: edges.collect(),
        };
        let mut text = VERSION.to_owned();
        for own in &scene.clips {
            // Writing to a String cannot fail.
            let _infallible = write!(text, " {own}");
        }
        let json = library::json(&scene);
        let _infallible = write!(text, " {json}");
        let key = Hash::of(text.as_bytes());
        room.index.set_clip(&key, VERSION, &json)?;
        for own in &scene.clips {
            room.index.set_clip(own, LAST, &library::json(&key))?;
        }
    }
    Ok(())
}
