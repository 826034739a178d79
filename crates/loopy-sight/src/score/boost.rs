//! Training: gradient boosting on the logistic loss with second-order leaves (Friedman 2001; Chen
//! and Guestrin 2016, equations 5 and 7). No tree may fall with a feature: a split is only made
//! when its right side is the higher one, and what lies below either side stays on it.

use super::forest::{DEPTH, Forest, Tree};

/// One training joint.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Its features.
    pub values: Vec<f32>,
    /// How surely it is noticed, 0 to 1.
    pub noticed: f32,
    /// How much it counts.
    pub weight: f32,
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
    /// Each tree looks at one feature in so many, another one each time.
    pub every: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            trees: 240,
            rate: 0.07,
            least: 6.0,
            ridge: 3.0,
            every: 3,
        }
    }
}

/// Most thresholds tried for a feature.
const BINS: usize = 48;

/// Sums of first and second derivatives.
#[derive(Clone, Copy, Default)]
struct Sums {
    slope: f64,
    bend: f64,
}

impl Sums {
    fn add(&mut self, other: Self) {
        self.slope += other.slope;
        self.bend += other.bend;
    }

    fn less(self, other: Self) -> Self {
        Self {
            slope: self.slope - other.slope,
            bend: self.bend - other.bend,
        }
    }

    /// The best value of a leaf within bounds.
    fn leaf(self, ridge: f64, (low, high): (f64, f64)) -> f64 {
        (-self.slope / (self.bend + ridge)).clamp(low, high)
    }

    /// What that value gains.
    fn gain(self, ridge: f64, leaf: f64) -> f64 {
        -(self.slope * leaf + 0.5 * (self.bend + ridge) * leaf * leaf)
    }
}

/// A forest that tells the samples apart. No samples give a forest without trees.
pub fn train(samples: &[Sample], options: &Options) -> Forest {
    let Some(first) = samples.first() else {
        return Forest::default();
    };
    let features = first.values.len();
    let cuts: Vec<Vec<f32>> = (0..features)
        .map(|feature| cuts(samples, feature))
        .collect();
    let binned: Vec<Vec<u8>> = samples
        .iter()
        .map(|sample| {
            let bin =
                |(value, cuts): (&f32, &Vec<f32>)| cuts.partition_point(|cut| cut < value) as u8;
            sample.values.iter().zip(&cuts).map(bin).collect()
        })
        .collect();
    let weights: f32 = samples.iter().map(|sample| sample.weight).sum();
    let noticed: f32 = samples
        .iter()
        .map(|sample| sample.noticed * sample.weight)
        .sum();
    let mean = (noticed / weights.max(f32::MIN_POSITIVE)).clamp(1e-3, 1.0 - 1e-3);
    let mut forest = Forest {
        base: (mean / (1.0 - mean)).ln(),
        trees: Vec::with_capacity(options.trees),
    };
    let mut odds = vec![forest.base; samples.len()];
    for round in 0..options.trees {
        let slopes: Vec<Sums> = samples
            .iter()
            .zip(&odds)
            .map(|(sample, odds)| {
                let p = 1.0 / (1.0 + f64::from(-odds).exp());
                let weight = f64::from(sample.weight);
                Sums {
                    slope: weight * (p - f64::from(sample.noticed)),
                    bend: weight * (p * (1.0 - p)).max(1e-6),
                }
            })
            .collect();
        // Scattered over the rounds without dice: every third feature, begun elsewhere each time.
        let every = options.every.max(1);
        let columns: Vec<usize> = (0..features)
            .filter(|feature| (feature * 7 + feature / every + round).is_multiple_of(every))
            .collect();
        let tree = Grower {
            binned: &binned,
            cuts: &cuts,
            slopes: &slopes,
            columns: &columns,
            options,
        }
        .grow();
        for (odds, sample) in odds.iter_mut().zip(samples) {
            *odds += tree.adds(&sample.values);
        }
        forest.trees.push(tree);
    }
    forest
}

/// Thresholds between different values, at most [`BINS`].
fn cuts(samples: &[Sample], feature: usize) -> Vec<f32> {
    let mut values: Vec<f32> = samples
        .iter()
        .map(|sample| sample.values[feature])
        .collect();
    values.sort_unstable_by(f32::total_cmp);
    let mut cuts: Vec<f32> = (1..=BINS)
        .filter_map(|bin| {
            let at = bin * values.len() / (BINS + 1);
            let (low, high) = (values.get(at.checked_sub(1)?)?, values.get(at)?);
            (low < high).then_some(low + (high - low) / 2.0)
        })
        .collect();
    cuts.dedup();
    cuts
}

struct Grower<'a> {
    binned: &'a [Vec<u8>],
    cuts: &'a [Vec<f32>],
    slopes: &'a [Sums],
    columns: &'a [usize],
    options: &'a Options,
}

/// Samples of a node and the bounds of what it may say.
struct Node {
    rows: Vec<usize>,
    bounds: (f64, f64),
}

struct Split {
    gain: f64,
    feature: usize,
    bin: usize,
    /// Between what both sides say.
    middle: f64,
}

