//! What the server is told, and why it does not start.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use crate::protocol::session::Rules;

/// The token of the example configuration, which everybody knows.
pub const PLACEHOLDER: &str = "generate_random_token_here";

/// A token has at least so many characters, as the settings have it. One that is drawn has 192 bits.
pub const TOKEN_LENGTH: usize = 16;

/// How the server is reached and what it allows.
#[derive(Clone)]
pub struct Config {
    /// Program and version, as `welcome` says it.
    pub program: String,
    /// Name or address to listen on.
    pub host: String,
    /// Port; 0 takes a free one.
    pub port: u16,
    /// The token with all scopes.
    pub token: String,
    /// More names by which the server is reached.
    pub hosts: Vec<String>,
    /// More origins whose pages may connect, such as `https://example.org`.
    pub origins: Vec<String>,
    /// Connections at once.
    pub max_viewers: usize,
    /// Connections at once for one token from one address.
    pub max_per_token: usize,
    /// Connections at once from one address that are not let in yet, or only ask for pages.
    pub max_requests: usize,
    /// Encryption; without it tokens and pictures can be read on the way.
    pub tls: Option<Tls>,
    /// What a connection is held to.
    pub rules: Rules,
    /// A request must be there in whole within so long.
    pub request_timeout: Duration,
    /// So long connections may take to end when the server stops.
    pub drain: Duration,
}

impl std::fmt::Debug for Config {
    /// Without the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("hosts", &self.hosts)
            .field("origins", &self.origins)
            .finish_non_exhaustive()
    }
}

impl Config {
    /// On `localhost:8765` with a token.
    pub fn new(token: String) -> Self {
        Self {
            program: format!("LoopyComfy {}", env!("CARGO_PKG_VERSION")),
            host: "localhost".to_owned(),
            port: 8765,
            token,
            hosts: Vec::new(),
            origins: Vec::new(),
            max_viewers: 500,
            max_per_token: 8,
            max_requests: 256,
            tls: None,
            rules: Rules::default(),
            request_timeout: Duration::from_secs(10),
            drain: Duration::from_secs(5),
        }
    }
}

/// Where the certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// From files in PEM.
    Files {
        /// The certificate, and those that vouch for it.
        certificate: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
    /// Made anew at each start. Browsers ask whether to go on; compare the fingerprint then.
    SelfSigned,
}

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The token is the one of the example.
    #[error(
        "the token is still `{PLACEHOLDER}`, which everybody knows; set \
         `features.real_time.websocket.auth_token` to a random one (`openssl rand -hex 16`)"
    )]
    Placeholder,
    /// The token can be guessed.
    #[error(
        "the token has fewer than {TOKEN_LENGTH} characters and can be guessed; take a random one \
         (`openssl rand -hex 16`)"
    )]
    ShortToken,
    /// An origin that is none.
    #[error("`{0}` is no origin; write scheme, host and port only, such as `https://example.org`")]
    Origin(String),
    /// The name of the host has no address.
    #[error(
        "cannot find the address of `{host}`: {source}; set `features.real_time.websocket.host`"
    )]
    Resolve {
        /// The name.
        host: String,
        /// Why.
        source: std::io::Error,
    },
    /// The port is taken or may not be used.
    #[error(
        "cannot listen on {address}: {source}; another port is set by `features.real_time.websocket.port`"
    )]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// A file of the certificate cannot be used.
    #[error("cannot use {}: {why}; give a certificate and its key in PEM", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// No certificate could be made.
    #[error("cannot make a certificate: {0}; give one by files")]
    SelfSigned(String),
    /// The system gave no random bytes.
    #[error("the system gives no random bytes: {0}; tokens cannot be made without")]
    Random(getrandom::Error),
}
