//! A load of viewers for a server that runs: what they get, and what it costs the server.
//!
//! The times at which pictures are due are fixed by the stream, not by when a viewer asks: a server
//! that stalls is late with every picture of the stall. The generator tells its own use of the
//! processor too, because figures of a generator that is short of it are about the generator.

mod process;
pub mod steer;
mod viewer;

use std::{
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use serde::Serialize;
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep},
};

use process::Process;
use viewer::{Counts, Viewer};

/// What viewers there are.
#[derive(Clone, Debug)]
pub struct Load {
    /// Where the server listens.
    pub address: SocketAddr,
    /// A token with the scope view.
    pub token: String,
    /// How many viewers.
    pub viewers: usize,
    /// So many of them read a tenth of what they get.
    pub slow: usize,
    /// All have come after this time.
    pub ramp: Duration,
    /// Then it is measured for so long.
    pub hold: Duration,
    /// A viewer stays half to one and a half times so long, then goes and comes again.
    pub churn: Option<Duration>,
    /// `webcodecs`, `mse` or `jpeg`.
    pub mode: String,
    /// The server's process, where it is on this machine.
    pub server: Option<u32>,
}

/// A second of it.
#[derive(Clone, Debug, Serialize)]
pub struct Second {
    /// Seconds since the start.
    pub at_s: f64,
    /// Connections.
    pub viewers: u64,
    /// Pictures and sound that came in this second.
    pub frames: u64,
    /// Bytes that came in this second.
    pub bytes: u64,
    /// Part of a core that the server used.
    pub server_cpu: Option<f64>,
    /// Bytes of memory of the server.
    pub server_memory: Option<u64>,
    /// Files, sockets and pipes that the server has open.
    pub server_descriptors: Option<u64>,
    /// Part of a core that the generator used.
    pub own_cpu: Option<f64>,
}

/// What came of it, while all were there.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Viewers, without the slow ones.
    pub viewers: usize,
    /// Slow ones.
    pub slow: usize,
    /// Seconds that were measured.
    pub seconds: f64,
    /// Packets that came, to all.
    pub frames: u64,
    /// Megabits a second for each viewer that is not slow.
    pub rate_mbit: f64,
    /// Pictures a second: of the viewer with the fewest.
    pub least_fps: f64,
    /// Pictures a second: mean.
    pub mean_fps: f64,
    /// Groups that the server left out, as it told the viewers that are not slow.
    pub dropped_groups: u64,
    /// Pictures that came out of order or without what they need; must be 0.
    pub disorder: u64,
    /// Pieces of sound that did not begin where the one before ended, of viewers that are not slow.
    pub sound_gaps: u64,
    /// How far the end of the sound that had come was from the picture that came, at most, in
    /// milliseconds of the stream's time, of viewers that are not slow; `None` without sound.
    pub apart_ms: Option<f64>,
    /// From a picture to the next one of the same connection, at most, in milliseconds, of viewers
    /// that are not slow.
    pub freeze_ms: f64,
    /// Connections that ended without being told to.
    pub lost: u64,
    /// From the end of a connection that was lost until the next picture, in milliseconds: half, 95
    /// of 100, and the worst; `None` where none was lost.
    pub back_ms: Option<[f64; 3]>,
    /// Connections that were not taken.
    pub refused: u64,
    /// From queued until received, in milliseconds: half, 95 and 99 of 100, and the worst.
    pub delay_ms: [f64; 4],
    /// From connecting until the first picture, in milliseconds, of viewers that are not slow: half, 95
    /// of 100, and the worst.
    pub join_ms: [f64; 3],
    /// Part of a core that the server used.
    pub server_cpu: Option<f64>,
    /// Microseconds of the server's processor for each packet that came.
    pub us_per_frame: Option<f64>,
    /// Memory of the server more than before, in kB for each viewer.
    pub kb_per_viewer: Option<f64>,
    /// Part of a core that the generator used.
    pub own_cpu: Option<f64>,
    /// The generator had processor enough: its figures are about the server.
    pub counts: bool,
}

/// Time, packets and bytes, processor time of the server and our own.
type Moment = (Instant, (u64, u64), Option<f64>, Option<f64>);

/// A run whose generator used more of a core than this does not count.
const OWN_MOST: f64 = 0.8;

