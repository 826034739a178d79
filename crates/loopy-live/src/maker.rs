//! The maker: has pieces encoded before they are due, those of what lies ahead first, then every clip
//! of the library, then the next rung.

use std::{
    collections::HashSet,
    sync::mpsc::SyncSender,
    time::{Duration, Instant},
};

use loopy_core::{Hash, ledger::Entry, limits::Limits};
use loopy_engine::{
    Error,
    realize::{self, Cutter, Item, Timeline},
    render::Room,
    scan,
    soundtrack::along,
    store::{self, Kind, Pin},
};

use crate::{
    director::{
        Message,
        desk::{Desk, Order},
        ground::{Ground, Part},
    },
    sound::Sounds,
};

/// Pieces in one order: what is asked for meanwhile waits no longer than these take.
const BATCH: usize = 4;
/// With fewer clips that are ready than these, nothing goes before the others.
const FEW: usize = 3;
/// Pins that are held before they are made one.
const PINS: usize = 16;
/// A look at the desk, at the latest.
const PAUSE: Duration = Duration::from_secs(5);

/// The maker's room.
pub struct Maker<'a> {
    /// Store and workers.
    pub room: &'a Room<'a>,
    /// What is asked for.
    pub desk: &'a Desk,
    /// Who is told what is ready.
    pub director: SyncSender<Message>,
    /// Limits of one job.
    pub limits: Limits,
    /// Who is told what clips sound like, where they are heard.
    pub sounds: Option<&'a Sounds>,
    /// Clips that are whole at so many rungs.
    whole: HashSet<(Part, usize)>,
    broken: HashSet<Part>,
    pins: Vec<Pin>,
    pinned: HashSet<Hash>,
    /// Pieces that were there when last looked for.
    had: HashSet<Hash>,
}

impl<'a> Maker<'a> {
    /// A maker that has made nothing yet.
    pub fn new(
        room: &'a Room<'a>,
        desk: &'a Desk,
        director: SyncSender<Message>,
        limits: Limits,
        sounds: Option<&'a Sounds>,
    ) -> Self {
        Self {
            sounds,
            room,
            desk,
            director,
            limits,
            whole: HashSet::new(),
            broken: HashSet::new(),
            pins: Vec::new(),
            pinned: HashSet::new(),
            had: HashSet::new(),
        }
    }

    /// Makes pieces until everybody ends.
    ///
    /// # Errors
    /// When the store, the disk or the workers fail before a clip is whole.
    pub fn run(mut self) -> Result<(), Error> {
        let mut seen = u64::MAX;
        while let Some(order) = self.desk.order(seen, PAUSE) {
            seen = order.version;
            let Some(ground) = order.ground.clone() else {
                continue;
            };
            for part in &order.doubted {
                self.whole.retain(|(other, _)| other != part);
            }
            match self.work(&ground, &order) {
                // There is more to do: the next look does not wait.
                Ok(true) => seen = u64::MAX,
                Ok(false) => self.desk.idle(),
                Err(Error::Interrupted) => return Ok(()),
                Err(error) if self.whole.is_empty() => return Err(error),
                Err(error) => {
                    self.trouble(&error);
                    self.desk.idle();
                }
            }
        }
        Ok(())
    }

