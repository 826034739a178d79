//! An executor that writes into the ledger what became of workers.

use loopy_core::ledger::Entry;
use loopy_engine::{
    executor::{Error, Event, Executor, Outcome},
    job::{Done, Job},
};

use crate::director::desk::Desk;

/// See above.
pub struct Witness<'a> {
    /// Who runs the jobs.
    pub inner: &'a dyn Executor<Job, Done>,
    /// Who keeps the ledger.
    pub desk: &'a Desk,
}

impl Executor<Job, Done> for Witness<'_> {
    fn run(
        &self,
        jobs: Vec<Job>,
        on: &mut dyn FnMut(Event<'_, Done>),
    ) -> Result<Vec<Outcome<Done>>, Error> {
        self.inner.run(jobs, &mut |event| {
            if let Event::Retried { reason, .. } = &event {
                self.desk.fall(Entry {
                    what: "workers".to_owned(),
                    from: "a worker process".to_owned(),
                    to: "another one".to_owned(),
                    why: (*reason).to_owned(),
                    fix: "`loopy doctor` says how much memory there is for workers".to_owned(),
                });
            }
            on(event);
        })
    }

    fn room(&self) -> Option<u64> {
        self.inner.room()
    }
}
