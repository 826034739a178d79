//! How well a picture is a mix of one before and one after: what a dissolve leaves behind.

use crate::series::Series;

/// Largest step that the best mix of the looks `reach` before and `reach` after the instant
/// leaves of the middle look, over what the nearer of the two leaves: 0 for a pure dissolve, 1
/// where mixing explains nothing.
pub(crate) fn ratio(series: &Series, at: usize, reach: usize) -> f32 {
    let plane = |index: usize| series.looks[index].small.planes()[0];
    let (a, b, m) = (plane(at - 1 - reach), plane(at + reach - 1), plane(at - 1));
    // Of |m - a - w (b - a)|^2 all sums are whole numbers.
    let (mut mm, mut mb, mut bb) = (0_i64, 0_i64, 0_i64);
    for ((a, b), m) in a.chunks(4096).zip(b.chunks(4096)).zip(m.chunks(4096)) {
        let mut sums = [0_i32; 3];
        for ((a, b), m) in a.iter().zip(b).zip(m) {
            let (m, b) = (i32::from(*m) - i32::from(*a), i32::from(*b) - i32::from(*a));
            sums[0] += m * m;
            sums[1] += m * b;
            sums[2] += b * b;
        }
        mm += i64::from(sums[0]);
        mb += i64::from(sums[1]);
        bb += i64::from(sums[2]);
    }
    // One code value of noise a sample keeps still pictures from looking like anything.
    let noise = m.len() as f64;
    let (mm, mb, bb) = (mm as f64, mb as f64, bb as f64);
    let weight = if bb > 0.0 {
        (mb / bb).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let left = |weight: f64| mm - 2.0 * weight * mb + weight * weight * bb + noise;
    ((left(weight) / left(0.0).min(left(1.0))) as f32).sqrt()
}
