//! The surveyor: looks the library over, a few clips first where it is new, and again when its files
//! change or another seed is wished for.

mod nobody;
mod shape;

use std::{
    collections::{BTreeSet, HashSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, mpsc::SyncSender},
    time::Duration,
};

use loopy_core::{Rate, clip::show, ledger::Entry};
use loopy_engine::{
    Error,
    events::Event,
    render::{Options, Room},
    survey::{self, Survey},
    usage::Meter,
};

use self::nobody::Nobody;
pub use self::shape::shape;
use crate::director::{Message, desk::Desk, ground::Ground};

/// With more files than these, and not all known of them, a sketch of some comes first.
const FEW: usize = 3;
/// Files of the first sketch; each one after it has four times as many.
const FIRST: usize = 3;
/// The library is looked at so often.
const EVERY: Duration = Duration::from_secs(2);
/// What changes within this is still being written.
const SETTLED: Duration = Duration::from_secs(1);
/// What failed is tried again after so many looks, though no file has changed.
const AGAIN: u32 = 6;
/// Clips that are named where some are gone.
const NAMED: usize = 3;

/// The surveyor's room.
pub struct Surveyor<'a> {
    /// Store, index and workers.
    pub room: &'a Room<'a>,
    /// What to look for, and what the walk is like.
    pub options: Arc<Options>,
    /// Shared with the maker.
    pub desk: &'a Desk,
    /// Who is told of a new ground.
    pub director: SyncSender<Message>,
    /// Output rate, once it is known.
    pub fps: Rate,
}

