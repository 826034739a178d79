//! What the director shares with those who make pieces and those who ask for figures.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use loopy_core::{
    certificate::{Certificate, certify},
    ledger::{Entry, Ledger, Noted},
    plan::SeamKind,
};
use loopy_engine::{Error, realize::Item, render::Options};

use super::{
    course::{Course, Standing, Step},
    ground::{Ground, Part},
    rungs::Rungs,
};

/// Visits of which the certificate is made, at most: the newest.
const CERTIFIED: usize = 20_000;
/// Orders of which the slowest tells how long a piece takes, and what is said before there is one.
const ORDERS: usize = 8;
const LEAD: Duration = Duration::from_secs(1);
/// The shortest and the longest time that a piece is taken to need.
const LEAST: Duration = Duration::from_millis(300);
const MOST: Duration = Duration::from_secs(4);
/// Steps that the ledger keeps where something goes down and up for ever.
const NOTED: usize = 200;

/// The desk.
pub struct Desk {
    rungs: Rungs,
    work: Mutex<Work>,
    changed: Condvar,
    board: Mutex<Board>,
}

/// What is to be made.
#[derive(Default)]
struct Work {
    /// Pieces of what lies ahead, the soonest first.
    wanted: Vec<Item>,
    ground: Option<Arc<Ground>>,
    /// Clips of which pieces were missing.
    doubted: HashSet<Part>,
    seed: Option<u64>,
    /// What the walk shall be like from now on.
    options: Option<Arc<Options>>,
    /// Pieces are missing that will be shown soon.
    urgent: bool,
    stop: bool,
    /// Counts changes.
    version: u64,
}

/// What the maker has to know.
pub struct Order {
    /// Pieces of what lies ahead, the soonest first.
    pub wanted: Vec<Item>,
    /// The library.
    pub ground: Option<Arc<Ground>>,
    /// Clips whose pieces have to be looked after.
    pub doubted: HashSet<Part>,
    /// Changes so far.
    pub version: u64,
}

/// What is shown of the stream.
#[derive(Clone, Debug, Default)]
pub struct Board {
    /// Output frame up to which all is handed out.
    pub frame: u64,
    /// Name and state of the clip on show, and the output frame at which it is left.
    pub now: Option<(String, Option<String>, u64)>,
    /// The same of the next clip, with the joint that leads to it.
    pub next: Option<Next>,
    /// Names of all states and clips.
    pub states: Vec<String>,
    /// Names of all clips.
    pub clips: Vec<String>,
    /// Seed of the walk.
    pub seed: u64,
    /// The signal that holds, -1 to 1.
    pub signal: f64,
    /// Rows that were not ready.
    pub late: u64,
    /// Clips of which all pieces are there.
    pub ready: usize,
    /// Pieces that are asked for and not there.
    pub waiting: usize,
    /// Frames encoded so far.
    pub encoded: u64,
    /// Frames encoded a second, over the newest order.
    pub speed: f64,
    /// What the newest orders took.
    took: VecDeque<Duration>,
    visits: VecDeque<u32>,
    parts: Vec<Part>,
    changes: u64,
    certificate: Certificate,
    ledger: Ledger,
}

/// What comes next.
#[derive(Clone, Debug)]
pub struct Next {
    /// Name of the clip.
    pub clip: String,
    /// Its state.
    pub state: Option<String>,
    /// Output frame at which it begins.
    pub start: u64,
    /// What fills the joint.
    pub seam: SeamKind,
    /// Score of the joint, 0 to 1.
    pub score: f64,
    /// Frames of the bridge.
    pub frames: u32,
}

impl Board {
    /// What the walk so far guarantees.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Steps down ladders.
    pub fn ledger(&self) -> &[Noted] {
        self.ledger.noted()
    }
}

impl Desk {
    /// A desk for a stream at `rungs`.
    pub fn new(rungs: Rungs) -> Self {
        Self {
            rungs,
            work: Mutex::default(),
            changed: Condvar::new(),
            board: Mutex::default(),
        }
    }

    /// The rungs.
    pub fn rungs(&self) -> &Rungs {
        &self.rungs
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn board_mut(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Work)) {
        let mut work = self.work();
        change(&mut work);
        work.version += 1;
        self.changed.notify_all();
    }

    /// These pieces are needed, the soonest first.
    pub fn want(&self, items: Vec<Item>) {
        self.change(|work| work.wanted = items);
    }

