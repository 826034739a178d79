//! Motion from one moving picture to another, of any length: it sets out at the speed of the one
//! and arrives at that of the other, and holds its pictures in the rhythm of the clips.

use loopy_core::Frame;

use super::{
    Between,
    morph::{HELD, apart},
};
use crate::flow::{Effort, Error};

/// The way from the last of some pictures to the first of others.
#[derive(Debug)]
pub struct Passage(Between);

impl Passage {
    /// From the last of `before` to the first of `after`. Those next to them that differ from them
    /// tell how fast things move; without any, the pace is even.
    ///
    /// # Errors
    /// When there is no picture on a side, when pictures differ in size or are too small for flow.
    pub fn new(before: &[Frame], after: &[Frame], effort: Effort) -> Result<Self, Error> {
        let (Some((a, earlier)), Some((b, later))) = (before.split_last(), after.split_first())
        else {
            return Err(Error::Nothing);
        };
        let steps = |row: &[Frame]| {
            let steps = row.windows(2).map(|pair| apart(&pair[0], &pair[1]));
            steps.fold(0.0, f32::max)
        };
        let least = HELD * steps(before).max(steps(after));
        let moved = |from: &Frame, to: &Frame| {
            let way = apart(from, to);
            way > 0.0 && way >= least
        };
        let earlier = earlier.iter().rev().find(|frame| moved(frame, a));
        let later = later.iter().find(|frame| moved(b, frame));
        let between = match earlier.zip(later) {
            Some((earlier, later)) => Between::with_context(earlier, a, b, later, effort),
            None => Between::new(a, b, effort),
        };
        between.map(|between| Self(between.in_turns()))
    }

    /// So many pictures. Bit `i` of `holds` is set where picture `i` repeats the one before it,
    /// the first one the last of the clip that is left; where bit `pictures` is set, the first of
    /// the clip that is entered repeats the last one. When all are set, none is.
    pub fn pictures(&self, pictures: usize, holds: u64) -> Vec<Frame> {
        let set = |step: usize| step < 64 && holds >> step & 1 == 1;
        let all = (0..=pictures).all(set);
        let held = |step: usize| set(step) && !all;
        let moves = (0..=pictures).filter(|step| !held(*step)).count();
        let times = self.0.times(moves - 1);
        let mut made: Vec<Frame> = Vec::with_capacity(pictures);
        let mut moved = 0;
        for step in 0..pictures {
            let again = made.last().filter(|_| held(step)).cloned();
            moved += usize::from(!held(step));
            made.push(again.unwrap_or_else(|| {
                let time = match moved.checked_sub(1) {
                    None => 0.0,
                    Some(step) => times.get(step).copied().unwrap_or(1.0),
                };
                self.0.at(time)
            }));
        }
        made
    }
}
