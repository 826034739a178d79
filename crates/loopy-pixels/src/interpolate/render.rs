//! The picture itself: taken from both sides along the motion, blended, its grain restored.

use fearless_simd::{Level as Machine, Simd, dispatch};
use loopy_core::{Frame, Size};

use super::{
    Meeting, Sources, grain,
    grain::{BLOCK, Blocks},
    warp::{self, Places},
};
use crate::flow::plane::{LANES, Plane, load, store};

/// A share this near to an end shows only that side.
const ONE_SIDED: f32 = 1.0 / 256.0;

/// Motion and share along one row of a picture.
struct Row {
    u: Vec<f32>,
    v: Vec<f32>,
    share: Vec<f32>,
}

/// Brings rows of the flow to the size of the pictures.
struct Enlarger<'a> {
    meeting: &'a Meeting,
    factor: usize,
    lines: [Vec<f32>; 3],
}

impl<'a> Enlarger<'a> {
    fn new(meeting: &'a Meeting, factor: usize) -> Self {
        Self {
            meeting,
            factor,
            lines: std::array::from_fn(|_| vec![0.0; meeting.width + 2]),
        }
    }

    /// Row `y` of the picture, bilinear; motion in pixels of the picture.
    fn row(&mut self, y: usize, out: &mut Row) {
        let Meeting { width, height, .. } = *self.meeting;
        let factor = self.factor;
        // Half a pixel of the flow is added so that the first centre is not below zero.
        let place = y + factor / 2;
        let part = phase(place % factor, factor);
        let below = (place / factor).min(height - 1);
        let above = (place / factor).saturating_sub(1).min(height - 1);
        let gains = [factor as f32, factor as f32, 1.0];
        let planes = [&self.meeting.u, &self.meeting.v, &self.meeting.share];
        let targets = [&mut out.u, &mut out.v, &mut out.share];
        for (((plane, line), target), gain) in planes
            .into_iter()
            .zip(&mut self.lines)
            .zip(targets)
            .zip(gains)
        {
            let rows = plane[above * width..][..width]
                .iter()
                .zip(&plane[below * width..][..width]);
            for (sample, (above, below)) in line[1..=width].iter_mut().zip(rows) {
                *sample = (above + (below - above) * part) * gain;
            }
            line[0] = line[1];
            line[width + 1] = line[width];
            let skip = factor / 2;
            for (index, cell) in line.windows(2).enumerate() {
                let step = cell[1] - cell[0];
                for inside in 0..factor {
                    let x = (index * factor + inside).wrapping_sub(skip);
                    if let Some(sample) = target.get_mut(x) {
                        *sample = cell[0] + step * phase(inside, factor);
                    }
                }
            }
            let filled = ((width + 1) * factor - skip).min(target.len());
            target[filled..].fill(line[width]);
        }
    }
}

/// Where a pixel lies between two centres of the flow.
fn phase(inside: usize, factor: usize) -> f32 {
    if factor.is_multiple_of(2) {
        (inside as f32 + 0.5) / factor as f32
    } else {
        // The centre of the middle pixel is the centre of the flow's.
        (inside + 1) as f32 / factor as f32
    }
}

impl Sources {
    /// The picture at time `t`.
    pub(super) fn render(&self, size: Size, t: f32) -> Frame {
        let meeting = Meeting::new(self, t);
        dispatch!(Machine::new(), simd => self.draw(simd, size, t, &meeting))
    }

    #[inline(always)]
    fn draw<S: Simd>(&self, simd: S, size: Size, t: f32, meeting: &Meeting) -> Frame {
        let mut out = Frame::black(size);
        let (width, height) = (self.a[0].width, self.a[0].height);
        let padded = width.next_multiple_of(LANES);
        let blank = || vec![0.0; padded];
        let mut row = Row {
            u: blank(),
            v: blank(),
            share: blank(),
        };
        let mut enlarger = Enlarger::new(meeting, self.factor);
        let mut drawn = Plane::new(width, height);
        let [luma, tone_u, tone_v] = out.planes_mut();
        let mut tones = tone_u
            .chunks_exact_mut(width / 2)
            .zip(tone_v.chunks_exact_mut(width / 2));
        let mut places = Places {
            x: blank(),
            y: blank(),
        };
        let columns: Vec<f32> = (0..padded).map(|x| x as f32).collect();
        let mut side = [blank(), blank()];
        for y in 0..height {
            enlarger.row(y, &mut row);
            let (least, most) = row.share[..width]
                .iter()
                .fold((1.0_f32, 0.0_f32), |(a, b), s| (a.min(*s), b.max(*s)));
            let travels = [-t, 1.0 - t];
            let seen = [least < 1.0 - ONE_SIDED, most > ONE_SIDED];
            for (which, (plane, line)) in [&self.a[0], &self.b[0]]
                .into_iter()
                .zip(&mut side)
                .enumerate()
            {
                if !seen[which] {
                    continue;
                }
                let travel = travels[which];
                for x in (0..padded).step_by(LANES) {
                    let (u, v) = (load(simd, &row.u, x), load(simd, &row.v, x));
                    let column = load(simd, &columns, x);
                    store(u * travel + column, &mut places.x, x);
                    store(v * travel + y as f32, &mut places.y, x);
                }
                simd.vectorize(
                    #[inline(always)]
                    || warp::cubic(simd, plane, &places, line),
                );
            }
            let start = drawn.start(y);
            for x in (0..padded).step_by(LANES) {
                let (a, b) = (load(simd, &side[0], x), load(simd, &side[1], x));
                let mixed = match seen {
                    [true, true] => a + (b - a) * load(simd, &row.share, x),
                    [_, false] => a,
                    [false, true] => b,
                };
                store(mixed, &mut drawn.data, start + x);
            }
            if y % 2 == 0
                && let Some(lines) = tones.next()
            {
                self.tones(y / 2, t, &row, lines);
            }
        }
        drawn.fill_border();
        simd.vectorize(
            #[inline(always)]
            || self.restore(simd, &drawn, t, meeting, luma),
        );
        out
    }

