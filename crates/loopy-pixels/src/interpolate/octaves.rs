//! Detail broader than grain: what blending two textures that do not fit takes away one and two
//! octaves below the pixels, where eyes are keener than at the finest, is given back.
//!
//! As for grain, the energy of detail in blocks is compared with that of the places of both
//! sources, at half and at a quarter of the size, and the picture's own detail of that octave is
//! amplified by what lacks.

use fearless_simd::{Level as Machine, Simd, dispatch};

use super::{
    Meeting, Sources,
    grain::{self, BLOCK, Blocks},
};
use crate::flow::plane::{LANES, Plane, load};

/// Octaves below the pixels.
pub(super) const OCTAVES: usize = 2;
/// Enlarging detail takes some of it away again.
const ENLARGED: f32 = 1.8;
/// A picture needs at least so many blocks along a side of its octave.
const LEAST_SIDE: usize = 2 * BLOCK;

/// Mean energy of detail in blocks of the octaves of a picture, the finer first.
pub(super) fn energies(luma: &Plane) -> Vec<Blocks> {
    planes(luma)
        .iter()
        .map(|plane| dispatch!(Machine::new(), simd => Blocks::energy(simd, plane)))
        .collect()
}

/// The picture at half the size, a quarter, ..., as far as it is large enough.
fn planes(luma: &Plane) -> Vec<Plane> {
    let mut planes: Vec<Plane> = Vec::with_capacity(OCTAVES);
    for _ in 0..OCTAVES {
        let small = planes.last().unwrap_or(luma).halved();
        if small.width.min(small.height) < LEAST_SIDE {
            break;
        }
        planes.push(small);
    }
    planes
}

/// Writes `made` with what it lacks.
#[inline(always)]
fn add<S: Simd>(simd: S, made: &Plane, lack: &Plane, luma: &mut [u8]) {
    for (y, row) in luma.chunks_exact_mut(made.width).enumerate() {
        let [made, lack] = [made, lack].map(|plane| &plane.data[plane.start(y)..]);
        for (at, bytes) in row.chunks_mut(LANES).enumerate() {
            let at = at * LANES;
            grain::write(simd, load(simd, made, at) + load(simd, lack, at), bytes);
        }
    }
}

impl Sources {
    /// Gives `luma`, made at time `t`, the detail of its sources back.
    pub(super) fn restore(
        &self,
        level: Machine,
        luma: &mut [u8],
        width: usize,
        t: f32,
        meeting: &Meeting,
    ) {
        let made = Plane::from_bytes(width, luma.len() / width, luma);
        let mut lack: Option<Plane> = None;
        for (octave, plane) in planes(&made).iter().enumerate().rev() {
            let broader = lack.map(|lack| lack.doubled(plane.width, plane.height, 1.0));
            let own = dispatch!(level, simd => self.lack(simd, plane, octave, t, meeting));
            lack = match (own, broader) {
                (Some(mut own), Some(broader)) => {
                    for (sum, sample) in own.data.iter_mut().zip(&broader.data) {
                        *sum += sample;
                    }
                    Some(own)
                }
                (own, broader) => own.or(broader),
            };
        }
        let Some(lack) = lack else {
            return;
        };
        let lack = lack.doubled(made.width, made.height, 1.0);
        dispatch!(level, simd => add(simd, &made, &lack, luma));
    }

    /// What `plane`, an octave of a picture, lacks; `None` where nothing does.
    #[inline(always)]
    fn lack<S: Simd>(
        &self,
        simd: S,
        plane: &Plane,
        octave: usize,
        t: f32,
        meeting: &Meeting,
    ) -> Option<Plane> {
        let made = Blocks::energy(simd, plane);
        let gains = made.map(|x, y, made| {
            let wanted = self.wanted(octave, x, y, t, meeting);
            (grain::gain(made, wanted) - 1.0) * ENLARGED
        });
        if gains.all(|gain| gain <= 0.0) {
            return None;
        }
        let wide = gains.widened(plane.width);
        let mut lack = plane.same();
        for y in 0..plane.height {
            let (upper, lower, down) = gains.between(y);
            let gains = wide[upper].iter().zip(&wide[lower]);
            let start = plane.start(y);
            let [above, here, below] = [start - plane.stride, start, start + plane.stride]
                .map(|start| &plane.data[start - 1..=start + plane.width]);
            let rows = here.windows(3).zip(above[1..].iter().zip(&below[1..]));
            let outs = lack.row_mut(y).iter_mut().zip(gains);
            for ((out, (upper, lower)), (row, (above, below))) in outs.zip(rows) {
                let detail = row[1] - ((row[0] + row[2]) + (above + below)) * 0.25;
                *out = detail * (upper + (lower - upper) * down);
            }
        }
        lack.fill_border();
        Some(lack)
    }

    /// The energy that a place of an octave should have: that of the places it was taken from.
    fn wanted(&self, octave: usize, x: f32, y: f32, t: f32, meeting: &Meeting) -> f32 {
        // Samples of the octave to a pixel of the flow, along a side.
        let scale = self.factor as f32 / (2 << octave) as f32;
        let cell = |at: f32, cells: usize| (((at + 0.5) / scale) as usize).min(cells - 1);
        let at = cell(y, meeting.height) * meeting.width + cell(x, meeting.width);
        let (u, v) = (meeting.u[at] * scale, meeting.v[at] * scale);
        let [a, b] = [0, 1].map(|side| &self.sides[side].octaves[octave]);
        let a = a.at(x - t * u, y - t * v);
        let b = b.at(x + (1.0 - t) * u, y + (1.0 - t) * v);
        a + (b - a) * t
    }
}
