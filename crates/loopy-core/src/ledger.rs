//! The fallback ledger: every step down a ladder, with its reason and the way back up.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One step. A document holds it as it is: when it was taken is no part of it.
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

/// A step that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Noted {
    /// The step.
    #[serde(flatten)]
    pub entry: Entry,
    /// It leads back up.
    pub up: bool,
    /// Seconds since 1970, where someone looked at a clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<u64>,
}

/// Steps in the order in which they were taken, each once until its ladder is climbed again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    noted: Vec<Noted>,
}

impl Ledger {
    /// Adds a step down unless it is there already, with nothing climbed since; true when it was
    /// added. `when` is in seconds since 1970.
    pub fn add(&mut self, entry: Entry, when: Option<u64>) -> bool {
        let of_ladder = |noted: &&Noted| noted.entry.what == entry.what;
        let since_a_climb = self.noted.iter().rev().filter(of_ladder);
        let known = since_a_climb
            .take_while(|noted| !noted.up)
            .any(|noted| noted.entry == entry);
        if !known {
            let up = false;
            self.noted.push(Noted { entry, up, when });
        }
        !known
    }

    /// Adds a step up.
    pub fn climb(&mut self, entry: Entry, when: Option<u64>) {
        let up = true;
        self.noted.push(Noted { entry, up, when });
    }

    /// Forgets the oldest steps, so that `most` are left.
    pub fn keep(&mut self, most: usize) {
        let surplus = self.noted.len().saturating_sub(most);
        self.noted.drain(..surplus);
    }

    /// The steps down, each once.
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        for noted in self.noted.iter().filter(|noted| !noted.up) {
            if !entries.contains(&noted.entry) {
                entries.push(noted.entry.clone());
            }
        }
        entries
    }

    /// Everything, up and down, with its time.
    pub fn noted(&self) -> &[Noted] {
        &self.noted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(to: &str) -> Entry {
        Entry {
            what: "work".to_owned(),
            from: "best".to_owned(),
            to: to.to_owned(),
            why: "because".to_owned(),
            fix: "climb".to_owned(),
        }
    }

    #[test]
    fn a_step_is_told_once_and_again_only_after_a_climb() {
        let mut ledger = Ledger::default();
        assert!(ledger.add(entry("floor"), Some(1)));
        assert!(!ledger.add(entry("floor"), Some(2)));
        ledger.climb(entry("best"), Some(3));
        assert!(ledger.add(entry("floor"), Some(4)));
        assert_eq!(ledger.noted().len(), 3);
        let mut short = ledger.clone();
        short.keep(2);
        assert_eq!(short.noted(), &ledger.noted()[1..]);
        // A report tells it once, as it always did, and without a time.
        assert_eq!(ledger.entries(), [entry("floor")]);
        let text = serde_json::to_value(ledger.entries()).unwrap();
        assert_eq!(text[0].as_object().unwrap().len(), 5);
        let noted = serde_json::to_value(&ledger.noted()[2]).unwrap();
        assert_eq!((&noted["to"], &noted["when"]), (&"floor".into(), &4.into()));
    }
}
