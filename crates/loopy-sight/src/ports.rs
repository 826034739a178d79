//! Where the walk may leave and enter each clip: its start and end, and frames inside whose
//! surroundings match those of other clips.
//!
//! Pairs of places that match are looked for between all clips of a scene at once; then ports are
//! given to the best pairs first, both ends together, so that a port always has its counterpart.

use std::{cmp::Reverse, collections::BTreeMap};

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

/// What tells two places apart, the boundary to leave by and the one to enter by.
type Match = (u32, u32, u32);

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
    let ports = clips
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
    let mut search = Search {
        clips,
        views,
        scenes,
        options,
        ports,
        places: Vec::new(),
    };
    let share = (PLACES / clips.len().max(1)).clamp(*PLACES_EACH.start(), *PLACES_EACH.end());
    search.places = (0..clips.len())
        .into_par_iter()
        .map(|clip| search.places(clip, share))
        .collect();
    let mut pairs: Vec<Pair> = (0..clips.len())
        .into_par_iter()
        .flat_map_iter(|a| search.partners(a))
        .collect();
    pairs.sort_unstable_by_key(|pair| (Reverse(pair.worth), pair.from, pair.to));
    for Pair { from, to, .. } in pairs {
        // Of two new ports in one clip the first may take the room of the second.
        let apart = from.0 != to.0 || far(&clips[from.0], from.1, to.1, options);
        if apart && search.fits(from.0, from.1) && search.fits(to.0, to.1) {
            for (clip, boundary) in [from, to] {
                if let Err(at) = search.ports[clip].binary_search(&boundary) {
                    search.ports[clip].insert(at, boundary);
                }
            }
        }
    }
    search.ports
}

/// Far enough from each other to be two ports.
pub(crate) fn far(clip: &Clip, a: u32, b: u32, options: &Options) -> bool {
    let micros = clip.time(a).abs_diff(clip.time(b)) as f64;
    // A frame's time is rounded to microseconds.
    a != b && micros + 1.0 >= options.port_seconds * 1e6
}

/// What is searched, and the ports found so far.
struct Search<'a> {
    clips: &'a [Clip],
    views: &'a [View<'a>],
    scenes: &'a [u32],
    options: &'a Options,
    ports: Vec<Vec<u32>>,
    places: Vec<Places>,
}

/// The places of one clip, rising, those that are not ports every `stride` frames.
struct Places {
    places: Vec<Place>,
    stride: u32,
}

impl Search<'_> {
    /// The boundary is a port, or there is room for it to become one.
    fn fits(&self, clip: usize, boundary: u32) -> bool {
        let ports = &self.ports[clip];
        let apart = |port: &u32| far(&self.clips[clip], *port, boundary, self.options);
        ports.contains(&boundary)
            || (ports.len() < self.options.max_ports && ports.iter().all(apart))
    }

    /// The ports of a clip, and as many boundaries as its share allows that could become ports.
    fn places(&self, clip: usize, share: usize) -> Places {
        let ports = &self.ports[clip];
        let Clip { first, until, .. } = self.clips[clip];
        let fits = |boundary: &u32| !ports.contains(boundary) && self.fits(clip, *boundary);
        let free: Vec<u32> = (first + 1..until).filter(fits).collect();
        let stride = free.len().div_ceil(share).max(1);
        let some = free.into_iter().step_by(stride);
        let mut boundaries: Vec<u32> = some.chain(ports.iter().copied()).collect();
        boundaries.sort_unstable();
        let place = |boundary| Place {
            boundary,
            sides: coarse::sides(&self.views[clip], boundary),
        };
        Places {
            places: boundaries.into_iter().map(place).collect(),
            stride: stride as u32,
        }
    }

    /// The best pairs from clip `a` to other clips of its scene; to itself where it is alone.
    fn partners(&self, a: usize) -> Vec<Pair> {
        let alone = self.clips.len() == 1;
        let others = (0..self.clips.len())
            .filter(|b| (*b != a || alone) && self.scenes[*b] == self.scenes[a]);
        let mut found: Vec<(usize, Vec<Match>)> = others
            .map(|b| (b, self.matches(a, b)))
            .filter(|(_, matches)| !matches.is_empty())
            .collect();
        found.sort_unstable_by_key(|(b, matches)| (matches[0].0, *b));
        found.truncate(PARTNERS);
        let mut pairs = Vec::new();
        for (b, matches) in found {
            for (rank, (_, from, to)) in (0..).zip(matches) {
                let (from, to) = self.refine((a, from), (b, to));
                let score = joint::joint(&self.views[a], from, &self.views[b], to).score;
                if score.0 >= WORTHWHILE {
                    let worth = u32::from(score.0) * (100 - LATER * rank);
                    let (from, to) = ((a, from), (b, to));
                    pairs.push(Pair { worth, from, to });
                }
            }
        }
        pairs
    }

    /// The places of `a` and `b` that match best, best first.
    fn matches(&self, a: usize, b: usize) -> Vec<Match> {
        let (clip, other) = (&self.clips[a], &self.clips[b]);
        let outs = self.places[a].places.iter();
        let outs = outs.filter(|place| place.boundary > clip.first);
        let mut best: Vec<Match> = outs
            .filter_map(|out| {
                let back = |to: u32| to < out.boundary && far(clip, to, out.boundary, self.options);
                let ins = self.places[b].places.iter();
                let ins = ins
                    .filter(|to| to.boundary < other.until && (a != b || back(to.boundary)))
                    .map(|to| (out.sides.apart(&to.sides), to.boundary));
                ins.min().map(|(cost, to)| (cost, out.boundary, to))
            })
            .collect();
        best.sort_unstable();
        let mut kept: Vec<Match> = Vec::new();
        for (cost, from, to) in best {
            let new = kept.iter().all(|near| near.1.abs_diff(from) >= PAIRS_APART);
            if new && kept.len() < PAIRS {
                kept.push((cost, from, to));
            }
        }
        kept
    }

    /// Looks between the places that were compared: the best boundaries near both that could be
    /// ports, a port staying what it is.
    fn refine(&self, from: (usize, u32), to: (usize, u32)) -> (u32, u32) {
        let near = |(clip, boundary): (usize, u32)| -> Vec<(u32, Sides)> {
            let fixed = self.ports[clip].contains(&boundary);
            let reach = if fixed {
                0
            } else {
                self.places[clip].stride / 2
            };
            (boundary - reach.min(boundary)..=boundary + reach)
                .filter(|at| self.fits(clip, *at) && (fixed || !self.ports[clip].contains(at)))
                .filter(|at| *at <= self.clips[clip].until)
                .map(|at| (at, coarse::sides(&self.views[clip], at)))
                .collect()
        };
        let (outs, ins) = (near(from), near(to));
        let pairs = outs
            .iter()
            .flat_map(|out| ins.iter().map(move |to| (out, to)));
        pairs
            .map(|(out, to)| (out.1.apart(&to.1), out.0, to.0))
            .min()
            .map_or((from.1, to.1), |(_, from, to)| (from, to))
    }
}
