//! What each frame of a file looks like, small enough to keep for every frame: a grid of means,
//! edge energy, and a few plain numbers. Pictures come in once, at [`SIZE`]; nothing after this
//! needs them again.
//!
//! Motion is not stored: the signed change from frame to frame is the difference of two grids, and
//! comparing those differences across a joint tells its direction.

mod blob;
mod builder;

use loopy_core::Size;

pub use self::{blob::Error, builder::Builder};
use crate::distance;

/// Size at which pictures are looked at; a source of another shape is pulled to it.
pub const SIZE: Size = Size {
    width: 96,
    height: 54,
};

/// Luma means: 32 x 18 cells of 3 x 3 pixels.
pub(crate) const LUMA: (usize, usize) = (32, 18);
/// Chroma means (each of U and V) and edge energy: 16 x 9 cells of 6 x 6 luma pixels.
pub(crate) const CELLS: (usize, usize) = (16, 9);
const LUMA_BYTES: usize = LUMA.0 * LUMA.1;
const CELL_BYTES: usize = CELLS.0 * CELLS.1;
/// Bytes of a frame's grid: luma, U, V, edges.
pub(crate) const GRID: usize = LUMA_BYTES + 3 * CELL_BYTES;

/// Plain numbers about one frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Mean luma in 1/256 code values.
    pub luma: u16,
    /// Mean step between neighbouring luma samples in 1/256 code values: sharpness and texture.
    pub sharpness: u16,
    /// Luma below which 1 % of the samples lie.
    pub darkest: u8,
    /// Luma above which 1 % of the samples lie.
    pub brightest: u8,
    /// Difference between the largest and the smallest chroma cell, U or V, whichever is larger.
    pub colours: u8,
    /// The decoder met damage in it.
    pub corrupt: bool,
    /// Looks the same as the frame before and as all others back to the start of its still run.
    pub still: bool,
}

/// What the frames of one file look like, in order of presentation.
#[derive(Clone, PartialEq, Eq)]
pub struct Features {
    frames: Vec<Frame>,
    grids: Vec<u8>,
}

impl std::fmt::Debug for Features {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Features({} frames)", self.frames.len())
    }
}

impl Features {
    /// Number of frames.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// No frame was seen.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Plain numbers about each frame.
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// Distance between two frames in code values, weighted to where they differ most; `None`
    /// when there is no such frame.
    pub fn distance(&self, a: usize, b: usize) -> Option<f32> {
        (a.max(b) < self.len()).then(|| distance::apart(self.grid(a), self.grid(b)))
    }

    /// The file's own step from frame `index` to the next; `None` at the end.
    pub fn step(&self, index: usize) -> Option<f32> {
        self.distance(index, index.checked_add(1)?)
    }

    /// The grid of a frame that exists.
    pub(crate) fn grid(&self, index: usize) -> &[u8; GRID] {
        let (grids, _) = self.grids.as_chunks::<GRID>();
        &grids[index]
    }
}
