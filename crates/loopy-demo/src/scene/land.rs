//! Mountains, wooded hills with a village, the near hill and the tree at the picture's edge.

use tiny_skia::Transform;

use super::{Moment, Stage, lanterns};
use crate::{
    brush::{Brush, Ink, shape},
    canvas::{Canvas, blend, rgb},
    layer::Layer,
    noise::{ridge, signed, smooth, unit},
};

/// y of the near hill's edge.
pub(super) fn ground(x: f32) -> f32 {
    0.795 + 0.11 * x * x + 0.012 * (x * 5.0 + 0.6).sin()
}

struct Range {
    layer: Layer,
    depth: f32,
}

/// A lit window in the village.
struct Window {
    x: f32,
    y: f32,
    ahead: f32,
}

pub(super) struct Land {
    ranges: Vec<Range>,
    windows: Vec<Window>,
    near: Layer,
}

impl Land {
    pub(super) fn new(stage: &Stage) -> Self {
        let far = |x: f32| {
            0.69 - 0.30 * ridge(61, x * 2.1 + 3.4).powf(1.6)
                - 0.05 * (-(x - 0.5).powi(2) * 9.0).exp()
        };
        let middle = |x: f32| 0.735 - 0.17 * ridge(67, x * 1.5 + 9.0).powf(1.3);
        let wood = |x: f32| wooded(71, x, hill(x), 0.026);
        let close = |x: f32| wooded(79, x, 0.81 - 0.10 * ridge(83, x * 1.9 + 1.0), 0.045);
        let grass = |x: f32| ground(x) + 0.01;
        let windows = (0..16)
            .map(|n| {
                let x = -0.62 + 0.42 * unit(89, n * 4);
                Window {
                    x,
                    y: hill(x) + 0.004 + 0.020 * unit(89, n * 4 + 1),
                    ahead: unit(89, n * 4 + 2),
                }
            })
            .collect();
        Self {
            ranges: vec![
                range(
                    stage,
                    0.9,
                    (far, 0.56, 0.70),
                    middle,
                    [0x76_4884, 0xe8_9488],
                ),
                range(
                    stage,
                    0.7,
                    (middle, 0.62, 0.76),
                    wood,
                    [0x55_3a74, 0xb0_6a8a],
                ),
                range(
                    stage,
                    0.5,
                    (wood, 0.70, 0.80),
                    close,
                    [0x35_2959, 0x6d_4876],
                ),
                range(
                    stage,
                    0.25,
                    (close, 0.74, 0.86),
                    grass,
                    [0x1f_1b40, 0x3d_2d5a],
                ),
            ],
            windows,
            near: near(stage),
        }
    }

    pub(super) fn draw(&self, canvas: &mut Canvas, stage: &Stage, moment: &Moment) {
        for (place, range) in self.ranges.iter().enumerate() {
            let shift = stage.sway(moment, range.depth);
            range.layer.draw(canvas, shift);
            if place == 2 {
                for window in &self.windows {
                    let (x, y) = (stage.x(window.x) + shift, stage.y(window.y));
                    let bright = 0.75 + 0.2 * moment.swing(1, window.ahead);
                    canvas.light(x, y, 0.0055 * stage.unit, rgb(0xff_d98a), bright);
                    canvas.light(x, y, 0.022 * stage.unit, rgb(0xff_a84e), 0.25 * bright);
                }
            }
        }
        self.near.draw(canvas, 0.0);
    }
}

/// A ridge with firs of up to `tall` on it.
fn wooded(seed: u32, x: f32, base: f32, tall: f32) -> f32 {
    let spacing = tall * 0.42;
    let cell = (x / spacing).floor();
    let mut top = base;
    for step in -1..=1 {
        let n = (cell as i32 + step + 4096) as u32;
        let centre = (cell + step as f32 + 0.5 + 0.35 * signed(seed, n)) * spacing;
        let height = tall * (0.35 + 0.65 * unit(seed + 1, n));
        // Branches: the outline of a fir is a cone with teeth.
        let aside = (x - centre).abs() / (height * 0.26);
        let tooth = 0.10 * (aside * 4.0).fract();
        top = top.min(base - height * (1.0 - aside - tooth).max(0.0));
    }
    top
}

/// The wooded hill's outline without its trees; the village stands on it.
fn hill(x: f32) -> f32 {
    0.765 - 0.09 * ridge(73, x * 1.3 + 5.0)
}

