//! One row of the picture, taken from both sides.

use fearless_simd::{f32x8, prelude::*};

use super::{
    enlarge::Enlarger,
    grain,
    run::{Run, every_second},
    warp::View,
};
use crate::flow::plane::{LANES, load, store};

/// A share this near to an end shows only that side.
const ONE_SIDED: f32 = 1.0 / 256.0;

/// Motion and share along a row of the picture at a time.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    u: &'a [f32],
    v: &'a [f32],
    share: &'a [f32],
    light: [&'a [f32]; 3],
    /// How much of the way lies between here and each side.
    travels: [f32; 2],
}

impl<'a> Row<'a> {
    /// The row that `enlarger` made last, at time `t`.
    pub(super) fn new(enlarger: &'a Enlarger<'_>, t: f32) -> Self {
        let [u, v, share, luma, first, second] = enlarger.row();
        Self {
            u,
            v,
            share,
            light: [luma, first, second],
            travels: [-t, 1.0 - t],
        }
    }

    /// Draws the luma of row `y` in whole vectors.
    #[inline(always)]
    pub(super) fn luma<S: Simd>(self, simd: S, sides: [View<'_>; 2], y: usize, out: &mut [f32]) {
        let length = out.len();
        let (u, v, share) = (&self.u[..length], &self.v[..length], &self.share[..length]);
        let light = &self.light[0][..length];
        for x in (0..length).step_by(LANES) {
            let run = Run::of_luma(simd, &u[x..x + LANES], &v[x..x + LANES], x, y);
            let share = load(simd, share, x);
            let [see_a, see_b] = seen(share);
            let light = load(simd, light, x);
            let mut value = f32x8::splat(simd, 0.0);
            if see_a {
                value = run.luma(simd, sides[0], self.travels[0]) - light * self.travels[0];
            }
            if see_b {
                let other = run.luma(simd, sides[1], self.travels[1]) - light * self.travels[1];
                value = if see_a {
                    value + (other - value) * share
                } else {
                    other
                };
            }
            store(value, out, x);
        }
    }

    /// Writes row `y` of both chroma planes.
    #[inline(always)]
    pub(super) fn tones<S: Simd>(
        self,
        simd: S,
        sides: [[View<'_>; 2]; 2],
        y: usize,
        (first, second): (&mut [u8], &mut [u8]),
    ) {
        let lines = first.chunks_mut(LANES).zip(second.chunks_mut(LANES));
        for (index, (first, second)) in lines.enumerate() {
            let range = index * 2 * LANES..(index + 1) * 2 * LANES;
            let (u, v) = (&self.u[range.clone()], &self.v[range.clone()]);
            let run = Run::of_tones(simd, u, v, index * LANES, y);
            let share = every_second(simd, &self.share[range.clone()]);
            let [see_a, see_b] = seen(share);
            let light = [1, 2].map(|tone| every_second(simd, &self.light[tone][range.clone()]));
            let lit = |tone: [f32x8<S>; 2], travel: f32| {
                [tone[0] - light[0] * travel, tone[1] - light[1] * travel]
            };
            let mut tone = [f32x8::splat(simd, 0.0); 2];
            if see_a {
                tone = lit(run.tones(simd, sides[0], self.travels[0]), self.travels[0]);
            }
            if see_b {
                let other = lit(run.tones(simd, sides[1], self.travels[1]), self.travels[1]);
                tone = if see_a {
                    [
                        tone[0] + (other[0] - tone[0]) * share,
                        tone[1] + (other[1] - tone[1]) * share,
                    ]
                } else {
                    other
                };
            }
            grain::write(simd, tone[0], first);
            grain::write(simd, tone[1], second);
        }
    }
}

/// Which of both sides show in any of eight pixels.
#[inline(always)]
fn seen<S: Simd>(share: f32x8<S>) -> [bool; 2] {
    [
        share.simd_lt(1.0 - ONE_SIDED).any_true(),
        share.simd_gt(ONE_SIDED).any_true(),
    ]
}
