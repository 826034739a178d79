//! Fifty viewers, and whatever can break while they watch: no freeze, nothing that is not of a clip,
//! and a line in the ledger.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use loopy_core::Rate;
use loopy_media::demux::Packets;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::{
    PATIENCE, Served, alone, check,
    house::{self, Disk, House, text},
    tones::{self, Tone},
    viewer::{self, Shown, Viewer},
};

const VIEWERS: u64 = 50;

/// `loopy bench serve`, until it is told to leave.
struct Crowd {
    child: Child,
    lines: Receiver<Value>,
}

impl Crowd {
    /// Viewers with `token`, once all of them watch.
    fn come(house: &House, port: u16, token: &str) -> Self {
        let (port, viewers) = (port.to_string(), VIEWERS.to_string());
        let args = [
            "bench",
            "serve",
            "--port",
            &port,
            "--viewers",
            &viewers,
            "--ramp",
            "1",
            "--seconds",
            "3000",
        ];
        let mut command = house.loopy(&args);
        command
            .env("LOOPYCOMFY_TOKEN", token)
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (tell, lines) = channel();
        let said = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                // Who has left hears no more.
                let _left = tell.send(serde_json::from_str(&line).unwrap());
            }
        });
        let crowd = Self { child, lines };
        // It is measured from two seconds after the last has come.
        crowd.until(|second| second["viewers"] == VIEWERS && second["at_s"].as_f64() > Some(4.0));
        crowd
    }

    fn until(&self, is_so: impl Fn(&Value) -> bool) {
        let begun = Instant::now();
        loop {
            let line = self.lines.recv_timeout(PATIENCE).unwrap();
            if is_so(&line["second"]) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{line}");
        }
    }

    /// All of them have been sent away.
    fn until_gone(self) {
        self.until(|second| second["viewers"] == 0);
        self.leave();
    }

    /// What they saw.
    fn leave(mut self) -> Value {
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
        let outcome = loop {
            let line = self.lines.recv_timeout(PATIENCE).unwrap();
            if line["outcome"].is_object() {
                break line["outcome"].clone();
            }
        };
        assert!(self.child.wait().unwrap().success());
        outcome
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        // It may have left already.
        let _left = self.child.kill();
        let _left = self.child.wait();
    }
}

/// A stream of clips with sound, and one who watches closely.
struct Stage {
    served: Served,
    viewer: Viewer,
    shown: Vec<Shown>,
    /// Where the store and the recording are, where disks may be mounted.
    disks: Vec<Disk>,
    house: House,
}

const FIRST: &str = "the-first-token-0123456789";
const OTHER: &str = "another-token-of-9876543210";

impl Stage {
    fn new() -> Self {
        let house = House::new();
        let disks = [("store", "size=48m"), ("files", "size=24m")];
        let disks = disks.map(|(folder, size)| Disk::mount(house.path(folder), size));
        let disks: Vec<Disk> = disks.into_iter().flatten().collect();
        fs::create_dir_all(house.path("clips")).unwrap();
        for number in 0..5 {
            add(&house, number);
        }
        settings(&house, FIRST, "");
        let served = Served::new(
            &house,
            &[
                "--config",
                "live.yaml",
                "--max-per-address",
                "100",
                "--record",
                "files",
            ],
        );
        let mut viewer = Viewer::connect(served.port, FIRST);
        viewer.until_ready(4);
        Self {
            served,
            viewer,
            shown: Vec::new(),
            disks,
            house,
        }
    }

    fn watch(&mut self, seconds: u64) {
        let more = self.viewer.watch(Duration::from_secs(seconds));
        self.shown.extend(more);
    }

    fn ledger(&self, token: &str) -> String {
        let (status, figures) = viewer::get(self.served.port, "/api/status", token);
        assert_eq!(status, 200, "{figures}");
        let figures: Value = serde_json::from_str(&figures).unwrap();
        figures["ledger"].to_string()
    }

