//! From one moving picture to another while both go on moving.
//!
//! Two rows of pictures run side by side: what follows the place where one clip is left, and what
//! leads to the place where the other is entered. Each picture lies between the two that are due
//! at its time, nearer to the second the later it is. At both ends it is almost a picture of the
//! clip itself, so that motion, light and grain go on as they were (registered blending of motion
//! clips: Kovar, Gleicher: "Flexible automatic motion blending with registration curves", 2003,
//! carried over to pictures).

use loopy_core::Frame;

use super::Between;
use crate::flow::{Effort, Error};

/// As many pictures as both rows have: the first of `tail`, of `head` the last.
///
/// # Errors
/// When the pictures differ in size or are too small for flow.
pub fn morph(tail: &[Frame], head: &[Frame], effort: Effort) -> Result<Vec<Frame>, Error> {
    let frames = tail.len().min(head.len());
    let head = &head[head.len() - frames..];
    tail.iter()
        .zip(head)
        .enumerate()
        .map(|(index, (a, b))| Ok(Between::new(a, b, effort)?.at(time(index, frames))))
        .collect()
}

/// How far on the way picture `index` of `frames` lies.
fn time(index: usize, frames: usize) -> f32 {
    (index + 1) as f32 / (frames + 1) as f32
}