    /// The library to make pieces of.
    pub fn lay(&self, ground: Arc<Ground>) {
        self.change(|work| work.ground = Some(ground));
    }

    /// Pieces of a clip were missing.
    pub fn doubt(&self, part: Part) {
        self.change(|work| {
            work.doubted.insert(part);
        });
    }

    /// Another seed is wished for.
    pub fn reseed(&self, seed: u64) {
        self.change(|work| work.seed = Some(seed));
    }

    /// The walk shall be as `options` have it.
    pub fn change_options(&self, options: Arc<Options>) {
        self.change(|work| work.options = Some(options));
    }

    /// What the walk shall be like, where that is another than before.
    pub fn take_options(&self) -> Option<Arc<Options>> {
        self.work().options.take()
    }

    /// The seed that is wished for, if there is one that nobody has taken.
    pub fn take_seed(&self) -> Option<u64> {
        self.work().seed.take()
    }

    /// Everybody ends.
    pub fn stop(&self) {
        self.change(|work| work.stop = true);
    }

    /// Everybody ends.
    pub fn stopped(&self) -> bool {
        self.work().stop
    }

    /// What is to be made. Waits up to `most` for something after change number `seen`; `None` when
    /// everybody ends.
    pub fn order(&self, seen: u64, most: Duration) -> Option<Order> {
        let work = self.work();
        let old = |work: &mut Work| work.version == seen && !work.stop;
        let waited = self.changed.wait_timeout_while(work, most, old);
        let (mut work, _) = waited.unwrap_or_else(PoisonError::into_inner);
        (!work.stop).then(|| Order {
            wanted: work.wanted.clone(),
            ground: work.ground.clone(),
            doubted: std::mem::take(&mut work.doubted),
            version: work.version,
        })
    }

    /// Whether pieces are missing that will be shown soon.
    pub fn hurry(&self, urgent: bool) {
        let mut work = self.work();
        if std::mem::replace(&mut work.urgent, urgent) != urgent {
            self.changed.notify_all();
        }
    }

    /// Waits until no pieces are missing that will be shown soon, or up to `most`.
    pub fn wait_for_calm(&self, most: Duration) {
        let work = self.work();
        let busy = |work: &mut Work| work.urgent && !work.stop;
        // Whatever woke it, it is its turn.
        drop(self.changed.wait_timeout_while(work, most, busy));
    }

    /// Waits up to `most`, or until everybody ends or something else is wished for.
    pub fn rest(&self, most: Duration) {
        let work = self.work();
        let quiet = |work: &mut Work| !work.stop && work.seed.is_none() && work.options.is_none();
        // Who woke it does not matter.
        drop(self.changed.wait_timeout_while(work, most, quiet));
    }

    /// What is shown of the stream.
    pub fn board(&self) -> Board {
        self.board_mut().clone()
    }

    /// So many clips are ready, and so many pieces are waited for.
    pub fn made(&self, ready: usize, waiting: usize) {
        let mut board = self.board_mut();
        (board.ready, board.waiting) = (ready, waiting);
    }

    /// So many frames were encoded within `time`.
    pub fn encoded(&self, frames: u64, time: Duration) {
        let mut board = self.board_mut();
        board.encoded += frames;
        board.speed = frames as f64 / time.as_secs_f64().max(1e-3);
        board.took.push_back(time);
        if board.took.len() > ORDERS {
            board.took.pop_front();
        }
    }

    /// The time within which a piece is made that nobody had in mind: the order under way comes
    /// first.
    pub fn lead(&self) -> Duration {
        let slowest = self.board_mut().took.iter().max().copied();
        slowest.map_or(LEAD, |slowest| (2 * slowest).clamp(LEAST, MOST))
    }

    /// Nothing is encoded.
    pub fn idle(&self) {
        self.board_mut().speed = 0.0;
    }

