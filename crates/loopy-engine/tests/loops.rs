//! Loops of drawn clips, whose exact loops are known.

use std::path::Path;

use loopy_core::{Clip, ClipPath, Hash, clip::Facts, color::Color, tags::Tags};
use loopy_demo::{Painter, Spec, neutral, phase};
use loopy_sight::{
    features::{Builder, Features, SIZE},
    loops::{self, Found, Wish},
};

const SECOND: i64 = 1_000_000;

fn seen(spec: &Spec) -> (Clip, Features) {
    let mut painter = Painter::new(spec);
    let mut builder = Builder::new();
    for index in 0..spec.frames {
        builder.push(&painter.frame(index), false);
    }
    let time = |index: u32| spec.rate.micros(u64::from(index));
    let clip = Clip {
        path: ClipPath::from(Path::new(&spec.name)),
        hash: Hash::of(spec.name.as_bytes()),
        facts: Facts {
            container: "mov".to_owned(),
            codec: "h264".to_owned(),
            pixel_format: "yuv420p".to_owned(),
            coded: spec.size,
            shown: spec.size,
            rotation: 0,
            mirrored: false,
            interlaced: false,
            alpha: false,
            color: Color::SDR,
            stated_rate: Some(spec.rate),
            stated_micros: None,
            sound: false,
        },
        times: (0..spec.frames).map(time).collect(),
        end: time(spec.frames),
        first: 0,
        until: spec.frames,
        shot: 0,
        sound_offset: 0,
        tags: Tags::default(),
        scene: 0,
    };
    (clip, builder.finish())
}

/// The frame that would follow and the frame that follows instead are the same picture.
fn exact(spec: &Spec, first: u32, until: u32) -> bool {
    let same = |a: f32, b: f32| (a - b).abs() < 1e-4;
    neutral(spec, first) && neutral(spec, until) && same(phase(spec, first), phase(spec, until))
}

/// Some loop of at least `least` frames is exact, with quiet frames around its joint.
fn has_exact(spec: &Spec, least: u32) -> bool {
    const AROUND: u32 = 4;
    (0..spec.frames).any(|first| {
        (first + least..=spec.frames).any(|until| {
            (0..AROUND).all(|step| {
                let before = first >= step && exact(spec, first - step, until - step);
                let after = until + step <= spec.frames && exact(spec, first + step, until + step);
                (before || first < step) && (after || until + step > spec.frames)
            })
        })
    })
}

fn near(spec: &Spec, found: &Found) -> bool {
    let around = |frame: u32| frame.saturating_sub(1)..=(frame + 1).min(spec.frames);
    around(found.first).any(|first| around(found.until).any(|until| exact(spec, first, until)))
}

#[test]
fn exact_loops_of_drawn_clips_are_found_within_one_frame_always() {
    let wish = Wish {
        least: 2 * SECOND,
        most: 60 * SECOND,
    };
    let mut exact_ones = 0;
    for spec in loopy_demo::library() {
        let spec = spec.with_size(SIZE);
        if !has_exact(&spec, 60) {
            continue;
        }
        exact_ones += 1;
        let (clip, features) = seen(&spec);
        let found = loops::find(&clip, &features, wish);
        let found = found.unwrap_or_else(|none| panic!("{}: {}", spec.name, none.why));
        println!("{}: {found:?}", spec.name);
        assert!(near(&spec, &found), "{}: {found:?}", spec.name);
        assert!(found.score.as_f64() > 0.6, "{}: {found:?}", spec.name);
    }
    assert!(exact_ones >= 4, "{exact_ones} clips have an exact loop");
}
