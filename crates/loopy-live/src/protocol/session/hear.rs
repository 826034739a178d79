//! What a client says, and what follows from it.

use serde_json::Value;

use super::{Ask, Session};
use crate::{
    hub::Hub,
    protocol::{
        Code,
        answer::{Fault, Server},
        message::{Client, Hello, Role},
    },
};

impl Session {
    /// A ping frame came; the answer is the socket's business.
    pub fn heard_ping(&mut self, now_us: u64) {
        self.heard(now_us);
        if !self.bucket.take(now_us) {
            self.too_many();
        }
    }

    fn heard(&mut self, now_us: u64) {
        self.heard_us = now_us;
    }

    fn too_many(&mut self) {
        let most = self.rules.messages_per_second;
        self.close(Code::Policy, &format!("at most {most} messages a second"));
    }

    /// The answer to a ping.
    pub fn pong(&mut self, payload: &[u8], now_us: u64) {
        self.heard(now_us);
        let sent = payload.try_into().map(u64::from_be_bytes).ok();
        if sent == Some(self.pinged_us) && std::mem::take(&mut self.awaits_pong) {
            let trip = now_us.saturating_sub(self.pinged_us);
            self.meter.trip(trip as f64 / 1000.0);
        } else if !self.bucket.take(now_us) {
            // Nobody asked for it.
            self.too_many();
        }
    }

    /// The client sent what is no text.
    pub fn receive_binary(&mut self) {
        self.close(Code::Policy, "clients send text only");
    }

    /// A message of the client.
    pub fn receive(&mut self, text: &str, hub: &Hub, now_us: u64) -> Option<Ask> {
        self.heard(now_us);
        if self.closing.is_some() {
            return None;
        }
        if text.len() > self.rules.message_bytes {
            let most = self.rules.message_bytes;
            self.close(Code::Policy, &format!("a message has at most {most} bytes"));
            return None;
        }
        if !self.bucket.take(now_us) {
            self.too_many();
            return None;
        }
        match Client::read(text) {
            Ok(message) => self.take(message, hub, now_us),
            Err(error) => {
                self.close(Code::Policy, &error.to_string());
                None
            }
        }
    }

    fn take(&mut self, message: Client, hub: &Hub, now_us: u64) -> Option<Ask> {
        match message {
            Client::Hello(hello) => self.hello(hello, hub),
            Client::Ready(mode) => {
                let known = self
                    .hello
                    .as_ref()
                    .is_some_and(|hello| hello.modes.contains(&mode));
                if known {
                    self.asked = Some(mode);
                    self.restart(hub);
                } else {
                    let msg = format!("mode {} was not in `hello`", mode.name());
                    self.error(
                        Value::Null,
                        "bad_mode",
                        msg,
                        "list it in `modes` of `hello`",
                    );
                }
            }
            Client::Ping { id, t1 } => self.control.push_back(Server::Pong {
                id,
                t1,
                t2: now_us,
                t3: now_us,
            }),
            Client::Stats(stats) => {
                self.stats = *stats;
            }
            Client::Pause => self.paused = true,
            Client::Resume => {
                if std::mem::take(&mut self.paused) {
                    self.restart(hub);
                }
            }
            Client::Keyframe(reason) => {
                tracing::debug!(session = self.id, reason, "a viewer starts again");
                self.restart(hub);
            }
            Client::Quality(rung) => self.quality(rung, hub),
            Client::Subscribe { channel, on } => self.subscribe(&channel, on),
            Client::Steer { id, verb } if self.scopes.control => return Some(Ask { id, verb }),
            Client::Steer { id, .. } => {
                let msg = "this token may not steer".to_owned();
                self.error(id, "forbidden", msg, "use a token with the scope control");
            }
            Client::Malformed { id, why } => {
                self.error(id, "malformed", why, "see docs/protocol.md for the message");
            }
            Client::Unknown => {}
            Client::Bye => self.close(Code::Normal, "bye"),
        }
        None
    }

    fn hello(&mut self, hello: Box<Hello>, hub: &Hub) {
        if hello.role == Role::Viewer && !self.scopes.view {
            let msg = "this token may not watch".to_owned();
            self.error(
                Value::Null,
                "forbidden",
                msg,
                "use a token with the scope view",
            );
            return;
        }
        self.paused = !hello.visible;
        self.asked = None;
        self.hello = Some(hello);
        self.restart(hub);
    }

    fn quality(&mut self, rung: Option<String>, hub: &Hub) {
        if let Some(name) = &rung {
            let wishes = self.wishes();
            let known = wishes
                .is_some_and(|wishes| wishes.ladder(hub).iter().any(|it| it.rung.name == *name));
            if !known {
                let msg = format!("there is no rung {name} that this client can play");
                self.error(
                    Value::Null,
                    "unknown_rung",
                    msg,
                    "`welcome` lists the rungs",
                );
                return;
            }
        }
        let reason = match rung {
            Some(_) => "you chose it",
            None => "the choice is automatic again",
        };
        self.pinned = rung;
        self.choose(hub, reason);
    }

    fn subscribe(&mut self, channel: &str, on: bool) {
        if channel != "metrics" {
            let msg = format!("there is no channel {channel}");
            self.error(
                Value::Null,
                "unknown_channel",
                msg,
                "the channel is metrics",
            );
        } else if !self.scopes.metrics {
            let msg = "this token may not read figures".to_owned();
            self.error(
                Value::Null,
                "forbidden",
                msg,
                "use a token with the scope metrics",
            );
        } else {
            self.subscribed = on;
        }
    }

    pub(super) fn error(&mut self, id: Value, code: &'static str, msg: String, hint: &str) {
        let hint = hint.to_owned();
        let fault = Fault { code, msg, hint };
        self.control.push_back(Server::Error { id, fault });
    }
}
