//! What other ways of mixing the same clips would give: a chain that draws evenly, and a bag that
//! is shuffled.

use crate::{certificate::entropy::log2, walk::dice::Dice};

/// Visits of a comparison, at most.
pub(super) const LONGEST: u64 = 20_000;
/// Streams of draws: no walk uses them.
const CHAIN: u64 = 1 << 40;
const BAG: u64 = 1 << 41;
/// Rounds in which the largest eigenvalue is found, and how exactly.
const ROUNDS: usize = 500;
const EXACT: f64 = 1e-9;

/// Which clips a library joins to which.
#[derive(Clone, Debug)]
pub(crate) struct Library {
    /// By clip, the clips that may follow; numbers in order, none its own where there are others.
    next: Vec<Vec<u32>>,
    /// Names of the clips, for people.
    pub(super) names: Vec<String>,
}

impl Library {
    /// The library in which the clips of each pair of `arcs` follow each other.
    pub(crate) fn new(names: Vec<String>, arcs: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let mut next = vec![Vec::new(); names.len()];
        for (from, to) in arcs {
            next[from as usize].push(to);
        }
        for next in &mut next {
            next.sort_unstable();
            next.dedup();
        }
        Self { next, names }
    }

    /// Clips.
    pub(super) fn clips(&self) -> usize {
        self.next.len()
    }

    /// Ordered pairs of different clips.
    pub(super) fn pairs(&self) -> Vec<(u32, u32)> {
        let pairs = (0..).zip(&self.next).flat_map(|(from, next)| {
            let others = next.iter().filter(move |to| **to != from);
            others.map(move |to| (from, *to))
        });
        pairs.collect()
    }

    /// The logarithm of the growth of the number of walks with their length: no walk has a higher
    /// entropy rate (Parry 1964).
    pub(super) fn entropy_bound(&self) -> Option<f64> {
        let count = self.clips();
        let mut walks = vec![1.0_f64; count];
        let mut growth = 0.0;
        for _ in 0..ROUNDS {
            // Half of the clip itself keeps graphs that alternate from oscillating.
            let next: Vec<f64> = (0..count)
                .map(|clip| {
                    let sum: f64 = self.next[clip].iter().map(|to| walks[*to as usize]).sum();
                    sum + walks[clip] * 0.5
                })
                .collect();
            let largest = next.iter().copied().fold(0.0, f64::max);
            let found = largest - 0.5;
            if largest <= 0.0 {
                return None;
            }
            walks = next.into_iter().map(|value| value / largest).collect();
            let done = (found - growth).abs() < EXACT * found.abs();
            growth = found;
            if done {
                break;
            }
        }
        // Scaled to whole numbers, so that the logarithm is the same everywhere.
        let scaled = (growth * (1_u64 << 32) as f64).round();
        (growth >= 1.0).then(|| log2(scaled as u64) as f64 / (1_u64 << 32) as f64 - 32.0)
    }

    /// Draws every next clip evenly among those that may follow.
    pub(super) fn uniform_chain(&self, visits: u64, seed: u64) -> Vec<u32> {
        let mut dice = Dice::new(seed, CHAIN);
        let mut row = Vec::new();
        let mut here = None;
        for _ in 0..visits {
            let clip = self.drawn(here, &mut dice);
            row.push(clip);
            here = Some(clip);
        }
        row
    }

    /// A clip after `here`, drawn among those that may follow or, where there are none, all others.
    fn drawn(&self, here: Option<u32>, dice: &mut Dice) -> u32 {
        let count = self.clips() as u64;
        match here {
            None => dice.below(count) as u32,
            Some(here) => {
                let next = &self.next[here as usize];
                let next = next.iter().filter(|clip| **clip != here || count == 1);
                let ways = next.clone().count() as u64;
                if ways > 0 {
                    let mut next = next.copied();
                    next.nth(dice.below(ways) as usize).unwrap_or(here)
                } else {
                    ((u64::from(here) + 1 + dice.below((count - 1).max(1))) % count) as u32
                }
            }
        }
    }

    /// Takes clips from a shuffled bag: the first that may follow, or where none of the bag may,
    /// one drawn that may.
    pub(super) fn shuffle_bag(&self, visits: u64, seed: u64) -> Vec<u32> {
        let mut dice = Dice::new(seed, BAG);
        let mut row: Vec<u32> = Vec::new();
        let mut bag: Vec<u32> = Vec::new();
        for _ in 0..visits {
            if bag.is_empty() {
                bag = (0..self.clips() as u32).collect();
                dice.shuffle(&mut bag);
            }
            let here = row.last().copied();
            let fits = |clip: &u32| {
                here.is_none_or(|here| {
                    (*clip != here || self.clips() == 1)
                        && self.next[here as usize].binary_search(clip).is_ok()
                })
            };
            let clip = match bag.iter().position(fits) {
                Some(place) => bag.remove(place),
                None => self.drawn(here, &mut dice),
            };
            row.push(clip);
        }
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::certify;

    fn dense(count: u32) -> Library {
        let names = (0..count).map(|clip| clip.to_string()).collect();
        let arcs = (0..count).flat_map(|from| (0..count).map(move |to| (from, to)));
        Library::new(names, arcs.filter(|(from, to)| from != to))
    }

    #[test]
    fn the_bound_of_a_dense_library_is_its_number_of_exits() {
        let bound = dense(17).entropy_bound().unwrap();
        assert!((bound - 4.0).abs() < 1e-6, "{bound}");
        let ring = Library::new(vec![String::new(); 3], [(0, 1), (1, 2), (2, 0)]);
        assert!(ring.entropy_bound().unwrap().abs() < 1e-6);
        let ends = Library::new(vec![String::new(); 2], [(0, 1)]);
        assert_eq!(ends.entropy_bound(), None);
    }

    #[test]
    fn comparisons_are_what_their_names_say() {
        let library = dense(20);
        let chain = certify(library.uniform_chain(4000, 5), 0);
        assert_eq!(chain.return_gap_min, Some(2));
        // Every next clip with one chance in 19.
        assert!((chain.conditional_entropy - 19_f64.log2()).abs() < 0.1);
        let bag = library.shuffle_bag(4000, 5);
        for round in bag.chunks_exact(20).take(100) {
            let mut clips = round.to_vec();
            clips.sort_unstable();
            clips.dedup();
            assert!(clips.len() >= 18);
        }
        assert!(bag.windows(2).all(|pair| pair[0] != pair[1]));
        let bag = certify(bag, 0);
        assert!(bag.usage_evenness > chain.usage_evenness);
    }

    #[test]
    fn comparisons_go_on_where_nothing_may_follow() {
        let names = vec![String::new(); 3];
        let library = Library::new(names, [(0, 1)]);
        for row in [library.uniform_chain(100, 1), library.shuffle_bag(100, 1)] {
            assert_eq!(row.len(), 100);
            assert!(row.windows(2).all(|pair| pair[0] != pair[1]));
        }
        let alone = Library::new(vec![String::new()], []);
        assert_eq!(alone.uniform_chain(4, 1), [0; 4]);
        assert_eq!(alone.shuffle_bag(4, 1), [0; 4]);
    }
}
