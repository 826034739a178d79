//! The fallback system: every ladder of the program, one ledger for all of them.
//!
//! Nothing is tried before somebody needs it. What is found holds until the environment is another
//! one (see [`loopy_core::ladder`]), which is looked at again whenever a rung is asked for.

mod environment;
mod ladder;
mod probe;
mod processor;
mod rungs;
#[cfg(test)]
mod tests;

use std::{
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use loopy_core::{
    config::AdvancedFeaturesConfig,
    ladder::{Move, State},
    ledger::{Entry, Ledger, Noted},
};
use loopy_media::audio::encode::Codec;

use crate::{
    executor::{self, Executor},
    job::{Done, Job},
};

pub use self::{
    ladder::{Chosen, Ladder, Nothing, Rung},
    processor::{Maker, Makers, Processor},
};

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
            processor: rungs::processor(config, makers),
            scores: rungs::scores(config),
            encoder: rungs::encoder(),
            sound: rungs::sound(),
            reading: loopy_media::decode::ladders()
                .into_iter()
                .map(rungs::reading)
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
    let mut lacking = system.scores.lacking(rungs::MODELS.len());
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

    fn room(&self) -> Option<u64> {
        let processor = self.get_processor().ok()?;
        processor.value.room()
    }
}
