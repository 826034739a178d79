//! Jobs on threads of this process: for use as a library, and for tests.

use std::{
    io,
    sync::{Arc, Mutex, mpsc},
    thread,
};

use super::{
    Cancel, Error, Event, Executor, Failure, Governor, Message, Outcome, Weigh, caught, gather,
    governor::{Queue, queue},
};

/// What does a job; the error is the reason, for people.
pub type Handler<J, R> = Arc<dyn Fn(&J) -> Result<R, String> + Send + Sync>;

/// Runs jobs on threads of this process. A panic fails its job; a crash, or memory running out,
/// ends the program: hostile input belongs into [`super::Workers`].
pub struct InProcess<J, R> {
    handler: Handler<J, R>,
    governor: Arc<Governor>,
    cancel: Cancel,
}

impl<J, R> InProcess<J, R> {
    /// An executor of `threads` threads (at least one).
    pub fn new(handler: Handler<J, R>, threads: usize, cancel: Cancel) -> Self {
        Self::governed(handler, Arc::new(Governor::fixed(threads)), cancel)
    }

    /// An executor of as many threads as `governor` allows.
    pub fn governed(handler: Handler<J, R>, governor: Arc<Governor>, cancel: Cancel) -> Self {
        Self {
            handler,
            governor,
            cancel,
        }
    }
}

impl<J: Send + Weigh, R: Send> Executor<J, R> for InProcess<J, R> {
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
        let outcomes = thread::scope(|scope| {
            let (sender, messages) = mpsc::sync_channel(most);
            for _ in 0..most.min(count) {
                let (sender, queue) = (sender.clone(), &queue);
                thread::Builder::new()
                    .name("job".to_owned())
                    .spawn_scoped(scope, move || self.work(queue, &sender))
                    .map_err(|why| cannot_start(&why))?;
            }
            drop(sender);
            gather(count, messages, on)
        })?;
        super::complete(outcomes, &self.cancel)
    }
}

impl<J, R> InProcess<J, R> {
    fn work(&self, queue: &Queue<J>, messages: &mpsc::SyncSender<Message<R>>) {
        let go_on = || !self.cancel.requested();
        loop {
            let (index, job, _seat) = match self.governor.next(queue, true, go_on, || {}) {
                Ok(Some(taken)) => (taken.index, taken.job, taken.seat),
                Ok(None) => return,
                Err(job) => {
                    // Whoever listens has gone, or is told.
                    drop(messages.send(Message::Broken(self.governor.refused(job))));
                    return;
                }
            };
            if messages.send(Message::Started(index)).is_err() {
                return;
            }
            let outcome = match caught::call(&*self.handler, &job) {
                Ok(result) => Outcome::Done(result),
                Err(reason) => Outcome::Failed(Failure {
                    reason,
                    killed: false,
                    attempts: 1,
                }),
            };
            if messages.send(Message::Ended(index, outcome)).is_err() {
                return;
            }
        }
    }
}

fn cannot_start(why: &io::Error) -> Error {
    Error::Start {
        command: "a thread".to_owned(),
        why: why.to_string(),
    }
}
