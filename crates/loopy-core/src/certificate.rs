//! What a walk guarantees about its repeats, computed from the visits alone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Figures of non-repetition. Gaps count visits between two visits of one clip.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Certificate {
    /// Visits in the walk.
    pub visits: u64,
    /// Distinct clips shown.
    pub clips: u32,
    /// Smallest number of visits between two showings of one clip (1 = A A), if any clip returns.
    pub return_gap_min: Option<u64>,
    /// 5 % quantile of the same.
    pub return_gap_p5: Option<u64>,
    /// Median of the same.
    pub return_gap_median: Option<u64>,
    /// Share of visits that repeat an ordered pair of clips seen before.
    pub repeated_pairs: f64,
    /// Share of visits that end an ordered triple seen before.
    pub repeated_triples: f64,
    /// Length in visits of the longest stretch that occurs twice (occurrences may overlap).
    pub longest_repeat: u64,
    /// Smallest over largest number of showings among the clips shown: 1 is even.
    pub usage_evenness: f64,
    /// Declared scene changes.
    pub scene_changes: u64,
}
