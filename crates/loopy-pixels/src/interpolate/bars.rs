//! Black bars: padding that both pictures share has no motion and must stay as it is.

use std::borrow::Cow;

use loopy_core::{Frame, Size};

/// Luma up to this is black: 16 with the noise of a codec.
const BLACK: u8 = 20;

/// The part of the pictures inside the bars; sides and corner are even.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) left: usize,
    pub(super) top: usize,
    pub(super) size: Size,
}

/// The least window that holds everything that is not black in both pictures; the whole picture
/// where nothing else is left.
pub(super) fn window(a: &Frame, b: &Frame) -> Window {
    let (width, height) = (a.stride(), a.size().height as usize);
    let (mut rows, mut columns) = (vec![false; height], vec![0_u8; width]);
    for frame in [a, b] {
        let [luma, ..] = frame.planes();
        for (seen, row) in rows.iter_mut().zip(luma.chunks_exact(width)) {
            let most = row.iter().fold(0, |most, sample| most.max(*sample));
            if most > BLACK {
                *seen = true;
            }
            for (most, sample) in columns.iter_mut().zip(row) {
                *most = (*most).max(*sample);
            }
        }
    }
    let (top, below) = extent(rows.iter().copied());
    let (left, right) = extent(columns.iter().map(|most| *most > BLACK));
    Window {
        left,
        top,
        size: Size::new((right - left) as u32, (below - top) as u32),
    }
}

/// First and last but one, to even numbers outwards; everything when nothing is seen.
fn extent(seen: impl Iterator<Item = bool> + Clone) -> (usize, usize) {
    let side = seen.clone().count();
    let mut found = seen.enumerate().filter(|(_, seen)| *seen).map(|(at, _)| at);
    match found.next() {
        None => (0, side),
        Some(first) => {
            let last = found.last().unwrap_or(first);
            (first / 2 * 2, (last + 1).next_multiple_of(2))
        }
    }
}

impl Window {
    /// The part of a picture in this window.
    pub(super) fn cut(self, frame: &Frame) -> Cow<'_, Frame> {
        if self.size == frame.size() {
            return Cow::Borrowed(frame);
        }
        let mut out = Frame::black(self.size);
        for (plane, (from, to)) in frame.planes().iter().zip(out.planes_mut()).enumerate() {
            let (shift, stride) = (usize::from(plane > 0), frame.stride());
            let (stride, left, top) = (stride >> shift, self.left >> shift, self.top >> shift);
            let wide = self.size.width as usize >> shift;
            for (from, to) in from[top * stride..]
                .chunks_exact(stride)
                .zip(to.chunks_exact_mut(wide))
            {
                to.copy_from_slice(&from[left..left + wide]);
            }
        }
        Cow::Owned(out)
    }

    /// Writes the part back.
    pub(super) fn paste(self, part: &Frame, frame: &mut Frame) {
        let stride = frame.stride();
        for (plane, (from, to)) in part.planes().iter().zip(frame.planes_mut()).enumerate() {
            let shift = usize::from(plane > 0);
            let (stride, left, top) = (stride >> shift, self.left >> shift, self.top >> shift);
            let wide = self.size.width as usize >> shift;
            for (from, to) in from
                .chunks_exact(wide)
                .zip(to[top * stride..].chunks_exact_mut(stride))
            {
                to[left..left + wide].copy_from_slice(from);
            }
        }
    }
}
