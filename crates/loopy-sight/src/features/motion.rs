//! Motion from one picture to the next on the coarse grid.

use loopy_pixels::flow::{Effort, Gray, dense};

use super::{CELLS, MOTION, MOTION_UNITS, SIZE};

/// Motion is told in pixels of a picture so wide; its height follows from [`SIZE`].
const TOLD_WIDTH: f32 = 320.0;

/// A picture as motion is computed from it.
pub(super) fn gray(luma: &[u8]) -> Option<Gray> {
    Gray::new(SIZE.width, SIZE.height, luma.to_vec()).ok()
}

/// Appends the motion of each cell from `a` to `b`, right and down, in units of the grid.
pub(super) fn grid(a: &Gray, b: &Gray, out: &mut Vec<i16>) {
    let scale = TOLD_WIDTH / SIZE.width as f32 * MOTION_UNITS;
    match dense(a, b, Effort::Fast) {
        Ok(field) => out.extend(
            field
                .grid(CELLS.0, CELLS.1)
                .into_iter()
                .flat_map(|(right, down)| [right, down])
                // A cast of a float to an integer clamps.
                .map(|along| (along * scale).round() as i16),
        ),
        // Two pictures of one fixed size always have flow.
        Err(_) => stand(out),
    }
}

/// Appends no motion.
pub(super) fn stand(out: &mut Vec<i16>) {
    out.extend([0; MOTION]);
}

/// The last of the frames, of which nothing follows, goes on as the one before.
pub(super) fn close(motions: &mut [i16]) {
    match motions.len().checked_sub(2 * MOTION) {
        Some(before) => motions.copy_within(before..before + MOTION, before + MOTION),
        None => motions.fill(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shifted_picture_moves_by_its_shift() {
        let picture = |shift: f32| -> Vec<u8> {
            (0..192 * 108)
                .map(|index| {
                    let (x, y) = ((index % 192) as f32 - shift, (index / 192) as f32);
                    let waves = (x * 0.21).sin() + (x * 0.13 + y * 0.23).cos();
                    (110.0 + 40.0 * waves) as u8
                })
                .collect()
        };
        let (a, b) = (gray(&picture(0.0)).unwrap(), gray(&picture(1.5)).unwrap());
        let mut motion = Vec::new();
        grid(&a, &b, &mut motion);
        let inner = motion.chunks(2).skip(CELLS.0 * 4 + 4).take(8);
        for cell in inner {
            // 1.5 pixels of 192 are 2.5 of 320.
            assert!((cell[0] - 20).abs() <= 4 && cell[1].abs() <= 3, "{cell:?}");
        }
    }

    #[test]
    fn the_last_frame_goes_on_as_the_one_before() {
        let mut motions = vec![3; MOTION];
        motions.extend([7; MOTION]);
        motions.extend([0; MOTION]);
        close(&mut motions);
        assert_eq!(motions[2 * MOTION..], [7; MOTION]);
        let mut one = vec![5; MOTION];
        close(&mut one);
        assert_eq!(one, [0; MOTION]);
    }
}
