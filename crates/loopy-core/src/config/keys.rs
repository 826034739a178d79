//! Every key, in the order in which a file is written, and the names that stand near a wrong one.

use serde_json::Value;

use super::AdvancedFeaturesConfig;

/// One key of a configuration file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its path, with dots.
    pub path: &'static str,
    /// A value to show where there is no default.
    pub(super) example: Option<&'static str>,
}

const fn key(path: &'static str) -> Key {
    Key {
        path,
        example: None,
    }
}

const fn unset(path: &'static str, example: &'static str) -> Key {
    Key {
        path,
        example: Some(example),
    }
}

impl Key {
    /// All keys: the specification's in its order, then ours.
    pub const ALL: [Self; 45] = [
        key("version"),
        key("features.real_time.enabled"),
        key("features.real_time.websocket.host"),
        key("features.real_time.websocket.port"),
        unset(
            "features.real_time.websocket.auth_token",
            "\"what `loopy config init` draws\"",
        ),
        key("features.ml_enhanced.enabled"),
        key("features.ml_enhanced.model_quality"),
        key("features.ml_enhanced.cache_enabled"),
        key("features.gpu_acceleration.enabled"),
        key("features.gpu_acceleration.memory_fraction"),
        key("features.gpu_acceleration.kernel_optimization"),
        key("features.parallel_processing.enabled"),
        key("features.parallel_processing.max_workers"),
        key("features.parallel_processing.load_balancing"),
        key("debug.enabled"),
        key("debug.log_level"),
        unset("debug.log_file", "\"loopy_comfy_v2_debug.log\""),
        unset("render.size", "\"720p\""),
        unset("render.fps", "29.97"),
        key("render.fit"),
        unset("render.preset", "\"youtube\""),
        unset("render.quality", "\"best\""),
        key("render.audio"),
        key("seams.mode"),
        key("seams.threshold"),
        unset("seams.bridge_frames", "6"),
        key("seams.bridge_budget"),
        key("walk.mode"),
        unset("walk.min_gap", "5"),
        unset("walk.history_window", "24"),
        key("walk.temperature"),
        key("walk.repetition_penalty"),
        unset("live.rungs", "\"720p@2500k,360p@700k\""),
        key("live.max_viewers"),
        key("live.max_per_address"),
        unset("live.allow_host", "\"stream.example.org\""),
        unset("live.allow_origin", "\"https://example.org\""),
        unset("store.path", "\"/var/cache/loopycomfy\""),
        unset("store.size", "\"20G\""),
        key("monitor.interval"),
        unset("monitor.memory_limit", "\"4G\""),
        key("log.format"),
        unset("log.size", "\"10M\""),
        key("log.files"),
        key("log.hide_home"),
    ];
}

impl Key {
    /// The key of this path.
    pub fn of(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.path == path)
    }

    /// Whether its value is never shown.
    pub fn is_secret(self) -> bool {
        self.path.ends_with("token")
    }

    /// Whether it is one of the specification's.
    pub fn is_specified(self) -> bool {
        ["version", "features", "debug"].contains(&section(self.path))
    }
}

/// The first name of a path.
pub(super) fn section(path: &str) -> &str {
    path.split_once('.').map_or(path, |(section, _)| section)
}

/// The variable of the environment that stands for a key: `LOOPYCOMFY_RENDER_SIZE` for
/// `render.size`.
pub fn variable(path: &str) -> String {
    format!("LOOPYCOMFY_{}", path.replace('.', "_").to_ascii_uppercase())
}

/// Whether keys lie below `path`.
pub(super) fn is_section(path: &str) -> bool {
    Key::ALL
        .iter()
        .any(|key| below(key.path, path).is_some_and(|rest| !rest.is_empty()))
}

/// What follows `parent` in `path`; the whole path below the empty parent.
fn below<'a>(path: &'a str, parent: &str) -> Option<&'a str> {
    if parent.is_empty() {
        return Some(path);
    }
    path.strip_prefix(parent)?.strip_prefix('.')
}

/// What someone who wrote `name` in the section `parent` may have meant.
pub(super) fn suggestion(parent: &str, name: &str) -> Option<String> {
    let siblings = Key::ALL
        .iter()
        .filter_map(|key| below(key.path, parent))
        .map(section);
    if let Some(near) = nearest(name, siblings) {
        return Some(format!("did you mean `{near}`?"));
    }
    // The right name at the wrong place.
    let mut elsewhere = Key::ALL.iter().filter_map(|key| {
        let names: Vec<&str> = key.path.split('.').collect();
        let at = names.iter().position(|part| *part == name)?;
        Some(names[..=at].join("."))
    });
    if let Some(found) = elsewhere.next() {
        return Some(format!("did you mean `{found}`?"));
    }
    (parent.is_empty() && super::migrate::is_old(name)).then(|| {
        "this is a setting of an earlier version; `loopy migrate FILE` turns it into this one"
            .to_owned()
    })
}

/// The nearest of `names`, when one is near.
pub(super) fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_ascii_lowercase();
    let reach = name.chars().count() / 3;
    names
        .map(|other| {
            (
                strsim::osa_distance(&name, &other.to_ascii_lowercase()),
                other,
            )
        })
        .filter(|(distance, _)| *distance <= reach.clamp(1, 3))
        .min()
        .map(|(_, other)| other)
}

/// The value at `path`.
pub(super) fn get<'a>(tree: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(tree, |tree, name| tree.get(name))
}

/// Puts a value at `path` of a tree that has it.
pub(super) fn set(tree: &mut Value, path: &str, value: Value) {
    let place = path
        .split('.')
        .try_fold(tree, |tree, name| tree.get_mut(name));
    if let Some(place) = place {
        *place = value;
    }
}

/// All keys at their defaults.
pub(super) fn defaults() -> Value {
    serde_json::to_value(AdvancedFeaturesConfig::default()).unwrap_or_default()
}
