//! Inverse search of patches: where each 8x8 patch of one picture lies in the other.

use fearless_simd::{f32x8, prelude::*};

use super::{
    Motion,
    plane::{LANES, PAD, load, total},
    pyramid::Level,
};

/// Side of a patch in pixels.
pub(super) const PATCH: usize = 8;
const AREA: f32 = (PATCH * PATCH) as f32;
/// Added to the diagonal of the structure tensor: noise of half a code value in every gradient
/// must not look like texture.
const DAMPING: f32 = AREA * 0.05;
/// A step shorter than this (pixels, squared) ends the search.
const SETTLED: f32 = 0.005 * 0.005;

/// Patches at regular places and the motion found for each.
pub(super) struct Patches {
    pub(super) xs: Vec<usize>,
    pub(super) ys: Vec<usize>,
    pub(super) motion: Vec<[f32; 2]>,
}

/// What one comparison of a patch says.
#[derive(Clone, Copy)]
struct Match {
    /// Sum of squared differences after the mean difference is taken off.
    error: f32,
    /// Product of the differences with the gradients.
    slope: [f32; 2],
}

/// Places along a side: every `stride`, and the last place that fits.
fn places(side: usize, stride: usize) -> Vec<usize> {
    let last = side - PATCH;
    let mut places: Vec<usize> = (0..last).step_by(stride).collect();
    places.push(last);
    places
}

/// Searches all patches of `a` in `b`, beginning at `start`.
///
/// Kroeger et al., ECCV 2016, section 2.1 (inverse search with mean-normalised patches), in two
/// sweeps that hand motion on to the neighbours right and below, then left and above, as OpenCV's
/// implementation does: a patch begins where its error is least.
#[inline(always)]
pub(super) fn search<S: Simd>(
    simd: S,
    a: &Level,
    b: &Level,
    start: &Motion,
    stride: usize,
    iterations: usize,
) -> Patches {
    let xs = places(a.image.width, stride);
    let ys = places(a.image.height, stride);
    let (columns, rows) = (xs.len(), ys.len());
    let mut motion: Vec<[f32; 2]> = ys
        .iter()
        .flat_map(|y| xs.iter().map(move |x| (x, y)))
        .map(|(x, y)| {
            let at = start.u.start(y + PATCH / 2) + x + PATCH / 2;
            [start.u.data[at], start.v.data[at]]
        })
        .collect();
    for backward in [false, true] {
        for step in 0..rows * columns {
            let index = if backward {
                rows * columns - 1 - step
            } else {
                step
            };
            let (row, column) = (index / columns, index % columns);
            let (beside, beyond) = if backward {
                (
                    (column + 1 < columns).then_some(index + 1),
                    (row + 1 < rows).then_some(index + columns),
                )
            } else {
                (
                    (column > 0).then(|| index - 1),
                    (row > 0).then(|| index - columns),
                )
            };
            let still = (!backward).then_some([0.0; 2]);
            let others = [beside, beyond].map(|other| other.map(|other| motion[other]));
            let candidates = [others[0], others[1], still];
            let patch = Patch::new(simd, a, xs[column], ys[row]);
            motion[index] = patch.descend(simd, a, b, motion[index], candidates, iterations);
        }
    }
    Patches { xs, ys, motion }
}

/// A patch of the first picture with what stays the same during its search.
struct Patch {
    x: usize,
    y: usize,
    sum: [f32; 2],
    /// Inverse of the structure tensor: xx, xy, yy.
    inverse: [f32; 3],
}

impl Patch {
    #[inline(always)]
    fn new<S: Simd>(simd: S, a: &Level, x: usize, y: usize) -> Self {
        let zero = f32x8::splat(simd, 0.0);
        let (mut sx, mut sy, mut sxx, mut sxy, mut syy) = (zero, zero, zero, zero, zero);
        for row in 0..PATCH {
            let at = a.image.start(y + row) + x;
            let gx = load(simd, &a.gx.data, at);
            let gy = load(simd, &a.gy.data, at);
            (sx, sy) = (sx + gx, sy + gy);
            (sxx, sxy, syy) = (sxx + gx * gx, sxy + gx * gy, syy + gy * gy);
        }
        let (sx, sy) = (total(sx), total(sy));
        let xx = total(sxx) - sx * sx / AREA + DAMPING;
        let yy = total(syy) - sy * sy / AREA + DAMPING;
        let xy = total(sxy) - sx * sy / AREA;
        let scale = 1.0 / (xx * yy - xy * xy).max(1e-6);
        Self {
            x,
            y,
            sum: [sx, sy],
            inverse: [yy * scale, -xy * scale, xx * scale],
        }
    }

