//! The graph laid on the output clock: where visits begin, how they can be left, and which
//! beginnings always have a way on.

use super::{
    Error, Options, Seams, Span, UNKNOWN_STEP,
    fade::{HalfLife, USE},
    groups::groups,
    taste::Taste,
    wish::{self, Wish},
};
use crate::{
    clip::{Clip, ENOUGH},
    clock::ClipClock,
    graph::{Graph, PortRef, Score},
};

/// A place where a visit can begin.
pub(super) struct Node {
    /// Clip.
    pub(super) clip: u32,
    /// First frame on the clip's output clock.
    pub(super) at: u32,
    /// First of the clip's links that leaves late enough.
    first: u32,
    /// There is a way on to another calm node without a scene change.
    pub(super) calm: bool,
    /// Output frames to the last such way, or to the end of the clip where there is none.
    pub(super) ahead: u32,
    /// What it is worth to enter here, in 1/256 of a bit: the share of the clip that can be shown,
    /// and the joints that follow at best.
    pub(super) worth: i32,
}

/// An edge on the output clock.
pub(super) struct Link {
    /// Clip that is left.
    pub(super) from: u32,
    /// One past the last frame shown of it.
    pub(super) leave: u32,
    /// Node that is entered, and its clip.
    pub(super) to: u32,
    pub(super) clip: u32,
    /// It leads on without a scene change, and not into a dead end.
    pub(super) ordinary: bool,
    /// Both ends lie in the same clip.
    pub(super) own: bool,
    /// Under the threshold: a change of scene that the graph does not declare.
    pub(super) weak: bool,
    /// A change of scene, declared by the graph or weak.
    pub(super) declared: bool,
    /// What is wished to lie in between, and can.
    pub(super) span: Span,
    /// Score of the edge.
    pub(super) score: Score,
    /// Relative step of the edge, finite.
    pub(super) step: f32,
    /// Its measured visibility.
    pub(super) rsv: Option<f32>,
    /// Number of the ordered pair of clips.
    pub(super) pair: u32,
    /// What the joint is worth by itself, in 1/256 of a bit.
    pub(super) worth: i32,
    /// What its pair of clips is worth in the mode of the walk, in the same.
    pub(super) pull: i32,
}

/// Everything the walk needs to know, fixed while it is made.
pub(super) struct Map {
    /// Output clocks by clip; `None` for clips that cannot be shown.
    clocks: Vec<Option<ClipClock>>,
    /// Clips that can be shown, rising.
    pub(super) usable: Vec<u32>,
    /// Nodes by clip, then by place; the first of a clip is at 0.
    pub(super) nodes: Vec<Node>,
    node_of: Vec<u32>,
    /// Links by clip, then by place left.
    pub(super) links: Vec<Link>,
    link_of: Vec<u32>,
    into: Vec<u32>,
    into_of: Vec<u32>,
    /// Scene of each clip: clips of one scene reach each other without scene changes.
    pub(super) scene: Vec<u32>,
    /// Usable clips in each scene.
    pub(super) scene_sizes: Vec<u32>,
    /// An edge that is no scene change leads to the clip from another scene.
    pub(super) led_to: Vec<bool>,
    /// Ordered pairs of clips that links join.
    pub(super) pairs: usize,
    /// Such pairs by the clip that is left.
    pub(super) exits: Vec<u32>,
    /// Visits after which a clip may return within its scene at the latest, by clip.
    pub(super) limits: Vec<u32>,
    /// State of each clip; empty where there are no states.
    pub(super) states: Vec<Option<u32>>,
    /// What is wished of each clip.
    pub(super) wishes: Vec<Wish>,
    /// Share of each clip in all showings, in 1/2^32.
    pub(super) shares: Vec<u32>,
    /// Share of each clip if all were even, over its own, in 1/256.
    pub(super) rarity: Vec<u32>,
    /// Visits in which memory of clips and of pairs halves.
    pub(super) clip_life: HalfLife,
    pub(super) pair_life: HalfLife,
    /// What the walk prefers.
    pub(super) taste: Taste,
    /// Fewest frames of any visit; see [`Map::least_of`].
    pub(super) least: u32,
    /// Output frames in half a second: nothing is shown shorter where a clip has them.
    glimpse: u32,
    /// Clips that are too short to be shown.
    pub(super) short: u32,
    /// Most distinct bridge frames.
    pub(super) budget: u64,
    /// Output frames of what is always worth showing: shorter visits are avoided.
    pub(super) dwell: u32,
    /// Output frames in 30 seconds: scenes change no more often by themselves.
    pub(super) scene_dwell: u64,
}

