//! Sampling pictures between pixels: sharp for luma, plain for chroma.

use fearless_simd::{f32x8, prelude::*};

use crate::flow::plane::{LANES, PAD, Plane, load};

/// Coordinates (in samples of the plane) kept this far inside the border.
const REACH: f32 = (PAD - 4) as f32;

/// A row of places in the plane, padded to whole vectors.
pub(super) struct Places {
    pub(super) x: Vec<f32>,
    pub(super) y: Vec<f32>,
}

/// Samples one row of places with Catmull-Rom's cubic (Keys 1981, a = -1/2).
#[inline(always)]
#[allow(clippy::float_cmp, reason = "whole numbers")]
pub(super) fn cubic<S: Simd>(simd: S, plane: &Plane, places: &Places, out: &mut [f32]) {
    let (right, bottom) = (
        (plane.width - 1) as f32 + REACH,
        (plane.height - 1) as f32 + REACH,
    );
    let shift = PAD as f32;
    let (least, right, bottom) = (
        f32x8::splat(simd, shift - REACH),
        f32x8::splat(simd, right + shift),
        f32x8::splat(simd, bottom + shift),
    );
    for start in (0..out.len()).step_by(LANES) {
        let x = (load(simd, &places.x, start) + shift).max(least).min(right);
        let y = (load(simd, &places.y, start) + shift)
            .max(least)
            .min(bottom);
        let (column, row) = (x.floor(), y.floor());
        let (across, down) = (weights(x - column), weights(y - row));
        let steps = f32x8::from_slice(simd, &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        let origin = column - steps;
        let (columns, rows) = (origin.to_array(), row.to_array());
        let together =
            columns.iter().all(|c| *c == columns[0]) && rows.iter().all(|r| *r == rows[0]);
        let value = if together {
            let at = (rows[0] as usize - 1) * plane.stride + columns[0] as usize - 1;
            let next = at + plane.stride;
            (taps(simd, plane, at, across) * down[0] + taps(simd, plane, next, across) * down[1])
                + (taps(simd, plane, next + plane.stride, across) * down[2]
                    + taps(simd, plane, next + 2 * plane.stride, across) * down[3])
        } else {
            scattered(simd, plane, columns, rows, across, down)
        };
        let value = value.to_array();
        let end = out.len().min(start + LANES);
        out[start..end].copy_from_slice(&value[..end - start]);
    }
}

/// Eight sums of four samples beside each other.
#[inline(always)]
fn taps<S: Simd>(simd: S, plane: &Plane, at: usize, across: [f32x8<S>; 4]) -> f32x8<S> {
    let [a, b, c, d] = across;
    (load(simd, &plane.data, at) * a + load(simd, &plane.data, at + 1) * b)
        + (load(simd, &plane.data, at + 2) * c + load(simd, &plane.data, at + 3) * d)
}

#[inline(always)]
fn lanes<S: Simd>(weights: [f32x8<S>; 4]) -> [[f32; LANES]; 4] {
    let [a, b, c, d] = weights;
    [a.to_array(), b.to_array(), c.to_array(), d.to_array()]
}

/// Eight places that do not lie side by side.
#[inline(always)]
fn scattered<S: Simd>(
    simd: S,
    plane: &Plane,
    columns: [f32; 8],
    rows: [f32; 8],
    across: [f32x8<S>; 4],
    down: [f32x8<S>; 4],
) -> f32x8<S> {
    let across = lanes(across);
    let down = lanes(down);
    let mut out = [0.0; LANES];
    for (lane, out) in out.iter_mut().enumerate() {
        let column = (columns[lane] + lane as f32) as usize - 1;
        let at = (rows[lane] as usize - 1) * plane.stride + column;
        let line = |row: usize| {
            let taps = &plane.data[at + row * plane.stride..][..4];
            (taps[0] * across[0][lane] + taps[1] * across[1][lane])
                + (taps[2] * across[2][lane] + taps[3] * across[3][lane])
        };
        *out = (line(0) * down[0][lane] + line(1) * down[1][lane])
            + (line(2) * down[2][lane] + line(3) * down[3][lane]);
    }
    f32x8::from_slice(simd, &out)
}

/// Weights of the four samples around a place `t` (0 to 1) behind the second.
#[inline(always)]
fn weights<S: Simd>(t: f32x8<S>) -> [f32x8<S>; 4] {
    let square = t * t;
    let cube = square * t;
    [
        square - (t + cube) * 0.5,
        cube * 1.5 - square * 2.5 + 1.0,
        square * 2.0 + (t - cube * 3.0) * 0.5,
        (cube - square) * 0.5,
    ]
}

/// Samples one place of two planes of one size, bilinear.
#[inline(always)]
pub(super) fn linear(first: &Plane, second: &Plane, x: f32, y: f32) -> [f32; 2] {
    let shift = PAD as f32;
    let x = (x + shift)
        .max(shift - REACH)
        .min((first.width - 1) as f32 + REACH + shift);
    let y = (y + shift)
        .max(shift - REACH)
        .min((first.height - 1) as f32 + REACH + shift);
    let (left, top) = (x as usize, y as usize);
    let (across, down) = (x - left as f32, y - top as f32);
    let at = top * first.stride + left;
    let mut out = [0.0; 2];
    for (plane, out) in [first, second].into_iter().zip(&mut out) {
        let (above, below) = (
            &plane.data[at..at + 2],
            &plane.data[at + plane.stride..][..2],
        );
        let above = above[0] + (above[1] - above[0]) * across;
        let below = below[0] + (below[1] - below[0]) * across;
        *out = above + (below - above) * down;
    }
    out
}

#[cfg(test)]
mod tests {
    use fearless_simd::{Level, dispatch};

    use super::*;

    #[test]
    fn places_on_pixels_are_the_pixels_and_ramps_are_kept() {
        let bytes: Vec<u8> = (0..40 * 20)
            .map(|at| (at % 40 * 5 + at / 40) as u8)
            .collect();
        let plane = Plane::from_bytes(40, 20, &bytes);
        let places = |shift: f32, twist: f32| Places {
            x: (0..24).map(|x| x as f32 + 4.0 + shift).collect(),
            y: (0..24).map(|x| 7.0 + shift + twist * x as f32).collect(),
        };
        for (shift, twist) in [(0.0, 0.0), (0.37, 0.0), (2.5, 0.2)] {
            let places = places(shift, twist);
            let mut out = vec![0.0; 21];
            dispatch!(Level::new(), simd => cubic(simd, &plane, &places, &mut out));
            for (index, value) in out.iter().enumerate() {
                let wanted = places.x[index] * 5.0 + places.y[index];
                assert!(
                    (value - wanted).abs() < 1e-3,
                    "{shift} {index}: {value} {wanted}"
                );
                let [plain, _] = linear(&plane, &plane, places.x[index], places.y[index]);
                assert!((plain - wanted).abs() < 1e-3);
            }
        }
    }
}
