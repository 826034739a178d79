//! The text messages of `loopy.v1` that the server sends; see `docs/protocol.md`.

use serde::Serialize;
use serde_json::Value;

use super::message::{Latency, Mode};
use crate::show::{Refused, Taken};

/// A rung as `welcome` lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RungOffer {
    /// Its name.
    pub name: String,
    /// For `isConfigSupported`.
    pub codec: String,
    /// For `isTypeSupported`.
    pub mime: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Pictures a second.
    pub fps: String,
    /// Bits a second.
    pub bitrate: u32,
}

/// Sound as `welcome` and `config` have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sound {
    /// For `isConfigSupported`.
    pub codec: String,
    /// For `isTypeSupported`.
    pub mime: String,
    /// Number that its binary messages carry; only in `config`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_seq: Option<u32>,
    /// The decoder's configuration record as base64; only in `config`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Samples a second.
    pub rate: u32,
    /// Channels.
    pub channels: u8,
}

/// What a client must keep to, as `welcome` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Bounds {
    /// Bytes of a message.
    pub message_bytes: usize,
    /// Messages a second.
    pub messages_per_second: u32,
    /// Media that may wait for the client, in milliseconds.
    pub queue_ms: u64,
    /// The same in bytes.
    pub queue_bytes: u64,
}

/// The reason of a server's message, and its hint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Fault {
    /// One word for programs.
    pub code: &'static str,
    /// What went wrong.
    pub msg: String,
    /// What to do about it.
    pub hint: String,
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        Self {
            code: refused.code,
            msg: refused.msg,
            hint: refused.hint,
        }
    }
}

/// A message of the server.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Server {
    /// The first.
    Welcome {
        /// Name of this connection.
        session: String,
        /// The program and its version.
        server: String,
        /// The server's clock now.
        now_us: u64,
        /// When picture time 0 was, on that clock; none before the stream runs.
        epoch_us: Option<u64>,
        /// What this client may do.
        scopes: Vec<&'static str>,
        /// Renditions.
        rungs: Vec<RungOffer>,
        /// Sound.
        audio: Vec<Sound>,
        /// What to keep to.
        limits: Bounds,
    },
    /// What the binary messages after it are.
    Config(Box<Config>),
    /// For the client's clock.
    Pong {
        /// As it came.
        id: Value,
        /// As it came.
        t1: Value,
        /// Receipt, on the server's clock.
        t2: u64,
        /// Answer, on the server's clock.
        t3: u64,
    },
    /// Another rung or class follows.
    Tier {
        /// Name of the rung.
        name: String,
        /// Why.
        reason: String,
        /// Class of the network.
        class: &'static str,
        /// What the player should aim at.
        latency_target_ms: u32,
    },
    /// What this viewer did not get.
    Drop {
        /// Groups of which something was left out.
        groups: u64,
        /// Pictures.
        frames: u64,
        /// Why.
        reason: String,
    },
    /// A verb was taken.
    Done {
        /// As it came.
        id: Value,
        /// When it can be seen.
        #[serde(flatten)]
        taken: Taken,
    },
    /// What went wrong.
    Error {
        /// As it came, if it came.
        #[serde(skip_serializing_if = "Value::is_null")]
        id: Value,
        /// The rest.
        #[serde(flatten)]
        fault: Fault,
    },
    /// The server closes.
    Bye {
        /// Close code.
        code: u16,
        /// Why.
        reason: String,
        /// When to come back.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
    },
}

impl Server {
    /// Its JSON.
    pub fn text(&self) -> String {
        // Maps have text keys and numbers are finite, so this cannot fail; an empty object would
        // be ignored by every client.
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }
}

/// What `config` says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Config {
    /// Number that the binary messages carry.
    pub stream_seq: u32,
    /// How the client shows the stream.
    pub mode: Mode,
    /// Name of the rung.
    pub rung: String,
    /// For the decoder.
    pub codec: String,
    /// For the media source.
    pub mime: String,
    /// The decoder's configuration record as base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Pictures a second.
    pub fps: String,
    /// Ticks a second in the fragments of the picture.
    pub timescale: u32,
    /// What the player should aim at.
    pub latency_target_ms: u32,
    /// Class of the network.
    pub class: &'static str,
    /// Sound, where there is any for this mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio: Option<Sound>,
}

/// One viewer in the figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ViewerFigures {
    /// Name of the connection.
    pub session: String,
    /// How it shows the stream; none before it said so.
    pub mode: Option<&'static str>,
    /// What it gets.
    pub rung: Option<String>,
    /// Class of its network.
    pub class: &'static str,
    /// Bits a second that it got in the last second.
    pub bitrate: u64,
    /// Round trip.
    pub rtt_ms: Option<f64>,
    /// How much that varies.
    pub jitter_ms: Option<f64>,
    /// Groups of which something was left out.
    pub dropped_groups: u64,
    /// Pictures left out.
    pub dropped_frames: u64,
    /// Pictures shown a second, as it says.
    pub fps: Option<f64>,
    /// Media that waits to be shown, as it says.
    pub buffer_ms: Option<f64>,
    /// Latency as it says.
    pub e2e_ms: Option<Latency>,
    /// Seconds since it came.
    pub since_s: u64,
}
