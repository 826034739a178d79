//! The fallback system: every ladder of the program, one ledger for all of them.
//!
//! Nothing is tried before somebody needs it. What is found holds until the environment is another
//! one (see [`loopy_core::ladder`]), which is looked at again whenever a rung is asked for.

mod environment;
mod ladder;
mod probe;
mod processor;
#[cfg(test)]
mod tests;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use loopy_core::{
    config::{AdvancedFeaturesConfig, ModelQuality},
    ladder::{Move, State},
    ledger::{Entry, Ledger, Noted},
};
use loopy_media::{audio::encode::Codec, capabilities};

use crate::{
    executor::{self, Executor},
    job::{Done, Job},
};

pub use self::{
    ladder::{Chosen, Ladder, Nothing, Rung},
    processor::{Maker, Makers, Processor},
};

/// How long a rung may take to show that it works.
const PATIENCE: Duration = Duration::from_secs(10);
/// Starting a process on a machine that is busy takes longer.
const PROCESS_PATIENCE: Duration = Duration::from_secs(70);

/// Mean difference of luma above which what an encoder made is not what it was given.
const APART: f64 = 0.5;

/// Models that score joints, best first.
const MODELS: [&str; 3] = ["full model", "lite model", "cpu model"];

/// What scores joints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scores {
    /// What is measured in the pictures, and the trees that are part of the program.
    Visual,
}

/// Every ladder of the program. Share it between threads.
pub struct FallbackSystem {
    processor: Ladder<Processor>,
    scores: Ladder<Scores>,
    encoder: Ladder<()>,
    sound: Ladder<Codec>,
    reading: Vec<Ladder<()>>,
    ledger: Mutex<Ledger>,
}

impl FallbackSystem {
    /// The ladders, as far as `config` asks for their rungs; `makers` make what runs jobs.
    pub fn new(config: &AdvancedFeaturesConfig, makers: Makers) -> Self {
        Self {
            processor: processor(config, makers),
            scores: scores(config),
            encoder: encoder(),
            sound: sound(),
            reading: loopy_media::decode::ladders()
                .into_iter()
                .map(reading)
                .collect(),
            ledger: Mutex::default(),
        }
    }

    /// The best processor that works here.
    ///
    /// # Errors
    /// When none does, with each and why.
    pub fn get_processor(&self) -> Result<Chosen<Processor>, Nothing> {
        self.take(&self.processor)
    }

    /// What scores joints.
    ///
    /// # Errors
    /// When nothing does.
    pub fn get_scores(&self) -> Result<Scores, Nothing> {
        self.take(&self.scores).map(|chosen| chosen.value)
    }

    /// Makes sure that video can be encoded.
    ///
    /// # Errors
    /// When it cannot, with the encoders and why.
    pub fn get_encoder(&self) -> Result<(), Nothing> {
        self.take(&self.encoder).map(|chosen| chosen.value)
    }

    /// The sound codec to use where `wanted` was asked for.
    ///
    /// # Errors
    /// When no sound can be encoded.
    pub fn get_sound(&self, wanted: Codec) -> Result<Codec, Nothing> {
        match wanted {
            // The floor: nothing else would do.
            Codec::Aac => Ok(Codec::Aac),
            Codec::Opus => self.take(&self.sound).map(|chosen| chosen.value),
        }
    }

    /// Tries what the settings ask for by name and what no render can do without, before any work.
    ///
    /// # Errors
    /// When a render could not end well.
    pub fn settle(&self) -> Result<(), Nothing> {
        self.get_encoder()?;
        self.get_scores()?;
        if self.processor.asks_for(0) {
            self.get_processor()?;
        }
        Ok(())
    }

    /// How every ladder stands, all of them tried.
    pub fn capabilities(&self) -> Vec<State> {
        // What is missing shows in the state.
        let tried = [
            self.get_processor().err(),
            self.get_encoder().err(),
            self.get_scores().err(),
            self.take(&self.sound).err(),
        ];
        let failed = tried.iter().flatten().count() + self.try_reading();
        tracing::debug!(failed, "ladders were tried");
        let mut states = vec![
            self.processor.state(),
            self.encoder.state(),
            self.sound.state(),
            self.scores.state(),
        ];
        states.extend(self.reading.iter().map(Ladder::state));
        states
    }

    fn try_reading(&self) -> usize {
        let tried = self.reading.iter().map(|ladder| self.take(ladder));
        tried.filter(Result::is_err).count()
    }

    /// Every step so far.
    pub fn ledger(&self) -> Vec<Noted> {
        self.lock().noted().to_vec()
    }

    /// Every step down so far, as a document holds it.
    pub fn entries(&self) -> Vec<Entry> {
        self.lock().entries()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take<T: Clone + Send + 'static>(&self, ladder: &Ladder<T>) -> Result<Chosen<T>, Nothing> {
        let chosen = ladder.get(&environment::now());
        self.write(ladder.moves());
        chosen
    }

    fn lose(&self, chosen: &Chosen<Processor>, why: &str) {
        self.processor.lost(chosen, why);
    }

    fn write(&self, moves: Vec<Move>) {
        let when = seconds();
        let mut ledger = self.lock();
        for step in moves {
            match step {
                Move::Down(entry) => {
                    ledger.add(entry, when);
                }
                Move::Up(entry) => ledger.climb(entry, when),
            }
        }
    }
}

