//! The walk, visit by visit: it looks ahead, goes back where it is cornered, and lowers the return
//! gap only where the graph forces it.
//!
//! A visit is *settled* when the walk has gone [`AHEAD`] visits further: until then it can be
//! taken back. The film of a given length and the endless stream settle the same visits.

use std::{cmp::Reverse, sync::Arc};

use super::{
    ahead,
    choice::{self, Candidate, Fresh, Rules},
    cues::{Cue, Mood},
    dice::Dice,
    errand::Errand,
    guard::Guard,
    map::Map,
    script::Script,
    tour::Tour,
    trail::{LAST, Step, Trail},
};

/// Visits that the walk is ahead of what is settled.
pub(super) const AHEAD: usize = 48;
/// Visits for each clip in which all should be shown, and visits at least.
const ENOUGH: usize = 4;
const AT_LEAST: usize = 96;
/// Clips of a library in which a walk may fail by chance: it is tried again.
const SMALL: usize = 12;
/// Dead ends met without getting further, at most.
const DEAD_ENDS: u32 = 24;
/// Steps that may be taken again for the sake of fresh pairs: so many for each fresh pair taken, and
/// so many can be saved up.
const SAVED: u32 = 8;
const SAVINGS: u32 = 1024;
/// A library with so many ordered pairs at most soon repeats one: so many beginnings are tried.
const FEW_PAIRS: u32 = 640;
const TRIES: u64 = 24;

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
#[derive(Clone)]
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
    /// Steps that may be taken again so that no pair repeats, and how often that was done here.
    savings: u32,
    again: u32,
    /// What holds does not count until the walk gets further: nothing else leads on.
    loose: bool,
    /// Nor does a state that nobody asked for.
    roams: bool,
    /// Links that the walk takes one after the other, from the first visit on.
    tour: Vec<u32>,
    script: Option<Script<'a>>,
    /// A visit that was under way when something was told, and the place that it had come to.
    held: Option<(usize, u32)>,
    /// In a small library: what leads everywhere.
    guard: Option<Arc<Guard>>,
    found: Vec<Candidate>,
}

/// A way on.
#[derive(Clone, Copy)]
struct Way {
    step: Step,
    /// It repeats no pair of clips.
    fresh: bool,
}

/// Visits in which all clips should be shown.
fn enough(map: &Map) -> usize {
    (ENOUGH * map.usable.len()).max(AT_LEAST)
}

/// The gap that every library grants: never the same clip twice in a row where there are two.
pub(super) fn floor(map: &Map) -> u32 {
    if map.alone() { 1 } else { 2 }
}

impl<'a> Walker<'a> {
    /// A walk that keeps `start.gap` or, where the graph forces it or clips would never be shown,
    /// the largest gap found that does. In a small library several beginnings are tried, and the
    /// one that repeats the fewest pairs is taken.
    pub(super) fn new(map: &'a Map, start: Start) -> Self {
        let first = Self::spaced(map, start);
        let pairs: u32 = map.exits.iter().sum();
        if start.frames < u64::MAX || pairs > FEW_PAIRS || !map.taste.seeks_fresh() {
            return first;
        }
        let far = (pairs - pairs / LAST) as usize;
        let start = Start {
            gap: first.gap,
            ..start
        };
        let mut best = first;
        best.reach(far, start.frames);
        let mut least = best.trail.repeats();
        for number in 1..TRIES {
            if least == 0 || best.eased.is_some() {
                break;
            }
            let mut other = Self::begin(map, start, best.floor, number);
            other.guard.clone_from(&best.guard);
            other.reach(far, start.frames);
            let repeats = other.trail.repeats();
            if repeats < least && other.eased.is_none() && other.missing() == 0 {
                (best, least) = (other, repeats);
            }
        }
        best
    }

    /// A walk that takes `tour` first.
    pub(super) fn touring(map: &'a Map, start: Start, tour: &Tour) -> Self {
        let gap = Self::spaced(map, start).gap;
        let floor = floor(map).min(gap);
        let node = map.start_of(tour.first);
        let mut walker = Self::begin(map, Start { node, gap, ..start }, floor, 0);
        walker.tour.clone_from(&tour.links);
        walker
    }

