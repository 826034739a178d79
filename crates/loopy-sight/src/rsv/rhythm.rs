//! Repeated pictures: a source of 10 or 24 pictures on a faster clock repeats some of them in a
//! rhythm, and the rhythm must go on over a joint.

use std::ops::Range;

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
    fn where_nothing_moves_nothing_is_a_repetition() {
        let quiet = Rhythm::new([0.1; 17].into_iter(), 0.1, 8..9);
        assert!(!quiet.still(3) && quiet.broken() < 0.5);
    }
}
