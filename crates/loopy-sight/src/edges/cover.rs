//! The edges that a walk needs so as never to be cornered, whatever they look like: all from the
//! end of a clip to the start of another, which costs no port.

use std::collections::{BTreeMap, BTreeSet};

use loopy_core::graph::{Edge, PortRef};

use super::{Field, Node};
use crate::{coarse::Sides, connect};

/// Clips that each clip should be left to and entered from, and the same for scenes.
const WAYS: usize = 2;

impl Field<'_> {
    /// Adds what is missing for every clip to have [`WAYS`] clips to come from and to go to, as
    /// far as the clips that `group` puts together with it allow.
    pub(super) fn cover_clips(
        &self,
        ends: &Ends,
        edges: &mut Vec<Edge>,
        group: impl Fn(usize) -> u32,
    ) {
        let pairs = edges.iter().map(|edge| (edge.from.clip, edge.to.clip));
        let mut joined = Joined::new(self.clips.len(), pairs);
        let mut members: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for clip in 0..self.clips.len() {
            members.entry(group(clip)).or_default().push(clip);
        }
        for members in members.values() {
            let wanted = WAYS.min(members.len() - 1);
            for clip in members {
                for out in [true, false] {
                    while joined.side(out)[*clip].len() < wanted {
                        let pairs = members.iter().filter(|other| *other != clip).map(|other| {
                            if out {
                                (*clip, *other)
                            } else {
                                (*other, *clip)
                            }
                        });
                        let free = pairs.filter(|(from, to)| !joined.out[*from].contains(to));
                        let best = free.min_by_key(|(from, to)| {
                            // Spread over those with few ways themselves.
                            let other = if out { *to } else { *from };
                            (
                                joined.side(!out)[other].len(),
                                ends.apart(*from, *to),
                                *from,
                                *to,
                            )
                        });
                        let Some((from, to)) = best else { break };
                        joined.add(from, to);
                        edges.push(self.whole(from, to));
                    }
                }
            }
        }
    }

    /// Adds declared changes so that every scene has [`WAYS`] other scenes to come from and to go
    /// to: with one alone, the walk would always pass the scenes in the same order.
    pub(super) fn cover_scenes(&self, ends: &Ends, edges: &mut Vec<Edge>) {
        let scenes = self
            .scenes
            .iter()
            .max()
            .map_or(0, |scene| *scene as usize + 1);
        let wanted = WAYS.min(scenes.saturating_sub(1));
        let mut joined = Joined::new(scenes, std::iter::empty());
        let mut used = vec![0_u32; self.clips.len()];
        let scene = |clip: usize| self.scenes[clip] as usize;
        for at in 0..scenes {
            let (mine, others): (Vec<usize>, Vec<usize>) =
                (0..self.clips.len()).partition(|clip| scene(*clip) == at);
            for out in [true, false] {
                while joined.side(out)[at].len() < wanted {
                    let pairs = mine.iter().flat_map(|a| {
                        others
                            .iter()
                            .map(move |b| if out { (*a, *b) } else { (*b, *a) })
                    });
                    let free = pairs.filter(|(a, b)| !joined.out[scene(*a)].contains(&scene(*b)));
                    let best = free.min_by_key(|(a, b)| {
                        let crowd = joined.side(!out)[scene(if out { *b } else { *a })].len();
                        (crowd, used[*a] + used[*b], ends.apart(*a, *b), *a, *b)
                    });
                    let Some((a, b)) = best else { break };
                    joined.add(scene(a), scene(b));
                    used[a] += 1;
                    used[b] += 1;
                    edges.push(self.whole(a, b));
                }
            }
        }
    }

    /// Adds what is still missing for a walk to reach every clip from everywhere.
    pub(super) fn connect(&self, ends: &Ends, ports: &[Vec<u32>], edges: &mut Vec<Edge>) {
        let starts: Vec<usize> = ports
            .iter()
            .scan(0, |next, ports| {
                let start = *next;
                *next += ports.len();
                Some(start)
            })
            .collect();
        let mut ways: connect::Ways = ports
            .iter()
            .zip(&starts)
            .flat_map(|(ports, start)| {
                let last = ports.len() - 1;
                (0..=last).map(move |at| {
                    if at < last {
                        vec![start + at + 1]
                    } else {
                        Vec::new()
                    }
                })
            })
            .collect();
        let place = |port: PortRef| {
            let clip = port.clip as usize;
            let at = ports[clip]
                .binary_search(&port.boundary)
                .unwrap_or_else(|near| near);
            starts[clip] + at
        };
        for edge in edges.iter() {
            ways[place(edge.from)].push(place(edge.to));
        }
        let goals: Vec<usize> = ports
            .iter()
            .zip(&starts)
            .map(|(ports, start)| start + ports.len() - 1)
            .collect();
        for (a, b) in connect::missing(&ways, &goals, |a, b| ends.apart(a, b)) {
            edges.push(self.whole(a, b));
        }
    }
}

/// The ends and starts of all clips, roughly.
pub(super) struct Ends<'a> {
    starts: Vec<&'a Sides>,
    ends: Vec<&'a Sides>,
}

impl<'a> Ends<'a> {
    pub(super) fn new(nodes: &'a [Vec<Node>]) -> Self {
        Self {
            starts: nodes.iter().map(|nodes| &nodes[0].sides).collect(),
            ends: nodes
                .iter()
                .map(|nodes| &nodes[nodes.len() - 1].sides)
                .collect(),
        }
    }

    /// How far the start of `to` is from what follows the end of `from`.
    fn apart(&self, from: usize, to: usize) -> u32 {
        self.ends[from].apart(self.starts[to])
    }
}

/// What is joined to what, both ways.
struct Joined {
    out: Vec<BTreeSet<usize>>,
    into: Vec<BTreeSet<usize>>,
}

impl Joined {
    fn new(count: usize, pairs: impl Iterator<Item = (u32, u32)>) -> Self {
        let empty = vec![BTreeSet::new(); count];
        let mut joined = Self {
            out: empty.clone(),
            into: empty,
        };
        for (from, to) in pairs {
            joined.add(from as usize, to as usize);
        }
        joined
    }

    fn add(&mut self, from: usize, to: usize) {
        self.out[from].insert(to);
        self.into[to].insert(from);
    }

    /// Where each leads to, or what each is entered from.
    fn side(&self, out: bool) -> &[BTreeSet<usize>] {
        if out { &self.out } else { &self.into }
    }
}
