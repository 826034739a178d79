//! Motion and visibility at a time between two pictures, at the size of the flow.

use super::Sources;

/// What a pixel between the pictures is made of.
pub(super) struct Meeting {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Motion from a to b of what is seen here.
    pub(super) u: Vec<f32>,
    pub(super) v: Vec<f32>,
    /// Share of b, 0 to 1.
    pub(super) share: Vec<f32>,
}

/// Weight of a pixel that nothing recommends: it fills what would be a hole.
const FAINT: f32 = 1e-3;
/// Weight of the coarser level in a pixel that has weight one of its own.
const FILL: f32 = 0.01;
/// Structure that differs by less than this (code values) is blended, by more than the second
/// taken from one side.
const ALIKE: f32 = 8.0;
const UNLIKE: f32 = 30.0;

/// How much each pixel's motion counts when it is thrown to another time: what returns to its
/// place and looks the same where it lands lies in front (softmax splatting, Niklaus and Liu,
/// CVPR 2020, section 3.3, with a fixed instead of a learnt importance).
pub(super) fn importance(
    field: &crate::flow::Field,
    trust: &[f32],
    from: &[f32],
    to: &[f32],
) -> Vec<f32> {
    let (width, height) = (field.width, field.height);
    (0..width * height)
        .map(|index| {
            let (x, y) = ((index % width) as f32, (index / width) as f32);
            let there = sample(to, width, height, x + field.u[index], y + field.v[index]);
            let miss = (from[index] - there) / 12.0;
            let like = 1.0 / (1.0 + miss * miss);
            FAINT + trust[index] * trust[index] * like * like
        })
        .collect()
}

/// Bilinear, edges repeated.
pub(super) fn sample(plane: &[f32], width: usize, height: usize, x: f32, y: f32) -> f32 {
    let x = x.max(0.0).min((width - 1) as f32);
    let y = y.max(0.0).min((height - 1) as f32);
    let (left, top) = (x as usize, y as usize);
    let (right, low) = ((left + 1).min(width - 1), (top + 1).min(height - 1));
    let (across, down) = (x - left as f32, y - top as f32);
    let line = |row: usize| {
        let (a, b) = (plane[row * width + left], plane[row * width + right]);
        a + (b - a) * across
    };
    let (above, below) = (line(top), line(low));
    above + (below - above) * down
}

impl Meeting {
    /// What is seen at time `t` (0 to 1).
    pub(super) fn new(sources: &Sources, t: f32) -> Self {
        let (forward, backward) = (&sources.pair.forward, &sources.pair.backward);
        let (width, height) = (forward.width, forward.height);
        let mut thrown = Thrown::new(width, height);
        for index in 0..width * height {
            let (x, y) = ((index % width) as f32, (index / width) as f32);
            let (u, v) = (forward.u[index], forward.v[index]);
            let weight = (1.0 - t) * sources.front_a[index];
            thrown.add(x + t * u, y + t * v, [u, v], weight);
            let (u, v) = (-backward.u[index], -backward.v[index]);
            let rest = 1.0 - t;
            let weight = t * sources.front_b[index];
            thrown.add(x - rest * u, y - rest * v, [u, v], weight);
        }
        let [u, v] = thrown.fill();
        let share = shares(sources, t, &u, &v);
        Self {
            width,
            height,
            u,
            v,
            share,
        }
    }
}

/// Motion thrown to another time: weighted sums.
struct Thrown {
    width: usize,
    height: usize,
    /// Weight, weight times u, weight times v.
    sums: Vec<[f32; 3]>,
}

