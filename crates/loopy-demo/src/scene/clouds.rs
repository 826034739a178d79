//! Clouds that always drift one way and never arrive.
//!
//! Each bank is drawn twice, half a period apart; a copy is invisible at the moment it jumps back.

use super::{Moment, Stage};
use crate::{
    canvas::{Canvas, blend, rgb},
    layer::Layer,
    noise::{cloud, mix, smooth},
};

struct Bank {
    layer: Layer,
    /// Units that it drifts in a period.
    drift: f32,
    depth: f32,
}

pub(super) struct Clouds {
    banks: [Bank; 2],
}

impl Clouds {
    pub(super) fn new(stage: &Stage) -> Self {
        let bank = |seed, top, bottom, drift, depth, lit, shade, strength: f32| {
            let rows = ((bottom - top) * stage.unit) as usize;
            let first = (top * stage.unit) as usize;
            let margin = stage.margin();
            let mut image = Canvas::clear(stage.width + 2 * margin, rows);
            image.shade(|column, row| {
                let (x, y) = stage.unit_of(column as f32 - margin as f32, row + first);
                let down = (y - top) / (bottom - top);
                let thick = cloud(seed, x * 1.9, y * 7.0);
                let below = cloud(seed, x * 1.9 - 0.03, y * 7.0 + 0.28);
                let fade = smooth(down * 4.0) * smooth((1.0 - down) * 4.0);
                let alpha = smooth((thick - 0.47) / 0.26) * fade * strength;
                // The low sun lights the undersides: bright where less lies below.
                let light = smooth(0.5 + (thick - below) * 4.0);
                (blend(rgb(shade), rgb(lit), mix(light, down, 0.25)), alpha)
            });
            Bank {
                layer: Layer::new(image, first, margin),
                drift,
                depth,
            }
        };
        Self {
            banks: [
                bank(41, 0.34, 0.66, 0.012, 1.0, 0xff_b98c, 0x8e_4f86, 0.80),
                bank(57, 0.08, 0.44, 0.022, 0.9, 0xe5_8d98, 0x4a_3474, 0.75),
            ],
        }
    }

    pub(super) fn draw(&self, canvas: &mut Canvas, stage: &Stage, moment: &Moment) {
        for bank in &self.banks {
            let copies = [0.0, 0.5].map(|half| {
                let place = (moment.phase + half).fract();
                let shift = (place - 0.5) * bank.drift * stage.unit;
                // Triangles of the two copies add up to a whole.
                let share = 1.0 - (place * 2.0 - 1.0).abs();
                (shift + stage.sway(moment, bank.depth), share)
            });
            bank.layer.draw_parts(canvas, copies);
        }
    }
}
