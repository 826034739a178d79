//! Sound on the output clock: what is heard beside a plan's pictures, as plain samples.
//!
//! Nothing here decodes or encodes. Clips come as [`Source`]s of interleaved stereo samples at
//! [`RATE`]; a [`Mixer`] (each clip's own sound) or a [`Bed`] (one file under everything) gives
//! the finished sound block by block through [`Stream`], exactly as long as the pictures.
//! Every position is computed from an absolute frame index, so that nothing drifts, and every
//! sample is a function of its index alone, so that block size and seeking never change it.

mod bed;
mod curve;
mod limit;
pub mod loudness;
mod mixer;
mod source;
mod timeline;
mod voice;

use std::io;

pub use self::{
    bed::{Bed, Options as BedOptions},
    mixer::{Mixer, Options, Track},
    source::{Memory, Source},
};

/// Samples per second of everything here; one sample frame holds one sample per channel.
pub const RATE: u32 = 48_000;

/// Channels of everything here, interleaved left and right.
pub const CHANNELS: usize = 2;

/// Sample frames in a block unless an option says otherwise: half a second.
const BLOCK: usize = RATE as usize / 2;

/// Finished sound, in order, in blocks of bounded size.
pub trait Stream {
    /// Sample frames in all.
    fn total(&self) -> u64;

    /// The sample frame with which the next block starts.
    fn position(&self) -> u64;

    /// Goes on from sample frame `at` (from the end, where `at` lies beyond it).
    fn seek(&mut self, at: u64);

    /// Replaces `out` by the next block of interleaved samples, all within -1..=1; false, with
    /// `out` empty, after the last.
    fn next(&mut self, out: &mut Vec<f32>) -> Result<bool, Error>;
}

/// Why sound could not be mixed or measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Kept samples cannot be read.
    #[error("cannot read samples from the store: {0}")]
    Read(#[source] io::Error),
    /// More was asked of a source than it holds.
    #[error("asked for {want} sample frames from {at} on, of {len}")]
    Range {
        /// First sample frame asked for.
        at: u64,
        /// Sample frames asked for.
        want: u64,
        /// Sample frames there are.
        len: u64,
    },
    /// Tracks and clips do not pair up.
    #[error("{tracks} sound tracks for {clips} clips")]
    Tracks {
        /// Tracks given.
        tracks: usize,
        /// Clips in the plan.
        clips: usize,
    },
    /// The plan does not hold together.
    #[error("the plan cannot be heard: {0}")]
    Plan(#[from] loopy_core::plan::Error),
    /// A bed without a single sample.
    #[error("the sound file holds no sound")]
    Empty,
    /// The loudness meter refused the samples.
    #[error("cannot measure loudness: {0}")]
    Meter(#[from] ebur128::Error),
}
