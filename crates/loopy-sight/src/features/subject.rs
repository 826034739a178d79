//! Where a viewer looks, without any model: near the middle and a little above it, at skin, and at
//! what moves otherwise than the whole picture.

use super::{CELL_COUNT, CELLS, MOTION, MOTION_UNITS};

/// Chroma of human skin of any tone (Chai and Ngan: "Face segmentation using skin-color map in
/// videophone applications", 1999).
const SKIN: [std::ops::RangeInclusive<u8>; 2] = [77..=127, 133..=173];
/// Motion against the picture's own that counts fully, in pixels of a picture 320 wide.
const SALIENT: f32 = 2.0;
/// What the place alone, skin and motion can add up to.
const PARTS: [f32; 3] = [95.0, 80.0, 80.0];

/// The weight of each cell, 0 to 255.
pub(super) fn weights(chroma: [&[u8]; 2], motion: &[i16; MOTION]) -> [u8; CELL_COUNT] {
    let (cells, _) = motion.as_chunks::<2>();
    let whole = [0, 1].map(|axis| {
        let mut along: Vec<i16> = cells.iter().map(|cell| cell[axis]).collect();
        *along.select_nth_unstable(CELL_COUNT / 2).1
    });
    std::array::from_fn(|cell| {
        let place = centre(cell);
        let skin = SKIN
            .iter()
            .zip(chroma)
            .all(|(range, plane)| range.contains(&plane[cell]));
        let [x, y] = [0, 1].map(|axis| f32::from(cells[cell][axis]) - f32::from(whole[axis]));
        let moves = (x.hypot(y) / (SALIENT * MOTION_UNITS)).min(1.0);
        // Skin and motion at the rim are walls and passers-by more often than the subject.
        let near = 0.5 + 0.5 * place;
        let [still, warm, lively] = PARTS;
        (still * place + near * (warm * f32::from(u8::from(skin)) + lively * moves)) as u8
    })
}

/// 1 in the middle of the picture, a little above it, falling to the rim.
pub(crate) fn centre(cell: usize) -> f32 {
    let x = (cell % CELLS.0) as f32 / (CELLS.0 - 1) as f32 - 0.5;
    let y = (cell / CELLS.0) as f32 / (CELLS.1 - 1) as f32 - 0.45;
    (-(x * x + y * y) / (2.0 * 0.3 * 0.3)).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skin_motion_and_the_middle_count_more() {
        let (mut u, mut v) = ([128; CELL_COUNT], [128; CELL_COUNT]);
        let mut motion = [16; MOTION];
        let plain = weights([&u, &v], &motion);
        let middle = 4 * CELLS.0 + 8;
        assert!(plain[middle] > 2 * plain[0]);
        (u[middle], v[middle]) = (110, 150);
        let skin = weights([&u, &v], &motion);
        assert!(skin[middle] > plain[middle] && skin[middle + 1] == plain[middle + 1]);
        motion[2 * middle] = 60;
        assert!(weights([&u, &v], &motion)[middle] > skin[middle]);
    }
}
