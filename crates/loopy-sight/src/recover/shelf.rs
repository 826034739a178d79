//! All output frames of all clips side by side, and how far a frame of the film is from each of
//! them: one matrix product for many frames.
//!
//! The distance is what is left between the cells when light and contrast are allowed to differ as
//! much as a clip's correction may change them, as a mean square in code values.

use std::{collections::BTreeMap, ops::Range};

use ndarray::{Array2, s};

use super::{Part, Row, normal};
use crate::fingerprint::{PARTS, Prints};

/// Contrast that a correction may give or take.
const GAIN: (f32, f32) = (0.85, 1.18);
/// Light that a correction may give or take, with that contrast, in code values.
const LIGHT: f32 = 40.0;

/// Cells that tell where two frames differ most.
const PEAK: usize = 6;

/// All states: a state is one output frame of one clip.
pub(super) struct Shelf {
    /// States of each row, next to each other.
    rows: Vec<Range<usize>>,
    groups: Vec<Group>,
    owners: Vec<u32>,
}

/// States whose clips cover the same cells.
struct Group {
    states: Range<usize>,
    places: Vec<usize>,
    /// A unit vector for each state.
    units: Array2<f32>,
    levels: Vec<Level>,
}

/// Mean and spread of a frame's cells in code values.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    mean: f32,
    spread: f32,
}

impl Level {
    /// Spread of the other frame in the contrast that fits this one best, when their unit vectors
    /// have this product.
    fn gained(self, other: Self, product: f32) -> f32 {
        (product * self.spread).clamp(GAIN.0 * other.spread, GAIN.1 * other.spread)
    }

    /// Mean square that is left between two frames whose unit vectors have this product.
    fn apart(self, other: Self, product: f32) -> f32 {
        let gained = self.gained(other, product);
        let along = product * self.spread;
        let shape = self.spread * self.spread + gained * (gained - 2.0 * along);
        let light = ((self.mean - other.mean).abs() - LIGHT).max(0.0);
        shape.max(0.0) + light * light
    }
}

impl Shelf {
    pub(super) fn new(rows: &[Row]) -> Self {
        let mut parts: BTreeMap<Part, Vec<usize>> = BTreeMap::new();
        for (index, row) in rows.iter().enumerate() {
            if !row.prints.is_empty() {
                parts.entry(row.prints.part()).or_default().push(index);
            }
        }
        let mut shelf = Self {
            rows: vec![0..0; rows.len()],
            groups: Vec::new(),
            owners: Vec::new(),
        };
        for (part, members) in parts {
            let start = shelf.owners.len();
            for index in members {
                let first = shelf.owners.len();
                let until = first + rows[index].taps.len();
                shelf.rows[index] = first..until;
                shelf.owners.resize(until, index as u32);
            }
            let states = start..shelf.owners.len();
            let cells = part.cells();
            let mut units = Array2::zeros((states.len(), cells));
            let mut levels = Vec::with_capacity(states.len());
            for (state, mut unit) in states.clone().zip(units.rows_mut()) {
                let index = shelf.owners[state] as usize;
                let tap = rows[index].taps[state - shelf.rows[index].start];
                let values = rows[index].prints.frame(tap as usize).iter();
                let values = values.map(|value| f32::from(*value) / PARTS);
                if let Some(into) = unit.as_slice_mut() {
                    let (mean, spread) = normal(values, into);
                    levels.push(Level { mean, spread });
                }
            }
            shelf.groups.push(Group {
                states,
                places: part.places().collect(),
                units,
                levels,
            });
        }
        shelf
    }

    /// Number of states.
    pub(super) fn len(&self) -> usize {
        self.owners.len()
    }

    /// Number of rows.
    pub(super) fn count(&self) -> usize {
        self.rows.len()
    }

    /// States of a row.
    pub(super) fn states(&self, row: usize) -> Range<usize> {
        self.rows[row].clone()
    }

    /// Rows with their states, in the order of the states.
    pub(super) fn in_order(&self) -> Vec<(usize, Range<usize>)> {
        let mut order: Vec<(usize, Range<usize>)> = self.rows.iter().cloned().enumerate().collect();
        order.retain(|(_, states)| !states.is_empty());
        order.sort_unstable_by_key(|(_, states)| states.start);
        order
    }

