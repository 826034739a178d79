//! Settings: what a configuration file and the environment may say, and what of it holds.
//!
//! [`resolve`] lays the environment over the file over the defaults, key by key, and says of every
//! value where it comes from. Everything advanced is off by default. Nothing here reads a file or a
//! variable: texts come in, settings or [`Finding`]s come out.

mod check;
mod environment;
mod features;
mod finding;
mod keys;
mod layers;
mod migrate;
mod own;
mod reload;
mod tree;
mod words;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use check::LEAST_MEMORY;
pub use features::{
    Debug, Features, GpuAcceleration, Level, MlEnhanced, ModelQuality, ParallelProcessing,
    RealTime, Secret, WebSocket, Workers,
};
pub use finding::{Finding, Findings, Place};
pub use keys::{Key, variable};
pub use layers::{File, Settings, resolve};
pub use migrate::{Homeless, Mapped, Migrated, migrate};
pub use own::{Live, Log, LogFormat, Mode, Monitor, Render, Seams, Store, Walk};
pub use reload::Change;
pub use tree::LARGEST;

/// The token of the specification's example, which is no secret: it is never accepted.
pub const PLACEHOLDER: &str = "generate_random_token_here";

/// Settings of LoopyComfy: the features of version 2, all off, then what renders are like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AdvancedFeaturesConfig {
    /// Version of this file.
    pub version: String,
    /// What is advanced, each off unless it is switched on.
    pub features: Features,
    /// What the program says of its own work.
    pub debug: Debug,
    /// What a video is like.
    pub render: Render,
    /// What joints are like.
    pub seams: Seams,
    /// Which clip follows which.
    pub walk: Walk,
    /// The live stream, beyond where it is served.
    pub live: Live,
    /// Where encoded pieces are kept.
    pub store: Store,
    /// What the program may take of the machine, and how often it looks.
    pub monitor: Monitor,
    /// What the log of `debug` looks like.
    pub log: Log,
}

impl Default for AdvancedFeaturesConfig {
    fn default() -> Self {
        Self {
            version: "2.0.0".to_owned(),
            features: Features::default(),
            debug: Debug::default(),
            render: Render::default(),
            seams: Seams::default(),
            walk: Walk::default(),
            live: Live::default(),
            store: Store::default(),
            monitor: Monitor::default(),
            log: Log::default(),
        }
    }
}

impl AdvancedFeaturesConfig {
    /// Whether `feature` (`real_time`, `ml_enhanced`, ...) is switched on; false for a name that is
    /// no feature.
    pub fn is_feature_enabled(&self, feature: &str) -> bool {
        self.get_feature_config(feature)
            .and_then(|settings| settings.get("enabled").and_then(Value::as_bool))
            .unwrap_or(false)
    }

    /// The settings of `feature`; a secret shows only that it is there.
    pub fn get_feature_config(&self, feature: &str) -> Option<Value> {
        let features = serde_json::to_value(&self.features).ok()?;
        features.get(feature).cloned()
    }

    /// Everything that is wrong with the values; empty when all is well.
    pub fn validate_config(&self) -> Vec<Finding> {
        check::findings(self)
    }

    /// The JSON Schema of a configuration file.
    pub fn schema() -> Value {
        schemars::schema_for!(Self).to_value()
    }
}

/// A configuration file with these keys given and all others at their defaults, explained; editors
/// find its schema at `schema`.
pub fn written(schema: &str, given: &[(&str, Value)]) -> String {
    words::written(schema, given)
}

/// The reference of every key, as Markdown.
pub fn reference() -> String {
    words::reference()
}

#[cfg(test)]
mod any;
#[cfg(test)]
mod tests;
