//! What is used, what is trimmed and what is left out.

use loopy_core::{Frame as Picture, Rate, Size, color::Color};

use super::*;
use crate::{
    features::{Builder, SIZE},
    synthetic,
};

fn facts() -> Facts {
    let size = Size::new(640, 360);
    Facts {
        container: "mov".to_owned(),
        codec: "h264".to_owned(),
        pixel_format: "yuv420p".to_owned(),
        coded: size,
        shown: size,
        rotation: 0,
        mirrored: false,
        interlaced: false,
        alpha: false,
        color: Color::SDR,
        stated_rate: Rate::new(25, 1),
        stated_micros: None,
        sound: false,
    }
}

/// What a drawn frame shows.
#[derive(Clone, Copy)]
enum Show {
    Scene(u32),
    /// Nothing moves but sensor noise.
    Idle(u32),
    Black,
    Colour,
    Corrupt(u32),
}
use Show::{Black, Colour, Corrupt, Idle, Scene};

fn draw(shows: impl IntoIterator<Item = Show>) -> Features {
    let mut builder = Builder::new();
    for show in shows {
        let mut picture = match show {
            Scene(at) | Corrupt(at) => synthetic::picture(1, at as f32 * 0.06, 0),
            Idle(_) => synthetic::picture(1, 0.0, 0),
            Black | Colour => Picture::black(SIZE),
        };
        match show {
            Idle(seed) => {
                for (index, sample) in picture.planes_mut()[0].iter_mut().enumerate() {
                    let mixed =
                        (index as u32).wrapping_mul(2_654_435_761) ^ seed.wrapping_mul(40_503);
                    *sample += u8::from(mixed.wrapping_mul(2_246_822_519) >> 28 == 0);
                }
            }
            Colour => picture.planes_mut()[0].fill(90),
            _ => {}
        }
        builder.push(&picture, matches!(show, Corrupt(_)));
    }
    builder.finish()
}

fn judged(features: &Features, fps: i64, faults: Faults) -> Result<Usable, String> {
    let times: Vec<i64> = (0..features.len() as i64)
        .map(|i| i * 1_000_000 / fps)
        .collect();
    judge(features, &times, &facts(), faults, &Limits::default())
}

fn verdict(shows: impl IntoIterator<Item = Show>) -> Result<(u32, u32), String> {
    judged(&draw(shows), 25, Faults::default()).map(|usable| (usable.first, usable.until))
}

#[test]
fn whole_clips_are_used_whole_without_a_word() {
    let usable = judged(&draw((0..75).map(Scene)), 25, Faults::default());
    assert_eq!(
        usable,
        Ok(Usable {
            first: 0,
            until: 75,
            remarks: Vec::new(),
            habits: Vec::new(),
        })
    );
}

#[test]
fn a_dark_scene_and_a_noisy_still_life_are_clips() {
    assert_eq!(verdict((0..100).map(Idle)), Ok((0, 100)));
    let mut dark = Builder::new();
    for index in 0..50 {
        let mut picture = synthetic::picture(1, index as f32 * 0.06, 0);
        for sample in &mut *picture.planes_mut()[0] {
            *sample = 16 + *sample / 8;
        }
        dark.push(&picture, false);
    }
    assert!(judged(&dark.finish(), 25, Faults::default()).is_ok());
}

#[test]
fn low_rate_sources_on_a_fast_clock_are_not_frozen() {
    // Five pictures a second, each shown six times.
    assert_eq!(
        verdict((0..150).map(|index| Scene(index / 6))),
        Ok((0, 150))
    );
}

#[test]
fn black_plain_and_frozen_files_are_left_out_by_name() {
    for (show, word) in [
        (Black, "black"),
        (Colour, "plain colour"),
        (Scene(3), "frozen"),
    ] {
        let reason = verdict([show; 75]).unwrap_err();
        assert!(
            reason.contains(word) && reason.starts_with("all of it"),
            "{reason}"
        );
    }
    // A long freeze with a little life.
    let mostly = verdict((0..20).map(Scene).chain([Scene(20); 100])).unwrap_err();
    assert!(mostly.contains("frozen"), "{mostly}");
}

#[test]
fn black_and_frozen_ends_are_trimmed_with_a_remark() {
    let head = [Black; 3]
        .into_iter()
        .chain((0..50).map(Scene))
        .chain([Colour; 5]);
    let usable = judged(&draw(head), 25, Faults::default()).unwrap();
    assert_eq!((usable.first, usable.until), (3, 53));
    assert!(
        usable.remarks[0].contains("0.12 s black"),
        "{:?}",
        usable.remarks
    );
    assert!(
        usable.remarks[0].contains("0.20 s one plain colour"),
        "{:?}",
        usable.remarks
    );

    let frozen = [Scene(0); 50].into_iter().chain((1..60).map(Scene));
    assert_eq!(
        verdict(frozen),
        Ok((49, 109)),
        "the last of the equal frames stays"
    );
    let frozen = (0..60).map(Scene).chain([Scene(59); 50]);
    assert_eq!(
        verdict(frozen),
        Ok((0, 60)),
        "the first of the equal frames stays"
    );
}

