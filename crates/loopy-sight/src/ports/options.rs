//! The joints that ports can be opened for: every match of every pair of a scene, and its
//! neighbours whose ends lie where many other matches have theirs.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::{Ground, WORTHWHILE};
use crate::joint;

/// A boundary of a clip.
pub(crate) type Place = (usize, u32);

/// Frames that an end may be moved to where others are.
const NEAR: u32 = 3;
/// What a match weighs where ends gather, in 1/64 code values of its cost.
const WEIGHT: u32 = 1 << 20;
const HALVES: u32 = 64;

/// A joint that could be made.
pub(super) struct Joint {
    pub(super) from: Place,
    pub(super) to: Place,
    /// Ordered pair of clips, counted.
    pub(super) pair: usize,
    /// Probability that nobody notices, bridged where it needs that.
    pub(super) score: u16,
}

/// The joints worth a port and those that need none, pair by pair. `fixed` are ports that exist.
pub(super) fn joints(ground: &Ground, fixed: &[Vec<u32>]) -> Vec<Joint> {
    let same = |(a, b): &(usize, usize)| ground.scenes[*a] == ground.scenes[*b];
    let pairs: Vec<(&(usize, usize), _)> =
        ground.found.iter().filter(|(pair, _)| same(pair)).collect();
    let mut mass: Vec<BTreeMap<u32, u32>> = vec![BTreeMap::new(); fixed.len()];
    for ((a, b), matches) in &pairs {
        for found in &matches.near {
            let weight = WEIGHT / (u32::from(found.cost) + HALVES);
            for (clip, boundary) in [(*a, found.from), (*b, found.to)] {
                *mass[clip].entry(boundary).or_default() += weight;
            }
        }
    }
    let gather: Vec<BTreeMap<u32, u32>> = mass
        .iter()
        .zip(fixed)
        .map(|(mass, fixed)| gathered(mass, fixed))
        .collect();
    pairs
        .into_par_iter()
        .enumerate()
        .flat_map_iter(|(pair, ((a, b), matches))| {
            let mut ends: BTreeSet<(u32, u32)> = BTreeSet::new();
            for found in matches.all() {
                let (from, to) = (found.from, found.to);
                let moved = |clip: usize, at: u32| gather[clip].get(&at).copied().unwrap_or(at);
                let (out, into) = (moved(*a, from), moved(*b, to));
                // One end moved alone, both by as much, both to where others are.
                let along = (to + out).checked_sub(from);
                let back = (from + into).checked_sub(to);
                ends.extend([(from, to), (out, into)]);
                ends.extend(along.map(|to| (out, to)));
                ends.extend(back.map(|from| (from, into)));
            }
            ends.retain(|(from, to)| {
                ground.sides[*a].may_leave(*from)
                    && ground.sides[*b].may_enter(*to)
                    && (a != b || to < from)
            });
            ends.into_iter().filter_map(move |(from, to)| {
                let (views, clips) = (&ground.views, &ground.clips);
                let score = joint::joint(&views[*a], from, &views[*b], to).bridged.0;
                let free = from == clips[*a].until && to == clips[*b].first;
                (free || score >= WORTHWHILE).then_some(Joint {
                    from: (*a, from),
                    to: (*b, to),
                    pair,
                    score,
                })
            })
        })
        .collect()
}

/// Where each boundary of a clip is moved to: a port that exists, or the place near it where most
/// comes together.
fn gathered(mass: &BTreeMap<u32, u32>, fixed: &[u32]) -> BTreeMap<u32, u32> {
    let around = |at: u32| mass.range(at.saturating_sub(NEAR)..=at + NEAR);
    let mut order: Vec<(u32, u32)> = mass
        .keys()
        .map(|at| (around(*at).map(|(_, weight)| *weight).sum(), *at))
        .collect();
    order.sort_unstable_by_key(|(weight, at)| (std::cmp::Reverse(*weight), *at));
    let heavy = order.into_iter().map(|(_, at)| at);
    let mut moved = BTreeMap::new();
    for centre in fixed.iter().copied().chain(heavy) {
        if moved.contains_key(&centre) {
            continue;
        }
        for (at, _) in around(centre) {
            moved.entry(*at).or_insert(centre);
        }
    }
    moved
}
