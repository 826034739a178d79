//! Training: gradient boosting of small trees on the logistic loss, with second-order leaves and
//! binned features (Friedman 2001; Chen and Guestrin 2016, eq. 6 and 7).

use rayon::prelude::*;

use crate::{
    dice::Dice,
    forest::{DEPTH, Forest, Tree},
    robust::sorted,
};

/// One training instant.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Its features.
    pub values: Vec<f32>,
    /// How surely it is an edit, 0 to 1.
    pub label: f32,
}

/// How to train.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Trees.
    pub trees: usize,
    /// Share of each tree's verdict that is taken.
    pub rate: f32,
    /// Smallest sum of second derivatives in a leaf.
    pub least: f32,
    /// Pull of leaves towards 0.
    pub ridge: f32,
    /// Seed of the draws of features and samples.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            trees: 200,
            rate: 0.08,
            least: 4.0,
            ridge: 2.0,
            seed: 1,
        }
    }
}

/// Most thresholds tried for a feature.
const BINS: usize = 48;

/// A forest that tells the samples apart. Each tree sees two thirds of the samples and half of the
/// features. The same for any number of threads. No samples give a forest without trees.
pub fn train(samples: &[Sample], options: &Options) -> Forest {
    let Some(first) = samples.first() else {
        return Forest::default();
    };
    let features = first.values.len();
    let cuts: Vec<Vec<f32>> = (0..features)
        .into_par_iter()
        .map(|feature| cuts(&sorted(samples.iter().map(|s| s.values[feature]))))
        .collect();
    let binned: Vec<Vec<u8>> = samples
        .par_iter()
        .map(|sample| {
            let bin =
                |(value, cuts): (&f32, &Vec<f32>)| cuts.partition_point(|cut| cut < value) as u8;
            sample.values.iter().zip(&cuts).map(bin).collect()
        })
        .collect();
    let mean: f32 = samples.iter().map(|s| s.label).sum::<f32>() / samples.len() as f32;
    let mean = mean.clamp(1e-3, 1.0 - 1e-3);
    let mut forest = Forest {
        base: (mean / (1.0 - mean)).ln(),
        trees: Vec::with_capacity(options.trees),
    };
    let mut odds = vec![forest.base; samples.len()];
    let mut dice = Dice::new(options.seed);
    for _ in 0..options.trees {
        let slopes: Vec<(f32, f32)> = samples
            .iter()
            .zip(&odds)
            .map(|(sample, odds)| {
                let p = 1.0 / (1.0 + (-odds).exp());
                (p - sample.label, (p * (1.0 - p)).max(1e-6))
            })
            .collect();
        let mut columns: Vec<usize> = (0..features).collect();
        dice.shuffle(&mut columns);
        columns.truncate(features.div_ceil(2));
        columns.sort_unstable();
        let seen: Vec<usize> = (0..samples.len()).filter(|_| !dice.one_in(3)).collect();
        let tree = grow(&binned, &cuts, &slopes, seen, &columns, options);
        for (odds, sample) in odds.iter_mut().zip(samples) {
            *odds += tree.leaves[tree.leaf(&sample.values)];
        }
        forest.trees.push(tree);
    }
    forest
}

/// Thresholds between different values, at most [`BINS`].
fn cuts(sorted: &[f32]) -> Vec<f32> {
    let mut cuts: Vec<f32> = (1..=BINS)
        .filter_map(|bin| {
            let at = bin * sorted.len() / (BINS + 1);
            let (low, high) = (sorted.get(at.checked_sub(1)?)?, sorted.get(at)?);
            (low < high).then_some(low + (high - low) / 2.0)
        })
        .collect();
    cuts.dedup();
    cuts
}

fn grow(
    binned: &[Vec<u8>],
    cuts: &[Vec<f32>],
    slopes: &[(f32, f32)],
    seen: Vec<usize>,
    columns: &[usize],
    options: &Options,
) -> Tree {
    let mut tree = Tree {
        features: Default::default(),
        thresholds: [f32::MAX; (1 << DEPTH) - 1],
        leaves: Default::default(),
    };
    let mut groups = vec![seen];
    for node in 0..tree.features.len() {
        let group = std::mem::take(&mut groups[node]);
        let split = best(binned, cuts, slopes, &group, columns, options);
        let (left, right) = match split {
            Some((feature, bin)) => {
                tree.features[node] = feature as u16;
                tree.thresholds[node] = cuts[feature][bin];
                group
                    .into_iter()
                    .partition(|row| usize::from(binned[*row][feature]) <= bin)
            }
            // Nothing to gain: everything goes left.
            None => (group, Vec::new()),
        };
        groups.push(left);
        groups.push(right);
    }
    for (leaf, group) in tree.leaves.iter_mut().zip(&groups[(1 << DEPTH) - 1..]) {
        let (slope, bend) = total(slopes, group);
        *leaf = -options.rate * slope / (bend + options.ridge);
    }
    tree
}

