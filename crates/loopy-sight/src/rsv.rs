//! Relative seam visibility: how unusual a joint is among the clips' own steps.
//!
//! Many statistics are measured at a joint against what lies beside it: how much cells change and
//! move, what motion leaves unexplained, light, mixes, sharpness, grain, the rhythm of repeated
//! pictures. The same is measured at windows of the clips themselves with as many steps in the
//! middle. What counts is the worst statistic: its percentile among the worst ones of the natural
//! windows. Too little is as bad as too much, and one cell of a grid as bad as all.
//!
//! Nothing here compares the two sides frame by frame: the picture entered stands where the
//! successor of the picture left would stand, so a step that would be ordinary there is ordinary.

mod blob;
mod compare;
#[cfg(test)]
pub(crate) mod drawn;
mod look;
mod natural;
mod order;
#[cfg(test)]
mod real;
mod rhythm;
mod statistic;
mod steps;
#[cfg(test)]
mod tests;
mod texture;
mod usual;
mod window;

use std::{cell::OnceCell, ops::Range};

use loopy_core::Size;

pub(crate) use self::steps::Looks;
pub(crate) use self::texture::differ_alike;
pub use self::{blob::Error, natural::Natural, statistic::Statistic, steps::Steps, usual::Usual};
use self::{natural::LONGEST, usual::Scale, window::Windows};

/// Size at which joints are judged; pictures of another shape are pulled to it.
pub const SIZE: Size = Size {
    width: 320,
    height: 180,
};
/// Changes when a window would be measured otherwise: windows are kept.
pub const WINDOWS: &str = "windows-1";
/// Pictures on each side that a joint is judged with.
pub const CONTEXT: usize = window::CONTEXT;

/// Steps beside a bridge that tell the rhythm of repeated pictures.
const BESIDE: usize = 12;
const COLUMNS: usize = 16;
const ROWS: usize = 9;
const CELLS: usize = COLUMNS * ROWS;
/// Columns and rows of the small luma that pictures far apart in time are compared by.
const SMALL: (usize, usize) = (2 * COLUMNS, 2 * ROWS);
const SMALLS: usize = SMALL.0 * SMALL.1;
/// Units of motion in a pixel of a picture 320 wide.
const MOTION_UNITS: f32 = 8.0;
/// Number of statistics.
pub const COUNT: usize = Statistic::ALL.len();

/// How unusual a joint is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rsv {
    /// Share, 0 to 1, of the natural windows whose worst statistic is milder.
    pub percentile: f32,
    /// What is wrong with it, if anything is.
    pub worst: Statistic,
    /// How far each statistic lies beyond what is usual, in the order of [`Statistic::ALL`]: 0 in
    /// the middle, 1 where one natural window in ten lies.
    pub each: [f32; COUNT],
    /// Each statistic as it is measured, mostly in doublings against what lies beside the joint.
    pub raw: [f32; COUNT],
}

impl Rsv {
    /// The largest of [`Rsv::each`]: it still tells joints apart that lie beyond all natural
    /// windows.
    pub fn beyond(&self) -> f32 {
        self.each[self.worst as usize]
    }
}

/// Which pictures of a bridge of `pictures` are held, and after it the first of the clip that is
/// entered: bits as [`loopy_core::graph::Bridge::Motion`] has them. The bridge leaves the first
/// clip before its picture `leave` and enters the other at its picture `enter`.
pub fn holds(from: &Steps, leave: usize, to: &Steps, enter: usize, pictures: usize) -> u16 {
    let row = |steps: &Steps, at: usize| {
        let at = at.min(steps.len());
        rhythm::Row {
            before: steps.sizes(at.saturating_sub(BESIDE)..at),
            after: steps.sizes(at..(at + BESIDE).min(steps.len())),
        }
    };
    rhythm::holds(
        &row(from, leave.saturating_sub(1)),
        row(to, enter),
        pictures,
    )
}

/// What is usual for joints from one clip to another, found once for each length of joint.
pub struct Scales<'a> {
    usual: (&'a Usual, &'a Usual),
    by_steps: [OnceCell<Scale>; LONGEST],
}

impl<'a> Scales<'a> {
    /// Of what is usual for the clip that is left and the one that is entered.
    pub fn new(usual: (&'a Usual, &'a Usual)) -> Self {
        Self {
            usual,
            by_steps: [const { OnceCell::new() }; LONGEST],
        }
    }

    /// [`rsv()`] of a joint between them.
    pub fn rsv(&self, window: &Steps, joint: Range<usize>) -> Option<Rsv> {
        let steps = joint.len().clamp(1, LONGEST);
        let raw = Windows::new(window).at(joint)?;
        let scale = self.by_steps[steps - 1].get_or_init(|| Scale::new(self.usual, steps));
        let each = scale.apply(&raw);
        let mut worst = Statistic::Jump;
        for statistic in Statistic::ALL {
            if each[statistic as usize] > each[worst as usize] {
                worst = statistic;
            }
        }
        Some(Rsv {
            percentile: scale.percentile(each[worst as usize]),
            worst,
            each,
            raw,
        })
    }
}

/// How unusual the steps `joint` of `window` are, with [`CONTEXT`] steps on both sides (some of
/// them may be missing at the ends of clips), for two clips of which this is usual. A hard cut has
/// one step, a bridge of n pictures n + 1. `None` when the joint does not lie inside the window
/// with at least three steps on each side.
pub fn rsv(window: &Steps, joint: Range<usize>, usual: (&Usual, &Usual)) -> Option<Rsv> {
    Scales::new(usual).rsv(window, joint)
}
