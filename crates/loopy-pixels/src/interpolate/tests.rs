//! Pictures between pictures, against what is known to lie there.

use loopy_core::{Frame, Size};

use super::*;
use crate::{flow::tests::texture, measure::psnr_luma};

const SIZE: Size = Size {
    width: 192,
    height: 128,
};

fn drawn(value: impl Fn(f64, f64) -> f64) -> Frame {
    let mut frame = Frame::black(SIZE);
    let wide = SIZE.width as usize;
    for (at, sample) in frame.planes_mut()[0].iter_mut().enumerate() {
        let (x, y) = ((at % wide) as f64, (at / wide) as f64);
        *sample = value(x, y).round().clamp(17.0, 235.0) as u8;
    }
    frame
}

/// Time runs from 0 to 1 while the scene moves by (9, -5).
fn shifted(time: f64) -> Frame {
    let scene = texture(11);
    drawn(|x, y| scene(x - 9.0 * time, y + 5.0 * time))
}

#[test]
fn a_moving_texture_is_found_at_every_time() {
    let (a, b) = (shifted(0.0), shifted(1.0));
    let between = Between::new(&a, &b, Effort::Fine).unwrap();
    for t in [0.25, 0.5, 0.8] {
        let truth = shifted(f64::from(t));
        let found = psnr_luma(&between.at(t), &truth);
        let mut plain = Frame::black(SIZE);
        blend::mix(&a, &b, (t * 256.0) as u16, &mut plain);
        let plain = psnr_luma(&plain, &truth);
        println!("{t}: {found:.1} dB, blend {plain:.1} dB");
        assert!(found > 28.0 && found > plain + 8.0, "{t}: {found} {plain}");
    }
    let motion = between.motion();
    assert!((motion.median - 10.3).abs() < 0.3, "{motion:?}");
    assert!(motion.unreliable < 0.15, "{motion:?}");
}

#[test]
fn the_ends_are_the_pictures_themselves() {
    let (a, b) = (shifted(0.0), shifted(1.0));
    let between = Between::new(&a, &b, Effort::Fast).unwrap();
    assert_eq!(between.at(0.0), a);
    assert_eq!(between.at(1.0), b);
    assert_eq!(between.at(f32::NAN), a);
    assert!(psnr_luma(&between.at(0.01), &a) > 35.0);
    assert!(psnr_luma(&between.at(0.99), &b) > 35.0);
}

#[test]
fn the_way_back_shows_the_same_pictures() {
    let (a, b) = (shifted(0.0), shifted(1.0));
    let there = Between::new(&a, &b, Effort::Medium).unwrap().at(0.25);
    let back = Between::new(&b, &a, Effort::Medium).unwrap().at(0.75);
    assert!(psnr_luma(&there, &back) > 45.0);
}

#[test]
fn grain_is_as_strong_between_as_at_the_ends() {
    let noisy = |seed: u64| {
        let mut state = seed;
        let mut frame = shifted(0.0);
        for sample in frame.planes_mut()[0].iter_mut() {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            *sample = (f64::from(*sample) + (state >> 60) as f64 - 7.5).clamp(17.0, 235.0) as u8;
        }
        frame
    };
    let (a, b) = (noisy(3), noisy(4));
    let between = Between::new(&a, &b, Effort::Fine).unwrap();
    let detail = |frame: &Frame| {
        let plane = planes(frame);
        let blocks = dispatch!(Machine::new(), simd => Blocks::energy(simd, &plane[0]));
        blocks.mean()
    };
    let mut plain = Frame::black(SIZE);
    blend::mix(&a, &b, 128, &mut plain);
    let (ends, middle, plain) = (detail(&a), detail(&between.at(0.5)), detail(&plain));
    println!("detail: ends {ends:.1}, middle {middle:.1}, blend {plain:.1}");
    assert!(plain < 0.75 * ends);
    assert!(
        middle > 0.8 * ends && middle < 1.3 * ends,
        "{middle} {ends}"
    );
}

