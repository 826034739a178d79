//! What the detector keeps of one picture: a small luma and chroma, and the fine texture of a
//! larger one, which blends and blur take away.

use loopy_core::{Frame, Size};
use loopy_pixels::shrink;

/// Pixels of the picture that the detector reads: those of 320x180.
const PIXELS: f64 = 320.0 * 180.0;
/// Side of a grid cell in pixels of the small luma, about.
const CELL: u32 = 10;
/// Bins of the luma histogram.
pub(crate) const BINS: usize = 32;

/// Size at which the detector reads a picture of `size`: the same shape, about 57,600 pixels,
/// sides a multiple of 8 from 64 to 512.
pub fn reading_size(size: Size) -> Size {
    let shape = f64::from(size.width.max(1)) / f64::from(size.height.max(1));
    let side = |length: f64| ((length / 8.0).round() as u32 * 8).clamp(64, 512);
    Size::new(side((PIXELS * shape).sqrt()), side((PIXELS / shape).sqrt()))
}

/// The grid over a plane: which columns and rows belong to which cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grid {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) columns: usize,
    pub(crate) rows: usize,
}

impl Grid {
    fn of(size: Size) -> Self {
        Self {
            width: size.width as usize,
            height: size.height as usize,
            columns: (size.width / CELL).max(1) as usize,
            rows: (size.height / CELL).max(1) as usize,
        }
    }

    pub(crate) fn cells(&self) -> usize {
        self.columns * self.rows
    }

    /// Sums `of` over each cell's stretches of one row, and divides by the cell's area; `of` is
    /// given the range of samples of that stretch.
    pub(crate) fn means(&self, of: impl Fn(std::ops::Range<usize>) -> u32) -> Vec<f32> {
        let mut means = Vec::with_capacity(self.cells());
        for row in 0..self.rows {
            let (top, bottom) = edges(row, self.rows, self.height);
            for column in 0..self.columns {
                let (left, right) = edges(column, self.columns, self.width);
                let sum: u32 = (top..bottom)
                    .map(|y| of(y * self.width + left..y * self.width + right))
                    .sum();
                means.push(sum as f32 / ((bottom - top) * (right - left)).max(1) as f32);
            }
        }
        means
    }
}

fn edges(index: usize, count: usize, length: usize) -> (usize, usize) {
    (index * length / count, (index + 1) * length / count)
}

/// One picture as the detector sees it.
#[derive(Clone, Debug)]
pub struct Look {
    picture: Frame,
    /// Half the sides of the picture.
    pub(crate) small: Frame,
    /// A quarter of the sides, luma only, for motion.
    pub(crate) quarter: Frame,
    pub(crate) grid: Grid,
    /// Mean absolute Laplacian of each cell of the large luma.
    pub(crate) texture: Vec<f32>,
    pub(crate) histogram: [f32; BINS],
    /// Means of luma and both chroma planes.
    pub(crate) means: [f32; 3],
}

impl Look {
    /// Looks at a picture, which should be of [`reading_size`].
    pub fn new(picture: Frame) -> Self {
        let size = picture.size();
        let part = |by: u32| Size::new((size.width / by).max(8), (size.height / by).max(8)).even();
        let small = shrink::area(&picture, part(2));
        let quarter = shrink::area(&small, part(4));
        let grid = Grid::of(small.size());
        let [luma, ..] = small.planes();
        let mut histogram = [0.0; BINS];
        for sample in luma {
            histogram[usize::from(*sample) * BINS / 256] += 1.0 / luma.len() as f32;
        }
        let means = small.planes().map(|plane| {
            let sum: u64 = plane.iter().map(|sample| u64::from(*sample)).sum();
            sum as f32 / plane.len() as f32
        });
        Self {
            texture: texture(&picture, &grid),
            histogram,
            means,
            grid,
            quarter,
            small,
            picture,
        }
    }

    /// The picture that was looked at.
    pub fn picture(&self) -> &Frame {
        &self.picture
    }
}

fn texture(picture: &Frame, grid: &Grid) -> Vec<f32> {
    let (width, height) = (
        picture.size().width as usize,
        picture.size().height as usize,
    );
    let [luma, ..] = picture.planes();
    let mut bent = vec![0_u16; luma.len()];
    for y in 1..height.saturating_sub(1) {
        let row = |y: usize| &luma[y * width..(y + 1) * width];
        let (above, here, below) = (row(y - 1), row(y), row(y + 1));
        let out = &mut bent[y * width..(y + 1) * width];
        for x in 1..width.saturating_sub(1) {
            let around = i16::from(above[x])
                + i16::from(below[x])
                + i16::from(here[x - 1])
                + i16::from(here[x + 1]);
            out[x] = (4 * i16::from(here[x]) - around).unsigned_abs();
        }
    }
    let large = Grid {
        width,
        height,
        ..grid.clone()
    };
    large.means(|range| bent[range].iter().map(|sample| u32::from(*sample)).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_sizes_keep_the_shape_and_about_the_area() {
        for (size, wanted) in [
            (Size::new(1280, 720), Size::new(320, 184)),
            (Size::new(512, 512), Size::new(240, 240)),
            (Size::new(720, 1280), Size::new(184, 320)),
            (Size::new(8192, 16), Size::new(512, 64)),
        ] {
            assert_eq!(reading_size(size), wanted);
        }
    }

    #[test]
    fn blur_takes_texture_away_and_light_does_not() {
        let mut sharp = Frame::black(Size::new(320, 184));
        for (index, sample) in sharp.planes_mut()[0].iter_mut().enumerate() {
            *sample = 100 + (index * 37 % 61) as u8;
        }
        let mut light = sharp.clone();
        for sample in light.planes_mut()[0].iter_mut() {
            *sample = sample.saturating_add(4);
        }
        let soft = shrink::area(&shrink::area(&sharp, Size::new(160, 92)), sharp.size());
        let sum = |frame: &Frame| Look::new(frame.clone()).texture.iter().sum::<f32>();
        assert!(
            sum(&soft) < 0.8 * sum(&sharp),
            "{} {}",
            sum(&soft),
            sum(&sharp)
        );
        assert!((sum(&light) / sum(&sharp) - 1.0).abs() < 0.02);
    }

    #[test]
    fn every_sample_belongs_to_one_cell() {
        let grid = Grid::of(Size::new(92, 46));
        let covered = std::cell::Cell::new(0);
        let means = grid.means(|range| {
            covered.set(covered.get() + range.len());
            range.len() as u32
        });
        assert_eq!(covered.get(), 92 * 46);
        assert!(means.iter().all(|mean| (mean - 1.0).abs() < 1e-6));
    }
}
