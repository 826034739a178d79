//! The most ordered pairs that one walk can take without repeating any: arcs are left out, as few as
//! possible, until every clip is entered as often as it is left.
//!
//! Leaving out a path from a clip that is left too often to one that is entered too often balances
//! both: the fewest arcs are a flow of least cost with one unit an arc, found by shortest paths
//! with potentials, all of one length at a time (primal-dual).

/// What a walk can take of a graph's arcs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Balanced {
    /// By arc: it is kept.
    pub(crate) kept: Vec<bool>,
    /// Most arcs of any walk that repeats none: exact where what is kept holds together.
    pub(crate) bound: usize,
}

/// The most of `arcs` among `count` clips that leave every clip as often as they enter it, but for
/// the beginning and the end of one walk.
pub(crate) fn balanced(count: usize, arcs: &[(u32, u32)]) -> Balanced {
    // One walk may begin where it does not end: the last, longest path stays.
    let kept = kept(count, arcs, 1);
    let bound = kept.iter().filter(|kept| **kept).count();
    Balanced { kept, bound }
}

/// By arc, whether it is kept when as few as possible are left out so that every node is left as
/// often as it is entered.
pub(crate) fn round(count: usize, arcs: &[(u32, u32)]) -> Vec<bool> {
    kept(count, arcs, 0)
}

/// Leaves out the fewest arcs after which all but `paths` paths are balanced.
fn kept(count: usize, arcs: &[(u32, u32)], paths: i64) -> Vec<bool> {
    let mut flow = Flow::new(count, arcs);
    let owed: i64 = flow.excess.iter().filter(|excess| **excess > 0).sum();
    let mut left = owed - paths;
    while left > 0 && flow.shorten() {
        while left > 0 && flow.augment() {
            left -= 1;
        }
    }
    flow.used.iter().map(|used| !used).collect()
}

struct Flow<'a> {
    arcs: &'a [(u32, u32)],
    /// By clip: its arcs out, and its arcs in.
    out: Vec<Vec<u32>>,
    into: Vec<Vec<u32>>,
    /// By arc: left out.
    used: Vec<bool>,
    /// By clip: times left over times entered, of what is kept.
    excess: Vec<i64>,
    potential: Vec<i64>,
    /// By clip: the next of its arcs to try, out and then in; and whether it is on the path.
    next: Vec<usize>,
    busy: Vec<bool>,
}

const FAR: i64 = i64::MAX / 4;

impl<'a> Flow<'a> {
    fn new(count: usize, arcs: &'a [(u32, u32)]) -> Self {
        let mut out = vec![Vec::new(); count];
        let mut into = vec![Vec::new(); count];
        let mut excess = vec![0; count];
        for (index, (from, to)) in (0..).zip(arcs) {
            out[*from as usize].push(index);
            into[*to as usize].push(index);
            excess[*from as usize] += 1;
            excess[*to as usize] -= 1;
        }
        Self {
            arcs,
            out,
            into,
            used: vec![false; arcs.len()],
            excess,
            potential: vec![0; count],
            next: vec![0; count],
            busy: vec![false; count],
        }
    }

    /// The arc at `place` of `clip` that flow can take, with the clip it leads to and its cost.
    fn residual(&self, clip: usize, place: usize) -> Option<(u32, usize, i64)> {
        let out = &self.out[clip];
        let (index, cost) = match out.get(place) {
            Some(index) => (*index, 1),
            None => (self.into[clip][place - out.len()], -1),
        };
        // Forward over an arc that is kept, back over one that is left out.
        let arc = self.arcs[index as usize];
        let to = if cost > 0 { arc.1 } else { arc.0 };
        (self.used[index as usize] == (cost < 0)).then_some((index, to as usize, cost))
    }

    fn places(&self, clip: usize) -> usize {
        self.out[clip].len() + self.into[clip].len()
    }

