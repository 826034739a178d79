//! The stream to another server, over RTMP, SRT or UDP: tried for ever, at a bounded rate.

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
    mux::push::{Push, Target, muxer, shown},
};

use super::{Context, POLL, feed::Feed, pace::Pace};
use crate::hub::Reel;

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

/// Pushes the best rung to `address` until the stream ends.
pub fn run(address: &Address, patience: Patience, context: Context<'_>) {
    let url = &*address.0;
    let Some(reel) = context.best() else { return };
    let stop = Arc::new(AtomicBool::new(false));
    thread::scope(|scope| {
        // libav asks for a flag: what it waits for ends with the stream.
        let flag = Arc::clone(&stop);
        scope.spawn(move || {
            while context.waits() {}
            flag.store(true, Ordering::Release);
        });
        let mut wait = patience.first;
        while !(context.stopped)() {
            let since = Instant::now();
            let Err(error) = connection(url, &reel, patience, &stop, context) else {
                return;
            };
            if (context.stopped)() {
                return;
            }
            if since.elapsed() > patience.most {
                wait = patience.first;
            }
            tracing::debug!(wait_s = wait.as_secs_f64(), "{error}");
            (context.fall)(Entry {
                what: format!("push to {}", shown(url)),
                from: "every picture".to_owned(),
                to: "tried again until it is there".to_owned(),
                why: error.to_string(),
                fix: "check the address, the key and the server given with --push".to_owned(),
            });
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

/// One connection, from the newest group on, until it is lost or the stream ends.
fn connection(
    url: &str,
    reel: &Arc<Reel>,
    patience: Patience,
    stop: &Arc<AtomicBool>,
    context: Context<'_>,
) -> Result<(), Error> {
    let mut feed = Feed::new(Arc::clone(reel));
    let target = Target {
        url: url.to_owned(),
        size: reel.rung.size,
        fps: reel.rung.fps,
        config: feed.record().unwrap_or_default().to_vec(),
        bitrate: reel.rung.bitrate,
    };
    let mut push = Push::open(&target, patience.silent, Arc::clone(stop))?;
    tracing::info!("pushing to {}", shown(url));
    let mut pace = Pace::new(reel.rung.bitrate);
    let (mut base, mut written) = (None, 0);
    while !(context.stopped)() {
        let Some((unit, lost)) = feed.packet() else {
            thread::sleep(POLL);
            continue;
        };
        if lost {
            (context.fall)(Entry {
                what: format!("push to {}", shown(url)),
                from: "every picture".to_owned(),
                to: "the groups that there was time for".to_owned(),
                why: "the connection or the rung's rate takes less than the stream has".to_owned(),
                fix: "push a smaller rung, or look at the connection".to_owned(),
            });
        }
        loop {
            let wait = pace.wait(context.hub.now_us(), unit.data.len() as u64);
            if wait.is_zero() {
                break;
            }
            if (context.stopped)() {
                return Ok(());
            }
            thread::sleep(wait.min(POLL));
        }
        let pts = unit.pts_us - *base.get_or_insert(unit.pts_us);
        let now = push.picture(&unit.data, pts, unit.duration_us, unit.flags.key)?;
        pace.sent(context.hub.now_us(), now.saturating_sub(written));
        written = now;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
