//! Lets a viewer in, or says why not, before anything is upgraded.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Query, State as Shared, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;

use super::{
    accept::Peer,
    api::bearer,
    http::{Problem, problem},
    keys::{Grant, random},
    seats::Full,
    socket,
    state::State,
};
use crate::protocol::NAME;

/// What is read at once; clients send little.
const READ_BUFFER: usize = 2 * 1024;

/// A message may be so large on its way out.
const WRITE_MOST: usize = 8 * 1024 * 1024;

/// `/ws?ticket=`
#[derive(Deserialize)]
pub(super) struct Asked {
    ticket: Option<String>,
}

/// Lets a viewer in, or says why not.
pub(super) async fn upgrade(
    Shared(state): Shared<Arc<State>>,
    Extension(peer): Extension<Peer>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    // Read before the check: a token that changes meanwhile lets nobody stay.
    let number = state.tokens();
    let grant = match admit(&state, &peer, asked.ticket.as_deref(), &headers) {
        Ok(grant) => grant,
        Err(refused) => return refused.into_response(),
    };
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(refused) => return refused.into_response(),
    };
    if !protocols(&headers).any(|protocol| protocol == NAME) {
        return problem(
            StatusCode::BAD_REQUEST,
            "subprotocol",
            "the subprotocol loopy.v1 was not offered",
            "send `Sec-WebSocket-Protocol: loopy.v1`",
        )
        .into_response();
    }
    let (seat, name) = match (
        state.seats.take(grant.token, peer.address.ip()),
        random::<6>(),
    ) {
        (Ok(seat), Ok(name)) => (seat, name),
        (Err(Full::All), _) | (_, Err(_)) => {
            return full(
                StatusCode::SERVICE_UNAVAILABLE,
                "as many viewers as the server takes",
            );
        }
        (Err(Full::One), _) => {
            return full(
                StatusCode::TOO_MANY_REQUESTS,
                "too many connections of this token from this address",
            );
        }
    };
    let most = state.config.rules.message_bytes;
    upgrade
        .protocols([NAME])
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_MOST)
        .max_message_size(most)
        .max_frame_size(most)
        .on_failed_upgrade(|error| tracing::debug!(%error, "a connection did not become a socket"))
        .on_upgrade(move |socket| socket::run(socket, state, peer, (grant, number), name, seat))
}

fn full(status: StatusCode, why: &str) -> Response {
    let hint = "come back later, or raise `features.real_time.websocket.max_viewers`";
    problem(status, "full", why, hint).after(5).into_response()
}

fn admit(
    state: &State,
    peer: &Peer,
    ticket: Option<&str>,
    headers: &HeaderMap,
) -> Result<Grant, Problem> {
    let from = peer.address.ip();
    let grant = if let Some(ticket) = ticket {
        if !headers.contains_key(header::ORIGIN) {
            return Err(problem(
                StatusCode::FORBIDDEN,
                "origin",
                "a ticket is for pages, and no `Origin` came with it",
                "programs send `Authorization: Bearer TOKEN`",
            ));
        }
        state.redeem(ticket.as_bytes(), from)
    } else {
        let offered = protocols(headers).find_map(|it| it.strip_prefix("loopy.bearer."));
        let offered = offered.map(|token| URL_SAFE_NO_PAD.decode(token).unwrap_or_default());
        state.check(offered.as_deref().or(bearer(headers)), from)
    };
    Ok(grant?)
}

/// The subprotocols that a client offers.
fn protocols(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}
