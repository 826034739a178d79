//! Exact means of luma over rectangles whose edges may lie between pixels.

use loopy_core::{Frame, Size};

use super::PARTS;

/// Weight of a pixel that lies wholly inside.
const WHOLE: u32 = 256;

/// Pixels along one axis that a cell covers: the first, and the weight of each in 1/256.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Span {
    first: usize,
    weights: Vec<u32>,
}

/// The cells of an axis with `count` of them that lie wholly inside what a picture covers, which
/// begins at `start` and is `length` long, in parts of the axis.
pub(super) fn covered(start: f64, length: f64, count: u16) -> (u16, u16) {
    // A cell that misses a thousandth of itself is whole enough.
    const SLACK: f64 = 1e-3;
    let count = f64::from(count);
    let low = (start * count - SLACK).ceil().max(0.0);
    let high = ((start + length) * count + SLACK).floor().min(count);
    if high > low {
        (low as u16, high as u16)
    } else {
        (0, 0)
    }
}

/// What the `cells` of an axis with `count` of them cover of a picture that is `pixels` long.
pub(super) fn spans(
    start: f64,
    length: f64,
    cells: (u16, u16),
    count: u16,
    pixels: u32,
) -> Vec<Span> {
    let place = |edge: u16| {
        let part = (f64::from(edge) / f64::from(count) - start) / length;
        (part * f64::from(pixels)).clamp(0.0, f64::from(pixels))
    };
    let span = |cell: u16| {
        let (low, high) = (place(cell), place(cell + 1));
        let first = (low.floor() as u32).min(pixels.saturating_sub(1));
        let until = (high.ceil() as u32).clamp(first + 1, pixels.max(1));
        let weight = |pixel: u32| {
            let (left, right) = (f64::from(pixel), f64::from(pixel + 1));
            let inside = high.min(right) - low.max(left);
            (inside.max(0.0) * f64::from(WHOLE)).round() as u32
        };
        let mut weights: Vec<u32> = (first..until).map(weight).collect();
        if weights.iter().all(|weight| *weight == 0) {
            weights[0] = WHOLE;
        }
        Span {
            first: first as usize,
            weights,
        }
    };
    (cells.0..cells.1).map(span).collect()
}

/// Takes means of pictures of one size.
#[derive(Debug)]
pub(super) struct Averager {
    across: Vec<Span>,
    down: Vec<Span>,
    size: Size,
    /// Weighted sums down the rows of a cell.
    sums: Vec<u32>,
    /// Sums down whole rows, not yet weighted.
    whole: Vec<u16>,
}

impl Averager {
    pub(super) fn new(across: Vec<Span>, down: Vec<Span>, size: Size) -> Self {
        let width = size.width as usize;
        Self {
            across,
            down,
            size,
            sums: vec![0; width],
            whole: vec![0; width],
        }
    }

    /// Adds the means of a picture to `out`; what it lacks counts as black.
    pub(super) fn add(&mut self, picture: &Frame, out: &mut Vec<u16>) {
        if picture.size() == self.size {
            self.sum(picture.planes()[0], out);
        } else {
            let cells = self.across.len() * self.down.len();
            out.resize(out.len() + cells, 0);
        }
    }

    fn sum(&mut self, luma: &[u8], out: &mut Vec<u16>) {
        let width = self.sums.len();
        for down in &self.down {
            self.sums.fill(0);
            self.whole.fill(0);
            let mut waiting = 0;
            let rows = luma.chunks_exact(width).skip(down.first);
            for (row, weight) in rows.zip(&down.weights) {
                if *weight == WHOLE {
                    for (sum, value) in self.whole.iter_mut().zip(row) {
                        *sum += u16::from(*value);
                    }
                    waiting += 1;
                    if waiting == 256 {
                        flush(&mut self.sums, &mut self.whole);
                        waiting = 0;
                    }
                } else {
                    for (sum, value) in self.sums.iter_mut().zip(row) {
                        *sum += weight * u32::from(*value);
                    }
                }
            }
            flush(&mut self.sums, &mut self.whole);
            let high: u64 = down.weights.iter().map(|weight| u64::from(*weight)).sum();
            for across in &self.across {
                let pixels = self.sums[across.first..].iter().zip(&across.weights);
                let sum: u64 = pixels
                    .map(|(sum, weight)| u64::from(*sum) * u64::from(*weight))
                    .sum();
                let wide: u64 = across.weights.iter().map(|weight| u64::from(*weight)).sum();
                let mean = sum as f64 / (high * wide) as f64;
                out.push((mean * f64::from(PARTS)).round() as u16);
            }
        }
    }
}

/// Whole rows join the weighted sums.
fn flush(sums: &mut [u32], whole: &mut [u16]) {
    for (sum, whole) in sums.iter_mut().zip(whole) {
        *sum += WHOLE * u32::from(*whole);
        *whole = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mean(spans: [Vec<Span>; 2], picture: &Frame) -> Vec<u16> {
        let [across, down] = spans;
        let mut out = Vec::new();
        Averager::new(across, down, picture.size()).add(picture, &mut out);
        out
    }

    proptest! {
        #[test]
        fn means_agree_with_adding_up_pixel_by_pixel(
            (width, height) in (1_u32..40, 1_u32..300),
            seed in any::<u32>(),
            (columns, rows) in (1_u16..6, 1_u16..4),
            start in 0.0_f64..0.4,
            length in 0.3_f64..0.6,
        ) {
            let size = Size::new(width * 2, height * 2);
            let mut picture = Frame::black(size);
            let mut state = seed;
            for value in picture.planes_mut()[0].iter_mut() {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *value = (state >> 24) as u8;
            }
            // The picture covers a part of each axis.
            let part = |count| covered(start, length, count);
            let (c, r) = (part(columns), part(rows));
            let across = spans(start, length, c, columns, size.width);
            let down = spans(start, length, r, rows, size.height);
            let found = mean([across.clone(), down.clone()], &picture);
            prop_assert_eq!(found.len(), usize::from(c.1 - c.0) * usize::from(r.1 - r.0));
            let mut at = 0;
            for down in &down {
                for across in &across {
                    let (mut sum, mut all) = (0.0, 0.0);
                    for (y, high) in down.weights.iter().enumerate() {
                        for (x, wide) in across.weights.iter().enumerate() {
                            let row = (down.first + y) * size.width as usize;
                            let value = picture.planes()[0][row + across.first + x];
                            let weight = f64::from(high * wide);
                            sum += weight * f64::from(value);
                            all += weight;
                        }
                    }
                    let wanted = sum / all * 256.0;
                    prop_assert!((f64::from(found[at]) - wanted).abs() < 0.51);
                    at += 1;
                }
            }
        }
    }

    #[test]
    fn neighbouring_cells_share_a_pixel_by_its_parts() {
        let found = spans(0.0, 1.0, (0, 2), 2, 3);
        assert_eq!(found[0].weights, [256, 128]);
        assert_eq!(found[1].weights, [128, 256]);
        assert_eq!(found[1].first, 1);
    }

    #[test]
    fn cells_cut_by_an_edge_are_not_covered() {
        assert_eq!(covered(0.0, 1.0, 32), (0, 32));
        assert_eq!(covered(0.1, 0.8, 10), (1, 9));
        assert_eq!(covered(0.11, 0.78, 10), (2, 8));
        assert_eq!(covered(0.48, 0.04, 10), (0, 0));
        assert_eq!(covered(-0.5, 2.0, 10), (0, 10));
    }
}
