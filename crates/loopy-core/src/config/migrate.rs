//! Settings of earlier versions as settings of this one.
//!
//! Three forms are read: flat settings of version 1 (`gpu_enabled`), a later form of short sections
//! (`real_time.websocket_port`), and this version's own, whose keys are taken as they are.

use serde_json::Value;

use super::{
    File, PLACEHOLDER,
    finding::{Finding, Findings, Place},
    keys::{self, Key},
    resolve,
    tree::{self, Node},
    words,
};

/// What became of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Migrated {
    /// The new file.
    pub text: String,
    /// What found a key.
    pub mapped: Vec<Mapped>,
    /// What found none.
    pub homeless: Vec<Homeless>,
    /// Whether the file is of this version already, so that nothing is to be done.
    pub current: bool,
}

/// A setting that found its key.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapped {
    /// What it was called.
    pub from: String,
    /// What it is called.
    pub to: &'static str,
    /// Its value as it may be shown.
    pub shown: String,
}

/// A setting that found no key.
#[derive(Clone, Debug, PartialEq)]
pub struct Homeless {
    /// What it was called.
    pub from: String,
    /// Why there is nothing for it.
    pub why: String,
}

const TOKEN: &str = "features.real_time.websocket.auth_token";

/// How a value changes on its way.
#[derive(Clone, Copy)]
enum Turn {
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
const HOMES: &[(&str, &str, Turn)] = &[
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
    ("monitoring.log_level", "debug.log_level", Turn::Same),
    ("monitoring.log_file", "debug.log_file", Turn::Same),
];

/// Names that nothing took the place of, and why.
const GONE: &[(&str, &str)] = &[
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
    ("monitoring", "nothing of the program watches it yet"),
    ("performance", "the program chooses this by itself"),
    (
        "compatibility_mode",
        "files of earlier versions are turned into this version's instead",
    ),
];

/// Turns a file into one of this version; `token` is a fresh one, for a file without.
///
/// # Errors
/// When the file is no YAML or JSON, or what comes of it would not hold.
pub fn migrate(file: File<'_>, token: &str) -> Result<Migrated, Findings> {
    let node = tree::parse(file.name, file.bytes).map_err(|finding| Findings(vec![*finding]))?;
    let Some(node @ Node::Map(_)) = node else {
        let finding = Finding::of_file(
            file.name,
            "the file holds no settings",
            "`loopy config init` writes one to begin with",
        );
        return Err(Findings(vec![finding]));
    };
    if resolve(Some(file), &[]).is_ok() {
        return Ok(Migrated {
            text: String::new(),
            mapped: Vec::new(),
            homeless: Vec::new(),
            current: true,
        });
    }
    let mut leaves = Vec::new();
    flatten("", (1, 1), node, &mut leaves);
    let mut moved = Moved::default();
    for (path, at, value) in leaves {
        moved.take(&path, at, value);
    }
    moved.settle();
    if !moved.given.iter().any(|(key, ..)| *key == TOKEN) {
        moved.given.push((TOKEN, (0, 0), token.into()));
    }
    let given: Vec<(&str, Value)> = moved
        .given
        .iter()
        .map(|(key, _, value)| (*key, value.clone()))
        .collect();
    let text = words::written("config.schema.json", &given);
    let made = File {
        name: file.name,
        bytes: text.as_bytes(),
    };
    // What would not hold is told with its place in the file that was given.
    if let Err(Findings(mut findings)) = resolve(Some(made), &[]) {
        for finding in &mut findings {
            finding.snippet = None;
            let from = moved
                .given
                .iter()
                .find(|(key, ..)| finding.key.as_deref() == Some(key));
            let (line, column) = from.map_or((0, 0), |(_, at, _)| *at);
            finding.place = Place::File {
                name: file.name.to_owned(),
                line,
                column,
            };
        }
        return Err(Findings(findings));
    }
    Ok(Migrated {
        text,
        mapped: moved.mapped,
        homeless: moved.homeless,
        current: false,
    })
}

fn flatten(path: &str, at: tree::At, node: Node, into: &mut Vec<(String, tree::At, Value)>) {
    match node {
        Node::Leaf(Value::Null) => {}
        Node::Leaf(value) => into.push((path.to_owned(), at, value)),
        Node::Map(entries) => {
            for (name, at, value) in entries {
                let below = if path.is_empty() {
                    name
                } else {
                    format!("{path}.{name}")
                };
                let found = match &value.value {
                    Node::Leaf(_) => tree::at(value.referenced),
                    Node::Map(_) => at,
                };
                flatten(&below, found, value.value, into);
            }
        }
    }
}

#[derive(Default)]
struct Moved {
    given: Vec<(&'static str, tree::At, Value)>,
    mapped: Vec<Mapped>,
    homeless: Vec<Homeless>,
    /// What asked for several workers, and where.
    several: Option<(String, tree::At)>,
}

impl Moved {
    fn take(&mut self, path: &str, at: tree::At, value: Value) {
        if path == "version" {
            return;
        }
        if let Some(key) = Key::of(path) {
            return self.give(path, key.path, at, value);
        }
        let Some((_, to, turn)) = HOMES.iter().find(|(from, ..)| *from == path) else {
            return self.lose(path, why(path));
        };
        match turned(*turn, &value) {
            None => self.lose(path, format!("`{value}` says nothing to `{to}`")),
            Some(value) => {
                if matches!(turn, Turn::Workers) && value.as_u64() != Some(1) {
                    self.several = Some((path.to_owned(), at));
                }
                self.give(path, to, at, value);
            }
        }
    }

