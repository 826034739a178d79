//! Pictures and segments that the output tests share.

#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "only tests use it")]
#![allow(clippy::print_stdout, reason = "a skipped part says so")]

use std::process::Command;

use loopy_core::{Frame, Rate, Size, encode::Settings};
use loopy_media::{
    encode::Encoder,
    mux::{Container, Options},
    segment::Segment,
};

pub(crate) const SIZE: Size = Size {
    width: 96,
    height: 64,
};

/// What a run shows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scene {
    Black,
    Noise,
    Gradient,
    /// A still first half, then jumps: reorder delays differ between scenes.
    Flicker,
}

/// A small generator of its own, so that pictures are the same everywhere.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

pub(crate) fn frames(scene: Scene, size: Size, count: u32) -> Vec<Frame> {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let frame = |index: u32| {
        let mut frame = Frame::black(size);
        let [y, u, v] = frame.planes_mut();
        for (at, pixel) in y.iter_mut().enumerate() {
            let (x, row) = (at as u32 % size.width, at as u32 / size.width);
            *pixel = match scene {
                Scene::Black => continue,
                Scene::Noise => 16 + (dice.roll() % 220) as u8,
                Scene::Gradient => 16 + ((x + row + index * 3) % 220) as u8,
                Scene::Flicker if index < count / 2 => 16 + (x % 220) as u8,
                Scene::Flicker => 16 + ((x * (index % 5 + 1) + index * 60) % 220) as u8,
            };
        }
        u.fill(100 + (index % 50) as u8);
        v.fill(150);
        frame
    };
    (0..count).map(frame).collect()
}

pub(crate) fn encode(settings: &Settings, rate: Rate, frames: &[Frame]) -> Segment {
    let mut encoder = Encoder::new(settings, frames[0].size(), rate, frames.len() as u32).unwrap();
    for frame in frames {
        encoder.push(frame).unwrap();
    }
    encoder.finish().unwrap()
}

pub(crate) fn options(container: Container, fps: Rate, segments: &[&Segment]) -> Options {
    Options {
        container,
        size: SIZE,
        fps,
        config: segments[0].config.clone(),
        delay: segments
            .iter()
            .map(|segment| segment.delay())
            .max()
            .unwrap(),
        frames: segments
            .iter()
            .map(|segment| u64::from(segment.frames()))
            .sum(),
        audio: None,
        tags: Vec::new(),
        created: None,
    }
}

/// What a program prints, or `None` where it is not installed. What it complains of is a failure.
pub(crate) fn run(program: &str, arguments: &[&str]) -> Option<Vec<u8>> {
    let Ok(output) = Command::new(program).args(arguments).output() else {
        println!("{program} is not installed: its part of the test is left out");
        return None;
    };
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && complaint.is_empty(),
        "{arguments:?}: {complaint}"
    );
    Some(output.stdout)
}
