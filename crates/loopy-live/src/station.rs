//! The station: surveyor, maker, director and publisher at work side by side, and what they tell the
//! server.

use std::{
    collections::HashSet,
    sync::{
        Arc, OnceLock,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use bytes::Bytes;
use loopy_core::{Rate, ledger::Entry};
use loopy_engine::{
    Error,
    render::{Options, Room},
    soundtrack,
};
use loopy_monitor::{Gpu, Watch};
use serde_json::{Map, Value, json};

use crate::{
    director::{
        Director, Message,
        desk::{Board, Desk},
        rungs::Rungs,
        stock::Shelf,
    },
    hub::Hub,
    maker::Maker,
    outputs::{Context, Ways, hls::Hls},
    polite::Polite,
    publisher,
    show::{Refused, Show, Taken, Verb},
    sound::{Choice, Engineer, Sounds},
    stills,
    surveyor::Surveyor,
    witness::Witness,
};

/// Messages to the director that may wait; who sends more waits with them.
const INBOX: usize = 256;
/// Rows handed out that may wait for the publisher.
const ROWS: usize = 16;
/// The director answers within this, or it is too busy to.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often it is asked whether the user wants to stop.
const POLL: Duration = Duration::from_millis(100);

/// What the stream and the server share.
pub struct Station {
    /// Where pictures and viewers meet.
    pub hub: Arc<Hub>,
    /// What `/hls/` serves.
    pub hls: Arc<Hls>,
    ways: Ways,
    desk: Desk,
    fps: Rate,
    inbox: SyncSender<Message>,
    watch: Option<Watch>,
    sound: Choice,
    sounds: Sounds,
}

/// The other end of a station's inbox.
pub struct Inbox(Receiver<Message>);

impl Station {
    /// A station at `rungs` and `fps`, where `sound` is heard; `watch` looks at the machine.
    pub fn new(
        hub: Arc<Hub>,
        rungs: Rungs,
        fps: Rate,
        sound: Choice,
        watch: Option<Watch>,
    ) -> (Self, Inbox) {
        let (inbox, messages) = sync_channel(INBOX);
        let station = Self {
            hub,
            hls: Arc::default(),
            ways: Ways::default(),
            desk: Desk::new(rungs),
            fps,
            inbox,
            watch,
            sound,
            sounds: Sounds::default(),
        };
        (station, Inbox(messages))
    }

    /// The stream also goes these ways.
    #[must_use]
    pub fn with(mut self, ways: Ways) -> Self {
        self.ways = ways;
        self
    }

    /// Streams the library of `options` until the user interrupts, with so many `workers`.
    ///
    /// # Errors
    /// When there is no usable clip, nothing can be encoded, or the store or the index fails.
    pub fn run(
        &self,
        inbox: Inbox,
        options: &Options,
        room: &Room,
        workers: usize,
    ) -> Result<(), Error> {
        let (rows, published) = sync_channel(ROWS);
        let (sounding, heard) = sync_channel(ROWS);
        let (drawing, shown) = sync_channel(ROWS);
        let bed = match &self.sound {
            Choice::Bed(file) => Some(soundtrack::bed(file, &options.limits, room)?),
            Choice::Keep | Choice::None => None,
        };
        let keep = self.sound == Choice::Keep;
        let desk = &self.desk;
        let fall = |entry| desk.fall(entry);
        let climb = |entry| desk.climb(entry);
        let stopped = || desk.stopped();
        let witness = Witness {
            inner: room.executor,
            desk,
        };
        let room = &Room {
            executor: &witness,
            ..*room
        };
        thread::scope(|scope| {
            let fall = &fall;
            let context = Context {
                hub: &self.hub,
                stopped: &stopped,
                sound: self.sound != Choice::None,
                fall,
                climb: &climb,
            };
            self.ways.start(scope, &self.hls, context);
            let director = self.inbox.clone();
            let surveyor = scope.spawn(move || {
                let polite = Polite {
                    inner: room.executor,
                    desk,
                    turn: workers,
                };
                let room = &Room {
                    executor: &polite,
                    ..*room
                };
                let surveyor = Surveyor {
                    room,
                    options: Arc::new(options.clone()),
                    desk,
                    director,
                    fps: self.fps,
                };
                self.ending(surveyor.run())
            });
            let sounds = keep.then_some(&self.sounds);
            let maker = Maker::new(room, desk, self.inbox.clone(), options.limits, sounds);
            let maker = scope.spawn(move || self.ending(maker.run()));
            let mut others = vec![drawing];
            if self.sound != Choice::None {
                others.push(sounding);
                let engineer = Engineer {
                    store: room.store,
                    hub: &self.hub,
                    sounds: &self.sounds,
                    fps: self.fps,
                    rate_mode: options.rate_mode,
                    bed,
                };
                scope.spawn(move || {
                    if let Err(error) = engineer.run(&heard) {
                        let steps = ["live sound", "the clips' sound", "silence"];
                        let otherwise = "`loopy doctor` says which sound can be encoded";
                        desk.fall_for(&error, steps, otherwise);
                    }
                });
            }
            let directing = scope.spawn(move || {
                let mut shelf = Shelf::new(room.store);
                let director = Director {
                    inbox: inbox.0,
                    rows,
                    others,
                    hub: &self.hub,
                    desk,
                    stock: &mut shelf,
                    ready: HashSet::new(),
                };
                self.ending(director.run())
            });
            scope.spawn(move || publisher::run(&published, &self.hub, desk.rungs(), self.fps));
            scope.spawn(move || stills::run(&shown, &self.hub, desk.rungs(), self.fps, fall));
            while !self.desk.stopped() {
                if (room.interrupted)() {
                    self.stop();
                }
                thread::sleep(POLL);
            }
            let ends = [surveyor.join(), maker.join(), directing.join()];
            for end in ends {
                match end {
                    Ok(Err(Error::Interrupted) | Ok(())) => {}
                    Ok(Err(error)) => return Err(error),
                    Err(_panic) => {
                        return Err(Error::Usage("a part of the stream broke down".to_owned()));
                    }
                }
            }
            Ok(())
        })
    }

    /// Where one ends with an error, all end.
    fn ending(&self, end: Result<(), Error>) -> Result<(), Error> {
        if end.is_err() {
            self.stop();
        }
        end
    }

    /// The walk shall be as `options` have it, from its next joint on.
    pub fn change_options(&self, options: Options) {
        self.desk.change_options(Arc::new(options));
    }

    /// Writes a step down into the ledger.
    pub fn note(&self, entry: Entry) {
        self.desk.fall(entry);
    }

    /// Ends the stream.
    pub fn stop(&self) {
        self.desk.stop();
        self.hub.end();
        // A full inbox is read by who sees that everybody ends.
        let _full = self.inbox.try_send(Message::Stop);
    }

    fn stream(&self, board: &Board) -> Value {
        let until = |frame: u64| {
            let due = self.hub.epoch_us().unwrap_or_default() + publisher::due(self.fps, frame);
            due.saturating_sub(self.hub.now_us()) / 1000
        };
        let now = board.now.as_ref().map(|(clip, state, leave)| {
            json!({ "clip": clip, "state": state, "left_ms": until(*leave) })
        });
        let next = board.next.as_ref().map(|next| {
            json!({
                "clip": next.clip,
                "state": next.state,
                "in_ms": until(next.start),
                "seam": next.seam,
                "score": next.score,
                "frames": next.frames,
            })
        });
        json!({
            "frame": board.frame,
            "late": board.late,
            "now": now,
            "next": next,
            "states": board.states,
            "clips": board.clips,
            "seed": board.seed,
            "signal": board.signal,
        })
    }

    fn system(&self) -> Value {
        let Some(sample) = self.watch.as_ref().and_then(Watch::latest) else {
            return Value::Null;
        };
        let whys = [
            ("cpu", sample.cpu.why()),
            ("own", sample.tree.why()),
            ("memory", sample.memory.why()),
            ("gpus", sample.gpus.why()),
        ];
        let whys = whys.into_iter();
        let missing: Map<String, Value> = whys
            .filter_map(|(what, why)| Some((what.to_owned(), why?.into())))
            .collect();
        let (cpu, tree) = (sample.cpu.known(), sample.tree.known());
        let memory = sample.memory.known();
        let gpus = sample.gpus.known().map(|gpus| {
            let gpu = |gpu: &Gpu| {
                json!({
                    "name": gpu.name.known(),
                    "use": gpu.busy.known().map(|percent| f64::from(*percent) / 100.0),
                    "encoder": gpu.encoder_busy.known().map(|percent| f64::from(*percent) / 100.0),
                    "memory_used": gpu.memory_used.known(),
                    "memory_total": gpu.memory_total.known(),
                    "temperature": gpu.temperature.known(),
                })
            };
            gpus.iter().map(gpu).collect::<Vec<Value>>()
        });
        json!({
            "cpu": cpu.map(|cpu| cpu.busy / f64::from(cpu.cores.max(1))),
            "cores": cpu.map(|cpu| cpu.cores),
            "own_cpu": tree.and_then(|tree| tree.busy.known()),
            "memory_used": memory.map(|memory| memory.total.saturating_sub(memory.available)),
            "memory_total": memory.map(|memory| memory.total),
            "own_memory": tree.map(|tree| tree.own),
            "workers_memory": tree.map(|tree| tree.workers),
            "gpus": gpus,
            "missing": missing,
        })
    }
}

impl Show for Station {
    fn figures(&self) -> Map<String, Value> {
        let board = self.desk.board();
        let handed_out = publisher::due(self.fps, board.frame);
        let epoch = self.hub.epoch_us().unwrap_or_default();
        let buffered = (epoch + handed_out).saturating_sub(self.hub.now_us()) / 1000;
        let certificate = board.certificate();
        let mut figures = Map::new();
        figures.insert("system".to_owned(), self.system());
        figures.insert("stream".to_owned(), self.stream(&board));
        figures.insert(
            "processing".to_owned(),
            json!({
                "fps": board.speed,
                "jobs_waiting": board.waiting,
                "clips_ready": board.ready,
                "clips": board.clips.len(),
                "encoded_frames": board.encoded,
                "buffered_ms": buffered,
            }),
        );
        figures.insert(
            "certificate".to_owned(),
            json!({
                "visits": certificate.visits,
                "frames": board.frame,
                "clips": certificate.clips,
                "least_gap": certificate.return_gap_min,
                "repeated_pairs": certificate.repeated_pairs,
                "longest_repeat": certificate.longest_repeat,
            }),
        );
        let ledger = board.ledger();
        figures.insert("ledger".to_owned(), json!(ledger));
        figures
    }

    fn ready(&self) -> bool {
        self.hub.epoch_us().is_some()
    }

    fn file(&self, path: &str) -> Option<(&'static str, Bytes)> {
        self.hls.get(path)
    }

    fn tell(&self, verb: &Verb) -> Result<Taken, Refused> {
        let busy = || Refused {
            code: "not_running",
            msg: "the stream does not answer".to_owned(),
            hint: "wait until /readyz answers 200".to_owned(),
        };
        let (answer, taken) = sync_channel(1);
        let message = Message::Verb(verb.clone(), answer);
        self.inbox.try_send(message).map_err(|_full| busy())?;
        taken.recv_timeout(PATIENCE).map_err(|_late| busy())?
    }
}

/// Stands for the station until there is one: the server listens while the library is looked over.
#[derive(Default)]
pub struct Lobby(OnceLock<Arc<Station>>);

impl Lobby {
    /// The stream is about to begin.
    pub fn open(&self, station: Arc<Station>) {
        self.0.get_or_init(|| station);
    }
}

impl Show for Lobby {
    fn figures(&self) -> Map<String, Value> {
        self.0
            .get()
            .map_or_else(Map::new, |station| station.figures())
    }

    fn ready(&self) -> bool {
        self.0.get().is_some_and(|station| station.ready())
    }

    fn file(&self, path: &str) -> Option<(&'static str, Bytes)> {
        self.0.get()?.file(path)
    }

    fn tell(&self, verb: &Verb) -> Result<Taken, Refused> {
        match self.0.get() {
            Some(station) => station.tell(verb),
            None => Err(Refused {
                code: "not_running",
                msg: "the library is still being looked over".to_owned(),
                hint: "wait until /readyz answers 200".to_owned(),
            }),
        }
    }
}
