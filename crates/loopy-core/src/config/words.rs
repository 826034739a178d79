//! A configuration file with its explanations, and the reference of all keys; both from the types.

use std::fmt::Write as _;

use serde_json::Value;

use super::{
    AdvancedFeaturesConfig,
    keys::{self, Key},
};

/// A file with `given` values, all others at their defaults.
pub(super) fn written(place: &str, given: &[(&str, Value)]) -> String {
    let (schema, defaults) = (AdvancedFeaturesConfig::schema(), keys::defaults());
    let mut text = format!(
        "# yaml-language-server: $schema={place}\n\
         # Settings of LoopyComfy. Everything advanced is off until it is switched on here.\n\
         # The command line goes before the environment (LOOPYCOMFY_...), and that before this file.\n\
         # `loopy config check FILE` looks for mistakes, `loopy config show --origin` tells what holds.\n"
    );
    let mut open: Vec<&str> = Vec::new();
    for key in Key::ALL {
        let names: Vec<&str> = key.path.split('.').collect();
        let Some((name, parents)) = names.split_last() else {
            continue;
        };
        let shared = open.iter().zip(parents).take_while(|(a, b)| a == b).count();
        open.truncate(shared);
        if open.is_empty() {
            text.push('\n');
        }
        for parent in &parents[shared..] {
            open.push(parent);
            let margin = "  ".repeat(open.len() - 1);
            comment(&mut text, &margin, &description(&schema, &open.join(".")));
            let _written = writeln!(text, "{margin}{parent}:");
        }
        let margin = "  ".repeat(open.len());
        comment(&mut text, &margin, &description(&schema, key.path));
        let value = given
            .iter()
            .find(|(path, _)| *path == key.path)
            .map(|(_, value)| value)
            .or_else(|| keys::get(&defaults, key.path))
            .filter(|value| !value.is_null());
        let _written = match (value, key.example) {
            (Some(value), _) => writeln!(text, "{margin}{name}: {value}"),
            (None, Some(example)) => writeln!(text, "{margin}# {name}: {example}"),
            (None, None) => writeln!(text, "{margin}# {name}:"),
        };
    }
    text
}

fn comment(text: &mut String, margin: &str, words: &str) {
    let width = 100 - margin.len() - 2;
    let mut line = String::new();
    let flush = |text: &mut String, line: &str| {
        let _written = writeln!(text, "{margin}# {line}");
    };
    for word in words.split_whitespace() {
        if !line.is_empty() && line.len() + 1 + word.len() > width {
            flush(text, &line);
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        flush(text, &line);
    }
}

/// What the types say of a key or section.
fn description(schema: &Value, path: &str) -> String {
    let mut node = schema;
    for name in path.split('.') {
        let Some(found) = resolve(schema, node)
            .get("properties")
            .and_then(|all| all.get(name))
        else {
            return String::new();
        };
        node = found;
    }
    let text = node.get("description").and_then(Value::as_str);
    text.unwrap_or_default()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// The definition that a node refers to.
fn resolve<'a>(schema: &'a Value, node: &'a Value) -> &'a Value {
    let name = node.get("$ref").and_then(Value::as_str);
    name.and_then(|name| schema.pointer(name.strip_prefix('#')?))
        .unwrap_or(node)
}

/// All keys as Markdown.
pub(super) fn reference() -> String {
    let (schema, defaults) = (AdvancedFeaturesConfig::schema(), keys::defaults());
    let mut text = "# Every setting\n\n\
        This page is made from the types. The [guide](guide.md#settings) tells how a file is found and \
        what goes before what. A value that is not given is the default; `-` means that there is none. A program that takes settings \
        anew while it runs takes those marked * only when it is started again.\n"
        .to_owned();
    let mut section = "";
    for key in Key::ALL {
        if keys::section(key.path) != section {
            section = keys::section(key.path);
            let words = description(&schema, section);
            let _written = writeln!(
                text,
                "\n## `{section}`\n\n{words}\n\n| key | default | what it is | variable |\n|---|---|---|---|"
            );
        }
        let default = match keys::get(&defaults, key.path) {
            None | Some(Value::Null) => "-".to_owned(),
            Some(Value::String(value)) => format!("`{value}`"),
            Some(value) => format!("`{value}`"),
        };
        let words = description(&schema, key.path).replace('|', "\\|");
        let variable = keys::variable(key.path);
        let mark = if key.needs_restart() { " *" } else { "" };
        let _written = writeln!(
            text,
            "| `{}`{mark} | {default} | {words} | `{variable}` |",
            key.path
        );
    }
    text
}