    /// A number of workers used to be the wish for them, unless something else was said.
    fn settle(&mut self) {
        let switch = "features.parallel_processing.enabled";
        if let Some((path, at)) = self.several.take()
            && !self.given.iter().any(|(key, ..)| *key == switch)
        {
            self.give(&path, switch, at, true.into());
        }
    }

    fn give(&mut self, from: &str, to: &'static str, at: tree::At, value: Value) {
        let secret = to == TOKEN;
        if secret && value.as_str() == Some(PLACEHOLDER) {
            let why = "it is the example's, which everybody knows; a fresh one takes its place";
            return self.lose(from, why.to_owned());
        }
        let shown = if secret {
            "***".to_owned()
        } else {
            value.to_string()
        };
        if let Some(place) = self.given.iter_mut().find(|(key, ..)| *key == to) {
            // Two names of one thing: the later word holds.
            let before = self.mapped.iter().position(|mapped| mapped.to == to);
            if let Some(before) = before.map(|index| self.mapped.remove(index)) {
                self.homeless.push(Homeless {
                    from: before.from,
                    why: format!("`{from}` says it again, and holds"),
                });
            }
            *place = (to, at, value);
        } else {
            self.given.push((to, at, value));
        }
        self.mapped.push(Mapped {
            from: from.to_owned(),
            to,
            shown,
        });
    }

    fn lose(&mut self, from: &str, why: String) {
        self.homeless.push(Homeless {
            from: from.to_owned(),
            why,
        });
    }
}

/// Why there is nothing for a name.
fn why(path: &str) -> String {
    let gone = GONE.iter().find(|(from, _)| {
        path.strip_prefix(from)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || rest.starts_with('_'))
    });
    gone.map_or_else(
        || "no setting of this version is like it".to_owned(),
        |(_, why)| (*why).to_owned(),
    )
}

/// The value as its new key takes it.
fn turned(turn: Turn, value: &Value) -> Option<Value> {
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
pub(super) fn is_old(name: &str) -> bool {
    let homes = HOMES.iter().map(|(from, ..)| *from);
    let gone = GONE.iter().map(|(from, _)| *from);
    homes.chain(gone).any(|from| keys::section(from) == name)
}

#[cfg(test)]
mod tests;
