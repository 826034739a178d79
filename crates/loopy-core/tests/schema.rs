//! The schemas in `docs/schema` and the page of settings are those of the types that are written and
//! read; the configurations that are shipped hold.

#![allow(clippy::unwrap_used, reason = "a test stops at what must not be")]

use std::path::Path;

use loopy_core::{
    Plan,
    config::{self, AdvancedFeaturesConfig, File, Key},
    report::Report,
};
use schemars::{JsonSchema, schema_for};
use serde_json::Value;

/// Compares the published schema with that of `T`, or publishes it.
fn is_published<T: JsonSchema>(name: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/schema")
        .join(name);
    let schema = schema_for!(T).to_value();
    if std::env::var_os("LOOPY_UPDATE").is_some_and(|wish| wish == "1") {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        let text = serde_json::to_string_pretty(&schema).unwrap();
        std::fs::write(&file, text + "\n").unwrap();
        return;
    }
    // As values: the order of keys is no part of a schema.
    let published: Option<Value> = std::fs::read(&file)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok());
    assert!(
        published.as_ref() == Some(&schema),
        "docs/schema/{name} is not the schema of the type any more; \
         `LOOPY_UPDATE=1 cargo test -p loopy-core --test schema` writes it anew"
    );
}

#[test]
fn the_published_schema_of_a_plan_is_that_of_the_type() {
    is_published::<Plan>("plan.schema.json");
}

#[test]
fn the_published_schema_of_a_report_is_that_of_the_type() {
    is_published::<Report>("report.schema.json");
}

#[test]
fn the_published_schema_of_a_configuration_is_that_of_the_type() {
    is_published::<AdvancedFeaturesConfig>("config.schema.json");
}

#[test]
fn the_page_of_settings_is_made_from_the_types() {
    is_made_from_the_types("docs/configuration.md", &config::reference());
}

/// Compares a text of the repository with what it is made of, or writes it.
fn is_made_from_the_types(name: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(name);
    if std::env::var_os("LOOPY_UPDATE").is_some_and(|wish| wish == "1") {
        std::fs::write(&file, text).unwrap();
        return;
    }
    assert!(
        std::fs::read_to_string(&file).is_ok_and(|published| published == text),
        "{name} is not what the types say any more; \
         `LOOPY_UPDATE=1 cargo test -p loopy-core --test schema` writes it anew"
    );
}

fn shipped(name: &str) -> (String, config::Settings) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../config")
        .join(name);
    let text = std::fs::read_to_string(file).unwrap();
    let file = File {
        name,
        bytes: text.as_bytes(),
    };
    let settings = config::resolve(Some(file), &[]).unwrap();
    (text, settings)
}

#[test]
fn the_configuration_that_is_shipped_switches_nothing_on_and_explains_everything() {
    is_made_from_the_types(
        "config/advanced_features.yaml",
        &config::written("../docs/schema/config.schema.json", &[]),
    );
    let (text, settings) = shipped("advanced_features.yaml");
    assert_eq!(settings.config, AdvancedFeaturesConfig::default());
    for key in Key::ALL {
        let name = key.path.rsplit('.').next().unwrap();
        assert!(text.contains(&format!("{name}:")), "{name}");
    }
    assert!(text.starts_with("# yaml-language-server: $schema=../docs/schema/config.schema.json"));
    assert!(!text.contains("generate_random"));
}

#[test]
fn the_configuration_for_production_uses_all_cores_and_limits_the_store() {
    let (text, settings) = shipped("production.yaml");
    assert!(settings.config.is_feature_enabled("parallel_processing"));
    assert!(settings.config.store.size.is_some());
    for feature in ["real_time", "ml_enhanced", "gpu_acceleration"] {
        assert!(!settings.config.is_feature_enabled(feature), "{feature}");
    }
    // No secret travels with the program.
    assert_eq!(
        settings.config.features.real_time.websocket.auth_token,
        None
    );
    assert!(text.starts_with("# yaml-language-server: $schema=../docs/schema/config.schema.json"));
}

#[test]
fn the_schema_takes_what_the_program_takes_by_name() {
    let schema = AdvancedFeaturesConfig::schema();
    let closed = |node: &Value| node["additionalProperties"] == Value::Bool(false);
    assert!(closed(&schema));
    for name in [
        "Features",
        "WebSocket",
        "Render",
        "Seams",
        "Walk",
        "Store",
        "Monitor",
        "Log",
        "Debug",
    ] {
        assert!(closed(&schema["$defs"][name]), "{name}");
    }
}
