//! Steps between pictures that no motion makes: those that stay are changes of shot, those that
//! go back at once are flashes. Repeated pictures count once.

use std::ops::Range;

use super::rhythm::rhythm;
use crate::features::Features;

/// Pictures each way that tell how large steps usually are.
const NEAR: usize = 6;
/// Smallest step of a cut, in code values and in usual steps.
const CUT: f32 = 12.0;
const CUT_USUAL: f32 = 4.0;
/// After a cut things stay that far away, in its step.
const STAYS: f32 = 0.6;
/// Smallest step into and out of a flash, in code values; in usual steps unless the picture
/// comes back nearly whole.
const FLASH: f32 = 10.0;
const FLASH_USUAL: f32 = 3.0;
/// How far the picture after a flash may be from that before it, in the smaller of its steps.
const BACK: f32 = 0.4;
const BACK_WHOLE: f32 = 0.3;
/// Pictures of a flash.
const FLASH_PICTURES: usize = 3;

/// What jumps.
pub(crate) struct Jumps {
    /// First frame of each shot but the first.
    pub(crate) cuts: Vec<usize>,
    /// Frames of each flash.
    pub(crate) flashes: Vec<Range<usize>>,
}

/// The jumps in a range that exists.
pub(crate) fn jumps(features: &Features, range: Range<usize>) -> Jumps {
    let repeats = rhythm(features, range.clone()).repeats;
    let fresh: Vec<usize> = range
        .zip(repeats)
        .filter(|(_, repeat)| !repeat)
        .map(|(at, _)| at)
        .collect();
    let apart = |a: usize, b: usize| features.distance(fresh[a], fresh[b]).unwrap_or(0.0);
    let steps: Vec<f32> = (0..fresh.len())
        .map(|at| if at == 0 { 0.0 } else { apart(at - 1, at) })
        .collect();
    let mut jumps = Jumps {
        cuts: Vec::new(),
        flashes: Vec::new(),
    };
    let mut at = 1;
    while at < fresh.len() {
        let usual = usual(&steps, at);
        let flash = (1..=FLASH_PICTURES).find(|len| {
            let Some(out) = steps.get(at + len) else {
                return false;
            };
            let step = steps[at].min(*out);
            if step < FLASH {
                return false;
            }
            let back = apart(at - 1, at + len);
            // Among many flashes the steps right beside this one are the usual ones.
            let beside = steps[at - 1].max(steps.get(at + len + 1).copied().unwrap_or(0.0));
            let sudden = step >= FLASH_USUAL * usual.min(beside);
            back <= BACK_WHOLE * step || back <= BACK * step && sudden
        });
        if let Some(len) = flash {
            jumps.flashes.push(fresh[at]..fresh[at + len]);
            at += len + 1;
            continue;
        }
        if steps[at] >= CUT && steps[at] >= CUT_USUAL * usual {
            let (before, after) = (at.saturating_sub(2), (at + 1).min(fresh.len() - 1));
            if apart(before, after) >= STAYS * steps[at] {
                jumps.cuts.push(fresh[at]);
            }
        }
        at += 1;
    }
    jumps
}

/// The step that three in four of those near a place do not exceed, itself not counted.
fn usual(steps: &[f32], at: usize) -> f32 {
    let near = at.saturating_sub(NEAR).max(1)..(at + NEAR + 1).min(steps.len());
    let mut others: Vec<f32> = near
        .filter(|other| *other != at)
        .map(|other| steps[other])
        .collect();
    others.sort_unstable_by(f32::total_cmp);
    others.get(others.len() * 3 / 4).copied().unwrap_or(0.0)
}
