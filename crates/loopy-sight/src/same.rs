//! Whether clips show the same footage: one file under another name, another codec, another size.
//!
//! Two takes of a scene share most of the picture, so likeness alone tells nothing. Copies share
//! what *changes*: every cell of the picture goes up and down as in the other clip, while in
//! another take the cells that move do so at their own times. So the two are laid over each other
//! at one offset in time, and no cell may differ by much more than coding noise or by more than a
//! part of its own variation.

use loopy_core::Clip;
use rayon::prelude::*;

use crate::{
    distance,
    features::{Features, LUMA},
};

const CELLS: usize = LUMA.0 * LUMA.1;
/// Share of the longer clip that both show.
const SHARED: f64 = 0.9;
/// Largest offset in microseconds, either way.
const FARTHEST: i64 = 500_000;
/// Frames that tell the offset.
const SAMPLES: usize = 12;
/// Mean difference of those frames in code values above which nothing more is compared.
const ALIKE: u32 = 8;
/// Coding noise of a cell's mean, in code values: so many times what half of the cells differ by,
/// within these bounds. A blink is a few values in one cell, and must not drown in it.
const NOISE: f32 = 2.0;
const NOISES: (f32, f32) = (0.7, 3.0);
/// Part of a cell's own variance that the difference may have.
const PART: f32 = 0.7;
/// How much more one clip may change than the other, over all cells: the same movement with
/// another swing is another take.
const SWING: f32 = 1.2;
/// Constant difference of a cell in code values: another range or matrix.
const LEVEL: f32 = 14.0;
/// Standard deviation of a cell in code values that shows that something happens in it.
const EVENT: f32 = 5.0;

/// Ordered pairs `(a, b)`, `a < b`, of clips that show the same footage. `features` are those of
/// each clip's file, by the same index; clips whose frames are not among them match nothing.
pub fn pairs(clips: &[Clip], features: &[&Features]) -> Vec<(usize, usize)> {
    let takes: Vec<Option<Take>> = clips
        .iter()
        .zip(features)
        .map(|(clip, features)| Take::new(clip, features))
        .collect();
    (0..takes.len())
        .into_par_iter()
        .flat_map_iter(|a| {
            let takes = &takes;
            let others = (a + 1..takes.len()).filter(move |b| {
                let both = takes[a].as_ref().zip(takes[*b].as_ref());
                both.is_some_and(|(a, b)| a.same(b))
            });
            others.map(move |b| (a, b))
        })
        .collect()
}

/// One clip with its frames.
struct Take<'a> {
    clip: &'a Clip,
    features: &'a Features,
}

impl<'a> Take<'a> {
    fn new(clip: &'a Clip, features: &'a Features) -> Option<Self> {
        let whole = clip.first < clip.until && clip.until as usize <= features.len();
        whole.then_some(Self { clip, features })
    }

