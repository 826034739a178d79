//! The estimated probability that nobody notices a joint: a small model over how unusual the
//! joint is, trained on joints whose faults are known (`examples/train_score`), calibrated on
//! scenes that it did not see. It never rises with anything that is wrong.

pub mod boost;
pub mod forest;
pub mod isotonic;
pub mod model;
#[cfg(test)]
mod tests;

use std::ops::Range;

use loopy_core::graph::Score;

pub use self::model::Model;
use crate::rsv::{Rsv, Steps, Usual, rsv};

/// Why there is no score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The joint has too little around it.
    #[error("a joint is judged by at least three steps on each side of it")]
    Context,
    /// The compiled-in model is not for this program; a test rules that out.
    #[error("the weights of the score do not belong to this program")]
    Model,
}

/// Score of the steps `joint` of `window`; see [`rsv`].
pub fn score(window: &Steps, joint: Range<usize>, usual: (&Usual, &Usual)) -> Result<Score, Error> {
    of(&rsv(window, joint, usual).ok_or(Error::Context)?)
}

/// Score of a joint that was found to be so unusual.
pub fn of(rsv: &Rsv) -> Result<Score, Error> {
    let model = Model::built_in().ok_or(Error::Model)?;
    Ok(Score::from_f64(f64::from(model.judge(rsv))))
}
