//! Joints: where sounds come and go, and how loud both are together.

use std::ops::Range;

use loopy_core::Plan;

use super::kit::{Stop, channel, clip, decibels, mix, noise, plan, rate, side, sound, tone, track};

/// A left-hand and a right-hand clip of 4 s at 25 fps: 1920 samples a frame.
fn sides(stops: &[Stop], looped: bool) -> Plan {
    let fps = rate(25, 1);
    plan(
        fps,
        vec![clip("left", 100, fps), clip("right", 100, fps)],
        stops,
        looped,
    )
}

/// Envelopes of both sides, 1 for whole, when both sounds last as long as their pictures.
fn envelopes(plan: &Plan) -> [Vec<f32>; 2] {
    let all = mix(plan, vec![track(side(0, 4.0)), track(side(1, 4.0))]);
    [0, 1].map(|side| {
        channel(&all, side)
            .iter()
            .map(|sample| sample * 2.0)
            .collect()
    })
}

/// Around `fade` the envelope has its whole levels, within it the curve's.
#[track_caller]
fn assert_fades(envelope: &[f32], fade: Range<usize>) {
    let head = envelope[fade.start - 1];
    let tail = envelope[fade.end];
    assert_eq!(
        head + tail,
        1.0,
        "one side of the fade is silent, the other whole"
    );
    assert!(
        envelope[fade.start - 3000..fade.start]
            .iter()
            .all(|level| *level == head)
    );
    assert!(
        envelope[fade.end..fade.end + 3000]
            .iter()
            .all(|level| *level == tail)
    );
    for step in 1..100 {
        let x = step as f32 / 100.0;
        let level = envelope[fade.start + fade.len() * step / 100];
        let wish = if head < tail { x } else { 1.0 - x };
        let wish = wish * (3.0 - 2.0 * wish).sqrt();
        assert!(
            (level - wish).abs() < 0.003,
            "{level} instead of {wish} at {x}"
        );
    }
}

#[test]
fn a_cut_between_ports_crossfades_over_20_ms_around_the_joint() {
    let [left, right] = envelopes(&sides(&[(0, 0..50, 0), (1, 50..100, 0)], false));
    let joint = 50 * 1920;
    assert_fades(&left, joint - 480..joint + 480);
    assert_fades(&right, joint - 480..joint + 480);
    for at in joint - 480..joint + 480 {
        let power = left[at].powi(2) + right[at].powi(2);
        assert!((power - 1.0).abs() < 1e-4);
    }
}

#[test]
fn a_cut_without_handles_goes_and_comes_on_its_own_side() {
    let [left, right] = envelopes(&sides(&[(0, 0..100, 0), (1, 0..100, 0)], false));
    let joint = 100 * 1920;
    assert_fades(&left, joint - 960..joint);
    assert_fades(&right, joint..joint + 960);
}

#[test]
fn a_cut_with_one_handle_crossfades_on_the_side_that_has_it() {
    let [left, right] = envelopes(&sides(&[(0, 0..50, 0), (1, 0..50, 0)], false));
    let joint = 50 * 1920;
    assert_fades(&left, joint..joint + 960);
    assert_fades(&right, joint..joint + 960);
}

#[test]
fn a_dissolve_crossfades_over_its_bridge() {
    let [left, right] = envelopes(&sides(&[(0, 0..50, 6), (1, 20..70, 0)], false));
    assert_fades(&left, 50 * 1920..56 * 1920);
    assert_fades(&right, 50 * 1920..56 * 1920);
}

#[test]
fn visits_shorter_than_the_fades_stay_whole_in_level() {
    // One frame of 16 ms each between long stays; fades shrink to half a visit.
    let fps = rate(60, 1);
    let clips = ["left", "right"].map(|name| clip(name, 240, fps)).to_vec();
    let stops = [
        (0, 0..60, 0),
        (1, 60..61, 0),
        (0, 100..101, 0),
        (1, 120..180, 0),
    ];
    let [left, right] = envelopes(&plan(fps, clips, &stops, false));
    for at in 1000..left.len() - 1000 {
        let power = left[at].powi(2) + right[at].powi(2);
        assert!((power - 1.0).abs() < 1e-4, "{power} at {at}");
    }
    assert!(right[60 * 800 + 400] > 0.999 && left[61 * 800 + 400] > 0.999);
}

