//! Structure of a picture: how much luma changes in each of four directions, cell by cell. Mean
//! sizes of derivatives turn smoothly with an edge, where bins of its angle would jump.

use super::{CELL_COUNT, CELLS, DIRECTIONS};

/// 1/4 code values a pixel; derivatives are taken over two pixels.
const GAIN: u32 = 2;

/// Appends the directions of each cell; returns the mean step between neighbours across and down
/// in 1/256 code values.
pub(super) fn directions(luma: &[u8], width: usize, out: &mut Vec<u8>) -> u16 {
    let side = width / CELLS.0;
    let height = luma.len() / width;
    let mut sums = [[0_u32; DIRECTIONS]; CELL_COUNT];
    let (mut steps, mut count) = (0_u64, 0_u64);
    for y in 1..height - 1 {
        let [above, here, below] =
            [y - 1, y, y + 1].map(|row| &luma[row * width..(row + 1) * width]);
        let row = &mut sums[y / side * CELLS.0..][..CELLS.0];
        for (column, cell) in row.iter_mut().enumerate() {
            let from = (column * side).max(1);
            let to = ((column + 1) * side).min(width - 1);
            let mut near = 0_u32;
            for x in from..to {
                let across = i32::from(here[x + 1]) - i32::from(here[x - 1]);
                let down = i32::from(below[x]) - i32::from(above[x]);
                // The diagonals are longer by the root of two: 181 / 256 of the sums.
                let falling = (across + down).unsigned_abs() * 181;
                let rising = (across - down).unsigned_abs() * 181;
                cell[0] += across.unsigned_abs();
                cell[1] += falling >> 8;
                cell[2] += down.unsigned_abs();
                cell[3] += rising >> 8;
                near += u32::from(here[x].abs_diff(here[x + 1]))
                    + u32::from(here[x].abs_diff(below[x]));
            }
            steps += u64::from(near);
            count += 2 * (to - from) as u64;
        }
    }
    let area = (side * side) as u32;
    let mean = |sum: &u32| ((sum * GAIN + area / 2) / area).min(255) as u8;
    out.extend(sums.as_flattened().iter().map(mean));
    (steps * 256 / count.max(1)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    type Along = fn(usize, usize) -> usize;

    #[test]
    fn an_edge_shows_in_its_direction() {
        let cases: [(Along, usize); 3] = [(|x, _| x, 0), (|x, y| x + y, 1), (|_, y| y, 2)];
        for (along, strongest) in cases {
            let luma: Vec<u8> = (0..192 * 108)
                .map(|index| 20 + (along(index % 192, index / 192) % 24 * 4) as u8)
                .collect();
            let mut out = Vec::new();
            assert!(directions(&luma, 192, &mut out) > 0);
            let cell = &out[40 * DIRECTIONS..][..DIRECTIONS];
            let most = (0..DIRECTIONS).max_by_key(|at| cell[*at]);
            assert_eq!(most, Some(strongest), "{cell:?}");
        }
    }
}
