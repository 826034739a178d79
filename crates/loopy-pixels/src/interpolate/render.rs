//! The picture itself: taken from both sides along the motion, blended, its grain restored.
//!
//! Drawn in bands as high as a block of grain, a few rows behind which the finished rows follow:
//! what is between stays in the cache.

use fearless_simd::{Level as Machine, Simd, dispatch};
use loopy_core::{Frame, Size};

use super::{
    Meeting, Side, Sources,
    enlarge::Enlarger,
    grain::{self, BLOCK},
    row::Row,
    warp::View,
};
use crate::flow::plane::LANES;

/// Rows kept: a band being drawn, half of one waiting, and neighbours.
const KEPT: usize = 2 * BLOCK;

/// The rows drawn last, each between [`LANES`] samples of border.
struct Strip {
    stride: usize,
    data: Vec<f32>,
}

impl Strip {
    fn new(width: usize) -> Self {
        let stride = width.next_multiple_of(LANES) + 2 * LANES;
        Self {
            stride,
            data: vec![0.0; stride * KEPT],
        }
    }

    #[inline(always)]
    fn row(&self, y: usize) -> &[f32] {
        &self.data[y % KEPT * self.stride..][..self.stride]
    }

    #[inline(always)]
    fn row_mut(&mut self, y: usize) -> &mut [f32] {
        &mut self.data[y % KEPT * self.stride..][..self.stride]
    }
}

impl Side {
    fn views(&self) -> [View<'_>; 3] {
        let [luma, first, second] = &self.planes;
        [View::new(luma), View::new(first), View::new(second)]
    }
}

impl Sources {
    /// The picture at time `t`.
    pub(super) fn render(&self, size: Size, t: f32) -> Frame {
        self.render_on(Machine::new(), size, t)
    }

    /// The same, with the vectors of one kind of machine.
    pub(super) fn render_on(&self, level: Machine, size: Size, t: f32) -> Frame {
        let meeting = dispatch!(level, simd => Meeting::new(simd, self, t));
        let mut frame = dispatch!(level, simd => self.draw(simd, size, t, &meeting));
        let width = frame.stride();
        let [luma, ..] = frame.planes_mut();
        self.restore(level, luma, width, t, &meeting);
        frame
    }

    #[inline(always)]
    fn draw<S: Simd>(&self, simd: S, size: Size, t: f32, meeting: &Meeting) -> Frame {
        let (width, height) = (size.width as usize, size.height as usize);
        let samples = vec![0; width * height * 3 / 2];
        let mut out = Frame::from_planes(size, samples).unwrap_or_else(|| Frame::black(size));
        let mut enlarger = Enlarger::new(meeting, self.factor, width);
        let mut strip = Strip::new(width);
        let columns = self.sides[0].grain.columns;
        let (mut made, mut gains) = (vec![0.0; columns], vec![1.0; columns]);
        let [luma, tone_u, tone_v] = out.planes_mut();
        let mut bytes = luma.chunks_exact_mut(width).enumerate();
        let mut tones = tone_u
            .chunks_exact_mut(width / 2)
            .zip(tone_v.chunks_exact_mut(width / 2));
        let [a, b] = &self.sides;
        let [a, b] = [a.views(), b.views()];
        let (lumas, chromas) = ([a[0], b[0]], [[a[1], a[2]], [b[1], b[2]]]);
        let padded = width.next_multiple_of(LANES);
        let bands = height.div_ceil(BLOCK);
        for band in 0..bands {
            for y in band * BLOCK..height.min((band + 1) * BLOCK) {
                enlarger.make(simd, y);
                let row = Row::new(&enlarger, t);
                let out = strip.row_mut(y);
                simd.vectorize(
                    #[inline(always)]
                    || row.luma(simd, lumas, y, &mut out[LANES..][..padded]),
                );
                out[LANES - 1] = out[LANES];
                out[LANES + width] = out[LANES + width - 1];
                if y % 2 == 0
                    && let Some(lines) = tones.next()
                {
                    simd.vectorize(
                        #[inline(always)]
                        || row.tones(simd, chromas, y / 2, lines),
                    );
                }
            }
            let line = |y: usize| strip.row(y);
            simd.vectorize(
                #[inline(always)]
                || grain::band(simd, band, width, height, line, &mut made),
            );
            let before = std::mem::replace(&mut gains, self.gains(band, &made, t, meeting));
            let upper = if band == 0 { &gains } else { &before };
            // Up to the centre of this band; behind the last one, all.
            let end = band * BLOCK + BLOCK / 2;
            let due = if band + 1 == bands { height } else { end };
            for _ in (band * BLOCK).saturating_sub(BLOCK / 2)..due {
                let Some((y, bytes)) = bytes.next() else {
                    break;
                };
                let rows = grain::neighbours(y, height, line);
                let part = ((y + BLOCK / 2) % BLOCK) as f32 + 0.5;
                let upper = if y < end { upper } else { &gains };
                let part = part / BLOCK as f32;
                simd.vectorize(
                    #[inline(always)]
                    || grain::amplify(simd, rows, [upper, &gains], part, bytes),
                );
            }
        }
        out
    }

    /// The gain of each block of a band: its wanted energy is that of the places it was taken
    /// from.
    fn gains(&self, band: usize, made: &[f32], t: f32, meeting: &Meeting) -> Vec<f32> {
        let factor = self.factor as f32;
        let half = BLOCK as f32 / 2.0;
        let y = (band * BLOCK) as f32 + half - 0.5;
        let row = (((y + 0.5) / factor) as usize).min(meeting.height - 1);
        let [a, b] = [0, 1].map(|side| &self.sides[side].grain);
        made.iter()
            .enumerate()
            .map(|(column, made)| {
                let x = (column * BLOCK) as f32 + half - 0.5;
                let column = (((x + 0.5) / factor) as usize).min(meeting.width - 1);
                let at = row * meeting.width + column;
                let (u, v) = (meeting.u[at] * factor, meeting.v[at] * factor);
                let a = a.at(x - t * u, y - t * v);
                let b = b.at(x + (1.0 - t) * u, y + (1.0 - t) * v);
                grain::gain(*made, a + (b - a) * t)
            })
            .collect()
    }
}
