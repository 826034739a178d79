//! The ways on from a visit, each with its weight.

use super::{
    dice::Dice,
    fixed::{self, BIT},
    map::{Link, Map, Node},
    taste::Taste,
    trail::{Step, Trail},
};

/// What a step has to respect.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// Fewest visits from one showing of a clip to the next.
    pub(super) gap: u32,
    /// Across the joint of a loop, the same; 0 where the end joins nothing.
    pub(super) ring: u32,
    /// Scene changes are open everywhere, not only where the walk needs them.
    pub(super) changes: bool,
    /// What shall not have been shown before.
    pub(super) fresh: Fresh,
    /// No clip over the most showings that are wished.
    pub(super) shares: bool,
    /// First place of this visit's clip, on its output clock, at which it may be left.
    pub(super) earliest: u32,
}

/// What a step shall not show again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fresh {
    /// Anything may be shown again.
    Anything,
    /// No pair of clips.
    Pair,
    /// No triple of clips.
    Triple,
}

impl Fresh {
    /// The next step may take `link`.
    fn lets(self, trail: &Trail, link: &Link) -> bool {
        match self {
            Self::Anything => true,
            Self::Pair => trail.fresh(link),
            Self::Triple => trail.tripled(link.clip) == 0,
        }
    }

    /// The step after the next, which leads to `via`, may take `link`.
    fn lets_later(self, trail: &Trail, via: u32, link: &Link) -> bool {
        match self {
            Self::Anything => true,
            Self::Pair => trail.fresh(link),
            Self::Triple => trail.tripled_over(via, link.clip) == 0,
        }
    }
}

impl Rules {
    /// The gap alone.
    pub(super) fn gap(gap: u32) -> Self {
        Self {
            gap,
            ring: 0,
            changes: false,
            fresh: Fresh::Anything,
            shares: true,
            earliest: 0,
        }
    }
}

/// A way on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    /// The step.
    pub(super) step: Step,
    /// Output frames left after it.
    pub(super) rest: u64,
    /// Weight of the draw, at least 1.
    pub(super) weight: u64,
    clip: u32,
    /// Bits that tell joints to one clip apart, and bits of the clip.
    joint: i32,
    other: i32,
    pair: u32,
}

/// Bits of a step to an unlinked place, or by a declared link, where an ordinary one has 0 at best.
const JUMP: i32 = -28 * BIT;
const CALM_JUMP: i32 = -24 * BIT;
const DECLARED: i32 = -16 * BIT;
/// Bits at least of how well a joint under the threshold hides.
const WEAKEST: i32 = -6 * BIT;
/// A visit that is shorter than it could be and than a viewer likes.
const SHORT: i32 = -10 * BIT;
/// A bridge that is wished for and refused.
const REFUSED: i32 = -4 * BIT;
/// A clip that the beginning of a loop shows too soon after its end.
const EARLY: i32 = -14 * BIT;
/// A way to a clip that was not shown for long.
const NEARER: i32 = 20 * BIT;
/// Scene dwells for which the walk waits for an edge to a clip that it owes a showing.
const PATIENCE: u64 = 4;

/// The step over link `index`.
pub(super) fn over(trail: &Trail, index: u32) -> Step {
    let link = &trail.map().links[index as usize];
    let (bridge, refused) = trail.bridge(index);
    Step {
        leave: link.leave,
        to: link.to,
        link: Some(index),
        bridge,
        refused,
    }
}

/// Draws one of `candidates`.
pub(super) fn draw(candidates: &[Candidate], dice: &mut Dice) -> Option<usize> {
    dice.pick(candidates.iter().map(|candidate| candidate.weight))
}

/// Lifts ways to nodes that bring a clip nearer.
pub(super) fn lift(found: &mut [Candidate], nearer: impl Fn(u32) -> bool) {
    for way in &mut *found {
        if way.step.link.is_some() && nearer(way.step.to) {
            way.other += NEARER;
        }
    }
    settle(found);
}

/// Where pairs of clips grow scarce, lifts ways after which the most of them are open; `fresher` are
/// the rules without repeated pairs.
pub(super) fn spare(trail: &Trail, fresher: &Rules, found: &mut [Candidate]) {
    let map = trail.map();
    let clip = trail.here().clip;
    let left = trail.fresh_from(clip);
    if left == 0 || left * 2 > map.exits[clip as usize] {
        return;
    }
    for way in &mut *found {
        let node = &map.nodes[way.step.to as usize];
        way.other += map
            .taste
            .open(onward(trail, fresher, node).take(8).count() as u32);
    }
    settle(found);
}

