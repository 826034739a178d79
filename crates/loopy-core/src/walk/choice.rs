//! The ways on from a visit, each with its weight.

use super::{
    dice::Dice,
    map::{Link, Map, Node},
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
    shown: u32,
    joined: u32,
    short: bool,
}

/// A step to an unlinked place, or by a declared link, against an ordinary one.
const JUMP: u64 = 1 << 16;
const CALM_JUMP: u64 = 1 << 20;
const DECLARED: u64 = 1 << 28;
/// Scene dwells for which the walk waits for an edge to a clip that it owes a showing.
const PATIENCE: u64 = 4;

/// Draws one of `candidates`.
pub(super) fn draw(candidates: &[Candidate], dice: &mut Dice) -> Option<usize> {
    dice.pick(candidates.iter().map(|candidate| candidate.weight))
}

/// Fills `found` with every way on that the rules allow and that leaves at least one of the `rest`
/// output frames; true when some were left out because they are too long.
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
        && trail.since_change() >= map.scene_dwell
    {
        let patient = trail.since_change() < PATIENCE * map.scene_dwell;
        ways.leads(|clip| behind(trail, here, clip));
        if ways.found.is_empty() {
            // A clip that a real edge leads to is worth waiting for the edge.
            ways.jumps(|clip| behind(trail, here, clip) && !(patient && map.led_to(clip)));
        }
    }
    if ways.found.is_empty() {
        ways.ordinary(look);
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
            .all(|clip| map.scene[*clip as usize] != scene || !trail.may_show(*clip, 1, rules.gap))
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
        for index in map.ways(here) {
            let link = &map.links[index as usize];
            let to = &map.nodes[link.to as usize];
            if map.ordinary(link)
                && self.trail.may_show(to.clip, 1, self.rules.gap)
                && (!look || self.leads_on(to))
            {
                let weight = worth(map, here, link);
                self.add(index, link, weight);
            }
        }
    }

    /// A visit that begins at `node` next has a way on.
    fn leads_on(&self, node: &Node) -> bool {
        let map = self.trail.map();
        map.ways(node).any(|index| {
            let link = &map.links[index as usize];
            let to = map.nodes[link.to as usize].clip;
            map.ordinary(link)
                && self.trail.may_show(to, 2, self.rules.gap)
                && (to != node.clip || map.alone())
        })
    }

    /// Steps to wanted clips by links that are declared or lead to a dead end.
    fn leads(&mut self, wanted: impl Fn(u32) -> bool) {
        let map = self.trail.map();
        for index in map.ways(self.trail.here()) {
            let link = &map.links[index as usize];
            let clip = map.nodes[link.to as usize].clip;
            if !map.ordinary(link) && self.open(clip) && wanted(clip) {
                self.add(index, link, DECLARED);
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
                let weight = if map.nodes[to as usize].calm {
                    CALM_JUMP
                } else {
                    JUMP
                };
                self.push(
                    Step {
                        leave,
                        to,
                        link: None,
                        bridge: 0,
                        refused: false,
                    },
                    weight,
                    0,
                );
            }
        }
    }

    /// The next visit may show `clip`.
    fn open(&self, clip: u32) -> bool {
        let map = self.trail.map();
        (clip != self.trail.here().clip || map.alone())
            && self.trail.may_show(clip, 1, self.rules.gap)
    }

    fn add(&mut self, index: u32, link: &Link, weight: u64) {
        let (bridge, refused) = self.trail.bridge(index);
        let step = Step {
            leave: link.leave,
            to: link.to,
            link: Some(index),
            bridge,
            refused,
        };
        self.push(step, weight, self.trail.joined(link));
    }

    fn push(&mut self, step: Step, weight: u64, joined: u32) {
        let used = u64::from(step.leave - self.trail.here().at) + u64::from(step.bridge);
        if used >= self.rest {
            self.long = true;
            return;
        }
        let map = self.trail.map();
        let shown = self.trail.shown(map.nodes[step.to as usize].clip);
        let short = short(map, self.trail.here(), &step);
        let rest = self.rest - used;
        self.found.push(Candidate {
            step,
            rest,
            weight,
            shown,
            joined,
            short,
        });
    }
}

/// How much a link is worth by itself, under 2^44: its score to the third power, the share of the
/// clip that it lets be shown, and the time that the next clip has ahead.
fn worth(map: &Map, here: &Node, link: &Link) -> u64 {
    let score = u64::from(link.score.0 >> 8) + 1;
    let stay = u64::from(link.leave - here.at);
    let ahead = u64::from(here.ahead.max(1));
    let dwell = 1 + 255 * (stay * stay) / (ahead * ahead);
    let to = &map.nodes[link.to as usize];
    let room = 1 + 15 * u64::from(to.ahead) / u64::from(map.len(to.clip));
    (score * score * score * dwell.min(256) * room.min(16)) << 8
}

/// The step makes this visit or the next shorter than the clip allows and a viewer likes.
fn short(map: &Map, here: &Node, step: &Step) -> bool {
    let to = &map.nodes[step.to as usize];
    step.leave - here.at < map.dwell.min(here.ahead) || to.ahead < map.dwell.min(map.len(to.clip))
}

/// Lowers the weights by what has been seen (shown clips, joined pairs), by short visits and refused
/// dissolves and, for a loop, of clips that the beginning shows too soon after the end.
fn weigh(trail: &Trail, rules: &Rules, found: &mut [Candidate]) {
    let shown = found
        .iter()
        .map(|candidate| candidate.shown)
        .min()
        .unwrap_or(0);
    let joined = found
        .iter()
        .map(|candidate| candidate.joined)
        .min()
        .unwrap_or(0);
    let pace = (trail.now() / trail.stops().len() as u64).max(1);
    for candidate in found {
        let clip = trail.map().nodes[candidate.step.to as usize].clip;
        let again = trail.first_visit(clip).unwrap_or(rules.ring);
        let early = u64::from(again) + candidate.rest / pace < u64::from(rules.ring);
        let lower = 2 * (candidate.shown - shown).min(8)
            + 6 * (candidate.joined - joined).min(3)
            + if candidate.short { 10 } else { 0 }
            + if candidate.step.refused { 4 } else { 0 }
            + if early { 14 } else { 0 };
        candidate.weight = (candidate.weight >> lower).max(1);
    }
}
