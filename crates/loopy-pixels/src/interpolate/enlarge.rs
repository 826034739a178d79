//! From the size of the flow to the size of the pictures, row by row.

use fearless_simd::{f32x8, prelude::*};

use super::Meeting;
use crate::flow::plane::{LANES, store};

/// Motion and share along one row of a picture, in whole pairs of vectors.
pub(super) struct Enlarger<'a> {
    meeting: &'a Meeting,
    factor: usize,
    /// Where each pixel of a cell lies between two centres of the flow, in whole vectors.
    phases: Vec<f32>,
    line: Vec<f32>,
    /// The row made last: motion in pixels of the picture, and share; each begins at `lead`.
    pub(super) u: Vec<f32>,
    pub(super) v: Vec<f32>,
    pub(super) share: Vec<f32>,
    /// Samples before the first pixel.
    pub(super) lead: usize,
}

impl<'a> Enlarger<'a> {
    pub(super) fn new(meeting: &'a Meeting, factor: usize, width: usize) -> Self {
        let phases: Vec<f32> = (0..factor.next_multiple_of(LANES))
            .map(|inside| phase(inside, factor))
            .collect();
        let long = width.max((meeting.width + 1) * factor);
        let blank = || vec![0.0; (factor + long).next_multiple_of(2 * LANES) + 2 * LANES];
        Self {
            meeting,
            factor,
            phases,
            line: vec![0.0; meeting.width + 2],
            u: blank(),
            v: blank(),
            share: blank(),
            lead: factor / 2,
        }
    }

    /// Makes row `y` of the picture, bilinear.
    #[inline(always)]
    pub(super) fn row<S: Simd>(&mut self, simd: S, y: usize) {
        let Meeting { width, height, .. } = *self.meeting;
        let factor = self.factor;
        // Half a pixel of the flow is added so that the first centre is not below zero.
        let place = y + factor / 2;
        let part = phase(place % factor, factor);
        let below = (place / factor).min(height - 1);
        let above = (place / factor).saturating_sub(1).min(height - 1);
        let gains = [factor as f32, factor as f32, 1.0];
        let planes = [&self.meeting.u, &self.meeting.v, &self.meeting.share];
        let targets = [&mut self.u, &mut self.v, &mut self.share];
        let line = &mut self.line;
        for ((plane, target), gain) in planes.into_iter().zip(targets).zip(gains) {
            let rows = plane[above * width..][..width]
                .iter()
                .zip(&plane[below * width..][..width]);
            for (sample, (above, below)) in line[1..=width].iter_mut().zip(rows) {
                *sample = (above + (below - above) * part) * gain;
            }
            line[0] = line[1];
            line[width + 1] = line[width];
            // Cell 0 begins half a pixel of the flow before the picture: at the lead's start. What
            // a vector writes beyond its cell is written over by the next.
            let phases = &self.phases[..];
            simd.vectorize(
                #[inline(always)]
                || spread(simd, line, phases, factor, target),
            );
            target[(width + 1) * factor..].fill(line[width]);
        }
    }
}

/// Fills the cells between the samples of a line, each `factor` long.
#[inline(always)]
fn spread<S: Simd>(simd: S, line: &[f32], phases: &[f32], factor: usize, target: &mut [f32]) {
    if let Ok(phases) = <&[f32; LANES]>::try_from(phases) {
        let phases = f32x8::from_slice(simd, phases);
        for (index, cell) in line.windows(2).enumerate() {
            let value = phases * (cell[1] - cell[0]) + cell[0];
            store(value, target, index * factor);
        }
        return;
    }
    for (index, cell) in line.windows(2).enumerate() {
        for (part, phases) in phases.chunks_exact(LANES).enumerate() {
            let value = f32x8::from_slice(simd, phases) * (cell[1] - cell[0]) + cell[0];
            store(value, target, index * factor + part * LANES);
        }
    }
}

/// Where a pixel lies between two centres of the flow.
fn phase(inside: usize, factor: usize) -> f32 {
    if factor.is_multiple_of(2) {
        (inside as f32 + 0.5) / factor as f32
    } else {
        // The centre of the middle pixel is the centre of the flow's.
        (inside + 1) as f32 / factor as f32
    }
}
