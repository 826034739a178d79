//! All frames of one clip against all of another: distances from one matrix product, filtered
//! along diagonals so that motion has to agree (Schödl et al.: "Video Textures", 2000, section
//! 3.2), then the local minima.
//!
//! A joint that leaves before frame q and enters with frame p puts p where q would have been: q
//! and p are compared, the frames before them and those after. Rows are worked on in strips of
//! fixed height, so that memory stays small and sums keep one order.

use std::ops::Range;

use ndarray::{Array2, s};

use super::{Match, PairMatches, side::Side};

/// Boundaries between which a joint may lie, counted from the starts of both clips.
type Allowed<'a> = &'a dyn Fn(usize, usize) -> bool;

/// Weights of the frames compared: binomial, around the boundary.
const WINDOW: [f32; 8] = [1.0, 7.0, 21.0, 35.0, 35.0, 21.0, 7.0, 1.0];
/// Of them before the boundary.
const BEFORE: usize = 4;
/// Boundaries of a strip: whole tiles.
const STRIP: usize = 64;
/// A tile has one candidate; kept ones are so many frames apart.
const TILE: usize = 8;
/// Matches kept.
const KEPT: usize = 8;
/// Units of cost in a code value.
const UNITS: f32 = 64.0;

/// The best matches from `a` to `b`.
pub fn search(a: &Side, b: &Side) -> PairMatches {
    run(a, b, &|_, _| true)
}

/// The best matches from a clip back into an earlier part of itself.
pub fn loops(clip: &Side) -> PairMatches {
    run(clip, clip, &|from, to| clip.far(from, to))
}

/// The best matches, best first, from a clip back to what was seen `least` to `most` microseconds
/// earlier.
pub fn loops_of(clip: &Side, least: i64, most: i64) -> Vec<Match> {
    let allowed = |from, to| (least..=most).contains(&clip.between(to, from));
    let mut near = run(clip, clip, &allowed).near;
    near.sort_unstable();
    near
}

fn run(a: &Side, b: &Side, allowed: Allowed) -> PairMatches {
    let frames = a.frames();
    let mut found = Found::default();
    let mut start = 1;
    while start <= frames {
        let own = start..(start + STRIP).min(frames + 1);
        // One more on both sides, to tell a minimum from a slope.
        let rows = (start - 1).max(1)..(own.end + 1).min(frames + 1);
        let mut strip = Strip {
            costs: costs(a, b, rows.clone()),
            start: rows.start,
        };
        if own.end > frames {
            found.whole = strip.at(frames, 0);
        }
        strip.close(a, b, allowed);
        strip.tiles(own.clone(), &mut found.tiles);
        for row in own.clone() {
            found.to_start = found.to_start.min((strip.at(row, 0), row, 0));
        }
        if own.end > frames {
            let end = (0..b.frames()).map(|to| (strip.at(frames, to), frames, to));
            found.from_end = end.min().unwrap_or(NONE);
        }
        start += STRIP;
    }
    found.matches(a, b)
}

/// Cost and place.
type Place = (u32, usize, usize);
/// What is not allowed costs the most.
const CLOSED: u32 = u32::MAX;
const NONE: Place = (CLOSED, 0, 0);

struct Found {
    tiles: Vec<Place>,
    from_end: Place,
    to_start: Place,
    whole: u32,
}

impl Default for Found {
    fn default() -> Self {
        Self {
            tiles: Vec::new(),
            from_end: NONE,
            to_start: NONE,
            whole: CLOSED,
        }
    }
}

impl Found {
    fn matches(mut self, a: &Side, b: &Side) -> PairMatches {
        let place = |(cost, from, to): Place| Match {
            cost: cost.min(u32::from(u16::MAX)) as u16,
            from: a.first() + from as u32,
            to: b.first() + to as u32,
        };
        let whole = place((self.whole, a.frames(), 0));
        let or_whole = |found: Place| {
            if found.0 == CLOSED {
                whole
            } else {
                place(found)
            }
        };
        self.tiles.sort_unstable();
        let mut kept: Vec<Place> = Vec::new();
        for (cost, from, to) in self.tiles {
            let far = |near: &Place| near.1.abs_diff(from) >= TILE || near.2.abs_diff(to) >= TILE;
            if kept.len() < KEPT && kept.iter().all(far) {
                kept.push((cost, from, to));
            }
        }
        PairMatches {
            near: kept.into_iter().map(place).collect(),
            from_end: or_whole(self.from_end),
            to_start: or_whole(self.to_start),
            whole,
        }
    }
}

