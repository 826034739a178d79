//! Small paper lanterns that hang from the tree and swing.

use tiny_skia::Transform;

use super::{Moment, Stage};
use crate::{
    brush::{Ink, shape},
    canvas::{Canvas, blend, rgb},
    glow::Glow,
};

/// Where a lantern's rope begins, x from the right edge.
pub(super) struct Rope {
    pub(super) x: f32,
    pub(super) y: f32,
    length: f32,
    color: u32,
    ahead: f32,
}

pub(super) const ROPES: [Rope; 3] = [
    Rope {
        x: -0.40,
        y: 0.112,
        length: 0.10,
        color: 0xff_7d5c,
        ahead: 0.0,
    },
    Rope {
        x: -0.28,
        y: 0.135,
        length: 0.17,
        color: 0xff_b45a,
        ahead: 0.37,
    },
    Rope {
        x: -0.17,
        y: 0.150,
        length: 0.09,
        color: 0xe9_709a,
        ahead: 0.71,
    },
];

pub(super) struct Lanterns {
    edge: f32,
    glows: [Glow; ROPES.len()],
}

impl Lanterns {
    pub(super) fn new(stage: &Stage) -> Self {
        Self {
            edge: stage.edge(),
            glows: ROPES.map(|rope| Glow::new(&[(0.13 * stage.unit, rgb(rope.color), 0.55)])),
        }
    }

    pub(super) fn draw(&self, canvas: &mut Canvas, stage: &Stage, moment: &Moment) {
        for (rope, light) in ROPES.iter().zip(&self.glows) {
            let angle = 0.07 * moment.swing(1, rope.ahead) + 0.02 * moment.swing(2, rope.ahead);
            let (x, y) = (self.edge + rope.x, rope.y);
            let flicker = 0.85
                + 0.10 * moment.swing(2, rope.ahead + 0.2)
                + 0.05 * moment.swing(5, rope.ahead);
            let far = rope.length + 0.035;
            let (cx, cy) = (x - far * angle.sin(), y + far * angle.cos());
            let glow = rgb(rope.color);
            light.draw(canvas, stage.x(cx), stage.y(cy), flicker);
            let Some(mut brush) = canvas.brush() else {
                continue;
            };
            brush.place(
                Transform::from_row(stage.unit, 0.0, 0.0, stage.unit, stage.x(x), stage.y(y))
                    .pre_rotate(angle.to_degrees()),
            );
            let line = shape(|path| {
                path.move_to(0.0, 0.0);
                path.line_to(0.0, rope.length);
            });
            let dark = rgb(0x2a_1a30);
            brush.line(line.as_ref(), 0.0035, Ink::Plain(dark, 1.0));
            let middle = rope.length + 0.036;
            let warm = blend(glow, rgb(0xff_f6dc), 0.75 * flicker);
            brush.oval(
                0.0,
                middle,
                0.027,
                0.032,
                Ink::Radial(
                    [0.0, middle + 0.004, 0.034],
                    vec![
                        (0.0, warm, 1.0),
                        (0.45, blend(glow, warm, 0.5), 1.0),
                        (1.0, glow.map(|part| part * 0.8), 1.0),
                    ],
                ),
            );
            brush.oval(0.0, middle - 0.031, 0.012, 0.005, Ink::Plain(dark, 1.0));
            brush.oval(0.0, middle + 0.031, 0.012, 0.005, Ink::Plain(dark, 1.0));
            let tassel = shape(|path| {
                path.move_to(0.0, middle + 0.033);
                path.line_to(0.0, middle + 0.052);
            });
            brush.line(
                tassel.as_ref(),
                0.004,
                Ink::Plain(glow.map(|part| part * 0.7), 1.0),
            );
        }
    }
}