#[test]
fn black_bars_stay_black() {
    let barred = |time: f64| {
        let mut frame = shifted(time);
        let wide = SIZE.width as usize;
        let [luma, ..] = frame.planes_mut();
        for (y, row) in luma.chunks_exact_mut(wide).enumerate() {
            if !(16..112).contains(&y) {
                row.fill(16);
            }
        }
        frame
    };
    let between = Between::new(&barred(0.0), &barred(1.0), Effort::Medium).unwrap();
    let middle = between.at(0.5);
    let wide = SIZE.width as usize;
    for (y, row) in middle.planes()[0].chunks_exact(wide).enumerate() {
        let bar = !(16..112).contains(&y);
        assert_eq!(row.iter().all(|sample| *sample == 16), bar, "row {y}");
    }
}

#[test]
fn speeds_of_the_context_shape_the_times() {
    let [before, a, b, after] = [-0.3, 0.0, 1.0, 1.1].map(shifted);
    let between = Between::with_context(&before, &a, &b, &after, Effort::Medium).unwrap();
    let times = between.times(5);
    println!("{times:?}");
    assert!(times[0] > 0.2 && 1.0 - times[4] < 0.14, "{times:?}");
}

#[test]
fn a_passage_holds_the_pictures_that_it_is_told_to() {
    let [before, a, b, after] = [-0.2, 0.0, 1.0, 1.2].map(shifted);
    let (left, entered) = ([before, a.clone()], [b.clone(), after]);
    let passage = Passage::new(&left, &entered, Effort::Medium).unwrap();
    let same = |pictures: &[Frame]| -> Vec<bool> {
        let row: Vec<&Frame> = [&a].into_iter().chain(pictures).chain([&b]).collect();
        row.windows(2).map(|pair| pair[0] == pair[1]).collect()
    };
    let held = passage.pictures(6, 0b100_0101);
    let wanted = [true, false, true, false, false, false, true];
    assert_eq!(same(&held), wanted);
    assert_eq!(same(&passage.pictures(6, 0)), [false; 7]);
    // Steps that are left make the way alone: four of them here and there.
    assert_eq!(held[1], passage.pictures(3, 0)[0]);
    assert_eq!(same(&passage.pictures(2, u64::MAX)), [false; 3]);
    assert!(passage.pictures(0, 1).is_empty());
}

#[test]
fn repeated_pictures_beside_a_passage_do_not_slow_it_down() {
    let [before, a, b, after] = [-0.3, 0.0, 1.0, 1.1].map(shifted);
    let plain = Passage::new(
        &[before.clone(), a.clone()],
        &[b.clone(), after.clone()],
        Effort::Medium,
    );
    let held = Passage::new(
        &[before, a.clone(), a],
        &[b.clone(), b, after],
        Effort::Medium,
    );
    let (plain, held) = (plain.unwrap(), held.unwrap());
    assert_eq!(plain.pictures(5, 0), held.pictures(5, 0));
    let bare = Passage::new(&[], &[], Effort::Medium);
    assert!(matches!(bare, Err(Error::Nothing)));
}

#[test]
fn pictures_that_do_not_fit_are_refused() {
    let a = shifted(0.0);
    let other = Frame::black(Size::new(64, 64));
    assert!(matches!(
        Between::new(&a, &other, Effort::Fast),
        Err(Error::Sizes(..))
    ));
    let tiny = Frame::black(Size::new(8, 8));
    assert!(matches!(
        Between::new(&tiny, &tiny, Effort::Fast),
        Err(Error::TooSmall(..))
    ));
    let black = Frame::black(SIZE);
    let between = Between::new(&black, &black, Effort::Fast).unwrap();
    assert_eq!(between.at(0.5), black);
}

#[test]
fn flow_is_found_on_about_as_many_pixels_whatever_the_size() {
    for (width, height, expected) in [
        (256, 256, 1),
        (512, 512, 2),
        (640, 480, 2),
        (854, 480, 3),
        (1280, 720, 4),
        (1920, 1080, 6),
    ] {
        assert_eq!(
            factor(Size::new(width, height)),
            expected,
            "{width}x{height}"
        );
    }
    for width in 250..2000 {
        let size = Size::new(width, width);
        let pixels = size.pixels() as f64 / (factor(size) as f64).powi(2);
        assert!(
            (PIXELS / 2.0..PIXELS * 2.01).contains(&pixels),
            "{width}: {pixels}"
        );
    }
}

