//! The last samples, so many and no more.

use std::collections::VecDeque;

use crate::Sample;

/// Samples that are kept unless another number is asked for: ten minutes at one a second.
pub const HISTORY: usize = 600;

/// The last samples, oldest first.
#[derive(Clone, Debug)]
pub struct History {
    most: usize,
    samples: VecDeque<Sample>,
}

impl Default for History {
    fn default() -> Self {
        Self::new(HISTORY)
    }
}

impl History {
    /// Room for `most` samples, at least one.
    pub fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            samples: VecDeque::new(),
        }
    }

    /// Adds a sample; the oldest goes where there is no room.
    pub fn add(&mut self, sample: Sample) {
        while self.samples.len() >= self.most {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
    }

    /// The newest.
    pub fn latest(&self) -> Option<&Sample> {
        self.samples.back()
    }

    /// Oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Sample> + ExactSizeIterator {
        self.samples.iter()
    }
}
