//! Entropies in bits, from whole numbers: the same digits on every machine.

use std::collections::BTreeMap;

/// Binary digits after the point.
const DIGITS: u32 = 32;

/// The binary logarithm of `value` (of 1 for 0) with 32 digits after the point, rounded down.
pub(super) fn log2(value: u64) -> u64 {
    let value = value.max(1);
    let whole = value.ilog2();
    // Between 1 and 2 with 63 digits; squaring doubles the logarithm.
    let mut mantissa = value << (63 - whole);
    let mut digits = 0;
    for _ in 0..DIGITS {
        let square = u128::from(mantissa) * u128::from(mantissa);
        digits <<= 1;
        if square >> 127 == 1 {
            mantissa = (square >> 64) as u64;
            digits |= 1;
        } else {
            mantissa = (square >> 63) as u64;
        }
    }
    (u64::from(whole) << DIGITS) | digits
}

fn bits(fixed: u128, share: u64) -> f64 {
    let bits = fixed / u128::from(share.max(1));
    bits as f64 / (1_u64 << DIGITS) as f64
}

/// Entropy of the next name given the last one, of the pairs in `row`.
pub(super) fn conditional(row: &[u32]) -> f64 {
    let mut pairs: BTreeMap<(u32, u32), u64> = BTreeMap::new();
    let mut firsts: BTreeMap<u32, u64> = BTreeMap::new();
    for pair in row.windows(2) {
        *pairs.entry((pair[0], pair[1])).or_default() += 1;
        *firsts.entry(pair[0]).or_default() += 1;
    }
    // n H = sum of n(a) log n(a) - sum of n(ab) log n(ab).
    let sum = |counts: &mut dyn Iterator<Item = u64>| -> u128 {
        counts
            .map(|count| u128::from(count) * u128::from(log2(count)))
            .sum()
    };
    let whole = sum(&mut firsts.into_values());
    let parts = sum(&mut pairs.into_values());
    bits(
        whole.saturating_sub(parts),
        row.len().saturating_sub(1) as u64,
    )
}

/// Entropy rate from `seen`, the longest stretch at each place that was there before: a place is
/// as surprising as the shortest stretch that is new there is short.
pub(super) fn rate(seen: &[u32]) -> f64 {
    let count = seen.len() as u64;
    if count < 2 {
        return 0.0;
    }
    // The mean over places of (stretch / log2 of the place), of which the inverse is the rate. The
    // first place has nothing before it.
    let sum: f64 = (2..=count)
        .zip(&seen[1..])
        .map(|(place, seen)| {
            let log = log2(place) as f64 / (1_u64 << DIGITS) as f64;
            f64::from(*seen + 1) / log
        })
        .sum();
    (count - 1) as f64 / sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{certificate::suffix::seen_before, walk::sample::Noise};

    #[test]
    fn logarithms_are_exact_to_ten_digits() {
        for value in [1_u64, 2, 3, 7, 10, 1000, 65_537, u64::MAX] {
            let found = log2(value) as f64 / (1_u64 << DIGITS) as f64;
            assert!((found - (value as f64).log2()).abs() < 1e-9, "{value}");
        }
    }

    #[test]
    fn evenly_drawn_names_are_as_surprising_as_their_number() {
        let mut noise = Noise(3);
        let row: Vec<u32> = (0..60_000).map(|_| noise.below(8)).collect();
        assert!((conditional(&row) - 3.0).abs() < 0.01);
        // The estimate approaches 3 from below, and slowly.
        let found = rate(&seen_before(&row));
        let sooner = rate(&seen_before(&row[..600]));
        assert!(
            2.2 < sooner && sooner < found && found < 3.0,
            "{sooner}, {found}"
        );
    }

    #[test]
    fn a_round_does_not_surprise() {
        let row: Vec<u32> = (0..5000).map(|index| index % 7).collect();
        assert!(conditional(&row).abs() < 1e-9);
        assert!(rate(&seen_before(&row)) < 0.02);
    }
}
