//! Lumi's face: eyes, brows, cheeks and mouth on a round body.

use crate::{
    brush::{Brush, Ink, shape},
    canvas::rgb,
    noise::{mix, smooth},
    pose::Pose,
};

const INK: u32 = 0x3a_1b30;
/// Radius of the body that the face lies on.
const ROUND: f32 = 0.46;

/// Draws the face in body coordinates: feet at y = 0, lid at y = -1.
pub(super) fn draw(brush: &mut Brush<'_>, pose: &Pose) {
    let turn = pose.look_x * 0.30;
    let y = -0.495 + pose.look_y * 0.055;
    // Where a feature beside the middle lies on the turned body, and how narrow it looks there.
    let on_body = |x: f32| {
        let angle = (x / ROUND).asin() + turn;
        (angle.sin() * ROUND, angle.cos().max(0.2))
    };
    for side in [-1.0, 1.0] {
        let (x, narrow) = on_body(side * 0.265);
        brush.oval(
            x,
            y + 0.105,
            0.068 * narrow,
            0.040,
            Ink::Plain(rgb(0xff_6f70), 0.50),
        );
        let (x, narrow) = on_body(side * 0.165);
        eye(brush, pose, (x, y), narrow);
        brow(brush, pose, (x, y - 0.135), side, narrow);
    }
    let (x, narrow) = on_body(0.0);
    mouth(brush, pose, (x, y + 0.115), narrow);
}

fn eye(brush: &mut Brush<'_>, pose: &Pose, (x, y): (f32, f32), narrow: f32) {
    let joy = smooth(pose.joy);
    let lids = pose.lids.clamp(0.0, 1.0);
    let half = 0.062 * narrow;
    if joy > 0.5 || lids > 0.86 {
        // Shut: an arc upwards in joy, downwards at rest.
        let arch = if joy > 0.5 { -0.075 * joy } else { 0.050 };
        let arc = shape(|path| {
            path.move_to(x - half, y + 0.012);
            path.quad_to(x, y + 0.012 + arch, x + half, y + 0.012);
        });
        brush.line(arc.as_ref(), 0.026, Ink::Plain(rgb(INK), 1.0));
        return;
    }
    let tall = 0.086 * (1.0 - 0.9 * lids) * (1.0 - 0.6 * joy);
    brush.oval(x, y + 0.02 * lids, half, tall, Ink::Plain(rgb(INK), 1.0));
    if tall > 0.045 {
        let (gx, gy) = (pose.look_x * 0.012, pose.look_y * 0.014);
        // A warm lower half and two lights make the eye wet and deep.
        brush.oval(
            x + gx,
            y + tall * 0.42 + gy,
            half * 0.62,
            tall * 0.40,
            Ink::Plain(rgb(0x8a_3f4a), 0.75),
        );
        brush.oval(
            x + gx - half * 0.28,
            y - tall * 0.40 + gy,
            half * 0.40,
            tall * 0.30,
            Ink::Plain([1.0; 3], 0.97),
        );
        brush.oval(
            x + gx + half * 0.36,
            y + tall * 0.30 + gy,
            half * 0.18,
            tall * 0.14,
            Ink::Plain([1.0; 3], 0.8),
        );
    }
}

fn brow(brush: &mut Brush<'_>, pose: &Pose, (x, y): (f32, f32), side: f32, narrow: f32) {
    let y = y - 0.030 * pose.brow - 0.01 * pose.joy;
    let half = 0.042 * narrow;
    let path = shape(|path| {
        path.move_to(x - half, y + side * -0.004 + 0.010);
        path.quad_to(x, y - 0.016, x + half, y + side * 0.004 + 0.010);
    });
    brush.line(path.as_ref(), 0.017, Ink::Plain(rgb(0x9a_5038), 0.75));
}

fn mouth(brush: &mut Brush<'_>, pose: &Pose, (x, y): (f32, f32), narrow: f32) {
    let open = pose.open.clamp(0.0, 1.1);
    let wide = pose.wide.clamp(-1.0, 1.2);
    let half = (0.058 + 0.024 * wide) * narrow;
    if open < 0.06 {
        let smile = shape(|path| {
            path.move_to(x - half, y);
            path.quad_to(x, y + 0.042, x + half, y);
        });
        brush.line(smile.as_ref(), 0.019, Ink::Plain(rgb(INK), 1.0));
        return;
    }
    // The upper lip hangs straight when wide and arches when round; the jaw drops.
    let drop = 0.030 + 0.125 * open;
    let arch = mix(0.045, -0.004, wide * 0.5 + 0.5) * open;
    let lips = shape(|path| {
        path.move_to(x - half, y);
        path.quad_to(x, y - arch, x + half, y);
        path.cubic_to(
            x + half * 0.95,
            y + drop,
            x - half * 0.95,
            y + drop,
            x - half,
            y,
        );
        path.close();
    });
    brush.fill(lips.as_ref(), Ink::Plain(rgb(0x6a_1e36), 1.0));
    if open > 0.25 {
        let tongue = smooth((open - 0.25) / 0.3);
        brush.oval(
            x,
            y + drop * 0.56,
            half * 0.52,
            drop * 0.16 * tongue,
            Ink::Plain(rgb(0xf0_7a80), 1.0),
        );
    }
    brush.line(lips.as_ref(), 0.015, Ink::Plain(rgb(INK), 1.0));
}
