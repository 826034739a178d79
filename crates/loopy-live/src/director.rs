//! The director: turns the walk into rows of frames, each handed to the publisher shortly before it
//! is due, and takes on the way what viewers tell, what has become ready and what has changed.

pub mod course;
pub mod desk;
pub mod ground;
pub mod rungs;
pub mod stock;

use std::{
    collections::HashSet,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError},
    },
    time::Duration,
};

use loopy_core::walk::{Leg, cues::Told};
use loopy_engine::Error;

use self::{
    course::{Carried, Course, Row, Step},
    desk::Desk,
    ground::{Ground, Part},
    stock::Stock,
};
use crate::{
    hub::Hub,
    show::{Refused, Taken, Verb},
};

/// Rows are handed out so long before they are due, in microseconds: what has been handed out cannot
/// be taken back.
const HORIZON_US: u64 = 200_000;
/// The first picture is due so long after its row is there.
const LEAD_US: u64 = 100_000;
/// Where nothing can be shown yet, it is tried again after this.
const AGAIN: Duration = Duration::from_millis(50);
/// Visits ahead whose pieces are asked for.
const AHEAD: usize = 8;

/// What the director is told.
pub enum Message {
    /// By a viewer or a program, who waits for the answer.
    Verb(Verb, SyncSender<Result<Taken, Refused>>),
    /// The library is laid out anew.
    Ground(Arc<Ground>),
    /// All pieces of a clip are there.
    Ready(Part),
    /// A clip cannot be shown, and why.
    Broken(Part, String),
    /// The stream ends.
    Stop,
}

/// What came of handing out a row.
enum Handed {
    Row,
    /// There is none yet.
    Nothing,
    /// The publisher has ended.
    ToNobody,
}

/// Why a course ends.
enum End {
    Over(Arc<Ground>, Carried),
    Stop,
}

/// The director's room.
pub struct Director<'a> {
    /// What is told.
    pub inbox: Receiver<Message>,
    /// Where rows go: to the publisher.
    pub rows: SyncSender<Arc<Row>>,
    /// Where they go, too; who does not keep up misses some.
    pub others: Vec<SyncSender<Arc<Row>>>,
    /// Where viewers are, and the clock.
    pub hub: &'a Hub,
    /// What is shared with those who make pieces and those who ask for figures.
    pub desk: &'a Desk,
    /// The pieces.
    pub stock: &'a mut dyn Stock,
    /// Clips of which all pieces are there.
    pub ready: HashSet<Part>,
}

