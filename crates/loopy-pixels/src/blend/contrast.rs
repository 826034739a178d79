//! Contrast of mixed textures: two pictures of falling snow that are mixed show each flake half, so
//! that the snow seems to thin out for a moment. This gives back as much contrast as both have.
//!
//! In cells of the luma the spread around the mean is measured in both pictures and in their mix.
//! Where the mix has less, what it differs by from the mean is amplified, bilinear between cells.
//! Where both show the same, as behind still cameras, nothing lacks and nothing changes.

use loopy_core::Frame;

/// Cells along the shorter side.
const CELLS: usize = 12;
/// Shortest side of a cell in pixels.
const LEAST_SIDE: usize = 12;
/// Spread in code values that is as likely noise as texture.
const NOISE: f32 = 1.0;
/// Unlike textures that are mixed half and half lose as much as this gives back.
const MOST: f32 = std::f32::consts::SQRT_2;

/// Gives `mixed` of `a` and `b`, of which it shows `share_of_b` (0 to 1), their contrast.
pub(super) fn keep(a: &Frame, b: &Frame, share_of_b: f32, mixed: &mut Frame) {
    let grid = Grid::new(mixed);
    let [before, after, made] = [a, b, &*mixed].map(|frame| grid.spreads(frame.planes()[0]));
    let gains: Vec<f32> = (before.iter().zip(&after))
        .zip(&made)
        .map(|((a, b), made)| {
            let wanted = a.spread + (b.spread - a.spread) * share_of_b;
            let gain = (wanted + NOISE) / (made.spread + NOISE);
            gain.clamp(1.0, MOST) - 1.0
        })
        .collect();
    if gains.iter().all(|gain| *gain <= 0.0) {
        return;
    }
    let means: Vec<f32> = made.iter().map(|cell| cell.mean).collect();
    let luma = &mut mixed.planes_mut()[0];
    for (y, row) in luma.chunks_exact_mut(grid.width).enumerate() {
        let [gains, means] = [&gains, &means].map(|cells| grid.between(cells, y));
        for (x, sample) in row.iter_mut().enumerate() {
            let (left, part) = grid.place(x, grid.columns);
            let at = |line: &[f32]| line[left] + (line[left + 1] - line[left]) * part;
            let value = f32::from(*sample);
            let more = (value - at(&means)) * at(&gains);
            *sample = (value + more + 0.5).clamp(0.0, 255.0) as u8;
        }
    }
}

/// What a cell of a picture holds.
#[derive(Clone, Copy)]
struct Cell {
    mean: f32,
    /// Standard deviation.
    spread: f32,
}

/// The cells of a picture: all of one side but the last ones, which take what is left.
struct Grid {
    width: usize,
    side: usize,
    columns: usize,
    rows: usize,
}

impl Grid {
    fn new(frame: &Frame) -> Self {
        let (width, height) = (frame.stride(), frame.size().height as usize);
        let side = (width.min(height) / CELLS).max(LEAST_SIDE);
        Self {
            width,
            side,
            columns: (width / side).max(1),
            rows: (height / side).max(1),
        }
    }

    fn spreads(&self, luma: &[u8]) -> Vec<Cell> {
        let mut sums = vec![(0_u32, 0_u64, 0_u64); self.columns * self.rows];
        for (y, row) in luma.chunks_exact(self.width).enumerate() {
            let start = (y / self.side).min(self.rows - 1) * self.columns;
            for (column, samples) in row.chunks(self.side).enumerate() {
                let (count, sum, squares) = &mut sums[start + column.min(self.columns - 1)];
                *count += samples.len() as u32;
                let values = samples.iter().map(|sample| u32::from(*sample));
                let (own, own_squares) =
                    values.fold((0, 0), |(sum, squares), v| (sum + v, squares + v * v));
                *sum += u64::from(own);
                *squares += u64::from(own_squares);
            }
        }
        let cell = |(count, sum, squares): (u32, u64, u64)| {
            let [mean, square] = [sum, squares].map(|total| total as f64 / f64::from(count.max(1)));
            Cell {
                mean: mean as f32,
                spread: (square - mean * mean).max(0.0).sqrt() as f32,
            }
        };
        sums.into_iter().map(cell).collect()
    }

