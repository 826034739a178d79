//! The main job: clips in, one video out. Scan, analyze, plan, realize, splice.

use std::{path::PathBuf, time::Instant};

use loopy_core::{
    Plan, Rate, Size,
    clock::Mode,
    encode::Settings,
    export::sheet,
    graph::Score,
    ledger::{Ledger, Noted},
    limits::Limits,
    metadata::Words,
    normalise::{Fit, Normalise, Rgb, Scaler},
    report::{self, Report},
    walk,
};

use crate::{
    Error,
    documents::{self, Given},
    estimate,
    events::{Event, Sink, Stage},
    executor::{self, Executor},
    fallback::{self, FallbackSystem},
    index::Index,
    job::{Done, Job},
    library, light, loop_points,
    output::{self, Target},
    realize::{self, Look, Timeline},
    scan::{self, Library},
    sheets,
    soundtrack::{self, Choice},
    splice,
    store::{Pin, Store},
    survey,
    usage::{self, Meter},
    wishes::Wishes,
};

/// Everything that the user can choose about a render.
#[derive(Clone, Debug)]
pub struct Options {
    /// What to look for.
    pub scan: scan::Options,
    /// The clips of a scene are made to agree in light and colour.
    pub matched: bool,
    /// Where the video goes, its name's fields filled in.
    pub target: Target,
    /// Fragmented even when it is a file.
    pub fragmented: bool,
    /// How long.
    pub length: Length,
    /// A plan to realize instead of planning.
    pub plan: Option<PathBuf>,
    /// Instead of a walk, the best loop of the one clip that is given.
    pub single: Option<loop_points::Wish>,
    /// Seed of the walk.
    pub seed: u64,
    /// Output size; `None` for the most common of the sources.
    pub size: Option<Size>,
    /// Output rate; `None` for the most common of the sources.
    pub fps: Option<Rate>,
    /// How other rates are fitted.
    pub rate_mode: Mode,
    /// How other shapes are fitted.
    pub fit: Fit,
    /// Colour of bars and behind transparent pixels.
    pub pad: Rgb,
    /// Resampling filter.
    pub scaler: Scaler,
    /// Encoder settings.
    pub encode: Settings,
    /// Sound.
    pub audio: Choice,
    /// What fills joints.
    pub seams: walk::Seams,
    /// Frames of every bridge; `None` for what each needs.
    pub bridge_frames: Option<u32>,
    /// Distinct bridge seconds as a share of distinct clip seconds.
    pub bridge_budget: f64,
    /// Joints of a lower score are not taken where the walk can do without them.
    pub seam_threshold: Score,
    /// Visits before a clip may return; `None` for the default.
    pub min_gap: Option<u32>,
    /// What else is wished of the walk.
    pub wishes: Wishes,
    /// The end joins the beginning.
    pub looped: bool,
    /// Small, short, with the seams marked.
    pub preview: bool,
    /// Words for the file.
    pub words: Words,
    /// Creation time to write, in seconds since 1970.
    pub created: Option<i64>,
    /// Report file.
    pub report: Option<PathBuf>,
    /// Folder for a picture of every clip.
    pub thumbnails: Option<PathBuf>,
    /// One picture of the whole film with its seams marked.
    pub contact_sheet: Option<PathBuf>,
    /// Fail before work starts when something asked for is not available.
    pub strict: bool,
    /// Limits of one job.
    pub limits: Limits,
}

/// How long the video is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Time, rounded to whole frames.
    Span(loopy_core::span::Span),
    /// Frames.
    Frames(u64),
}

/// Longer is a typing error, and a plan is held in memory.
const LONGEST_MICROS: u64 = 31 * 86_400 * 1_000_000;

impl Length {
    /// Frames at `fps`.
    ///
    /// # Errors
    /// [`Error::Usage`] when there would be none.
    pub fn frames(self, fps: Rate) -> Result<u64, Error> {
        let frames = match self {
            Self::Span(span) => fps.frames_in(span.micros()),
            Self::Frames(frames) => frames,
        };
        if frames == 0 {
            return Err(Error::Usage(
                "the video would have no frames; ask for more time".into(),
            ));
        }
        if frames > fps.frames_in(LONGEST_MICROS) {
            return Err(Error::Usage("a video lasts 31 days at most".into()));
        }
        Ok(frames)
    }
}

