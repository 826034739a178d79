//! The stream to another server, over RTMP, SRT or UDP: tried for ever, at a bounded rate.
//!
//! Picture and sound go out in the order of their times. A picture waits for its sound, but not for long; what
//! comes too late is silence. Tracks are announced once for a connection: where sound first comes later, the connection
//! is begun anew.

use std::{
    fmt,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use loopy_core::ledger::Entry;
use loopy_media::{
    Error,
    audio::encode::RATE,
    mux::push::{Push, Target, muxer, shown},
};

use super::{
    Context, POLL,
    ear::{Ear, Heard},
    feed::Feed,
    pace::Pace,
};
use crate::{hub::Reel, packet::Unit, sound::micros};

/// A picture waits so long for its sound, in microseconds from when it was due.
const LATE_US: u64 = 1_500_000;
/// So long after the stream began its first sound may come, in microseconds.
const FIRST_US: u64 = 1_000_000;

/// Where the stream is pushed to. Nothing but its scheme and host is ever shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(String);

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.0))
    }
}

impl FromStr for Address {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match muxer(text) {
            Some(_) => Ok(Self(text.to_owned())),
            None => Err("an address begins with rtmp://, rtmps://, srt:// or udp://"),
        }
    }
}

/// How patient a push is.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// A server that takes nothing for so long is lost.
    pub silent: Duration,
    /// It is tried again after so long, and after twice as long each time,
    pub first: Duration,
    /// but at the latest after so long.
    pub most: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            silent: Duration::from_secs(10),
            first: Duration::from_secs(1),
            most: Duration::from_secs(30),
        }
    }
}

/// How a connection ended that was not lost.
enum End {
    /// With the stream.
    Stopped,
    /// Sound has come, of which it does not know.
    SoundCame,
}

/// Pushes the best rung to `address` until the stream ends.
pub fn run(address: &Address, patience: Patience, context: Context<'_>) {
    let url = &*address.0;
    let Some(reel) = context.best() else { return };
    // A stream that has just begun may have its first sound a moment after its first picture.
    while context.sound && matches!(sounding(context), Ok(None)) {
        let begun = context.hub.epoch_us().unwrap_or_default();
        if context.hub.now_us() > begun + FIRST_US {
            break;
        }
        if !context.waits() {
            return;
        }
    }
    let stop = Arc::new(AtomicBool::new(false));
    thread::scope(|scope| {
        // libav asks for a flag: what it waits for ends with the stream.
        let flag = Arc::clone(&stop);
        scope.spawn(move || {
            while context.waits() {}
            flag.store(true, Ordering::Release);
        });
        let mut wait = patience.first;
        let mut lost = None;
        while !(context.stopped)() {
            let since = Instant::now();
            let error = match connection(url, &reel, patience, &stop, &mut lost, context) {
                Ok(End::Stopped) => return,
                Ok(End::SoundCame) => continue,
                Err(error) => error,
            };
            if (context.stopped)() {
                return;
            }
            if since.elapsed() > patience.most {
                wait = patience.first;
            }
            tracing::debug!(wait_s = wait.as_secs_f64(), "{error}");
            let entry = Entry {
                what: format!("push to {}", shown(url)),
                from: "every picture".to_owned(),
                to: "tried again until it is there".to_owned(),
                why: error.to_string(),
                fix: "check the address, the key and the server given with --push".to_owned(),
            };
            lost = Some(entry.clone());
            (context.fall)(entry);
            let again = Instant::now() + wait;
            while Instant::now() < again {
                if !context.waits() {
                    return;
                }
            }
            wait = (wait * 2).min(patience.most);
        }
    });
}

