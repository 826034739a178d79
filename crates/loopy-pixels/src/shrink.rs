//! Making pictures small by exact area averaging: what thumbnails and analysis need.

use loopy_core::{Frame, Size};

/// The picture at `size` (rounded down to even sides), each sample the mean of the area that it
/// covers in the source, rounded to the nearest. Shape is not kept; larger sizes repeat samples.
pub fn area(frame: &Frame, size: Size) -> Frame {
    let mut out = Frame::black(size);
    let (from, to) = (frame.size(), out.size());
    if from == to {
        out.data_mut().copy_from_slice(frame.data());
        return out;
    }
    let half = |size: Size| Size::new(size.width / 2, size.height / 2);
    let shapes = [(from, to), (half(from), half(to)), (half(from), half(to))];
    for ((source, target), (from, to)) in frame.planes().iter().zip(out.planes_mut()).zip(shapes) {
        plane(source, from, target, to);
    }
    out
}

/// Source samples `first..first + weights.len()` and how much of each one target sample covers.
struct Cover {
    first: usize,
    weights: Vec<u32>,
}

/// How `to` target samples cover `from` source samples: in a unit of 1/`to` source samples,
/// source i spans `i*to..(i+1)*to` and target j `j*from..(j+1)*from`, all in whole numbers.
fn covers(from: u32, to: u32) -> Vec<Cover> {
    (0..to)
        .map(|target| {
            let (start, end) = (target * from, (target + 1) * from);
            let first = start / to;
            let weights = (first..end.div_ceil(to))
                .map(|source| end.min((source + 1) * to) - start.max(source * to))
                .collect();
            Cover {
                first: first as usize,
                weights,
            }
        })
        .collect()
}

fn plane(source: &[u8], from: Size, target: &mut [u8], to: Size) {
    let columns = covers(from.width, to.width);
    let rows = covers(from.height, to.height);
    let area = from.pixels();
    let mut sums = vec![0_u64; from.width as usize];
    for (cover, target) in rows.iter().zip(target.chunks_exact_mut(to.width as usize)) {
        sums.fill(0);
        let lines = source.chunks_exact(from.width as usize).skip(cover.first);
        for (weight, line) in cover.weights.iter().zip(lines) {
            for (sum, sample) in sums.iter_mut().zip(line) {
                *sum += u64::from(weight * u32::from(*sample));
            }
        }
        for (column, sample) in columns.iter().zip(target) {
            let covered = &sums[column.first..];
            let sum: u64 = column
                .weights
                .iter()
                .zip(covered)
                .map(|(weight, sum)| u64::from(*weight) * sum)
                .sum();
            *sample = ((sum + area / 2) / area) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_whole_factor_averages_blocks() {
        let mut frame = Frame::black(Size::new(8, 4));
        for (index, sample) in frame.planes_mut()[0].iter_mut().enumerate() {
            *sample = index as u8;
        }
        let small = area(&frame, Size::new(4, 2));
        // Block 0: 0, 1, 8, 9; halves round up.
        assert_eq!(small.planes()[0], [5, 7, 9, 11, 21, 23, 25, 27]);
        assert_eq!(small.planes()[1], [128, 128]);
    }

    proptest! {
        #[test]
        fn flat_pictures_stay_flat_and_means_are_kept(
            width in 1_u32..60, height in 1_u32..60, to_width in 1_u32..40, to_height in 1_u32..40,
            seed: u32,
        ) {
            let mut frame = Frame::black(Size::new(width * 2, height * 2));
            let flat = area(&frame, Size::new(to_width * 2, to_height * 2));
            prop_assert!(flat.planes()[0].iter().all(|sample| *sample == 16));
            let mut state = seed;
            for sample in frame.data_mut() {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *sample = (state >> 24) as u8;
            }
            let small = area(&frame, Size::new(to_width * 2, to_height * 2));
            for (before, after) in frame.planes().iter().zip(small.planes()) {
                let mean = |plane: &[u8]| {
                    plane.iter().map(|s| f64::from(*s)).sum::<f64>() / plane.len() as f64
                };
                prop_assert!((mean(before) - mean(after)).abs() <= 0.51);
            }
        }
    }

    #[test]
    fn the_same_size_is_the_same_picture() {
        let mut frame = Frame::black(Size::new(10, 6));
        frame.data_mut()[7] = 99;
        assert_eq!(area(&frame, frame.size()), frame);
    }
}
