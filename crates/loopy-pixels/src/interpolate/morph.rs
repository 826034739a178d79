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
use crate::flow::{Effort, Error, Pair};

/// A step smaller than this share of those around it holds the picture.
pub(super) const HELD: f32 = 0.25;

/// A picture held for longer than this many steps is one that stands still.
const LONGEST: usize = 2;
/// Where steps are all smaller than this, in code values, none is told from the others.
const NOTHING: f32 = 0.5;

/// The same wherever a morph is drawn, tried or for the film: refined flow finds other likenesses for what has
/// none.
const EFFORT: Effort = Effort::Fast;

/// As many pictures as both rows have: the first of `tail`, of `head` the last.
///
/// # Errors
/// When the pictures differ in size or are too small for flow.
pub fn morph(tail: &[Frame], head: &[Frame]) -> Result<Vec<Frame>, Error> {
    let frames = tail.len().min(head.len());
    if frames == 0 {
        return Ok(Vec::new());
    }
    let (tail, head) = (&tail[..frames], &head[head.len() - frames..]);
    let moves = moves(tail, head);
    let steps = moves.iter().filter(|moves| **moves).count();
    let (mut step, mut farther) = (0, 0);
    // Flow of the picture before, and of the one before that: a picture that is held begins where the one
    // that it holds began.
    let (mut before, mut earlier): (Option<Pair>, Option<Pair>) = (None, None);
    moves
        .into_iter()
        .enumerate()
        .map(|(index, moves)| {
            if moves {
                step += 1;
                farther = index;
                earlier = before.take();
            }
            let (a, b) = if 2 * index < frames {
                (&tail[index], &head[farther])
            } else {
                (&tail[farther], &head[index])
            };
            let time = step as f32 / (steps + 1) as f32;
            let between = Between::near(earlier.as_ref(), a, b, EFFORT)?.in_turns();
            let picture = between.at(time);
            before = Some(between.sources.pair);
            Ok(picture)
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
    rhythm(&sizes(tail), &sizes(head))
}

/// The same by the sizes of the steps inside both rows. Where nothing moves for long, nothing is
/// held: stillness is no rhythm.
fn rhythm(tail: &[f32], head: &[f32]) -> Vec<bool> {
    let moves = |index: usize| {
        let row = if 2 * index <= tail.len() { tail } else { head };
        let here = index - 1;
        let around = here.saturating_sub(LONGEST)..(here + LONGEST + 1).min(row.len());
        let most = row[around].iter().copied().fold(0.0, f32::max);
        most < NOTHING || row[here] >= HELD * most
    };
    (0..=tail.len())
        .map(|index| index == 0 || moves(index))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn moves(tail: &[f32], head: &[f32]) -> String {
        let moves = rhythm(tail, head).into_iter();
        moves.map(|moves| if moves { 'm' } else { '.' }).collect()
    }

    #[test]
    fn what_the_nearer_clip_holds_is_held() {
        let twos = [0.1, 3.0, 0.1, 3.0, 0.1, 3.0, 0.1];
        assert_eq!(moves(&twos, &[3.0; 7]), "m.m.mmmm");
        assert_eq!(moves(&[3.0; 7], &twos), "mmmmm.m.");
        let threes = [0.0, 0.1, 2.0, 0.1, 0.0, 4.0, 0.1];
        assert_eq!(moves(&threes, &threes), "m..m..m.");
    }

    #[test]
    fn stillness_is_no_rhythm() {
        let still = [0.03, 0.09, 0.0, 0.0, 0.01, 0.0, 0.05];
        assert_eq!(moves(&still, &still), "mmmmmmmm");
        // However much the other clip moves.
        assert_eq!(moves(&still, &[6.0; 7]), "mmmmmmmm");
        assert_eq!(moves(&[0.0; 7], &[0.0; 7]), "mmmmmmmm");
        assert_eq!(moves(&[], &[]), "m");
    }
}
