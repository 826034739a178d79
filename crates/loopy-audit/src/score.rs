//! Scoring what was picked from one film.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use loopy_core::report::Report;
use rayon::prelude::*;

use crate::{
    controls::{self, Kind},
    events::Strip,
    evidence::{Controls, Edge, Evidence, Instant, Natural, Pair, pair},
    film::{self, Film, Id},
    look::Look,
    model::{Judge, Model},
    pick::{Picks, window},
    robust::median,
    series::apart,
};

/// Controls of each kind in a scene.
const CONTROLS: usize = 40;

/// The pictures of a film that its picks need.
pub type Looks = BTreeMap<Id, Arc<Look>>;

/// Runs the detector on a film that people call `name`. Pictures that `looks` lacks leave out the
/// instants that need them.
pub fn run(
    name: &str,
    report: &Report,
    film: &Film,
    picks: &Picks,
    looks: &Looks,
    model: &Model,
    seed: u64,
) -> Evidence {
    let detector = Detector { film, looks, model };
    let edges: Vec<Edge> = picks
        .edges
        .par_iter()
        .map(|edge| detector.edge(edge))
        .collect();
    let naturals = picks
        .naturals
        .par_iter()
        .map(|natural| {
            // Judged like the edge that it is set against.
            let judge = edges[natural.edge].judge;
            let score = detector.at(natural.start, natural.frames, judge);
            Natural {
                edge: natural.edge,
                scene: film.clips[natural.clip].scene,
                port: natural.port,
                score,
                plain: match natural.frames {
                    0 => score,
                    _ => detector.at(natural.start, 0, judge),
                },
            }
        })
        .collect();
    let stretches: BTreeMap<usize, Vec<Arc<Look>>> = picks
        .stretches
        .iter()
        .filter_map(|(clip, range)| Some((*clip, detector.cut(range.clone())?)))
        .collect();
    let mut pairs: Vec<(usize, usize)> = picks
        .edges
        .iter()
        .map(|edge| (edge.from.min(edge.to), edge.from.max(edge.to)))
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    let made = |kind: Kind, salt: u64| -> Vec<Instant> {
        let of_scene = |scene: usize| {
            let inside = |pair: &&(usize, usize)| film.clips[pair.0].scene == scene;
            let pairs: Vec<_> = pairs.iter().filter(inside).copied().collect();
            let seed = seed ^ (scene as u64 + 1) << 8 ^ salt;
            let strips = controls::make(kind, CONTROLS, &pairs, &stretches, seed);
            let scored: Vec<Option<Instant>> = strips
                .par_iter()
                .map(|control| detector.control(control))
                .collect();
            scored.into_iter().flatten()
        };
        (0..film.scenes.len()).flat_map(of_scene).collect()
    };
    // About half a second, like the dissolves of training.
    let dissolve = ((report.fps.as_f64() / 2.0).round() as usize).clamp(3, 15);
    let mut excluded = film.excluded;
    excluded.beyond_the_most = picks.dropped;
    Evidence {
        film: name.to_owned(),
        scenes: film.scenes.clone(),
        clips: film
            .clips
            .iter()
            .map(|clip| (clip.hash, clip.scene))
            .collect(),
        controls: Controls {
            short: made(Kind::Natural(0), 1),
            long: made(Kind::Natural(dissolve), 2),
            cuts: made(Kind::Cut, 3),
            dissolves: made(Kind::Dissolve(dissolve), 4),
            skips: made(Kind::Skip, 5),
        },
        edges,
        naturals,
        excluded,
    }
}

struct Detector<'a> {
    film: &'a Film,
    looks: &'a Looks,
    model: &'a Model,
}

impl Detector<'_> {
    fn cut(&self, range: Range<usize>) -> Option<Vec<Arc<Look>>> {
        self.film.frames[range]
            .iter()
            .map(|id| self.looks.get(id).cloned())
            .collect()
    }

    fn hashes(&self, a: usize, b: usize) -> Pair {
        pair(self.film.clips[a].hash, self.film.clips[b].hash)
    }

    fn judge(&self, pair: Pair) -> Judge {
        self.model.judge(&[pair.0, pair.1])
    }

    fn at(&self, start: usize, frames: usize, judge: Judge) -> Option<f64> {
        let range = window(self.film, start, frames);
        let strip = Strip {
            at: start - range.start,
            span: frames,
            looks: self.cut(range)?,
        };
        strip.score(self.model.forest(judge)).map(f64::from)
    }

    fn edge(&self, edge: &film::Edge) -> Edge {
        let (from, to) = (&self.film.clips[edge.from], &self.film.clips[edge.to]);
        let judge = self.judge(self.hashes(edge.from, edge.to));
        let goes_on = self.goes_on(edge);
        Edge {
            key: (from.hash, edge.seam.from.frame, to.hash, edge.seam.to.frame),
            scene: from.scene,
            seam: edge.seam.clone(),
            judge,
            goes_on,
            score: (!goes_on)
                .then(|| self.at(edge.start, edge.frames, judge))
                .flatten(),
        }
    }

    /// Whether the cut enters at the very picture that would have followed: the same take in two
    /// files. Two encodings of one picture lie well within the strip's own steps.
    fn goes_on(&self, edge: &film::Edge) -> bool {
        let range = window(self.film, edge.start, 0);
        let at = edge.start - range.start;
        let next = edge.next.and_then(|id| self.looks.get(&id));
        let (Some(strip), Some(next), 0) = (self.cut(range), next, edge.frames) else {
            return false;
        };
        let Some(entered) = strip.get(at) else {
            return false;
        };
        let steps = strip.windows(2).map(|pair| apart(&pair[0], &pair[1]));
        apart(next, entered) < 0.3 * median(steps)
    }

    fn control(&self, control: &controls::Control) -> Option<Instant> {
        let pair = self.hashes(control.clip, control.other);
        let forest = self.model.forest(self.judge(pair));
        Some(Instant {
            scene: self.film.clips[control.clip].scene,
            pair,
            score: f64::from(control.strip.score(forest)?),
        })
    }
}
