//! Variational refinement: a smooth motion that keeps brightness and gradients constant.
//!
//! Brox et al., ECCV 2004, linearised once about the motion that came in and solved by a few fixed
//! points with red-black over-relaxation; both data terms are normalised by their gradients
//! (Zimmer et al., IJCV 2011), as in Kroeger et al. 2016, section 2.3.

use fearless_simd::{f32x8, prelude::*};

use super::{
    Motion,
    plane::{LANES, PAD, Plane, gradients, load, store},
    pyramid::Level,
};

/// Weights of brightness, gradient and smoothness.
const BRIGHTNESS: f32 = 5.0;
const GRADIENT: f32 = 10.0;
const SMOOTHNESS: f32 = 10.0;
/// Below this gradient (code values a pixel, squared) a constraint fades: it is noise.
const FAINT: f32 = 1.0;
/// Makes the robust penalty |x| smooth at zero.
const ROUND: f32 = 1e-4;
/// Over-relaxation; below 2 it converges.
const OMEGA: f32 = 1.6;

/// How much work.
#[derive(Clone, Copy)]
pub(super) struct Steps {
    /// Times that the robust weights are computed anew.
    pub(super) fixed_points: usize,
    /// Sweeps of over-relaxation each time.
    pub(super) sweeps: usize,
}

/// The linear constraints of every pixel: derivatives of the pictures at the motion given.
struct Data {
    x: Plane,
    y: Plane,
    z: Plane,
    xx: Plane,
    xy: Plane,
    yy: Plane,
    xz: Plane,
    yz: Plane,
}

/// The equations of one fixed point: symmetric 2x2 system and smoothness towards right and below.
struct System {
    a11: Plane,
    a12: Plane,
    a22: Plane,
    b1: Plane,
    b2: Plane,
    right: Plane,
    below: Plane,
}

/// Refines the motion of `a` towards `b` in place.
#[inline(always)]
pub(super) fn refine<S: Simd>(simd: S, a: &Level, b: &Level, motion: &mut Motion, steps: Steps) {
    let data = simd.vectorize(
        #[inline(always)]
        || Data::new(simd, &a.image, &b.image, motion),
    );
    let origin = motion.clone();
    let blank = || a.image.same();
    let mut system = System {
        a11: blank(),
        a12: blank(),
        a22: blank(),
        b1: blank(),
        b2: blank(),
        right: blank(),
        below: blank(),
    };
    for _ in 0..steps.fixed_points {
        simd.vectorize(
            #[inline(always)]
            || system.assemble(simd, &data, &origin, motion),
        );
        for sweep in 0..2 * steps.sweeps {
            simd.vectorize(
                #[inline(always)]
                || system.relax(simd, motion, sweep % 2),
            );
        }
        motion.u.fill_border();
        motion.v.fill_border();
    }
}

impl Data {
    #[inline(always)]
    fn new<S: Simd>(simd: S, a: &Plane, b: &Plane, motion: &Motion) -> Self {
        let (mut mean, mut z) = (warp(b, motion), a.same());
        for ((mean, z), a) in mean.data.iter_mut().zip(&mut z.data).zip(&a.data) {
            *z = *mean - a;
            *mean = (*mean + a) * 0.5;
        }
        let (x, y) = gradients(simd, &mean);
        let (xx, xy) = gradients(simd, &x);
        let (_, yy) = gradients(simd, &y);
        let (xz, yz) = gradients(simd, &z);
        Self {
            x,
            y,
            z,
            xx,
            xy,
            yy,
            xz,
            yz,
        }
    }
}