impl Surveyor<'_> {
    /// Surveys until everybody ends.
    ///
    /// # Errors
    /// When there is no usable clip, or the store or the index fails, before anything is laid out.
    pub fn run(mut self) -> Result<(), Error> {
        let mut meter = Meter::start(self.room.workers);
        let mut look = survey::look(&self.options.scan);
        let mut seed = self.options.seed;
        let mut survey = match self.begin(&mut meter) {
            Err(Error::Interrupted) => return Ok(()),
            begun => begun?,
        };
        let mut failed = survey.is_none().then_some(0);
        while !self.desk.stopped() {
            self.desk.rest(EVERY);
            if let Some(other) = self.desk.take_seed() {
                seed = other;
                if let Some(survey) = &survey {
                    self.relay(survey, seed);
                }
            }
            if let Some(options) = self.desk.take_options() {
                let before = std::mem::replace(&mut self.options, options);
                if let Some(survey) = &survey
                    && !self.relay(survey, seed)
                {
                    // A wish that cannot be granted changes nothing.
                    self.options = before;
                }
            }
            let now = survey::look(&self.options.scan);
            failed = failed.map(|looks| looks + 1);
            if now == look && failed.is_none_or(|looks| looks < AGAIN) {
                continue;
            }
            // A file that is still being written changes again: it waits for the next look.
            self.desk.rest(SETTLED);
            if survey::look(&self.options.scan) != now {
                continue;
            }
            look = now;
            match self.survey(seed, &mut meter) {
                Ok(other) => {
                    if let Some(before) = &survey {
                        self.tell_gone(before, &other);
                    }
                    if failed.take().is_some() {
                        self.well();
                    }
                    survey = Some(other);
                }
                Err(Error::Interrupted) => return Ok(()),
                // The clips that are known go on.
                Err(error) => {
                    failed = Some(0);
                    self.trouble(&error);
                }
            }
        }
        Ok(())
    }

    /// Lays out the library, sketches first where not all of it is known; `None` where there are only
    /// sketches, because the rest has failed.
    fn begin(&self, meter: &mut Meter) -> Result<Option<Survey>, Error> {
        let seed = self.options.seed;
        if let Some(survey) = self.known(meter) {
            self.lay(&survey, seed, true)?;
            self.tell_size(&survey);
            return Ok(Some(survey));
        }
        let sketched = self.sketches(meter)?;
        match self.survey(seed, meter) {
            Ok(survey) => {
                self.tell_size(&survey);
                Ok(Some(survey))
            }
            Err(error) if sketched && !matches!(error, Error::Interrupted) => {
                self.trouble(&error);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Lays out more and more files; whether there was something to lay out.
    fn sketches(&self, meter: &mut Meter) -> Result<bool, Error> {
        let (files, _) = survey::files(&self.options.scan, &self.options.limits, self.room)?;
        let (mut count, mut sketched) = (FIRST, false);
        while files.len() > FEW && count < files.len() && !self.desk.stopped() {
            match self.sketch(&files[..count], meter) {
                Ok(laid) => sketched |= laid,
                Err(error) if sketched => {
                    self.trouble(&error);
                    break;
                }
                Err(error) => return Err(error),
            }
            count *= 4;
        }
        Ok(sketched)
    }

    /// What is known of the library as it is, where nothing is left to find out.
    fn known(&self, meter: &mut Meter) -> Option<Survey> {
        let told = Mutex::new(Vec::new());
        let room = &Room {
            executor: &Nobody,
            sink: &|event| {
                let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
                told.push(event);
            },
            ..*self.room
        };
        let options = &self.options;
        let survey = survey::full(&options.scan, options.matched, &options.limits, room, meter);
        let survey = survey.ok()?;
        // Of what was not found so, it is told when it is found.
        let told = told.into_inner().unwrap_or_else(PoisonError::into_inner);
        told.into_iter().for_each(self.room.sink);
        Some(survey)
    }

    /// Looks the library over and lays it out.
    fn survey(&self, seed: u64, meter: &mut Meter) -> Result<Survey, Error> {
        let survey = self.full(meter)?;
        self.lay(&survey, seed, true)?;
        Ok(survey)
    }

    /// Lays the library out in another way; whether that can be done.
    fn relay(&self, survey: &Survey, seed: u64) -> bool {
        self.lay(survey, seed, true)
            .inspect_err(|error| self.trouble(error))
            .is_ok()
    }

    fn full(&self, meter: &mut Meter) -> Result<Survey, Error> {
        let options = &self.options;
        survey::full(
            &options.scan,
            options.matched,
            &options.limits,
            self.room,
            meter,
        )
    }

    /// Looks over some files and lays them out; whether there was something to lay out.
    fn sketch(&self, files: &[PathBuf], meter: &mut Meter) -> Result<bool, Error> {
        let options = &self.options;
        match survey::sketch(&options.scan, files, &options.limits, self.room, meter) {
            Ok(survey) => match self.lay(&survey, options.seed, false) {
                // A wish may name a clip that is not among these.
                Err(Error::Usage(_) | Error::Document { .. } | Error::Walk(_)) => Ok(false),
                other => other.map(|()| true),
            },
            Err(Error::NothingUsable { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Lays out what was found and gives it to the others.
    fn lay(&self, survey: &Survey, seed: u64, full: bool) -> Result<(), Error> {
        let ground = Arc::new(Ground::new(survey, &self.options, self.fps, seed, full)?);
        self.desk.lay(Arc::clone(&ground));
        // Who has ended needs no ground.
        let _ended = self.director.send(Message::Ground(ground));
        Ok(())
    }

    /// Says what the pieces will take in the store, beside those of films.
    fn tell_size(&self, survey: &Survey) {
        let micros: i64 = survey
            .library
            .clips
            .iter()
            .map(|clip| clip.end.max(0))
            .sum();
        let rungs = self.desk.rungs().all();
        let bits: u64 = rungs.iter().map(|rung| u64::from(rung.bitrate)).sum();
        let megabytes = micros as u64 / 1_000_000 * bits / 8_000_000;
        let clips = survey.library.clips.len();
        (self.room.sink)(Event::Note {
            message: format!(
                "the pieces of {clips} clips at {} renditions take at most about {megabytes} MB in the \
                 store, beside those of films",
                rungs.len(),
            ),
        });
    }

    /// Says which clips are there no more.
    fn tell_gone(&self, before: &Survey, now: &Survey) {
        let still: HashSet<&Path> = now
            .library
            .clips
            .iter()
            .map(|clip| clip.path.as_path())
            .collect();
        let clips = before.library.clips.iter();
        let gone: BTreeSet<String> = clips
            .filter(|clip| !still.contains(clip.path.as_path()))
            .map(|clip| show(clip.path.as_path()))
            .collect();
        if gone.is_empty() {
            return;
        }
        let some: Vec<&str> = gone.iter().take(NAMED).map(String::as_str).collect();
        let more = match gone.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        self.desk.fall(Entry {
            what: "library".to_owned(),
            from: format!("{} clips", before.library.clips.len()),
            to: format!("{} clips", now.library.clips.len()),
            why: format!(
                "no longer among the usable files: {}{more}",
                some.join(", ")
            ),
            fix: "put them back where they are missed; the stream takes them up by itself"
                .to_owned(),
        });
    }

    /// Says that what had failed is done.
    fn well(&self) {
        self.desk.climb(Entry {
            what: "library".to_owned(),
            from: "the clips that were there".to_owned(),
            to: "the folder as it is now".to_owned(),
            why: "it could be looked over again".to_owned(),
            fix: String::new(),
        });
    }

    fn trouble(&self, error: &Error) {
        let steps = [
            "library",
            "the folder as it is now",
            "the clips that were there",
        ];
        self.desk
            .fall_for(error, steps, "`loopy analyze` says more");
    }
}
