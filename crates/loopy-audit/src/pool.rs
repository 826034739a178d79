//! Summing up: the scored instants of all films together, each edge once.

use std::collections::{BTreeMap, BTreeSet};

use loopy_core::Hash;

use crate::{
    evidence::{Controls, Edge, Evidence, Instant, Key, Pair},
    figures::{control, doubts, figure},
    model::Judge,
    outcome::{Control, Excluded, Found, Outcome, Scene},
    stats::Scored,
};

/// Seams in the list of the plainest.
const WORST: usize = 10;

/// What all films say together. An edge that an earlier film had is a repeat: it is left out with
/// the natural instants that are set against it, and so are controls of clip pairs of which the
/// film has no edge left.
pub fn pool(films: &[Evidence], seed: u64) -> Outcome {
    let mut pool = Pool::default();
    for (film, kept) in films.iter().zip(kept(films)) {
        pool.add(film, &kept);
    }
    let all = pool.scene(None, seed);
    let judged = |wanted: fn(&Judge) -> bool| {
        let judges = pool.edges.iter().map(|edge| &edge.judge);
        judges.filter(|judge| wanted(judge)).count()
    };
    let seams = found(films);
    Outcome {
        doubts: doubts(&all),
        scenes: match pool.scenes.len() {
            0 | 1 => Vec::new(),
            count => (0..count)
                .map(|index| pool.scene(Some(index), seed))
                .collect(),
        },
        all,
        excluded: pool.excluded,
        judged_by_other_fold: judged(|judge| matches!(judge, Judge::Other(_))),
        judged_as_unknown: judged(|judge| *judge == Judge::All),
        judged_by_all: judged(|judge| *judge == Judge::Mixed),
        seed,
        worst: seams.iter().take(WORST).cloned().collect(),
        seams,
    }
}

/// The plainest seams of these films.
pub(crate) fn worst(films: &[Evidence]) -> Vec<Found> {
    let mut found = found(films);
    found.truncate(WORST);
    found
}

/// Every distinct seam, the plainest first.
fn found(films: &[Evidence]) -> Vec<Found> {
    let mut order: Vec<(f64, &str, &Edge)> = Vec::new();
    for (film, kept) in films.iter().zip(kept(films)) {
        let edges = film.edges.iter().zip(kept).filter(|(_, kept)| *kept);
        order.extend(edges.filter_map(|(edge, _)| Some((edge.score?, film.film.as_str(), edge))));
    }
    order.sort_by(|a, b| {
        b.0.total_cmp(&a.0)
            .then(a.2.seam.start.cmp(&b.2.seam.start))
    });
    let found = |(score, film, edge): (f64, &str, &Edge)| {
        let seam = edge.seam.clone();
        Found {
            film: film.to_owned(),
            start: seam.start,
            frames: seam.frames,
            from: seam.from.clip,
            from_frame: seam.from.frame,
            to: seam.to.clip,
            to_frame: seam.to.frame,
            detected: 1.0 / (1.0 + (-score).exp()),
            score: seam.score,
            kind: seam.kind,
            rsv: seam.rsv,
        }
    };
    order.into_iter().map(found).collect()
}

/// For each film, which of its edges no earlier film had.
fn kept(films: &[Evidence]) -> Vec<Vec<bool>> {
    let mut seen: BTreeSet<Key> = BTreeSet::new();
    films
        .iter()
        .map(|film| {
            let edges = film.edges.iter();
            edges.map(|edge| seen.insert(edge.key)).collect()
        })
        .collect()
}

/// The instants of all films.
#[derive(Default)]
struct Pool<'a> {
    /// Name, and the how-manieth of this name in its film: those of several films are one scene.
    scenes: Vec<(&'a str, usize)>,
    /// Clips of each scene.
    clips: BTreeSet<(usize, Hash)>,
    edges: Vec<&'a Edge>,
    seams: Vec<Instant>,
    naturals: Vec<Instant>,
    /// The same as they lie: what is made of nothing must look like them.
    plain: Vec<Instant>,
    /// Scenes of natural instants at ports that were not taken.
    ports: Vec<usize>,
    controls: Controls,
    excluded: Excluded,
}