/// Where jobs run and what they leave behind.
pub struct Room<'a> {
    /// The store.
    pub store: &'a Store,
    /// The library index.
    pub index: &'a Index,
    /// Runs jobs.
    pub executor: &'a dyn Executor<Job, Done>,
    /// CPU seconds and peak memory of workers so far.
    pub workers: &'a (dyn Fn() -> executor::Usage + Sync),
    /// Where events go.
    pub sink: Sink<'a>,
    /// The user has asked to stop.
    pub interrupted: &'a (dyn Fn() -> bool + Sync),
    /// The ladders, and the steps down them.
    pub fallbacks: &'a FallbackSystem,
}

/// A plan and what it is made of, ready to be realized.
#[derive(Debug)]
pub struct Prepared {
    /// The clips, and the files that are none.
    pub library: Library,
    /// The walk.
    pub plan: Plan,
    /// Output size.
    pub size: Size,
    /// How pictures are made.
    pub look: Look,
    /// The plan as segments.
    pub timeline: Timeline,
    /// Steps down a ladder so far.
    pub ledger: Ledger,
    /// Sound, as far as this FFmpeg can encode it.
    pub audio: Choice,
    /// Keeps eviction away from what the plan needs.
    pub pins: Vec<Pin>,
}

/// Size and longest length of a preview.
const PREVIEW_SIZE: Size = Size {
    width: 640,
    height: 360,
};
const PREVIEW_MICROS: u64 = 60_000_000;
const PREVIEW_MARKS: u32 = 6;

/// Scan, analyze and plan.
///
/// # Errors
/// See [`Error`]; nothing has been written outside the store.
pub fn prepare(options: &Options, room: &Room, meter: &mut Meter) -> Result<Prepared, Error> {
    let mut ledger = Ledger::default();
    let audio = settle(options, room, &mut ledger)?;
    let given = options.plan.as_deref().map(documents::open).transpose()?;
    let mut scan_options = options.scan.clone();
    if let Some(given) = &given
        && scan_options.inputs.is_empty()
    {
        scan_options.inputs = given.files();
    }
    if let Target::File(path) = &options.target {
        scan_options.output = Some(path.clone());
    }
    // What a plan shows was chosen when it was made.
    scan_options.copies = given.is_some();
    let (library, pin) = library::load(&scan_options, &options.limits, room, meter)?;
    if let Some(message) = library::odd(&library) {
        (room.sink)(Event::Note { message });
    }
    note(fallback::noted(&library.fallbacks), room, &mut ledger);
    strictly(options, &ledger)?;
    let plan = match (given, options.single) {
        (Some(given), _) => {
            library::attach(given_plan(given, options, &library, room, meter)?, &library)?
        }
        (None, Some(wish)) => meter.stage(Stage::Plan, room, || {
            loop_points::plan(wish, &library, options, room)
        })?,
        (None, None) => walk_of(options, &library, room, meter)?,
    };
    let common = scan::common_size(&library.clips);
    let mut size = options.size.or(common).unwrap_or(PREVIEW_SIZE);
    if options.preview {
        size = size.within(PREVIEW_SIZE);
    }
    let look = Look {
        normalise: Normalise {
            size,
            fit: options.fit,
            pad: options.pad,
            scaler: options.scaler,
        },
        encode: options.encode.clone(),
        marks: if options.preview { PREVIEW_MARKS } else { 0 },
    };
    let timeline = Timeline::new(&plan, &look)?;
    for note in &plan.notes {
        (room.sink)(Event::Note {
            message: note.clone(),
        });
    }
    Ok(Prepared {
        library,
        plan,
        size,
        look,
        pins: vec![pin, timeline.pin(room.store)?],
        timeline,
        ledger,
        audio,
    })
}

/// Finds out before any work what is asked for and not there; the sound that can be encoded.
fn settle(options: &Options, room: &Room, ledger: &mut Ledger) -> Result<Choice, Error> {
    room.fallbacks.settle()?;
    let audio = options
        .audio
        .with_codec(|codec| room.fallbacks.get_sound(codec))?;
    note(room.fallbacks.ledger(), room, ledger);
    strictly(options, ledger)?;
    Ok(audio)
}

