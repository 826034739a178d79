//! Names of earlier versions: which key took their place, and how a value changes on its way there.

use serde_json::Value;

use crate::config::keys;

/// How a value changes on its way.
#[derive(Clone, Copy)]
pub(super) enum Turn {
    /// Not at all.
    Same,
    /// A number, and the feature is switched on when it is more than one.
    Workers,
    /// A name of a tier, of which some were called otherwise.
    Tier,
    /// A share that may have been a percentage.
    Share,
    /// Megabytes.
    Megabytes,
    /// Gigabytes.
    Gigabytes,
}

/// Names of earlier versions and the keys that took their place.
pub(super) const HOMES: &[(&str, &str, Turn)] = &[
    (
        "gpu_enabled",
        "features.gpu_acceleration.enabled",
        Turn::Same,
    ),
    ("use_gpu", "features.gpu_acceleration.enabled", Turn::Same),
    (
        "gpu_memory_fraction",
        "features.gpu_acceleration.memory_fraction",
        Turn::Share,
    ),
    (
        "parallel_workers",
        "features.parallel_processing.max_workers",
        Turn::Workers,
    ),
    (
        "parallel_enabled",
        "features.parallel_processing.enabled",
        Turn::Same,
    ),
    (
        "max_workers",
        "features.parallel_processing.max_workers",
        Turn::Workers,
    ),
    ("ml_enabled", "features.ml_enhanced.enabled", Turn::Same),
    (
        "websocket_host",
        "features.real_time.websocket.host",
        Turn::Same,
    ),
    (
        "websocket_port",
        "features.real_time.websocket.port",
        Turn::Same,
    ),
    (
        "auth_token",
        "features.real_time.websocket.auth_token",
        Turn::Same,
    ),
    ("debug_mode", "debug.enabled", Turn::Same),
    ("log_level", "debug.log_level", Turn::Same),
    ("log_file", "debug.log_file", Turn::Same),
    ("cache_dir", "store.path", Turn::Same),
    (
        "real_time.enabled",
        "features.real_time.enabled",
        Turn::Same,
    ),
    (
        "real_time.websocket_host",
        "features.real_time.websocket.host",
        Turn::Same,
    ),
    (
        "real_time.websocket_port",
        "features.real_time.websocket.port",
        Turn::Same,
    ),
    (
        "real_time.auth_token",
        "features.real_time.websocket.auth_token",
        Turn::Same,
    ),
    ("ml.enabled", "features.ml_enhanced.enabled", Turn::Same),
    (
        "ml.quality_mode",
        "features.ml_enhanced.model_quality",
        Turn::Tier,
    ),
    (
        "ml.cache_enabled",
        "features.ml_enhanced.cache_enabled",
        Turn::Same,
    ),
    (
        "gpu.enabled",
        "features.gpu_acceleration.enabled",
        Turn::Same,
    ),
    (
        "gpu.memory_fraction",
        "features.gpu_acceleration.memory_fraction",
        Turn::Share,
    ),
    (
        "gpu.kernel_optimization",
        "features.gpu_acceleration.kernel_optimization",
        Turn::Same,
    ),
    (
        "performance.parallel_processing",
        "features.parallel_processing.enabled",
        Turn::Same,
    ),
    (
        "performance.parallel_enabled",
        "features.parallel_processing.enabled",
        Turn::Same,
    ),
    (
        "performance.max_workers",
        "features.parallel_processing.max_workers",
        Turn::Workers,
    ),
    (
        "performance.load_balancing",
        "features.parallel_processing.load_balancing",
        Turn::Same,
    ),
    ("cache.directory", "store.path", Turn::Same),
    ("cache.path", "store.path", Turn::Same),
    ("cache.max_size_mb", "store.size", Turn::Megabytes),
    ("cache.max_size_gb", "store.size", Turn::Gigabytes),
    (
        "monitoring.interval_seconds",
        "monitor.interval",
        Turn::Same,
    ),
    ("monitoring.log_level", "debug.log_level", Turn::Same),
    ("monitoring.log_file", "debug.log_file", Turn::Same),
];

/// Names that nothing took the place of, and why.
pub(super) const GONE: &[(&str, &str)] = &[
    (
        "gpu.memory_pool_size_mb",
        "memory of a GPU is now a share of it: `features.gpu_acceleration.memory_fraction`",
    ),
    (
        "gpu_memory_limit",
        "memory of a GPU is now a share of it: `features.gpu_acceleration.memory_fraction`",
    ),
    (
        "cache.enabled",
        "the store is always there; `store.size` limits it",
    ),
    (
        "cache.ttl",
        "what was not used for longest leaves the store first, whatever its age",
    ),
    (
        "monitoring",
        "the program watches the machine by itself while workers run",
    ),
    ("performance", "the program chooses this by itself"),
    (
        "compatibility_mode",
        "files of earlier versions are turned into this version's instead",
    ),
];

/// The value as its new key takes it.
pub(super) fn turned(turn: Turn, value: &Value) -> Option<Value> {
    match turn {
        Turn::Same => Some(value.clone()),
        Turn::Workers => match value {
            Value::Number(number) => match number.as_i64()? {
                0 | -1 => Some("auto".into()),
                _ => Some(value.clone()),
            },
            Value::String(text) if text == "auto" => Some(value.clone()),
            _ => None,
        },
        Turn::Tier => {
            let tier = match value.as_str()?.to_ascii_lowercase().as_str() {
                "auto" => "auto",
                "full" | "high" | "quality" => "full",
                "lite" | "medium" | "balanced" => "lite",
                "cpu" | "low" | "fast" => "cpu",
                _ => return None,
            };
            Some(tier.into())
        }
        Turn::Share => match value.as_f64()? {
            share if share > 1.0 && share <= 100.0 => Some((share / 100.0).into()),
            _ => Some(value.clone()),
        },
        Turn::Megabytes => value.as_u64().map(|number| format!("{number}M").into()),
        Turn::Gigabytes => value.as_u64().map(|number| format!("{number}G").into()),
    }
}

/// Top-level names of earlier versions that this one has not.
pub(in crate::config) fn is_old(name: &str) -> bool {
    let homes = HOMES.iter().map(|(from, ..)| *from);
    let gone = GONE.iter().map(|(from, _)| *from);
    homes.chain(gone).any(|from| keys::section(from) == name)
}
