//! Grain: sampling between pixels and averaging two pictures take fine detail away; this gives
//! back as much as the sources have.
//!
//! In blocks of 16x16 the energy of fine detail (the pixel less the mean of its four neighbours,
//! squared) is measured in both sources and in the picture made. Where the picture has less than
//! its sources at the places it was taken from, its own fine detail is amplified by the root of
//! the ratio, within limits and bilinear between blocks.

use fearless_simd::prelude::*;

use crate::flow::plane::{LANES, Plane, load, store};

/// Side of a block in pixels.
pub(super) const BLOCK: usize = 16;
/// Detail is amplified by at most this.
const MOST: f32 = 1.7;
/// Energy (squared code values) below which there is nothing to amplify but rounding.
const ROUNDING: f32 = 0.15;

/// One value for each block.
pub(super) struct Blocks {
    pub(super) columns: usize,
    pub(super) rows: usize,
    pub(super) values: Vec<f32>,
}

impl Blocks {
    /// The value at a pixel, bilinear between the centres of blocks.
    pub(super) fn at(&self, x: f32, y: f32) -> f32 {
        let half = BLOCK as f32 / 2.0;
        super::meeting::sample(
            &self.values,
            self.columns,
            self.rows,
            (x + 0.5 - half) / BLOCK as f32,
            (y + 0.5 - half) / BLOCK as f32,
        )
    }
}

/// Mean energy of fine detail in each block, measured on every second row.
#[inline(always)]
pub(super) fn energy<S: Simd>(simd: S, plane: &Plane) -> Blocks {
    let columns = plane.width.div_ceil(BLOCK);
    let rows = plane.height.div_ceil(BLOCK);
    let mut values = vec![0.0; columns * rows];
    let mut counts = vec![0.0_f32; columns * rows];
    for y in (0..plane.height).step_by(2) {
        let start = plane.start(y);
        let line = y / BLOCK * columns;
        for (column, left) in (0..plane.width).step_by(BLOCK).enumerate() {
            let wide = (plane.width - left).min(BLOCK);
            let mut sum = [0.0_f32; LANES];
            for x in (0..wide).step_by(LANES) {
                let detail = detail(simd, plane, start + left + x);
                let squares = (detail * detail).to_array();
                for (sum, square) in sum.iter_mut().zip(squares).take(wide - x) {
                    *sum += square;
                }
            }
            values[line + column] +=
                (sum[0] + sum[4] + (sum[1] + sum[5])) + (sum[2] + sum[6] + (sum[3] + sum[7]));
            counts[line + column] += wide as f32;
        }
    }
    for (value, count) in values.iter_mut().zip(counts) {
        *value /= count.max(1.0);
    }
    Blocks {
        columns,
        rows,
        values,
    }
}

#[inline(always)]
fn detail<S: Simd>(simd: S, plane: &Plane, at: usize) -> fearless_simd::f32x8<S> {
    let data = &plane.data;
    load(simd, data, at)
        - ((load(simd, data, at - 1) + load(simd, data, at + 1))
            + (load(simd, data, at - plane.stride) + load(simd, data, at + plane.stride)))
            * 0.25
}

/// Amplification of detail that takes `made` to `wanted`.
pub(super) fn gain(made: f32, wanted: f32) -> f32 {
    ((wanted + ROUNDING) / (made + ROUNDING))
        .sqrt()
        .clamp(1.0, MOST)
}

/// The plane with its fine detail amplified, one row of it. `gains` holds a gain for each sample.
#[inline(always)]
pub(super) fn amplify<S: Simd>(simd: S, plane: &Plane, y: usize, gains: &[f32], out: &mut [f32]) {
    let start = plane.start(y);
    for x in (0..plane.width).step_by(LANES) {
        let more = load(simd, gains, x) - 1.0;
        let value = load(simd, &plane.data, start + x) + detail(simd, plane, start + x) * more;
        store(value, out, x);
    }
}
