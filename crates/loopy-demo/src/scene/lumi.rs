//! Lumi: body, limbs and light. The face is drawn by its own module.

use tiny_skia::Transform;

use super::{Moment, Stage, face, land};
use crate::{
    brush::{Brush, Ink, shape},
    canvas::{Canvas, blend, rgb},
    glow::Glow,
    noise::smooth,
};

/// Units from the feet to the lantern's lid.
const HEIGHT: f32 = 0.375;
/// Where hands rest, for the right one; the left one mirrors it.
const HAND: (f32, f32) = (0.475, -0.20);
const SHOULDER: (f32, f32) = (0.40, -0.42);

/// How bright Lumi's light is: 1 at rest, with a small flicker.
pub(super) fn glow(moment: &Moment) -> f32 {
    let flicker = 0.03 * moment.swing(2, 0.3) + 0.02 * moment.swing(5, 0.1);
    (1.0 + 0.30 * moment.pose.glow.max(0.0) + 0.65 * moment.pose.glow.min(0.0) + flicker).max(0.1)
}

/// Lumi's lights, prepared for a size of picture.
pub(super) struct Lights {
    halo: Glow,
    foot: Glow,
    bloom: Glow,
}

impl Lights {
    pub(super) fn new(stage: &Stage) -> Self {
        let unit = stage.unit;
        Self {
            halo: Glow::new(&[
                (0.62 * unit, rgb(0xff_9d4a), 0.42),
                (0.36 * unit, rgb(0xff_c070), 0.52),
            ]),
            foot: Glow::new(&[(0.26 * unit, rgb(0xd8_b848), 0.34)]),
            bloom: Glow::new(&[(0.20 * unit, rgb(0xff_d080), 0.20)]),
        }
    }

    /// The light that Lumi throws on the world behind.
    pub(super) fn halo(&self, canvas: &mut Canvas, stage: &Stage, moment: &Moment) {
        let strength = glow(moment) * 0.8;
        let (x, foot) = (stage.x(0.0), stage.y(land::ground(0.0)));
        let lift = HEIGHT * (0.45 + moment.pose.hop) * stage.unit;
        self.halo.draw(canvas, x, foot - lift, strength);
        self.foot
            .draw(canvas, x, foot + 0.02 * stage.unit, strength);
    }
}

pub(super) fn draw(lights: &Lights, canvas: &mut Canvas, stage: &Stage, moment: &Moment) {
    let pose = &moment.pose;
    let breath = 0.012 * moment.swing(1, 0.0);
    let stretch = 1.0 + pose.stretch + breath;
    let tilt = pose.tilt + 0.012 * moment.swing(1, 0.25);
    let scale = HEIGHT * stage.unit;
    let (x, y) = (stage.x(0.0), stage.y(land::ground(0.0) + 0.012));
    let ground = Transform::from_row(scale, 0.0, 0.0, scale, x, y);
    let body = ground
        .pre_translate(0.0, -pose.hop)
        .pre_rotate(tilt.to_degrees())
        // What grows taller grows thinner.
        .pre_scale(1.0 / stretch, stretch);
    let Some(mut brush) = canvas.brush() else {
        return;
    };

    brush.place(ground);
    let shadow = 0.45 / (1.0 + 6.0 * pose.hop);
    brush.oval(
        0.0,
        0.0,
        0.36,
        0.045,
        Ink::Radial(
            [0.0, 0.0, 0.36],
            vec![(0.0, rgb(0x0c_0a18), shadow), (1.0, rgb(0x0c_0a18), 0.0)],
        ),
    );
    brush.place(body);
    feet(&mut brush);
    lantern(&mut brush, moment);
    leaves(&mut brush, moment);
    face::draw(&mut brush, pose);
    arm(&mut brush, -1.0, pose.left, moment);
    arm(&mut brush, 1.0, pose.right, moment);
    thoughts(&mut brush, moment);

    let middle = y - scale * (0.45 + pose.hop);
    lights.bloom.draw(canvas, x, middle, 0.8 * glow(moment));
    if pose.idea > 0.0 {
        let spark = y - scale * (1.32 + pose.hop);
        canvas.light(x, spark, 0.12 * stage.unit, rgb(0xff_f0a0), 0.8 * pose.idea);
    }
}

