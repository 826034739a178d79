//! Planes of real samples with a border that repeats the edge, so that no loop asks where it is.

use fearless_simd::{f32x8, prelude::*};

/// Samples of border on every side; a patch may leave the picture by that much less one patch.
pub(crate) const PAD: usize = 16;
/// Samples in a vector; rows are processed in whole vectors that may reach into the border.
pub(crate) const LANES: usize = 8;

/// A padded plane. Rows begin and end with [`PAD`] samples of border.
#[derive(Clone)]
pub(crate) struct Plane {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) stride: usize,
    pub(crate) data: Vec<f32>,
}

impl Plane {
    /// All zero.
    pub(crate) fn new(width: usize, height: usize) -> Self {
        let stride = width.next_multiple_of(LANES) + 2 * PAD;
        let data = vec![0.0; stride * (height + 2 * PAD)];
        Self {
            width,
            height,
            stride,
            data,
        }
    }

    pub(crate) fn same(&self) -> Self {
        Self::new(self.width, self.height)
    }

    pub(crate) fn from_bytes(width: usize, height: usize, bytes: &[u8]) -> Self {
        let mut plane = Self::new(width, height);
        for (y, row) in bytes.chunks_exact(width).take(height).enumerate() {
            for (sample, byte) in plane.row_mut(y).iter_mut().zip(row) {
                *sample = f32::from(*byte);
            }
        }
        plane.fill_border();
        plane
    }

    /// Index of the first sample of a row inside the border.
    pub(crate) fn start(&self, y: usize) -> usize {
        (y + PAD) * self.stride + PAD
    }

    pub(crate) fn row(&self, y: usize) -> &[f32] {
        let start = self.start(y);
        &self.data[start..start + self.width]
    }

    pub(crate) fn row_mut(&mut self, y: usize) -> &mut [f32] {
        let start = self.start(y);
        &mut self.data[start..start + self.width]
    }

    /// Repeats the edge samples through the border.
    pub(crate) fn fill_border(&mut self) {
        for y in 0..self.height {
            let start = self.start(y);
            let (first, last) = (self.data[start], self.data[start + self.width - 1]);
            self.data[start - PAD..start].fill(first);
            let end = start - PAD + self.stride;
            self.data[start + self.width..end].fill(last);
        }
        for y in 0..PAD {
            let at = y * self.stride;
            self.data
                .copy_within(PAD * self.stride..(PAD + 1) * self.stride, at);
            let last = (PAD + self.height - 1) * self.stride;
            let at = (PAD + self.height + y) * self.stride;
            self.data.copy_within(last..last + self.stride, at);
        }
    }

    /// The plane at half the size (odd sides round up), every sample the mean of its four.
    pub(crate) fn halved(&self) -> Self {
        let mut small = Self::new(self.width.div_ceil(2), self.height.div_ceil(2));
        for y in 0..small.height {
            let (top, low) = (self.start(2 * y), self.start(2 * y + 1));
            let wide = small.width * 2;
            let (top, low) = (&self.data[top..top + wide], &self.data[low..low + wide]);
            let pairs = top.chunks_exact(2).zip(low.chunks_exact(2));
            for (sample, (top, low)) in small.row_mut(y).iter_mut().zip(pairs) {
                *sample = ((top[0] + top[1]) + (low[0] + low[1])) * 0.25;
            }
        }
        small.fill_border();
        small
    }

    /// The plane at twice the size, cut to `width x height`, bilinear, times `gain`.
    pub(crate) fn doubled(&self, width: usize, height: usize, gain: f32) -> Self {
        let mut large = Self::new(width, height);
        let mut line = vec![0.0; self.stride];
        for y in 0..height {
            // Sample centres: large y lies at (y + 0.5) / 2 - 0.5 of the small plane.
            let near = self.start(y / 2) - PAD;
            let far = if y % 2 == 0 {
                near - self.stride
            } else {
                near + self.stride
            };
            let rows = self.data[near..near + self.stride]
                .iter()
                .zip(&self.data[far..far + self.stride]);
            for (sample, (near, far)) in line.iter_mut().zip(rows) {
                *sample = (near * 0.75 + far * 0.25) * gain;
            }
            let mut pairs = large.row_mut(y).chunks_exact_mut(2);
            for (pair, around) in pairs.by_ref().zip(line[PAD - 1..].windows(3)) {
                let near = around[1] * 0.75;
                pair[0] = near + around[0] * 0.25;
                pair[1] = near + around[2] * 0.25;
            }
            if let ([last], Some(around)) = (
                pairs.into_remainder(),
                line.windows(3).nth(PAD - 1 + width / 2),
            ) {
                *last = around[1] * 0.75 + around[0] * 0.25;
            }
        }
        large.fill_border();
        large
    }
}

/// Eight samples from `at`.
#[inline(always)]
pub(crate) fn load<S: Simd>(simd: S, data: &[f32], at: usize) -> f32x8<S> {
    f32x8::from_slice(simd, &data[at..at + LANES])
}

/// Writes eight samples at `at`.
#[inline(always)]
pub(crate) fn store<S: Simd>(value: f32x8<S>, data: &mut [f32], at: usize) {
    value.store_slice(&mut data[at..at + LANES]);
}

/// Sum of the lanes in one order on every machine.
#[inline(always)]
pub(crate) fn total<S: Simd>(value: f32x8<S>) -> f32 {
    let [a, b, c, d, e, f, g, h] = value.to_array();
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// Central differences along x and y, with the border of the source.
#[inline(always)]
pub(crate) fn gradients<S: Simd>(simd: S, plane: &Plane) -> (Plane, Plane) {
    let (mut gx, mut gy) = (plane.same(), plane.same());
    for y in 0..plane.height {
        let start = plane.start(y);
        for x in (0..plane.width).step_by(LANES) {
            let at = start + x;
            let across = load(simd, &plane.data, at + 1) - load(simd, &plane.data, at - 1);
            let down = load(simd, &plane.data, at + plane.stride)
                - load(simd, &plane.data, at - plane.stride);
            store(across * 0.5, &mut gx.data, at);
            store(down * 0.5, &mut gy.data, at);
        }
    }
    gx.fill_border();
    gy.fill_border();
    (gx, gy)
}