impl Thrown {
    fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            sums: vec![[0.0; 3]; width * height],
        }
    }

    /// Bilinear splat.
    fn add(&mut self, x: f32, y: f32, [u, v]: [f32; 2], weight: f32) {
        let (x, y) = (x + 1.0, y + 1.0);
        if x < 0.0 || y < 0.0 {
            return;
        }
        let (left, top) = (x as usize, y as usize);
        if left > self.width || top > self.height {
            return;
        }
        let (across, down) = (x - left as f32, y - top as f32);
        let shares = [
            (1.0 - across) * (1.0 - down),
            across * (1.0 - down),
            (1.0 - across) * down,
            across * down,
        ];
        for (corner, share) in shares.into_iter().enumerate() {
            // Places count from one: zero is outside.
            let (column, row) = (left + corner % 2, top + corner / 2);
            if (1..=self.width).contains(&column) && (1..=self.height).contains(&row) {
                let weight = weight * share;
                let sum = &mut self.sums[(row - 1) * self.width + column - 1];
                sum[0] += weight;
                sum[1] += weight * u;
                sum[2] += weight * v;
            }
        }
    }

    /// Mean motion everywhere: where little was thrown, the mean of a coarser level shows through
    /// (pull-push, Gortler et al., SIGGRAPH 1996, section 3.4).
    fn fill(&self) -> [Vec<f32>; 2] {
        let coarse = (self.width > 2 && self.height > 2).then(|| {
            let small = self.halved();
            (small.fill(), small.width)
        });
        let mut out = [
            Vec::with_capacity(self.sums.len()),
            Vec::with_capacity(self.sums.len()),
        ];
        for (index, [weight, u, v]) in self.sums.iter().enumerate() {
            let (x, y) = (index % self.width, index / self.width);
            let (above_u, above_v) = coarse.as_ref().map_or((0.0, 0.0), |([u, v], width)| {
                let at = y / 2 * width + x / 2;
                (u[at], v[at])
            });
            let scale = 1.0 / (weight + FILL * FAINT);
            out[0].push((u + above_u * FILL * FAINT) * scale);
            out[1].push((v + above_v * FILL * FAINT) * scale);
        }
        out
    }

    fn halved(&self) -> Self {
        let (width, height) = (self.width.div_ceil(2), self.height.div_ceil(2));
        let mut small = Self::new(width, height);
        for (y, row) in self.sums.chunks_exact(self.width).enumerate() {
            let into = &mut small.sums[y / 2 * width..][..width];
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
}

/// How much of b is shown: time, visibility and likeness.
///
/// A place is seen in a picture when that picture's own flow agrees with the motion there (Herbst,
/// Seitz, Baker: "Occlusion reasoning for temporal interpolation using optical flow", 2009). Where
/// both see it but differ in structure, a blend would show it twice: the nearer side is shown.
fn shares(sources: &Sources, t: f32, us: &[f32], vs: &[f32]) -> Vec<f32> {
    let (forward, backward) = (&sources.pair.forward, &sources.pair.backward);
    let (width, height) = (forward.width, forward.height);
    let mut shares: Vec<f32> = us
        .iter()
        .zip(vs)
        .enumerate()
        .map(|(index, (u, v))| {
            let (x, y) = ((index % width) as f32, (index / width) as f32);
            let (ax, ay) = (x - t * u, y - t * v);
            let (bx, by) = (x + (1.0 - t) * u, y + (1.0 - t) * v);
            let allowed = 0.02 * (u * u + v * v) + 0.5;
            let seen = |(fu, fv): (f32, f32), x: f32, y: f32| {
                let miss = ((fu - u) * (fu - u) + (fv - v) * (fv - v)) / allowed;
                let out = (-x).max(x - (width - 1) as f32).max(-y);
                let out = out.max(y - (height - 1) as f32).max(0.0);
                let miss = miss + out * out;
                0.03 + 1.0 / (1.0 + miss * miss)
            };
            let seen_a = seen(forward.at(ax, ay), ax, ay);
            let (gu, gv) = backward.at(bx, by);
            let seen_b = seen((-gu, -gv), bx, by);
            let share = t * seen_b / ((1.0 - t) * seen_a + t * seen_b).max(1e-6);
            let apart = sample(&sources.structure_a, width, height, ax, ay)
                - sample(&sources.structure_b, width, height, bx, by);
            let unlike = ((apart.abs() - ALIKE) / (UNLIKE - ALIKE)).clamp(0.0, 1.0);
            let decided = decide(decide(share));
            share + (decided - share) * unlike
        })
        .collect();
    soften(&mut shares, width);
    soften(&mut shares, width);
    shares
}

/// Moves a share towards its nearer end: x^3 / (x^3 + (1 - x)^3).
fn decide(share: f32) -> f32 {
    let (own, rest) = (share * share * share, 1.0 - share);
    own / (own + rest * rest * rest)
}

/// Binomial 3x3 mean, edges repeated: no hard border between sides.
pub(super) fn soften(plane: &mut [f32], width: usize) {
    let mut line = vec![0.0; width];
    for row in plane.chunks_exact_mut(width) {
        line.copy_from_slice(row);
        for (x, sample) in row.iter_mut().enumerate() {
            let (left, right) = (line[x.saturating_sub(1)], line[(x + 1).min(width - 1)]);
            *sample = (left + right) * 0.25 + line[x] * 0.5;
        }
    }
    let height = plane.len() / width;
    let mut above: Vec<f32> = plane[..width].to_vec();
    for y in 0..height {
        let below = (y + 1).min(height - 1) * width;
        for x in 0..width {
            let here = plane[y * width + x];
            plane[y * width + x] = (above[x] + plane[below + x]) * 0.25 + here * 0.5;
            above[x] = here;
        }
    }
}