    /// Shows where the walk is; `turned` when another visit has begun.
    pub(super) fn show(&self, ground: &Ground, course: &mut Course, turned: bool) {
        let leg = course.leg();
        let next = course.next_legs(1).first().copied();
        let told = course.told().iter().find_map(|one| match one {
            Standing::Signal(signal) => Some(f64::from(*signal) / 256.0),
            _ => None,
        });
        let state = |clip: u32| ground.state_of(clip).map(str::to_owned);
        let mut board = self.board_mut();
        board.frame = course.at();
        board.seed = ground.seed;
        board.signal = told.unwrap_or_default();
        if board.clips.len() != ground.clips.len() || turned {
            board.states.clone_from(&ground.states);
            board.clips = ground.all_names().to_vec();
        }
        let Some(leg) = leg else { return };
        let clip = leg.visit.clip;
        board.now = Some((ground.name(clip).to_owned(), state(clip), leg.seam.start));
        board.next = next.map(|next| Next {
            clip: ground.name(next.visit.clip).to_owned(),
            state: state(next.visit.clip),
            start: next.visit.start,
            seam: leg.seam.kind,
            score: leg.seam.score.as_f64(),
            frames: leg.seam.frames,
        });
        if turned || board.visits.is_empty() {
            board.note_visit(ground.part(clip), leg.seam.changes_scene());
        }
    }

    /// Writes a step down into the ledger.
    pub(super) fn step(&self, ground: &Ground, step: &Step) {
        let name = |clip: u32| ground.name(clip).to_owned();
        let (from, to) = match step {
            Step::OtherWay(clip) => (name(*clip), "another clip".to_owned()),
            Step::Cut(clip) => (format!("the bridge to {}", name(*clip)), "a cut".to_owned()),
            Step::Jump(clip) => ("the walk".to_owned(), format!("a jump to {}", name(*clip))),
            Step::Again => ("the walk".to_owned(), "the last piece again".to_owned()),
        };
        let mut board = self.board_mut();
        board.late += 1;
        board.fall(Entry {
            what: "live stream".to_owned(),
            from,
            to,
            why: "its pieces were not ready in time, or are gone from the store".to_owned(),
            fix:
                "more workers (--workers), fewer or smaller rungs (--rungs), a larger --cache-size"
                    .to_owned(),
        });
    }

    /// A clip is shown no more.
    pub(super) fn broken(&self, part: &Part, why: &str) {
        let ground = self.work().ground.clone();
        let name = ground.and_then(|ground| {
            let clip = ground.clip_of(part)?;
            Some(ground.name(clip).to_owned())
        });
        let mut board = self.board_mut();
        board.fall(Entry {
            what: "live stream".to_owned(),
            from: name.unwrap_or_else(|| "a clip".to_owned()),
            to: "the other clips".to_owned(),
            why: why.to_owned(),
            fix: "`loopy analyze` says more about the file".to_owned(),
        });
    }

    /// Writes into the ledger what else went wrong.
    pub fn fall(&self, entry: Entry) {
        self.board_mut().fall(entry);
    }

    /// The same because of an error: what it is, and the step from one way to another; `otherwise`
    /// is the hint where the error has none.
    pub fn fall_for(&self, error: &Error, [what, from, to]: [&str; 3], otherwise: &str) {
        self.fall(Entry {
            what: what.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
            why: error.to_string(),
            fix: error.hint().unwrap_or_else(|| otherwise.to_owned()),
        });
    }

    /// Writes into the ledger that something is as it should be again.
    pub fn climb(&self, entry: Entry) {
        tracing::info!("{}", line(&entry));
        let mut board = self.board_mut();
        board.ledger.climb(entry, now());
        board.ledger.keep(NOTED);
    }
}

/// A step as the log has it.
fn line(entry: &Entry) -> String {
    format!(
        "{}: {} -> {}: {}",
        entry.what, entry.from, entry.to, entry.why
    )
}

/// Seconds since 1970.
fn now() -> Option<u64> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.ok().map(|since| since.as_secs())
}

impl Board {
    fn fall(&mut self, entry: Entry) {
        let line = line(&entry);
        if self.ledger.add(entry, now()) {
            tracing::warn!("{line}");
        }
    }

    fn note_visit(&mut self, part: Part, change: bool) {
        let known = self.parts.iter().position(|other| *other == part);
        let number = known.unwrap_or_else(|| {
            self.parts.push(part);
            self.parts.len() - 1
        });
        self.visits.push_back(number as u32);
        self.changes += u64::from(change);
        if self.visits.len() > CERTIFIED {
            self.visits.pop_front();
        }
        // Its cost grows with the visits: the more there are, the less each of them changes it.
        let every = (self.visits.len() / 64).max(1);
        if self.visits.len().is_multiple_of(every) {
            self.certificate = certify(self.visits.iter().copied(), self.changes);
        }
    }
}
