//! Trials: joints of the graph are drawn and judged, those of promising pairs of clips more of them,
//! and what is found replaces what the search had estimated. Results are kept in the index, joint by joint.

mod round;
mod settled;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use loopy_core::{
    Frame, Grade, Graph, Hash,
    graph::{Edge, PortRef, Score},
    limits::Limits,
};
use loopy_sight::{
    graph::Options,
    rsv::{Natural, Usual},
    thin,
    trial::{self, Found, Side},
};
use serde::{Deserialize, Serialize};

use self::settled::Settled;
use crate::{
    Error,
    around::{self, Wanted},
    events::{Event, Stage},
    executor::{self, Outcome},
    job::{Done, Job},
    library,
    render::Room,
    store::{Kind, Store},
};

/// Changes when a trial would find something else.
const VERSION: &str = "trial-8";
/// Two clips whose first joints reach this are worth more trials.
const PROMISING: Score = Score::percent(35);
/// Joints in a job: those from one clip share what is read.
const JOINTS_A_JOB: usize = 24;
/// Clips of a scene that tell what is usual where a clip is short.
const COMPANY: usize = 6;

/// One end of a joint to try.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct End {
    /// Key of the clip's steps.
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

impl End {
    fn side<'a>(&self, natural: &'a Natural, pictures: &'a [Frame], usual: &'a Usual) -> Side<'a> {
        Side {
            steps: natural.steps(),
            boundary: self.boundary as usize,
            pictures,
            middle: self.middle as usize,
            usual,
        }
    }
}

/// A joint to try.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Task {
    /// Where one clip is left.
    pub from: End,
    /// Where the other is entered.
    pub to: End,
    /// Relative size of the plain cut, as the search estimates it.
    pub step: f32,
}