    /// A walk that is told things on the way.
    pub(super) fn told(map: &'a Map, start: Start, script: Script<'a>) -> Self {
        if script.silent() {
            let mut walker = Self::new(map, start);
            walker.script = Some(script);
            return walker;
        }
        let gap = Self::spaced(map, start).gap;
        let floor = floor(map).min(gap);
        let mut walker = Self::begin(map, Start { gap, ..start }, floor, 0);
        walker.script = Some(script);
        walker
    }

    /// A walk that goes on where `trail` ends: that visit is left at the place of `held` or later.
    pub(super) fn resumed(
        trail: Trail<'a>,
        start: Start,
        held: (usize, u32),
        script: Script<'a>,
    ) -> Self {
        let floor = floor(trail.map()).min(start.gap);
        // Other draws at every place where a walk goes on.
        let number = trail.now() & 0x3fff_ffff;
        let mut walker = Self::begin(trail.map(), start, floor, number);
        walker.settled = trail.count() - 1;
        walker.furthest = trail.count();
        walker.trail = trail;
        walker.held = Some(held);
        walker.script = Some(script);
        walker
    }

    /// The gap that a walk from `start` keeps.
    pub(super) fn spacing(map: &'a Map, start: Start) -> u32 {
        Self::spaced(map, start).gap
    }

    /// One cue more: what was not shown at its time is taken back, and the visit under way then
    /// may be left sooner. Its number is returned, or the first frame that is still open.
    pub(super) fn tell(&mut self, cue: Cue) -> Result<usize, u64> {
        // The last settled visit may be under way.
        let mut open = self.settled.saturating_sub(1);
        let start = |open: usize| self.trail.stop(open).map_or(u64::MAX, |stop| stop.start);
        if cue.at < start(open) {
            return Err(start(open));
        }
        let stop = self.trail.stop(open);
        let left = stop.and_then(|stop| {
            let at = self.trail.map().nodes[stop.node as usize].at;
            Some((at, stop.start, stop.start + u64::from(stop.out?.leave - at)))
        });
        match left {
            // Under way: it is left then at the soonest.
            Some((at, start, leave)) if cue.at <= leave => {
                self.held = Some((open, at + (cue.at - start) as u32));
            }
            // In the joint that follows, or later.
            _ => open = self.settled,
        }
        self.settled = open;
        self.tour.truncate(open);
        self.rewind();
        if let Some(script) = &mut self.script {
            script.tell(cue);
        }
        Ok(open)
    }

    /// The first visits of a walk with the largest gap found.
    fn spaced(map: &'a Map, start: Start) -> Self {
        let floor = floor(map).min(start.gap);
        let tries = if map.usable.len() <= SMALL { 4 } else { 1 };
        let try_gap = |gap, missed| {
            let guard = Guard::new(map, start.node, gap).map(Arc::new);
            let tried = (0..tries).map(|number| {
                let mut walker = Self::begin(map, Start { gap, ..start }, floor, number);
                walker.guard.clone_from(&guard);
                walker.reach(enough(map), start.frames);
                walker
            });
            let mut tried = tried.filter(|walker| walker.eased.is_none() || gap == floor);
            tried.find(|walker| walker.missing() <= missed)
        };
        if let Some(first) = try_gap(start.gap, 0) {
            return first;
        }
        let mut best = Self::begin(
            map,
            Start {
                gap: floor,
                ..start
            },
            floor,
            0,
        );
        best.reach(enough(map), start.frames);
        let missed = best.missing();
        let (mut good, mut bad) = (floor, start.gap + 1);
        while bad - good > 1 {
            let gap = good.midpoint(bad);
            match try_gap(gap, missed) {
                Some(walker) => (good, best) = (gap, walker),
                None => bad = gap,
            }
        }
        best
    }

    /// Beginning number `number`.
    fn begin(map: &'a Map, start: Start, floor: u32, number: u64) -> Self {
        Self {
            trail: Trail::new(map, start.node),
            dice: Dice::new(start.seed, u64::from(start.gap) | number << 33),
            rules: Rules::gap(start.gap),
            gap: start.gap,
            floor,
            settled: 0,
            furthest: 1,
            dead_ends: 0,
            eased: None,
            errand: None,
            savings: 0,
            again: 0,
            loose: false,
            roams: false,
            tour: Vec::new(),
            script: None,
            held: None,
            guard: None,
            found: Vec::new(),
        }
    }

