//! The least squares system of one channel, solved by conjugate gradients (Hestenes and Stiefel
//! 1952). Sums run in one fixed order: equal inputs give equal bits.

use super::agree::Evidence;

/// Standard deviations of the prior towards no change: gain, and offset in code values. They are
/// also the units in which the system is solved.
const UNITS: [f64; 2] = [0.05, 5.0];
/// Weight that holds the mean of a group at no change: differences alone would be least if every
/// gain were 0.
const HELD: f64 = 100.0;
/// Squared residual, as a share of the right side's, at which the answer is good.
const GOOD: f64 = 1e-16;

/// What a clip's channel is changed by.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Parameters {
    /// Gain less 1.
    pub(crate) gain: f64,
    /// Offset in code values.
    pub(crate) offset: f64,
}

/// What one pair of clips adds: the 4 x 4 block for gain and offset of both, and its right side.
struct Block {
    clips: [usize; 2],
    matrix: [[f64; 4]; 4],
    right: [f64; 4],
}

/// The normal equations of one channel.
pub(crate) struct System<'a> {
    blocks: Vec<Block>,
    groups: &'a [Vec<usize>],
    held: &'a [bool],
}

impl<'a> System<'a> {
    /// All pairs of the same two clips count together as one at most: many edges between two clips
    /// are not many witnesses. Clips that are `held` stay where the search starts; `groups` are
    /// those of which none is.
    pub(crate) fn new(
        evidence: &[Evidence],
        weights: &[f64],
        groups: &'a [Vec<usize>],
        held: &'a [bool],
        channel: usize,
    ) -> Self {
        let mut whole = std::collections::BTreeMap::<[usize; 2], f64>::new();
        let key = |[a, b]: [usize; 2]| [a.min(b), a.max(b)];
        for (pair, weight) in evidence.iter().zip(weights) {
            *whole.entry(key(pair.clips)).or_default() += weight;
        }
        let blocks = evidence
            .iter()
            .zip(weights)
            .map(|(pair, weight)| {
                let weight = weight / whole[&key(pair.clips)].max(1.0);
                block(pair, weight, channel)
            })
            .collect();
        Self {
            blocks,
            groups,
            held,
        }
    }

    /// The solution, searched from `start`.
    pub(crate) fn solve(&self, start: Vec<Parameters>) -> Vec<Parameters> {
        let mut found: Vec<f64> = start
            .into_iter()
            .flat_map(|clip| [clip.gain / UNITS[0], clip.offset / UNITS[1]])
            .collect();
        let mut right = vec![0.0; found.len()];
        for block in &self.blocks {
            for (at, value) in places(block.clips).into_iter().zip(block.right) {
                right[at] += value;
            }
        }
        let enough = GOOD * dot(&right, &right);
        let mut residual = self.times(&found);
        for (residual, right) in residual.iter_mut().zip(&right) {
            *residual = right - *residual;
        }
        self.still(&mut residual);
        let mut direction = residual.clone();
        let mut size = dot(&residual, &residual);
        for _ in 0..2 * found.len() + 20 {
            if size <= enough {
                break;
            }
            let mut image = self.times(&direction);
            self.still(&mut image);
            let step = size / dot(&direction, &image);
            add(&mut found, step, &direction);
            add(&mut residual, -step, &image);
            let next = dot(&residual, &residual);
            let share = next / size;
            for (direction, residual) in direction.iter_mut().zip(&residual) {
                *direction = residual + share * *direction;
            }
            size = next;
        }
        let (clips, _) = found.as_chunks::<2>();
        clips
            .iter()
            .map(|[gain, offset]| Parameters {
                gain: gain * UNITS[0],
                offset: offset * UNITS[1],
            })
            .collect()
    }

    /// Nothing moves the clips that are held.
    fn still(&self, vector: &mut [f64]) {
        let (clips, _) = vector.as_chunks_mut::<2>();
        for (clip, held) in clips.iter_mut().zip(self.held) {
            if *held {
                *clip = [0.0; 2];
            }
        }
    }

    /// The matrix times `vector`: the prior, the pairs, and the mean of each group.
    fn times(&self, vector: &[f64]) -> Vec<f64> {
        let mut image = vector.to_vec();
        for block in &self.blocks {
            let at = places(block.clips);
            for (to, row) in at.into_iter().zip(&block.matrix) {
                image[to] += row
                    .iter()
                    .zip(at)
                    .map(|(value, at)| value * vector[at])
                    .sum::<f64>();
            }
        }
        for group in self.groups {
            for part in 0..2 {
                let sum: f64 = group.iter().map(|clip| vector[2 * clip + part]).sum();
                let mean = HELD * sum / group.len() as f64;
                for clip in group {
                    image[2 * clip + part] += mean;
                }
            }
        }
        image
    }
}

fn places([a, b]: [usize; 2]) -> [usize; 4] {
    [2 * a, 2 * a + 1, 2 * b, 2 * b + 1]
}

/// With `v = (x, 1, -y, -1)` in units, the block is the mean of `v v'` and the right side that of
/// `v (y - x)`.
fn block(pair: &Evidence, weight: f64, channel: usize) -> Block {
    let sums = pair.channels[channel];
    let [gain, offset] = UNITS;
    let scale = [gain, offset, gain, offset];
    let products = [
        [sums.xx, sums.x, -sums.xy, -sums.x],
        [sums.x, 1.0, -sums.y, -1.0],
        [-sums.xy, -sums.y, sums.yy, sums.y],
        [-sums.x, -1.0, sums.y, 1.0],
    ];
    let differences = [
        sums.xy - sums.xx,
        sums.y - sums.x,
        sums.xy - sums.yy,
        sums.x - sums.y,
    ];
    let mut matrix = products;
    for (row, a) in matrix.iter_mut().zip(scale) {
        for (value, b) in row.iter_mut().zip(scale) {
            *value *= weight * a * b;
        }
    }
    let mut right = differences;
    for (value, a) in right.iter_mut().zip(scale) {
        *value *= weight * a;
    }
    Block {
        clips: pair.clips,
        matrix,
        right,
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(to: &mut [f64], share: f64, what: &[f64]) {
    for (to, what) in to.iter_mut().zip(what) {
        *to += share * what;
    }
}
