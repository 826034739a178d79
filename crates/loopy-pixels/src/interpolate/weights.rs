//! Weights of Catmull-Rom's cubic (Keys: "Cubic convolution interpolation for digital image
//! processing", IEEE ASSP 29, 1981, a = -1/2), computed and as a table.

use fearless_simd::{f32x8, prelude::*};

/// Steps in a pixel that a shift is rounded to.
pub(super) const PHASES: usize = 64;
/// Weights of the four samples around each step behind the second.
pub(super) static TABLE: [[f32; 4]; PHASES] = table();

const fn table() -> [[f32; 4]; PHASES] {
    let mut table = [[0.0; 4]; PHASES];
    let mut phase = 0;
    while phase < PHASES {
        let t = phase as f32 / PHASES as f32;
        let (square, cube) = (t * t, t * t * t);
        table[phase] = [
            square - (t + cube) * 0.5,
            cube * 1.5 - square * 2.5 + 1.0,
            square * 2.0 + (t - cube * 3.0) * 0.5,
            (cube - square) * 0.5,
        ];
        phase += 1;
    }
    table
}

/// Weights of the four samples around a place `t` (0 to 1) behind the second.
#[inline(always)]
pub(super) fn weights<S: Simd>(t: f32x8<S>) -> [f32x8<S>; 4] {
    let square = t * t;
    let cube = square * t;
    let first = square - (t + cube) * 0.5;
    let second = cube * 1.5 - square * 2.5 + 1.0;
    let last = (cube - square) * 0.5;
    [first, second, (first + second + last) * -1.0 + 1.0, last]
}

#[cfg(test)]
mod tests {
    use fearless_simd::{Level, dispatch};

    use super::*;

    #[test]
    fn the_table_is_the_formula_and_sums_to_one() {
        for (phase, row) in TABLE.iter().enumerate() {
            let t = phase as f32 / PHASES as f32;
            let exact = dispatch!(
                Level::new(),
                simd => weights(f32x8::splat(simd, t)).map(|weight| weight.to_array()[0])
            );
            for (wanted, weight) in exact.iter().zip(row) {
                assert!((wanted - weight).abs() < 1e-6, "{phase}");
            }
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        }
    }
}
