//! What options decide reaches the file: presets, quality, scaler, order, sizes, the store's limit.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Write as _,
    process::Command,
    time::{Duration, SystemTime},
};

use crate::house::{House, SIZE, ffmpeg_complaints, pictures, text, truth_clip};
use loopy_core::{Frame, Rate, Size};
use loopy_media::demux::{Kind, Packets};

fn rate() -> Rate {
    Rate::new(30, 1).unwrap()
}

/// Clips as `loopy analyze` lists them, by stem, and the reasons of those left out.
fn listed(house: &House, more: &[&str]) -> (String, Vec<String>) {
    let args = [&["analyze", "clips", "--json"], more].concat();
    let said = text(&house.run(&args, 0).stdout);
    let lines = said
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let (mut clips, mut reasons) = (Vec::new(), Vec::new());
    for line in lines {
        let string = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let file = string("file");
        let stem = file.trim_start_matches("clips/").trim_end_matches(".mp4");
        match string("type").as_str() {
            "clip" => clips.push(stem.to_owned()),
            "left_out" => reasons.push(format!("{stem}: {}", string("reason"))),
            _ => {}
        }
    }
    (clips.join(" "), reasons)
}

fn date(house: &House, name: &str, day: u64) {
    let file = house.path(&format!("clips/{name}.mp4"));
    let at = SystemTime::UNIX_EPOCH + Duration::from_hours(24 * day);
    let file = File::options().append(true).open(file).unwrap();
    file.set_modified(at).unwrap();
}

/// Makes a file larger by a box that players pass over.
fn pad(house: &House, name: &str, bytes: u32) {
    let file = house.path(&format!("clips/{name}.mp4"));
    let mut file = File::options().append(true).open(file).unwrap();
    file.write_all(&(bytes + 8).to_be_bytes()).unwrap();
    file.write_all(b"free").unwrap();
    file.write_all(&vec![0; bytes as usize]).unwrap();
}

#[test]
fn clips_come_in_the_order_of_name_date_size_or_length_and_the_first_are_used() {
    let house = House::new();
    fs::create_dir(house.path("clips")).unwrap();
    // Four orders, no two of them alike.
    for (clip, (name, frames, padding, day)) in [
        ("clip_1", 50, 300_000, 12_002),
        ("clip_2", 80, 600_000, 12_004),
        ("clip_3", 60, 0, 12_001),
        ("clip_10", 70, 900_000, 12_003),
    ]
    .into_iter()
    .enumerate()
    {
        let file = house.path(&format!("clips/{name}.mp4"));
        truth_clip(&file, clip as u16, rate(), frames, SIZE);
        pad(&house, name, padding);
        date(&house, name, day);
    }
    let order = |key: &str| listed(&house, &["--sort", key]).0;
    assert_eq!(order("name"), "clip_1 clip_2 clip_3 clip_10");
    assert_eq!(order("date"), "clip_3 clip_1 clip_10 clip_2");
    assert_eq!(order("size"), "clip_10 clip_2 clip_1 clip_3");
    assert_eq!(order("duration"), "clip_2 clip_10 clip_3 clip_1");

    let first = |key: &str| listed(&house, &["--sort", key, "--max-clips", "2"]);
    assert_eq!(first("date").0, "clip_3 clip_1");
    let (used, reasons) = first("size");
    assert_eq!(used, "clip_10 clip_2");
    assert_eq!(
        reasons,
        [
            "clip_1: left out by --max-clips",
            "clip_3: left out by --max-clips"
        ]
    );

    // The date is that of the file now, not of when it was first seen.
    date(&house, "clip_2", 12_000);
    assert_eq!(order("date"), "clip_2 clip_3 clip_1 clip_10");
}

#[test]
fn filters_keep_clips_of_at_least_their_size_on_the_shorter_side() {
    let house = House::new();
    fs::create_dir(house.path("clips")).unwrap();
    for (clip, (name, size)) in [
        ("a_hd", Size::new(1280, 720)),
        ("b_upright", Size::new(1080, 1920)),
        ("c_4k", Size::new(3840, 2160)),
        ("d_below", Size::new(1920, 718)),
    ]
    .into_iter()
    .enumerate()
    {
        let file = house.path(&format!("clips/{name}.mp4"));
        // Few pictures, and still half a second.
        truth_clip(&file, clip as u16, Rate::new(10, 1).unwrap(), 6, size);
    }
    let kept = |filter: &str| listed(&house, &["--filter", filter]);
    assert_eq!(kept("720p").0, "a_hd b_upright c_4k");
    assert_eq!(kept("1080p").0, "b_upright c_4k");
    let (clips, reasons) = kept("4k");
    assert_eq!(clips, "c_4k");
    assert_eq!(
        reasons,
        [
            "a_hd: 1280x720 is left out by --filter 4k",
            "b_upright: 1080x1920 is left out by --filter 4k",
            "d_below: 1920x718 is left out by --filter 4k"
        ]
    );
}

