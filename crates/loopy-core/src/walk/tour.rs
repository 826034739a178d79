//! A walk over every acceptable pair of clips, each once.
//!
//! Clips are visited over one place that all their ways in lie before and all their ways out lie
//! behind, so that any way in can be followed by any way out. What is left is a walk over all arcs
//! of the graph of clips: arcs are left out until every clip is entered as often as it is left
//! ([`balanced`]), a trail through the rest is laid oldest clip and best joints first (Hierholzer),
//! and stretches of it are exchanged until no clip returns early.

mod again;
mod lay;
mod space;

pub(super) use again::Again;
use lay::{largest, lay};
use space::Row;

use super::{dice::Dice, map::Map};
use crate::circulation::balanced;

/// Stream of the draws.
const STREAM: u64 = 1 << 36;

/// A walk over pairs of clips.
pub(super) struct Tour {
    /// Links in order: those of the pairs, and those that follow.
    pub(super) links: Vec<u32>,
    /// Clip that it begins with.
    pub(super) first: u32,
    /// Return gap that it keeps.
    pub(super) gap: u32,
    /// Pairs of clips taken, each once.
    pub(super) taken: u64,
    /// Pairs of clips that the library joins, and the most of them in one walk.
    pub(super) pairs: u64,
    pub(super) bound: u64,
    /// How it goes on when no pair is left.
    pub(super) again: Option<Again>,
}

/// What a trail is laid on: arcs between nodes, each of which shows a clip.
struct Ground<'a> {
    arcs: &'a [Arc],
    /// By node.
    shows: &'a [u32],
    clips: usize,
}

/// A step from one node to another.
struct Arc {
    from: u32,
    to: u32,
    score: u16,
}

/// The tour of `map`, if there are pairs at all; it keeps `wanted` or the largest gap found.
pub(super) fn tour(map: &Map, seed: u64, wanted: u32, start: Option<u32>) -> Option<Tour> {
    let clips = map.clips();
    let all = pairs(map, &vec![0; clips], &vec![u32::MAX; clips]);
    let (from, until) = meeting(map);
    let chosen = pairs(map, &from, &until);
    let bound = balanced(clips, &ends(&all)).bound as u64;
    let arcs: Vec<Arc> = chosen.iter().map(Pair::arc).collect();
    let shows: Vec<u32> = (0..clips as u32).collect();
    let ground = Ground {
        arcs: &arcs,
        shows: &shows,
        clips,
    };
    let kept = largest(&ground, &balanced(clips, &ends(&chosen)).kept);
    let mut dice = Dice::new(seed, STREAM);
    let mut row = Row {
        nodes: lay(&ground, &kept, start, &[], &mut dice),
        fixed: 0,
        ground: &ground,
    };
    if row.nodes.len() < 2 {
        return None;
    }
    let gap = row.space(wanted as usize, &mut dice);
    if let Some(start) = start {
        row.turn(start, gap);
    }
    let gap = gap as u32;
    let place = |two: &[u32]| {
        let ends = (two[0], two[1]);
        let place = chosen.binary_search_by_key(&ends, |pair| (pair.from, pair.to));
        place.ok().map(|place| place as u32)
    };
    let taken: Vec<u32> = row.nodes.windows(2).filter_map(place).collect();
    let again = again::again(&chosen, &all, &taken, clips, gap, seed);
    let pair_links = taken.iter().map(|place| chosen[*place as usize].link);
    let more = again.iter().flat_map(|again| again.links.iter().copied());
    Some(Tour {
        links: pair_links.chain(more).collect(),
        first: row.nodes[0],
        gap,
        taken: taken.len() as u64,
        pairs: all.len() as u64,
        bound,
        again,
    })
}

/// An ordered pair of clips and its best link.
struct Pair {
    from: u32,
    to: u32,
    link: u32,
    score: u16,
}

impl Pair {
    fn arc(&self) -> Arc {
        Arc {
            from: self.from,
            to: self.to,
            score: self.score,
        }
    }
}

fn ends(pairs: &[Pair]) -> Vec<(u32, u32)> {
    pairs.iter().map(|pair| (pair.from, pair.to)).collect()
}

