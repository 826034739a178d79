//! From one moving picture to another while both go on moving.
//!
//! Two rows of pictures run side by side: what follows the place where one clip is left, and what
//! leads to the place where the other is entered. Each picture lies between the two that are due
//! at its time, nearer to the second the later it is. At both ends it is almost a picture of the
//! clip itself, so that motion, light and grain go on as they were (registered blending of motion
//! clips: Kovar, Gleicher: "Flexible automatic motion blending with registration curves", 2003,
//! carried over to pictures). Where the nearer clip holds a picture, so does the bridge: it has
//! the rhythm of the clips.

use loopy_core::Frame;

use super::Between;
use crate::flow::{Effort, Error};

/// A step smaller than this share of the usual one holds the picture.
pub(super) const HELD: f32 = 0.25;

/// As many pictures as both rows have: the first of `tail`, of `head` the last.
///
/// # Errors
/// When the pictures differ in size or are too small for flow.
pub fn morph(tail: &[Frame], head: &[Frame], effort: Effort) -> Result<Vec<Frame>, Error> {
    let frames = tail.len().min(head.len());
    if frames == 0 {
        return Ok(Vec::new());
    }
    let (tail, head) = (&tail[..frames], &head[head.len() - frames..]);
    let moves = moves(tail, head);
    let steps = moves.iter().filter(|moves| **moves).count();
    let (mut step, mut farther) = (0, 0);
    moves
        .into_iter()
        .enumerate()
        .map(|(index, moves)| {
            if moves {
                step += 1;
                farther = index;
            }
            let (a, b) = if 2 * index < frames {
                (&tail[index], &head[farther])
            } else {
                (&tail[farther], &head[index])
            };
            let time = step as f32 / (steps + 1) as f32;
            Ok(Between::new(a, b, effort)?.at(time))
        })
        .collect()
}

/// Whether the clip nearer to each picture moves there or holds what it showed.
fn moves(tail: &[Frame], head: &[Frame]) -> Vec<bool> {
    let sizes = |row: &[Frame]| -> Vec<f32> {
        row.windows(2)
            .map(|pair| apart(&pair[0], &pair[1]))
            .collect()
    };
    let [tail, head] = [sizes(tail), sizes(head)];
    let mut sorted: Vec<f32> = tail.iter().chain(&head).copied().collect();
    sorted.sort_unstable_by(f32::total_cmp);
    // Up to half of the steps may be repetitions.
    let usual = sorted
        .get(sorted.len() * 3 / 4)
        .copied()
        .unwrap_or_default();
    let nearer = |index: usize| {
        let row = if 2 * index <= tail.len() {
            &tail
        } else {
            &head
        };
        row[index - 1]
    };
    (0..=tail.len())
        .map(|index| index == 0 || nearer(index) >= HELD * usual)
        .collect()
}

/// Mean absolute difference of two lumas, in code values.
pub(super) fn apart(a: &Frame, b: &Frame) -> f32 {
    let ([a, ..], [b, ..]) = (a.planes(), b.planes());
    let sum: u64 = (a.iter().zip(b))
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    sum as f32 / a.len().max(1) as f32
}
