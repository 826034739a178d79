//! From a plan to segments: which distinct pieces it is made of, which are in the store, and the
//! jobs that make the others.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Mutex,
};

use loopy_core::{
    Clip, Hash, Plan, Rate,
    clock::{ClipClock, Mode},
    encode::Settings,
    limits::Limits,
    normalise::Normalise,
    plan::{PlannedClip, Seam, SeamKind},
    recipe::{Marks, Pictures, Recipe, Row},
};

use crate::{
    Error, batch, beat,
    events::{Event, Sink, Stage},
    executor::{self, Executor, Outcome},
    job::{Done, Job},
    pictures::{handle, sides},
    store::{Kind, Pin, Store},
};

/// Changes when the pixel path would give other pictures from the same inputs.
const PIXELS: &str = "pixels-11";

/// Output frames that one picture is looked to be held for, to find the one before and after it.
const LONGEST_HOLD: u32 = 12;
/// Pictures beside a port that tell how fast things move where the clip holds some: there are
/// rarely more repetitions in a row.
const HELD_OTHERS: usize = 3;

/// How the pictures of a plan are made.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// Pixel work.
    pub normalise: Normalise,
    /// Encoder settings.
    pub encode: Settings,
    /// Frames on either side of a joint that carry a visible mark; 0 outside previews.
    pub marks: u32,
}

/// A plan as rows of distinct segments.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    /// Distinct segments in order of first use.
    pub segments: Vec<Item>,
    /// Segments of each visit, as indices.
    pub visits: Vec<Vec<u32>>,
    /// Segment of each joint's bridge, if it has one.
    pub seams: Vec<Option<u32>>,
}

/// One distinct segment.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// How it is made.
    pub recipe: Recipe,
    /// Key of the recipe.
    pub key: Hash,
    /// Clip that its job decodes (for a bridge: the clip that is left), as an index into the plan.
    pub clip: u32,
    /// For a bridge, the clip that is entered.
    pub to: Option<u32>,
}

impl Timeline {
    /// The segments that `plan` needs under `look`.
    ///
    /// # Errors
    /// When there is no working encoder.
    pub fn new(plan: &Plan, look: &Look) -> Result<Self, Error> {
        let mut builder = Cutter::new(&plan.clips, plan.fps, plan.rate_mode, look)?;
        let count = plan.visits.len();
        let mut visits = Vec::with_capacity(count);
        let mut seams = Vec::with_capacity(plan.seams.len());
        for (index, visit) in plan.visits.iter().enumerate() {
            visits.push(builder.visit(visit.clip, visit.enter, visit.leave));
            if let Some(seam) = plan.seams.get(index) {
                let next = &plan.visits[(index + 1) % count];
                let (from, to) = ((visit.clip, visit.leave), (next.clip, next.enter));
                seams.push(builder.seam(from, to, seam));
            }
        }
        Ok(Self {
            segments: builder.segments,
            visits,
            seams,
        })
    }

    /// Distinct frames to encode, whether they are in the store or not.
    pub fn distinct_frames(&self) -> u64 {
        self.segments
            .iter()
            .map(|item| u64::from(item.recipe.frames()))
            .sum()
    }

    /// All segments in the order of the film, as indices; each visit is followed by its bridge.
    pub fn rows(&self) -> impl Iterator<Item = u32> {
        let seams = self.seams.iter().copied().chain(std::iter::repeat(None));
        self.visits
            .iter()
            .zip(seams)
            .flat_map(|(visit, seam)| visit.iter().copied().chain(seam))
    }

    /// Keeps eviction away from everything that the plan needs.
    pub fn pin(&self, store: &Store) -> Result<Pin, Error> {
        let keys: Vec<(Kind, Hash)> = self
            .segments
            .iter()
            .flat_map(|item| {
                let handles = handles(&item.recipe)
                    .into_iter()
                    .map(|h| (Kind::Frames, h.key()));
                std::iter::once((Kind::Segment, item.key)).chain(handles)
            })
            .collect();
        Ok(store.pin(&keys)?)
    }

    /// Frames of `segments`, given as indices.
    pub fn frames_of(&self, segments: &[u32]) -> u64 {
        segments
            .iter()
            .map(|index| u64::from(self.segments[*index as usize].recipe.frames()))
            .sum()
    }

    /// The lossless rows that the bridges among `segments` are made from, each once, by key.
    pub fn handles_of(&self, segments: &[u32]) -> BTreeMap<Hash, Recipe> {
        segments
            .iter()
            .flat_map(|index| handles(&self.segments[*index as usize].recipe))
            .map(|handle| (handle.key(), handle))
            .collect()
    }

