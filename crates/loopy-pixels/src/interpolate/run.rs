//! Eight pixels side by side and their motion.

use fearless_simd::{f32x8, prelude::*};

use super::warp::{self, Shift, View};
use crate::flow::plane::{LANES, load};

/// Motion that changes by less than this (pixels) from the first to the last pixel is one.
const BEND: f32 = 0.125;

/// Eight pixels from (x, y) of a plane and their motion in samples of it.
pub(super) struct Run<S: Simd> {
    u: f32x8<S>,
    v: f32x8<S>,
    /// Motion of the first and of the last pixel.
    ends: [(f32, f32); 2],
    x: usize,
    y: usize,
}

impl<S: Simd> Run<S> {
    /// The motion of eight pixels of luma.
    #[inline(always)]
    pub(super) fn of_luma(simd: S, u: &[f32], v: &[f32], x: usize, y: usize) -> Self {
        let last = LANES - 1;
        Self {
            u: load(simd, u, 0),
            v: load(simd, v, 0),
            ends: [(u[0], v[0]), (u[last], v[last])],
            x,
            y,
        }
    }

    /// The motion of eight samples of chroma: half that of every second pixel of sixteen.
    #[inline(always)]
    pub(super) fn of_tones(simd: S, u: &[f32], v: &[f32], x: usize, y: usize) -> Self {
        let last = 2 * LANES - 2;
        Self {
            u: every_second(simd, u) * 0.5,
            v: every_second(simd, v) * 0.5,
            ends: [(u[0] * 0.5, v[0] * 0.5), (u[last] * 0.5, v[last] * 0.5)],
            x,
            y,
        }
    }

    /// Where all of the run lies `travel` of its way along, if it moves as one.
    #[inline(always)]
    fn shift(&self, plane: View<'_>, travel: f32) -> Option<Shift> {
        let [(u, v), (last_u, last_v)] = self.ends;
        let bend = (u - last_u).abs().max((v - last_v).abs());
        if bend * travel.abs() >= BEND {
            return None;
        }
        let half = 0.5 * travel;
        let x = (u + last_u) * half + self.x as f32;
        let y = (v + last_v) * half + self.y as f32;
        Shift::new(plane, x, y)
    }

    /// Each place `travel` of its way along.
    #[inline(always)]
    fn places(&self, simd: S, travel: f32) -> (f32x8<S>, f32x8<S>) {
        let lanes = f32x8::from_slice(simd, &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        (
            self.u * travel + (lanes + self.x as f32),
            self.v * travel + self.y as f32,
        )
    }

    /// The luma `travel` of the way along.
    #[inline(always)]
    pub(super) fn luma(&self, simd: S, plane: View<'_>, travel: f32) -> f32x8<S> {
        if let Some(shift) = self.shift(plane, travel) {
            warp::cubic_shift(simd, plane, &shift)
        } else {
            let (x, y) = self.places(simd, travel);
            warp::cubic(simd, plane, x, y)
        }
    }

    /// Both chromas `travel` of the way along.
    #[inline(always)]
    pub(super) fn tones(&self, simd: S, planes: [View<'_>; 2], travel: f32) -> [f32x8<S>; 2] {
        if let Some(shift) = self.shift(planes[0], travel) {
            warp::linear_shift(simd, planes, &shift)
        } else {
            let (x, y) = self.places(simd, travel);
            warp::linear(simd, planes, x, y)
        }
    }
}

/// Every second of sixteen samples.
#[inline(always)]
pub(super) fn every_second<S: Simd>(simd: S, line: &[f32]) -> f32x8<S> {
    load(simd, line, 0).unzip_low(load(simd, line, LANES))
}