impl Grower<'_> {
    fn grow(&self) -> Tree {
        let mut tree = Tree {
            features: Default::default(),
            thresholds: [f32::MAX; (1 << DEPTH) - 1],
            leaves: Default::default(),
        };
        let free = (f64::NEG_INFINITY, f64::INFINITY);
        let mut nodes = vec![Node {
            rows: (0..self.slopes.len()).collect(),
            bounds: free,
        }];
        for node in 0..tree.features.len() {
            let Node { rows, bounds } = std::mem::replace(
                &mut nodes[node],
                Node {
                    rows: Vec::new(),
                    bounds: free,
                },
            );
            let (low, high) = bounds;
            // Nothing to gain: everything goes left.
            let (mut left, mut right) = ((rows, bounds), (Vec::new(), bounds));
            if let Some(split) = self.best(&left.0, bounds) {
                tree.features[node] = split.feature as u16;
                tree.thresholds[node] = self.cuts[split.feature][split.bin];
                let goes_left =
                    |row: &usize| usize::from(self.binned[*row][split.feature]) <= split.bin;
                let (below, above) = left.0.into_iter().partition(goes_left);
                left = (below, (low, split.middle));
                right = (above, (split.middle, high));
            }
            for (rows, bounds) in [left, right] {
                nodes.push(Node { rows, bounds });
            }
        }
        for (leaf, node) in tree.leaves.iter_mut().zip(&nodes[(1 << DEPTH) - 1..]) {
            let ridge = f64::from(self.options.ridge);
            // A leaf that nothing reaches says what its neighbour may say.
            let value = self.total(&node.rows).leaf(ridge, node.bounds);
            *leaf = (f64::from(self.options.rate) * value) as f32;
        }
        tree
    }

    fn total(&self, rows: &[usize]) -> Sums {
        let mut sums = Sums::default();
        for row in rows {
            sums.add(self.slopes[*row]);
        }
        sums
    }

    fn best(&self, rows: &[usize], bounds: (f64, f64)) -> Option<Split> {
        let all = self.total(rows);
        let (ridge, least) = (f64::from(self.options.ridge), f64::from(self.options.least));
        let whole = all.gain(ridge, all.leaf(ridge, bounds));
        let mut found: Option<Split> = None;
        for &feature in self.columns {
            let mut bins = vec![Sums::default(); self.cuts[feature].len() + 1];
            for row in rows {
                bins[usize::from(self.binned[*row][feature])].add(self.slopes[*row]);
            }
            let mut left = Sums::default();
            for (bin, sums) in bins.iter().take(self.cuts[feature].len()).enumerate() {
                left.add(*sums);
                let right = all.less(left);
                if left.bend < least || right.bend < least {
                    continue;
                }
                let (low, high) = (left.leaf(ridge, bounds), right.leaf(ridge, bounds));
                let gain = left.gain(ridge, low) + right.gain(ridge, high) - whole;
                let rises = low <= high;
                if rises && gain > found.as_ref().map_or(1e-4, |split| split.gain) {
                    found = Some(Split {
                        gain,
                        feature,
                        bin,
                        middle: f64::midpoint(low, high),
                    });
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers in 0..1, the same on every machine.
    fn draws(seed: u32) -> impl FnMut() -> f32 {
        let mut state = seed;
        move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32
        }
    }

    fn samples(seed: u32, count: usize) -> Vec<Sample> {
        let mut draw = draws(seed);
        (0..count)
            .map(|_| {
                let values = [draw(), draw(), draw()];
                // The first two count; the third tells the opposite and may not be used for it.
                let noticed = f32::from(u8::from(values[0] > 0.6 || values[1] > 0.8));
                let values = vec![values[0], values[1], values[2] - 0.5 * noticed];
                Sample {
                    values,
                    noticed,
                    weight: 1.0,
                }
            })
            .collect()
    }

    #[test]
    fn a_rule_is_learnt_and_holds_for_new_samples() {
        let forest = train(&samples(1, 1500), &Options::default());
        let new = samples(2, 500);
        let right = new
            .iter()
            .filter(|s| (forest.log_odds(&s.values) > 0.0) == (s.noticed > 0.5))
            .count();
        assert!(right > 480, "{right}");
        assert!(forest.parameters() <= 10_000);
    }

    #[test]
    fn what_is_worse_in_any_feature_is_never_less_noticed() {
        let forest = train(&samples(3, 800), &Options::default());
        let mut draw = draws(9);
        for _ in 0..2000 {
            let mild = [draw(), draw(), draw() - 0.25];
            for feature in 0..3 {
                let mut worse = mild;
                worse[feature] += draw();
                assert!(
                    forest.log_odds(&worse) >= forest.log_odds(&mild) - 1e-5,
                    "{feature}: {mild:?} {worse:?}"
                );
            }
        }
    }

    #[test]
    fn no_samples_and_equal_samples_give_a_forest_that_decides_nothing() {
        assert!(train(&[], &Options::default()).log_odds(&[1.0]).abs() < 1e-6);
        let same = vec![
            Sample {
                values: vec![1.0, 2.0],
                noticed: 0.5,
                weight: 1.0,
            };
            50
        ];
        let forest = train(&same, &Options::default());
        assert!(forest.log_odds(&[9.0, -9.0]).abs() < 1e-3);
    }
}
