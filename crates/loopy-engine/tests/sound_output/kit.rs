//! Plans, sounds and measuring instruments for the tests beside this.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails like a test")]

use std::{f64::consts::TAU, path::Path};

use loopy_core::{
    Clip, Hash, Plan, Rate, Size,
    certificate::Certificate,
    clip::{ClipPath, Facts},
    clock::{ClipClock, Mode},
    graph::Score,
    plan::{PlannedClip, SCHEMA, Seam, SeamKind, Visit},
    tags::Tags,
};
use loopy_engine::sound::{CHANNELS, Error, Memory, Mixer, Options, RATE, Source, Stream, Track};

pub(crate) fn rate(num: u32, den: u32) -> Rate {
    Rate::new(num, den).unwrap()
}

/// A clip of `frames` frames at `fps`.
pub(crate) fn clip(name: &str, frames: u32, fps: Rate) -> Clip {
    let size = Size::new(320, 180);
    Clip {
        path: ClipPath::from(Path::new(name)),
        hash: Hash::of(name.as_bytes()),
        facts: Facts {
            stated_rate: Some(fps),
            sound: true,
            ..Facts::ordinary(size)
        },
        times: (0..u64::from(frames))
            .map(|index| fps.micros(index))
            .collect(),
        end: fps.micros(u64::from(frames)),
        first: 0,
        until: frames,
        shot: 0,
        sound_offset: 0,
        tags: Tags::from_stem(name),
        scene: 0,
    }
}

/// One stop of a walk: clip, range on its output clock, frames of the bridge after it.
pub(crate) type Stop = (u32, std::ops::Range<u32>, u32);

/// The plan of a walk; the bridge after the last stop counts only when it loops.
pub(crate) fn plan(fps: Rate, clips: Vec<Clip>, stops: &[Stop], looped: bool) -> Plan {
    let mut visits = Vec::new();
    let mut seams = Vec::new();
    let mut at = 0;
    for (index, (clip, range, bridge)) in stops.iter().enumerate() {
        let clock = ClipClock::new(&clips[*clip as usize], fps, Mode::Duplicate);
        visits.push(Visit {
            clip: *clip,
            enter: range.start,
            leave: range.end,
            first: clock.tap(range.start).frame,
            last: clock.tap(range.end - 1).frame,
            start: at,
        });
        at += u64::from(range.end - range.start);
        if looped || index + 1 < stops.len() {
            // A plan has dissolves of two frames and more, where both sides have that many.
            let enter = stops[(index + 1) % stops.len()].1.start;
            let room = enter.min(clock.len() - range.end);
            let bridge = &Some((*bridge).min(room))
                .filter(|frames| *frames >= 2)
                .unwrap_or(0);
            let kind = if *bridge > 0 {
                SeamKind::Dissolve
            } else {
                SeamKind::Cut
            };
            seams.push(Seam {
                steps: 0,
                holds: 0,
                start: at,
                frames: *bridge,
                kind,
                declared: false,
                score: Score::MAX,
                step: 1.0,
                rsv: None,
            });
            at += u64::from(*bridge);
        }
    }
    let clips = clips
        .into_iter()
        .map(|clip| PlannedClip {
            ports: vec![clip.first, clip.until],
            grade: loopy_core::Grade::default(),
            clip,
        })
        .collect();
    let plan = Plan {
        schema: SCHEMA,
        fps,
        rate_mode: Mode::Duplicate,
        seed: 0,
        frames: at,
        looped,
        created: None,
        clips,
        visits,
        seams,
        certificate: Certificate::default(),
        notes: vec![],
        reactions: Vec::new(),
        asked: Vec::new(),
    };
    plan.check().unwrap();
    plan
}

/// A track that begins with the clip's first frame, at its own level.
#[expect(clippy::unnecessary_wraps, reason = "plans take optional tracks")]
pub(crate) fn track(source: impl Source + 'static) -> Option<Track> {
    Some(Track {
        source: Box::new(source),
        offset: 0,
        gain: 1.0,
    })
}

