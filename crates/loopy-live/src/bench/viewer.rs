//! One viewer of a load: watches, checks the order of what comes, and measures.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::{SinkExt as _, StreamExt as _};
use hdrhistogram::Histogram;
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::sleep};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Message,
        client::IntoClientRequest as _,
        http::{HeaderValue, header::SEC_WEBSOCKET_PROTOCOL},
        protocol::WebSocketConfig,
    },
};

use super::Load;
use crate::{
    packet::{Header, Kind},
    protocol::Code,
};

/// A slow viewer waits so long after each message.
const SLOW: Duration = Duration::from_millis(150);

/// A viewer that was refused comes back after this.
const AGAIN: Duration = Duration::from_millis(500);

/// Closes after which players do not come again.
const FINAL: [Code; 3] = [Code::Policy, Code::Auth, Code::Expired];

/// So many pings tell what the server's clock says.
const PINGS: u64 = 5;

pub(super) type Line = WebSocketStream<TcpStream>;

/// A connection that has shown its token.
pub(super) async fn connect(address: SocketAddr, token: &str) -> Option<Line> {
    let stream = TcpStream::connect(address).await.ok()?;
    stream.set_nodelay(true).ok()?;
    let mut request = format!("ws://{address}/ws").into_client_request().ok()?;
    let token = URL_SAFE_NO_PAD.encode(token);
    let offered = HeaderValue::try_from(format!("loopy.v1, loopy.bearer.{token}")).ok()?;
    request
        .headers_mut()
        .insert(SEC_WEBSOCKET_PROTOCOL, offered);
    let config = WebSocketConfig::default().read_buffer_size(16 * 1024);
    let connected = client_async_with_config(request, stream, Some(config)).await;
    connected.ok().map(|(line, _)| line)
}

/// What all viewers got.
pub(super) struct Counts {
    frames: AtomicU64,
    bytes: AtomicU64,
    connected: AtomicU64,
    pub(super) dropped: AtomicU64,
    pub(super) disorder: AtomicU64,
    pub(super) sound_gaps: AtomicU64,
    /// Microseconds between the end of the sound and a picture, at most; 0 without sound.
    apart_us: AtomicU64,
    pub(super) lost: AtomicU64,
    pub(super) refused: AtomicU64,
    /// Microseconds from a picture to the next one, at most.
    freeze_us: AtomicU64,
    delays: Mutex<Histogram<u64>>,
    joins: Mutex<Histogram<u64>>,
    backs: Mutex<Histogram<u64>>,
}

impl Counts {
    pub(super) fn new() -> Result<Self, hdrhistogram::CreationError> {
        let histogram = || Histogram::new_with_bounds(1, 60_000_000, 3).map(Mutex::new);
        Ok(Self {
            frames: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            connected: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            disorder: AtomicU64::new(0),
            sound_gaps: AtomicU64::new(0),
            apart_us: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            freeze_us: AtomicU64::new(0),
            delays: histogram()?,
            joins: histogram()?,
            backs: histogram()?,
        })
    }

    pub(super) fn sums(&self) -> (u64, u64) {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (of(&self.frames), of(&self.bytes))
    }

    pub(super) fn connected(&self) -> u64 {
        self.connected.load(Ordering::Relaxed)
    }

    pub(super) fn apart_ms(&self) -> Option<f64> {
        let apart = self.apart_us.load(Ordering::Relaxed);
        (apart > 0).then_some(apart as f64 / 1000.0)
    }

