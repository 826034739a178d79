//! Motion of the grid's cells from one look to the next: least squares on gradients, coarse to
//! fine (Lucas and Kanade 1981; Bouguet 2000). Shares nothing with the flow that draws bridges.

use loopy_core::Frame;

use crate::look::{Grid, Look};

/// Squared code values that hold a sample still: flat cells stay at rest.
const STILL: f32 = 6.0;
/// Farthest that one level may move a cell, in its pixels.
const REACH: f32 = 2.0;

/// How the cells moved.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// Motion of each cell in pixels of the small luma.
    pub(crate) vectors: Vec<[f32; 2]>,
    /// What the motion does not explain: mean absolute difference of each cell in code values.
    pub(crate) residual: Vec<f32>,
}

impl Field {
    pub(crate) fn between(a: &Look, b: &Look) -> Self {
        let coarse = Grid {
            width: a.quarter.size().width as usize,
            height: a.quarter.size().height as usize,
            ..a.grid.clone()
        };
        let mut field = Self {
            vectors: Vec::with_capacity(a.grid.cells()),
            residual: Vec::with_capacity(a.grid.cells()),
        };
        let mut rows = Vec::new();
        for cell in 0..a.grid.cells() {
            // At a quarter, a cell has too few samples: its neighbours' lend a hand.
            let (guess, _) = solve(
                &a.quarter,
                &b.quarter,
                &coarse,
                (cell, 2),
                [0, 0],
                &mut rows,
            );
            let start = guess.map(|part| (part * 2.0).round() as isize);
            let (rest, residual) = solve(&a.small, &b.small, &a.grid, (cell, 0), start, &mut rows);
            field
                .vectors
                .push([start[0] as f32 + rest[0], start[1] as f32 + rest[1]]);
            field.residual.push(residual);
        }
        field
    }

    /// Mean length of the vectors in pixels.
    pub(crate) fn speed(&self) -> f32 {
        let sum: f32 = self.vectors.iter().map(|[x, y]| x.hypot(*y)).sum();
        sum / self.vectors.len().max(1) as f32
    }

    /// Mean distance between the vectors of two fields in pixels.
    pub(crate) fn change(&self, other: &Self) -> f32 {
        let pairs = self.vectors.iter().zip(&other.vectors);
        let sum: f32 = pairs.map(|(a, b)| (a[0] - b[0]).hypot(a[1] - b[1])).sum();
        sum / self.vectors.len().max(1) as f32
    }
}

/// The displacement beyond `start` that explains a cell of `a`, with a margin, best in `b`, and what
/// is left. `rows` is scratch.
fn solve(
    a: &Frame,
    b: &Frame,
    grid: &Grid,
    (cell, margin): (usize, usize),
    start: [isize; 2],
    rows: &mut Vec<[f32; 3]>,
) -> ([f32; 2], f32) {
    let ([a, ..], [b, ..]) = (a.planes(), b.planes());
    let (column, row) = (cell % grid.columns, cell / grid.columns);
    let span = |index: usize, count: usize, length: usize| {
        let low = (index * length / count).saturating_sub(margin).max(1);
        let high = ((index + 1) * length / count + margin).min(length - 1);
        (low, high.max(low))
    };
    let (left, right) = span(column, grid.columns, grid.width);
    let (top, bottom) = span(row, grid.rows, grid.height);
    let clamp = |at: usize, by: isize, length: usize| {
        (at as isize + by).clamp(0, length as isize - 1) as usize
    };
    let sample = |plane: &[u8], at: usize| f32::from(plane[at]);
    let mut sums = [0.0_f32; 5];
    rows.clear();
    for y in top..bottom {
        let there = clamp(y, start[1], grid.height) * grid.width;
        for x in left..right {
            let at = y * grid.width + x;
            let across = (sample(a, at + 1) - sample(a, at - 1)) / 2.0;
            let down = (sample(a, at + grid.width) - sample(a, at - grid.width)) / 2.0;
            let change = sample(b, there + clamp(x, start[0], grid.width)) - sample(a, at);
            sums[0] += across * across;
            sums[1] += across * down;
            sums[2] += down * down;
            sums[3] += across * change;
            sums[4] += down * change;
            rows.push([across, down, change]);
        }
    }
    let count = rows.len().max(1) as f32;
    let (xx, yy) = (sums[0] + STILL * count, sums[2] + STILL * count);
    let determinant = xx * yy - sums[1] * sums[1];
    let x = (sums[1] * sums[4] - yy * sums[3]) / determinant;
    let y = (sums[1] * sums[3] - xx * sums[4]) / determinant;
    let (x, y) = (x.clamp(-REACH, REACH), y.clamp(-REACH, REACH));
    let left_over: f32 = rows
        .iter()
        .map(|[across, down, change]| (change + across * x + down * y).abs())
        .sum();
    ([x, y], left_over / count)
}

#[cfg(test)]
mod tests {
    use loopy_core::Size;

    use super::*;

    fn moved(by: f32) -> Look {
        let size = Size::new(320, 184);
        let mut frame = Frame::black(size);
        for (index, sample) in frame.planes_mut()[0].iter_mut().enumerate() {
            let (x, y) = ((index % 320) as f32 - by, (index / 320) as f32);
            let wave = (x * 0.12).sin() + (y * 0.15).sin() + ((x + y) * 0.05).cos();
            *sample = (120.0 + 30.0 * wave) as u8;
        }
        Look::new(frame)
    }

    #[test]
    fn known_shifts_are_found_to_a_fifth_of_a_pixel() {
        let start = moved(0.0);
        for by in [0.0, 1.0, 3.0, 6.0] {
            let field = Field::between(&start, &moved(by));
            let mut across: Vec<f32> = field.vectors.iter().map(|v| v[0]).collect();
            across.sort_by(f32::total_cmp);
            // The small luma has half the pixels.
            let middle = across[across.len() / 2];
            assert!((middle - by / 2.0).abs() < 0.2, "{by}: {middle}");
        }
    }

    #[test]
    fn turning_back_is_a_larger_change_than_going_on() {
        let [a, b, c] = [moved(0.0), moved(3.0), moved(6.0)];
        let there = Field::between(&a, &b);
        let on = there.change(&Field::between(&b, &c));
        let back = there.change(&Field::between(&b, &a));
        assert!(back > 4.0 * on, "{on} {back}");
    }
}
