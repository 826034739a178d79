//! One clip as pairs are searched: a vector for each frame, and where ports may lie.

use loopy_core::Clip;
use ndarray::Array2;

use super::describe::{self, NUMBERS, STILL_NUMBERS};
use crate::{defects, features::Features};

/// Frames of a clip that tell how far its own frames are apart.
const SAMPLES: usize = 16;

/// One clip, ready to be searched.
pub struct Side {
    clip: Clip,
    /// A row for each usable frame, one before the first and one after the last: what would be
    /// there if the clip went on.
    pub(super) rows: Array2<f32>,
    /// Squared length of each row.
    pub(super) squares: Vec<f32>,
    /// Boundaries at which the clip may be left: the first frame's (never), ..., its end.
    pub(super) leave: Vec<bool>,
    /// Frames with which it may be entered.
    pub(super) enter: Vec<bool>,
    /// Distance in code values that nine in ten of its frames are from each other at most.
    spread: f32,
}

impl Side {
    /// A clip with the features of its file; `None` when its range is empty or not among them.
    pub fn new(features: &Features, clip: &Clip) -> Option<Self> {
        let (first, until) = (clip.first as usize, clip.until as usize);
        if first >= until || until > features.len() {
            return None;
        }
        let count = until - first;
        let places = describe::places();
        let mut rows = vec![0.0; NUMBERS];
        for index in first..until {
            describe::describe(features, (first, until), index, &places, &mut rows);
        }
        rows.resize((count + 2) * NUMBERS, 0.0);
        let mut rows = Array2::from_shape_vec((count + 2, NUMBERS), rows).ok()?;
        onward(&mut rows, [3, 1], 0);
        onward(&mut rows, [count.saturating_sub(2), count], count + 1);
        let squares = rows.rows().into_iter().map(|row| row.dot(&row)).collect();

        let marks = defects::no_ports(features, first..until);
        let free = |place: &usize| marks[*place].is_none();
        let boundary = |at: usize| clip.first + at as u32;
        let shown_before = |at: usize| clip.worth_showing(clip.first, boundary(at));
        let shown_behind = |at: usize| clip.worth_showing(boundary(at), clip.until);
        let leave = (0..=count)
            .map(|at| at == count || at > 0 && free(&at) && shown_before(at))
            .collect();
        let enter = (0..count)
            .map(|at| at == 0 || free(&at) && shown_behind(at))
            .collect();
        let mut side = Self {
            clip: clip.clone(),
            rows,
            squares,
            leave,
            enter,
            spread: 0.0,
        };
        side.spread = side.own_spread();
        Some(side)
    }

    /// First frame of the usable range.
    pub fn first(&self) -> u32 {
        self.clip.first
    }

    /// One past the last frame of the usable range.
    pub fn until(&self) -> u32 {
        self.clip.until
    }

    pub(super) fn frames(&self) -> usize {
        self.rows.nrows() - 2
    }

    /// The boundary may be a port by which the clip is left.
    pub(crate) fn may_leave(&self, boundary: u32) -> bool {
        let at = boundary.checked_sub(self.clip.first);
        at.is_some_and(|at| self.leave.get(at as usize).is_some_and(|free| *free))
    }

    /// The boundary may be a port by which the clip is entered.
    pub(crate) fn may_enter(&self, boundary: u32) -> bool {
        let at = boundary.checked_sub(self.clip.first);
        at.is_some_and(|at| self.enter.get(at as usize).is_some_and(|free| *free))
    }

    /// From one place back to another something can be seen.
    pub(super) fn far(&self, from: usize, to: usize) -> bool {
        let boundary = |at: usize| self.clip.first + at as u32;
        self.clip.leads_back(boundary(from), boundary(to))
    }

    /// Microseconds from one boundary, counted from the start, to another.
    pub(super) fn between(&self, from: usize, to: usize) -> i64 {
        let time = |at: usize| self.clip.time(self.clip.first + at as u32);
        time(to) - time(from)
    }

    /// Distance in code values that nine in ten of its frames are from each other at most.
    pub(crate) fn spread(&self) -> f32 {
        self.spread
    }

    fn own_spread(&self) -> f32 {
        let frames = self.frames();
        let count = frames.min(SAMPLES);
        let samples: Vec<usize> = (0..count)
            .map(|at| 1 + (2 * at + 1) * frames / (2 * count))
            .collect();
        let pairs = samples
            .iter()
            .flat_map(|a| samples.iter().map(move |b| (*a, *b)));
        let mut apart: Vec<f32> = pairs
            .map(|(a, b)| {
                let product = self.rows.row(a).dot(&self.rows.row(b));
                (self.squares[a] + self.squares[b] - 2.0 * product)
                    .max(0.0)
                    .sqrt()
            })
            .collect();
        apart.sort_unstable_by(f32::total_cmp);
        apart.get(apart.len() * 9 / 10).copied().unwrap_or(0.0)
    }
}

/// Fills row `to` with what follows from the rows `from`, two apart, and lies one beyond the
/// second: pictures go on changing as they did, motion stays.
fn onward(rows: &mut Array2<f32>, from: [usize; 2], to: usize) {
    let last = rows.nrows() - 2;
    let [before, at] = from.map(|row| row.clamp(1, last));
    let span = before.abs_diff(at).max(1) as f32;
    for number in 0..NUMBERS {
        let (a, b) = (rows[[before, number]], rows[[at, number]]);
        let slope = if number < STILL_NUMBERS {
            (b - a) / span
        } else {
            0.0
        };
        rows[[to, number]] = b + slope;
    }
}