impl Map {
    /// Lays out `graph`.
    pub(super) fn new(graph: &Graph, options: &Options) -> Result<Self, Error> {
        if graph.ports.len() != graph.clips.len() {
            let (ports, clips) = (graph.ports.len(), graph.clips.len());
            return Err(Error::Graph(format!(
                "{ports} lists of ports for {clips} clips"
            )));
        }
        let clock = |clip: &Clip| ClipClock::new(clip, options.fps, options.rate_mode);
        let mut clocks: Vec<Option<ClipClock>> = graph
            .clips
            .iter()
            .map(|clip| sound(clip).then(|| clock(clip)))
            .collect();
        // A visit has at least 2 frames; only a library without such a clip shows single frames.
        let longest = clocks.iter().flatten().map(ClipClock::len).max();
        let least = longest.ok_or(Error::NoClips(clocks.len()))?.min(2);
        for clock in &mut clocks {
            *clock = clock.take().filter(|clock| clock.len() >= least);
        }
        let long: Vec<u32> = (0..clocks.len() as u32)
            .filter(|clip| clocks[*clip as usize].is_some())
            .collect();
        let wishes = wish::agreed(&options.wishes, &long, clocks.len())?;
        for (clock, wish) in clocks.iter_mut().zip(&wishes) {
            *clock = clock.take().filter(|_| wish.weight > 0);
        }
        let usable: Vec<u32> = (0..clocks.len() as u32)
            .filter(|clip| clocks[*clip as usize].is_some())
            .collect();
        let taste = Taste::new(options, usable.len() as u32, clocks.len())?;

        let mut map = Self {
            short: (clocks.len() - long.len()) as u32,
            exits: Vec::new(),
            limits: Vec::new(),
            states: match &options.states {
                Some(states) => (0..clocks.len() as u32)
                    .map(|clip| states.of(clip))
                    .collect(),
                None => Vec::new(),
            },
            rarity: Vec::new(),
            shares: shares(&wishes, &usable),
            wishes,
            clip_life: HalfLife::of((usable.len() as u32).saturating_mul(12).min(MOST_USES)),
            pair_life: HalfLife::of(1),
            taste,
            budget: budget(&clocks, options.bridge_budget),
            scene: Vec::new(),
            scene_sizes: Vec::new(),
            led_to: Vec::new(),
            nodes: Vec::new(),
            node_of: Vec::new(),
            links: Vec::new(),
            link_of: Vec::new(),
            into: Vec::new(),
            into_of: Vec::new(),
            pairs: 0,
            least,
            glimpse: options.fps.frames_in(500_000) as u32,
            dwell: options.fps.frames_in(ENOUGH.into()).max(1) as u32,
            scene_dwell: options.fps.frames_in(30_000_000),
            clocks,
            usable,
        };
        map.lay(graph, options)?;
        map.settle();
        if options.seam_threshold > Score(0) {
            map.without_worse();
            map.settle();
        }
        map.limit(options);
        map.value();
        Ok(map)
    }

