//! Joints are tried once: what was found of a graph is read again in one row, and one by one where
//! only some of it is known.

#![allow(clippy::unwrap_used, reason = "a test stops at what must not be")]

use std::{
    path::Path,
    sync::{Mutex, atomic::AtomicUsize, atomic::Ordering},
};

use loopy_core::{
    Clip, ClipPath, Grade, Graph, Hash, Rate, Size,
    clip::Facts,
    color::Color,
    config::AdvancedFeaturesConfig,
    graph::{Bridge, Edge, PortRef, Ports, Score},
    limits::Limits,
    tags::Tags,
};
use loopy_engine::{
    executor::{Error, Event, Executor, Outcome, Usage},
    fallback::{FallbackSystem, Makers},
    index::Index,
    job::{Done, Job},
    render::Room,
    store::Store,
    trial::{self, Pair, Task},
};
use loopy_sight::{
    rsv::Statistic,
    trial::{Found, Outcome as Tried},
};

/// Says of every joint what its job's boundaries say, and counts them. Fails the jobs of one clip's
/// joints while told to.
#[derive(Default)]
struct Stub {
    tried: AtomicUsize,
    failing: Mutex<bool>,
}

impl Executor<Job, Done> for Stub {
    fn run(
        &self,
        jobs: Vec<Job>,
        _on: &mut dyn FnMut(Event<'_, Done>),
    ) -> Result<Vec<Outcome<Done>>, Error> {
        let one = |job| match job {
            Job::Try { pairs } => {
                let judge = |joint: &Task| Tried::Judged(found(joint.from.boundary));
                let pair = |pair: &Pair| -> Vec<Tried> {
                    self.tried.fetch_add(pair.joints.len(), Ordering::Relaxed);
                    pair.joints.iter().map(judge).collect()
                };
                Done::Tried {
                    found: pairs.iter().map(pair).collect(),
                }
            }
            _ => Done::Kept,
        };
        let failing = *self.failing.lock().unwrap();
        let outcome = |job| {
            if failing && matches!(job, Job::Try { .. }) {
                // Nothing is found of them: not what a `Try` answers.
                return Outcome::Done(Done::Kept);
            }
            Outcome::Done(one(job))
        };
        Ok(jobs.into_iter().map(outcome).collect())
    }
}

fn found(boundary: u32) -> Found {
    Found {
        bridge: Bridge::Motion {
            frames: boundary as u8,
            holds: 0,
        },
        score: Score(40_000 + boundary as u16),
        rsv: 0.25,
        worst: Statistic::ALL[0],
        step: 2.0,
    }
}

fn clip(name: &str) -> Clip {
    let rate = Rate::new(25, 1).unwrap();
    let time = |index: u32| rate.micros(u64::from(index));
    Clip {
        path: ClipPath::from(Path::new(name)),
        hash: Hash::of(name.as_bytes()),
        facts: Facts {
            container: "mov".to_owned(),
            codec: "h264".to_owned(),
            pixel_format: "yuv420p".to_owned(),
            coded: Size::new(64, 36),
            shown: Size::new(64, 36),
            rotation: 0,
            mirrored: false,
            interlaced: false,
            alpha: false,
            color: Color::SDR,
            stated_rate: Some(rate),
            stated_micros: None,
            sound: false,
        },
        times: (0..90).map(time).collect(),
        end: time(90),
        first: 0,
        until: 90,
        shot: 0,
        sound_offset: 0,
        tags: Tags::default(),
        scene: 0,
    }
}

/// Every port of every clip but the first leads to every other clip's first.
fn graph(names: &[&str]) -> Graph {
    let clips: Vec<Clip> = names.iter().map(|name| clip(name)).collect();
    let ports = [0, 30, 60, 90];
    let mut edges = Vec::new();
    for (from, to) in
        (0..clips.len() as u32).flat_map(|a| (0..clips.len() as u32).map(move |b| (a, b)))
    {
        for boundary in &ports[1..] {
            if from != to {
                edges.push(Edge {
                    from: PortRef {
                        clip: from,
                        boundary: *boundary,
                    },
                    to: PortRef {
                        clip: to,
                        boundary: 0,
                    },
                    score: Score(30_000),
                    step: 2.0,
                    declared: false,
                    bridge: Bridge::None,
                    rsv: None,
                });
            }
        }
    }
    let mut graph = Graph {
        ports: clips.iter().map(|_| Ports(ports.to_vec())).collect(),
        clips,
        edges,
        scenes: 1,
    };
    graph.sort();
    graph
}

struct Place {
    dir: tempfile::TempDir,
    stub: Stub,
}

impl Place {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            stub: Stub::default(),
        }
    }

    /// Settles the graph of these clips; how many joints were tried for it.
    fn settle(&self, names: &[&str]) -> (Graph, usize) {
        self.settle_graph(graph(names))
    }

    fn settle_graph(&self, graph: Graph) -> (Graph, usize) {
        let store = Store::open(&self.dir.path().join("store"), 1 << 30).unwrap();
        let index = Index::open(self.dir.path()).unwrap();
        let absent = || Err("nothing runs here".to_owned());
        let makers = Makers {
            workers: Box::new(absent),
            basic: Box::new(absent),
        };
        let fallbacks = FallbackSystem::new(&AdvancedFeaturesConfig::default(), makers);
        let room = Room {
            store: &store,
            index: &index,
            executor: &self.stub,
            workers: &Usage::default,
            sink: &|_event| {},
            interrupted: &|| false,
            fallbacks: &fallbacks,
        };
        let before = self.stub.tried.load(Ordering::Relaxed);
        let grades = vec![Grade::default(); graph.clips.len()];
        let settled = trial::settle(graph, &grades, &Limits::default(), &room).unwrap();
        (settled, self.stub.tried.load(Ordering::Relaxed) - before)
    }

    fn forget(&self, what: &str) -> usize {
        let index = rusqlite::Connection::open(self.dir.path().join("index.sqlite")).unwrap();
        let query = "DELETE FROM clips WHERE version LIKE ?1";
        index.execute(query, [what]).unwrap()
    }
}

