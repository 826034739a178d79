//! The pose at a moment of the script: the neutral one plus what the gestures under way add.

use std::f32::consts::{PI, TAU};

use crate::{
    act::{Gesture, Kind},
    noise::{mix, signed, smooth},
    spec::Spec,
    speech,
};

/// Lumi's pose. All zero is neutral; the world's breathing comes on top.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Pose {
    /// Where face and eyes turn: -1 left to 1 right.
    pub(crate) look_x: f32,
    /// -1 up to 1 down.
    pub(crate) look_y: f32,
    /// Lean about the feet, radians, positive to the right.
    pub(crate) tilt: f32,
    /// Taller (positive) or squashed (negative), as a fraction.
    pub(crate) stretch: f32,
    /// Height above the ground, in body heights.
    pub(crate) hop: f32,
    /// Lids: 0 open, 1 shut.
    pub(crate) lids: f32,
    /// Eyes shut in a smile, 0 to 1.
    pub(crate) joy: f32,
    /// Brows raised, -1 to 1.
    pub(crate) brow: f32,
    /// Mouth open, 0 to 1.
    pub(crate) open: f32,
    /// Mouth from round (-1) to wide (1).
    pub(crate) wide: f32,
    /// How far the left hand is from where it rests, in body heights, x and y (down).
    pub(crate) left: (f32, f32),
    /// The same for the right hand.
    pub(crate) right: (f32, f32),
    /// Light: 0 usual, 1 bright, -1 nearly out.
    pub(crate) glow: f32,
    /// Sleepers' letters over the head, 0 to 1.
    pub(crate) dream: f32,
    /// Seconds into sleep, for the letters' rise.
    pub(crate) dreaming: f32,
    /// A spark over the head, 0 to 1.
    pub(crate) idea: f32,
}

/// The pose at `frame`.
pub(crate) fn pose(spec: &Spec, frame: u32) -> Pose {
    let now = spec.seconds(frame);
    let mut pose = Pose::default();
    for (start, gesture) in spec.performed() {
        let time = now - start;
        if time > 0.0 && time < gesture.length {
            perform(&mut pose, gesture, time, spec.seed);
        }
    }
    pose
}

/// Rises from 0 over `fade` seconds, holds 1, falls back to 0 at the end.
fn held(time: f32, length: f32, fade: f32) -> f32 {
    smooth(time / fade).min(smooth((length - time) / fade))
}

/// One swing to 1 and back between `from` and `to`.
fn bump(time: f32, from: f32, to: f32) -> f32 {
    let x = ((time - from) / (to - from)).clamp(0.0, 1.0);
    (x * PI).sin().powi(2)
}

fn perform(pose: &mut Pose, gesture: &Gesture, time: f32, seed: u32) {
    let length = gesture.length;
    match gesture.kind {
        Kind::Blink => pose.lids += bump(time, 0.0, length),
        Kind::Glance { x, y } => {
            let on = held(time, length, 0.3);
            pose.look_x += x * on;
            pose.look_y += y * on;
            pose.tilt += x * 0.025 * on;
            pose.brow += 0.4 * on;
            pose.lids += bump(time, 0.02, 0.24).min(1.0);
        }
        Kind::Smile => {
            let on = held(time, length, 0.3);
            pose.joy += on;
            pose.glow += 0.6 * on;
            pose.tilt += 0.05 * on * (TAU * time / 0.7).sin();
            pose.stretch += 0.02 * on;
            pose.wide += 0.7 * on;
        }
        Kind::Talk => talk(pose, time, length, seed),
        Kind::Wave => {
            let on = held(time, length, 0.4);
            let swing = (TAU * (time - 0.4) / 0.5).sin();
            pose.right.0 += on * (0.07 + 0.075 * swing);
            pose.right.1 -= on * (0.42 - 0.02 * swing);
            pose.left.0 -= on * 0.03;
            pose.left.1 -= on * 0.04;
            pose.tilt += on * (0.05 + 0.015 * swing);
            pose.brow += 0.8 * on;
            pose.glow += 0.4 * on;
            pose.wide += 0.8 * on;
            pose.joy += bump(time, length * 0.45, length - 0.2);
            // "Hel-lo!"
            pose.open += 0.7 * bump(time, 0.35, 0.6) + 0.9 * bump(time, 0.62, 1.05);
        }
        Kind::Laugh => laugh(pose, time, length),
        Kind::Listen { side } => {
            let on = held(time, length, 0.5);
            pose.tilt += side * 0.10 * on;
            pose.look_x += side * 0.75 * on;
            pose.look_y -= 0.15 * on;
            pose.brow += 0.7 * on;
            let hand = if side > 0.0 {
                &mut pose.right
            } else {
                &mut pose.left
            };
            hand.0 += side * on * -0.01;
            hand.1 -= on * 0.33;
            pose.look_y += 0.5 * (bump(time, 1.4, 1.9) + bump(time, 2.4, 2.9));
            pose.lids += bump(time, 1.1, 1.35) + bump(time, 3.0, 3.25);
        }
        Kind::Nod => {
            let dip = bump(time, 0.05, 0.65) + bump(time, 0.7, 1.3);
            pose.look_y += 0.95 * dip;
            pose.stretch -= 0.045 * dip;
            pose.joy += bump(time, 0.5, length);
            pose.wide += held(time, length, 0.3) * 0.6;
            pose.glow += 0.3 * held(time, length, 0.3);
        }
        Kind::Think => think(pose, time, length),
        Kind::Sleep => {
            let on = held(time, length, 0.9);
            pose.lids += on;
            pose.look_y += 0.6 * on;
            pose.tilt -= 0.07 * on;
            pose.glow -= 0.85 * on;
            pose.stretch += on * (0.025 * (TAU * time / 1.5).sin() - 0.03);
            pose.brow -= 0.3 * on;
            pose.dream = smooth((time - 0.8) / 0.4).min(smooth((length - 0.6 - time) / 0.4));
            pose.dreaming = time;
            // Wakes with a start.
            let startled = bump(time, length - 0.75, length - 0.1);
            pose.hop += 0.05 * startled;
            pose.brow += startled;
            pose.glow += 0.5 * startled;
        }
    }
}

