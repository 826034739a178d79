//! The walk, visit by visit: it looks ahead, goes back where it is cornered, and lowers the return
//! gap only where the graph forces it.
//!
//! A visit is *settled* when the walk has gone [`AHEAD`] visits further: until then it can be
//! taken back. The film of a given length and the endless stream settle the same visits.

use super::{
    choice::{self, Candidate, Rules},
    dice::Dice,
    errand::Errand,
    map::Map,
    trail::{Step, Trail},
};

/// Visits that the walk is ahead of what is settled.
pub(super) const AHEAD: usize = 48;
/// Visits for each clip in which all should be shown.
const ENOUGH: usize = 4;
/// Dead ends met without getting further, at most.
const DEAD_ENDS: u32 = 24;

/// Where a walk begins and what it is to keep.
#[derive(Clone, Copy)]
pub(super) struct Start {
    /// Node of the first visit.
    pub(super) node: u32,
    /// Seed.
    pub(super) seed: u64,
    /// Return gap that is wished for.
    pub(super) gap: u32,
    /// Output frames after which nothing matters.
    pub(super) frames: u64,
}

/// A walk under way.
pub(super) struct Walker<'a> {
    trail: Trail<'a>,
    dice: Dice,
    rules: Rules,
    /// The gap to come back to.
    gap: u32,
    floor: u32,
    settled: usize,
    furthest: usize,
    dead_ends: u32,
    /// Visit at which the gap was last lowered, if it was.
    eased: Option<usize>,
    errand: Option<Errand>,
    found: Vec<Candidate>,
}

/// The gap that every library grants: never the same clip twice in a row where there are two.
pub(super) fn floor(map: &Map) -> u32 {
    if map.alone() { 1 } else { 2 }
}

impl<'a> Walker<'a> {
    /// A walk that keeps `start.gap` or, where the graph forces it or clips would never be shown,
    /// the largest gap found that does.
    pub(super) fn new(map: &'a Map, start: Start) -> Self {
        let floor = floor(map).min(start.gap);
        let try_gap = |gap| Self::attempt(map, Start { gap, ..start }, floor);
        let first = try_gap(start.gap);
        if first.eased.is_none() && first.missing() == 0 {
            return first;
        }
        let mut best = try_gap(floor);
        let missed = best.missing();
        let (mut good, mut bad) = (floor, start.gap + 1);
        while bad - good > 1 {
            let gap = good.midpoint(bad);
            let walker = try_gap(gap);
            if walker.eased.is_none() && walker.missing() <= missed {
                good = gap;
                best = walker;
            } else {
                bad = gap;
            }
        }
        best
    }

    /// The first visits of a walk, until all clips should have been shown or the gap did not hold.
    fn attempt(map: &'a Map, start: Start, floor: u32) -> Self {
        let mut walker = Self {
            trail: Trail::new(map, start.node),
            dice: Dice::new(start.seed, u64::from(start.gap)),
            rules: Rules::gap(start.gap),
            gap: start.gap,
            floor,
            settled: 0,
            furthest: 1,
            dead_ends: 0,
            eased: None,
            errand: None,
            found: Vec::new(),
        };
        let enough = ENOUGH * map.usable.len();
        while walker.trail.count() < enough && walker.trail.now() < start.frames {
            walker.step();
            if walker.eased.is_some() && start.gap > floor {
                break;
            }
        }
        walker
    }

    /// Clips that were never shown although there was time for each of them several times over.
    fn missing(&self) -> usize {
        let clips = &self.trail.map().usable;
        if self.trail.count() < ENOUGH * clips.len() {
            return 0;
        }
        let unseen = clips.iter().filter(|clip| self.trail.shown(**clip) == 0);
        unseen.count()
    }

    /// The gap that is kept where it can be.
    pub(super) fn gap(&self) -> u32 {
        self.gap
    }

    /// The walk so far, with what is not settled yet.
    pub(super) fn trail(&self) -> &Trail<'a> {
        &self.trail
    }

    /// Visits that are settled: each has a way out that stays.
    pub(super) fn settled(&self) -> usize {
        self.settled
    }

    /// Goes on until the next visit can be settled.
    pub(super) fn look(&mut self) {
        while self.trail.count() <= self.settled + AHEAD {
            self.step();
        }
    }

    /// Settles one visit more.
    pub(super) fn settle(&mut self) {
        self.look();
        self.settled += 1;
    }

    /// Lets go of what is settled.
    pub(super) fn forget(&mut self) {
        self.trail.forget(self.settled);
    }

    /// The trail that ends with the first visit that is not settled.
    pub(super) fn into_trail(mut self) -> Trail<'a> {
        self.rewind();
        self.trail
    }

    /// Takes back what is not settled.
    fn rewind(&mut self) {
        while self.trail.count() > self.settled + 1 && self.trail.pop() {}
        self.furthest = self.trail.count();
        self.dead_ends = 0;
    }

    /// One visit more.
    fn step(&mut self) {
        let kept = self.rules;
        self.errand = match self.errand.take().filter(|errand| !errand.done(&self.trail)) {
            Some(errand) => Some(errand),
            None => Errand::due(&self.trail),
        };
        loop {
            if let Some(step) = self.way() {
                self.trail.push(step);
                break;
            }
            if !self.retreat() {
                self.ease();
            }
        }
        self.rules = Rules {
            gap: self.rules.gap,
            ..kept
        };
        let count = self.trail.count();
        if count > self.furthest {
            self.furthest = count;
            self.dead_ends = 0;
        }
        // Where the graph forced it once, the gap grows back in time.
        let patience = ENOUGH * self.trail.map().usable.len();
        if self.rules.gap < self.gap
            && let Some(eased) = self.eased
            && count > eased + patience
        {
            self.rules.gap += 1;
            self.eased = Some(count);
        }
    }

    /// A drawn way on that has a way on itself.
    fn way(&mut self) -> Option<Step> {
        let (trail, found) = (&self.trail, &mut self.found);
        let map = trail.map();
        choice::ways(trail, &self.rules, u64::MAX, false, found);
        if let Some(errand) = &self.errand {
            choice::lift(trail, errand, found);
        }
        while let Some(index) = choice::draw(found, &mut self.dice) {
            let step = found[index].step;
            let ordinary = step
                .link
                .is_some_and(|link| map.ordinary(&map.links[link as usize]));
            let node = &map.nodes[step.to as usize];
            if !ordinary || choice::leads_on(trail, &self.rules, node) {
                return Some(step);
            }
            found.swap_remove(index);
        }
        // None of them leads on: a change of scene may be due.
        choice::ways(trail, &self.rules, u64::MAX, true, found);
        choice::draw(found, &mut self.dice).map(|index| found[index].step)
    }

    /// Cornered: the more often, the further back the walk goes. False when it has gone back often
    /// enough, or all that could be taken back is.
    fn retreat(&mut self) -> bool {
        self.dead_ends += 1;
        let free = self.trail.count() - self.settled - 1;
        if self.dead_ends > DEAD_ENDS || free == 0 {
            return false;
        }
        let back = (1_usize << self.dead_ends.min(16)).min(free);
        (0..back).all(|_| self.trail.pop())
    }

    /// Gives up a little of what was wished for: the gap, then shares, then the scene.
    fn ease(&mut self) {
        self.dead_ends = 0;
        if self.rules.gap > self.floor {
            self.rules.gap = (self.rules.gap - (self.rules.gap / 8).max(1)).max(self.floor);
            self.eased = Some(self.trail.count());
        } else if self.rules.shares {
            self.rules.shares = false;
        } else {
            self.rules.changes = true;
        }
    }
}
