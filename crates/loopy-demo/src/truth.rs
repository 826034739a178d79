//! Plain marked pictures for tests that need many frames cheaply.

use loopy_core::{Frame, Size};

use crate::{mark, noise};

/// Columns by which the stripes move to the left from row to row.
const SLOPE: usize = 2;

/// A picture of soft diagonal stripes that move two pixels a frame and come round every 128 frames, tinted
/// a little by the clip: all clips are of one scene. A pure function of its arguments.
pub fn stripes(clip: u16, index: u32, size: Size) -> Frame {
    let mut frame = Frame::black(size);
    let (stride, seed) = (frame.stride(), u32::from(clip));
    let tint = [1, 2].map(|n| (noise::unit(seed, n) * 8.0) as u8 + 124);
    // 128 luma steps up and down: a period of 256, so the wrap of the index leaves no jump.
    let shift = (index as usize % 128) * 2;
    let wave: Vec<u8> = (0..256usize)
        .map(|x| 64 + (if x < 128 { x } else { 255 - x }) as u8)
        .collect();
    let [luma, u, v] = frame.planes_mut();
    for (y, row) in luma.chunks_exact_mut(stride).enumerate() {
        for (x, value) in row.iter_mut().enumerate() {
            *value = wave[(x + y * SLOPE + shift) % 256];
        }
    }
    u.fill(tint[0]);
    v.fill(tint[1]);
    frame
}

/// [`stripes`] stamped with `clip` and `index`.
pub fn plain(clip: u16, index: u32, size: Size) -> Frame {
    let mut frame = stripes(clip, index, size);
    mark::stamp(&mut frame, clip, index);
    frame
}