    /// Watches until the ledger has all of these words.
    fn until_noted(&mut self, words: &[&str]) {
        let begun = Instant::now();
        loop {
            self.watch(1);
            let ledger = self.ledger(FIRST);
            if words.iter().all(|word| ledger.contains(word)) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "no {words:?} in {ledger}");
        }
    }

    /// Watches until a clip is shown.
    fn until_shown(&mut self, clip: u16) {
        let begun = Instant::now();
        loop {
            let from = self.shown.len();
            self.watch(1);
            let mut truths = self.shown[from..].iter().filter_map(|one| one.truth);
            if truths.any(|(shown, _)| shown == clip) {
                return;
            }
            let ledger = self.ledger(FIRST);
            assert!(
                begun.elapsed() < PATIENCE,
                "clip {clip} is not shown: {ledger}"
            );
        }
    }

    fn lose_pieces(&mut self) {
        let files = walkdir::WalkDir::new(self.house.path("store"));
        let mut lost = 0;
        for entry in files.into_iter().filter_map(Result::ok) {
            let is_piece = entry.path().to_string_lossy().contains("segment");
            if entry.file_type().is_file() && is_piece {
                fs::remove_file(entry.path()).unwrap();
                lost += 1;
            }
        }
        assert!(lost > 0, "there are pieces to lose");
        self.until_noted(&["gone from the store"]);
    }

    fn swap_clips_and_kill_a_worker(&mut self) {
        fs::remove_file(self.house.path("clips/truth_01.mp4")).unwrap();
        add(&self.house, 9);
        self.kill_a_worker();
        self.until_noted(&["no longer among the usable files", "truth_01.mp4"]);
        self.until_shown(9);
        let from = self.shown.len();
        self.watch(4);
        let mut truths = self.shown[from..].iter().filter_map(|one| one.truth);
        assert!(
            !truths.any(|(clip, _)| clip == 1),
            "a clip that went is shown"
        );
    }

    fn kill_a_worker(&mut self) {
        let begun = Instant::now();
        // One that waits for work is not missed by anybody.
        while !self.ledger(FIRST).contains("a worker process") {
            assert!(begun.elapsed() < PATIENCE, "no worker works");
            let workers = viewer::children(self.served.child.id());
            if let Some(pid) = workers.first().and_then(|pid| Pid::from_raw(*pid)) {
                // It may have ended by itself.
                let _gone = kill_process(pid, Signal::KILL);
                self.shown
                    .extend(self.viewer.watch(Duration::from_millis(500)));
            }
            self.shown
                .extend(self.viewer.watch(Duration::from_millis(20)));
        }
    }

    fn fill_the_disk(&mut self) {
        let ballast = ["store/ballast", "files/ballast"].map(|file| self.house.path(file));
        for file in &ballast {
            let mut file = fs::File::create(file).unwrap();
            // Until there is no more room.
            while std::io::Write::write_all(&mut file, &[1; 4096]).is_ok() {}
        }
        add(&self.house, 11);
        self.until_noted(&["o room in", "nothing; the stream goes on"]);
        self.watch(2);
        for file in ballast {
            fs::remove_file(file).unwrap();
        }
        self.until_noted(&["it can be written again"]);
        self.until_shown(11);
    }

    fn break_settings(&mut self) {
        settings(&self.house, OTHER, "wlak: {min_gap: 1}\n");
        self.until_noted(&["the settings as they were", "wlak"]);
        settings(&self.house, FIRST, "walk: {min_gap: 2}\n");
        self.watch(2);
    }

    fn take_the_port_again(&mut self) {
        let port = self.served.port.to_string();
        let output = self
            .house
            .loopy(&["serve", "clips", "--config", "live.yaml", "--port", &port])
            .output()
            .unwrap();
        let words = text(&output.stderr);
        assert!(!output.status.success() && words.contains(&port), "{words}");
        self.watch(1);
    }
}

fn add(house: &House, number: u16) {
    let tone = Tone {
        hertz: 400.0 + 20.0 * f32::from(number),
        level: 0.2,
    };
    let file = house.path(&format!("clips/truth_{number:02}.mp4"));
    // Another folder on the same disk: nobody sees half of it.
    let made = house.path("made.mp4");
    let rate = Rate::new(30, 1).unwrap();
    tones::clip(
        &made,
        number,
        rate,
        60 + 6 * u32::from(number),
        house::SIZE,
        Some(tone),
    );
    fs::rename(made, file).unwrap();
}

fn settings(house: &House, token: &str, more: &str) {
    let text = format!(
        "version: \"2.0.0\"\nfeatures:\n  real_time:\n    websocket:\n      auth_token: \
         \"{token}\"\n{more}"
    );
    fs::write(house.path("live.yaml"), text).unwrap();
}

#[test]
fn fifty_viewers_see_no_freeze_whatever_breaks() {
    let _alone = alone();
    let mut stage = Stage::new();
    let port = stage.served.port;
    let crowd = Crowd::come(&stage.house, port, FIRST);
    // What came while nobody looked was not late.
    stage.viewer.skip();
    stage.break_settings();
    stage.take_the_port_again();
    stage.lose_pieces();
    stage.swap_clips_and_kill_a_worker();
    if stage.disks.is_empty() {
        println!("skipped: no full disk, nothing may be mounted here");
    } else {
        stage.fill_the_disk();
    }
    check(&stage.shown);
    let saw = crowd.leave();
    assert_eq!(saw["disorder"], 0, "{saw}");
    assert_eq!(saw["dropped_groups"], 0, "{saw}");
    assert_eq!(saw["lost"], 0, "{saw}");
    assert!(saw["freeze_ms"].as_f64() < Some(1000.0), "{saw}");

    let crowd = Crowd::come(&stage.house, port, FIRST);
    settings(&stage.house, OTHER, "walk: {min_gap: 2}\n");
    let (code, _) = stage.viewer.closed();
    assert_eq!(code, 4001, "the token is another");
    assert_eq!(viewer::get(port, "/api/status", FIRST).0, 401);
    assert!(
        stage
            .ledger(OTHER)
            .contains("another one; viewers are asked for it")
    );
    crowd.until_gone();

    let crowd = Crowd::come(&stage.house, port, OTHER);
    stage.viewer = Viewer::connect(port, OTHER);
    check(&stage.viewer.watch(Duration::from_secs(2)));
    stage.served.signal(Signal::TERM);
    let (code, text) = stage.viewer.closed();
    assert_eq!(code, 1001);
    assert!(text.contains("retry_after_ms"), "{text}");
    assert_eq!(stage.served.ended(), Some(0));
    assert!(viewer::children(stage.served.child.id()).is_empty());
    crowd.until_gone();
    assert_eq!(stage.house.litter(), Vec::<PathBuf>::new());
    let files = fs::read_dir(stage.house.path("files")).unwrap();
    let files: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    let (cut, whole): (Vec<PathBuf>, Vec<PathBuf>) =
        (files.into_iter()).partition(|file| file.to_string_lossy().contains(".part."));
    assert_eq!(whole.len() + cut.len(), 1 + stage.disks.len() / 2);
    for file in whole {
        assert_eq!(house::ffmpeg_complaints(&file), "", "{file:?}");
    }
    // What was cut off where the disk was full plays up to there.
    for file in cut {
        let mut packets = Packets::open(&file).unwrap();
        let there = (0..).map_while(|_| packets.next().ok().flatten()).count();
        assert!(there > 300, "{there}");
    }
}