fn feet(brush: &mut Brush<'_>) {
    for side in [-1.0, 1.0] {
        brush.oval(
            side * 0.135,
            -0.025,
            0.088,
            0.045,
            Ink::Plain(rgb(0x4a_2a45), 1.0),
        );
        brush.oval(
            side * 0.135,
            -0.036,
            0.060,
            0.022,
            Ink::Plain(rgb(0x74_4560), 0.8),
        );
    }
}

fn lantern(brush: &mut Brush<'_>, moment: &Moment) {
    let bright = ((glow(moment) - 0.35) / 0.65).clamp(0.0, 1.35);
    let dim = |hex: u32| blend(rgb(0xa0_5a50), rgb(hex), (0.25 + 0.75 * bright).min(1.0));
    let outline = |grow: f32| {
        shape(|path| {
            let (top, bottom, wide) = (-0.90 - grow, -0.07 + grow, 0.455 + grow);
            path.move_to(0.0, bottom);
            path.cubic_to(0.30, bottom, wide, -0.20, wide, -0.44);
            path.cubic_to(wide, -0.72, 0.34, top, 0.17, top);
            path.line_to(-0.17, top);
            path.cubic_to(-0.34, top, -wide, -0.72, -wide, -0.44);
            path.cubic_to(-wide, -0.20, -0.30, bottom, 0.0, bottom);
            path.close();
        })
    };
    brush.fill(outline(0.012).as_ref(), Ink::Plain(dim(0xb8_5330), 1.0));
    brush.fill(
        outline(0.0).as_ref(),
        Ink::Radial(
            [0.0, -0.42, 0.60],
            vec![
                (0.0, dim(0xff_fae8), 1.0),
                (0.38, dim(0xff_efc4), 1.0),
                (0.62, dim(0xff_d387), 1.0),
                (0.82, dim(0xfb_a653), 1.0),
                (1.0, dim(0xdd_7236), 1.0),
            ],
        ),
    );
    // Ribs of bamboo under the paper, faint where the light is behind them.
    for (y, half) in [
        (-0.80, 0.335),
        (-0.685, 0.415),
        (-0.255, 0.425),
        (-0.155, 0.33),
    ] {
        let sag = 0.05 + 0.05 * (y + 0.45_f32).abs();
        let rib = shape(|path| {
            path.move_to(-half, y);
            path.quad_to(0.0, y + sag, half, y);
        });
        brush.line(rib.as_ref(), 0.010, Ink::Plain(dim(0xd8_7f3c), 0.42));
    }
    // A gleam on the upper left, as on a round thing.
    let gleam = shape(|path| {
        path.move_to(-0.365, -0.50);
        path.cubic_to(-0.37, -0.64, -0.31, -0.76, -0.24, -0.81);
    });
    brush.line(
        gleam.as_ref(),
        0.030,
        Ink::Plain([1.0; 3], 0.45 * bright.min(1.0) + 0.12),
    );
    // Lid and foot ring.
    let ring = |brush: &mut Brush<'_>, y: f32, half: f32, tall: f32| {
        let path = shape(|path| {
            path.move_to(-half, y);
            path.quad_to(0.0, y + 0.035, half, y);
            path.line_to(half * 0.86, y - tall);
            path.quad_to(0.0, y - tall + 0.02, -half * 0.86, y - tall);
            path.close();
        });
        let ink = Ink::Linear(
            [-half, 0.0, half, 0.0],
            vec![
                (0.0, rgb(0x8a_5468), 1.0),
                (0.35, rgb(0x5d_3550), 1.0),
                (1.0, rgb(0x33_1d38), 1.0),
            ],
        );
        brush.fill(path.as_ref(), ink);
    };
    ring(brush, -0.075, 0.20, 0.035);
    ring(brush, -0.885, 0.225, 0.075);
    ring(brush, -0.955, 0.125, 0.035);
}

