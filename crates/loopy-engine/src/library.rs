//! The library with its analysis: verdicts from the index where the file is known, from a job
//! where it is not.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Write as _,
    sync::Arc,
};

use loopy_core::{
    Clip, ClipPath, Graph, Hash, Plan,
    graph::{Edge, Ports},
    limits::Limits,
    report::LeftOut,
};
use loopy_sight::{
    features::Features,
    graph::{self, Built, Missing},
};
use serde::{Deserialize, Serialize};

use crate::{
    Error, analyze, copies,
    events::{Event, Stage},
    executor::{self, Outcome},
    job::{Done, Job, Verdict},
    matches::Matches,
    render::Room,
    scan::{self, Found, Library},
    store::{Kind, Pin},
    usage::Meter,
};

/// Scans and analyzes; files that are known by content are not decoded. The pin keeps their
/// features in the store.
///
/// # Errors
/// [`Error::Empty`] when there is nothing, [`Error::NothingUsable`] when nothing of it is usable.
pub fn load(
    options: &scan::Options,
    limits: &Limits,
    room: &Room,
    meter: &mut Meter,
) -> Result<(Library, Pin), Error> {
    let found = meter.stage(Stage::Scan, room, || {
        scan::find(options, room.index, room.sink)
    })?;
    if found.candidates.is_empty() && found.left_out.is_empty() {
        return Err(Error::Empty {
            places: options.inputs.clone(),
        });
    }
    let keys: Vec<(Kind, Hash)> = found
        .candidates
        .iter()
        .map(|candidate| (Kind::Analysis, analyze::features_key(&candidate.hash)))
        .collect();
    let pin = room.store.pin(&keys)?;
    let library = meter.stage(Stage::Analyze, room, || {
        let verdicts = verdicts(&found, limits, room)?;
        let mut library = scan::library(options, found, &verdicts)?;
        library.limits = *limits;
        if !options.copies {
            copies::leave_out(&mut library, room)?;
        }
        Ok(library)
    })?;
    for LeftOut { file, reason } in &library.left_out {
        let (file, reason) = (file.clone(), reason.clone());
        (room.sink)(Event::LeftOut { file, reason });
    }
    for LeftOut { file, reason } in &library.remarks {
        let (file, reason) = (file.clone(), reason.clone());
        (room.sink)(Event::Remark { file, reason });
    }
    if library.clips.is_empty() {
        return Err(Error::NothingUsable {
            left_out: library.left_out,
        });
    }
    Ok((library, pin))
}

fn verdicts(found: &Found, limits: &Limits, room: &Room) -> Result<Vec<Verdict>, Error> {
    let version = scan::verdict_version(limits);
    let mut verdicts: Vec<Option<Verdict>> = Vec::with_capacity(found.candidates.len());
    let mut jobs = Vec::new();
    for (index, candidate) in found.candidates.iter().enumerate() {
        let quarantined = room.index.quarantined(&candidate.hash, &version)?;
        let known = match quarantined {
            Some(reason) => Some(Verdict::Unusable { reason }),
            None => known(room, candidate, &version)?,
        };
        if known.is_none() {
            let path = candidate.path.as_path().into();
            jobs.push((
                candidate.bytes,
                index,
                Job::Analyze {
                    path,
                    hash: candidate.hash,
                    limits: *limits,
                },
            ));
        }
        verdicts.push(known);
    }
    jobs.sort_by_key(|(bytes, index, _)| (std::cmp::Reverse(*bytes), *index));
    let total = jobs.len() as u64;
    (room.sink)(Event::StageStarted {
        stage: Stage::Analyze,
        total,
        unit: "clips",
    });
    let places: Vec<usize> = jobs.iter().map(|(_, index, _)| *index).collect();
    let jobs: Vec<Job> = jobs.into_iter().map(|(.., job)| job).collect();
    let mut done = 0;
    let outcomes = if jobs.is_empty() {
        Vec::new()
    } else {
        room.executor.run(jobs, &mut |event| {
            if let executor::Event::Finished { index, result } = event {
                // Kept at once, so that an interrupted scan starts where it stopped.
                if let Done::Analyzed { verdict } = result {
                    remember(
                        room,
                        &found.candidates[places[index]].hash,
                        &version,
                        verdict,
                    );
                }
                done += 1;
                (room.sink)(Event::Progress {
                    stage: Stage::Analyze,
                    done,
                    total,
                });
            }
        })?
    };
    for (place, outcome) in places.into_iter().zip(outcomes) {
        let candidate = &found.candidates[place];
        verdicts[place] = Some(match outcome {
            Outcome::Done(Done::Analyzed { verdict }) => *verdict,
            Outcome::Done(Done::Trouble { why }) => return Err(Error::Trouble { why }),
            Outcome::Done(_) => Verdict::Unusable {
                reason: "its analysis got lost".to_owned(),
            },
            Outcome::Failed(failure) => {
                if failure.killed {
                    room.index
                        .quarantine(&candidate.hash, &version, &failure.reason)?;
                }
                Verdict::Unusable {
                    reason: failure.reason,
                }
            }
        });
    }
    Ok(verdicts.into_iter().flatten().collect())
}

