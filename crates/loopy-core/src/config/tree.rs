//! A YAML text as the values that stand in it, each with its line and column.
//!
//! The parser is given so little room that no text can make it grow: a configuration file is small.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess},
};
use serde_json::Value;
use serde_saphyr::{Location, Options, Spanned, options::DuplicateKeyPolicy};

use super::finding::{Finding, Place};

/// Bytes of the largest file that is read.
pub const LARGEST: usize = 1 << 20;

/// Line and column, from 1.
pub(super) type At = (u64, u64);

/// What stands at one place.
pub(super) enum Node {
    /// A value; lists are values.
    Leaf(Value),
    /// Names and what they hold.
    Map(Vec<(String, At, Spanned<Node>)>),
}

/// The tree of a text; nothing for a text that says nothing.
pub(super) fn parse(name: &str, bytes: &[u8]) -> Result<Option<Node>, Box<Finding>> {
    let whole = || Place::File {
        name: name.to_owned(),
        line: 0,
        column: 0,
    };
    if bytes.len() > LARGEST {
        let why = format!("is larger than {} KiB", LARGEST >> 10);
        return Err(Finding::new(whole(), None, format!("the file {why}"))
            .hint("it is no configuration file")
            .into());
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = before.split(|byte| *byte == b'\n').count() as u64;
        let column = before
            .iter()
            .rev()
            .take_while(|byte| **byte != b'\n')
            .count() as u64
            + 1;
        let place = Place::File {
            name: name.to_owned(),
            line,
            column,
        };
        Finding::new(place, None, "is not UTF-8 here").hint("save the file as UTF-8")
    })?;
    // Some editors put a byte order mark at the beginning.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let blank =
        |line: &str| matches!(line.trim(), "" | "---" | "...") || line.trim().starts_with('#');
    if text.lines().all(blank) {
        return Ok(None);
    }
    serde_saphyr::from_str_with_options::<Node>(text, options())
        .map(Some)
        .map_err(|error| Box::new(broken(name, text, &error)))
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 16,
            max_events: 20_000,
            max_nodes: 10_000,
            max_aliases: 64,
            max_anchors: 64,
            max_documents: 1,
            flow_nesting_limit: 16,
            max_total_scalar_bytes: LARGEST,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 1_000,
            max_replay_stack_depth: 4,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        strict_booleans: true,
        with_snippet: false,
    }
}

fn broken(name: &str, text: &str, error: &serde_saphyr::Error) -> Finding {
    let error = error.without_snippet();
    let (line, column) = error
        .location()
        .map_or((0, 0), |at| (at.line(), at.column()));
    let place = Place::File {
        name: name.to_owned(),
        line,
        column,
    };
    let why = plain(error);
    let finding = Finding::new(place, None, why).show(text);
    let tab = usize::try_from(line)
        .ok()
        .and_then(|line| text.lines().nth(line.checked_sub(1)?))
        .is_some_and(|line| line.trim_start_matches(' ').starts_with('\t'));
    if tab {
        return finding.hint("indent with spaces; YAML takes no tabs there");
    }
    finding
}

/// Why a text cannot be read, in our words where the parser's are about itself.
fn plain(error: &serde_saphyr::Error) -> String {
    let why = error.to_string();
    match error {
        serde_saphyr::Error::DuplicateMappingKey { key: Some(key), .. } => {
            format!("duplicate key `{key}`: it stands twice in its section")
        }
        serde_saphyr::Error::DuplicateMappingKey { .. } => "a key stands twice".to_owned(),
        _ if why.starts_with("alias ") => {
            "aliases (`*name`) repeat more than a configuration file may hold".to_owned()
        }
        serde_saphyr::Error::Budget { .. } => {
            "nests deeper or holds more than a configuration file may".to_owned()
        }
        // The place is told once, before the words.
        _ => match why.rfind(" at line ") {
            Some(at) => why[..at].to_owned(),
            None => why,
        },
    }
}

/// Line and column of a location.
pub(super) fn at(location: Location) -> At {
    (location.line(), location.column())
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor)
    }
}

struct Visitor;

impl<'de> de::Visitor<'de> for Visitor {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("settings")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Node, E> {
        Ok(Node::Leaf(value.to_string().into()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Node, E> {
        Ok(Node::Leaf(value.to_string().into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        // What is no number in JSON is a text here, and no key takes it.
        let number = serde_json::Number::from_f64(value);
        Ok(Node::Leaf(
            number.map_or_else(|| value.to_string().into(), Value::Number),
        ))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Leaf(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Leaf(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut values = Vec::new();
        while let Some(node) = list.next_element::<Node>()? {
            values.push(match node {
                Node::Leaf(value) => value,
                Node::Map(_) => Value::Object(serde_json::Map::new()),
            });
        }
        Ok(Node::Leaf(values.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let value = map.next_value::<Spanned<Node>>()?;
            entries.push((key.value, at(key.referenced), value));
        }
        Ok(Node::Map(entries))
    }
}
