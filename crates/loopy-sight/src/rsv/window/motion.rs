//! How much changes at a joint, and how it moves.

use std::ops::Range;

use super::{CODE, COURSE, FAINT, PIXEL, Place, length};
use crate::rsv::{
    CELLS, Statistic,
    blob::large,
    order::{log2, quantile_of},
};

impl Place<'_> {
    pub(super) fn size(&self, set: &mut impl FnMut(Statistic, f32)) {
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

    pub(super) fn motion(&self, set: &mut impl FnMut(Statistic, f32)) {
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
        let off = from.iter().zip(&to);
        let off = off.map(|(a, b)| length(b[0] - a[0], b[1] - a[1]));
        let speed = self.sides(&|step| self.all.plain[step].speed);
        let course = (quantile_of(off, 0.95) + PIXEL) / (speed.0.max(speed.1) + PIXEL);
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
        quantile_of(off, 0.95)
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
}
