#![allow(clippy::print_stdout, reason = "a skipped part says so")]

use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Mutex,
};

use loopy_core::limits::Limits;
use loopy_media::audio::decode;

use super::*;
use crate::{
    hub::Hub,
    outputs::testing::{self, ask, clicks, decoded, fps, times, units},
    publisher,
};

const PATIENCE: Patience = Patience {
    silent: Duration::from_secs(2),
    first: Duration::from_millis(100),
    most: Duration::from_millis(400),
};
const RUN: u32 = 60;
const SOON: Duration = Duration::from_secs(30);

/// A stream with a click at the first picture of every run, pushed to `url` while `body` runs; what fell into
/// the ledger, and what was climbed again.
fn pushed(url: &str, body: impl FnOnce(&Mutex<Vec<Entry>>)) -> (Vec<Entry>, Vec<Entry>) {
    let address: Address = url.parse().unwrap();
    assert!(!format!("{address:?}").contains("KEY"));
    let hub = Hub::new(Instant::now());
    hub.begin(0);
    let run = testing::run(RUN);
    let reel = testing::reel(&hub, "720p", &run);
    let ear = testing::sound_reel(&hub);
    let clicks: Vec<usize> = (0..30)
        .map(|run| fps().samples(run * u64::from(RUN), RATE) as usize)
        .collect();
    let sounds = testing::sounds(0, 60 * RATE as usize, &clicks);
    let over = AtomicBool::new(false);
    let entries = Mutex::new(Vec::new());
    let climbed = Mutex::new(Vec::new());
    let stopped = || over.load(Ordering::Acquire);
    let fall = |entry| entries.lock().unwrap().push(entry);
    let climb = |entry| climbed.lock().unwrap().push(entry);
    let context = Context {
        hub: &hub,
        stopped: &stopped,
        sound: true,
        fall: &fall,
        climb: &climb,
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut sounds = sounds.iter().peekable();
            for number in 0.. {
                for unit in units(&run, number * u64::from(RUN)) {
                    let ahead = unit.pts_us + 400_000;
                    while let Some(sound) = sounds.next_if(|sound| sound.pts_us <= ahead) {
                        hub.publish(&ear, sound.clone());
                    }
                    publisher::wait(&hub, unit.pts_us);
                    hub.publish(&reel, unit);
                    if stopped() {
                        return;
                    }
                }
            }
        });
        scope.spawn(|| super::run(&address, PATIENCE, context));
        body(&entries);
        over.store(true, Ordering::Release);
    });
    (entries.into_inner().unwrap(), climbed.into_inner().unwrap())
}

/// Waits until `is_so`; false when that is not soon.
fn soon(mut is_so: impl FnMut() -> bool) -> bool {
    let until = Instant::now() + SOON;
    while Instant::now() < until {
        if is_so() {
            return true;
        }
        thread::yield_now();
        thread::park_timeout(Duration::from_millis(20));
    }
    false
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A server that keeps what it gets in `path`, packet by packet.
fn listen(url: &str, path: &Path) -> Option<Child> {
    let protocols = Command::new("ffmpeg")
        .args(["-v", "quiet", "-protocols"])
        .output();
    let has_rtmp = protocols.is_ok_and(|out| String::from_utf8_lossy(&out.stdout).contains("rtmp"));
    if !has_rtmp {
        println!("skipped: no ffmpeg with rtmp to push to");
        return None;
    }
    let child = Command::new("ffmpeg")
        .args([
            "-v",
            "error",
            "-y",
            "-analyzeduration",
            "400000",
            "-listen",
            "1",
            "-i",
            url,
        ])
        .args(["-c", "copy", "-flush_packets", "1", "-f", "mpegts"])
        .arg(path)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    Some(child.unwrap())
}

/// Whatever clicks does so with a key frame.
fn in_time(path: &Path) {
    let args = ["-v", "quiet", "-select_streams", "v", "-of", "csv=p=0"];
    let path_text = path.to_str().unwrap();
    let args = [
        &args[..],
        &["-show_entries", "packet=pts_time,flags", path_text],
    ]
    .concat();
    let Some(text) = ask("ffprobe", &args) else {
        return;
    };
    let key = |line: &str| {
        let (time, flags) = line.split_once(',')?;
        flags.starts_with('K').then(|| time.parse().unwrap())
    };
    let keys: Vec<f64> = text.lines().filter_map(key).collect();
    let sound = decode::sound(path, &Limits::default()).unwrap().unwrap();
    let left: Vec<f32> = sound.samples.iter().step_by(2).copied().collect();
    let found = clicks(&left);
    assert!(!found.is_empty(), "no sound came");
    for at in found {
        let at = sound.start as f64 / 1e6 + at as f64 / f64::from(RATE);
        let near = keys.iter().map(|key| (key - at).abs()).fold(1.0, f64::min);
        assert!(near < 1.0 / fps().as_f64(), "{at} s; keys {keys:?}");
    }
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |facts| facts.len())
}