/// Fills `found` with every way on that the rules allow and that leaves at least one of the `rest`
/// output frames; true when some were left out because they are too long. With `look`, only ways
/// that lead on themselves ([`leads_on`]).
pub(super) fn ways(
    trail: &Trail,
    rules: &Rules,
    rest: u64,
    look: bool,
    found: &mut Vec<Candidate>,
) -> bool {
    found.clear();
    let map = trail.map();
    let here = trail.here();
    let mut ways = Ways {
        trail,
        rules,
        rest,
        found,
        long: false,
    };
    if map.scene_sizes[map.scene[here.clip as usize] as usize] as usize != map.usable.len()
        && here.calm
        && (trail.since_change() >= map.scene_dwell || trail.worn())
    {
        let patient = trail.since_change() < PATIENCE * map.scene_dwell;
        // A clip that a real edge leads to is worth waiting for the edge.
        let waits = |clip: u32| patient && map.led_to[clip as usize];
        ways.leads(|link| behind(trail, here, link.clip) && !(link.declared && waits(link.clip)));
        if ways.found.is_empty() {
            ways.jumps(|clip| behind(trail, here, clip) && !waits(clip));
        }
    }
    if ways.found.is_empty() {
        ways.ordinary(look);
        if ways.found.is_empty() && !here.calm {
            ways.follow();
        }
        if rules.changes || (ways.found.is_empty() && !ways.long && used_up(trail, rules)) {
            ways.leads(|_| true);
            ways.jumps(|_| true);
        }
    }
    let long = ways.long;
    weigh(trail, rules, found);
    long
}

/// `clip` lies in another scene and has been shown less than the clips of this one on average, by
/// a whole showing.
fn behind(trail: &Trail, here: &Node, clip: u32) -> bool {
    let map = trail.map();
    let scene = map.scene[here.clip as usize];
    let size = u64::from(map.scene_sizes[scene as usize]);
    map.scene[clip as usize] != scene
        && (u64::from(trail.shown(clip)) + 1) * size <= trail.scene_shown(scene)
}

/// This visit leads nowhere in its scene, or the scene has no clip that may return yet.
fn used_up(trail: &Trail, rules: &Rules) -> bool {
    let map = trail.map();
    let here = trail.here();
    let scene = map.scene[here.clip as usize];
    !here.calm
        || (map.usable.iter())
            .filter(|clip| map.scene[**clip as usize] == scene && trail.allows(**clip))
            .all(|clip| !trail.may_show(*clip, 1, rules.gap))
}

/// A visit that begins at `node` next has a way on.
pub(super) fn leads_on(trail: &Trail, rules: &Rules, node: &Node) -> bool {
    onward(trail, rules, node).next().is_some()
}

/// The ways on from a visit that begins at `node` next.
fn onward<'a>(
    trail: &'a Trail,
    rules: &'a Rules,
    node: &'a Node,
) -> impl Iterator<Item = u32> + 'a {
    let map = trail.map();
    map.ways(node).filter(move |index| {
        let link = &map.links[*index as usize];
        let to = link.clip;
        link.ordinary
            && trail.allows(to)
            && trail.may_show(to, 2, rules.gap)
            && (to != node.clip || map.alone())
            && rules.fresh.lets_later(trail, node.clip, link)
    })
}

struct Ways<'a, 'b> {
    trail: &'a Trail<'b>,
    rules: &'a Rules,
    rest: u64,
    found: &'a mut Vec<Candidate>,
    long: bool,
}

impl Ways<'_, '_> {
    /// Ways that stay in the scene; with `look`, only to visits that have a way on themselves.
    fn ordinary(&mut self, look: bool) {
        let map = self.trail.map();
        let here = self.trail.here();
        // Links of one place to one clip lie side by side.
        let mut last = (u32::MAX, false);
        for index in map.ways(here) {
            let link = &map.links[index as usize];
            let to = &map.nodes[link.to as usize];
            if last.0 != to.clip {
                let open = self.trail.allows(to.clip)
                    && self.trail.may_show(to.clip, 1, self.rules.gap)
                    && !(self.rules.shares && self.trail.over_most(to.clip));
                last = (to.clip, open);
            }
            if last.1
                && link.ordinary
                && link.leave >= self.rules.earliest
                && self.rules.fresh.lets(self.trail, link)
                && (!look || leads_on(self.trail, self.rules, to))
            {
                self.add(index, link, link.worth, link.pull);
            }
        }
    }

    /// Steps towards a dead end: the change of scene comes there.
    fn follow(&mut self) {
        let map = self.trail.map();
        for index in map.ways(self.trail.here()) {
            let link = &map.links[index as usize];
            if !link.declared
                && !link.own
                && link.leave >= self.rules.earliest
                && self.open(link.clip)
            {
                self.add(index, link, link.worth, link.pull);
            }
        }
    }

    /// Steps to wanted clips by links that are declared or lead to a dead end.
    fn leads(&mut self, wanted: impl Fn(&Link) -> bool) {
        let map = self.trail.map();
        for index in map.ways(self.trail.here()) {
            let link = &map.links[index as usize];
            if !link.ordinary
                && link.leave >= self.rules.earliest
                && self.open(link.clip)
                && wanted(link)
            {
                let bits = if link.weak {
                    link.worth.max(WEAKEST)
                } else {
                    0
                };
                self.add(index, link, DECLARED + bits, 0);
            }
        }
    }

    /// Scene changes from the end of this clip to the starts of wanted clips.
    fn jumps(&mut self, wanted: impl Fn(u32) -> bool) {
        let map = self.trail.map();
        let leave = map.len(self.trail.here().clip);
        for clip in map.usable.iter().copied() {
            if self.open(clip) && wanted(clip) {
                let to = map.start_of(clip);
                let bits = if map.nodes[to as usize].calm {
                    CALM_JUMP
                } else {
                    JUMP
                };
                self.push(Step::jump(leave, to), bits, 0, 0);
            }
        }
    }

