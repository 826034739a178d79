//! Small libraries are known through and through: from which places, after which clips, a walk that
//! keeps its return gap can come by every clip again and again.
//!
//! A state is a place where a visit begins, with the clips that the gap still keeps out. Where states
//! that lead back to each other (a strong component of their graph, found with two searches,
//! Kosaraju) show all clips, the walk is kept to what leads there; whatever it draws, it is never
//! cornered and no clip is lost.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{map::Map, trail::Trail};

/// Clips of a library that is small, and states at most.
const SMALL: usize = 8;
const MOST: usize = 20_000;

/// A node, and the clips of the visits before it and of its own, the last of them this one.
type State = (u32, Vec<u32>);

/// What a walk with one gap is kept to.
pub(super) struct Guard {
    gap: u32,
    /// Its states by number, and which of them lead everywhere.
    numbers: BTreeMap<State, u32>,
    good: Vec<bool>,
    /// By state: those that may follow, and its node and clip.
    ahead: Vec<Vec<u32>>,
    shows: Vec<(u32, u32)>,
}

impl Guard {
    /// For walks from `start` that keep `gap`; nothing where the library is not small or not one scene,
    /// or where no such walk shows every clip again and again.
    pub(super) fn new(map: &Map, start: u32, gap: u32) -> Option<Self> {
        let whole = map.scene_sizes.contains(&(map.usable.len() as u32));
        if map.usable.len() > SMALL || !whole || map.alone() {
            return None;
        }
        let mut guard = Self {
            gap,
            numbers: BTreeMap::new(),
            good: Vec::new(),
            ahead: Vec::new(),
            shows: Vec::new(),
        };
        guard.explore(map, start)?;
        guard.judge(map);
        guard.good.contains(&true).then_some(guard)
    }

    /// The gap that it is made for.
    pub(super) fn gap(&self) -> u32 {
        self.gap
    }

    /// All states that can be reached from `start`; `None` when they are too many.
    fn explore(&mut self, map: &Map, start: u32) -> Option<()> {
        let clip = |node: u32| map.nodes[node as usize].clip;
        let mut open = VecDeque::new();
        self.number((start, vec![clip(start)]), clip(start), &mut open);
        while let Some((place, (node, lately))) = open.pop_front() {
            let mut next = BTreeSet::new();
            for index in map.ways(&map.nodes[node as usize]) {
                let link = &map.links[index as usize];
                let gap = self.gap.min(map.limits[link.clip as usize]);
                let kept_out = lately.iter().rev().take(gap.saturating_sub(1) as usize);
                if link.ordinary && kept_out.into_iter().all(|other| *other != link.clip) {
                    let row = lately.iter().copied().chain([link.clip]).collect();
                    let state = (link.to, self.lately(row));
                    next.insert(self.number(state, link.clip, &mut open));
                }
            }
            if self.shows.len() > MOST {
                return None;
            }
            self.ahead[place as usize] = next.into_iter().collect();
        }
        Some(())
    }

    /// Of `row`, the clips of the visits that the gap keeps out.
    fn lately(&self, mut row: Vec<u32>) -> Vec<u32> {
        let most = self.gap.saturating_sub(1).max(1) as usize;
        row.split_off(row.len().saturating_sub(most))
    }

    fn number(&mut self, state: State, clip: u32, open: &mut VecDeque<(u32, State)>) -> u32 {
        let next = self.numbers.len() as u32;
        let number = *self.numbers.entry(state.clone()).or_insert(next);
        if number == next {
            self.shows.push((state.0, clip));
            self.ahead.push(Vec::new());
            open.push_back((number, state));
        }
        number
    }

    /// Marks the states that lead to a component with all clips.
    fn judge(&mut self, map: &Map) {
        let count = self.shows.len();
        let mut before: Vec<Vec<u32>> = vec![Vec::new(); count];
        for (state, next) in (0..).zip(&self.ahead) {
            for other in next {
                before[*other as usize].push(state);
            }
        }
        // The states in the order in which a search from each is done, the last first.
        let mut order = Vec::with_capacity(count);
        let mut seen = vec![false; count];
        for first in 0..count {
            let mut path = vec![(first, 0)];
            if std::mem::replace(&mut seen[first], true) {
                continue;
            }
            while let Some((state, place)) = path.last_mut() {
                if let Some(next) = self.ahead[*state].get(*place) {
                    *place += 1;
                    if !std::mem::replace(&mut seen[*next as usize], true) {
                        path.push((*next as usize, 0));
                    }
                } else {
                    order.push(*state);
                    path.pop();
                }
            }
        }
        // Backwards from each in that order lies its component.
        let mut taken = vec![false; count];
        let mut good = Vec::new();
        for first in order.into_iter().rev() {
            let component = reach(&before, vec![first], &mut taken);
            let clips: BTreeSet<u32> = component.iter().map(|state| self.shows[*state].1).collect();
            if clips.len() == map.usable.len() {
                good.extend(component);
            }
        }
        let mut leads = vec![false; count];
        reach(&before, good, &mut leads);
        self.good = leads;
    }

    /// The state of a walk, if the guard knows it and it leads everywhere.
    pub(super) fn place(&self, trail: &Trail) -> Option<u32> {
        let clip = |node: u32| trail.map().nodes[node as usize].clip;
        let stops = trail.stops();
        let row = stops.iter().rev().take(self.gap.max(1) as usize).rev();
        let row = row.map(|stop| clip(stop.node)).collect();
        let here = (stops[stops.len() - 1].node, self.lately(row));
        let number = self.numbers.get(&here).copied();
        number.filter(|number| self.good[*number as usize])
    }

    /// States that may follow `place` and lead everywhere.
    fn next(&self, place: u32) -> impl Iterator<Item = u32> + '_ {
        let next = self.ahead[place as usize].iter().copied();
        next.filter(|state| self.good[*state as usize])
    }

    /// Entering `node` from `place` leads everywhere.
    pub(super) fn good(&self, place: u32, node: u32) -> bool {
        self.next(place)
            .any(|state| self.shows[state as usize].0 == node)
    }

    /// Nodes entered first on shortest ways from `place` to `clip`.
    pub(super) fn towards(&self, place: u32, clip: u32) -> BTreeSet<u32> {
        // By state: the one that the way to it enters first.
        let mut first: BTreeMap<u32, u32> = self.next(place).map(|state| (state, state)).collect();
        let mut ring: Vec<u32> = first.keys().copied().collect();
        while !ring.is_empty() {
            let there = ring
                .iter()
                .filter(|state| self.shows[**state as usize].1 == clip);
            let found: BTreeSet<u32> = there
                .map(|state| self.shows[first[state] as usize].0)
                .collect();
            if !found.is_empty() {
                return found;
            }
            let mut next = Vec::new();
            for state in ring {
                for other in self.next(state) {
                    if !first.contains_key(&other) {
                        first.insert(other, first[&state]);
                        next.push(other);
                    }
                }
            }
            ring = next;
        }
        BTreeSet::new()
    }
}

/// What can be come to from `open` along `ways`, but for what was `taken` before.
fn reach(ways: &[Vec<u32>], mut open: Vec<usize>, taken: &mut [bool]) -> Vec<usize> {
    open.retain(|state| !std::mem::replace(&mut taken[*state], true));
    let mut all = open.clone();
    while let Some(state) = open.pop() {
        for other in &ways[state] {
            if !std::mem::replace(&mut taken[*other as usize], true) {
                open.push(*other as usize);
                all.push(*other as usize);
            }
        }
    }
    all
}
