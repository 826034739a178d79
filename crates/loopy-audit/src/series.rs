//! A strip of consecutive pictures measured once: every step over one, two and three frames, bends
//! of the row, motion.

use std::sync::Arc;

use crate::{
    look::{BINS, Look},
    motion::Field,
    robust::{quantile, sorted},
};

/// Two looks apart by some frames.
#[derive(Clone, Debug, Default)]
pub(crate) struct Step {
    /// Mean absolute luma difference of each cell in code values.
    pub(crate) cells: Vec<f32>,
    pub(crate) mean: f32,
    /// 95 % and 10 % quantiles of the cells.
    pub(crate) high: f32,
    pub(crate) low: f32,
}

impl Step {
    fn of(cells: Vec<f32>) -> Self {
        let order = sorted(cells.iter().copied());
        Self {
            mean: cells.iter().sum::<f32>() / cells.len().max(1) as f32,
            high: quantile(&order, 0.95),
            low: quantile(&order, 0.1),
            cells,
        }
    }

    pub(crate) fn between(a: &Look, b: &Look) -> Self {
        let ([a, ..], [b, ..], grid) = (a.small.planes(), b.small.planes(), &a.grid);
        Self::of(grid.means(|range| {
            let pairs = a[range.clone()].iter().zip(&b[range]);
            pairs.map(|(a, b)| u32::from(a.abs_diff(*b))).sum()
        }))
    }

    /// How far the middle one lies from the mean of the outer two, times two.
    fn bend(a: &Look, b: &Look, c: &Look) -> Self {
        let grid = &a.grid;
        let ([a, ..], [b, ..], [c, ..]) = (a.small.planes(), b.small.planes(), c.small.planes());
        Self::of(grid.means(|range| {
            let outer = a[range.clone()].iter().zip(&c[range.clone()]);
            outer
                .zip(&b[range])
                .map(|((a, c), b)| {
                    (i32::from(*a) + i32::from(*c) - 2 * i32::from(*b)).unsigned_abs()
                })
                .sum()
        }))
    }
}

/// A measured strip. Index p is the step from look p-1 to look p; index 0 is empty.
#[derive(Clone, Debug)]
pub struct Series {
    pub(crate) looks: Vec<Arc<Look>>,
    pub(crate) steps: Vec<Step>,
    pub(crate) chroma: Vec<f32>,
    pub(crate) histogram: Vec<f32>,
    pub(crate) fields: Vec<Option<Field>>,
    /// Bend of looks p-2, p-1, p.
    pub(crate) bends: Vec<Step>,
    /// Mean steps over two and three frames that end at p.
    pub(crate) over_two: Vec<f32>,
    pub(crate) over_three: Vec<f32>,
}

impl Series {
    /// Measures a strip of looks of one size, in display order.
    pub fn new(looks: Vec<Arc<Look>>) -> Self {
        let count = looks.len();
        let chroma = |a: &Look, b: &Look| {
            let sums = (1..3).map(|plane| {
                let (a, b) = (a.small.planes()[plane], b.small.planes()[plane]);
                let pairs = a.iter().zip(b);
                let sum: u32 = pairs.map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
                sum as f32 / a.len().max(1) as f32
            });
            sums.sum()
        };
        let histogram = |a: &Look, b: &Look| distance(&a.histogram, &b.histogram);
        let mean = |a: &Look, b: &Look| Step::between(a, b).mean;
        let over = |lag: usize, of: &dyn Fn(&Look, &Look) -> f32| -> Vec<f32> {
            (0..count)
                .map(|p| {
                    if p < lag {
                        0.0
                    } else {
                        of(&looks[p - lag], &looks[p])
                    }
                })
                .collect()
        };
        Self {
            steps: (0..count)
                .map(|p| {
                    if p < 1 {
                        Step::default()
                    } else {
                        Step::between(&looks[p - 1], &looks[p])
                    }
                })
                .collect(),
            chroma: over(1, &chroma),
            histogram: over(1, &histogram),
            fields: (0..count)
                .map(|p| (p > 0).then(|| Field::between(&looks[p - 1], &looks[p])))
                .collect(),
            bends: (0..count)
                .map(|p| {
                    if p < 2 {
                        Step::default()
                    } else {
                        Step::bend(&looks[p - 2], &looks[p - 1], &looks[p])
                    }
                })
                .collect(),
            over_two: over(2, &mean),
            over_three: over(3, &mean),
            looks,
        }
    }

    /// Looks in the strip.
    pub(crate) fn len(&self) -> usize {
        self.looks.len()
    }
}

/// Half the sum of absolute differences of two histograms: 0 equal, 1 disjoint.
pub(crate) fn distance(a: &[f32; BINS], b: &[f32; BINS]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum::<f32>() / 2.0
}

/// Mean absolute luma difference of two looks of one size in code values.
pub fn apart(a: &Look, b: &Look) -> f32 {
    Step::between(a, b).mean
}
