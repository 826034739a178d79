//! The surveyor: looks the library over, a few clips first where it is new, and again when its files
//! change or another seed is wished for.

use std::{
    collections::{BTreeSet, HashSet},
    path::{Path, PathBuf},
    sync::{Arc, mpsc::SyncSender},
    time::Duration,
};

use loopy_core::{Rate, Size, clip::show, ledger::Entry};
use loopy_engine::{
    Error,
    events::Event,
    executor::{self, Executor, Outcome},
    job::{Done, Job},
    render::{Options, Room},
    scan::{self, Library},
    survey::{self, Survey},
    usage::Meter,
};

use crate::director::{Message, desk::Desk, ground::Ground};

/// With more files than these, and not all known of them, a sketch of some comes first.
const FEW: usize = 3;
/// Files of the first sketch; each one after it has four times as many.
const FIRST: usize = 3;
/// The library is looked at so often.
const EVERY: Duration = Duration::from_secs(5);
/// What failed is tried again after so many looks, though no file has changed.
const AGAIN: u32 = 6;
/// Clips that are named where some are gone.
const NAMED: usize = 3;

/// Runs no job: who needs one is interrupted.
struct Nobody;

impl Executor<Job, Done> for Nobody {
    fn run(
        &self,
        jobs: Vec<Job>,
        _on: &mut dyn FnMut(executor::Event<'_, Done>),
    ) -> Result<Vec<Outcome<Done>>, executor::Error> {
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        Err(executor::Error::Interrupted)
    }

    fn room(&self) -> Option<u64> {
        None
    }
}

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

/// The output rate and size of a library, from its first clips where nobody said otherwise.
///
/// # Errors
/// When nothing is usable, the store or the index fails, or the user interrupts.
pub fn shape(options: &Options, room: &Room) -> Result<(Rate, Size), Error> {
    let mut meter = Meter::start(room.workers);
    let library = first(options, room, &mut meter)?;
    let fps = options.fps.or_else(|| scan::common_rate(&library.clips));
    let fps = fps.or_else(|| Rate::new(30, 1));
    let size = options.size.or_else(|| scan::common_size(&library.clips));
    match (fps, size) {
        (Some(fps), Some(size)) => Ok((fps, size)),
        _ => Err(Error::Usage(
            "the clips tell no rate or size; give --fps and --size".to_owned(),
        )),
    }
}

/// The first files that have a usable clip among them; all where most were looked at before.
fn first(options: &Options, room: &Room, meter: &mut Meter) -> Result<Library, Error> {
    let (files, new) = survey::files(&options.scan, &options.limits, room)?;
    let mut count = if new > FEW { FIRST } else { usize::MAX }.min(files.len());
    loop {
        let some = &files[..count];
        match survey::some(&options.scan, some, &options.limits, room, meter) {
            Err(Error::NothingUsable { .. }) if count < files.len() => {
                count = (count * 4).min(files.len());
            }
            other => return other.map(|(library, _pin)| library),
        }
    }
}

impl Surveyor<'_> {
    /// Surveys until everybody ends.
    ///
    /// # Errors
    /// When there is no usable clip, or the store or the index fails, before anything is laid out.
    pub fn run(mut self) -> Result<(), Error> {
        let mut meter = Meter::start(self.room.workers);
        let (files, _new) = survey::files(&self.options.scan, &self.options.limits, self.room)?;
        let mut look = survey::look(&self.options.scan);
        let mut sketched = false;
        let known = self.known(&mut meter);
        if known.is_none() && files.len() > FEW {
            let mut count = FIRST;
            while count < files.len() && !self.desk.stopped() {
                match self.sketch(&files[..count], &mut meter) {
                    Ok(laid) => sketched |= laid,
                    Err(error) if sketched => {
                        self.trouble(&error);
                        break;
                    }
                    Err(error) => return Err(error),
                }
                count *= 4;
            }
        }
        let mut seed = self.options.seed;
        let first = match known {
            Some(survey) => self.lay(&survey, seed, true).map(|()| survey),
            None => self.survey(seed, &mut meter),
        };
        let mut survey = match first {
            Ok(survey) => Some(survey),
            Err(Error::Interrupted) => return Ok(()),
            Err(error) if sketched => {
                self.trouble(&error);
                None
            }
            Err(error) => return Err(error),
        };
        let mut failed = survey.is_none().then_some(0);
        if let Some(survey) = &survey {
            self.tell_size(survey);
        }
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
            self.desk.rest(EVERY / 5);
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

    /// What is known of the library as it is, where nothing is left to find out.
    fn known(&self, meter: &mut Meter) -> Option<Survey> {
        let room = &Room {
            executor: &Nobody,
            ..*self.room
        };
        let options = &self.options;
        survey::full(&options.scan, options.matched, &options.limits, room, meter).ok()
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
        self.desk.fall(Entry {
            what: "library".to_owned(),
            from: "the folder as it is now".to_owned(),
            to: "the clips that were there".to_owned(),
            why: error.to_string(),
            fix: error
                .hint()
                .unwrap_or_else(|| "`loopy analyze` says more".to_owned()),
        });
    }
}
