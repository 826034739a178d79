//! A frame as one vector whose squared Euclidean distance is what a viewer would see, so that all
//! distances of two clips come from one matrix product.

use crate::features::{
    CELL_COUNT, CELLS, DIRECTIONS, Features, LUMA, MOTION, MOTION_UNITS, subject,
};

/// Cells of chroma, structure and motion: each 2 x 3 of the coarse grid.
const POOLED: (usize, usize) = (8, 3);
const POOLED_COUNT: usize = POOLED.0 * POOLED.1;
/// Luma, U and V, structure, motion.
pub(super) const NUMBERS: usize =
    CELL_COUNT + 2 * POOLED_COUNT + DIRECTIONS * POOLED_COUNT + 2 * POOLED_COUNT;
/// Where motion begins, which does not carry on as pictures do.
pub(super) const STILL_NUMBERS: usize = NUMBERS - 2 * POOLED_COUNT;

/// Values lie around zero, so that products keep their small differences.
const MID: f32 = 110.0;
const NEUTRAL: f32 = 128.0;
/// What a difference all over the picture counts: one code value of U or V, one unit of structure
/// and one pixel (of 320) of motion, in code values of luma.
const CHROMA: f32 = 1.4;
const SHAPE: f32 = 1.0;
const MOVES: f32 = 5.0;
/// Motion beyond this many pixels is more likely wrong than faster.
const FASTEST: f32 = 20.0;
/// The rim of the picture counts at least this share of the middle.
const RIM: f32 = 0.35;

/// Root of the weight of each luma cell; squares add up to 1.
pub(super) fn places() -> [f32; CELL_COUNT] {
    let weight = |cell| RIM + (1.0 - RIM) * subject::centre(cell);
    let total: f32 = (0..CELL_COUNT).map(weight).sum();
    std::array::from_fn(|cell| (weight(cell) / total).sqrt())
}

/// Appends the vector of a frame of the range `first..until`.
pub(super) fn describe(
    features: &Features,
    (first, until): (usize, usize),
    index: usize,
    places: &[f32; CELL_COUNT],
    out: &mut Vec<f32>,
) {
    let luma = features.luma(index);
    for (cell, place) in places.iter().enumerate() {
        let (x, y) = (2 * (cell % CELLS.0), 2 * (cell / CELLS.0));
        let at = y * LUMA.0 + x;
        let four = [at, at + 1, at + LUMA.0, at + LUMA.0 + 1].map(|at| u16::from(luma[at]));
        out.push((f32::from(four.iter().sum::<u16>()) / 4.0 - MID) * place);
    }
    let share = (1.0 / POOLED_COUNT as f32).sqrt();
    for plane in features.chroma(index) {
        pooled(|cell| f32::from(plane[cell]) - NEUTRAL, CHROMA * share, out);
    }
    let structure = features.structure(index);
    let each = SHAPE * share / (DIRECTIONS as f32).sqrt();
    for direction in 0..DIRECTIONS {
        pooled(
            |cell| f32::from(structure[cell * DIRECTIONS + direction]),
            each,
            out,
        );
    }
    let motion = velocity(features, (first, until), index);
    for axis in 0..2 {
        pooled(|cell| motion[2 * cell + axis], MOVES * share, out);
    }
}

/// Motion through a frame in pixels: the mean of that into it and that out of it, as far as both
/// lie in the range.
fn velocity(features: &Features, (first, until): (usize, usize), index: usize) -> [f32; MOTION] {
    let into = (index > first).then(|| features.motion(index - 1));
    let out = (index + 1 < until).then(|| features.motion(index));
    let pixels = |motion: &[i16; MOTION], at: usize| {
        (f32::from(motion[at]) / MOTION_UNITS).clamp(-FASTEST, FASTEST)
    };
    std::array::from_fn(|at| match (into, out) {
        (Some(into), Some(out)) => f32::midpoint(pixels(into, at), pixels(out, at)),
        (Some(one), None) | (None, Some(one)) => pixels(one, at),
        (None, None) => 0.0,
    })
}

fn pooled(value: impl Fn(usize) -> f32, weight: f32, out: &mut Vec<f32>) {
    let (wide, high) = (CELLS.0 / POOLED.0, CELLS.1 / POOLED.1);
    for row in 0..POOLED.1 {
        for column in 0..POOLED.0 {
            let mut sum = 0.0;
            for y in row * high..(row + 1) * high {
                for x in column * wide..(column + 1) * wide {
                    sum += value(y * CELLS.0 + x);
                }
            }
            out.push(sum / (wide * high) as f32 * weight);
        }
    }
}
