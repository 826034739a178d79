//! Sampling pictures between pixels, eight places at a time: sharp for luma, plain for chroma.
//!
//! Eight pixels side by side mostly move as one: their samples are read once, their weights are
//! one table entry. Where the motion bends, each group of lanes that lies side by side is computed
//! by itself, with weights of its own.

use fearless_simd::{f32x8, i32x8, prelude::*};

use super::weights::{PHASES, TABLE, weights};
use crate::flow::plane::{LANES, PAD, Plane, load};

/// Coordinates (in samples of the plane) kept this far inside the border.
const REACH: f32 = (PAD - 4) as f32;
/// Samples in a row that eight cubics side by side read.
const WIDE: usize = LANES + 3;

/// A plane as the samplers see it: by value, so that it stays in registers.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    width: usize,
    height: usize,
    stride: usize,
    data: &'a [f32],
}

impl<'a> View<'a> {
    pub(super) fn new(plane: &'a Plane) -> Self {
        Self {
            width: plane.width,
            height: plane.height,
            stride: plane.stride,
            data: &plane.data,
        }
    }
}

/// Eight places in a plane.
struct Places<S: Simd> {
    /// Index of each sample at or before its place, less its lane: one number for all lanes that
    /// lie side by side.
    origins: i32x8<S>,
    /// How far, 0 to 1, each place lies behind that sample.
    across: f32x8<S>,
    down: f32x8<S>,
    /// All places are samples.
    whole: bool,
}

impl<S: Simd> Places<S> {
    #[inline(always)]
    fn new(simd: S, plane: View<'_>, x: f32x8<S>, y: f32x8<S>) -> Self {
        let (x, y) = (inside(x, plane.width), inside(y, plane.height));
        let (columns, rows) = (simd.cvt_i32_f32x8(x), simd.cvt_i32_f32x8(y));
        let across = x - simd.cvt_f32_i32x8(columns);
        let down = y - simd.cvt_f32_i32x8(rows);
        let lanes = i32x8::from_slice(simd, &[0, 1, 2, 3, 4, 5, 6, 7]);
        Self {
            origins: rows * plane.stride as i32 + columns - lanes,
            whole: (across + down).simd_eq(0.0).all_true(),
            across,
            down,
        }
    }

    /// `one` for each group of lanes that lies side by side; it is given the group's origin.
    #[inline(always)]
    fn groups<const N: usize>(
        &self,
        simd: S,
        one: impl Fn(usize) -> [f32x8<S>; N],
    ) -> [f32x8<S>; N] {
        let origins = self.origins.to_array();
        let mut out = [f32x8::splat(simd, 0.0); N];
        let mut left = (1_u64 << LANES) - 1;
        while left != 0 {
            let origin = origins[left.trailing_zeros() as usize % LANES];
            let group = self.origins.simd_eq(origin);
            let values = one(origin as usize);
            for index in 0..N {
                out[index] = group.select(values[index], out[index]);
            }
            left &= !group.to_bitmask();
        }
        out
    }

    /// Bilinear between four samples.
    #[inline(always)]
    fn square(&self, simd: S, plane: View<'_>, at: usize) -> f32x8<S> {
        let line = &plane.data[at..][..=LANES];
        if self.whole {
            return load(simd, line, 0);
        }
        let (left, right) = (load(simd, line, 0), load(simd, line, 1));
        let above = left + (right - left) * self.across;
        let line = &plane.data[at + plane.stride..][..=LANES];
        let (left, right) = (load(simd, line, 0), load(simd, line, 1));
        let below = left + (right - left) * self.across;
        above + (below - above) * self.down
    }
}

/// Coordinates of places along a side, in samples of the plane with its border: positive, so that
/// truncation rounds down.
#[inline(always)]
fn inside<S: Simd>(place: f32x8<S>, side: usize) -> f32x8<S> {
    let shift = PAD as f32;
    (place + shift)
        .max(shift - REACH)
        .min((side - 1) as f32 + REACH + shift)
}

/// One motion for eight pixels side by side, to 1/64 pixel.
pub(super) struct Shift {
    /// Index of the sample at or before the first place.
    at: usize,
    across: usize,
    down: usize,
}

impl Shift {
    /// `None` where a place is so far outside that it must be brought nearer by itself.
    #[inline(always)]
    pub(super) fn new(plane: View<'_>, x: f32, y: f32) -> Option<Self> {
        let least = PAD as f32 - REACH;
        let (x, y) = (x + PAD as f32, y + PAD as f32);
        let right = (plane.width + PAD - LANES) as f32 + REACH;
        let bottom = (plane.height + PAD - 1) as f32 + REACH;
        if !(x >= least && y >= least && x < right && y < bottom) {
            return None;
        }
        let steps = PHASES as f32;
        let (x, y) = (
            (x * steps + 0.5) as i32 as usize,
            (y * steps + 0.5) as i32 as usize,
        );
        Some(Self {
            at: y / PHASES * plane.stride + x / PHASES,
            across: x % PHASES,
            down: y % PHASES,
        })
    }
}

