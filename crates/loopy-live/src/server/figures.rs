//! Figures of the server: counted as things happen, put together when somebody asks.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::body::Bytes;
use hdrhistogram::Histogram;
use prometheus_client::{
    encoding::text::encode,
    metrics::{
        counter::Counter,
        gauge::ConstGauge,
        histogram::{Histogram as Buckets, exponential_buckets},
    },
    registry::Registry,
};
use serde_json::{Map, Value, json};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

use super::{
    accept::stop,
    state::{State, lock},
};
use crate::{
    hub::Reel,
    protocol::{answer::ViewerFigures, offer},
};

/// Percentiles are of so long, and of what came before it for as long again.
const WINDOW_US: u64 = 15_000_000;

/// Longer waits count as so long, in microseconds.
const LONGEST: u64 = 60_000_000;

/// Waits of packets from when they could be sent until the socket had taken them.
struct Waits {
    now: Histogram<u32>,
    before: Histogram<u32>,
    since_us: u64,
}

impl Waits {
    fn add(&mut self, waits: &[u32], now_us: u64) {
        if now_us >= self.since_us + WINDOW_US {
            std::mem::swap(&mut self.now, &mut self.before);
            self.now.reset();
            self.since_us = now_us;
        }
        for &wait in waits {
            self.now
                .saturating_record(u64::from(wait).clamp(1, LONGEST));
        }
    }

    fn percentile(&self, percent: f64) -> Option<f64> {
        let mut both = self.now.clone();
        both.add(&self.before).ok()?;
        (!both.is_empty()).then(|| both.value_at_percentile(percent) as f64 / 1000.0)
    }
}

/// What is counted.
pub(super) struct Figures {
    pub(super) sent_bytes: Counter,
    pub(super) sent_frames: Counter,
    pub(super) dropped_groups: Counter,
    denied: Counter,
    buckets: Buckets,
    waits: Option<Mutex<Waits>>,
    viewers: Mutex<BTreeMap<String, ViewerFigures>>,
    /// The newest for those who have subscribed.
    newest: watch::Sender<Bytes>,
}

impl Default for Figures {
    fn default() -> Self {
        let histogram = || Histogram::new_with_bounds(1, LONGEST, 2).ok();
        let waits = || {
            Some(Mutex::new(Waits {
                now: histogram()?,
                before: histogram()?,
                since_us: 0,
            }))
        };
        Self {
            sent_bytes: Counter::default(),
            sent_frames: Counter::default(),
            dropped_groups: Counter::default(),
            denied: Counter::default(),
            buckets: Buckets::new(exponential_buckets(0.000_25, 2.0, 16)),
            waits: waits(),
            viewers: Mutex::default(),
            newest: watch::Sender::new(Bytes::new()),
        }
    }
}

impl Figures {
    /// A token was not taken.
    pub(super) fn denied(&self) {
        self.denied.inc();
    }

    /// Figures as they come, once a second.
    pub(super) fn subscribe(&self) -> watch::Receiver<Bytes> {
        self.newest.subscribe()
    }

    /// What a viewer has to say, and how long its packets waited since it last said so.
    pub(super) fn tell(&self, viewer: ViewerFigures, waits: &mut Vec<u32>, now_us: u64) {
        if let Some(all) = &self.waits {
            lock(all).add(waits, now_us);
        }
        for wait in waits.drain(..) {
            self.buckets.observe(f64::from(wait) / 1e6);
        }
        lock(&self.viewers).insert(viewer.session.clone(), viewer);
    }

    /// A viewer has left.
    pub(super) fn left(&self, session: &str) {
        lock(&self.viewers).remove(session);
    }

    fn waits_ms(&self) -> Value {
        let waits = self.waits.as_ref().map(|waits| lock(waits));
        let at = |percent| waits.as_ref().and_then(|waits| waits.percentile(percent));
        json!({ "p50": at(50.0), "p95": at(95.0), "p99": at(99.0) })
    }

