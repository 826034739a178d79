//! Scoring what was picked, and summing up.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use loopy_core::report::Report;
use rayon::prelude::*;

use crate::{
    controls::{self, Kind},
    events::Strip,
    film::{Edge, Film, Id},
    look::Look,
    model::{Judge, Model},
    outcome::{Control, Figure, Found, Outcome, Scene},
    pick::{Picks, window},
    robust::median,
    series::apart,
    stats::{Scored, auc, interval, recall},
};

/// Rounds of the bootstrap.
const ROUNDS: usize = 1000;
/// Controls of each kind in a scene.
const CONTROLS: usize = 40;
/// Seams in the list of the plainest.
const WORST: usize = 10;
/// An AUC of fewer instants says nothing.
const FEWEST: usize = 5;

/// The pictures of a film that its picks need.
pub type Looks = BTreeMap<Id, Arc<Look>>;

/// Runs the detector. Pictures that `looks` lacks leave out the instants that need them.
pub fn run(
    report: &Report,
    film: &Film,
    picks: &Picks,
    looks: &Looks,
    model: &Model,
    seed: u64,
) -> Outcome {
    let cut = |range: std::ops::Range<usize>| -> Option<Vec<Arc<Look>>> {
        film.frames[range]
            .iter()
            .map(|id| looks.get(id).cloned())
            .collect()
    };
    let judge = |clips: &[usize]| {
        let hashes: Vec<_> = clips.iter().map(|clip| film.clips[*clip].hash).collect();
        model.judge(&hashes)
    };
    let at = |start: usize, frames: usize, judge: Judge| -> Option<f64> {
        let range = window(film, start, frames);
        let strip = Strip {
            at: start - range.start,
            span: frames,
            looks: cut(range)?,
        };
        strip.score(model.forest(judge)).map(f64::from)
    };
    let going_on: Vec<bool> = picks
        .edges
        .par_iter()
        .map(|edge| {
            let range = window(film, edge.start, 0);
            cut(range.clone()).is_some_and(|strip| {
                let next = edge.next.and_then(|id| looks.get(&id));
                next.is_some_and(|next| goes_on(next, &strip, edge, range.start))
            })
        })
        .collect();
    let edges: Vec<Option<f64>> = picks
        .edges
        .par_iter()
        .zip(&going_on)
        .map(|(edge, going_on)| {
            let judge = judge(&[edge.from, edge.to]);
            (!going_on)
                .then(|| at(edge.start, edge.frames, judge))
                .flatten()
        })
        .collect();
    // Judged like the edge that it is set against.
    let naturals: Vec<Option<f64>> = picks
        .naturals
        .par_iter()
        .map(|natural| {
            let edge = &picks.edges[natural.edge];
            at(natural.start, natural.frames, judge(&[edge.from, edge.to]))
        })
        .collect();
    let stretches: BTreeMap<usize, Vec<Arc<Look>>> = picks
        .stretches
        .iter()
        .filter_map(|(clip, range)| Some((*clip, cut(range.clone())?)))
        .collect();
    let clusters = Clusters::of(picks);
    let mut seams = Vec::new();
    for (edge, score) in picks.edges.iter().zip(&edges) {
        seams.extend(
            score.map(|score| (edge.from, clusters.scored(edge.from, edge.to, score, true))),
        );
    }
    for (natural, score) in picks.naturals.iter().zip(&naturals) {
        let edge = &picks.edges[natural.edge];
        seams.extend(score.map(|score| {
            (
                natural.clip,
                clusters.scored(edge.from, edge.to, score, false),
            )
        }));
    }
    // About half a second, like the dissolves of training.
    let dissolve = ((report.fps.as_f64() / 2.0).round() as usize).clamp(3, 15);
    let made = |kind: Kind, salt: u64, seam: bool| -> Vec<(usize, Scored)> {
        (0..film.scenes.len())
            .flat_map(|scene| {
                let pairs: Vec<_> = clusters.in_scene(film, scene);
                let seed = seed ^ (scene as u64 + 1) << 8 ^ salt;
                let strips = controls::make(kind, CONTROLS, &pairs, &stretches, seed);
                let scored: Vec<Option<(usize, Scored)>> = strips
                    .par_iter()
                    .map(|control| {
                        let forest = model.forest(judge(&[control.clip, control.other]));
                        let score = f64::from(control.strip.score(forest)?);
                        Some((
                            control.clip,
                            clusters.scored(control.clip, control.other, score, seam),
                        ))
                    })
                    .collect();
                scored.into_iter().flatten()
            })
            .collect()
    };
    let short = made(Kind::Natural(0), 1, false);
    let long = made(Kind::Natural(dissolve), 2, false);
    // The film's own natural instants, as they lie: what is made of nothing must look like them.
    let plain: Vec<(usize, Scored)> = picks
        .naturals
        .par_iter()
        .zip(&naturals)
        .filter_map(|(natural, known)| {
            let edge = &picks.edges[natural.edge];
            let score = match natural.frames {
                0 => *known,
                _ => at(natural.start, 0, judge(&[edge.from, edge.to])),
            }?;
            let item = clusters.scored(edge.from, edge.to, score, false);
            Some((natural.clip, item))
        })
        .collect();
    let rejoins: Vec<(usize, Scored)> = short
        .iter()
        .map(|(clip, item)| {
            (
                *clip,
                Scored {
                    seam: true,
                    ..item.clone()
                },
            )
        })
        .collect();
    let sets = [
        ("random cuts", made(Kind::Cut, 3, true), &short, 0.9, 1.0),
        (
            "half-second dissolves",
            made(Kind::Dissolve(dissolve), 4, true),
            &long,
            0.75,
            1.0,
        ),
        (
            "4 frames left out",
            made(Kind::Skip, 5, true),
            &short,
            0.75,
            1.0,
        ),
        ("natural rejoins", rejoins, &plain, 0.35, 0.65),
    ];
    let scene = |wanted: Option<usize>| -> Scene {
        let of = |items: &[(usize, Scored)]| -> Vec<Scored> {
            items
                .iter()
                .filter(|(clip, _)| wanted.is_none_or(|scene| film.clips[*clip].scene == scene))
                .map(|(_, item)| item.clone())
                .collect()
        };
        let controls: Vec<Control> = sets
            .iter()
            .map(|(name, high, low, at_least, at_most)| {
                let mut items = of(high);
                items.extend(of(low));
                control(name, &items, *at_least, *at_most, seed)
            })
            .collect();
        let inside = |clip: usize| wanted.is_none_or(|scene| film.clips[clip].scene == scene);
        Scene {
            name: wanted.map_or_else(|| "all".to_owned(), |scene| film.scenes[scene].clone()),
            clips: (0..film.clips.len()).filter(|clip| inside(*clip)).count(),
            seams: figure(&of(&seams), seed),
            untaken_ports: picks
                .naturals
                .iter()
                .filter(|n| n.port && inside(n.clip))
                .count(),
            counts: controls.iter().all(|control| control.holds),
            controls,
        }
    };
    let all = scene(None);
    let judges: Vec<Judge> = picks
        .edges
        .iter()
        .map(|edge| judge(&[edge.from, edge.to]))
        .collect();
    let judged = |wanted: fn(&Judge) -> bool| judges.iter().filter(|judge| wanted(judge)).count();
    let mut excluded = film.excluded;
    excluded.beyond_the_most = picks.dropped;
    excluded.continuing += going_on.iter().filter(|going_on| **going_on).count();
    Outcome {
        doubts: doubts(&all),
        scenes: match film.scenes.len() {
            0 | 1 => Vec::new(),
            count => (0..count).map(|index| scene(Some(index))).collect(),
        },
        all,
        excluded,
        judged_by_other_fold: judged(|judge| matches!(judge, Judge::Other(_))),
        judged_as_unknown: judged(|judge| *judge == Judge::All),
        judged_by_all: judged(|judge| *judge == Judge::Mixed),
        seed,
        worst: worst(report, picks, &edges),
    }
}

