//! Fades: contrast that grows from next to nothing, or goes there, step by step.

use std::ops::Range;

use crate::features::Features;

/// Contrast in percent of what is usual at which there is next to nothing, and that of a whole
/// picture.
const NOTHING: u32 = 35;
const WHOLE: u32 = 85;
/// Largest step of a fade in percent: anything beyond is a cut or a flash.
const STEP: u32 = 50;
/// Way back, in percent, that noise may take.
const SLACK: u32 = 3;
/// Fewest frames of a fade.
const FRAMES: usize = 3;

/// The fades in a range that exists, each with the frames of next to no contrast at its end.
pub(crate) fn fades(features: &Features, range: Range<usize>) -> Vec<Range<usize>> {
    let first = range.start;
    let contrast: Vec<u32> = features.frames()[range]
        .iter()
        .map(|frame| u32::from(frame.contrast))
        .collect();
    let mut sorted = contrast.clone();
    sorted.sort_unstable();
    let usual = sorted.get(sorted.len() / 2).copied().unwrap_or(0);
    let percent: Vec<u32> = contrast
        .iter()
        .map(|own| own * 100 / usual.max(1))
        .collect();
    let mut fades: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while at < percent.len() {
        if percent[at] >= NOTHING {
            at += 1;
            continue;
        }
        let dark = at..(at..percent.len())
            .find(|later| percent[*later] >= NOTHING)
            .unwrap_or(percent.len());
        let rise = grown(percent[dark.end.saturating_sub(1)..].iter().copied());
        let fall = grown(percent[..=dark.start].iter().rev().copied());
        let from = fall.map_or(dark.start, |frames| dark.start + 1 - frames);
        let to = rise.map_or(dark.end, |frames| dark.end + frames - 1);
        if fall.or(rise).is_some() && to - from >= FRAMES {
            fades.push(first + from..first + to);
        }
        at = dark.end.max(to);
    }
    fades
}

/// Values until the picture is whole, when they grow there step by step from a frame of next to
/// no contrast, which is counted; those of the whole picture are not.
fn grown(values: impl Iterator<Item = u32>) -> Option<usize> {
    let mut last = None;
    for (count, value) in values.enumerate() {
        if let Some(last) = last
            && (value + SLACK < last || value > last + STEP)
        {
            return None;
        }
        if value >= WHOLE {
            return (count >= FRAMES).then_some(count);
        }
        last = Some(value);
    }
    None
}
