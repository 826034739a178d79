use loopy_core::Frame as Picture;

use super::*;
use crate::{features::SIZE, graph::sample, synthetic};

const SECOND: i64 = 1_000_000;

fn wish(least: i64, most: i64) -> Wish {
    Wish {
        least: least * SECOND,
        most: most * SECOND,
    }
}

fn search(features: &Features, wish: Wish) -> Result<Found, None> {
    find(&sample::clip(0, features.len() as u32, 25), features, wish)
}

fn frames(found: &Found) -> u32 {
    found.until - found.first
}

#[test]
fn a_clip_that_comes_round_loops_by_whole_rounds_the_longest_first() {
    // Once round in 100 frames.
    let round = synthetic::moving(270, 1, 1.0);
    let long = search(&round, wish(2, 60)).unwrap();
    assert_eq!(frames(&long), 200, "{long:?}");
    assert!(
        long.score.as_f64() > 0.8 && long.bridge == Bridge::None,
        "{long:?}"
    );
    let short = search(&round, wish(2, 5)).unwrap();
    assert_eq!(frames(&short), 100, "{short:?}");
    // A clip of exactly one round joins its own ends.
    let one = search(&synthetic::moving(100, 1, 1.0), wish(2, 60)).unwrap();
    assert!((99..=100).contains(&frames(&one)), "{one:?}");
}

#[test]
fn a_long_take_is_searched_in_parts_and_loses_nothing() {
    let long = synthetic::moving(1000, 1, 1.0);
    let found = search(&long, wish(2, 5)).unwrap();
    assert_eq!(frames(&found), 100);
    let clip = sample::clip(0, 1000, 25);
    let parts = parts(&clip, 5 * SECOND);
    assert!(parts.len() > 4 && parts.iter().all(|part| part.micros() <= 10 * SECOND));
    for start in 0..(1000 - 125) {
        let held = |part: &Clip| part.first <= start && start + 125 <= part.until;
        assert!(parts.iter().any(held), "a loop from {start}");
    }
}

#[test]
fn a_clip_without_a_loop_says_what_is_in_the_way() {
    let why = |features: &Features| search(features, wish(2, 60)).unwrap_err().why;
    let short = why(&synthetic::moving(40, 1, 1.0));
    assert!(
        matches!(
            short,
            Why::Short {
                micros: 1_600_000,
                ..
            }
        ),
        "{short:?}"
    );

    let dusk = synthetic::features(
        (0..100_u32).map(|frame| synthetic::picture(1, frame as f32 * 0.02, (frame / 5) as u8)),
    );
    let light = why(&dusk);
    assert!(matches!(light, Why::Light { by } if by > 12.0), "{light:?}");

    let pan = synthetic::features((0..90_u32).map(|frame| panned(2 * frame)));
    let drift = why(&pan);
    assert!(
        matches!(drift, Why::Drift { speed: [x, y] } if x < -30.0 && y.abs() < 10.0),
        "{drift:?}"
    );
    assert!(drift.to_string().contains("to the left"), "{drift}");

    // Less than half a round.
    let jump = why(&synthetic::moving(75, 1, 0.6));
    assert!(matches!(jump, Why::Jump { .. }), "{jump:?}");
}

/// A texture that does not repeat, moved to the left.
fn panned(shift: u32) -> Picture {
    let mut picture = Picture::black(SIZE);
    let value = |x: u32, y: u32| {
        let corner = |x: u32, y: u32| {
            let mixed = (x.wrapping_mul(0x9e37_79b9) ^ y.wrapping_mul(0x85eb_ca6b))
                .wrapping_mul(0xc2b2_ae35);
            (mixed >> 25) as f32
        };
        let (left, top) = (x / 16, y / 16);
        let (right, down) = ((x % 16) as f32 / 16.0, (y % 16) as f32 / 16.0);
        let upper = corner(left, top) * (1.0 - right) + corner(left + 1, top) * right;
        let lower = corner(left, top + 1) * (1.0 - right) + corner(left + 1, top + 1) * right;
        60.0 + upper * (1.0 - down) + lower * down
    };
    let width = SIZE.width;
    for (index, sample) in (0_u32..).zip(&mut *picture.planes_mut()[0]) {
        *sample = value(index % width + shift, index / width) as u8;
    }
    picture
}
