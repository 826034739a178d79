//! The statistics of one joint against what lies beside it. All are built so that larger is
//! worse; what is usual for them is for others to say.

use std::ops::Range;

use super::{
    CELLS, COUNT, MOTION_UNITS, Statistic,
    blob::large,
    order::{log2, quantile, sort},
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
        let beside = sort(highs(before.clone()).chain(highs(after.clone())));
        let rhythm = Rhythm::new(
            self.plain[before.start..after.end]
                .iter()
                .map(|step| step.high),
            quantile(&beside, 0.75),
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

fn plain(step: &super::steps::Step) -> Plain {
    let cells = step.change.map(large);
    let sum = |of: fn(f32) -> f32| cells.iter().map(|cell| of(*cell)).sum::<f32>() / CELLS as f32;
    let order = sort(cells.into_iter());
    let speeds = sort(
        step.motion
            .iter()
            .map(|[x, y]| length(f32::from(*x), f32::from(*y))),
    );
    Plain {
        high: sum(|cell| cell * cell * cell * cell).sqrt().sqrt(),
        mean: sum(|cell| cell),
        quiet: quantile(&order, 0.25),
        speed: quantile(&speeds, 0.9),
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
        self.texture(&mut set);
        set(Statistic::Rhythm, self.rhythm.broken());
        out
    }

    fn size(&self, set: &mut impl FnMut(Statistic, f32)) {
        let plain = &self.all.plain;
        let high = |step: usize| plain[step].high;
        let mean = |step: usize| plain[step].mean;
        let quiet = |step: usize| plain[step].quiet;
        let (highs, means, quiets) = (self.sides(&high), self.sides(&mean), self.sides(&quiet));
        set(
            Statistic::Jump,
            self.worst(|step| highs.over(high(step), CODE)),
        );
        set(
            Statistic::Freeze,
            self.worst(|step| highs.under(high(step), CODE)),
        );
        set(
            Statistic::Leap,
            self.worst(|step| means.over(mean(step), FAINT)),
        );
        set(
            Statistic::Calm,
            self.worst(|step| means.under(mean(step), FAINT)),
        );
        set(
            Statistic::Quiet,
            self.worst(|step| quiets.under(quiet(step), FAINT)),
        );
        let speed = |step: usize| plain[step].speed;
        let speeds = self.sides(&speed);
        set(
            Statistic::Rush,
            self.worst(|step| speeds.over(speed(step), PIXEL)),
        );
        set(
            Statistic::Halt,
            self.worst(|step| speeds.under(speed(step), PIXEL)),
        );
        let pace = speeds.apart(PIXEL).max(means.apart(FAINT));
        set(Statistic::Pace, pace);

        let steps = &self.all.steps.each;
        let mut most = [0_u8; CELLS];
        for step in self.before.clone().chain(self.after.clone()) {
            for (most, cell) in most.iter_mut().zip(&steps[step].change) {
                *most = (*most).max(*cell);
            }
        }
        // The second of the cells: one alone may be a speck.
        let tear = |step: usize| {
            let (mut first, mut second) = (f32::MIN, f32::MIN);
            for (cell, most) in steps[step].change.iter().zip(&most) {
                let over = (large(*cell) + CODE) / (large(*most) + CODE);
                if over > first {
                    (first, second) = (over, first);
                } else if over > second {
                    second = over;
                }
            }
            log2(second)
        };
        set(Statistic::Tear, self.worst(tear));
        let high = |step: usize| steps[step].unexplained[1];
        let middle = |step: usize| steps[step].unexplained[0];
        let (highs, middles) = (self.sides(&high), self.sides(&middle));
        set(
            Statistic::Unexplained,
            self.worst(|step| highs.over(high(step), CODE)),
        );
        let all = self.worst(|step| middles.over(middle(step), FAINT));
        set(Statistic::UnexplainedAll, all);
    }

    fn motion(&self, set: &mut impl FnMut(Statistic, f32)) {
        let turn = |step: usize| self.turn(step);
        let turns = self.sides(&turn);
        let judged = self.judged().chain([self.joint.start - 1, self.joint.end]);
        let turn = judged
            .map(|step| turns.over(turn(step), PIXEL))
            .reduce(f32::max);
        set(Statistic::Turn, turn.unwrap_or(0.0));
        let near = |range: Range<usize>| self.course(range);
        let from = near(
            self.joint
                .start
                .saturating_sub(COURSE)
                .max(self.before.start)..self.joint.start,
        );
        let to = near(self.joint.end..(self.joint.end + COURSE).min(self.after.end));
        let off = sort(
            from.iter()
                .zip(&to)
                .map(|(a, b)| length(b[0] - a[0], b[1] - a[1])),
        );
        let speed = self.sides(&|step| self.all.plain[step].speed);
        let course = (quantile(&off, 0.95) + PIXEL) / (speed.0.max(speed.1) + PIXEL);
        set(Statistic::Course, log2(course));
    }

    /// How far motion in a step is from the mean of that in the steps before and after that are
    /// no repetitions, in a high cell; 0 where there are none.
    fn turn(&self, step: usize) -> f32 {
        let moving = |step: &usize| !self.still(*step);
        let previous = (self.before.start..step).rev().find(moving);
        let next = (step + 1..self.after.end).find(moving);
        let Some((previous, next)) = previous.zip(next) else {
            return 0.0;
        };
        let steps = &self.all.steps.each;
        let [a, b, c] = [previous, step, next].map(|step| &steps[step].motion);
        let twice =
            |a: i8, b: i8, c: i8| f32::from(2 * i16::from(b) - i16::from(a) - i16::from(c)) * 0.5;
        let off = a
            .iter()
            .zip(b)
            .zip(c)
            .map(|(([ax, ay], [bx, by]), [cx, cy])| {
                length(twice(*ax, *bx, *cx), twice(*ay, *by, *cy))
            });
        quantile(&sort(off), 0.95)
    }

    /// Mean motion of every cell over a side, repetitions left out.
    fn course(&self, range: Range<usize>) -> [[f32; 2]; CELLS] {
        let mut sums = [[0.0; 2]; CELLS];
        let mut count = 0.0_f32;
        for step in range.filter(|step| !self.still(*step)) {
            count += 1.0;
            for (sum, [x, y]) in sums.iter_mut().zip(&self.all.steps.each[step].motion) {
                sum[0] += f32::from(*x);
                sum[1] += f32::from(*y);
            }
        }
        sums.map(|sum| sum.map(|along| along / count.max(1.0)))
    }

    fn light(&self, set: &mut impl FnMut(Statistic, f32)) {
        let steps = &self.all.steps.each;
        let luma = |step: usize| steps[step].light[0].abs();
        let tint = |step: usize| {
            let [_, u, v] = steps[step].light;
            u.abs().max(v.abs())
        };
        let (lumas, tints) = (self.sides(&luma), self.sides(&tint));
        set(
            Statistic::Light,
            self.worst(|step| lumas.over(luma(step), CODE)),
        );
        set(
            Statistic::Tint,
            self.worst(|step| tints.over(tint(step), CODE)),
        );
        // Over all steps of the joint, less what the sides themselves drift in as many.
        let drift = |plane: usize| {
            let sum: f32 = self
                .joint
                .clone()
                .map(|step| steps[step].light[plane])
                .sum();
            let own = self.sides(&|step| steps[step].light[plane]);
            let own = f32::midpoint(own.0, own.1) * self.joint.len() as f32;
            (sum - own).abs()
        };
        let drift = drift(0).max(drift(1)).max(drift(2));
        set(Statistic::Drift, log2(drift + CODE));
    }

    fn mixes(&self, set: &mut impl FnMut(Statistic, f32)) {
        // Bend b is of picture b + 1; the joint touches the pictures from its first to its last.
        let bends = &self.all.steps.bends;
        let inside = self.joint.start..(self.joint.end + 1).min(bends.len() + 1);
        let side = |range: Range<usize>, of: &dyn Fn(usize) -> f32| {
            let (sum, count) = range
                .filter(|picture| *picture > 0 && *picture <= bends.len())
                .fold((0.0, 0.0_f32), |(sum, count), picture| {
                    (sum + of(picture), count + 1.0)
                });
            (sum, count)
        };
        let sides = |of: &dyn Fn(usize) -> f32| {
            let before = side(self.before.start..self.joint.start, of);
            let after = side(self.joint.end + 1..self.after.end + 1, of);
            let mean = |(sum, count): (f32, f32), other: (f32, f32)| {
                if count > 0.0 {
                    sum / count
                } else {
                    other.0 / other.1.max(1.0)
                }
            };
            Sides(mean(before, after), mean(after, before))
        };
        let high = |picture: usize| bends[picture - 1].high;
        let mixed = |picture: usize| bends[picture - 1].mixed;
        let all = |picture: usize| bends[picture - 1].mixed_all;
        let pictures = || inside.clone().filter(|picture| *picture > 0);
        let worst = |of: &dyn Fn(usize) -> f32| pictures().map(of).reduce(f32::max).unwrap_or(0.0);
        let (highs, mixes, alls) = (sides(&high), sides(&mixed), sides(&all));
        set(
            Statistic::Flicker,
            worst(&|picture| highs.over(high(picture), CODE)),
        );
        set(
            Statistic::Ghost,
            worst(&|picture| mixes.under(mixed(picture), MIXED)),
        );
        set(
            Statistic::GhostAll,
            worst(&|picture| alls.under(all(picture), MIXED)),
        );
    }

    fn texture(&self, set: &mut impl FnMut(Statistic, f32)) {
        let detail = &self.all.detail;
        let sharp = |picture: usize| detail[picture].sharp;
        let grain = |picture: usize| detail[picture].grain;
        let (sharps, grains) = (self.picture_sides(&sharp), self.picture_sides(&grain));
        let inside = || self.joint.start..=self.joint.end;
        let worst = |of: &dyn Fn(usize) -> f32| inside().map(of).reduce(f32::max).unwrap_or(0.0);
        set(
            Statistic::Blur,
            worst(&|picture| sharps.under(sharp(picture), FAINT)),
        );
        set(
            Statistic::Sharp,
            worst(&|picture| sharps.over(sharp(picture), FAINT)),
        );
        set(
            Statistic::Smooth,
            worst(&|picture| grains.under(grain(picture), FAINT)),
        );
        set(
            Statistic::Grain,
            worst(&|picture| grains.over(grain(picture), FAINT)),
        );
        set(
            Statistic::Focus,
            sharps.apart(FAINT).max(grains.apart(FAINT)),
        );

        let pictures = &self.all.steps.pictures;
        let mut least = [f32::MAX; CELLS];
        for range in [
            self.before.start..self.joint.start,
            self.joint.end + 1..self.after.end + 1,
        ] {
            let share = 1.0 / range.len().max(1) as f32;
            let mut mean = [0.0; CELLS];
            for picture in range {
                for (mean, cell) in mean.iter_mut().zip(&pictures[picture].fine) {
                    *mean += large(*cell) * share;
                }
            }
            for (least, mean) in least.iter_mut().zip(mean) {
                *least = least.min(mean);
            }
        }
        let here = |picture: usize| {
            let kept = pictures[picture].fine.iter().zip(&least);
            let kept = sort(kept.map(|(cell, least)| (large(*cell) + FAINT) / (least + FAINT)));
            -log2(quantile(&kept, 0.05))
        };
        set(Statistic::BlurHere, worst(&here));
    }
}