    /// The whole of them, as `docs/protocol.md` has them.
    pub(super) fn json(&self, state: &State) -> Bytes {
        let mut figures = Map::new();
        figures.insert("t".to_owned(), "metrics".into());
        figures.insert("at_us".to_owned(), state.hub.now_us().into());
        let uptime = (state.started.elapsed().as_secs_f64() * 10.0).round() / 10.0;
        figures.insert("uptime_s".to_owned(), uptime.into());
        figures.extend(state.show.figures());
        let viewers: Vec<_> = lock(&self.viewers).values().cloned().collect();
        let reels = state.hub.reels();
        let rung = |reel: &Arc<Reel>| {
            let watching = viewers
                .iter()
                .filter(|it| it.rung.as_ref() == Some(&reel.rung.name));
            json!({
                "name": reel.rung.name,
                "viewers": watching.count(),
                "bitrate": rate(reel),
                "ready": reel.look(|ring| ring.newest_key().is_some()),
            })
        };
        let pictures = reels
            .iter()
            .filter(|reel| offer::picture(&reel.rung).is_some());
        figures.insert("rungs".to_owned(), pictures.map(rung).collect());
        let server = json!({
            "queue_ms": self.waits_ms(),
            "sent_bytes": self.sent_bytes.get(),
            "sent_frames": self.sent_frames.get(),
            "dropped_groups": self.dropped_groups.get(),
        });
        figures.insert("server".to_owned(), server);
        figures.insert(
            "viewers".to_owned(),
            serde_json::to_value(viewers).unwrap_or_default(),
        );
        figures.entry("ml").or_insert(Value::Null);
        Bytes::from(Value::Object(figures).to_string())
    }

    /// For programs that collect figures.
    pub(super) fn open_metrics(&self, state: &State) -> String {
        let mut registry = Registry::with_prefix("loopy");
        let counters = [
            (
                "sent_bytes",
                "Bytes of media that sockets took",
                &self.sent_bytes,
            ),
            (
                "sent_frames",
                "Packets of media that sockets took",
                &self.sent_frames,
            ),
            (
                "dropped_groups",
                "Groups of which a viewer did not get all, because it was too slow",
                &self.dropped_groups,
            ),
            ("denied", "Requests without a valid token", &self.denied),
        ];
        for (name, help, counter) in counters {
            registry.register(name, help, counter.clone());
        }
        registry.register(
            "queue_seconds",
            "From when a packet could be sent until the socket had taken it",
            self.buckets.clone(),
        );
        let viewers = state.seats.taken() as i64;
        registry.register("viewers", "Connections", ConstGauge::new(viewers));
        let ready = i64::from(state.show.ready());
        registry.register("ready", "The stream runs", ConstGauge::new(ready));
        let uptime = state.started.elapsed().as_secs() as i64;
        registry.register("uptime_seconds", "Since the start", ConstGauge::new(uptime));
        let mut text = String::new();
        if let Err(error) = encode(&mut text, &registry) {
            tracing::error!(%error, "figures could not be written");
        }
        text
    }
}

/// Bits a second of what lies in a ring.
fn rate(reel: &Reel) -> u64 {
    reel.look(|ring| {
        let (first, next) = ring.range();
        let (Some(first), Some(last)) = (ring.get(first), ring.get(next.saturating_sub(1))) else {
            return 0;
        };
        let bytes = ring.bytes() - first.offset;
        let end = last.unit.pts_us + u64::from(last.unit.duration_us);
        let time = end.saturating_sub(first.unit.pts_us).max(1);
        (u128::from(bytes) * 8 * 1_000_000 / u128::from(time)) as u64
    })
}

/// Once a second, as long as somebody has subscribed.
pub(super) async fn keep(state: Arc<State>, mut stopped: watch::Receiver<bool>) {
    let mut second = interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop(&mut stopped) => return,
            _ = second.tick() => {
                if state.figures.newest.receiver_count() > 0 {
                    state.figures.newest.send_replace(state.figures.json(&state));
                }
            }
        }
    }
}
