//! Grass that bends in the wind: a fringe on the hill's edge, tufts before Lumi.

use tiny_skia::Transform;

use super::{Moment, Stage, land, lumi};
use crate::{
    brush::{Ink, shape},
    canvas::{Canvas, Rgb, blend, rgb},
    noise::{signed, smooth, unit},
};

struct Blade {
    x: f32,
    y: f32,
    height: f32,
    width: f32,
    lean: f32,
    ahead: f32,
}

/// Blades of one colour, drawn as one shape.
struct Tuft {
    blades: Vec<Blade>,
    color: Rgb,
    /// How much of Lumi's light falls on it.
    lit: f32,
}

pub(super) struct Grass {
    behind: Vec<Tuft>,
    before: Vec<Tuft>,
}

const SHADES: usize = 5;

impl Grass {
    pub(super) fn new(stage: &Stage) -> Self {
        let row = |seed: u32, spacing: f32, sink: f32, height: f32, dark: u32| {
            let mut tufts: Vec<Tuft> = (0..SHADES)
                .map(|shade| Tuft {
                    blades: Vec::new(),
                    color: rgb(dark),
                    lit: shade as f32 / (SHADES - 1) as f32,
                })
                .collect();
            let count = (stage.edge() * 2.0 / spacing).ceil() as u32 + 2;
            for n in 0..count {
                let of = |k: u32| unit(seed, n * 8 + k);
                let x = -stage.edge() + (n as f32 + 0.8 * signed(seed, n * 8)) * spacing;
                let y = land::ground(x) + sink + 0.02 * of(1);
                let near = (-(x / 0.33).powi(2)).exp() * (0.75 + 0.5 * of(2)) + 0.12 * of(6);
                let shade = ((near * SHADES as f32) as usize).min(SHADES - 1);
                tufts[shade].blades.push(Blade {
                    x,
                    y,
                    height: height * (0.45 + 0.55 * of(3)),
                    width: 0.0016 + 0.0014 * of(4) + height * 0.012,
                    lean: signed(seed, n * 8 + 5) * 0.35,
                    // Neighbours bend one after the other: the wind is seen to pass.
                    ahead: -x * 0.55 + 0.12 * of(7),
                });
            }
            tufts
        };
        let mut before = row(173, 0.006, 0.040, 0.055, 0x1c_2a3a);
        before.extend(row(181, 0.007, 0.105, 0.075, 0x13_1c2e));
        before.extend(row(191, 0.012, 0.215, 0.12, 0x0b_1020));
        Self {
            behind: row(163, 0.0045, 0.012, 0.042, 0x26_3549),
            before,
        }
    }

    pub(super) fn draw_behind(&self, canvas: &mut Canvas, stage: &Stage, moment: &Moment) {
        draw(&self.behind, canvas, stage, moment, 0.0);
    }

    pub(super) fn draw_before(&self, canvas: &mut Canvas, stage: &Stage, moment: &Moment) {
        let (back, front) = self.before.split_at(SHADES);
        draw(back, canvas, stage, moment, 0.0);
        draw(front, canvas, stage, moment, stage.sway(moment, -0.8));
    }
}

fn draw(tufts: &[Tuft], canvas: &mut Canvas, stage: &Stage, moment: &Moment, shift: f32) {
    let glow = lumi::glow(moment);
    let Some(mut brush) = canvas.brush() else {
        return;
    };
    brush.place(Transform::from_translate(shift, 0.0));
    for tuft in tufts {
        let path = shape(|path| {
            for blade in &tuft.blades {
                let wind =
                    0.16 * moment.swing(1, blade.ahead) + 0.06 * moment.swing(2, blade.ahead * 1.7);
                let (x, y) = (stage.x(blade.x), stage.y(blade.y));
                let (height, width) = (blade.height * stage.unit, blade.width * stage.unit);
                let tip = (x + height * (blade.lean + wind), y - height);
                let bend = (x + height * blade.lean * 0.25, y - height * 0.6);
                path.move_to(x - width, y);
                path.quad_to(bend.0 - width * 0.7, bend.1, tip.0, tip.1);
                path.quad_to(bend.0 + width * 0.7, bend.1, x + width, y);
                path.close();
            }
        });
        let light = smooth(tuft.lit) * tuft.lit * 0.70 * glow;
        brush.fill(
            path.as_ref(),
            Ink::Plain(blend(tuft.color, rgb(0xa8_b04e), light), 1.0),
        );
    }
}