/// Costs of some boundaries of one clip against all frames of the other.
struct Strip {
    costs: Array2<u32>,
    /// The first of the boundaries.
    start: usize,
}

impl Strip {
    fn at(&self, from: usize, to: usize) -> u32 {
        self.costs[[from - self.start, to]]
    }

    /// Closes what may not be a joint.
    fn close(&mut self, a: &Side, b: &Side, allowed: Allowed) {
        let start = self.start;
        for (row, mut costs) in self.costs.rows_mut().into_iter().enumerate() {
            let from = start + row;
            for (to, cost) in costs.iter_mut().enumerate() {
                if !(a.leave[from] && b.enter[to] && allowed(from, to)) {
                    *cost = CLOSED;
                }
            }
        }
    }

    /// Appends the least of each tile where it is the least of its neighbours too.
    fn tiles(&self, own: Range<usize>, found: &mut Vec<Place>) {
        let columns = self.costs.ncols();
        for top in own.clone().step_by(TILE) {
            for left in (0..columns).step_by(TILE) {
                let rows = top..(top + TILE).min(own.end);
                let places = rows.flat_map(|from| {
                    (left..(left + TILE).min(columns)).map(move |to| (self.at(from, to), from, to))
                });
                let least = places.min().filter(|least| least.0 != CLOSED);
                found.extend(least.filter(|least| self.is_least(*least)));
            }
        }
    }

    fn is_least(&self, (cost, from, to): Place) -> bool {
        let rows = (from - 1).max(self.start)..(from + 2).min(self.start + self.costs.nrows());
        rows.into_iter().all(|row| {
            let columns = to.saturating_sub(1)..(to + 2).min(self.costs.ncols());
            columns
                .into_iter()
                .all(|column| self.at(row, column) >= cost)
        })
    }
}

/// Costs of the boundaries `own` of `a` (1 is the one before the second frame) against all frames
/// of `b`.
fn costs(a: &Side, b: &Side, own: Range<usize>) -> Array2<u32> {
    // Boundary q compares row q + 1 with the row of the frame entered.
    let low = (own.start + 1).saturating_sub(BEFORE);
    let high = (own.end + WINDOW.len() - BEFORE).min(a.rows.nrows());
    let mut apart = a.rows.slice(s![low..high, ..]).dot(&b.rows.t());
    for (mut row, own) in apart.rows_mut().into_iter().zip(&a.squares[low..high]) {
        for (value, other) in row.iter_mut().zip(&b.squares) {
            *value = (own + other - 2.0 * *value).max(0.0);
        }
    }
    let columns = b.frames();
    let mut costs = Array2::zeros((own.len(), columns));
    let (mut sums, mut weights) = (vec![0.0_f32; columns], vec![0.0_f32; columns]);
    for (boundary, mut out) in own.zip(costs.rows_mut()) {
        sums.fill(0.0);
        weights.fill(0.0);
        for (tap, weight) in WINDOW.into_iter().enumerate() {
            let row = (boundary + 1 + tap)
                .checked_sub(BEFORE)
                .and_then(|row| row.checked_sub(low));
            let row = row
                .filter(|row| *row < apart.nrows())
                .map(|row| apart.row(row));
            let Some(row) = row.as_ref().and_then(|row| row.as_slice()) else {
                continue;
            };
            // Frame `to` of `b` lies in column `to + 1`; the tap looks `tap - BEFORE` beside it.
            let first = BEFORE.saturating_sub(tap + 1);
            let last = columns.min((columns + 2 + BEFORE).saturating_sub(tap + 1));
            if first >= last {
                continue;
            }
            let beside = &row[(first + 1 + tap) - BEFORE..];
            let cells = sums[first..last].iter_mut().zip(&mut weights[first..last]);
            for ((sum, total), value) in cells.zip(beside) {
                *sum += weight * value;
                *total += weight;
            }
        }
        for ((out, sum), weight) in out.iter_mut().zip(&sums).zip(&weights) {
            *out = ((sum / weight).sqrt() * UNITS) as u32;
        }
    }
    costs
}