/// Two leaves on a stalk; they sway with the wind and lift with the mood.
fn leaves(brush: &mut Brush<'_>, moment: &Moment) {
    let lift = 0.35 * moment.pose.brow - 0.5 * moment.pose.dream;
    let sway = 0.10 * moment.swing(1, 0.4) + 0.04 * moment.swing(2, 0.1) - moment.pose.tilt;
    let (x, y) = (0.06 * sway, -1.085);
    let stalk = shape(|path| {
        path.move_to(0.0, -0.98);
        path.quad_to(0.0, -1.04, x, y);
    });
    brush.line(stalk.as_ref(), 0.022, Ink::Plain(rgb(0x4f_7a4e), 1.0));
    for (side, color, size) in [(-1.0f32, 0x6f_b568, 0.20f32), (1.0, 0x8f_cc70, 0.24)] {
        let angle = -0.55 - 0.5 * lift + sway * side * 0.8;
        let along = (angle.cos() * side * size, angle.sin() * size);
        let across = (-along.1 * 0.42 * side, along.0 * 0.42 * side);
        let leaf = shape(|path| {
            path.move_to(x, y);
            let (tip_x, tip_y) = (x + along.0, y + along.1);
            let half = (x + along.0 * 0.45, y + along.1 * 0.45);
            path.quad_to(half.0 - across.0, half.1 - across.1, tip_x, tip_y);
            path.quad_to(half.0 + across.0 * 0.7, half.1 + across.1 * 0.7, x, y);
            path.close();
        });
        brush.fill(leaf.as_ref(), Ink::Plain(rgb(color), 1.0));
        let vein = shape(|path| {
            path.move_to(x, y);
            path.line_to(x + along.0 * 0.8, y + along.1 * 0.8);
        });
        brush.line(vein.as_ref(), 0.009, Ink::Plain(rgb(0x4f_7a4e), 0.8));
    }
}

fn arm(brush: &mut Brush<'_>, side: f32, reach: (f32, f32), moment: &Moment) {
    let sway = 0.008 * moment.swing(1, 0.15);
    let hand = (side * HAND.0 + reach.0, HAND.1 + reach.1 + sway);
    let shoulder = (side * SHOULDER.0, SHOULDER.1);
    // The elbow keeps away from the body.
    let lifted = smooth((shoulder.1 - hand.1) / 0.2);
    let elbow = (
        f32::midpoint(shoulder.0, hand.0) + side * (0.05 + 0.05 * lifted),
        f32::midpoint(shoulder.1, hand.1) + 0.05 * lifted,
    );
    let path = shape(|path| {
        path.move_to(shoulder.0, shoulder.1);
        path.quad_to(elbow.0, elbow.1, hand.0, hand.1);
    });
    let bright = ((glow(moment) - 0.35) / 0.65).clamp(0.25, 1.0);
    let dim = |hex: u32| blend(rgb(0xa0_5a50), rgb(hex), bright);
    brush.line(path.as_ref(), 0.124, Ink::Plain(dim(0xb8_5330), 1.0));
    let warm = Ink::Linear(
        [shoulder.0, shoulder.1, hand.0, hand.1],
        vec![(0.0, dim(0xfb_a653), 1.0), (0.9, dim(0xff_dc9a), 1.0)],
    );
    brush.line(path.as_ref(), 0.100, warm);
}

/// Sleepers' letters and the spark of an idea, over the head.
fn thoughts(brush: &mut Brush<'_>, moment: &Moment) {
    let pose = &moment.pose;
    if pose.dream > 0.0 {
        for n in 0..3 {
            let age = (pose.dreaming / 2.1 + n as f32 / 3.0).fract();
            let alpha = pose.dream * smooth(age * 5.0) * smooth((1.0 - age) * 3.0);
            let size = 0.05 + 0.06 * age;
            let x = 0.30 + 0.28 * age + 0.03 * (age * 9.0).sin();
            let y = -0.98 - 0.36 * age;
            let letter = shape(|path| {
                path.move_to(x - size * 0.5, y - size * 0.5);
                path.line_to(x + size * 0.5, y - size * 0.5);
                path.line_to(x - size * 0.5, y + size * 0.5);
                path.line_to(x + size * 0.5, y + size * 0.5);
            });
            brush.line(letter.as_ref(), 0.020, Ink::Plain(rgb(0xff_e9c4), alpha));
        }
    }
    if pose.idea > 0.0 {
        let (y, size) = (-1.36, 0.10 * pose.idea);
        let star = shape(|path| {
            for point in 0..10 {
                let far = if point % 2 == 0 { size } else { size * 0.42 };
                let angle = point as f32 * std::f32::consts::PI / 5.0;
                let at = (far * angle.sin(), y - far * angle.cos());
                if point == 0 {
                    path.move_to(at.0, at.1);
                } else {
                    path.line_to(at.0, at.1);
                }
            }
            path.close();
        });
        brush.fill(star.as_ref(), Ink::Plain(rgb(0xff_f3b0), pose.idea));
    }
}
