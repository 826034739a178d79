//! Known faults by known amounts, in drawn clips.

use loopy_core::Frame;

use std::sync::Arc;

use super::{drawn, *};

const AT: usize = 100;

fn usual(steps: &Steps) -> Usual {
    Usual::of(&Arc::new(Natural::new(steps.clone())), &[])
}

/// The joint of pictures around it, `n` of them the bridge.
fn judged(pictures: &[Frame], bridge: usize, usual: &Usual) -> Rsv {
    let window = Steps::of(pictures);
    rsv(&window, CONTEXT..CONTEXT + bridge + 1, (usual, usual)).unwrap()
}

/// Pictures with [`CONTEXT`] steps on each side: the ones before, the bridge, the ones after.
fn window(before: &[Frame], bridge: &[Frame], after: &[Frame]) -> Vec<Frame> {
    let before = &before[before.len() - CONTEXT - 1..];
    [before, bridge, &after[..=CONTEXT]].concat()
}

/// Every amount is worse than the one before; the first is worse than what is natural, and the
/// last is beyond nearly everything natural.
fn rises(what: &str, amounts: impl IntoIterator<Item = Vec<Frame>>, bridge: usize) {
    let clip = drawn::clip(1);
    let (frames, usual) = (&clip.0, usual(&clip.1));
    let untouched = &frames[AT - CONTEXT..AT + bridge + CONTEXT + 2];
    let natural = judged(untouched, bridge, &usual);
    let mut last = natural;
    for (index, pictures) in amounts.into_iter().enumerate() {
        let found = judged(&pictures, bridge, &usual);
        println!(
            "{what} {index}: {:.3} beyond {:.2} ({:?}); natural {:.3}",
            found.percentile,
            found.beyond(),
            found.worst,
            natural.percentile
        );
        assert!(
            found.beyond() > last.beyond(),
            "{what} {index}: {found:?} {last:?}"
        );
        assert!(found.percentile >= last.percentile, "{what} {index}");
        last = found;
    }
    assert!(last.percentile > 0.98, "{what}: {last:?}");
}

#[test]
fn a_freeze_is_seen() {
    let (frames, _) = &*drawn::clip(1);
    let held = |times: usize| {
        let bridge = vec![frames[AT].clone(); times];
        let after = &frames[AT + 1..];
        window(&frames[..=AT], &bridge, after)
    };
    let clip = drawn::clip(1);
    for times in [1, 2, 3, 6] {
        let usual = usual(&clip.1);
        let found = judged(&held(times), times, &usual);
        assert!(found.percentile > 0.98, "{times}: {found:?}");
    }
    // The exact same picture where the next should be.
    let usual = usual(&clip.1);
    let again = judged(&window(&frames[..=AT], &[], &frames[AT..]), 0, &usual);
    assert!(again.percentile > 0.98, "{again:?}");
}

#[test]
fn a_jump_is_seen_by_its_length() {
    let (frames, _) = &*drawn::clip(1);
    let skip = |by: usize| window(&frames[..=AT], &[], &frames[AT + 1 + by..]);
    rises("skip", [2, 4, 8, 16].map(skip), 0);
}

#[test]
fn a_flash_a_step_of_light_and_one_of_colour_are_seen_by_their_size() {
    let (frames, _) = &*drawn::clip(1);
    let lit = |by: [i16; 3]| -> Vec<Frame> {
        let after = frames[AT + 1..].iter().take(CONTEXT + 1);
        let after: Vec<Frame> = after.map(|frame| drawn::lit(frame, by)).collect();
        window(&frames[..=AT], &[], &after)
    };
    rises("light", [2, 4, 8].map(|by| lit([by, 0, 0])), 0);
    rises("darkness", [-2, -4, -8].map(|by| lit([by, 0, 0])), 0);
    rises("colour", [2, 4, 8].map(|by| lit([0, by, -by])), 0);
    let flash = |by: i16| {
        let bridge = [drawn::lit(&frames[AT + 1], [by, 0, 0])];
        window(&frames[..=AT], &bridge, &frames[AT + 2..])
    };
    rises("flash", [3, 6, 12].map(flash), 1);
}

