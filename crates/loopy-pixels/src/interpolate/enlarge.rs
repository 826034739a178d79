//! From the size of the flow to the size of the pictures, row by row.

use fearless_simd::{f32x8, prelude::*};

use super::Meeting;
use crate::flow::plane::{LANES, store};

/// Motion and share along one row of a picture.
pub(super) struct Enlarger<'a> {
    /// Motion in pixels of the picture, share, and light.
    lines: [Line<'a>; 6],
}

impl<'a> Enlarger<'a> {
    /// For pictures `factor` times as large as the flow.
    pub(super) fn new(meeting: &'a Meeting, factor: usize, width: usize) -> Self {
        let gain = factor as f32;
        let (columns, twice) = (meeting.width, 2 * factor);
        let broad = |plane| Line::new(plane, columns.div_ceil(2), twice, 1.0, width);
        Self {
            lines: [
                Line::new(&meeting.u, columns, factor, gain, width),
                Line::new(&meeting.v, columns, factor, gain, width),
                broad(&meeting.share),
                broad(&meeting.light[0]),
                broad(&meeting.light[1]),
                broad(&meeting.light[2]),
            ],
        }
    }

    /// Makes row `y` of the picture.
    #[inline(always)]
    pub(super) fn make<S: Simd>(&mut self, simd: S, y: usize) {
        for line in &mut self.lines {
            line.make(simd, y);
        }
    }

    /// The row made last, in more than whole pairs of vectors: motion to the right and downwards,
    /// share, and how much brighter b is, its U and its V.
    pub(super) fn row(&self) -> [&[f32]; 6] {
        let lines: [&Line; 6] = self.lines.each_ref();
        lines.map(Line::samples)
    }
}

/// One plane, enlarged row by row.
struct Line<'a> {
    plane: &'a [f32],
    columns: usize,
    factor: usize,
    gain: f32,
    /// Where each pixel of a cell lies between two centres of the plane, in whole vectors.
    phases: Vec<f32>,
    /// Values at the centres along the row, ends repeated.
    centres: Vec<f32>,
    /// The row, half a cell before the picture first.
    out: Vec<f32>,
}

impl<'a> Line<'a> {
    fn new(plane: &'a [f32], columns: usize, factor: usize, gain: f32, width: usize) -> Self {
        let phases = (0..factor.next_multiple_of(LANES))
            .map(|inside| phase(inside, factor))
            .collect();
        let long = width.max((columns + 1) * factor) + factor;
        Self {
            plane,
            columns,
            factor,
            gain,
            phases,
            centres: vec![0.0; columns + 2],
            out: vec![0.0; long.next_multiple_of(LANES) + 3 * LANES],
        }
    }

    fn samples(&self) -> &[f32] {
        &self.out[self.factor / 2..]
    }

    /// Bilinear.
    #[inline(always)]
    fn make<S: Simd>(&mut self, simd: S, y: usize) {
        let (columns, factor) = (self.columns, self.factor);
        let last = self.plane.len() / columns - 1;
        // Half a sample is added so that the first centre is not below zero.
        let place = y + factor / 2;
        let part = phase(place % factor, factor);
        let below = (place / factor).min(last);
        let above = (place / factor).saturating_sub(1).min(last);
        let above = &self.plane[above * columns..][..columns];
        let below = &self.plane[below * columns..][..columns];
        let gain = self.gain;
        let (centres, out, phases) = (&mut self.centres[..], &mut self.out[..], &self.phases[..]);
        simd.vectorize(
            #[inline(always)]
            || {
                for x in 0..columns {
                    centres[x + 1] = (above[x] + (below[x] - above[x]) * part) * gain;
                }
                centres[0] = centres[1];
                centres[columns + 1] = centres[columns];
                spread(simd, centres, phases, factor, out);
            },
        );
    }
}

/// Fills the cells between the centres of a row, each `factor` long. What a vector writes beyond
/// its cell is written over by the next.
#[inline(always)]
fn spread<S: Simd>(simd: S, centres: &[f32], phases: &[f32], factor: usize, out: &mut [f32]) {
    let cells = centres.len() - 1;
    if let Ok(phases) = <&[f32; LANES]>::try_from(phases) {
        let phases = f32x8::from_slice(simd, phases);
        for cell in 0..cells {
            let (left, right) = (centres[cell], centres[cell + 1]);
            store(phases * (right - left) + left, out, cell * factor);
        }
    } else {
        for cell in 0..cells {
            let (left, right) = (centres[cell], centres[cell + 1]);
            for (part, phases) in phases.chunks_exact(LANES).enumerate() {
                let value = f32x8::from_slice(simd, phases) * (right - left) + left;
                store(value, out, cell * factor + part * LANES);
            }
        }
    }
    out[cells * factor..].fill(centres[cells]);
}

/// Where a pixel lies between two centres.
fn phase(inside: usize, factor: usize) -> f32 {
    if factor.is_multiple_of(2) {
        (inside as f32 + 0.5) / factor as f32
    } else {
        // The centre of the middle pixel is the centre of the sample.
        (inside + 1) as f32 / factor as f32
    }
}