/// One connection, from the newest group on, until it is lost or the stream ends. What was `lost` before is
/// back when it takes a picture.
fn connection(
    url: &str,
    reel: &Arc<Reel>,
    patience: Patience,
    stop: &Arc<AtomicBool>,
    lost: &mut Option<Entry>,
    context: Context<'_>,
) -> Result<End, Error> {
    let mut queue = Queue::new(reel, context)?;
    let sound = queue.ear.as_ref().map(|ear| ear.track().clone());
    let sound_rate = sound.as_ref().map_or(0, |track| track.bitrate);
    let step = queue.ear.as_ref().map_or(0, Ear::step);
    let target = Target {
        url: url.to_owned(),
        size: reel.rung.size,
        fps: reel.rung.fps,
        config: queue.feed.record().unwrap_or_default().to_vec(),
        bitrate: reel.rung.bitrate,
        sound,
    };
    let mut push = Push::open(&target, patience.silent, Arc::clone(stop))?;
    tracing::info!("pushing to {}", shown(url));
    let mut pace = Pace::new(reel.rung.bitrate + sound_rate);
    let mut written = 0;
    while !(context.stopped)() {
        let Some(next) = queue.next(context.hub.now_us(), context) else {
            if queue.sound_came(context)? {
                return Ok(End::SoundCame);
            }
            thread::sleep(POLL);
            continue;
        };
        if std::mem::take(&mut queue.lost) {
            (context.fall)(Entry {
                what: format!("push to {}", shown(url)),
                from: "every picture".to_owned(),
                to: "the groups that there was time for".to_owned(),
                why: "the connection or the rung's rate takes less than the stream has".to_owned(),
                fix: "push a smaller rung, or look at the connection".to_owned(),
            });
        }
        let bytes = match &next {
            Next::Picture(unit) => unit.data.len(),
            Next::Sound(unit) => unit.data.len(),
        };
        loop {
            let wait = pace.wait(context.hub.now_us(), bytes as u64);
            if wait.is_zero() {
                break;
            }
            if (context.stopped)() {
                return Ok(End::Stopped);
            }
            thread::sleep(wait.min(POLL));
        }
        let base = queue.base.unwrap_or_default();
        let now = match next {
            Next::Picture(unit) => {
                let pts = unit.pts_us - base;
                push.picture(&unit.data, pts, unit.duration_us, unit.flags.key)?
            }
            Next::Sound(unit) => {
                let pts = micros(unit.at) - base;
                let end = micros(unit.at + step) - base;
                push.sound(&unit.data, pts, (end - pts) as u32)?
            }
        };
        pace.sent(context.hub.now_us(), now.saturating_sub(written));
        written = now;
        if let Some(entry) = lost.take() {
            (context.climb)(Entry {
                from: entry.to,
                to: entry.from,
                why: "it is connected again".to_owned(),
                fix: String::new(),
                ..entry
            });
        }
    }
    Ok(End::Stopped)
}

/// What goes out next.
enum Next {
    Picture(Unit),
    Sound(Heard),
}

/// Pictures and sound in the order of their times.
struct Queue {
    feed: Feed,
    ear: Option<Ear>,
    picture: Option<Unit>,
    /// Time of the first picture.
    base: Option<u64>,
    /// Groups were left out.
    lost: bool,
    /// Sample from which sound is still to be sent.
    from: u64,
}

impl Queue {
    fn new(reel: &Arc<Reel>, context: Context<'_>) -> Result<Self, Error> {
        Ok(Self {
            feed: Feed::new(Arc::clone(reel)),
            ear: sounding(context)?,
            picture: None,
            base: None,
            lost: false,
            from: 0,
        })
    }

    /// There is sound now, and there was none when the queue was made.
    fn sound_came(&self, context: Context<'_>) -> Result<bool, Error> {
        Ok(self.ear.is_none() && sounding(context)?.is_some())
    }

    /// What goes out next at `now`; none where that is not there yet.
    fn next(&mut self, now: u64, context: Context<'_>) -> Option<Next> {
        if self.picture.is_none() {
            let (unit, lost) = self.feed.packet()?;
            self.lost |= lost;
            if self.base.is_none() {
                self.base = Some(unit.pts_us);
                // Nothing goes before the first picture.
                let rate = u128::from(RATE);
                self.from = (u128::from(unit.pts_us) * rate).div_ceil(1_000_000) as u64;
            }
            self.picture = Some(unit);
        }
        let pts = self.picture.as_ref()?.pts_us;
        if let Some(ear) = &mut self.ear {
            ear.listen();
            let sample = (u128::from(pts) * u128::from(RATE) / 1_000_000) as u64;
            let due = context.hub.epoch_us().unwrap_or_default() + pts;
            if ear.end() <= Some(sample) {
                if now < due + LATE_US {
                    return None;
                }
                ear.fill(self.from, sample + 1);
            }
            ear.forget(self.from);
            let found = ear.units().find(|unit| unit.at >= self.from);
            if let Some(unit) = found.filter(|unit| unit.at <= sample) {
                self.from = unit.at + ear.step();
                return Some(Next::Sound(unit.clone()));
            }
        }
        self.picture.take().map(Next::Picture)
    }
}

/// The stream's sound, once some of it is there.
fn sounding(context: Context<'_>) -> Result<Option<Ear>, Error> {
    if !context.sound {
        return Ok(None);
    }
    let mut ear = Ear::of(context.hub)?;
    if let Some(ear) = &mut ear {
        ear.listen();
    }
    Ok(ear.filter(|ear| ear.end().is_some()))
}

#[cfg(test)]
mod tests;
