//! The film as rows of equal length, like lines of text: where each stretch of it lies.

use loopy_core::Plan;

use super::scales;

/// Visits that are drawn: more would make the page slow to open.
pub(super) const MOST: usize = 24_000;
/// Visits of a row, at least, and rows for many visits.
const A_ROW: usize = 40;
const ROWS: usize = 130;
/// Units of a row from its start to its end.
pub(super) const WIDTH: f64 = 1000.0;

/// How the film is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rows {
    /// Visits that are drawn.
    pub(super) visits: usize,
    /// Output frames that are drawn.
    pub(super) frames: u64,
    /// Output frames of a row.
    pub(super) length: u64,
    /// Rows.
    pub(super) count: usize,
}

/// A part of a stretch within one row, in units from the row's start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Piece {
    pub(super) row: usize,
    pub(super) from: f64,
    pub(super) until: f64,
}

impl Rows {
    pub(super) fn of(plan: &Plan) -> Self {
        let visits = plan.visits.len().min(MOST);
        let frames = match plan.visits.get(visits) {
            Some(next) => next.start,
            None => plan.frames,
        };
        let wanted = A_ROW.max(visits.div_ceil(ROWS)) as u64;
        let micros = plan.fps.micros(frames).unsigned_abs() * wanted / (visits as u64).max(1);
        let length = plan
            .fps
            .frames_in(scales::usual(micros.div_ceil(1_000_000)) * 1_000_000);
        // A film of one row fills it.
        let length = length.min(frames).max(1);
        Self {
            visits,
            frames,
            length,
            count: frames.div_ceil(length) as usize,
        }
    }

    /// Where the output frames from `start` up to `end` lie.
    pub(super) fn pieces(self, start: u64, end: u64) -> impl Iterator<Item = Piece> {
        let end = end.min(self.frames);
        let last = end.saturating_sub(1) / self.length;
        let x = move |frame: u64| frame as f64 * WIDTH / self.length as f64;
        (start / self.length..=last)
            .filter(move |_| start < end)
            .map(move |row| {
                let begin = row * self.length;
                Piece {
                    row: row as usize,
                    from: x(start.max(begin) - begin),
                    until: x(end.min(begin + self.length) - begin),
                }
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_over_the_end_of_a_row_goes_on_in_the_next() {
        let rows = Rows {
            visits: 3,
            frames: 250,
            length: 100,
            count: 3,
        };
        let pieces: Vec<Piece> = rows.pieces(90, 220).collect();
        let piece = |row, from, until| Piece { row, from, until };
        assert_eq!(
            pieces,
            [
                piece(0, 900.0, 1000.0),
                piece(1, 0.0, 1000.0),
                piece(2, 0.0, 200.0)
            ]
        );
        assert_eq!(
            rows.pieces(100, 200).collect::<Vec<_>>(),
            [piece(1, 0.0, 1000.0)]
        );
        assert_eq!(
            rows.pieces(240, 900).collect::<Vec<_>>(),
            [piece(2, 400.0, 500.0)]
        );
        assert_eq!(rows.pieces(30, 30).count(), 0);
    }
}
