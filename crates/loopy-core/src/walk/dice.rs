//! Seeded draws, equal on every machine: raw ChaCha words and integer arithmetic only.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};

/// A stream of draws.
#[derive(Clone)]
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    /// Stream number `stream` of `seed`.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&stream.to_le_bytes());
        key[16..].copy_from_slice(b"loopy walk 00001");
        Self(ChaCha8Rng::from_seed(key))
    }

    /// A number below `bound`, which is at least 1. The bias is under `bound` in 2^64.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.0.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// An index into `weights`, drawn by weight; `None` when they sum to nothing.
    pub(crate) fn pick(&mut self, weights: impl Iterator<Item = u64> + Clone) -> Option<usize> {
        let sum: u64 = weights.clone().sum();
        if sum == 0 {
            return None;
        }
        let mut mark = self.below(sum);
        weights.into_iter().position(|weight| {
            let here = mark < weight;
            mark = mark.saturating_sub(weight);
            here
        })
    }

    /// Brings `items` into a drawn order.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            items.swap(last, other);
        }
    }
}