/// What the index knows, unless the features have gone from the store.
pub(crate) fn known(
    room: &Room,
    candidate: &scan::Candidate,
    version: &str,
) -> Result<Option<Verdict>, Error> {
    let features = analyze::features_key(&candidate.hash);
    let json = room.index.clip(&candidate.hash, version)?;
    Ok(
        match json.and_then(|json| serde_json::from_str(&json).ok()) {
            Some(Verdict::Usable(_)) if !room.store.contains(Kind::Analysis, &features) => None,
            other => other,
        },
    )
}

fn remember(room: &Room, hash: &loopy_core::Hash, version: &str, verdict: &Verdict) {
    // The index only saves time: without it the file is analyzed again next time.
    let kept = serde_json::to_string(verdict)
        .map_err(|error| error.to_string())
        .and_then(|json| {
            room.index
                .set_clip(hash, version, &json)
                .map_err(|e| e.to_string())
        });
    if let Err(error) = kept {
        tracing::warn!(%error, "the index did not take an analysis");
    }
}

/// What is kept of a graph: everything but the clips, which carry paths.
#[derive(Serialize, Deserialize)]
struct Kept {
    ports: Vec<Ports>,
    edges: Vec<Edge>,
    scenes: u32,
    scene_of: Vec<u32>,
    missing: Vec<Missing>,
}

const GRAPH: &str = "graph-8";
const PORTS: &str = "ports-4";

/// Ports and edges of the library, those that it had when it was first seen, and what it lacks. A
/// clip that comes to a library keeps the others' ports where they are, because their runs are
/// encoded, and is all that is compared with them.
///
/// # Errors
/// When the store or the index fails, or an analysis is gone.
pub fn graph(library: &Library, room: &Room) -> Result<Built, Error> {
    let key = key(library, GRAPH);
    let json = room.index.clip(&key, GRAPH)?;
    if let Some(kept) = json.and_then(|json| serde_json::from_str::<Kept>(&json).ok())
        && kept.ports.len() == library.clips.len()
        && kept.scene_of.len() == library.clips.len()
    {
        let mut clips = library.clips.clone();
        for (clip, scene) in clips.iter_mut().zip(kept.scene_of) {
            clip.scene = scene;
        }
        return Ok(Built {
            graph: Graph {
                clips,
                ports: kept.ports,
                edges: kept.edges,
                scenes: kept.scenes,
            },
            missing: kept.missing,
        });
    }
    let built = build(library, &graph::Options::wide(), room)?;
    keep(&built, &key, room)?;
    Ok(built)
}

/// Ports and edges by estimates, of which nothing is kept but how clips compare.
///
/// # Errors
/// When the store or the index fails, or an analysis is gone.
pub(crate) fn sketch(library: &Library, room: &Room) -> Result<Built, Error> {
    build(library, &graph::Options::default(), room)
}

fn build(library: &Library, options: &graph::Options, room: &Room) -> Result<Built, Error> {
    let features = features(library, room)?;
    let known = known_ports(&library.clips, room)?;
    let matches = Matches::of(&library.clips, room.index)?;
    let features: Vec<&Features> = features.iter().map(Arc::as_ref).collect();
    let clips = library.clips.clone();
    let built = graph::build_with(clips, &features, options, &known, &matches)?;
    let compared = matches.keep()?;
    tracing::debug!(compared, "pairs of clips");
    Ok(built)
}

/// How many clips have oddities that keep joints away, in one line.
pub fn odd(library: &Library) -> Option<String> {
    let files: BTreeSet<&ClipPath> = library.habits.iter().map(|habit| &habit.file).collect();
    let words = match files.len() {
        0 => return None,
        1 => "1 file has places where no joint is made".to_owned(),
        many => format!("{many} files have places where no joint is made"),
    };
    Some(format!(
        "{words}, such as flashes, fades and repeated frames; `loopy analyze` lists them"
    ))
}

/// How many clips fit no other, in one line.
pub fn lonely(missing: &[Missing]) -> Option<String> {
    let clips: BTreeSet<u32> = missing.iter().map(|joint| joint.clip).collect();
    let words = match clips.len() {
        0 => return None,
        1 => "1 clip fits no other".to_owned(),
        many => format!("{many} clips fit no other"),
    };
    Some(format!(
        "{words}; `loopy analyze` says what would attach them"
    ))
}

