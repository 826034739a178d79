//! A small library for targets that need one: five clips, all joined.

use std::{path::Path, sync::LazyLock};

use loopy_core::{
    Clip, ClipPath, Graph, Hash, Plan, Rate, Size,
    clip::Facts,
    graph::{Bridge, Edge, PortRef, Ports, Score},
    tags::Tags,
    walk::{self, Options},
};

const CLIPS: u32 = 5;
const FRAMES: u32 = 90;

static GRAPH: LazyLock<Graph> = LazyLock::new(|| {
    let end = |clip, boundary| PortRef { clip, boundary };
    let pairs = (0..CLIPS).flat_map(|from| (0..CLIPS).map(move |to| (from, to)));
    let edges = pairs
        .filter(|(from, to)| from != to)
        .map(|(from, to)| Edge {
            from: end(from, FRAMES),
            to: end(to, 0),
            score: Score::percent(80),
            step: 1.0,
            declared: false,
            bridge: Bridge::None,
            rsv: None,
        });
    let mut graph = Graph {
        clips: (0..CLIPS).map(clip).collect(),
        ports: vec![Ports(vec![0, FRAMES]); CLIPS as usize],
        edges: edges.collect(),
        scenes: 1,
    };
    graph.sort();
    graph
});

static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    let options = Options {
        frames: u64::from(FRAMES) * 4,
        ..Options::default()
    };
    walk::plan(&GRAPH, &options).expect("a plan")
});

/// The graph: `idle_0.mp4`, `talk_1.mp4` and so on.
pub(crate) fn graph() -> &'static Graph {
    &GRAPH
}

/// A plan over it.
pub(crate) fn plan() -> Plan {
    PLAN.clone()
}

fn clip(index: u32) -> Clip {
    let stem = format!("{}_{index}", ["idle", "talk"][index as usize % 2]);
    let name = format!("{stem}.mp4");
    let size = Size::new(320, 180);
    let fps = Rate::new(30, 1).expect("a rate");
    Clip {
        path: ClipPath::from(Path::new(&name)),
        hash: Hash::of(name.as_bytes()),
        facts: Facts::ordinary(size),
        first: 0,
        until: FRAMES,
        times: (0..u64::from(FRAMES))
            .map(|frame| fps.micros(frame))
            .collect(),
        end: fps.micros(u64::from(FRAMES)),
        shot: 0,
        sound_offset: 0,
        tags: Tags::from_stem(&stem),
        scene: 0,
    }
}
