//! How rungs fail.

use std::fmt;

/// How a rung failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It said why.
    Failed(String),
    /// It panicked.
    Panicked(String),
    /// It did not end in so many milliseconds.
    Hung(u64),
    /// It ended, and what it made is wrong.
    Wrong(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(why) => formatter.write_str(why),
            Self::Panicked(words) => write!(formatter, "an internal error: {words}"),
            Self::Hung(millis) => {
                write!(formatter, "it did not end in {} s", *millis as f64 / 1e3)
            }
            Self::Wrong(why) => write!(formatter, "its result is wrong: {why}"),
        }
    }
}
