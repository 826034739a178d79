//! Weights of ordered pairs of clips, given as a table or learned from example sequences.

/// How likely each clip is to follow each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    clips: usize,
    /// Row by row, in 1/2^24 of the largest of the row; 0 for pairs that are not wished.
    weights: Vec<u32>,
}

/// Why a table is no matrix of a library.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Too few or too many rows.
    #[error("the matrix has {found} rows; the library has {clips} clips, and each needs one row")]
    Rows {
        /// Rows given.
        found: usize,
        /// Clips of the library.
        clips: usize,
    },
    /// A row that is too short or too long.
    #[error("row {row} of the matrix has {found} numbers instead of {clips}")]
    Columns {
        /// Row, counted from 1.
        row: usize,
        /// Numbers in it.
        found: usize,
        /// Clips of the library.
        clips: usize,
    },
    /// A weight that is none.
    #[error("row {row}, column {column} of the matrix is {what}; weights are 0 or more")]
    Weight {
        /// Row, counted from 1.
        row: usize,
        /// Column, counted from 1.
        column: usize,
        /// What it is.
        what: &'static str,
    },
    /// A clip that nothing may follow.
    #[error("row {row} of the matrix has no weight over 0: no clip may follow clip {row}")]
    Empty {
        /// Row, counted from 1.
        row: usize,
    },
    /// An example names a clip that is not there.
    #[error("example {example} shows clip {clip}; the library has {clips} clips")]
    Example {
        /// Example, counted from 1.
        example: usize,
        /// The number it gives, counted from 0.
        clip: u32,
        /// Clips of the library.
        clips: usize,
    },
    /// The examples hold no pair.
    #[error("the examples have no two clips in a row: there is nothing to learn from")]
    NoPairs,
}

const LARGEST: f64 = (1 << 24) as f64;

impl Matrix {
    /// The matrix with these rows: `rows[a][b]` is the weight of `b` after `a`. Rows need not sum
    /// to anything. The diagonal counts only where a library has one clip.
    ///
    /// # Errors
    /// [`Error`] when it is not one row and column a clip, or not all weights are numbers of 0 or
    /// more.
    pub fn new(rows: &[Vec<f64>], clips: usize) -> Result<Self, Error> {
        if rows.len() != clips {
            let found = rows.len();
            return Err(Error::Rows { found, clips });
        }
        let mut weights = Vec::with_capacity(clips * clips);
        for (row, numbers) in (1..).zip(rows) {
            if numbers.len() != clips {
                let found = numbers.len();
                return Err(Error::Columns { row, found, clips });
            }
            for (column, number) in (1..).zip(numbers) {
                let what = match *number {
                    number if number.is_nan() => "not a number",
                    number if number.is_infinite() => "infinite",
                    number if number < 0.0 => "negative",
                    _ => continue,
                };
                return Err(Error::Weight { row, column, what });
            }
            let others = (1..)
                .zip(numbers)
                .filter(|(column, _)| clips == 1 || *column != row);
            let largest = others.map(|(_, number)| *number).fold(0.0, f64::max);
            if largest <= 0.0 {
                return Err(Error::Empty { row });
            }
            // One division, one product and one rounding, each exactly that of IEEE 754. What is
            // over 0 stays over 0.
            let scaled = numbers.iter().map(|number| match *number {
                0.0 => 0,
                number => ((number / largest * LARGEST).round() as u32).clamp(1, LARGEST as u32),
            });
            weights.extend(scaled);
        }
        Ok(Self { clips, weights })
    }

    /// Transitions counted in `examples` (clips in the order in which they are to follow each
    /// other), smoothed: every pair counts as seen once in as many examples as there are clips.
    ///
    /// # Errors
    /// [`Error`] when an example shows a clip that is not there, or there is no pair at all.
    pub fn learned(examples: &[Vec<u32>], clips: usize) -> Result<Self, Error> {
        let mut counts = vec![0_u32; clips * clips];
        let mut any = false;
        for (example, row) in (1..).zip(examples) {
            if let Some(&clip) = row.iter().find(|clip| **clip as usize >= clips) {
                return Err(Error::Example {
                    example,
                    clip,
                    clips,
                });
            }
            for pair in row.windows(2) {
                counts[pair[0] as usize * clips + pair[1] as usize] += 1;
                any = true;
            }
        }
        if !any {
            return Err(Error::NoPairs);
        }
        let rows: Vec<Vec<f64>> = counts
            .chunks(clips)
            .map(|row| {
                let smoothed = row.iter().map(|n| u64::from(*n) * clips as u64 + 1);
                smoothed.map(|count| count as f64).collect()
            })
            .collect();
        Self::new(&rows, clips)
    }

