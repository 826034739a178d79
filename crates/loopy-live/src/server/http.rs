//! What requests there are, and what holds for all of them.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Request, State as Shared},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::json;
use tokio::time::timeout;

use super::{
    access::Foreign,
    api, hls, openapi, pages,
    state::{Denied, State},
    upgrade,
};
use crate::protocol::answer::Fault;

pub(super) fn router(state: Arc<State>) -> Router {
    let body = DefaultBodyLimit::max(state.config.rules.message_bytes);
    Router::new()
        .route("/ws", get(upgrade::upgrade))
        .route("/healthz", get(api::healthy))
        .route("/readyz", get(api::ready))
        .route("/metrics", get(api::metrics))
        .route("/api/openapi.json", get(openapi::document))
        .route("/api/status", get(api::status))
        .route("/api/signal", post(api::signal))
        .route("/api/state", post(api::state))
        .route("/api/next", post(api::next))
        .route("/api/avoid", post(api::avoid))
        .route("/api/seed", post(api::seed))
        .route("/api/ticket", post(api::ticket))
        .route("/api/link", post(api::link))
        .route("/hls/{token}/{*path}", get(hls::file))
        .route("/text", post(pages::figures))
        .fallback(pages::page)
        .method_not_allowed_fallback(wrong_method)
        .layer(body)
        .layer(from_fn_with_state(Arc::clone(&state), surround))
        .with_state(state)
}

/// Names of the server and origins of pages, before anything else; then headers that keep browsers
/// from doing what pages of ours never ask for.
async fn surround(Shared(state): Shared<Arc<State>>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let foreign = origin.filter(|origin| state.access.allows(origin));
    let checked = state.access.check(request.headers(), request.uri());
    let mut response = match checked {
        Err(Foreign::Host) => problem(
            StatusCode::FORBIDDEN,
            "host",
            "the server does not go by this name",
            "allow it with `loopy serve --allow-host NAME`",
        )
        .into_response(),
        Err(Foreign::Origin) => problem(
            StatusCode::FORBIDDEN,
            "origin",
            "pages of this origin may not connect",
            "allow it with `loopy serve --allow-origin ORIGIN`",
        )
        .into_response(),
        Ok(true) if request.method() == Method::OPTIONS && foreign.is_some() => {
            StatusCode::NO_CONTENT.into_response()
        }
        Ok(_) => match timeout(state.config.request_timeout, next.run(request)).await {
            Ok(response) => response,
            Err(_) => problem(
                StatusCode::REQUEST_TIMEOUT,
                "too_slow",
                "the request did not come in time",
                "send it at once",
            )
            .into_response(),
        },
    };
    guard(response.headers_mut(), &state);
    if let Some(origin) = foreign {
        share(response.headers_mut(), origin);
    }
    response
}

fn guard(headers: &mut HeaderMap, state: &State) {
    let mut set = |name: HeaderName, value: &'static str| {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::CACHE_CONTROL, "no-store");
    set(
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    );
    let is_shared = !state.access.origins().is_empty();
    let resource = if is_shared {
        "cross-origin"
    } else {
        "same-origin"
    };
    set(
        HeaderName::from_static("cross-origin-resource-policy"),
        resource,
    );
    // Browsers take it from secure pages only, and complain about it on others.
    if state.config.tls.is_some() {
        set(
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        );
    }
    // Pages of the list may show ours in a frame.
    let ancestors = state.access.origins().join(" ");
    let policy = format!(
        "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; worker-src 'self' blob:; \
         connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'self'{}{ancestors}",
        if ancestors.is_empty() { "" } else { " " },
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers
            .entry(header::CONTENT_SECURITY_POLICY)
            .or_insert(policy);
    }
}

/// Lets a page of the list use what it asked for.
fn share(headers: &mut HeaderMap, origin: HeaderValue) {
    let text = HeaderValue::from_static;
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        text("authorization, content-type"),
    );
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, text("GET, POST"));
    headers.insert(header::VARY, text("Origin"));
}

/// An answer that says what is wrong.
pub(super) struct Problem {
    status: StatusCode,
    fault: Fault,
    /// Seconds after which to try again.
    after: Option<u64>,
}

pub(super) fn problem(status: StatusCode, code: &'static str, msg: &str, hint: &str) -> Problem {
    Problem::new(
        status,
        Fault {
            code,
            msg: msg.to_owned(),
            hint: hint.to_owned(),
        },
    )
}

impl Problem {
    pub(super) fn new(status: StatusCode, fault: Fault) -> Self {
        let after = None;
        Self {
            status,
            fault,
            after,
        }
    }

    pub(super) fn after(self, seconds: u64) -> Self {
        let after = Some(seconds);
        Self { after, ..self }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Json(json!({ "error": self.fault }));
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Unknown => problem(
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "no valid token",
                "give the token of the settings, or a link that has not ended",
            ),
            Denied::Wait(seconds) => problem(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_tries",
                "too many wrong tokens came from this address",
                "wait as long as `Retry-After` says",
            )
            .after(seconds),
        }
    }
}

async fn wrong_method() -> Problem {
    problem(
        StatusCode::METHOD_NOT_ALLOWED,
        "method",
        "this address does not take this method",
        "see /api/openapi.json",
    )
}
