//! Clips that can be told apart by ear: each hums a tone of its own and pips once a second.

#![allow(dead_code, reason = "each test file uses its part")]

use std::{f32::consts::TAU, path::Path};

use loopy_core::{
    Rate, Size,
    encode::{Quality, Settings},
};
use loopy_demo::truth;
use loopy_media::{
    audio::encode::{Codec, Encoder as SoundEncoder, RATE},
    encode::Encoder,
    mux::{Container, Options, Output, Writer},
};

/// Frequency of every clip's pips in Hz, far above the hums.
pub(crate) const PIP_HZ: f32 = 3000.0;
/// Samples of a pip.
pub(crate) const PIP: usize = 960;
/// First sample of the first pip; one follows every second.
pub(crate) const FIRST_PIP: usize = RATE as usize / 2;

/// What a clip sounds like.
#[derive(Clone, Copy)]
pub(crate) struct Tone {
    /// Hum in Hz.
    pub(crate) hertz: f32,
    /// Peak of the hum, 1 for full scale; the pips peak at the same height beside it.
    pub(crate) level: f32,
}

/// Interleaved stereo, `samples` a channel.
pub(crate) fn hum(tone: Tone, samples: usize) -> Vec<f32> {
    (0..samples)
        .flat_map(|n| {
            let turn = |hertz: f32| {
                let turns = n as f64 * f64::from(hertz) / f64::from(RATE);
                (turns.fract() as f32 * TAU).sin()
            };
            let since = (n + RATE as usize - FIRST_PIP) % RATE as usize;
            let pip = if since < PIP { turn(PIP_HZ) } else { 0.0 };
            [(turn(tone.hertz) + pip) * tone.level; 2]
        })
        .collect()
}

/// Writes a marked clip with B-frames and, where there is a tone, AAC of the picture's length.
pub(crate) fn clip(
    file: &Path,
    number: u16,
    rate: Rate,
    frames: u32,
    size: Size,
    tone: Option<Tone>,
) {
    let settings = Settings {
        preset: "fast".to_owned(),
        ..Settings::file(Quality::Crf(14))
    };
    let mut encoder = Encoder::new(&settings, size, rate, frames).unwrap();
    for index in 0..frames {
        encoder.push(&truth::plain(number, index, size)).unwrap();
    }
    let segment = encoder.finish().unwrap();
    let mut packets = Vec::new();
    let track = tone.map(|tone| {
        let mut encoder = SoundEncoder::new(Codec::Aac, 192_000).unwrap();
        let track = encoder.track();
        let mut sink = |packet| {
            packets.push(packet);
            Ok(())
        };
        let samples = rate.samples(u64::from(frames), RATE) as usize;
        encoder.push(&hum(tone, samples), &mut sink).unwrap();
        encoder.finish(&mut sink).unwrap();
        track
    });
    let options = Options {
        container: Container::Mp4,
        size,
        fps: rate,
        config: segment.config.clone(),
        delay: segment.delay(),
        frames: u64::from(frames),
        audio: track,
        tags: Vec::new(),
        created: None,
    };
    let mut writer = Writer::create(Output::File(file), options).unwrap();
    writer.segment(&segment).unwrap();
    for packet in &packets {
        writer.sound(packet).unwrap();
    }
    writer.finish().unwrap();
}
