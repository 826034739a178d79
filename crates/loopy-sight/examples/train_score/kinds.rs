//! The kinds of joints with their labels: the probability that a viewer does not notice. Fixed
//! here, before training, by these rules: what a camera recorded is 1, what has nothing to do
//! with each other is 0, and between them a larger fault is worth less than a smaller one.

use crate::dice::Dice;

/// Where the joint goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum To {
    /// So many frames after the successor of the frame left; negative: before.
    Along(isize),
    /// Somewhere else in the scene.
    Scene,
    /// The nearest of forty places in the scene.
    Best,
    /// In another scene of the fold.
    Elsewhere,
    /// In the clip that goes on with the take.
    Take,
    /// The frames before the one left, backwards.
    Back,
}

/// What is put between, or done to what follows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Help {
    Nothing,
    /// The frames that lie there in the clip itself: no joint at all, of so many steps.
    Passage(usize),
    /// The last frame again, so many times.
    Hold(usize),
    /// So much is added to Y, U and V of all that follows.
    Lit([i16; 3]),
    /// One frame more or less bright.
    Flash(i16),
    /// All that follows is moved by so many pixels.
    Shift(isize, isize),
    /// Every second or third of the frames that follow.
    Faster(usize),
    /// A drawn frame between all that follow.
    Slower,
    /// So many frames, each the mean of both sides.
    Average(usize),
    /// A dissolve of so many frames.
    Dissolve(usize),
    /// So many frames of motion.
    Motion(usize),
    /// So many frames in which one side turns into the other while both go on; what is entered
    /// lies behind them.
    Morph(usize),
    /// So many frames that are blurred so many times.
    Blur(usize, usize),
    /// A part of all that follows is moved by so many pixels.
    Tear(usize),
}

pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) label: f32,
    /// Joints drawn in every clip.
    pub(crate) each: usize,
    pub(crate) draw: fn(&mut Dice) -> (To, Help),
}

const fn kind(
    name: &'static str,
    label: f32,
    each: usize,
    draw: fn(&mut Dice) -> (To, Help),
) -> Kind {
    Kind {
        name,
        label,
        each,
        draw,
    }
}

/// Left-out frames replaced by as many of motion.
fn held_out(frames: usize) -> (To, Help) {
    (To::Along(frames as isize), Help::Motion(frames))
}

/// One side turns into the other, which is so many frames ahead of it.
fn ahead(frames: usize, by: usize) -> (To, Help) {
    (To::Along(by as isize), Help::Morph(frames))
}

/// As long as the bridges that joints are tried with.
fn length(dice: &mut Dice) -> usize {
    4 * dice.between(1, 2)
}

pub(crate) const REJOIN: &str = "rejoin";
pub(crate) const PASSAGE: &str = "passage";

