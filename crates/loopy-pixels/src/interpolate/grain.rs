//! Grain: sampling between pixels and averaging two pictures take fine detail away; this gives
//! back as much as the sources have.
//!
//! In blocks of 16x16 the energy of fine detail (the pixel less the mean of its four neighbours,
//! squared) is measured in both sources and in the picture made. Where the picture has less than
//! its sources at the places it was taken from, its own fine detail is amplified by the root of
//! the ratio, within limits and bilinear between blocks.

use fearless_simd::{f32x8, prelude::*};

use crate::flow::{
    places,
    plane::{LANES, Plane, load, total},
};

/// Side of a block in pixels.
pub(super) const BLOCK: usize = 2 * LANES;
/// Detail is amplified by at most this.
const MOST: f32 = 1.7;
/// Energy (squared code values) below which there is nothing to amplify but rounding.
const ROUNDING: f32 = 0.15;
/// Share of its sources' energy that a picture is given back: what lacks is not seen, and detail
/// that does not fit is not made stronger than need be.
const ENOUGH: f32 = 1.0;
/// A gain below this would not be seen.
const LEAST: f32 = 1.01;

/// Three rows of a picture, the middle one and its neighbours; each begins [`LANES`] samples
/// before the picture and ends as much or more behind it.
pub(super) type Rows<'a> = [&'a [f32]; 3];

/// One value for each block.
pub(super) struct Blocks {
    pub(super) columns: usize,
    rows: usize,
    values: Vec<f32>,
}

impl Blocks {
    /// Mean energy of fine detail in each block.
    #[inline(always)]
    pub(super) fn energy<S: Simd>(simd: S, plane: &Plane) -> Self {
        let columns = plane.width.div_ceil(BLOCK);
        let rows = plane.height.div_ceil(BLOCK);
        let mut values = vec![0.0; columns * rows];
        for (row, values) in values.chunks_exact_mut(columns).enumerate() {
            let line = |y: usize| {
                let start = plane.start(y);
                let end = start + plane.width.next_multiple_of(LANES) + LANES;
                &plane.data[start - LANES..end]
            };
            band(simd, row, plane.width, plane.height, line, values);
        }
        Self {
            columns,
            rows,
            values,
        }
    }

    /// The value at a pixel, bilinear between the centres of blocks.
    pub(super) fn at(&self, x: f32, y: f32) -> f32 {
        let half = BLOCK as f32 / 2.0;
        places::sample(
            &self.values,
            self.columns,
            self.rows,
            (x + 0.5 - half) / BLOCK as f32,
            (y + 0.5 - half) / BLOCK as f32,
        )
    }

    /// Each row of blocks as wide as a picture of `width` pixels, bilinear between the centres of blocks.
    pub(super) fn widened(&self, width: usize) -> Vec<Vec<f32>> {
        let rows = self.values.chunks_exact(self.columns);
        let wide = |row: &[f32]| {
            let places = (0..width).map(|x| between(x, row.len()));
            let value = |(left, right, across): (usize, usize, f32)| {
                row[left] + (row[right] - row[left]) * across
            };
            places.map(value).collect()
        };
        rows.map(wide).collect()
    }

    /// The rows of blocks that row `y` of pixels lies between, and how far behind the first of them.
    pub(super) fn between(&self, y: usize) -> (usize, usize, f32) {
        between(y, self.rows)
    }

    /// What `change` makes of each value; it is told the centre of the block.
    pub(super) fn map(&self, change: impl Fn(f32, f32, f32) -> f32) -> Self {
        let half = BLOCK as f32 / 2.0 - 0.5;
        let centre = |block: usize| (block * BLOCK) as f32 + half;
        let values = self.values.iter().enumerate().map(|(at, value)| {
            let (x, y) = (at % self.columns, at / self.columns);
            change(centre(x), centre(y), *value)
        });
        Self {
            values: values.collect(),
            ..*self
        }
    }

    /// `is` holds for every value.
    pub(super) fn all(&self, is: impl Fn(f32) -> bool) -> bool {
        self.values.iter().all(|value| is(*value))
    }

    #[cfg(test)]
    pub(super) fn mean(&self) -> f32 {
        self.values.iter().sum::<f32>() / self.values.len() as f32
    }
}

/// The blocks of `count` in a row between whose centres a pixel lies, and how far behind the first.
fn between(pixel: usize, count: usize) -> (usize, usize, f32) {
    let half = BLOCK as f32 / 2.0;
    let place = (pixel as f32 + 0.5 - half) / BLOCK as f32;
    let place = place.max(0.0).min((count - 1) as f32);
    let first = place as usize;
    (first, (first + 1).min(count - 1), place - first as f32)
}

