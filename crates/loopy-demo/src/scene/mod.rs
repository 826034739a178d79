//! The scene: a hill at dusk, drawn from back to front.

mod clouds;
mod face;
mod fireflies;
mod grass;
mod land;
mod lanterns;
mod lumi;
mod sky;

use std::f32::consts::TAU;

use loopy_core::Size;

use crate::{canvas::Canvas, pose::Pose};

/// All that a picture depends on beside its size.
pub(crate) struct Moment {
    /// Where the world stands, 0 to 1.
    pub(crate) phase: f32,
    /// How Lumi stands in it.
    pub(crate) pose: Pose,
}

impl Moment {
    /// A swing from -1 to 1 with whole `turns` in a period, ahead by `ahead` turns.
    fn swing(&self, turns: u32, ahead: f32) -> f32 {
        (TAU * (self.phase * turns as f32 + ahead)).sin()
    }
}

/// Where things are: one unit is the picture's height, x = 0 is its middle, y = 0 its upper edge.
#[derive(Clone, Copy)]
pub(crate) struct Stage {
    width: usize,
    height: usize,
    /// Pixels in a unit.
    unit: f32,
}

impl Stage {
    fn x(&self, x: f32) -> f32 {
        self.width as f32 / 2.0 + x * self.unit
    }

    fn y(&self, y: f32) -> f32 {
        y * self.unit
    }

    /// The unit coordinates of a pixel's middle.
    fn unit_of(&self, column: f32, row: usize) -> (f32, f32) {
        (
            (column + 0.5 - self.width as f32 / 2.0) / self.unit,
            (row as f32 + 0.5) / self.unit,
        )
    }

    /// x of the right edge; the left one is its negative.
    fn edge(&self) -> f32 {
        self.width as f32 / self.unit / 2.0
    }

    /// Columns that a sliding layer needs beyond the picture.
    fn margin(&self) -> usize {
        (self.unit * 0.03).ceil() as usize + 2
    }

    /// Where the camera's slow sway moves things, in pixels: `depth` 0 at Lumi, 1 far away,
    /// negative before Lumi.
    fn sway(&self, moment: &Moment, depth: f32) -> f32 {
        moment.swing(1, 0.1) * depth * 0.006 * self.unit
    }
}

/// Everything that keeps between frames.
pub(crate) struct Scene {
    stage: Stage,
    sky: sky::Sky,
    clouds: clouds::Clouds,
    land: land::Land,
    grass: grass::Grass,
    lanterns: lanterns::Lanterns,
    fireflies: fireflies::Fireflies,
    lights: lumi::Lights,
}

impl Scene {
    pub(crate) fn new(size: Size) -> Self {
        let stage = Stage {
            width: size.width as usize,
            height: size.height as usize,
            unit: size.height as f32,
        };
        Self {
            stage,
            sky: sky::Sky::new(&stage),
            clouds: clouds::Clouds::new(&stage),
            land: land::Land::new(&stage),
            grass: grass::Grass::new(&stage),
            lanterns: lanterns::Lanterns::new(&stage),
            fireflies: fireflies::Fireflies::new(&stage),
            lights: lumi::Lights::new(&stage),
        }
    }

    pub(crate) fn draw(&self, canvas: &mut Canvas, moment: &Moment) {
        let stage = &self.stage;
        self.sky.draw(canvas, stage, moment);
        self.clouds.draw(canvas, stage, moment);
        self.land.draw(canvas, stage, moment);
        self.lanterns.draw(canvas, stage, moment);
        self.fireflies.draw_behind(canvas, stage, moment);
        self.lights.halo(canvas, stage, moment);
        self.grass.draw_behind(canvas, stage, moment);
        lumi::draw(&self.lights, canvas, stage, moment);
        self.grass.draw_before(canvas, stage, moment);
        self.fireflies.draw_before(canvas, stage, moment);
    }
}
