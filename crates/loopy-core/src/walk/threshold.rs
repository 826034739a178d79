//! Joints that would be seen are not taken, as far as the library can do without them.
//!
//! A link under the threshold is left out when its clip has a clearly better one, unless it is the
//! best to one of two clips that come next most easily or from one of two that come before (a walk
//! that has no choice repeats), or the walk needs it to reach every clip of its scene again and
//! again; the worst go first. Blocks of links are tried at once and halved where one of them is
//! needed (as in delta debugging: Zeller and Hildebrandt, IEEE TSE 28, 2002), so that large
//! libraries take few passes.

use std::collections::BTreeMap;

use super::map::Map;
use crate::graph::Score;

/// Clips to come from and to go to that every clip keeps, where it has as many.
const CHOICE: usize = 2;
/// Share of the best score of a clip, in percent, under which a link is clearly worse.
const CLEAR: u32 = 60;

/// Which links stay, in the order of the map.
pub(super) fn kept(map: &Map, threshold: Score) -> Vec<bool> {
    let mut thin = Thin::new(map);
    let (out, into) = (thin.ways_out(), thin.ways_in());
    let weak = |index: &usize| {
        let link = &map.links[*index];
        let to = map.nodes[link.to as usize].clip;
        let (own, others) = (&out[link.from as usize], &into[to as usize]);
        let clear = own.first().is_some_and(|best| {
            let best = map.links[*best].score.0;
            u32::from(link.score.0) * 100 < u32::from(best) * CLEAR
        });
        let mut choices = own.iter().take(CHOICE).chain(others.iter().take(CHOICE));
        link.score < threshold
            && clear
            && thin.open(*index)
            && choices.all(|choice| choice != index)
    };
    let mut weak: Vec<usize> = (0..map.links.len()).filter(weak).collect();
    weak.sort_by_key(|index| (map.links[*index].score, *index));
    thin.drop(&weak);
    thin.kept
}

struct Thin<'a> {
    map: &'a Map,
    kept: Vec<bool>,
    /// A node in each scene, the nodes that can be reached from it, and those that lead to it.
    scenes: Vec<(usize, Vec<bool>, Vec<bool>)>,
}

impl<'a> Thin<'a> {
    fn new(map: &'a Map) -> Self {
        let mut thin = Self {
            map,
            kept: vec![true; map.links.len()],
            scenes: Vec::new(),
        };
        let mut covered = vec![false; map.nodes.len()];
        for clip in &map.usable {
            let root = map.start_of(*clip) as usize;
            if covered[root] {
                continue;
            }
            let (ahead, behind) = (thin.ahead(root), thin.behind(root));
            for node in map.usable.iter().map(|clip| map.start_of(*clip) as usize) {
                covered[node] |= node == root || ahead[node] && behind[node];
            }
            thin.scenes.push((root, ahead, behind));
        }
        thin
    }

    /// For each clip its best link to every other, best first.
    fn ways_out(&self) -> Vec<Vec<usize>> {
        self.best(|from, to| (from, to))
    }

    /// For each clip the best link from every other, best first.
    fn ways_in(&self) -> Vec<Vec<usize>> {
        self.best(|from, to| (to, from))
    }

    fn best(&self, key: impl Fn(u32, u32) -> (u32, u32)) -> Vec<Vec<usize>> {
        let map = self.map;
        let score = |index: usize| map.links[index].score;
        let mut best: BTreeMap<(u32, u32), usize> = BTreeMap::new();
        for (index, link) in map.links.iter().enumerate() {
            let to = map.nodes[link.to as usize].clip;
            if self.open(index) {
                let known = best.entry(key(link.from, to)).or_insert(index);
                if score(index) > score(*known) {
                    *known = index;
                }
            }
        }
        let mut ways: Vec<Vec<usize>> = vec![Vec::new(); map.clips()];
        for ((clip, _), index) in best {
            ways[clip as usize].push(index);
        }
        for own in &mut ways {
            own.sort_by_key(|index| (std::cmp::Reverse(score(*index)), *index));
        }
        ways
    }

    /// The walk may take it in the course of a scene.
    fn open(&self, index: usize) -> bool {
        let link = &self.map.links[index];
        !link.declared && (!link.own || self.map.alone())
    }

    /// Leaves out as many of `links` (worst first) as can be.
    fn drop(&mut self, links: &[usize]) {
        if links.is_empty() {
            return;
        }
        self.set(links, false);
        if self.whole() {
            return;
        }
        self.set(links, true);
        if links.len() > 1 {
            let (worse, better) = links.split_at(links.len() / 2);
            self.drop(worse);
            self.drop(better);
        }
    }

    fn set(&mut self, links: &[usize], kept: bool) {
        for index in links {
            self.kept[*index] = kept;
        }
    }

