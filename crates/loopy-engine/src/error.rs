//! What can end a command, by the exit code that it deserves.

use std::path::PathBuf;

use loopy_core::{clip::show, ledger::Entry, report::LeftOut};
use loopy_sight::loops;

/// Why a command ended without its result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An input path is not there or cannot be read.
    #[error("cannot read {}: {why}", show(path))]
    Input {
        /// The path.
        path: PathBuf,
        /// The system's reason.
        why: String,
    },
    /// Inputs were read, and none of them can be used.
    #[error("no usable clip among {} files", left_out.len())]
    NothingUsable {
        /// Every file with its reason.
        left_out: Vec<LeftOut>,
    },
    /// There was nothing to read.
    #[error("no video files in {}", places.iter().map(|place| show(place)).collect::<Vec<_>>().join(", "))]
    Empty {
        /// Where we looked.
        places: Vec<PathBuf>,
    },
    /// An option does not fit the inputs.
    #[error("{0}")]
    Usage(String),
    /// Settings are wrong; each finding tells where and what would help.
    #[error("{}", settings(.0))]
    Settings(#[from] loopy_core::config::Findings),
    /// The output cannot be written.
    #[error("cannot write {}: {why}", show(path))]
    Output {
        /// The path.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The output's disk is too small.
    #[error(
        "{} needs about {needed} MiB and its disk has {free} MiB free",
        show(path)
    )]
    NoSpace {
        /// The path.
        path: PathBuf,
        /// MiB needed.
        needed: u64,
        /// MiB free.
        free: u64,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// The index failed.
    #[error(transparent)]
    Index(#[from] crate::index::Error),
    /// Workers cannot be run at all.
    #[error(transparent)]
    Executor(#[from] crate::executor::Error),
    /// The media room failed.
    #[error(transparent)]
    Media(#[from] loopy_media::Error),
    /// No walk could be planned.
    #[error(transparent)]
    Walk(#[from] loopy_core::walk::Error),
    /// No graph could be built.
    #[error(transparent)]
    Graph(#[from] loopy_sight::graph::Error),
    /// Joints cannot be scored.
    #[error(transparent)]
    Score(#[from] loopy_sight::score::Error),
    /// A plan does not hold together.
    #[error("the plan cannot be used: {0}")]
    Plan(#[from] loopy_core::plan::Error),
    /// A clip has no loop that would go unseen.
    #[error("{}: no loop; {}{}", show(path), none.why, nearest(none))]
    NoLoop {
        /// The clip.
        path: PathBuf,
        /// Why, and the best there is.
        none: Box<loops::None>,
    },
    /// Sound could not be mixed.
    #[error(transparent)]
    Sound(#[from] crate::sound::Error),
    /// An audit could not be made.
    #[error(transparent)]
    Audit(#[from] loopy_audit::Error),
    /// A file of ours (plan, report) cannot be read.
    #[error("cannot read {}: {why}", show(path))]
    Document {
        /// The file.
        path: PathBuf,
        /// Why, with line and column where the parser tells.
        why: String,
    },
    /// A sheet is no plan.
    #[error("{}: {error}", show(path))]
    Sheet {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        error: Box<loopy_core::export::sheet::Error>,
    },
    /// A plan cannot be written as a script.
    #[error(transparent)]
    Script(#[from] loopy_core::export::ffconcat::Error),
    /// A clip failed while its frames were encoded, twice.
    #[error("{}: {why}", show(path))]
    Clip {
        /// The clip.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A worker could not keep what it made.
    #[error("{why}")]
    Trouble {
        /// Why.
        why: String,
    },
    /// A clip took its worker with it, twice.
    #[error("{}: {why}", show(path))]
    Killed {
        /// The clip.
        path: PathBuf,
        /// Hash of its bytes.
        hash: loopy_core::Hash,
        /// Why.
        why: String,
    },
    /// Ctrl-C; what was finished is in the store, and the same command goes on from there.
    #[error("interrupted; the same command continues where this one stopped")]
    Interrupted,
    /// Something that every render needs cannot be done here.
    #[error(transparent)]
    Nothing(#[from] crate::fallback::Nothing),
    /// With `--strict`, something is not available that was asked for.
    #[error("{} is not available: {}", .0.what, .0.why)]
    Strict(Box<Entry>),
}

/// How many things are wrong, and each.
fn settings(findings: &loopy_core::config::Findings) -> String {
    match findings.0.len() {
        1 => findings.to_string(),
        many => format!("{many} settings are wrong\n{findings}"),
    }
}

/// The best loop of a clip that has none good enough.
fn nearest(none: &loops::None) -> String {
    none.nearest.map_or_else(String::new, |found| {
        format!(
            " (nearest: frames {} to {}, score {:.2})",
            found.first,
            found.until - 1,
            found.score.as_f64()
        )
    })
}

impl Error {
    /// One hint that helps, where there is one.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Input { .. } => "check the path; quote it if it has spaces".to_owned(),
            Self::Empty { .. } => {
                "give a folder of clips, or `loopy demo` to see it work without any; \
                 `--recursive` looks into folders inside"
                    .to_owned()
            }
            Self::NothingUsable { .. } => {
                "the reasons are above; `loopy demo` makes clips that work".to_owned()
            }
            Self::NoSpace { .. } => {
                "free some space, choose another disk, a shorter `--duration` or a lower `--quality`"
                    .to_owned()
            }
            Self::Output { .. } => "choose a folder that exists and that you may write to".to_owned(),
            Self::Clip { .. } => "leave it out with `--exclude`".to_owned(),
            Self::Killed { .. } => {
                "give it more with `--worker-memory` or `--job-time`, or leave it out with `--exclude`"
                    .to_owned()
            }
            Self::Executor(crate::executor::Error::Memory { need, room, limit }) => {
                let enough = limit.saturating_sub(*room).saturating_add(*need);
                let enough = enough.div_ceil(1 << 20);
                format!(
                    "give at least `--memory-limit {enough}M`, or render smaller with `--size`"
                )
            }
            Self::NoLoop { none, .. } => none.why.hint().to_owned(),
            Self::Sheet { error, .. } => return error.hint().map(str::to_owned),
            Self::Script(error) => error.hint().to_owned(),
            Self::Strict(entry) => entry.fix.clone(),
            Self::Nothing(nothing) if !nothing.fix.is_empty() => nothing.fix.clone(),
            _ => return None,
        })
    }

    /// Exit code: 1 failed, 2 usage, 3 configuration, 4 no usable input, 130 interrupted.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Settings(_) => 3,
            Self::Input { .. } | Self::Empty { .. } | Self::NothingUsable { .. } => 4,
            Self::Interrupted | Self::Executor(crate::executor::Error::Interrupted) => 130,
            _ => 1,
        }
    }
}