    /// All of it: the clips, named by `name`, then a line for each row.
    pub(super) fn words(&self, name: impl Fn(u32) -> String) -> Vec<String> {
        let names: Vec<String> = (0..self.clips as u32).map(name).collect();
        let json = |value: serde_json::Value| value.to_string();
        let mut lines = vec![format!(
            "mode pairs: a row for each clip, weights in 1/16777216 of {}",
            json(serde_json::json!(names))
        )];
        let rows = names.iter().zip(self.weights.chunks(self.clips.max(1)));
        lines.extend(rows.map(|(name, row)| {
            format!(
                "pairs after {}: {}",
                json(name.as_str().into()),
                json(serde_json::json!(row))
            )
        }));
        lines
    }

    /// Clips that it is for.
    pub fn clips(&self) -> usize {
        self.clips
    }

    /// Weight of `to` after `from`, in 1/2^24 of the largest of the row.
    pub fn weight(&self, from: u32, to: u32) -> u32 {
        self.weights[from as usize * self.clips + to as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_becomes_weights_relative_to_the_largest_of_its_row() {
        let rows = vec![
            vec![9.0, 1.0, 0.5],
            vec![0.0, 0.0, 3.0],
            vec![1e-9, 4.0, 0.0],
        ];
        let matrix = Matrix::new(&rows, 3).unwrap();
        assert_eq!(matrix.weight(0, 1), 1 << 24);
        assert_eq!(matrix.weight(0, 2), 1 << 23);
        assert_eq!(matrix.weight(1, 0), 0);
        assert_eq!(matrix.weight(2, 0), 1);
        assert_eq!(
            matrix.words(|clip| format!("\"{clip}")),
            [
                r#"mode pairs: a row for each clip, weights in 1/16777216 of ["\"0","\"1","\"2"]"#,
                r#"pairs after "\"0": [16777216,16777216,8388608]"#,
                r#"pairs after "\"1": [0,0,16777216]"#,
                r#"pairs after "\"2": [1,16777216,0]"#,
            ]
        );
    }

    #[test]
    fn what_is_no_matrix_of_the_library_is_refused_with_its_place() {
        let new = |rows: &[&[f64]]| {
            let rows: Vec<Vec<f64>> = rows.iter().map(|row| row.to_vec()).collect();
            Matrix::new(&rows, 2)
        };
        assert_eq!(new(&[&[0.0, 1.0]]), Err(Error::Rows { found: 1, clips: 2 }));
        let short = Error::Columns {
            row: 2,
            found: 1,
            clips: 2,
        };
        assert_eq!(new(&[&[0.0, 1.0], &[1.0]]), Err(short));
        for (bad, what) in [
            (f64::NAN, "not a number"),
            (f64::INFINITY, "infinite"),
            (-0.1, "negative"),
        ] {
            let error = Error::Weight {
                row: 1,
                column: 2,
                what,
            };
            assert_eq!(new(&[&[0.0, bad], &[1.0, 0.0]]), Err(error));
        }
        assert_eq!(
            new(&[&[1.0, 0.0], &[1.0, 0.0]]),
            Err(Error::Empty { row: 1 })
        );
    }

    #[test]
    fn transitions_are_counted_and_smoothed() {
        let examples = vec![vec![0, 1, 0, 1, 2], vec![0, 2]];
        let matrix = Matrix::learned(&examples, 3).unwrap();
        // After clip 0: clip 1 twice, clip 2 once, each a third more.
        assert_eq!(matrix.weight(0, 1), 1 << 24);
        let share = f64::from(matrix.weight(0, 2)) / f64::from(1 << 24);
        assert!((share - 4.0 / 7.0).abs() < 1e-6);
        // Nothing was seen after clip 2: everything is as likely.
        assert_eq!(matrix.weight(2, 0), matrix.weight(2, 1));
        assert_eq!(Matrix::learned(&[vec![0], vec![]], 3), Err(Error::NoPairs));
        let astray = Matrix::learned(&[vec![0, 1], vec![1, 3]], 3);
        let error = Error::Example {
            example: 2,
            clip: 3,
            clips: 3,
        };
        assert_eq!(astray, Err(error));
    }
}