    #[inline(always)]
    fn compare<S: Simd>(&self, simd: S, a: &Level, b: &Level, motion: [f32; 2]) -> Match {
        let (at_b, [left, right, upper, lower]) = place(b, self.x, self.y, motion);
        let stride = b.image.stride;
        let zero = f32x8::splat(simd, 0.0);
        let (mut sum, mut squares, mut sx, mut sy) = (zero, zero, zero, zero);
        let mut above =
            load(simd, &b.image.data, at_b) * left + load(simd, &b.image.data, at_b + 1) * right;
        for row in 0..PATCH {
            let next = at_b + (row + 1) * stride;
            let below = load(simd, &b.image.data, next) * left
                + load(simd, &b.image.data, next + 1) * right;
            let at = a.image.start(self.y + row) + self.x;
            let difference = above * upper + below * lower - load(simd, &a.image.data, at);
            sum += difference;
            squares += difference * difference;
            sx += difference * load(simd, &a.gx.data, at);
            sy += difference * load(simd, &a.gy.data, at);
            above = below;
        }
        let sum = total(sum);
        Match {
            error: total(squares) - sum * sum / AREA,
            slope: [
                total(sx) - sum * self.sum[0] / AREA,
                total(sy) - sum * self.sum[1] / AREA,
            ],
        }
    }

    /// The best motion found from the best of its beginnings.
    #[inline(always)]
    fn descend<S: Simd>(
        &self,
        simd: S,
        a: &Level,
        b: &Level,
        own: [f32; 2],
        candidates: [Option<[f32; 2]>; 3],
        iterations: usize,
    ) -> [f32; 2] {
        let mut best = own;
        let mut found = self.compare(simd, a, b, own);
        for candidate in candidates.into_iter().flatten() {
            if squared(candidate, best) < 0.0025 {
                continue;
            }
            let other = self.compare(simd, a, b, candidate);
            if other.error < found.error {
                (best, found) = (candidate, other);
            }
        }
        let begun = best;
        for _ in 0..iterations {
            let [sx, sy] = found.slope;
            let [xx, xy, yy] = self.inverse;
            let next = [best[0] - (xx * sx + xy * sy), best[1] - (xy * sx + yy * sy)];
            // A patch that wanders off by more than its size has lost its way.
            if squared(next, begun) > AREA {
                return begun;
            }
            let other = self.compare(simd, a, b, next);
            if other.error >= found.error {
                break;
            }
            let step = squared(next, best);
            (best, found) = (next, other);
            if step < SETTLED {
                break;
            }
        }
        best
    }
}

fn squared(a: [f32; 2], b: [f32; 2]) -> f32 {
    let (x, y) = (a[0] - b[0], a[1] - b[1]);
    x * x + y * y
}

/// Where a moved patch begins in the plane, and its bilinear weights: left, right, upper, lower.
/// A patch farther outside than the border is wide stays at its rim.
#[inline(always)]
pub(super) fn place(b: &Level, x: usize, y: usize, motion: [f32; 2]) -> (usize, [f32; 4]) {
    let most = |side: usize| (side + PAD - PATCH - 2) as f32;
    let least = 1.0 - PAD as f32;
    let x = (x as f32 + motion[0]).max(least).min(most(b.image.width));
    let y = (y as f32 + motion[1]).max(least).min(most(b.image.height));
    // Shifted to be positive, so that truncation rounds down.
    let (x, y) = (x + PAD as f32, y + PAD as f32);
    let (column, row) = (x as usize, y as usize);
    let (right, lower) = (x - column as f32, y - row as f32);
    let at = row * b.image.stride + column;
    debug_assert_eq!(PATCH, LANES);
    (at, [1.0 - right, right, 1.0 - lower, lower])
}
