//! Pages and what they are made of. Without them there is one of text.

use std::{borrow::Cow, fmt::Write as _, sync::Arc};

use axum::{
    Extension, Form,
    body::Bytes,
    extract::{State as Shared, rejection::FormRejection},
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::Value;

use super::{
    accept::Peer,
    http::{Problem, problem},
    state::State,
};

/// One file of the pages.
#[derive(Clone, Debug)]
pub struct Asset {
    /// Its bytes.
    pub bytes: Cow<'static, [u8]>,
    /// Its media type.
    pub mime: String,
}

/// The files of the pages, as the program carries them.
pub trait Assets: Send + Sync {
    /// The file at `path`: `index.html`, `dashboard.html`, `obs.html`, `assets/player.js`.
    fn get(&self, path: &str) -> Option<Asset>;
}

/// A program that was built without pages.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoAssets;

impl Assets for NoAssets {
    fn get(&self, _path: &str) -> Option<Asset> {
        None
    }
}

/// Anything that is no other request: a page, or a part of one.
pub(super) async fn page(
    Shared(state): Shared<Arc<State>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if !matches!(method, Method::GET | Method::HEAD) {
        return missing().into_response();
    }
    let Some(path) = file_of(uri.path()) else {
        return missing().into_response();
    };
    match state.assets.get(&path) {
        Some(asset) => send(asset, &headers),
        None if path == "index.html" || path == "dashboard.html" => text_page(None),
        None => missing().into_response(),
    }
}

/// The file that a path means. Only what looks like a name of ours is looked for at all.
fn file_of(path: &str) -> Option<String> {
    let path = path.strip_prefix('/')?;
    let is_plain = |part: &str| {
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        !part.is_empty() && !part.starts_with('.') && part.bytes().all(letter)
    };
    match path.split_once('/') {
        None if path.is_empty() => Some("index.html".to_owned()),
        None if is_plain(path) && path.contains('.') => Some(path.to_owned()),
        None => is_plain(path).then(|| format!("{path}.html")),
        Some(("assets", rest)) => rest.split('/').all(is_plain).then(|| path.to_owned()),
        Some(_) => None,
    }
}

fn send(asset: Asset, headers: &HeaderMap) -> Response {
    let digest = tag_of(&asset.bytes);
    let tag = format!("\"{digest}\"");
    let known = headers.get(header::IF_NONE_MATCH);
    let same = [
        (header::ETAG, tag.clone()),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
    ];
    if known.is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, same).into_response();
    }
    let body = match asset.bytes {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    (same, [(header::CONTENT_TYPE, asset.mime)], body).into_response()
}

fn tag_of(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(bytes);
    digest
        .iter()
        .take(12)
        .fold(String::new(), |mut text, byte| {
            let _written = write!(text, "{byte:02x}");
            text
        })
}

fn missing() -> Problem {
    problem(
        StatusCode::NOT_FOUND,
        "not_found",
        "there is nothing at this address",
        "the player is at /, the dashboard at /dashboard, what programs can do at /api/openapi.json",
    )
}

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct Entered {
    token: String,
}

/// The figures as text, for whoever sends the token with the form.
pub(super) async fn figures(
    Shared(state): Shared<Arc<State>>,
    Extension(peer): Extension<Peer>,
    form: Result<Form<Entered>, FormRejection>,
) -> Response {
    let token = form
        .as_ref()
        .ok()
        .map(|Form(entered)| entered.token.trim().as_bytes());
    match state.check(token, peer.address.ip()) {
        Ok(grant) if grant.scopes.metrics => {
            let figures = serde_json::from_slice(&state.figures.json(&state));
            text_page(Some(&figures.unwrap_or_default()))
        }
        Ok(_) => problem(
            StatusCode::FORBIDDEN,
            "forbidden",
            "this token does not have the scope metrics",
            "use the token of the settings",
        )
        .into_response(),
        Err(refused) => Problem::from(refused).into_response(),
    }
}

fn text_page(figures: Option<&Value>) -> Response {
    let mut text = String::from(
        "<!doctype html><html lang=en><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width\"><title>LoopyComfy</title>\
         <h1>LoopyComfy</h1>\
         <p>The stream runs, but this program was built without its player and its dashboard. \
         Programs can watch over <code>/ws</code>, see <code>docs/protocol.md</code>.\
         <form method=post action=/text><label>Token <input name=token type=password \
         autocomplete=current-password required></label> <button>Show figures</button></form>",
    );
    if let Some(figures) = figures {
        let mut lines = String::new();
        list(&mut lines, "", figures);
        text.push_str("<h2>Figures</h2><pre>");
        text.push_str(&escaped(&lines));
        text.push_str("</pre>");
    }
    let kind = (header::CONTENT_TYPE, "text/html; charset=utf-8");
    ([kind], text).into_response()
}

/// One line for each figure.
fn list(lines: &mut String, name: &str, value: &Value) {
    let under = |key: &str| match name {
        "" => key.to_owned(),
        name => format!("{name}.{key}"),
    };
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                list(lines, &under(key), value);
            }
        }
        Value::Array(values) => {
            for (at, value) in values.iter().enumerate() {
                list(lines, &under(&at.to_string()), value);
            }
        }
        value => {
            let _written = writeln!(lines, "{name} {value}");
        }
    }
}

fn escaped(text: &str) -> String {
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_among_the_pages() {
        let file = |path| file_of(path);
        assert_eq!(file("/").as_deref(), Some("index.html"));
        assert_eq!(file("/dashboard").as_deref(), Some("dashboard.html"));
        assert_eq!(file("/favicon.ico").as_deref(), Some("favicon.ico"));
        assert_eq!(
            file("/assets/a/player-1.js").as_deref(),
            Some("assets/a/player-1.js")
        );
        for path in [
            "",
            "//",
            "/..",
            "/../x",
            "/assets/../x",
            "/assets/..",
            "/assets/",
            "/assets//x",
            "/%2e%2e/x",
            "/assets/.env",
            "/.git",
            "/assets/..\\x",
            "/a/b",
            "/a\0",
            "/assets/%2e%2e/x",
        ] {
            assert_eq!(file(path), None, "{path:?}");
        }
    }

    #[test]
    fn what_came_from_names_is_text() {
        let figures = serde_json::json!({"clip": "<script>alert('1')</script>&\""});
        let mut lines = String::new();
        list(&mut lines, "", &figures);
        let text = escaped(&lines);
        assert!(!text.contains(['<', '>', '"', '\'']), "{text}");
    }
}
