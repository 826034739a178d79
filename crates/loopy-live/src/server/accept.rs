//! Takes connections and speaks HTTP on them, until it is told to stop.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{http, seats::Seats, state::State, tls::Secure};

/// What the system holds of what is sent. More would make pictures old before they leave.
const SEND_BUFFER: usize = 128 * 1024;

/// What is not sent yet may be so much before the system takes no more.
const NOT_SENT: u32 = 32 * 1024;

/// What hyper keeps of a request.
const REQUEST_BUFFER: usize = 16 * 1024;

/// So many more connections than viewers are there at once, for pages and requests.
const REQUESTS: usize = 256;

/// After an error of the system's, such as too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// Whoever is at the other end, and how to know that the server stops.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub(super) address: SocketAddr,
    pub(super) stopped: watch::Receiver<bool>,
}

/// Waits until the server stops.
pub(super) async fn stop(stopped: &mut watch::Receiver<bool>) {
    // An error means that nobody is left who could stop it later.
    let _stopped = stopped.wait_for(|&stop| stop).await;
}

/// Takes connections until `stopped`, then waits until they have ended.
pub(super) async fn run(
    listener: TcpListener,
    secure: Option<Secure>,
    state: Arc<State>,
    mut stopped: watch::Receiver<bool>,
) {
    let router = http::router(Arc::clone(&state));
    let secure = secure.map(Arc::new);
    let config = &state.config;
    let lobby = Arc::new(Seats::new(
        config.max_viewers + REQUESTS,
        config.max_requests,
    ));
    let mut connections = JoinSet::new();
    let end = stopped.clone();
    loop {
        tokio::select! {
            () = stop(&mut stopped) => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            taken = listener.accept() => match taken {
                Ok((stream, address)) => {
                    // Who sends no request takes the places of one address only.
                    let Ok(place) = lobby.take([0; 32], address.ip()) else {
                        continue;
                    };
                    if let Err(error) = tune(&stream) {
                        tracing::debug!(%error, "a socket keeps the settings of the system");
                    }
                    let peer = Peer { address, stopped: end.clone() };
                    let limit = state.config.request_timeout;
                    let router = router.clone();
                    let acceptor = secure.clone();
                    connections.spawn(async move {
                        match acceptor {
                            None => speak(stream, router, peer, limit).await,
                            Some(secure) => match secure.accept(stream, limit).await {
                                Ok(stream) => speak(stream, router, peer, limit).await,
                                Err(error) => tracing::debug!(%error, "no encryption"),
                            },
                        }
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    sleep(PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    let left = async { while connections.join_next().await.is_some() {} };
    let viewers = async { state.seats.empty().await };
    let all = async { tokio::join!(left, viewers) };
    if timeout(state.config.drain, all).await.is_err() {
        let left = state.seats.taken();
        tracing::warn!(left, "connections did not end in time and are cut");
    }
}

/// Speaks HTTP on a connection until it ends or goes over to WebSocket.
async fn speak<S>(stream: S, router: Router, peer: Peer, limit: Duration)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut stopped = peer.stopped.clone();
    let service = TowerToHyperService::new(router.layer(Extension(peer)));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limit)
        .max_headers(64)
        .max_buf_size(REQUEST_BUFFER)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = stop(&mut stopped) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}

fn tune(stream: &TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    socket.set_send_buffer_size(SEND_BUFFER)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_notsent_lowat(NOT_SENT)?;
    Ok(())
}
