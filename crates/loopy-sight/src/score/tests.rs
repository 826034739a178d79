//! What the score promises, by the committed weights.

use std::sync::Arc;

use loopy_core::Frame;

use super::{model::Record, *};
use crate::rsv::{CONTEXT, Natural, drawn};

fn usual(steps: &Steps) -> Usual {
    Usual::of(&Arc::new(Natural::new(steps.clone())), &[])
}

/// Score of a cut from the last of `before` to the first of `after`.
fn cut(before: &[Frame], after: &[Frame], usual: (&Usual, &Usual)) -> f64 {
    let pictures = [&before[before.len() - CONTEXT - 1..], &after[..=CONTEXT]].concat();
    let window = Steps::of(&pictures);
    score(&window, CONTEXT..CONTEXT + 1, usual)
        .unwrap()
        .as_f64()
}

fn record() -> &'static Record {
    &Model::built_in().unwrap().record
}

#[test]
fn a_freeze_scores_below_the_natural_successor() {
    let clip = drawn::clip(1);
    let (frames, own) = (&clip.0, usual(&clip.1));
    for at in [40, 90, 150] {
        let natural = cut(&frames[..at], &frames[at..], (&own, &own));
        let freeze = cut(&frames[..at], &frames[at - 1..], (&own, &own));
        assert!(freeze < natural - 0.1, "{at}: {freeze} {natural}");
    }
}

#[test]
fn the_way_there_is_not_the_way_back() {
    let (one, other) = (drawn::clip(1), drawn::clip(3));
    // Both show one scene, the second eight frames later.
    let later: Vec<Frame> = drawn::pictures(1, (58..90).map(|time| time as f32));
    let own = usual(&one.1);
    let there = cut(&one.0[..67], &later[9..], (&own, &own));
    let back = cut(&later[..9], &one.0[75..], (&own, &own));
    assert!((there - back).abs() > 0.2, "{there} {back}");
    let (a, b) = (usual(&one.1), usual(&other.1));
    let elsewhere = cut(&one.0[..60], &other.0[60..], (&a, &b));
    assert!(elsewhere < 0.15, "{elsewhere}");
}

#[test]
fn motion_turned_round_scores_low() {
    let clip = drawn::clip(1);
    let (frames, own) = (&clip.0, usual(&clip.1));
    for at in [60, 100, 140] {
        let back: Vec<Frame> = frames[..at].iter().rev().skip(1).cloned().collect();
        let turned = cut(&frames[..at], &back, (&own, &own));
        let natural = cut(&frames[..at], &frames[at..], (&own, &own));
        assert!(
            turned < 0.6 && turned < natural - 0.2,
            "{at}: {turned} {natural}"
        );
    }
}

#[test]
fn more_skipped_frames_never_score_higher() {
    let clip = drawn::clip(1);
    let (frames, own) = (&clip.0, usual(&clip.1));
    for at in [40, 90, 150] {
        let skip = |by: usize| cut(&frames[..at], &frames[at + by..], (&own, &own));
        let scores = [0, 1, 2, 4, 8].map(skip);
        for pair in scores.array_windows::<2>() {
            assert!(pair[1] <= pair[0], "{at}: {scores:?}");
        }
        assert!(scores[4] < 0.3 && scores[0] > 0.6, "{at}: {scores:?}");
    }
}

#[test]
fn a_step_of_light_lowers_the_score_by_its_size() {
    let clip = drawn::clip(1);
    let (frames, own) = (&clip.0, usual(&clip.1));
    for sign in [1, -1] {
        let lit = |by: i16| {
            let after = frames[90..=90 + CONTEXT].iter();
            let after: Vec<Frame> = after.map(|frame| drawn::lit(frame, [by, 0, 0])).collect();
            cut(&frames[..90], &after, (&own, &own))
        };
        let scores = [0, 2, 4, 8].map(|by| lit(sign * by));
        for pair in scores.array_windows::<2>() {
            assert!(pair[1] <= pair[0], "{scores:?}");
        }
        assert!(scores[3] < scores[0] - 0.4, "{scores:?}");
    }
}

#[test]
fn what_is_worse_in_anything_never_scores_higher() {
    let model = Model::built_in().unwrap();
    let clip = drawn::clip(1);
    let own = usual(&clip.1);
    for at in [30, 80, 120] {
        let found = rsv(&clip.1, at..at + 1, (&own, &own)).unwrap();
        let before = model.judge(&found);
        for statistic in 0..found.each.len() {
            for by in [0.5, 2.0, 8.0] {
                let mut worse = found;
                worse.each[statistic] += by;
                worse.raw[statistic] += by / 4.0;
                assert!(model.judge(&worse) <= before, "{statistic} {by}");
            }
        }
    }
}

#[test]
fn a_joint_without_context_has_no_score() {
    let clip = drawn::clip(1);
    let own = usual(&clip.1);
    assert_eq!(score(&clip.1, 1..2, (&own, &own)), Err(Error::Context));
}

#[test]
fn the_record_of_training_is_whole() {
    let model = Model::built_in().unwrap();
    assert!(model.forest.parameters() + 2 * model.curve.knots.len() <= 10_000);
    for source in &record().sources {
        let mut same = record().sources.iter().filter(|s| s.scene == source.scene);
        assert!(same.all(|s| s.fold == source.fold), "{source:?}");
    }
    let none = |kind: &&model::Kind| kind.label <= 0.0;
    let all: usize = record()
        .kinds
        .iter()
        .filter(none)
        .map(|kind| kind.count)
        .sum();
    let in_scene = record().kinds.iter().filter(none);
    let in_scene: usize = in_scene
        .filter(|kind| kind.name.contains("scene"))
        .map(|kind| kind.count)
        .sum();
    assert!(2 * in_scene >= all, "{in_scene} of {all}");
}

#[test]
fn held_out_joints_are_told_apart_and_scores_can_be_believed() {
    let figure = |name: &str| {
        let mut figures = record().figures.iter();
        figures.find(|figure| figure.name == name).unwrap().value
    };
    assert!(figure("random joins") >= 0.97);
    assert!(figure("same-scene joins") >= 0.90);
    assert!(figure("skips of 2-4 frames") >= 0.75);
    assert!(figure("ECE") <= 0.05);
    let bins = &record().bins;
    let count: usize = bins.iter().map(|bin| bin.count).sum();
    let off: f64 = bins
        .iter()
        .map(|bin| (bin.score - bin.label).abs() * bin.count as f64)
        .sum();
    assert!((off / count as f64 - figure("ECE")).abs() < 1e-9);
    let kinds: usize = record().kinds.iter().map(|kind| kind.count).sum();
    assert_eq!(count, kinds);
}
