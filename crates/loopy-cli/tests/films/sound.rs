//! Sound: the right clip is heard at the right moment, as long as the picture, alike in loudness.

use std::{path::Path, sync::LazyLock};

use crate::house::{House, Kept, ffmpeg_complaints, text};
use crate::tones::{self, FIRST_PIP, PIP, PIP_HZ, Tone};
use loopy_core::{Rate, Size, limits::Limits, report::Report};
use loopy_media::{
    audio::{decode, encode::RATE},
    demux::{Kind, Packets},
};

/// One hum per clip, far apart in loudness (16 dB); the last clip has no sound. The hums lie where
/// the ear's weighting in loudness is nearly even.
const TONES: [Option<Tone>; 5] = [
    Some(Tone {
        hertz: 500.0,
        level: 0.05,
    }),
    Some(Tone {
        hertz: 650.0,
        level: 0.30,
    }),
    Some(Tone {
        hertz: 800.0,
        level: 0.10,
    }),
    Some(Tone {
        hertz: 950.0,
        level: 0.18,
    }),
    None,
];
/// Nobody looks.
const SIZE: Size = Size {
    width: 96,
    height: 54,
};
const LENGTHS: [u32; 5] = [95, 110, 120, 130, 90];

fn rates() -> [Rate; 3] {
    [(25, 1), (30000, 1001), (30, 1)].map(|(num, den)| Rate::new(num, den).unwrap())
}

/// The clips of every rate, looked at already.
static LIBRARIES: [LazyLock<Kept>; 3] = [
    LazyLock::new(|| library(rates()[0])),
    LazyLock::new(|| library(rates()[1])),
    LazyLock::new(|| library(rates()[2])),
];

fn library(rate: Rate) -> Kept {
    let house = House::new();
    std::fs::create_dir(house.path("clips")).unwrap();
    for (number, (tone, frames)) in (0..).zip(TONES.into_iter().zip(LENGTHS)) {
        let file = house.path(&format!("clips/truth_{number:02}.mp4"));
        tones::clip(&file, number, rate, frames, SIZE, tone);
    }
    house.run(&["analyze", "clips"], 0);
    house.keep()
}

fn house_of_tones(rate: Rate) -> House {
    let at = rates().iter().position(|one| *one == rate).unwrap();
    House::like(&LIBRARIES[at])
}

/// Left channel on the video's clock: sample 0 belongs to time 0.
fn heard(video: &Path) -> Vec<f32> {
    let sound = decode::sound(video, &Limits::default()).unwrap().unwrap();
    assert_eq!(sound.faults, 0);
    let lead = sound.start * i64::from(RATE) / 1_000_000;
    let left: Vec<f32> = sound.samples.iter().step_by(2).copied().collect();
    let cut = (-lead).max(0) as usize;
    let mut samples = vec![0.0; lead.max(0) as usize];
    samples.extend(&left[cut..]);
    samples
}

/// Peak of the tone of `hertz` in a part (Goertzel with a Hann window).
fn level(samples: &[f32], hertz: f32) -> f64 {
    let count = samples.len() as f64;
    let turn = f64::from(hertz) / f64::from(RATE) * std::f64::consts::TAU;
    let (mut one, mut two, mut weight) = (0.0, 0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let window = 0.5 - 0.5 * (std::f64::consts::TAU * (n as f64 + 0.5) / count).cos();
        weight += window;
        let now = f64::from(*sample) * window + 2.0 * turn.cos() * one - two;
        (two, one) = (one, now);
    }
    (one * one + two * two - 2.0 * turn.cos() * one * two)
        .max(0.0)
        .sqrt()
        * 2.0
        / weight
}

fn rms(samples: &[f32]) -> f64 {
    let sum: f64 = samples
        .iter()
        .map(|sample| f64::from(*sample).powi(2))
        .sum();
    (sum / samples.len() as f64).sqrt()
}

fn decibels(ratio: f64) -> f64 {
    20.0 * ratio.log10()
}

/// Number of the clip in its file's name.
fn number(name: &str) -> usize {
    name.rsplit('_')
        .next()
        .unwrap()
        .trim_end_matches(".mp4")
        .parse()
        .unwrap()
}

