//! Executors: what runs jobs, in this process or in worker processes.
//!
//! A job is a serialisable value and so is its result, so that the same jobs run anywhere. A job
//! that fails fails alone.

mod balance;
mod budget;
mod cancel;
mod caught;
mod child;
mod governor;
mod in_process;
mod outlook;
mod reason;
mod weight;
mod wire;
pub mod worker;
mod workers;

use std::io;

pub(crate) use self::outlook::Lookout;
pub use self::{
    balance::{Change, Load, Why},
    budget::OWN_LEAST,
    cancel::Cancel,
    governor::{Governor, Outlook},
    in_process::{Handler, InProcess},
    weight::{Need, Weigh, Weight},
    workers::{Limits, Usage, Workers},
};

/// What happens to a job, told as it happens and in no order of jobs.
#[derive(Debug)]
pub enum Event<'a, R> {
    /// A job was handed out.
    Started {
        /// Its place among the jobs.
        index: usize,
    },
    /// A job took its worker with it, and is tried once more in a new one.
    Retried {
        /// Its place among the jobs.
        index: usize,
        /// What happened to the worker.
        reason: &'a str,
    },
    /// A job has its result.
    Finished {
        /// Its place among the jobs.
        index: usize,
        /// The result.
        result: &'a R,
    },
    /// A job has failed for good.
    Failed {
        /// Its place among the jobs.
        index: usize,
        /// How.
        failure: &'a Failure,
    },
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<R> {
    /// With its result.
    Done(R),
    /// Without.
    Failed(Failure),
}

/// How a job failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Why, for people.
    pub reason: String,
    /// It took its worker with it (crash, memory, time), rather than say what is wrong.
    pub killed: bool,
    /// How often it was tried.
    pub attempts: u32,
}

/// Why jobs could not be run, through no fault of theirs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The user asked to stop; what was finished has been reported.
    #[error("interrupted")]
    Interrupted,
    /// A worker process (or thread) cannot be started.
    #[error("cannot start a worker ({command}): {why}")]
    Start {
        /// What was to be run.
        command: String,
        /// Why it did not.
        why: String,
    },
    /// A job needs more memory than it will ever get.
    #[error(
        "a job needs about {} MiB of memory, and of the {} MiB that may be used {} are left for it",
        need.div_ceil(1 << 20), limit >> 20, room >> 20
    )]
    Memory {
        /// Bytes that it needs.
        need: u64,
        /// Bytes that there are for jobs.
        room: u64,
        /// Bytes that the program and its jobs may take together.
        limit: u64,
    },
    /// The pipe to a worker's parent, or to a worker, failed.
    #[error("a worker cannot talk to its parent: {0}")]
    Pipe(#[from] io::Error),
}

/// Runs jobs that give an `R` each.
pub trait Executor<J, R>: Sync {
    /// Runs `jobs`, the longest first; the outcomes in the order of `jobs`. `on` hears what happens,
    /// on the calling thread.
    ///
    /// # Errors
    /// [`Error::Interrupted`] after a cancellation, [`Error::Memory`] before anything is begun when
    /// a job can never run, and when no worker can be run at all.
    fn run(&self, jobs: Vec<J>, on: &mut dyn FnMut(Event<'_, R>))
    -> Result<Vec<Outcome<R>>, Error>;

    /// Bytes that one job may take; `None` where nothing limits them. Work that needs more is cut into
    /// smaller jobs by whoever can.
    fn room(&self) -> Option<u64> {
        None
    }
}

/// What threads tell the caller's, which turns it into events and outcomes.
enum Message<R> {
    Started(usize),
    Retried(usize, String),
    Ended(usize, Outcome<R>),
    Broken(Error),
}

/// Tells `on` every message, and gathers the outcomes of `count` jobs; `None` for those that were
/// never ended.
fn gather<R>(
    count: usize,
    messages: impl IntoIterator<Item = Message<R>>,
    on: &mut dyn FnMut(Event<'_, R>),
) -> Result<Vec<Option<Outcome<R>>>, Error> {
    let mut outcomes: Vec<_> = (0..count).map(|_| None).collect();
    let mut broken = None;
    for message in messages {
        match message {
            Message::Started(index) => on(Event::Started { index }),
            Message::Retried(index, reason) => on(Event::Retried {
                index,
                reason: &reason,
            }),
            Message::Ended(index, outcome) => {
                on(match &outcome {
                    Outcome::Done(result) => Event::Finished { index, result },
                    Outcome::Failed(failure) => Event::Failed { index, failure },
                });
                outcomes[index] = Some(outcome);
            }
            Message::Broken(error) => broken = broken.or(Some(error)),
        }
    }
    broken.map_or(Ok(outcomes), Err)
}

impl Governor {
    /// The error of a job that is too large.
    fn refused(&self, job: governor::TooLarge) -> Error {
        Error::Memory {
            need: job.need,
            room: job.room,
            limit: self.limit().unwrap_or(job.room),
        }
    }
}

/// Every outcome, or that the run was interrupted.
fn complete<R>(
    outcomes: Vec<Option<Outcome<R>>>,
    cancel: &Cancel,
) -> Result<Vec<Outcome<R>>, Error> {
    let complete: Option<Vec<_>> = outcomes.into_iter().collect();
    complete
        .filter(|_| !cancel.requested())
        .ok_or(Error::Interrupted)
}
