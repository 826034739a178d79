//! By how much a film's frames differ from the frames of the clips that they show: coding, scaling
//! and correction leave something.

use super::{Prints, evenly, shelf::Shelf};

/// Frames of the film that tell it.
const SAMPLES: usize = 800;
/// Frames compared at once.
const BLOCK: usize = 64;
/// Least and most mean square in code values that counts as noise: what is farther away shows
/// something else.
pub(super) const BOUNDS: (f32, f32) = (0.02, 0.5);

/// The usual mean square between a frame of the film and the nearest of all states: that of the
/// middle one of the better half of some frames, half as much again. What shows nothing of the
/// clips is no noise.
pub(super) fn measure(shelf: &Shelf, film: &Prints) -> f32 {
    let frames = evenly(film.len(), SAMPLES);
    let mut nearest: Vec<f32> = Vec::with_capacity(frames.len());
    for block in frames.chunks(BLOCK) {
        let apart = shelf.apart(film, block);
        let rows = apart.rows().into_iter();
        nearest.extend(rows.map(|row| row.iter().copied().fold(f32::INFINITY, f32::min)));
    }
    nearest.sort_unstable_by(f32::total_cmp);
    let usual = nearest.get(nearest.len() / 4).copied();
    (1.5 * usual.unwrap_or(BOUNDS.1)).clamp(BOUNDS.0, BOUNDS.1)
}