impl Director<'_> {
    /// Directs until it is told to stop.
    ///
    /// # Errors
    /// When no picture can be encoded at all.
    pub fn run(mut self) -> Result<(), Error> {
        let Some(mut ground) = self.first_ground() else {
            return Ok(());
        };
        let mut carried = Carried::default();
        loop {
            let over = Arc::clone(&ground);
            let ready = |part: &Part| self.ready.contains(part);
            let mut course = Course::new(&over, self.desk.rungs(), carried, ready)?;
            match self.drive(&over, &mut course) {
                End::Over(next, on) => (ground, carried) = (next, on),
                End::Stop => return Ok(()),
            }
        }
    }

    /// Waits for a library of which a clip is ready.
    fn first_ground(&mut self) -> Option<Arc<Ground>> {
        let mut ground: Option<Arc<Ground>> = None;
        loop {
            let shown = |ground: &Ground| {
                let mut parts = (0..ground.clips.len() as u32).map(|clip| ground.part(clip));
                parts.any(|part| self.ready.contains(&part))
            };
            if let Some(ground) = &ground
                && shown(ground)
            {
                return Some(Arc::clone(ground));
            }
            match self.inbox.recv().ok()? {
                Message::Ground(other) => ground = Some(other),
                Message::Ready(part) => {
                    self.ready.insert(part);
                }
                Message::Broken(part, why) => self.desk.broken(&part, &why),
                Message::Verb(_, answer) => {
                    let refused = Refused {
                        code: "not_running",
                        msg: "the stream has not begun yet".to_owned(),
                        hint: "wait until /readyz answers 200".to_owned(),
                    };
                    // Who does not wait any more needs no answer.
                    let _gone = answer.try_send(Err(refused));
                }
                Message::Stop => return None,
            }
        }
    }

    /// Goes along `course` until something takes its place.
    fn drive(&mut self, ground: &Arc<Ground>, course: &mut Course) -> End {
        self.ask(course);
        loop {
            let mut wait = self.wait(course);
            while let Some(now) = self.due(course) {
                match self.hand_out(ground, course, now) {
                    Handed::Row => wait = self.wait(course),
                    Handed::Nothing => {
                        wait = AGAIN;
                        break;
                    }
                    Handed::ToNobody => return End::Stop,
                }
            }
            match self.inbox.recv_timeout(wait) {
                Ok(Message::Verb(verb, answer)) => {
                    let taken = self.take(ground, course, &verb);
                    // Who does not wait any more needs no answer.
                    let _gone = answer.try_send(taken);
                    self.ask(course);
                    self.desk.show(ground, course, false);
                }
                Ok(Message::Ground(next)) => {
                    if !course.can_hand_over() {
                        let now = self.hub.now_us();
                        if let Handed::ToNobody = self.hand_out(ground, course, now) {
                            return End::Stop;
                        }
                    }
                    return End::Over(next, course.carry());
                }
                Ok(Message::Ready(part)) => {
                    self.ready.insert(part);
                    if let Some(clip) = ground.clip_of(&part) {
                        course.open(clip);
                        self.ask(course);
                    }
                }
                Ok(Message::Broken(part, why)) => {
                    self.ready.remove(&part);
                    self.desk.broken(&part, &why);
                    if let Some(clip) = ground.clip_of(&part) {
                        course.close(clip);
                        self.ask(course);
                    }
                }
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return End::Stop,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// The time, when a row has to be handed out now.
    fn due(&self, course: &Course) -> Option<u64> {
        let now = self.hub.now_us();
        let end = self.end_us(course)?;
        (end <= now + HORIZON_US).then_some(now)
    }

    /// When all that is handed out has been shown; now before anything is.
    fn end_us(&self, course: &Course) -> Option<u64> {
        let Some(epoch) = self.hub.epoch_us() else {
            return Some(0);
        };
        let micros = course.fps().micros(course.at());
        Some(epoch + u64::try_from(micros).ok()?)
    }

    fn wait(&self, course: &Course) -> Duration {
        let end = self.end_us(course).unwrap_or_default();
        let until = end.saturating_sub(HORIZON_US);
        Duration::from_micros(until.saturating_sub(self.hub.now_us()))
    }

    /// Hands out the next row.
    fn hand_out(&mut self, ground: &Ground, course: &mut Course, now: u64) -> Handed {
        let before = course.leg().map(|leg| leg.visit.start);
        let row = course.advance(self.stock);
        if row.pieces.is_empty() {
            // Nothing was ever shown and nothing is there: the maker is at it.
            return Handed::Nothing;
        }
        if self.hub.epoch_us().is_none() {
            self.hub.begin(now + LEAD_US);
        }
        for step in course.steps() {
            self.desk.step(ground, &step);
            if let Step::OtherWay(clip) | Step::Cut(clip) | Step::Jump(clip) = step {
                // Its pieces may be gone: they are looked after.
                self.desk.doubt(ground.part(clip));
            }
        }
        let row = Arc::new(row);
        for other in &self.others {
            if let Err(TrySendError::Full(row)) = other.try_send(Arc::clone(&row)) {
                tracing::warn!(frame = row.start, "sound or stills do not keep up");
            }
        }
        if self.rows.send(row).is_err() {
            return Handed::ToNobody;
        }
        let turned = course.leg().map(|leg| leg.visit.start) != before;
        if turned {
            self.ask(course);
        }
        self.desk.show(ground, course, turned);
        Handed::Row
    }

    /// Asks for the pieces of what lies ahead.
    fn ask(&self, course: &mut Course) {
        self.desk.want(course.wanted(AHEAD));
    }

    /// Does what is told.
    fn take(
        &mut self,
        ground: &Ground,
        course: &mut Course,
        verb: &Verb,
    ) -> Result<Taken, Refused> {
        let clip_of = |name: &str| {
            ground.named(name).ok_or_else(|| Refused {
                code: "unknown_clip",
                msg: format!("there is no clip `{name}`"),
                hint: format!("the clips are: {}", ground.some_names()),
            })
        };
        let told = match verb {
            Verb::Signal { value } if (-1.0..=1.0).contains(value) => {
                Told::Signal((value * 256.0).round() as i32)
            }
            Verb::Signal { value } => {
                return Err(Refused {
                    code: "out_of_range",
                    msg: format!("a signal of {value}"),
                    hint: "give a number from -1 to 1".to_owned(),
                });
            }
            Verb::State { state: None } => Told::State(None),
            Verb::State { state: Some(name) } => {
                let state = ground.states.iter().position(|state| state == name);
                let state = state.ok_or_else(|| Refused {
                    code: "unknown_state",
                    msg: format!("there is no state `{name}`"),
                    hint: match ground.states.as_slice() {
                        [] => "clips have states by their names, like `idle_003.mp4`, or by \
                               --states FILE"
                            .to_owned(),
                        states => format!("the states are: {}", states.join(", ")),
                    },
                })?;
                Told::State(Some(state as u32))
            }
            Verb::Next { clip } => Told::Play(clip_of(clip)?),
            Verb::Avoid { clip, avoid: true } => Told::Avoid(clip_of(clip)?),
            Verb::Avoid { clip, avoid: false } => Told::Allow(clip_of(clip)?),
            Verb::Seed { seed } => {
                self.desk.reseed(*seed);
                let leg: Option<Leg> = course.next_legs(1).first().copied();
                let frame = leg.map_or(course.at(), |leg| leg.visit.start);
                return Ok(self.taken(course, frame));
            }
        };
        let lead = course.fps().frames_in(self.desk.lead().as_micros() as u64);
        match course.tell(told, lead, self.stock) {
            Ok(frame) => Ok(self.taken(course, frame)),
            Err(error) => Err(Refused {
                code: "not_ready",
                msg: error.to_string(),
                hint: "its pieces are still being made; try again in a while".to_owned(),
            }),
        }
    }

    fn taken(&self, course: &Course, frame: u64) -> Taken {
        let micros = u64::try_from(course.fps().micros(frame)).unwrap_or_default();
        let due = self.hub.epoch_us().unwrap_or_default() + micros;
        Taken {
            frame,
            due_ms: due.saturating_sub(self.hub.now_us()) / 1000,
        }
    }
}
