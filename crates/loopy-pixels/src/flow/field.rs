//! A field of motion and what can be asked of it.

use super::{places::sample, plane::Plane};

/// Motion of every pixel, in pixels of this field's own size, packed rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Motion to the right.
    pub u: Vec<f32>,
    /// Motion downwards.
    pub v: Vec<f32>,
}

impl Field {
    pub(super) fn from_planes(u: &Plane, v: &Plane) -> Self {
        let pack = |plane: &Plane| {
            let mut packed = Vec::with_capacity(plane.width * plane.height);
            for y in 0..plane.height {
                packed.extend_from_slice(plane.row(y));
            }
            packed
        };
        Self {
            width: u.width,
            height: u.height,
            u: pack(u),
            v: pack(v),
        }
    }

    /// Motion at a place between pixels, bilinear; outside counts as the nearest edge.
    pub fn at(&self, x: f32, y: f32) -> (f32, f32) {
        if self.u.is_empty() {
            return (0.0, 0.0);
        }
        let at = |plane: &[f32]| sample(plane, self.width, self.height, x, y);
        (at(&self.u), at(&self.v))
    }

    /// Robust mean motion of each cell of a grid, row by row: of both components the mean of the
    /// middle half of its values. Cells without pixels (a grid finer than the field) take the
    /// pixel at their place, cells of more than 100 every second pixel both ways; an empty grid or field gives nothing.
    pub fn grid(&self, columns: usize, rows: usize) -> Vec<(f32, f32)> {
        if self.u.is_empty() {
            return Vec::new();
        }
        let mut cells = Vec::with_capacity(columns * rows);
        let mut values = Vec::new();
        for row in 0..rows {
            let ys = span(row, rows, self.height);
            for column in 0..columns {
                let xs = span(column, columns, self.width);
                let step = if xs.len() * ys.len() > ENOUGH { 2 } else { 1 };
                let mut middle = |plane: &[f32]| {
                    values.clear();
                    for y in ys.clone().step_by(step) {
                        let row = &plane[y * self.width..][xs.clone()];
                        values.extend(row.iter().step_by(step));
                    }
                    interquartile_mean(&mut values)
                };
                cells.push((middle(&self.u), middle(&self.v)));
            }
        }
        cells
    }
}

/// Pixels of a cell: at least one.
fn span(cell: usize, cells: usize, side: usize) -> std::ops::Range<usize> {
    let start = (cell * side / cells).min(side - 1);
    start..((cell + 1) * side / cells).max(start + 1)
}

/// Pixels of a cell that tell its motion well enough.
const ENOUGH: usize = 100;
/// Steps in a pixel of motion.
const STEPS: f64 = 65_536.0;

fn interquartile_mean(values: &mut [f32]) -> f32 {
    let cut = values.len() / 4;
    let kept = values.len() - 2 * cut;
    if cut > 0 {
        values.select_nth_unstable_by(cut, f32::total_cmp);
        values[cut..].select_nth_unstable_by(kept - 1, f32::total_cmp);
    }
    // Summed in whole steps: one result whatever order the selection left.
    let steps: i64 = values[cut..cut + kept]
        .iter()
        .map(|value| (f64::from(*value) * STEPS) as i64)
        .sum();
    (steps as f64 / (kept as f64 * STEPS)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_ignores_a_quarter_of_outliers() {
        let mut field = Field {
            width: 8,
            height: 4,
            u: vec![2.0; 32],
            v: vec![-1.0; 32],
        };
        for wild in [0, 1, 8] {
            field.u[wild] = 1000.0;
            field.v[wild] = f32::from(wild as u8) * -500.0;
        }
        let grid = field.grid(2, 1);
        assert_eq!(grid, [(2.0, -1.0), (2.0, -1.0)]);
        assert_eq!(field.grid(16, 9).len(), 144);
        assert!(field.grid(0, 5).is_empty());
    }

    #[test]
    fn motion_between_pixels_is_interpolated() {
        let field = Field {
            width: 2,
            height: 2,
            u: vec![0.0, 1.0, 2.0, 3.0],
            v: vec![0.0; 4],
        };
        assert_eq!(field.at(0.5, 0.5), (1.5, 0.0));
        assert_eq!(field.at(-3.0, 9.0), (2.0, 0.0));
    }
}
