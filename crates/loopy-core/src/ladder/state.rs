//! How a ladder stands, for people and programs.

use serde::Serialize;

/// How a ladder stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct State {
    /// What it is for.
    pub what: String,
    /// The rung that is used.
    pub used: Option<String>,
    /// All rungs, best first.
    pub rungs: Vec<RungState>,
}

/// How a rung stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RungState {
    /// Its name.
    pub name: String,
    /// `used`, `works`, `failed`, `not asked for`, `not needed` or `not tried`.
    pub standing: &'static str,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What someone does who wants it instead of the one that is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub climb: Option<String>,
}