    /// Nodes and links.
    fn lay(&mut self, graph: &Graph, options: &Options) -> Result<(), Error> {
        let places: Vec<Vec<u32>> = (graph.ports.iter().zip(&self.clocks))
            .map(|(ports, clock)| match clock {
                Some(clock) => ports.0.iter().map(|port| clock.position(*port)).collect(),
                None => Vec::new(),
            })
            .collect();
        let mut ends = Vec::with_capacity(graph.edges.len());
        for (index, edge) in graph.edges.iter().enumerate() {
            let place = |end: PortRef| {
                let ports = graph.ports.get(end.clip as usize);
                let port = ports.and_then(|ports| ports.0.binary_search(&end.boundary).ok());
                let port = port.ok_or_else(|| {
                    let (clip, boundary) = (end.clip, end.boundary);
                    Error::Graph(format!(
                        "edge {index} ends at {boundary}, no port of clip {clip}"
                    ))
                })?;
                Ok::<_, Error>(places[end.clip as usize].get(port).copied())
            };
            if let (Some(leave), Some(enter)) = (place(edge.from)?, place(edge.to)?)
                && leave >= self.least_of(edge.from.clip)
                && self.len(edge.to.clip) - enter >= self.least_of(edge.to.clip)
            {
                ends.push((edge, leave, enter));
            }
        }

        let starts = self.starts(ends.iter().map(|(edge, _, enter)| (edge.to.clip, *enter)));
        let mut pairs: Vec<(u32, u32)> = ends
            .iter()
            .map(|(edge, ..)| (edge.from.clip, edge.to.clip))
            .collect();
        pairs.sort_unstable();
        pairs.dedup();
        let number = |sorted: &[(u32, u32)], key| sorted.partition_point(|item| *item < key) as u32;

        // Measured with the bridge of the edge and no other.
        let as_found = options.seams == Seams::Auto && options.bridge_frames.is_none();
        self.links = (ends.into_iter())
            .map(|(edge, leave, enter)| {
                let (from, to) = (edge.from.clip, edge.to.clip);
                Link {
                    from,
                    leave,
                    to: number(&starts, (to, enter)),
                    clip: to,
                    ordinary: false,
                    own: from == to,
                    declared: options.changes_scene(edge),
                    weak: !edge.declared && options.changes_scene(edge),
                    span: Span::of(
                        edge,
                        graph.clips[from as usize].rate(),
                        (self.len(from) - leave).min(enter),
                        options,
                    ),
                    score: edge.score,
                    step: if edge.step.is_finite() {
                        edge.step
                    } else {
                        UNKNOWN_STEP
                    },
                    rsv: edge.rsv.filter(|_| as_found),
                    pair: number(&pairs, (from, to)),
                    worth: 0,
                    pull: 0,
                }
            })
            .collect();
        self.links.sort_by_key(|link| {
            (
                link.from,
                link.leave,
                link.to,
                link.declared,
                std::cmp::Reverse(link.score),
            )
        });
        // Ports that fall on one output frame are one place.
        self.links
            .dedup_by_key(|link| (link.from, link.leave, link.to));

        self.pairs = pairs.len();
        self.number(&starts);
        Ok(())
    }

    /// Where visits begin: at the start of each clip and where it is `entered`.
    pub(super) fn starts(&self, entered: impl Iterator<Item = (u32, u32)>) -> Vec<(u32, u32)> {
        let own = self.usable.iter().map(|clip| (*clip, 0));
        let mut starts: Vec<(u32, u32)> = own.chain(entered).collect();
        starts.sort_unstable();
        starts.dedup();
        starts
    }

    /// Nodes, and which links belong to which clip and node; `starts` are the places of the nodes.
    pub(super) fn number(&mut self, starts: &[(u32, u32)]) {
        let clips = self.clocks.len();
        self.link_of = offsets(clips, self.links.iter().map(|link| link.from));
        self.node_of = offsets(clips, starts.iter().map(|start| start.0));
        self.nodes = (starts.iter().copied())
            .map(|(clip, at)| {
                let first = self.links_from(clip, at + self.least_of(clip)).start;
                Node {
                    clip,
                    at,
                    first: first as u32,
                    calm: true,
                    ahead: 0,
                    worth: 0,
                }
            })
            .collect();
        let mut into: Vec<(u32, u32)> = self
            .links
            .iter()
            .zip(0..)
            .map(|(link, index)| (link.to, index))
            .collect();
        into.sort_unstable();
        self.into_of = offsets(self.nodes.len(), into.iter().map(|pair| pair.0));
        self.into = into.into_iter().map(|pair| pair.1).collect();
    }