    /// Segments that stand for no film.
    pub fn loose(segments: Vec<Item>) -> Self {
        Self {
            segments,
            visits: Vec::new(),
            seams: Vec::new(),
        }
    }

    /// Indices of the segments that are not in the store.
    pub fn missing(&self, store: &Store) -> Vec<u32> {
        (0..self.segments.len() as u32)
            .filter(|index| !store.contains(Kind::Segment, &self.segments[*index as usize].key))
            .collect()
    }
}

/// The lossless rows that a bridge is mixed from.
fn handles(recipe: &Recipe) -> Vec<Recipe> {
    let rows = sides(recipe).into_iter().flatten();
    rows.map(|row| handle(recipe, row)).collect()
}

/// Cuts visits and seams over a library into segments, and numbers those that differ.
pub struct Cutter<'a> {
    clips: &'a [PlannedClip],
    fps: Rate,
    rate_mode: Mode,
    look: &'a Look,
    versions: String,
    /// Output clock of each clip, and its run boundaries on that clock.
    clocks: Vec<(ClipClock, Vec<u32>)>,
    known: HashMap<Hash, u32>,
    segments: Vec<Item>,
}

impl<'a> Cutter<'a> {
    /// A cutter for visits to `clips`.
    ///
    /// # Errors
    /// When there is no working encoder.
    pub fn new(
        clips: &'a [PlannedClip],
        fps: Rate,
        rate_mode: Mode,
        look: &'a Look,
    ) -> Result<Self, Error> {
        let x264 = loopy_media::encode::version()?;
        let versions = format!("{PIXELS} {} {x264}", loopy_media::versions());
        let clocks = clips
            .iter()
            .map(|planned| {
                let clock = ClipClock::new(&planned.clip, fps, rate_mode);
                let positions = planned.positions(&clock);
                (clock, positions)
            })
            .collect();
        Ok(Self {
            clips,
            fps,
            rate_mode,
            look,
            versions,
            clocks,
            known: HashMap::new(),
            segments: Vec::new(),
        })
    }

    /// The segments so far that differ, by number.
    pub fn segments(&self) -> &[Item] {
        &self.segments
    }

    /// Output frames of a clip.
    pub fn len(&self, clip: u32) -> u32 {
        self.clocks[clip as usize].0.len()
    }

    /// Where the runs of a visit lie on its clip's clock: `enter`, the ports inside, `leave`.
    pub fn bounds(&self, clip: u32, enter: u32, leave: u32) -> Vec<u32> {
        let inside = |at: &&u32| (enter + 1..leave).contains(*at);
        let mut bounds = vec![enter];
        bounds.extend(self.clocks[clip as usize].1.iter().filter(inside));
        bounds.push(leave);
        bounds
    }

    /// Numbers of the segments of a visit, one for each run.
    pub fn visit(&mut self, clip: u32, enter: u32, leave: u32) -> Vec<u32> {
        let bounds = self.bounds(clip, enter, leave);
        bounds
            .windows(2)
            .map(|pair| {
                let marks = Marks {
                    head: if pair[0] == enter { self.look.marks } else { 0 },
                    tail: if pair[1] == leave { self.look.marks } else { 0 },
                };
                let pictures = Pictures::Run(self.row(clip, pair[0], pair[1]));
                self.segment(pictures, marks, clip, None)
            })
            .collect()
    }

    /// Number of the segment of one run, from one of its clip's bounds to the next.
    pub fn run(&mut self, clip: u32, from: u32, to: u32) -> u32 {
        let pictures = Pictures::Run(self.row(clip, from, to));
        self.segment(pictures, Marks::default(), clip, None)
    }

    /// Number of the bridge of `seam`, if it has one, from a clip and the place where it is left to
    /// a clip and the place where it is entered.
    pub fn seam(&mut self, from: (u32, u32), to: (u32, u32), seam: &Seam) -> Option<u32> {
        match seam.kind {
            SeamKind::Dissolve => Some(self.dissolve(from, to, seam.frames)),
            SeamKind::Morph => Some(self.morph(from, to, seam.frames)),
            SeamKind::Motion => Some(self.motion(from, to, seam)),
            SeamKind::Cut | SeamKind::SceneChange => None,
        }
    }

    fn dissolve(&mut self, from: (u32, u32), to: (u32, u32), frames: u32) -> u32 {
        let [tail, head] = self.over(from, to, frames);
        self.bridge(Pictures::Dissolve { tail, head }, frames, from.0, to.0)
    }

