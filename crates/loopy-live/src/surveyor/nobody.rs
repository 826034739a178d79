//! Runs no job: who needs one is interrupted. What comes of a survey without jobs was known before.

use loopy_engine::{
    executor::{Error, Event, Executor, Outcome},
    job::{Done, Job},
};

/// See above.
pub(super) struct Nobody;

impl Executor<Job, Done> for Nobody {
    fn run(
        &self,
        jobs: Vec<Job>,
        _on: &mut dyn FnMut(Event<'_, Done>),
    ) -> Result<Vec<Outcome<Done>>, Error> {
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        Err(Error::Interrupted)
    }

    fn room(&self) -> Option<u64> {
        None
    }
}
