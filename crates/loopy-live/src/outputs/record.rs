//! The stream as files: fragmented mp4, each begun at a key frame and named by the moment at which it
//! begins.
//!
//! Picture and sound begin together at that key frame. Which tracks a file has is settled there: where sound
//! first comes later, a new file begins at the next key frame. A group waits for its sound; where that does not come
//! in time, silence is written.
//!
//! A file is written under a temporary name, `NAME.part.mp4`, and renamed when it is whole. What a
//! killed program leaves under that name plays up to its last fragment.

mod torn;

use std::{
    collections::VecDeque,
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use loopy_core::{clip::show, ledger::Entry};
use loopy_media::{
    Error,
    audio::encode::{Packet, RATE, Track},
    mux::{self, Container, Options, Output, Writer},
};

use super::{
    Context,
    ear::{Ear, Heard},
    feed::{Feed, segment, start},
};
use crate::{
    hub::{Hub, Reel},
    packet::Unit,
    publisher,
};

/// A group waits for its sound while so much of the picture after it comes, in microseconds.
const LATE_US: u64 = 3_000_000;
/// And for the first sound of all.
const FIRST_US: u64 = 1_000_000;
/// What cannot be written is tried again after so many microseconds.
const AGAIN_US: u64 = 10_000_000;

/// What is recorded, and where.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The folder, which is made where it is missing.
    pub folder: PathBuf,
    /// A new file is begun after so long.
    pub every: Duration,
}

/// Records the best rung until the stream ends; where the disk takes no more, again after a while.
pub fn run(recording: &Recording, context: Context<'_>) {
    let Some(reel) = context.best() else { return };
    let mut failed = false;
    loop {
        let mut recorder = Recorder::new(recording, Arc::clone(&reel), context.sound);
        let recorded = loop {
            let worked = recorder.work(context.hub, &SystemTime::now);
            if worked.is_ok() && failed && recorder.file.is_some() {
                failed = false;
                (context.climb)(Entry {
                    what: "recording".to_owned(),
                    from: "nothing".to_owned(),
                    to: show(&recording.folder),
                    why: "it can be written again".to_owned(),
                    fix: String::new(),
                });
            }
            // What came last is written before the end.
            if worked.is_err() || !context.waits() {
                break worked.and_then(|()| recorder.finish(&SystemTime::now));
            }
        };
        let Err(error) = recorded else { return };
        recorder.give_up();
        failed = true;
        (context.fall)(Entry {
            what: "recording".to_owned(),
            from: show(&recording.folder),
            to: "nothing; the stream goes on".to_owned(),
            why: error.to_string(),
            fix: "make room in the folder: it goes on by itself; or name another with --record"
                .to_owned(),
        });
        let again = context.hub.now_us() + AGAIN_US;
        while context.hub.now_us() < again {
            if !context.waits() {
                return;
            }
        }
    }
}

/// Writes one file after the other.
struct Recorder<'a> {
    recording: &'a Recording,
    feed: Feed,
    /// There may be sound.
    hopes: bool,
    ear: Option<Ear>,
    /// Groups that wait for their sound.
    waiting: VecDeque<Vec<Unit>>,
    file: Option<Open>,
}

/// A file that is being written.
struct Open {
    writer: Writer,
    part: PathBuf,
    name: String,
    /// Output frames: the first, and the one that comes next.
    first: u64,
    next: u64,
    /// The sample from which sound is still to be written, where there is any.
    sound: Option<u64>,
}

/// What is known of the sound of a group.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sound {
    /// It is there, or is as late as it may be.
    Has,
    /// It has none.
    Lacks,
    /// It may still come.
    Awaits,
}

impl<'a> Recorder<'a> {
    fn new(recording: &'a Recording, reel: Arc<Reel>, hopes: bool) -> Self {
        Self {
            recording,
            feed: Feed::new(reel),
            hopes,
            ear: None,
            waiting: VecDeque::new(),
            file: None,
        }
    }

    /// Writes the groups that have come with their sound.
    fn work(&mut self, hub: &Hub, now: &dyn Fn() -> SystemTime) -> Result<(), Error> {
        self.waiting
            .extend(std::iter::from_fn(|| self.feed.group()));
        if self.hopes && self.ear.is_none() {
            self.ear = Ear::of(hub)?;
        }
        if let Some(ear) = &mut self.ear {
            ear.listen();
        }
        self.pass(false, now)
    }

