//! Light of a picture: mean, spread, ends and noise of luma, mean chroma.

use super::{CELL_COUNT, CELLS};

/// Sum and standard deviation.
pub(super) struct Spread {
    /// Mean in 1/256 code values.
    pub(super) mean: u16,
    /// Standard deviation in 1/256 code values.
    pub(super) deviation: u16,
    /// Level below which 1 % of the samples lie.
    pub(super) darkest: u8,
    /// Level above which 1 % of the samples lie.
    pub(super) brightest: u8,
}

/// How samples spread.
pub(super) fn spread(samples: &[u8]) -> Spread {
    let mut counts = [0_u32; 256];
    for sample in samples {
        counts[usize::from(*sample)] += 1;
    }
    let total = (samples.len() as u64).max(1);
    let (mut sum, mut squares) = (0_u64, 0_u64);
    for (level, count) in (0_u64..).zip(counts) {
        sum += level * u64::from(count);
        squares += level * level * u64::from(count);
    }
    let variance = (squares * total - sum * sum) as f64 / (total * total) as f64;
    Spread {
        mean: (sum * 256 / total) as u16,
        deviation: (variance.sqrt() * 256.0) as u16,
        darkest: reach(&counts, total, 0..256),
        brightest: reach(&counts, total, (0..256).rev()),
    }
}

/// The first level in `order` by which more than 1 % of the samples have been met.
fn reach(counts: &[u32; 256], total: u64, mut order: impl Iterator<Item = usize>) -> u8 {
    let mut seen = 0;
    let level = order.find(|level| {
        seen += u64::from(counts[*level]);
        seen > total / 100
    });
    level.unwrap_or(0) as u8
}

/// Mean of samples in 1/256 code values.
pub(super) fn mean(samples: &[u8]) -> u16 {
    let sum: u64 = samples.iter().map(|sample| u64::from(*sample)).sum();
    (sum * 256 / (samples.len() as u64).max(1)) as u16
}

/// Standard deviation of noise in 1/256 code values: the response to a mask that is blind to
/// edges (Immerkaer: "Fast Noise Variance Estimation", 1996), taken from the quarter of the cells
/// that respond least, because texture responds too.
pub(super) fn noise(luma: &[u8], width: usize) -> u16 {
    let side = width / CELLS.0;
    let height = luma.len() / width;
    let mut cells = [0_u32; CELL_COUNT];
    for y in 1..height - 1 {
        let [above, here, below] =
            [y - 1, y, y + 1].map(|row| &luma[row * width..(row + 1) * width]);
        let row = &mut cells[y / side * CELLS.0..][..CELLS.0];
        for (column, cell) in row.iter_mut().enumerate() {
            let from = (column * side).max(1);
            let to = ((column + 1) * side).min(width - 1);
            *cell += (from..to)
                .map(|x| {
                    let line = |row: &[u8], middle: i32| {
                        i32::from(row[x - 1]) + i32::from(row[x + 1]) - middle * i32::from(row[x])
                    };
                    // 1 -2 1 above and below, -2 4 -2 between.
                    (line(above, 2) + line(below, 2) - 2 * line(here, 2)).unsigned_abs()
                })
                .sum::<u32>();
        }
    }
    cells.sort_unstable();
    let quiet: u32 = cells[..CELL_COUNT / 4].iter().sum();
    let mean = f64::from(quiet) / (CELL_COUNT / 4 * side * side) as f64;
    // The mask multiplies deviation by 6; a normal deviate's mean size is sqrt(2 / pi) of it.
    (mean / 6.0 * std::f64::consts::FRAC_PI_2.sqrt() * 256.0) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_told_from_ramps_and_grows_with_its_deviation() {
        let picture = |noise: i32| -> Vec<u8> {
            let mut state = 7_u32;
            (0..192 * 108)
                .map(|index| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let dice = (state >> 24) as i32 % (2 * noise + 1) - noise;
                    (60 + index % 192 / 2 + dice) as u8
                })
                .collect()
        };
        let measured = [0, 3, 9].map(|noise| noise_of(&picture(noise)));
        assert!(measured[0] < 0.5, "{measured:?}");
        // Uniform over -n..=n: deviation sqrt(n (n + 1) / 3).
        assert!((measured[1] - 2.0).abs() < 0.6, "{measured:?}");
        assert!((measured[2] - 5.5).abs() < 1.4, "{measured:?}");
    }

    fn noise_of(luma: &[u8]) -> f64 {
        f64::from(noise(luma, 192)) / 256.0
    }

    #[test]
    fn spread_is_that_of_the_samples() {
        let half: Vec<u8> = (0..1000)
            .map(|i| if i % 2 == 0 { 50 } else { 150 })
            .collect();
        let spread = spread(&half);
        assert_eq!((spread.mean, spread.deviation), (100 * 256, 50 * 256));
        assert_eq!((spread.darkest, spread.brightest), (50, 150));
        assert_eq!(mean(&half), 100 * 256);
    }
}
