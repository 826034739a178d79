//! What runs jobs, as a ladder: worker processes, and this process where none can be started.

use std::sync::Arc;

use super::FallbackSystem;
use crate::{
    executor::{Error, Event, Executor, Outcome},
    job::{Done, Job},
};

/// Makes something that runs jobs, or says why not.
pub type Maker = Box<dyn Fn() -> Result<Arc<Runs>, String> + Send + Sync>;

/// Runs jobs.
type Runs = dyn Executor<Job, Done> + Send + Sync;

/// What makes the processors.
pub struct Makers {
    /// Worker processes.
    pub workers: Maker,
    /// This process.
    pub basic: Maker,
}

/// Something that runs jobs.
#[derive(Clone)]
pub struct Processor {
    runs: Arc<Runs>,
    /// What it said when it was asked for the first time.
    answer: Result<(), String>,
    /// In processes of their own: what they crash in is not this program.
    pub apart: bool,
}

impl std::fmt::Debug for Processor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Processor")
            .field("apart", &self.apart)
            .finish_non_exhaustive()
    }
}

impl Processor {
    /// Bytes that one job may take.
    pub(super) fn room(&self) -> Option<u64> {
        self.runs.room()
    }

    /// Has `runs` do a job that is none.
    pub(super) fn try_out(runs: Arc<Runs>, apart: bool) -> Result<Self, String> {
        let nothing = vec![Job::Try { pairs: Vec::new() }];
        let answer = match runs.run(nothing, &mut |_event| {}) {
            // Whoever asks to stop is heard elsewhere, and so is what memory has no room for.
            Err(Error::Interrupted | Error::Memory { .. }) => Ok(()),
            Err(error) => return Err(error.to_string()),
            Ok(outcomes) => match &outcomes[..] {
                [Outcome::Done(Done::Tried { found })] if found.is_empty() => Ok(()),
                [Outcome::Failed(failure)] => return Err(failure.reason.clone()),
                _ => Err("it answers another question".to_owned()),
            },
        };
        Ok(Self {
            runs,
            answer,
            apart,
        })
    }
}

/// Whether a processor answered what it was asked.
pub(super) fn check(processor: &Processor) -> Result<(), String> {
    processor.answer.clone()
}

/// Runs jobs on the best processor. One that cannot be started any more is left for the next, which
/// is given what is not done.
pub(super) fn run(
    system: &FallbackSystem,
    jobs: &[Job],
    on: &mut dyn FnMut(Event<'_, Done>),
) -> Result<Vec<Outcome<Done>>, Error> {
    let mut outcomes: Vec<Option<Outcome<Done>>> = jobs.iter().map(|_| None).collect();
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    loop {
        let chosen = system.get_processor().map_err(|nothing| Error::Start {
            command: "anything that runs jobs".to_owned(),
            why: nothing.to_string(),
        })?;
        let open: Vec<usize> = (0..jobs.len())
            .filter(|index| outcomes[*index].is_none())
            .collect();
        let given = open.iter().map(|index| jobs[*index].clone()).collect();
        let result = chosen.value.runs.run(given, &mut |event| {
            let event = renamed(&event, &open);
            match &event {
                Event::Finished { index, result } => {
                    outcomes[*index] = Some(Outcome::Done((*result).clone()));
                }
                Event::Failed { index, failure } => {
                    outcomes[*index] = Some(Outcome::Failed((*failure).clone()));
                }
                Event::Started { .. } | Event::Retried { .. } => {}
            }
            on(event);
        });
        match result {
            Ok(_) => {
                return outcomes
                    .into_iter()
                    .collect::<Option<_>>()
                    .ok_or(Error::Interrupted);
            }
            Err(error @ Error::Start { .. }) => system.lose(&chosen, &error.to_string()),
            Err(error) => return Err(error),
        }
    }
}

/// An event of one of the `open` jobs, under its place among all.
fn renamed<'a>(event: &Event<'a, Done>, open: &[usize]) -> Event<'a, Done> {
    let place = |index: &usize| open.get(*index).copied().unwrap_or(*index);
    match event {
        Event::Started { index } => Event::Started {
            index: place(index),
        },
        Event::Retried { index, reason } => Event::Retried {
            index: place(index),
            reason,
        },
        Event::Finished { index, result } => Event::Finished {
            index: place(index),
            result,
        },
        Event::Failed { index, failure } => Event::Failed {
            index: place(index),
            failure,
        },
    }
}
