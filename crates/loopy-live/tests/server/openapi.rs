//! The document against the server: a client that knows nothing but what it says.

use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, TestRunner},
};
use serde_json::{Map, Value, json};

use crate::support::{Site, TOKEN, client::Answer};

/// Values that a schema allows.
fn valid(schema: &Value) -> BoxedStrategy<Value> {
    if let Some(choices) = schema["enum"].as_array().or(schema["oneOf"].as_array()) {
        let choices: Vec<_> = choices
            .iter()
            .map(|choice| {
                choice
                    .get("const")
                    .or(choice["enum"].get(0))
                    .unwrap_or(choice)
                    .clone()
            })
            .collect();
        return prop::sample::select(choices).boxed();
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds[0].as_str().unwrap(),
        kind => kind.as_str().unwrap_or_else(|| panic!("no type: {schema}")),
    };
    let nullable = schema["nullable"] == true || schema["type"].as_array().is_some();
    let number = |name: &str| schema[name].as_f64();
    let plain = match kind {
        "object" => object(schema),
        "string" => prop_oneof![
            "[ -~]{0,12}",
            Just("wave.mp4".to_owned()),
            Just("talk".to_owned())
        ]
        .prop_map(Value::from)
        .boxed(),
        "boolean" => any::<bool>().prop_map(Value::from).boxed(),
        "number" => {
            let range = number("minimum").unwrap_or(-1e9)..=number("maximum").unwrap_or(1e9);
            range.prop_map(|value| json!(value)).boxed()
        }
        "integer" => {
            let low = number("minimum").unwrap_or(-1e15) as i64;
            let high = number("maximum").unwrap_or(1e15) as i64;
            (low..=high).prop_map(Value::from).boxed()
        }
        other => panic!("{other}"),
    };
    if nullable {
        prop_oneof![1 => Just(Value::Null), 3 => plain].boxed()
    } else {
        plain
    }
}

fn object(schema: &Value) -> BoxedStrategy<Value> {
    let required: Vec<_> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    let fields = schema["properties"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    let fields: Vec<_> = fields
        .into_iter()
        .map(|(name, schema)| {
            let must = required.contains(&json!(name));
            let value = if must {
                valid(&schema).prop_map(Some).boxed()
            } else {
                prop::option::of(valid(&schema)).boxed()
            };
            value.prop_map(move |value| value.map(|value| (name.clone(), value)))
        })
        .collect();
    let together = |fields: Vec<Option<(String, Value)>>| {
        Value::Object(fields.into_iter().flatten().collect::<Map<_, _>>())
    };
    fields.prop_map(together).boxed()
}

/// Whether a schema allows a value.
fn allows(schema: &Value, value: &Value) -> bool {
    if let Some(choices) = schema["enum"].as_array().or(schema["oneOf"].as_array()) {
        return choices.iter().any(
            |choice| match choice.get("const").or(choice["enum"].get(0)) {
                Some(constant) => constant == value,
                None => choice == value,
            },
        );
    }
    let kinds: Vec<_> = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        kind => kind.as_str().into_iter().collect(),
    };
    let within = |value: f64| {
        schema["minimum"].as_f64().is_none_or(|low| value >= low)
            && schema["maximum"].as_f64().is_none_or(|high| value <= high)
    };
    let fits = |kind: &str| match kind {
        "object" => value.as_object().is_some_and(|fields| {
            let known = &schema["properties"];
            let required = schema["required"].as_array();
            let open = schema["additionalProperties"] != false;
            required
                .into_iter()
                .flatten()
                .all(|name| fields.contains_key(name.as_str().unwrap()))
                && fields.iter().all(|(name, value)| match known.get(name) {
                    Some(schema) => allows(schema, value),
                    None => open,
                })
        }),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.as_f64().is_some_and(within),
        "integer" => (value.is_u64() || value.is_i64()) && within(value.as_f64().unwrap()),
        "null" => value.is_null(),
        other => panic!("{other}"),
    };
    let null = value.is_null() && schema["nullable"] == true;
    null || kinds.into_iter().any(fits)
}

