//! Seeded hashes and smooth noise: the only source of variety, equal on every machine.

/// A well-mixed hash of `n` under `seed`.
pub(crate) fn hash(seed: u32, n: u32) -> u32 {
    let mut x = n ^ seed.wrapping_mul(0x9e37_79b9).rotate_left(7);
    x = (x ^ (x >> 16)).wrapping_mul(0x7feb_352d);
    x = (x ^ (x >> 15)).wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}

/// A value in 0..1.
pub(crate) fn unit(seed: u32, n: u32) -> f32 {
    (hash(seed, n) >> 8) as f32 / (1 << 24) as f32
}

/// A value in -1..1.
pub(crate) fn signed(seed: u32, n: u32) -> f32 {
    unit(seed, n) * 2.0 - 1.0
}

/// 0 below 0, 1 above 1, smooth between.
pub(crate) fn smooth(x: f32) -> f32 {
    let x = x.clamp(0.0, 1.0);
    x * x * (3.0 - 2.0 * x)
}

/// `a` at 0, `b` at 1.
pub(crate) fn mix(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

/// Smooth noise in 0..1 with features one unit wide.
fn value(seed: u32, x: f32, y: f32) -> f32 {
    let (x0, y0) = (x.floor(), y.floor());
    let (tx, ty) = (smooth(x - x0), smooth(y - y0));
    let corner = |dx: i32, dy: i32| {
        let (column, row) = ((x0 as i32 + dx) as u32, (y0 as i32 + dy) as u32);
        unit(seed, column.wrapping_mul(0x0019_660d) ^ hash(seed, row))
    };
    mix(
        mix(corner(0, 0), corner(1, 0), tx),
        mix(corner(0, 1), corner(1, 1), tx),
        ty,
    )
}

/// Cloud-like noise in 0..1: five octaves.
pub(crate) fn cloud(seed: u32, x: f32, y: f32) -> f32 {
    let (mut sum, mut weight, mut scale) = (0.0, 0.5, 1.0);
    for octave in 0..5 {
        sum += weight * value(seed + octave, x * scale, y * scale);
        weight *= 0.5;
        scale *= 2.03;
    }
    sum / 0.96875
}

/// Smooth noise along a line, in 0..1: four octaves.
pub(crate) fn ridge(seed: u32, x: f32) -> f32 {
    let (mut sum, mut weight, mut scale) = (0.0, 0.5, 1.0);
    for octave in 0..4 {
        sum += weight * value(seed + octave, x * scale, 0.5);
        weight *= 0.5;
        scale *= 2.1;
    }
    sum / 0.9375
}