    fn luma(&self, frame: u32) -> &'a [u8; CELLS] {
        let grid = self.features.grid(frame as usize);
        grid.first_chunk().unwrap_or(&[0; CELLS])
    }

    /// Time of a frame from the start of the clip, in microseconds.
    fn time(&self, frame: u32) -> i64 {
        self.clip.time(frame) - self.clip.time(self.clip.first)
    }

    /// The frame that is shown at `time` from the start of the clip.
    fn at(&self, time: i64, slack: i64) -> Option<u32> {
        let due = self.clip.time(self.clip.first) + time + slack;
        let times = self.clip.times.get(..self.clip.until as usize)?;
        let frame = times
            .partition_point(|start| *start <= due)
            .checked_sub(1)? as u32;
        (frame >= self.clip.first && due < self.clip.time(self.clip.until)).then_some(frame)
    }

    /// Length of a frame, on average.
    fn step(&self) -> i64 {
        (self.clip.micros() / i64::from(self.clip.frames())).max(1)
    }

    fn same(&self, other: &Self) -> bool {
        let (long, short) = (
            self.clip.micros().max(other.clip.micros()) as f64,
            self.clip.micros().min(other.clip.micros()) as f64,
        );
        if short < long * SHARED {
            return false;
        }
        // From the one with more frames, so that each is compared.
        let (fine, coarse) = if self.step() <= other.step() {
            (self, other)
        } else {
            (other, self)
        };
        let Some(offset) = fine.offset(coarse) else {
            return false;
        };
        let frames: Vec<(u32, u32)> = fine.beside(coarse, offset).collect();
        frames.len() as f64 * fine.step() as f64 >= long * SHARED && fine.agrees(coarse, &frames)
    }

    /// Frames of this clip with those of the other that are shown at the same time.
    fn beside<'b>(
        &'b self,
        other: &'b Self,
        offset: i64,
    ) -> impl Iterator<Item = (u32, u32)> + use<'a, 'b> {
        // Containers round times; a frame a little early is still the one that is meant.
        let slack = self.step() / 4;
        let frames = self.clip.first..self.clip.until;
        frames.filter_map(move |frame| {
            let there = other.at(self.time(frame) + offset, slack)?;
            Some((frame, there))
        })
    }

    /// The offset in time at which a few frames are most alike, if they are.
    fn offset(&self, other: &Self) -> Option<i64> {
        let count = (self.clip.frames() as usize).min(SAMPLES);
        let frames: Vec<u32> = (0..count)
            .map(|k| {
                let share = (2 * k as u64 + 1) * u64::from(self.clip.frames());
                self.clip.first + (share / (2 * count as u64)) as u32
            })
            .collect();
        let (step, slack) = (self.step(), self.step() / 4);
        let reach = (FARTHEST / step).min(i64::from(self.clip.frames()));
        let apart = |offset: i64| {
            let pairs = frames.iter().filter_map(|frame| {
                let there = other.at(self.time(*frame) + offset, slack)?;
                Some(distance::total(self.luma(*frame), other.luma(there)))
            });
            let (sum, seen) = pairs.fold((0, 0_u32), |(sum, seen), one| (sum + one, seen + 1));
            // Ends may have no counterpart.
            (seen as usize * 4 >= count * 3).then(|| sum / seen)
        };
        let best = (-reach..=reach)
            .filter_map(|steps| Some((apart(steps * step)?, steps.abs(), steps)))
            .min()?;
        (best.0 <= ALIKE * CELLS as u32).then_some(best.2 * step)
    }

    /// Every cell goes its way as in the other clip, and some do go.
    fn agrees(&self, other: &Self, frames: &[(u32, u32)]) -> bool {
        let mut sums = vec![[0.0_f32; 6]; CELLS];
        for (a, b) in frames {
            let cells = self.luma(*a).iter().zip(other.luma(*b));
            for (sums, (a, b)) in sums.iter_mut().zip(cells) {
                let (a, b) = (f32::from(*a), f32::from(*b));
                let apart = a - b;
                let terms = [a, a * a, b, b * b, apart, apart * apart];
                for (sum, term) in sums.iter_mut().zip(terms) {
                    *sum += term;
                }
            }
        }
        let count = frames.len() as f32;
        let variance = |sum: f32, squares: f32| {
            let mean = sum / count;
            (squares / count - mean * mean).max(0.0)
        };
        let mut apart: Vec<f32> = sums.iter().map(|[.., d, dd]| variance(*d, *dd)).collect();
        apart.sort_unstable_by(f32::total_cmp);
        let noise = (NOISE * apart[CELLS / 2].sqrt()).clamp(NOISES.0, NOISES.1);
        let mut eventful = false;
        let mut swings = [0.0_f32; 2];
        for [a, aa, b, bb, d, dd] in sums {
            let both = [variance(a, aa), variance(b, bb)];
            let own = both[0].min(both[1]);
            for (swing, own) in swings.iter_mut().zip(both) {
                *swing += own;
            }
            if (d / count).abs() > LEVEL || variance(d, dd) > noise * noise + PART * own {
                return false;
            }
            eventful |= own > EVENT * EVENT;
        }
        let [least, most] = [swings[0].min(swings[1]), swings[0].max(swings[1])];
        eventful && most <= least * SWING
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{graph::sample, synthetic};

    fn same(a: &Features, b: &Features) -> bool {
        let clip = |number, features: &Features| sample::clip(number, features.len() as u32, 25);
        let found = pairs(&[clip(0, a), clip(1, b)], &[a, b]);
        found == [(0, 1)]
    }

    /// A take, spoilt as a poor encoder would, from a frame on.
    fn coded(frames: u32, from: u32, spoil: impl Fn(u32, &mut [u8])) -> Features {
        synthetic::features((from..from + frames).map(|frame| {
            let mut picture = synthetic::drifting(1, frame);
            spoil(frame, picture.planes_mut()[0]);
            picture
        }))
    }

    fn noise(frame: u32, samples: &mut [u8]) {
        let mut state = frame.wrapping_mul(2_654_435_761) | 1;
        for sample in samples {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *sample = sample.saturating_add((state >> 29) as u8);
        }
    }

    #[test]
    fn a_take_coded_again_is_the_same_footage_even_when_a_few_frames_are_cut_off() {
        let clean = coded(80, 0, |_, _| ());
        assert!(same(&clean, &coded(80, 0, noise)));
        assert!(same(&coded(76, 3, noise), &clean), "three frames later");
        assert!(!same(&clean, &coded(60, 0, noise)), "a quarter is missing");
    }

    #[test]
    fn other_takes_of_a_scene_are_not_the_same_footage() {
        let take = |start: f32, speed: f32| synthetic::moving_from(80, 1, speed, start as u32);
        assert!(same(&take(0.0, 1.0), &take(0.0, 1.0)));
        assert!(!same(&take(0.0, 1.0), &take(40.0, 1.0)));
        assert!(!same(&take(0.0, 1.0), &take(0.0, 1.3)));
        assert!(!same(&take(0.0, 1.0), &synthetic::reversed(80, 1, 1.0)));
    }

    #[test]
    fn a_blink_makes_another_take() {
        let blink = |at: u32| {
            coded(80, 0, move |frame, samples| {
                if (at..at + 6).contains(&frame) {
                    let stride = crate::features::SIZE.width as usize;
                    for row in samples.chunks_exact_mut(stride).skip(42).take(6) {
                        for sample in &mut row[90..102] {
                            *sample = sample.saturating_sub(60);
                        }
                    }
                }
            })
        };
        assert!(same(&blink(20), &blink(20)));
        assert!(!same(&blink(20), &blink(50)));
    }

    #[test]
    fn stills_and_nothing_are_not_compared() {
        let still = synthetic::moving(60, 1, 0.0);
        assert!(!same(&still, &still), "nothing happens that could agree");
        let one = synthetic::moving(1, 1, 1.0);
        assert!(!same(&one, &one));
        assert!(pairs(&[], &[]).is_empty());
    }
}