    /// Goes on to `visits` visits or `frames`, or until a gap over the floor does not hold.
    fn reach(&mut self, visits: usize, frames: u64) {
        while self.trail.count() < visits
            && self.trail.now() < frames
            && (self.eased.is_none() || self.gap <= self.floor)
        {
            self.step();
        }
    }

    /// Clips that were never shown although there was time for each of them several times over.
    fn missing(&self) -> usize {
        let clips = &self.trail.map().usable;
        if self.trail.count() < enough(self.trail.map()) {
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
        self.trail.forget(self.settled.saturating_sub(1));
        let oldest = self.trail.stops()[0].start;
        if let Some(script) = &mut self.script {
            script.forget(oldest);
        }
    }

    /// The trail that ends with the first visit that is not settled.
    pub(super) fn into_trail(mut self) -> Trail<'a> {
        self.rewind();
        self.feel(self.trail.now());
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
        if let Some(link) = self.tour.get(self.trail.count() - 1) {
            self.trail.push(choice::over(&self.trail, *link));
            self.furthest = self.trail.count();
            return;
        }
        self.errand = match self
            .errand
            .take()
            .filter(|errand| !errand.done(&self.trail))
        {
            Some(errand) => Some(errand),
            None => Errand::due(&self.trail),
        };
        loop {
            let here = self.trail.count() - 1;
            let held = self.held.filter(|held| held.0 == here);
            self.rules.earliest = held.map_or(0, |held| held.1);
            self.feel(self.trail.now());
            let Some(way) = self.heard() else {
                if !self.retreat() {
                    self.ease();
                }
                continue;
            };
            if !way.fresh && self.save() {
                continue;
            }
            self.trail.push(way.step);
            // Paid once: not again for visits that were taken back.
            let seeks = self.trail.map().taste.seeks_fresh();
            if seeks && way.fresh && self.trail.count() > self.furthest {
                self.savings = (self.savings + SAVED).min(SAVINGS);
            }
            break;
        }
        let count = self.trail.count();
        if count > self.furthest {
            self.furthest = count;
            // What was given up to get here is wished for again.
            self.rules = Rules::gap(self.rules.gap);
            self.loose = false;
            self.roams = false;
            self.dead_ends = 0;
            self.again = 0;
        }
        // Where the graph forced it once, the gap grows back in time.
        let patience = enough(self.trail.map());
        if self.rules.gap < self.gap
            && let Some(eased) = self.eased
            && count > eased + patience
        {
            self.rules.gap += 1;
            self.eased = Some(count);
        }
    }

    /// What holds at `frame` holds for the next step.
    fn feel(&mut self, frame: u64) {
        let Some(script) = &mut self.script else {
            return;
        };
        let mut mood = script.mood(frame);
        mood.loose = self.loose;
        mood.roams = self.roams;
        mood.play = mood
            .play
            .filter(|(clip, since)| !self.trail.shown_since(*clip, *since));
        self.trail.feel(mood);
    }

    /// A way on, with all that is told while the visit lasts.
    fn heard(&mut self) -> Option<Way> {
        let mut way = self.travel(false).or_else(|| self.way())?;
        let (here, now) = (self.trail.here(), self.trail.now());
        let mut heard = now;
        while let Some(script) = &mut self.script
            && let Some(event) = script.event(heard, now + u64::from(way.step.leave - here.at))
        {
            heard = event;
            self.feel(event);
            self.rules.earliest = here.at + (event - now) as u32;
            let clip = self.trail.map().nodes[way.step.to as usize].clip;
            if let Some(sooner) = self.travel(true) {
                way = sooner;
            } else if !self.trail.allows(clip)
                && let Some(other) = self.way()
            {
                way = other;
            }
        }
        Some(way)
    }

