//! One picture on its own: light and fine detail of every cell.

use std::ops::Range;

use loopy_core::Frame;
use loopy_pixels::flow::Gray;

use super::{CELLS, COLUMNS, SMALL, SMALLS};

/// Pictures this wide and wider are halved before motion is looked for.
const WIDE: u32 = 256;
/// Luma below this, without detail, is a bar and not part of the picture.
const BAR: f32 = 18.0;
/// Fine detail below this is none.
const PLAIN: f32 = 0.2;

/// What is measured of one picture before it is compared with others.
pub(super) struct Look<'a> {
    pub(super) frame: &'a Frame,
    pub(super) gray: Gray,
    /// Mean size of the second differences along rows and columns, in code values.
    pub(super) fine: [f32; CELLS],
    /// Mean Y, U and V.
    pub(super) light: [[f32; CELLS]; 3],
    /// Mean luma on the finer grid.
    pub(super) small: [u8; SMALLS],
}

impl<'a> Look<'a> {
    pub(super) fn new(frame: &'a Frame) -> Self {
        let size = frame.size();
        let (width, height) = (frame.stride(), size.height as usize);
        let factor = if size.width >= WIDE { 2 } else { 1 };
        let [y, u, v] = frame.planes();
        Self {
            frame,
            gray: Gray::of(frame, factor),
            fine: fine(y, width, height),
            small: small(y, width, height),
            light: [
                light(y, width, height),
                light(u, width / 2, height / 2),
                light(v, width / 2, height / 2),
            ],
        }
    }

    /// Whether the cell shows something: bars beside a picture are of no picture.
    pub(super) fn shows(&self, cell: usize) -> bool {
        self.light[0][cell] >= BAR || self.fine[cell] >= PLAIN
    }
}

/// Mean over every cell of what `sum` tells of a stretch of a row.
pub(super) fn cells(
    width: usize,
    height: usize,
    sum: impl Fn(usize, Range<usize>) -> u32,
) -> [f32; CELLS] {
    grid::<COLUMNS, CELLS>(width, height, sum)
}

/// The same over a grid of so many columns and so many cells.
fn grid<const COLUMNS: usize, const CELLS: usize>(
    width: usize,
    height: usize,
    sum: impl Fn(usize, Range<usize>) -> u32,
) -> [f32; CELLS] {
    let mut means = [0.0; CELLS];
    if width == 0 || height == 0 {
        return means;
    }
    for (row, means) in means.chunks_exact_mut(COLUMNS).enumerate() {
        let ys = span(row, CELLS / COLUMNS, height);
        let mut sums = [0_u32; COLUMNS];
        for y in ys.clone() {
            for (column, total) in sums.iter_mut().enumerate() {
                *total += sum(y, span(column, COLUMNS, width));
            }
        }
        for (column, (mean, total)) in means.iter_mut().zip(sums).enumerate() {
            let samples = ys.len() * span(column, COLUMNS, width).len();
            *mean = total as f32 / samples as f32;
        }
    }
    means
}

/// Samples of a cell along one side: at least one.
fn span(cell: usize, cells: usize, side: usize) -> Range<usize> {
    let start = (cell * side / cells).min(side - 1);
    start..((cell + 1) * side / cells).max(start + 1)
}

fn light(plane: &[u8], width: usize, height: usize) -> [f32; CELLS] {
    cells(width, height, |y, xs| {
        let row = &plane[y * width..][xs];
        row.iter().map(|sample| u32::from(*sample)).sum()
    })
}

fn small(luma: &[u8], width: usize, height: usize) -> [u8; SMALLS] {
    let means: [f32; SMALLS] = grid::<{ SMALL.0 }, SMALLS>(width, height, |y, xs| {
        let row = &luma[y * width..][xs];
        row.iter().map(|sample| u32::from(*sample)).sum()
    });
    means.map(|mean| mean.round() as u8)
}

fn fine(luma: &[u8], width: usize, height: usize) -> [f32; CELLS] {
    let row = |y: usize| &luma[y * width..(y + 1) * width];
    let mut means = cells(width, height, |y, xs| {
        let (above, here, below) = (
            row(y.saturating_sub(1)),
            row(y),
            row((y + 1).min(height - 1)),
        );
        let inner = xs.start.max(1)..xs.end.min(width.saturating_sub(1)).max(xs.start.max(1));
        let across = here[inner.start - 1..=inner.end]
            .array_windows()
            .map(|[a, b, c]| bent(*a, *b, *c));
        let down = above[xs.clone()].iter().zip(&here[xs.clone()]);
        let down = down.zip(&below[xs]).map(|((a, b), c)| bent(*a, *b, *c));
        across.sum::<u32>() + down.sum::<u32>()
    });
    for mean in &mut means {
        *mean *= 0.5;
    }
    means
}

/// |2b - a - c|.
pub(super) fn bent(a: u8, b: u8, c: u8) -> u32 {
    let twice = 2 * i16::from(b) - i16::from(a) - i16::from(c);
    u32::from(twice.unsigned_abs())
}
