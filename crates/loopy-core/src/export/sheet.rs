//! A plan as a sheet (CSV) that people edit and that becomes a plan again.
//!
//! The first records begin with `#` and hold what rows cannot: `#loopy` the plan without its clips,
//! visits and seams, `#hash` its hash, `#clip` each clip with its ports, all as JSON; `#ports`, for
//! people, where each clip's ports lie. Long texts go over several cells, because some programs cut
//! off a cell at 32,767 characters. Then comes a row of column names, and a row for each visit.
//!
//! A visit is its `clip`, `in` and `out`, output frames counted on the clip's own clock. A joint is
//! described in the row of the visit that it leaves, together with where it leads (`next_clip`,
//! `next_in`): where the next row begins somewhere else, the description is of another joint and is
//! not taken. Everything else is for reading.

mod error;
mod joint;
mod names;
mod read;
mod settle;
#[cfg(test)]
mod tests;
mod write;

pub use self::{error::Error, read::read, settle::Library, write::write};
use crate::{
    Clip, Hash, Plan,
    plan::{PlannedClip, Seam, SeamKind},
};

/// First cell of the record with the plan's own facts.
const PLAN: &str = "#loopy";
/// First cell of the record with the plan's hash.
const HASH: &str = "#hash";
/// First cell of a record with a clip.
const CLIP: &str = "#clip";
/// First cell of a record that tells people where ports are.
const PORTS: &str = "#ports";

/// Columns in the order of writing.
const COLUMNS: [&str; 19] = [
    "index",
    "clip",
    "first",
    "last",
    "in",
    "out",
    "in_seconds",
    "out_seconds",
    "start",
    "seam",
    "seam_frames",
    "seam_steps",
    "seam_holds",
    "declared",
    "score",
    "step",
    "rsv",
    "next_clip",
    "next_in",
];

/// A sheet that was read, its rows not yet fitted to clips.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    /// The plan's own facts; without clips, visits and seams.
    facts: Option<Plan>,
    /// Hash of the plan that was written.
    hash: Option<Hash>,
    /// The clips that came with the sheet.
    clips: Vec<PlannedClip>,
    rows: Vec<Row>,
}

/// One visit as the sheet has it.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    /// Line of the file, counted from 1.
    line: u64,
    clip: String,
    enter: u32,
    leave: u32,
    /// The joint after it, if the row tells one; its start is not known yet.
    joint: Option<Joint>,
}

/// A joint and where it leads.
#[derive(Clone, Debug, PartialEq)]
struct Joint {
    clip: String,
    enter: u32,
    seam: Seam,
}

impl Sheet {
    /// Seed of the walk that was written, if the sheet tells it.
    pub fn seed(&self) -> Option<u64> {
        self.facts.as_ref().map(|facts| facts.seed)
    }

    /// The clips that came with the sheet.
    pub fn clips(&self) -> &[PlannedClip] {
        &self.clips
    }

    /// What the rows call their clips, each once, in order of first use.
    pub fn names(&self) -> Vec<&str> {
        let mut seen = std::collections::HashSet::new();
        let names = self.rows.iter().map(|row| row.clip.as_str());
        names.filter(|name| seen.insert(*name)).collect()
    }
}

/// What a sheet calls a clip: its path as JSON has it, and `#2` for the second shot of several. A path
/// that a cell would not keep, because it begins or ends with a blank, stands in quotes, as one does
/// that begins with a quote itself.
fn label(clip: &Clip) -> String {
    let mut path = String::from(clip.path.clone());
    if (path.trim() != path || path.starts_with('"'))
        && let Ok(quoted) = serde_json::to_string(&path)
    {
        path = quoted;
    }
    if clip.shot == 0 {
        path
    } else {
        format!("{path}#{}", clip.shot)
    }
}

const KINDS: [(SeamKind, &str); 5] = [
    (SeamKind::Cut, "cut"),
    (SeamKind::Dissolve, "dissolve"),
    (SeamKind::Motion, "motion"),
    (SeamKind::Morph, "morph"),
    (SeamKind::SceneChange, "scene_change"),
];

fn kind_name(kind: SeamKind) -> &'static str {
    let mut kinds = KINDS.into_iter();
    kinds
        .find(|known| known.0 == kind)
        .map_or("", |known| known.1)
}
