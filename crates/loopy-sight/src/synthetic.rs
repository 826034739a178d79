//! Drawn clips for tests: a bright disc on a textured ground, going round. Takes are drawn once
//! and clips cut from them, as they are from real takes.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use loopy_core::Frame as Picture;

use crate::features::{Builder, Features, SIZE};

/// Frames of the takes that clips are cut from.
const TAKE: u32 = 360;

/// One picture: scene `seed`, disc at `angle` in radians, `light` added to its luma.
pub(crate) fn picture(seed: u32, angle: f32, light: u8) -> Picture {
    let mut picture = Picture::black(SIZE);
    let (x, y) = (96.0 + 60.0 * angle.cos(), 54.0 + 32.0 * angle.sin());
    let [luma, u, _] = picture.planes_mut();
    for (index, sample) in luma.iter_mut().enumerate() {
        let (column, row) = (index as u32 % SIZE.width, index as u32 / SIZE.width);
        let patch = (column / 16 + 31 * (row / 16)).wrapping_add(seed.wrapping_mul(977));
        let ground = 60 + (patch.wrapping_mul(2_654_435_761) >> 26) as u8;
        let away = (column as f32 - x).hypot(row as f32 - y);
        let disc = (1.0 - away / 28.0).max(0.0);
        *sample = ground + light + (disc * 110.0) as u8;
    }
    u.fill(100 + (seed.wrapping_mul(37) % 60) as u8);
    picture
}

/// One picture of a take that never comes back: scene `seed`, textured patches that drift and
/// breathe, each at its own pace.
pub(crate) fn drifting(seed: u32, frame: u32) -> Picture {
    let mut picture = Picture::black(SIZE);
    let time = frame as f32;
    let dice = |which: u32| {
        let mixed =
            (seed.wrapping_mul(977) ^ which.wrapping_mul(0x9e37_79b9)).wrapping_mul(0x85eb_ca6b);
        (mixed ^ mixed >> 13).wrapping_mul(0xc2b2_ae35) as f32 / u32::MAX as f32
    };
    let discs: [(f32, f32, f32); 5] = std::array::from_fn(|at| {
        let at = at as u32;
        let pace = |which: u32| 0.013 + 0.045 * dice(8 * at + which);
        let swing = |which: u32| {
            (time * pace(which) + 6.3 * dice(8 * at + which + 2)).sin()
                + 0.6 * (time * pace(which + 1) * 0.618 + 6.3 * dice(8 * at + which + 3)).sin()
        };
        (
            96.0 + 50.0 * swing(0),
            54.0 + 28.0 * swing(4),
            14.0 + 14.0 * dice(8 * at + 7),
        )
    });
    let [luma, u, v] = picture.planes_mut();
    for (index, sample) in luma.iter_mut().enumerate() {
        let (column, row) = (index as u32 % SIZE.width, index as u32 / SIZE.width);
        let patch = (column / 12 + 31 * (row / 12)).wrapping_add(seed.wrapping_mul(977));
        let ground = 50.0 + (patch.wrapping_mul(2_654_435_761) >> 26) as f32;
        let lit: f32 = discs
            .iter()
            .map(|(x, y, radius)| {
                let away = (column as f32 - x).hypot(row as f32 - y) / radius;
                70.0 * (1.0 - away).max(0.0)
            })
            .sum();
        *sample = (ground + lit).min(235.0) as u8;
    }
    u.fill(100 + (seed.wrapping_mul(37) % 60) as u8);
    v.fill(120 + (seed.wrapping_mul(53) % 30) as u8);
    picture
}

/// Features of pictures.
pub(crate) fn features(pictures: impl IntoIterator<Item = Picture>) -> Features {
    let mut builder = Builder::new();
    for picture in pictures {
        builder.push(&picture, false);
    }
    builder.finish()
}

/// What is drawn in a take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Take {
    /// Scene, speed in thousandths, light; the disc goes round once in `100 / speed` frames.
    Round(u32, u32, u8),
    /// The same, last frame first.
    Back(u32, u32),
    /// Scene.
    Drift(u32),
}

/// A take of at least so many frames, drawn once.
fn take(what: Take, frames: u32) -> Arc<Features> {
    static TAKES: Mutex<BTreeMap<(Take, u32), Arc<Features>>> = Mutex::new(BTreeMap::new());
    let frames = frames.next_multiple_of(TAKE);
    let known = TAKES.lock().unwrap().get(&(what, frames)).cloned();
    known.unwrap_or_else(|| {
        let draw = |index| match what {
            Take::Round(seed, speed, light) => picture(seed, angle(index, speed), light),
            Take::Back(seed, speed) => picture(seed, angle(frames - 1 - index, speed), 0),
            Take::Drift(seed) => drifting(seed, index),
        };
        let drawn = Arc::new(features((0..frames).map(draw)));
        TAKES.lock().unwrap().insert((what, frames), drawn.clone());
        drawn
    })
}

fn cut(what: Take, from: u32, frames: u32) -> Features {
    take(what, from + frames).part(from as usize..(from + frames) as usize)
}

fn thousandths(speed: f32) -> u32 {
    (speed * 1000.0).round() as u32
}

/// The disc goes round scene `seed` once in `100 / speed` frames.
pub(crate) fn moving(frames: u32, seed: u32, speed: f32) -> Features {
    moving_from(frames, seed, speed, 0)
}

/// The same, begun `from` frames later.
pub(crate) fn moving_from(frames: u32, seed: u32, speed: f32, from: u32) -> Features {
    cut(Take::Round(seed, thousandths(speed), 0), from, frames)
}

/// The same, last frame first.
pub(crate) fn reversed(frames: u32, seed: u32, speed: f32) -> Features {
    let what = Take::Back(seed, thousandths(speed));
    cut(what, frames.next_multiple_of(TAKE) - frames, frames)
}

/// The same, brighter.
pub(crate) fn lit(frames: u32, seed: u32, speed: f32, light: u8) -> Features {
    cut(Take::Round(seed, thousandths(speed), light), 0, frames)
}

/// A part of the take of scene `seed` that never comes back.
pub(crate) fn drift(frames: u32, seed: u32, from: u32) -> Features {
    cut(Take::Drift(seed), from, frames)
}

fn angle(frame: u32, thousandths: u32) -> f32 {
    frame as f32 * thousandths as f32 * std::f32::consts::TAU / 100_000.0
}
