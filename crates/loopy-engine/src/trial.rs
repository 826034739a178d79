//! Trials: joints of the graph are looked at and the promising ones drawn and judged, and what is
//! found replaces what the search had estimated. Results are kept in the index, pair of clips by pair.

mod candidates;
mod perform;
mod settled;
mod surround;

use std::collections::{BTreeMap, BTreeSet};

use loopy_core::{
    Grade, Graph, Hash,
    graph::{Edge, PortRef},
    limits::Limits,
};
use loopy_sight::{
    graph::Options,
    thin,
    trial::{Draws, Outcome as Tried},
};
use serde::{Deserialize, Serialize};

pub use self::perform::perform;
use self::{
    candidates::{Candidates, Round, candidates, combinations},
    settled::Settled,
    surround::surround,
};
use crate::{
    Error, around,
    events::{Event, Stage},
    executor::{self, Outcome},
    job::{Done, Job},
    library,
    render::Room,
    store::Kind,
};

/// Changes when a trial would find something else.
const VERSION: &str = "trial-16";
/// Joints in a job, about: those from one clip share what is read.
const JOINTS_A_JOB: usize = 32;
/// Clips of a scene that tell what is usual where a clip is short.
const COMPANY: usize = 6;

/// One end of a joint to try.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct End {
    /// Key of the clip's steps and of what is usual for them.
    pub steps: Hash,
    /// The boundary, counted from the first usable frame.
    pub boundary: u32,
    /// Key of the pictures around it.
    pub pictures: Hash,
    /// The boundary among them.
    pub middle: u32,
    /// Keys of the steps of clips of its scene.
    pub scene: Vec<Hash>,
}

/// A joint to try.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Task {
    /// Where one clip is left.
    pub from: End,
    /// Where the other is entered.
    pub to: End,
    /// Relative size of the plain cut, where the search has estimated it.
    pub step: Option<f32>,
}

/// The joints to try from one clip to another.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pair {
    /// The joints, the likeliest first.
    pub joints: Vec<Task>,
    /// How many of them are drawn.
    pub draws: Draws,
}

impl Pair {
    fn key(&self) -> Hash {
        let end = |end: &End| format!("{} {}", end.steps, end.boundary);
        let joints = self.joints.iter();
        let joints = joints.map(|joint| format!("{} {}", end(&joint.from), end(&joint.to)));
        let joints: Vec<String> = joints.collect();
        let Draws { first, most } = self.draws;
        Hash::of(format!("{VERSION} {first} {most} {}", joints.join(" ")).as_bytes())
    }
}

/// The graph with the joints worth it tried, clips under their `grades`, and the ports that serve
/// those best. What was settled between clips before stays as it is.
///
/// # Errors
/// When the store or the index fails, or the user interrupts.
pub fn settle(
    mut graph: Graph,
    grades: &[Grade],
    limits: &Limits,
    room: &Room,
) -> Result<Graph, Error> {
    let steps = steps_keys(&graph, grades);
    let settled = Settled::of(&graph, &steps, room)?;
    settled.lay(&mut graph);
    let new = graph
        .edges
        .iter()
        .any(|edge| candidates::open(edge) && !settled.has(edge));
    let trials = Trials {
        grades,
        steps: &steps,
        settled,
        limits,
        room,
    };
    let known = library::known_ports(&graph.clips, room)?;
    // Where joints could be at all tells which ports are worth having; then all that these ports
    // offer is looked at.
    let first = candidates(&graph, &trials.settled, Round::First);
    let all = trials.run(&mut graph, &first, Round::First)?;
    let mut graph = thin::thin(graph, &Options::default(), &known);
    let last = combinations(&graph, &first, &trials.settled);
    let all = trials.run(&mut graph, &last, Round::Last)? && all;
    let graph = thin::thin(graph, &Options::default(), &known);
    if new || known.len() < graph.clips.len() {
        library::keep_ports(&graph, room)?;
        if all {
            settled::keep(&graph, &steps, room)?;
        }
    }
    Ok(graph)
}

