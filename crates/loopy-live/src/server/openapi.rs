//! The control interface as programs read it, made from the types that it is read with.

use axum::Json;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Value, json};

use super::api::{Avoid, Go, Link, NewLink, Next, Seed, Signal, Ticket};
use crate::{protocol::answer::Fault, show::Taken};

/// An answer that says what is wrong.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is needed")]
struct Error {
    /// What is wrong.
    error: Fault,
}

/// The document.
pub(super) async fn document() -> Json<Value> {
    Json(describe())
}

fn describe() -> Value {
    let paths = json!({
        "/api/signal": verb::<Signal>("Clips are likelier by their relevance", &["422"]),
        "/api/state": verb::<Go>("Go to a state and stay, or let states follow each other", &["404"]),
        "/api/next": verb::<Next>("Show this clip next", &["404"]),
        "/api/avoid": verb::<Avoid>("Do not show a clip any more, or do again", &["404"]),
        "/api/seed": verb::<Seed>("Another walk from here on", &[]),
        "/api/link": post(
            "A token with one scope that ends; needs the scope control, and the scope that the link has",
            Some(schema::<NewLink>()),
            &schema::<Link>(),
            &["422"],
        ),
        "/api/ticket": post(
            "A ticket for one connection to `/ws`; needs the scope view",
            None,
            &schema::<Ticket>(),
            &[],
        ),
        "/api/status": { "get": {
            "summary": "The figures, as docs/protocol.md has them; needs the scope metrics",
            "security": [{ "token": [] }],
            "responses": responses(&json!({ "type": "object" }), &["401", "403", "429"]),
        } },
        "/metrics": { "get": {
            "summary": "The figures of the server as OpenMetrics; needs the scope metrics",
            "security": [{ "token": [] }],
            "responses": errors(&text_answer("Figures"), &["401", "403", "429"]),
        } },
        "/healthz": { "get": {
            "summary": "The program runs",
            "responses": errors(&text_answer("It runs"), &["403"]),
        } },
        "/readyz": { "get": {
            "summary": "The stream runs",
            "responses": ready(),
        } },
    });
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "LoopyComfy, the control interface",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The stream itself goes over WebSocket at `/ws`, see docs/protocol.md.",
        },
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "schemas": { "Error": schema::<Error>() },
        },
    })
}

fn verb<T: JsonSchema>(summary: &str, refusals: &[&str]) -> Value {
    let more = [&["503"], refusals].concat();
    let summary = format!("{summary}; needs the scope control");
    post(&summary, Some(schema::<T>()), &schema::<Taken>(), &more)
}

fn post(summary: &str, body: Option<Value>, answer: &Value, refusals: &[&str]) -> Value {
    let always: &[&str] = match body {
        Some(_) => &["400", "401", "403", "408", "413", "429"],
        None => &["401", "403", "429"],
    };
    let mut operation = json!({
        "summary": summary,
        "security": [{ "token": [] }],
        "responses": responses(answer, &[always, refusals].concat()),
    });
    if let Some(body) = body {
        operation["requestBody"] = json!({
            "required": true,
            "content": { "application/json": { "schema": body } },
        });
    }
    json!({ "post": operation })
}

fn responses(answer: &Value, refusals: &[&str]) -> Value {
    let answer = json!({
        "description": "Taken",
        "content": { "application/json": { "schema": answer } },
    });
    errors(&answer, refusals)
}

fn text_answer(description: &str) -> Value {
    json!({
        "description": description,
        "content": { "text/plain": { "schema": { "type": "string" } } },
    })
}

fn ready() -> Value {
    let mut responses = errors(&text_answer("It runs"), &["403"]);
    responses["503"] = text_answer("It does not run yet");
    responses
}

fn errors(good: &Value, refusals: &[&str]) -> Value {
    let mut responses = json!({ "200": good });
    for status in refusals {
        let description = match *status {
            "400" => "The body is not as it must be",
            "401" => "No valid token",
            "403" => "The token does not have the scope, or `Host` or `Origin` is foreign",
            "404" => "There is none of that name",
            "408" => "The body did not come in time",
            "413" => "The body is too large",
            "422" => "A value is out of its range",
            "429" => {
                "Too many wrong tokens came from this address; `Retry-After` says when to try again"
            }
            _ => "The stream does not run",
        };
        responses[*status] = json!({
            "description": description,
            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } },
        });
    }
    responses
}

/// The schema of a type, whole and without a name of its own.
fn schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value();
    if let Value::Object(fields) = &mut schema {
        fields.remove("$defs");
        fields.remove("title");
    }
    schema
}
