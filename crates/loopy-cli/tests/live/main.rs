//! The live stream, as a viewer sees it: every frame of the walk in order, at its time, whatever is
//! told and whatever goes wrong meanwhile.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends where something is not as it should be"
)]

#[path = "../house/mod.rs"]
mod house;
#[path = "../tones/mod.rs"]
mod tones;
#[path = "../viewer/mod.rs"]
mod viewer;

mod chaos;
mod sound;
mod stream;

use std::{
    process::{Child, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use house::House;
use loopy_core::Rate;
use rustix::process::{Pid, Signal, kill_process};
use viewer::Shown;

const TOKEN: &str = "a-token-of-a-test-0123456789";
const PATIENCE: Duration = Duration::from_mins(1);

/// Held by the test that loads the machine, and by one of what only a machine keeps that is not loaded.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `loopy serve`, stopped when it goes.
struct Served {
    child: Child,
    port: u16,
}

impl Served {
    fn new(house: &House, more: &[&str]) -> Self {
        let args = ["serve", "clips", "--port", "0", "--json", "--fps", "30"];
        let args = [&args, more].concat();
        let mut command = house.loopy(&args);
        if !more.contains(&"--config") {
            command.env("LOOPYCOMFY_TOKEN", TOKEN);
        }
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let lines = std::io::BufReader::new(child.stdout.take().unwrap());
        let mut lines = std::io::BufRead::lines(lines);
        let port = lines.find_map(|line| {
            let line: serde_json::Value = serde_json::from_str(&line.ok()?).ok()?;
            (line["type"] == "serving").then(|| line["port"].as_u64())?
        });
        // Nobody may wait for who reads its lines.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            child,
            port: port.unwrap() as u16,
        }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    fn ended(&mut self) -> Option<i32> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("it does not end");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

fn house(clips: &[u32]) -> House {
    let house = House::new();
    house.truth_clips(Rate::new(30, 1).unwrap(), clips);
    house
}

/// Pictures go on in time, and each is the next of its clip, or of a bridge, or begins a run.
fn check(shown: &[Shown]) {
    for pair in shown.windows(2) {
        let step = pair[1].pts_us - pair[0].pts_us;
        assert!((33_333..=33_334).contains(&step), "{pair:?}");
        let gap = pair[1].came.duration_since(pair[0].came);
        assert!(gap < Duration::from_secs(1), "a freeze of {gap:?}");
        if let (Some((clip, index)), Some((next, later))) = (pair[0].truth, pair[1].truth)
            && clip == next
            && !pair[1].key
        {
            assert_eq!(later, index + 1, "{pair:?}");
        }
    }
    let unknown = shown
        .iter()
        .filter(|one| one.truth.is_none() && !one.transition);
    assert_eq!(unknown.count(), 0, "pictures that are of no clip");
}
