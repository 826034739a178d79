//! Drawn clips for tests: a bright disc on a textured ground, going round.

use loopy_core::Frame as Picture;

use crate::features::{Builder, Features, SIZE};

/// One picture: scene `seed`, disc at `angle` in radians, `light` added to its luma.
pub(crate) fn picture(seed: u32, angle: f32, light: u8) -> Picture {
    let mut picture = Picture::black(SIZE);
    let (x, y) = (48.0 + 30.0 * angle.cos(), 27.0 + 16.0 * angle.sin());
    let [luma, u, _] = picture.planes_mut();
    for (index, sample) in luma.iter_mut().enumerate() {
        let (column, row) = (index as u32 % SIZE.width, index as u32 / SIZE.width);
        let patch = (column / 8 + 31 * (row / 8)).wrapping_add(seed.wrapping_mul(977));
        let ground = 60 + (patch.wrapping_mul(2_654_435_761) >> 26) as u8;
        let away = (column as f32 - x).hypot(row as f32 - y);
        let disc = (1.0 - away / 14.0).max(0.0);
        *sample = ground + light + (disc * 110.0) as u8;
    }
    u.fill(100 + (seed.wrapping_mul(37) % 60) as u8);
    picture
}

fn clip(frames: u32, seed: u32, angles: impl Fn(u32) -> f32, light: u8) -> Features {
    let mut builder = Builder::new();
    for index in 0..frames {
        builder.push(&picture(seed, angles(index), light), false);
    }
    builder.finish()
}

/// The disc goes round scene `seed` once in `100 / speed` frames.
pub(crate) fn moving(frames: u32, seed: u32, speed: f32) -> Features {
    clip(frames, seed, |index| angle(index as f32, speed), 0)
}

/// The same, begun `from` frames later.
pub(crate) fn moving_from(frames: u32, seed: u32, speed: f32, from: f32) -> Features {
    clip(frames, seed, |index| angle(index as f32 + from, speed), 0)
}

/// The same, last frame first.
pub(crate) fn reversed(frames: u32, seed: u32, speed: f32) -> Features {
    clip(
        frames,
        seed,
        |index| angle((frames - 1 - index) as f32, speed),
        0,
    )
}

/// The same, brighter.
pub(crate) fn lit(frames: u32, seed: u32, speed: f32, light: u8) -> Features {
    clip(frames, seed, |index| angle(index as f32, speed), light)
}

fn angle(frame: f32, speed: f32) -> f32 {
    frame * speed * std::f32::consts::TAU / 100.0
}
