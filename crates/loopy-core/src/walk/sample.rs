//! Clips and graphs for tests.

use std::path::{Path, PathBuf};

use crate::{
    Clip, ClipPath, Graph, Hash, Rate, Size,
    clip::Facts,
    graph::{Bridge, Edge, PortRef, Ports, Score},
    tags::Tags,
};

/// A clip whose frames are due at `times` and whose last frame ends at `end`, in microseconds.
pub(crate) fn timed(name: &str, times: Vec<i64>, end: i64) -> Clip {
    let size = Size::new(1280, 720);
    Clip {
        path: ClipPath::from(Path::new(name)),
        hash: Hash::of(name.as_bytes()),
        facts: Facts::ordinary(size),
        first: 0,
        until: times.len() as u32,
        times,
        end,
        shot: 0,
        sound_offset: 0,
        tags: Tags::default(),
        scene: 0,
    }
}

/// A clip of `frames` frames at exactly `rate`.
pub(crate) fn steady(name: &str, frames: u32, rate: Rate) -> Clip {
    let times = (0..u64::from(frames))
        .map(|index| rate.micros(index))
        .collect();
    timed(name, times, rate.micros(u64::from(frames)))
}

/// 30 frames a second.
pub(crate) fn thirty() -> Rate {
    Rate::new(30, 1).unwrap()
}

/// Clips `0`, `1`, .. at 30 frames a second, of the given lengths and interior ports, without edges.
pub(crate) fn graph(clips: &[(u32, Vec<u32>)]) -> Graph {
    let ports = clips.iter().map(|(frames, inside)| {
        let inside = inside
            .iter()
            .copied()
            .filter(|port| *port > 0 && port < frames);
        let mut ports: Vec<u32> = [0, *frames].into_iter().chain(inside).collect();
        ports.sort_unstable();
        ports.dedup();
        Ports(ports)
    });
    let name = |index: usize| {
        PathBuf::from(format!("{index}.mp4"))
            .to_string_lossy()
            .into_owned()
    };
    Graph {
        clips: (clips.iter().enumerate())
            .map(|(index, (frames, _))| steady(&name(index), *frames, thirty()))
            .collect(),
        ports: ports.collect(),
        edges: Vec::new(),
        scenes: 1,
    }
}

/// An edge between boundaries of two clips.
pub(crate) fn edge(from: (u32, u32), to: (u32, u32), score: f64, step: f32) -> Edge {
    let end = |(clip, boundary)| PortRef { clip, boundary };
    let (from, to) = (end(from), end(to));
    Edge {
        from,
        to,
        score: Score::from_f64(score),
        step,
        declared: false,
        bridge: match step {
            ..=1.5 => Bridge::None,
            ..=2.5 => Bridge::Motion {
                frames: 2,
                holds: 0,
            },
            _ => Bridge::Dissolve(6),
        },
        rsv: None,
    }
}

/// Numbers that look random and are the same everywhere.
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(bound.max(1))) as u32
    }
}

/// A library of `count` clips of about `frames` frames with up to `inside` interior ports each, and
/// about `exits` edges out of every port, scores and steps drawn.
pub(crate) fn library(seed: u64, count: u32, frames: u32, inside: u32, exits: u32) -> Graph {
    let mut noise = Noise(seed);
    let clips: Vec<(u32, Vec<u32>)> = (0..count)
        .map(|_| {
            let length = (frames / 2 + noise.below(frames)).max(1);
            (length, (0..inside).map(|_| noise.below(length)).collect())
        })
        .collect();
    let mut graph = graph(&clips);
    for clip in 0..count {
        for port in graph.ports[clip as usize].0.clone().into_iter().skip(1) {
            for _ in 0..exits {
                let to = noise.below(count);
                let ports = &graph.ports[to as usize].0;
                let enter = ports[noise.below(ports.len() as u32 - 1) as usize];
                let score = f64::from(noise.below(1000)) / 1000.0;
                let step = 0.5 + noise.below(900) as f32 / 100.0;
                graph
                    .edges
                    .push(edge((clip, port), (to, enter), score, step));
            }
        }
    }
    graph.sort();
    graph
}
