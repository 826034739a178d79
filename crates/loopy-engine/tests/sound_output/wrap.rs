//! Looped plans: the end goes on into the beginning.

use super::kit::{
    Stop, amplitude, channel, clip, largest_step, mix, plan, rate, side, tone, track,
};

/// Both sides of a looped walk, turned so that its seam lies in the middle.
fn around_the_seam(stops: &[Stop]) -> ([Vec<f32>; 2], usize) {
    let fps = rate(25, 1);
    let clips = ["left", "right"].map(|name| clip(name, 100, fps)).to_vec();
    let plan = plan(fps, clips, stops, true);
    let mut all = mix(&plan, vec![track(side(0, 4.0)), track(side(1, 4.0))]);
    let half = all.len() / 4 * 2;
    all.rotate_left(half);
    let seam = (all.len() - half) / 2;
    ([0, 1].map(|side| channel(&all, side)), seam)
}

#[test]
fn a_cut_at_the_seam_crossfades_half_before_and_half_after_it() {
    let ([left, right], seam) = around_the_seam(&[(0, 30..80, 0), (1, 10..60, 0)]);
    assert_eq!((right[seam - 482], left[seam - 482]), (0.5, 0.0));
    assert_eq!((right[seam + 482], left[seam + 482]), (0.0, 0.5));
    for at in seam - 480..seam + 480 {
        let power = left[at].powi(2) + right[at].powi(2);
        assert!((power - 0.25).abs() < 1e-4, "{power} at {at}");
    }
    assert!((left[seam] - right[seam]).abs() < 0.01);
}

#[test]
fn a_seam_without_handles_goes_before_the_end_and_comes_after_the_beginning() {
    let ([left, right], seam) = around_the_seam(&[(0, 0..100, 0), (1, 0..100, 0)]);
    assert!(left[seam - 3000..seam].iter().all(|level| *level == 0.0));
    assert!(right[seam..seam + 3000].iter().all(|level| *level == 0.0));
    assert!(right[seam - 1] < 0.001 && right[seam - 961] == 0.5);
    assert!(left[seam] < 0.001 && left[seam + 961] == 0.5);
}

#[test]
fn a_dissolve_at_the_seam_ends_with_the_beginning() {
    let ([left, right], seam) = around_the_seam(&[(0, 20..70, 0), (1, 20..70, 8)]);
    let from = seam - 8 * 1920;
    assert_eq!((right[from - 5], left[from - 5]), (0.5, 0.0));
    assert_eq!((right[seam + 5], left[seam + 5]), (0.0, 0.5));
    for at in from..seam {
        let power = left[at].powi(2) + right[at].powi(2);
        assert!((power - 0.25).abs() < 1e-4, "{power} at {at}");
    }
    assert!((left[from + 4 * 1920] - right[from + 4 * 1920]).abs() < 0.01);
}

#[test]
fn one_clip_that_loops_on_itself_does_not_click() {
    let fps = rate(30000, 1001);
    for (bridge, hertz) in [(0, 333.3), (5, 217.9), (10, 1003.7)] {
        let plan = plan(fps, vec![clip("a", 120, fps)], &[(0, 20..95, bridge)], true);
        let left = channel(&mix(&plan, vec![track(tone(hertz, 0.4, 4.1))]), 0);
        let twice = [&left[..], &left[..]].concat();
        let tone_step = 0.4 * (hertz / 48_000.0 * std::f64::consts::TAU) as f32;
        assert!(largest_step(&twice) < 1.45 * tone_step + 0.003, "{bridge}");
        let middle = left.len() / 2;
        assert!((amplitude(&left[middle - 9600..middle + 9600], hertz) - 0.4).abs() < 0.01);
    }
}
