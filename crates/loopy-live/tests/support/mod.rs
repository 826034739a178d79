//! A stream that is made up, a server for it, and clients that speak to it over real sockets.
#![allow(dead_code, unreachable_pub, missing_docs)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod client;
pub mod publisher;

use std::{sync::Arc, time::Duration};

use loopy_live::{
    hub::Hub,
    server::{Assets, Config, NoAssets, Running, WebSocketServer},
};

pub use client::{Client, Http};
pub use publisher::{Publisher, Puppet};

/// The token of the tests.
pub const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// Everything in a test is over before this.
pub const LONG: Duration = Duration::from_secs(20);

/// A server on a free port, and what it serves.
pub struct Site {
    pub hub: Arc<Hub>,
    pub puppet: Arc<Puppet>,
    pub publisher: Publisher,
    pub running: Running,
    pub port: u16,
}

impl Site {
    /// As `change` has it.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::of(change, Arc::new(NoAssets)).await
    }

    pub async fn of(change: impl FnOnce(&mut Config), assets: Arc<dyn Assets>) -> Self {
        let mut config = Config::new(TOKEN.to_owned());
        config.port = 0;
        config.max_per_token = 1000;
        change(&mut config);
        let puppet = Arc::new(Puppet::default());
        let publisher = Publisher::new();
        let hub = Arc::clone(&publisher.hub);
        let server = WebSocketServer::bind(config, Arc::clone(&hub), puppet.clone(), assets);
        let server = server.await.unwrap();
        let port = server.address().unwrap().port();
        let running = server.start();
        Self {
            hub,
            puppet,
            publisher,
            running,
            port,
        }
    }

    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// A viewer with the token.
    pub async fn viewer(&self) -> Client {
        Client::connect(self.port, TOKEN).await.unwrap()
    }

    pub fn http(&self) -> Http {
        Http::new(self.port)
    }
}
