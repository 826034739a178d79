//! What each frame of a file looks like and how it moves, small enough to keep for every frame:
//! grids of luma, chroma, structure, change and motion, and a few plain numbers. Pictures come in
//! once, at [`SIZE`]; nothing after this needs them again.

mod blob;
mod builder;
mod light;
mod motion;
mod structure;
pub(crate) mod subject;

use loopy_core::Size;

pub use self::{blob::Error, builder::Builder};
use crate::distance;

/// Size at which pictures are looked at; a source of another shape is pulled to it.
pub const SIZE: Size = Size {
    width: 192,
    height: 108,
};

/// Luma means: 32 x 18 cells of 6 x 6 pixels.
pub(crate) const LUMA: (usize, usize) = (32, 18);
/// Everything else: 16 x 9 cells of 12 x 12 luma pixels.
pub(crate) const CELLS: (usize, usize) = (16, 9);
const LUMA_BYTES: usize = LUMA.0 * LUMA.1;
/// Cells of the coarse grid.
pub(crate) const CELL_COUNT: usize = CELLS.0 * CELLS.1;
/// Bytes of a frame's grid: luma, U, V, edges.
pub(crate) const GRID: usize = LUMA_BYTES + 3 * CELL_COUNT;
/// Directions in which structure is measured.
pub(crate) const DIRECTIONS: usize = 4;
/// Bytes of a frame's structure: the directions of the first cell, then of the second, ...
pub(crate) const STRUCTURE: usize = DIRECTIONS * CELL_COUNT;
/// Numbers of a frame's motion: right and down of the first cell, then of the second, ...
pub(crate) const MOTION: usize = 2 * CELL_COUNT;
/// Units of motion in a pixel of a picture 320 wide and 180 high.
pub(crate) const MOTION_UNITS: f32 = 8.0;

/// Plain numbers about one frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Mean luma in 1/256 code values.
    pub luma: u16,
    /// Standard deviation of luma in 1/256 code values.
    pub contrast: u16,
    /// Mean step between neighbouring luma samples in 1/256 code values: sharpness and texture.
    pub sharpness: u16,
    /// Standard deviation of the noise that is left at [`SIZE`], estimated, in 1/256 code values.
    pub noise: u16,
    /// Mean U and V in 1/256 code values: white balance.
    pub white: [u16; 2],
    /// Mean absolute luma difference from the frame before in 1/256 code values; 0 for the first.
    pub change: u16,
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
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Features {
    frames: Vec<Frame>,
    grids: Vec<u8>,
    structures: Vec<u8>,
    changes: Vec<u8>,
    motions: Vec<i16>,
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

    /// The grid of a frame that exists: luma, U, V (means in code values) and edge energy.
    pub(crate) fn grid(&self, index: usize) -> &[u8; GRID] {
        let (grids, _) = self.grids.as_chunks::<GRID>();
        &grids[index]
    }

    /// Luma means of the fine cells of a frame that exists, in code values.
    pub(crate) fn luma(&self, index: usize) -> &[u8] {
        &self.grid(index)[..LUMA_BYTES]
    }

    /// Means of U and of V of the cells of a frame that exists, in code values.
    pub(crate) fn chroma(&self, index: usize) -> [&[u8]; 2] {
        let (u, v) = self.grid(index)[LUMA_BYTES..][..2 * CELL_COUNT].split_at(CELL_COUNT);
        [u, v]
    }

    /// Mean absolute luma derivative of each cell across, along the falling diagonal, down and
    /// along the rising diagonal, in 1/4 code values a pixel.
    pub(crate) fn structure(&self, index: usize) -> &[u8; STRUCTURE] {
        let (structures, _) = self.structures.as_chunks::<STRUCTURE>();
        &structures[index]
    }

    /// Mean absolute luma difference of each cell from the frame before, in 1/8 code values.
    pub(crate) fn change(&self, index: usize) -> &[u8; CELL_COUNT] {
        let (changes, _) = self.changes.as_chunks::<CELL_COUNT>();
        &changes[index]
    }

    /// Motion of each cell from a frame that exists to the next, right and down, in
    /// [`MOTION_UNITS`] to a pixel of a picture of 320 x 180. The last frame repeats the motion
    /// into it; a lone frame stands still.
    pub(crate) fn motion(&self, index: usize) -> &[i16; MOTION] {
        let (motions, _) = self.motions.as_chunks::<MOTION>();
        &motions[index]
    }

    /// How much each cell of a 16 x 9 grid counts to a viewer, 0 to 255, row by row; `None` when
    /// there is no such frame.
    pub fn subject(&self, index: usize) -> Option<[u8; CELL_COUNT]> {
        let weights = || subject::weights(self.chroma(index), self.motion(index));
        (index < self.len()).then(weights)
    }

    /// The frames of a range that exists.
    #[cfg(test)]
    pub(crate) fn part(&self, range: std::ops::Range<usize>) -> Self {
        let of = |step: usize| range.start * step..range.end * step;
        let mut part = Self {
            frames: self.frames[range.clone()].to_vec(),
            grids: self.grids[of(GRID)].to_vec(),
            structures: self.structures[of(STRUCTURE)].to_vec(),
            changes: self.changes[of(CELL_COUNT)].to_vec(),
            motions: self.motions[of(MOTION)].to_vec(),
        };
        motion::close(&mut part.motions);
        if let Some(first) = part.frames.first_mut() {
            (first.change, first.still) = (0, false);
            part.changes[..CELL_COUNT].fill(0);
        }
        part
    }
}