/// Whether the cut enters at the very picture that would have followed: the same take in two files.
/// Two encodings of one picture lie well within the strip's own steps.
fn goes_on(next: &Look, strip: &[Arc<Look>], edge: &Edge, first: usize) -> bool {
    let Some(entered) = strip.get(edge.start - first).filter(|_| edge.frames == 0) else {
        return false;
    };
    let steps = strip.windows(2).map(|pair| apart(&pair[0], &pair[1]));
    apart(next, entered) < 0.3 * median(steps)
}

fn doubts(all: &Scene) -> Vec<String> {
    let failed = all.controls.iter().filter(|control| !control.holds);
    let mut doubts: Vec<String> = failed
        .map(|control| match control.figure.auc {
            Some(auc) => format!(
                "{}: AUC {auc:.2} is not within {:.2} to {:.2}",
                control.name, control.at_least, control.at_most
            ),
            None => format!("{}: too few could be made", control.name),
        })
        .collect();
    if all.seams.auc.is_none() {
        doubts.push("too few seams or natural instants".to_owned());
    }
    doubts
}

fn figure(items: &[Scored], seed: u64) -> Figure {
    let of = |seam: bool| -> Vec<f64> {
        items
            .iter()
            .filter(|item| item.seam == seam)
            .map(|item| item.score)
            .collect()
    };
    let (high, low) = (of(true), of(false));
    let enough = high.len() >= FEWEST && low.len() >= FEWEST;
    Figure {
        positives: high.len(),
        negatives: low.len(),
        auc: auc(&high, &low).filter(|_| enough),
        interval: interval(items, ROUNDS, seed).filter(|_| enough),
        recall: recall(&high, &low, 0.01).filter(|_| enough),
    }
}

fn control(name: &str, items: &[Scored], at_least: f64, at_most: f64, seed: u64) -> Control {
    let figure = figure(items, seed);
    Control {
        name: name.to_owned(),
        holds: figure
            .auc
            .is_some_and(|auc| auc >= at_least && auc <= at_most),
        figure,
        at_least,
        at_most,
    }
}