#[test]
fn a_flash_of_black_inside_stays_and_a_gap_parts_the_clip() {
    let with = |black: usize| {
        (0..40)
            .map(Scene)
            .chain(std::iter::repeat_n(Black, black))
            .chain((40..100).map(Scene))
    };
    assert_eq!(verdict(with(2)), Ok((0, 102)));
    let parts = |black| {
        let features = draw(with(black));
        let times: Vec<i64> = (0..features.len() as i64).map(|i| i * 40_000).collect();
        judge_shots(
            &features,
            &times,
            &facts(),
            Faults::default(),
            &Limits::default(),
        )
        .unwrap()
    };
    assert_eq!(parts(10).len(), 2);
    assert_eq!(verdict(with(10)), Ok((50, 110)));
}

#[test]
fn the_whole_part_of_a_damaged_file_is_kept_when_it_is_most_of_it() {
    let at = |bad: u32| (0..100).map(move |i| if i == bad { Corrupt(i) } else { Scene(i) });
    assert_eq!(verdict(at(80)), Ok((0, 80)));
    // A damaged frame spoils those after it for a second.
    assert_eq!(verdict(at(10)), Ok((35, 100)));
    let middle = verdict(at(45)).unwrap_err();
    assert!(middle.contains("damaged"), "{middle}");
    let all = verdict((0..100).map(Corrupt)).unwrap_err();
    assert!(all.starts_with("all of it is damaged"), "{all}");
}

#[test]
fn too_short_and_too_slow_say_how_much_is_needed() {
    assert!(verdict([Scene(0)]).unwrap_err().contains("1 frame "));
    assert!(
        verdict((0..12).map(Scene))
            .unwrap_err()
            .contains("too short")
    );
    assert!(verdict((0..13).map(Scene)).is_ok());
    let slow = judged(&draw((0..9).map(|i| Scene(i * 9))), 1, Faults::default());
    assert!(slow.unwrap_err().contains("1.0 frames a second"));
    assert!(verdict([]).unwrap_err().contains("no frames"));
}

#[test]
fn lost_packets_are_told_and_too_many_refuse_the_file() {
    let features = draw((0..50).map(Scene));
    let faults = |decode_errors| Faults {
        decode_errors,
        truncated: true,
        ..Faults::default()
    };
    let usable = judged(&features, 25, faults(2)).unwrap();
    assert!(
        usable
            .remarks
            .iter()
            .any(|remark| remark.contains("2 packets"))
    );
    assert!(
        usable
            .remarks
            .iter()
            .any(|remark| remark.contains("ends early"))
    );
    assert!(
        judged(&features, 25, faults(20))
            .unwrap_err()
            .contains("20 packets")
    );
}

#[test]
fn two_shots_in_a_file_are_two_clips() {
    let mut builder = Builder::new();
    for index in 0..110 {
        builder.push(
            &synthetic::drifting(if index < 50 { 1 } else { 7 }, index),
            false,
        );
    }
    let features = builder.finish();
    let times: Vec<i64> = (0..110).map(|i| i * 40_000).collect();
    let judge_all = |features| {
        judge_shots(
            features,
            &times,
            &facts(),
            Faults::default(),
            &Limits::default(),
        )
    };
    let shots = judge_all(&features).unwrap();
    let ranges: Vec<(u32, u32)> = shots.iter().map(|shot| (shot.first, shot.until)).collect();
    assert_eq!(ranges, [(0, 50), (50, 110)]);
    assert!(
        shots[1].remarks[0].starts_with("shot 2 of 2: used from 2.00 s"),
        "{:?}",
        shots[1]
    );
    let longest = judge(
        &features,
        &times,
        &facts(),
        Faults::default(),
        &Limits::default(),
    );
    assert_eq!(longest.as_ref(), Ok(&shots[1]));
}

#[test]
fn fades_at_the_ends_are_trimmed_and_a_flash_is_told() {
    let mut builder = Builder::new();
    for index in 0..100_u32 {
        let mut picture = synthetic::drifting(1, index);
        let percent = if index == 60 {
            30
        } else {
            (index * 10).min(100).min((100 - index) * 8)
        };
        for sample in &mut *picture.planes_mut()[0] {
            *sample = (16 + (u32::from(*sample) - 16) * percent / 100) as u8;
        }
        builder.push(&picture, false);
    }
    let usable = judged(&builder.finish(), 25, Faults::default()).unwrap();
    assert!(
        (7..12).contains(&usable.first) && (86..93).contains(&usable.until),
        "{usable:?}"
    );
    assert!(usable.remarks[0].contains("a fade"), "{usable:?}");
    assert!(usable.habits[0].contains("a flash: 1 place"), "{usable:?}");
}
