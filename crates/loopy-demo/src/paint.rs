//! From a clip's description to its pictures.

use loopy_core::Frame;

use crate::{
    canvas::Canvas,
    mark,
    pose::pose,
    scene::{Moment, Scene},
    spec::{Spec, phase},
};

/// Draws the frames of one clip; keeps what does not change between them.
pub struct Painter {
    spec: Spec,
    scene: Scene,
    canvas: Canvas,
}

impl Painter {
    /// A painter for `spec`. Takes a good part of a second at 1280x720, so keep it for the clip.
    pub fn new(spec: &Spec) -> Self {
        let size = spec.size.even();
        Self {
            spec: spec.clone(),
            scene: Scene::new(size),
            canvas: Canvas::clear(size.width as usize, size.height as usize),
        }
    }

    /// The same painter for another clip; what can be kept is kept.
    pub fn turn_to(&mut self, spec: &Spec) {
        if spec.size.even() == self.spec.size.even() {
            self.spec = spec.clone();
        } else {
            *self = Self::new(spec);
        }
    }

    /// Frame `index` of the clip. Frames before and after do not matter.
    pub fn frame(&mut self, index: u32) -> Frame {
        let moment = Moment {
            phase: phase(&self.spec, index),
            pose: pose(&self.spec, index),
        };
        self.scene.draw(&mut self.canvas, &moment);
        let mut frame = self.canvas.to_frame();
        if self.spec.marks {
            mark::stamp(&mut frame, self.spec.id, index);
        }
        frame
    }
}

/// Frame `index` of the clip `spec`, BT.709 limited: equal arguments, equal pixels. To draw many
/// frames, keep a [`Painter`].
pub fn draw(spec: &Spec, index: u32) -> Frame {
    Painter::new(spec).frame(index)
}
