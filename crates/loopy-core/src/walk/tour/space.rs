//! Exchanges stretches of a trail between passings of one node until no clip returns early; the
//! arcs stay the same.

use super::Ground;
use crate::walk::dice::Dice;

/// Exchanges tried for each visit at one gap, and gained gap tried at once.
const EFFORT: usize = 100;
const STEP: usize = 2;
/// Passings of a node that an exchange reaches over.
const REACH: usize = 6;
/// Visits looked at and moved, at most, at one gap: long trails seldom pass a node.
const MOST: usize = 400_000_000;

/// A trail, the clip that each of its nodes shows, and how many of its first visits stay.
pub(super) struct Row<'a> {
    pub(super) nodes: Vec<u32>,
    pub(super) fixed: usize,
    pub(super) ground: &'a Ground<'a>,
}

impl Row<'_> {
    /// Exchanges until no clip returns before `wanted` visits, or the largest gap that is found,
    /// which is returned.
    pub(super) fn space(&mut self, wanted: usize, dice: &mut Dice) -> usize {
        let mut gap = self.least().min(wanted);
        let mut good = self.nodes.clone();
        while gap < wanted {
            let next = (gap + STEP).min(wanted);
            if !self.exchange(next, dice) {
                break;
            }
            gap = next;
            good.clone_from(&self.nodes);
        }
        self.nodes = good;
        gap
    }

    /// A trail that ends where it begins may begin anywhere: here at `start`, if it then keeps
    /// `gap`.
    pub(super) fn turn(&mut self, start: u32, gap: usize) {
        if self.nodes.first() == self.nodes.last()
            && let Some(place) = self.nodes.iter().position(|node| *node == start)
        {
            let before = self.nodes.clone();
            self.nodes.pop();
            self.nodes.rotate_left(place);
            self.nodes.push(self.nodes[0]);
            if self.least() < gap {
                self.nodes = before;
            }
        }
    }

    fn clip(&self, place: usize) -> u32 {
        self.ground.shows[self.nodes[place] as usize]
    }

    /// The smallest return gap.
    pub(super) fn least(&self) -> usize {
        let mut last = vec![None; self.ground.clips];
        let mut least = usize::MAX;
        for index in 0..self.nodes.len() {
            if let Some(before) = last[self.clip(index) as usize].replace(index) {
                least = least.min(index - before);
            }
        }
        least
    }

    /// Visits of `window` that return before `gap` visits; `last` is blank and is left so.
    fn early(&self, window: std::ops::Range<usize>, gap: usize, last: &mut [usize]) -> usize {
        let mut count = 0;
        for index in window.clone() {
            let before = std::mem::replace(&mut last[self.clip(index) as usize], index);
            count += usize::from(before != usize::MAX && index - before < gap);
        }
        for index in window {
            last[self.clip(index) as usize] = usize::MAX;
        }
        count
    }

    /// Up to [`REACH`] passings of the node at `middle`, `ahead` of it or before it.
    fn passings(&self, middle: usize, ahead: bool) -> Vec<usize> {
        let node = self.nodes[middle];
        let same = |place: &usize| self.nodes[*place] == node;
        if ahead {
            let places = middle + 1..self.nodes.len();
            places.filter(same).take(REACH).collect()
        } else {
            let places = (self.fixed..middle).rev();
            places.filter(same).take(REACH).collect()
        }
    }

    /// Tries until no clip returns before `gap` visits; false when that was too much effort.
    fn exchange(&mut self, gap: usize, dice: &mut Dice) -> bool {
        let mut last = vec![usize::MAX; self.ground.clips];
        let mut effort = self.nodes.len() * EFFORT;
        let mut moved = MOST;
        loop {
            // All places where a clip returns early.
            let mut seen = vec![usize::MAX; self.ground.clips];
            let mut places = Vec::new();
            for index in 0..self.nodes.len() {
                let before = std::mem::replace(&mut seen[self.clip(index) as usize], index);
                if before != usize::MAX && index - before < gap {
                    places.push(index);
                }
            }
            if places.is_empty() {
                return true;
            }
            for place in places {
                // A clip between the two showings, or beside them, is where stretches are exchanged.
                for _ in 0..EFFORT {
                    let low = place.saturating_sub(gap - 1);
                    if !(low..place).any(|other| self.clip(other) == self.clip(place)) {
                        break;
                    }
                    if effort == 0 || moved == 0 {
                        return false;
                    }
                    effort -= 1;
                    let low = place.saturating_sub(gap);
                    let middle = low + dice.below((place + 1 - low) as u64) as usize;
                    let ahead = dice.below(2) == 0;
                    if middle < self.fixed {
                        continue;
                    }
                    let found = self.passings(middle, ahead);
                    if found.len() < 2 {
                        moved = moved.saturating_sub(self.nodes.len());
                        continue;
                    }
                    let second = dice.below(found.len() as u64) as usize;
                    let third = dice.below(found.len() as u64) as usize;
                    let mut cut = [middle, found[second], found[third]];
                    cut.sort_unstable();
                    let [a, b, c] = cut;
                    if a == b || b == c {
                        continue;
                    }
                    let window = a.saturating_sub(gap)..(c + gap).min(self.nodes.len());
                    moved = moved.saturating_sub(2 * window.len());
                    let before = self.early(window.clone(), gap, &mut last);
                    self.nodes[a..c].rotate_left(b - a);
                    if self.early(window, gap, &mut last) > before {
                        self.nodes[a..c].rotate_right(b - a);
                    }
                }
            }
        }
    }
}