    /// The cell left of (or above) a pixel's place among the centres of `count` cells, and how far
    /// it is on the way to the next.
    fn place(&self, at: usize, count: usize) -> (usize, f32) {
        let cells = (at as f32 + 0.5) / self.side as f32 - 0.5;
        let cells = cells.clamp(0.0, (count - 1) as f32);
        let before = cells as usize;
        (before, cells - before as f32)
    }

    /// The values of cells along row `y` of pixels; the last one twice.
    fn between(&self, cells: &[f32], y: usize) -> Vec<f32> {
        let (above, part) = self.place(y, self.rows);
        let line = |row: usize| &cells[row.min(self.rows - 1) * self.columns..][..self.columns];
        let pairs = line(above).iter().zip(line(above + 1));
        let mut values: Vec<f32> = pairs.map(|(a, b)| a + (b - a) * part).collect();
        values.extend(values.last().copied());
        values
    }
}

#[cfg(test)]
mod tests {
    use loopy_core::Size;

    use super::*;
    use crate::blend::{WHOLE, mix};

    const SIZE: Size = Size {
        width: 180,
        height: 100,
    };

    /// Bright spots on a ground of 100 in the left half, at places that `seed` tells; the right half
    /// is the same in all.
    fn flakes(seed: u32) -> Frame {
        let mut frame = Frame::black(SIZE);
        for (at, sample) in frame.planes_mut()[0].iter_mut().enumerate() {
            let (x, y) = (at as u32 % SIZE.width, at as u32 / SIZE.width);
            let kind = if x < 90 { seed } else { 0 };
            let dice = (x / 3 * 7919 + y / 3 * 104_729 + kind * 31_337).wrapping_mul(2_654_435_761);
            *sample = if dice >> 29 == 0 { 190 } else { 100 };
        }
        frame
    }

    fn spread(frame: &Frame, columns: std::ops::Range<usize>) -> f32 {
        let rows = frame.planes()[0].chunks_exact(SIZE.width as usize);
        let values: Vec<f32> = rows
            .flat_map(|row| row[columns.clone()].iter().map(|v| f32::from(*v)))
            .collect();
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        let squares = values.iter().map(|v| (v - mean).powi(2)).sum::<f32>();
        (squares / values.len() as f32).sqrt()
    }

    #[test]
    fn a_mix_of_unlike_textures_has_their_contrast_and_of_like_ones_stays_as_it_is() {
        let (a, b) = (flakes(1), flakes(2));
        let mut plain = Frame::black(SIZE);
        mix(&a, &b, WHOLE / 2, &mut plain);
        let mut kept = plain.clone();
        keep(&a, &b, 0.5, &mut kept);
        let [ends, plain_left, kept_left] = [&a, &plain, &kept].map(|frame| spread(frame, 0..80));
        println!("ends {ends}, plain {plain_left}, kept {kept_left}");
        assert!(plain_left < 0.78 * ends);
        assert!((0.85 * ends..1.1 * ends).contains(&kept_left));
        let right = |frame: &Frame| -> Vec<u8> {
            let rows = frame.planes()[0].chunks_exact(SIZE.width as usize);
            rows.flat_map(|row| row[110..].to_vec()).collect()
        };
        assert_eq!(right(&kept), right(&plain));
    }

    #[test]
    fn what_is_too_small_for_cells_is_left_alone_or_kept_in_one() {
        for (width, height) in [(2, 2), (6, 4), (8, 200), (200, 8)] {
            let size = Size::new(width, height);
            let (mut a, b) = (Frame::black(size), Frame::black(size));
            a.planes_mut()[0]
                .iter_mut()
                .step_by(2)
                .for_each(|v| *v = 200);
            let mut mixed = Frame::black(size);
            mix(&a, &b, WHOLE / 2, &mut mixed);
            keep(&a, &b, 0.5, &mut mixed);
            assert_eq!(mixed.size(), size);
        }
    }
}