    pub(super) fn delays<T>(&self, look: impl FnOnce(&Histogram<u64>) -> T) -> T {
        look(&self.delays.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn joins<T>(&self, look: impl FnOnce(&Histogram<u64>) -> T) -> T {
        look(&self.joins.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// From the end of connections that were lost until the next picture; `None` without any.
    pub(super) fn backs<T>(&self, look: impl FnOnce(&Histogram<u64>) -> T) -> Option<T> {
        let backs = self.backs.lock().unwrap_or_else(PoisonError::into_inner);
        (!backs.is_empty()).then(|| look(&backs))
    }

    pub(super) fn freeze_ms(&self) -> f64 {
        self.freeze_us.load(Ordering::Relaxed) as f64 / 1000.0
    }
}

pub(super) struct Viewer {
    pub(super) load: Arc<Load>,
    pub(super) counts: Arc<Counts>,
    pub(super) measured: Arc<AtomicBool>,
    pub(super) done: Arc<AtomicBool>,
    pub(super) number: usize,
}

/// A connection that ended without being told to.
#[derive(Default)]
struct Lost {
    /// When it ended; `None` once pictures come again.
    at: Option<Instant>,
    /// It makes no sense to come again.
    for_good: bool,
}

/// What one connection knows.
struct Visit {
    began: Instant,
    epoch_us: i64,
    /// When it came, on the server's clock: what was queued before was not late for it.
    came_us: i64,
    /// Server's clock minus ours, from the ping with the shortest round trip.
    offset_us: i64,
    best_rtt: i64,
    last: Option<Header>,
    /// When the last picture came.
    shown: Option<Instant>,
    sound: Sound,
    delays: Vec<u64>,
}

/// The sound that came, in microseconds of the stream's time.
#[derive(Default)]
struct Sound {
    /// Where the last piece begins.
    last: Option<u64>,
    /// How long a piece is: all of a codec are as long, to the rounding of their times.
    length: Option<u64>,
}

impl Sound {
    /// Takes a piece that begins at `pts`; whether it begins where the one before ended.
    fn follows(&mut self, pts: u64) -> bool {
        let step = self.last.map(|last| pts.saturating_sub(last));
        self.last = Some(pts);
        let (Some(step), Some(length)) = (step, self.length) else {
            self.length = step;
            return true;
        };
        step.abs_diff(length) <= 1
    }

    /// Where the last piece ends.
    fn end(&self) -> Option<u64> {
        Some(self.last? + self.length?)
    }
}

impl Viewer {
    /// Watches until all is over; pictures that came while it was measured, of a viewer that is not
    /// slow.
    pub(super) async fn stay(self) -> Option<u64> {
        let mut pictures = 0;
        let mut lost = Lost::default();
        while !lost.for_good && !self.done.load(Ordering::Relaxed) {
            let Some(line) = connect(self.load.address, &self.load.token).await else {
                self.counts.refused.fetch_add(1, Ordering::Relaxed);
                sleep(AGAIN).await;
                continue;
            };
            self.counts.connected.fetch_add(1, Ordering::Relaxed);
            pictures += self.watch(line, &mut lost).await;
            self.counts.connected.fetch_sub(1, Ordering::Relaxed);
        }
        (!self.is_slow()).then_some(pictures)
    }

    fn is_slow(&self) -> bool {
        self.number < self.load.slow
    }

    /// What it gets now is part of the outcome.
    fn is_counted(&self) -> bool {
        !self.is_slow() && self.measured.load(Ordering::Relaxed)
    }

    /// One connection; pictures that came while it was measured.
    async fn watch(&self, mut line: Line, lost: &mut Lost) -> u64 {
        let mut visit = Visit {
            began: Instant::now(),
            epoch_us: 0,
            came_us: i64::MAX,
            offset_us: 0,
            best_rtt: i64::MAX,
            last: None,
            shown: None,
            sound: Sound::default(),
            delays: Vec::new(),
        };
        let life = self.load.churn.map(|mean| {
            // Spread evenly, the same in each run.
            let part = (self.number as f64 * 0.618_034).fract();
            mean.mul_f64(0.5 + part)
        });
        let mut pictures = 0;
        loop {
            let is_over = self.done.load(Ordering::Relaxed)
                || life.is_some_and(|life| visit.began.elapsed() >= life);
            if is_over {
                let _closed = line.close(None).await;
                break;
            }
            match line.next().await {
                Some(Ok(Message::Binary(message))) => {
                    let is_picture = self.media(&mut visit, &message);
                    if is_picture && let Some(at) = lost.at.take() {
                        record(&self.counts.backs, at.elapsed());
                    }
                    if is_picture && self.measured.load(Ordering::Relaxed) {
                        pictures += 1;
                    }
                }
                Some(Ok(Message::Text(text))) => self.text(&mut visit, &mut line, &text).await,
                Some(Ok(Message::Close(Some(close)))) => {
                    lost.for_good = FINAL.map(|code| code as u16).contains(&close.code.into());
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => {
                    self.counts.lost.fetch_add(1, Ordering::Relaxed);
                    lost.at.get_or_insert_with(Instant::now);
                    break;
                }
            }
            if self.is_slow() {
                sleep(SLOW).await;
            }
        }
        let mut all = self
            .counts
            .delays
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for delay in visit.delays {
            all.saturating_record(delay.max(1));
        }
        pictures
    }

    async fn text(&self, visit: &mut Visit, line: &mut Line, text: &str) {
        let Ok(message) = serde_json::from_str::<Value>(text) else {
            return;
        };
        let number = |name: &str| message[name].as_i64().unwrap_or_default();
        match message["t"].as_str() {
            Some("welcome") => {
                visit.epoch_us = number("epoch_us");
                visit.came_us = number("now_us");
                let codecs: Vec<_> = ["rungs", "audio"]
                    .iter()
                    .filter_map(|list| message[list].as_array())
                    .flatten()
                    .map(|rung| rung["codec"].clone())
                    .collect();
                let hello =
                    json!({"t":"hello","client":"load","modes":[self.load.mode],"codecs":codecs});
                say(line, &hello).await;
                for id in 0..PINGS {
                    let t1 = visit.began.elapsed().as_micros() as u64;
                    say(line, &json!({"t":"ping","id":id,"t1":t1})).await;
                }
            }
            Some("pong") => {
                let now = visit.began.elapsed().as_micros() as i64;
                let (sent, t2, t3) = (number("t1"), number("t2"), number("t3"));
                let rtt = (now - sent) - (t3 - t2);
                if rtt < visit.best_rtt {
                    visit.best_rtt = rtt;
                    visit.offset_us = i64::midpoint(t2 - sent, t3 - now);
                }
            }
            Some("drop") if self.is_counted() => {
                let groups = message["groups"].as_u64().unwrap_or_default();
                self.counts.dropped.fetch_add(groups, Ordering::Relaxed);
            }
            _ => {}
        }
    }

    /// Counts a message with media; whether it is a picture.
    fn media(&self, visit: &mut Visit, message: &[u8]) -> bool {
        let Some((header, _)) = Header::read(message) else {
            self.counts.disorder.fetch_add(1, Ordering::Relaxed);
            return false;
        };
        if matches!(header.kind, Kind::Init | Kind::SoundInit) {
            return false;
        }
        self.counts.frames.fetch_add(1, Ordering::Relaxed);
        self.counts
            .bytes
            .fetch_add(message.len() as u64, Ordering::Relaxed);
        let is_counted = self.is_counted();
        if header.kind == Kind::Sound {
            if !visit.sound.follows(header.pts_us) && is_counted {
                self.counts.sound_gaps.fetch_add(1, Ordering::Relaxed);
            }
            return false;
        }
        if visit.last.is_none() && !self.is_slow() {
            record(&self.counts.joins, visit.began.elapsed());
        }
        let before = visit.shown.replace(Instant::now());
        if let Some(before) = before.filter(|_| is_counted) {
            let freeze = before.elapsed().as_micros() as u64;
            self.counts.freeze_us.fetch_max(freeze, Ordering::Relaxed);
        }
        let follows = visit.last.is_some_and(|last| {
            (last.stream_seq, last.group, last.index + 1)
                == (header.stream_seq, header.group, header.index)
        });
        if !header.flags.key && !follows {
            self.counts.disorder.fetch_add(1, Ordering::Relaxed);
        }
        visit.last = Some(header);
        let queued = visit.epoch_us + header.pts_us as i64 + i64::from(header.late_us);
        if let Some(sound) = visit.sound.end().filter(|_| is_counted) {
            let apart = sound.abs_diff(header.pts_us);
            self.counts.apart_us.fetch_max(apart, Ordering::Relaxed);
        }
        if is_counted && queued >= visit.came_us {
            let now = visit.began.elapsed().as_micros() as i64 + visit.offset_us;
            visit.delays.push((now - queued).max(0) as u64);
        }
        true
    }
}

fn record(times: &Mutex<Histogram<u64>>, time: Duration) {
    let mut times = times.lock().unwrap_or_else(PoisonError::into_inner);
    times.saturating_record(time.as_micros() as u64);
}

async fn say(line: &mut Line, message: &Value) {
    // A connection that is gone says so when it is read.
    let _sent = line.send(Message::Text(message.to_string().into())).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_follows_where_the_piece_before_ended() {
        let mut sound = Sound::default();
        assert_eq!(sound.end(), None);
        let aac = [0, 21_333, 42_666, 64_000, 85_333];
        assert!(aac.into_iter().all(|pts| sound.follows(pts)));
        assert_eq!(sound.end(), Some(106_666));
        assert!(!sound.follows(128_000), "one is missing");
        assert!(sound.follows(149_333), "and then it goes on");
        assert!(!sound.follows(149_333), "one came twice");
    }
}
