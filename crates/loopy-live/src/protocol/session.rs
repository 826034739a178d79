//! One viewer: what it said, what it gets next, and when it has to go.

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use serde_json::Value;

use super::{
    Code,
    answer::{self, Server, ViewerFigures},
    class::{Class, Meter},
    cursor::Missed,
    limit::Bucket,
    message::{Hello, Mode, Stats},
    offer,
    tier::{Step, Tier},
};
use crate::{
    hub::{Hub, Reel},
    show::{Refused, Taken},
};

mod choice;
mod feed;
mod hear;
mod rules;
#[cfg(test)]
mod tests;
mod track;

use track::Track;

pub use rules::{Ask, Outgoing, Rules, Scopes};

/// The state of a viewer.
#[derive(Debug)]
pub struct Session {
    id: String,
    scopes: Scopes,
    rules: Rules,
    expires_us: Option<u64>,
    hello: Option<Box<Hello>>,
    /// The mode it asked for with `ready`.
    asked: Option<Mode>,
    pinned: Option<String>,
    paused: bool,
    subscribed: bool,
    told_unplayable: bool,
    picture: Option<Track>,
    sound: Option<Track>,
    /// The rung that follows at its next key frame.
    coming: Option<Arc<Reel>>,
    last_pts: Option<u64>,
    control: VecDeque<Server>,
    init: VecDeque<Bytes>,
    figures: Option<Bytes>,
    ping: Option<u64>,
    closing: Option<(Code, String)>,
    bucket: Bucket,
    tier: Tier,
    meter: Meter,
    stats: Stats,
    since_us: u64,
    heard_us: u64,
    pinged_us: u64,
    awaits_pong: bool,
    /// In this second: not told yet, bytes sent, time in which something waited.
    untold: Missed,
    bytes: u64,
    waited_us: u64,
    missed: Missed,
    bitrate: u64,
}

impl Session {
    /// A viewer that came at `now_us` and may stay until `expires_us`.
    pub fn new(
        id: String,
        scopes: Scopes,
        expires_us: Option<u64>,
        rules: Rules,
        now_us: u64,
    ) -> Self {
        Self {
            id,
            scopes,
            rules,
            expires_us,
            hello: None,
            asked: None,
            pinned: None,
            paused: false,
            subscribed: false,
            told_unplayable: false,
            picture: None,
            sound: None,
            coming: None,
            last_pts: None,
            control: VecDeque::new(),
            init: VecDeque::new(),
            figures: None,
            ping: None,
            closing: None,
            bucket: Bucket::new(rules.messages_per_second),
            tier: Tier::new(now_us),
            meter: Meter::default(),
            stats: Stats::default(),
            since_us: now_us,
            heard_us: now_us,
            pinged_us: now_us,
            awaits_pong: false,
            untold: Missed::default(),
            bytes: 0,
            waited_us: 0,
            missed: Missed::default(),
            bitrate: 0,
        }
    }

    /// Says welcome.
    pub fn open(&mut self, hub: &Hub, server: &str, now_us: u64) {
        let reels = hub.reels();
        let rungs = reels.iter().map(|reel| &reel.rung);
        self.control.push_back(Server::Welcome {
            session: self.id.clone(),
            server: server.to_owned(),
            now_us,
            epoch_us: hub.epoch_us(),
            scopes: self.scopes.names(),
            rungs: rungs.clone().filter_map(offer::picture).collect(),
            audio: rungs.filter_map(offer::sound).collect(),
            limits: answer::Bounds {
                message_bytes: self.rules.message_bytes,
                messages_per_second: self.rules.messages_per_second,
                queue_ms: self.rules.queue_ms,
                queue_bytes: self.rules.queue_bytes,
            },
        });
    }

    /// Name of the connection.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// It wants figures.
    pub fn wants_figures(&self) -> bool {
        self.subscribed && self.closing.is_none()
    }

    /// The rungs whose packets it waits for: of the picture and of the sound.
    pub fn reels(&self) -> [Option<&Arc<Reel>>; 2] {
        if self.paused {
            return [None, None];
        }
        let picture = self.picture.as_ref().map(|track| &track.reel);
        let sound = self.sound.as_ref().map(|track| &track.reel);
        [picture.or(self.coming.as_ref()), sound]
    }

    /// The end has been decided.
    pub fn is_closing(&self) -> bool {
        self.closing.is_some()
    }

    /// What the stream said to a verb.
    pub fn answer(&mut self, id: Value, answer: Result<Taken, Refused>) {
        self.control.push_back(match answer {
            Ok(taken) => Server::Done { id, taken },
            Err(refused) => Server::Error {
                id,
                fault: refused.into(),
            },
        });
    }

    /// Ends the connection after what is queued.
    pub fn close(&mut self, code: Code, reason: &str) {
        self.close_and_return(code, reason, None);
    }

    /// The same, with a time after which the client may come back.
    pub fn close_and_return(&mut self, code: Code, reason: &str, retry_after_ms: Option<u64>) {
        if self.closing.is_some() {
            return;
        }
        if code != Code::Normal {
            self.control.push_back(Server::Bye {
                code: code as u16,
                reason: reason.to_owned(),
                retry_after_ms,
            });
        }
        self.closing = Some((code, reason.to_owned()));
    }