    fn morph(&mut self, from: (u32, u32), to: (u32, u32), frames: u32) -> u32 {
        let [tail, head] = self.over(from, to, frames);
        self.bridge(Pictures::Morph { tail, head }, frames, from.0, to.0)
    }

    /// What follows the port that is left, and what leads to the port that is entered.
    fn over(&self, (a, leave): (u32, u32), (b, enter): (u32, u32), frames: u32) -> [Row; 2] {
        [
            self.row(a, leave, leave + frames),
            self.row(b, enter.saturating_sub(frames), enter),
        ]
    }

    fn motion(&mut self, (a, leave): (u32, u32), (b, enter): (u32, u32), seam: &Seam) -> u32 {
        let others = if seam.holds == 0 { 1 } else { HELD_OTHERS };
        let (left, entered) = (&self.clocks[a as usize].0, &self.clocks[b as usize].0);
        let earlier = (leave.saturating_sub(LONGEST_HOLD)..leave).rev();
        let later = enter..entered.len().min(enter + LONGEST_HOLD);
        let pictures = Pictures::Motion {
            before: self.row(a, reach(left, earlier, others), leave),
            after: self.row(b, enter, reach(entered, later, others) + 1),
            frames: seam.frames,
            holds: beat::of(seam, leave, self.clips[a as usize].clip.rate(), self.fps),
        };
        self.bridge(pictures, seam.frames, a, b)
    }

    fn bridge(&mut self, pictures: Pictures, frames: u32, from: u32, to: u32) -> u32 {
        let marks = Marks {
            head: self.look.marks.min(1) * frames,
            tail: 0,
        };
        self.segment(pictures, marks, from, Some(to))
    }

    fn row(&self, clip: u32, from: u32, to: u32) -> Row {
        let planned = &self.clips[clip as usize];
        Row::new(planned.clip.hash, &self.clocks[clip as usize].0, from, to).graded(planned.grade)
    }

    fn segment(&mut self, pictures: Pictures, marks: Marks, clip: u32, to: Option<u32>) -> u32 {
        let recipe = Recipe {
            pictures,
            fps: self.fps,
            rate_mode: self.rate_mode,
            normalise: self.look.normalise,
            encode: self.look.encode.clone(),
            marks,
            versions: self.versions.clone(),
        };
        let key = recipe.key();
        let next = self.segments.len() as u32;
        let index = *self.known.entry(key).or_insert(next);
        if index == next {
            self.segments.push(Item {
                recipe,
                key,
                clip,
                to,
            });
        }
        index
    }
}

/// The nearest of `places` by which the clip has shown so many others than at the first of them;
/// the first where it shows none.
fn reach(clock: &ClipClock, places: impl Iterator<Item = u32>, others: usize) -> u32 {
    let mut places = places.peekable();
    let first = places.peek().copied().unwrap_or_default();
    let (mut shown, mut found) = (clock.tap(first), first);
    let mut seen = 0;
    for at in places {
        if clock.tap(at) != shown {
            (shown, found) = (clock.tap(at), at);
            seen += 1;
        }
        if seen == others {
            break;
        }
    }
    found
}

/// What realizing a plan has cost.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Made {
    /// Frames encoded by this call.
    pub encoded_frames: u64,
    /// Steps down a ladder.
    pub fallbacks: Vec<loopy_core::ledger::Entry>,
}

/// Makes every segment of `timeline`, a row of visits to `clips`, that the store does not have.
///
/// # Errors
/// [`Error::Clip`] when a clip failed twice; everything that was made stays in the store.
pub fn realize(
    clips: &[PlannedClip],
    timeline: &Timeline,
    store: &Store,
    executor: &dyn Executor<Job, Done>,
    limits: &Limits,
    sink: Sink,
) -> Result<Made, Error> {
    let missing = timeline.missing(store);
    let total = timeline.frames_of(&missing);
    sink(Event::StageStarted {
        stage: Stage::Encode,
        total,
        unit: "frames",
    });
    let mut made = Made::default();
    if missing.is_empty() {
        return Ok(made);
    }
    let progress = Progress {
        total,
        done: Mutex::new(0),
        sink,
    };
    let clip_jobs = clip_jobs(clips, timeline, store, &missing, limits)?;
    let room = executor.room();
    let clip_jobs = clip_jobs.into_iter().flat_map(|(clip, job)| {
        let jobs = batch::fitting(job, room).into_iter();
        jobs.map(move |job| (clip, job))
    });
    let clip_jobs = clip_jobs.collect();
    run(clips, executor, clip_jobs, &progress, &mut made)?;
    let bridge_jobs = bridge_jobs(timeline, &missing);
    run(clips, executor, bridge_jobs, &progress, &mut made)?;
    Ok(made)
}

