//! A ladder whose rungs can be tried: the deciding part of [`loopy_core::ladder`], with probes.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicBool},
    time::Duration,
};

use loopy_core::ladder::{self, Environment, Fault, Move, Next, State};

use super::probe::{self, Check, Probe};

/// A way to get a `T`.
pub struct Rung<T> {
    /// Its name.
    pub name: String,
    /// What someone does who wants it.
    pub fix: String,
    /// Somebody wants it.
    pub asked: bool,
    /// Makes it, or says why not.
    pub probe: Probe<T>,
}

/// Ways to get a `T`, best first.
pub struct Ladder<T> {
    depends: Vec<&'static str>,
    rungs: Vec<(Probe<T>, Arc<AtomicBool>)>,
    asked: Vec<bool>,
    check: Check<T>,
    patience: Duration,
    inner: Mutex<Inner<T>>,
}

struct Inner<T> {
    machine: ladder::Ladder,
    /// What rungs gave that work.
    values: Vec<Option<T>>,
}

/// What a ladder gave.
#[derive(Clone, Debug)]
pub struct Chosen<T> {
    /// Which rung it is, counted from the best.
    pub rung: usize,
    /// What it gave.
    pub value: T,
}

/// No rung of a ladder works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nothing {
    /// What cannot be done.
    pub what: String,
    /// The rungs, and why each does not work.
    pub tried: Vec<(String, String)>,
    /// What would help.
    pub fix: String,
}

impl fmt::Display for Nothing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} cannot be done here", self.what)?;
        for (index, (name, why)) in self.tried.iter().enumerate() {
            let sign = if index == 0 { ":" } else { ";" };
            write!(formatter, "{sign} {name}: {why}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Nothing {}

impl<T: Clone + Send + 'static> Ladder<T> {
    /// A ladder for `what`, whose rungs work or not by what has the names `depends` in the
    /// environment. `check` judges what a rung gives; each has `patience` to give it.
    pub fn new(
        what: &str,
        depends: &[&'static str],
        rungs: Vec<Rung<T>>,
        check: impl Fn(&T) -> Result<(), String> + Send + Sync + 'static,
        patience: Duration,
    ) -> Self {
        let machine = rungs.iter().map(|rung| ladder::Rung {
            name: rung.name.clone(),
            fix: rung.fix.clone(),
            asked: rung.asked,
        });
        Self {
            depends: depends.to_vec(),
            inner: Mutex::new(Inner {
                machine: ladder::Ladder::new(what, machine.collect()),
                values: vec![None; rungs.len()],
            }),
            asked: rungs.iter().map(|rung| rung.asked).collect(),
            rungs: rungs
                .into_iter()
                .map(|rung| (rung.probe, Arc::default()))
                .collect(),
            check: Arc::new(check),
            patience,
        }
    }

    /// What the best rung gives that works in this environment. Rungs are tried as far as need be,
    /// and what they gave is kept.
    ///
    /// # Errors
    /// When none works.
    pub fn get(&self, environment: &Environment) -> Result<Chosen<T>, Nothing> {
        let environment = environment.only(&self.depends);
        let mut inner = self.lock();
        loop {
            match inner.machine.look(&environment) {
                Next::Try(rung) => {
                    let (probe, busy) = &self.rungs[rung];
                    let result = probe::run(probe, &self.check, self.patience, busy);
                    let result = result.map(|value| inner.values[rung] = Some(value));
                    inner.machine.found(rung, result);
                }
                Next::Use(rung) => match inner.values[rung].clone() {
                    Some(value) => return Ok(Chosen { rung, value }),
                    None => inner.machine.lost(
                        rung,
                        Fault::Failed("what it gave is there no more".to_owned()),
                    ),
                },
                Next::Nothing => return Err(nothing(&inner.machine)),
            }
        }
    }

    /// Of the best `count` rungs those that somebody wants and that do not work, with why; only they
    /// are tried, and the ladder stays where it stands.
    pub(super) fn lacking(&self, count: usize) -> Vec<(String, String)> {
        let names = self.state().rungs.into_iter();
        let rungs = names.zip(&self.rungs).enumerate().take(count);
        rungs
            .filter(|(index, _)| self.asks_for(*index))
            .filter_map(|(_, (state, (probe, busy)))| {
                let result = probe::run(probe, &self.check, self.patience, busy);
                Some((state.name, result.err()?.to_string()))
            })
            .collect()
    }

    /// What was chosen failed at its work.
    pub fn lost(&self, chosen: &Chosen<T>, why: &str) {
        let mut inner = self.lock();
        inner.values[chosen.rung] = None;
        inner
            .machine
            .lost(chosen.rung, Fault::Failed(why.to_owned()));
    }

    /// Steps since the last call.
    pub fn moves(&self) -> Vec<Move> {
        self.lock().machine.moves()
    }

    /// Whether somebody wants this rung.
    pub fn asks_for(&self, rung: usize) -> bool {
        self.asked.get(rung).copied().unwrap_or(false)
    }

    /// How it stands.
    pub fn state(&self) -> State {
        self.lock().machine.state()
    }

    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn nothing(machine: &ladder::Ladder) -> Nothing {
    let faults = machine.faults();
    let fixes = machine.state().rungs.into_iter();
    Nothing {
        what: machine.what().to_owned(),
        tried: faults
            .iter()
            .map(|(name, fault)| ((*name).to_owned(), fault.to_string()))
            .collect(),
        fix: fixes
            .filter(|rung| rung.why.is_some())
            .find_map(|rung| rung.climb)
            .unwrap_or_default(),
    }
}
