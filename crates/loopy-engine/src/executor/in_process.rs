//! Jobs on threads of this process: for use as a library, and for tests.

use std::{
    io,
    sync::{Arc, Mutex, mpsc},
    thread,
};

use super::{
    Cancel, Error, Event, Executor, Failure, Message, Outcome, cancel::lock, caught, gather,
};

/// What does a job; the error is the reason, for people.
pub type Handler<J, R> = Arc<dyn Fn(&J) -> Result<R, String> + Send + Sync>;

/// Runs jobs on threads of this process. A panic fails its job; a crash, or memory running out,
/// ends the program: hostile input belongs into [`super::Workers`].
pub struct InProcess<J, R> {
    handler: Handler<J, R>,
    threads: usize,
    cancel: Cancel,
}

impl<J, R> InProcess<J, R> {
    /// An executor of `threads` threads (at least one).
    pub fn new(handler: Handler<J, R>, threads: usize, cancel: Cancel) -> Self {
        Self {
            handler,
            threads: threads.max(1),
            cancel,
        }
    }
}

impl<J: Send, R: Send> Executor<J, R> for InProcess<J, R> {
    fn run(
        &self,
        jobs: Vec<J>,
        on: &mut dyn FnMut(Event<'_, R>),
    ) -> Result<Vec<Outcome<R>>, Error> {
        let count = jobs.len();
        let queue = Mutex::new(jobs.into_iter().enumerate());
        let outcomes = thread::scope(|scope| {
            let (sender, messages) = mpsc::sync_channel(self.threads);
            for _ in 0..self.threads.min(count) {
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
    fn work(
        &self,
        queue: &Mutex<impl Iterator<Item = (usize, J)>>,
        messages: &mpsc::SyncSender<Message<R>>,
    ) {
        while !self.cancel.requested() {
            let Some((index, job)) = lock(queue).next() else {
                return;
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
