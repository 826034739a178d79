//! The sound of a clip: evening air that repeats with the world, and Lumi's voice in gestures.
//!
//! Every tone of the air makes whole turns in a period of the world, and its wind is a loop, so
//! the sound at equal phases is equal too.

use std::f32::consts::{PI, TAU};

use crate::{
    act::{Gesture, Kind},
    noise::{mix, signed, smooth},
    spec::Spec,
    speech::{self, Syllable},
};

/// Samples per second and channel.
pub const SAMPLE_RATE: u32 = 48_000;
const HZ: f32 = SAMPLE_RATE as f32;

/// Interleaved stereo samples of the whole clip, exactly `rate.samples(frames)` of them a channel,
/// peaks below 1; `None` for the clip that has no sound.
pub fn sound(spec: &Spec) -> Option<Vec<f32>> {
    let gain = 10f32.powf(spec.gain? / 20.0);
    let length = spec.rate.samples(u64::from(spec.frames), SAMPLE_RATE) as usize;
    let air = air(spec.rate.samples(u64::from(spec.period()), SAMPLE_RATE) as usize);
    let start = spec.rate.samples(u64::from(spec.tick(0)), SAMPLE_RATE) as usize;
    let mut samples: Vec<[f32; 2]> = (0..length).map(|n| air[(start + n) % air.len()]).collect();
    for (start, gesture) in spec.performed() {
        let from = (start * HZ) as usize;
        if let Some(rest) = samples.get_mut(from..) {
            voice(rest, gesture, spec.seed);
        }
    }
    Some(
        samples
            .into_iter()
            .flatten()
            .map(|sample| sample * gain)
            .collect(),
    )
}

/// One period of wind, crickets and a soft chord.
fn air(period: usize) -> Vec<[f32; 2]> {
    let wind = [wind(period, 11), wind(period, 12)];
    // Whole turns in a period, nearest to the pitch in Hz.
    let turns = |hz: f32| (hz * period as f32 / HZ).round();
    let chord = [
        (110.0, 0.036, 0.35),
        (164.8, 0.024, 0.6),
        (220.0, 0.020, 0.4),
        (277.2, 0.015, 0.7),
        (329.6, 0.011, 0.3),
    ]
    .map(|(hz, level, pan): (f32, f32, f32)| (turns(hz), level, pan));
    let crickets = [(4310.0, 6.0, 0.008, 0.8), (3870.0, 4.0, 0.006, 0.15)]
        .map(|(hz, chirps, level, pan): (f32, f32, f32, f32)| (turns(hz), chirps, level, pan));
    (0..period)
        .map(|n| {
            let place = n as f32 / period as f32;
            // In f64 and wrapped, so that high turn counts keep their precision.
            let turn = |count: f32| {
                let turns = n as f64 * f64::from(count) / period as f64;
                (turns.fract() as f32 * TAU).sin()
            };
            let gust = 0.65 + 0.35 * (TAU * place).sin();
            let mut out = [wind[0][n] * gust, wind[1][n] * gust];
            for (count, level, pan) in chord {
                let slow = 0.7 + 0.3 * (TAU * (place + pan)).sin();
                add(&mut out, turn(count) * level * slow, pan);
            }
            for (count, chirps, level, pan) in crickets {
                let inside = (place * chirps + pan).fract();
                let pulses = if inside < 0.4 {
                    (inside / 0.4 * 4.0 * PI).sin().powi(2)
                } else {
                    0.0
                };
                add(&mut out, turn(count) * level * pulses, pan);
            }
            out
        })
        .collect()
}

/// Soft noise that repeats every `period` samples without a seam.
fn wind(period: usize, seed: u32) -> Vec<f32> {
    let mut low = [0.0f32; 3];
    let mut out = vec![0.0; period];
    // The first round only settles the filter.
    for _round in 0..2 {
        for (n, out) in out.iter_mut().enumerate() {
            let mut value = signed(seed, n as u32);
            for state in &mut low {
                *state += 0.03 * (value - *state);
                value = *state;
            }
            *out = value * 0.40;
        }
    }
    out
}

