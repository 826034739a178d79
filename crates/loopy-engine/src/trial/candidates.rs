//! Which joints are tried: of every two clips the likeliest, and never more than so many of a clip,
//! so that trials grow with the clips and not with their pairs. Of a clip that comes to a scene only
//! its own.

use std::collections::{BTreeMap, BTreeSet};

use loopy_core::{
    Graph,
    graph::{Bridge, Edge, PortRef, Score},
};
use loopy_sight::trial::Draws;

use super::settled::Settled;

/// Joints that are estimated lower are seen whatever lies between; they keep their estimate.
const HOPELESS: Score = Score(u16::MAX / 12);
/// Joints of a pair that come before the likeliest of other pairs.
const TOGETHER: usize = 4;

/// When joints are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Round {
    /// To choose ports by.
    First,
    /// Between the ports that were chosen.
    Last,
}

/// How many joints are tried.
struct Budget {
    /// Of a pair, round by round.
    first: Draws,
    last: Draws,
    /// Joints that leave a clip, and joints that enter it, at most.
    of_a_clip: usize,
    /// Clips to which a clip is led by joints that are drawn, and from which: the likeliest.
    partners: usize,
}

/// Of a scene that is looked at for the first time.
const WHOLE: Budget = Budget {
    first: Draws { first: 1, most: 1 },
    last: Draws { first: 1, most: 10 },
    of_a_clip: 48,
    partners: 8,
};
/// Of a clip that comes to others: somebody waits for it.
const LATE: Budget = Budget {
    first: Draws { first: 0, most: 0 },
    last: Draws { first: 1, most: 2 },
    of_a_clip: 16,
    partners: 8,
};

/// Of a clip that nothing but itself follows: it has no other joints.
const ALONE: Draws = Draws {
    first: 12,
    most: 48,
};

/// Joints to try from one clip to another, the likeliest first.
#[derive(Debug, PartialEq)]
pub(super) struct Candidates {
    pub(super) edges: Vec<Edge>,
    pub(super) draws: Draws,
}

/// The edges of `graph` worth trying, pair by pair: none between clips that are settled.
pub(super) fn candidates(graph: &Graph, settled: &Settled, round: Round) -> Vec<Candidates> {
    let mut pairs: BTreeMap<(u32, u32), Vec<Edge>> = BTreeMap::new();
    for edge in &graph.edges {
        if open(edge) && !settled.has(edge) {
            pairs.entry(pair(edge)).or_default().push(edge.clone());
        }
    }
    limited(pairs, settled, round)
}

/// Every joint between ports of clips that `glanced` joins, at least promisingly in one place: what
/// lies at a port that another joint needs costs nothing more.
pub(super) fn combinations(
    graph: &Graph,
    glanced: &[Candidates],
    settled: &Settled,
) -> Vec<Candidates> {
    let known: BTreeMap<(PortRef, PortRef), &Edge> = (graph.edges.iter())
        .filter(|edge| open(edge))
        .map(|edge| ((edge.from, edge.to), edge))
        .collect();
    let mut pairs: BTreeMap<(u32, u32), Vec<Edge>> = BTreeMap::new();
    let joined = glanced.iter().filter_map(|pair| pair.edges.first());
    for (a, b) in joined.map(pair).collect::<BTreeSet<_>>() {
        let clip = &graph.clips[a as usize];
        let mut expected = Score::default();
        let mut edges = Vec::new();
        let entered = &graph.clips[b as usize];
        let outs = graph.ports[a as usize].0.iter();
        for out in outs.filter(|out| clip.worth_showing(clip.first, **out)) {
            let ins = graph.ports[b as usize].0.iter();
            for into in ins.filter(|into| entered.worth_showing(**into, entered.until)) {
                let from = PortRef {
                    clip: a,
                    boundary: *out,
                };
                let to = PortRef {
                    clip: b,
                    boundary: *into,
                };
                if let Some(edge) = known.get(&(from, to)) {
                    expected = expected.max(edge.score);
                    if edge.rsv.is_none() {
                        edges.push((*edge).clone());
                    }
                } else if a != b || graph.clips.len() == 1 && clip.leads_back(*out, *into) {
                    edges.push(untried(from, to));
                }
            }
        }
        // What nothing is known of is as likely as the best of the same clips.
        for edge in edges.iter_mut().filter(|edge| edge.step.is_nan()) {
            edge.score = expected;
        }
        pairs.insert((a, b), edges);
    }
    limited(pairs, settled, Round::Last)
}

fn untried(from: PortRef, to: PortRef) -> Edge {
    Edge {
        from,
        to,
        score: Score::default(),
        step: f32::NAN,
        declared: false,
        bridge: Bridge::None,
        rsv: None,
    }
}

/// Order of joints: by their place among those of their clips, then by what is expected of them.
type Key = (usize, std::cmp::Reverse<Score>, PortRef, PortRef);

