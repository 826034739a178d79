//! From patches to pixels: each pixel takes the mean motion of the patches over it, weighted by
//! how well each explains that pixel (Kroeger et al., ECCV 2016, section 2.2, equation 3).

use fearless_simd::{f32x8, prelude::*};

use super::{
    Motion,
    plane::{LANES, load, store, total},
    pyramid::Level,
    search::{PATCH, Patches, place},
};

/// Motion of every pixel of `a`.
#[inline(always)]
pub(super) fn spread<S: Simd>(simd: S, a: &Level, b: &Level, patches: &Patches) -> Motion {
    let (mut u, mut v, mut sum) = (a.image.same(), a.image.same(), a.image.same());
    let one = f32x8::splat(simd, 1.0);
    let mut index = 0;
    for y in &patches.ys {
        for x in &patches.xs {
            let motion = patches.motion[index];
            index += 1;
            let differences = differences(simd, a, b, *x, *y, motion);
            let mut mean = f32x8::splat(simd, 0.0);
            for row in differences {
                mean += row;
            }
            let mean = total(mean) / (PATCH * PATCH) as f32;
            for (row, difference) in differences.into_iter().enumerate() {
                let at = a.image.start(y + row) + x;
                let weight = one / (difference - mean).abs().max(one);
                store(load(simd, &sum.data, at) + weight, &mut sum.data, at);
                store(
                    load(simd, &u.data, at) + weight * motion[0],
                    &mut u.data,
                    at,
                );
                store(
                    load(simd, &v.data, at) + weight * motion[1],
                    &mut v.data,
                    at,
                );
            }
        }
    }
    for y in 0..a.image.height {
        let start = a.image.start(y);
        for x in (0..a.image.width).step_by(LANES) {
            let at = start + x;
            // Lanes in the border have no patch over them.
            let scale = one / load(simd, &sum.data, at).max(1e-9);
            store(load(simd, &u.data, at) * scale, &mut u.data, at);
            store(load(simd, &v.data, at) * scale, &mut v.data, at);
        }
    }
    u.fill_border();
    v.fill_border();
    Motion { u, v }
}

#[inline(always)]
fn differences<S: Simd>(
    simd: S,
    a: &Level,
    b: &Level,
    x: usize,
    y: usize,
    motion: [f32; 2],
) -> [f32x8<S>; PATCH] {
    let (at_b, [left, right, upper, lower]) = place(b, x, y, motion);
    let mut above = row(simd, b, at_b, left, right);
    let mut out = [above; PATCH];
    for (row, out) in out.iter_mut().enumerate() {
        let below = self::row(simd, b, at_b + (row + 1) * b.image.stride, left, right);
        let at = a.image.start(y + row) + x;
        *out = above * upper + below * lower - load(simd, &a.image.data, at);
        above = below;
    }
    out
}

/// One row of samples between two columns.
#[inline(always)]
fn row<S: Simd>(simd: S, b: &Level, at: usize, left: f32, right: f32) -> f32x8<S> {
    load(simd, &b.image.data, at) * left + load(simd, &b.image.data, at + 1) * right
}
