//! The walk of a finished video, recovered from its picture and the clips alone: fingerprints of
//! both, the cheapest way of the one through the other, and the certificate of what was found.

mod compare;

use std::{collections::BTreeMap, path::Path};

use loopy_core::{
    Clip, ClipPath, Hash, Rate,
    certificate::{Certificate, certify},
    clock::{ClipClock, Mode},
    limits::Limits,
    normalise::Fit,
    report::{self, LeftOut, Report},
};
use loopy_sight::{
    fingerprint::Prints,
    recover::{Comparison, Recovered, Row, likeliest},
};
use serde::Serialize;

pub use self::compare::Compared;
use crate::{
    Error,
    events::{Event, Stage},
    executor::Outcome,
    fingerprint::{self, Film, Wanted},
    job::{Done, Job},
    library,
    render::Room,
    scan::{self, Library},
    store::Kind,
    usage::Meter,
};

/// Frames without a clip that are a bridge when a visit lies beside them; more show something else.
const BRIDGE: u64 = 60;
/// Why a clip is not compared although it could be read.
const TOO_NARROW: &str = "too little of the video's picture would show it";
/// A visit whose place in its clip is less sure than this is counted as unsure, in frames.
pub const SURE: u32 = 2;

/// One stay in a clip, as far as the picture tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Visit {
    /// Path as found.
    pub clip: ClipPath,
    /// Hash of the clip's file.
    pub blake3: Hash,
    /// First source frame shown.
    pub first: u32,
    /// Last source frame shown, inclusive.
    pub last: u32,
    /// Output frame at which the visit starts.
    pub start: u64,
    /// Output frames of the visit.
    pub frames: u32,
    /// By so many frames it may lie earlier or later in its clip: nothing there moves enough.
    #[serde(skip_serializing_if = "none")]
    pub slack: u32,
    /// Other clips that look the same for all of the visit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn none(value: &u32) -> bool {
    *value == 0
}

impl Visit {
    fn end(&self) -> u64 {
        self.start + u64::from(self.frames)
    }
}

/// Frames that show no clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Stretch {
    /// First of them.
    pub start: u64,
    /// How many.
    pub frames: u64,
}

/// What the picture tells of a video.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Walk {
    /// Frames of the video.
    pub frames: u64,
    /// Its frame rate.
    pub fps: Rate,
    /// Clips that it was compared with.
    pub clips: usize,
    /// Visits in order.
    pub visits: Vec<Visit>,
    /// Bridges between visits.
    pub bridges: u64,
    /// Their frames.
    pub bridge_frames: u64,
    /// Longer stretches that show none of the clips.
    pub unknown: Vec<Stretch>,
    /// Clips that look the same within the noise, counted as one.
    pub alike: Vec<Vec<String>>,
    /// What frames of the video differ by from the clips' own, in code values.
    pub noise: f32,
    /// How clips of another shape are fitted, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fit: Option<Fit>,
    /// Clips that were not compared, with the reason.
    pub left_out: Vec<LeftOut>,
    /// What the walk guarantees.
    pub certificate: Certificate,
}

impl Walk {
    /// Visits whose place in their clip the picture does not tell.
    pub fn unsure(&self) -> usize {
        self.visits
            .iter()
            .filter(|visit| visit.slack > SURE)
            .count()
    }

    /// Visits that could be to another clip.
    pub fn ambiguous(&self) -> usize {
        self.visits
            .iter()
            .filter(|visit| !visit.also.is_empty())
            .count()
    }
}

/// Recovers the walk of the video at `path` over the clips of `options`, and compares it with the
/// report's, if there is one.
///
/// # Errors
/// When the video cannot be read, none of the clips can, or the store fails.
pub fn run(
    path: &Path,
    options: &scan::Options,
    report: Option<&Report>,
    limits: &Limits,
    room: &Room,
) -> Result<(Walk, Option<Compared>), Error> {
    let options = scan::Options {
        copies: true,
        film: Some(path.to_owned()),
        ..options.clone()
    };
    let mut meter = Meter::start(room.workers);
    // A video that cannot be read fails before any clip is.
    loopy_media::probe::probe(path, limits)?;
    let (mut library, _pin) = library::load(&options, limits, room, &mut meter)?;
    let film = meter.stage(Stage::Fingerprint, room, || {
        fingerprint::film(path, room.sink, room.interrupted)
    })?;
    let wanted: Vec<Wanted> = library
        .clips
        .iter()
        .map(|clip| Wanted::new(clip, film.size, limits))
        .collect();
    let keys: Vec<(Kind, Hash)> = wanted
        .iter()
        .flat_map(Wanted::keys)
        .map(|(_, key)| (Kind::Analysis, key))
        .collect();
    let _pin = room.store.pin(&keys)?;
    let shelf = meter.stage(Stage::Fingerprint, room, || {
        read(&mut library, &wanted, &film, room)
    })?;
    let rows = shelf.rows();
    let comparison = Comparison::new(&film.prints, &rows);
    let found = meter.stage(Stage::Compare, room, || {
        Ok(follow(&comparison, &film, room))
    })?;
    let walk = tell(library, &shelf, &film, &found);
    let compared = report.map(|report| {
        let could = |told: &report::Visit| shelf.could_show(&comparison, told, found.noise);
        compare::compare(&walk, report, &could)
    });
    Ok((walk, compared))
}

