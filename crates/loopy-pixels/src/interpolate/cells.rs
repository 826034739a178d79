//! What is known at each pixel of the flow of one picture, side by side in memory: one place is
//! asked for all of it at once.

use fearless_simd::{Level as Machine, dispatch, f32x4, prelude::*};

use super::soften::soften;
use crate::flow::{Field, Gray, places::Places};

/// Weight of a pixel that nothing recommends: it fills what would be a hole.
pub(super) const FAINT: f32 = 1e-3;

/// Motion from a to b (two numbers), structure, importance.
pub(super) type Cell = [f32; 4];

/// The cells of a picture, packed rows.
pub(super) struct Cells {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) data: Vec<Cell>,
}

impl Cells {
    /// The cells of `from`; `sign` is 1 where `field` goes from a to b, else -1. With it the mean
    /// absolute difference of both pictures after motion, in code values.
    ///
    /// Importance says how much a pixel's motion counts when it is thrown to another time: what
    /// returns to its place and looks the same where it lands lies in front (softmax splatting,
    /// Niklaus and Liu, CVPR 2020, section 3.3, with a fixed instead of a learnt importance).
    pub(super) fn new(
        field: &Field,
        sign: f32,
        trust: &[f32],
        from: &Gray,
        to: &Gray,
    ) -> (Self, f32) {
        dispatch!(Machine::new(), simd => Self::new_on(simd, (field, sign), trust, from, to))
    }

    #[inline(always)]
    fn new_on<S: Simd>(
        _simd: S,
        (field, sign): (&Field, f32),
        trust: &[f32],
        from: &Gray,
        to: &Gray,
    ) -> (Self, f32) {
        let (width, height) = (field.width, field.height);
        let from: Vec<f32> = real(from);
        let to: Vec<f32> = real(to);
        let shape = structure(from.clone(), width);
        let mut missed = 0.0_f64;
        let mut data = vec![[0.0; 4]; width * height];
        let mut places = Places::new(width, height);
        let mut there = vec![0.0; width];
        for (y, cells) in data.chunks_exact_mut(width).enumerate() {
            let row = y * width..(y + 1) * width;
            let (us, vs) = (&field.u[row.clone()], &field.v[row.clone()]);
            places.find(y, us, vs);
            places.read(&to, &mut there);
            let mut missed_here = 0.0_f32;
            for (from, there) in from[row.clone()].iter().zip(&there) {
                missed_here += (from - there).abs();
            }
            missed += f64::from(missed_here);
            let moves = us.iter().zip(vs);
            let pictures = from[row.clone()].iter().zip(&there);
            let known = shape[row.clone()].iter().zip(&trust[row]);
            let known = known.zip(pictures).zip(moves);
            for (cell, (((shape, trust), (from, there)), (u, v))) in cells.iter_mut().zip(known) {
                let scaled = (from - there) / 12.0;
                let like = 1.0 / (1.0 + scaled * scaled);
                let front = FAINT + trust * trust * like * like;
                *cell = [u * sign, v * sign, *shape, front];
            }
        }
        let missed = missed / data.len() as f64;
        let cells = Self {
            width,
            height,
            data,
        };
        (cells, missed as f32)
    }

    /// Everything at a place, bilinear, edges repeated.
    #[inline(always)]
    pub(super) fn at<S: Simd>(&self, simd: S, x: f32, y: f32) -> Cell {
        let x = x.max(0.0).min((self.width - 1) as f32);
        let y = y.max(0.0).min((self.height - 1) as f32);
        let (left, top) = (x as i32 as usize, y as i32 as usize);
        let (right, low) = (
            (left + 1).min(self.width - 1),
            (top + 1).min(self.height - 1),
        );
        let (across, down) = (x - left as f32, y - top as f32);
        let above = self.between(simd, top, [left, right], across);
        let below = self.between(simd, low, [left, right], across);
        (above + (below - above) * down).to_array()
    }

    #[inline(always)]
    fn between<S: Simd>(
        &self,
        simd: S,
        row: usize,
        [left, right]: [usize; 2],
        across: f32,
    ) -> f32x4<S> {
        let row = &self.data[row * self.width..][..self.width];
        let left = f32x4::from_slice(simd, &row[left]);
        left + (f32x4::from_slice(simd, &row[right]) - left) * across
    }
}

fn real(gray: &Gray) -> Vec<f32> {
    gray.data()
        .iter()
        .map(|sample| f32::from(*sample))
        .collect()
}

/// The picture less its broad light: a difference of exposure is no difference of structure.
#[inline(always)]
fn structure(mut picture: Vec<f32>, width: usize) -> Vec<f32> {
    let mut broad = picture.clone();
    for _ in 0..12 {
        soften(&mut broad, width);
    }
    for (sample, broad) in picture.iter_mut().zip(broad) {
        *sample -= broad;
    }
    soften(&mut picture, width);
    picture
}
