//! The committed model: trees, calibration, and how they came about.

use std::sync::OnceLock;

use loopy_core::Hash;
use serde::{Deserialize, Serialize};

use super::{forest::Forest, isotonic::Curve};
use crate::rsv::{COUNT, Rsv, Statistic};

/// A clip that the model was trained on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// File name.
    pub name: String,
    /// Take or scene; one scene is never in two folds.
    pub scene: String,
    /// Which of the folds.
    pub fold: usize,
    /// blake3 of the file.
    pub blake3: Hash,
}

/// One kind of training joint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kind {
    /// What was done.
    pub name: String,
    /// Probability that a viewer does not notice; fixed before training.
    pub label: f32,
    /// Joints.
    pub count: usize,
    /// Mean score of the held-out ones.
    pub score: f64,
    /// Held-out AUC against true rejoins (passages of as many steps, for bridges).
    pub auc: Option<f64>,
}

/// A figure with its 95 % interval, whole scenes drawn again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Of what.
    pub name: String,
    /// The figure.
    pub value: f64,
    /// Lower and upper bound.
    pub interval: Option<(f64, f64)>,
    /// Joints that it is of.
    pub count: usize,
}

/// How well scores of one range agree with labels, held out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Mean score.
    pub score: f64,
    /// Mean label.
    pub label: f64,
    /// Joints.
    pub count: usize,
}

/// How the model was trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Seed of all draws.
    pub seed: u64,
    /// Clips with their folds.
    pub sources: Vec<Source>,
    /// Joints by kind, all folds.
    pub kinds: Vec<Kind>,
    /// Held-out figures.
    pub figures: Vec<Figure>,
    /// The reliability of held-out scores, in bins of equal mass.
    pub bins: Vec<Bin>,
}

/// The model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Names of the features that the trees index.
    pub features: Vec<String>,
    /// How it came about.
    pub record: Record,
    /// Log odds that a joint is noticed.
    pub forest: Forest,
    /// From those to the score.
    pub curve: Curve,
}

impl Model {
    /// The model that is compiled in; `None` when its file does not belong to this program.
    pub fn built_in() -> Option<&'static Self> {
        static MODEL: OnceLock<Option<Model>> = OnceLock::new();
        let read = || {
            let model: Model = serde_json::from_str(include_str!("../../score.json")).ok()?;
            (model.features == names()).then_some(model)
        };
        MODEL.get_or_init(read).as_ref()
    }

    /// Estimated probability, 0 to 1, that nobody notices a joint that is so unusual.
    pub fn judge(&self, rsv: &Rsv) -> f32 {
        self.curve.at(self.forest.log_odds(&features(rsv)))
    }
}

/// How many of the worst statistics count by their rank.
const RANKS: usize = 4;
/// Bounds of what one statistic may say.
const BOUNDS: (f32, f32) = (-3.0, 40.0);

/// Names of [`features`].
pub fn names() -> Vec<String> {
    let statistics = |what: &str| -> Vec<String> {
        let named = Statistic::ALL.iter().map(|one| format!("{one:?} {what}"));
        named.collect()
    };
    let ranks = (1..=RANKS).map(|rank| format!("worst {rank}"));
    let all = statistics("beyond").into_iter().chain(statistics("raw"));
    let more = ["percentile", "sum"].map(str::to_owned);
    all.chain(ranks).chain(more).collect()
}

/// What the trees see of a joint; each rises with what is wrong.
pub fn features(rsv: &Rsv) -> Vec<f32> {
    let bound = |value: f32| value.clamp(BOUNDS.0, BOUNDS.1);
    let mut worst = rsv.each.map(bound);
    worst.sort_unstable_by(|a, b| b.total_cmp(a));
    let mut values = Vec::with_capacity(2 * COUNT + RANKS + 2);
    values.extend(rsv.each.map(bound));
    values.extend(rsv.raw.map(bound));
    values.extend(&worst[..RANKS]);
    values.push(rsv.percentile);
    values.push(worst.iter().map(|value| value.clamp(0.0, 6.0)).sum());
    values
}
