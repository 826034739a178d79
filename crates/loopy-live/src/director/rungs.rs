//! The rungs that the stream is encoded at, and how many of them are on.

use std::sync::atomic::{AtomicUsize, Ordering};

use loopy_core::{Size, encode::Settings, normalise::Normalise};
use loopy_engine::realize::Look;

/// One rung.
#[derive(Clone, Debug, PartialEq)]
pub struct Rung {
    /// Short name: `720p`.
    pub name: String,
    /// Size.
    pub size: Size,
    /// Bits a second.
    pub bitrate: u32,
    /// How its pictures are made.
    pub look: Look,
}

impl Rung {
    /// A rung of `size` at `bitrate`; everything else as `normalise` has it.
    pub fn new(size: Size, bitrate: u32, normalise: Normalise) -> Self {
        Self {
            name: format!("{}p", size.height),
            size,
            bitrate,
            look: Look {
                normalise: Normalise { size, ..normalise },
                encode: Settings::live(bitrate),
                marks: 0,
            },
        }
    }
}

/// All rungs, the best first. The first is always on; the others are switched on one after the
/// other, when their pieces are ready.
#[derive(Debug)]
pub struct Rungs {
    all: Vec<Rung>,
    on: AtomicUsize,
}

impl Rungs {
    /// These rungs, of which the first is on.
    pub fn new(all: Vec<Rung>) -> Self {
        Self {
            all,
            on: AtomicUsize::new(1),
        }
    }

    /// All of them.
    pub fn all(&self) -> &[Rung] {
        &self.all
    }

    /// How their pictures are made.
    pub fn looks(&self) -> impl Iterator<Item = &Look> {
        self.all.iter().map(|rung| &rung.look)
    }

    /// How many are on.
    pub fn on(&self) -> usize {
        self.on.load(Ordering::Acquire)
    }

    /// One more is on, if there is one.
    pub fn switch_on(&self) {
        let on = self.on().saturating_add(1).min(self.all.len());
        self.on.store(on, Ordering::Release);
    }
}