/// The graph with the joints worth it tried, whatever ports they need.
///
/// # Errors
/// When the store or the index fails, or the user interrupts.
pub(crate) fn tried(
    mut graph: Graph,
    grades: &[Grade],
    limits: &Limits,
    room: &Room,
) -> Result<Graph, Error> {
    let steps = steps_keys(&graph, grades);
    let trials = Trials {
        grades,
        steps: &steps,
        settled: Settled::default(),
        limits,
        room,
    };
    let all = candidates(&graph, &trials.settled, Round::Last);
    trials.run(&mut graph, &all, Round::Last)?;
    Ok(graph)
}

fn steps_keys(graph: &Graph, grades: &[Grade]) -> Vec<Hash> {
    let clips = graph.clips.iter().zip(grades);
    clips
        .map(|(clip, grade)| around::steps_key(clip, grade))
        .collect()
}

/// How joints are tried.
struct Trials<'a> {
    grades: &'a [Grade],
    steps: &'a [Hash],
    settled: Settled,
    limits: &'a Limits,
    room: &'a Room<'a>,
}

impl Trials<'_> {
    /// Tries joints and puts those worth it in the place of all that `graph` has between clips that
    /// are not settled; false when some could not be tried.
    fn run(&self, graph: &mut Graph, pairs: &[Candidates], round: Round) -> Result<bool, Error> {
        let found = self.attempt(graph, pairs)?;
        graph
            .edges
            .retain(|edge| !candidates::open(edge) || edge.rsv.is_some() || self.settled.has(edge));
        for (at, pair) in pairs.iter().enumerate() {
            for (place, edge) in pair.edges.iter().enumerate() {
                let outcome = found.get(&at).and_then(|tried| tried.get(place));
                let edge = edge.clone();
                graph.edges.extend(match outcome {
                    Some(Tried::Judged(found)) => Some(Edge {
                        bridge: found.bridge,
                        score: found.score,
                        rsv: Some(found.rsv),
                        step: found.step,
                        ..edge
                    }),
                    Some(Tried::Promised(score)) if round == Round::First => Some(Edge {
                        score: *score,
                        ..edge
                    }),
                    Some(Tried::Promised(_)) => None,
                    // The estimate stays, where there is one.
                    Some(Tried::Untold) | None => Some(edge).filter(|edge| !edge.step.is_nan()),
                });
            }
        }
        graph.sort();
        Ok(found.len() == pairs.len())
    }

    /// What is found of some pairs, by their place; without those whose clips cannot be looked at.
    fn attempt(
        &self,
        graph: &Graph,
        candidates: &[Candidates],
    ) -> Result<BTreeMap<usize, Vec<Tried>>, Error> {
        let index = self.room.index;
        let mut found = BTreeMap::new();
        let mut missing = Vec::new();
        for (at, pair) in candidates.iter().enumerate() {
            let pair = Pair {
                joints: (pair.edges.iter())
                    .map(|edge| task(graph, self.steps, edge))
                    .collect(),
                draws: pair.draws,
            };
            let json = index.clip(&pair.key(), VERSION)?;
            match json.and_then(|json| serde_json::from_str(&json).ok()) {
                Some(known) => drop(found.insert(at, known)),
                None => missing.push((at, pair)),
            }
        }
        for (at, pair, tried) in self.look(graph, candidates, missing)? {
            index.set_clip(&pair.key(), VERSION, &library::json(&tried))?;
            found.insert(at, tried);
        }
        Ok(found)
    }

    /// What is found of the `missing` pairs, without those whose clips cannot be looked at.
    fn look(
        &self,
        graph: &Graph,
        candidates: &[Candidates],
        missing: Vec<(usize, Pair)>,
    ) -> Result<Vec<(usize, Pair, Vec<Tried>)>, Error> {
        let room = self.room;
        if missing.is_empty() {
            return Ok(Vec::new());
        }
        let mut keys: BTreeSet<Hash> = BTreeSet::new();
        for joint in missing.iter().flat_map(|(_, pair)| &pair.joints) {
            for end in [&joint.from, &joint.to] {
                keys.extend(end.scene.iter().chain([&end.steps, &end.pictures]));
            }
        }
        let keys: Vec<(Kind, Hash)> = keys.into_iter().map(|key| (Kind::Analysis, key)).collect();
        let _pin = room.store.pin(&keys)?;
        let edges = missing.iter().flat_map(|(at, _)| &candidates[*at].edges);
        let lost = surround(graph, self.grades, edges, self.limits, room)?;
        let clear = |(at, _): &(usize, Pair)| {
            let first = candidates[*at].edges.first();
            first.is_some_and(|edge| {
                !lost.contains(&edge.from.clip) && !lost.contains(&edge.to.clip)
            })
        };
        let mut jobs: Vec<Vec<(usize, Pair)>> = Vec::new();
        let mut size = JOINTS_A_JOB;
        for (at, pair) in missing.into_iter().filter(clear) {
            if size >= JOINTS_A_JOB {
                jobs.push(Vec::new());
                size = 0;
            }
            size += pair.joints.len();
            if let Some(job) = jobs.last_mut() {
                job.push((at, pair));
            }
        }
        let job = |pairs: &Vec<(usize, Pair)>| Job::Try {
            pairs: pairs.iter().map(|(_, pair)| pair.clone()).collect(),
        };
        let outcomes = run(jobs.iter().map(job).collect(), "joints", room)?;
        let mut found = Vec::new();
        for (job, outcome) in jobs.into_iter().zip(outcomes) {
            match outcome {
                Outcome::Done(Done::Tried { found: tried }) => {
                    let pairs = job.into_iter().zip(tried);
                    found.extend(pairs.map(|((at, pair), tried)| (at, pair, tried)));
                }
                Outcome::Done(Done::Trouble { why }) => return Err(Error::Trouble { why }),
                Outcome::Done(_) => {}
                Outcome::Failed(failure) => {
                    let joints: usize = job.iter().map(|(_, pair)| pair.joints.len()).sum();
                    let message = format!(
                        "{joints} joints could not be tried and keep their estimates: {}",
                        failure.reason
                    );
                    (room.sink)(Event::Note { message });
                }
            }
        }
        Ok(found)
    }
}

