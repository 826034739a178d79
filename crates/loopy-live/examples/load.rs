//! A server with a made-up stream, or a load of viewers for one: what sending to many costs.
//!
//! `load serve [VIEWERS]` prints its port and its process; `load view PORT PID VIEWERS SECONDS [SLOW]
//! [CHURN_SECONDS]` prints a line of JSON a second, then what came of it.
#![allow(clippy::print_stdout)]

use std::{
    error::Error,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use loopy_core::{Rate, Size};
use loopy_live::{
    bench::{Load, run},
    hub::{Coding, Hub, Rung},
    packet::{Flags, Unit},
    server::{Config, NoAssets, WebSocketServer},
    show::{Refused, Show, Taken, Verb},
};
use serde_json::{Map, Value, json};
use tokio::time::{MissedTickBehavior, interval};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// 720p60 at 4 Mb/s: a key frame a second, eight times as large as the others.
const DELTA: usize = 7_460;
const KEY: usize = 8 * DELTA;

struct Nothing;

impl Show for Nothing {
    fn figures(&self) -> Map<String, Value> {
        Map::new()
    }

    fn ready(&self) -> bool {
        true
    }

    fn tell(&self, _verb: &Verb) -> Result<Taken, Refused> {
        Err(Refused {
            code: "not_running",
            msg: "the stream is made up".to_owned(),
            hint: "steer a real one".to_owned(),
        })
    }
}

async fn serve(viewers: usize) -> Result<(), Box<dyn Error>> {
    let hub = Arc::new(Hub::new(Instant::now()));
    let record = Bytes::from_static(&[1, 0x64, 0, 0x20, 0xff, 0xe1, 0, 1, 0x67, 1, 0, 1, 0x68]);
    let reel = hub.add(Rung {
        name: "720p".to_owned(),
        coding: Coding::H264 { record },
        size: Size::new(1280, 720),
        fps: Rate::new(60, 1).ok_or("60 is a rate")?,
        bitrate: 4_000_000,
        sound: None,
    });
    let mut config = Config::new(TOKEN.to_owned());
    config.port = 0;
    config.max_viewers = viewers;
    config.max_per_token = viewers;
    let server = WebSocketServer::bind(
        config,
        Arc::clone(&hub),
        Arc::new(Nothing),
        Arc::new(NoAssets),
    );
    let server = server.await?;
    println!(
        "{}",
        json!({"port": server.address()?.port(), "pid": std::process::id()})
    );
    let running = server.start();
    let mut stop = std::pin::pin!(tokio::signal::ctrl_c());
    let mut pace = interval(Duration::from_nanos(16_666_667));
    pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
    hub.begin(hub.now_us());
    for number in 0_u64.. {
        tokio::select! {
            _ = pace.tick() => {}
            _ = &mut stop => break,
        }
        let key = number.is_multiple_of(60);
        let unit = Unit {
            flags: Flags {
                key,
                ..Flags::default()
            },
            pts_us: number * 1_000_000 / 60,
            duration_us: 16_667,
            data: Bytes::from(vec![number as u8; if key { KEY } else { DELTA }]),
        };
        hub.publish(&reel, unit);
    }
    running.stop().await;
    Ok(())
}

async fn view(numbers: &[u64]) -> Result<(), Box<dyn Error>> {
    let &[port, pid, viewers, seconds, ref more @ ..] = numbers else {
        return Err("PORT PID VIEWERS SECONDS [SLOW] [CHURN_SECONDS]".into());
    };
    let load = Load {
        address: ([127, 0, 0, 1], u16::try_from(port)?).into(),
        token: TOKEN.to_owned(),
        viewers: usize::try_from(viewers)?,
        slow: usize::try_from(more.first().copied().unwrap_or(0))?,
        ramp: Duration::from_secs(4),
        hold: Duration::from_secs(seconds),
        churn: more.get(1).map(|&seconds| Duration::from_secs(seconds)),
        mode: "mse".to_owned(),
        server: Some(u32::try_from(pid)?),
    };
    let outcome = run(load, std::future::pending(), |second| {
        println!("{}", json!({ "second": second }));
    });
    println!("{}", json!({ "outcome": outcome.await? }));
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let word = words.next().unwrap_or_default();
    let numbers: Vec<u64> = words.map(|word| word.parse()).collect::<Result<_, _>>()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match word.as_str() {
            "serve" => serve(numbers.first().map_or(1000, |&most| most as usize)).await,
            "view" => view(&numbers).await,
            _ => Err("say `serve` or `view`".into()),
        }
    })
}