/// Energy of one row of blocks, measured on every second row of pixels.
#[inline(always)]
pub(super) fn band<'a, S: Simd>(
    simd: S,
    row: usize,
    width: usize,
    height: usize,
    line: impl Fn(usize) -> &'a [f32],
    values: &mut [f32],
) {
    let lines = (row * BLOCK..height.min((row + 1) * BLOCK)).step_by(2);
    let count = lines.len();
    values.fill(0.0);
    for y in lines {
        let rows = neighbours(y, height, &line);
        for (column, value) in values.iter_mut().enumerate() {
            let mut sum = f32x8::splat(simd, 0.0);
            for x in [column * BLOCK, column * BLOCK + LANES] {
                if x + LANES <= width {
                    let detail = detail(simd, rows, x);
                    sum += detail * detail;
                } else if x < width {
                    let inside = f32x8::from_fn(simd, |lane| f32::from(u8::from(x + lane < width)));
                    let detail = detail(simd, rows, x) * inside;
                    sum += detail * detail;
                }
            }
            *value += total(sum);
        }
    }
    for (column, value) in values.iter_mut().enumerate() {
        let wide = (width - column * BLOCK).min(BLOCK);
        *value /= (wide * count) as f32;
    }
}

/// Row `y` between its neighbours, edges repeated.
#[inline(always)]
pub(super) fn neighbours<'a>(
    y: usize,
    height: usize,
    line: impl Fn(usize) -> &'a [f32],
) -> Rows<'a> {
    [
        line(y.saturating_sub(1)),
        line(y),
        line((y + 1).min(height - 1)),
    ]
}

/// Fine detail of eight pixels from `x`.
#[inline(always)]
fn detail<S: Simd>(simd: S, [above, here, below]: Rows<'_>, x: usize) -> f32x8<S> {
    let at = x + LANES;
    load(simd, here, at)
        - ((load(simd, here, at - 1) + load(simd, here, at + 1))
            + (load(simd, above, at) + load(simd, below, at)))
            * 0.25
}

/// Amplification of detail that takes `made` to `wanted`.
pub(super) fn gain(made: f32, wanted: f32) -> f32 {
    let gain = ((wanted * ENOUGH + ROUNDING) / (made + ROUNDING)).sqrt();
    if gain < LEAST { 1.0 } else { gain.min(MOST) }
}

/// Writes one row with its fine detail amplified by gains between those of two rows of blocks,
/// `part` of the way from the upper to the lower.
#[inline(always)]
pub(super) fn amplify<S: Simd>(
    simd: S,
    rows: Rows<'_>,
    [upper, lower]: [&[f32]; 2],
    part: f32,
    out: &mut [u8],
) {
    let last = upper.len() - 1;
    let at = |column: usize| {
        let column = column.min(last);
        upper[column] + (lower[column] - upper[column]) * part
    };
    let before = f32x8::from_fn(simd, |lane| (lane as f32 + 0.5) / BLOCK as f32);
    let shares = [before, before + 0.5];
    let (mut left, mut right) = (at(0), at(0));
    for (run, bytes) in out.chunks_mut(LANES).enumerate() {
        let x = run * LANES;
        let half = (run + 1) % 2;
        if run > 0 && half == 0 {
            // Between the centres of two blocks.
            (left, right) = (right, at(run / 2 + 1));
        }
        let mut value = load(simd, rows[1], x + LANES);
        if left > 1.0 || right > 1.0 {
            let more = shares[half] * (right - left) + (left - 1.0);
            value += detail(simd, rows, x) * more;
        }
        write(simd, value, bytes);
    }
}

/// Rounds up to eight samples to bytes.
#[inline(always)]
pub(super) fn write<S: Simd>(simd: S, value: f32x8<S>, bytes: &mut [u8]) {
    let rounded = simd.cvt_u32_f32x8((value + 0.5).max(0.0).min(255.0));
    let (low, high) = simd.split_u32x8(rounded);
    let words = simd.saturating_narrow_u32x4(low, high);
    let twice = simd.saturating_narrow_u16x8(words, words).to_array();
    let whole: [u8; LANES] = [
        twice[0], twice[1], twice[2], twice[3], twice[4], twice[5], twice[6], twice[7],
    ];
    if let Ok(bytes) = <&mut [u8; LANES]>::try_from(&mut *bytes) {
        *bytes = whole;
    } else {
        let count = bytes.len();
        bytes.copy_from_slice(&whole[..count]);
    }
}
