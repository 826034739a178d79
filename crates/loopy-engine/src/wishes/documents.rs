//! The files that say what is wished: fields, their names and what they are when left out.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

fn one() -> f64 {
    1.0
}

fn yes() -> bool {
    true
}

/// What is wished of the clips that a pattern names.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClipWish {
    #[serde(default = "one")]
    pub(super) weight: f64,
    #[serde(default)]
    pub(super) min_share: f64,
    #[serde(default = "one")]
    pub(super) max_share: f64,
    /// What the pictures say, where it is left out.
    pub(super) salience: Option<f64>,
    #[serde(default)]
    pub(super) relevance: f64,
}

/// `states.yaml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StatesFile {
    pub(super) states: Vec<StateLine>,
    #[serde(default)]
    pub(super) schedule: Vec<PeriodLine>,
    #[serde(default = "yes")]
    pub(super) follow_by_themselves: bool,
}

/// One state.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StateLine {
    pub(super) name: String,
    /// Patterns; none for the clips that have the name in theirs.
    #[serde(default)]
    pub(super) clips: Vec<String>,
    pub(super) may_follow: Option<Vec<String>>,
    pub(super) dwell: Option<Dwell>,
    #[serde(default = "one")]
    pub(super) weight: f64,
}

/// Seconds that a state lasts.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dwell {
    pub(super) min: f64,
    pub(super) max: f64,
}

/// Weights for a part of the day.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PeriodLine {
    pub(super) from: String,
    pub(super) until: String,
    pub(super) weights: BTreeMap<String, f64>,
}

/// One cue of a script.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CueLine {
    pub(super) at: Moment,
    /// A state, or `null` to let states follow each other again.
    #[serde(default, deserialize_with = "given")]
    #[expect(
        clippy::option_option,
        reason = "absent, null and a name are three things"
    )]
    pub(super) state: Option<Option<String>>,
    pub(super) signal: Option<f64>,
    pub(super) play: Option<String>,
    pub(super) avoid: Option<String>,
}

/// A time of the film.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Moment {
    Seconds(f64),
    Text(String),
}

/// `null` is something else than nothing.
#[expect(
    clippy::option_option,
    reason = "absent, null and a name are three things"
)]
fn given<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(value).map(Some)
}
