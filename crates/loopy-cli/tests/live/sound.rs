//! The sound of every way out.

use std::{
    fs,
    net::UdpSocket,
    path::Path,
    process::Command,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use loopy_core::{Rate, limits::Limits};
use loopy_media::audio::{decode, encode::RATE};
use rustix::process::Signal;

use crate::{
    PATIENCE, Served, TOKEN,
    house::{self, House},
    tones, viewer,
};

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