#[test]
fn unlike_sounds_keep_their_power_through_a_dissolve() {
    let fps = rate(30, 1);
    let clips = ["a", "b"].map(|name| clip(name, 120, fps)).to_vec();
    let plan = plan(fps, clips, &[(0, 0..60, 12), (1, 60..120, 0)], false);
    let all = mix(
        &plan,
        vec![track(noise(1, 0.4, 4.0)), track(noise(2, 0.4, 4.0))],
    );
    let body = decibels(&all[20_000..80_000]);
    let (from, to) = (60 * 1600 * 2, 72 * 1600 * 2);
    for start in (from - 6000..to).step_by(1000) {
        let level = decibels(&all[start..start + 6000]);
        assert!(
            (level - body).abs() < 1.0,
            "{level} dB beside {body} dB at {start}"
        );
    }
}

#[test]
fn like_sounds_do_not_swell_in_a_dissolve() {
    // Both clips carry the same hum, in step.
    let fps = rate(30, 1);
    let clips = ["a", "b"].map(|name| clip(name, 120, fps)).to_vec();
    let plan = plan(fps, clips, &[(0, 0..60, 12), (1, 60..120, 0)], false);
    let hum = || track(tone(150.0, 0.4, 4.0));
    let all = mix(&plan, vec![hum(), hum()]);
    let body = decibels(&all[19_200..83_200]);
    for start in (60 * 3200..72 * 3200).step_by(3200) {
        assert!((decibels(&all[start..start + 3200]) - body).abs() < 0.2);
    }
}

#[test]
fn a_clip_that_goes_on_where_it_left_sounds_uncut() {
    let fps = rate(30, 1);
    let stops = [(0, 0..40, 0), (0, 40..70, 0), (0, 70..120, 0)];
    let plan = plan(fps, vec![clip("a", 120, fps)], &stops, false);
    let uncut = |n: u32| {
        [
            (n as f32 * 0.05).sin() * 0.5,
            (n as f32 * 0.031).sin() * 0.5,
        ]
    };
    let all = mix(&plan, vec![track(sound(4.0, uncut))]);
    for (n, frame) in (0_u32..)
        .zip(all.chunks_exact(2))
        .take(120 * 1600 - 960)
        .skip(960)
    {
        let wish = uncut(n);
        assert!(
            (frame[0] - wish[0]).abs() < 1e-5 && (frame[1] - wish[1]).abs() < 1e-5,
            "{n}"
        );
    }
}

#[test]
fn only_sums_beyond_full_scale_are_bent() {
    // Two full-scale squares that meet at the top in the middle of their crossfade.
    let fps = rate(25, 1);
    let clips = ["a", "b"].map(|name| clip(name, 100, fps)).to_vec();
    let plan = plan(fps, clips, &[(0, 0..50, 0), (1, 50..100, 0)], false);
    let square = |level: f32| {
        [100, 70].map(|period| {
            track(sound(4.0, move |n| {
                [if n / period % 2 == 0 { level } else { -level }; 2]
            }))
        })
    };
    let loud = mix(&plan, square(0.94).into());
    let quiet = mix(&plan, square(0.47).into());
    let mut bent = 0;
    for (index, (loud, quiet)) in loud.iter().zip(&quiet).enumerate() {
        assert!(loud.abs() <= 0.9886);
        if quiet.abs() <= 0.47 {
            assert!((loud - quiet * 2.0).abs() < 1e-6);
        } else if loud.abs() < quiet.abs() * 2.0 - 1e-6 {
            bent += 1;
            assert!((index / 2).abs_diff(50 * 1920) <= 480);
        }
    }
    assert!(bent > 0);
}