/// Clips with what they look like in the film.
struct Shelf {
    clips: Vec<Clip>,
    prints: Vec<Prints>,
    taps: Vec<Vec<u32>>,
    /// How clips of another shape than the film's are fitted.
    fit: Option<Fit>,
    /// Which clips are.
    odd: Vec<bool>,
}

/// Fingerprints of all clips that can be read; the others join those that are left out.
fn read(
    library: &mut Library,
    wanted: &[Wanted],
    film: &Film,
    room: &Room,
) -> Result<Shelf, Error> {
    let lost = make(wanted, room)?;
    let mut shelf = Shelf {
        clips: Vec::new(),
        prints: Vec::new(),
        taps: Vec::new(),
        fit: None,
        odd: Vec::new(),
    };
    let mut ways: Vec<(Fit, Vec<Prints>)> = Vec::new();
    for (clip, wanted) in std::mem::take(&mut library.clips).into_iter().zip(wanted) {
        let prints = match lost.get(&clip.hash) {
            Some(reason) => Err(reason.clone()),
            None => prints(&clip, wanted, room)?,
        };
        let mut prints = match prints {
            Ok(prints) => prints,
            Err(reason) => {
                let file = clip.path.clone();
                (room.sink)(Event::LeftOut {
                    file: file.clone(),
                    reason: reason.clone(),
                });
                library.left_out.push(LeftOut { file, reason });
                continue;
            }
        };
        let clock = ClipClock::new(&clip, film.fps, Mode::Duplicate);
        let taps = clock.taps(0..clock.len()).iter().map(|tap| tap.frame);
        shelf.taps.push(taps.collect());
        shelf.clips.push(clip);
        shelf.odd.push(prints.len() > 1);
        if prints.len() == 1 {
            shelf.prints.extend(prints.pop().map(|(_, prints)| prints));
        } else {
            ways.resize_with(prints.len(), || (Fit::Stretch, Vec::new()));
            for (way, (fit, prints)) in ways.iter_mut().zip(prints) {
                way.0 = fit;
                way.1.push(prints);
            }
        }
    }
    if shelf.clips.is_empty() {
        let left_out = std::mem::take(&mut library.left_out);
        return Err(Error::NothingUsable { left_out });
    }
    let lists: Vec<Vec<&Prints>> = ways.iter().map(|way| way.1.iter().collect()).collect();
    if let Some((fit, odd)) = likeliest(&film.prints, &lists).map(|best| ways.swap_remove(best)) {
        shelf.fit = Some(fit);
        let mut even = std::mem::take(&mut shelf.prints).into_iter();
        let mut odd = odd.into_iter();
        for other in &shelf.odd {
            let next = if *other { odd.next() } else { even.next() };
            shelf.prints.extend(next);
        }
    }
    for (clip, _) in (shelf.clips.iter().zip(&shelf.prints)).filter(|(_, prints)| prints.is_empty())
    {
        let (file, reason) = (clip.path.clone(), TOO_NARROW.to_owned());
        let event = Event::LeftOut {
            file: file.clone(),
            reason: reason.clone(),
        };
        (room.sink)(event);
        library.left_out.push(LeftOut { file, reason });
    }
    Ok(shelf)
}

/// Fingerprints of one clip for each fit; why it has none of use.
fn prints(
    clip: &Clip,
    wanted: &Wanted,
    room: &Room,
) -> Result<Result<Vec<(Fit, Prints)>, String>, Error> {
    let mut all = Vec::new();
    for (fit, key) in wanted.keys() {
        let prints = fingerprint::kept(room.store, clip, &key)?;
        if !prints.is_empty() && prints.len() < clip.until as usize {
            return Ok(Err(format!(
                "only {} of its {} frames could be read again",
                prints.len(),
                clip.times.len()
            )));
        }
        all.push((fit, prints));
    }
    Ok(Ok(all))
}

