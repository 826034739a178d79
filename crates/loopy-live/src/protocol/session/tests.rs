//! A viewer on a made-up network in made-up time.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use loopy_core::{Rate, Size};
use serde_json::{Value, json};

use super::{Outgoing, Rules, Scopes, Session};
use crate::{
    hub::{Coding, Hub, Reel, Rung},
    packet::{Flags, Header, Kind, Unit},
};

const SECOND: u64 = 1_000_000;
const FPS: u64 = 30;
const AVCC: [u8; 13] = [1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 1, 0x67, 1, 0, 1, 0x68];

/// A stream, a viewer, and a line of so many bytes a second between them.
struct World {
    hub: Hub,
    reels: Vec<Arc<Reel>>,
    session: Session,
    now: u64,
    pictures: u64,
    sounds: u64,
    /// The line is busy until then.
    busy: u64,
    rate: u64,
    rtt: u64,
    texts: Vec<Value>,
    media: Vec<(Header, u64)>,
    closed: Option<u16>,
    next_tick: u64,
}

impl World {
    fn new(rules: Rules) -> Self {
        let hub = Hub::new(Instant::now());
        hub.begin(0);
        let rung = |name: &str, coding: Coding, height: u32, bitrate: u32| Rung {
            name: name.to_owned(),
            coding,
            size: Size::new(height * 16 / 9, height),
            fps: Rate::new(30, 1).unwrap(),
            bitrate,
            sound: None,
        };
        let h264 = || Coding::H264 {
            record: Bytes::from_static(&AVCC),
        };
        let aac = Coding::Aac {
            config: Bytes::from_static(&[0x11, 0x90]),
        };
        let rungs = [
            rung("jpeg", Coding::Jpeg, 180, 3_000_000),
            rung("360p", h264(), 360, 800_000),
            rung("1080p", h264(), 1080, 5_000_000),
            rung("720p", h264(), 720, 2_400_000),
            Rung {
                sound: Some((48_000, 2)),
                ..rung("aac", aac, 0, 128_000)
            },
        ];
        let reels = rungs.map(|rung| hub.add(rung)).to_vec();
        Self {
            session: Session::new("s".to_owned(), Scopes::ALL, None, rules, 0),
            hub,
            reels,
            now: 0,
            pictures: 0,
            sounds: 0,
            busy: 0,
            rate: u64::MAX,
            rtt: 300,
            texts: Vec::new(),
            media: Vec::new(),
            closed: None,
            next_tick: 0,
        }
    }

    fn hello(&mut self, modes: &[&str]) {
        let hello = json!({"t":"hello","modes":modes,"codecs":["avc1.64001f","mp4a.40.2"],
            "screen":{"w":1280,"h":720}});
        self.say(&hello);
    }

    fn say(&mut self, message: &Value) {
        let ask = self
            .session
            .receive(&message.to_string(), &self.hub, self.now);
        assert_eq!(ask, None);
    }

    fn publish(&mut self) {
        while self.pictures * SECOND / FPS <= self.now {
            let number = self.pictures;
            self.pictures += 1;
            let pts = number * SECOND / FPS;
            for reel in &self.reels[..4] {
                let single = reel.rung.coding == Coding::Jpeg;
                if single && number % 2 == 1 {
                    continue;
                }
                let bytes = u64::from(reel.rung.bitrate) / 8 / if single { 15 } else { FPS };
                let unit = Unit {
                    flags: Flags {
                        key: single || number.is_multiple_of(FPS),
                        ..Flags::default()
                    },
                    pts_us: pts,
                    duration_us: 33_333,
                    data: Bytes::from(vec![0; bytes as usize]),
                };
                self.hub.publish_at(reel, unit, self.now);
            }
        }
        let sound_pts = |number: u64| number * 1024 * SECOND / 48_000;
        while sound_pts(self.sounds) <= self.now {
            let unit = Unit {
                flags: Flags {
                    key: true,
                    ..Flags::default()
                },
                pts_us: sound_pts(self.sounds),
                duration_us: 21_333,
                data: Bytes::from_static(&[0; 340]),
            };
            self.hub.publish_at(&self.reels[4], unit, self.now);
            self.sounds += 1;
        }
    }

    fn run(&mut self, seconds: u64) {
        let end = self.now + seconds * SECOND;
        while self.now < end && self.closed.is_none() {
            self.now += 1000;
            self.publish();
            if self.now >= self.next_tick {
                self.next_tick = self.now + SECOND;
                self.session.tick(&self.hub, self.now);
            }
            while self.busy <= self.now {
                let Some(outgoing) = self.session.next(&self.hub, self.now) else {
                    break;
                };
                self.take(outgoing);
            }
        }
    }

