//! The control interface, and what asks after the server's health.

use std::sync::Arc;

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{FromRequestParts, State as Shared},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{
    accept::Peer,
    http::{Problem, problem},
    keys::{Grant, Scope},
    state::{State, TICKET_US, unix},
};
use crate::{protocol::session::Scopes, show::Verb};

/// The longest life of a link, in seconds.
pub(super) const LINK_MOST: u64 = 366 * 24 * 3600;

/// Media type of the figures for programs that collect them.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Whoever sends a request with a valid token.
pub(super) struct Caller(pub(super) Grant);

impl FromRequestParts<Arc<State>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<State>,
    ) -> Result<Self, Self::Rejection> {
        let token = bearer(&parts.headers);
        let Some(peer) = parts.extensions.get::<Peer>() else {
            return Err(problem(
                StatusCode::INTERNAL_SERVER_ERROR,
                "no_peer",
                "the address of the client is not known",
                "connect again",
            ));
        };
        let grant = state.check(token, peer.address.ip());
        Ok(Self(grant?))
    }
}

/// The token of an `Authorization` header.
pub(super) fn bearer(headers: &axum::http::HeaderMap) -> Option<&[u8]> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked(7)?;
    scheme
        .eq_ignore_ascii_case(b"bearer ")
        .then_some(token.trim_ascii())
}

impl Caller {
    fn may(&self, has: impl FnOnce(Scopes) -> bool, scope: &str) -> Result<(), Problem> {
        if has(self.0.scopes) {
            return Ok(());
        }
        Err(problem(
            StatusCode::FORBIDDEN,
            "forbidden",
            &format!("this token does not have the scope {scope}"),
            "use the token of the settings, or a link with that scope",
        ))
    }
}

pub(super) async fn healthy() -> &'static str {
    "ok\n"
}

pub(super) async fn ready(Shared(state): Shared<Arc<State>>) -> (StatusCode, &'static str) {
    if state.show.ready() {
        (StatusCode::OK, "ok\n")
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "the stream does not run yet\n",
        )
    }
}

pub(super) async fn metrics(caller: Caller, Shared(state): Shared<Arc<State>>) -> Response {
    if let Err(refused) = caller.may(|scopes| scopes.metrics, "metrics") {
        return refused.into_response();
    }
    (
        [(header::CONTENT_TYPE, OPEN_METRICS)],
        state.figures.open_metrics(&state),
    )
        .into_response()
}

pub(super) async fn status(caller: Caller, Shared(state): Shared<Arc<State>>) -> Response {
    if let Err(refused) = caller.may(|scopes| scopes.metrics, "metrics") {
        return refused.into_response();
    }
    (
        [(header::CONTENT_TYPE, "application/json")],
        state.figures.json(&state),
    )
        .into_response()
}

/// Reads a body.
fn read<T: DeserializeOwned>(body: Body) -> Result<T, Problem> {
    let body = body.map_err(|refused| {
        problem(
            refused.status(),
            "body",
            &refused.body_text(),
            "send a small JSON object",
        )
    })?;
    // Structures may be read from lists too, which nobody means here.
    let fields: serde_json::Result<Map<String, Value>> = serde_json::from_slice(&body);
    let read = fields.and_then(|fields| serde_json::from_value(Value::Object(fields)));
    read.map_err(|error| {
        problem(
            StatusCode::BAD_REQUEST,
            "malformed",
            &format!("the body is not as it must be: {error}"),
            "see /api/openapi.json",
        )
    })
}

type Body = Result<Bytes, axum::extract::rejection::BytesRejection>;

fn tell(caller: &Caller, state: &State, verb: impl FnOnce() -> Result<Verb, Problem>) -> Response {
    let answer = || {
        caller.may(|scopes| scopes.control, "control")?;
        let verb = verb()?;
        let taken = state.show.tell(&verb);
        taken.map_err(|refused| {
            let status = match refused.code {
                "unknown_clip" | "unknown_state" => StatusCode::NOT_FOUND,
                "not_running" => StatusCode::SERVICE_UNAVAILABLE,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            };
            Problem::new(status, refused.into())
        })
    };
    match answer() {
        Ok(taken) => Json(taken).into_response(),
        Err(refused) => refused.into_response(),
    }
}

/// `/api/signal`
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Signal {
    /// -1 to 1.
    #[schemars(range(min = -1.0, max = 1.0))]
    value: f64,
}

pub(super) async fn signal(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    body: Body,
) -> Response {
    tell(&caller, &state, || {
        let Signal { value } = read(body)?;
        Ok(Verb::Signal { value })
    })
}

