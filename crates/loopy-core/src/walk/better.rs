//! Which joints the walk does without: those that are likely to be seen, where the same two clips have
//! better ones.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use super::map::{Link, Map};
use crate::graph::Score;

/// What scores as much is good: of 96 joints, a detector that selection does not use rated those from 0.5
/// to 0.6 above four of five moments of their clips, those from 0.65 above every second.
const GOOD: Score = Score::percent(60);

impl Map {
    /// Leaves out the joints without a change of scene that are not good wherever a visit can end by
    /// a good one to the same clip instead, and of several that are left all but the best. What could
    /// follow what can still follow it.
    pub(super) fn without_worse(&mut self) {
        let kept = self.better();
        let mut index = 0..;
        self.links
            .retain(|_| index.next().is_some_and(|at| kept.contains(&at)));
        let entered = |link: &Link| (link.clip, self.nodes[link.to as usize].at);
        let ends: Vec<(u32, u32)> = self.links.iter().map(entered).collect();
        let mut starts: Vec<(u32, u32)> = self.usable.iter().map(|clip| (*clip, 0)).collect();
        starts.extend(&ends);
        starts.sort_unstable();
        starts.dedup();
        for (link, end) in self.links.iter_mut().zip(ends) {
            link.to = starts.partition_point(|start| *start < end) as u32;
        }
        self.number(&starts);
    }

    /// The links that stay: changes of scene, good joints, and what worse ones are needed to lead on, then
    /// to lead to a dead end.
    fn better(&self) -> BTreeSet<usize> {
        let worse = |at: &usize| !self.links[*at].declared && self.links[*at].score < GOOD;
        let (worse, kept): (Vec<usize>, Vec<usize>) = (0..self.links.len()).partition(worse);
        let mut kept = BTreeSet::from_iter(kept);
        for ordinary in [true, false] {
            let mut pairs: BTreeMap<(u32, u32), Vec<usize>> = BTreeMap::new();
            for at in worse
                .iter()
                .filter(|at| self.links[**at].ordinary == ordinary)
            {
                let link = &self.links[*at];
                pairs.entry((link.from, link.clip)).or_default().push(*at);
            }
            for (pair, own) in pairs {
                let serves = |at: &&usize| {
                    let link = &self.links[**at];
                    (link.from, link.clip) == pair && !link.declared && (link.ordinary || !ordinary)
                };
                let until = kept.range(self.link_range(pair.0)).filter(serves);
                let until = until.map(|at| self.links[*at].leave).max().unwrap_or(0);
                self.needed(pair.0, &own, until, &mut kept);
            }
        }
        kept
    }

    /// Keeps the best of the `own` ways of a clip for visits that cannot end by `until`, then for those
    /// that cannot end by that.
    fn needed(&self, clip: u32, own: &[usize], mut until: u32, kept: &mut BTreeSet<usize>) {
        let leave = |at: &usize| self.links[*at].leave;
        for node in self.node_range(clip) {
            let least = self.nodes[node].at + self.least_of(clip);
            if least <= until {
                continue;
            }
            let late = own.iter().filter(|at| leave(at) >= least);
            let best = late.max_by_key(|at| (self.links[**at].score, leave(at), Reverse(**at)));
            let Some(best) = best else { break };
            kept.insert(*best);
            until = leave(best);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        Graph,
        walk::{
            Options,
            sample::{edge, graph, library},
        },
    };

    fn map(graph: &Graph, threshold: Score) -> Map {
        let options = Options {
            seam_threshold: threshold,
            ..Options::default()
        };
        Map::new(graph, &options).unwrap()
    }

    /// Where links without a change of scene leave their clip, and the clip that they enter.
    fn ways(map: &Map) -> Vec<(u32, u32, u32)> {
        let links = map.links.iter().filter(|link| !link.declared);
        links
            .map(|link| (link.from, link.leave, link.clip))
            .collect()
    }

    #[test]
    fn of_the_joints_of_two_clips_those_that_are_seen_give_way_to_better_ones() {
        let mut some = graph(&[(300, vec![100, 200]), (300, vec![100, 200])]);
        some.edges = vec![
            edge((0, 100), (1, 0), 0.55, 2.0),
            edge((0, 200), (1, 0), 0.7, 2.0),
            edge((0, 300), (1, 0), 0.52, 2.0),
            edge((1, 100), (0, 0), 0.55, 2.0),
            edge((1, 200), (0, 0), 0.51, 2.0),
            edge((1, 300), (0, 0), 0.58, 2.0),
        ];
        some.sort();
        let half = Score::percent(50);
        assert_eq!(ways(&map(&some, half)), [(0, 200, 1), (1, 300, 0)]);
        // Whoever asks for everything gets everything.
        assert_eq!(map(&some, Score(0)).links.len(), 6);
    }

    #[test]
    fn a_joint_that_is_seen_stays_for_visits_that_begin_too_late_for_a_better_one() {
        let mut some = graph(&[(300, vec![100, 200, 270]), (300, vec![100])]);
        some.edges = vec![
            edge((0, 100), (1, 0), 0.9, 2.0),
            edge((0, 270), (1, 0), 0.52, 2.0),
            edge((0, 300), (1, 0), 0.55, 2.0),
            edge((1, 300), (0, 200), 0.9, 2.0),
        ];
        some.sort();
        let found = ways(&map(&some, Score::percent(50)));
        assert_eq!(found, [(0, 100, 1), (0, 300, 1), (1, 300, 0)]);
    }

    proptest! {
        #[test]
        fn what_could_follow_still_can_and_what_is_good_stays(seed in any::<u64>(), clips in 1_u32..7) {
            let mut graph = library(seed, clips, 150, 4, 3);
            for edge in &mut graph.edges {
                edge.score = edge.score.max(Score(1));
            }
            let (all, fewer) = (map(&graph, Score(0)), map(&graph, Score(1)));
            prop_assert_eq!(&all.scene, &fewer.scene);
            for node in &fewer.nodes {
                let before = all.nodes.iter().find(|other| (other.clip, other.at) == (node.clip, node.at));
                prop_assert_eq!(before.unwrap().calm, node.calm);
            }
            let ends = |map: &Map, ordinary: bool| -> BTreeSet<(u32, u32)> {
                let links = map.links.iter().filter(|link| link.ordinary == ordinary || !ordinary);
                links.map(|link| (link.from, link.clip)).collect()
            };
            prop_assert_eq!(ends(&all, true), ends(&fewer, true));
            prop_assert_eq!(ends(&all, false), ends(&fewer, false));
            let good = |map: &Map| -> Vec<(u32, u32, u32)> {
                let links = map.links.iter().filter(|link| link.score >= GOOD);
                links.map(|link| (link.from, link.leave, link.clip)).collect()
            };
            prop_assert_eq!(good(&all), good(&fewer));
        }
    }
}
