//! Where exactly one visit ends and the next begins: both clips are followed beyond the border, and
//! the frames between are given to one, the other or neither by what each visit's own frames
//! differ by.

use super::{Prints, path::Piece, shelf::Shelf};

/// Frames of a visit on each side of a border that are looked at again.
const REACH: usize = 20;
/// Longest stretch between two visits that is taken for a joint.
const JOINT: usize = 90;
/// Price of a bridge of any length, and of each of its frames, in units of a visit's noise.
const BRIDGE: f32 = 10.0;
const FREE: f32 = 4.5;
/// Frames that tell a visit's noise.
const SAMPLES: usize = 60;
/// Least square in code values that counts as noise where frames differ most.
const LEAST: f32 = 0.02;
/// The worst tenth of a visit's frames may differ by so many times its noise.
const TAIL: f32 = 3.0;
/// A single frame that differs by more than so many times the noise is not held against a visit
/// more than that.
const MOST: f32 = 100.0;

/// The pieces with their borders settled.
pub(super) fn settle(shelf: &Shelf, film: &Prints, mut pieces: Vec<Piece>) -> Vec<Piece> {
    let noises: Vec<f32> = pieces
        .iter()
        .map(|piece| noise(shelf, film, piece))
        .collect();
    for index in 1..pieces.len() {
        let (before, after) = (pieces[index - 1].clone(), pieces[index].clone());
        if after.frames.start - before.frames.end > JOINT {
            continue;
        }
        // Each side keeps half of itself at least.
        let low = before.frames.end - REACH.min(before.frames.len() / 2);
        let high = after.frames.start + REACH.min(after.frames.len() / 2);
        let costs = |piece: &Piece, noise: f32| -> Vec<f32> {
            (low..high)
                .map(|frame| follow(shelf, film, piece, frame, noise))
                .collect()
        };
        let (leave, enter) = best(
            &costs(&before, noises[index - 1]),
            &costs(&after, noises[index]),
        );
        pieces[index - 1].frames.end = low + leave;
        let piece = &mut pieces[index];
        let start = low + enter;
        piece.state = (piece.state + start) - piece.frames.start;
        piece.frames.start = start;
    }
    pieces
}

/// Cost of a frame of the film when the clip of a piece goes on through it.
fn follow(shelf: &Shelf, film: &Prints, piece: &Piece, frame: usize, noise: f32) -> f32 {
    let state = (piece.state + frame).checked_sub(piece.frames.start);
    match state.filter(|state| (piece.clip.0..piece.clip.1).contains(state)) {
        Some(state) => (shelf.peak(film, frame, state) / noise).min(MOST),
        None => f32::INFINITY,
    }
}

/// What the frames of a visit differ by where they differ most.
fn noise(shelf: &Shelf, film: &Prints, piece: &Piece) -> f32 {
    let every = (piece.frames.len() / SAMPLES).max(1);
    let frames = piece.frames.clone().step_by(every);
    let mut apart: Vec<f32> = frames
        .map(|frame| shelf.peak(film, frame, piece.state + frame - piece.frames.start))
        .collect();
    apart.sort_unstable_by(f32::total_cmp);
    let rank = |tenths: usize| apart.get(apart.len() * tenths / 10).copied();
    let (middle, tail) = (rank(5).unwrap_or(LEAST), rank(9).unwrap_or(LEAST));
    middle.max(tail / TAIL).max(LEAST)
}

/// First frame that is not the one visit's any more, and first that is the other's.
fn best(before: &[f32], after: &[f32]) -> (usize, usize) {
    let count = before.len();
    // What it costs to be the one until here, and the other from here on.
    let mut ahead = vec![0.0_f32; count + 1];
    for (index, cost) in before.iter().enumerate() {
        ahead[index + 1] = ahead[index] + cost;
    }
    let mut behind = vec![0.0_f32; count + 1];
    for (index, cost) in after.iter().enumerate().rev() {
        behind[index] = behind[index + 1] + cost;
    }
    let mut found = (f32::INFINITY, (count / 2, count / 2));
    for (leave, before) in ahead.iter().enumerate() {
        for (enter, after) in behind.iter().enumerate().skip(leave) {
            let bridge = if enter > leave { BRIDGE } else { 0.0 };
            let cost = before + after + bridge + FREE * (enter - leave) as f32;
            if cost < found.0 {
                found = (cost, (leave, enter));
            }
        }
    }
    found.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_lies_where_one_clip_stops_to_fit_and_the_other_begins() {
        let before = [1.0, 1.2, 0.8, 1.0, 30.0, 40.0, 50.0, 60.0];
        let after = [60.0, 50.0, 40.0, 30.0, 1.0, 0.9, 1.1, 1.0];
        assert_eq!(best(&before, &after), (4, 4));
    }

    #[test]
    fn frames_that_fit_neither_are_a_bridge() {
        let before = [1.0, 1.0, 9.0, 20.0, 30.0, 40.0, f32::INFINITY];
        let after = [f32::INFINITY, 50.0, 40.0, 30.0, 8.0, 1.0, 1.0];
        assert_eq!(best(&before, &after), (2, 5));
    }

    #[test]
    fn one_bad_frame_inside_a_visit_is_no_bridge() {
        let before = [1.0, 9.0, 1.0, 1.0, 30.0, 40.0];
        let after = [60.0, 50.0, 40.0, 30.0, 1.0, 1.0];
        assert_eq!(best(&before, &after), (4, 4));
    }
}
