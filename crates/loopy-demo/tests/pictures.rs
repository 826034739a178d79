//! What the library promises about its pictures holds for every clip.

use std::collections::BTreeSet;

use loopy_core::{Frame, Rate, Size};
use loopy_demo::{Painter, Spec, draw, library, mark, neutral, phase};

const SMALL: Size = Size {
    width: 192,
    height: 108,
};

fn small() -> Vec<Spec> {
    library()
        .into_iter()
        .map(|spec| spec.with_size(SMALL))
        .collect()
}

/// Mean absolute difference of luma, in code values.
fn difference(a: &Frame, b: &Frame) -> f64 {
    let ([a, ..], [b, ..]) = (a.planes(), b.planes());
    let sum: u64 = a
        .iter()
        .zip(b)
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    sum as f64 / a.len() as f64
}

#[test]
fn the_library_is_what_its_documentation_says() {
    let specs = library();
    assert_eq!(specs.len(), 12);
    let ids: BTreeSet<_> = specs.iter().map(|spec| spec.id).collect();
    let names: BTreeSet<_> = specs.iter().map(|spec| &spec.name).collect();
    assert_eq!((ids.len(), names.len()), (12, 12));
    assert_eq!(specs.iter().map(|spec| spec.frames).sum::<u32>(), 55 * 30);
    for spec in &specs {
        assert!((90..=180).contains(&spec.frames), "{}", spec.name);
        assert!(spec.name.contains(&spec.state));
    }
    let starts: BTreeSet<_> = specs
        .iter()
        .map(|spec| (phase(spec, 0) * 90.0) as u32)
        .collect();
    assert!(
        starts.len() >= 6,
        "worlds must not all start alike: {starts:?}"
    );
}

#[test]
fn clips_begin_and_end_neutral_and_move_between() {
    for rate in ["25", "29.97", "30"] {
        let rate: Rate = rate.parse().unwrap();
        for spec in library().into_iter().map(|spec| spec.with_rate(rate)) {
            assert!(
                neutral(&spec, 0) && neutral(&spec, spec.frames),
                "{}",
                spec.name
            );
            assert!(
                (0..spec.frames).any(|frame| !neutral(&spec, frame)),
                "{}",
                spec.name
            );
            assert!(
                spec.loop_points.len() >= 2,
                "{} {:?}",
                spec.name,
                spec.loop_points
            );
            for (frame, at) in &spec.loop_points {
                assert!(neutral(&spec, *frame) && *frame < spec.frames);
                assert!((phase(&spec, *frame) - at).abs() < 1e-6);
            }
        }
    }
}

#[test]
fn every_clip_shares_a_loop_point_with_most_others() {
    let specs = library();
    let phases = |spec: &Spec| -> BTreeSet<u32> {
        spec.loop_points
            .iter()
            .map(|(_, at)| (at * 900.0).round() as u32)
            .collect()
    };
    for spec in &specs {
        let partners = specs
            .iter()
            .filter(|other| other.id != spec.id)
            .filter(|other| !phases(spec).is_disjoint(&phases(other)))
            .count();
        assert!(partners >= 6, "{} has {partners}", spec.name);
    }
}

#[test]
fn a_frame_depends_on_clip_and_index_alone() {
    let specs = small();
    let mut painter = Painter::new(&specs[3]);
    let forward: Vec<_> = [40, 41, 42].map(|index| painter.frame(index)).into();
    assert_eq!(painter.frame(41), forward[1], "order of drawing");
    assert_eq!(draw(&specs[3], 41), forward[1], "fresh painter");
    painter.turn_to(&specs[7]);
    assert_eq!(
        painter.frame(50),
        draw(&specs[7], 50),
        "painter used for another clip"
    );
    assert_ne!(forward[0], forward[1], "motion");
}