fn total(slopes: &[(f32, f32)], rows: &[usize]) -> (f32, f32) {
    rows.iter().fold((0.0, 0.0), |(slope, bend), row| {
        (slope + slopes[*row].0, bend + slopes[*row].1)
    })
}

/// The split of most gain as feature and last bin that goes left.
fn best(
    binned: &[Vec<u8>],
    cuts: &[Vec<f32>],
    slopes: &[(f32, f32)],
    rows: &[usize],
    columns: &[usize],
    options: &Options,
) -> Option<(usize, usize)> {
    let all = total(slopes, rows);
    let worth = |(slope, bend): (f32, f32)| slope * slope / (bend + options.ridge);
    let gains: Vec<Option<(f32, usize, usize)>> = columns
        .par_iter()
        .map(|&feature| {
            let mut bins = vec![(0.0_f32, 0.0_f32); cuts[feature].len() + 1];
            for row in rows {
                let bin = &mut bins[usize::from(binned[*row][feature])];
                bin.0 += slopes[*row].0;
                bin.1 += slopes[*row].1;
            }
            let (mut left, mut found) = ((0.0, 0.0), None::<(f32, usize, usize)>);
            for (index, bin) in bins.iter().take(cuts[feature].len()).enumerate() {
                left = (left.0 + bin.0, left.1 + bin.1);
                let right = (all.0 - left.0, all.1 - left.1);
                if left.1 < options.least || right.1 < options.least {
                    continue;
                }
                let gain = worth(left) + worth(right) - worth(all);
                if gain > 1e-4 && found.is_none_or(|(most, ..)| gain > most) {
                    found = Some((gain, feature, index));
                }
            }
            found
        })
        .collect();
    // The first of equals, so that the order of threads does not matter.
    let mut found: Option<(f32, usize, usize)> = None;
    for gain in gains.into_iter().flatten() {
        if found.is_none_or(|(most, ..)| gain.0 > most) {
            found = Some(gain);
        }
    }
    found.map(|(_, feature, bin)| (feature, bin))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(seed: u64, count: usize) -> Vec<Sample> {
        let mut dice = Dice::new(seed);
        let mut draw = || dice.below(1000) as f32 / 1000.0;
        (0..count)
            .map(|_| {
                let values = vec![draw(), draw(), draw(), 0.5];
                // Exclusive or: no single feature tells anything.
                let edit = (values[0] > 0.5) != (values[1] > 0.3);
                Sample {
                    values,
                    label: f32::from(u8::from(edit)),
                }
            })
            .collect()
    }

    #[test]
    fn a_rule_of_two_features_is_learnt_and_holds_for_new_samples() {
        let forest = train(&samples(1, 2000), &Options::default());
        let new = samples(2, 500);
        let right = new
            .iter()
            .filter(|s| (forest.probability(&s.values) > 0.5) == (s.label > 0.5))
            .count();
        assert!(right > 480, "{right}");
        assert!(forest.parameters() <= 10_000);
    }

    #[test]
    fn training_is_the_same_for_any_number_of_threads() {
        let samples = samples(3, 400);
        let options = Options {
            trees: 20,
            ..Options::default()
        };
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.unwrap().install(|| train(&samples, &options))
        };
        assert_eq!(with(1), with(4));
    }

    #[test]
    fn no_samples_and_equal_samples_give_a_forest_that_decides_nothing() {
        assert!((train(&[], &Options::default()).probability(&[1.0]) - 0.5).abs() < 1e-6);
        let same = vec![
            Sample {
                values: vec![1.0, 2.0],
                label: 0.5,
            };
            50
        ];
        let forest = train(&same, &Options::default());
        assert!((forest.probability(&[9.0, -9.0]) - 0.5).abs() < 1e-3);
    }
}