    /// The row of a state.
    pub(super) fn row(&self, state: usize) -> usize {
        self.owners[state] as usize
    }

    /// How far each of `frames` of the film is from every state.
    pub(super) fn apart(&self, film: &Prints, frames: &[usize]) -> Array2<f32> {
        let mut apart = Array2::zeros((frames.len(), self.len()));
        for group in &self.groups {
            let mut units = Array2::zeros((frames.len(), group.places.len()));
            let mut levels = Vec::with_capacity(frames.len());
            for (frame, mut unit) in frames.iter().zip(units.rows_mut()) {
                if let Some(into) = unit.as_slice_mut() {
                    levels.push(group.level(film, *frame, into));
                }
            }
            let products = units.dot(&group.units.t());
            let mut out = apart.slice_mut(s![.., group.states.clone()]);
            for ((level, products), mut out) in
                levels.iter().zip(products.rows()).zip(out.rows_mut())
            {
                for ((out, product), other) in out.iter_mut().zip(products).zip(&group.levels) {
                    *out = level.apart(*other, *product);
                }
            }
        }
        apart
    }

    /// How far one frame of the film is from one state.
    pub(super) fn one(&self, film: &Prints, frame: usize, state: usize) -> f32 {
        self.beside(film, frame, state, |level, other, unit, cells| {
            let product = unit.iter().zip(cells).map(|(a, b)| a * b).sum();
            level.apart(other, product)
        })
    }

    /// How far one frame of the film is from one state where they differ most: the square of the mean
    /// of some cells.
    pub(super) fn peak(&self, film: &Prints, frame: usize, state: usize) -> f32 {
        self.beside(film, frame, state, |level, other, unit, cells| {
            let product = unit.iter().zip(cells).map(|(a, b)| a * b).sum();
            let gained = level.gained(other, product);
            for (a, b) in unit.iter_mut().zip(cells) {
                let left = *a * level.spread - b * gained;
                *a = left.abs();
            }
            let count = unit.len();
            let most = PEAK.min(count);
            unit.select_nth_unstable_by(most - 1, |a, b| b.total_cmp(a));
            // One cell alone may be off by the fault of a coder, so that it does not count by its square.
            let mean = unit[..most].iter().sum::<f32>() / most as f32;
            // Unit vectors are as long as all their cells together.
            mean * mean * count as f32
        })
    }

    fn beside(
        &self,
        film: &Prints,
        frame: usize,
        state: usize,
        measure: impl FnOnce(Level, Level, &mut [f32], &[f32]) -> f32,
    ) -> f32 {
        let group = self
            .groups
            .iter()
            .find(|group| group.states.contains(&state));
        let Some(group) = group else {
            return f32::INFINITY;
        };
        let mut unit = vec![0.0; group.places.len()];
        let level = group.level(film, frame, &mut unit);
        let other = state - group.states.start;
        let row = group.units.row(other);
        let cells = row.to_slice().unwrap_or(&[]);
        measure(level, group.levels[other], &mut unit, cells)
    }

    /// How far the states `from` are from all states that cover the same cells; all of them lie in
    /// one row. Also which states these are.
    pub(super) fn among(&self, from: &[usize]) -> (Array2<f32>, Range<usize>) {
        let group = from.first().and_then(|state| {
            self.groups
                .iter()
                .find(|group| group.states.contains(state))
        });
        let Some(group) = group else {
            return (Array2::zeros((0, 0)), 0..0);
        };
        let places: Vec<usize> = from
            .iter()
            .map(|state| state - group.states.start)
            .collect();
        let units = group.units.select(ndarray::Axis(0), &places);
        let mut apart = units.dot(&group.units.t());
        for (place, mut row) in places.iter().zip(apart.rows_mut()) {
            for (out, other) in row.iter_mut().zip(&group.levels) {
                *out = group.levels[*place].apart(*other, *out);
            }
        }
        (apart, group.states.clone())
    }
}

impl Group {
    fn level(&self, film: &Prints, frame: usize, into: &mut [f32]) -> Level {
        let values = film.frame(frame);
        let cells = self
            .places
            .iter()
            .map(|place| f32::from(values[*place]) / PARTS);
        let (mean, spread) = normal(cells, into);
        Level { mean, spread }
    }
}
