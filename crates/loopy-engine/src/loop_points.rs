//! A loop of one clip: the best place to leave it and to enter it again, as a plan of one visit
//! whose end joins its beginning.

use loopy_core::{
    Clip, Grade, Plan, Rate,
    certificate::certify,
    clock::ClipClock,
    graph::{Edge, Graph, PortRef, Ports},
    plan::{self, PlannedClip, Seam, Visit},
    walk::{self, Seams},
};
use loopy_sight::loops::{self, Found};

use crate::{
    Error, library,
    render::{self, Options, Room},
    scan::Library,
    trial,
};

/// How long the loop shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// At least, in microseconds.
    pub least: i64,
    /// At most, in microseconds.
    pub most: i64,
}

/// The plan of the best loop in `library`: of its one clip, or of the best of its shots.
///
/// With [`Seams::Auto`] a loop that would be seen is an error; every other choice of seams takes
/// the best there is.
///
/// # Errors
/// [`Error::NoLoop`] when there is none, and when an analysis is gone from the store.
pub fn plan(wish: Wish, library: &Library, options: &Options, room: &Room) -> Result<Plan, Error> {
    let fps = render::rate(options, library)?;
    let features = library::features(library, room)?;
    let mut best: Option<(&Clip, Found)> = None;
    let mut none: Option<(&Clip, loops::None)> = None;
    for (clip, features) in library.clips.iter().zip(&features) {
        let least = wish.least.max(fps.micros(2));
        let wish = loops::Wish {
            least,
            most: wish.most.max(least),
        };
        let inside = inside(clip, fps, options);
        let found = match loops::candidates(&inside, features, wish) {
            Ok(mut found) => {
                if options.seams == Seams::Auto {
                    found = tried(clip, found, options, room)?;
                }
                loops::best(&inside, features, found)
            }
            Err(none) => Err(none),
        };
        match found {
            Ok(found) if best.is_none_or(|(_, best)| found.score > best.score) => {
                best = Some((clip, found));
            }
            Ok(_) => {}
            Err(why) => {
                let score = |none: &loops::None| none.nearest.map(|found| found.score);
                if none.is_none_or(|(_, best)| score(&why) > score(&best)) {
                    none = Some((clip, why));
                }
            }
        }
    }
    if best.is_none() && options.seams != Seams::Auto {
        best = none.and_then(|(clip, none)| none.nearest.map(|found| (clip, found)));
    }
    match (best, none) {
        (Some((clip, found)), _) => written(clip, &found, fps, options),
        (None, Some((clip, none))) => Err(Error::NoLoop {
            path: clip.path.as_path().to_owned(),
            none: Box::new(none),
        }),
        (None, None) => Err(Error::Usage("there is no clip to loop".to_owned())),
    }
}

/// Joints tried of one clip.
const TRIED: usize = 16;

/// The likeliest of some joints of `clip`, as they are found to be when they are drawn.
fn tried(
    clip: &Clip,
    mut found: Vec<Found>,
    options: &Options,
    room: &Room,
) -> Result<Vec<Found>, Error> {
    found.truncate(TRIED);
    let mut ports: Vec<u32> = (found.iter())
        .flat_map(|found| [found.first, found.until])
        .chain([clip.first, clip.until])
        .collect();
    ports.sort_unstable();
    ports.dedup();
    let mut graph = Graph {
        clips: vec![clip.clone()],
        ports: vec![Ports(ports)],
        edges: found.iter().map(edge).collect(),
        scenes: 1,
    };
    graph.sort();
    let graph = trial::tried(graph, &[Grade::default()], &options.limits, room)?;
    let tried = |edge: &Edge| Found {
        first: edge.to.boundary,
        until: edge.from.boundary,
        score: edge.score,
        step: edge.step,
        bridge: edge.bridge,
        rsv: edge.rsv,
    };
    Ok(graph.edges.iter().map(tried).collect())
}

fn edge(found: &Found) -> Edge {
    let port = |boundary| PortRef { clip: 0, boundary };
    Edge {
        from: port(found.until),
        to: port(found.first),
        score: found.score,
        step: found.step,
        declared: false,
        bridge: found.bridge,
        rsv: found.rsv,
    }
}

/// Where the loop may lie: a dissolve needs frames before and after it.
fn inside(clip: &Clip, fps: Rate, options: &Options) -> Clip {
    if options.seams != Seams::Dissolve {
        return clip.clone();
    }
    let frames = options.bridge_frames.unwrap_or(walk::DISSOLVE);
    // One more, because places are rounded to the output's frames.
    let handle = fps.micros(u64::from(frames) + 1);
    let (start, end) = (clip.time(clip.first), clip.time(clip.until));
    let place = |time: i64| clip.times.partition_point(|at| *at < time) as u32;
    let first = place(start + handle).clamp(clip.first, clip.until - 1);
    Clip {
        first,
        until: place(end - handle).clamp(first + 1, clip.until),
        ..clip.clone()
    }
}

/// `found` as a plan.
fn written(clip: &Clip, found: &Found, fps: Rate, options: &Options) -> Result<Plan, Error> {
    let clock = ClipClock::new(clip, fps, options.rate_mode);
    let (enter, leave) = (clock.position(found.first), clock.position(found.until));
    if enter >= leave {
        return Err(Error::Usage(format!(
            "the loop would have no frame at {fps} frames a second"
        )));
    }
    let edge = edge(found);
    let wishes = walk::Options {
        fps,
        seams: options.seams,
        bridge_frames: options.bridge_frames,
        ..walk::Options::default()
    };
    let handles = (clock.len() - leave).min(enter);
    let span = walk::Span::of(&edge, clip.rate(), handles, &wishes);
    let visit = Visit {
        clip: 0,
        enter,
        leave,
        first: clock.tap(enter).frame,
        last: clock.tap(leave - 1).frame,
        start: 0,
    };
    let seam = Seam {
        start: u64::from(visit.frames()),
        frames: span.frames,
        kind: span.kind,
        declared: false,
        steps: span.steps,
        holds: span.holds,
        score: found.score,
        step: found.step,
        rsv: found.rsv,
    };
    let mut ports = vec![clip.first, found.first, found.until, clip.until];
    ports.dedup();
    let plan = Plan {
        schema: plan::SCHEMA,
        fps,
        rate_mode: options.rate_mode,
        seed: options.seed,
        frames: u64::from(visit.frames() + span.frames),
        looped: true,
        created: options.created,
        clips: vec![PlannedClip {
            clip: clip.clone(),
            ports,
            grade: Grade::default(),
        }],
        visits: vec![visit],
        seams: vec![seam],
        certificate: certify(std::iter::once(0), 0),
        notes: Vec::new(),
        reactions: Vec::new(),
        asked: Vec::new(),
    };
    plan.check()?;
    Ok(plan)
}