/// The bytes of a short render with more options.
fn render(house: &House, more: &[&str]) -> Vec<u8> {
    let args = [
        "render", "clips", "-o", "o.mp4", "--frames", "24", "--size", "160x90",
    ];
    house.run(&[&args, more].concat(), 0);
    fs::read(house.path("o.mp4")).unwrap()
}

#[test]
fn a_preset_or_a_quality_gives_the_bytes_of_the_crf_it_stands_for() {
    let house = House::new();
    house.truth_clips(rate(), &[30, 36]);
    let bytes = |option: &str, value: &str| render(&house, &["--audio", "none", option, value]);
    let crf = |number: &str| bytes("--quality", number);
    for (named, number) in [
        (("--quality", "draft"), "28"),
        (("--quality", "good"), "20"),
        (("--quality", "best"), "16"),
        (("--preset", "youtube"), "17"),
        (("--preset", "tiktok"), "19"),
        (("--preset", "reels"), "19"),
        (("--preset", "twitter"), "21"),
        (("--preset", "web"), "24"),
    ] {
        assert!(bytes(named.0, named.1) == crf(number), "{named:?}");
    }
    // These take more care or less at the same CRF.
    assert!(bytes("--preset", "high-quality") != crf("16"));
    assert!(bytes("--preset", "fast") != crf("22"));
    // What is given by hand goes before the preset, and nothing given is good.
    let both = ["--audio", "none", "--preset", "web", "--quality", "17"];
    assert!(render(&house, &both) == crf("17"));
    assert!(render(&house, &["--audio", "none"]) == crf("20"));

    let numbers = ["0", "16", "17", "19", "20", "21", "24", "28", "51"];
    let files: BTreeSet<Vec<u8>> = numbers.iter().map(|number| crf(number)).collect();
    assert_eq!(files.len(), numbers.len(), "every CRF has bytes of its own");
    assert!(crf("51").len() < crf("28").len() && crf("28").len() < crf("16").len());
}

#[test]
fn quality_0_loses_nothing() {
    let house = House::new();
    house.truth_clips(rate(), &[30, 36]);
    let source =
        ["clips/truth_00.mp4", "clips/truth_01.mp4"].map(|clip| pictures(&house.path(clip)));
    let args = [
        "render",
        "clips",
        "-o",
        "o.mp4",
        "--frames",
        "150",
        "--quality",
        "0",
        "--audio",
        "none",
        "--seams",
        "cut",
        "--no-match",
        "--report",
        "r.json",
    ];
    house.run(&args, 0);
    let shown = pictures(&house.path("o.mp4"));
    let report = house.report("r.json");
    assert!(report.visits.len() > 3 && shown.len() == 150);
    for visit in &report.visits {
        let clip = usize::from(visit.clip.display().contains("truth_01"));
        for frame in 0..visit.frames {
            let own = &source[clip][(visit.first + frame) as usize];
            let at = (visit.start + u64::from(frame)) as usize;
            assert!(shown[at] == *own, "frame {at} is not that of its clip");
        }
    }
    assert_eq!(ffmpeg_complaints(&house.path("o.mp4")), "");
    house.run(&["verify", "o.mp4", "--report", "r.json"], 0);
}

#[test]
fn a_preset_gives_the_sound_the_rate_it_stands_for() {
    let house = House::new();
    house.truth_clips(rate(), &[70, 80]);
    // Noise of its own on either side takes every bit that it is given.
    let noise = |seed: u32| format!("anoisesrc=color=white:seed={seed}:duration=2:r=48000");
    let both = format!("{}[l];{}[r];[l][r]amerge=inputs=2", noise(7), noise(8));
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", &both])
        .arg(house.path("noise.wav"))
        .status();
    assert!(made.unwrap().success());
    let heard = |more: &[&str]| {
        let sound = ["--frames=60", "--audio", "noise.wav", "--report", "r.json"];
        let args = ["render", "clips", "-o", "o.mp4", "--size", "160x90"];
        house.run(&[&args[..], &sound, more].concat(), 0);
        let audio = house.report("r.json").audio.unwrap();
        let mut packets = Packets::open(&house.path("o.mp4")).unwrap();
        let mut bytes = 0;
        while let Some(packet) = packets.next().unwrap() {
            if packet.kind == Kind::Audio {
                bytes += packet.data.len();
            }
        }
        let took = bytes as f64 * 8.0 / (audio.samples as f64 / f64::from(audio.rate));
        assert!(
            (took / f64::from(audio.bitrate) - 1.0).abs() < 0.05,
            "{took} of {} in {more:?}",
            audio.bitrate
        );
        (audio.codec, audio.bitrate)
    };
    for (preset, bitrate) in [
        ("youtube", 384_000),
        ("tiktok", 192_000),
        ("web", 128_000),
        ("high-quality", 256_000),
    ] {
        let (codec, asked) = heard(&["--preset", preset]);
        assert_eq!((codec.as_str(), asked), ("aac", bitrate), "{preset}");
    }
    assert_eq!(heard(&[]).1, 160_000);
    let by_hand = ["--preset", "youtube", "--audio-bitrate", "96k"];
    assert_eq!(heard(&by_hand).1, 96_000);
    let opus = heard(&["--preset", "web", "--audio-codec", "opus"]);
    assert_eq!((opus.0.as_str(), opus.1), ("opus", 128_000));
}