#[test]
fn a_scene_that_was_tried_is_read_in_one_row() {
    let place = Place::new();
    // Of six pairs three joints that the search found, then six more between the ports that serve them.
    let (first, tried) = place.settle(&["a", "b", "c"]);
    assert_eq!(tried, 6 * (3 + 6));
    assert!(
        first
            .edges
            .iter()
            .all(|edge| edge.bridge == found(edge.from.boundary).bridge)
    );
    // Without the rows of single pairs, that of the scene is what is read.
    assert_eq!(place.forget("trial-%"), 2 * 6);
    assert_eq!(place.settle(&["a", "b", "c"]), (first.clone(), 0));
    // And it is one, beside one for each clip that says which.
    assert_eq!(place.forget("settled-%"), 1 + 3);
    assert_eq!(place.settle(&["a", "b", "c"]), (first, 54));
}

#[test]
fn a_clip_that_comes_to_a_library_has_its_own_joints_tried_and_no_others() {
    let place = Place::new();
    assert_eq!(place.settle(&["a", "b"]).1, 2 * 9);
    assert_eq!(place.settle(&["a", "b", "c"]).1, 4 * 9);
    assert_eq!(place.settle(&["a", "b", "c"]).1, 0);
}

#[test]
fn what_was_settled_stays_whatever_the_search_finds_for_a_clip_that_comes() {
    let place = Place::new();
    let (first, _) = place.settle(&["a", "b"]);
    // Joints at other places of the same clips would be worth trying.
    let mut wider = graph(&["a", "b", "c"]);
    let mut more = wider.edges.clone();
    for edge in &mut more {
        edge.from.boundary = 15;
    }
    wider.edges.extend(more);
    for ports in &mut wider.ports {
        ports.0.insert(1, 15);
    }
    let (second, tried) = place.settle_graph(wider);
    assert_eq!(tried, 48, "joints of the new clip");
    let old = |graph: &Graph| -> Vec<Edge> {
        let both = |edge: &&Edge| edge.from.clip < 2 && edge.to.clip < 2;
        graph.edges.iter().filter(both).cloned().collect()
    };
    assert_eq!(old(&second), old(&first));
}

#[test]
fn joints_of_which_nothing_was_found_are_tried_again() {
    let place = Place::new();
    *place.stub.failing.lock().unwrap() = true;
    let (estimated, _) = place.settle(&["a", "b"]);
    assert!(estimated.edges.iter().all(|edge| edge.rsv.is_none()));
    *place.stub.failing.lock().unwrap() = false;
    let (settled, tried) = place.settle(&["a", "b"]);
    assert_eq!(tried, 2 * 9);
    assert!(settled.edges.iter().all(|edge| edge.rsv.is_some()));
}
