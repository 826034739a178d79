//! A drawn clip with grain for tests, and what can be done to it by known amounts.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use loopy_core::Frame;
use loopy_pixels::blend;

use super::{SIZE, Steps};

/// Picture `time` of scene `seed`: a soft textured ground that drifts, a textured disc that
/// wanders over it, grain of its own in every picture.
pub(crate) fn picture(seed: u32, time: f32) -> Frame {
    let mut frame = Frame::black(SIZE);
    let phase = seed as f32 * 1.7;
    let sway = |pace: f32, at: f32| (time * pace + phase + at).sin();
    let (ground_x, ground_y) = (14.0 * sway(0.043, 0.0), 7.0 * sway(0.031, 1.0));
    let (x, y) = (
        160.0 + 70.0 * sway(0.037, 2.0) + 30.0 * sway(0.071, 0.3),
        90.0 + 36.0 * sway(0.047, 4.0),
    );
    let radius = 40.0 + 5.0 * sway(0.09, 5.0);
    let texture = texture(seed);
    let width = SIZE.width as usize;
    let grain = (time * 64.0) as u32;
    for (index, sample) in frame.planes_mut()[0].iter_mut().enumerate() {
        let (column, row) = ((index % width) as f32, (index / width) as f32);
        let ground = texture.at(column + ground_x, row + ground_y);
        let away = (column - x).hypot(row - y);
        let inside = ((radius - away) * 0.5).clamp(0.0, 1.0);
        let disc = 60.0 + texture.at(column - x + 400.0, row - y + 300.0);
        let noise = dice(index as u32 ^ grain.wrapping_mul(0x9e37) ^ seed << 20);
        let noise = (noise % 7) as f32 - 3.0;
        *sample = (ground + (disc - ground) * inside + noise).clamp(16.0, 235.0) as u8;
    }
    frame
}

fn dice(seed: u32) -> u32 {
    let mixed = (seed ^ seed >> 15).wrapping_mul(0x85eb_ca6b);
    let mixed = (mixed ^ mixed >> 13).wrapping_mul(0xc2b2_ae35);
    mixed >> 8
}

const SIDE: usize = 512;

struct Texture(Vec<f32>);

impl Texture {
    fn at(&self, x: f32, y: f32) -> f32 {
        let (x, y) = (x.rem_euclid(SIDE as f32), y.rem_euclid(SIDE as f32));
        let (left, top) = (x as usize % SIDE, y as usize % SIDE);
        let (across, down) = (x.fract(), y.fract());
        let value = |x: usize, y: usize| self.0[y % SIDE * SIDE + x % SIDE];
        let line = |y: usize| value(left, y) + (value(left + 1, y) - value(left, y)) * across;
        line(top) + (line(top + 1) - line(top)) * down
    }
}

fn texture(seed: u32) -> Arc<Texture> {
    static TEXTURES: Mutex<BTreeMap<u32, Arc<Texture>>> = Mutex::new(BTreeMap::new());
    let mut known = TEXTURES.lock().unwrap();
    let drawn = known.entry(seed).or_insert_with(|| {
        let turn = std::f32::consts::TAU / SIDE as f32;
        let waves: Vec<[f32; 4]> = (0..12)
            .map(|wave| {
                let part = |which: u32| dice(seed * 97 + wave * 7 + which) % 1000;
                let (a, b) = (part(0) % 23 + 2, part(1) % 23);
                [
                    a as f32 * turn,
                    b as f32 * turn,
                    part(2) as f32,
                    part(3) as f32 / 1000.0,
                ]
            })
            .collect();
        let at = |index: usize| {
            let (x, y) = ((index % SIDE) as f32, (index / SIDE) as f32);
            let sum: f32 = waves
                .iter()
                .map(|[a, b, at, by]| (a * x + b * y + at).sin() * by)
                .sum();
            90.0 + 11.0 * sum
        };
        Arc::new(Texture((0..SIDE * SIDE).map(at).collect()))
    });
    Arc::clone(drawn)
}

/// Pictures `times` of a scene.
pub(crate) fn pictures(seed: u32, times: impl IntoIterator<Item = f32>) -> Vec<Frame> {
    times.into_iter().map(|time| picture(seed, time)).collect()
}

/// A whole clip of 200 pictures and its steps, drawn once.
pub(crate) fn clip(seed: u32) -> Arc<(Vec<Frame>, Steps)> {
    type Clips = BTreeMap<u32, Arc<(Vec<Frame>, Steps)>>;
    static CLIPS: Mutex<Clips> = Mutex::new(BTreeMap::new());
    let mut known = CLIPS.lock().unwrap();
    let drawn = known.entry(seed).or_insert_with(|| {
        let frames = pictures(seed, (0..200).map(|time| time as f32));
        let steps = Steps::of(&frames);
        Arc::new((frames, steps))
    });
    Arc::clone(drawn)
}

/// The picture with so much added to Y, U and V.
pub(crate) fn lit(frame: &Frame, [y, u, v]: [i16; 3]) -> Frame {
    let mut out = frame.clone();
    for (plane, by) in out.planes_mut().into_iter().zip([y, u, v]) {
        for sample in plane {
            *sample = (i16::from(*sample) + by).clamp(0, 255) as u8;
        }
    }
    out
}

/// Luma moved to the right inside a rectangle of the picture, `left, top, right, bottom`.
pub(crate) fn torn(frame: &Frame, [left, top, right, bottom]: [usize; 4], by: usize) -> Frame {
    let mut out = frame.clone();
    let stride = frame.stride();
    let [luma, ..] = frame.planes();
    for y in top..bottom {
        for x in left..right {
            let from = x.saturating_sub(by).max(left);
            out.planes_mut()[0][y * stride + x] = luma[y * stride + from];
        }
    }
    out
}

/// Luma averaged with its neighbours so many times.
pub(crate) fn blurred(frame: &Frame, times: usize) -> Frame {
    let mut out = frame.clone();
    let (stride, height) = (frame.stride(), frame.size().height as usize);
    for _ in 0..times {
        let from = out.planes()[0].to_vec();
        let [luma, ..] = out.planes_mut();
        for y in 1..height - 1 {
            for x in 1..stride - 1 {
                let rows =
                    [y - 1, y, y + 1].map(|y| &from[y * stride + x - 1..=y * stride + x + 1]);
                let sum: u32 = rows
                    .into_iter()
                    .flatten()
                    .map(|sample| u32::from(*sample))
                    .sum();
                luma[y * stride + x] = ((sum + 4) / 9) as u8;
            }
        }
    }
    out
}

/// A mix of two pictures, `share` of 256 of the second.
pub(crate) fn mixed(a: &Frame, b: &Frame, share: u16) -> Frame {
    let mut out = a.clone();
    blend::mix(a, b, share, &mut out);
    out
}
