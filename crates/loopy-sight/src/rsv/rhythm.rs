//! Repeated pictures: a source of 10 or 24 pictures on a faster clock repeats some of them in a
//! rhythm, and the rhythm must go on over a joint.

use std::ops::Range;

use super::order::{quantile, sort};

/// A step this small beside the others repeats a picture.
const STILL: f32 = 0.25;
/// Where steps are all smaller than this, in code values, none is told from the others.
const NOTHING: f32 = 0.5;
/// Longest rhythm: 24 pictures on a clock of 30 repeat every fifth.
const LONGEST: usize = 6;

/// Which steps around a joint repeat a picture, and which should.
pub(super) struct Rhythm {
    still: Vec<bool>,
    joint: Range<usize>,
    period: usize,
}

impl Rhythm {
    /// From the sizes of steps, what is large among those beside the joint, and the joint.
    pub(super) fn new(sizes: impl Iterator<Item = f32>, large: f32, joint: Range<usize>) -> Self {
        let still: Vec<bool> = sizes
            .map(|size| large > NOTHING && size < STILL * large)
            .collect();
        // The period that explains most of what lies beside the joint, the shortest of equals;
        // what lies on one side says nothing of the other.
        let misses = |period: &usize| {
            let side = |side: Range<usize>| {
                let steps = (side.start + period).min(side.end)..side.end;
                steps
                    .filter(|step| still[*step] != still[step - period])
                    .count()
            };
            side(0..joint.start) + side(joint.end.min(still.len())..still.len())
        };
        let longest = LONGEST.min(joint.start).max(1);
        let period = (1..=longest).min_by_key(misses).unwrap_or(1);
        Self {
            still,
            joint,
            period,
        }
    }

    /// Whether the step repeats a picture.
    pub(super) fn still(&self, step: usize) -> bool {
        self.still.get(step).copied().unwrap_or(false)
    }

    /// Whether it should, going on from before the joint.
    pub(super) fn repeats(&self, step: usize) -> bool {
        if step < self.joint.start {
            return self.still(step);
        }
        let beyond = step - self.joint.start;
        let back = self.joint.start.checked_sub(self.period);
        back.is_some_and(|last| self.still(last + beyond % self.period))
    }

    /// Steps of the joint, and after it over one rhythm, that do not do what they should.
    pub(super) fn broken(&self) -> f32 {
        let end = (self.joint.end + LONGEST.max(self.period)).min(self.still.len());
        let steps = self.joint.start..end;
        steps
            .filter(|step| self.still(*step) != self.repeats(*step))
            .count() as f32
    }
}

/// Which of the steps of a bridge of so many pictures hold the picture: bit `i` for the step to
/// picture `i`, the last one for the step that leads on. Each half goes on in the rhythm of the
/// clip that is nearer: `before` has the steps that lead up to the bridge, `after` those that
/// follow it.
pub(super) fn holds(before: &[f32], after: &[f32], pictures: usize) -> u16 {
    let half = pictures.div_ceil(2);
    let backward: Vec<f32> = after.iter().rev().copied().collect();
    let (left, right) = (
        going_on(before, half),
        going_on(&backward, pictures + 1 - half),
    );
    let steps: Vec<bool> = left.into_iter().chain(right.into_iter().rev()).collect();
    if steps.len() > 16 || steps.iter().all(|still| *still) {
        return 0;
    }
    let bits = steps.into_iter().enumerate();
    bits.fold(0, |bits, (at, still)| bits | u16::from(still) << at)
}

/// How a row of steps goes on, if it has a rhythm: a period that all but one keep to.
fn going_on(sizes: &[f32], count: usize) -> Vec<bool> {
    let large = quantile(&sort(sizes.iter().copied()), 0.75);
    let still: Vec<bool> = sizes
        .iter()
        .map(|size| large > NOTHING && *size < STILL * large)
        .collect();
    let misses = |period: usize| {
        let pairs = still.iter().zip(still.iter().skip(period));
        pairs.filter(|(a, b)| a != b).count()
    };
    let period = (2..=LONGEST.min(still.len() / 2)).min_by_key(|period| misses(*period));
    let Some(period) = period.filter(|period| misses(*period) <= 1) else {
        return vec![false; count];
    };
    let last = still.len() - period;
    (0..count).map(|at| still[last + at % period]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rhythm of steps drawn as `x` (moves) and `.` (repeats), the joint being step 8.
    fn rhythm(steps: &str) -> Rhythm {
        let sizes = steps
            .chars()
            .map(|step| if step == 'x' { 4.0 } else { 0.1 });
        Rhythm::new(sizes, 4.0, 8..9)
    }

    #[test]
    fn a_rhythm_that_goes_on_is_whole_and_one_that_stumbles_is_broken() {
        for whole in [
            "xxxxxxxxxxxxxxxxx",
            "x..x..x..x..x..x.",
            "xxxx.xxxx.xxxx.xx",
            "x.x.x.x.x.x.x.x.x",
        ] {
            assert!(rhythm(whole).broken() < 0.5, "{whole}");
        }
        for (broken, least) in [
            ("xxxxxxxx.xxxxxxxx", 1.0),
            ("x..x..x.x..x..x..", 2.0),
            ("x..x..x...x..x..x", 2.0),
        ] {
            assert!(rhythm(broken).broken() >= least, "{broken}");
        }
        assert!(
            rhythm("x..x..x..x..x..x.").repeats(10),
            "two of three repeat"
        );
    }

    #[test]
    fn a_bridge_goes_on_in_the_rhythm_of_the_nearer_clip() {
        let sizes = |steps: &str| -> Vec<f32> {
            let size = |step| if step == 'x' { 4.0 } else { 0.1 };
            steps.chars().map(size).collect()
        };
        let bridge = |before: &str, after: &str, pictures: usize| -> String {
            let bits = holds(&sizes(before), &sizes(after), pictures);
            let step = |at| if bits >> at & 1 == 1 { '.' } else { 'x' };
            (0..=pictures).map(step).collect()
        };
        assert_eq!(bridge("x.x.x.x.", "x.x.x.x.", 7), "x.x.x.x.");
        assert_eq!(bridge(".x.x.x.x", ".x.x.x.x", 7), ".x.x.x.x");
        assert_eq!(bridge("xxxx.xxxx.xx", "xxxxxxxxxxxx", 6), "xx.xxxx");
        assert_eq!(bridge("xxxxxxxxxxxx", "xxx.xxxx.xxx", 6), "xxxxx.x");
        // One picture held is no rhythm, nor is a clip that stands still.
        assert_eq!(bridge("xxxxxxxxx.", "xxxxxxxxxx", 5), "xxxxxx");
        assert_eq!(holds(&[0.1; 12], &[0.1; 12], 5), 0);
        assert_eq!(holds(&[], &[], 5), 0);
    }

    #[test]
    fn where_nothing_moves_nothing_is_a_repetition() {
        let quiet = Rhythm::new([0.1; 17].into_iter(), 0.1, 8..9);
        assert!(!quiet.still(3) && quiet.broken() < 0.5);
    }
}