    /// The way to what is wanted, where the walk is not there yet: the soonest there is, over any
    /// joint that is as soon. Where that returns to a clip too early, another way is taken that does
    /// so less and is as soon; or, when this visit is the one in which it was `told`, no later than
    /// the longest reaction that is reported.
    fn travel(&mut self, told: bool) -> Option<Way> {
        let mood = self.trail.mood().clone();
        let (map, here) = (self.trail.map(), self.trail.here());
        let there = mood.play.is_none()
            && mood
                .state
                .is_none_or(|state| map.state_of(here.clip) == Some(state));
        if there {
            return None;
        }
        let heard = self.rules.earliest.max(here.at);
        let place = heard.max(here.at + map.least_of(here.clip));
        let script = self.script.as_mut()?;
        let Some((soonest, exits)) = script.way(map, &mood, here.clip, place) else {
            return self.across(&mood, place);
        };
        let (trail, gap) = (&self.trail, self.gap);
        let early = |index: u32| trail.short_of(map.links[index as usize].clip, gap);
        let wanted = |index: u32| exits.wants(map.links[index as usize].clip);
        let mut best = soonest;
        if early(soonest) > 0 && !(mood.play.is_some() && wanted(soonest)) {
            let far = exits.ways(map, here.clip, place);
            let far = far.filter(|(index, _)| *index == soonest).map(|way| way.1);
            let mut most = far.min()?;
            // What is reported is for clips of a state.
            if told
                && map.state_of(here.clip).is_some()
                && let Some(slowest) = exits.slowest(map, here.clip)
            {
                most = most.max(slowest.saturating_sub(place - heard));
            }
            let others = exits.ways(map, here.clip, place).filter(|(index, far)| {
                let clip = map.links[*index as usize].clip;
                *far <= most
                    && clip != here.clip
                    && mood.avoid.binary_search(&clip).is_err()
                    && (wanted(*index) || !wanted(soonest))
            });
            let other = others.min_by_key(|(index, far)| (early(*index), *far, *index));
            best = other
                .map(|other| other.0)
                .filter(|other| early(*other) < early(soonest))
                .unwrap_or(soonest);
        }
        let step = choice::over(trail, best);
        let link = &map.links[best as usize];
        if !wanted(best) {
            return Some(Way { step, fresh: true });
        }
        let rules = Rules {
            shares: false,
            earliest: link.leave,
            ..Rules::gap(self.floor)
        };
        choice::ways(trail, &rules, u64::MAX, false, &mut self.found);
        self.found.retain(|way| {
            way.step.link.is_some_and(|index| {
                let other = &map.links[index as usize];
                other.leave == link.leave
                    && wanted(index)
                    && other.span.frames <= link.span.frames
                    && early(index) <= early(best)
            })
        });
        let drawn = choice::draw(&self.found, &mut self.dice);
        let step = drawn.map_or(step, |index| self.found[index].step);
        Some(Way { step, fresh: true })
    }

    /// The change of scene that shows what was asked for where nothing leads there: at the next place
    /// where this visit may end, over a declared link if there is one.
    fn across(&mut self, mood: &Mood, place: u32) -> Option<Way> {
        let (map, here) = (self.trail.map(), self.trail.here());
        let asked = mood.state.filter(|_| !mood.by_itself);
        let wanted = |clip: u32| match mood.play {
            Some((play, _)) => clip == play,
            None => asked.is_some() && map.state_of(clip) == asked,
        };
        let open = |clip: u32| {
            wanted(clip) && clip != here.clip && mood.avoid.binary_search(&clip).is_err()
        };
        let ways = map.links_from(here.clip, place);
        let next = map.links[ways.clone()].first().map(|link| link.leave);
        let leave = next.unwrap_or_else(|| map.len(here.clip));
        let declared = ways
            .take_while(|index| map.links[*index].leave == leave)
            .filter(|index| open(map.links[*index].clip))
            .max_by_key(|index| (map.links[*index].worth, Reverse(*index)));
        if let Some(index) = declared {
            let step = choice::over(&self.trail, index as u32);
            return Some(Way { step, fresh: true });
        }
        let early = |clip: &u32| self.trail.short_of(*clip, self.gap);
        let mut clips: Vec<u32> = map.usable.iter().copied().filter(|c| open(*c)).collect();
        let least = clips.iter().map(early).min()?;
        clips.retain(|clip| early(clip) == least);
        let drawn = clips[self.dice.below(clips.len() as u64) as usize];
        let step = Step::jump(leave, map.start_of(drawn));
        Some(Way { step, fresh: true })
    }