    /// Does one thing; false when there is nothing to do.
    fn work(&mut self, ground: &Ground, order: &Order) -> Result<bool, Error> {
        let wanted = order.wanted.iter().filter(|item| self.known(ground, item));
        let wanted: Vec<Item> = wanted.cloned().collect();
        for item in &wanted {
            self.hear(ground, item.clip)?;
        }
        let (missing, there): (Vec<Item>, Vec<Item>) =
            (wanted.into_iter()).partition(|item| self.is_missing(item));
        self.tell_gone(ground, &missing);
        self.had.extend(there.iter().map(|item| item.key));
        let ready = self.ready(ground);
        self.desk.made(ready, missing.len());
        self.desk
            .hurry(!missing.is_empty() || ready < FEW.min(ground.clips.len()));
        if let Some(first) = missing.first() {
            // A clip is decoded at one size for all that is made of it in one go.
            let size = first.recipe.normalise.size;
            let same = missing
                .iter()
                .filter(|item| item.recipe.normalise.size == size);
            let batch = same.take(BATCH).cloned().collect();
            return self.make(ground, batch);
        }
        let on = self.desk.rungs().on();
        for rung in 0..self.desk.rungs().all().len() {
            if let Some(clip) = self.next_clip(ground, rung) {
                return self.finish(ground, clip, rung);
            }
            if rung >= on && ready > 0 {
                self.desk.rungs().switch_on();
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The clips of a wanted piece are of this ground.
    fn known(&self, ground: &Ground, item: &Item) -> bool {
        let fits = |clip: u32| (clip as usize) < ground.clips.len();
        fits(item.clip)
            && item.to.is_none_or(fits)
            && ground.clips[item.clip as usize].clip.hash == source(item)
            && !self.broken.contains(&ground.part(item.clip))
    }

    fn is_missing(&self, item: &Item) -> bool {
        !self.room.store.contains(Kind::Segment, &item.key)
    }

    /// Says so where pieces that were there are there no more.
    fn tell_gone(&mut self, ground: &Ground, missing: &[Item]) {
        for item in missing {
            if self.had.remove(&item.key) {
                // All that is made of this clip is looked after.
                let part = ground.part(item.clip);
                self.whole.retain(|(other, _)| *other != part);
                self.desk.fall(Entry {
                    what: "store".to_owned(),
                    from: format!("the pieces of {}", ground.name(item.clip)),
                    to: "made again".to_owned(),
                    why: "some are gone from the store".to_owned(),
                    fix: "a larger --cache-size, or a store that nothing else empties".to_owned(),
                });
            }
        }
    }

    fn ready(&self, ground: &Ground) -> usize {
        let clips = 0..ground.clips.len() as u32;
        clips
            .filter(|clip| self.whole.contains(&(ground.part(*clip), 0)))
            .count()
    }

    /// A clip that is not whole at `rung`; those of the walk's first visits come first.
    fn next_clip(&self, ground: &Ground, rung: usize) -> Option<u32> {
        let clips = 0..ground.clips.len() as u32;
        let mut open = clips.filter(|clip| {
            let part = ground.part(*clip);
            ground.planner.shows(*clip)
                && !self.broken.contains(&part)
                && !self.whole.contains(&(part, rung))
        });
        open.next()
    }

    /// Makes what a clip lacks at `rung`, or a part of it where that is much.
    fn finish(&mut self, ground: &Ground, clip: u32, rung: usize) -> Result<bool, Error> {
        let look = &self.desk.rungs().all()[rung].look;
        let alone = std::slice::from_ref(&ground.clips[clip as usize]);
        let mut cutter = Cutter::new(alone, ground.fps, ground.rate_mode, look)?;
        cutter.visit(0, 0, cutter.len(0));
        let items = cutter.segments().iter().cloned();
        let items: Vec<Item> = items.map(|item| Item { clip, ..item }).collect();
        self.pin(&items);
        let missing = items.into_iter().filter(|item| self.is_missing(item));
        let missing: Vec<Item> = missing.take(BATCH + 1).collect();
        let part = ground.part(clip);
        if !missing.is_empty() {
            let rest = missing.len() > BATCH;
            let made = self.make(ground, missing.into_iter().take(BATCH).collect())?;
            if !made {
                return Ok(false);
            }
            if rest || self.broken.contains(&part) {
                return Ok(true);
            }
        }
        self.hear(ground, clip)?;
        self.whole.insert((part, rung));
        // Ready means at every rung that is on.
        let on = self.desk.rungs().on();
        if (0..on).all(|rung| self.whole.contains(&(part, rung))) {
            self.say(Message::Ready(part));
        }
        self.desk.made(self.ready(ground), 0);
        Ok(true)
    }

    /// Finds out how a clip sounds, where it is not known.
    fn hear(&self, ground: &Ground, number: u32) -> Result<(), Error> {
        let part = ground.part(number);
        if let Some(sounds) = self.sounds
            && !sounds.knows(&part)
        {
            let clip = &ground.clips[number as usize].clip;
            let heard = along::heard(clip, ground.start_of(number), &self.limits, self.room)?;
            sounds.add(part, clip.clone(), heard);
        }
        Ok(())
    }

    /// Keeps eviction away from pieces that the walk may need at any time; where that cannot be done,
    /// they are made again when they are missed.
    fn pin(&mut self, items: &[Item]) {
        if let Err(error) = self.hold(items) {
            self.trouble(&error.into());
        }
    }

    fn hold(&mut self, items: &[Item]) -> Result<(), store::Error> {
        let new = items.iter().filter(|item| !self.pinned.contains(&item.key));
        let keys: Vec<(Kind, Hash)> = new.map(|item| (Kind::Segment, item.key)).collect();
        if keys.is_empty() {
            return Ok(());
        }
        self.pins.push(self.room.store.pin(&keys)?);
        self.pinned.extend(keys.into_iter().map(|(_, key)| key));
        // Each pin holds a file open: many are made one.
        if self.pins.len() > PINS {
            let all: Vec<(Kind, Hash)> = self
                .pinned
                .iter()
                .map(|key| (Kind::Segment, *key))
                .collect();
            self.pins = vec![self.room.store.pin(&all)?];
        }
        Ok(())
    }

    /// Has pieces made, or finds out which clip is broken; false when it is to be tried again later.
    fn make(&mut self, ground: &Ground, items: Vec<Item>) -> Result<bool, Error> {
        self.pin(&items);
        let timeline = Timeline::loose(items);
        // With what bridges are made of, until they are made.
        let held = timeline.pin(self.room.store);
        if let Err(error) = &held {
            self.trouble(error);
        }
        let begun = Instant::now();
        let made = realize::realize(
            &ground.clips,
            &timeline,
            self.room.store,
            self.room.executor,
            &self.limits,
            self.room.sink,
        );
        let (path, why) = match made {
            Ok(made) => {
                self.desk.encoded(made.encoded_frames, begun.elapsed());
                for entry in made.fallbacks {
                    self.desk.fall(entry);
                }
                return Ok(true);
            }
            Err(Error::Interrupted) => return Ok(false),
            Err(Error::Clip { path, why }) => (path, why),
            Err(Error::Killed { path, hash, why }) => {
                let version = scan::verdict_version(&self.limits);
                self.room.index.quarantine(&hash, &version, &why)?;
                (path, why)
            }
            Err(error) => {
                // The disk, the store, the workers: nobody's fault among the clips.
                self.trouble(&error);
                return Ok(false);
            }
        };
        let clips = 0..ground.clips.len() as u32;
        let mut of_file = clips.filter(|clip| {
            let planned = &ground.clips[*clip as usize];
            planned.clip.path.as_path() == path
        });
        let Some(part) = of_file.next().map(|clip| ground.part(clip)) else {
            return Ok(false);
        };
        self.broken.insert(part);
        self.say(Message::Broken(part, why));
        Ok(true)
    }

    /// What is there is shown; what is not is tried again.
    fn trouble(&self, error: &Error) {
        let steps = ["live encoding", "new pieces", "the pieces that are there"];
        self.desk.fall_for(error, steps, "`loopy doctor` says more");
    }

    fn say(&self, message: Message) {
        // Who has ended needs to know nothing.
        let _ended = self.director.send(message);
    }
}

/// The file that a piece is made of first.
fn source(item: &Item) -> Hash {
    use loopy_core::recipe::Pictures;
    match item.recipe.pictures {
        Pictures::Run(row)
        | Pictures::Dissolve { tail: row, .. }
        | Pictures::Morph { tail: row, .. }
        | Pictures::Motion { before: row, .. } => row.source,
    }
}