impl Task {
    fn key(&self) -> Hash {
        let end = |end: &End| format!("{} {}", end.steps, end.boundary);
        Hash::of(format!("{VERSION} {} {}", end(&self.from), end(&self.to)).as_bytes())
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
        .any(|edge| round::open(edge) && !settled.has(edge));
    let trials = Trials {
        grades,
        steps: &steps,
        settled,
        limits,
        room,
    };
    let all = trials.run(&mut graph)?;
    let known = library::known_ports(&graph.clips, room)?;
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
    trials.run(&mut graph)?;
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
    /// Tries joints of `graph` and drops those that might deserve it and are not; false when some
    /// could not be tried.
    fn run(&self, graph: &mut Graph) -> Result<bool, Error> {
        let round::Rounds { first, second } = round::Rounds::of(graph, &self.settled);
        let mut found = self.attempt(graph, &first)?;
        let mut best: BTreeMap<(u32, u32), Score> = BTreeMap::new();
        for (index, one) in &found {
            if let Some(one) = one {
                let known = best.entry(round::pair(&graph.edges[*index])).or_default();
                *known = one.score.max(*known);
            }
        }
        let promising = |index: &usize| {
            let pair = round::pair(&graph.edges[*index]);
            best.get(&pair).is_some_and(|best| *best >= PROMISING)
        };
        let second: Vec<usize> = second.into_iter().filter(promising).collect();
        found.extend(self.attempt(graph, &second)?);
        let asked = first.len() + second.len();
        let all = found.len() == asked;
        let tried: BTreeSet<usize> = first.into_iter().chain(second).collect();
        let mut index = 0;
        graph.edges.retain_mut(|edge| {
            let (at, open) = (index, round::open(edge) && !self.settled.has(edge));
            index += 1;
            if let Some(Some(found)) = found.get(&at) {
                edge.bridge = found.bridge;
                edge.score = found.score;
                edge.rsv = Some(found.rsv);
            }
            !open || tried.contains(&at)
        });
        graph.sort();
        Ok(all)
    }

    /// What is found of some edges, by their index; without those whose clips cannot be looked at.
    fn attempt(
        &self,
        graph: &Graph,
        places: &[usize],
    ) -> Result<BTreeMap<usize, Option<Found>>, Error> {
        let index = self.room.index;
        let tasks: Vec<Task> = places
            .iter()
            .map(|index| task(graph, self.steps, &graph.edges[*index]))
            .collect();
        let mut found: BTreeMap<usize, Option<Found>> = BTreeMap::new();
        let mut missing = Vec::new();
        for (at, task) in tasks.iter().enumerate() {
            let json = index.clip(&task.key(), VERSION)?;
            match json.and_then(|json| serde_json::from_str(&json).ok()) {
                Some(known) => drop(found.insert(places[at], known)),
                None => missing.push(at),
            }
        }
        if !missing.is_empty() {
            let (limits, room) = (self.limits, self.room);
            let new = look(graph, self.grades, places, &tasks, &missing, limits, room)?;
            for (at, one) in new {
                index.set_clip(&tasks[at].key(), VERSION, &library::json(&one))?;
                found.insert(places[at], one);
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
        step: edge.step,
    }
}

/// What is found of the `missing` tasks, without those whose clips cannot be looked at.
fn look(
    graph: &Graph,
    grades: &[Grade],
    places: &[usize],
    tasks: &[Task],
    missing: &[usize],
    limits: &Limits,
    room: &Room,
) -> Result<BTreeMap<usize, Option<Found>>, Error> {
    let keys: Vec<(Kind, Hash)> = missing
        .iter()
        .flat_map(|at| [&tasks[*at].from, &tasks[*at].to])
        .flat_map(|end| {
            let steps = end.scene.iter().chain([&end.steps]);
            let steps = steps.map(|key| (Kind::Analysis, *key));
            steps
                .chain([(Kind::Analysis, end.pictures)])
                .collect::<Vec<_>>()
        })
        .collect();
    let _pin = room.store.pin(&keys)?;
    let edge = |at: usize| &graph.edges[places[at]];
    let lost = surround(
        graph,
        grades,
        missing.iter().map(|at| edge(*at)),
        limits,
        room,
    )?;
    let clear = |at: &usize| {
        let edge = edge(*at);
        !lost.contains(&edge.from.clip) && !lost.contains(&edge.to.clip)
    };
    let open: Vec<usize> = missing.iter().copied().filter(clear).collect();
    let jobs: Vec<Job> = open
        .chunks(JOINTS_A_JOB)
        .map(|chunk| Job::Try {
            joints: chunk.iter().map(|at| tasks[*at].clone()).collect(),
        })
        .collect();
    let mut found = BTreeMap::new();
    let outcomes = run(jobs, "joints", room)?;
    for (chunk, outcome) in open.chunks(JOINTS_A_JOB).zip(outcomes) {
        match outcome {
            Outcome::Done(Done::Tried { found: some }) => {
                found.extend(chunk.iter().copied().zip(some));
            }
            Outcome::Done(Done::Trouble { why }) => return Err(Error::Trouble { why }),
            Outcome::Done(_) => {}
            Outcome::Failed(failure) => {
                let message = format!(
                    "{} joints could not be tried and keep their estimates: {}",
                    chunk.len(),
                    failure.reason
                );
                (room.sink)(Event::Note { message });
            }
        }
    }
    Ok(found)
}

/// Keeps the surroundings of the edges' ports; the clips for which that failed.
fn surround<'a>(
    graph: &Graph,
    grades: &[Grade],
    edges: impl Iterator<Item = &'a Edge>,
    limits: &Limits,
    room: &Room,
) -> Result<BTreeSet<u32>, Error> {
    let mut wanted: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for port in edges.flat_map(|edge| [edge.from, edge.to]) {
        wanted.entry(port.clip).or_default().insert(port.boundary);
    }
    // What is usual for a scene is asked of clips that may have no joint to try.
    let scenes: BTreeSet<u32> = wanted
        .keys()
        .map(|clip| graph.clips[*clip as usize].scene)
        .collect();
    for (index, clip) in (0..).zip(&graph.clips) {
        if scenes.contains(&clip.scene) {
            wanted.entry(index).or_default();
        }
    }
    let mut jobs: Vec<(u32, u32, Job)> = Vec::new();
    for (index, boundaries) in wanted {
        let (clip, grade) = (&graph.clips[index as usize], grades[index as usize]);
        if !kept(&around::steps_key(clip, &grade), &boundaries, room)? {
            let wanted = Wanted {
                clip: clip.clone(),
                grade,
                boundaries: boundaries.into_iter().collect(),
                limits: *limits,
            };
            jobs.push((clip.frames(), index, Job::Around(Box::new(wanted))));
        }
    }
    jobs.sort_by_key(|(frames, index, _)| (std::cmp::Reverse(*frames), *index));
    let clips: Vec<u32> = jobs.iter().map(|(_, index, _)| *index).collect();
    let outcomes = run(
        jobs.into_iter().map(|(.., job)| job).collect(),
        "clips",
        room,
    )?;
    let mut lost = BTreeSet::new();
    for (index, outcome) in clips.into_iter().zip(outcomes) {
        match outcome {
            Outcome::Done(Done::Trouble { why }) => return Err(Error::Trouble { why }),
            Outcome::Done(_) => {}
            Outcome::Failed(failure) => {
                let name = graph.clips[index as usize].path.display();
                let message = format!(
                    "{name}: its joints are not tried and keep their estimates: {}",
                    failure.reason
                );
                (room.sink)(Event::Note { message });
                lost.insert(index);
            }
        }
    }
    Ok(lost)
}

/// Steps and pictures are there and whole; what is damaged is gone afterwards.
fn kept(steps: &Hash, boundaries: &BTreeSet<u32>, room: &Room) -> Result<bool, Error> {
    let pictures = boundaries.iter();
    let pictures = pictures.map(|boundary| around::pictures_key(steps, *boundary));
    let mut whole = true;
    for key in std::iter::once(*steps).chain(pictures) {
        whole &= room.store.get(Kind::Analysis, &key)?.is_some();
    }
    Ok(whole)
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

/// Tries joints of which both sides are in the store.
///
/// # Errors
/// When something is gone from the store.
pub fn perform(store: &Store, joints: &[Task]) -> Result<Vec<Option<Found>>, Error> {
    let mut shelf = Shelf {
        store,
        naturals: HashMap::new(),
        pictures: HashMap::new(),
    };
    joints.iter().map(|joint| shelf.judge(joint)).collect()
}

/// What was read for one joint and may serve the next.
struct Shelf<'a> {
    store: &'a Store,
    naturals: HashMap<Hash, Arc<Natural>>,
    pictures: HashMap<Hash, Arc<Vec<Frame>>>,
}

impl Shelf<'_> {
    fn judge(&mut self, joint: &Task) -> Result<Option<Found>, Error> {
        let (from, to) = (
            self.natural(&joint.from.steps)?,
            self.natural(&joint.to.steps)?,
        );
        let (left, entered) = (self.usual(&joint.from)?, self.usual(&joint.to)?);
        let (before, after) = (
            self.pictures(&joint.from.pictures)?,
            self.pictures(&joint.to.pictures)?,
        );
        let left = joint.from.side(&from, &before, &left);
        let entered = joint.to.side(&to, &after, &entered);
        trial::judge(&left, &entered, joint.step).map_err(|error| Error::Usage(error.to_string()))
    }

    fn usual(&mut self, end: &End) -> Result<Usual, Error> {
        let own = self.natural(&end.steps)?;
        let mut scene = Vec::with_capacity(end.scene.len());
        for key in &end.scene {
            scene.push(self.natural(key)?);
        }
        Ok(Usual::of(&own, &scene))
    }

    fn natural(&mut self, key: &Hash) -> Result<Arc<Natural>, Error> {
        if let Some(known) = self.naturals.get(key) {
            return Ok(Arc::clone(known));
        }
        let natural = Arc::new(Natural::new(around::load_steps(self.store, key)?));
        self.naturals.insert(*key, Arc::clone(&natural));
        Ok(natural)
    }

    fn pictures(&mut self, key: &Hash) -> Result<Arc<Vec<Frame>>, Error> {
        if let Some(known) = self.pictures.get(key) {
            return Ok(Arc::clone(known));
        }
        let pictures = Arc::new(around::load(self.store, key)?);
        self.pictures.insert(*key, Arc::clone(&pictures));
        Ok(pictures)
    }
}
