//! Publishes made-up access units, by hand or by the clock.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use bytes::Bytes;
use loopy_core::{Rate, Size};
use loopy_live::{
    hub::{Coding, Hub, Reel, Rung},
    packet::{Flags, Unit},
    show::{Refused, Show, Taken, Verb},
};
use serde_json::{Map, Value, json};

/// What a real encoder of 1280x720 says of itself.
pub const AVCC: [u8; 13] = [1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 1, 0x67, 1, 0, 1, 0x68];

/// Name of the codec of [`AVCC`].
pub const CODEC: &str = "avc1.64001f";

/// 1 s at 30 pictures a second.
pub const GROUP: u64 = 30;

/// A hub with two rungs of H.264, one of JPEG and one of sound.
pub struct Publisher {
    pub hub: Arc<Hub>,
    pub large: Arc<Reel>,
    pub small: Arc<Reel>,
    pub jpeg: Arc<Reel>,
    pub opus: Arc<Reel>,
    next: u64,
}

pub fn rung(name: &str, coding: Coding, size: (u32, u32), bitrate: u32) -> Rung {
    Rung {
        name: name.to_owned(),
        coding,
        size: Size::new(size.0, size.1),
        fps: Rate::new(30, 1).unwrap(),
        bitrate,
        sound: None,
    }
}

impl Publisher {
    pub fn new() -> Self {
        let hub = Arc::new(Hub::new(Instant::now()));
        hub.begin(hub.now_us());
        let record = Bytes::from_static(&AVCC);
        let h264 = Coding::H264 { record };
        let large = hub.add(rung("720p", h264.clone(), (1280, 720), 2_500_000));
        let small = hub.add(rung("360p", h264, (640, 360), 800_000));
        let jpeg = hub.add(rung("jpeg", Coding::Jpeg, (640, 360), 3_000_000));
        let head = b"OpusHead\x01\x02\x38\x01\x80\xbb\0\0\0\0\0";
        let head = Bytes::from_static(head);
        let opus = hub.add(Rung {
            fps: Rate::new(50, 1).unwrap(),
            sound: Some((48_000, 2)),
            ..rung("opus", Coding::Opus { head }, (0, 0), 96_000)
        });
        Self {
            hub,
            large,
            small,
            jpeg,
            opus,
            next: 0,
        }
    }

    /// The next picture of all rungs, of `bytes` bytes in the largest, and the sound that goes with it.
    pub fn step(&mut self, bytes: usize) {
        let number = self.next;
        self.next += 1;
        let key = number.is_multiple_of(GROUP);
        let unit = |key, bytes: usize, pts_us, duration_us| Unit {
            flags: Flags {
                key,
                last: (number + 1).is_multiple_of(GROUP),
                ..Flags::default()
            },
            pts_us,
            duration_us,
            data: Bytes::from(vec![number as u8; bytes]),
        };
        let pts = number * 1_000_000 / 30;
        self.hub.publish(&self.large, unit(key, bytes, pts, 33_333));
        self.hub
            .publish(&self.small, unit(key, bytes / 3, pts, 33_333));
        if number.is_multiple_of(2) {
            self.hub.publish(&self.jpeg, unit(true, bytes, pts, 66_667));
        }
        let sounds = |pictures: u64| pictures * 50 / 30;
        for sound in sounds(number)..sounds(number + 1) {
            self.hub
                .publish(&self.opus, unit(true, 200, sound * 20_000, 20_000));
        }
    }

    /// So many pictures at once.
    pub fn steps(&mut self, count: u64, bytes: usize) {
        (0..count).for_each(|_| self.step(bytes));
    }

    pub fn pictures(&self) -> u64 {
        self.next
    }
}

/// Takes verbs and remembers them.
#[derive(Default)]
pub struct Puppet {
    pub told: Mutex<Vec<Verb>>,
    pub sleeps: AtomicBool,
}

/// A name that must stay text wherever it goes.
pub const NASTY: &str = "<script>alert(1)</script>.mp4";

impl Show for Puppet {
    fn figures(&self) -> Map<String, Value> {
        let stream = json!({"frame": 1, "now": {"clip": NASTY}});
        Map::from_iter([
            ("stream".to_owned(), stream),
            ("ledger".to_owned(), json!([])),
        ])
    }

    fn ready(&self) -> bool {
        !self.sleeps.load(Ordering::Relaxed)
    }

    fn tell(&self, verb: &Verb) -> Result<Taken, Refused> {
        let refused = |code, msg: &str| {
            Err(Refused {
                code,
                msg: msg.to_owned(),
                hint: "take another".to_owned(),
            })
        };
        match verb {
            Verb::Signal { value } if !(-1.0..=1.0).contains(value) => {
                return refused("out_of_range", "`value` must be -1 to 1");
            }
            Verb::Next { clip } | Verb::Avoid { clip, .. } if clip != "wave.mp4" => {
                return refused("unknown_clip", "there is no such clip");
            }
            Verb::State { state: Some(state) } if state != "talk" => {
                return refused("unknown_state", "there is no such state");
            }
            _ => {}
        }
        self.told.lock().unwrap().push(verb.clone());
        Ok(Taken {
            frame: 5400,
            due_ms: 730,
        })
    }
}
