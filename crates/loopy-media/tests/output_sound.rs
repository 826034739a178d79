//! Sound beside the picture: placed to the sample, whatever the codec and the container.

#![allow(clippy::unwrap_used, reason = "a test stops at what must not be")]

mod output_common;

use std::path::Path;

use loopy_core::{
    Rate,
    encode::{Quality, Settings},
};
use loopy_media::{
    audio::encode::{Codec, Encoder, Packet, RATE, Track},
    demux::{Kind, Packets},
    mux::{Container, Output, Writer},
};
use output_common::{SIZE, Scene, frames, options, run};

const CODECS: [Codec; 2] = [Codec::Aac, Codec::Opus];

/// Two seconds and a bit of a chord, with a click in the left channel at sample [`CLICK`].
fn sound(samples: usize) -> Vec<f32> {
    let mut sound = Vec::with_capacity(samples * 2);
    for index in 0..samples {
        let time = index as f32 / RATE as f32;
        let tone = |hertz: f32| 0.1 * (time * hertz * std::f32::consts::TAU).sin();
        let click = if (CLICK..CLICK + 24).contains(&index) {
            0.7
        } else {
            0.0
        };
        sound.extend([tone(220.0) + click, tone(330.0)]);
    }
    sound
}

const CLICK: usize = 50_000;

/// Pushes in pieces of uneven length.
fn encode(codec: Codec, sound: &[f32]) -> (Track, Vec<Packet>) {
    let mut packets = Vec::new();
    let mut sink = |packet| {
        packets.push(packet);
        Ok(())
    };
    let mut encoder = Encoder::new(codec, 160_000).unwrap();
    let track = encoder.track();
    for piece in sound.chunks(3334) {
        encoder.push(piece, &mut sink).unwrap();
    }
    encoder.finish(&mut sink).unwrap();
    (track, packets)
}

#[test]
fn packets_cover_the_sound_and_its_priming_without_gaps() {
    for codec in CODECS {
        for samples in [0, 1, 959, 960, 1024, 1025, 48_000, 96_123] {
            let (track, packets) = encode(codec, &sound(samples));
            let mut next = -i64::from(track.priming);
            for packet in &packets {
                assert_eq!(packet.pts, next, "{codec:?} {samples}");
                next += i64::from(packet.duration);
            }
            assert_eq!(next, samples as i64, "{codec:?}: {packets:?}");
            let short = packets
                .iter()
                .filter(|packet| packet.duration < track.frame_samples);
            assert!(short.count() <= 1);
        }
        let (track, _) = encode(codec, &[]);
        assert!(track.priming > 0 && !track.extradata.is_empty());
        assert_eq!((track.rate, track.channels), (48_000, 2));
    }
}

#[test]
fn the_same_sound_gives_the_same_packets() {
    for codec in CODECS {
        let sound = sound(20_000);
        assert_eq!(encode(codec, &sound).1, encode(codec, &sound).1);
    }
}

#[test]
fn picture_and_sound_start_together_and_end_with_the_last_sample() {
    let folder = tempfile::tempdir().unwrap();
    let fps = Rate::new(30_000, 1001).unwrap();
    let settings = Settings {
        preset: "veryfast".into(),
        ..Settings::file(Quality::Draft)
    };
    let run = output_common::encode(&settings, fps, &frames(Scene::Gradient, SIZE, 31));
    let samples = fps.samples(31 * 3, RATE);
    let sound = sound(samples as usize);
    for codec in CODECS {
        let (track, packets) = encode(codec, &sound);
        for container in [Container::Mp4, Container::Mkv, Container::FragmentedMp4] {
            let path = folder.path().join(format!("{container:?}-{codec:?}"));
            let mut with_sound = options(container, fps, &[&run, &run, &run]);
            with_sound.audio = Some(track.clone());
            let mut writer = Writer::create(Output::File(&path), with_sound).unwrap();
            let mut queue = packets.iter().peekable();
            for visit in 1..=3 {
                writer.segment(&run).unwrap();
                let until = fps.samples(visit * 31, RATE) as i64;
                while let Some(packet) = queue.next_if(|packet| packet.pts < until) {
                    writer.sound(packet).unwrap();
                }
            }
            assert_eq!(writer.position(), (93, samples), "{container:?} {codec:?}");
            writer.finish().unwrap();
            check(&path, container, codec, &track, &packets);
            listen(&path, container, codec, &sound);
        }
    }
}

fn check(path: &Path, container: Container, codec: Codec, track: &Track, packets: &[Packet]) {
    let mut reader = Packets::open(path).unwrap();
    let info = reader.audio().unwrap().clone();
    assert_eq!(
        (info.codec.as_str(), info.rate, info.channels),
        (codec.name(), RATE, 2)
    );
    assert_eq!(info.extradata, track.extradata, "{container:?} {codec:?}");
    let (mut sounds, mut video, mut spread) = (Vec::new(), 0, 0_f64);
    while let Some(packet) = reader.next().unwrap() {
        if packet.kind == Kind::Video {
            let (num, den) = reader.video().time_base;
            video = packet.dts * i64::from(num) * 1000 / i64::from(den);
        } else {
            let (num, den) = info.time_base;
            let now = packet.pts as f64 * f64::from(num) / f64::from(den);
            let due = packets[sounds.len()].pts as f64 / f64::from(RATE);
            assert!(
                (now - due).abs() < 0.0011,
                "{container:?} {codec:?}: {now} {due}"
            );
            spread = spread.max((now - video as f64 / 1000.0).abs());
            sounds.push(packet.data);
        }
    }
    assert!(sounds.iter().eq(packets.iter().map(|packet| &packet.data)));
    // Fragments hold one track after the other.
    let most = if container == Container::Mkv {
        0.2
    } else {
        2.5
    };
    assert!(spread < most, "{container:?} {codec:?}: {spread} s apart");
}

fn listen(path: &Path, container: Container, codec: Codec, sound: &[f32]) {
    let path = path.to_str().unwrap();
    // Matroska has no edits: AAC's priming lies before time 0, where nothing is heard.
    let raw = [
        "-v",
        "error",
        "-copyts",
        "-i",
        path,
        "-map",
        "0:a",
        "-af",
        "aresample=first_pts=0",
    ];
    let raw = [&raw[..], &["-f", "f32le", "-"]].concat();
    let Some(bytes) = run("ffmpeg", &raw) else {
        return;
    };
    let heard: Vec<f32> = bytes
        .as_chunks()
        .0
        .iter()
        .map(|four| f32::from_le_bytes(*four))
        .collect();
    let (heard, wanted) = (heard.as_chunks::<2>().0, sound.as_chunks::<2>().0);
    // The start of the click, as a sharp rise in the left channel.
    let click = |sound: &[[f32; 2]]| sound.iter().position(|[left, _]| *left > 0.4).unwrap();
    let off = click(heard).abs_diff(click(wanted));
    let rounding = if container == Container::Mkv {
        RATE as usize / 1000
    } else {
        0
    };
    assert!(off <= 8 + rounding, "{container:?} {codec:?}: {off}");
    let whole = if codec == Codec::Aac { 1024 } else { 960 };
    assert!(
        heard.len().abs_diff(wanted.len()) <= whole,
        "{container:?} {codec:?}"
    );
}
