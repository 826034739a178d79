//! Where the walk may leave and enter each clip: its start and end, and frames inside whose
//! surroundings match those of other clips.
//!
//! Pairs of places that match are looked for between all clips of a scene at once; then ports are
//! given to the best pairs first, both ends together, so that a port always has its counterpart.

use std::collections::BTreeMap;

use loopy_core::{Clip, Hash};
use rayon::prelude::*;

use crate::{
    coarse::{self, Sides},
    graph::Options,
    joint::{self, View},
};

/// Places compared in all; a library of many clips looks at fewer places of each.
const PLACES: usize = 12_000;
/// Places of one clip.
const PLACES_EACH: std::ops::RangeInclusive<usize> = 4..=600;
/// Clips that each clip looks for ports with, the most alike.
const PARTNERS: usize = 16;
/// Pairs of places kept for each two clips ...
const PAIRS: usize = 3;
/// ... so many frames apart at the out-port.
const PAIRS_APART: u32 = 8;
/// Share of its score, in percent, that a second and third pair of the same clips lose each, so
/// that ports serve many clips.
const LATER: u32 = 15;
/// A pair that almost everyone would notice is not worth a port.
pub(crate) const WORTHWHILE: u16 = u16::MAX / 100;

/// A place that may become a port.
struct Place {
    boundary: u32,
    sides: Sides,
}

/// Two places that match.
struct Pair {
    worth: u32,
    from: (usize, u32),
    to: (usize, u32),
}

/// The ports of every clip: rising boundaries, the first at the start of the usable range, the
/// last at its end. `known` ports of a clip are kept whatever else is found.
pub(crate) fn choose(
    clips: &[Clip],
    views: &[View],
    scenes: &[u32],
    options: &Options,
    known: &BTreeMap<Hash, Vec<u32>>,
) -> Vec<Vec<u32>> {
    let mut ports: Vec<Vec<u32>> = clips
        .iter()
        .map(|clip| {
            let known = known.get(&clip.hash).into_iter().flatten().copied();
            let inside = known.filter(|port| (clip.first + 1..clip.until).contains(port));
            let mut ports: Vec<u32> = inside.chain([clip.first, clip.until]).collect();
            ports.sort_unstable();
            ports.dedup();
            ports
        })
        .collect();
    let share = (PLACES / clips.len().max(1)).clamp(*PLACES_EACH.start(), *PLACES_EACH.end());
    let places: Vec<(Vec<Place>, u32)> = clips
        .par_iter()
        .zip(views)
        .zip(&ports)
        .map(|((clip, view), ports)| places(clip, view, ports, share, options))
        .collect();
    let mut pairs: Vec<Pair> = (0..clips.len())
        .into_par_iter()
        .flat_map_iter(|a| partners(clips, views, scenes, &places, a, options))
        .collect();
    pairs.sort_unstable_by_key(|pair| (std::cmp::Reverse(pair.worth), pair.from, pair.to));
    for Pair { from, to, .. } in pairs {
        let room = |(clip, boundary): (usize, u32)| {
            let ports = &ports[clip];
            ports.contains(&boundary)
                || (ports.len() < options.max_ports
                    && ports.iter().all(|port| far(&clips[clip], *port, boundary, options)))
        };
        let apart = from.0 != to.0 || far(&clips[from.0], from.1, to.1, options);
        if room(from) && room(to) && apart {
            for (clip, boundary) in [from, to] {
                if let Err(at) = ports[clip].binary_search(&boundary) {
                    ports[clip].insert(at, boundary);
                }
            }
        }
    }
    ports
}

/// Far enough from each other to be two ports.
pub(crate) fn far(clip: &Clip, a: u32, b: u32, options: &Options) -> bool {
    let micros = clip.time(a).abs_diff(clip.time(b)) as f64;
    // A frame's time is rounded to microseconds.
    a != b && micros + 1.0 >= options.port_seconds * 1e6
}

