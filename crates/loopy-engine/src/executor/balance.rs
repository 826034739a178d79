//! How many workers, by how busy the rest of the machine is.
//!
//! Pure: looks at the machine come in with their times, and a number comes out. What others use is
//! measured without our own share, so that our own work never drives the number. A step is one
//! worker; it takes a wish that lasts, and turning round takes longer, so that the number never
//! flaps.

use std::{fmt, time::Duration};

/// How long room for one more must last before there is one more.
const UP: Duration = Duration::from_secs(4);
/// How long one too many must last before there is one less.
const DOWN: Duration = Duration::from_secs(2);
/// Least time between two steps in different directions.
const TURN: Duration = Duration::from_secs(15);
/// Cores that are free beyond those of our workers when there is one more, and that others take of
/// ours when there is one less. Between the two nothing happens.
const SPARE: f64 = 0.75;
const TAKEN: f64 = 0.5;
/// Percent of the time that everything waits for memory.
const STALLED: f64 = 5.0;
/// Share of the machine's memory that is left when there is too little.
const SCARCE: f64 = 0.05;
const ENOUGH: f64 = 0.15;

/// The machine at one time; what is not known plays no part.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Load {
    /// Cores of the machine.
    pub cores: f64,
    /// Cores of it that we may use.
    pub usable: f64,
    /// Cores that others keep busy.
    pub others: Option<f64>,
    /// Share of memory that is left.
    pub memory: Option<f64>,
    /// Percent of the time that everything waits for memory.
    pub stalled: Option<f64>,
}

/// A step.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// When.
    pub at: Duration,
    /// Workers from now on.
    pub to: u32,
    /// Why.
    pub why: Why,
}

/// Why there is one more or one less.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Why {
    /// Others use so many cores.
    Others(f64),
    /// Memory is scarce: so much of it is left.
    Memory(f64),
    /// Everything waits for memory in so many percent of the time.
    Stalled(f64),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Others(cores) => write!(f, "others use {cores:.1} cores"),
            Self::Memory(share) => write!(f, "{:.0} % of memory is left", share * 100.0),
            Self::Stalled(percent) => {
                write!(f, "everything waits for memory {percent:.0} % of the time")
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

/// How many workers.
#[derive(Clone, Debug)]
pub(super) struct Balance {
    most: u32,
    count: u32,
    /// A wish and since when it lasts.
    wish: Option<(Way, Duration)>,
    /// The last step.
    last: Option<(Way, Duration)>,
}

impl Balance {
    /// At first as many as `most`, at least one.
    pub(super) fn new(most: u32) -> Self {
        Self {
            most: most.max(1),
            count: most.max(1),
            wish: None,
            last: None,
        }
    }

    /// How many now.
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// Takes a look at the machine at `now`, which never goes back. `waiting` jobs wait for a
    /// worker: for none there is never one more.
    pub(super) fn step(&mut self, now: Duration, load: &Load, waiting: usize) -> Option<Change> {
        let Some((way, why)) = self.wanted(load, waiting) else {
            self.wish = None;
            return None;
        };
        let since = match self.wish {
            Some((before, since)) if before == way => since,
            _ => now,
        };
        self.wish = Some((way, since));
        let patience = match way {
            Way::Up => UP,
            Way::Down => DOWN,
        };
        let turned = self
            .last
            .is_some_and(|(before, at)| before != way && now.saturating_sub(at) < TURN);
        if now.saturating_sub(since) < patience || turned {
            return None;
        }
        self.count = match way {
            Way::Up => self.count + 1,
            Way::Down => self.count - 1,
        };
        self.last = Some((way, now));
        self.wish = None;
        Some(Change {
            at: now,
            to: self.count,
            why,
        })
    }

    /// Which way to go, if any.
    fn wanted(&self, load: &Load, waiting: usize) -> Option<(Way, Why)> {
        let scarce = load.memory.filter(|left| *left < SCARCE).map(Why::Memory);
        let stalled = load.stalled.filter(|it| *it > STALLED).map(Why::Stalled);
        let count = f64::from(self.count);
        let free = load
            .others
            .map(|others| (others, (load.cores - others).min(load.usable)));
        let taken = free.filter(|(_, free)| *free < count - TAKEN);
        let less = scarce
            .or(stalled)
            .or(taken.map(|(others, _)| Why::Others(others)));
        if let Some(why) = less {
            return (self.count > 1).then_some((Way::Down, why));
        }
        let calm = load.memory.is_none_or(|left| left > ENOUGH)
            && load.stalled.is_none_or(|percent| percent < STALLED / 2.0);
        let (others, free) = free?;
        let more = self.count < self.most && waiting > 0 && calm && free >= count + SPARE;
        more.then_some((Way::Up, Why::Others(others)))
    }
}

#[cfg(test)]
mod tests;