/// Any JSON, mostly near what is wanted.
fn near(schema: &Value) -> BoxedStrategy<Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-10.0..10.0).prop_map(|value: f64| json!(value)),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    let names: Vec<String> = schema["properties"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    let anything = scalar.clone().prop_recursive(3, 16, 4, move |inner| {
        let names = names.clone();
        let name = prop_oneof![prop::sample::select(names), "[a-z]{1,5}".boxed()];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    });
    let good = valid(schema);
    let spoilt = (good, scalar, any::<prop::sample::Index>()).prop_map(|(mut value, other, at)| {
        if let Some(fields) = value.as_object_mut().filter(|fields| !fields.is_empty()) {
            let names: Vec<_> = fields.keys().cloned().collect();
            fields.insert(names[at.index(names.len())].clone(), other);
        }
        value
    });
    prop_oneof![anything, spoilt].boxed()
}

fn answer_schema<'a>(document: &'a Value, operation: &'a Value, answer: &Answer) -> &'a Value {
    let said = &operation["responses"][answer.status.to_string()];
    assert!(
        said.is_object(),
        "the document does not know this answer: {answer:?}"
    );
    let schema = &said["content"]["application/json"]["schema"];
    match schema["$ref"].as_str() {
        Some(name) => document.pointer(name.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

#[tokio::test]
async fn the_server_is_what_its_document_says() {
    let site = Site::new().await;
    let http = site.http();
    let document = http.get("/api/openapi.json", None).await.json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        prop::test_runner::TestRng::deterministic_rng(prop::test_runner::RngAlgorithm::ChaCha),
    );
    let bearer = format!("Bearer {TOKEN}");
    let headers = [("authorization", bearer.as_str())];
    let mut tried = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let operation = &methods["post"];
        let body = &operation["requestBody"]["content"]["application/json"]["schema"];
        if !body.is_object() {
            continue;
        }
        let (good, bad) = (valid(body), near(body));
        let mut seen = std::collections::BTreeMap::<u16, usize>::new();
        for number in 0..150 {
            let strategy = if number % 2 == 0 { &good } else { &bad };
            let value = strategy.new_tree(&mut runner).unwrap().current();
            let answer = http.ask("POST", path, &headers, &value.to_string()).await;
            let schema = answer_schema(&document, operation, &answer);
            assert!(
                allows(schema, &answer.json()),
                "{path} {value}: {answer:?} {schema}"
            );
            let expected = allows(body, &value);
            let taken = matches!(answer.status, 200 | 404);
            assert_eq!(taken, expected, "{path} {value}: {answer:?}");
            if !expected {
                assert!(
                    matches!(answer.status, 400 | 422),
                    "{path} {value}: {answer:?}"
                );
            }
            *seen.entry(answer.status).or_default() += 1;
            tried += 1;
        }
        assert!(
            seen.contains_key(&200) && seen.contains_key(&400),
            "{path}: {seen:?}"
        );
    }
    assert_eq!(tried, 6 * 150);
}

#[tokio::test]
async fn every_path_of_the_document_answers_and_no_other_does() {
    let site = Site::new().await;
    let http = site.http();
    let document = http.get("/api/openapi.json", None).await.json();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in ["get", "post", "put", "delete", "patch"] {
            let bearer = format!("Bearer {TOKEN}");
            let headers = [("authorization", bearer.as_str())];
            let answer = http.ask(&method.to_uppercase(), path, &headers, "{}").await;
            let operation = &methods[method];
            if operation.is_object() {
                let said = &operation["responses"][answer.status.to_string()];
                assert!(said.is_object(), "{method} {path}: {answer:?}");
            } else {
                assert_eq!(answer.status, 405, "{method} {path}");
            }
            // Without a token nothing but health is told.
            let answer = http.ask(&method.to_uppercase(), path, &[], "{}").await;
            let open = operation.get("security").is_none();
            assert!(open || answer.status == 401, "{method} {path}: {answer:?}");
        }
    }
    assert_eq!(http.get("/api/none", Some(TOKEN)).await.status, 404);
}
