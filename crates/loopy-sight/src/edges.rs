//! Which joints between ports are worth having: the best from each port to different clips, and
//! enough that the walk is never cornered.

mod cover;

use std::collections::BTreeSet;

use loopy_core::{
    Clip,
    graph::{Bridge, Edge, PortRef},
};
use rayon::prelude::*;

use self::cover::Ends;
use crate::{
    coarse::{self, Sides},
    graph::Options,
    joint::{self, View},
    ports::{self, Place},
};

/// For each edge that a port may keep, so many clips are looked at closely.
const CLOSER: usize = 2;
/// In-ports of one clip looked at closely from one out-port.
const INTO: usize = 2;
/// A port inside a clip costs an IDR: its edges must be worth one by themselves, and reach this
/// share, in percent, of the score from the one clip's end to the other's start.
const EARN: u32 = 75;

/// Relative steps up to this are ordinary.
const ORDINARY: f32 = 1.5;
/// Most steps of motion.
const LONGEST: f32 = 12.0;

/// So much motion that each of its steps is an ordinary one.
pub(crate) fn bridge(step: f32) -> Bridge {
    if step <= ORDINARY {
        Bridge::None
    } else {
        Bridge::Motion {
            frames: (step - 1.0).round().clamp(1.0, LONGEST) as u8,
            holds: 0,
        }
    }
}

/// Everything that edges are chosen from.
pub(crate) struct Field<'a> {
    pub(crate) clips: &'a [Clip],
    pub(crate) views: &'a [View<'a>],
    pub(crate) scenes: &'a [u32],
    pub(crate) options: &'a Options,
    /// Joints that ports were chosen for.
    pub(crate) joints: &'a BTreeSet<(Place, Place)>,
}

/// One port and what lies around it.
struct Node {
    port: PortRef,
    sides: Sides,
}

/// The edges worth having between `ports`, in no particular order.
pub(crate) fn choose(field: &Field, ports: &[Vec<u32>]) -> Vec<Edge> {
    let nodes: Vec<Vec<Node>> = ports
        .par_iter()
        .enumerate()
        .map(|(clip, ports)| {
            let node = |boundary: &u32| Node {
                port: PortRef {
                    clip: clip as u32,
                    boundary: *boundary,
                },
                sides: coarse::sides(&field.views[clip], *boundary),
            };
            ports.iter().map(node).collect()
        })
        .collect();
    let mut edges: Vec<Edge> = nodes
        .par_iter()
        .flat_map(|nodes| &nodes[1..])
        .flat_map_iter(|out| field.leaving(out, &nodes))
        .collect();
    let ends = Ends::new(&nodes);
    field.cover_clips(&ends, &mut edges, |clip| field.scenes[clip]);
    field.cover_scenes(&ends, &mut edges);
    field.cover_clips(&ends, &mut edges, |_| 0);
    field.connect(&ends, ports, &mut edges);
    if field.clips.len() > 1 {
        field.add_loops(&mut edges);
    }
    edges
}