/// The second picture pulled back by the motion, bilinear.
fn warp(b: &Plane, motion: &Motion) -> Plane {
    let mut out = b.same();
    let most = |side: usize| (side + PAD - 2) as f32;
    let (right, bottom) = (most(b.width), most(b.height));
    let least = 1.0 - PAD as f32;
    for y in 0..b.height {
        let (us, vs) = (motion.u.row(y), motion.v.row(y));
        for ((x, sample), (u, v)) in out.row_mut(y).iter_mut().enumerate().zip(us.iter().zip(vs)) {
            let column = (x as f32 + u).max(least).min(right) + PAD as f32;
            let row = (y as f32 + v).max(least).min(bottom) + PAD as f32;
            let (left, top) = (column as usize, row as usize);
            let (across, down) = (column - left as f32, row - top as f32);
            let at = top * b.stride + left;
            let (above, below) = (&b.data[at..at + 2], &b.data[at + b.stride..][..2]);
            let above = above[0] + (above[1] - above[0]) * across;
            let below = below[0] + (below[1] - below[0]) * across;
            *sample = above + (below - above) * down;
        }
    }
    out.fill_border();
    out
}

impl System {
    /// Computes all weights at the motion so far. The unknowns are the whole motion, not the
    /// increment, so that smoothness needs no terms of its own.
    #[inline(always)]
    fn assemble<S: Simd>(&mut self, simd: S, data: &Data, origin: &Motion, motion: &Motion) {
        let (width, height, stride) = (data.x.width, data.x.height, data.x.stride);
        let flat = f32x8::splat(simd, ROUND);
        let mut diffusion = data.x.same();
        for y in 0..height {
            let start = data.x.start(y);
            for x in (0..width).step_by(LANES) {
                let at = start + x;
                let mut slope = flat;
                for plane in [&motion.u, &motion.v] {
                    let across = load(simd, &plane.data, at + 1) - load(simd, &plane.data, at - 1);
                    let down =
                        load(simd, &plane.data, at + stride) - load(simd, &plane.data, at - stride);
                    slope += (across * across + down * down) * 0.25;
                }
                let weight = f32x8::splat(simd, SMOOTHNESS * 0.5) / slope.sqrt();
                store(weight, &mut diffusion.data, at);
                self.constrain(simd, data, origin, motion, at);
            }
        }
        for y in 0..height {
            let start = data.x.start(y);
            for x in (0..width).step_by(LANES) {
                let at = start + x;
                let here = load(simd, &diffusion.data, at);
                let right = here + load(simd, &diffusion.data, at + 1);
                store(right, &mut self.right.data, at);
                if y + 1 < height {
                    let below = here + load(simd, &diffusion.data, at + stride);
                    store(below, &mut self.below.data, at);
                }
            }
            // Nothing flows across the edge.
            self.right.data[start + width - 1..start + width + LANES].fill(0.0);
        }
    }

