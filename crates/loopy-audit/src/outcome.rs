//! What an audit found.

use loopy_core::{ClipPath, plan::SeamKind};
use serde::Serialize;

/// How well one set of instants is told from another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// Instants that should be found.
    pub positives: usize,
    /// Natural instants against which they stand.
    pub negatives: usize,
    /// Probability that the detector is surer of one that should be found than of a natural one:
    /// 0.5 = it cannot tell, 1 = always.
    pub auc: Option<f64>,
    /// Its 95 % interval, bootstrapped over clip pairs.
    pub interval: Option<(f64, f64)>,
    /// Share found when 1 % of the natural ones are called seams.
    pub recall: Option<f64>,
}

/// A control, and what is asked of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Control {
    /// What was done.
    pub name: String,
    /// How well it is found.
    pub figure: Figure,
    /// Its AUC must be at least this.
    pub at_least: f64,
    /// And at most this.
    pub at_most: f64,
    /// It is.
    pub holds: bool,
}

/// Seams and controls of one scene, or of all.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scene {
    /// File name of its first clip.
    pub name: String,
    /// Clips.
    pub clips: usize,
    /// Distinct edges against natural instants.
    pub seams: Figure,
    /// Natural instants at ports that were not taken, among the negatives.
    pub untaken_ports: usize,
    /// The same detector on edits of known kind from the same clips.
    pub controls: Vec<Control>,
    /// All controls hold.
    pub counts: bool,
}

/// A seam by how plainly it was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Found {
    /// Name of the film that shows it.
    pub film: String,
    /// First output frame that is not of the visit before.
    pub start: u64,
    /// Bridge frames.
    pub frames: u32,
    /// Clip that is left.
    pub from: ClipPath,
    /// Its last source frame.
    pub from_frame: u32,
    /// Clip that is entered.
    pub to: ClipPath,
    /// Its first source frame.
    pub to_frame: u32,
    /// The detector's probability of an edit.
    pub detected: f64,
    /// What selection thought: the report's score.
    pub score: f64,
    /// What fills it.
    pub kind: SeamKind,
    /// Relative seam visibility by the report.
    pub rsv: f64,
}

/// What is not among the edges: of each film what is distinct in it, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Excluded {
    /// Distinct declared scene changes.
    pub scene_changes: usize,
    /// Distinct joints at which the same take goes on as it was filmed.
    pub continuing: usize,
    /// Showings again of an edge that counts already.
    pub repeats: usize,
    /// Distinct edges too near the ends of the film.
    pub at_the_ends: usize,
    /// Distinct edges left out because the film has more than one audit takes.
    pub beyond_the_most: usize,
}

impl Excluded {
    pub(crate) fn add(&mut self, film: &Self) {
        self.scene_changes += film.scene_changes;
        self.continuing += film.continuing;
        self.repeats += film.repeats;
        self.at_the_ends += film.at_the_ends;
        self.beyond_the_most += film.beyond_the_most;
    }
}

/// Everything about one audit, of one film or several.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// All scenes together.
    pub all: Scene,
    /// Each scene; empty when there is one.
    pub scenes: Vec<Scene>,
    /// What was not counted as a seam.
    pub excluded: Excluded,
    /// Edges whose clips the judging trees never saw, because they were trained on others.
    pub judged_by_other_fold: usize,
    /// Edges whose clips no training saw.
    pub judged_as_unknown: usize,
    /// Edges between clips that some training saw and no trees did not.
    pub judged_by_all: usize,
    /// Seed of all draws.
    pub seed: u64,
    /// Seams, the plainest first, at most ten.
    pub worst: Vec<Found>,
    /// All of them, in this order.
    pub seams: Vec<Found>,
    /// Why the figures do not count; empty when they do.
    pub doubts: Vec<String>,
}