/// `/api/state`
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("required" = ["state"]))]
pub(super) struct Go {
    /// Name of a state; `null` lets states follow each other.
    // Without this it could be left out, and a misspelt name would let go of a state.
    #[serde(deserialize_with = "Option::deserialize")]
    state: Option<String>,
}

pub(super) async fn state(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    body: Body,
) -> Response {
    tell(&caller, &state, || {
        let Go { state } = read(body)?;
        Ok(Verb::State { state })
    })
}

/// `/api/next`
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Next {
    /// Name of a clip.
    clip: String,
}

pub(super) async fn next(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    body: Body,
) -> Response {
    tell(&caller, &state, || {
        let Next { clip } = read(body)?;
        Ok(Verb::Next { clip })
    })
}

/// `/api/avoid`
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Avoid {
    /// Name of a clip.
    clip: String,
    /// `false` shows it again.
    #[serde(default = "yes")]
    avoid: bool,
}

fn yes() -> bool {
    true
}

pub(super) async fn avoid(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    body: Body,
) -> Response {
    tell(&caller, &state, || {
        let Avoid { clip, avoid } = read(body)?;
        Ok(Verb::Avoid { clip, avoid })
    })
}

/// `/api/seed`
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Seed {
    /// Seed of the walk from here on.
    seed: u64,
}

pub(super) async fn seed(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    body: Body,
) -> Response {
    tell(&caller, &state, || {
        let Seed { seed } = read(body)?;
        Ok(Verb::Seed { seed })
    })
}

/// Answer of `/api/ticket`.
#[derive(Serialize, JsonSchema)]
pub(super) struct Ticket {
    /// For `/ws?ticket=`.
    ticket: String,
    /// It holds so long.
    expires_ms: u64,
}

pub(super) async fn ticket(caller: Caller, Shared(state): Shared<Arc<State>>) -> Response {
    if let Err(refused) = caller.may(|scopes| scopes.view, "view") {
        return refused.into_response();
    }
    let expires_ms = TICKET_US / 1000;
    match state.ticket(caller.0) {
        Ok(ticket) => Json(Ticket { ticket, expires_ms }).into_response(),
        Err(error) => no_random(error).into_response(),
    }
}

/// `/api/link`
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewLink {
    /// What it allows.
    scope: Scope,
    /// It holds so long.
    #[schemars(range(min = 1, max = 31_622_400))]
    seconds: u64,
}

/// Answer of `/api/link`.
#[derive(Serialize, JsonSchema)]
pub(super) struct Link {
    /// A token.
    token: String,
    /// The player with it. What follows `#` is not sent to servers and does not get into logs.
    url: String,
    /// Unix time at which it ends.
    expires: u64,
}

pub(super) async fn link(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    Extension(peer): Extension<Peer>,
    headers: axum::http::HeaderMap,
    body: Body,
) -> Response {
    let make = || {
        caller.may(|scopes| scopes.control, "control")?;
        let NewLink { scope, seconds } = read(body)?;
        if !(1..=LINK_MOST).contains(&seconds) {
            return Err(problem(
                StatusCode::UNPROCESSABLE_ENTITY,
                "out_of_range",
                &format!("`seconds` is {seconds}, and must be 1 to {LINK_MOST}"),
                "a link holds a year at most",
            ));
        }
        // Nobody makes a link that outlives what it was made with, or one that allows more.
        let scopes = caller.0.scopes;
        let is_had = match scope {
            Scope::View => scopes.view,
            Scope::Control => scopes.control,
            Scope::Metrics => scopes.metrics,
        };
        caller.may(|_| is_had, "that the link would have")?;
        let end = unix() + seconds;
        let expires = caller.0.expires.map_or(end, |own| own.min(end));
        let token = state.keys().link(scope, expires).map_err(no_random)?;
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        let page = if scope == Scope::View {
            ""
        } else {
            "dashboard"
        };
        let url = format!(
            "{}://{}/{page}#token={token}",
            state.access.scheme(),
            host.unwrap_or("localhost")
        );
        tracing::info!(from = %peer.address, ?scope, expires, "a link was made");
        Ok(Link {
            token,
            url,
            expires,
        })
    };
    match make() {
        Ok(link) => Json(link).into_response(),
        Err(refused) => refused.into_response(),
    }
}

fn no_random(error: getrandom::Error) -> Problem {
    tracing::error!(%error, "the system gives no random bytes");
    problem(
        StatusCode::INTERNAL_SERVER_ERROR,
        "no_random",
        "the system gives no random bytes",
        "try again",
    )
}