    /// Every scene still reaches all clips that it reached, and comes back from wherever it gets.
    fn whole(&self) -> bool {
        self.scenes.iter().all(|(root, before, led)| {
            let (ahead, behind) = (self.ahead(*root), self.behind(*root));
            let clips = |reached: &[bool], clip: u32| {
                let nodes = self.map.node_range(clip);
                reached[nodes].contains(&true)
            };
            let all = |clip: &u32| !clips(before, *clip) || clips(&ahead, *clip);
            let back = |node: usize| !(ahead[node] && led[node]) || behind[node];
            self.map.usable.iter().all(all) && (0..ahead.len()).all(back)
        })
    }

    /// Nodes that can be reached from one, itself included.
    fn ahead(&self, root: usize) -> Vec<bool> {
        let map = self.map;
        self.search(root, |node, next| {
            for index in map.ways(&map.nodes[node]) {
                if self.kept[index as usize] && self.open(index as usize) {
                    next(map.links[index as usize].to as usize);
                }
            }
        })
    }

    /// Nodes that lead to one, itself included.
    fn behind(&self, root: usize) -> Vec<bool> {
        let map = self.map;
        self.search(root, |node, next| {
            for index in map.leading_to(node as u32) {
                let link = &map.links[*index as usize];
                if self.kept[*index as usize] && self.open(*index as usize) {
                    let least = map.least_of(link.from);
                    for from in map.node_range(link.from) {
                        if map.nodes[from].at + least <= link.leave {
                            next(from);
                        }
                    }
                }
            }
        })
    }

    fn search(&self, root: usize, next: impl Fn(usize, &mut dyn FnMut(usize))) -> Vec<bool> {
        let mut seen = vec![false; self.map.nodes.len()];
        seen[root] = true;
        let mut open = vec![root];
        while let Some(node) = open.pop() {
            next(node, &mut |to| {
                if !std::mem::replace(&mut seen[to], true) {
                    open.push(to);
                }
            });
        }
        seen
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        graph::Score,
        walk::{
            self, Options,
            sample::{edge, graph, library},
        },
    };

    fn options(threshold: f64) -> Options {
        Options {
            frames: 60_000,
            seed: 3,
            seam_threshold: Score::from_f64(threshold),
            ..Options::default()
        }
    }

    #[test]
    fn joints_under_the_threshold_are_taken_only_where_nothing_else_leads_on() {
        let mut graph = graph(&[const { (150, Vec::new()) }; 4]);
        for (from, to, score) in [
            (0, 1, 0.9),
            (0, 2, 0.7),
            (0, 3, 0.1),
            (1, 0, 0.8),
            (1, 2, 0.6),
            (1, 3, 0.2),
            (2, 0, 0.9),
            (2, 1, 0.05),
            (2, 3, 0.04),
            (3, 0, 0.1),
            (3, 1, 0.09),
            (3, 2, 0.08),
        ] {
            graph.edges.push(edge((from, 150), (to, 0), score, 1.0));
        }
        graph.sort();
        let plan = walk::plan(&graph, &options(0.5)).unwrap();
        let mut used: Vec<Score> = plan.seams.iter().map(|seam| seam.score).collect();
        used.sort_unstable();
        used.dedup();
        // The one way to the last clip, what is no worse than the rest of a clip's, and a second
        // choice.
        let wanted = [0.05, 0.08, 0.09, 0.1, 0.2, 0.6, 0.7, 0.8, 0.9].map(Score::from_f64);
        assert!(used.iter().all(|score| wanted.contains(score)), "{used:?}");
        assert_eq!(plan.certificate.clips, 4);
        let said = |plan: &crate::Plan| plan.notes.iter().any(|note| note.contains("threshold"));
        assert!(said(&plan), "{:?}", plan.notes);
        let all = walk::plan(&graph, &options(0.0)).unwrap();
        assert!(!said(&all));
    }

    #[test]
    fn a_library_without_good_joints_keeps_its_choice() {
        let mut graph = graph(&[const { (150, Vec::new()) }; 5]);
        for from in 0..5 {
            for to in (0..5).filter(|to| *to != from) {
                graph.edges.push(edge((from, 150), (to, 0), 0.1, 1.0));
            }
        }
        graph.sort();
        let visits = |seed| {
            let options = Options {
                seed,
                ..options(0.5)
            };
            walk::plan(&graph, &options).unwrap().visits
        };
        assert_ne!(visits(1), visits(2));
    }

    #[test]
    fn a_threshold_never_costs_the_walk_a_clip() {
        for seed in 0..20 {
            let graph = library(seed, 12, 120, 3, 3);
            let seen = |threshold: f64| {
                let plan = walk::plan(&graph, &options(threshold)).unwrap();
                let changes = plan.certificate.scene_changes;
                (plan.certificate.clips, changes)
            };
            let (all, strict) = (seen(0.0), seen(1.0));
            assert_eq!(all.0, strict.0, "seed {seed}");
        }
    }
}