/// Interleaved samples of `seconds` from a function of the sample's index.
pub(crate) fn sound(seconds: f64, sample: impl Fn(u32) -> [f32; 2]) -> Memory {
    let frames = (seconds * f64::from(RATE)).round() as u32;
    Memory::new((0..frames).flat_map(sample).collect())
}

/// A sine of `hertz` on both channels.
pub(crate) fn tone(hertz: f64, amplitude: f64, seconds: f64) -> Memory {
    sound(seconds, |n| {
        let angle = f64::from(n) * hertz / f64::from(RATE) * TAU;
        [(angle.sin() * amplitude) as f32; 2]
    })
}

/// White noise, of a kind that depends on `seed` alone.
pub(crate) fn noise(seed: u64, amplitude: f32, seconds: f64) -> Memory {
    sound(seconds, |n| {
        [0, 1].map(|channel| {
            let mut word = seed ^ (u64::from(n) * 2 + channel).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            word ^= word >> 31;
            ((word >> 40) as f32 / (1 << 23) as f32 - 1.0) * amplitude
        })
    })
}

/// Half scale on one channel, nothing on the other: its envelope can be read off the output.
pub(crate) fn side(channel: usize, seconds: f64) -> Memory {
    let mut frame = [0.0; 2];
    frame[channel] = 0.5;
    sound(seconds, |_| frame)
}

/// Whose sample `n` tells `n` (up to a period of 2^20): exactness without hours of memory.
pub(crate) struct Counter(pub(crate) u64);

impl Counter {
    pub(crate) fn sample(at: u64) -> f32 {
        (at % (1 << 20)) as f32 / (1 << 21) as f32
    }
}

impl Source for Counter {
    fn len(&self) -> u64 {
        self.0
    }

    fn read(&mut self, at: u64, out: &mut [f32]) -> Result<(), Error> {
        assert!(at + (out.len() / CHANNELS) as u64 <= self.0);
        for (index, frame) in (at..).zip(out.chunks_exact_mut(CHANNELS)) {
            frame.fill(Self::sample(index));
        }
        Ok(())
    }
}

/// All that is left of a stream; no block is empty or larger than the first.
pub(crate) fn drain(stream: &mut impl Stream) -> Vec<f32> {
    let mut all = Vec::new();
    let mut block = Vec::new();
    let mut largest = 0;
    while stream.next(&mut block).unwrap() {
        assert!(!block.is_empty());
        largest = largest.max(if all.is_empty() { block.len() } else { 0 });
        assert!(block.len() <= largest);
        all.extend_from_slice(&block);
    }
    assert!(block.is_empty());
    all
}

/// The whole sound of a plan.
pub(crate) fn mix(plan: &Plan, tracks: Vec<Option<Track>>) -> Vec<f32> {
    drain(&mut Mixer::new(plan, tracks, Options::default()).unwrap())
}

/// One channel of interleaved samples.
pub(crate) fn channel(samples: &[f32], channel: usize) -> Vec<f32> {
    samples
        .iter()
        .skip(channel)
        .step_by(CHANNELS)
        .copied()
        .collect()
}

/// Amplitude of the sine of `hertz` in one channel (Goertzel).
pub(crate) fn amplitude(samples: &[f32], hertz: f64) -> f64 {
    let turn = hertz / f64::from(RATE) * TAU;
    let (mut last, mut before) = (0.0, 0.0);
    for sample in samples {
        let now = f64::from(*sample) + 2.0 * turn.cos() * last - before;
        (before, last) = (last, now);
    }
    let power = last * last + before * before - 2.0 * turn.cos() * last * before;
    2.0 * power.max(0.0).sqrt() / samples.len() as f64
}

/// Mean level of samples in decibels of full scale.
pub(crate) fn decibels(samples: &[f32]) -> f64 {
    let power: f64 = samples
        .iter()
        .map(|sample| f64::from(*sample).powi(2))
        .sum();
    10.0 * (power / samples.len() as f64).log10()
}

/// Largest change from one sample to the next.
pub(crate) fn largest_step(samples: &[f32]) -> f32 {
    samples
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .fold(0.0, f32::max)
}