/// Of each clip no more than there is time for.
fn limited(
    mut pairs: BTreeMap<(u32, u32), Vec<Edge>>,
    settled: &Settled,
    round: Round,
) -> Vec<Candidates> {
    let budget = |clip: u32| if settled.late(clip) { &LATE } else { &WHOLE };
    let (mut leaving, mut entering) = (BTreeMap::new(), BTreeMap::new());
    for ((from, to), own) in &mut pairs {
        own.sort_by_key(|edge| (std::cmp::Reverse(edge.score), edge.from, edge.to));
        for (place, edge) in own.iter().enumerate() {
            let score = std::cmp::Reverse(edge.score);
            let key: Key = (place / TOGETHER, score, edge.from, edge.to);
            // One that was there before has its joints.
            if !settled.knows(*from) {
                leaving.entry(*from).or_insert_with(Vec::new).push(key);
            }
            if !settled.knows(*to) {
                entering.entry(*to).or_insert_with(Vec::new).push(key);
            }
        }
    }
    let mut chosen = BTreeSet::new();
    for (clip, mut keys) in leaving.into_iter().chain(entering) {
        keys.sort_unstable();
        let keys = keys.iter().take(budget(clip).of_a_clip);
        chosen.extend(keys.map(|(_, _, from, to)| (*from, *to)));
    }
    for edges in pairs.values_mut() {
        edges.retain(|edge| chosen.contains(&(edge.from, edge.to)));
    }
    pairs.retain(|_, edges| !edges.is_empty());
    let drawn = drawn(&pairs, |clip| budget(clip).partners);
    let late = |(from, to): (u32, u32)| settled.late(from) || settled.late(to);
    let candidates = pairs.into_iter().map(|(pair, edges)| {
        let budget = if late(pair) { &LATE } else { &WHOLE };
        let draws = match round {
            _ if !drawn.contains(&pair) => Draws { first: 0, most: 0 },
            Round::First => budget.first,
            Round::Last if pair.0 == pair.1 => ALONE,
            Round::Last => budget.last,
        };
        Candidates { edges, draws }
    });
    candidates.collect()
}

/// The pairs that are the likeliest of the clip that is left, or of the one that is entered: of each
/// clip as many as it may have `partners`.
fn drawn(
    pairs: &BTreeMap<(u32, u32), Vec<Edge>>,
    partners: impl Fn(u32) -> usize,
) -> BTreeSet<(u32, u32)> {
    let best = |edges: &Vec<Edge>| std::cmp::Reverse(edges.iter().map(|edge| edge.score).max());
    let (mut leaving, mut entering) = (BTreeMap::new(), BTreeMap::new());
    for (pair, edges) in pairs {
        let key = (best(edges), *pair);
        leaving.entry(pair.0).or_insert_with(Vec::new).push(key);
        entering.entry(pair.1).or_insert_with(Vec::new).push(key);
    }
    let mut drawn = BTreeSet::new();
    for (clip, mut keys) in leaving.into_iter().chain(entering) {
        keys.sort_unstable();
        drawn.extend(keys.iter().take(partners(clip)).map(|(_, pair)| *pair));
    }
    drawn
}

/// The edge joins clips of one scene, and not hopelessly.
pub(super) fn open(edge: &Edge) -> bool {
    !edge.declared && edge.score >= HOPELESS
}

/// The clips that an edge joins.
pub(super) fn pair(edge: &Edge) -> (u32, u32) {
    (edge.from.clip, edge.to.clip)
}

#[cfg(test)]
mod tests {
    use loopy_core::graph::{Bridge, PortRef};

    use super::*;

    fn edge(from: u32, to: u32, boundary: u32, score: f64) -> Edge {
        let port = |clip, boundary| PortRef { clip, boundary };
        Edge {
            from: port(from, boundary),
            to: port(to, 0),
            score: Score::from_f64(score),
            step: 2.0,
            declared: false,
            bridge: Bridge::None,
            rsv: None,
        }
    }

    fn graph(edges: Vec<Edge>) -> Graph {
        Graph {
            clips: Vec::new(),
            ports: Vec::new(),
            edges,
            scenes: 1,
        }
    }

    #[test]
    fn the_likeliest_of_two_clips_come_first_and_the_hopeless_never() {
        let scores = [0.3, 0.9, 0.01, 0.5, 0.7];
        let edges = (0..).zip(scores).map(|(at, score)| edge(0, 1, at, score));
        let mut declared = edge(0, 1, 9, 0.9);
        declared.declared = true;
        let graph = graph(edges.chain([declared]).collect());
        let found = candidates(&graph, &Settled::default(), Round::Last);
        assert_eq!(found.len(), 1);
        let places: Vec<u32> = (found[0].edges.iter())
            .map(|edge| edge.from.boundary)
            .collect();
        assert_eq!(places, [1, 4, 3, 0]);
        assert_eq!(found[0].draws, WHOLE.last);
    }

    #[test]
    fn a_clip_alone_is_drawn_in_more_places_than_one_among_others() {
        let graph = graph(vec![edge(0, 0, 90, 0.5)]);
        let last = candidates(&graph, &Settled::default(), Round::Last);
        assert!(last[0].draws.most > WHOLE.last.most && last[0].draws.first > WHOLE.last.first);
        let first = candidates(&graph, &Settled::default(), Round::First);
        assert_eq!(first[0].draws, WHOLE.first);
    }

    #[test]
    fn trials_grow_with_the_clips() {
        let tried = |clips: u32| {
            let pairs = (0..clips).flat_map(|a| (0..clips).map(move |b| (a, b)));
            let pairs = pairs.filter(|(a, b)| a != b);
            let edges = pairs.flat_map(|(a, b)| {
                (0..4).map(move |at| edge(a, b, at, 0.2 + 0.1 * f64::from((a + b + at) % 7)))
            });
            let found = candidates(&graph(edges.collect()), &Settled::default(), Round::Last);
            let joints: usize = found.iter().map(|pair| pair.edges.len()).sum();
            let drawn = found.iter().filter(|pair| pair.draws.most > 0).count();
            (joints, drawn)
        };
        let (joints, drawn) = tried(60);
        assert!(joints <= 60 * 2 * WHOLE.of_a_clip);
        assert!(joints >= 60 * WHOLE.of_a_clip);
        assert!(drawn <= 60 * 2 * WHOLE.partners);
        assert!(drawn >= 60 * WHOLE.partners);
        // Each of a few clips is tried with all others.
        assert_eq!(tried(4), (4 * 3 * 4, 4 * 3));
    }
}
