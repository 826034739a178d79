//! An executor for work that can wait: a few jobs at a time, and none while pieces are missing that
//! will be shown soon.

use std::time::Duration;

use loopy_engine::{
    executor::{Error, Event, Executor, Outcome},
    job::{Done, Job},
};

use crate::director::desk::Desk;

/// What can wait waits so long for each of its turns, at most: it must come to an end, too.
const PATIENCE: Duration = Duration::from_secs(6);

/// See above.
pub struct Polite<'a> {
    /// Who runs the jobs.
    pub inner: &'a dyn Executor<Job, Done>,
    /// Who knows whether pieces are missing.
    pub desk: &'a Desk,
    /// Jobs in one turn: as many as there are workers.
    pub turn: usize,
}

impl Executor<Job, Done> for Polite<'_> {
    fn run(
        &self,
        jobs: Vec<Job>,
        on: &mut dyn FnMut(Event<'_, Done>),
    ) -> Result<Vec<Outcome<Done>>, Error> {
        let mut outcomes = Vec::with_capacity(jobs.len());
        let mut jobs = jobs.into_iter().peekable();
        while jobs.peek().is_some() {
            if self.desk.stopped() {
                return Err(Error::Interrupted);
            }
            self.desk.wait_for_calm(PATIENCE);
            let turn: Vec<Job> = jobs.by_ref().take(self.turn.max(1)).collect();
            let before = outcomes.len();
            let mut shifted = |event: Event<'_, Done>| {
                on(match event {
                    Event::Started { index } => Event::Started {
                        index: before + index,
                    },
                    Event::Retried { index, reason } => Event::Retried {
                        index: before + index,
                        reason,
                    },
                    Event::Finished { index, result } => Event::Finished {
                        index: before + index,
                        result,
                    },
                    Event::Failed { index, failure } => Event::Failed {
                        index: before + index,
                        failure,
                    },
                });
            };
            outcomes.extend(self.inner.run(turn, &mut shifted)?);
        }
        Ok(outcomes)
    }

    fn room(&self) -> Option<u64> {
        self.inner.room()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use loopy_core::{ClipPath, Hash, limits::Limits};
    use loopy_engine::executor::{Cancel, InProcess};

    use super::*;
    use crate::director::rungs::Rungs;

    #[test]
    fn outcomes_come_in_the_order_of_the_jobs() {
        let hashes: Vec<Hash> = (0..7_u8).map(|number| Hash::of(&[number])).collect();
        let job = |hash: &Hash| Job::Sound {
            path: ClipPath::from(std::path::Path::new("a.mp4")),
            hash: *hash,
            limits: Limits::default(),
        };
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        let handler = Arc::new(move |job: &Job| {
            let Job::Sound { hash, .. } = job else {
                return Err("another job".to_owned());
            };
            kept.lock().unwrap().push(*hash);
            Err(hash.to_string())
        });
        let inner = InProcess::new(handler, 1, Cancel::default());
        let desk = Desk::new(Rungs::new(Vec::new()));
        let polite = Polite {
            inner: &inner,
            desk: &desk,
            turn: 2,
        };
        let mut told = Vec::new();
        let outcomes = polite
            .run(hashes.iter().map(job).collect(), &mut |event| {
                if let Event::Failed { index, failure } = event {
                    told.push((index, failure.reason.clone()));
                }
            })
            .unwrap();
        let reasons: Vec<String> = hashes.iter().map(ToString::to_string).collect();
        for (index, (outcome, reason)) in outcomes.iter().zip(&reasons).enumerate() {
            assert!(matches!(outcome, Outcome::Failed(failure) if failure.reason == *reason));
            assert!(told.contains(&(index, reason.clone())));
        }
        assert_eq!(seen.lock().unwrap().len(), 7);
        desk.stop();
        assert!(polite.run(vec![job(&hashes[0])], &mut |_| {}).is_err());
    }
}
