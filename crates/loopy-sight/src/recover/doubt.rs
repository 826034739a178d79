//! What the picture cannot tell: where in a clip that hardly moves a visit lies, which of several
//! clips it shows, and which clips look the same altogether.

use super::{Prints, evenly, path::Piece, shelf::Shelf};

/// Frames of a visit that are compared.
const SAMPLES: usize = 16;
/// Farthest that a visit is moved within its clip, in frames.
const FARTHEST: usize = 15;
/// A place fits as well as the one found when it differs by no more than this times as much, and
/// this mean square in code values more.
const AS_WELL: (f32, f32) = (1.1, 0.01);
/// Frames of a clip that are compared with other clips at first.
const FEW: usize = 8;
/// Share of the shorter clip that two clips have to have in common.
const SHARED: f64 = 0.9;
/// Frames in a row, each so many times the noise apart, that tell two clips apart.
const EVENT: (usize, f32) = (3, 6.0);

/// By so many frames a piece could lie earlier or later in its clip and fit as well.
pub(super) fn slack(shelf: &Shelf, film: &Prints, piece: &Piece) -> u32 {
    let frames = samples(piece);
    let states = |frame: usize| piece.state + frame - piece.frames.start;
    let (first, until) = piece.clip;
    let (mut sums, mut counts) = ([0.0_f32; 2 * FARTHEST + 1], [0.0_f32; 2 * FARTHEST + 1]);
    let mut own = [0.0_f32; 2 * FARTHEST + 1];
    for frame in frames {
        let here = shelf.one(film, frame, states(frame));
        for shift in 0..=2 * FARTHEST {
            let state = (states(frame) + shift).checked_sub(FARTHEST);
            if let Some(state) = state.filter(|state| (first..until).contains(state)) {
                sums[shift] += shelf.one(film, frame, state);
                own[shift] += here;
                counts[shift] += 1.0;
            }
        }
    }
    // Where the clip ends, fewer frames can be compared; of less than half nothing follows.
    let fits = |shift: usize| {
        let enough = counts[shift] * 2.0 >= counts[FARTHEST];
        enough && as_well(sums[shift] / counts[shift], own[shift] / counts[shift])
    };
    let farthest = (1..=FARTHEST).rev();
    let mut farthest = farthest.filter(|by| fits(FARTHEST - by) || fits(FARTHEST + by));
    farthest.next().unwrap_or(0) as u32
}

/// Other rows that fit all of a piece as well.
pub(super) fn others(shelf: &Shelf, film: &Prints, piece: &Piece) -> Vec<usize> {
    let frames = samples(piece);
    let (Some(first), own) = (frames.first(), shelf.row(piece.state)) else {
        return Vec::new();
    };
    let apart = shelf.apart(film, &frames);
    let reach = frames.last().unwrap_or(first) - first;
    let mean = |state: usize| {
        let along = frames.iter().zip(apart.rows());
        let sum: f32 = along.map(|(frame, row)| row[state + frame - first]).sum();
        sum / frames.len() as f32
    };
    let here = mean(piece.state + first - piece.frames.start);
    let fits = |row: &usize| {
        let mut starts = shelf.states(*row);
        starts.end = starts.end.saturating_sub(reach).max(starts.start);
        starts.into_iter().any(|state| as_well(mean(state), here))
    };
    (0..shelf.count())
        .filter(|row| *row != own && fits(row))
        .collect()
}

/// Whether `count` frames from one of the film's on look like as many states from one on: no worse
/// than is usual, or than what else the clip shows there.
pub(super) fn fits(
    shelf: &Shelf,
    film: &Prints,
    (frame, state): (usize, usize),
    count: usize,
    noise: f32,
) -> bool {
    let places = evenly(count, SAMPLES);
    let sum: f32 = places
        .iter()
        .map(|at| shelf.one(film, frame + at, state + at))
        .sum();
    sum <= EVENT.1 * noise * noise * places.len() as f32
}

fn as_well(mean: f32, best: f32) -> bool {
    mean <= best * AS_WELL.0 + AS_WELL.1
}

fn samples(piece: &Piece) -> Vec<usize> {
    let frames = evenly(piece.frames.len(), SAMPLES).into_iter();
    frames.map(|frame| piece.frames.start + frame).collect()
}

/// For each row the first one that looks the same: of the shorter one nearly all, and nowhere more
/// different than the noise.
pub(super) fn classes(shelf: &Shelf, limit: f32) -> Vec<usize> {
    let mut class: Vec<usize> = (0..shelf.count()).collect();
    for row in 0..shelf.count() {
        let own = shelf.states(row);
        let few: Vec<usize> = evenly(own.len(), FEW)
            .iter()
            .map(|at| own.start + at)
            .collect();
        let (apart, among) = shelf.among(&few);
        for (other, states) in shelf.in_order() {
            // Each pair once, from its shorter side.
            let shorter = (own.len(), row) < (states.len(), other);
            if other == row
                || !shorter
                || class[row] == class[other]
                || states.start < among.start
                || states.end > among.end
            {
                continue;
            }
            let spare = (own.len() as f64 * (1.0 - SHARED)) as usize;
            let offsets = 0..=states.len() - own.len() + 2 * spare;
            // The offset is that of the other row's start before this row's.
            let mean = |offset: usize| {
                let (mut sum, mut count) = (0.0, 0_u32);
                for (state, row) in few.iter().zip(apart.rows()) {
                    let place = (state - own.start + offset).checked_sub(spare);
                    if let Some(place) = place.filter(|place| *place < states.len()) {
                        sum += row[states.start - among.start + place];
                        count += 1;
                    }
                }
                if count as usize * 4 >= few.len() * 3 {
                    sum / count as f32
                } else {
                    f32::INFINITY
                }
            };
            let best = offsets.min_by(|a, b| mean(*a).total_cmp(&mean(*b)));
            let Some(best) = best.filter(|best| mean(*best) <= 2.0 * limit) else {
                continue;
            };
            if same(
                shelf,
                (&own, &states),
                best as isize - spare as isize,
                limit,
            ) {
                let (low, high) = (class[row].min(class[other]), class[row].max(class[other]));
                for class in &mut class {
                    if *class == high {
                        *class = low;
                    }
                }
            }
        }
    }
    class
}

/// All that two rows share at an offset is within the noise, on the whole and in every event.
fn same(shelf: &Shelf, rows: (&Range, &Range), offset: isize, limit: f32) -> bool {
    let (own, other) = rows;
    let (mut sum, mut count, mut apart_for) = (0.0, 0_u32, 0);
    let states: Vec<usize> = own.clone().collect();
    for block in states.chunks(64) {
        let (apart, among) = shelf.among(block);
        for (state, row) in block.iter().zip(apart.rows()) {
            let place = (state - own.start).checked_add_signed(offset);
            let Some(place) = place.filter(|place| *place < other.len()) else {
                continue;
            };
            let apart = row[other.start + place - among.start];
            sum += apart;
            count += 1;
            apart_for = if apart > EVENT.1 * limit {
                apart_for + 1
            } else {
                0
            };
            if apart_for == EVENT.0 {
                return false;
            }
        }
    }
    count > 0 && sum / count as f32 <= limit
}

type Range = std::ops::Range<usize>;