/// A range with the outline `top(x)`, which turns from the first colour to the second between two
/// heights: haze at its foot. It is drawn down to the outline of what stands before it.
fn range(
    stage: &Stage,
    depth: f32,
    (top, clear, hazy): (impl Fn(f32) -> f32, f32, f32),
    before: impl Fn(f32) -> f32,
    colors: [u32; 2],
) -> Range {
    let margin = stage.margin();
    let width = stage.width + 2 * margin;
    let places = || (0..width).map(|column| stage.unit_of(column as f32 - margin as f32, 0).0);
    let highest = places().map(&top).fold(1.0, f32::min);
    let lowest = places().map(before).fold(0.0, f32::max);
    let first = (highest * stage.unit) as usize;
    let last = ((lowest * stage.unit) as usize + 2).min(stage.height);
    let mut image = Canvas::clear(width, last.saturating_sub(first));
    // Four outlines a column, so that slopes are smooth.
    let outline: Vec<[f32; 4]> = (0..width)
        .map(|column| {
            [-0.375, -0.125, 0.125, 0.375].map(|part| {
                let (x, _) = stage.unit_of(column as f32 - margin as f32 + part, 0);
                top(x) * stage.unit
            })
        })
        .collect();
    image.shade(|column, row| {
        let y = (first + row) as f32 + 0.5;
        let covered: f32 = outline[column]
            .iter()
            .map(|edge| (y - edge + 0.5).clamp(0.0, 1.0))
            .sum();
        let deep = smooth((y / stage.unit - clear) / (hazy - clear));
        (
            blend(rgb(colors[0]), rgb(colors[1]), deep * 0.85),
            covered / 4.0,
        )
    });
    Range {
        layer: Layer::new(image, first, margin),
        depth,
    }
}

fn near(stage: &Stage) -> Layer {
    let margin = 1;
    let mut image = Canvas::clear(stage.width + 2 * margin, stage.height);
    let at = |column: usize, row: usize| stage.unit_of(column as f32 - margin as f32, row);
    image.shade(|column, row| {
        let (x, y) = at(column, row);
        let under = y - ground(x);
        let covered = (under * stage.unit + 0.5).clamp(0.0, 1.0);
        let color = blend(rgb(0x2b_3a4f), rgb(0x10_1628), smooth(under / 0.2));
        let turf = 0.85 + 0.3 * ridge(97, x * 40.0 + y * 90.0);
        (color.map(|part| part * turf), covered)
    });
    if let Some(mut brush) = image.brush() {
        let x = margin as f32 + stage.x(0.0);
        brush.place(Transform::from_row(
            stage.unit, 0.0, 0.0, stage.unit, x, 0.0,
        ));
        tree(&mut brush, stage.edge());
    }
    Layer::new(image, 0, margin)
}

/// A tree whose trunk stands at the right edge, with a branch that the lanterns hang from.
fn tree(brush: &mut Brush<'_>, edge: f32) {
    let bark = || {
        Ink::Linear(
            [edge - 0.16, 0.0, edge + 0.02, 0.0],
            vec![(0.0, rgb(0x3a_2744), 1.0), (1.0, rgb(0x17_1228), 1.0)],
        )
    };
    let trunk = shape(|path| {
        path.move_to(edge - 0.17, 0.86);
        path.cubic_to(edge - 0.09, 0.80, edge - 0.10, 0.52, edge - 0.07, 0.10);
        path.line_to(edge - 0.03, -0.02);
        path.line_to(edge + 0.05, -0.02);
        path.line_to(edge + 0.05, 0.92);
        path.close();
    });
    brush.fill(trunk.as_ref(), bark());
    let branch = shape(|path| {
        path.move_to(edge, 0.26);
        path.cubic_to(edge - 0.10, 0.13, edge - 0.26, 0.15, edge - 0.44, 0.085);
        path.cubic_to(edge - 0.28, 0.125, edge - 0.12, 0.09, edge, 0.14);
        path.close();
    });
    brush.fill(branch.as_ref(), bark());
    for rope in lanterns::ROPES {
        let (x, y) = (edge + rope.x, rope.y);
        let line = shape(|path| {
            path.move_to(x, y - 0.025);
            path.line_to(x, y);
        });
        brush.line(line.as_ref(), 0.004, Ink::Plain(rgb(0x1f_1730), 1.0));
    }
    // Leaves in clumps: dark ones first, lit ones at the clumps' lower left.
    let clumps = [
        (-0.02, 0.03, 0.17),
        (-0.19, 0.04, 0.12),
        (-0.34, 0.045, 0.085),
        (-0.45, 0.075, 0.05),
        (-0.10, 0.12, 0.08),
    ];
    for (shade, color) in [0x14_1530, 0x20_2142, 0x35_3058, 0x5a_3f66]
        .into_iter()
        .enumerate()
    {
        for (clump, (x, y, size)) in (0u32..).zip(clumps) {
            let count = (3600.0 * size * size * 20.0 / (20.0 + 26.0 * shade as f32)) as u32 + 12;
            for leaf in 0..count {
                let seed = 101 + 7 * clump + shade as u32;
                let (turn, far) = (
                    unit(seed, leaf * 4) * std::f32::consts::TAU,
                    unit(seed, leaf * 4 + 1).sqrt(),
                );
                let lift = shade as f32 * 0.12;
                let cx = edge + x + size * (far * turn.cos() - lift);
                let cy = y + size * 0.62 * (far * turn.sin() + lift);
                let (dx, dy) = (
                    0.011 * signed(seed, leaf * 4 + 2),
                    0.006 + 0.006 * unit(seed, leaf * 4 + 3),
                );
                let path = shape(|path| {
                    path.move_to(cx - dx, cy - dy);
                    path.quad_to(cx + dy * 0.8, cy - dx * 0.5, cx + dx, cy + dy);
                    path.quad_to(cx - dy * 0.8, cy + dx * 0.5, cx - dx, cy - dy);
                    path.close();
                });
                brush.fill(path.as_ref(), Ink::Plain(rgb(color), 1.0));
            }
        }
    }
}