    /// The next visit may show `clip`, of another scene perhaps.
    fn open(&self, clip: u32) -> bool {
        let map = self.trail.map();
        (clip != self.trail.here().clip || map.alone())
            && self.trail.allows(clip)
            && self.trail.may_return(clip, self.rules.gap)
    }

    fn add(&mut self, index: u32, link: &Link, joint: i32, other: i32) {
        let step = over(self.trail, index);
        let other = other + if step.refused { REFUSED } else { 0 };
        self.push(step, joint, other, self.trail.joined(link));
    }

    fn push(&mut self, step: Step, joint: i32, other: i32, pair: u32) {
        let used = u64::from(step.leave - self.trail.here().at) + u64::from(step.bridge);
        if used >= self.rest {
            self.long = true;
            return;
        }
        self.found.push(Candidate {
            step,
            rest: self.rest - used,
            weight: 1,
            clip: self.trail.map().nodes[step.to as usize].clip,
            joint,
            other,
            pair,
        });
    }
}

/// The step makes this visit or the next shorter than the clip allows and a viewer likes.
fn short(map: &Map, here: &Node, step: &Step) -> bool {
    let to = &map.nodes[step.to as usize];
    step.leave - here.at < map.dwell.min(here.ahead) || to.ahead < map.dwell.min(map.len(to.clip))
}

/// Turns the bits of every way into the weight of its draw: what the joint is worth, how long both
/// visits are, and what has been shown of the clip, the pair and the triple.
fn weigh(trail: &Trail, rules: &Rules, found: &mut [Candidate]) {
    let map = trail.map();
    let taste = &map.taste;
    let here = trail.here();
    let least = found.iter().map(|candidate| candidate.pair).min();
    let least = least.unwrap_or(0);
    let all = trail.all();
    let pace = (trail.now() / trail.count() as u64).max(1);
    // What has been seen of a clip is the same for all ways to it; those of one port follow each
    // other.
    let mut known = (u32::MAX, 0);
    for candidate in &mut *found {
        let step = &candidate.step;
        let to = &map.nodes[step.to as usize];
        let clip = to.clip;
        if known.0 != clip {
            known = (clip, memory(trail, clip, all));
        }
        let mut joint = candidate.joint + to.worth + taste.stay(step.leave - here.at, here.ahead);
        joint += taste.alike(trail.left(step.leave), trail.entered(clip, step.to));
        if short(map, here, step) {
            joint += SHORT;
        }
        let mut other = candidate.other + known.1;
        other += taste.repeat(candidate.pair - least, 0, trail.mood().signal);
        if rules.ring > 0 {
            let again = trail.first_visit(clip).unwrap_or(rules.ring);
            if u64::from(again) + candidate.rest / pace < u64::from(rules.ring) {
                other += EARLY;
            }
        }
        (candidate.joint, candidate.other) = (joint, other);
    }
    if taste.by_clip {
        by_clip(found);
    }
    settle(found);
}

/// Turns bits into weights.
fn settle(found: &mut [Candidate]) {
    let best = found.iter().map(|way| way.joint + way.other).max();
    let best = best.unwrap_or(0);
    for way in found {
        way.weight = fixed::weight(best - way.joint - way.other);
    }
}

/// What has been seen of `clip` among `all` showings, whichever way leads to it.
fn memory(trail: &Trail, clip: u32, all: u32) -> i32 {
    let map = trail.map();
    let taste = &map.taste;
    let salience = map.wishes[clip as usize].salience;
    // What sticks in memory seems to have been shown later than it was.
    let age = trail.age(clip).map(|age| {
        let felt = u64::from(age) * 256 / u64::from(256 + 2 * salience);
        felt as u32
    });
    taste.age(age)
        + taste.repeat(0, trail.tripled(clip), trail.mood().signal)
        + taste.fresh(trail.fresh_from(clip))
        + Taste::balance(trail.ahead_of_share(clip, all), trail.mood().signal)
        + Taste::owed(trail.under_least(clip))
        + taste.signal(trail.mood().signal, map.wishes[clip as usize].relevance)
}

/// Makes joints to one clip share what one joint would have.
fn by_clip(found: &mut [Candidate]) {
    let mut order: Vec<usize> = (0..found.len()).collect();
    order.sort_by_key(|index| found[*index].clip);
    let clips: Vec<u32> = found.iter().map(|way| way.clip).collect();
    for group in order.chunk_by(|a, b| clips[*a] == clips[*b]) {
        let best = group.iter().map(|index| found[*index].joint).max();
        let best = best.unwrap_or(0);
        // Weights have 40 bits: a sum of less than 2^24 of them fits.
        let sum: u64 = (group.iter())
            .map(|index| fixed::weight(best - found[*index].joint))
            .sum();
        let all = best + fixed::log2(sum) - 40 * BIT;
        for index in group {
            found[*index].joint -= all;
        }
    }
}
