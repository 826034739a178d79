//! Viewers that read slowly or not at all, and many that come at once, over real sockets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::time::Duration;

use futures_util::future::join_all;
use loopy_live::{
    packet::{Header, Kind},
    server::Config,
};
use serde_json::json;
use tokio::{
    net::TcpSocket,
    time::{Instant, MissedTickBehavior, interval, timeout},
};

use support::{
    Client, LONG, Site, TOKEN,
    client::{Came, protocols, request},
    publisher::CODEC,
};

/// A viewer whose system takes little that it has not read.
async fn narrow(site: &Site) -> Client {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let stream = socket
        .connect(([127, 0, 0, 1], site.port).into())
        .await
        .unwrap();
    let offered = protocols(TOKEN);
    let asked = request(site.port, "/ws", &[("sec-websocket-protocol", &offered)]);
    let mut client = Client::over(stream, asked).await.unwrap();
    client
        .say(json!({"t":"hello","modes":["webcodecs"],"codecs":[CODEC],"max_latency_ms":100}))
        .await;
    client
}

fn quick(config: &mut Config) {
    config.rules.stuck_us = 800_000;
}

/// Every picture is a key frame or follows the one before.
#[derive(Default)]
struct Order {
    last: Option<Header>,
    pictures: usize,
    keys: usize,
}

impl Order {
    fn see(&mut self, came: &Came) {
        let Came::Media(header, _) = came else { return };
        if header.kind == Kind::Sound {
            return;
        }
        let follows = self.last.is_some_and(|last| {
            (last.stream_seq, last.group, last.index + 1)
                == (header.stream_seq, header.group, header.index)
        });
        assert!(
            header.flags.key || follows,
            "{header:?} after {:?}",
            self.last
        );
        self.keys += usize::from(header.flags.key);
        self.pictures += 1;
        self.last = Some(*header);
    }
}

#[tokio::test]
async fn one_that_reads_nothing_goes_and_the_others_see_nothing_of_it() {
    let mut site = Site::with(quick).await;
    site.publisher.step(20_000);
    let mut stuck = narrow(&site).await;
    stuck.text("config").await;
    let mut other = site.viewer().await;
    other
        .say(json!({"t":"hello","modes":["webcodecs"],"codecs":[CODEC]}))
        .await;
    let begin = Instant::now();
    let publish = async {
        let mut pace = interval(Duration::from_millis(10));
        pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
        while begin.elapsed() < Duration::from_millis(2500) {
            pace.tick().await;
            site.publisher.step(20_000);
        }
        site.publisher.pictures()
    };
    let watch = async {
        let mut order = Order::default();
        let mut missed = 0;
        while order
            .last
            .is_none_or(|last| last.pts_us < 240 * 1_000_000 / 30)
        {
            let came = other.next().await;
            order.see(&came);
            if let Came::Text(text) = came {
                missed += usize::from(text["t"] == "drop");
            }
        }
        (order, missed)
    };
    let (_, (order, missed)) = tokio::join!(publish, watch);
    assert_eq!(missed, 0, "a viewer was held up by another");
    assert!(order.pictures >= 241);
    let mut order = Order::default();
    let end = loop {
        let came = stuck.next().await;
        order.see(&came);
        if matches!(came, Came::Close(..) | Came::End) {
            break came;
        }
    };
    assert_eq!(
        end,
        Came::Close(4008, "nothing was read for too long".to_owned())
    );
    assert!(
        order.pictures < 120,
        "{} pictures were kept for it",
        order.pictures
    );
}

#[tokio::test]
async fn one_that_reads_slowly_gets_whole_groups_and_then_a_smaller_rung() {
    let mut site = Site::new().await;
    site.publisher.step(20_000);
    let mut slow = narrow(&site).await;
    let begin = Instant::now();
    let publish = async {
        let mut pace = interval(Duration::from_millis(4));
        pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
        while begin.elapsed() < Duration::from_secs(4) {
            pace.tick().await;
            site.publisher.step(20_000);
        }
    };
    let read = async {
        let (mut order, mut rungs, mut told) = (Order::default(), Vec::new(), 0);
        // A tenth of the pictures is what it reads.
        let mut pace = interval(Duration::from_millis(40));
        while begin.elapsed() < Duration::from_secs(4) {
            pace.tick().await;
            let Ok(came) = timeout(Duration::from_millis(500), slow.next()).await else {
                break;
            };
            order.see(&came);
            if let Came::Text(text) = came {
                match text["t"].as_str() {
                    Some("config") => rungs.push(text["rung"].as_str().unwrap().to_owned()),
                    Some("drop") => told += text["frames"].as_u64().unwrap(),
                    _ => {}
                }
            }
        }
        (order, rungs, told)
    };
    let ((), (order, rungs, told)) = tokio::join!(publish, read);
    assert!(
        order.keys >= 2 && told > 30,
        "{} groups, {told} pictures missed",
        order.keys
    );
    assert_eq!(rungs[0], "720p");
    assert_eq!(rungs.last().unwrap(), "360p", "{rungs:?}");
}

#[tokio::test]
async fn many_that_come_back_at_once_all_get_pictures() {
    let mut site = Site::new().await;
    site.publisher.steps(40, 8000);
    let begin = Instant::now();
    let port = site.port;
    let viewers = (0..200).map(|_| async move {
        let mut viewer = Client::connect(port, TOKEN).await.unwrap();
        viewer.hello("mse").await;
        loop {
            let (header, _) = viewer.media().await;
            if header.kind == Kind::Fragment {
                return header.flags.key;
            }
        }
    });
    let began = timeout(LONG, join_all(viewers)).await.unwrap();
    assert!(began.iter().all(|&key| key), "each begins with a key frame");
    assert!(
        begin.elapsed() < Duration::from_secs(5),
        "{:?}",
        begin.elapsed()
    );
}
