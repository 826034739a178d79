//! Sky, afterglow, moon and stars.

use super::{Moment, Stage};
use crate::{
    canvas::{Canvas, Rgb, blend, rgb},
    noise::{smooth, unit},
};

/// Colours from the upper edge down to the horizon.
const HEIGHTS: [(f32, u32); 7] = [
    (0.00, 0x0f_1136),
    (0.20, 0x23_2157),
    (0.36, 0x45_3479),
    (0.48, 0x7d_4b8a),
    (0.57, 0xbf_6485),
    (0.64, 0xed_9174),
    (0.72, 0xff_cf8e),
];
const MOON: (f32, f32, f32) = (-0.50, 0.17, 0.042);
const STARS: u32 = 150;

pub(super) struct Sky {
    still: Canvas,
}

impl Sky {
    pub(super) fn new(stage: &Stage) -> Self {
        let mut still = Canvas::clear(stage.width, stage.height);
        let moon_x = MOON.0.max(0.07 - stage.edge());
        still.shade(|column, row| {
            let (x, y) = stage.unit_of(column as f32, row);
            let mut color = color_at(y);
            // Afterglow where the sun went down, left of Lumi.
            let (dx, dy) = ((x + 0.38) / 0.95, (y - 0.70) / 0.38);
            let glow = (-(dx * dx + dy * dy) * 1.6).exp();
            color = blend(color, rgb(0xff_c48a), 0.62 * glow);
            // The moon: a disc less another one, with a soft ring of light.
            let (mx, my) = (x - moon_x, y - MOON.1);
            let far = mx.hypot(my);
            let ring = (-(far / 0.11).powi(2)).exp() * 0.22;
            color = blend(color, rgb(0xff_e9c9), ring);
            let inside = |far: f32| ((MOON.2 - far) * stage.unit + 0.5).clamp(0.0, 1.0);
            let shadow = inside((mx - 0.019).hypot(my + 0.010));
            (
                blend(color, rgb(0xff_f3dc), inside(far) * (1.0 - shadow)),
                1.0,
            )
        });
        Self { still }
    }

    pub(super) fn draw(&self, canvas: &mut Canvas, stage: &Stage, moment: &Moment) {
        canvas.copy(&self.still);
        for star in 0..STARS {
            let of = |n: u32| unit(21, star * 8 + n);
            // More of them, and brighter ones, high up.
            let (x, y) = ((of(0) * 2.0 - 1.0) * stage.edge(), of(1).powf(1.6) * 0.46);
            let size = of(2).powi(4);
            let twinkle = moment.swing(1 + star % 3, of(3));
            let bright = (0.35 + 0.65 * size) * (0.72 + 0.28 * twinkle) * (1.0 - y / 0.5);
            let radius = (0.0022 + 0.0032 * size) * stage.unit;
            let tint = blend(rgb(0xff_e8c8), rgb(0xcf_dcff), of(4));
            canvas.light(stage.x(x), stage.y(y), radius.max(0.8), tint, bright);
        }
    }
}

fn color_at(y: f32) -> Rgb {
    let mut color = rgb(HEIGHTS[0].1);
    for pair in HEIGHTS.windows(2) {
        let ((from, _), (to, next)) = (pair[0], pair[1]);
        color = blend(color, rgb(next), smooth((y - from) / (to - from)));
    }
    color
}
