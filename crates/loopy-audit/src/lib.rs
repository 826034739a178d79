//! The blind audit: a detector that no seam was chosen by tries to find the seams of a finished
//! video. Its features, its motion and its training are its own; nothing here reads what selection
//! reads. An AUC of 0.5 means that it cannot find them.

pub mod boost;
pub mod dice;
pub mod events;
pub mod features;
pub mod forest;
pub mod model;
pub mod stats;

mod controls;
mod evidence;
mod figures;
mod film;
mod look;
mod mixture;
mod motion;
mod outcome;
mod pick;
mod pool;
#[cfg(test)]
mod real;
mod robust;
mod score;
mod series;
mod strips;
#[cfg(test)]
mod synthetic;
mod takes;

pub use evidence::Evidence;
pub use film::{Film, Id};
pub use look::{Look, reading_size};
pub use outcome::{Control, Excluded, Figure, Found, Outcome, Scene};
pub use pick::Picks;
pub use pool::pool;
pub use score::{Looks, run};
pub use series::{Series, apart};
pub use strips::Strips;
pub use takes::Takes;

/// Why an audit cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The weights were trained for other features.
    #[error("the detector's weights do not belong to this program")]
    Model,
    /// The report contradicts itself.
    #[error("the report does not hold together: {0}")]
    Report(&'static str),
    /// A line of the list of takes cannot be read.
    #[error("line {line} is not `CLIP TAKE START`")]
    Takes {
        /// Its number, from 1.
        line: usize,
    },
}
