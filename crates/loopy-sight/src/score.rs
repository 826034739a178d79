//! The estimated probability that nobody notices a joint, from how unusual it is.

use std::ops::Range;

use loopy_core::graph::Score;

use crate::rsv::{Rsv, Steps, Usual, rsv};

/// Score of the steps `joint` of `window`; see [`rsv`].
pub fn score(window: &Steps, joint: Range<usize>, usual: (&Usual, &Usual)) -> Option<Score> {
    rsv(window, joint, usual).map(|rsv| of(&rsv))
}

/// Score of a joint that was found to be so unusual.
pub fn of(rsv: &Rsv) -> Score {
    let beyond = f64::from(rsv.beyond());
    Score::from_f64(1.0 / (1.0 + (beyond - 4.0).exp()))
}
