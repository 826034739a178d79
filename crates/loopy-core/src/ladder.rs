//! A ladder: ways to do one thing, best first, of which the best that works is used.
//!
//! Here is the part that decides; nothing is tried and no clock is looked at. Whoever holds a ladder
//! asks [`Ladder::look`] what to do, tries what it says, and tells it what came of that. A rung that
//! failed is tried again only when the environment is another, by name and value; one that was lost
//! [`MOST_FALLS`] times is given up. So a ladder never goes to and fro.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use crate::ledger::Entry;

/// A rung that was left so often is not climbed again.
pub const MOST_FALLS: u32 = 3;
/// Environments whose failures are remembered.
const REMEMBERED: usize = 32;

/// What a ladder depends on, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// With one more thing in it.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// Only what has one of these names.
    #[must_use]
    pub fn only(&self, names: &[&str]) -> Self {
        let kept = self.0.iter().filter(|(name, _)| names.contains(&&***name));
        Self(
            kept.map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        )
    }

    /// What differs from what was `before`, in words.
    fn changes(&self, before: &Self) -> String {
        let names = self.0.keys().chain(before.0.keys());
        let mut changes: Vec<String> = names
            .filter_map(|name| {
                let [was, is] = [before, self].map(|environment| environment.0.get(name));
                let word =
                    |value: Option<&String>| value.map_or("absent", |value| value).to_owned();
                (was != is).then(|| format!("{name} changed from {} to {}", word(was), word(is)))
            })
            .collect();
        changes.sort();
        changes.dedup();
        changes.join("; ")
    }
}

/// How a rung failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It said why.
    Failed(String),
    /// It panicked.
    Panicked(String),
    /// It did not end in so many milliseconds.
    Hung(u64),
    /// It ended, and what it made is wrong.
    Wrong(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(why) => formatter.write_str(why),
            Self::Panicked(words) => write!(formatter, "an internal error: {words}"),
            Self::Hung(millis) => {
                write!(formatter, "it did not end in {} s", *millis as f64 / 1e3)
            }
            Self::Wrong(why) => write!(formatter, "its result is wrong: {why}"),
        }
    }
}

/// One way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rung {
    /// Its name.
    pub name: String,
    /// What someone does who wants it.
    pub fix: String,
    /// Somebody wants it; a rung that nobody asked for is passed by without a word.
    pub asked: bool,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Try this rung and tell [`Ladder::found`].
    Try(usize),
    /// Use this rung.
    Use(usize),
    /// No rung works.
    Nothing,
}

/// A change of rung.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// A step down.
    Down(Entry),
    /// A step up.
    Up(Entry),
}

/// What is known of a rung.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Standing {
    Unknown,
    Works,
    Failed(Fault),
}

/// Where a ladder stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Nobody has asked yet.
    Ground,
    Rung(usize),
    Nowhere,
}

/// Ways to do one thing.
#[derive(Clone, Debug)]
pub struct Ladder {
    what: String,
    rungs: Vec<Rung>,
    environment: Environment,
    standing: Vec<Standing>,
    falls: Vec<u32>,
    /// Failures by rung and environment.
    past: BTreeMap<(usize, Environment), Fault>,
    at: At,
    /// What changed since the ladder last stood.
    changes: String,
    moves: Vec<Move>,
}

impl Ladder {
    /// A ladder for `what`, the best rung first.
    pub fn new(what: impl Into<String>, rungs: Vec<Rung>) -> Self {
        Self {
            what: what.into(),
            standing: vec![Standing::Unknown; rungs.len()],
            falls: vec![0; rungs.len()],
            rungs,
            environment: Environment::default(),
            past: BTreeMap::new(),
            at: At::Ground,
            changes: String::new(),
            moves: Vec::new(),
        }
    }

    /// What it is for.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// What to do in this environment.
    pub fn look(&mut self, environment: &Environment) -> Next {
        if *environment != self.environment {
            self.arrive(environment);
        }
        for index in 0..self.rungs.len() {
            if !self.rungs[index].asked {
                continue;
            }
            match self.standing[index] {
                Standing::Unknown => return Next::Try(index),
                Standing::Works => {
                    self.settle(At::Rung(index));
                    return Next::Use(index);
                }
                Standing::Failed(_) => {}
            }
        }
        self.settle(At::Nowhere);
        Next::Nothing
    }

    /// What came of trying a rung.
    pub fn found(&mut self, rung: usize, result: Result<(), Fault>) {
        let Some(standing) = self.standing.get_mut(rung) else {
            return;
        };
        match result {
            Ok(()) => *standing = Standing::Works,
            Err(fault) => {
                *standing = Standing::Failed(fault.clone());
                if self.past.len() >= REMEMBERED {
                    self.past.pop_first();
                }
                self.past.insert((rung, self.environment.clone()), fault);
            }
        }
    }

    /// The rung that is used failed at its work.
    pub fn lost(&mut self, rung: usize, fault: Fault) {
        self.found(rung, Err(fault));
    }

