//! Logarithms in fixed point, equal on every machine: scores are sums of bits, draws need weights.
//!
//! A score is an [`i32`] in 1/256 of a bit (a factor of 2). Both tables are made by integer
//! arithmetic when the program is compiled; no floating-point number decides a walk.

/// One bit: a factor of 2.
pub(super) const BIT: i32 = 256;

/// Weights have so many bits; what lies further below the best is drawn once in 2^40.
const DEPTH: u32 = 40;

/// `log2(1 + i / 256)` in 1/256 of a bit, rounded down.
const FRACTIONS: [u16; 256] = fractions();

/// `2^-(i / 256)` with 40 bits after the point, rounded down at each step of the product.
const POWERS: [u64; 256] = powers();

const fn fractions() -> [u16; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        // Squaring doubles the logarithm; each time it passes 2, the next binary digit is 1.
        let mut value = (256 + index as u64) << 23;
        let (mut digits, mut round) = (0_u16, 0);
        while round < 8 {
            value = ((value as u128 * value as u128) >> 31) as u64;
            digits <<= 1;
            if value >= 1 << 32 {
                value >>= 1;
                digits |= 1;
            }
            round += 1;
        }
        table[index] = digits;
        index += 1;
    }
    table
}

const fn powers() -> [u64; 256] {
    // The eighth square root of 1/2, 63 bits after the point: 2^(-1/256).
    let mut root = 1_u128 << 62;
    let mut round = 0;
    while round < 8 {
        root = (root << 63).isqrt();
        round += 1;
    }
    let mut table = [0; 256];
    let mut value = 1_u128 << 63;
    let mut index = 0;
    while index < 256 {
        table[index] = (value >> (63 - DEPTH)) as u64;
        value = (value * root) >> 63;
        index += 1;
    }
    table
}

/// The binary logarithm of `value` (of 1 for 0), rounded down.
pub(super) fn log2(value: u64) -> i32 {
    let value = value.max(1);
    let whole = value.ilog2();
    let mantissa = (value << (63 - whole)) >> 55 & 255;
    whole as i32 * BIT + i32::from(FRACTIONS[mantissa as usize])
}

/// The weight of a score that lies `below` the best one (0 or more), at least 1.
pub(super) fn weight(below: i32) -> u64 {
    let below = below.max(0) as u32;
    let shift = below / BIT as u32;
    if shift >= DEPTH {
        return 1;
    }
    (POWERS[(below % BIT as u32) as usize] >> shift).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_and_weights_are_those_of_mathematics() {
        for value in [1_u64, 2, 3, 5, 255, 256, 257, 65_535, 1 << 40, u64::MAX] {
            let exact = (value as f64).log2() * f64::from(BIT);
            let found = f64::from(log2(value));
            assert!((exact - found).abs() < 2.0, "{value}: {found}, {exact}");
        }
        assert_eq!(log2(0), 0);
        for below in [0, 1, 100, 256, 1000, 5000, 10_000] {
            let exact = 2_f64.powf(40.0 - f64::from(below) / f64::from(BIT));
            let found = weight(below) as f64;
            assert!((exact - found).abs() < 2.0 + exact * 1e-9, "{below}");
        }
        assert_eq!(weight(41 * BIT), 1);
        assert_eq!(weight(-3), 1 << 40);
    }

    #[test]
    fn logarithms_never_fall() {
        assert!((1..70_000_u64).all(|value| log2(value) <= log2(value + 1)));
        assert!((0..12_000).all(|below| weight(below) >= weight(below + 1)));
    }
}
