//! How well scores tell two sets apart, and how sure that is.

use std::collections::BTreeMap;

use crate::dice::Dice;

/// A scored instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// The detector's score; larger means surer that there is an edit.
    pub score: f64,
    /// A seam, or a natural instant.
    pub seam: bool,
    /// What it stands or falls with: instants of one clip pair.
    pub cluster: usize,
}

/// Probability that a score of `high` exceeds one of `low`, ties counting half (Mann and Whitney
/// 1947); `None` when one of them is empty.
pub fn auc(high: &[f64], low: &[f64]) -> Option<f64> {
    let weighted = |scores: &[f64], seam: bool| -> Vec<(f64, bool, u32)> {
        scores.iter().map(|score| (*score, seam, 1)).collect()
    };
    let mut all = weighted(high, true);
    all.extend(weighted(low, false));
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    area(&all)
}

/// The same over sorted (score, seam, times drawn).
fn area(sorted: &[(f64, bool, u32)]) -> Option<f64> {
    let (mut below, mut wins, mut seams) = (0.0, 0.0, 0.0);
    for group in sorted.chunk_by(|a, b| a.0 >= b.0) {
        let count = |seam: bool| -> f64 {
            let of = group.iter().filter(|item| item.1 == seam);
            of.map(|item| f64::from(item.2)).sum()
        };
        let (here, others) = (count(true), count(false));
        wins += here * (below + others / 2.0);
        below += others;
        seams += here;
    }
    (below > 0.0 && seams > 0.0).then(|| wins / (below * seams))
}

/// The share of `high` above the score that at most `rate` (0 to 1) of `low` exceed; `None` when
/// one of them is empty.
pub fn recall(high: &[f64], low: &[f64], rate: f64) -> Option<f64> {
    let mut order = low.to_vec();
    order.sort_by(|a, b| b.total_cmp(a));
    let allowed = (rate * order.len() as f64).floor() as usize;
    let bar = order.get(allowed.min(order.len().checked_sub(1)?))?;
    let found = high.iter().filter(|score| *score > bar).count();
    (!high.is_empty()).then(|| found as f64 / high.len() as f64)
}

/// The 95 % interval of the AUC by resampling whole clusters (percentile bootstrap, Efron 1979;
/// clusters as in Field and Welsh 2007). `None` when no resample holds both kinds.
pub fn interval(items: &[Scored], rounds: usize, seed: u64) -> Option<(f64, f64)> {
    let mut clusters: BTreeMap<usize, usize> = BTreeMap::new();
    for item in items {
        let next = clusters.len();
        clusters.entry(item.cluster).or_insert(next);
    }
    let mut order: Vec<(f64, bool, usize)> = items
        .iter()
        .map(|item| (item.score, item.seam, clusters[&item.cluster]))
        .collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut dice = Dice::new(seed);
    let mut areas: Vec<f64> = (0..rounds)
        .filter_map(|_| {
            let mut times = vec![0_u32; clusters.len()];
            for _ in 0..clusters.len() {
                times[dice.below(clusters.len())] += 1;
            }
            let drawn: Vec<(f64, bool, u32)> = order
                .iter()
                .map(|(score, seam, cluster)| (*score, *seam, times[*cluster]))
                .collect();
            area(&drawn)
        })
        .collect();
    areas.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let last = areas.len().checked_sub(1)?;
        areas.get((share * last as f64).round() as usize).copied()
    };
    at(0.025).zip(at(0.975))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slow(high: &[f64], low: &[f64]) -> f64 {
        let mut wins = 0.0;
        for a in high {
            for b in low {
                wins += if a > b {
                    1.0
                } else {
                    0.5 * f64::from(u8::from(a >= b))
                };
            }
        }
        wins / (high.len() * low.len()) as f64
    }

    fn scores() -> impl Strategy<Value = Vec<f64>> {
        // Few values, so that there are ties.
        proptest::collection::vec((0_i32..12).prop_map(f64::from), 1..40)
    }

    proptest! {
        #[test]
        fn the_area_is_that_of_all_pairs(high in scores(), low in scores()) {
            let fast = auc(&high, &low).unwrap();
            prop_assert!((fast - slow(&high, &low)).abs() < 1e-12);
            prop_assert!((fast + auc(&low, &high).unwrap() - 1.0).abs() < 1e-12);
        }

        #[test]
        fn a_drawn_cluster_counts_as_its_items_again(
            high in scores(), low in scores(), times in 1_u32..4,
        ) {
            let mut all: Vec<_> = high.iter().map(|s| (*s, true, times)).collect();
            all.extend(low.iter().map(|s| (*s, false, 1)));
            all.sort_by(|a, b| a.0.total_cmp(&b.0));
            prop_assert!((area(&all).unwrap() - slow(&high, &low)).abs() < 1e-12);
        }

        #[test]
        fn recall_lets_no_more_than_its_rate_through(
            high in scores(), low in scores(), rate in 0.0_f64..1.0,
        ) {
            let found = recall(&high, &low, rate).unwrap();
            // Slowly: the best share over all bars that few enough of the others exceed.
            let exceed = |bar: f64, of: &[f64]| of.iter().filter(|s| **s > bar).count();
            let allowed = (rate * low.len() as f64).floor() as usize;
            let best = low.iter().filter(|bar| exceed(**bar, &low) <= allowed)
                .map(|bar| exceed(*bar, &high)).max().unwrap();
            prop_assert!((found - best as f64 / high.len() as f64).abs() < 1e-12);
        }

        #[test]
        fn the_interval_is_repeatable_and_holds_the_middle(seed: u64) {
            let items: Vec<Scored> = (0..60).map(|n| Scored {
                score: f64::from((n * 37) % 23) + if n % 3 == 0 { 4.0 } else { 0.0 },
                seam: n % 3 == 0,
                cluster: n as usize % 10,
            }).collect();
            let of = |seam| -> Vec<f64> {
                items.iter().filter(|i| i.seam == seam).map(|i| i.score).collect()
            };
            let middle = auc(&of(true), &of(false)).unwrap();
            let (low, high) = interval(&items, 300, seed).unwrap();
            prop_assert!(low <= middle && middle <= high, "{low} {middle} {high}");
            prop_assert_eq!(interval(&items, 300, seed).unwrap(), (low, high));
        }
    }

    #[test]
    fn one_cluster_has_an_interval_of_no_width_and_nothing_has_none() {
        let item = |score, seam| Scored {
            score,
            seam,
            cluster: 7,
        };
        let items = [item(1.0, true), item(0.0, false), item(2.0, false)];
        assert_eq!(interval(&items, 50, 1), Some((0.5, 0.5)));
        assert_eq!(interval(&items[..1], 50, 1), None);
        assert_eq!(auc(&[], &[1.0]), None);
        assert_eq!(recall(&[1.0], &[], 0.01), None);
    }
}
