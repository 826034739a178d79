//! Which joints the walk does without: those that are likely to be seen, where better ones lead to the
//! same clip.

use std::cmp::Reverse;

use super::map::{Link, Map};
use crate::graph::Score;

/// What scores as much is good: of 96 joints, a detector that selection does not use rated those from 0.5
/// to 0.6 above four of five moments of their clips, those from 0.65 above every second.
const GOOD: Score = Score::percent(60);

impl Map {
    /// Leaves out joints that are not good where a visit that could end by one still comes to its clip by
    /// those that stay, and to every clip that can be reached from there without a change of scene. What
    /// could lead on still does.
    pub(super) fn without_worse(&mut self) {
        let kept = self.better();
        let mut kept = kept.into_iter();
        self.links.retain(|_| kept.next() == Some(true));
        let entered = |link: &Link| (link.clip, self.nodes[link.to as usize].at);
        let ends: Vec<(u32, u32)> = self.links.iter().map(entered).collect();
        let starts = self.starts(ends.iter().copied());
        for (link, end) in self.links.iter_mut().zip(ends) {
            link.to = starts.partition_point(|start| *start < end) as u32;
        }
        self.number(&starts);
    }

    /// Whether each link stays: changes of scene, good joints, and of the others the best that are needed,
    /// first to lead on, then to lead to a dead end.
    fn better(&self) -> Vec<bool> {
        let worse = |link: &Link| !link.declared && link.score < GOOD;
        let mut kept: Vec<bool> = self.links.iter().map(|link| !worse(link)).collect();
        for ordinary in [true, false] {
            let leads = |way: &Link| self.hides(way) && (way.ordinary || !ordinary);
            // What a joint to a dead end leads to is as much as its clip.
            let beyond = self.reached(|at| ordinary && leads(&self.links[at]));
            let mut found = self.reached(|at| kept[at] && leads(&self.links[at]));
            let open = |at: &usize| !kept[*at] && self.links[*at].ordinary == ordinary;
            let mut order: Vec<usize> = (0..kept.len()).filter(open).collect();
            order.sort_by_key(|at| (Reverse(self.links[*at].score), *at));
            for at in order {
                let link = &self.links[at];
                let Some(latest) = self.latest(link) else {
                    continue;
                };
                let here = &found[latest];
                let mut beyond = beyond[link.to as usize].iter().zip(here);
                if !here[link.clip as usize] || beyond.any(|(beyond, here)| *beyond && !here) {
                    kept[at] = true;
                    self.reach_more(&mut found, at, |at| kept[at] && leads(&self.links[at]));
                }
            }
        }
        kept
    }

    /// The last node of its clip from which a visit can end by `link`: the later a visit begins, the
    /// fewer ways it has.
    fn latest(&self, link: &Link) -> Option<usize> {
        let least = self.least_of(link.from);
        let mut nodes = self.node_range(link.from).rev();
        nodes.find(|node| self.nodes[*node].at + least <= link.leave)
    }

    /// By node, which clips a walk can come to from there over links that it `may` take.
    fn reached(&self, may: impl Fn(usize) -> bool) -> Vec<Vec<bool>> {
        let mut reached = vec![vec![false; self.clips()]; self.nodes.len()];
        let mut grown = true;
        while std::mem::take(&mut grown) {
            for clip in &self.usable {
                // From the last way out to the first, so that each node gets those of its own.
                let mut found = vec![false; self.clips()];
                let mut ways = self.link_range(*clip).rev().peekable();
                for node in self.node_range(*clip).rev() {
                    let first = self.ways(&self.nodes[node]).start as usize;
                    while let Some(at) = ways.next_if(|at| *at >= first) {
                        if may(at) {
                            let way = &self.links[at];
                            found[way.clip as usize] = true;
                            add(&mut found, &reached[way.to as usize]);
                        }
                    }
                    grown |= add(&mut reached[node], &found);
                }
            }
        }
        reached
    }

    /// Adds to `reached` what one link more leads to.
    fn reach_more(&self, reached: &mut [Vec<bool>], link: usize, may: impl Fn(usize) -> bool) {
        let mut open = vec![link];
        while let Some(at) = open.pop() {
            let way = &self.links[at];
            let mut found = reached[way.to as usize].clone();
            found[way.clip as usize] = true;
            for node in self.node_range(way.from) {
                if self.ways(&self.nodes[node]).start as usize > at {
                    break;
                }
                if add(&mut reached[node], &found) {
                    let before = self.leading_to(node as u32).iter();
                    open.extend(before.map(|at| *at as usize).filter(|at| may(*at)));
                }
            }
        }
    }
}

/// Adds `other` to a set; whether something was new.
fn add(set: &mut [bool], other: &[bool]) -> bool {
    let mut new = false;
    for (is, other) in set.iter_mut().zip(other) {
        new |= *other && !*is;
        *is |= *other;
    }
    new
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        Graph,
        walk::{
            Options,
            map::Node,
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
        fn what_could_be_reached_still_can_and_what_is_good_stays(
            seed in any::<u64>(),
            clips in 1_u32..7,
            inside in 1_u32..6,
        ) {
            let mut graph = library(seed, clips, 150, inside, 3);
            for edge in &mut graph.edges {
                edge.score = edge.score.max(Score(1));
            }
            let (all, fewer) = (map(&graph, Score(0)), map(&graph, Score(1)));
            prop_assert_eq!(&all.scene, &fewer.scene);
            let [reached_all, reached_fewer] =
                [&all, &fewer].map(|map| map.reached(|at| map.links[at].ordinary));
            for (after, node) in fewer.nodes.iter().enumerate() {
                let place = |other: &Node| (other.clip, other.at) == (node.clip, node.at);
                let before = all.nodes.iter().position(place).unwrap();
                prop_assert_eq!(all.nodes[before].calm, node.calm);
                prop_assert_eq!(&reached_all[before], &reached_fewer[after]);
                let [before, after] = [(&all, before), (&fewer, after)].map(|(map, node)| {
                    let ways = map.ways(&map.nodes[node]);
                    ways.into_iter().any(|at| map.hides(&map.links[at as usize]))
                });
                prop_assert_eq!(before, after);
            }
            let good = |map: &Map| -> Vec<(u32, u32, u32)> {
                let links = map.links.iter().filter(|link| link.score >= GOOD);
                links.map(|link| (link.from, link.leave, link.clip)).collect()
            };
            prop_assert_eq!(good(&all), good(&fewer));
        }
    }
}