/// The pairs joined by ordinary links that leave a clip at `from` at least and enter one so that
/// it can be left at `until` at most.
fn pairs(map: &Map, from: &[u32], until: &[u32]) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = (0..)
        .zip(&map.links)
        .filter(|(_, link)| {
            let enter = map.nodes[link.to as usize].at;
            link.ordinary
                && link.from != link.clip
                && link.leave >= from[link.from as usize]
                && enter.saturating_add(map.least_of(link.clip)) <= until[link.clip as usize]
        })
        .map(|(index, link)| Pair {
            from: link.from,
            to: link.clip,
            link: index,
            score: link.score.0,
        })
        .collect();
    pairs.sort_by_key(|pair| (pair.from, pair.to, std::cmp::Reverse(pair.score), pair.link));
    pairs.dedup_by_key(|pair| (pair.from, pair.to));
    pairs
}

/// By clip, the place that joins the most clips before it with the most behind it.
fn meeting(map: &Map) -> (Vec<u32>, Vec<u32>) {
    let mut best = vec![0; map.clips()];
    for clip in &map.usable {
        let least = map.least_of(*clip);
        let mut most = None;
        for node in map.node_range(*clip) {
            let place = map.nodes[node].at + least;
            let entered = map
                .node_range(*clip)
                .filter(|node| map.nodes[*node].at + least <= place);
            let into = entered.flat_map(|node| map.leading_to(node as u32));
            let into = into.map(|link| &map.links[*link as usize]);
            let into = distinct(into.filter(|link| link.ordinary).map(|link| link.from));
            let out = map.links[map.link_range(*clip)].iter();
            let out = out.filter(|link| link.ordinary && link.leave >= place);
            let out = distinct(out.map(|link| link.clip));
            let worth = (into.min(out), into + out);
            if most.is_none_or(|most| worth > most) {
                most = Some(worth);
                best[*clip as usize] = place;
            }
        }
    }
    (best.clone(), best)
}