/// Tells steps down that are new.
fn note(steps: impl IntoIterator<Item = Noted>, room: &Room, ledger: &mut Ledger) {
    for step in steps {
        if !step.up && ledger.add(step.entry.clone(), step.when) {
            (room.sink)(Event::Fallback(step));
        }
    }
}

/// With `--strict`, a step down before anything is encoded is one too many.
fn strictly(options: &Options, ledger: &Ledger) -> Result<(), Error> {
    match ledger.entries().into_iter().next() {
        Some(entry) if options.strict => Err(Error::Strict(Box::new(entry))),
        _ => Ok(()),
    }
}

/// Output rate of what is planned anew.
pub(crate) fn rate(options: &Options, library: &Library) -> Result<Rate, Error> {
    let fps = options.fps.or_else(|| scan::common_rate(&library.clips));
    fps.or_else(|| Rate::new(30, 1))
        .ok_or_else(|| Error::Usage("no rate".into()))
}

/// The plan that a file holds; the library is analysed only where the file does not tell all.
fn given_plan(
    given: Given,
    options: &Options,
    library: &Library,
    room: &Room,
    meter: &mut Meter,
) -> Result<Plan, Error> {
    if !given.needs_library() {
        return given.alone();
    }
    let survey = survey::of(
        library.clone(),
        options.matched,
        &options.limits,
        room,
        meter,
    )?;
    given.with_library(&sheet::Library {
        graph: &survey.graph,
        grades: &survey.grades,
        fps: rate(options, library)?,
        seam_threshold: options.seam_threshold,
        seed: options.seed,
    })
}

fn walk_of(
    options: &Options,
    library: &Library,
    room: &Room,
    meter: &mut Meter,
) -> Result<Plan, Error> {
    let fps = rate(options, library)?;
    let mut frames = options.length.frames(fps)?;
    if options.preview {
        frames = frames.min(fps.frames_in(PREVIEW_MICROS));
    }
    let survey = survey::of(
        library.clone(),
        options.matched,
        &options.limits,
        room,
        meter,
    )?;
    meter.stage(Stage::Plan, room, || {
        let walk = survey.walk(options, fps, frames)?;
        let mut plan = walk::plan(&survey.graph, &walk)?;
        light::correct(&mut plan, &survey.graph, &survey.grades);
        Ok(plan)
    })
}

/// Finds out before the work starts what cannot be written or read.
fn check_places(options: &Options) -> Result<(), Error> {
    options.target.check()?;
    if let Choice::Bed { file, .. } = &options.audio {
        std::fs::File::open(file).map_err(|error| Error::Input {
            path: file.clone(),
            why: scan::plain(&error),
        })?;
    }
    let mut places = Vec::new();
    if let Target::File(path) = &options.target {
        places.push(path);
    }
    for path in [&options.report, &options.contact_sheet]
        .into_iter()
        .flatten()
    {
        if places.contains(&path) {
            let name = loopy_core::clip::show(path);
            return Err(Error::Usage(format!("`{name}` is given for two outputs")));
        }
        Target::File(path.clone()).check()?;
        places.push(path);
    }
    if let Some(folder) = &options.thumbnails {
        sheets::create_folder(folder)?;
    }
    Ok(())
}

/// Plans and encodes. A clip that takes its worker with it, twice, is quarantined, and the walk is
/// planned again without it.
fn prepare_and_realize(
    options: &Options,
    room: &Room,
    meter: &mut Meter,
) -> Result<(Prepared, realize::Made), Error> {
    loop {
        let prepared = prepare(options, room, meter)?;
        let estimate = estimate::estimate(&prepared, options, room.store)?;
        estimate.check_disk(&options.target, room.store)?;
        let made = meter.stage(Stage::Encode, room, || {
            realize::realize(
                &prepared.plan.clips,
                &prepared.timeline,
                room.store,
                room.executor,
                &options.limits,
                room.sink,
            )
        });
        match made {
            Ok(made) => return Ok((prepared, made)),
            Err(Error::Killed { path, hash, why }) if options.plan.is_none() => {
                let version = scan::verdict_version(&options.limits);
                room.index.quarantine(&hash, &version, &why)?;
                let name = loopy_core::clip::show(&path);
                let message = format!("{name}: {why}; the walk is planned again without it");
                (room.sink)(Event::Note { message });
            }
            Err(error) => return Err(error),
        }
    }
}

