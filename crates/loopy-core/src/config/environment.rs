//! What the environment says: a variable for each key, and some of their own.

use serde_json::Value;

use super::{
    finding::{Finding, Place},
    keys::{self, Key},
    layers::{Given, one},
};

/// Variables with a meaning of their own.
const OTHERS: [&str; 5] = [
    "LOOPYCOMFY_CONFIG",
    "LOOPYCOMFY_LOG",
    "LOOPYCOMFY_CACHE",
    "LOOPYCOMFY_TOKEN",
    "LOOPYCOMFY_PUSH",
];
const DEV: &str = "LOOPYCOMFY_DEV";

/// Collects what stands in the environment.
pub(super) fn variables(
    environment: &[(String, String)],
    given: &mut Vec<Given>,
    findings: &mut Vec<Finding>,
    strangers: &mut Vec<Finding>,
) {
    let of = |wanted: &str| {
        environment
            .iter()
            .find(|(name, value)| name == wanted && !value.is_empty())
            .map(|(_, value)| value.as_str())
    };
    let debugging = Key::of("debug.enabled");
    match (of(DEV), debugging) {
        (Some("1" | "true"), Some(key)) => given.push(Given {
            key,
            value: true.into(),
            place: Place::Variable(DEV.to_owned()),
        }),
        (None | Some("0" | "false"), _) => {}
        (Some(_), _) => findings.push(Finding::new(
            Place::Variable(DEV.to_owned()),
            None,
            "is neither 1 nor 0",
        )),
    }
    let defaults = keys::defaults();
    for key in Key::ALL {
        let mut names = vec![keys::variable(key.path)];
        if key.path == "store.path" {
            names.push("LOOPYCOMFY_CACHE".to_owned());
        }
        for name in names {
            if let Some(text) = of(&name) {
                given.push(Given {
                    key,
                    value: scalar(&defaults, key, text),
                    place: Place::Variable(name),
                });
            }
        }
    }
    let known: Vec<String> = Key::ALL
        .iter()
        .map(|key| keys::variable(key.path))
        .collect();
    let ours = OTHERS.into_iter().chain([DEV]);
    let known: Vec<&str> = known.iter().map(String::as_str).chain(ours).collect();
    for (name, _) in environment {
        if !name.starts_with("LOOPYCOMFY_") || known.contains(&name.as_str()) {
            continue;
        }
        let mut finding = Finding::new(
            Place::Variable(name.clone()),
            None,
            "stands for no key and is not read",
        );
        let near = known
            .iter()
            .map(|other| (strsim::osa_distance(name, other), *other))
            .filter(|(distance, _)| *distance <= 3)
            .min();
        finding.hint = near.map(|(_, other)| format!("did you mean `{other}`?"));
        strangers.push(finding);
    }
}

/// A variable's text as the key takes it: as text where it can be, otherwise as number or truth.
fn scalar(defaults: &Value, key: Key, text: &str) -> Value {
    let as_text = Value::from(text);
    if one(defaults, key, &as_text).is_ok() {
        return as_text;
    }
    serde_json::from_str::<Value>(text)
        .ok()
        .filter(|value| value.is_number() || value.is_boolean())
        .unwrap_or(as_text)
}
