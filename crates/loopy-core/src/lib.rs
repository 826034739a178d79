//! The nouns of LoopyComfy and the pure logic over them.
//!
//! No I/O, no threads, no clock: everything here is a value or a function of values, so that the
//! same inputs give the same plan on every machine. `ARCHITECTURE.md` shows how the nouns travel.

pub mod amount;
pub mod certificate;
mod circulation;
pub mod clip;
pub mod clock;
pub mod color;
pub mod config;
pub mod encode;
pub mod export;
pub mod frame;
pub mod grade;
pub mod graph;
pub mod ladder;
pub mod ledger;
pub mod limits;
pub mod metadata;
pub mod normalise;
pub mod plan;
pub mod rate;
pub mod recipe;
pub mod repair;
pub mod report;
pub mod rungs;
pub mod size;
pub mod span;
pub mod tags;
pub mod walk;

pub use clip::{Clip, ClipPath, Hash};
pub use frame::Frame;
pub use grade::Grade;
pub use graph::Graph;
pub use plan::Plan;
pub use rate::Rate;
pub use size::Size;
