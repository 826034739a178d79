//! What pictures look like at a joint: their light, whether they are mixes, their detail.

use std::ops::Range;

use super::{CODE, FAINT, MIXED, Place, Sides};
use crate::rsv::{
    CELLS, SMALLS, Statistic,
    blob::large,
    order::{log2, quantile_of},
};

/// Cells of the ends of a joint that differ by less, in code values, tell nothing of mixes.
const APART: f32 = 3.0;

impl Place<'_> {
    pub(super) fn light(&self, set: &mut impl FnMut(Statistic, f32)) {
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

    pub(super) fn mixes(&self, set: &mut impl FnMut(Statistic, f32)) {
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

    /// How far apart the ends of the joint are, and whether what lies between mixes them.
    pub(super) fn ends(&self, set: &mut impl FnMut(Statistic, f32)) {
        let small = |picture: usize| &self.all.steps.pictures[picture].small;
        let mean = |a: usize, b: usize| {
            let pairs = small(a).iter().zip(small(b));
            let sum: u32 = pairs.map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
            sum as f32 / SMALLS as f32
        };
        let (first, last) = (self.joint.start, self.joint.end);
        let steps = self.joint.len();
        // The sides move as far in as many steps, or in all that there are.
        let before = mean(first - steps.min(self.before.len()), first);
        let after = mean(last, last + steps.min(self.after.len()));
        let gap = Sides(before, after).over(mean(first, last), FAINT);
        set(Statistic::Gap, gap);

        let (mut off, mut apart) = (0.0, 0.0);
        for picture in first + 1..last {
            let share = (picture - first) as f32 / steps as f32;
            let ends = small(first).iter().zip(small(last));
            for ((a, c), b) in ends.zip(small(picture)) {
                let [a, b, c] = [*a, *b, *c].map(f32::from);
                if (c - a).abs() >= APART {
                    off += (a + (c - a) * share - b).abs();
                    apart += (c - a).abs();
                }
            }
        }
        // Drawn to a half where hardly anything changes.
        let drawn = (SMALLS / 20) as f32 * steps as f32;
        set(Statistic::Mix, -log2((off + 0.5 * drawn) / (apart + drawn)));
    }

    pub(super) fn texture(&self, set: &mut impl FnMut(Statistic, f32)) {
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
            let kept = kept.map(|(cell, least)| (large(*cell) + FAINT) / (least + FAINT));
            -log2(quantile_of(kept, 0.05))
        };
        set(Statistic::BlurHere, worst(&here));
    }
}
