//! Pictures compared: change, motion, what motion leaves unexplained, light, mixes.

use loopy_pixels::flow::{Effort, Field, Gray, dense};

use super::{
    CELLS, COLUMNS, MOTION_UNITS, ROWS, blob,
    look::{Look, bent, cells},
    order::{quantile, quantile_of, sort},
    steps::{Bend, Picture, Step},
};

/// Motion is told in pixels of a picture so wide.
const TOLD_WIDTH: f32 = 320.0;
/// Cells that change by less than this many code values over two steps show grain, which tells
/// nothing of mixes.
const CHANGES: f32 = 3.0;
/// Fewer changing cells than this tell nothing.
const FEW: usize = 3;
/// What a picture is taken for that tells nothing: as far off the mean of its neighbours as half
/// their distance.
const UNMIXED: f32 = 0.5;
/// Code values by which ratios are drawn towards that.
const DRAWN: f32 = 1.0;

pub(super) fn picture(look: &Look) -> Picture {
    Picture {
        fine: look.fine.map(blob::small),
        small: look.small,
    }
}

pub(super) fn step(a: &Look, b: &Look) -> Step {
    let (before, after) = (a.frame.planes()[0], b.frame.planes()[0]);
    let (width, height) = (a.frame.stride(), a.frame.size().height as usize);
    if a.frame.size() != b.frame.size() {
        return Step {
            change: [u8::MAX; CELLS],
            motion: [[0; 2]; CELLS],
            unexplained: [f32::from(u8::MAX); 2],
            light: [0, 1, 2].map(|plane| light(a, b, plane)),
        };
    }
    let change = cells(width, height, |y, xs| {
        let at = y * width;
        let row = at + xs.start..at + xs.end;
        let pairs = before[row.clone()].iter().zip(&after[row]);
        pairs.map(|(a, b)| u32::from(a.abs_diff(*b))).sum()
    });
    let (motion, unexplained) = motion(&a.gray, &b.gray);
    Step {
        change: change.map(blob::small),
        motion,
        unexplained,
        light: [0, 1, 2].map(|plane| light(a, b, plane)),
    }
}

fn light(a: &Look, b: &Look, plane: usize) -> f32 {
    let shown = (0..CELLS).filter(|cell| a.shows(*cell) || b.shows(*cell));
    let changes = shown.map(|cell| b.light[plane][cell] - a.light[plane][cell]);
    quantile_of(changes, 0.5)
}

fn motion(a: &Gray, b: &Gray) -> ([[i8; 2]; CELLS], [f32; 2]) {
    let mut motion = [[0; 2]; CELLS];
    // Pictures smaller than flow can look at stand still, and what changes is unexplained.
    let still = || Field {
        width: a.width(),
        height: a.height(),
        u: vec![0.0; a.data().len()],
        v: vec![0.0; a.data().len()],
    };
    let field = dense(a, b, Effort::Fast).unwrap_or_else(|_| still());
    let units = TOLD_WIDTH / a.width().max(1) as f32 * MOTION_UNITS;
    for (cell, (right, down)) in motion.iter_mut().zip(field.grid(COLUMNS, ROWS)) {
        // A cast of a float to an integer clamps.
        *cell = [(right * units).round() as i8, (down * units).round() as i8];
    }
    let left = cells(a.width(), a.height(), |y, xs| {
        xs.map(|x| {
            let at = y * field.width + x;
            let (x, y) = (x as f32 + field.u[at], y as f32 + field.v[at]);
            // In sixteenths, so that a cell's sum is a whole number.
            ((f32::from(a.data()[at]) - sample(b, x, y)).abs() * 16.0) as u32
        })
        .sum()
    });
    let left = sort(left.into_iter().map(|value| value / 16.0));
    (motion, [quantile(&left, 0.5), quantile(&left, 0.95)])
}

/// The picture between its samples, bilinear; outside counts as the nearest edge.
fn sample(picture: &Gray, x: f32, y: f32) -> f32 {
    let (width, height) = (picture.width(), picture.height());
    let x = x.clamp(0.0, (width - 1) as f32);
    let y = y.clamp(0.0, (height - 1) as f32);
    let (left, top) = (x as usize, y as usize);
    let (across, down) = (x - left as f32, y - top as f32);
    let right = (left + 1).min(width - 1);
    let line = |y: usize| {
        let row = &picture.data()[y * width..];
        let (a, b) = (f32::from(row[left]), f32::from(row[right]));
        a + (b - a) * across
    };
    let (above, below) = (line(top), line((top + 1).min(height - 1)));
    above + (below - above) * down
}

pub(super) fn bend(a: &Look, b: &Look, c: &Look) -> Bend {
    let size = b.frame.size();
    if a.frame.size() != size || c.frame.size() != size {
        return Bend {
            high: f32::from(u8::MAX),
            mixed: UNMIXED,
            mixed_all: UNMIXED,
        };
    }
    let [a, b, c] = [a, b, c].map(|look| look.frame.planes()[0]);
    let (width, height) = (size.width as usize, size.height as usize);
    let row = |y: usize, xs: std::ops::Range<usize>| y * width + xs.start..y * width + xs.end;
    let off = cells(width, height, |y, xs| {
        let row = row(y, xs);
        let all = a[row.clone()].iter().zip(&b[row.clone()]).zip(&c[row]);
        all.map(|((a, b), c)| bent(*a, *b, *c)).sum()
    });
    let off = off.map(|twice| twice * 0.5);
    let apart = cells(width, height, |y, xs| {
        let row = row(y, xs);
        let pairs = a[row.clone()].iter().zip(&c[row]);
        pairs.map(|(a, c)| u32::from(a.abs_diff(*c))).sum()
    });
    let both = off.iter().zip(&apart);
    let changing: Vec<(f32, f32)> = both
        .map(|(off, apart)| (*off, *apart))
        .filter(|(_, apart)| *apart >= CHANGES)
        .collect();
    let ratio = |off: f32, apart: f32| (off + UNMIXED * DRAWN) / (apart + DRAWN);
    let sum = changing
        .iter()
        .fold((0.0, 0.0), |sum, (off, apart)| (sum.0 + off, sum.1 + apart));
    let told = changing.len() >= FEW;
    Bend {
        high: quantile_of(off.into_iter(), 0.95),
        mixed: if told {
            let ratios = changing.iter().map(|(off, apart)| ratio(*off, *apart));
            quantile_of(ratios, 0.1)
        } else {
            UNMIXED
        },
        mixed_all: if told { ratio(sum.0, sum.1) } else { UNMIXED },
    }
}
