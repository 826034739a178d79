//! The walk so far and its memory; every step that is still held can be taken back.

use super::{
    cues::Mood,
    fade::{Fade, USE},
    map::{Link, Map, Node},
    triples::{Before, Triples},
};

/// A step from one visit to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// One past the last frame shown, on the output clock of the clip that is left.
    pub(super) leave: u32,
    /// Node that is entered.
    pub(super) to: u32,
    /// The link taken; `None` for a scene change from a port of a clip, or its end, to the start of another.
    pub(super) link: Option<u32>,
    /// Frames of the bridge between the two.
    pub(super) bridge: u32,
    /// The budget refused a bridge here.
    pub(super) refused: bool,
}

impl Step {
    /// A step over no link: a cut from `leave` to the node `to`.
    pub(super) fn jump(leave: u32, to: u32) -> Self {
        Self {
            leave,
            to,
            link: None,
            bridge: 0,
            refused: false,
        }
    }
}

/// A visit; all but the last have a way out.
#[derive(Clone, Debug)]
pub(super) struct Stop {
    /// Where it begins.
    pub(super) node: u32,
    /// Output frame at which it starts.
    pub(super) start: u64,
    /// How it is left.
    pub(super) out: Option<Step>,
    /// One more than the visit that showed the clip before; 0 for the first showing.
    before: u32,
    /// Since the last change of scene.
    stay: Stay,
    /// Memory as it was before the clip was entered, and before it was left.
    entered: (Fade, Fade),
    left: Left,
}

/// What has been shown since the last change of scene.
#[derive(Clone, Copy, Debug, Default)]
struct Stay {
    /// Output frame of the change.
    start: u64,
    /// Visit with which it began.
    first: u32,
    /// Clips shown, each counted once.
    clips: u32,
}

/// Memory as it was before a clip was left.
#[derive(Clone, Debug, Default)]
struct Left {
    pair: Fade,
    triple: Option<Before>,
    way: Way,
}

/// How a clip was shown: the node entered and the place left.
type Way = (u32, u32);

/// Where less than one in so many pairs is fresh, whether one is met is a matter of chance.
pub(super) const LAST: u32 = 16;

/// Ways of a clip that are remembered.
const WAYS: usize = 4;

/// A walk that is being made.
#[derive(Clone)]
pub(super) struct Trail<'a> {
    map: &'a Map,
    /// Visits that are still held; the first is visit `gone`.
    stops: Vec<Stop>,
    gone: usize,
    /// By clip: one more than the visit that showed it last, 0 if none.
    last: Vec<u32>,
    /// By clip: the visit that showed it first, once it is shown.
    first: Vec<u32>,
    shown: Vec<u32>,
    scene_shown: Vec<u64>,
    used: Vec<Fade>,
    all: Fade,
    pairs: Vec<Fade>,
    /// By clip: ordered pairs from it that were never shown.
    fresh: Vec<u32>,
    all_fresh: u32,
    triples: Triples,
    ways: Vec<[Way; WAYS]>,
    /// By link: bridges made over it.
    bridged: Vec<u32>,
    spent: u64,
    mood: Mood,
}

impl<'a> Trail<'a> {
    /// A walk that begins at `node`.
    pub(super) fn new(map: &'a Map, node: u32) -> Self {
        let clips = map.scene.len();
        let mut trail = Self {
            map,
            stops: Vec::new(),
            gone: 0,
            last: vec![0; clips],
            first: vec![0; clips],
            shown: vec![0; clips],
            scene_shown: vec![0; clips],
            used: vec![Fade::default(); clips],
            all: Fade::default(),
            pairs: vec![Fade::default(); map.pairs],
            fresh: map.exits.clone(),
            all_fresh: map.exits.iter().sum(),
            triples: Triples::new(clips, map.pairs),
            ways: vec![[(u32::MAX, 0); WAYS]; clips],
            bridged: vec![0; map.links.len()],
            spent: 0,
            mood: Mood::default(),
        };
        trail.enter(node, 0, Stay::default());
        trail
    }