#[test]
fn loop_points_of_equal_phase_are_equal_pictures() {
    for rate in ["25", "29.97", "30"] {
        let rate: Rate = rate.parse().unwrap();
        let specs: Vec<_> = small()
            .into_iter()
            .map(|spec| spec.with_rate(rate))
            .collect();
        let mut painter = Painter::new(&specs[0]);
        let mut known: Vec<(f32, Frame)> = Vec::new();
        let mut met = 0;
        for spec in &specs {
            painter.turn_to(spec);
            for (index, at) in &spec.loop_points {
                let frame = painter.frame(*index);
                match known.iter().find(|(phase, _)| (phase - at).abs() < 1e-6) {
                    Some((_, partner)) => {
                        met += 1;
                        assert_eq!(partner, &frame, "{} frame {index}", spec.name);
                    }
                    None => known.push((*at, frame)),
                }
            }
        }
        assert!(met > 20, "only {met} meetings");
    }
}

#[test]
fn a_cut_at_loop_points_is_an_ordinary_step_and_another_is_not() {
    let specs = small();
    let (a, b) = (&specs[0], &specs[3]);
    let (out, into) = a
        .loop_points
        .iter()
        .filter(|(index, _)| *index > 0)
        .find_map(|(index, at)| {
            let partner = b
                .loop_points
                .iter()
                .find(|(_, other)| (other - at).abs() < 1e-6)?;
            Some((*index, partner.0))
        })
        .unwrap();
    let mut painter = Painter::new(a);
    let (before, after) = (painter.frame(out - 1), painter.frame(out));
    let far = painter.frame(out + 45);
    painter.turn_to(b);
    let entered = painter.frame(into);
    let ordinary = difference(&before, &after);
    assert!(ordinary > 0.0);
    assert!((difference(&before, &entered) - ordinary).abs() < 1e-9);
    assert!(
        difference(&before, &far) > 3.0 * ordinary,
        "half a period off must show"
    );
}

#[test]
fn whole_period_clips_join_themselves() {
    for spec in small() {
        if [
            "lumi_idle_03",
            "lumi_thinking_01",
            "lumi_talking_03",
            "lumi_sleep_01",
        ]
        .contains(&&*spec.name)
        {
            let mut painter = Painter::new(&spec);
            assert_eq!(
                painter.frame(0),
                painter.frame(spec.frames),
                "{}",
                spec.name
            );
        }
    }
}

#[test]
fn motion_has_no_jump_inside_a_clip() {
    for spec in small()
        .into_iter()
        .filter(|spec| ["laugh", "thinking", "wave"].contains(&&*spec.state))
    {
        let mut painter = Painter::new(&spec);
        let frames: Vec<_> = (0..spec.frames).map(|index| painter.frame(index)).collect();
        let steps: Vec<_> = frames
            .windows(2)
            .map(|pair| difference(&pair[0], &pair[1]))
            .collect();
        let mean = steps.iter().sum::<f64>() / steps.len() as f64;
        let most = steps.iter().copied().fold(0.0, f64::max);
        assert!(
            steps.iter().all(|step| *step > 0.0),
            "{} stands still",
            spec.name
        );
        assert!(most < 5.0 * mean, "{}: {most} beside {mean}", spec.name);
    }
}

#[test]
fn a_changed_length_keeps_its_truth() {
    let talk = &library()[3];
    let short = talk.clone().with_frames(20);
    assert!(
        (0..20).all(|frame| neutral(&short, frame)),
        "no gesture fits"
    );
    let long = talk.clone().with_frames(900);
    assert!(
        (600..900).any(|frame| !neutral(&long, frame)),
        "the script goes on"
    );
    assert!(neutral(&long, 900));
}

#[test]
fn marked_frames_say_who_they_are_and_others_say_nothing() {
    for spec in small() {
        let (plain, marked) = (spec.clone(), spec.with_marks(true));
        assert_eq!(
            mark::read(&draw(&marked, 33)),
            Some((marked.id, 33)),
            "{}",
            marked.name
        );
        assert_eq!(mark::read(&draw(&plain, 33)), None, "{}", plain.name);
    }
}

#[test]
fn odd_tiny_and_tall_sizes_draw() {
    for (width, height) in [(16, 16), (161, 91), (90, 160), (400, 64)] {
        let spec = library()[11].clone().with_size(Size::new(width, height));
        let frame = draw(&spec, 60);
        assert_eq!(frame.size(), Size::new(width, height).even());
        let [luma, ..] = frame.planes();
        assert!(luma.iter().max() > luma.iter().min());
    }
}
