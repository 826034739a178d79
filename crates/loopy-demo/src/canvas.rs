//! The picture in the making: colours, small lights, and the way to a video frame.
//!
//! Shapes are tiny-skia's ([`crate::brush`]). Sliding layers and lights are loops of our own,
//! because they touch most pixels of every frame and a general pipeline is several times slower.

use loopy_core::{Frame, Size};
use tiny_skia::PixmapMut;
use yuv::{
    BufferStoreMut, YuvConversionMode, YuvPlanarImageMut, YuvRange, YuvStandardMatrix,
    rgba_to_yuv420,
};

use crate::{brush::Brush, noise};

/// Red, green, blue, 0 to 1.
pub(crate) type Rgb = [f32; 3];

/// The colour `0xrrggbb`.
pub(crate) fn rgb(hex: u32) -> Rgb {
    [hex >> 16, hex >> 8, hex].map(|part| (part & 0xff) as f32 / 255.0)
}

/// Between two colours.
pub(crate) fn blend(a: Rgb, b: Rgb, t: f32) -> Rgb {
    [0, 1, 2].map(|n| noise::mix(a[n], b[n], t))
}

/// A premultiplied RGBA image.
#[derive(Clone)]
pub(crate) struct Canvas {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) data: Vec<u8>,
}

impl Canvas {
    /// All transparent.
    pub(crate) fn clear(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            data: vec![0; width * height * 4],
        }
    }

    /// Sets every pixel of the rows given from its place; colours are premultiplied here, and
    /// dithered so that slow gradients do not band.
    pub(crate) fn shade(&mut self, paint: impl Fn(usize, usize) -> (Rgb, f32)) {
        for y in 0..self.height {
            for x in 0..self.width {
                let (color, alpha) = paint(x, y);
                let dither = dither(x, y);
                let pixel = &mut self.data[(y * self.width + x) * 4..][..4];
                let alpha = (alpha.clamp(0.0, 1.0) * 255.0 + dither) as u8;
                for (value, color) in pixel.iter_mut().zip(color) {
                    let color = color.clamp(0.0, 1.0) * f32::from(alpha);
                    *value = ((color + dither) as u8).min(alpha);
                }
                pixel[3] = alpha;
            }
        }
    }

    /// Copies an image of equal size.
    pub(crate) fn copy(&mut self, other: &Self) {
        self.data.copy_from_slice(&other.data);
    }

    /// Adds light that falls off smoothly from (x, y) to nothing at `radius`; bright places take
    /// less of it, so nothing burns out.
    pub(crate) fn light(&mut self, x: f32, y: f32, radius: f32, color: Rgb, strength: f32) {
        if strength <= 0.0 || radius <= 0.0 {
            return;
        }
        let range = |centre: f32, limit: usize| {
            let first = (centre - radius).max(0.0) as usize;
            first..((centre + radius).max(0.0).ceil() as usize).min(limit)
        };
        let columns = range(x, self.width);
        let color = color.map(|part| part * strength);
        for row in range(y, self.height) {
            if columns.is_empty() {
                break;
            }
            let dy = (row as f32 + 0.5 - y) / radius;
            let pixels = &mut self.data[(row * self.width + columns.start) * 4..];
            for (column, pixel) in columns.clone().zip(pixels.as_chunks_mut::<4>().0) {
                let dx = (column as f32 + 0.5 - x) / radius;
                let near = 1.0 - dx * dx - dy * dy;
                if near > 0.0 {
                    let near = near * near * near;
                    let dither = dither(column, row);
                    for n in 0..3 {
                        let old = f32::from(pixel[n]);
                        let gain = (color[n] * near).min(1.0);
                        pixel[n] = (old + (255.0 - old) * gain + dither) as u8;
                    }
                }
            }
        }
    }

    /// Draws with tiny-skia.
    pub(crate) fn brush(&mut self) -> Option<Brush<'_>> {
        let pixmap = PixmapMut::from_bytes(&mut self.data, self.width as u32, self.height as u32)?;
        Some(Brush::new(pixmap))
    }

    /// The image as a video frame, BT.709 limited; black when its sides are odd.
    pub(crate) fn to_frame(&self) -> Frame {
        let (width, height) = (self.width as u32, self.height as u32);
        let mut frame = Frame::black(Size::new(width, height));
        let [y, u, v] = frame.planes_mut();
        let mut planes = YuvPlanarImageMut {
            y_plane: BufferStoreMut::Borrowed(y),
            y_stride: width,
            u_plane: BufferStoreMut::Borrowed(u),
            u_stride: width / 2,
            v_plane: BufferStoreMut::Borrowed(v),
            v_stride: width / 2,
            width,
            height,
        };
        let done = rgba_to_yuv420(
            &mut planes,
            &self.data,
            width * 4,
            YuvRange::Limited,
            YuvStandardMatrix::Bt709,
            YuvConversionMode::Balanced,
        );
        debug_assert!(
            done.is_ok(),
            "even sides and packed planes convert: {done:?}"
        );
        frame
    }
}

/// A fixed pattern in 0..1 that turns truncation into dithering.
pub(crate) fn dither(x: usize, y: usize) -> f32 {
    // Interleaved gradient noise in fixed point: even spread, no table, no calls.
    let value = (x as u32)
        .wrapping_mul(288_237_660)
        .wrapping_add((y as u32).wrapping_mul(25_070_368));
    ((value >> 8).wrapping_mul(13_564) >> 8) as f32 / (1 << 24) as f32
}
