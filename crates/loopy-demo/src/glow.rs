//! Large soft lights, computed once and added in every frame.

use crate::canvas::{Canvas, Rgb, dither};

/// Side of the dither pattern of a glow.
const TILE: usize = 64;

/// Light prepared once and added in every frame.
pub(crate) struct Glow {
    radius: usize,
    /// Red, green, blue and an unused byte for each pixel of the square around it.
    light: Vec<u8>,
    dither: Vec<u8>,
}

impl Glow {
    /// Rings of light about one point: each with radius in pixels, colour and strength.
    pub(crate) fn new(rings: &[(f32, Rgb, f32)]) -> Self {
        let widest = rings.iter().fold(1.0f32, |widest, ring| widest.max(ring.0));
        let radius = widest.ceil() as usize;
        let mut light = Vec::with_capacity(radius * radius * 16);
        for row in 0..2 * radius {
            for column in 0..2 * radius {
                let [x, y] = [column, row].map(|n| n as f32 + 0.5 - radius as f32);
                // Light upon light: what is left dark by one is lit by the next.
                let mut dark = [1.0f32; 3];
                for (radius, color, strength) in rings {
                    let near = (1.0 - (x * x + y * y) / (radius * radius)).max(0.0);
                    let near = near * near * near * strength;
                    for n in 0..3 {
                        dark[n] *= 1.0 - (color[n] * near).min(1.0);
                    }
                }
                let dither = dither(column + 17, row + 5);
                light.extend(dark.map(|dark| ((1.0 - dark) * 254.0 + dither) as u8));
                light.push(0);
            }
        }
        let dither = (0..TILE * TILE)
            .flat_map(|n| [(dither(n % TILE, n / TILE) * 256.0) as u8; 4])
            .collect();
        Self {
            radius,
            light,
            dither,
        }
    }

    /// Adds the light around (x, y), to the nearest pixel, as [`Canvas::light`] does.
    pub(crate) fn draw(&self, canvas: &mut Canvas, x: f32, y: f32, strength: f32) {
        let strength = (strength.clamp(0.0, 1.0) * 255.0) as u16;
        let radius = self.radius as isize;
        let (left, top) = (x.round() as isize - radius, y.round() as isize - radius);
        let first = left.max(0) as usize;
        let last = (left + 2 * radius).clamp(0, canvas.width as isize) as usize;
        if first >= last {
            return;
        }
        for row in 0..2 * self.radius {
            let y = top + row as isize;
            if y < 0 || y >= canvas.height as isize {
                continue;
            }
            let skip = (first as isize - left) as usize;
            let light = &self.light[(row * 2 * self.radius + skip) * 4..][..(last - first) * 4];
            let from = (y as usize * canvas.width + first) * 4;
            let pixels = &mut canvas.data[from..][..light.len()];
            let dither = &self.dither[row % TILE * TILE * 4..][..TILE * 4];
            for (pixels, light) in pixels.chunks_mut(TILE * 4).zip(light.chunks(TILE * 4)) {
                // Sixteen-bit arithmetic on bytes side by side, which compilers vectorise.
                for ((value, light), dither) in pixels.iter_mut().zip(light).zip(dither) {
                    let light = u16::from(*light) * strength;
                    let room = u16::from(255 - *value) << 8;
                    let gain = ((u32::from(room) * u32::from(light)) >> 16) as u16;
                    *value += ((gain + u16::from(*dither)) >> 8) as u8;
                }
            }
        }
    }
}