    /// A drawn way on that has a way on itself; one that repeats no pair, and need not at the next
    /// visit, if there is one.
    fn way(&mut self) -> Option<Way> {
        let (trail, found) = (&self.trail, &mut self.found);
        let map = trail.map();
        choice::ways(trail, &self.rules, u64::MAX, false, found);
        let guard = self.guard.as_ref();
        let guard = guard.filter(|guard| guard.gap() == self.rules.gap);
        let guard = guard.and_then(|guard| Some((guard, guard.place(trail)?)));
        if let Some((guard, place)) = guard {
            let good = |way: &Candidate| {
                let link = way.step.link.map(|link| &map.links[link as usize]);
                link.is_some_and(|link| link.ordinary) && guard.good(place, way.step.to)
            };
            if found.iter().any(good) {
                found.retain(good);
            }
        }
        if let Some(errand) = &self.errand {
            let here = trail.stops()[trail.stops().len() - 1].node;
            let first = guard.map(|(guard, place)| guard.towards(place, errand.clip()));
            match first.filter(|nodes| !nodes.is_empty()) {
                Some(nodes) => choice::lift(found, |to| nodes.contains(&to)),
                None => choice::lift(found, |to| errand.nearer(here, to)),
            }
        }
        let fresher = Rules {
            fresh: Fresh::Pair,
            ..self.rules
        };
        let scarce = self.savings > 0;
        if scarce {
            choice::spare(trail, &fresher, found);
        }
        let mut second: Option<Way> = None;
        while let Some(index) = choice::draw(found, &mut self.dice) {
            let step = found[index].step;
            let link = step.link.map(|link| &map.links[link as usize]);
            let Some(link) = link.filter(|link| link.ordinary) else {
                return second.or(Some(Way { step, fresh: true }));
            };
            let node = &map.nodes[step.to as usize];
            if ahead::leads_on(trail, &self.rules, node) {
                // What is owed is shown, whatever it repeats.
                let owed = trail.under_least(link.clip);
                let fresh = owed || trail.fresh(link);
                if !scarce || owed || fresh && choice::leads_on(trail, &fresher, node) {
                    return Some(Way { step, fresh });
                }
                if second.is_none_or(|second| fresh && !second.fresh) {
                    second = Some(Way { step, fresh });
                }
            }
            found.swap_remove(index);
        }
        if second.is_some() {
            return second;
        }
        // None of them leads on: a change of scene may be due.
        choice::ways(trail, &self.rules, u64::MAX, true, found);
        let index = choice::draw(found, &mut self.dice)?;
        let step = found[index].step;
        Some(Way { step, fresh: true })
    }

    /// A pair would repeat: goes back for another way as long as fresh pairs have paid for it.
    fn save(&mut self) -> bool {
        if self.trail.scarce() {
            return false;
        }
        let free = self.trail.count() - self.settled.max(self.tour.len()) - 1;
        let back = (1 << self.again.min(5)).min(self.savings).min(free as u32);
        self.again += 1;
        self.savings -= back;
        back > 0 && (0..back).all(|_| self.trail.pop())
    }

    /// Cornered: the more often, the further back the walk goes. False when it has gone back often
    /// enough, or all that could be taken back is.
    fn retreat(&mut self) -> bool {
        self.dead_ends += 1;
        let free = self.trail.count() - self.settled.max(self.tour.len()) - 1;
        if self.dead_ends > DEAD_ENDS || free == 0 {
            return false;
        }
        let back = (1_usize << self.dead_ends.min(16)).min(free);
        (0..back).all(|_| self.trail.pop())
    }

    /// Gives up a little of what was wished for: the gap, then shares, then a state that nobody asked
    /// for, then the scene, then all that was asked for.
    fn ease(&mut self) {
        self.dead_ends = 0;
        if self.rules.gap > self.floor {
            self.rules.gap = (self.rules.gap - (self.rules.gap / 8).max(1)).max(self.floor);
            self.eased = Some(self.trail.count());
        } else if self.rules.shares {
            self.rules.shares = false;
        } else if !self.roams && self.trail.mood().by_itself {
            self.roams = true;
        } else if !self.rules.changes {
            self.rules.changes = true;
        } else {
            self.loose = true;
        }
    }
}