    /// Writes what waits, and ends the file.
    fn finish(&mut self, now: &dyn Fn() -> SystemTime) -> Result<(), Error> {
        self.pass(true, now)?;
        self.end()
    }

    /// Writes the groups whose sound is there; at the `end` all of them.
    fn pass(&mut self, end: bool, now: &dyn Fn() -> SystemTime) -> Result<(), Error> {
        let fps = self.feed.reel.rung.fps;
        while let Some(group) = self.waiting.front() {
            let first = start(group, fps);
            let until = first + group.len() as u64;
            let sound = match self.sound(first, until) {
                Sound::Awaits if !end => return Ok(()),
                Sound::Has => true,
                Sound::Awaits => self.ear.as_ref().is_some_and(|ear| ear.end().is_some()),
                Sound::Lacks => false,
            };
            let Some(group) = self.waiting.pop_front() else {
                return Ok(());
            };
            let every = self.recording.every.as_micros() as u64;
            let most = fps.frames_in(every).max(1);
            let goes_on = |file: &Open| {
                file.next == first && first - file.first < most && file.sound.is_some() == sound
            };
            if !self.file.as_ref().is_some_and(goes_on) {
                self.end()?;
                let heard = if sound { self.tune(first) } else { None };
                self.file = Some(self.begin(first, heard, now())?);
            }
            self.write(&group, until)?;
        }
        Ok(())
    }

    /// What is known of the sound of the frames from `first` until `until`.
    fn sound(&self, first: u64, until: u64) -> Sound {
        if !self.hopes {
            return Sound::Lacks;
        }
        let fps = self.feed.reel.rung.fps;
        let newest = self
            .waiting
            .back()
            .map_or(until, |group| start(group, fps) + group.len() as u64);
        let waited = publisher::due(fps, newest).saturating_sub(publisher::due(fps, until));
        let heard = self.ear.as_ref().and_then(|ear| ear.begin().zip(ear.end()));
        let has_track = |file: &Open| file.next == first && file.sound.is_some();
        match heard {
            Some((begin, _)) if begin >= fps.samples(until, RATE) => {
                // Silence up to there, in a file that has a track.
                if self.file.as_ref().is_some_and(has_track) {
                    Sound::Has
                } else {
                    Sound::Lacks
                }
            }
            Some((_, end)) if end >= fps.samples(until, RATE) || waited >= LATE_US => Sound::Has,
            None if waited >= FIRST_US => Sound::Lacks,
            _ => Sound::Awaits,
        }
    }

    /// The sound of a file that begins with output frame `first`: what a player needs to know of it, and the
    /// sample with which it begins. That lies before the file, so that a decoder is ready when it begins.
    fn tune(&mut self, first: u64) -> Option<(Track, u64)> {
        let at = self.feed.reel.rung.fps.samples(first, RATE);
        let ear = self.ear.as_mut()?;
        ear.precede(at);
        let is_before = |unit: &&Heard| unit.at <= at;
        let mut before = ear.units().rev().skip_while(|unit| !is_before(unit));
        let holds = before.next().or_else(|| ear.units().next())?.at;
        let ready = before.next().filter(|unit| unit.at + ear.step() == holds);
        let from = ready.map_or(holds, |unit| unit.at);
        let track = Track {
            priming: at.saturating_sub(from) as u32,
            ..ear.track().clone()
        };
        Some((track, from))
    }

    /// Writes the pictures of a group that ends before output frame `until`, and its sound.
    fn write(&mut self, group: &[Unit], until: u64) -> Result<(), Error> {
        let (Some(record), Some(file)) = (self.feed.record(), &mut self.file) else {
            return Ok(());
        };
        file.writer.segment(&segment(record, group))?;
        file.next = until;
        let fps = self.feed.reel.rung.fps;
        let end = fps.samples(until, RATE);
        if let (Some(ear), Some(from)) = (&mut self.ear, file.sound) {
            ear.fill(from, end);
            // What goes on beyond the group may have to end with the file.
            file.hear(ear, fps.samples(file.first, RATE), end, false)?;
            // The next file begins with what this one ends with.
            ear.forget(end.saturating_sub(2 * ear.step()));
        }
        Ok(())
    }

