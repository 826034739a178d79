//! The schemas in `docs/schema` are those of the types that are written and read.

#![allow(clippy::unwrap_used, reason = "a test stops at what must not be")]

use std::path::Path;

use loopy_core::{Plan, report::Report};
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