impl Field<'_> {
    fn clip(&self, port: PortRef) -> &Clip {
        &self.clips[port.clip as usize]
    }

    fn scene(&self, port: PortRef) -> u32 {
        self.scenes[port.clip as usize]
    }

    fn edge(&self, from: PortRef, to: PortRef) -> Edge {
        let (a, b) = (
            &self.views[from.clip as usize],
            &self.views[to.clip as usize],
        );
        let joint = joint::joint(a, from.boundary, b, to.boundary);
        let declared = self.scene(from) != self.scene(to);
        Edge {
            from,
            to,
            score: joint.bridged,
            step: joint.step,
            declared,
            bridge: bridge(joint.step),
            rsv: None,
        }
    }

    /// From the end of one clip to the start of another.
    fn whole(&self, from: usize, to: usize) -> Edge {
        let end = PortRef {
            clip: from as u32,
            boundary: self.clips[from].until,
        };
        let start = PortRef {
            clip: to as u32,
            boundary: self.clips[to].first,
        };
        self.edge(end, start)
    }

    fn at_end(&self, port: PortRef) -> bool {
        port.boundary == self.clip(port).until
    }

    fn at_start(&self, port: PortRef) -> bool {
        port.boundary == self.clip(port).first
    }

    /// Enough is seen of the clip that is left and of the one that is entered; a joint inside one clip
    /// leads back far enough.
    fn allowed(&self, from: PortRef, to: PortRef) -> bool {
        let (left, entered) = (self.clip(from), self.clip(to));
        left.worth_showing(left.first, from.boundary)
            && entered.worth_showing(to.boundary, entered.until)
            && (from.clip != to.clip || left.leads_back(from.boundary, to.boundary))
    }

    /// The best edges from one port to clips of its scene; back into its own clip where that is
    /// the only one.
    fn leaving(&self, out: &Node, nodes: &[Vec<Node>]) -> Vec<Edge> {
        let alone = self.clips.len() == 1;
        let from = out.port;
        let others = nodes.iter().filter(|nodes| {
            let to = nodes[0].port;
            (to.clip != from.clip || alone) && self.scene(to) == self.scene(from)
        });
        let mut targets: Vec<Vec<(u32, PortRef)>> = others
            .filter_map(|nodes| {
                let ins = nodes[..nodes.len() - 1].iter();
                let ins = ins.filter(|to| self.allowed(from, to.port));
                let mut ins: Vec<(u32, PortRef)> = ins
                    .map(|to| (out.sides.apart(&to.sides), to.port))
                    .collect();
                ins.sort_unstable();
                (!ins.is_empty()).then_some(ins)
            })
            .collect();
        targets.sort_unstable_by_key(|ins| ins[0]);
        targets.truncate(self.options.edges_per_port * CLOSER);
        let into = if alone {
            self.options.edges_per_port
        } else {
            INTO
        };
        let mut edges: Vec<Edge> = targets
            .iter()
            .flat_map(|ins| {
                let close = ins.iter().take(into);
                let start = ins.iter().skip(into);
                close.chain(start.filter(|(_, to)| self.at_end(from) && self.at_start(*to)))
            })
            .map(|(_, to)| *to)
            .chain(self.chosen(from))
            .collect::<BTreeSet<PortRef>>()
            .into_iter()
            .map(|to| self.edge(from, to))
            .filter(|edge| self.earns(edge))
            .collect();
        edges.sort_unstable_by_key(|edge| (std::cmp::Reverse(edge.score), edge.to));
        // One edge to each clip first, then what room is left.
        let mut seen = BTreeSet::new();
        let (first, second): (Vec<Edge>, Vec<Edge>) = edges
            .into_iter()
            .partition(|edge| seen.insert(edge.to.clip));
        first
            .into_iter()
            .chain(second)
            .take(self.options.edges_per_port)
            .collect()
    }

    /// Where the joints lead that a port was chosen for.
    fn chosen(&self, from: PortRef) -> impl Iterator<Item = PortRef> {
        let place = (from.clip as usize, from.boundary);
        let joints = self
            .joints
            .range((place, (0, 0))..=(place, (usize::MAX, u32::MAX)));
        let ports = joints.map(|(_, (clip, boundary))| PortRef {
            clip: *clip as u32,
            boundary: *boundary,
        });
        ports.filter(move |to| self.allowed(from, *to))
    }

    fn earns(&self, edge: &Edge) -> bool {
        if self.at_end(edge.from) && self.at_start(edge.to) {
            return true;
        }
        let plain = self
            .whole(edge.from.clip as usize, edge.to.clip as usize)
            .score;
        edge.score.0 >= ports::WORTHWHILE
            && u32::from(edge.score.0) * 100 >= u32::from(plain.0) * EARN
    }

    /// Adds the best way of each clip back into itself over ports that are in use anyway.
    fn add_loops(&self, edges: &mut Vec<Edge>) {
        let mut used: Vec<BTreeSet<u32>> = self
            .clips
            .iter()
            .map(|clip| BTreeSet::from([clip.first, clip.until]))
            .collect();
        for edge in edges.iter() {
            for port in [edge.from, edge.to] {
                used[port.clip as usize].insert(port.boundary);
            }
        }
        let loops: Vec<Edge> = used
            .par_iter()
            .enumerate()
            .filter_map(|(clip, ports)| {
                let port = |boundary: u32| PortRef {
                    clip: clip as u32,
                    boundary,
                };
                let pairs = ports
                    .iter()
                    .flat_map(|from| ports.iter().map(move |to| (*from, *to)));
                pairs
                    .map(|(from, to)| (port(from), port(to)))
                    .filter(|(from, to)| self.allowed(*from, *to))
                    .map(|(from, to)| self.edge(from, to))
                    .max_by_key(|edge| (edge.score, std::cmp::Reverse((edge.from, edge.to))))
            })
            .collect();
        edges.extend(loops);
    }
}
