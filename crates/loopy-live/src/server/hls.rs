//! HTTP live streaming: `/hls/TOKEN/index.m3u8` and what it lists. Players send no headers of ours, so
//! the token stands in the address; a link that ends (`POST /api/link`) is the one to give away.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, State as Shared},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    accept::Peer,
    http::{Problem, problem},
    state::State,
};

pub(super) async fn file(
    Shared(state): Shared<Arc<State>>,
    Extension(peer): Extension<Peer>,
    Path((token, path)): Path<(String, String)>,
) -> Response {
    let grant = match state.check(Some(token.as_bytes()), peer.address.ip()) {
        Ok(grant) => grant,
        Err(denied) => return Problem::from(denied).into_response(),
    };
    if !grant.scopes.view {
        return problem(
            StatusCode::FORBIDDEN,
            "forbidden",
            "this token does not have the scope view",
            "use the token of the settings, or a link with that scope",
        )
        .into_response();
    }
    match state.show.file(&path) {
        // Playlists change every other second, parts never.
        Some((mime, bytes)) => {
            let changes = path.rsplit('/').next() == Some("index.m3u8");
            let kept = if changes { "no-cache" } else { "max-age=60" };
            let headers = [(header::CONTENT_TYPE, mime), (header::CACHE_CONTROL, kept)];
            (headers, bytes).into_response()
        }
        None => problem(
            StatusCode::NOT_FOUND,
            "not_found",
            "there is no such part of the stream, or no HTTP live streaming",
            "start `loopy serve` with --hls, and begin with index.m3u8",
        )
        .into_response(),
    }
}