/// The features of the library's clips, in its order. Shots of one file share them. What is damaged
/// in the store, or has gone from it since the library was loaded, is made again.
///
/// # Errors
/// When the store fails, or an analysis is gone and cannot be made again.
pub(crate) fn features(library: &Library, room: &Room) -> Result<Vec<Arc<Features>>, Error> {
    let mut files: HashMap<Hash, Arc<Features>> = HashMap::new();
    let mut gone: Vec<&Clip> = Vec::new();
    for clip in &library.clips {
        if files.contains_key(&clip.hash) || gone.iter().any(|other| other.hash == clip.hash) {
            continue;
        }
        match stored(clip, room)? {
            Some(features) => _ = files.insert(clip.hash, features),
            None => gone.push(clip),
        }
    }
    analyze_again(&gone, &library.limits, room)?;
    for clip in gone {
        let features = stored(clip, room)?.ok_or_else(|| {
            let why = "its analysis is gone from the store; is `--cache-size` too small?";
            broken(clip, why.to_owned())
        })?;
        files.insert(clip.hash, features);
    }
    let clips = library.clips.iter();
    Ok(clips
        .filter_map(|clip| files.get(&clip.hash).cloned())
        .collect())
}

fn stored(clip: &Clip, room: &Room) -> Result<Option<Arc<Features>>, Error> {
    let key = analyze::features_key(&clip.hash);
    let bytes = room.store.get(Kind::Analysis, &key)?;
    let parsed = bytes.and_then(|bytes| Features::from_bytes(&bytes).ok());
    Ok(parsed.map(Arc::new))
}

fn analyze_again(clips: &[&Clip], limits: &Limits, room: &Room) -> Result<(), Error> {
    if clips.is_empty() {
        return Ok(());
    }
    let jobs = clips.iter().map(|clip| {
        tracing::warn!(
            clip = clip.name(),
            "its analysis is damaged or gone from the store; it is made again"
        );
        Job::Analyze {
            path: clip.path.as_path().into(),
            hash: clip.hash,
            limits: *limits,
        }
    });
    let outcomes = room.executor.run(jobs.collect(), &mut |_event| {})?;
    for (clip, outcome) in clips.iter().zip(outcomes) {
        match outcome {
            Outcome::Done(Done::Trouble { why }) => return Err(Error::Trouble { why }),
            Outcome::Done(_) => {}
            Outcome::Failed(failure) => return Err(broken(clip, failure.reason)),
        }
    }
    Ok(())
}

fn broken(clip: &Clip, why: String) -> Error {
    Error::Clip {
        path: clip.path.as_path().to_owned(),
        why,
    }
}

/// Ports that clips have already, by the index of the clip.
pub(crate) fn known_ports(clips: &[Clip], room: &Room) -> Result<BTreeMap<usize, Vec<u32>>, Error> {
    let mut known = BTreeMap::new();
    for (index, clip) in clips.iter().enumerate() {
        let json = room.index.clip(&range_key(clip, PORTS), PORTS)?;
        if let Some(ports) = json.and_then(|json| serde_json::from_str::<Vec<u32>>(&json).ok()) {
            known.insert(index, ports);
        }
    }
    Ok(known)
}

/// Keeps the ports of clips for whatever library shows them next.
pub(crate) fn keep_ports(graph: &Graph, room: &Room) -> Result<(), Error> {
    for (clip, ports) in graph.clips.iter().zip(&graph.ports) {
        room.index
            .set_clip(&range_key(clip, PORTS), PORTS, &json(&ports.0))?;
    }
    Ok(())
}

fn keep(built: &Built, key: &Hash, room: &Room) -> Result<(), Error> {
    let Built { graph, missing } = built;
    let kept = Kept {
        ports: graph.ports.clone(),
        edges: graph.edges.clone(),
        scenes: graph.scenes,
        scene_of: graph.clips.iter().map(|clip| clip.scene).collect(),
        missing: missing.clone(),
    };
    room.index.set_clip(key, GRAPH, &json(&kept))?;
    Ok(())
}

pub(crate) fn json(value: &impl Serialize) -> String {
    // Plain structs of numbers always serialise.
    serde_json::to_string(value).unwrap_or_default()
}

/// What is kept as `what` of a clip with its usable range: a trim has ports of its own.
pub(crate) fn range_key(clip: &Clip, what: &str) -> Hash {
    Hash::of(format!("{what} {} {} {}", clip.hash, clip.first, clip.until).as_bytes())
}

/// What is kept as `what` of the library, as far as the graph depends on it.
pub(crate) fn key(library: &Library, what: &str) -> Hash {
    let mut text = format!("{GRAPH} {} {what}", analyze::VERSION);
    for clip in &library.clips {
        // Writing to a String cannot fail.
        let _infallible = write!(text, " {} {} {}", clip.hash, clip.first, clip.until);
    }
    Hash::of(text.as_bytes())
}

/// The plan with its clips' files as they are found now.
///
/// # Errors
/// [`Error::Usage`] when a clip of the plan is not among the usable files.
pub fn attach(mut plan: Plan, library: &Library) -> Result<Plan, Error> {
    plan.check()?;
    for planned in &mut plan.clips {
        let found = library
            .clips
            .iter()
            .find(|clip| clip.hash == planned.clip.hash);
        let Some(found) = found else {
            return Err(Error::Usage(format!(
                "the plan's clip {} is not among the inputs, or its content has changed",
                planned.clip.path.display()
            )));
        };
        planned.clip.path = found.path.clone();
    }
    Ok(plan)
}
