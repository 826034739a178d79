//! The environment over the file over the defaults, key by key.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    AdvancedFeaturesConfig, environment,
    finding::{Finding, Findings, Place},
    keys::{self, Key},
    tree::{self, Node},
};

/// A configuration file.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    /// What it is called when something is said about it.
    pub name: &'a str,
    /// What is in it.
    pub bytes: &'a [u8],
}

/// What holds, and where each value comes from.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The values.
    pub config: AdvancedFeaturesConfig,
    tree: Value,
    places: BTreeMap<&'static str, Place>,
    /// Variables that look like ours and are none.
    pub strangers: Vec<Finding>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            config: AdvancedFeaturesConfig::default(),
            tree: keys::defaults(),
            places: BTreeMap::new(),
            strangers: Vec::new(),
        }
    }
}

impl Settings {
    /// Where the value of a key comes from.
    pub fn place(&self, path: &str) -> &Place {
        self.places.get(path).unwrap_or(&Place::Default)
    }

    /// The value of a key as it was written; null when there is none.
    pub fn value(&self, path: &str) -> &Value {
        keys::get(&self.tree, path).unwrap_or(&Value::Null)
    }

    /// The value as it may be shown.
    pub fn shown(&self, key: Key) -> String {
        match self.value(key.path) {
            Value::Null => "not given".to_owned(),
            _ if key.is_secret() => "***".to_owned(),
            Value::String(text) => text.clone(),
            value => value.to_string(),
        }
    }
}

/// A value that someone gave.
pub(super) struct Given {
    pub(super) key: Key,
    pub(super) value: Value,
    pub(super) place: Place,
}

/// Lays `variables` of the environment over `file` over the defaults.
///
/// Of the environment, what begins with `LOOPYCOMFY_` is read: [`super::variable`] tells the name of
/// a key, `LOOPYCOMFY_CACHE` is the store's path, and `LOOPYCOMFY_DEV=1` switches debugging on.
/// An empty value counts as not given.
pub fn resolve(
    file: Option<File<'_>>,
    variables: &[(String, String)],
) -> Result<Settings, Findings> {
    let mut findings = Vec::new();
    let mut settings = Settings::default();
    let mut given = Vec::new();
    let text = file.map_or("", |file| {
        std::str::from_utf8(file.bytes).unwrap_or_default()
    });
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if let Some(file) = file {
        match tree::parse(file.name, file.bytes) {
            Ok(None) => {}
            Ok(Some(node)) => {
                let mut walk = Walk {
                    name: file.name,
                    text,
                    given: &mut given,
                    findings: &mut findings,
                };
                walk.node("", (1, 1), node);
            }
            Err(finding) => findings.push(*finding),
        }
    }
    environment::variables(
        variables,
        &mut given,
        &mut findings,
        &mut settings.strangers,
    );
    let defaults = settings.tree.clone();
    for Given { key, value, place } in given {
        if let Err(error) = one(&defaults, key, &value) {
            let finding = mistyped(key, &value, &error, place);
            findings.push(finding.show(text));
            continue;
        }
        keys::set(&mut settings.tree, key.path, value);
        settings.places.insert(key.path, place);
    }
    match serde_json::from_value::<AdvancedFeaturesConfig>(settings.tree.clone()) {
        Ok(config) => settings.config = config,
        Err(error) => findings.push(Finding::new(Place::Default, None, error.to_string())),
    }
    for mut finding in settings.config.validate_config() {
        if let Some(key) = &finding.key {
            finding.place = settings.place(key).clone();
        }
        findings.push(finding.show(text));
    }
    if findings.is_empty() {
        Ok(settings)
    } else {
        Err(Findings(findings))
    }
}

/// Whether `key` takes `value`.
pub(super) fn one(defaults: &Value, key: Key, value: &Value) -> Result<(), serde_json::Error> {
    let mut tree = defaults.clone();
    keys::set(&mut tree, key.path, value.clone());
    serde_json::from_value::<AdvancedFeaturesConfig>(tree).map(|_config| ())
}

fn mistyped(key: Key, value: &Value, error: &serde_json::Error, place: Place) -> Finding {
    if key.is_secret() {
        return Finding::new(place, Some(key.path), "is not text").hint("put it in quotes");
    }
    let default = keys::get(&keys::defaults(), key.path).cloned();
    let finding = Finding::new(place, Some(key.path), format!("does not fit: {error}"));
    match (default, value) {
        (Some(Value::Bool(_)), _) => finding.hint("write true or false"),
        (Some(Value::Number(_)), Value::String(text)) if text.parse::<f64>().is_ok() => {
            finding.hint("write the number without quotes")
        }
        (Some(Value::String(_)), Value::Number(_)) => finding.hint("put it in quotes"),
        (Some(Value::String(_)), Value::String(text)) => {
            // An unknown name of a choice: the message lists the names in backquotes.
            let message = error.to_string();
            let names = message.split('`').skip(3).step_by(2);
            match keys::nearest(text, names) {
                Some(near) => finding.hint(format!("did you mean `{near}`?")),
                None => finding,
            }
        }
        _ => finding,
    }
}

/// Collects what stands in a file.
struct Walk<'a> {
    name: &'a str,
    text: &'a str,
    given: &'a mut Vec<Given>,
    findings: &'a mut Vec<Finding>,
}

impl Walk<'_> {
    fn place(&self, (line, column): tree::At) -> Place {
        Place::File {
            name: self.name.to_owned(),
            line,
            column,
        }
    }

    fn node(&mut self, path: &str, at: tree::At, node: Node) {
        match node {
            // What is left empty is as if it were not there.
            Node::Leaf(Value::Null) => {}
            Node::Leaf(value) => self.leaf(path, at, value),
            Node::Map(entries) if path.is_empty() || keys::is_section(path) => {
                for (name, at, value) in entries {
                    let below = if path.is_empty() {
                        name.clone()
                    } else {
                        format!("{path}.{name}")
                    };
                    if Key::of(&below).is_some() || keys::is_section(&below) {
                        let found = match &value.value {
                            Node::Leaf(_) => tree::at(value.referenced),
                            Node::Map(_) => at,
                        };
                        self.node(&below, found, value.value);
                    } else {
                        self.stranger(path, &name, at);
                    }
                }
            }
            Node::Map(_) => {
                let finding =
                    Finding::new(self.place(at), Some(path), "takes a value, not more keys");
                self.findings.push(finding.show(self.text));
            }
        }
    }

    fn leaf(&mut self, path: &str, at: tree::At, value: Value) {
        let place = self.place(at);
        if let Some(key) = Key::of(path) {
            self.given.push(Given { key, value, place });
            return;
        }
        let finding = if path.is_empty() {
            Finding::new(place, None, "the file holds no keys")
                .hint("`loopy config init` writes one to begin with")
        } else {
            let finding = Finding::new(place, Some(path), "is a section, not a value");
            if value.is_boolean() && Key::of(&format!("{path}.enabled")).is_some() {
                finding.hint(format!("write `enabled: {value}` below it"))
            } else {
                finding
            }
        };
        self.findings.push(finding.show(self.text));
    }

    fn stranger(&mut self, parent: &str, name: &str, at: tree::At) {
        let whole = if parent.is_empty() {
            name.to_owned()
        } else {
            format!("{parent}.{name}")
        };
        let mut finding = Finding::new(self.place(at), Some(&whole), "is no key");
        finding.hint = keys::suggestion(parent, name);
        self.findings.push(finding.show(self.text));
    }
}
