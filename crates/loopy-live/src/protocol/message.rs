//! The text messages of `loopy.v1` that a client may send.
//!
//! What is not known is ignored, so that older and newer programs understand each other; see
//! `docs/protocol.md`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::show::Verb;

/// How a client shows the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Access units for a decoder.
    Webcodecs,
    /// Fragments for a media source.
    Mse,
    /// JPEG pictures for a canvas.
    Jpeg,
    /// WebP pictures for a canvas.
    Webp,
}

impl Mode {
    /// Its name in the protocol.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Webcodecs => "webcodecs",
            Mode::Mse => "mse",
            Mode::Jpeg => "jpeg",
            Mode::Webp => "webp",
        }
    }

    fn of(name: &str) -> Option<Self> {
        const ALL: [Mode; 4] = [Mode::Webcodecs, Mode::Mse, Mode::Jpeg, Mode::Webp];
        ALL.into_iter().find(|mode| mode.name() == name)
    }
}

/// What a client is there for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Shows the stream.
    #[default]
    Viewer,
    /// Shows figures; gets no media.
    Dashboard,
}

/// Size of a client's screen.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct Screen {
    /// Width in CSS pixels.
    pub w: f64,
    /// Height in CSS pixels.
    pub h: f64,
    /// Device pixels in a CSS pixel.
    #[serde(default = "one")]
    pub dpr: f64,
}

fn one() -> f64 {
    1.0
}

/// What a client says of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hello {
    /// Its name.
    pub client: String,
    /// What it is there for.
    pub role: Role,
    /// How it can show the stream, best first.
    pub modes: Vec<Mode>,
    /// What it can decode.
    pub codecs: Vec<String>,
    /// Its screen.
    pub screen: Option<Screen>,
    /// How far behind it may fall, in milliseconds.
    pub max_latency_ms: Option<u64>,
    /// It is seen.
    pub visible: bool,
}

/// Latency as a client measured it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Half are below.
    pub p50: f64,
    /// 95 of 100 are below.
    pub p95: f64,
    /// 99 of 100 are below.
    pub p99: f64,
    /// How wrong the clocks may be.
    #[serde(default)]
    pub uncertainty: f64,
}

/// What a client tells of itself once a second; what it leaves out is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Stats {
    /// Media that waits to be shown.
    pub buffer_ms: Option<f64>,
    /// Pictures shown since the start.
    pub rendered: Option<u64>,
    /// Pictures not shown since the start.
    pub dropped: Option<u64>,
    /// Pictures shown a second.
    pub fps: Option<f64>,
    /// Round trip as the client measured it.
    pub rtt_ms: Option<f64>,
    /// How much that varies.
    pub jitter_ms: Option<f64>,
    /// From sent to shown.
    pub e2e_ms: Option<Latency>,
}

/// A message of a client.
#[derive(Clone, Debug, PartialEq)]
pub enum Client {
    /// Who it is.
    Hello(Box<Hello>),
    /// Another mode from here on.
    Ready(Mode),
    /// For its clock.
    Ping {
        /// Comes back.
        id: Value,
        /// Comes back.
        t1: Value,
    },
    /// How it goes.
    Stats(Box<Stats>),
    /// Send no media.
    Pause,
    /// Send media again.
    Resume,
    /// Start again from the newest key frame.
    Keyframe(String),
    /// This rung and no other; none gives the choice back.
    Quality(Option<String>),
    /// Figures, or no longer.
    Subscribe {
        /// Which.
        channel: String,
        /// Begin or end.
        on: bool,
    },
    /// Steer.
    Steer {
        /// Comes back.
        id: Value,
        /// What to do.
        verb: Verb,
    },
    /// A message that is known, with something in it that is not as it must be.
    Malformed {
        /// Its `id`, if any.
        id: Value,
        /// What is wrong.
        why: String,
    },
    /// Not known; ignored.
    Unknown,
    /// It leaves.
    Bye,
}

/// The message is no JSON object with a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message must be a JSON object with a text `t`")]
pub struct NoMessage;