    /// Finds the calm nodes and the scenes.
    fn settle(&mut self) {
        // Per clip, the last link that leads on to a calm node. It only ever moves back, so the
        // whole takes one pass over the links however long the chain of dead ends is.
        let clips = self.clocks.len();
        let mut tops: Vec<usize> = (0..clips as u32).map(|c| self.link_range(c).end).collect();
        let mut changed: Vec<u32> = (0..clips as u32).collect();
        while let Some(clip) = changed.pop() {
            let start = self.link_range(clip).start;
            let top = &mut tops[clip as usize];
            while *top > start && !self.leads_on(&self.links[*top - 1]) {
                *top -= 1;
            }
            let reach = if *top > start {
                self.links[*top - 1].leave
            } else {
                0
            };
            let least = self.least_of(clip);
            for node in self.node_range(clip) {
                if self.nodes[node].calm && reach < self.nodes[node].at + least {
                    self.nodes[node].calm = false;
                    let into = self.leading_to(node as u32).iter();
                    changed.extend(into.map(|link| self.links[*link as usize].from));
                }
            }
        }
        for clip in self.usable.clone() {
            let range = self.link_range(clip);
            let top = tops[clip as usize];
            let len = self.len(clip);
            let reach = if top > range.start {
                self.links[top - 1].leave
            } else {
                len
            };
            for node in self.node_range(clip) {
                let node = &mut self.nodes[node];
                node.ahead = if node.calm { reach } else { len } - node.at;
            }
        }

        for index in 0..self.links.len() {
            self.links[index].ordinary = self.leads_on(&self.links[index]);
        }
        let mut arcs: Vec<(u32, u32)> = (self.links.iter())
            .filter(|link| link.ordinary)
            .map(|link| (link.from, link.clip))
            .collect();
        arcs.sort_unstable();
        arcs.dedup();
        self.scene = groups(clips, &arcs);
        self.led_to = vec![false; clips];
        for link in self.links.iter().filter(|link| !link.declared && !link.own) {
            let [from, to] = [link.from, link.clip].map(|clip| clip as usize);
            self.led_to[to] |= self.scene[from] != self.scene[to];
        }
        self.scene_sizes = vec![0; clips];
        for clip in &self.usable {
            self.scene_sizes[self.scene[*clip as usize] as usize] += 1;
        }
    }

    /// The state that `clip` shows.
    pub(super) fn state_of(&self, clip: u32) -> Option<u32> {
        self.states.get(clip as usize).copied().flatten()
    }

    /// How late clips return, and how long memory lasts.
    fn limit(&mut self, options: &Options) {
        let least = if self.alone() { 1 } else { 2 };
        self.limits = (0..self.clips())
            .map(|clip| {
                let size = self.scene_sizes[self.scene[clip] as usize];
                // Shown in every third visit at least, it cannot stay away for four.
                let state = self.state_of(clip as u32).map_or(u32::MAX, |state| {
                    let same = self
                        .usable
                        .iter()
                        .filter(|other| self.state_of(**other).is_none_or(|other| other == state));
                    (same.count() as u32 * 3).div_ceil(5)
                });
                let share = USE.checked_div(self.wishes[clip].least);
                match options.min_gap {
                    Some(_) => u32::MAX,
                    None => (size * 3).div_ceil(5),
                }
                .min(share.unwrap_or(u32::MAX))
                .min(state)
                .max(least)
            })
            .collect();
        let even = (u64::from(u32::MAX) / self.usable.len() as u64) << 8;
        let rarity = self
            .shares
            .iter()
            .map(|share| even / u64::from((*share).max(1)));
        self.rarity = rarity.map(|rarity| rarity.min(1 << 16) as u32).collect();
        let mut pairs: Vec<(u32, u32)> = self.links.iter().map(|l| (l.from, l.pair)).collect();
        pairs.sort_unstable();
        pairs.dedup();
        self.exits = vec![0; self.clips()];
        for (from, _) in &pairs {
            self.exits[*from as usize] += 1;
        }
        self.pair_life = HalfLife::of((pairs.len() as u32).saturating_mul(4));
    }

    /// What every joint and every beginning is worth.
    fn value(&mut self) {
        for index in 0..self.links.len() {
            let link = &self.links[index];
            let to = link.clip;
            let (worth, pull) = (self.taste.joint(link.score), self.taste.pull(link.from, to));
            (self.links[index].worth, self.links[index].pull) = (worth, pull);
        }
        let ahead = self.taste.future(self);
        for (index, ahead) in ahead.into_iter().enumerate() {
            let node = &self.nodes[index];
            let room = self.taste.room(node.ahead, self.len(node.clip));
            self.nodes[index].worth = room + ahead;
        }
    }

