//! Worker processes: each does one job at a time, and one that dies takes only its job along.

use std::{
    ffi::OsString,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc::{SendError, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use serde::{Serialize, de::DeserializeOwned};

use super::{
    Cancel, Error, Event, Executor, Failure, Governor, Message, Outcome, Weigh,
    cancel::lock,
    child::{End, Process, Remains, excerpt},
    gather,
    governor::{Queue, Seat, Taken, queue},
    reason,
    wire::{Answer, Request, to_line},
};

/// How often a job is tried that takes its worker with it.
const ATTEMPTS: u32 = 2;
/// Workers started in a row that may be killed before they are ready.
const STARTS: u32 = 3;

/// What one job may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Wall seconds, after which the worker is killed.
    pub job_seconds: u64,
    /// MiB of address space, which the worker sets for itself (see [`super::worker::serve`]).
    pub worker_mib: u64,
}

/// What workers have cost so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// CPU seconds, user and system, of all workers together, those that died included.
    pub cpu_seconds: f64,
    /// Largest resident memory of one worker in bytes, as of its last answer.
    pub peak_bytes: u64,
}

/// Runs jobs in child processes that run [`super::worker::serve`]. They live as long as a run.
#[derive(Debug)]
pub struct Workers {
    command: Vec<OsString>,
    governor: Arc<Governor>,
    limits: Limits,
    cancel: Cancel,
    usage: Mutex<Usage>,
}

impl Workers {
    /// At most `count` workers (at least one), each started as `command`.
    pub fn new(command: Vec<OsString>, count: usize, limits: Limits, cancel: Cancel) -> Self {
        Self::governed(command, Arc::new(Governor::fixed(count)), limits, cancel)
    }

    /// As many workers as `governor` allows, each started as `command`.
    pub fn governed(
        command: Vec<OsString>,
        governor: Arc<Governor>,
        limits: Limits,
        cancel: Cancel,
    ) -> Self {
        Self {
            command,
            governor,
            limits,
            cancel,
            usage: Mutex::default(),
        }
    }

    /// What the workers have cost so far.
    pub fn usage(&self) -> Usage {
        *lock(&self.usage)
    }
}

impl<J: Serialize + Send + Weigh, R: DeserializeOwned + Send> Executor<J, R> for Workers {
    fn room(&self) -> Option<u64> {
        self.governor.room()
    }

    fn run(
        &self,
        jobs: Vec<J>,
        on: &mut dyn FnMut(Event<'_, R>),
    ) -> Result<Vec<Outcome<R>>, Error> {
        let count = jobs.len();
        let jobs = queue(jobs);
        let (governor, most) = (&self.governor, self.governor.most());
        governor
            .check(jobs.iter().map(|(.., weight)| *weight))
            .map_err(|job| governor.refused(job))?;
        let queue = Mutex::new(jobs);
        let broken = AtomicBool::new(false);
        let outcomes = thread::scope(|scope| {
            let (messages, received) = sync_channel(most);
            for _ in 0..most.min(count) {
                let mut slot = Slot {
                    workers: self,
                    broken: &broken,
                    messages: messages.clone(),
                    process: None,
                    answered: 0.0,
                    peak: 0,
                };
                let queue = &queue;
                thread::Builder::new()
                    .name("worker's parent".to_owned())
                    .spawn_scoped(scope, move || {
                        // The only error is that nobody listens, so nobody is told.
                        slot.work(queue).unwrap_or_default();
                        slot.close();
                    })
                    .map_err(|why| self.cannot_start(why.to_string()))?;
            }
            drop(messages);
            gather(count, received, on)
        });
        if self.cancel.requested() {
            return Err(Error::Interrupted);
        }
        super::complete(outcomes?, &self.cancel)
    }
}

impl Workers {
    fn cannot_start(&self, why: String) -> Error {
        let words: Vec<_> = self
            .command
            .iter()
            .map(|word| word.to_string_lossy())
            .collect();
        Error::Start {
            command: words.join(" "),
            why,
        }
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(self.limits.job_seconds)
    }
}

/// Nobody listens any more.
type Gone<R> = SendError<Message<R>>;

/// One thread with one worker at a time.
struct Slot<'a, R> {
    workers: &'a Workers,
    /// Set when workers cannot be run at all.
    broken: &'a AtomicBool,
    messages: SyncSender<Message<R>>,
    process: Option<Process>,
    /// CPU seconds that the process at hand has reported.
    answered: f64,
    /// The most that it has held.
    peak: u64,
}

