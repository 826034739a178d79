//! A small stream for the tests of outputs.

use std::{process::Command, sync::Arc};

use bytes::Bytes;
use loopy_core::{Frame, Rate, Size, encode::Settings};
use loopy_media::{
    audio::encode::{Codec, Encoder as SoundEncoder, RATE},
    encode::Encoder,
    segment::Segment,
};

use crate::{
    hub::{Coding, Hub, Reel, Rung},
    packet::{Flags, Unit},
    publisher::due,
    sound::micros,
};

pub(crate) const SIZE: Size = Size {
    width: 64,
    height: 48,
};

pub(crate) fn fps() -> Rate {
    Rate::new(30000, 1001).unwrap()
}

/// A run of moving stripes.
pub(crate) fn run(frames: u32) -> Segment {
    let mut encoder = Encoder::new(&Settings::live(400_000), SIZE, fps(), frames).unwrap();
    for frame in 0..frames as usize {
        let mut picture = Frame::black(SIZE);
        for (at, value) in picture.planes_mut()[0].iter_mut().enumerate() {
            *value = 40 + ((at % 64 + frame) * 3 % 160) as u8;
        }
        encoder.push(&picture).unwrap();
    }
    encoder.finish().unwrap()
}

pub(crate) fn reel(hub: &Hub, name: &str, of: &Segment) -> Arc<Reel> {
    hub.add(Rung {
        name: name.to_owned(),
        coding: Coding::H264 {
            record: Bytes::from(of.config.clone()),
        },
        size: SIZE,
        fps: fps(),
        bitrate: 400_000,
        sound: None,
    })
}

/// The pictures of a run from output frame `start` on.
pub(crate) fn units(run: &Segment, start: u64) -> Vec<Unit> {
    let units = run.units().zip(start..);
    let unit = |((sample, bytes), frame): ((&_, &[u8]), u64)| {
        let sample: &loopy_media::segment::Sample = sample;
        let next = run.samples.get((frame - start) as usize + 1);
        Unit {
            flags: Flags {
                key: sample.key,
                last: next.is_none_or(|next| next.key),
                ..Flags::default()
            },
            pts_us: due(fps(), frame),
            duration_us: (due(fps(), frame + 1) - due(fps(), frame)) as u32,
            data: Bytes::copy_from_slice(bytes),
        }
    };
    units.map(unit).collect()
}

/// What a command of FFmpeg's prints, where there is one.
pub(crate) fn ask(program: &str, arguments: &[&str]) -> Option<String> {
    match Command::new(program).args(arguments).output() {
        Ok(out) => {
            let errors = String::from_utf8_lossy(&out.stderr);
            assert!(out.status.success() && errors.is_empty(), "{errors}");
            Some(String::from_utf8_lossy(&out.stdout).into_owned())
        }
        Err(_) => None,
    }
}

/// Times of the pictures in a file or playlist in seconds, decoded, in order.
pub(crate) fn times(path: &str) -> Option<Vec<(f64, f64)>> {
    let fields = "packet=pts_time,dts_time";
    let args = [
        "-v",
        "error",
        "-select_streams",
        "v",
        "-show_entries",
        fields,
        "-of",
        "csv=p=0",
        path,
    ];
    let text = ask("ffprobe", &args)?;
    let line = |line: &str| {
        let (pts, dts) = line.trim().trim_end_matches(',').split_once(',')?;
        Some((pts.parse().ok()?, dts.parse().ok()?))
    };
    let lines = text.lines().filter(|line| !line.is_empty());
    Some(lines.map(|text| line(text).unwrap()).collect())
}

/// Pictures that come out when all is decoded; any complaint of the decoder is an error.
pub(crate) fn decoded(path: &str) -> Option<usize> {
    let args = ["-v", "warning", "-i", path, "-f", "framemd5", "-"];
    let text = ask("ffmpeg", &args)?;
    Some(text.lines().filter(|line| !line.starts_with('#')).count())
}

/// AAC of 48 kHz stereo.
pub(crate) fn sound_reel(hub: &Hub) -> Arc<Reel> {
    let track = SoundEncoder::new(Codec::Aac, 128_000).unwrap().track();
    hub.add(Rung {
        name: "aac".to_owned(),
        coding: Coding::Aac {
            config: track.extradata.into(),
        },
        size: Size::new(0, 0),
        fps: Rate::new(RATE, track.frame_samples).unwrap(),
        bitrate: 128_000,
        sound: Some((RATE, 2)),
    })
}

/// A unit without any sense that begins with sample `at`.
pub(crate) fn sound_unit(at: u64) -> Unit {
    heard(at, Bytes::from_static(b"unit"))
}

fn heard(at: u64, data: Bytes) -> Unit {
    Unit {
        flags: Flags {
            key: true,
            last: true,
            ..Flags::default()
        },
        pts_us: micros(at),
        duration_us: (micros(at + 1024) - micros(at)) as u32,
        data,
    }
}

/// Sound from sample `start` on, with a click at each of `clicks`, which count from there.
pub(crate) fn sounds(start: u64, samples: usize, clicks: &[usize]) -> Vec<Unit> {
    let mut mix = vec![0.0; samples * 2];
    for click in clicks {
        for sample in &mut mix[click * 2..(click + 48) * 2] {
            *sample = 0.8;
        }
    }
    let mut units = Vec::new();
    let mut encoder = SoundEncoder::new(Codec::Aac, 128_000).unwrap();
    let mut sink = |packet: loopy_media::audio::encode::Packet| {
        if let Some(at) = start.checked_add_signed(packet.pts) {
            units.push(heard(at, packet.data.into()));
        }
        Ok(())
    };
    encoder.push(&mix, &mut sink).unwrap();
    encoder.finish(&mut sink).unwrap();
    units
}

/// Samples at which something is heard after silence.
pub(crate) fn clicks(samples: &[f32]) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::new();
    for (at, sample) in samples.iter().enumerate() {
        if sample.abs() > 0.3 && found.last().is_none_or(|last| at - last > 4800) {
            found.push(at);
        }
    }
    found
}