    /// The link leads on without a scene change, and not into a dead end.
    fn leads_on(&self, link: &Link) -> bool {
        self.hides(link) && self.nodes[link.to as usize].calm
    }

    /// The link can be taken without a change of scene.
    pub(super) fn hides(&self, link: &Link) -> bool {
        !link.declared && (!link.own || self.alone())
    }

    /// Clips of the graph, those that cannot be shown included.
    pub(super) fn clips(&self) -> usize {
        self.clocks.len()
    }

    /// One clip is all there is.
    pub(super) fn alone(&self) -> bool {
        self.usable.len() == 1
    }

    /// Output frames of a usable clip.
    pub(super) fn len(&self, clip: u32) -> u32 {
        self.clock(clip).map_or(0, ClipClock::len)
    }

    /// Fewest frames of a visit to `clip` that ends at a port: half a second or half the clip.
    pub(super) fn least_of(&self, clip: u32) -> u32 {
        self.glimpse.min(self.len(clip) / 2).max(self.least)
    }

    /// Output clock of a usable clip.
    pub(super) fn clock(&self, clip: u32) -> Option<&ClipClock> {
        self.clocks[clip as usize].as_ref()
    }

    /// The node at the start of `clip`.
    pub(super) fn start_of(&self, clip: u32) -> u32 {
        self.node_of[clip as usize]
    }

    /// Nodes of `clip`.
    pub(super) fn node_range(&self, clip: u32) -> std::ops::Range<usize> {
        self.node_of[clip as usize] as usize..self.node_of[clip as usize + 1] as usize
    }

    /// Links that leave `clip`.
    pub(super) fn link_range(&self, clip: u32) -> std::ops::Range<usize> {
        self.link_of[clip as usize] as usize..self.link_of[clip as usize + 1] as usize
    }

    /// Links that leave `clip` at `place` or later, the soonest first.
    pub(super) fn links_from(&self, clip: u32, place: u32) -> std::ops::Range<usize> {
        let own = self.link_range(clip);
        let before = self.links[own.clone()].partition_point(|link| link.leave < place);
        own.start + before..own.end
    }

    /// Links by which a visit that begins at `node` can end.
    pub(super) fn ways(&self, node: &Node) -> std::ops::Range<u32> {
        node.first..self.link_of[node.clip as usize + 1]
    }

    /// Links that lead to `node`.
    pub(super) fn leading_to(&self, node: u32) -> &[u32] {
        &self.into[self.into_of[node as usize] as usize..self.into_of[node as usize + 1] as usize]
    }
}

/// The clip has frames, and times to put them at.
fn sound(clip: &Clip) -> bool {
    clip.first < clip.until
        && clip.until as usize <= clip.times.len()
        && clip.times.windows(2).all(|pair| pair[0] < pair[1])
}

/// Longest half-life of showings: their sum fits into 32 bits.
const MOST_USES: u32 = 1 << 15;

/// The share of all showings that each of `usable` clips should have, in 1/2^32: by weight, less
/// for what sticks in memory.
fn shares(wishes: &[Wish], usable: &[u32]) -> Vec<u32> {
    let weight = |clip: u32| {
        let wish = &wishes[clip as usize];
        (u64::from(wish.weight) << 16) / u64::from(256 + wish.salience)
    };
    let sum: u64 = usable.iter().map(|clip| weight(*clip)).sum();
    let mut shares = vec![0; wishes.len()];
    for clip in usable {
        let share = (u128::from(weight(*clip)) << 32) / u128::from(sum.max(1));
        shares[*clip as usize] = share.min(u128::from(u32::MAX)) as u32;
    }
    shares
}

/// Most distinct bridge frames: a share of the library's frames.
fn budget(clocks: &[Option<ClipClock>], share: f64) -> u64 {
    let frames: u64 = clocks
        .iter()
        .flatten()
        .map(|clock| u64::from(clock.len()))
        .sum();
    (frames as f64 * share) as u64
}

/// Where the run of each key below `count` begins among sorted `keys`, and one past the last.
fn offsets(count: usize, keys: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut offsets = vec![0; count + 1];
    for key in keys {
        offsets[key as usize + 1] += 1;
    }
    for index in 0..count {
        offsets[index + 1] += offsets[index];
    }
    offsets
}
