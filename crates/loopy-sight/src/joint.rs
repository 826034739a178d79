//! How visible a hard cut from one place to another would be, from features alone.
//!
//! A cut is invisible when what happens across it is ordinary for the two clips. Four signs of the
//! opposite are measured against the clips' own frames near the joint: a step larger than theirs
//! (a jump) or smaller (a freeze), a step that does not follow from the motion before and after (a
//! turn, a skip), and surroundings that differ. Surroundings are compared by the successor rule:
//! the frame entered stands for the one that would have followed, and so on two frames each way,
//! so that motion in the other direction does not match.

use loopy_core::graph::Score;

use crate::{
    distance,
    features::{Features, GRID},
    trial::MOVING,
};

/// Differences below this many code values are not seen.
const FLOOR: f32 = 0.8;
/// A standstill is no further from an ordinary step than this part of [`FLOOR`] tells.
const STANDSTILL: f32 = 0.25;
/// Own steps are taken from so many frames each way of the joint ...
const NEAR: usize = 8;
/// ... without those that the joint itself would touch.
const TOUCHED: usize = 2;
/// Places compared by the successor rule, relative to the boundary, and their weights.
const WINDOW: [(isize, f32); 4] = [(-2, 1.0), (-1, 2.0), (0, 2.0), (1, 1.0)];

/// The score is a logistic function of the logarithms of the four ratios: what each costs, and
/// what a flawless joint starts from.
const START: f64 = 2.2;
const JUMP: f64 = 0.3;
const FREEZE: f64 = 0.8;
const TURN: f64 = 1.3;
const SURROUNDINGS: f64 = 2.4;

/// Ordinary steps that a bridge can span with even chances of going unseen, between still pictures
/// and where both clips can go on moving, and how fast chances sink beyond.
const HALFWAY: f64 = 8.0;
const HALFWAY_MOVING: f64 = 16.0;
const STEEP: f64 = 1.5;

/// The usable frames of one clip with their own steps.
pub(crate) struct View<'a> {
    features: &'a Features,
    first: usize,
    until: usize,
    /// Step into each frame from the one before; 0 for the first.
    steps: Vec<f32>,
    /// Jerk of the step into each frame; `None` where a neighbour is missing.
    jerks: Vec<Option<f32>>,
}

/// What a hard cut would look like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Joint {
    /// Estimated probability that nobody notices.
    pub(crate) score: Score,
    /// Estimated probability that nobody notices once motion is drawn across it, where it needs
    /// that: what places are chosen by.
    pub(crate) bridged: Score,
    /// Step across the joint in ordinary steps of the two clips.
    pub(crate) step: f32,
}

impl<'a> View<'a> {
    /// The frames `first..until`, all of which have features; at least one.
    pub(crate) fn new(features: &'a Features, first: u32, until: u32) -> Self {
        let (first, until) = (first as usize, until as usize);
        let mut view = Self {
            features,
            first,
            until,
            steps: Vec::new(),
            jerks: Vec::new(),
        };
        for index in first..until {
            let [a2, a1, b0, b1] = [-2, -1, 0, 1].map(|place| {
                index
                    .checked_add_signed(place)
                    .and_then(|index| view.grid(index))
            });
            let (step, around) = (a1.zip(b0), a2.zip(b1));
            view.steps
                .push(step.map_or(0.0, |(a, b)| distance::apart(a, b)));
            let jerk = step
                .zip(around)
                .map(|((a1, b0), (a2, b1))| distance::jerk(a2, a1, b0, b1));
            view.jerks.push(jerk);
        }
        view
    }

    /// First frame of the usable range.
    pub(crate) fn first(&self) -> u32 {
        self.first as u32
    }

    /// One past the last frame of the usable range.
    pub(crate) fn until(&self) -> u32 {
        self.until as u32
    }

    /// The grid of a frame inside the usable range.
    pub(crate) fn grid(&self, index: usize) -> Option<&'a [u8; GRID]> {
        (self.first..self.until)
            .contains(&index)
            .then(|| self.features.grid(index))
    }

    fn step_into(&self, index: usize) -> Option<f32> {
        (self.first + 1..self.until)
            .contains(&index)
            .then(|| self.steps[index - self.first])
    }

    fn jerk_into(&self, index: usize) -> Option<f32> {
        self.jerks
            .get(index.checked_sub(self.first)?)
            .copied()
            .flatten()
    }

    /// Mean of `of` over the frames around a boundary that the joint does not touch; over the
    /// whole clip when it has no such frames, 0 when it has none at all.
    fn own(&self, boundary: usize, of: impl Fn(usize) -> Option<f32>) -> f32 {
        let near = boundary.saturating_sub(NEAR)..=boundary + NEAR;
        let apart = near.filter(|index| index.abs_diff(boundary) >= TOUCHED);
        mean(apart.filter_map(&of))
            .or_else(|| mean((self.first..self.until).filter_map(&of)))
            .unwrap_or(0.0)
    }
}

fn mean(values: impl Iterator<Item = f32>) -> Option<f32> {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / count as f32)
}

