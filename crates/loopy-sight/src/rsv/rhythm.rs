//! Repeated pictures: a source of 10 or 24 pictures on a faster clock repeats some of them in a
//! rhythm, and the rhythm must go on over a joint.

use std::ops::Range;

use super::order::quantile_of;

/// A step this small beside the others repeats a picture.
const STILL: f32 = 0.25;
/// Where steps are all smaller than this, in code values, none is told from the others.
const NOTHING: f32 = 0.5;
/// Longest rhythm: 24 pictures on a clock of 30 repeat every fifth.
const LONGEST: usize = 6;

/// A step of this size repeats a picture where so much is large.
fn repeats(size: f32, large: f32) -> bool {
    large > NOTHING && size < STILL * large
}

/// Which steps around a joint repeat a picture, and which should.
pub(super) struct Rhythm {
    still: Vec<bool>,
    joint: Range<usize>,
    period: usize,
}

impl Rhythm {
    /// From the sizes of steps, what is large among those beside the joint, and the joint.
    pub(super) fn new(sizes: impl Iterator<Item = f32>, large: f32, joint: Range<usize>) -> Self {
        let still: Vec<bool> = sizes.map(|size| repeats(size, large)).collect();
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

/// Steps of a clip on both sides of a place, as sizes: those that lead up to it, the nearest last,
/// and those that lead on.
pub(super) struct Row {
    pub(super) before: Vec<f32>,
    pub(super) after: Vec<f32>,
}

impl Row {
    /// The same row seen from its end.
    fn backward(self) -> Self {
        let turned = |steps: Vec<f32>| steps.into_iter().rev().collect();
        Self {
            before: turned(self.after),
            after: turned(self.before),
        }
    }

    /// Whether each of the next steps holds the picture: as the clip itself goes on where it does,
    /// otherwise in the rhythm of what leads up to the place, if it has one.
    fn holds(&self, count: usize) -> Vec<bool> {
        let all = self.before.iter().chain(&self.after);
        let large = quantile_of(all.copied(), 0.75);
        let still = |size: &f32| repeats(*size, large);
        if let Some(own) = self.after.get(..count) {
            return own.iter().map(still).collect();
        }
        let past: Vec<bool> = self.before.iter().map(still).collect();
        let period = (2..=LONGEST).find(|period| goes_by(&past, *period));
        let next = |at: usize| period.is_some_and(|period| past[past.len() - period + at % period]);
        (0..count).map(next).collect()
    }
}

/// The last steps come again after so many, more than once, and some of them hold the picture.
fn goes_by(still: &[bool], period: usize) -> bool {
    let again = |at: usize| still[at] == still[at - period];
    let run = (period..still.len()).rev().take_while(|at| again(*at));
    run.count() > period && still[still.len() - period..].contains(&true)
}

/// Which of the steps of a bridge of so many pictures hold the picture: bit `i` for the step to
/// picture `i`, the last one for the step that leads on. Each half goes on as the clip that is
/// nearer: `left` lies around the place where the one is left, `entered` around that where the
/// other is entered.
pub(super) fn holds(left: &Row, entered: Row, pictures: usize) -> u16 {
    let half = pictures.div_ceil(2);
    let far = entered.backward().holds(pictures + 1 - half);
    let near = left.holds(half);
    let steps: Vec<bool> = near.into_iter().chain(far.into_iter().rev()).collect();
    if steps.len() > 16 || steps.iter().all(|still| *still) {
        return 0;
    }
    let bits = steps.into_iter().enumerate();
    bits.fold(0, |bits, (at, still)| bits | u16::from(still) << at)
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

    fn row(before: &str, after: &str) -> Row {
        let sizes = |steps: &str| {
            let size = |step| if step == 'x' { 4.0 } else { 0.1 };
            steps.chars().map(size).collect()
        };
        Row {
            before: sizes(before),
            after: sizes(after),
        }
    }

    fn bridge(left: &Row, entered: Row, pictures: usize) -> String {
        let bits = holds(left, entered, pictures);
        let step = |at| if bits >> at & 1 == 1 { '.' } else { 'x' };
        (0..=pictures).map(step).collect()
    }

    #[test]
    fn a_bridge_goes_on_in_the_rhythm_of_the_nearer_clip() {
        let ends = |before, after, pictures| bridge(&row(before, ""), row("", after), pictures);
        assert_eq!(ends("x.x.x.x.", "x.x.x.x.", 7), "x.x.x.x.");
        assert_eq!(ends(".x.x.x.x", ".x.x.x.x", 7), ".x.x.x.x");
        assert_eq!(ends("xxxx.xxxx.xx", "xxxxxxxxxxxx", 6), "xx.xxxx");
        assert_eq!(ends("xxxxxxxxxxxx", "xx.xxxx.xxxx", 6), "xxxx.xx");
        assert_eq!(
            ends("xx.x.xx.x.x.", "xxxxxxxxxxxx", 6),
            "x.xxxxx",
            "a stumble passes"
        );
        // One picture held is no rhythm, nor is a clip that stands still.
        assert_eq!(ends("xxxxxxxxx.", "xxxxxxxxxx", 5), "xxxxxx");
        assert_eq!(ends("............", "............", 5), "xxxxxx");
        assert_eq!(ends("", "", 5), "xxxxxx");
    }

    #[test]
    fn where_a_clip_goes_on_the_bridge_holds_what_it_holds() {
        let goes_on = row("x.x.x.x.", "x..x");
        assert_eq!(bridge(&goes_on, row("", "xxxxxx"), 5), "x..xxx");
        assert_eq!(
            bridge(&row("xxxxxx", ""), row("xx.x", "xxxxxx"), 5),
            "xxxx.x"
        );
    }

    #[test]
    fn where_nothing_moves_nothing_is_a_repetition() {
        let quiet = Rhythm::new([0.1; 17].into_iter(), 0.1, 8..9);
        assert!(!quiet.still(3) && quiet.broken() < 0.5);
    }
}