fn task(graph: &Graph, steps: &[Hash], edge: &Edge) -> Task {
    let end = |port: PortRef| {
        let clip = &graph.clips[port.clip as usize];
        let own = steps[port.clip as usize];
        let scene = graph.clips.iter().zip(steps);
        let scene = scene.filter(|(other, key)| other.scene == clip.scene && **key != own);
        let (_, middle) = around::range(clip, port.boundary);
        End {
            steps: own,
            boundary: port.boundary - clip.first,
            pictures: around::pictures_key(&own, port.boundary),
            middle,
            scene: scene.map(|(_, key)| *key).take(COMPANY).collect(),
        }
    };
    Task {
        from: end(edge.from),
        to: end(edge.to),
        step: Some(edge.step).filter(|step| !step.is_nan()),
    }
}

fn run(jobs: Vec<Job>, unit: &'static str, room: &Room) -> Result<Vec<Outcome<Done>>, Error> {
    let (stage, total) = (Stage::Analyze, jobs.len() as u64);
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    (room.sink)(Event::StageStarted { stage, total, unit });
    let mut done = 0;
    Ok(room.executor.run(jobs, &mut |event| {
        if let executor::Event::Finished { .. } | executor::Event::Failed { .. } = event {
            done += 1;
            (room.sink)(Event::Progress { stage, done, total });
        }
    })?)
}