/// The whole render.
///
/// # Errors
/// See [`Error`]. Whatever was encoded stays in the store; no file is left under the final name.
pub fn render(options: &Options, room: &Room) -> Result<Report, Error> {
    let started = Instant::now();
    let mut meter = Meter::start(room.workers);
    let container = options.target.container(options.fragmented)?;
    check_places(options)?;
    let (mut prepared, made) = prepare_and_realize(options, room, &mut meter)?;
    note(fallback::noted(&made.fallbacks), room, &mut prepared.ledger);
    let soundtrack = meter.stage(Stage::Sound, room, || {
        soundtrack::prepare(
            &prepared.audio,
            &prepared.plan,
            &prepared.library,
            &options.limits,
            room,
        )
    })?;
    let spliced = meter.stage(Stage::Splice, room, || {
        splice::splice(&prepared, options, container, soundtrack, room)
    })?;
    if let Some(folder) = &options.thumbnails {
        sheets::thumbnails(folder, &prepared, room)?;
    }
    if let Some(file) = &options.contact_sheet {
        sheets::contact_sheet(file, &prepared, room)?;
    }
    note(room.fallbacks.ledger(), room, &mut prepared.ledger);
    let report = assemble(&prepared, options, &spliced, made.encoded_frames, &meter);
    if let Some(file) = &options.report {
        output::write_json(file, &report)?;
    }
    tracing::debug!(seconds = started.elapsed().as_secs_f64(), "rendered");
    Ok(report)
}

fn graded(plan: &Plan) -> Vec<report::Graded> {
    let changed = plan.clips.iter().filter(|clip| !clip.grade.is_identity());
    changed
        .map(|planned| report::Graded {
            clip: planned.clip.path.clone(),
            blake3: planned.clip.hash,
            shot: planned.clip.shot,
            grade: planned.grade,
        })
        .collect()
}

fn assemble(
    prepared: &Prepared,
    options: &Options,
    spliced: &splice::Spliced,
    encoded_frames: u64,
    meter: &Meter,
) -> Report {
    let plan = &prepared.plan;
    let path = |clip: u32| plan.clips[clip as usize].clip.path.clone();
    let visits: Vec<report::Visit> = plan
        .visits
        .iter()
        .zip(&prepared.timeline.visits)
        .map(|(visit, segments)| report::Visit {
            clip: path(visit.clip),
            blake3: plan.clip(visit).clip.hash,
            first: visit.first,
            last: visit.last,
            start: visit.start,
            frames: visit.frames(),
            segments: segments.clone(),
        })
        .collect();
    let count = plan.visits.len();
    let seams = plan.seams.iter().zip(&prepared.timeline.seams).enumerate();
    let seams = seams
        .map(|(index, (seam, segment))| {
            let (from, to) = (&plan.visits[index], &plan.visits[(index + 1) % count]);
            report::Seam {
                start: seam.start,
                frames: seam.frames,
                kind: seam.kind,
                declared: seam.declared,
                score: seam.score.as_f64(),
                rsv: seam.rsv.map_or(1.0, f64::from),
                step: f64::from(seam.step),
                from: report::End {
                    clip: path(from.clip),
                    frame: from.last,
                },
                to: report::End {
                    clip: path(to.clip),
                    frame: to.first,
                },
                segment: *segment,
            }
        })
        .collect();
    Report {
        schema: report::SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        output: match &options.target {
            Target::File(path) => path.as_path().into(),
            Target::Stdout => PathBuf::from("-").into(),
        },
        plan: plan.hash(),
        fps: plan.fps,
        size: prepared.size,
        seed: plan.seed,
        frames: plan.frames,
        looped: plan.looped,
        audio: spliced.audio.clone(),
        visits,
        seams,
        segments: spliced.segments.clone(),
        graded: graded(plan),
        left_out: prepared.library.left_out.clone(),
        remarks: prepared.library.notes(),
        totals: report::Totals {
            encoded_frames,
            copied_frames: plan.frames.saturating_sub(encoded_frames),
            distinct_frames: prepared.timeline.distinct_frames(),
            bytes: spliced.bytes,
            stages: meter.stages(),
            peak_memory: usage::peak_memory(),
            peak_worker_memory: meter.worker_peak(),
        },
        fallbacks: prepared.ledger.entries(),
        certificate: plan.certificate.clone(),
        notes: plan.notes.clone(),
    }
}
