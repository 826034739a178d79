//! Values against their neighbourhood: logarithms, medians, spreads.

/// Bounds of what one feature may say, so that one freak value decides nothing.
const MOST: f32 = 12.0;

/// The value at a share (0 to 1) of sorted values, the nearest one; 0 of nothing.
pub(crate) fn quantile(sorted: &[f32], share: f32) -> f32 {
    let last = sorted.len().saturating_sub(1);
    sorted
        .get((share * last as f32).round() as usize)
        .copied()
        .unwrap_or(0.0)
}

/// The values in rising order.
pub(crate) fn sorted(values: impl Iterator<Item = f32>) -> Vec<f32> {
    let mut values: Vec<f32> = values.collect();
    values.sort_by(f32::total_cmp);
    values
}

/// The median.
pub(crate) fn median(values: impl Iterator<Item = f32>) -> f32 {
    quantile(&sorted(values), 0.5)
}

/// A neighbourhood's usual values, as logarithms above a floor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usual {
    floor: f32,
    middle: f32,
    spread: f32,
    high: f32,
}

/// A value against its neighbourhood's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Against {
    /// Distance from the median in robust standard deviations.
    pub(crate) z: f32,
    /// Logarithm of the ratio to the median.
    pub(crate) ratio: f32,
    /// Logarithm of the ratio to the 95 % quantile.
    pub(crate) top: f32,
}

impl Usual {
    /// `floor` is a value too small to matter; it is added to every value.
    pub(crate) fn of(values: impl Iterator<Item = f32>, floor: f32) -> Self {
        let logs = sorted(values.map(|value| (value + floor).ln()));
        let middle = quantile(&logs, 0.5);
        Self {
            floor,
            middle,
            spread: 1.4826 * median(logs.iter().map(|log| (log - middle).abs())) + 0.06,
            high: quantile(&logs, 0.95),
        }
    }

    pub(crate) fn against(&self, value: f32) -> Against {
        let log = (value + self.floor).ln();
        let bound = |value: f32| value.clamp(-MOST, MOST);
        Against {
            z: bound((log - self.middle) / self.spread),
            ratio: bound(log - self.middle),
            top: bound(log - self.high),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_freaks_do_not_move_what_is_usual() {
        let plain = || (0..40).map(|n| 2.0 + 0.1 * (n % 7) as f32);
        let calm = Usual::of(plain(), 0.1).against(6.0);
        let odd = Usual::of(plain().chain([500.0, 900.0]), 0.1).against(6.0);
        assert!((calm.ratio - odd.ratio).abs() < 0.06);
        assert!(calm.z > 5.0 && odd.z > 5.0);
        assert!(calm.top > 0.5);
    }

    #[test]
    fn an_ordinary_value_is_ordinary() {
        let usual = Usual::of((0..40).map(|n| 1.0 + 0.01 * n as f32), 0.1);
        let value = usual.against(1.2);
        assert!(value.z.abs() < 0.2 && value.ratio.abs() < 0.02);
    }
}