struct Progress<'a> {
    total: u64,
    done: Mutex<u64>,
    sink: Sink<'a>,
}

/// One job a clip, the longest first: its missing runs and the handles of missing bridges.
fn clip_jobs(
    clips: &[PlannedClip],
    timeline: &Timeline,
    store: &Store,
    missing: &[u32],
    limits: &Limits,
) -> Result<Vec<(u32, Job)>, Error> {
    let mut work: BTreeMap<u32, (Vec<Recipe>, BTreeMap<Hash, Recipe>)> = BTreeMap::new();
    for index in missing {
        let item = &timeline.segments[*index as usize];
        match item.to {
            None => work
                .entry(item.clip)
                .or_default()
                .0
                .push(item.recipe.clone()),
            Some(to) => {
                for (clip, handle) in [item.clip, to].into_iter().zip(handles(&item.recipe)) {
                    let key = handle.key();
                    // Read, not only looked up: a bridge must not fail on a damaged handle.
                    if store.get(Kind::Frames, &key)?.is_none() {
                        work.entry(clip).or_default().1.insert(key, handle);
                    }
                }
            }
        }
    }
    let mut jobs: Vec<(u64, u32, Job)> = work
        .into_iter()
        .map(|(index, (segments, handles))| {
            let clip: &Clip = &clips[index as usize].clip;
            let cost: u64 = segments
                .iter()
                .map(|recipe| u64::from(recipe.frames()))
                .sum();
            let job = Job::Encode {
                clip: Box::new(clip.clone()),
                segments,
                handles: handles.into_values().collect(),
                limits: *limits,
            };
            (cost, index, job)
        })
        .collect();
    jobs.sort_by_key(|(cost, index, _)| (std::cmp::Reverse(*cost), *index));
    Ok(jobs
        .into_iter()
        .map(|(_, index, job)| (index, job))
        .collect())
}

/// Bridges in one job; more would cost more to hand out than they gain.
const BRIDGES_A_JOB: usize = 16;

fn bridge_jobs(timeline: &Timeline, missing: &[u32]) -> Vec<(u32, Job)> {
    let mut bridges: Vec<&Item> = missing
        .iter()
        .map(|index| &timeline.segments[*index as usize])
        .filter(|item| item.to.is_some())
        .collect();
    bridges.sort_by_cached_key(|item| handles(&item.recipe).first().map(Recipe::key));
    bridges
        .chunks(BRIDGES_A_JOB)
        .map(|chunk| {
            let bridges = chunk.iter().map(|item| item.recipe.clone()).collect();
            (chunk[0].clip, Job::Bridge { bridges })
        })
        .collect()
}

fn run(
    planned: &[PlannedClip],
    executor: &dyn Executor<Job, Done>,
    jobs: Vec<(u32, Job)>,
    progress: &Progress,
    made: &mut Made,
) -> Result<(), Error> {
    let (clips, jobs): (Vec<u32>, Vec<Job>) = jobs.into_iter().unzip();
    let outcomes = executor.run(jobs, &mut |event| {
        if let executor::Event::Finished {
            result: Done::Encoded { frames, .. },
            ..
        } = event
            && let Ok(mut done) = progress.done.lock()
        {
            *done += frames;
            (progress.sink)(Event::Progress {
                stage: Stage::Encode,
                done: *done,
                total: progress.total,
            });
        }
    })?;
    let mut failed = None;
    for (clip, outcome) in clips.into_iter().zip(outcomes) {
        match outcome {
            Outcome::Done(Done::Encoded { frames, fallbacks }) => {
                made.encoded_frames += frames;
                made.fallbacks.extend(fallbacks);
            }
            Outcome::Done(Done::Trouble { why }) => return Err(Error::Trouble { why }),
            Outcome::Done(_) => {}
            Outcome::Failed(failure) => {
                failed = failed.or(Some((clip, failure)));
            }
        }
    }
    let Some((clip, failure)) = failed else {
        return Ok(());
    };
    let clip = &planned[clip as usize].clip;
    let path = clip.path.as_path().to_owned();
    let why = failure.reason;
    Err(if failure.killed {
        Error::Killed {
            path,
            hash: clip.hash,
            why,
        }
    } else {
        Error::Clip { path, why }
    })
}