fn worst(report: &Report, picks: &Picks, scores: &[Option<f64>]) -> Vec<Found> {
    let mut order: Vec<(f64, usize)> = scores
        .iter()
        .enumerate()
        .filter_map(|(index, score)| Some(((*score)?, picks.edges[index].seam)))
        .collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let found = |(score, seam): &(f64, usize)| {
        let seam = report.seams.get(*seam)?;
        Some(Found {
            start: seam.start,
            frames: seam.frames,
            from: seam.from.clip.clone(),
            from_frame: seam.from.frame,
            to: seam.to.clip.clone(),
            to_frame: seam.to.frame,
            detected: 1.0 / (1.0 + (-score).exp()),
            score: seam.score,
        })
    };
    order.iter().take(WORST).filter_map(found).collect()
}

/// Clip pairs of the edges, either way round.
struct Clusters(BTreeSet<(usize, usize)>);

impl Clusters {
    fn of(picks: &Picks) -> Self {
        let pairs = picks.edges.iter().map(|edge| pair(edge.from, edge.to));
        Self(pairs.collect())
    }

    fn scored(&self, from: usize, to: usize, score: f64, seam: bool) -> Scored {
        let pair = pair(from, to);
        Scored {
            score,
            seam,
            cluster: self
                .0
                .iter()
                .position(|known| *known == pair)
                .unwrap_or(usize::MAX),
        }
    }

    fn in_scene(&self, film: &Film, scene: usize) -> Vec<(usize, usize)> {
        let inside = |pair: &&(usize, usize)| film.clips[pair.0].scene == scene;
        self.0.iter().filter(inside).copied().collect()
    }
}

fn pair(a: usize, b: usize) -> (usize, usize) {
    (a.min(b), a.max(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Takes,
        synthetic::{looks, report, walk},
    };

    #[test]
    fn hard_cuts_of_generated_clips_are_found_and_controls_hold() {
        let told = report(&walk(4, 16));
        let film = Film::of(&told, &Takes::default()).unwrap();
        let picks = Picks::draw(&film, 1);
        let model = Model::built_in().unwrap();
        let outcome = run(&told, &film, &picks, &looks(&film), model, 1);
        assert!(outcome.all.seams.auc.unwrap() > 0.95, "{outcome:?}");
        assert!(outcome.doubts.is_empty(), "{:?}", outcome.doubts);
        assert_eq!(outcome.judged_as_unknown, outcome.all.seams.positives);
        assert_eq!(outcome.worst.len(), WORST.min(outcome.all.seams.positives));
        assert!(outcome.worst.is_sorted_by(|a, b| a.detected >= b.detected));
        let picture = crate::picture(&outcome, &film, &looks(&film)).unwrap();
        assert!(picture.size().width > 16 * 100);
    }

    #[test]
    fn the_same_take_in_two_files_is_no_seam() {
        // Clip 1 shows from its first frame what clip 0 shows from its second run on, which the
        // film shows when it leaves clip 0 only at its end.
        let mut told = report(&[0, 1, 0, 1]);
        let run_frames = told.segments[0].frames;
        told.visits[0].segments.truncate(1);
        told.visits[0].last = run_frames - 1;
        told.visits[0].frames = run_frames;
        told.seams[0].from.frame = run_frames - 1;
        for seam in &mut told.seams {
            seam.start -= u64::from(run_frames);
        }
        told.frames -= u64::from(run_frames);
        // The whole visit of clip 0 comes first, so that its next picture is known.
        told.visits.rotate_left(2);
        told.seams.rotate_left(2);
        told.seams.swap(0, 1);
        let mut start = 0;
        let ends: Vec<u64> = told
            .visits
            .iter()
            .map(|v| {
                start += u64::from(v.frames);
                start
            })
            .collect();
        for (seam, (end, pair)) in told
            .seams
            .iter_mut()
            .zip(ends.iter().zip(told.visits.windows(2)))
        {
            seam.start = *end;
            (seam.from.clip, seam.from.frame) = (pair[0].clip.clone(), pair[0].last);
            (seam.to.clip, seam.to.frame) = (pair[1].clip.clone(), pair[1].first);
        }
        let film = Film::of(&told, &Takes::default()).unwrap();
        let picks = Picks::draw(&film, 1);
        let mut pictures = looks(&film);
        for frame in 0..run_frames {
            let same = pictures[&(1, frame)].clone();
            pictures.insert((2, frame), same);
        }
        let model = Model::built_in().unwrap();
        let outcome = run(&told, &film, &picks, &pictures, model, 1);
        assert_eq!(outcome.excluded.continuing, 1);
        let again = run(&told, &film, &picks, &pictures, model, 1);
        assert_eq!(again, outcome, "the same draws, the same figures");
        assert_eq!(outcome.all.seams.positives, 2);
        assert!(
            outcome.all.seams.auc.is_none() && !outcome.doubts.is_empty(),
            "too few"
        );
    }
}