    /// The data terms of eight pixels.
    #[inline(always)]
    fn constrain<S: Simd>(
        &mut self,
        simd: S,
        data: &Data,
        origin: &Motion,
        motion: &Motion,
        at: usize,
    ) {
        let round = f32x8::splat(simd, ROUND);
        let one = f32x8::splat(simd, 1.0);
        let (u0, v0) = (get(simd, at, &origin.u), get(simd, at, &origin.v));
        let (du, dv) = (get(simd, at, &motion.u) - u0, get(simd, at, &motion.v) - v0);
        let (ix, iy, iz) = (
            get(simd, at, &data.x),
            get(simd, at, &data.y),
            get(simd, at, &data.z),
        );
        let norm = one / (ix * ix + iy * iy + FAINT);
        let error = iz + ix * du + iy * dv;
        let weight = norm * BRIGHTNESS / (error * error * norm + round).sqrt();
        let (wx, wy) = (weight * ix, weight * iy);
        let (mut a11, mut a12, mut a22) = (wx * ix, wx * iy, wy * iy);
        let (mut b1, mut b2) = (-(wx * iz), -(wy * iz));

        let (ixx, ixy, iyy) = (
            get(simd, at, &data.xx),
            get(simd, at, &data.xy),
            get(simd, at, &data.yy),
        );
        let (ixz, iyz) = (get(simd, at, &data.xz), get(simd, at, &data.yz));
        let norm_x = one / (ixx * ixx + ixy * ixy + FAINT);
        let norm_y = one / (ixy * ixy + iyy * iyy + FAINT);
        let error_x = ixz + ixx * du + ixy * dv;
        let error_y = iyz + ixy * du + iyy * dv;
        let squares = error_x * error_x * norm_x + error_y * error_y * norm_y;
        let weight = f32x8::splat(simd, GRADIENT) / (squares + round).sqrt();
        let (wx, wy) = (weight * norm_x, weight * norm_y);
        a11 += wx * ixx * ixx + wy * ixy * ixy;
        a12 += wx * ixx * ixy + wy * ixy * iyy;
        a22 += wx * ixy * ixy + wy * iyy * iyy;
        b1 -= wx * ixx * ixz + wy * ixy * iyz;
        b2 -= wx * ixy * ixz + wy * iyy * iyz;

        store(b1 + a11 * u0 + a12 * v0, &mut self.b1.data, at);
        store(b2 + a12 * u0 + a22 * v0, &mut self.b2.data, at);
        store(a11, &mut self.a11.data, at);
        store(a12, &mut self.a12.data, at);
        store(a22, &mut self.a22.data, at);
    }

    /// One half sweep: pixels whose column and row sum to an even (0) or odd (1) number. Eight
    /// pixels are computed and every second is kept.
    #[inline(always)]
    fn relax<S: Simd>(&self, simd: S, motion: &mut Motion, colour: usize) {
        let stride = self.a11.stride;
        let keep = [0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0];
        let shares = [
            f32x8::from_fn(simd, |lane| OMEGA * (1.0 - keep[lane])),
            f32x8::from_fn(simd, |lane| OMEGA * keep[lane]),
        ];
        for y in 0..self.a11.height {
            let start = self.a11.start(y);
            let share = shares[(y + colour) % 2];
            for x in (0..self.a11.width).step_by(LANES) {
                let at = start + x;
                let right = load(simd, &self.right.data, at);
                let left = load(simd, &self.right.data, at - 1);
                let below = load(simd, &self.below.data, at);
                let above = load(simd, &self.below.data, at - stride);
                let weights = [right, left, below, above];
                let sum = (right + left) + (below + above) + 1e-6;
                let a11 = load(simd, &self.a11.data, at) + sum;
                let a22 = load(simd, &self.a22.data, at) + sum;
                let a12 = load(simd, &self.a12.data, at);
                let b1 = load(simd, &self.b1.data, at) + around(simd, &motion.u, at, weights);
                let b2 = load(simd, &self.b2.data, at) + around(simd, &motion.v, at, weights);
                let scale = share / (a11 * a22 - a12 * a12);
                let (u, v) = (
                    load(simd, &motion.u.data, at),
                    load(simd, &motion.v.data, at),
                );
                // The other colour does not change: its share is zero.
                let du = (a22 * b1 - a12 * b2) * scale - u * share;
                let dv = (a11 * b2 - a12 * b1) * scale - v * share;
                store(u + du, &mut motion.u.data, at);
                store(v + dv, &mut motion.v.data, at);
            }
        }
    }
}

#[inline(always)]
fn get<S: Simd>(simd: S, at: usize, plane: &Plane) -> f32x8<S> {
    load(simd, &plane.data, at)
}

/// Weighted sum of the neighbours to the right, left, below and above.
#[inline(always)]
fn around<S: Simd>(simd: S, plane: &Plane, at: usize, weights: [f32x8<S>; 4]) -> f32x8<S> {
    let [right, left, below, above] = weights;
    (right * get(simd, at + 1, plane) + left * get(simd, at - 1, plane))
        + (below * get(simd, at + plane.stride, plane)
            + above * get(simd, at - plane.stride, plane))
}