impl Client {
    /// Reads a message.
    ///
    /// # Errors
    /// [`NoMessage`] where `text` is no JSON object with a type.
    pub fn read(text: &str) -> Result<Self, NoMessage> {
        let Ok(Value::Object(mut fields)) = serde_json::from_str(text) else {
            return Err(NoMessage);
        };
        let Some(Value::String(kind)) = fields.get("t").cloned() else {
            return Err(NoMessage);
        };
        let word = |name: &str| fields.get(name).and_then(Value::as_str);
        let value = |name: &str| fields.get(name).cloned().unwrap_or_default();
        Ok(match kind.as_str() {
            "hello" => Client::Hello(Box::new(hello(&fields))),
            "ready" => match word("mode").and_then(Mode::of) {
                Some(mode) => Client::Ready(mode),
                None => malformed(value("id"), "`mode` must be webcodecs, mse, jpeg or webp"),
            },
            "ping" => Client::Ping {
                id: value("id"),
                t1: value("t1"),
            },
            "stats" => match serde_json::from_value(Value::Object(fields)) {
                Ok(stats) => Client::Stats(Box::new(stats)),
                Err(error) => malformed(Value::Null, &error.to_string()),
            },
            "pause" => Client::Pause,
            "resume" => Client::Resume,
            "keyframe" => Client::Keyframe(shortened(word("reason").unwrap_or_default())),
            "quality" => match word("rung") {
                Some("auto") => Client::Quality(None),
                Some(rung) => Client::Quality(Some(rung.to_owned())),
                None => malformed(value("id"), "`rung` must be the name of a rung or `auto`"),
            },
            "subscribe" | "unsubscribe" => Client::Subscribe {
                channel: shortened(word("channel").unwrap_or_default()),
                on: kind == "subscribe",
            },
            "signal" | "state" | "next" | "avoid" | "seed" => {
                let id = fields.remove("id").unwrap_or_default();
                match serde_json::from_value(Value::Object(fields)) {
                    Ok(verb) => Client::Steer { id, verb },
                    Err(error) => malformed(id, &error.to_string()),
                }
            }
            "bye" => Client::Bye,
            _ => Client::Unknown,
        })
    }
}

fn malformed(id: Value, why: &str) -> Client {
    Client::Malformed {
        id,
        why: why.to_owned(),
    }
}

/// At most so much of a client's words is kept.
const WORDS: usize = 120;

fn shortened(text: &str) -> String {
    text.chars().take(WORDS).collect()
}

/// A greeting; what is not as it must be is taken as not said.
fn hello(fields: &serde_json::Map<String, Value>) -> Hello {
    let words = |name: &str| {
        let list = fields.get(name).and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .take(64)
    };
    let screen = fields.get("screen").cloned();
    Hello {
        client: shortened(
            fields
                .get("client")
                .and_then(Value::as_str)
                .unwrap_or_default(),
        ),
        role: match fields.get("role").and_then(Value::as_str) {
            Some("dashboard") => Role::Dashboard,
            _ => Role::Viewer,
        },
        modes: words("modes").filter_map(Mode::of).collect(),
        codecs: words("codecs").map(shortened).collect(),
        screen: screen.and_then(|screen| serde_json::from_value(screen).ok()),
        max_latency_ms: fields.get("max_latency_ms").and_then(Value::as_u64),
        visible: fields
            .get("visible")
            .and_then(Value::as_bool)
            .unwrap_or(true),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_greeting_takes_what_it_knows() {
        let text = json!({"t":"hello","client":"x","role":"viewer","modes":["hologram","mse"],
            "codecs":["avc1.64001f",7],"screen":{"w":1920,"h":1080},"later":true});
        let Client::Hello(hello) = Client::read(&text.to_string()).unwrap() else {
            panic!("no greeting")
        };
        assert_eq!(hello.modes, [Mode::Mse]);
        assert_eq!(hello.codecs, ["avc1.64001f"]);
        assert_eq!(hello.screen.map(|screen| screen.dpr), Some(one()));
        assert!(hello.visible);
    }

    #[test]
    fn verbs_keep_their_id_and_say_what_is_wrong() {
        let read = |value: Value| Client::read(&value.to_string()).unwrap();
        let steer = read(json!({"t":"signal","id":1,"value":0.5}));
        let verb = Verb::Signal { value: 0.5 };
        assert_eq!(steer, Client::Steer { id: json!(1), verb });
        match read(json!({"t":"seed","id":"a","seed":-1})) {
            Client::Malformed { id, why } => {
                assert_eq!(id, json!("a"));
                assert!(why.contains("-1"), "{why}");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(read(json!({"t":"later"})), Client::Unknown);
        for text in ["", "[]", "{}", "{\"t\":1}", "null", "{\"t\":\"bye\""] {
            assert_eq!(Client::read(text), Err(NoMessage), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
            let _read = Client::read(&text);
            let wrapped = json!({"t": "hello", "client": text}).to_string();
            prop_assert!(matches!(Client::read(&wrapped), Ok(Client::Hello(_))));
        }
    }
}