/// Mean difference of two lumas in code values.
fn apart(a: &[Frame], b: &[Frame]) -> f64 {
    assert_eq!(a.len(), b.len());
    let (mut sum, mut count) = (0, 0);
    for (a, b) in a.iter().zip(b) {
        let pairs = a.planes()[0].iter().zip(b.planes()[0]);
        sum += pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum::<u64>();
        count += a.planes()[0].len();
    }
    sum as f64 / count as f64
}

#[test]
fn every_scaler_draws_the_same_picture_in_its_own_way_and_lanczos_is_usual() {
    let house = House::new();
    fs::create_dir(house.path("clips")).unwrap();
    for clip in 0..2 {
        let file = house.path(&format!("clips/truth_{clip:02}.mp4"));
        truth_clip(&file, clip, rate(), 30, Size::new(256, 144));
    }
    let drawn = |more: &[&str]| {
        let plain = ["--audio", "none", "--seams", "cut", "--quality", "4"];
        let bytes = render(&house, &[&plain, more].concat());
        (bytes, pictures(&house.path("o.mp4")))
    };
    let usual = drawn(&[]);
    let names = ["lanczos", "bicubic", "bilinear", "spline36"];
    let scaled: Vec<_> = names.map(|name| drawn(&["--scaler", name])).into();
    assert!(usual.0 == scaled[0].0, "the default is lanczos");
    for (at, (_, one)) in scaled.iter().enumerate() {
        for (other, (_, two)) in scaled.iter().enumerate().skip(at + 1) {
            let apart = apart(one, two);
            let pair = (names[at], names[other]);
            assert!(apart > 0.02, "{pair:?} are the same: {apart}");
            assert!(apart < 8.0, "{pair:?} differ by {apart}");
        }
    }
    // The nearest relatives of a sharp filter are sharp, and bilinear is the softest of them.
    let softest = apart(&scaled[0].1, &scaled[2].1);
    assert!(apart(&scaled[0].1, &scaled[3].1) < softest);
    house.run(
        &["render", "clips", "-o", "n.mp4", "--scaler", "nearest"],
        2,
    );
}

#[test]
fn a_render_that_needs_more_than_the_store_may_hold_succeeds_and_leaves_no_more_than_that() {
    const MOST: u64 = 16 << 10;
    let held = |house: &House, more: &[&str]| {
        let args = [&["cache", "info", "--json"], more].concat();
        let said = house.run(&args, 0).stdout;
        let info: serde_json::Value = serde_json::from_slice(&said).unwrap();
        let kinds = info["kinds"].as_object().unwrap().values();
        let bytes: u64 = kinds.map(|kind| kind["bytes"].as_u64().unwrap()).sum();
        (bytes, info["cap"].as_u64().unwrap())
    };
    let small = ["--cache-size", "16k"];
    let house = House::new();
    house.truth_clips(rate(), &[60, 70, 80]);
    let long = ["--frames=300", "--audio", "none", "--seams", "motion"];
    let args = ["render", "clips", "-o", "o.mp4"];
    let render = |more: &[&str]| {
        house.run(&[&args[..], &long, more].concat(), 0);
        fs::read(house.path("o.mp4")).unwrap()
    };
    let free = render(&[]);
    let (bytes, _) = held(&house, &[]);
    assert!(bytes > 2 * MOST, "there is too little to keep: {bytes}");

    // In a store that is full already, in one that is empty, and in what the last one left.
    for empty in [false, true, false] {
        if empty {
            house.run(&["cache", "clear"], 0);
        }
        assert!(render(&small) == free);
        let (bytes, cap) = held(&house, &small);
        assert_eq!(cap, MOST);
        assert!(bytes <= MOST, "{bytes} bytes are kept of {MOST}");
    }
    for bad in ["0", "much", "-1", "16q"] {
        let output = house.run(&["cache", "info", &format!("--cache-size={bad}")], 2);
        let said = text(&output.stderr);
        assert!(said.contains("give a size like 500M or 20G"), "{said}");
    }
}