    /// The changes of rung since the last call, in their order.
    pub fn moves(&mut self) -> Vec<Move> {
        std::mem::take(&mut self.moves)
    }

    /// Every rung that was asked for and failed, with how.
    pub fn faults(&self) -> Vec<(&str, &Fault)> {
        let all = self.rungs.iter().zip(&self.standing);
        all.filter_map(|(rung, standing)| match standing {
            Standing::Failed(fault) if rung.asked => Some((rung.name.as_str(), fault)),
            _ => None,
        })
        .collect()
    }

    /// In another environment everything is open again, but for what failed there before and what
    /// was given up.
    fn arrive(&mut self, environment: &Environment) {
        self.changes = environment.changes(&self.environment);
        self.environment = environment.clone();
        for index in 0..self.rungs.len() {
            if self.given_up(index) {
                continue;
            }
            let before = self.past.get(&(index, environment.clone()));
            self.standing[index] = match before {
                Some(fault) => Standing::Failed(fault.clone()),
                None => Standing::Unknown,
            };
        }
    }

    /// The floor is never given up: there is nothing below it.
    fn given_up(&self, rung: usize) -> bool {
        self.falls[rung] >= MOST_FALLS && rung + 1 < self.rungs.len()
    }

    fn settle(&mut self, now: At) {
        let before = std::mem::replace(&mut self.at, now);
        let place = |at: At| match at {
            At::Ground => 0,
            At::Rung(index) => index,
            At::Nowhere => self.rungs.len(),
        };
        let (from, to) = (place(before), place(now));
        if to > from {
            if let At::Rung(left) = before {
                self.falls[left] += 1;
                if self.given_up(left)
                    && let Standing::Failed(fault) = &self.standing[left]
                {
                    let why = format!("{fault}; it was lost {MOST_FALLS} times and is given up");
                    self.standing[left] = Standing::Failed(Fault::Failed(why));
                }
            }
            self.down(from, to);
        } else if to < from {
            let name = |index| {
                self.rungs
                    .get(index)
                    .map_or("nothing", |rung: &Rung| &*rung.name)
            };
            self.moves.push(Move::Up(Entry {
                what: self.what.clone(),
                from: name(from).to_owned(),
                to: name(to).to_owned(),
                why: self.changes.clone(),
                fix: String::new(),
            }));
        }
    }

    /// Tells the steps from one rung to another: those with one reason are one step.
    fn down(&mut self, from: usize, to: usize) {
        let failed: Vec<(usize, String)> = (from..to)
            .filter_map(|index| match &self.standing[index] {
                Standing::Failed(fault) if self.rungs[index].asked => {
                    Some((index, fault.to_string()))
                }
                _ => None,
            })
            .collect();
        let mut steps = failed.chunk_by(|a, b| a.1 == b.1).peekable();
        while let Some(step) = steps.next() {
            let (first, why) = &step[0];
            let next = steps.peek().map_or(to, |next| next[0].0);
            let name = self.rungs.get(next).map_or("nothing", |rung| &*rung.name);
            self.moves.push(Move::Down(Entry {
                what: self.what.clone(),
                from: self.rungs[*first].name.clone(),
                to: name.to_owned(),
                why: why.clone(),
                fix: self.rungs[*first].fix.clone(),
            }));
        }
    }

    /// How it stands, for people and programs.
    pub fn state(&self) -> State {
        let used = match self.at {
            At::Rung(index) => Some(index),
            _ => None,
        };
        let rungs = self.rungs.iter().zip(&self.standing).enumerate();
        State {
            what: self.what.clone(),
            used: used.map(|index| self.rungs[index].name.clone()),
            rungs: rungs
                .map(|(index, (rung, standing))| {
                    let (standing, why) = match standing {
                        _ if !rung.asked => ("not asked for", None),
                        Standing::Unknown if used.is_some_and(|used| used < index) => {
                            ("not needed", None)
                        }
                        Standing::Unknown => ("not tried", None),
                        Standing::Works if used == Some(index) => ("used", None),
                        Standing::Works => ("works", None),
                        Standing::Failed(fault) => ("failed", Some(fault.to_string())),
                    };
                    let above = used.is_none_or(|used| index < used);
                    RungState {
                        name: rung.name.clone(),
                        standing,
                        why,
                        climb: (above && !rung.fix.is_empty()).then(|| rung.fix.clone()),
                    }
                })
                .collect(),
        }
    }
}

/// How a ladder stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct State {
    /// What it is for.
    pub what: String,
    /// The rung that is used.
    pub used: Option<String>,
    /// All rungs, best first.
    pub rungs: Vec<RungState>,
}

/// How a rung stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RungState {
    /// Its name.
    pub name: String,
    /// `used`, `works`, `failed`, `not asked for`, `not needed` or `not tried`.
    pub standing: &'static str,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What someone does who wants it instead of the one that is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub climb: Option<String>,
}

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

#[cfg(test)]
mod tests;
