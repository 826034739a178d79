//! The graph laid on the output clock: where visits begin, how they can be left, and which
//! beginnings always have a way on.

use super::{Error, Options, Seams, Span, UNKNOWN_STEP, groups::groups};
use crate::{
    clip::Clip,
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
}

/// An edge on the output clock.
pub(super) struct Link {
    /// Clip that is left.
    pub(super) from: u32,
    /// One past the last frame shown of it.
    pub(super) leave: u32,
    /// Node that is entered.
    pub(super) to: u32,
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
    /// Ordered pairs of clips that links join.
    pub(super) pairs: usize,
    /// Fewest frames of any visit; see [`Map::least_of`].
    pub(super) least: u32,
    /// Output frames in half a second: nothing is shown shorter where a clip has them.
    glimpse: u32,
    /// Most distinct bridge frames.
    pub(super) budget: u64,
    /// Output frames in two seconds: shorter visits are avoided.
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
        let usable: Vec<u32> = (0..clocks.len() as u32)
            .filter(|clip| clocks[*clip as usize].is_some())
            .collect();

        let mut map = Self {
            budget: budget(&clocks, options.bridge_budget),
            scene: Vec::new(),
            scene_sizes: Vec::new(),
            nodes: Vec::new(),
            node_of: Vec::new(),
            links: Vec::new(),
            link_of: Vec::new(),
            into: Vec::new(),
            into_of: Vec::new(),
            pairs: 0,
            least,
            glimpse: options.fps.frames_in(500_000) as u32,
            dwell: options.fps.frames_in(2_000_000).max(1) as u32,
            scene_dwell: options.fps.frames_in(30_000_000),
            clocks,
            usable,
        };
        map.lay(graph, options)?;
        map.settle();
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
                Ok(places[end.clip as usize].get(port).copied())
            };
            if let (Some(leave), Some(enter)) = (place(edge.from)?, place(edge.to)?)
                && leave >= self.least_of(edge.from.clip)
                && self.len(edge.to.clip) - enter >= self.least_of(edge.to.clip)
            {
                ends.push((edge, leave, enter));
            }
        }

        let mut starts: Vec<(u32, u32)> = self.usable.iter().map(|clip| (*clip, 0)).collect();
        starts.extend(ends.iter().map(|(edge, _, enter)| (edge.to.clip, *enter)));
        starts.sort_unstable();
        starts.dedup();
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
                    own: from == to,
                    declared: edge.declared || edge.score < options.seam_threshold,
                    weak: !edge.declared && edge.score < options.seam_threshold,
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

    /// Nodes, and which links belong to which clip and node; `starts` are the places of the nodes.
    fn number(&mut self, starts: &[(u32, u32)]) {
        let clips = self.clocks.len();
        self.link_of = offsets(clips, self.links.iter().map(|link| link.from));
        self.node_of = offsets(clips, starts.iter().map(|start| start.0));
        self.nodes = (starts.iter().copied())
            .map(|(clip, at)| {
                let own = self.link_range(clip);
                let late = |link: &Link| link.leave < at + self.least_of(clip);
                let first = own.start + self.links[own].partition_point(late);
                Node {
                    clip,
                    at,
                    first: first as u32,
                    calm: true,
                    ahead: 0,
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
            while *top > start && !self.ordinary(&self.links[*top - 1]) {
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

        let mut arcs: Vec<(u32, u32)> = (self.links.iter())
            .filter(|link| self.ordinary(link))
            .map(|link| (link.from, self.nodes[link.to as usize].clip))
            .collect();
        arcs.sort_unstable();
        arcs.dedup();
        self.scene = groups(clips, &arcs);
        self.scene_sizes = vec![0; clips];
        for clip in &self.usable {
            self.scene_sizes[self.scene[*clip as usize] as usize] += 1;
        }
    }

    /// The link leads on without a scene change, and not into a dead end.
    pub(super) fn ordinary(&self, link: &Link) -> bool {
        !link.declared && (!link.own || self.alone()) && self.nodes[link.to as usize].calm
    }

    /// An edge that is no scene change leads to `clip` from another.
    pub(super) fn led_to(&self, clip: u32) -> bool {
        self.node_range(clip).any(|node| {
            let links = self
                .leading_to(node as u32)
                .iter()
                .map(|link| &self.links[*link as usize]);
            links.into_iter().any(|link| !link.declared && !link.own)
        })
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

    fn link_range(&self, clip: u32) -> std::ops::Range<usize> {
        self.link_of[clip as usize] as usize..self.link_of[clip as usize + 1] as usize
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
