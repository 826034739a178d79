//! The walk up to its last stretch, with the largest return gap that the graph grants.

use super::{
    choice::{self, Rules},
    dice::Dice,
    map::Map,
    trail::Trail,
};

/// Steps taken back at once, at most.
const LONGEST_RETREAT: u32 = 256;
/// Visits for each clip in which all should be shown.
const ENOUGH: usize = 4;
/// Dead ends met without getting further, at most.
const DEAD_ENDS: u32 = 24;

/// The shape of the walk: where it begins, how long it is, and how much of it is left to others.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    /// Node of the first visit.
    pub(super) start: u32,
    /// Output frames in all.
    pub(super) frames: u64,
    /// Output frames that the last stretch may take.
    pub(super) margin: u64,
    /// Seed.
    pub(super) seed: u64,
    /// The end joins the beginning.
    pub(super) looped: bool,
}

/// A walk over `map` until no step leaves more than the margin, with the gap it keeps: `wanted`
/// or, where the graph forces it or clips would never be shown, less.
pub(super) fn walk(map: &Map, shape: Shape, wanted: u32) -> (Trail<'_>, u32) {
    let floor = floor(map).min(wanted);
    let first = attempt(map, shape, wanted, floor);
    if let Some(trail) = first.filter(|trail| missing(trail) == 0) {
        return (trail, wanted);
    }
    // The floor never fails: there is always another clip to go to.
    let least = attempt(map, shape, floor, floor);
    let missed = least.as_ref().map_or(usize::MAX, missing);
    let mut best = least.unwrap_or_else(|| Trail::new(map, shape.start));
    let (mut good, mut bad) = (floor, wanted + 1);
    while bad - good > 1 {
        let gap = good.midpoint(bad);
        match attempt(map, shape, gap, floor) {
            Some(trail) if missing(&trail) <= missed => {
                good = gap;
                best = trail;
            }
            _ => bad = gap,
        }
    }
    (best, good)
}

/// Clips that were never shown although there was time for each of them several times over.
fn missing(trail: &Trail) -> usize {
    let clips = &trail.map().usable;
    let unseen = clips.iter().filter(|clip| trail.shown(**clip) == 0).count();
    if trail.stops().len() < ENOUGH * clips.len() {
        0
    } else {
        unseen
    }
}

/// The gap that every library grants: never the same clip twice in a row where there are two.
pub(super) fn floor(map: &Map) -> u32 {
    if map.alone() { 1 } else { 2 }
}

/// The gap to aim at across the joint of a loop: with the whole gap on both sides of it, no clip
/// might be left to show.
pub(super) fn ring(gap: u32) -> u32 {
    gap / 2
}

/// A walk that keeps `gap`, or `None` when it got stuck too often.
fn attempt(map: &Map, shape: Shape, gap: u32, floor: u32) -> Option<Trail<'_>> {
    let mut dice = Dice::new(shape.seed, u64::from(gap));
    let ring = if shape.looped { ring(gap) } else { 0 };
    let rules = Rules {
        gap,
        ring,
        changes: false,
    };
    let mut trail = Trail::new(map, shape.start);
    let mut found = Vec::new();
    let (mut furthest, mut dead_ends, mut steps) = (1, 0, 0);
    loop {
        let rest = shape.frames - trail.now();
        if rest <= shape.margin {
            return Some(trail);
        }
        let long = choice::ways(&trail, &rules, rest, true, &mut found);
        let any = !found.is_empty();
        found.retain(|candidate| candidate.rest > shape.margin);
        if let Some(index) = choice::draw(&found, &mut dice) {
            trail.push(found[index].step);
            steps += 1;
            if trail.stops().len() > furthest {
                furthest = trail.stops().len();
                dead_ends = 0;
            }
            continue;
        }
        if any || long {
            return Some(trail);
        }
        // Cornered: the further back it started, the further back the walk goes.
        dead_ends += 1;
        if gap <= floor || dead_ends > DEAD_ENDS || steps > 4 * furthest + 2000 {
            return None;
        }
        for _ in 0..(1 << dead_ends.min(16)).min(LONGEST_RETREAT) {
            trail.pop();
        }
    }
}
