//! The walk so far and its memory; every step can be taken back.

use super::map::{Link, Map, Node};

/// A step from one visit to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// One past the last frame shown, on the output clock of the clip that is left.
    pub(super) leave: u32,
    /// Node that is entered.
    pub(super) to: u32,
    /// The link taken; `None` for a scene change from the end of a clip to the start of another.
    pub(super) link: Option<u32>,
    /// Frames of the bridge between the two.
    pub(super) bridge: u32,
    /// The budget refused a bridge here.
    pub(super) refused: bool,
}

/// A visit; all but the last have a way out.
#[derive(Debug)]
pub(super) struct Stop {
    /// Where it begins.
    pub(super) node: u32,
    /// Output frame at which it starts.
    pub(super) start: u64,
    /// How it is left.
    pub(super) out: Option<Step>,
    /// One more than the visit that showed the clip before; 0 for the first showing.
    before: u32,
    /// Output frame of the last scene change.
    changed: u64,
}

/// A walk that is being made.
pub(super) struct Trail<'a> {
    map: &'a Map,
    stops: Vec<Stop>,
    /// By clip: one more than the visit that showed it last, 0 if none.
    last: Vec<u32>,
    /// By clip: the visit that showed it first, once it is shown.
    first: Vec<u32>,
    shown: Vec<u32>,
    scene_shown: Vec<u64>,
    pairs: Vec<u32>,
    /// By link: bridges made over it.
    bridged: Vec<u32>,
    spent: u64,
}

impl<'a> Trail<'a> {
    /// A walk that begins at `node`.
    pub(super) fn new(map: &'a Map, node: u32) -> Self {
        let clips = map.scene.len();
        let mut trail = Self {
            map,
            stops: Vec::new(),
            last: vec![0; clips],
            first: vec![0; clips],
            shown: vec![0; clips],
            scene_shown: vec![0; clips],
            pairs: vec![0; map.pairs],
            bridged: vec![0; map.links.len()],
            spent: 0,
        };
        trail.enter(node, 0, 0);
        trail
    }

    /// What is walked.
    pub(super) fn map(&self) -> &'a Map {
        self.map
    }

    /// Visits so far, the one that has no way out yet among them.
    pub(super) fn stops(&self) -> &[Stop] {
        &self.stops
    }

    /// Where the visit that has no way out yet begins.
    pub(super) fn here(&self) -> &'a Node {
        &self.map.nodes[self.stops[self.stops.len() - 1].node as usize]
    }

    /// Output frame at which that visit starts.
    pub(super) fn now(&self) -> u64 {
        self.stops[self.stops.len() - 1].start
    }

    /// Output frames since the scene last changed.
    pub(super) fn since_change(&self) -> u64 {
        let top = &self.stops[self.stops.len() - 1];
        top.start - top.changed
    }

    /// Showings of `clip` so far.
    pub(super) fn shown(&self, clip: u32) -> u32 {
        self.shown[clip as usize]
    }

    /// Showings of the clips of `scene` so far.
    pub(super) fn scene_shown(&self, scene: u32) -> u64 {
        self.scene_shown[scene as usize]
    }

    /// Times that the link's pair of clips has been joined.
    pub(super) fn joined(&self, link: &Link) -> u32 {
        self.pairs[link.pair as usize]
    }

    /// Visit `later` visits after this one may show `clip`.
    pub(super) fn may_show(&self, clip: u32, later: u32, gap: u32) -> bool {
        let last = self.last[clip as usize];
        last == 0 || self.stops.len() as u32 + later - last >= gap
    }

    /// The visit that shows `clip` first, if one does.
    pub(super) fn first_visit(&self, clip: u32) -> Option<u32> {
        (self.shown(clip) > 0).then(|| self.first[clip as usize])
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
        let top = self.stops.len() - 1;
        let start = self.now() + u64::from(step.leave - here.at) + u64::from(step.bridge);
        self.stops[top].out = Some(step);
        let declared = match step.link {
            Some(index) => {
                let link = &self.map.links[index as usize];
                self.pairs[link.pair as usize] += 1;
                if step.bridge > 0 {
                    let uses = &mut self.bridged[index as usize];
                    *uses += 1;
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
        let changed = if declared {
            start
        } else {
            self.stops[top].changed
        };
        self.enter(step.to, start, changed);
    }

    fn enter(&mut self, node: u32, start: u64, changed: u64) {
        let clip = self.map.nodes[node as usize].clip as usize;
        let index = self.stops.len() as u32;
        let before = std::mem::replace(&mut self.last[clip], index + 1);
        if self.shown[clip] == 0 {
            self.first[clip] = index;
        }
        self.shown[clip] += 1;
        self.scene_shown[self.map.scene[clip] as usize] += 1;
        self.stops.push(Stop {
            node,
            start,
            out: None,
            before,
            changed,
        });
    }

    /// Takes the last step back; false when there is none.
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
        let top = self.stops.len() - 1;
        if let Some(step) = self.stops[top].out.take()
            && let Some(index) = step.link
        {
            self.pairs[self.map.links[index as usize].pair as usize] -= 1;
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
}