pub(crate) const KINDS: [Kind; 53] = [
    kind(REJOIN, 1.0, 16, |_| (To::Along(0), Help::Nothing)),
    kind(PASSAGE, 1.0, 10, |d| {
        (To::Along(0), Help::Passage(d.between(2, 13)))
    }),
    kind("take goes on", 1.0, 1, |_| (To::Take, Help::Nothing)),
    kind("skip 1", 0.75, 2, |_| (To::Along(1), Help::Nothing)),
    kind("skip 2", 0.6, 2, |_| (To::Along(2), Help::Nothing)),
    kind("skip 3", 0.5, 2, |_| (To::Along(3), Help::Nothing)),
    kind("skip 4", 0.4, 2, |_| (To::Along(4), Help::Nothing)),
    kind("skip 5-8", 0.25, 2, |d| {
        (To::Along(d.between(5, 8) as isize), Help::Nothing)
    }),
    kind("repeat 1", 0.6, 2, |_| (To::Along(-1), Help::Nothing)),
    kind("repeat 2", 0.5, 2, |_| (To::Along(-2), Help::Nothing)),
    kind("repeat 3-4", 0.35, 2, |d| {
        (To::Along(-(d.between(3, 4) as isize)), Help::Nothing)
    }),
    kind("repeat 5-8", 0.25, 2, |d| {
        (To::Along(-(d.between(5, 8) as isize)), Help::Nothing)
    }),
    kind("hold 1", 0.6, 3, |_| (To::Along(0), Help::Hold(1))),
    kind("hold 2-4", 0.3, 4, |d| {
        (To::Along(0), Help::Hold(d.between(2, 4)))
    }),
    kind("reversal", 0.25, 2, |_| (To::Back, Help::Nothing)),
    kind("light 2", 0.75, 2, |d| {
        (To::Along(0), Help::Lit([2 * d.sign(), 0, 0]))
    }),
    kind("light 4", 0.5, 2, |d| {
        (To::Along(0), Help::Lit([4 * d.sign(), 0, 0]))
    }),
    kind("light 8", 0.2, 2, |d| {
        (To::Along(0), Help::Lit([8 * d.sign(), 0, 0]))
    }),
    kind("flash 6", 0.3, 1, |d| {
        (To::Along(0), Help::Flash(6 * d.sign()))
    }),
    kind("colour 2", 0.75, 1, |d| {
        (To::Along(0), Help::Lit([0, 2 * d.sign(), 2 * d.sign()]))
    }),
    kind("colour 4", 0.5, 1, |d| {
        (To::Along(0), Help::Lit([0, 4 * d.sign(), 4 * d.sign()]))
    }),
    kind("colour 8", 0.2, 1, |d| {
        (To::Along(0), Help::Lit([0, 8 * d.sign(), 8 * d.sign()]))
    }),
    kind("speed x2", 0.5, 2, |_| (To::Along(1), Help::Faster(2))),
    kind("speed x3", 0.3, 1, |_| (To::Along(2), Help::Faster(3))),
    kind("speed x1/2", 0.5, 1, |_| (To::Along(0), Help::Slower)),
    kind("shift 1", 0.7, 1, |d| {
        (
            To::Along(0),
            Help::Shift(d.sign().into(), d.between(0, 1) as isize),
        )
    }),
    kind("shift 2", 0.5, 1, |d| {
        (To::Along(0), Help::Shift(2 * isize::from(d.sign()), 0))
    }),
    kind("shift 4", 0.25, 1, |d| {
        (To::Along(0), Help::Shift(4 * isize::from(d.sign()), 2))
    }),
    kind("tear 6", 0.25, 1, |_| (To::Along(0), Help::Tear(6))),
    kind("blur 1", 0.6, 1, |d| {
        (To::Along(0), Help::Blur(d.between(1, 8), 1))
    }),
    kind("blur 2", 0.35, 1, |d| {
        (To::Along(0), Help::Blur(d.between(1, 8), 2))
    }),
    kind("average of 1", 0.7, 1, |_| (To::Along(1), Help::Average(1))),
    kind("average of 2-3", 0.5, 1, |d| {
        let frames = d.between(2, 3);
        (To::Along(frames as isize), Help::Average(frames))
    }),
    kind("average of 4-8", 0.25, 1, |d| {
        let frames = d.between(4, 8);
        (To::Along(frames as isize), Help::Average(frames))
    }),
    kind("dissolve in a take", 0.4, 1, |d| {
        (
            To::Along(d.between(4, 12) as isize),
            Help::Dissolve(d.between(3, 12)),
        )
    }),
    kind("dissolve in a scene", 0.1, 2, |d| {
        (To::Scene, Help::Dissolve(d.between(3, 15)))
    }),
    kind("dissolve best of 40", 0.25, 1, |d| {
        (To::Best, Help::Dissolve(d.between(3, 15)))
    }),
    kind("motion over 1", 0.95, 2, |_| held_out(1)),
    kind("motion over 2-3", 0.85, 2, |d| held_out(d.between(2, 3))),
    kind("motion over 4-6", 0.7, 2, |d| held_out(d.between(4, 6))),
    kind("motion over 7-12", 0.5, 2, |d| held_out(d.between(7, 12))),
    kind("motion twice too slow", 0.5, 1, |d| {
        let frames = d.between(2, 6);
        (To::Along(frames as isize), Help::Motion(2 * frames + 1))
    }),
    kind("motion twice too fast", 0.5, 1, |d| {
        let frames = d.between(1, 5);
        (To::Along(2 * frames as isize + 1), Help::Motion(frames))
    }),
    kind("motion best of 40", 0.4, 2, |d| {
        (To::Best, Help::Motion(d.between(1, 12)))
    }),
    kind("motion in a scene", 0.1, 3, |d| {
        (To::Scene, Help::Motion(d.between(1, 12)))
    }),
    kind("morph over 1-3", 0.85, 2, |d| {
        ahead(length(d), d.between(1, 3))
    }),
    kind("morph over 4-6", 0.7, 2, |d| {
        ahead(length(d), d.between(4, 6))
    }),
    kind("morph over 7-12", 0.5, 2, |d| {
        ahead(length(d), d.between(7, 12))
    }),
    kind("morph best of 40", 0.4, 3, |d| {
        (To::Best, Help::Morph(length(d)))
    }),
    kind("morph in a scene", 0.1, 4, |d| {
        (To::Scene, Help::Morph(length(d)))
    }),
    kind("cut best of 40", 0.2, 3, |_| (To::Best, Help::Nothing)),
    kind("cut in the scene", 0.0, 8, |_| (To::Scene, Help::Nothing)),
    kind("cut elsewhere", 0.0, 5, |_| (To::Elsewhere, Help::Nothing)),
];
