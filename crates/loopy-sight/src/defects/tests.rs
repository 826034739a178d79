//! Defects that are drawn are found where they are, and nowhere else.

use loopy_core::Frame as Picture;

use super::*;
use crate::synthetic;

fn draw(frames: impl IntoIterator<Item = Picture>) -> Features {
    synthetic::features(frames)
}

fn scaled(mut picture: Picture, percent: u32) -> Picture {
    for sample in &mut *picture.planes_mut()[0] {
        *sample = (16 + (u32::from(*sample) - 16) * percent / 100) as u8;
    }
    picture
}

fn scene(frame: u32) -> Picture {
    synthetic::drifting(4, frame)
}

fn marks(features: &Features) -> Vec<Option<NoPort>> {
    no_ports(features, 0..features.len())
}

#[test]
fn whole_takes_have_no_defect() {
    for features in [synthetic::drift(120, 3, 0), synthetic::moving(120, 2, 1.0)] {
        let found = jumps(&features, 0..120);
        assert!(found.cuts.is_empty() && found.flashes.is_empty());
        assert_eq!(marks(&features), [None; 120]);
        assert_eq!(cadence(&features, 0..120), None);
    }
}

#[test]
fn slow_pictures_on_a_fast_clock_are_a_cadence_with_ports_at_fresh_ones() {
    for (pictures, frames) in [(12, 24), (10, 30), (10, 24), (24, 30)] {
        let shown = |frame: u32| frame * pictures / frames;
        let features = draw((0..90).map(|frame| scene(shown(frame) * 3)));
        let found = cadence(&features, 0..90).unwrap();
        assert!(
            found.pictures.abs_diff(90 * pictures / frames) <= 2,
            "{found:?}"
        );
        assert!(jumps(&features, 0..90).cuts.is_empty());
        for (frame, mark) in (1..).zip(&marks(&features)[1..]) {
            let held = shown(frame) == shown(frame - 1);
            assert_eq!(
                *mark,
                held.then_some(NoPort::Held),
                "{pictures} in {frames} at {frame}"
            );
        }
    }
}

#[test]
fn a_frame_shown_twice_is_no_cadence() {
    let features = draw((0..60).map(|frame| scene(if frame == 30 { 29 } else { frame } * 2)));
    assert_eq!(cadence(&features, 0..60), None);
    let marks = marks(&features);
    assert_eq!(marks[30], Some(NoPort::Repeated));
    assert_eq!(marks.iter().flatten().count(), 2);
}

#[test]
fn flashes_of_light_and_inserts_are_no_place_for_a_port() {
    for insert in [
        |_: u32| scaled(scene(40), 30),
        |_: u32| synthetic::drifting(9, 3),
        |frame: u32| scaled(scene(frame), 150),
    ] {
        let features = draw((0..80).map(|frame| {
            if frame == 40 {
                insert(frame)
            } else {
                scene(frame)
            }
        }));
        let found = jumps(&features, 0..80);
        assert_eq!((found.flashes.len(), found.cuts.len()), (1, 0));
        assert_eq!(found.flashes[0], 40..41);
        let marked: Vec<usize> = (0..80)
            .filter(|at| marks(&features)[*at].is_some())
            .collect();
        assert_eq!(marked, [39, 40, 41, 42]);
    }
}

#[test]
fn a_strobe_is_flashes_and_noise_is_nothing() {
    let features = draw((0..80_u32).map(|frame| {
        let percent = if frame % 4 == 2 { 140 } else { 100 };
        scaled(synthetic::picture(1, frame as f32 * 0.03, 0), percent)
    }));
    let found = jumps(&features, 0..80);
    assert!(
        found.flashes.len() >= 18 && found.cuts.is_empty(),
        "{:?} {:?}",
        found.flashes,
        found.cuts
    );
    let mut state = 1_u32;
    let noise = draw((0..40).map(|_| {
        let mut picture = scene(0);
        for sample in &mut *picture.planes_mut()[0] {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *sample = 30 + (state >> 25) as u8;
        }
        picture
    }));
    let found = jumps(&noise, 0..40);
    assert!(found.cuts.is_empty() && found.flashes.is_empty());
    assert_eq!(marks(&noise), [None; 40]);
}

#[test]
fn shots_begin_where_the_picture_changes_for_good() {
    let features = draw((0..120).map(|frame| match frame {
        0..50 => scene(frame),
        50..90 => synthetic::drifting(8, frame),
        // The same scene, from another moment.
        _ => synthetic::drifting(8, frame + 200),
    }));
    assert_eq!(jumps(&features, 0..120).cuts, [50, 90]);
}

#[test]
fn fades_are_marked_from_nothing_to_the_whole_picture() {
    let features = draw((0..100).map(|frame: u32| {
        let percent = [(frame + 1) * 8, 100, (100 - frame) * 10]
            .into_iter()
            .min()
            .unwrap();
        scaled(scene(frame), percent)
    }));
    let found = fades(&features, 0..100);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].start == 0 && (8..14).contains(&found[0].end),
        "{found:?}"
    );
    assert!(
        (88..94).contains(&found[1].start) && found[1].end == 100,
        "{found:?}"
    );
    let dip =
        draw((0..100_u32).map(|frame| scaled(scene(frame), (frame.abs_diff(50) * 10).min(100))));
    let found = fades(&dip, 0..100);
    assert!(
        found.len() == 1 && found[0].contains(&43) && found[0].contains(&57),
        "{found:?}"
    );
    assert_eq!(marks(&dip)[50], Some(NoPort::Fade));
}
