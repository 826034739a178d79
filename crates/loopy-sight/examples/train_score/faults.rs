//! Faults by known amounts.

use loopy_core::Frame;

/// With so much added to Y, U and V.
pub(crate) fn lit(frame: &Frame, by: [i16; 3]) -> Frame {
    let mut out = frame.clone();
    for (plane, by) in out.planes_mut().into_iter().zip(by) {
        for sample in plane {
            *sample = (i16::from(*sample) + by).clamp(0, 255) as u8;
        }
    }
    out
}

/// Luma moved by whole pixels, chroma by half as many; the edge is repeated.
pub(crate) fn moved(frame: &Frame, x: isize, y: isize) -> Frame {
    let mut out = frame.clone();
    let (width, height) = (frame.stride(), frame.size().height as usize);
    let shapes = [
        (width, height, 1),
        (width / 2, height / 2, 2),
        (width / 2, height / 2, 2),
    ];
    for ((target, source), (width, height, by)) in
        out.planes_mut().into_iter().zip(frame.planes()).zip(shapes)
    {
        let place = |at: usize, moved: isize, side: usize| {
            at.saturating_add_signed(-moved / by).min(side - 1)
        };
        for (index, sample) in target.iter_mut().enumerate() {
            let (column, row) = (index % width, index / width);
            *sample = source[place(row, y, height) * width + place(column, x, width)];
        }
    }
    out
}

/// Luma averaged with its eight neighbours so many times.
pub(crate) fn blurred(frame: &Frame, times: usize) -> Frame {
    let mut out = frame.clone();
    let (width, height) = (frame.stride(), frame.size().height as usize);
    for _ in 0..times {
        let from = out.planes()[0].to_vec();
        let [luma, ..] = out.planes_mut();
        for y in 1..height - 1 {
            for x in 1..width - 1 {
                let rows = [y - 1, y, y + 1].map(|y| &from[y * width + x - 1..=y * width + x + 1]);
                let sum: u32 = rows.into_iter().flatten().map(|s| u32::from(*s)).sum();
                luma[y * width + x] = ((sum + 4) / 9) as u8;
            }
        }
    }
    out
}

/// Luma of the middle sixth of the picture moved to the right by so many pixels.
pub(crate) fn torn(frame: &Frame, by: usize) -> Frame {
    let mut out = frame.clone();
    let (width, height) = (frame.stride(), frame.size().height as usize);
    let from = frame.planes()[0];
    let [luma, ..] = out.planes_mut();
    let left = width * 2 / 5;
    for y in height / 3..height * 2 / 3 {
        for x in left..width * 9 / 10 {
            luma[y * width + x] = from[y * width + (x - by).max(left)];
        }
    }
    out
}
