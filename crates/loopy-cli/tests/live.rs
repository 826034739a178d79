//! The live stream, as a viewer sees it: every frame of the walk in order, at its time, whatever is
//! told and whatever goes wrong meanwhile.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends where something is not as it should be"
)]

mod house;
mod tones;
mod viewer;

use std::{
    collections::BTreeSet,
    fs,
    net::UdpSocket,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use house::House;
use loopy_core::{Rate, limits::Limits};
use loopy_media::audio::{decode, encode::RATE};
use rustix::process::{Pid, Signal, kill_process};
use viewer::{Shown, Viewer, post};

const TOKEN: &str = "a-token-of-a-test-0123456789";
const PATIENCE: Duration = Duration::from_mins(1);

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

#[test]
fn a_viewer_sees_every_frame_of_the_walk_in_its_time() {
    let house = house(&[60, 66, 72, 78]);
    let served = Served::new(&house, &[]);
    let mut viewer = Viewer::connect(served.port, TOKEN);
    // The first pictures are made before the viewer counts its seconds.
    viewer.until_ready(2);
    let shown = viewer.watch(Duration::from_secs(6));
    assert!(shown.len() > 120, "{} pictures", shown.len());
    check(&shown);
    let clips: BTreeSet<u16> = shown.iter().filter_map(|one| Some(one.truth?.0)).collect();
    assert!(clips.len() > 1, "{clips:?}");
}

#[test]
fn what_is_told_is_shown_at_the_frame_that_was_said() {
    let house = house(&[90, 96, 99, 102, 105]);
    let served = Served::new(&house, &[]);
    let mut viewer = Viewer::connect(served.port, TOKEN);
    // All clips are ready before one is asked for.
    viewer.until_ready(5);
    let mut told = Vec::new();
    let mut shown = Vec::new();
    for clip in [3_u16, 1] {
        let body = format!("{{\"clip\":\"truth_{clip:02}\"}}");
        let taken = post(served.port, "/api/next", TOKEN, &body);
        let frame = taken["frame"].as_u64().unwrap();
        told.push((clip, frame));
        // The clip under way is left at its end at the latest.
        let due = Duration::from_millis(taken["due_ms"].as_u64().unwrap());
        assert!(due < Duration::from_secs(5), "{due:?}");
        shown.extend(viewer.watch(due + Duration::from_millis(2200)));
    }
    check(&shown);
    for (clip, frame) in told {
        let pts = frame * 1_000_000 / 30;
        let first = shown.iter().find(|one| one.pts_us >= pts).unwrap();
        assert_eq!(
            first.truth.map(|truth| truth.0),
            Some(clip),
            "frame {frame}"
        );
    }
    let wrong = post(served.port, "/api/next", TOKEN, "{\"clip\":\"truht_01\"}");
    assert_eq!(wrong["error"]["code"], "unknown_clip", "{wrong}");
}

#[test]
fn the_picture_goes_on_whatever_breaks() {
    let house = house(&[60, 66, 72, 78, 84]);
    let served = Served::new(&house, &[]);
    let mut viewer = Viewer::connect(served.port, TOKEN);
    viewer.until_ready(3);
    let mut shown = viewer.watch(Duration::from_secs(1));
    // What was encoded is gone from the store.
    let pieces = house.path("store").join("objects");
    let pieces = walkdir::WalkDir::new(if pieces.is_dir() {
        pieces
    } else {
        house.path("store")
    });
    for entry in pieces.into_iter().filter_map(Result::ok) {
        let name = entry.path().to_string_lossy().into_owned();
        if entry.file_type().is_file() && name.contains("segment") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    shown.extend(viewer.watch(Duration::from_secs(5)));
    // A clip goes, another comes.
    fs::remove_file(house.path("clips/truth_01.mp4")).unwrap();
    house::truth_clip(
        &house.path("clips/truth_09.mp4"),
        9,
        Rate::new(30, 1).unwrap(),
        60,
        house::SIZE,
    );
    shown.extend(viewer.watch(Duration::from_secs(1)));
    // Workers die.
    for worker in viewer::children(served.child.id()) {
        if let Some(pid) = Pid::from_raw(worker) {
            // It may have ended by itself.
            let _gone = kill_process(pid, Signal::KILL);
        }
    }
    let begun = Instant::now();
    loop {
        let more = viewer.watch(Duration::from_secs(1));
        let there = more
            .iter()
            .any(|one| one.truth.is_some_and(|truth| truth.0 == 9));
        shown.extend(more);
        if there {
            break;
        }
        assert!(
            begun.elapsed() < PATIENCE,
            "the clip that came is not shown"
        );
    }
    check(&shown);
    let last = shown.len() - 60;
    let gone = shown[last..]
        .iter()
        .any(|one| one.truth.is_some_and(|truth| truth.0 == 1));
    assert!(!gone, "a clip that went is shown");
}

#[test]
fn settings_change_while_the_stream_runs_and_broken_ones_change_nothing() {
    let house = house(&[60, 66, 72]);
    let file = house.path("live.yaml");
    let write = |token: &str, more: &str| {
        let text = format!(
            "version: \"2.0.0\"\nfeatures:\n  real_time:\n    websocket:\n      auth_token: \
             \"{token}\"\n{more}"
        );
        fs::write(&file, text).unwrap();
    };
    let (old, new) = ("the-first-token-0123456789", "another-token-of-9876543210");
    write(old, "");
    let served = Served::new(&house, &["--config", "live.yaml"]);
    let mut viewer = Viewer::connect(served.port, old);
    viewer.watch(Duration::from_millis(500));
    write(new, "wlak: {min_gap: 1}\n");
    let mut shown = viewer.watch(Duration::from_millis(2500));
    let (status, figures) = viewer::get(served.port, "/api/status", old);
    assert_eq!(status, 200, "a file that is broken changes no token");
    assert!(
        figures.contains("the settings as they were") && figures.contains("wlak"),
        "{figures}"
    );
    write(old, "walk: {min_gap: 2}\n");
    shown.extend(viewer.watch(Duration::from_millis(2500)));
    check(&shown);
    write(new, "walk: {min_gap: 2}\n");
    let (code, _) = viewer.closed();
    assert_eq!(code, 4001);
    assert_eq!(viewer::get(served.port, "/api/status", old).0, 401);
    let mut viewer = Viewer::connect(served.port, new);
    check(&viewer.watch(Duration::from_secs(2)));
}

#[test]
fn viewers_are_told_when_the_stream_ends() {
    let house = house(&[60, 66]);
    let mut served = Served::new(&house, &[]);
    let mut viewer = Viewer::connect(served.port, TOKEN);
    viewer.watch(Duration::from_millis(500));
    served.signal(Signal::TERM);
    let (code, text) = viewer.closed();
    assert_eq!(code, 1001);
    assert!(text.contains("retry_after_ms"), "{text}");
    assert_eq!(served.ended(), Some(0));
    assert!(viewer::children(served.child.id()).is_empty());
}

/// Left channel of a file, on the clock of its picture.
fn heard(file: &Path) -> Vec<f32> {
    let sound = decode::sound(file, &Limits::default()).unwrap().unwrap();
    let lead = sound.start * i64::from(RATE) / 1_000_000;
    let left = sound.samples.iter().step_by(2).copied();
    let silence = vec![0.0; lead.max(0) as usize];
    let rest = left.skip((-lead).max(0) as usize);
    silence.into_iter().chain(rest).collect()
}

/// How much there is of the pips' tone.
fn pips(samples: &[f32]) -> f32 {
    let turn = std::f32::consts::TAU * tones::PIP_HZ / RATE as f32;
    let parts = (0_u16..).zip(samples).map(|(n, sample)| {
        let (sin, cos) = (f32::from(n) * turn).sin_cos();
        (sample * cos, sample * sin)
    });
    let (re, im) = parts.fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
    re.hypot(im)
}

/// Every pip of a file begins with the picture that it belongs to; how many there are.
fn in_time(file: &Path) -> usize {
    let mut shown = Vec::new();
    house::each_picture(file, |picture| shown.push(loopy_demo::mark::read(&picture)));
    let samples = heard(file);
    let frame = RATE as usize / 30;
    let mut found = 0;
    for (at, stretch) in (8..).zip(shown.windows(17)) {
        // Half a second into its clip and every second after, well within a visit.
        let Some((clip, index)) = stretch[8].filter(|(_, index)| index % 30 == 15) else {
            continue;
        };
        let follows = |(n, one): (u32, &Option<(u16, u32)>)| *one == Some((clip, index + n - 8));
        if !(0..).zip(stretch).all(follows) || (at + 4) * frame > samples.len() {
            continue;
        }
        // What is heard within the time of the pip, and a frame before and after it.
        let hears = |from: usize| pips(&samples[from..from + tones::PIP]);
        let due = at * frame;
        let (now, before, after) = (hears(due), hears(due - frame), hears(due + frame));
        assert!(
            now > 3.0 * before.max(after),
            "{at}: {before} {now} {after}"
        );
        found += 1;
    }
    found
}

#[test]
fn every_way_out_carries_the_sound_in_time_with_the_picture() {
    let house = House::new();
    fs::create_dir(house.path("clips")).unwrap();
    let rate = Rate::new(30, 1).unwrap();
    for (number, frames) in [(0, 95), (1, 110), (2, 120)] {
        let tone = tones::Tone {
            hertz: 500.0,
            level: 0.2,
        };
        let file = house.path(&format!("clips/truth_{number:02}.mp4"));
        tones::clip(&file, number, rate, frames, house::SIZE, Some(tone));
    }
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket
        .set_read_timeout(Some(Duration::from_millis(100)))
        .unwrap();
    let to = format!("udp://127.0.0.1:{}", socket.local_addr().unwrap().port());
    let ways = ["--record", "files", "--hls", "--push", &to];
    let mut served = Served::new(&house, &ways);
    // Read by a thread of its own: what is not fetched in time is lost.
    let (over, ended) = mpsc::channel::<()>();
    let pushed = thread::spawn(move || {
        let (mut got, mut datagram) = (Vec::new(), [0; 2000]);
        while ended.try_recv() == Err(mpsc::TryRecvError::Empty) {
            if let Ok(size) = socket.recv(&mut datagram) {
                got.extend_from_slice(&datagram[..size]);
            }
        }
        got
    });
    let begun = Instant::now();
    let path = format!("/hls/{TOKEN}/index.m3u8");
    let master = loop {
        let (status, text) = viewer::get(served.port, &path, TOKEN);
        if status == 200 {
            break text;
        }
        assert!(begun.elapsed() < PATIENCE, "no playlist");
        thread::sleep(Duration::from_millis(50));
    };
    // Some seconds of the stream more for enough pips.
    let list = format!("/hls/{TOKEN}/{}", master.lines().last().unwrap());
    let parts = || {
        let (_, text) = viewer::get(served.port, &list, TOKEN);
        text.matches(".m4s").count()
    };
    let enough = parts() + 1;
    while parts() < enough {
        assert!(begun.elapsed() < PATIENCE, "no more parts");
        thread::sleep(Duration::from_millis(50));
    }
    drop(over);
    let got = pushed.join().unwrap();
    served.signal(Signal::TERM);
    assert_eq!(served.ended(), Some(0));
    assert!(
        master.contains("TYPE=AUDIO") && master.contains(",mp4a.40.2"),
        "{master}"
    );
    let mut files = fs::read_dir(house.path("files")).unwrap();
    let file = files.next().unwrap().unwrap().path();
    assert!(!file.to_str().unwrap().contains("part"), "{file:?}");
    assert!(in_time(&file) > 1, "too few pips are recorded");
    assert_eq!(house::ffmpeg_complaints(&file), "");
    let (stream, copy) = (house.path("got.ts"), house.path("got.mp4"));
    fs::write(&stream, got).unwrap();
    let copied = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(stream)
        .args(["-c", "copy"])
        .arg(&copy)
        .status();
    if copied.is_ok_and(|status| status.success()) {
        assert!(in_time(&copy) > 1, "too few pips are pushed");
    }
}

#[test]
fn a_port_that_is_taken_and_a_token_that_everybody_knows_are_refused() {
    let house = house(&[60, 66]);
    let served = Served::new(&house, &[]);
    let port = served.port.to_string();
    let output = house
        .loopy(&["serve", "clips", "--port", &port])
        .env("LOOPYCOMFY_TOKEN", TOKEN)
        .output()
        .unwrap();
    let words = house::text(&output.stderr);
    assert!(!output.status.success() && words.contains(&port), "{words}");
    let output = house
        .loopy(&["serve", "clips", "--port", "0"])
        .env("LOOPYCOMFY_TOKEN", "generate_random_token_here")
        .output()
        .unwrap();
    let words = house::text(&output.stderr);
    assert!(
        !output.status.success() && words.contains("everybody knows"),
        "{words}"
    );
}