fn distinct(clips: impl Iterator<Item = u32>) -> usize {
    let mut clips: Vec<u32> = clips.collect();
    clips.sort_unstable();
    clips.dedup();
    clips.len()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use crate::graph::Graph;
    use crate::walk::{
        self, Options, Planner,
        sample::{edge, graph, library},
    };

    fn options(frames: u64, seed: u64) -> Options {
        Options {
            frames,
            seed,
            certified: true,
            ..Options::default()
        }
    }

    #[test]
    fn a_dense_library_is_walked_over_all_its_pairs() {
        let dense = dense(12);
        let plan = walk::plan(&dense, &options(150 * 133, 4)).unwrap();
        assert_eq!(plan.visits.len(), 133);
        assert!(plan.certificate.repeated_pairs.abs() < 1e-12);
        let said = |note: &String| note.starts_with("certified: no pair of clips repeats");
        assert!(plan.notes.iter().any(said), "{:?}", plan.notes);
        // One visit more, and a pair has to repeat: the walk goes on, and says so.
        let longer = walk::plan(&dense, &options(150 * 140, 4)).unwrap();
        assert!(longer.certificate.repeated_pairs > 0.0);
        let said = |note: &String| note.starts_with("certified for the first 132 pairs");
        assert!(longer.notes.iter().any(said), "{:?}", longer.notes);
        assert!(longer.certificate.repeated_triples.abs() < 1e-12);
    }

    /// `count` clips of five seconds, all joined.
    fn dense(count: u32) -> Graph {
        let clip = (150, Vec::new());
        let mut dense = graph(&vec![clip; count as usize]);
        for from in 0..count {
            for to in (0..count).filter(|to| *to != from) {
                let score = 0.3 + f64::from(from * to % 7) / 10.0;
                dense.edges.push(edge((from, 150), (to, 0), score, 1.0));
            }
        }
        dense.sort();
        dense
    }

    #[test]
    fn after_all_pairs_no_triple_repeats_until_all_were_shown() {
        // 5 clips: 20 pairs, and 60 triples without those that go to and fro.
        for seed in 0..8 {
            let plan = walk::plan(&dense(5), &options(150 * 62, seed)).unwrap();
            let clips: Vec<u32> = plan.visits.iter().map(|visit| visit.clip).collect();
            assert_eq!(clips.len(), 62);
            let pairs: BTreeSet<_> = clips[..21].windows(2).collect();
            let triples: BTreeSet<_> = clips.windows(3).collect();
            assert_eq!((pairs.len(), triples.len()), (20, 60), "seed {seed}");
            let said =
                "then no triple repeats: of the 60 triples that the library joins, 60 in a row";
            assert!(
                plan.notes.iter().any(|note| note.contains(said)),
                "{:?}",
                plan.notes
            );
        }
    }

    #[test]
    fn a_graph_that_is_joined_unevenly_states_its_bound_of_triples() {
        // Clip 0 leads everywhere; to it leads only clip 1: one passing of it for each way in.
        let mut graph = dense(6);
        graph
            .edges
            .retain(|edge| edge.to.clip != 0 || edge.from.clip == 1);
        let plan = walk::plan(&graph, &options(150 * 300, 1)).unwrap();
        let note = plan.notes.iter().find(|note| note.starts_with("certified"));
        insta::assert_snapshot!(note.unwrap());
    }

    /// The smallest return gap of a row of clips.
    fn least(row: &[u32]) -> usize {
        let returns = (1..row.len()).filter_map(|index| {
            let before = row[..index].iter().rposition(|clip| *clip == row[index])?;
            Some(index - before)
        });
        returns.min().unwrap_or(usize::MAX)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn a_tour_takes_joints_in_a_row_and_none_twice(
            seed in any::<u64>(),
            count in 2_u32..14,
            inside in 0_u32..4,
            exits in 1_u32..6,
            start in proptest::option::of(0_u32..2),
        ) {
            let graph = library(seed, count, 120, inside, exits);
            let wish = Options { start, ..options(20_000, seed) };
            let planner = Planner::new(&graph, &wish).unwrap();
            let map = planner.map();
            let Some(tour) = planner.tour() else {
                prop_assert!(map.links.iter().all(|link| !link.ordinary));
                return Ok(());
            };
            let links: Vec<_> = tour.links.iter().map(|link| &map.links[*link as usize]).collect();
            prop_assert_eq!(links[0].from, tour.first);
            for pair in links.windows(2) {
                prop_assert_eq!(pair[0].clip, pair[1].from);
                let entered = map.nodes[pair[0].to as usize].at;
                prop_assert!(entered + map.least_of(pair[1].from) <= pair[1].leave);
            }
            let taken = tour.taken as usize;
            let first = &links[..taken];
            let pairs: BTreeSet<_> = first.iter().map(|link| (link.from, link.clip)).collect();
            prop_assert_eq!(pairs.len(), taken);
            prop_assert!(tour.taken <= tour.bound && tour.bound <= tour.pairs);
            let mut clips: Vec<u32> = links.iter().map(|link| link.from).collect();
            clips.push(links[links.len() - 1].clip);
            prop_assert!(least(&clips[..=taken]) >= tour.gap as usize);

            // Then no triple is shown twice, those of the pairs included.
            let triples: BTreeSet<_> = clips.windows(3).collect();
            prop_assert_eq!(triples.len() + 2, clips.len());
            if let Some(again) = &tour.again {
                prop_assert!(triples.len() as u64 <= again.bound && again.bound <= again.triples);
                prop_assert!(least(&clips) >= again.gap as usize);
            } else {
                prop_assert_eq!(links.len(), taken);
            }

            let plan = walk::plan(&graph, &wish).unwrap();
            plan.check().unwrap();
            prop_assert_eq!(plan.frames, 20_000);
            let mut seen = BTreeSet::new();
            let pairs = plan.visits.windows(2).map(|pair| (pair[0].clip, pair[1].clip));
            let fresh = pairs.take_while(|pair| seen.insert(*pair)).count();
            // The last stretch is made to fit the length.
            prop_assert!(fresh >= taken || fresh + 1 == plan.visits.len()
                || fresh + 24 >= plan.visits.len(), "{fresh} of {}", plan.visits.len());
        }
    }
}