/// What `config` switches on and this program has not, with why.
pub fn lacking(config: &AdvancedFeaturesConfig) -> Vec<(String, String)> {
    let absent = || Err("this is no place to run jobs".to_owned());
    let makers = Makers {
        workers: Box::new(absent),
        basic: Box::new(absent),
    };
    let system = FallbackSystem::new(config, makers);
    let mut lacking = system.scores.lacking(MODELS.len());
    lacking.dedup_by(|a, b| a.1 == b.1);
    lacking.extend(system.processor.lacking(1));
    lacking
}

/// Steps down that were taken somewhere else, noted now.
pub fn noted(entries: &[Entry]) -> Vec<Noted> {
    let when = seconds();
    let noted = entries.iter().map(|entry| Noted {
        entry: entry.clone(),
        up: false,
        when,
    });
    noted.collect()
}

fn seconds() -> Option<u64> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.ok().map(|since| since.as_secs())
}

/// Jobs run on the best processor that works; one that cannot be started any more is left, and what
/// it has not done is done by the next one.
impl Executor<Job, Done> for FallbackSystem {
    fn run(
        &self,
        jobs: Vec<Job>,
        on: &mut dyn FnMut(executor::Event<'_, Done>),
    ) -> Result<Vec<executor::Outcome<Done>>, executor::Error> {
        processor::run(self, &jobs, on)
    }
}

fn rung<T>(
    name: &str,
    fix: &str,
    asked: bool,
    probe: impl Fn() -> Result<T, String> + Send + Sync + 'static,
) -> Rung<T> {
    Rung {
        name: name.to_owned(),
        fix: fix.to_owned(),
        asked,
        probe: Arc::new(probe),
    }
}

fn processor(config: &AdvancedFeaturesConfig, makers: Makers) -> Ladder<Processor> {
    let gpu = config.features.gpu_acceleration.enabled;
    let Makers { workers, basic } = makers;
    let rungs = vec![
        rung(
            "GPU",
            "this version has none; leave `features.gpu_acceleration.enabled` at false",
            gpu,
            || {
                Err(
                    "`features.gpu_acceleration.enabled` is true, and this version has none"
                        .to_owned(),
                )
            },
        ),
        rung(
            "CPU workers",
            "make sure that `loopy` may start processes of itself, each with its `--worker-memory`",
            true,
            move || Processor::try_out(workers()?, true),
        ),
        rung("CPU, in this process", "", true, move || {
            Processor::try_out(basic()?, false)
        }),
    ];
    Ladder::new(
        "picture work",
        &["program", "driver"],
        rungs,
        processor::check,
        PROCESS_PATIENCE,
    )
}

fn scores(config: &AdvancedFeaturesConfig) -> Ladder<Scores> {
    let ml = &config.features.ml_enhanced;
    let wanted = match ml.model_quality {
        ModelQuality::Auto | ModelQuality::Full => 0,
        ModelQuality::Lite => 1,
        ModelQuality::Cpu => 2,
    };
    let mut rungs: Vec<Rung<Scores>> = MODELS
        .into_iter()
        .enumerate()
        .map(|(tier, name)| {
            rung(
                name,
                "this version has none; leave `features.ml_enhanced.enabled` at false",
                ml.enabled && tier >= wanted,
                || {
                    Err(
                        "`features.ml_enhanced.enabled` is true, and this version has no model \
                         runner"
                            .to_owned(),
                    )
                },
            )
        })
        .collect();
    rungs.push(rung("what is measured in the pictures", "", true, || {
        Ok(Scores::Visual)
    }));
    Ladder::new("scores of joints", &["driver"], rungs, |_| Ok(()), PATIENCE)
}

fn encoder() -> Ladder<()> {
    let rungs = vec![
        rung(
            "hardware H.264",
            "nothing yet: what a device's encoder makes is not proven to join exactly",
            false,
            || Err("this version joins only what libx264 made".to_owned()),
        ),
        rung(
            "libx264",
            "install an FFmpeg that was built with --enable-gpl --enable-libx264",
            true,
            || {
                let apart = capabilities::prove_video().map_err(|error| error.to_string())?;
                if apart > APART {
                    return Err(format!("its pictures are off by {apart:.1} code values"));
                }
                Ok(())
            },
        ),
        rung("another encoder", "", true, || {
            Err("this version joins only what libx264 made".to_owned())
        }),
    ];
    Ladder::new(
        "encoding of video",
        &["FFmpeg"],
        rungs,
        |()| Ok(()),
        PATIENCE,
    )
}

fn sound() -> Ladder<Codec> {
    let prove = |codec| move || capabilities::prove_sound(codec).map(|packets| (codec, packets));
    let made = |proof: Result<(Codec, u32), loopy_media::Error>| match proof {
        Ok((_, 0)) => Err("it made no sound".to_owned()),
        Ok((codec, _)) => Ok(codec),
        Err(error) => Err(error.to_string()),
    };
    let (opus, aac) = (prove(Codec::Opus), prove(Codec::Aac));
    let rungs = vec![
        rung(
            "opus",
            "install an FFmpeg that was built with --enable-libopus, or ask for `--audio-codec aac`",
            true,
            move || made(opus()),
        ),
        rung("aac", "", true, move || made(aac())),
    ];
    Ladder::new(
        "sound asked for as Opus",
        &["FFmpeg"],
        rungs,
        |_| Ok(()),
        PATIENCE,
    )
}

fn reading(known: loopy_core::ladder::Known) -> Ladder<()> {
    let rungs = known
        .rungs
        .into_iter()
        .map(|(name, fix, works)| rung(name, &fix, true, move || works.clone()));
    Ladder::new(
        known.what,
        &["FFmpeg"],
        rungs.collect(),
        |()| Ok(()),
        PATIENCE,
    )
}