#[test]
fn a_server_gets_the_stream_and_gets_it_again_when_it_has_been_away() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("rtmp://127.0.0.1:{}/live/KEY", free_port());
    let paths = ["one.ts", "two.ts"].map(|name| folder.path().join(name));
    let Some(mut first) = listen(&url, &paths[0]) else {
        return;
    };
    let (entries, climbed) = pushed(&url, |entries| {
        assert!(soon(|| size(&paths[0]) > 50_000), "nothing came");
        first.kill().unwrap();
        first.wait().unwrap();
        entries.lock().unwrap().clear();
        assert!(
            soon(|| !entries.lock().unwrap().is_empty()),
            "the loss is told"
        );
        let mut second = listen(&url, &paths[1]).unwrap();
        let came = soon(|| size(&paths[1]) > 50_000);
        second.kill().unwrap();
        second.wait().unwrap();
        assert!(came, "nothing came again");
    });
    let again = climbed.last().unwrap();
    assert_eq!(again.to, "every picture");
    for entry in entries.iter().chain(&climbed) {
        assert!(!format!("{entry:?}").contains("KEY"), "{entry:?}");
    }
    for path in &paths {
        let Some(times) = times(path.to_str().unwrap()) else {
            return;
        };
        assert!(times.len() > 20, "{}", times.len());
        for pair in times.windows(2) {
            // FLV counts in milliseconds.
            assert!(
                (pair[1].0 - pair[0].0 - 1.0 / fps().as_f64()).abs() < 2e-3,
                "{pair:?}"
            );
        }
    }
    for path in &paths {
        in_time(path);
    }
    let pictures = decoded(paths[0].to_str().unwrap());
    assert!(
        pictures.is_none_or(|pictures| pictures > 20),
        "{pictures:?}"
    );
}

#[test]
fn datagrams_carry_picture_and_sound_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let url = format!("udp://127.0.0.1:{}", socket.local_addr().unwrap().port());
    let path = folder.path().join("got.ts");
    // What comes is kept as it is; only whole packets do.
    let over = AtomicBool::new(false);
    socket
        .set_read_timeout(Some(Duration::from_millis(100)))
        .unwrap();
    let got = Mutex::new(Vec::new());
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut datagram = [0; 2000];
            while !over.load(Ordering::Acquire) {
                if let Ok(size) = socket.recv(&mut datagram) {
                    assert_eq!(size % 188, 0);
                    got.lock().unwrap().extend_from_slice(&datagram[..size]);
                }
            }
        });
        let (entries, climbed) = pushed(&url, |_| {
            assert!(
                soon(|| got.lock().unwrap().len() > 60_000),
                "too little came"
            );
        });
        over.store(true, Ordering::Release);
        assert!(entries.is_empty() && climbed.is_empty(), "{entries:?}");
    });
    std::fs::write(&path, got.into_inner().unwrap()).unwrap();
    in_time(&path);
}

#[test]
fn nobody_at_the_other_end_and_silence_are_told_and_end_with_the_stream() {
    let nobody = format!("rtmp://127.0.0.1:{}/live/KEY", free_port());
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let silence = format!("rtmp://127.0.0.1:{port}/live/KEY");
    for (url, why) in [(nobody, "refused"), (silence, "nothing was taken for 2 s")] {
        let (entries, _) = pushed(&url, |entries| {
            assert!(soon(|| !entries.lock().unwrap().is_empty()));
        });
        assert!(entries[0].why.contains(why), "{entries:?}");
        assert!(!format!("{entries:?}").contains("KEY"), "{entries:?}");
    }
}