/// Samples eight pixels that all move by the same with Catmull-Rom's cubic (Keys 1981, a = -1/2).
#[inline(always)]
pub(super) fn cubic_shift<S: Simd>(simd: S, plane: View<'_>, shift: &Shift) -> f32x8<S> {
    let Shift { at, across, down } = *shift;
    if across + down == 0 {
        return load(simd, plane.data, at);
    }
    let (across, down) = (&TABLE[across], &TABLE[down]);
    let first = at - plane.stride - 1;
    let mut sum = f32x8::splat(simd, 0.0);
    for (row, weight) in down.iter().enumerate() {
        let line = &plane.data[first + row * plane.stride..][..WIDE];
        let value = (load(simd, line, 0) * across[0] + load(simd, line, 1) * across[1])
            + (load(simd, line, 2) * across[2] + load(simd, line, 3) * across[3]);
        sum += value * *weight;
    }
    sum
}

/// The same for two planes of one size, bilinear.
#[inline(always)]
pub(super) fn linear_shift<S: Simd>(
    simd: S,
    planes: [View<'_>; 2],
    shift: &Shift,
) -> [f32x8<S>; 2] {
    let Shift { at, across, down } = *shift;
    let (across, down) = (across as f32 / PHASES as f32, down as f32 / PHASES as f32);
    let mut out = [f32x8::splat(simd, 0.0); 2];
    for (index, out) in out.iter_mut().enumerate() {
        let plane = planes[index];
        let line = &plane.data[at..][..=LANES];
        let (left, right) = (load(simd, line, 0), load(simd, line, 1));
        let above = left + (right - left) * across;
        let line = &plane.data[at + plane.stride..][..=LANES];
        let (left, right) = (load(simd, line, 0), load(simd, line, 1));
        let below = left + (right - left) * across;
        *out = above + (below - above) * down;
    }
    out
}

/// Samples eight places with Catmull-Rom's cubic. Places that are samples give exactly these.
#[inline(always)]
pub(super) fn cubic<S: Simd>(simd: S, plane: View<'_>, x: f32x8<S>, y: f32x8<S>) -> f32x8<S> {
    let places = Places::new(simd, plane, x, y);
    if places.whole {
        let [out] = places.groups(
            simd,
            #[inline(always)]
            |at| [load(simd, plane.data, at)],
        );
        return out;
    }
    let (across, down) = (weights(places.across), weights(places.down));
    let [out] = places.groups(
        simd,
        #[inline(always)]
        |at| {
            let first = at - plane.stride - 1;
            let mut rows = [across[0]; 4];
            for (row, sum) in rows.iter_mut().enumerate() {
                let line = &plane.data[first + row * plane.stride..][..WIDE];
                *sum = (load(simd, line, 0) * across[0] + load(simd, line, 1) * across[1])
                    + (load(simd, line, 2) * across[2] + load(simd, line, 3) * across[3]);
            }
            [(rows[0] * down[0] + rows[1] * down[1]) + (rows[2] * down[2] + rows[3] * down[3])]
        },
    );
    out
}

/// Samples eight places of two planes of one size, bilinear.
#[inline(always)]
pub(super) fn linear<S: Simd>(
    simd: S,
    planes: [View<'_>; 2],
    x: f32x8<S>,
    y: f32x8<S>,
) -> [f32x8<S>; 2] {
    let places = Places::new(simd, planes[0], x, y);
    places.groups(
        simd,
        #[inline(always)]
        |at| {
            [
                places.square(simd, planes[0], at),
                places.square(simd, planes[1], at),
            ]
        },
    )
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
        let plane = View::new(&plane);
        for (shift, twist, bend) in [
            (0.0, 0.0, 0.0),
            (0.37, 0.0, 0.0),
            (2.5, 0.2, 0.3),
            (3.0, 0.9, -2.1),
        ] {
            let xs: [f32; LANES] = std::array::from_fn(|x| 22.0 + shift + x as f32 * (1.0 + bend));
            let ys: [f32; LANES] = std::array::from_fn(|x| 7.0 + shift + twist * x as f32);
            let (sharp, plain) = dispatch!(Level::new(), simd => {
                let (x, y) = (f32x8::from_slice(simd, &xs), f32x8::from_slice(simd, &ys));
                let [plain, _] = linear(simd, [plane, plane], x, y);
                (cubic(simd, plane, x, y).to_array(), plain.to_array())
            });
            for lane in 0..LANES {
                let wanted = xs[lane] * 5.0 + ys[lane];
                for value in [sharp[lane], plain[lane]] {
                    assert!(
                        (value - wanted).abs() < 1e-3,
                        "{shift} {lane}: {value} {wanted}"
                    );
                }
            }
        }
    }
}
