//! The best loop inside one clip: where to leave it and where to enter it again, so that nobody
//! sees where it begins.

mod why;

use std::collections::BTreeMap;

use loopy_core::{
    Clip,
    graph::{Bridge, Score},
};

pub use self::why::Why;
use crate::{
    edges,
    features::Features,
    joint::{self, View},
    pairs::{self, Side},
};

/// How long the loop shall be, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// At least.
    pub least: i64,
    /// At most.
    pub most: i64,
}

/// A loop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// First frame of the loop.
    pub first: u32,
    /// One past its last: the frame that would have followed, and where the first follows instead.
    pub until: u32,
    /// Estimated probability that nobody notices a hard cut there.
    pub score: Score,
    /// Step across the joint in ordinary steps of the clip.
    pub step: f32,
    /// The help that it needs.
    pub bridge: Bridge,
    /// Relative visibility, where the joint was drawn.
    pub rsv: Option<f32>,
}

/// A clip without a loop that would go unseen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct None {
    /// What is in the way.
    pub why: Why,
    /// The best there is, if there is any.
    pub nearest: Option<Found>,
}

/// What a loop is searched among: lengths of one search are at most this many times each other,
/// so that long loops are not crowded out by short ones.
const BAND: f64 = 1.3;
/// Scores this near to the best are as good: the longest of them is taken.
const AS_GOOD: u16 = u16::MAX / 40;
/// A joint below this is seen whatever is drawn between.
const SEEN: Score = Score(u16::MAX / 4);
/// Drawn, a joint below this is seen.
const SEEN_DRAWN: Score = Score::percent(40);
/// Motion of more ordinary steps than this cannot be drawn.
const TOO_FAR: f32 = 13.0;

/// Finds the best loop in the usable range of `clip`.
///
/// # Errors
/// Why there is none that would go unseen, with the best there is.
pub fn find(clip: &Clip, features: &Features, wish: Wish) -> Result<Found, None> {
    let found = candidates(clip, features, wish)?;
    best(clip, features, found)
}

/// Joints that could close a loop in the usable range of `clip`, the likeliest first.
///
/// # Errors
/// Why there is none at all.
pub fn candidates(clip: &Clip, features: &Features, wish: Wish) -> Result<Vec<Found>, None> {
    let whole = clip.first < clip.until && clip.until as usize <= features.len();
    if !whole || clip.micros() < wish.least {
        let nearest = Option::None;
        return Err(None {
            why: Why::Short {
                micros: if whole { clip.micros() } else { 0 },
                least: wish.least,
            },
            nearest,
        });
    }
    let view = View::new(features, clip.first, clip.until);
    let mut found = places(clip, features, &view, wish);
    if found.is_empty() {
        return Err(None {
            why: Why::Marked,
            nearest: Option::None,
        });
    }
    let order = |found: &Found| std::cmp::Reverse((found.score, length(clip, found)));
    found.sort_by_key(|found| (order(found), found.first));
    Ok(found)
}

/// The best of some joints of `clip`: of those that score about alike, the one of the longest loop.
///
/// # Errors
/// Why none of them would go unseen, with the best there is.
pub fn best(clip: &Clip, features: &Features, mut found: Vec<Found>) -> Result<Found, None> {
    let best = found.iter().map(|found| found.score).max();
    let best = best.unwrap_or_default();
    found.retain(|found| found.score.0.saturating_add(AS_GOOD) >= best.0);
    // The longest; among equals the better, then the earlier.
    found.sort_by_key(|found| {
        let order = std::cmp::Reverse((length(clip, found), found.score));
        (order, found.first)
    });
    let Some(nearest) = found.first().copied() else {
        return Err(None {
            why: Why::Marked,
            nearest: Option::None,
        });
    };
    let least = if nearest.rsv.is_some() {
        SEEN_DRAWN
    } else {
        SEEN
    };
    if nearest.score >= least && nearest.step < TOO_FAR {
        return Ok(nearest);
    }
    Err(None {
        why: why::of(clip, features, &nearest),
        nearest: Some(nearest),
    })
}

/// Microseconds that a loop lasts.
fn length(clip: &Clip, found: &Found) -> i64 {
    clip.time(found.until) - clip.time(found.first)
}

fn judged(view: &View, until: u32, first: u32) -> Found {
    let joint = joint::joint(view, until, view, first);
    Found {
        first,
        until,
        score: joint.score,
        step: joint.step,
        bridge: edges::bridge(joint.step),
        rsv: Option::None,
    }
}

/// Frames each way of a match in which its best joint is looked for: descriptors are coarse, and
/// at the ends of a clip they know little of what lies beyond.
const AROUND: u32 = 2;

/// Joints that match, of all lengths that are wished for, each the best of those around it.
fn places(clip: &Clip, features: &Features, view: &View, wish: Wish) -> Vec<Found> {
    let most = wish.most.min(clip.micros());
    let mut found: BTreeMap<(u32, u32), Found> = BTreeMap::new();
    for part in parts(clip, most) {
        let Some(side) = Side::new(features, &part) else {
            continue;
        };
        let allowed = |until: u32, first: u32| {
            let length = clip.time(until) - clip.time(first);
            side.may_leave(until) && side.may_enter(first) && (wish.least..=most).contains(&length)
        };
        let mut matches = Vec::new();
        let mut least = wish.least;
        while least <= most {
            // Times of frames are rounded; a length on the border belongs to both.
            let top = ((least as f64 * BAND) as i64).clamp(least + 1, most.max(least + 1));
            matches.extend(pairs::loops_of(&side, least, top + 1));
            least = top + 1;
        }
        let whole = allowed(part.until, part.first).then_some((part.until, part.first));
        let starts = matches
            .iter()
            .map(|place| (place.from, place.to))
            .chain(whole);
        for (until, first) in starts {
            let best = around(until)
                .flat_map(|until| around(first).map(move |first| (until, first)))
                .filter(|(until, first)| first < until && allowed(*until, *first))
                .map(|(until, first)| judged(view, until, first))
                .max_by_key(|found| (found.score, std::cmp::Reverse((found.until, found.first))));
            if let Some(best) = best {
                found.insert((best.until, best.first), best);
            }
        }
    }
    found.into_values().collect()
}

fn around(frame: u32) -> std::ops::RangeInclusive<u32> {
    frame.saturating_sub(AROUND)..=frame + AROUND
}

/// Parts of a long clip that each loop lies in one of, so that a search grows with the clip's
/// length and not with its square.
fn parts(clip: &Clip, most: i64) -> Vec<Clip> {
    let mut parts = Vec::new();
    let mut first = clip.first;
    loop {
        let begin = clip.time(first);
        let after = |micros: i64| {
            let times =
                clip.times[..clip.until as usize].partition_point(|time| *time < begin + micros);
            (times as u32).clamp(first + 1, clip.until)
        };
        let until = after(2 * most);
        parts.push(Clip {
            first,
            until,
            ..clip.clone()
        });
        if until == clip.until {
            return parts;
        }
        first = after(most);
    }
}

#[cfg(test)]
mod tests;
