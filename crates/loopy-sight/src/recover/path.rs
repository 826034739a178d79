//! The cheapest way of a film through all output frames of all clips. Going on in a clip costs what
//! the picture differs by; going anywhere else costs a price; frames between clips that belong to
//! none have a price of their own.
//!
//! Going on is a diagonal: film and clip both go one frame on. So a state only has to know since
//! when its clip is shown, and memory grows with the film, not with film times clips.

use std::ops::Range;

use super::{Prints, noise, shelf::Shelf};

/// Price of a joint.
const JOINT: f32 = 40.0;
/// Price of each doubling of what a frame differs by: only shares count, because some clips are
/// coded much better than others.
const DOUBLING: f32 = 1.4;
/// Most noise that is allowed for, as a mean square in code values, in a film that was coded again and
/// in one that may show other clips: what is farther than so many times that shows something else.
const NOISE: (f32, f32) = (0.2, 0.05);
/// Price of a frame that belongs to no clip: what a frame costs that is 70 times the noise away.
const FREE: f32 = 8.6;
/// Distances that are held at once.
const BLOCK: usize = 1 << 20;
/// More than any way costs.
const NEVER: f32 = 1e30;
/// So many frames may be missing or shown twice within a visit, by the fault of who recoded it.
const SLIP: usize = 2;
/// A visit that goes on after so many frames is one visit.
const HOLE: usize = 15;

/// Frames of the film that show a row of output frames of one clip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Frames of the film.
    pub(super) frames: Range<usize>,
    /// State that the first of them shows; the others show the ones after it.
    pub(super) state: usize,
    /// First state of the clip, and the first of the next one.
    pub(super) clip: (usize, usize),
}

/// Where the way was best when a frame began.
#[derive(Clone, Copy, Default)]
struct Step {
    /// A clip begun here is come to from frames of no clip.
    from_free: bool,
    /// Cheapest state, and since when its clip is shown.
    best: (u32, u32),
    /// Since when frames belong to no clip.
    free: u32,
}

enum At {
    Clip { state: u32, since: u32 },
    Free { since: u32 },
}

/// The pieces of the cheapest way, in order.
pub(super) fn cheapest(
    shelf: &Shelf,
    film: &Prints,
    noise: f32,
    progress: &mut dyn FnMut(u64),
) -> Vec<Piece> {
    let count = shelf.len();
    if count == 0 || film.is_empty() {
        return Vec::new();
    }
    let rows = shelf.in_order();
    let coded_again = noise < noise::BOUNDS.1;
    let weight = 1.0 / noise.min(if coded_again { NOISE.0 } else { NOISE.1 });
    let price = |apart: f32| DOUBLING * doublings(1.0 + apart * weight);
    let mut steps: Vec<Step> = Vec::with_capacity(film.len());
    let (mut costs, mut next) = (vec![NEVER; count], vec![NEVER; count]);
    let (mut since, mut after) = (vec![0_u32; count], vec![0_u32; count]);
    // Before the film, everything may begin.
    let mut best = (-JOINT, 0_usize);
    let mut free = (NEVER, 0_u32);
    let frames: Vec<usize> = (0..film.len()).collect();
    for block in frames.chunks((BLOCK / count).clamp(1, 256)) {
        let apart = shelf.apart(film, block);
        for (frame, apart) in block.iter().zip(apart.rows()) {
            let now = *frame as u32;
            let from_free = free.0 + JOINT / 2.0 < best.0 + JOINT;
            let enter = (free.0 + JOINT / 2.0).min(best.0 + JOINT);
            steps.push(Step {
                from_free,
                best: (best.1 as u32, since[best.1]),
                free: free.1,
            });
            free = if now == 0 {
                (FREE, 0)
            } else if free.0 <= best.0 + JOINT / 2.0 {
                (free.0 + FREE, free.1)
            } else {
                (best.0 + JOINT / 2.0 + FREE, now)
            };
            let apart = apart.to_slice().unwrap_or(&[]);
            for (_, states) in &rows {
                let apart = &apart[states.clone()];
                next[states.start] = enter + price(apart[0]);
                after[states.start] = now;
                let inside = states.start + 1..states.end;
                let before = states.start..states.end - 1;
                let into = next[inside.clone()].iter_mut().zip(&mut after[inside]);
                let from = costs[before.clone()].iter().zip(&since[before]);
                for (((cost, since), (old, begun)), apart) in into.zip(from).zip(&apart[1..]) {
                    let on = *old <= enter;
                    *cost = price(*apart) + if on { *old } else { enter };
                    *since = if on { *begun } else { now };
                }
            }
            std::mem::swap(&mut costs, &mut next);
            std::mem::swap(&mut since, &mut after);
            let least = costs.iter().copied().fold(NEVER, f32::min);
            let place = costs.iter().position(|cost| *cost <= least).unwrap_or(0);
            // Only differences matter; sums over hours would lose their small parts.
            let base = least.min(free.0);
            for cost in &mut costs {
                *cost -= base;
            }
            best = (least - base, place);
            free.0 -= base;
        }
        progress(steps.len() as u64);
    }
    let end = if best.0 <= free.0 {
        At::Clip {
            state: best.1 as u32,
            since: since[best.1],
        }
    } else {
        At::Free { since: free.1 }
    };
    back(shelf, &steps, end)
}

/// The logarithm to base 2, straight between powers of 2, from how a number is written.
fn doublings(number: f32) -> f32 {
    number.to_bits() as f32 / (1 << 23) as f32 - 127.0
}

/// The way back from the end, turned round.
fn back(shelf: &Shelf, steps: &[Step], end: At) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut until = steps.len();
    let mut at = end;
    loop {
        let (begun, from_free) = match at {
            At::Clip { state, since } => {
                let begun = since as usize;
                let states = shelf.states(shelf.row(state as usize));
                pieces.push(Piece {
                    frames: begun..until,
                    state: state as usize + 1 - (until - begun),
                    clip: (states.start, states.end),
                });
                (begun, steps[begun].from_free)
            }
            At::Free { since } => (since as usize, false),
        };
        if begun == 0 {
            break;
        }
        until = begun;
        let Step { best, free, .. } = steps[begun];
        at = if from_free {
            At::Free { since: free }
        } else {
            At::Clip {
                state: best.0,
                since: best.1,
            }
        };
    }
    pieces.reverse();
    pieces
}

/// Pieces of one visit become one: the film went on in the clip as if nothing had been, but for a
/// few frames that somebody spoilt, left out or showed twice.
pub(super) fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut whole: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        if let Some(last) = whole.last_mut() {
            let hole = piece.frames.start - last.frames.end;
            let due = last.state + (piece.frames.start - last.frames.start);
            let slip = due.abs_diff(piece.state);
            if last.clip == piece.clip && hole <= HOLE && (slip == 0 || slip <= SLIP && hole == 0) {
                last.frames.end = piece.frames.end;
                continue;
            }
        }
        whole.push(piece);
    }
    whole
}