    fn take(&mut self, outgoing: Outgoing) {
        let mut bytes = 0;
        match outgoing {
            Outgoing::Text(text) => self.texts.push(serde_json::from_str(&text).unwrap()),
            Outgoing::Media(message, _) => {
                bytes = message.len();
                let (header, _) = Header::read(&message).unwrap();
                self.media.push((header, self.now));
            }
            Outgoing::Ping(payload) => {
                let sent = u64::from_be_bytes(payload);
                self.session.pong(&payload, sent + self.rtt);
            }
            Outgoing::Figures(_) => {}
            Outgoing::Close(code, _) => self.closed = Some(code as u16),
        }
        let takes = (bytes as u64).saturating_mul(SECOND) / self.rate;
        self.session.sent(bytes, takes);
        self.busy = self.now + takes;
    }

    fn texts(&self, t: &str) -> Vec<&Value> {
        self.texts.iter().filter(|text| text["t"] == t).collect()
    }

    fn rungs(&self) -> Vec<&str> {
        let configs = self.texts("config").into_iter();
        configs
            .filter_map(|config| config["rung"].as_str())
            .collect()
    }

    /// Each picture is a key frame or follows the one before it; none is older than it may be.
    fn check(&self, most_us: u64) {
        let mut last: Option<Header> = None;
        for (header, at) in &self.media {
            match header.kind {
                Kind::Sound | Kind::SoundInit | Kind::Init => continue,
                _ => {}
            }
            let follows = last.is_some_and(|last| {
                (last.stream_seq, last.group, last.index + 1)
                    == (header.stream_seq, header.group, header.index)
            });
            assert!(header.flags.key || follows, "{header:?} after {last:?}");
            assert_eq!(header.flags.key, header.index == 0);
            assert!(
                last.is_none_or(|last| last.pts_us < header.pts_us),
                "time goes back"
            );
            assert!(at - header.pts_us <= most_us, "{header:?} at {at}");
            last = Some(*header);
        }
        assert!(last.is_some());
    }
}

/// One second of a group may have gone by when a viewer joins it.
const JOIN: u64 = SECOND + 50_000;

#[test]
fn a_viewer_that_keeps_up_gets_all_from_the_rung_that_fits_its_screen() {
    let mut world = World::new(Rules::default());
    world.run(2);
    world.hello(&["webcodecs", "jpeg"]);
    world.run(20);
    world.check(JOIN);
    assert_eq!(world.rungs(), ["720p"], "1080p is wider than the screen");
    assert!(world.texts("drop").is_empty() && world.texts("tier").is_empty());
    let pictures = world
        .media
        .iter()
        .filter(|(header, _)| header.kind == Kind::Unit)
        .count();
    assert!((600..=631).contains(&pictures), "{pictures}");
    let viewer = world.session.viewer(world.now);
    assert_eq!((viewer.class, viewer.dropped_groups), ("ethernet", 0));
    assert!(
        (2_300_000..2_700_000).contains(&viewer.bitrate),
        "{}",
        viewer.bitrate
    );
}

#[test]
fn sound_goes_on_through_a_change_of_rung() {
    let mut world = World::new(Rules::default());
    world.hello(&["mse"]);
    world.run(3);
    world.say(&json!({"t":"quality","rung":"360p"}));
    world.run(3);
    world.check(JOIN);
    assert_eq!(world.rungs(), ["720p", "360p"]);
    let sound: Vec<_> = world
        .media
        .iter()
        .filter(|(header, _)| header.kind == Kind::Sound)
        .collect();
    let is_whole = sound
        .windows(2)
        .all(|pair| pair[0].0.group + 1 == pair[1].0.group);
    assert!(is_whole && sound.len() > 250, "{}", sound.len());
    let inits = |kind| {
        world
            .media
            .iter()
            .filter(|(header, _)| header.kind == kind)
            .count()
    };
    assert_eq!((inits(Kind::Init), inits(Kind::SoundInit)), (2, 1));
}

