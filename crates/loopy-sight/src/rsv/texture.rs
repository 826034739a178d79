//! Whether two pictures differ everywhere alike, as two moments of falling snow or running water do.
//!
//! A dissolve shows both at once. Texture hides that; a person who is in one of the pictures only, or
//! in two places, is seen through for as long as it lasts, however small the share of the picture.

use loopy_core::Frame;

use super::{look::cells, order::sort};

/// The cells that differ most (19 of 20 differ less) do so by at most this much more than the middle
/// one: 1.8 to 2.5 in snow and rain, 3.4 to 5.5 where a face turns, 6 to 23 where people walk.
const ALIKE: f32 = 3.0;
/// Nor does any cell by more than this: at most 5 in snow and rain, 19 to 60 where people walk.
const MOST: f32 = 8.0;
/// Added to the difference of the middle cell, in code values: half of a rounding.
const ROUNDING: f32 = 0.5;

/// Whether `a` and `b`, of one size, differ everywhere alike.
pub(crate) fn differ_alike(a: &Frame, b: &Frame) -> bool {
    let (wide, high) = (a.size().width as usize, a.size().height as usize);
    let ([a, ..], [b, ..]) = (a.planes(), b.planes());
    let apart = cells(wide, high, |y, xs| {
        let [a, b] = [a, b].map(|luma| &luma[y * wide..][xs.clone()]);
        let pairs = a.iter().zip(b);
        pairs.map(|(a, b)| u32::from(a.abs_diff(*b))).sum()
    });
    let cells = sort(apart.into_iter());
    let at = |share: usize| cells[(cells.len() - 1) * share / 100];
    let middle = at(50) + ROUNDING;
    at(95) <= ALIKE * middle && at(100) <= MOST * middle
}

#[cfg(test)]
mod tests {
    use loopy_core::Size;

    use super::*;

    const SIZE: Size = Size {
        width: 320,
        height: 180,
    };

    /// Noise of its own for each seed, and a bright thing at a place.
    fn picture(seed: u32, thing: Option<(usize, usize)>) -> Frame {
        let mut frame = Frame::black(SIZE);
        let wide = SIZE.width as usize;
        for (at, sample) in frame.planes_mut()[0].iter_mut().enumerate() {
            let mixed = (at as u32 ^ seed.wrapping_mul(0x9E37_79B9)).wrapping_mul(0x85EB_CA6B);
            *sample = 100 + (mixed >> 28) as u8;
            let inside = |(x, y)| (at % wide).abs_diff(x) < 15 && (at / wide).abs_diff(y) < 30;
            if thing.is_some_and(inside) {
                *sample = 220;
            }
        }
        frame
    }

    #[test]
    fn texture_differs_alike_and_things_that_move_do_not() {
        assert!(differ_alike(&picture(1, None), &picture(2, None)));
        let here = picture(1, Some((60, 90)));
        assert!(!differ_alike(&here, &picture(2, Some((200, 90)))));
        assert!(!differ_alike(&here, &picture(2, None)));
        assert!(differ_alike(&here, &here));
    }
}