#[test]
fn every_kind_of_machine_draws_the_same_bytes() {
    let turned = |time: f64| {
        let scene = texture(12);
        drawn(|x, y| scene(x * (1.0 + 0.05 * time) - 6.0 * time, y + 0.1 * time * x))
    };
    let between = Between::new(&turned(0.0), &turned(1.0), Effort::Medium).unwrap();
    let best = between.at(0.375);
    let sources = &between.sources;
    let base = sources.render_on(Machine::baseline(), SIZE, 0.375);
    assert!(best == base, "{:.1} dB", psnr_luma(&best, &base));
}

#[test]
fn what_stands_still_is_copied_to_the_byte() {
    let a = shifted(0.3);
    for t in [0.2, 0.5, 0.9] {
        let between = Between::new(&a, &a, Effort::Medium).unwrap();
        assert!(between.at(t) == a, "{t}");
    }
}

#[test]
fn a_morph_holds_what_its_nearer_clip_holds() {
    let row = |first: f64, held: usize| -> Vec<Frame> {
        (0..8)
            .map(|at| shifted(first + 0.1 * (at - usize::from(at >= held)) as f64))
            .collect()
    };
    // The clip that is left holds at the third picture, the other at the seventh.
    let pictures = morph(&row(0.0, 2), &row(1.2, 6)).unwrap();
    let held: Vec<usize> = (1..8)
        .filter(|at| pictures[*at] == pictures[at - 1])
        .collect();
    assert_eq!(held, [2, 6]);
    assert!(morph(&[], &row(0.0, 2)).unwrap().is_empty());
    let other = Frame::black(Size::new(64, 48));
    assert!(matches!(
        morph(&row(0.0, 2), &[other]),
        Err(Error::Sizes(.., 64, 48))
    ));
}

#[test]
fn blended_textures_keep_their_detail_octave_by_octave() {
    // Fur over the same broad shapes, of other hairs on both sides.
    let fur = |salt: f64| {
        drawn(|x, y| {
            let broad = 30.0 * (x / 20.0).sin() * (y / 17.0).cos();
            let hairs = (x / 1.3 + salt + 3.0 * (y / 9.0 + salt).sin()).sin();
            120.0 + broad + 7.0 * hairs * (y / (1.4 + 0.1 * salt) + salt).sin()
        })
    };
    let (a, b) = (fur(0.0), fur(2.0));
    let middle = Between::new(&a, &b, Effort::Medium).unwrap().at(0.5);
    let energy = |frame: &Frame| -> Vec<f32> {
        let luma = planes(frame)[0].clone();
        octaves::energies(&luma).iter().map(Blocks::mean).collect()
    };
    let (wanted, found) = (energy(&a), energy(&middle));
    println!("{wanted:?} {found:?}");
    for (wanted, found) in wanted.into_iter().zip(found) {
        assert!((0.9..1.2).contains(&((found + 0.2) / (wanted + 0.2))));
    }
}

#[test]
fn what_has_no_counterpart_is_shown_from_one_side() {
    // A bright bar is there in one picture and elsewhere in the other, too far to be found.
    let barred = |left: f64| {
        let scene = texture(13);
        drawn(move |x, y| {
            if (left..left + 12.0).contains(&x) && (40.0..88.0).contains(&y) {
                230.0
            } else {
                60.0 + (scene(x, y) - 128.0) * 0.2
            }
        })
    };
    let (a, b) = (barred(30.0), barred(140.0));
    let between = Between::new(&a, &b, Effort::Medium).unwrap();
    for t in [0.4, 0.5, 0.6] {
        let middle = between.at(t);
        let luma = middle.planes()[0];
        let wide = SIZE.width as usize;
        let half_seen = (44..84)
            .flat_map(|y| (32..40).chain(142..150).map(move |x| luma[y * wide + x]))
            .filter(|sample| (100..190).contains(sample))
            .count();
        println!("{t}: {half_seen}");
        assert!(half_seen < 64, "{t}: {half_seen} of 640 half transparent");
    }
}