/// Runs `load` until its time is over or `end` comes; tells each second.
///
/// # Errors
/// What went wrong with the histograms, which hold a minute at most.
pub async fn run(
    load: Load,
    end: impl Future<Output = ()>,
    mut tell: impl FnMut(&Second),
) -> Result<Outcome, hdrhistogram::CreationError> {
    let load = Arc::new(load);
    let counts = Arc::new(Counts::new()?);
    let measured = Arc::new(AtomicBool::new(false));
    let done = Arc::new(AtomicBool::new(false));
    let server = load.server.map(Process::of);
    let own = Process::of(std::process::id());
    let memory_before = server.as_ref().and_then(Process::memory);
    let begin = Instant::now();
    let mut viewers = JoinSet::new();
    for number in 0..load.viewers {
        let viewer = Viewer {
            load: Arc::clone(&load),
            counts: Arc::clone(&counts),
            measured: Arc::clone(&measured),
            done: Arc::clone(&done),
            number,
        };
        let after = load
            .ramp
            .mul_f64(number as f64 / load.viewers.max(1) as f64);
        viewers.spawn(async move {
            sleep(after).await;
            viewer.stay().await
        });
    }
    let mut second = interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = (
        begin,
        counts.sums(),
        server.as_ref().and_then(Process::cpu),
        own.cpu(),
    );
    let mut start = None::<Moment>;
    let mut end = pin!(end);
    loop {
        let ended = tokio::select! {
            _ = second.tick() => false,
            () = &mut end => true,
        };
        let now = Instant::now();
        let time = (now - last.0).as_secs_f64().max(1e-3);
        let sums = counts.sums();
        let (server_cpu, own_cpu) = (server.as_ref().and_then(Process::cpu), own.cpu());
        let part = |now: Option<f64>, before: Option<f64>| Some((now? - before?) / time);
        tell(&Second {
            at_s: (now - begin).as_secs_f64(),
            viewers: counts.connected(),
            frames: sums.0 - last.1.0,
            bytes: sums.1 - last.1.1,
            server_cpu: part(server_cpu, last.2),
            server_memory: server.as_ref().and_then(Process::memory),
            server_descriptors: server.as_ref().and_then(Process::descriptors),
            own_cpu: part(own_cpu, last.3),
        });
        last = (now, sums, server_cpu, own_cpu);
        match start {
            None if now - begin >= load.ramp + Duration::from_secs(2) => {
                measured.store(true, Ordering::Relaxed);
                start = Some(last);
            }
            Some((at, ..)) if now - at >= load.hold => break,
            _ if ended => break,
            _ => {}
        }
    }
    measured.store(false, Ordering::Relaxed);
    let memory = server.as_ref().and_then(Process::memory);
    done.store(true, Ordering::Relaxed);
    let mut pictures = Vec::new();
    while let Some(viewer) = viewers.join_next().await {
        pictures.extend(viewer.ok().flatten());
    }
    let (at, sums, server_before, own_before) = start.unwrap_or(last);
    let seconds = (last.0 - at).as_secs_f64().max(1e-3);
    let frames = last.1.0 - sums.0;
    let cpu = |now: Option<f64>, before: Option<f64>| Some((now? - before?) / seconds);
    let server_cpu = cpu(last.2, server_before);
    let own_cpu = cpu(last.3, own_before);
    let fps: Vec<f64> = pictures
        .iter()
        .map(|&count| count as f64 / seconds)
        .collect();
    let quick = load.viewers - load.slow.min(load.viewers);
    Ok(Outcome {
        viewers: quick,
        slow: load.slow,
        seconds,
        frames,
        rate_mbit: (last.1.1 - sums.1) as f64 * 8e-6 / seconds / quick.max(1) as f64,
        least_fps: fps.iter().copied().fold(f64::INFINITY, f64::min),
        mean_fps: fps.iter().sum::<f64>() / fps.len().max(1) as f64,
        dropped_groups: counts.dropped.load(Ordering::Relaxed),
        disorder: counts.disorder.load(Ordering::Relaxed),
        sound_gaps: counts.sound_gaps.load(Ordering::Relaxed),
        apart_ms: counts.apart_ms(),
        freeze_ms: counts.freeze_ms(),
        back_ms: counts.backs(|all| [0.5, 0.95, 1.0].map(|part| at_ms(all, part))),
        lost: counts.lost.load(Ordering::Relaxed),
        refused: counts.refused.load(Ordering::Relaxed),
        delay_ms: counts.delays(|all| [0.5, 0.95, 0.99, 1.0].map(|part| at_ms(all, part))),
        join_ms: counts.joins(|all| [0.5, 0.95, 1.0].map(|part| at_ms(all, part))),
        server_cpu,
        us_per_frame: server_cpu.map(|cpu| cpu * seconds * 1e6 / frames.max(1) as f64),
        kb_per_viewer: memory_before.zip(memory).map(|(before, now)| {
            now.saturating_sub(before) as f64 / 1000.0 / load.viewers.max(1) as f64
        }),
        own_cpu,
        counts: own_cpu.is_none_or(|cpu| cpu < OWN_MOST),
    })
}

fn at_ms(all: &Histogram<u64>, part: f64) -> f64 {
    all.value_at_quantile(part) as f64 / 1000.0
}
