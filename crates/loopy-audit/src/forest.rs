//! The model's form: a sum of small trees under a logistic function.

use serde::{Deserialize, Serialize};

/// Splits from root to leaf.
pub const DEPTH: usize = 3;
const SPLITS: usize = (1 << DEPTH) - 1;
const LEAVES: usize = 1 << DEPTH;

/// One complete tree of depth [`DEPTH`], splits in breadth-first order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tree {
    /// Feature of each split.
    pub features: [u16; SPLITS],
    /// A value above it goes right.
    pub thresholds: [f32; SPLITS],
    /// What each leaf adds to the log odds.
    pub leaves: [f32; LEAVES],
}

impl Tree {
    /// The leaf in which `values` end, from 0 (always left) to 7.
    pub fn leaf(&self, values: &[f32]) -> usize {
        let mut node = 0;
        for _ in 0..DEPTH {
            let value = values.get(usize::from(self.features[node])).copied();
            let right = value.unwrap_or(0.0) > self.thresholds[node];
            node = 2 * node + 1 + usize::from(right);
        }
        node - SPLITS
    }
}

/// The trees of one trained detector.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Forest {
    /// Log odds before any tree.
    pub base: f32,
    /// Trees in the order of training.
    pub trees: Vec<Tree>,
}

impl Forest {
    /// Log odds that the instant with these features is an edit.
    pub fn log_odds(&self, values: &[f32]) -> f32 {
        let sum: f32 = self
            .trees
            .iter()
            .map(|tree| tree.leaves[tree.leaf(values)])
            .sum();
        self.base + sum
    }

    /// The same as a probability, 0 to 1.
    pub fn probability(&self, values: &[f32]) -> f32 {
        1.0 / (1.0 + (-self.log_odds(values)).exp())
    }

    /// Numbers that training chose: thresholds, features and leaves.
    pub fn parameters(&self) -> usize {
        1 + self.trees.len() * (2 * SPLITS + LEAVES)
    }
}
