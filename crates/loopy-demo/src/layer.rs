//! Images that slide sideways: clouds and land under a camera that sways.

use std::ops::Range;

use crate::canvas::Canvas;

/// An image wider than the picture that can slide sideways by fractions of a pixel.
pub(crate) struct Layer {
    image: Canvas,
    /// Row of the picture on which its first row lies.
    top: usize,
    /// Columns beyond the picture's edge on either side.
    margin: usize,
    /// Of each row the columns that hold anything, and the row's part that hides all behind it.
    spans: Vec<(Range<usize>, Range<usize>)>,
}

impl Layer {
    /// A layer from an image that is `margin` columns wider than the picture on either side.
    pub(crate) fn new(image: Canvas, top: usize, margin: usize) -> Self {
        let spans = image
            .data
            .chunks_exact(image.width * 4)
            .map(|row| {
                let pixels = row.as_chunks::<4>().0;
                let first = pixels.iter().take_while(|pixel| pixel[3] == 0).count();
                let after = pixels
                    .iter()
                    .rev()
                    .take_while(|pixel| pixel[3] == 0)
                    .count();
                (
                    first..(pixels.len() - after).max(first),
                    widest_opaque(pixels),
                )
            })
            .collect();
        Self {
            image,
            top,
            margin,
            spans,
        }
    }

    /// Draws the layer moved right by `shift` pixels, at most its margin.
    pub(crate) fn draw(&self, canvas: &mut Canvas, shift: f32) {
        self.draw_parts(canvas, [(shift, 1.0)]);
    }

    /// Draws a mixture of the layer at several places, each with its shift and its share; the
    /// shares add up to 1.
    pub(crate) fn draw_parts<const N: usize>(&self, canvas: &mut Canvas, parts: [(f32, f32); N]) {
        let parts = parts.map(|(shift, share)| {
            let from = (self.margin as f32 - shift).max(0.0);
            let right = ((from - from.floor()) * 256.0) as u16;
            (from as usize, right, (share * 256.0).round() as u16)
        });
        let least = parts.iter().map(|part| part.0).min().unwrap_or(0);
        let most = parts.iter().map(|part| part.0).max().unwrap_or(0);
        let mut row_of_parts = vec![0u8; canvas.width * 4];
        for (row, (drawn, solid)) in self.spans.iter().enumerate() {
            let y = self.top + row;
            // Columns of the picture that anything of this row reaches.
            let first = drawn.start.saturating_sub(most + 1);
            let last = drawn.end.saturating_sub(least).min(canvas.width);
            if y >= canvas.height || first >= last {
                continue;
            }
            let mixed = &mut row_of_parts[..(last - first) * 4];
            for (n, (whole, right, share)) in parts.into_iter().enumerate() {
                let from = (row * self.image.width + first + whole) * 4;
                let source = &self.image.data[from..][..mixed.len() + 4];
                slide(mixed, source, right, (N > 1).then_some((share, n == 0)));
            }
            // Where all parts are opaque, nothing behind shows.
            let hides = solid.start.saturating_sub(least).clamp(first, last)
                ..solid.end.saturating_sub(most + 1).clamp(first, last);
            let target = &mut canvas.data[(y * canvas.width + first) * 4..][..mixed.len()];
            if hides.is_empty() {
                over(target, mixed);
            } else {
                let (from, to) = ((hides.start - first) * 4, (hides.end - first) * 4);
                over(&mut target[..from], &mixed[..from]);
                target[from..to].copy_from_slice(&mixed[from..to]);
                over(&mut target[to..], &mixed[to..]);
            }
        }
    }
}

/// Pixels between neighbours, `right` 256ths towards the right one; with a share, that many
/// 256ths of them, set first and then added.
fn slide(out: &mut [u8], source: &[u8], right: u16, share: Option<(u16, bool)>) {
    let pairs = source.iter().zip(&source[4..]);
    let between = |(a, b): (&u8, &u8)| u16::from(*a) * (256 - right) + u16::from(*b) * right;
    match share {
        None if right == 0 => out.copy_from_slice(&source[..out.len()]),
        None => {
            for (out, pair) in out.iter_mut().zip(pairs) {
                *out = (between(pair) >> 8) as u8;
            }
        }
        Some((share, first)) => {
            for (out, pair) in out.iter_mut().zip(pairs) {
                let part = (((between(pair) >> 8) * share) >> 8) as u8;
                *out = if first {
                    part
                } else {
                    out.saturating_add(part)
                };
            }
        }
    }
}

/// Premultiplied pixels over others, two channels at a time in one word.
fn over(under: &mut [u8], above: &[u8]) {
    const EVEN: u32 = 0x00ff_00ff;
    let above = above.as_chunks::<4>().0;
    for (under, above) in under.as_chunks_mut::<4>().0.iter_mut().zip(above) {
        let alpha = u32::from(above[3]);
        if alpha == 0 {
            continue;
        }
        let keep = 256 - alpha - (alpha >> 7);
        let word = u32::from_le_bytes(*under);
        let even = (((word & EVEN) * keep + 0x0080_0080) >> 8) & EVEN;
        let odd = (((word >> 8) & EVEN) * keep + 0x0080_0080) & !EVEN;
        *under = (even | odd)
            .wrapping_add(u32::from_le_bytes(*above))
            .to_le_bytes();
    }
}

/// The longest run of opaque pixels.
fn widest_opaque(pixels: &[[u8; 4]]) -> Range<usize> {
    let (mut best, mut start) = (0..0, 0);
    for (place, pixel) in pixels.iter().enumerate() {
        if pixel[3] < 255 {
            start = place + 1;
        } else if place + 1 - start > best.len() {
            best = start..place + 1;
        }
    }
    best
}
