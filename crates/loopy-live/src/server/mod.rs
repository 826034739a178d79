//! The server: from the hub to the socket.
//!
//! HTTP is hyper's and axum's; what a connection may do is decided here, before anything is
//! upgraded.

mod accept;
mod access;
mod api;
mod config;
mod figures;
mod guard;
mod hls;
mod http;
mod keys;
mod openapi;
mod pages;
mod seats;
mod socket;
mod state;
mod tls;
mod upgrade;

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    net::{TcpListener, lookup_host},
    sync::watch,
    task::JoinHandle,
};

pub use config::{Config, PLACEHOLDER, StartError, TOKEN_LENGTH, Tls};
pub use pages::{Asset, Assets, NoAssets};

use crate::{hub::Hub, show::Show};
use state::State;
use tls::Secure;

/// Serves the stream over WebSocket, with its pages and its control interface.
pub struct WebSocketServer {
    listener: TcpListener,
    state: Arc<State>,
    secure: Option<Secure>,
}

impl WebSocketServer {
    /// Listens, but takes no connection yet.
    ///
    /// # Errors
    /// [`StartError`] where the token is none, or the address cannot be used.
    pub async fn bind(
        config: Config,
        hub: Arc<Hub>,
        show: Arc<dyn Show>,
        assets: Arc<dyn Assets>,
    ) -> Result<Self, StartError> {
        let state = State::new(config, hub, show, assets)?;
        let tls = state.config.tls.as_ref();
        let secure = tls.map(|tls| Secure::new(tls, state.access.names()));
        let secure = secure.transpose()?;
        let listener = listen(&state.config).await?;
        Ok(Self {
            listener,
            state,
            secure,
        })
    }

    /// Digest of the certificate as browsers show it (SHA-256, hexadecimal), with encryption.
    pub fn fingerprint(&self) -> Option<&str> {
        self.secure.as_ref().map(Secure::fingerprint)
    }

    /// Where it listens.
    ///
    /// # Errors
    /// What the system says.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Takes connections until it is stopped or the stream ends.
    pub fn start(self) -> Running {
        let (stop, mut told) = watch::channel(false);
        let (stopping, stopped) = watch::channel(false);
        let mut over = self.state.hub.ending();
        tokio::spawn(async move {
            tokio::select! {
                () = accept::stop(&mut told) => {}
                () = accept::stop(&mut over) => {}
            }
            stopping.send_replace(true);
        });
        let state = Arc::clone(&self.state);
        let address = self.listener.local_addr();
        let figures = tokio::spawn(figures::keep(Arc::clone(&self.state), stopped.clone()));
        let accepting = tokio::spawn(accept::run(self.listener, self.secure, self.state, stopped));
        Running {
            address: address.ok(),
            state,
            stop,
            accepting,
            figures,
        }
    }
}

/// A server that takes connections. It stops when this is dropped, but only [`Running::stop`] waits
/// until all viewers were told.
pub struct Running {
    address: Option<SocketAddr>,
    state: Arc<State>,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
    figures: JoinHandle<()>,
}

/// Changes the token of a server that runs.
#[derive(Clone)]
pub struct Tokens(Arc<State>);

impl Tokens {
    /// `token` holds from now on; viewers who came with another are asked for it within a second.
    ///
    /// # Errors
    /// [`StartError`] where it is none; then the one before it still holds.
    pub fn rotate(&self, token: &str) -> Result<(), StartError> {
        self.0.rotate(token)
    }
}

impl Running {
    /// What changes its token.
    pub fn tokens(&self) -> Tokens {
        Tokens(Arc::clone(&self.state))
    }

    /// Where it listens.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Takes no more connections, tells all viewers when to come back, and waits until they are gone
    /// or the time for that is over.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for task in [self.accepting, self.figures] {
            if let Err(error) = task.await {
                tracing::error!(%error, "a part of the server failed");
            }
        }
    }
}

async fn listen(config: &Config) -> Result<TcpListener, StartError> {
    let host = config.host.trim_start_matches('[').trim_end_matches(']');
    let resolve = |source| StartError::Resolve {
        host: config.host.clone(),
        source,
    };
    let found: Vec<_> = lookup_host((host, config.port))
        .await
        .map_err(resolve)?
        .collect();
    // Of the addresses of a name, IPv4 comes first: it is what `http://localhost` reaches everywhere.
    let v4 = found.iter().find(|address| address.is_ipv4());
    let Some(&address) = v4.or(found.first()) else {
        return Err(resolve(std::io::ErrorKind::NotFound.into()));
    };
    let listen = |source| StartError::Listen { address, source };
    TcpListener::bind(address).await.map_err(listen)
}