/// Adds a sample at a place from left (0) to right (1).
fn add(out: &mut [f32; 2], value: f32, pan: f32) {
    out[0] += value * (1.0 - pan);
    out[1] += value * pan;
}

/// Adds what the gesture sounds like, from its first sample on.
fn voice(out: &mut [[f32; 2]], gesture: &Gesture, seed: u32) {
    let length = gesture.length;
    match gesture.kind {
        Kind::Talk => {
            for syllable in speech::talk(seed, length) {
                chirp(out, &syllable, 0.16);
            }
        }
        Kind::Laugh => {
            for syllable in speech::laugh(length) {
                chirp(out, &syllable, 0.17);
            }
        }
        Kind::Wave => {
            chirp(out, &hum(0.35, 0.25, 430.0, 0.7), 0.16);
            chirp(out, &hum(0.62, 0.43, 540.0, 0.9), 0.18);
        }
        Kind::Nod => {
            chirp(out, &hum(0.15, 0.35, 330.0, 0.1), 0.16);
            chirp(out, &hum(0.75, 0.45, 390.0, 0.1), 0.16);
        }
        Kind::Think => {
            chirp(out, &hum(0.6, 0.9, 300.0, 0.05), 0.12);
            for (n, hz) in [1318.5, 1760.0].into_iter().enumerate() {
                bell(out, length - 1.35 + 0.12 * n as f32, hz);
            }
        }
        Kind::Sleep => {
            for n in 0..2 {
                chirp(out, &hum(1.0 + 1.5 * n as f32, 1.1, 190.0, 0.2), 0.07);
            }
        }
        Kind::Blink | Kind::Glance { .. } | Kind::Smile | Kind::Listen { .. } => {}
    }
}

fn hum(start: f32, length: f32, pitch: f32, open: f32) -> Syllable {
    Syllable {
        start,
        length,
        pitch,
        open,
        wide: 0.3,
    }
}

/// A sung syllable: harmonics shaped by two formants that follow the mouth.
fn chirp(out: &mut [[f32; 2]], syllable: &Syllable, level: f32) {
    let formants = [
        mix(350.0, 950.0, syllable.open),
        mix(1100.0, 2400.0, syllable.wide * 0.5 + 0.5),
    ];
    let weights: Vec<f32> = (1..=7)
        .map(|n| {
            let hz = syllable.pitch * n as f32;
            let near = formants.map(|formant| (-((hz - formant) / 380.0).powi(2)).exp());
            near[0] + 0.45 * near[1] + 0.12 / n as f32
        })
        .collect();
    let total: f32 = weights.iter().sum();
    let first = (syllable.start * HZ) as usize;
    let mut turn = 0.0f32;
    for n in 0..(syllable.length * HZ) as usize {
        let now = n as f32 / HZ;
        let rise =
            1.0 + 0.10 * (now / syllable.length * PI).sin() + 0.008 * (TAU * 6.0 * now).sin();
        turn = (turn + syllable.pitch * rise / HZ).fract();
        let tone: f32 = (1u8..)
            .zip(&weights)
            .map(|(n, weight)| weight * (TAU * turn * f32::from(n)).sin())
            .sum();
        if let Some(out) = out.get_mut(first + n) {
            add(
                out,
                tone / total * 2.0 * level * syllable.swell(syllable.start + now),
                0.5,
            );
        }
    }
}

/// A small bell from `start` seconds on, gone after a second.
fn bell(out: &mut [[f32; 2]], start: f32, hz: f32) {
    let first = (start * HZ) as usize;
    for n in 0..SAMPLE_RATE as usize {
        let now = n as f32 / HZ;
        let fade = (-5.0 * now).exp() * smooth(now / 0.004) * smooth((1.0 - now) / 0.2);
        let tone = (TAU * (hz * now).fract()).sin() + 0.3 * (TAU * (hz * 2.76 * now).fract()).sin();
        if let Some(out) = out.get_mut(first + n) {
            add(out, 0.05 * tone * fade, 0.55);
        }
    }
}
