//! Order statistics, and a logarithm that is the same on every machine.

/// The values in rising order.
pub(super) fn sort(values: impl Iterator<Item = f32>) -> Vec<f32> {
    let mut values: Vec<f32> = values.collect();
    values.sort_unstable_by(f32::total_cmp);
    values
}

/// The value at a share (0 to 1) of sorted values, the nearest one; 0 of nothing.
pub(super) fn quantile(sorted: &[f32], share: f32) -> f32 {
    let last = sorted.len().saturating_sub(1);
    let at = (share * last as f32).round() as usize;
    sorted.get(at).copied().unwrap_or(0.0)
}

/// The [`quantile`] of values that need not be in order otherwise.
pub(super) fn quantile_of(values: impl Iterator<Item = f32>, share: f32) -> f32 {
    let mut values: Vec<f32> = values.collect();
    let Some(last) = values.len().checked_sub(1) else {
        return 0.0;
    };
    let at = ((share * last as f32).round() as usize).min(last);
    *values.select_nth_unstable_by(at, f32::total_cmp).1
}

/// How many times `value` doubles 1, for a positive normal number: the standard library's differs
/// between machines in its last bit.
pub(super) fn log2(value: f32) -> f32 {
    let value = f64::from(value.max(f32::MIN_POSITIVE));
    let bits = value.to_bits();
    let mut power = (bits >> 52) as i32 - 1023;
    let mut rest = f64::from_bits(bits & ((1 << 52) - 1) | 1023 << 52);
    if rest > 1.5 {
        rest *= 0.5;
        power += 1;
    }
    // ln((1 + t) / (1 - t)) = 2 (t + t^3/3 + t^5/5 + ...), |t| at most a fifth.
    let t = (rest - 1.0) / (rest + 1.0);
    let square = t * t;
    let mut sum = 0.0;
    for odd in [13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0] {
        sum = sum * square + 1.0 / odd;
    }
    (f64::from(power) + 2.0 * t * sum * std::f64::consts::LOG2_E) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_the_logarithm() {
        for value in [
            1e-30_f32, 0.01, 0.5, 0.75, 1.0, 1.49, 1.51, 2.0, 3.0, 255.0, 1e30,
        ] {
            let off = log2(value) - value.log2();
            assert!(
                off.abs() <= 1e-6 * value.log2().abs().max(1.0),
                "{value}: {off}"
            );
        }
        assert!(log2(0.0) < -100.0 && log2(-1.0) < -100.0);
    }

    #[test]
    fn the_quantile_of_values_is_that_of_their_order() {
        let values = [3.0_f32, -1.0, 2.5, 2.5, 0.0, 9.0, -0.0];
        for count in 0..=values.len() {
            let sorted = sort(values[..count].iter().copied());
            for share in [0.0, 0.05, 0.25, 0.5, 0.9, 1.0] {
                let found = quantile_of(values[..count].iter().copied(), share);
                assert_eq!(found.to_bits(), quantile(&sorted, share).to_bits());
            }
        }
    }

    #[test]
    fn quantiles_are_members_and_nothing_has_none() {
        let values = sort([3.0, 1.0, 2.0].into_iter());
        for (share, wanted) in [(0.0, 1.0), (0.5, 2.0), (1.0, 3.0)] {
            assert!((quantile(&values, share) - wanted).abs() < f32::EPSILON);
        }
        assert!(quantile(&[], 0.5).abs() < f32::EPSILON);
    }
}