    /// What is walked.
    pub(super) fn map(&self) -> &'a Map {
        self.map
    }

    /// What holds for the next step.
    pub(super) fn mood(&self) -> &Mood {
        &self.mood
    }

    /// From now on this holds.
    pub(super) fn feel(&mut self, mood: Mood) {
        self.mood = mood;
    }

    /// What holds lets `clip` be shown.
    pub(super) fn allows(&self, clip: u32) -> bool {
        let mood = &self.mood;
        let state = mood.state.filter(|_| !(mood.by_itself && mood.roams));
        mood.loose
            || self.allows_later(clip)
                && state.is_none_or(|state| {
                    let of = self.map.state_of(clip);
                    of.is_none_or(|of| of == state)
                })
    }

    /// What holds allows `clip` some visits on, where the state may be another.
    pub(super) fn allows_later(&self, clip: u32) -> bool {
        self.mood.loose || self.mood.avoid.binary_search(&clip).is_err()
    }

    /// `clip` was shown from `frame` on; true also where that is too long ago to tell.
    pub(super) fn shown_since(&self, clip: u32, frame: u64) -> bool {
        let Some(visit) = self.last[clip as usize].checked_sub(1) else {
            return false;
        };
        match self.stop(visit as usize) {
            Some(stop) => stop.start >= frame,
            None => frame < self.stops[0].start,
        }
    }

    /// Visits that are still held, the one that has no way out yet among them.
    pub(super) fn stops(&self) -> &[Stop] {
        &self.stops
    }

    /// Visits so far, those among them that are no longer held.
    pub(super) fn count(&self) -> usize {
        self.gone + self.stops.len()
    }

    /// Visit number `index`, if it is still held.
    pub(super) fn stop(&self, index: usize) -> Option<&Stop> {
        self.stops.get(index.checked_sub(self.gone)?)
    }

    /// Lets go of visits before number `index`; they cannot be taken back any more.
    pub(super) fn forget(&mut self, index: usize) {
        let done = index.saturating_sub(self.gone).min(self.stops.len() - 1);
        // Rarely, so that what stays is not moved at every step.
        if done >= 64 + self.stops.len() / 2 {
            self.stops.drain(..done);
            self.gone += done;
        }
    }

    fn top(&self) -> &Stop {
        &self.stops[self.stops.len() - 1]
    }

    /// Visits still held that repeat a pair of clips.
    pub(super) fn repeats(&self) -> usize {
        let again = |stop: &&Stop| {
            let linked = stop.out.is_some_and(|step| step.link.is_some());
            linked && !stop.left.pair.fresh()
        };
        self.stops.iter().filter(again).count()
    }

    /// Where the visit that has no way out yet begins.
    pub(super) fn here(&self) -> &'a Node {
        &self.map.nodes[self.top().node as usize]
    }

    /// Output frame at which that visit starts.
    pub(super) fn now(&self) -> u64 {
        self.top().start
    }

    /// The visit that has no way out yet starts at output frame `now`, and those before it as long
    /// before that as they did.
    pub(super) fn set_now(&mut self, now: u64) {
        let last = self.now();
        let moved = |frame: u64| (now + frame).saturating_sub(last);
        for stop in &mut self.stops {
            stop.start = moved(stop.start);
            stop.stay.start = moved(stop.stay.start);
        }
    }

    /// Output frames since the scene last changed.
    pub(super) fn since_change(&self) -> u64 {
        self.now() - self.top().stay.start
    }

    /// Since the scene last changed, each of the clips that were shown was shown twice, on average.
    pub(super) fn worn(&self) -> bool {
        let stay = self.top().stay;
        self.count() as u32 - stay.first >= 2 * stay.clips
    }

    /// Showings of `clip` so far.
    pub(super) fn shown(&self, clip: u32) -> u32 {
        self.shown[clip as usize]
    }

    /// Showings of the clips of `scene` so far.
    pub(super) fn scene_shown(&self, scene: u32) -> u64 {
        self.scene_shown[scene as usize]
    }

    /// Showings of the link's pair of clips, faded, in 1/65536; fewer for a clip that shall be
    /// shown more often.
    pub(super) fn joined(&self, link: &Link) -> u32 {
        let joined = self.pairs[link.pair as usize].at(self.count() as u32, self.map.pair_life);
        let rarity = self.map.rarity[link.clip as usize];
        ((u64::from(joined) * u64::from(rarity)) >> 8).min(u64::from(u32::MAX)) as u32
    }

    /// The link's pair of clips was never shown.
    pub(super) fn fresh(&self, link: &Link) -> bool {
        self.pairs[link.pair as usize].fresh()
    }

    /// Ordered pairs from `clip` that were never shown.
    pub(super) fn fresh_from(&self, clip: u32) -> u32 {
        self.fresh[clip as usize]
    }

    /// Hardly a pair is left that was never shown.
    pub(super) fn scarce(&self) -> bool {
        self.all_fresh < self.map.exits.iter().sum::<u32>() / LAST || self.all_fresh == 0
    }

    /// Showings of `clip` after this visit and the one before it.
    pub(super) fn tripled(&self, clip: u32) -> u32 {
        match self.pair() {
            Some([before, here]) => self.triples.uses([before, here, clip]),
            None => 0,
        }
    }

    /// Showings of `clip` after this visit and one of `via`.
    pub(super) fn tripled_over(&self, via: u32, clip: u32) -> u32 {
        self.triples.uses([self.here().clip, via, clip])
    }

    /// Clips of the visit before and of this one.
    fn pair(&self) -> Option<[u32; 2]> {
        let clip = |back: usize| {
            let stop = self.stops.len().checked_sub(back)?;
            Some(self.map.nodes[self.stops[stop].node as usize].clip)
        };
        Some([clip(2)?, clip(1)?])
    }

    /// Showings of all clips, faded, in 1/65536.
    pub(super) fn all(&self) -> u32 {
        self.all.at(self.count() as u32, self.map.clip_life)
    }

    /// Showings of `clip`, faded, in 1/65536.
    fn used(&self, clip: u32) -> u32 {
        self.used[clip as usize].at(self.count() as u32, self.map.clip_life)
    }

    /// Visits since `clip` was last shown if it were shown next; `None` if it never was.
    pub(super) fn age(&self, clip: u32) -> Option<u32> {
        let last = self.last[clip as usize];
        (last > 0).then(|| self.count() as u32 + 1 - last)
    }

    /// The next visit may show `clip`, whichever scene it is reached from.
    pub(super) fn may_return(&self, clip: u32, gap: u32) -> bool {
        self.age(clip).is_none_or(|age| age >= gap)
    }

    /// Visit `later` visits after this one may show `clip` in its scene.
    pub(super) fn may_show(&self, clip: u32, later: u32, gap: u32) -> bool {
        let last = self.last[clip as usize];
        last == 0 || self.count() as u32 + later - last >= gap.min(self.map.limits[clip as usize])
    }

    /// Visits by which the next one would show `clip` too early.
    pub(super) fn short_of(&self, clip: u32, gap: u32) -> u32 {
        let gap = gap.min(self.map.limits[clip as usize]);
        self.age(clip).map_or(0, |age| gap.saturating_sub(age))
    }

    /// The visit that shows `clip` first, if one does.
    pub(super) fn first_visit(&self, clip: u32) -> Option<u32> {
        (self.shown(clip) > 0).then(|| self.first[clip as usize])
    }

    /// The clip of `node` was lately entered there: in how many of its last showings.
    pub(super) fn entered(&self, clip: u32, node: u32) -> u32 {
        let ways = &self.ways[clip as usize];
        ways.iter().filter(|way| way.0 == node).count() as u32
    }

    /// This visit was lately left at `leave` after it was entered where it was: in how many of its
    /// clip's last showings.
    pub(super) fn left(&self, leave: u32) -> u32 {
        let way = (self.top().node, leave);
        let ways = &self.ways[self.here().clip as usize];
        ways.iter().filter(|other| **other == way).count() as u32
    }

    /// Frames of the bridge over link `index` if it were taken now, and whether the budget
    /// refuses one.
    pub(super) fn bridge(&self, index: u32) -> (u32, bool) {
        let frames = self.map.links[index as usize].span.frames;
        if frames == 0 {
            return (0, false);
        }
        let there = self.bridged[index as usize] > 0;
        if there || self.spent + u64::from(frames) <= self.map.budget {
            (frames, false)
        } else {
            (0, true)
        }
    }

    /// Leaves the visit and enters the next.
    pub(super) fn push(&mut self, step: Step) {
        let here = self.here();
        let now = self.count() as u32;
        let start = self.now() + u64::from(step.leave - here.at) + u64::from(step.bridge);
        let mut left = Left::default();
        let declared = match step.link {
            Some(index) => {
                let link = &self.map.links[index as usize];
                let pair = &mut self.pairs[link.pair as usize];
                left.pair = *pair;
                self.fresh[link.from as usize] -= u32::from(pair.fresh());
                self.all_fresh -= u32::from(pair.fresh());
                *pair = pair.used(now, self.map.pair_life);
                if step.bridge > 0 {
                    let uses = &mut self.bridged[index as usize];
                    // What was made stays made: more than once is as good as twice.
                    *uses = uses.saturating_add(1);
                    self.spent += if *uses == 1 {
                        u64::from(step.bridge)
                    } else {
                        0
                    };
                }
                link.declared
            }
            None => true,
        };
        if let Some([before, clip]) = self.pair() {
            let to = self.map.nodes[step.to as usize].clip;
            left.triple = Some(self.triples.add([before, clip, to], now));
        }
        let top = self.stops.len() - 1;
        let way = (self.stops[top].node, step.leave);
        left.way = std::mem::replace(self.way(here.clip), way);
        let stay = if declared {
            Stay {
                start,
                first: now,
                clips: 0,
            }
        } else {
            self.stops[top].stay
        };
        self.stops[top].out = Some(step);
        self.stops[top].left = left;
        self.enter(step.to, start, stay);
    }

    /// Where the way of the clip's latest showing is kept.
    fn way(&mut self, clip: u32) -> &mut Way {
        let place = self.shown[clip as usize] as usize % WAYS;
        &mut self.ways[clip as usize][place]
    }

    fn enter(&mut self, node: u32, start: u64, mut stay: Stay) {
        let clip = self.map.nodes[node as usize].clip as usize;
        let index = self.count() as u32;
        let before = std::mem::replace(&mut self.last[clip], index + 1);
        if self.shown[clip] == 0 {
            self.first[clip] = index;
        }
        stay.clips += u32::from(before <= stay.first);
        let entered = (self.used[clip], self.all);
        self.used[clip] = self.used[clip].used(index, self.map.clip_life);
        self.all = self.all.used(index, self.map.clip_life);
        self.shown[clip] += 1;
        self.scene_shown[self.map.scene[clip] as usize] += 1;
        self.stops.push(Stop {
            node,
            start,
            out: None,
            before,
            stay,
            entered,
            left: Left::default(),
        });
    }

    /// Takes the last step back; false when there is none that is still held.
    pub(super) fn pop(&mut self) -> bool {
        if self.stops.len() < 2 {
            return false;
        }
        let Some(stop) = self.stops.pop() else {
            return false;
        };
        let clip = self.map.nodes[stop.node as usize].clip as usize;
        self.last[clip] = stop.before;
        self.shown[clip] -= 1;
        self.scene_shown[self.map.scene[clip] as usize] -= 1;
        (self.used[clip], self.all) = stop.entered;
        let top = self.stops.len() - 1;
        let left = std::mem::take(&mut self.stops[top].left);
        *self.way(self.here().clip) = left.way;
        if let Some(before) = left.triple {
            self.triples.undo(before);
        }
        if let Some(step) = self.stops[top].out.take()
            && let Some(index) = step.link
        {
            let link = &self.map.links[index as usize];
            self.pairs[link.pair as usize] = left.pair;
            self.fresh[link.from as usize] += u32::from(left.pair.fresh());
            self.all_fresh += u32::from(left.pair.fresh());
            if step.bridge > 0 {
                let uses = &mut self.bridged[index as usize];
                *uses -= 1;
                self.spent -= if *uses == 0 {
                    u64::from(step.bridge)
                } else {
                    0
                };
            }
        }
        true
    }

    /// How far showings of `clip` lie over its share of `all`, in 1/65536 of a showing.
    pub(super) fn ahead_of_share(&self, clip: u32, all: u32) -> i64 {
        let share = u64::from(self.map.shares[clip as usize]);
        i64::from(self.used(clip)) - ((u64::from(all) * share) >> 32) as i64
    }

    /// One showing more would put `clip` over the most that is wished, by more than the showing.
    pub(super) fn over_most(&self, clip: u32) -> bool {
        let most = u64::from(self.map.wishes[clip as usize].most);
        if most >> 16 > 0 {
            return false;
        }
        u64::from(self.used(clip)) > ((u64::from(self.all()) + u64::from(USE)) * most) >> 16
    }

    /// `clip` was shown less than is wished at least.
    pub(super) fn under_least(&self, clip: u32) -> bool {
        let least = u64::from(self.map.wishes[clip as usize].least);
        if least == 0 {
            return false;
        }
        u64::from(self.used(clip)) < ((u64::from(self.all()) + u64::from(USE)) * least) >> 16
    }
}
