//! Which instants of the film are looked at: the edges, natural instants of the same clips to set
//! against them, and one visit of each clip to make controls from.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    dice::Dice,
    features::{CONTEXT, WINDOW},
    film::{Edge, Film, Id},
};

/// Frames between a natural instant and the nearest seam, at least.
pub(crate) const CLEAR: usize = 12;
/// Natural instants for each edge, at least, and in all, where the clips have as many.
const EACH: usize = 4;
const NATURALS: usize = 160;
/// Distinct pictures that an audit keeps, about a gigabyte.
const PICTURES: usize = 8000;
/// Frames of a clip that controls are made from.
const LONGEST: usize = 400;

/// A natural instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Natural {
    pub(crate) clip: usize,
    pub(crate) start: usize,
    /// As long as the bridge of the edge that it is set against.
    pub(crate) frames: usize,
    /// Begins at a port that was not taken.
    pub(crate) port: bool,
    /// The edge.
    pub(crate) edge: usize,
}

/// What is looked at.
#[derive(Clone, Debug)]
pub struct Picks {
    pub(crate) edges: Vec<Edge>,
    pub(crate) naturals: Vec<Natural>,
    /// For each clip an unbroken row of output frames of one visit, if it has one.
    pub(crate) stretches: BTreeMap<usize, std::ops::Range<usize>>,
    pub(crate) needed: BTreeSet<Id>,
    pub(crate) dropped: usize,
}

impl Picks {
    /// Draws from a film. The same for the same seed.
    pub fn draw(film: &Film, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let mut picks = Self {
            edges: Vec::new(),
            naturals: Vec::new(),
            stretches: stretches(film),
            needed: BTreeSet::new(),
            dropped: 0,
        };
        for range in picks.stretches.values() {
            picks.needed.extend(&film.frames[range.clone()]);
        }
        let mut pools = pools(film);
        for pool in pools.values_mut() {
            dice.shuffle(pool);
            // Ports that were not taken come first: they are popped from the end.
            pool.sort_by_key(|(_, port)| *port);
        }
        let mut edges = film.edges.clone();
        dice.shuffle(&mut edges);
        let each = EACH.max(NATURALS.div_ceil(edges.len().max(1)));
        for edge in edges {
            if picks.needed.len() > PICTURES {
                picks.dropped += 1;
                continue;
            }
            let number = picks.edges.len();
            picks.need(film, edge.start, edge.frames);
            picks.needed.extend(edge.next);
            for side in 0..each {
                let clip = [edge.from, edge.to][side % 2];
                let Some((start, port)) = draw(film, &mut pools, clip, edge.frames, side < 2)
                else {
                    continue;
                };
                picks.need(film, start, edge.frames);
                picks.naturals.push(Natural {
                    clip,
                    start,
                    frames: edge.frames,
                    port,
                    edge: number,
                });
            }
            picks.edges.push(edge);
        }
        picks
    }

    /// Pictures that the audit needs.
    pub fn needed(&self) -> &BTreeSet<Id> {
        &self.needed
    }

    fn need(&mut self, film: &Film, start: usize, frames: usize) {
        self.needed
            .extend(&film.frames[window(film, start, frames)]);
    }
}

/// Output frames around an instant.
pub(crate) fn window(film: &Film, start: usize, frames: usize) -> std::ops::Range<usize> {
    let until = (start + frames + CONTEXT).min(film.frames.len());
    start.saturating_sub(CONTEXT)..until
}

/// Distinct instants of each clip that lie clear of seams, and whether each is an untaken port.
fn pools(film: &Film) -> BTreeMap<usize, Vec<(usize, bool)>> {
    let mut pools: BTreeMap<usize, Vec<(usize, bool)>> = BTreeMap::new();
    let mut taken: BTreeSet<Id> = BTreeSet::new();
    for visit in &film.visits {
        for start in visit.first + CLEAR..(visit.until + 1).saturating_sub(CLEAR) {
            if start >= WINDOW && start < visit.until && taken.insert(film.frames[start]) {
                let port = visit.ports.binary_search(&start).is_ok();
                pools.entry(visit.clip).or_default().push((start, port));
            }
        }
    }
    pools
}

/// Takes an instant of the clip, or of another of its scene, with room for `frames`.
fn draw(
    film: &Film,
    pools: &mut BTreeMap<usize, Vec<(usize, bool)>>,
    clip: usize,
    frames: usize,
    port: bool,
) -> Option<(usize, bool)> {
    let scene = film.clips[clip].scene;
    let others = (0..film.clips.len()).filter(|other| film.clips[*other].scene == scene);
    let fits = |start: usize| {
        let visit = film.visits.partition_point(|visit| visit.first <= start);
        let visit = visit
            .checked_sub(1)
            .and_then(|index| film.visits.get(index));
        visit.is_some_and(|visit| start + frames + CLEAR <= visit.until)
            && start + frames + WINDOW <= film.frames.len()
    };
    for clip in std::iter::once(clip).chain(others) {
        let Some(pool) = pools.get_mut(&clip) else {
            continue;
        };
        let found = if port {
            pool.iter().rposition(|(start, _)| fits(*start))
        } else {
            pool.iter().position(|(start, _)| fits(*start))
        };
        if let Some(index) = found {
            return Some(pool.remove(index));
        }
    }
    None
}

/// The longest visit of each clip.
fn stretches(film: &Film) -> BTreeMap<usize, std::ops::Range<usize>> {
    let mut stretches: BTreeMap<usize, std::ops::Range<usize>> = BTreeMap::new();
    for visit in &film.visits {
        let range = visit.first..visit.until.min(visit.first + LONGEST);
        let known = stretches.entry(visit.clip).or_insert(0..0);
        if range.len() > known.len() {
            *known = range;
        }
    }
    // With many clips, some of them are enough.
    let mut sum = 0;
    stretches.retain(|_, range| {
        sum += range.len();
        range.len() > 2 * WINDOW && sum < PICTURES / 2
    });
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Takes,
        synthetic::{report, walk},
    };

    #[test]
    fn natural_instants_are_distinct_clear_of_seams_and_use_untaken_ports() {
        let told = report(&walk(4, 30));
        let film = Film::of(&told, &Takes::default()).unwrap();
        let picks = Picks::draw(&film, 1);
        let mut seen = BTreeSet::new();
        for natural in &picks.naturals {
            assert!(seen.insert(film.frames[natural.start]), "{natural:?}");
            let near = told
                .seams
                .iter()
                .map(|s| (s.start as usize).abs_diff(natural.start));
            assert!(near.min().unwrap() >= CLEAR, "{natural:?}");
        }
        assert!(picks.naturals.len() > 2 * picks.edges.len());
        assert_eq!(
            picks.naturals.iter().filter(|n| n.port).count(),
            4,
            "one in each clip"
        );
    }

    #[test]
    fn draws_repeat_and_everything_drawn_is_needed() {
        let film = Film::of(&report(&walk(3, 20)), &Takes::default()).unwrap();
        let (a, b) = (Picks::draw(&film, 7), Picks::draw(&film, 7));
        assert_eq!(a.naturals, b.naturals);
        assert_ne!(a.naturals, Picks::draw(&film, 8).naturals);
        for edge in &a.edges {
            let range = window(&film, edge.start, edge.frames);
            assert!(film.frames[range].iter().all(|id| a.needed().contains(id)));
        }
    }
}
