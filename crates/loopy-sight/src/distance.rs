//! Distances between grids. Sums run in a fixed order, so that equal inputs give equal bits for
//! any number of threads, and in independent lanes, so that registers are used whole.

use crate::features::GRID;

const LANES: usize = 16;

/// Distance of two grids in code values: the fourth root of the mean fourth power, so that a
/// small part that differs much counts more than a whole that differs little.
pub(crate) fn apart(a: &[u8; GRID], b: &[u8; GRID]) -> f32 {
    fourth(lanes(a).zip(lanes(b)), |(a, b), lane| {
        f32::from(a[lane]) - f32::from(b[lane])
    })
}

/// How far the step from `a1` to `b0` is from the mean of the steps before (`a2` to `a1`) and
/// after (`b0` to `b1`): what is sudden about it, in code values, direction included.
pub(crate) fn jerk(a2: &[u8; GRID], a1: &[u8; GRID], b0: &[u8; GRID], b1: &[u8; GRID]) -> f32 {
    let before = lanes(a2).zip(lanes(a1));
    let after = lanes(b0).zip(lanes(b1));
    fourth(before.zip(after), |((a2, a1), (b0, b1)), lane| {
        let step = f32::from(b0[lane]) - f32::from(a1[lane]);
        let steps =
            f32::from(a1[lane]) - f32::from(a2[lane]) + f32::from(b1[lane]) - f32::from(b0[lane]);
        step - steps * 0.5
    })
}

fn lanes(grid: &[u8; GRID]) -> impl Iterator<Item = &[u8; LANES]> {
    grid.as_chunks().0.iter()
}

fn fourth<T: Copy>(parts: impl Iterator<Item = T>, difference: impl Fn(T, usize) -> f32) -> f32 {
    const { assert!(GRID.is_multiple_of(LANES), "no cell is left over") };
    let mut sums = [0.0_f32; LANES];
    for part in parts {
        for (lane, sum) in sums.iter_mut().enumerate() {
            let difference = difference(part, lane);
            let square = difference * difference;
            *sum += square * square;
        }
    }
    let sum: f32 = sums.iter().sum();
    (sum / GRID as f32).sqrt().sqrt()
}

/// Sum of absolute differences of two strings of a multiple of 16 bytes.
#[inline]
pub(crate) fn total<const N: usize>(a: &[u8; N], b: &[u8; N]) -> u32 {
    const { assert!(N.is_multiple_of(LANES), "no byte is left over") };
    let (a, _) = a.as_chunks::<LANES>();
    let (b, _) = b.as_chunks::<LANES>();
    // Sixteen at a time, summed up before the next, become one instruction.
    let sixteen = |(a, b): (&[u8; LANES], &[u8; LANES])| -> u32 {
        (0..LANES)
            .map(|lane| u32::from(a[lane].abs_diff(b[lane])))
            .sum()
    };
    a.iter().zip(b).map(sixteen).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_difference_is_its_own_distance_and_a_spot_counts_more_than_its_share() {
        let a = [100; GRID];
        let mut b = [107; GRID];
        assert!((apart(&a, &b) - 7.0).abs() < 1e-4);
        b = a;
        b[..GRID / 100].fill(200);
        let spot = apart(&a, &b);
        assert!(spot > 25.0 && spot < 40.0, "{spot}");
        assert!((apart(&b, &a) - spot).abs() < f32::EPSILON);
    }

    #[test]
    fn even_motion_has_no_jerk_and_a_turn_has() {
        let at = |value: u8| [value; GRID];
        assert!(jerk(&at(10), &at(14), &at(18), &at(22)) < 1e-6);
        assert!(
            (jerk(&at(10), &at(14), &at(14), &at(18)) - 4.0).abs() < 1e-4,
            "a freeze"
        );
        assert!(
            (jerk(&at(10), &at(14), &at(10), &at(6)) - 4.0).abs() < 1e-4,
            "a turn"
        );
        assert!(
            (jerk(&at(10), &at(14), &at(30), &at(34)) - 12.0).abs() < 1e-4,
            "a jump"
        );
    }
}