    /// Figures for a client that asked for them.
    pub fn figures(&mut self, text: Bytes) {
        self.figures = Some(text);
    }

    /// Rungs have come.
    pub fn rungs_came(&mut self, hub: &Hub) {
        if self.hello.is_some() {
            self.choose(hub, "it has become ready");
        }
    }

    /// Once a second.
    pub fn tick(&mut self, hub: &Hub, now_us: u64) {
        if self.expires_us.is_some_and(|at| now_us >= at) {
            self.close(Code::Expired, "the token has expired");
        }
        if now_us >= self.heard_us + self.rules.silent_us {
            self.close(Code::Away, "no answer to pings");
        }
        if now_us >= self.pinged_us + self.rules.ping_us || self.meter.rtt_ms().is_none() {
            self.ping = Some(now_us);
        }
        self.bitrate = std::mem::take(&mut self.bytes) * 8;
        let waited = std::mem::take(&mut self.waited_us) as f64 / 1e6;
        let class = self.meter.tick(waited.min(1.0));
        if self.picture.is_none() {
            if self.hello.is_some() {
                self.choose(hub, "it has become ready");
            }
            return;
        }
        self.tell_missed();
        let step = if self.pinned.is_none() {
            self.tier.tick(now_us)
        } else {
            None
        };
        if let Some(Step::Up(reason)) = step {
            self.step(hub, now_us, false, &reason);
        }
        if let Some(class) = class {
            self.tell_class(class);
        }
    }

    fn tell_class(&mut self, class: Class) {
        let Some(track) = &self.picture else { return };
        let rtt = self.meter.rtt_ms().unwrap_or_default();
        let jitter = self.meter.jitter_ms().unwrap_or_default();
        self.control.push_back(Server::Tier {
            name: track.reel.rung.name.clone(),
            reason: format!("round trip {rtt:.1} ms, jitter {jitter:.1} ms"),
            class: class.name(),
            latency_target_ms: class.target_ms(),
        });
    }

    fn tell_missed(&mut self) {
        let Missed { groups, frames } = std::mem::take(&mut self.untold);
        if groups > 0 || frames > 0 {
            self.control.push_back(Server::Drop {
                groups,
                frames,
                reason: "the connection is slower than the stream".to_owned(),
            });
        }
    }

    /// Something was taken by the socket after it had waited for `waited_us`.
    pub fn sent(&mut self, bytes: usize, waited_us: u64) {
        self.bytes += bytes as u64;
        self.waited_us += waited_us;
    }

    /// A message that has been on its way for `sending_us` says that the client reads nothing.
    pub fn is_stuck(&self, sending_us: u64) -> bool {
        sending_us >= self.rules.stuck_us
    }

    /// What is to be sent next; none until something comes.
    pub fn next(&mut self, hub: &Hub, now_us: u64) -> Option<Outgoing> {
        if let Some(message) = self.control.pop_front() {
            let message = match message {
                Server::Pong { id, t1, t2, .. } => Server::Pong {
                    id,
                    t1,
                    t2,
                    t3: now_us,
                },
                other => other,
            };
            return Some(Outgoing::Text(message.text()));
        }
        if let Some((code, reason)) = &self.closing {
            return Some(Outgoing::Close(*code, reason.clone()));
        }
        if self.ping.take().is_some() {
            self.pinged_us = now_us;
            self.awaits_pong = true;
            return Some(Outgoing::Ping(now_us.to_be_bytes()));
        }
        if let Some(figures) = self.figures.take() {
            return Some(Outgoing::Figures(figures));
        }
        if let Some(init) = self.init.pop_front() {
            return Some(Outgoing::Media(init, None));
        }
        if self.paused {
            return None;
        }
        self.turn(hub);
        if !self.control.is_empty() {
            return self.next(hub, now_us);
        }
        let media = self.media(hub, now_us);
        if media.is_none() {
            self.count_missed(hub, now_us);
            self.turn(hub);
            if !self.control.is_empty() {
                return self.next(hub, now_us);
            }
        }
        media
    }

    /// What it has to say for the figures.
    pub fn viewer(&self, now_us: u64) -> ViewerFigures {
        let rung = self
            .picture
            .as_ref()
            .map(|track| track.reel.rung.name.clone());
        ViewerFigures {
            session: self.id.clone(),
            mode: self.picture.as_ref().map(|track| track.mode.name()),
            rung,
            class: self.meter.class().name(),
            bitrate: self.bitrate,
            rtt_ms: self.meter.rtt_ms().or(self.stats.rtt_ms),
            jitter_ms: self.meter.jitter_ms().or(self.stats.jitter_ms),
            dropped_groups: self.missed.groups,
            dropped_frames: self.missed.frames,
            fps: self.stats.fps,
            buffer_ms: self.stats.buffer_ms,
            e2e_ms: self.stats.e2e_ms,
            since_s: now_us.saturating_sub(self.since_us) / 1_000_000,
        }
    }
}
