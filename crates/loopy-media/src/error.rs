//! What can go wrong at the FFmpeg wall.

use std::path::PathBuf;

/// An error of the media room; the path or the stage is always in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be opened or its header not read.
    #[error("cannot open {}: {why}", loopy_core::clip::show(path))]
    Open {
        /// The file.
        path: PathBuf,
        /// FFmpeg's reason.
        why: String,
    },
    /// The file opened, but it has no picture that moves.
    #[error("{}: {why}", loopy_core::clip::show(path))]
    NoVideo {
        /// The file.
        path: PathBuf,
        /// What it has instead.
        why: &'static str,
    },
    /// A limit was reached before the file was used up.
    #[error(
        "{}: {what} is over the limit of {limit}",
        loopy_core::clip::show(path)
    )]
    Limit {
        /// The file.
        path: PathBuf,
        /// What was counted, with the count.
        what: String,
        /// The limit.
        limit: u64,
    },
    /// A libav call failed.
    #[error("{what}: {why}")]
    Libav {
        /// The call's purpose.
        what: &'static str,
        /// FFmpeg's reason.
        why: String,
    },
    /// FFmpeg was built without something that is needed here.
    #[error("this FFmpeg has no {0}; install a build that has it")]
    Missing(&'static str),
    /// A segment breaks a rule that exact splicing rests on.
    #[error("segment: {0}")]
    Segment(String),
    /// The output cannot be written.
    #[error("cannot write {to}: {why}")]
    Write {
        /// Where to.
        to: String,
        /// The reason.
        why: String,
    },
}