impl<'a> Pool<'a> {
    fn add(&mut self, film: &'a Evidence, kept: &[bool]) {
        let scenes = self.places(&film.scenes);
        let clips = film.clips.iter();
        self.clips
            .extend(clips.map(|(hash, scene)| (scenes[*scene], *hash)));
        self.excluded.add(&film.excluded);
        let mut pairs: BTreeSet<Pair> = BTreeSet::new();
        for (edge, kept) in film.edges.iter().zip(kept) {
            if !kept {
                self.excluded.repeats += 1;
                continue;
            }
            pairs.insert(edge.pair());
            self.edges.push(edge);
            self.excluded.continuing += usize::from(edge.goes_on);
            let instant = |score| Instant {
                scene: scenes[edge.scene],
                pair: edge.pair(),
                score,
            };
            self.seams.extend(edge.score.map(instant));
        }
        for natural in film.naturals.iter().filter(|natural| kept[natural.edge]) {
            let instant = |score| Instant {
                scene: scenes[natural.scene],
                pair: film.edges[natural.edge].pair(),
                score,
            };
            self.naturals.extend(natural.score.map(instant));
            self.plain.extend(natural.plain.map(instant));
            self.ports
                .extend(natural.port.then_some(scenes[natural.scene]));
        }
        let (made, of) = (&mut self.controls, &film.controls);
        for (into, from) in [
            (&mut made.short, &of.short),
            (&mut made.long, &of.long),
            (&mut made.cuts, &of.cuts),
            (&mut made.dissolves, &of.dissolves),
            (&mut made.skips, &of.skips),
        ] {
            let stays = from.iter().filter(|made| pairs.contains(&made.pair));
            into.extend(stays.map(|made| Instant {
                scene: scenes[made.scene],
                ..made.clone()
            }));
        }
    }

    /// Which scene of all is each of a film's.
    fn places(&mut self, names: &'a [String]) -> Vec<usize> {
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        let mut place = |name: &'a String| {
            let time = times.entry(name).or_default();
            let scene = (name.as_str(), *time);
            *time += 1;
            let known = self.scenes.iter().position(|known| *known == scene);
            known.unwrap_or_else(|| {
                self.scenes.push(scene);
                self.scenes.len() - 1
            })
        };
        names.iter().map(&mut place).collect()
    }

    /// The figures of one scene, or of all.
    fn scene(&self, wanted: Option<usize>, seed: u64) -> Scene {
        let inside = |scene: usize| wanted.is_none_or(|wanted| wanted == scene);
        let mut clusters: BTreeMap<Pair, usize> = BTreeMap::new();
        let mut scored = |high: &[Instant], low: &[Instant]| -> Vec<Scored> {
            let (high, low) = (high.iter(), low.iter());
            let both = high.map(|i| (i, true)).chain(low.map(|i| (i, false)));
            both.filter(|(instant, _)| inside(instant.scene))
                .map(|(instant, seam)| {
                    let next = clusters.len();
                    Scored {
                        score: instant.score,
                        seam,
                        cluster: *clusters.entry(instant.pair).or_insert(next),
                    }
                })
                .collect()
        };
        let made = &self.controls;
        let mut set =
            |name: &str, high: &[Instant], low: &[Instant], at_least, at_most| -> Control {
                control(name, &scored(high, low), at_least, at_most, seed)
            };
        let controls = vec![
            set("random cuts", &made.cuts, &made.short, 0.9, 1.0),
            set(
                "half-second dissolves",
                &made.dissolves,
                &made.long,
                0.75,
                1.0,
            ),
            set("4 frames left out", &made.skips, &made.short, 0.75, 1.0),
            set("natural rejoins", &made.short, &self.plain, 0.35, 0.65),
        ];
        let clips: BTreeSet<Hash> = self
            .clips
            .iter()
            .filter(|(scene, _)| inside(*scene))
            .map(|(_, hash)| *hash)
            .collect();
        Scene {
            name: wanted
                .map_or("all", |scene| self.scenes[scene].0)
                .to_owned(),
            clips: clips.len(),
            seams: figure(&scored(&self.seams, &self.naturals), seed),
            untaken_ports: self.ports.iter().filter(|scene| inside(**scene)).count(),
            counts: controls.iter().all(|control| control.holds),
            controls,
        }
    }
}

#[cfg(test)]
mod tests;
