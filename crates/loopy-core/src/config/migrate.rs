//! Settings of earlier versions as settings of this one.
//!
//! Three forms are read: flat settings of version 1 (`gpu_enabled`), a later form of short sections
//! (`real_time.websocket_port`), and this version's own, whose keys are taken as they are.

mod homes;

use serde_json::Value;

use super::{
    File, PLACEHOLDER,
    finding::{Finding, Findings, Place},
    keys::Key,
    resolve,
    tree::{self, Node},
    words,
};
pub(super) use homes::is_old;
use homes::{GONE, HOMES, Turn, turned};

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

#[cfg(test)]
mod tests;