/// The places of a clip that are compared with other clips, and how many frames apart they are:
/// its ports, and as many boundaries as its share allows that could become ports.
fn places(
    clip: &Clip,
    view: &View,
    ports: &[u32],
    share: usize,
    options: &Options,
) -> (Vec<Place>, u32) {
    let open = ports.len() < options.max_ports;
    let fits = |boundary: &u32| open && ports.iter().all(|port| far(clip, *port, *boundary, options));
    let free: Vec<u32> = (clip.first + 1..clip.until).filter(fits).collect();
    let stride = free.len().div_ceil(share).max(1);
    let mut boundaries: Vec<u32> = free.into_iter().step_by(stride).chain(ports.iter().copied()).collect();
    boundaries.sort_unstable();
    let places = boundaries
        .into_iter()
        .map(|boundary| Place { boundary, sides: coarse::sides(view, boundary) })
        .collect();
    (places, stride as u32)
}

/// The best pairs from clip `a` to other clips of its scene; to itself where it is alone.
fn partners(
    clips: &[Clip],
    views: &[View],
    scenes: &[u32],
    places: &[(Vec<Place>, u32)],
    a: usize,
    options: &Options,
) -> Vec<Pair> {
    let alone = clips.len() == 1;
    let others = (0..clips.len()).filter(|b| (*b != a || alone) && scenes[*b] == scenes[a]);
    let mut found: Vec<(u32, usize, Vec<(u32, u32)>)> = others
        .filter_map(|b| {
            let matches = matches(clips, places, a, b, options);
            let best = matches.first()?.0;
            Some((best, b, matches.into_iter().map(|(_, from, to)| (from, to)).collect()))
        })
        .collect();
    found.sort_unstable_by_key(|(cost, b, _)| (*cost, *b));
    found.truncate(PARTNERS);
    let mut pairs = Vec::new();
    for (_, b, matches) in found {
        for (rank, (from, to)) in (0..).zip(matches) {
            let (from, to) = refine(views, places, (a, from), (b, to));
            let score = joint::joint(&views[a], from, &views[b], to).score;
            if score.0 >= WORTHWHILE {
                let worth = u32::from(score.0) * (100 - LATER * rank);
                pairs.push(Pair { worth, from: (a, from), to: (b, to) });
            }
        }
    }
    pairs
}

/// The places of `a` and `b` that match best, as (cost, out of `a`, into `b`), best first.
fn matches(
    clips: &[Clip],
    places: &[(Vec<Place>, u32)],
    a: usize,
    b: usize,
    options: &Options,
) -> Vec<(u32, u32, u32)> {
    let outs = places[a].0.iter().filter(|place| place.boundary > clips[a].first);
    let mut best: Vec<(u32, u32, u32)> = outs
        .filter_map(|out| {
            let loops = |to: u32| {
                a != b || (to < out.boundary && far(&clips[a], to, out.boundary, options))
            };
            let ins = places[b].0.iter();
            let ins = ins.filter(|place| place.boundary < clips[b].until && loops(place.boundary));
            let best = ins.map(|to| (out.sides.apart(&to.sides), to.boundary)).min()?;
            Some((best.0, out.boundary, best.1))
        })
        .collect();
    best.sort_unstable();
    let mut kept: Vec<(u32, u32, u32)> = Vec::new();
    for pair in best {
        if kept.len() < PAIRS && kept.iter().all(|other| other.1.abs_diff(pair.1) >= PAIRS_APART) {
            kept.push(pair);
        }
    }
    kept
}

/// Looks between the places that were compared: the best boundaries near both, an end or a start
/// staying what it is.
fn refine(
    views: &[View],
    places: &[(Vec<Place>, u32)],
    from: (usize, u32),
    to: (usize, u32),
) -> (u32, u32) {
    let near = |(clip, boundary): (usize, u32)| -> Vec<(u32, Sides)> {
        let (view, stride) = (&views[clip], places[clip].1);
        let fixed = boundary == view.first() || boundary == view.until() || stride == 1;
        let reach = if fixed { 0 } else { stride / 2 };
        (boundary - reach..=boundary + reach)
            .filter(|at| (view.first()..=view.until()).contains(at))
            .map(|at| (at, coarse::sides(view, at)))
            .collect()
    };
    let (outs, ins) = (near(from), near(to));
    let pairs = outs.iter().flat_map(|out| ins.iter().map(move |to| (out, to)));
    pairs
        .map(|(out, to)| (out.1.apart(&to.1), out.0, to.0))
        .min()
        .map_or((from.1, to.1), |(_, from, to)| (from, to))
}
