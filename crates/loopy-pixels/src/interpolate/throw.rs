//! Motion thrown to another time.

use fearless_simd::{f32x4, prelude::*};

use super::cells::{Cells, FAINT};

/// Weight of the coarser level in a pixel that has weight one of its own.
const FILL: f32 = 0.01;

/// Sums of what was thrown: weight, weight times u, weight times v, nothing.
type Sum = [f32; 4];

/// Motion thrown to another time: weighted sums, with a border of one that is thrown away.
pub(super) struct Thrown {
    width: usize,
    height: usize,
    sums: Vec<Sum>,
}

impl Thrown {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            sums: vec![[0.0; 4]; (width + 2) * (height + 2)],
        }
    }

    /// Throws all motion `travel` of its way, bilinear splats, importance times `weight`.
    #[inline(always)]
    pub(super) fn add<S: Simd>(&mut self, simd: S, cells: &Cells, travel: f32, weight: f32) {
        let stride = self.width + 2;
        let (right, bottom) = ((self.width + 1) as f32, (self.height + 1) as f32);
        for (y, row) in cells.data.chunks_exact(cells.width).enumerate() {
            for (x, [u, v, _, front]) in row.iter().enumerate() {
                // Places count from one: zero is the border.
                let place_x = (x + 1) as f32 + travel * u;
                let place_y = (y + 1) as f32 + travel * v;
                let inside =
                    place_x >= 0.0 && place_y >= 0.0 && place_x < right && place_y < bottom;
                if !inside {
                    continue;
                }
                let (left, top) = (place_x as i32 as usize, place_y as i32 as usize);
                let (across, down) = (place_x - left as f32, place_y - top as f32);
                let value = f32x4::from_slice(simd, &[1.0, *u, *v, 0.0]) * (front * weight);
                let (upper, lower) = (value * (1.0 - down), value * down);
                let at = top * stride + left;
                for (at, value) in [(at, upper), (at + stride, lower)] {
                    let pair = &mut self.sums[at..at + 2];
                    let far = value * across;
                    (f32x4::from_slice(simd, &pair[0]) + (value - far)).store_slice(&mut pair[0]);
                    (f32x4::from_slice(simd, &pair[1]) + far).store_slice(&mut pair[1]);
                }
            }
        }
    }

    /// Mean motion everywhere: where little was thrown, the mean of a coarser level shows through
    /// (pull-push, Gortler et al., SIGGRAPH 1996, section 3.4).
    pub(super) fn fill(&self) -> [Vec<f32>; 2] {
        let mut sums = Vec::with_capacity(self.width * self.height);
        for row in self
            .sums
            .chunks_exact(self.width + 2)
            .skip(1)
            .take(self.height)
        {
            sums.extend_from_slice(&row[1..=self.width]);
        }
        fill(&sums, self.width, self.height)
    }
}

fn fill(sums: &[Sum], width: usize, height: usize) -> [Vec<f32>; 2] {
    let mut out = [vec![0.0; sums.len()], vec![0.0; sums.len()]];
    if width > 2 && height > 2 {
        let (small, wide) = (halved(sums, width, height), width.div_ceil(2));
        let coarse = fill(&small, wide, height.div_ceil(2));
        for (out, coarse) in out.iter_mut().zip(coarse) {
            for (y, row) in out.chunks_exact_mut(width).enumerate() {
                let coarse = &coarse[y / 2 * wide..][..wide];
                for (pair, above) in row.chunks_mut(2).zip(coarse) {
                    pair.fill(above * (FILL * FAINT));
                }
            }
        }
    }
    let [us, vs] = &mut out;
    for ((u, v), [weight, sum_u, sum_v, _]) in us.iter_mut().zip(vs).zip(sums) {
        let scale = 1.0 / (weight + FILL * FAINT);
        *u = (*u + sum_u) * scale;
        *v = (*v + sum_v) * scale;
    }
    out
}

fn halved(sums: &[Sum], width: usize, height: usize) -> Vec<Sum> {
    let wide = width.div_ceil(2);
    let mut small = vec![[0.0; 4]; wide * height.div_ceil(2)];
    for (y, row) in sums.chunks_exact(width).enumerate() {
        let into = &mut small[y / 2 * wide..][..wide];
        for (pair, sum) in row.chunks(2).zip(into) {
            for one in pair {
                for (sum, value) in sum.iter_mut().zip(one) {
                    *sum += value * 0.25;
                }
            }
        }
    }
    small
}
