//! Repeated pictures, and whether they come in a rhythm: 10 or 12 pictures a second stored as 24
//! or 30 repeat every second or third, which is how they are meant to look.

use std::ops::Range;

use crate::features::Features;

/// Frames each way that tell how much usually changes.
const NEAR: usize = 8;
/// A repeat changes less than one in so many of what is usual ...
const LESS: u32 = 6;
/// ... where that is at least so much, in 1/8 code values of the cell that changes most.
const LIVELY: u32 = 16;
/// Repeats in percent of all frames that can be a rhythm.
const OFTEN: usize = 12;
/// A repeat changes no cell more than this, in the same unit: coding may refine it.
const CALM: u32 = 32;
/// Gaps in percent that must be as even as whole frames allow.
const EVEN: usize = 80;

/// How long a source shows each of its pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cadence {
    /// Frames counted ...
    pub frames: u32,
    /// ... and pictures among them.
    pub pictures: u32,
}

pub(super) struct Rhythm {
    /// The frame shows what the one before showed.
    pub(super) repeats: Vec<bool>,
    pub(super) cadence: Option<Cadence>,
}

/// Repeats in a range that exists.
pub(super) fn rhythm(features: &Features, range: Range<usize>) -> Rhythm {
    // The first frame's change tells of what lies before the range.
    let worst: Vec<u32> = range
        .clone()
        .map(|index| {
            features
                .change(index)
                .iter()
                .max()
                .map_or(0, |most| u32::from(*most))
        })
        .collect();
    let repeats: Vec<bool> = (0..worst.len())
        .map(|place| {
            let from = place.saturating_sub(NEAR).max(1);
            let near = from..(place + NEAR + 1).min(worst.len());
            let mut others: Vec<u32> = near
                .filter(|other| *other != place)
                .map(|other| worst[other])
                .collect();
            others.sort_unstable();
            let usual = others.get(others.len() * 4 / 5).copied().unwrap_or(0);
            let calm = worst[place] <= CALM && worst[place] * LESS <= usual;
            place > 0 && usual >= LIVELY && calm
        })
        .collect();
    let cadence = cadence(&repeats);
    Rhythm { repeats, cadence }
}

fn cadence(repeats: &[bool]) -> Option<Cadence> {
    let frames = repeats.len();
    let held = repeats.iter().filter(|repeat| **repeat).count();
    if held * 100 < frames * OFTEN || held + 2 > frames {
        return None;
    }
    let fresh = frames - held;
    // Of the rarer kind: each comes so many frames after the last, or one more.
    let rare = held < fresh;
    let places: Vec<usize> = (0..frames).filter(|at| repeats[*at] == rare).collect();
    let usual = frames / places.len().max(1);
    let gaps = places.windows(2).map(|pair| pair[1] - pair[0]);
    let even = gaps.filter(|gap| (usual..=usual + 1).contains(gap)).count();
    (even * 100 >= places.len().saturating_sub(1) * EVEN && places.len() > 2).then_some(Cadence {
        frames: frames as u32,
        pictures: fresh as u32,
    })
}