    /// One row of both chroma planes.
    #[inline(always)]
    fn tones(&self, y: usize, t: f32, row: &Row, lines: (&mut [u8], &mut [u8])) {
        let samples = lines.0.iter_mut().zip(lines.1);
        let moves = row.u.iter().zip(&row.v).zip(&row.share).step_by(2);
        for ((x, (cb, cr)), ((u, v), share)) in samples.enumerate().zip(moves) {
            let (u, v) = (u * 0.5, v * 0.5);
            let (x, y) = (x as f32, y as f32);
            let [a_u, a_v] = warp::linear(&self.a[1], &self.a[2], x - t * u, y - t * v);
            let rest = 1.0 - t;
            let [b_u, b_v] = warp::linear(&self.b[1], &self.b[2], x + rest * u, y + rest * v);
            *cb = (a_u + (b_u - a_u) * share + 0.5) as u8;
            *cr = (a_v + (b_v - a_v) * share + 0.5) as u8;
        }
    }

    /// Writes the luma with as much fine detail as its sources have.
    #[inline(always)]
    fn restore<S: Simd>(&self, simd: S, drawn: &Plane, t: f32, meeting: &Meeting, out: &mut [u8]) {
        let made = grain::energy(simd, drawn);
        let gains = self.gains(&made, t, meeting);
        let padded = drawn.width.next_multiple_of(LANES);
        let (mut line, mut sharp) = (vec![1.0; padded], vec![0.0; padded]);
        for (y, bytes) in out.chunks_exact_mut(drawn.width).enumerate() {
            gain_line(&gains, y, &mut line);
            grain::amplify(simd, drawn, y, &line, &mut sharp);
            for (byte, sample) in bytes.iter_mut().zip(&sharp) {
                *byte = (sample + 0.5) as u8;
            }
        }
    }

    /// The gain of each block: its wanted energy is that of the places it was taken from.
    fn gains(&self, made: &Blocks, t: f32, meeting: &Meeting) -> Blocks {
        let factor = self.factor as f32;
        let half = BLOCK as f32 / 2.0;
        let values = made
            .values
            .iter()
            .enumerate()
            .map(|(index, made_here)| {
                let x = (index % made.columns * BLOCK) as f32 + half - 0.5;
                let y = (index / made.columns * BLOCK) as f32 + half - 0.5;
                let column = (((x + 0.5) / factor) as usize).min(meeting.width - 1);
                let row = (((y + 0.5) / factor) as usize).min(meeting.height - 1);
                let at = row * meeting.width + column;
                let (u, v) = (meeting.u[at] * factor, meeting.v[at] * factor);
                let a = self.grain_a.at(x - t * u, y - t * v);
                let b = self.grain_b.at(x + (1.0 - t) * u, y + (1.0 - t) * v);
                grain::gain(*made_here, a + (b - a) * t)
            })
            .collect();
        Blocks {
            columns: made.columns,
            rows: made.rows,
            values,
        }
    }
}

/// Gains along a row of pixels, bilinear between blocks.
fn gain_line(gains: &Blocks, y: usize, line: &mut [f32]) {
    let half = BLOCK / 2;
    let place = y + half;
    let part = ((place % BLOCK) as f32 + 0.5) / BLOCK as f32;
    let below = (place / BLOCK).min(gains.rows - 1);
    let above = (place / BLOCK).saturating_sub(1).min(gains.rows - 1);
    let at = |column: usize| {
        let (a, b) = (
            gains.values[above * gains.columns + column],
            gains.values[below * gains.columns + column],
        );
        a + (b - a) * part
    };
    let edge = half.min(line.len());
    line[..edge].fill(at(0));
    for (column, cell) in line[edge..].chunks_mut(BLOCK).enumerate() {
        let left = at(column.min(gains.columns - 1));
        let right = at((column + 1).min(gains.columns - 1));
        let step = (right - left) / BLOCK as f32;
        for (x, gain) in cell.iter_mut().enumerate() {
            *gain = left + step * (x as f32 + 0.5);
        }
    }
}