#[test]
fn a_tear_in_one_place_is_seen() {
    let (frames, _) = &*drawn::clip(1);
    let torn = |by: usize| -> Vec<Frame> {
        let place = [20, 20, 70, 60];
        let after = frames[AT + 1..].iter().take(CONTEXT + 1);
        let after: Vec<Frame> = after.map(|frame| drawn::torn(frame, place, by)).collect();
        window(&frames[..=AT], &[], &after)
    };
    rises("tear", [2, 4, 8].map(torn), 0);
}

#[test]
fn another_speed_is_seen() {
    let (frames, _) = &*drawn::clip(1);
    let faster = |by: f32| {
        let after = (0..=CONTEXT).map(|step| AT as f32 + by * (step + 1) as f32);
        window(&frames[..=AT], &[], &drawn::pictures(1, after))
    };
    rises("faster", [1.6, 2.2, 3.5].map(faster), 0);
}

#[test]
fn motion_turned_round_is_seen() {
    let clip = drawn::clip(1);
    let (frames, usual) = (&clip.0, usual(&clip.1));
    for at in [60, AT, 140] {
        let back: Vec<Frame> = frames[..at].iter().rev().cloned().collect();
        let found = judged(&window(&frames[..=at], &[], &back), 0, &usual);
        assert!(found.percentile > 0.97, "{at}: {found:?}");
    }
}

#[test]
fn a_bridge_that_loses_detail_is_seen() {
    let (frames, _) = &*drawn::clip(1);
    let soft = |times: usize| -> Vec<Frame> {
        let bridge = frames[AT + 1..AT + 6].iter();
        let bridge: Vec<Frame> = bridge.map(|frame| drawn::blurred(frame, times)).collect();
        window(&frames[..=AT], &bridge, &frames[AT + 6..])
    };
    rises("blur", [1, 2, 4].map(soft), 5);
}

#[test]
fn a_dissolve_is_seen_by_how_far_apart_its_sides_are() {
    let (frames, _) = &*drawn::clip(1);
    let dissolve = |by: usize| -> Vec<Frame> {
        let bridge: Vec<Frame> = (1..=6)
            .map(|step| {
                let (tail, head) = (&frames[AT + step], &frames[AT + by + step]);
                drawn::mixed(tail, head, step as u16 * 256 / 7)
            })
            .collect();
        window(&frames[..=AT], &bridge, &frames[AT + by + 7..])
    };
    rises("dissolve", [4, 12, 40].map(dissolve), 6);
    let clip = drawn::clip(1);
    let usual = usual(&clip.1);
    let average = drawn::mixed(&frames[AT], &frames[AT + 2], 128);
    let found = judged(
        &window(&frames[..=AT], &[average], &frames[AT + 2..]),
        1,
        &usual,
    );
    assert!(
        found.percentile > 0.95,
        "a mean for the picture between: {found:?}"
    );
}

#[test]
fn pictures_of_another_scene_are_seen() {
    let (one, other) = (drawn::clip(1), drawn::clip(2));
    let (a, b) = (usual(&one.1), usual(&other.1));
    let steps = Steps::of(&window(&one.0[..=AT], &[], &other.0[50..]));
    let found = rsv(&steps, CONTEXT..CONTEXT + 1, (&a, &b)).unwrap();
    assert!(
        found.percentile > 0.99 && found.beyond() > 10.0,
        "{found:?}"
    );
}

#[test]
fn natural_windows_are_spread_evenly_for_joints_of_every_length() {
    let clip = drawn::clip(1);
    let own = usual(&clip.1);
    for bridge in [0, 3, 9] {
        let places = CONTEXT..clip.1.len() - CONTEXT - bridge;
        let found = order::sort(places.map(|start| {
            let joint = start..start + bridge + 1;
            rsv(&clip.1, joint, (&own, &own)).unwrap().percentile
        }));
        // Largest distance from the even spread (Kolmogorov, Smirnov).
        let count = found.len() as f32;
        let away = found
            .iter()
            .enumerate()
            .map(|(index, value)| (value - index as f32 / count).abs());
        let away = away.fold(0.0, f32::max);
        assert!(away < 0.08, "{bridge}: {away}");
    }
    // Windows of one half among those of the other.
    let half = usual(&clip.1.part(0..100));
    let found: Vec<f32> = (110..190)
        .map(|start| {
            rsv(&clip.1, start..start + 1, (&half, &half))
                .unwrap()
                .percentile
        })
        .collect();
    let ordinary = found.iter().filter(|value| **value < 0.95).count();
    assert!(ordinary * 10 >= found.len() * 8, "{found:?}");
}