/// The middle of the pip near sample `due`.
fn pip(samples: &[f32], due: usize) -> f64 {
    const STEP: usize = 24;
    const PART: usize = 384;
    let (mut sum, mut weight) = (0.0, 0.0);
    for from in (due - 2400..due + 2400).step_by(STEP) {
        let energy = level(&samples[from..from + PART], PIP_HZ).powi(4);
        sum += energy * (from + PART / 2) as f64;
        weight += energy;
    }
    sum / weight
}

/// What was found out about a video's sound.
#[derive(Default)]
struct Findings {
    /// Peaks of the hums, over all visits.
    levels: Vec<f64>,
    /// By how many samples each pip lies beside its place, in order.
    off: Vec<f64>,
    /// Visits without sound.
    silent: usize,
}

/// Listens to the middle of every visit.
fn listen(samples: &[f32], report: &Report) -> Findings {
    let mut findings = Findings::default();
    // Fades and bridges are shorter than this.
    let margin = RATE as usize / 4;
    for visit in &report.visits {
        let from = report.fps.samples(visit.start, RATE) as usize + margin;
        let until = report
            .fps
            .samples(visit.start + u64::from(visit.frames), RATE) as usize;
        let until = until.saturating_sub(margin);
        if until < from + margin {
            continue;
        }
        let clip = number(&visit.clip.display());
        let part = &samples[from..until];
        let Some(own) = TONES[clip] else {
            assert!(
                rms(part) < 1e-4,
                "{} in silence at {}",
                rms(part),
                visit.start
            );
            findings.silent += 1;
            continue;
        };
        let loud = level(part, own.hertz);
        for other in TONES
            .iter()
            .flatten()
            .filter(|other| (other.hertz - own.hertz).abs() > 1.0)
        {
            let stray = level(part, other.hertz);
            assert!(
                stray < loud / 30.0,
                "clip {clip} at {}: {loud}, {stray}",
                visit.start
            );
        }
        findings.levels.push(loud);
        // Samples from the start of the clip to the start of the visit.
        let shift = report.fps.samples(u64::from(visit.first), RATE) as i64;
        let start = report.fps.samples(visit.start, RATE) as i64;
        for second in 0..10 {
            let middle = (FIRST_PIP + second * RATE as usize + PIP / 2) as i64;
            let due = start + middle - shift;
            if due - 4800 > from as i64 && due + 4800 < until as i64 {
                findings.off.push(pip(samples, due as usize) - due as f64);
            }
        }
    }
    findings
}

/// Ends of picture and sound in seconds, by the packets.
fn ends(video: &Path, frame_samples: u32) -> (f64, f64) {
    let mut packets = Packets::open(video).unwrap();
    let picture_base = packets.video().time_base;
    let sound_base = packets.audio().unwrap().time_base;
    let seconds =
        |ticks: i64, (num, den): (u32, u32)| ticks as f64 * f64::from(num) / f64::from(den);
    let (mut sound, mut frames, mut last) = (0.0_f64, 0_u32, 0.0_f64);
    while let Some(packet) = packets.next().unwrap() {
        match packet.kind {
            Kind::Video => {
                frames += 1;
                last = last.max(seconds(packet.pts, picture_base));
            }
            Kind::Audio => {
                let length = match packet.duration {
                    0 => f64::from(frame_samples) / f64::from(RATE),
                    ticks => seconds(ticks, sound_base),
                };
                sound = sound.max(seconds(packet.pts, sound_base) + length);
            }
        }
    }
    // The last picture stands as long as the others on average.
    let picture = last + last / f64::from(frames - 1);
    (picture, sound)
}

