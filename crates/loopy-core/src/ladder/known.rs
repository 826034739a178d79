//! A ladder that needs no trying.

use super::{Environment, Fault, Ladder, Move, Next, Rung};
use crate::ledger::Entry;

/// A ladder of which everything is known at once.
#[derive(Clone, Debug)]
pub struct Known {
    /// What it is for.
    pub what: &'static str,
    /// Name, fix, and whether it works, best first.
    pub rungs: Vec<(&'static str, String, Result<(), String>)>,
}

impl Known {
    /// The rung to use, and the steps down to it.
    pub fn settle(&self) -> (Option<usize>, Vec<Entry>) {
        let rungs = self.rungs.iter().map(|(name, fix, _)| Rung {
            name: (*name).to_owned(),
            fix: fix.clone(),
            asked: true,
        });
        let mut ladder = Ladder::new(self.what, rungs.collect());
        for (index, (_, _, works)) in self.rungs.iter().enumerate() {
            ladder.found(index, works.clone().map_err(Fault::Failed));
        }
        let used = match ladder.look(&Environment::default()) {
            Next::Use(index) => Some(index),
            Next::Try(_) | Next::Nothing => None,
        };
        let down = ladder.moves().into_iter().filter_map(|step| match step {
            Move::Down(entry) => Some(entry),
            Move::Up(_) => None,
        });
        (used, down.collect())
    }
}
