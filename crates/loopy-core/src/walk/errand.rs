//! Clips that the walk has not come by for long are fetched: it goes where they are nearer.
//!
//! A clip may be reached only through ports that are rarely taken; how often it was shown says
//! nothing about the way there. An errand is the number of visits from every node to the clip.

use std::collections::VecDeque;

use super::{map::Map, trail::Trail};

/// Visits for each clip after which one that was never shown, and one that was, is fetched.
const NEVER: u32 = 2;
const LONG: u32 = 4;
/// An errand is given up after so many times the visits that it needs at least.
const TRIES: u32 = 8;
/// Far away, or no way at all.
const FAR: u32 = u32::MAX;

/// A clip to fetch.
#[derive(Clone)]
pub(super) struct Errand {
    clip: u32,
    /// Visits from a visit that begins at each node to the clip; 0 for its own nodes.
    hops: Vec<u32>,
    until: u32,
}

impl Errand {
    /// The errand that is due at this visit, if the clip whose turn it is to be looked at was not
    /// shown for long and can be reached without a change of scene.
    pub(super) fn due(trail: &Trail) -> Option<Self> {
        let map = trail.map();
        let count = trail.count() as u32;
        let clips = map.usable.len() as u32;
        let clip = map.usable[(count % clips) as usize];
        let rarely = ((u64::from(u32::MAX) / u64::from(clips.max(1))) << 8)
            / u64::from(map.shares[clip as usize].max(1));
        let patience = |rounds: u32| (u64::from(rounds * clips) * rarely.max(256)) >> 8;
        let late = match trail.age(clip) {
            None => u64::from(count) > patience(NEVER),
            Some(age) => u64::from(age) > patience(LONG),
        };
        if !late
            || !trail.allows(clip)
            || map.scene[clip as usize] != map.scene[trail.here().clip as usize]
        {
            return None;
        }
        let hops = hops(map, clip);
        let here = trail.stops()[trail.stops().len() - 1].node;
        let far = hops[here as usize];
        (far != FAR).then(|| Self {
            clip,
            until: count + far.saturating_mul(TRIES),
            hops,
        })
    }

    /// What is fetched.
    pub(super) fn clip(&self) -> u32 {
        self.clip
    }

    /// There is nothing to fetch any more.
    pub(super) fn done(&self, trail: &Trail) -> bool {
        trail.count() as u32 > self.until || trail.age(self.clip) == Some(1)
    }

    /// Entering `to` brings the clip nearer than staying at `here` leaves it.
    pub(super) fn nearer(&self, here: u32, to: u32) -> bool {
        self.hops[to as usize] < self.hops[here as usize]
    }
}

/// Fewest visits from every node to `clip` over ordinary links.
fn hops(map: &Map, clip: u32) -> Vec<u32> {
    let mut hops = vec![FAR; map.nodes.len()];
    let mut open = VecDeque::new();
    for node in map.node_range(clip) {
        hops[node] = 0;
        open.push_back(node as u32);
    }
    // Nodes of a clip beyond these cannot be left by an earlier link: each is settled once.
    let mut settled: Vec<usize> = (0..map.clips() as u32)
        .map(|clip| map.node_range(clip).start)
        .collect();
    while let Some(node) = open.pop_front() {
        let next = hops[node as usize] + 1;
        for index in map.leading_to(node) {
            let link = &map.links[*index as usize];
            if !link.ordinary {
                continue;
            }
            let range = map.node_range(link.from);
            let settled = &mut settled[link.from as usize];
            while *settled < range.end
                && map.nodes[*settled].at + map.least_of(link.from) <= link.leave
            {
                if hops[*settled] == FAR {
                    hops[*settled] = next;
                    open.push_back(*settled as u32);
                }
                *settled += 1;
            }
        }
    }
    hops
}
