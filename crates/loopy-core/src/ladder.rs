//! A ladder: ways to do one thing, best first, of which the best that works is used.
//!
//! Here is the part that decides; nothing is tried and no clock is looked at. Whoever holds a ladder
//! asks [`Ladder::look`] what to do, tries what it says, and tells it what came of that. A rung that
//! failed is tried again only when the environment is another, by name and value; one that was lost
//! [`MOST_FALLS`] times is given up. So a ladder never goes to and fro.

mod environment;
mod fault;
mod known;
mod state;

use std::collections::BTreeMap;

pub use self::{
    environment::Environment,
    fault::Fault,
    known::Known,
    state::{RungState, State},
};
use crate::ledger::Entry;

/// A rung that was left so often is not climbed again.
pub const MOST_FALLS: u32 = 3;
/// Environments whose failures are remembered.
const REMEMBERED: usize = 32;

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

#[cfg(test)]
mod tests;