impl<R: DeserializeOwned> Slot<'_, R> {
    fn work<J: Serialize>(&mut self, queue: &Queue<J>) -> Result<(), Gone<R>> {
        let (workers, broken) = (self.workers, self.broken);
        let go_on = || !workers.cancel.requested() && !broken.load(Ordering::Relaxed);
        loop {
            // A worker that has to wait gives back what it holds.
            let next = workers.governor.next(queue, false, go_on, || self.close());
            let Taken { index, job, seat } = match next {
                Ok(Some(taken)) => taken,
                Ok(None) => return Ok(()),
                Err(job) => {
                    self.give_up(workers.governor.refused(job))?;
                    return Ok(());
                }
            };
            // What a larger job leaves behind would stand beside what this one takes.
            if seat.bytes() > 0 && self.peak > seat.bytes() {
                self.close();
            }
            self.messages.send(Message::Started(index))?;
            match self.job(index, &job, seat)? {
                Ok(outcome) => self.messages.send(Message::Ended(index, outcome))?,
                Err(error) => self.give_up(error)?,
            }
        }
    }

    fn give_up(&mut self, error: Error) -> Result<(), Gone<R>> {
        self.broken.store(true, Ordering::Relaxed);
        self.messages.send(Message::Broken(error))
    }

    fn close(&mut self) {
        if let Some(process) = self.process.take() {
            let remains = process.close();
            self.account(&remains);
        }
    }

    /// Does a job, twice if need be: the second time alone where memory ran out. The inner error is
    /// not the job's.
    fn job<J: Serialize>(
        &mut self,
        index: usize,
        job: &J,
        seat: Seat<'_>,
    ) -> Result<Result<Outcome<R>, Error>, Gone<R>> {
        let failed = |reason, killed, attempts| {
            Outcome::Failed(Failure {
                reason,
                killed,
                attempts,
            })
        };
        let id = index as u64;
        let line = match to_line(&Request { id, job }) {
            Ok(line) => line,
            Err(why) => {
                return Ok(Ok(failed(
                    format!("the job cannot be sent: {why}"),
                    false,
                    0,
                )));
            }
        };
        let (workers, broken) = (self.workers, self.broken);
        let go_on = || !workers.cancel.requested() && !broken.load(Ordering::Relaxed);
        let mut seat = Some(seat);
        let mut attempts = 0;
        loop {
            let mut process = match self.process.take().map_or_else(|| self.start(), Ok) {
                Ok(process) => process,
                Err(error) => return Ok(Err(error)),
            };
            attempts += 1;
            let answer = process
                .ask(&line, self.workers.patience())
                .and_then(|answer| parse(&answer, id));
            let end = match answer {
                Ok(answer) => {
                    self.process = Some(process);
                    let aside = seat.as_ref().map_or(0, Seat::bytes);
                    return Ok(Ok(self.take(index, answer, aside, attempts)));
                }
                Err(end) => end,
            };
            let remains = process.bury();
            self.account(&remains);
            if self.workers.cancel.requested() {
                return Ok(Err(Error::Interrupted));
            }
            let reason = reason::of(&end, &remains, &self.workers.limits);
            if attempts == ATTEMPTS {
                return Ok(Ok(failed(reason, true, attempts)));
            }
            tracing::info!("job {index}: {reason}; it is tried once more");
            let memory = reason::is_memory(&end, &remains);
            self.messages.send(Message::Retried(index, reason))?;
            if memory {
                drop(seat.take());
                seat = workers.governor.alone(go_on);
                if seat.is_none() {
                    return Ok(Err(Error::Interrupted));
                }
            }
        }
    }

    fn start(&mut self) -> Result<Process, Error> {
        let Workers {
            command, cancel, ..
        } = self.workers;
        self.answered = 0.0;
        self.peak = 0;
        let mut tries = 0;
        loop {
            let mut process = Process::start(command, cancel)
                .map_err(|why| self.workers.cannot_start(why.to_string()))?;
            let Err(end) = process.greet() else {
                return Ok(process);
            };
            let remains = process.bury();
            self.account(&remains);
            let why = reason::of(&end, &remains, &self.workers.limits);
            tries += 1;
            // One that was killed from outside says nothing of the next.
            if tries == STARTS || !reason::killed(&remains) || cancel.requested() {
                return Err(self.workers.cannot_start(why));
            }
            tracing::info!("a worker did not come up: {why}; another is started");
        }
    }

    fn take(&mut self, index: usize, answer: Answer<R>, aside: u64, attempts: u32) -> Outcome<R> {
        self.answered += answer.cpu_seconds;
        let (peak, mib) = (answer.peak_bytes, |bytes: u64| bytes >> 20);
        tracing::debug!("job {index} took {} MiB of {}", mib(peak), mib(aside));
        self.peak = self.peak.max(peak);
        let mut usage = lock(&self.workers.usage);
        usage.cpu_seconds += answer.cpu_seconds;
        usage.peak_bytes = usage.peak_bytes.max(peak);
        match (answer.ok, answer.error) {
            (Some(result), None) => Outcome::Done(result),
            (_, error) => Outcome::Failed(Failure {
                reason: error.unwrap_or_default(),
                killed: false,
                attempts,
            }),
        }
    }

    /// Counts what a worker spent after its last answer.
    fn account(&mut self, remains: &Remains) {
        if let Some(seconds) = remains.cpu_seconds {
            lock(&self.workers.usage).cpu_seconds += (seconds - self.answered).max(0.0);
        }
    }
}

fn parse<R: DeserializeOwned>(line: &[u8], id: u64) -> Result<Answer<R>, End> {
    match serde_json::from_slice::<Answer<R>>(line) {
        Ok(answer) if answer.id == id && answer.ok.is_some() != answer.error.is_some() => {
            Ok(answer)
        }
        Ok(_) => Err(End::Babble(format!(
            "another question's: {}",
            excerpt(line)
        ))),
        Err(error) => Err(End::Babble(format!("{} ({error})", excerpt(line)))),
    }
}
