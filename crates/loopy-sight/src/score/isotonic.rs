//! Calibration: the falling curve from log odds to score that fits best (pool adjacent violators;
//! Ayer et al. 1955), straight between its knots.

use serde::{Deserialize, Serialize};

/// A curve that never rises.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Where it is told, rising, and what it says there, falling.
    pub knots: Vec<(f32, f32)>,
}

/// A block of samples that the curve gives one value.
#[derive(Clone, Copy)]
struct Block {
    at: f64,
    value: f64,
    weight: f64,
}

impl Curve {
    /// The curve for samples of log odds and labels, smoothed over at most `groups` groups of
    /// neighbours, each at least as heavy as the others.
    pub fn fit(samples: &[(f32, f32)], groups: usize) -> Self {
        let mut order = samples.to_vec();
        order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
        let each = order.len().div_ceil(groups.max(1)).max(1);
        let mut blocks: Vec<Block> = Vec::new();
        for group in order.chunks(each) {
            let count = group.len() as f64;
            let mean = |of: fn(&(f32, f32)) -> f32| {
                group
                    .iter()
                    .map(|sample| f64::from(of(sample)))
                    .sum::<f64>()
                    / count
            };
            let mut block = Block {
                at: mean(|sample| sample.0),
                value: mean(|sample| sample.1),
                weight: count,
            };
            // A later group that lies higher is one with those before it.
            while let Some(last) = blocks.pop_if(|last| last.value <= block.value) {
                let weight = last.weight + block.weight;
                let mix = |a: f64, b: f64| (a * last.weight + b * block.weight) / weight;
                block = Block {
                    at: mix(last.at, block.at),
                    value: mix(last.value, block.value),
                    weight,
                };
            }
            blocks.push(block);
        }
        let knots = blocks
            .iter()
            .map(|block| (block.at as f32, block.value as f32));
        Self {
            knots: knots.collect(),
        }
    }

    /// What the curve says; a half where there is none.
    pub fn at(&self, log_odds: f32) -> f32 {
        let above = self.knots.partition_point(|(at, _)| *at <= log_odds);
        let left = above.checked_sub(1).and_then(|at| self.knots.get(at));
        match (left, self.knots.get(above)) {
            (Some((a, low)), Some((b, high))) => low + (high - low) * ((log_odds - a) / (b - a)),
            (Some((_, value)), None) | (None, Some((_, value))) => *value,
            (None, None) => 0.5,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_curve_falls_and_keeps_the_mean(
            samples in proptest::collection::vec((-5.0_f32..5.0, 0.0_f32..1.0), 1..80),
            groups in 1_usize..40,
        ) {
            let curve = Curve::fit(&samples, groups);
            for pair in curve.knots.array_windows::<2>() {
                prop_assert!(pair[0].0 <= pair[1].0 && pair[0].1 >= pair[1].1, "{curve:?}");
            }
            let labels = samples.iter().map(|s| s.1);
            let (low, high) = labels.fold((1.0_f32, 0.0_f32), |(a, b), v| (a.min(v), b.max(v)));
            for at in [-9.0, -1.0, 0.3, 9.0] {
                let value = curve.at(at);
                prop_assert!(value >= low - 1e-5 && value <= high + 1e-5, "{value}");
            }
        }
    }

    #[test]
    fn a_falling_staircase_is_kept_and_a_rise_is_levelled() {
        let fits = |labels: [f32; 4]| {
            let samples: Vec<(f32, f32)> = (0..4).map(|at| (at as f32, labels[at])).collect();
            let curve = Curve::fit(&samples, 4);
            [0.0, 1.0, 2.0, 3.0].map(|at| (curve.at(at) * 100.0).round() as i32)
        };
        assert_eq!(fits([0.9, 0.6, 0.5, 0.1]), [90, 60, 50, 10]);
        assert_eq!(fits([0.9, 0.4, 0.6, 0.1])[0], 90);
        assert_eq!(fits([0.2, 0.4, 0.6, 0.8]), [50; 4]);
        assert!((Curve::default().at(1.0) - 0.5).abs() < f32::EPSILON);
    }
}