fn keeps(rate: Rate) {
    let house = house_of_tones(rate);
    for (codec, frame_samples) in [("aac", 1024), ("opus", 960)] {
        for out in ["o.mp4", "o.mkv", "fragments.mp4"] {
            let mut args = vec![
                "render",
                "clips",
                "-o",
                out,
                "--frames",
                "777",
                "--report",
                "r.json",
                "--audio",
                "keep",
                "--audio-codec",
                codec,
            ];
            if out == "fragments.mp4" {
                args.push("--fragmented");
            }
            house.run(&args, 0);
            let (video, report) = (house.path(out), house.report("r.json"));
            let what = format!("{codec} {out} {rate:?}");
            assert_eq!(ffmpeg_complaints(&video), "", "{what}");
            house.run(&["verify", out, "--report", "r.json"], 0);

            let frame = f64::from(frame_samples) / f64::from(RATE);
            let (picture, sound) = ends(&video, frame_samples);
            // Matroska's clock is in milliseconds.
            let rounding = if out == "o.mkv" { 0.002 } else { 1e-6 };
            assert!(
                (picture - 777.0 / rate.as_f64()).abs() < rounding,
                "{what}: {picture}"
            );
            assert!((picture - sound).abs() < frame, "{what}: {picture} {sound}");
            let audio = report.audio.as_ref().unwrap();
            assert_eq!(audio.samples, rate.samples(777, RATE), "{what}");
            assert_eq!((audio.codec.as_str(), audio.rate), (codec, RATE), "{what}");
            let samples = heard(&video);
            let over = samples.len().abs_diff(audio.samples as usize);
            assert!(over <= frame_samples as usize + 48, "{what}: {over}");

            let findings = listen(&samples, &report);
            assert!(findings.silent > 0 && findings.levels.len() > 3, "{what}");
            let loudest = findings.levels.iter().copied().fold(f64::MIN, f64::max);
            let softest = findings.levels.iter().copied().fold(f64::MAX, f64::min);
            let spread = decibels(loudest / softest);
            assert!(spread < 2.0, "{what}: {spread} dB");
            // A millisecond of Matroska's clock, and half a millisecond of measuring.
            let most = findings
                .off
                .iter()
                .copied()
                .fold(0.0, |a: f64, b| a.max(b.abs()));
            println!(
                "{what}: {spread:.2} dB, pips off by {most:.1} samples, picture {picture:.4} sound {sound:.4}"
            );
            assert!(
                findings.off.len() > 3 && most < 72.0,
                "{what}: {:?}",
                findings.off
            );
        }
    }
}

#[test]
fn every_clip_is_heard_in_its_place_at_25() {
    keeps(rates()[0]);
}

#[test]
fn every_clip_is_heard_in_its_place_at_29_97() {
    keeps(rates()[1]);
}

#[test]
fn every_clip_is_heard_in_its_place_at_30() {
    keeps(rates()[2]);
}

#[test]
fn sound_does_not_drift_in_minutes_of_uneven_frames() {
    let rate = rates()[1];
    let house = house_of_tones(rate);
    let args = [
        "render",
        "clips",
        "-o",
        "o.mp4",
        "--duration",
        "5m",
        "--report",
        "r.json",
    ];
    house.run(&args, 0);
    let report = house.report("r.json");
    let samples = heard(&house.path("o.mp4"));
    assert!(
        samples
            .len()
            .abs_diff(rate.samples(report.frames, RATE) as usize)
            < 1024
    );
    let (picture, sound) = ends(&house.path("o.mp4"), 1024);
    assert!(
        (picture - sound).abs() < 1024.0 / f64::from(RATE),
        "{picture} {sound}"
    );
    let off = listen(&samples, &report).off;
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    let (first, last) = (mean(&off[..10]), mean(&off[off.len() - 10..]));
    println!(
        "{} pips, {first:.2} samples off at first, {last:.2} at last",
        off.len()
    );
    assert!(off.len() > 50);
    assert!((first - last).abs() < 5.0, "{first} became {last}");
    assert!(off.iter().all(|off| off.abs() < 48.0), "{off:?}");
}

#[test]
fn a_render_without_sound_has_no_sound_track() {
    let house = house_of_tones(rates()[0]);
    for out in ["o.mp4", "o.mkv"] {
        let args = [
            "render", "clips", "-o", out, "--frames", "200", "--audio", "none", "--report",
            "r.json",
        ];
        house.run(&args, 0);
        assert!(Packets::open(&house.path(out)).unwrap().audio().is_none());
        assert_eq!(house.report("r.json").audio, None);
    }
}

#[test]
fn silent_clips_alone_give_a_video_without_sound_that_says_so() {
    let house = House::new();
    house.truth_clips(rates()[0], &[60, 70]);
    let output = house.run(&["render", "clips", "-o", "o.mp4", "--frames", "200"], 0);
    assert!(
        text(&output.stderr).contains("the video is made without"),
        "{}",
        text(&output.stderr)
    );
    assert!(
        Packets::open(&house.path("o.mp4"))
            .unwrap()
            .audio()
            .is_none()
    );
}