#[test]
fn a_slow_viewer_goes_down_and_comes_up_again_when_the_line_does() {
    let mut world = World::new(Rules::default());
    world.run(1);
    world.hello(&["webcodecs"]);
    world.run(5);
    // 1.6 Mb/s: enough for the smallest, not for the middle one.
    world.rate = 200_000;
    world.run(30);
    world.check(SECOND + 600_000);
    assert_eq!(world.rungs().last(), Some(&"360p"));
    let reasons: Vec<_> = world
        .texts("tier")
        .iter()
        .map(|it| it["reason"].to_string())
        .collect();
    assert!(
        reasons.iter().any(|reason| reason.contains("dropped")),
        "{reasons:?}"
    );
    let dropped: u64 = world
        .texts("drop")
        .iter()
        .filter_map(|it| it["frames"].as_u64())
        .sum();
    assert_eq!(dropped, world.session.viewer(world.now).dropped_frames);
    world.rate = u64::MAX;
    world.run(300);
    assert_eq!(world.rungs().last(), Some(&"720p"), "{:?}", world.rungs());
    world.check(SECOND + 600_000);
}

#[test]
fn a_line_between_two_rungs_is_tried_less_and_less_often() {
    let mut world = World::new(Rules::default());
    world.rate = 200_000;
    world.hello(&["webcodecs"]);
    world.run(1200);
    world.check(SECOND + 600_000);
    let ups = world.rungs().iter().filter(|&&rung| rung == "720p").count();
    assert!((3..=10).contains(&ups), "{ups} times in 20 minutes");
}

#[test]
fn a_reader_at_a_tenth_of_the_rate_gets_whole_groups_and_pauses_are_survived() {
    let mut world = World::new(Rules::default());
    world.hello(&["webcodecs", "jpeg"]);
    world.run(2);
    world.rate = 30_000;
    world.run(60);
    world.check(SECOND * 2);
    for _ in 0..10 {
        world.busy = world.now + 3 * SECOND;
        world.rate = 1_000_000;
        world.run(8);
    }
    world.check(SECOND * 2);
    assert!(world.session.viewer(world.now).dropped_groups > 10);
    assert_eq!(world.closed, None);
}

#[test]
fn what_waits_for_a_viewer_is_not_more_than_it_may_be() {
    let rules = Rules {
        queue_bytes: 60_000,
        ..Rules::default()
    };
    let mut world = World::new(rules);
    world.hello(&["webcodecs"]);
    world.say(&json!({"t":"quality","rung":"720p"}));
    world.run(2);
    world.rate = 290_000;
    world.run(20);
    // 60 kB are 200 ms of this rung, which is less than the 500 ms that a packet may wait.
    world.check(350_000);
    assert!(world.session.viewer(world.now).dropped_groups > 0);
    assert_eq!(
        world.texts("config").len(),
        1,
        "a rung that was chosen by hand stays"
    );
}

#[test]
fn the_network_is_measured() {
    let mut world = World::new(Rules::default());
    world.hello(&["webcodecs"]);
    world.rtt = 25_000;
    world.run(60);
    let tier = world.texts("tier");
    assert_eq!(tier.len(), 1);
    assert_eq!(
        (&tier[0]["class"], &tier[0]["latency_target_ms"]),
        (&json!("wifi"), &json!(100))
    );
    assert_eq!(tier[0]["name"], "720p");
    world.rtt = 120_000;
    world.run(120);
    assert_eq!(
        world.texts("tier").last().unwrap()["latency_target_ms"],
        200
    );
    world.rtt = 400;
    world.run(180);
    assert_eq!(world.texts("tier").last().unwrap()["latency_target_ms"], 50);
}

#[test]
fn a_rung_that_comes_later_is_taken_when_it_has_pictures() {
    let mut world = World::new(Rules::default());
    world.reels.clear();
    let hub = Hub::new(Instant::now());
    world.hub = hub;
    world.session.open(&world.hub, "x", 0);
    world.hello(&["jpeg"]);
    assert!(world.session.next(&world.hub, 0).is_some());
    assert!(world.session.next(&world.hub, 0).is_none());
    let rung = Rung {
        name: "jpeg".to_owned(),
        coding: Coding::Jpeg,
        size: Size::new(2, 2),
        fps: Rate::new(10, 1).unwrap(),
        bitrate: 1,
        sound: None,
    };
    let reel = world.hub.add(rung);
    world.session.rungs_came(&world.hub);
    let unit = Unit {
        flags: Flags {
            key: true,
            ..Flags::default()
        },
        pts_us: 5,
        duration_us: 5,
        data: Bytes::from_static(b"x"),
    };
    world.hub.publish_at(&reel, unit, 5);
    assert!(world.session.reels()[0].is_some_and(|waited| Arc::ptr_eq(waited, &reel)));
    let mut sent = Vec::new();
    while let Some(outgoing) = world.session.next(&world.hub, SECOND) {
        sent.push(outgoing);
    }
    assert!(
        sent.iter().any(|it| matches!(it, Outgoing::Media(..))),
        "{sent:?}"
    );
}