#[test]
fn a_rhythm_of_repeated_pictures_goes_on_or_is_seen_to_stop() {
    // Ten pictures a second on a clock of thirty.
    let slow = |times: std::ops::Range<usize>| -> Vec<Frame> {
        drawn::pictures(1, times.map(|time| (time / 3 * 3) as f32))
    };
    let frames = slow(0..150);
    let usual = usual(&Steps::of(&frames));
    let goes_on = judged(&window(&frames[..=89], &[], &frames[90..]), 0, &usual);
    assert!(goes_on.percentile < 0.95, "{goes_on:?}");
    for (from, to) in [(89, 91), (88, 90), (90, 90), (89, 92)] {
        let found = judged(&window(&frames[..=from], &[], &frames[to..]), 0, &usual);
        assert!(found.percentile > 0.95, "{from} {to}: {found:?}");
    }
}

#[test]
fn a_joint_is_judged_alike_from_spliced_steps() {
    let clip = drawn::clip(1);
    let frames = &clip.0;
    let all = window(&frames[..=AT], &frames[20..23], &frames[50..]);
    let count = all.len();
    let before = clip.1.part(AT - CONTEXT..AT + 1);
    let after = clip.1.part(50..50 + CONTEXT + 1);
    let middle = Steps::of(&all[CONTEXT - 1..=count - CONTEXT]);
    assert_eq!(
        Steps::spliced(&before, &middle, &after),
        Some(Steps::of(&all))
    );
    assert_eq!(Steps::spliced(&before, &middle.part(0..3), &after), None);
    assert_eq!(clip.1.part(190..300).pictures(), 10);
    assert!(clip.1.part(300..400).is_empty());
}

#[test]
fn what_cannot_be_judged_is_not_and_what_has_no_like_is_unusual() {
    let clip = drawn::clip(1);
    let own = usual(&clip.1);
    assert!(rsv(&clip.1, 2..3, (&own, &own)).is_none(), "no context");
    assert!(rsv(&clip.1, 50..50, (&own, &own)).is_none(), "no joint");
    assert!(rsv(&clip.1, 190..400, (&own, &own)).is_none(), "outside");
    let none = Usual::of(&Arc::new(Natural::new(Steps::of(&[]))), &[]);
    let found = rsv(&clip.1, 50..51, (&none, &none)).unwrap();
    assert!((found.percentile - 1.0).abs() < f32::EPSILON);
    // A clip of few steps asks its scene.
    let short = Arc::new(Natural::new(clip.1.part(0..6)));
    let scene = [Arc::clone(&short), Arc::new(Natural::new(clip.1.clone()))];
    let pooled = Usual::of(&short, &scene);
    let found = rsv(&clip.1, 50..51, (&pooled, &pooled)).unwrap();
    let wanted = rsv(&clip.1, 50..51, (&own, &own)).unwrap();
    assert_eq!(found, wanted);
}

/// `cargo test --release -p loopy-sight -- --ignored --nocapture one_picture_costs`
#[test]
#[ignore = "a benchmark"]
fn one_picture_costs() {
    let cpu = || -> f64 {
        let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        stat.split(' ')
            .next()
            .map_or(0.0, |ns| ns.parse().unwrap_or(0.0))
            * 1e-6
    };
    let clip = drawn::clip(1);
    let start = cpu();
    let steps = Steps::of(&clip.0);
    println!(
        "{:.2} CPU ms a picture",
        (cpu() - start) / clip.0.len() as f64
    );
    let start = cpu();
    let own = usual(&steps);
    for length in [1, 5, 9] {
        let start = cpu();
        for _ in 0..2 {
            rsv(&steps, 50..50 + length, (&own, &own)).unwrap();
        }
        println!("{:.2} CPU ms first with {length} steps", cpu() - start);
    }
    println!("{:.2} CPU ms", cpu() - start);
    let start = cpu();
    for at in 0..100 {
        rsv(&steps, 50 + at..50 + at + 1, (&own, &own)).unwrap();
    }
    println!("{:.3} CPU ms a joint", (cpu() - start) / 100.0);
}