/// A hard cut that leaves `a` before frame `q` and enters `b` with frame `p`.
pub(crate) fn joint(a: &View, q: u32, b: &View, p: u32) -> Joint {
    let (q, p) = (q as usize, p as usize);
    let (Some(last), Some(next)) = (q.checked_sub(1).and_then(|i| a.grid(i)), b.grid(p)) else {
        return Joint {
            score: Score(0),
            bridged: Score(0),
            step: f32::INFINITY,
        };
    };
    let step = distance::apart(last, next);
    let own_a = a.own(q, |index| a.step_into(index));
    let own_b = b.own(p, |index| b.step_into(index));
    let before = a.step_into(q - 1).unwrap_or(own_a);
    let after = b.step_into(p + 1).unwrap_or(own_b);
    let ordinary = ((own_a + own_b + before + after) / 4.0).max(FLOOR);

    let usual_jerk = a.own(q, |index| a.jerk_into(index)) + b.own(p, |index| b.jerk_into(index));
    let sudden = ((usual_jerk + f32::midpoint(before, after)) / 3.0).max(FLOOR);
    let beyond = q.checked_sub(2).and_then(|i| a.grid(i)).zip(b.grid(p + 1));
    let jerk = beyond.map_or(0.0, |(a2, b1)| distance::jerk(a2, last, next, b1));

    let surroundings = surroundings(a, q, b, p).unwrap_or(step);
    let over = |value: f32, usual: f32| f64::from(value / usual).max(1.0).ln();
    let cost = JUMP * over(step, ordinary)
        + FREEZE * over(ordinary, step.max(FLOOR * STANDSTILL))
        + TURN * over(jerk, sudden)
        + SURROUNDINGS * over(surroundings, ordinary);
    let score = 1.0 / (1.0 + (cost - START).exp());
    let gap = f64::from(surroundings.max(step) / ordinary);
    let handles = q + MOVING <= a.until && p >= b.first + MOVING;
    let halfway = if handles { HALFWAY_MOVING } else { HALFWAY };
    let bridged = 1.0 / (1.0 + (gap / halfway).powf(STEEP));
    Joint {
        score: Score::from_f64(score),
        bridged: Score::from_f64(bridged.max(score)),
        step: step / ordinary,
    }
}

/// Mean distance of what lies around both boundaries, frame by frame, where both clips have
/// frames there; `None` where they have none in common (from an end to a start).
fn surroundings(a: &View, q: usize, b: &View, p: usize) -> Option<f32> {
    let (mut sum, mut weights) = (0.0, 0.0);
    for (place, weight) in WINDOW {
        let a = q.checked_add_signed(place).and_then(|index| a.grid(index));
        let b = p.checked_add_signed(place).and_then(|index| b.grid(index));
        if let Some((a, b)) = a.zip(b) {
            sum += weight * distance::apart(a, b);
            weights += weight;
        }
    }
    (weights > 0.0).then(|| sum / weights)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    fn view(features: &Features) -> View<'_> {
        View::new(features, 0, features.len() as u32)
    }

    fn score(a: &View, q: u32, b: &View, p: u32) -> f64 {
        joint(a, q, b, p).score.as_f64()
    }

    #[test]
    fn the_true_successor_scores_above_freezes_skips_and_repeats() {
        let features = synthetic::moving(120, 1, 1.0);
        let clip = view(&features);
        for q in [20, 47, 90] {
            let natural = joint(&clip, q, &clip, q);
            assert!(natural.score.as_f64() > 0.85, "{natural:?}");
            assert!((0.5..2.0).contains(&natural.step), "{natural:?}");
            let freeze = joint(&clip, q, &clip, q - 1);
            assert!(
                freeze.score < natural.score && freeze.step < 0.1,
                "{freeze:?}"
            );
            let mut before = natural.score.as_f64();
            for skip in [2, 4, 8, 16] {
                let skipped = score(&clip, q, &clip, q + skip);
                assert!(skipped < before, "skip {skip} at {q}: {skipped} {before}");
                before = skipped;
            }
            assert!(score(&clip, q, &clip, q - 4) < natural.score.as_f64() / 2.0);
        }
    }

    #[test]
    fn motion_turned_round_scores_below_motion_carried_on() {
        let features = synthetic::moving(120, 1, 1.0);
        let backwards = synthetic::reversed(120, 1, 1.0);
        let (clip, turned) = (view(&features), view(&backwards));
        for q in [30, 60, 80] {
            // The frame after q - 1 in the reversed clip shows what q - 2 shows: an ordinary step.
            let p = 119 - (q - 2);
            let turn = joint(&clip, q, &turned, p);
            assert!((0.5..2.0).contains(&turn.step), "{turn:?}");
            assert!(
                turn.score.as_f64() < 0.6 * score(&clip, q, &clip, q),
                "{turn:?}"
            );
        }
    }

    #[test]
    fn light_that_jumps_lowers_the_score() {
        let features = synthetic::moving(60, 1, 1.0);
        let brighter = synthetic::lit(60, 1, 1.0, 8);
        let (clip, lit) = (view(&features), view(&brighter));
        let (jump, whole) = (joint(&clip, 30, &lit, 30), joint(&clip, 30, &clip, 30));
        assert!(
            jump.score.as_f64() < 0.7 * whole.score.as_f64(),
            "{jump:?} {whole:?}"
        );
    }

    #[test]
    fn ends_and_starts_and_the_shortest_clips_have_scores() {
        let features = synthetic::moving(60, 1, 1.0);
        let clip = view(&features);
        let part = View::new(&features, 0, 30);
        let rest = View::new(&features, 30, 60);
        assert!(
            score(&part, 30, &rest, 30) > 0.85,
            "two halves of one take join"
        );
        assert!(
            score(&rest, 60, &part, 0) < 0.3,
            "its end does not join its start"
        );
        let one = View::new(&features, 5, 6);
        assert!(joint(&one, 6, &one, 5).step.is_finite());
        assert_eq!(
            joint(&clip, 0, &clip, 0).score,
            Score(0),
            "nothing lies before a start"
        );
        assert_eq!(
            joint(&clip, 60, &clip, 60).score,
            Score(0),
            "nothing follows an end"
        );
    }
}
