//! What is wrong with each frame: black, plain, frozen or damaged.

use std::ops::Range;

use loopy_core::clip::Facts;

use crate::features::Frame;

/// Luma up to which nearly every sample of a black frame lies, and its mean in 1/256.
const BLACK: u8 = 24;
const BLACK_MEAN: u16 = 20 * 256;
/// Spread of luma and of chroma in a frame of one colour.
const PLAIN: u8 = 6;
/// Microseconds without any change that count as frozen: longer than any pause in a living
/// picture, whose noise and breath are seen.
const FROZEN: i64 = 1_500_000;
/// Microseconds of black or plain frames inside a clip that are a gap, not a flash.
const GAP: i64 = 250_000;
/// Microseconds after a damaged frame whose pictures are built on it.
const SETTLE: i64 = 1_000_000;

/// What is wrong with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Black,
    Plain,
    Frozen,
    Fade,
    Damaged,
}

impl Fault {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Black => "black",
            Self::Plain => "one plain colour",
            Self::Frozen => "frozen",
            Self::Fade => "a fade",
            Self::Damaged => "damaged",
        }
    }
}

/// What is wrong with each frame.
pub(super) fn mark(frames: &[Frame], timeline: &Timeline) -> Vec<Option<Fault>> {
    let mut marks: Vec<Option<Fault>> = frames.iter().map(empty).collect();
    // A flash inside the clip is a matter of taste; at its ends nobody misses it.
    for run in runs(frames.len(), |index| marks[index].is_some()) {
        let inside = run.start > 0 && run.end < frames.len();
        if inside && timeline.length(run.start, run.end) < GAP {
            marks[run].fill(None);
        }
    }
    for run in runs(frames.len(), |index| frames[index].still) {
        // The frame that the run repeats comes right before it.
        let start = run.start.saturating_sub(1);
        if timeline.length(start, run.end) < FROZEN {
            continue;
        }
        // At the head the last of the equal frames is the one to keep, elsewhere the first.
        let frozen = if start == 0 { 0..run.end - 1 } else { run };
        for mark in &mut marks[frozen] {
            *mark = mark.or(Some(Fault::Frozen));
        }
    }
    let mut settled = i64::MIN;
    for (index, frame) in frames.iter().enumerate() {
        if frame.corrupt {
            settled = timeline.at(index) + SETTLE;
        }
        if timeline.at(index) < settled {
            marks[index] = Some(Fault::Damaged);
        }
    }
    marks
}

fn empty(frame: &Frame) -> Option<Fault> {
    let luma = frame.brightest.saturating_sub(frame.darkest);
    let plain = luma <= PLAIN && frame.colours <= PLAIN;
    if frame.brightest <= BLACK && frame.luma <= BLACK_MEAN && frame.colours <= 2 * PLAIN {
        Some(Fault::Black)
    } else {
        plain.then_some(Fault::Plain)
    }
}

/// Maximal runs of indices for which `is` holds.
pub(super) fn runs(len: usize, is: impl Fn(usize) -> bool) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for index in (0..len).filter(|index| is(*index)) {
        match runs.last_mut() {
            Some(run) if run.end == index => run.end += 1,
            _ => runs.push(index..index + 1),
        }
    }
    runs
}

/// When frames begin, the one past the last included.
pub(super) struct Timeline<'a> {
    times: &'a [i64],
    end: i64,
}

impl<'a> Timeline<'a> {
    /// The last frame is shown as long as frames usually are.
    pub(super) fn new(times: &'a [i64], facts: &Facts) -> Self {
        let mut steps: Vec<i64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        steps.sort_unstable();
        let stated = facts.stated_rate.map(|rate| rate.micros(1));
        let step = steps.get(steps.len() / 2).copied().or(stated).unwrap_or(0);
        Self {
            times,
            end: times.last().map_or(0, |last| last + step),
        }
    }

    pub(super) fn at(&self, index: usize) -> i64 {
        self.times.get(index).copied().unwrap_or(self.end)
    }

    pub(super) fn length(&self, start: usize, end: usize) -> i64 {
        self.at(end) - self.at(start)
    }
}
