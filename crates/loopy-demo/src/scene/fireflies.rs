//! Fireflies on closed paths, some behind Lumi, some before.

use super::{Moment, Stage};
use crate::{
    canvas::{Canvas, rgb},
    noise::{signed, unit},
};

struct Fly {
    x: f32,
    y: f32,
    reach: (f32, f32),
    turns: (u32, u32),
    ahead: [f32; 3],
    size: f32,
}

pub(super) struct Fireflies {
    behind: Vec<Fly>,
    before: Vec<Fly>,
}

impl Fireflies {
    pub(super) fn new(stage: &Stage) -> Self {
        let flies = |seed: u32, count: u32, size: f32| {
            (0..count)
                .map(|n| {
                    let of = |k: u32| unit(seed, n * 16 + k);
                    Fly {
                        // One for each strip of the picture, so that none is empty.
                        x: ((n as f32 + 0.2 + 0.6 * of(0)) / count as f32 * 2.0 - 1.0)
                            * stage.edge(),
                        y: 0.50 + 0.36 * of(1),
                        reach: (0.035 + 0.05 * of(2), 0.02 + 0.035 * of(3)),
                        turns: (1, 1 + (of(4) * 2.0) as u32),
                        ahead: [of(5), of(6), signed(seed, n * 16 + 7)],
                        size: size * (0.7 + 0.6 * of(8)),
                    }
                })
                .collect()
        };
        Self {
            behind: flies(131, 16, 0.0055),
            before: flies(151, 7, 0.0085),
        }
    }

    pub(super) fn draw_behind(&self, canvas: &mut Canvas, stage: &Stage, moment: &Moment) {
        draw(&self.behind, canvas, stage, moment);
    }

    pub(super) fn draw_before(&self, canvas: &mut Canvas, stage: &Stage, moment: &Moment) {
        draw(&self.before, canvas, stage, moment);
    }
}

fn draw(flies: &[Fly], canvas: &mut Canvas, stage: &Stage, moment: &Moment) {
    for fly in flies {
        let x = stage.x(fly.x + fly.reach.0 * moment.swing(fly.turns.0, fly.ahead[0]));
        let y = stage.y(fly.y + fly.reach.1 * moment.swing(fly.turns.1, fly.ahead[1]));
        let bright = (0.55 + 0.45 * moment.swing(1, fly.ahead[2])).max(0.0);
        let size = fly.size * stage.unit;
        canvas.light(x, y, size * 6.0, rgb(0xb8_d94e), 0.30 * bright);
        canvas.light(x, y, size.max(1.0), rgb(0xff_ffc0), 0.15 + 0.85 * bright);
    }
}
