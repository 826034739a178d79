//! Which joints are tried: of every two clips the likeliest few, then more where those did well,
//! and never more than so many of a clip, so that trials grow with the clips and not with their
//! pairs. Of a clip that comes to a scene only its own.

use std::collections::{BTreeMap, BTreeSet};

use loopy_core::{
    Graph,
    graph::{Edge, Score},
};

use super::settled::Settled;

/// Joints that are estimated lower are seen whatever lies between; they keep their estimate.
const HOPELESS: Score = Score(u16::MAX / 12);

/// How many joints are tried.
struct Budget {
    /// Of two clips, first.
    first: usize,
    /// Joints that leave a clip, and joints that enter it, at most.
    of_a_clip: usize,
}

/// Of a scene that is looked at for the first time.
const WHOLE: Budget = Budget {
    first: 3,
    of_a_clip: 20,
};
/// Of a clip that comes to others: somebody waits for it.
const LATE: Budget = Budget {
    first: 2,
    of_a_clip: 8,
};

/// Edges to try, by their index.
pub(super) struct Rounds {
    /// Whatever else is found.
    pub(super) first: Vec<usize>,
    /// Where the first of the same two clips did well.
    pub(super) second: Vec<usize>,
}

impl Rounds {
    /// The edges of `graph` worth trying: none between clips that are settled.
    pub(super) fn of(graph: &Graph, settled: &Settled) -> Self {
        let mut pairs: BTreeMap<(u32, u32), Vec<usize>> = BTreeMap::new();
        for (index, edge) in graph.edges.iter().enumerate() {
            if open(edge) && !settled.has(edge) {
                pairs.entry(pair(edge)).or_default().push(index);
            }
        }
        let score = |index: usize| std::cmp::Reverse(graph.edges[index].score);
        let budget = |clip: u32| if settled.late(clip) { &LATE } else { &WHOLE };
        // By their place among the joints of their clips, then by what is expected of them.
        let (mut leaving, mut entering) = (BTreeMap::new(), BTreeMap::new());
        let mut first = BTreeSet::new();
        for ((from, to), mut own) in pairs {
            own.sort_by_key(|index| (score(*index), *index));
            let few = budget(from).first.min(budget(to).first);
            first.extend(own.iter().take(few).copied());
            for (place, index) in own.into_iter().enumerate() {
                let key = (place / few, score(index), index);
                // One that was there before has its joints.
                if !settled.knows(from) {
                    leaving.entry(from).or_insert_with(Vec::new).push(key);
                }
                if !settled.knows(to) {
                    entering.entry(to).or_insert_with(Vec::new).push(key);
                }
            }
        }
        let mut all = BTreeSet::new();
        for (clip, mut keys) in leaving.into_iter().chain(entering) {
            keys.sort_unstable();
            let keys = keys.iter().take(budget(clip).of_a_clip);
            all.extend(keys.map(|(.., index)| *index));
        }
        let (first, second) = all.into_iter().partition(|index| first.contains(index));
        Self { first, second }
    }
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
        let rounds = Rounds::of(
            &graph(edges.chain([declared]).collect()),
            &Settled::default(),
        );
        assert_eq!(rounds.first, [1, 3, 4]);
        assert_eq!(rounds.second, [0]);
    }

    #[test]
    fn trials_grow_with_the_clips() {
        let tried = |clips: u32| {
            let pairs = (0..clips).flat_map(|a| (0..clips).map(move |b| (a, b)));
            let pairs = pairs.filter(|(a, b)| a != b);
            let edges = pairs.flat_map(|(a, b)| {
                (0..4).map(move |at| edge(a, b, at, 0.2 + 0.1 * f64::from((a + b + at) % 7)))
            });
            let rounds = Rounds::of(&graph(edges.collect()), &Settled::default());
            rounds.first.len() + rounds.second.len()
        };
        assert!(tried(40) <= 40 * 2 * WHOLE.of_a_clip);
        assert!(tried(40) >= 40 * WHOLE.of_a_clip);
        // Each of a few clips is tried with all others.
        assert_eq!(tried(4), 4 * 3 * 4);
    }
}