/// A mono WAV file of 16-bit samples at `hz`.
fn wav(file: &Path, hz: u32, samples: &[i16]) {
    let size = samples.len() as u32 * 2;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + size).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend(hz.to_le_bytes());
    bytes.extend((hz * 2).to_le_bytes());
    bytes.extend(b"\x02\0\x10\0data");
    bytes.extend(size.to_le_bytes());
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    std::fs::write(file, bytes).unwrap();
}

/// A tone of 440 Hz at a quarter of full scale, in a rate that has to be converted.
fn tone_wav(file: &Path, seconds: f64) {
    let count = (44_100.0 * seconds) as usize;
    let turn = 440.0 / 44_100.0 * std::f64::consts::TAU;
    let samples: Vec<i16> = (0..count)
        .map(|n| ((n as f64 * turn).sin() * 8192.0) as i16)
        .collect();
    wav(file, 44_100, &samples);
}

#[test]
fn a_bed_is_heard_all_along_to_the_exact_length_whatever_its_own() {
    let rate = rates()[1];
    let house = house_of_tones(rate);
    for (seconds, looped) in [(1.7, false), (6.3, false), (60.0, false), (5.1, true)] {
        tone_wav(&house.path("bed.wav"), seconds);
        let mut args = vec![
            "render", "clips", "-o", "o.mp4", "--frames", "600", "--audio", "bed.wav", "--report",
            "r.json",
        ];
        if looped {
            args.push("--loop");
        }
        house.run(&args, 0);
        let report = house.report("r.json");
        let audio = report.audio.as_ref().unwrap();
        assert_eq!(audio.samples, rate.samples(600, RATE));
        let (picture, sound) = ends(&house.path("o.mp4"), 1024);
        assert!(
            (picture - sound).abs() < 1024.0 / f64::from(RATE),
            "{picture} {sound}"
        );
        let samples = heard(&house.path("o.mp4"));
        assert!(samples.len().abs_diff(audio.samples as usize) < 1024);
        // Neither the joints of its copies nor those of the clips are heard. 2200 samples are
        // whole turns, a little under 50 ms.
        for (part, heard) in samples[2200..audio.samples as usize - 4800]
            .chunks_exact(2200)
            .enumerate()
        {
            let loud = decibels(rms(heard) / (0.25 / std::f64::consts::SQRT_2));
            assert!(loud.abs() < 3.2, "{seconds} s, part {part}: {loud} dB");
        }
        for tone in TONES.iter().flatten() {
            assert!(
                level(&samples, tone.hertz) < 0.002,
                "{} is not the bed",
                tone.hertz
            );
        }
        house.run(&["verify", "o.mp4", "--report", "r.json"], 0);
    }
}

#[test]
fn the_sound_of_a_video_can_be_the_bed() {
    let house = house_of_tones(rates()[0]);
    let args = [
        "render",
        "clips",
        "-o",
        "o.mkv",
        "--frames",
        "300",
        "--audio",
        "clips/truth_02.mp4",
        "--audio-codec",
        "opus",
    ];
    house.run(&args, 0);
    let samples = heard(&house.path("o.mkv"));
    for second in samples[4800..].chunks_exact(RATE as usize) {
        assert!(level(second, 800.0) > 0.05 && level(second, 500.0) < 0.002);
    }
}

#[test]
fn a_bed_that_cannot_be_heard_is_an_error_that_names_it() {
    let house = House::new();
    house.truth_clips(rates()[0], &[60, 70]);
    std::fs::write(house.path("words.txt"), "no sound at all\n".repeat(100)).unwrap();
    std::fs::write(house.path("cut.wav"), b"RIFF\xff\xff\0\0WAVE").unwrap();
    std::fs::write(house.path("nothing.wav"), b"").unwrap();
    wav(&house.path("none.wav"), 44_100, &[]);
    std::fs::create_dir(house.path("folder.wav")).unwrap();
    for bed in [
        "gone.wav",
        "words.txt",
        "cut.wav",
        "nothing.wav",
        "none.wav",
        "folder.wav",
        "clips/truth_00.mp4",
    ] {
        let args = [
            "render", "clips", "-o", "o.mp4", "--frames", "100", "--audio", bed,
        ];
        let output = house.loopy(&args).output().unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{bed}: {said}");
        assert!(said.contains(bed), "{bed}: {said}");
        assert!(!house.path("o.mp4").exists());
    }
}
