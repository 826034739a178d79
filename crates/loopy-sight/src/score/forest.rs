//! The model's form: a sum of small trees, each split of which goes up with its feature.

use serde::{Deserialize, Serialize};

/// Splits from root to leaf.
pub const DEPTH: usize = 3;
const SPLITS: usize = (1 << DEPTH) - 1;
const LEAVES: usize = 1 << DEPTH;

/// One complete tree, splits in breadth-first order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tree {
    /// Feature of each split.
    pub features: [u16; SPLITS],
    /// A value above it goes right.
    pub thresholds: [f32; SPLITS],
    /// What each leaf adds to the log odds that the joint is noticed.
    pub leaves: [f32; LEAVES],
}

impl Tree {
    /// What the tree adds for these values.
    pub fn adds(&self, values: &[f32]) -> f32 {
        let mut node = 0;
        for _ in 0..DEPTH {
            let value = values.get(usize::from(self.features[node])).copied();
            let right = value.unwrap_or(0.0) > self.thresholds[node];
            node = 2 * node + 1 + usize::from(right);
        }
        self.leaves[node - SPLITS]
    }
}

/// Trees that rise with every feature.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Forest {
    /// Log odds before any tree.
    pub base: f32,
    /// Trees in the order of training.
    pub trees: Vec<Tree>,
}

impl Forest {
    /// Log odds that a joint with these features is noticed.
    pub fn log_odds(&self, values: &[f32]) -> f32 {
        let sum: f32 = self.trees.iter().map(|tree| tree.adds(values)).sum();
        self.base + sum
    }

    /// Numbers that training chose.
    pub fn parameters(&self) -> usize {
        1 + self.trees.len() * (2 * SPLITS + LEAVES)
    }
}