/// Has the fingerprints made that are missing; the files of which none came, with the reason.
fn make(wanted: &[Wanted], room: &Room) -> Result<BTreeMap<Hash, String>, Error> {
    let mut missing: BTreeMap<Hash, &Wanted> = BTreeMap::new();
    for one in wanted {
        let there = |(_, key): &(Fit, Hash)| room.store.contains(Kind::Analysis, key);
        if !one.keys().iter().all(there) {
            missing.insert(one.hash, one);
        }
    }
    let mut lost = BTreeMap::new();
    if missing.is_empty() {
        return Ok(lost);
    }
    let total = missing.len() as u64;
    (room.sink)(Event::StageStarted {
        stage: Stage::Fingerprint,
        total,
        unit: "clips",
    });
    let jobs = missing.values();
    let jobs = jobs.map(|wanted| Job::Fingerprint(Box::new((*wanted).clone())));
    let mut done = 0;
    let outcomes = room.executor.run(jobs.collect(), &mut |event| {
        if let crate::executor::Event::Finished { .. } = event {
            done += 1;
            (room.sink)(Event::Progress {
                stage: Stage::Fingerprint,
                done,
                total,
            });
        }
    })?;
    for (hash, outcome) in missing.keys().zip(outcomes) {
        match outcome {
            Outcome::Done(Done::Kept) => {}
            Outcome::Done(Done::Trouble { why }) => return Err(Error::Trouble { why }),
            Outcome::Done(_) => {
                lost.insert(*hash, "its fingerprints got lost".to_owned());
            }
            Outcome::Failed(failure) => {
                lost.insert(*hash, failure.reason);
            }
        }
    }
    Ok(lost)
}

impl Shelf {
    fn rows(&self) -> Vec<Row<'_>> {
        let rows = self.prints.iter().zip(&self.taps);
        rows.map(|(prints, taps)| Row { prints, taps }).collect()
    }

    /// Whether the film could show what a report tells of a visit.
    fn could_show(&self, comparison: &Comparison, told: &report::Visit, noise: f32) -> bool {
        let mut clips = self.clips.iter().zip(&self.taps).enumerate();
        clips.any(|(row, (clip, taps))| {
            let inside = clip.first <= told.first && told.last < clip.until;
            let enter = taps.partition_point(|tap| *tap < told.first) as u32;
            let frames = told.start..told.start + u64::from(told.frames);
            clip.hash == told.blake3 && inside && comparison.could_show(row, frames, enter, noise)
        })
    }
}

fn follow(comparison: &Comparison, film: &Film, room: &Room) -> Recovered {
    let total = film.prints.len() as u64;
    (room.sink)(Event::StageStarted {
        stage: Stage::Compare,
        total,
        unit: "frames",
    });
    comparison.recover(&mut |done| {
        (room.sink)(Event::Progress {
            stage: Stage::Compare,
            done,
            total,
        });
    })
}

/// What was found, in the clips' own words.
fn tell(library: Library, shelf: &Shelf, film: &Film, found: &Recovered) -> Walk {
    let name = |row: &usize| shelf.clips[*row].name();
    let visits = found.visits.iter().map(|visit| {
        let clip = &shelf.clips[visit.row];
        let taps = &shelf.taps[visit.row];
        let tap = |at: u32| taps.get(at as usize).copied().unwrap_or(clip.until - 1);
        // Clips that look the same altogether are told once.
        let own = found.class[visit.row];
        let also = visit.also.iter().filter(|row| found.class[**row] != own);
        Visit {
            clip: clip.path.clone(),
            blake3: clip.hash,
            first: tap(visit.enter),
            last: tap(visit.enter + visit.frames.saturating_sub(1)),
            start: visit.start,
            frames: visit.frames,
            slack: visit.slack,
            also: also.map(name).collect(),
        }
    });
    let (mut bridges, mut bridge_frames, mut unknown) = (0, 0, Vec::new());
    for gap in found.gaps() {
        let frames = gap.end - gap.start;
        if frames <= BRIDGE && frames < found.frames {
            bridges += 1;
            bridge_frames += frames;
        } else {
            unknown.push(Stretch {
                start: gap.start,
                frames,
            });
        }
    }
    let classes = found
        .visits
        .iter()
        .map(|visit| found.class[visit.row] as u32);
    let alike = found.alike();
    Walk {
        frames: found.frames,
        fps: film.fps,
        clips: shelf.clips.len(),
        visits: visits.collect(),
        bridges,
        bridge_frames,
        unknown,
        alike: alike
            .iter()
            .map(|group| group.iter().map(name).collect())
            .collect(),
        noise: found.noise,
        // Of a fit that no visit shows nothing is known.
        fit: shelf
            .fit
            .filter(|_| found.visits.iter().any(|visit| shelf.odd[visit.row])),
        left_out: library.left_out,
        certificate: certify(classes, 0),
    }
}
