//! The statistics of one joint against what lies beside it. All are built so that larger is
//! worse; what is usual for them is for others to say.

mod look;
mod motion;

use std::ops::Range;

use super::{
    CELLS, COUNT, MOTION_UNITS, Statistic,
    blob::large,
    order::{log2, quantile_of},
    rhythm::Rhythm,
    steps::Steps,
};

/// Steps beside the joint that tell what is ordinary, on each side.
pub(super) const CONTEXT: usize = 8;
/// Fewer than this on one side tell nothing.
pub(super) const LEAST: usize = 3;
/// Steps on each side whose motion is compared over the joint.
const COURSE: usize = 4;
/// Differences below are not seen: a code value where a picture changes most ...
const CODE: f32 = 1.0;
/// ... a quarter of it as the mean of a whole picture and in grain ...
const FAINT: f32 = 0.25;
/// ... and a quarter of a pixel.
const PIXEL: f32 = 0.25;
/// Mixes less pure than this are told apart.
const MIXED: f32 = 0.1;

/// Numbers of one step that need no other.
#[derive(Clone, Copy)]
struct Plain {
    high: f32,
    mean: f32,
    quiet: f32,
    speed: f32,
}

/// Numbers of one picture that need no other.
#[derive(Clone, Copy)]
struct Detail {
    /// Mean of the finer half of the cells.
    sharp: f32,
    /// Of the flattest quarter.
    grain: f32,
}

/// Steps with what is read of them again and again.
pub(super) struct Windows<'a> {
    steps: &'a Steps,
    plain: Vec<Plain>,
    detail: Vec<Detail>,
}

impl<'a> Windows<'a> {
    pub(super) fn new(steps: &'a Steps) -> Self {
        Self {
            steps,
            plain: steps.each.iter().map(plain).collect(),
            detail: steps.pictures.iter().map(detail).collect(),
        }
    }

    /// All statistics of a joint made of the steps `joint`; `None` when it is empty, does not lie
    /// inside, or has fewer than [`LEAST`] steps on one side.
    pub(super) fn at(&self, joint: Range<usize>) -> Option<[f32; COUNT]> {
        let before = joint.start.saturating_sub(CONTEXT)..joint.start;
        let after = joint.end..(joint.end + CONTEXT).min(self.plain.len());
        let enough = before.len() >= LEAST && joint.end + LEAST <= self.plain.len();
        if joint.is_empty() || !enough {
            return None;
        }
        let highs = |range: Range<usize>| self.plain[range].iter().map(|step| step.high);
        let beside = highs(before.clone()).chain(highs(after.clone()));
        let rhythm = Rhythm::new(
            self.plain[before.start..after.end]
                .iter()
                .map(|step| step.high),
            quantile_of(beside, 0.75),
            before.len()..before.len() + joint.len(),
        );
        let place = Place {
            all: self,
            first: before.start,
            before,
            joint,
            after,
            rhythm,
        };
        Some(place.statistics())
    }
}

/// How much a step changes where it changes most: the fourth power mean of its cells.
pub(super) fn high(step: &super::steps::Step) -> f32 {
    let cells = step.change.map(large);
    let sum: f32 = cells.iter().map(|cell| cell * cell * cell * cell).sum();
    (sum / CELLS as f32).sqrt().sqrt()
}

fn plain(step: &super::steps::Step) -> Plain {
    let cells = step.change.map(large);
    let speeds = step.motion.iter();
    let speeds = speeds.map(|[x, y]| length(f32::from(*x), f32::from(*y)));
    Plain {
        high: high(step),
        mean: cells.iter().sum::<f32>() / CELLS as f32,
        quiet: quantile_of(cells.into_iter(), 0.25),
        speed: quantile_of(speeds, 0.9),
    }
}

fn detail(picture: &super::steps::Picture) -> Detail {
    let mut cells = picture.fine;
    cells.sort_unstable();
    let mean =
        |cells: &[u8]| cells.iter().map(|cell| large(*cell)).sum::<f32>() / cells.len() as f32;
    Detail {
        sharp: mean(&cells[CELLS / 2..]),
        grain: mean(&cells[..CELLS / 4]),
    }
}

fn length(x: f32, y: f32) -> f32 {
    (x * x + y * y).sqrt() / MOTION_UNITS
}

/// A joint in its place.
struct Place<'a> {
    all: &'a Windows<'a>,
    first: usize,
    before: Range<usize>,
    joint: Range<usize>,
    after: Range<usize>,
    rhythm: Rhythm,
}

/// Means of something on both sides of a joint.
#[derive(Clone, Copy)]
struct Sides(f32, f32);

impl Sides {
    /// How much `value` exceeds both, in doublings.
    fn over(self, value: f32, floor: f32) -> f32 {
        log2((value + floor) / (self.0.max(self.1) + floor))
    }

    /// How much it falls short of both.
    fn under(self, value: f32, floor: f32) -> f32 {
        log2((self.0.min(self.1) + floor) / (value + floor))
    }

    /// How far the sides are apart.
    fn apart(self, floor: f32) -> f32 {
        log2((self.1 + floor) / (self.0 + floor)).abs()
    }
}

impl Place<'_> {
    fn still(&self, step: usize) -> bool {
        self.rhythm.still(step - self.first)
    }

    /// Mean over the steps of a side that are no repetitions.
    fn side(&self, range: Range<usize>, of: &impl Fn(usize) -> f32) -> f32 {
        let moving = range.clone().filter(|step| !self.still(*step));
        let (sum, count) = moving.fold((0.0, 0), |(sum, count), step| (sum + of(step), count + 1));
        if count > 0 {
            return sum / count as f32;
        }
        range.clone().map(of).sum::<f32>() / range.len().max(1) as f32
    }

    fn sides(&self, of: &impl Fn(usize) -> f32) -> Sides {
        Sides(
            self.side(self.before.clone(), of),
            self.side(self.after.clone(), of),
        )
    }

    /// Sides of something that pictures have; those the joint touches belong to it.
    fn picture_sides(&self, of: &impl Fn(usize) -> f32) -> Sides {
        let mean =
            |range: Range<usize>| range.clone().map(of).sum::<f32>() / range.len().max(1) as f32;
        Sides(
            mean(self.before.start..self.joint.start),
            mean(self.joint.end + 1..self.after.end + 1),
        )
    }

    /// The joint's steps but for those that repeat a picture where the rhythm says so.
    fn judged(&self) -> impl Iterator<Item = usize> {
        self.joint
            .clone()
            .filter(|step| !self.still(*step) || !self.rhythm.repeats(step - self.first))
    }

    fn worst(&self, of: impl Fn(usize) -> f32) -> f32 {
        self.judged().map(of).reduce(f32::max).unwrap_or(0.0)
    }

    fn statistics(&self) -> [f32; COUNT] {
        let mut out = [0.0; COUNT];
        let mut set = |statistic: Statistic, value: f32| out[statistic as usize] = value;
        self.size(&mut set);
        self.motion(&mut set);
        self.light(&mut set);
        self.mixes(&mut set);
        self.ends(&mut set);
        self.texture(&mut set);
        set(Statistic::Rhythm, self.rhythm.broken());
        out
    }
}