    /// Moves the potentials so that shortest paths to a clip in need cost nothing; false when there
    /// is none.
    fn shorten(&mut self) -> bool {
        let count = self.potential.len();
        let mut distance = vec![FAR; count];
        // Reduced costs are small whole numbers: a queue for each.
        let mut queues: Vec<Vec<usize>> = vec![Vec::new()];
        for clip in (0..count).filter(|clip| self.excess[*clip] > 0) {
            distance[clip] = 0;
            queues[0].push(clip);
        }
        let mut nearest = FAR;
        let mut at = 0;
        while at < queues.len() {
            while let Some(clip) = queues[at].pop() {
                if distance[clip] != at as i64 {
                    continue;
                }
                if self.excess[clip] < 0 {
                    nearest = nearest.min(at as i64);
                }
                for place in 0..self.places(clip) {
                    if let Some((_, to, cost)) = self.residual(clip, place) {
                        let reduced = cost + self.potential[clip] - self.potential[to];
                        let far = at as i64 + reduced;
                        if far < distance[to] {
                            distance[to] = far;
                            let far = far as usize;
                            if queues.len() <= far {
                                queues.resize(far + 1, Vec::new());
                            }
                            queues[far].push(to);
                        }
                    }
                }
            }
            at += 1;
            if nearest < at as i64 {
                break;
            }
        }
        if nearest == FAR {
            return false;
        }
        for (potential, distance) in self.potential.iter_mut().zip(distance) {
            *potential += distance.min(nearest);
        }
        self.next.fill(0);
        true
    }

    /// Sends one unit along arcs that cost nothing; false when no clip can send more.
    fn augment(&mut self) -> bool {
        for start in 0..self.excess.len() {
            if self.excess[start] <= 0 {
                continue;
            }
            let mut path: Vec<(usize, u32)> = Vec::new();
            let mut here = start;
            self.busy[here] = true;
            loop {
                if self.excess[here] < 0 {
                    self.excess[start] -= 1;
                    self.excess[here] += 1;
                    self.busy[here] = false;
                    for (clip, index) in path {
                        self.used[index as usize] = !self.used[index as usize];
                        self.busy[clip] = false;
                    }
                    return true;
                }
                if self.next[here] == self.places(here) {
                    self.busy[here] = false;
                    match path.pop() {
                        Some((before, _)) => here = before,
                        None => break,
                    }
                    self.next[here] += 1;
                    continue;
                }
                let way = self.residual(here, self.next[here]);
                let free = way.filter(|(_, to, cost)| {
                    !self.busy[*to] && cost + self.potential[here] == self.potential[*to]
                });
                if let Some((index, to, _)) = free {
                    path.push((here, index));
                    here = to;
                    self.busy[here] = true;
                } else {
                    self.next[here] += 1;
                }
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walk::sample::Noise;

    /// Imbalance of the arcs in `mask`.
    fn owed(count: usize, arcs: &[(u32, u32)], mask: u32) -> i64 {
        let mut excess = vec![0_i64; count];
        for (index, (from, to)) in arcs.iter().enumerate() {
            if mask >> index & 1 == 1 {
                excess[*from as usize] += 1;
                excess[*to as usize] -= 1;
            }
        }
        excess.into_iter().filter(|excess| *excess > 0).sum()
    }

    #[test]
    fn no_choice_of_arcs_keeps_more() {
        let mut noise = Noise(1);
        for _ in 0..200 {
            let count = 3 + noise.below(4);
            let mut arcs: Vec<(u32, u32)> = (0..13)
                .map(|_| (noise.below(count), noise.below(count)))
                .filter(|(from, to)| from != to)
                .collect();
            arcs.sort_unstable();
            arcs.dedup();
            let best = (0..1_u32 << arcs.len())
                .filter(|mask| owed(count as usize, &arcs, *mask) <= 1)
                .map(u32::count_ones)
                .max();
            let found = balanced(count as usize, &arcs);
            assert_eq!(found.bound, best.unwrap() as usize, "{arcs:?}");
            let kept = (0..).zip(&found.kept);
            let mask = kept.fold(0, |mask, (index, kept)| mask | u32::from(*kept) << index);
            assert!(owed(count as usize, &arcs, mask) <= 1, "{arcs:?}");
        }
    }

    #[test]
    fn every_pair_of_a_dense_library_is_kept() {
        let arcs: Vec<(u32, u32)> = (0..30)
            .flat_map(|from| (0..30).map(move |to| (from, to)))
            .filter(|(from, to)| from != to)
            .collect();
        assert_eq!(balanced(30, &arcs).bound, 870);
    }
}
