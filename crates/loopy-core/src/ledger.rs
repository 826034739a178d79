//! The fallback ledger: every step down a ladder, with its reason and the way back up.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// What was wanted.
    pub what: String,
    /// The rung that was left.
    pub from: String,
    /// The rung that is used instead.
    pub to: String,
    /// Why.
    pub why: String,
    /// How to climb back.
    pub fix: String,
}

/// Entries in the order in which they happened, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Ledger {
    entries: Vec<Entry>,
}

impl Ledger {
    /// Adds `entry` unless the same is there already; true when it was added.
    pub fn add(&mut self, entry: Entry) -> bool {
        let new = !self.entries.contains(&entry);
        if new {
            self.entries.push(entry);
        }
        new
    }

    /// All entries.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}
