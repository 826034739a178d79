//! Broad light between two pictures: what one side is brighter than the other where both show the
//! same thing. Detail comes from one side at a time; this goes evenly from the one to the other,
//! so that a change of sides is no change of light.

use super::soften::soften;
use crate::flow::{places, plane::Plane};

/// How often differences are softened: what is left is light, not detail.
const BROAD: usize = 6;
/// Weight of no difference: where the sides have little in common there is none to follow.
const NONE: f32 = 0.02;

/// Means of luma, U and V in blocks of two by two samples of the flow.
pub(super) struct Tones {
    wide: usize,
    high: usize,
    values: [Vec<f32>; 3],
}

impl Tones {
    /// The tones of a picture whose flow has samples of `factor` pixels, and of the flow's size.
    pub(super) fn new(planes: &[Plane; 3], factor: usize, (width, height): (usize, usize)) -> Self {
        let (wide, high) = (width.div_ceil(2), height.div_ceil(2));
        let side = 2 * factor;
        Self {
            wide,
            high,
            values: [
                means(&planes[0], side, (wide, high)),
                means(&planes[1], factor, (wide, high)),
                means(&planes[2], factor, (wide, high)),
            ],
        }
    }

    /// Tones at a place of the flow, bilinear.
    pub(super) fn at(&self, x: f32, y: f32) -> [f32; 3] {
        let (x, y) = ((x - 0.5) * 0.5, (y - 0.5) * 0.5);
        [0, 1, 2].map(|tone| places::sample(&self.values[tone], self.wide, self.high, x, y))
    }
}

/// Means of square blocks, those at the edge as far as they reach.
fn means(plane: &Plane, side: usize, (wide, high): (usize, usize)) -> Vec<f32> {
    let mut means = vec![0.0; wide * high];
    for (row, means) in means.chunks_exact_mut(wide).enumerate() {
        let lines = (row * side).min(plane.height - 1)..((row + 1) * side).min(plane.height);
        let count = lines.len().max(1) as f32;
        for y in lines {
            let line = plane.row(y);
            for (block, mean) in line.chunks(side).zip(means.iter_mut()) {
                *mean += block.iter().sum::<f32>() / (block.len() as f32 * count);
            }
        }
        let whole = plane.width.div_ceil(side).min(wide);
        let last = means[whole - 1];
        means[whole..].fill(last);
    }
    means
}

/// Differences as they are gathered, each with its weight.
pub(super) struct Light {
    weights: Vec<f32>,
    sums: [Vec<f32>; 3],
}

impl Light {
    pub(super) fn new(wide: usize, high: usize) -> Self {
        let room = || Vec::with_capacity(wide * high);
        Self {
            weights: room(),
            sums: [room(), room(), room()],
        }
    }

    /// Adds the next place: its tones in b and in a.
    pub(super) fn add(&mut self, weight: f32, b: [f32; 3], a: [f32; 3]) {
        self.weights.push(weight);
        for (sums, (b, a)) in self.sums.iter_mut().zip(b.into_iter().zip(a)) {
            sums.push((b - a) * weight);
        }
    }

    /// Weighted means of what lies around each place; nothing where little has a counterpart.
    pub(super) fn spread(mut self, wide: usize) -> [Vec<f32>; 3] {
        let planes = self.sums.iter_mut().chain([&mut self.weights]);
        for plane in planes {
            for _ in 0..BROAD {
                soften(plane, wide);
            }
        }
        for sums in &mut self.sums {
            for (sum, weight) in sums.iter_mut().zip(&self.weights) {
                *sum /= weight + NONE;
            }
        }
        self.sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tones(value: u8) -> Tones {
        let plane = |side| Plane::from_bytes(side, side, &vec![value; side * side]);
        Tones::new(&[plane(30), plane(15), plane(15)], 4, (7, 7))
    }

    #[test]
    fn blocks_that_reach_beyond_the_picture_have_its_tone() {
        let tones = tones(90);
        for (x, y) in [(0.0, 0.0), (6.0, 6.0), (3.2, 5.9)] {
            assert!(tones.at(x, y).iter().all(|tone| (tone - 90.0).abs() < 1e-3));
        }
    }

    #[test]
    fn light_is_what_differs_where_both_sides_agree() {
        let (wide, high) = (32, 8);
        let mut light = Light::new(wide, high);
        for place in 0..wide * high {
            // The right half has no counterpart and would differ by far more.
            let (weight, b) = if place % wide < wide / 2 {
                (1.0, 106.0)
            } else {
                (0.0, 250.0)
            };
            light.add(weight, [b, 128.0, 128.0], [100.0, 128.0, 130.0]);
        }
        let [luma, u, v] = light.spread(wide);
        let row = &luma[3 * wide..][..wide];
        assert!((row[0] - 6.0).abs() < 0.2, "{row:?}");
        assert!(
            row[wide - 1] < 0.5 && row.iter().all(|l| *l <= 6.0),
            "{row:?}"
        );
        assert!(u.iter().all(|u| *u == 0.0));
        assert!((v[0] + 2.0).abs() < 0.1);
    }
}