    /// Begins a file with output frame `first` and with the sound that is `heard`.
    fn begin(
        &self,
        first: u64,
        heard: Option<(Track, u64)>,
        now: SystemTime,
    ) -> Result<Open, Error> {
        let folder = &self.recording.folder;
        let fail = |path: &Path| {
            let to = show(path);
            move |error: io::Error| Error::Write {
                to,
                why: error.to_string(),
            }
        };
        fs::create_dir_all(folder).map_err(fail(folder))?;
        let since = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let seconds = i64::try_from(since.as_secs()).unwrap_or_default();
        // Colons are no part of a file name everywhere.
        let date = mux::date(seconds).replace(':', "-");
        let (name, part, file) = create(folder, &date).map_err(fail(folder))?;
        let rung = &self.feed.reel.rung;
        let options = Options {
            container: Container::FragmentedMp4,
            size: rung.size,
            fps: rung.fps,
            config: self.feed.record().unwrap_or_default().to_vec(),
            delay: 0,
            frames: 0,
            audio: heard.as_ref().map(|(track, _)| track.clone()),
            tags: Vec::new(),
            created: Some(seconds),
        };
        // As a stream, every fragment is handed to the system when it is whole.
        let writer = Writer::create(Output::Stream(Box::new(file)), options);
        let writer = writer.inspect_err(|_failed| discard(&part))?;
        Ok(Open {
            writer,
            part,
            name,
            first,
            next: first,
            sound: heard.map(|(_, from)| from),
        })
    }

    /// Lets go of the file that is open.
    fn give_up(&mut self) {
        let Some(Open { writer, part, .. }) = self.file.take() else {
            return;
        };
        drop(writer);
        leave(&part);
    }

    /// Ends the file that is open and gives it its name.
    fn end(&mut self) -> Result<(), Error> {
        let Some(file) = self.file.take() else {
            return Ok(());
        };
        let part = file.part.clone();
        self.close(file).inspect_err(|_failed| leave(&part))
    }

    fn close(&self, mut file: Open) -> Result<(), Error> {
        let fps = self.feed.reel.rung.fps;
        if let Some(ear) = &self.ear {
            let end = fps.samples(file.next, RATE);
            file.hear(ear, fps.samples(file.first, RATE), end, true)?;
        }
        file.writer.finish()?;
        let whole = self.recording.folder.join(file.name);
        fs::rename(&file.part, &whole).map_err(|error| Error::Write {
            to: show(&whole),
            why: error.to_string(),
        })
    }
}

impl Open {
    /// Writes the sound before sample `until`, where it is to be written and is there; `first` is the
    /// sample with which the picture begins. The unit that goes on beyond is written at the `end` alone, as
    /// long as it lasts.
    fn hear(&mut self, ear: &Ear, first: u64, until: u64, end: bool) -> Result<(), Error> {
        let Some(from) = self.sound else {
            return Ok(());
        };
        for unit in ear.units().filter(|unit| (from..until).contains(&unit.at)) {
            let length = ear.step().min(until - unit.at);
            if length < ear.step() && !end {
                break;
            }
            self.writer.sound(&Packet {
                pts: unit.at as i64 - first as i64,
                duration: length as u32,
                data: unit.data.to_vec(),
            })?;
            self.sound = Some(unit.at + ear.step());
        }
        Ok(())
    }
}

/// Leaves a file that cannot be ended as it is up to its last whole fragment, or not at all where it has
/// none.
fn leave(part: &Path) {
    match torn::mend(part) {
        Ok(0) => discard(part),
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "{} may end within a fragment", show(part)),
    }
}

/// Removes a file in which nothing is.
fn discard(part: &Path) {
    if let Err(error) = fs::remove_file(part) {
        tracing::warn!(%error, "{} stays behind empty", show(part));
    }
}

/// A new file by `date`, with a number where there is one of that name: its name when it is whole, and
/// its path until then.
fn create(folder: &Path, date: &str) -> io::Result<(String, PathBuf, File)> {
    let mut number = 1_u32;
    loop {
        let stem = match number {
            1 => date.to_owned(),
            _ => format!("{date}-{number}"),
        };
        let name = format!("{stem}.mp4");
        let part = folder.join(format!("{stem}.part.mp4"));
        let is_there = folder.join(&name).try_exists()?;
        let options = OpenOptions::new().write(true).create_new(true).clone();
        match options.open(&part) {
            Ok(file) if !is_there => return Ok((name, part, file)),
            Ok(_) => fs::remove_file(&part)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        number = number.saturating_add(1);
    }
}

#[cfg(test)]
mod tests;
