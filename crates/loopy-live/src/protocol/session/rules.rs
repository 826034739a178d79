//! What a viewer may do, what it is held to, and what it gives to whoever carries it.

use bytes::Bytes;
use serde_json::Value;

use crate::{protocol::Code, show::Verb};

/// What a token allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes {
    /// May watch.
    pub view: bool,
    /// May steer.
    pub control: bool,
    /// May read figures.
    pub metrics: bool,
}

impl Scopes {
    /// All of them.
    pub const ALL: Self = Self {
        view: true,
        control: true,
        metrics: true,
    };

    /// Their names in the protocol.
    pub fn names(self) -> Vec<&'static str> {
        let all = [
            (self.view, "view"),
            (self.control, "control"),
            (self.metrics, "metrics"),
        ];
        all.into_iter()
            .filter_map(|(has, name)| has.then_some(name))
            .collect()
    }
}

/// What a viewer is held to.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Bytes of a message.
    pub message_bytes: usize,
    /// Messages a second.
    pub messages_per_second: u32,
    /// Media may wait so long, where the client does not say.
    pub queue_ms: u64,
    /// Media that waits in bytes.
    pub queue_bytes: u64,
    /// A viewer that has taken nothing for so long has to go.
    pub stuck_us: u64,
    /// So often the server pings.
    pub ping_us: u64,
    /// A viewer that has said nothing for so long is gone.
    pub silent_us: u64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            message_bytes: 16 * 1024,
            messages_per_second: 20,
            queue_ms: 500,
            queue_bytes: 2 * 1024 * 1024,
            stuck_us: 10_000_000,
            ping_us: 5_000_000,
            silent_us: 20_000_000,
        }
    }
}

/// What is to be sent next.
#[derive(Clone, Debug)]
pub enum Outgoing {
    /// A control message.
    Text(String),
    /// Figures.
    Figures(Bytes),
    /// Media that was queued at a time of the hub's clock; none for init segments.
    Media(Bytes, Option<u64>),
    /// A ping frame; its payload is the time.
    Ping([u8; 8]),
    /// The end.
    Close(Code, String),
}

/// What the server has to do for a viewer.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// Goes back in the answer.
    pub id: Value,
    /// Tell the stream this.
    pub verb: Verb,
}
