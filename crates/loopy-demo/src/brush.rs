//! Shapes, lines and gradients, drawn by tiny-skia.

use tiny_skia::{
    Color, FillRule, GradientStop, LineCap, LineJoin, LinearGradient, Paint, Path, PathBuilder,
    PixmapMut, Point, RadialGradient, Shader, SpreadMode, Stroke, Transform,
};

use crate::canvas::Rgb;

/// Draws shapes on a canvas, in coordinates that a transform maps to pixels.
pub(crate) struct Brush<'a> {
    pixmap: PixmapMut<'a>,
    transform: Transform,
}

/// A colour with opacity, or a gradient of such.
pub(crate) enum Ink {
    /// One colour.
    Plain(Rgb, f32),
    /// From one point to another, colours at places 0 to 1.
    Linear([f32; 4], Vec<(f32, Rgb, f32)>),
    /// From a centre to a radius.
    Radial([f32; 3], Vec<(f32, Rgb, f32)>),
}

impl Ink {
    fn paint(self) -> Option<Paint<'static>> {
        let stops = |stops: Vec<(f32, Rgb, f32)>| {
            stops
                .into_iter()
                .map(|(place, color, alpha)| GradientStop::new(place, solid(color, alpha)))
                .collect()
        };
        let (pad, whole) = (SpreadMode::Pad, Transform::identity());
        let shader = match self {
            Self::Plain(color, alpha) => Shader::SolidColor(solid(color, alpha)),
            Self::Linear([x0, y0, x1, y1], colors) => LinearGradient::new(
                Point::from_xy(x0, y0),
                Point::from_xy(x1, y1),
                stops(colors),
                pad,
                whole,
            )?,
            Self::Radial([x, y, radius], colors) => {
                let centre = Point::from_xy(x, y);
                RadialGradient::new(centre, 0.0, centre, radius, stops(colors), pad, whole)?
            }
        };
        Some(Paint {
            shader,
            ..Paint::default()
        })
    }
}

fn solid(color: Rgb, alpha: f32) -> Color {
    let [r, g, b] = color.map(|part| part.clamp(0.0, 1.0));
    Color::from_rgba(r, g, b, alpha.clamp(0.0, 1.0)).unwrap_or(Color::TRANSPARENT)
}

impl<'a> Brush<'a> {
    pub(crate) fn new(pixmap: PixmapMut<'a>) -> Self {
        Self {
            pixmap,
            transform: Transform::identity(),
        }
    }

    /// Draws on in other coordinates.
    pub(crate) fn place(&mut self, transform: Transform) {
        self.transform = transform;
    }

    /// Fills a closed shape.
    pub(crate) fn fill(&mut self, path: Option<&Path>, ink: Ink) {
        if let (Some(path), Some(paint)) = (path, ink.paint()) {
            self.pixmap
                .fill_path(path, &paint, FillRule::Winding, self.transform, None);
        }
    }

    /// Draws a line with round ends.
    pub(crate) fn line(&mut self, path: Option<&Path>, width: f32, ink: Ink) {
        if let (Some(path), Some(paint)) = (path, ink.paint()) {
            let stroke = Stroke {
                width,
                line_cap: LineCap::Round,
                line_join: LineJoin::Round,
                ..Stroke::default()
            };
            self.pixmap
                .stroke_path(path, &paint, &stroke, self.transform, None);
        }
    }

    /// Fills an ellipse around (x, y).
    pub(crate) fn oval(&mut self, x: f32, y: f32, rx: f32, ry: f32, ink: Ink) {
        let path = tiny_skia::Rect::from_ltrb(x - rx, y - ry, x + rx, y + ry)
            .and_then(PathBuilder::from_oval);
        self.fill(path.as_ref(), ink);
    }
}

/// A shape from a closure over its builder.
pub(crate) fn shape(build: impl FnOnce(&mut PathBuilder)) -> Option<Path> {
    let mut builder = PathBuilder::new();
    build(&mut builder);
    builder.finish()
}