fn talk(pose: &mut Pose, time: f32, length: f32, seed: u32) {
    let on = held(time, length, 0.35);
    let (mut open, mut wide) = (0.0, 0.0);
    for syllable in speech::talk(seed, length) {
        let swell = syllable.swell(time);
        open += syllable.open * swell;
        wide += syllable.wide * swell;
    }
    let sway = |seconds: f32, n: u32| (TAU * (time / seconds + signed(seed, n))).sin();
    pose.open += open;
    pose.wide += wide + 0.3 * on;
    pose.glow += 0.5 * open + 0.2 * on;
    pose.stretch += 0.02 * open;
    pose.tilt += on * (0.035 * sway(2.3, 91) + 0.015 * sway(0.9, 92));
    pose.look_x += on * 0.35 * sway(2.9, 93);
    pose.look_y += on * 0.15 * sway(1.7, 94);
    pose.brow += on * 0.5 * sway(1.3, 95).max(0.0) + 0.3 * open;
    let hands = (0.5 + 0.5 * sway(1.9, 96), 0.5 + 0.5 * sway(1.6, 97));
    pose.left.0 -= on * 0.05 * hands.0;
    pose.left.1 -= on * (0.05 + 0.20 * hands.0);
    pose.right.0 += on * 0.05 * hands.1;
    pose.right.1 -= on * (0.05 + 0.20 * hands.1);
    pose.lids += bump(time, length * 0.3, length * 0.3 + 0.22);
    pose.lids += bump(time, length * 0.72, length * 0.72 + 0.22);
}

fn laugh(pose: &mut Pose, time: f32, length: f32) {
    let on = held(time, length, 0.3);
    let (mut open, mut beat) = (0.0, 0.0);
    for syllable in speech::laugh(length) {
        let swell = syllable.swell(time);
        open += syllable.open * swell;
        beat += swell;
    }
    pose.joy += on;
    pose.open += on * (0.3 + 0.6 * open);
    pose.wide += 0.8 * on;
    pose.hop += 0.045 * beat * on;
    pose.stretch += on * (0.05 * beat - 0.035);
    pose.tilt += 0.05 * on * (TAU * time / 1.3).sin();
    pose.look_y -= 0.5 * on;
    pose.glow += on * (0.5 + 0.5 * beat);
    pose.left.0 -= on * 0.03;
    pose.left.1 -= on * (0.16 + 0.05 * beat);
    pose.right.0 += on * 0.03;
    pose.right.1 -= on * (0.16 + 0.05 * beat);
}

fn think(pose: &mut Pose, time: f32, length: f32) {
    let idea = length - 1.35;
    let on = smooth(time / 0.5).min(smooth((idea + 0.15 - time) / 0.3));
    pose.look_x += on * mix(-0.7, 0.6, smooth((time - 1.3) / 0.4));
    pose.look_y -= 0.9 * on;
    pose.tilt -= on * mix(0.05, -0.05, smooth((time - 1.3) / 0.5));
    pose.right.0 -= 0.36 * on;
    pose.right.1 -= 0.02 * on;
    pose.brow += 0.5 * on * (TAU * time / 1.8).sin();
    pose.wide -= 0.8 * on;
    pose.lids += bump(time, 1.25, 1.5);
    // The idea: bright, upright, one hand up.
    let bright = smooth((time - idea) / 0.15).min(smooth((length - time) / 0.5));
    pose.idea = bright;
    pose.hop += 0.06 * bump(time, idea, idea + 0.4);
    pose.glow += bright;
    pose.brow += 0.9 * bright;
    pose.open += 0.75 * bright;
    pose.left.0 -= 0.05 * bright;
    pose.left.1 -= 0.38 * bright;
}
