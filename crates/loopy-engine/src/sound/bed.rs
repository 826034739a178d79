//! One sound under the whole video, looped for as long as that lasts.
//!
//! Copies of the sound follow each other with an equal-power crossfade. A video that ends gets
//! whole copies from the start, the last one cut with a short fade out. A video that loops gets
//! evenly spaced copies, and the end of the last crossfades into the first at the seam like
//! every other copy. Their number is the one that leaves the sound whole and only shortens the
//! crossfade, to no less than half; where there is none, one copy more, each ending early.

use super::{
    BLOCK, CHANNELS, Error, Memory, RATE, Source, Stream,
    curve::{self, Law},
    limit,
    source::read_around,
    voice::{Fade, Part, Voice},
};

/// Sounds up to this many sample frames are kept in memory, because they are read often.
const SHORT: u64 = 10 * RATE as u64;

/// Sample frames over which a video that does not loop goes silent.
const ENDING: i64 = RATE as i64 / 20;

/// How a bed is laid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Most milliseconds of crossfade between copies; a quarter of a short sound at most.
    pub crossfade_ms: u32,
    /// The end of the video joins its beginning.
    pub looped: bool,
    /// Most sample frames in a block, at least 1.
    pub block: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            crossfade_ms: 2000,
            looped: false,
            block: BLOCK,
        }
    }
}

/// Where the copies lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Copies {
    /// Copy `k` starts at sample `k * span / count`, rounded down.
    span: i64,
    count: i64,
    crossfade: i64,
}

impl Copies {
    fn start(self, copy: i64) -> i64 {
        (i128::from(copy) * i128::from(self.span)).div_euclid(i128::from(self.count)) as i64
    }

    /// The last copy that starts at or before `at`.
    fn under(self, at: i64) -> i64 {
        let last = (i128::from(at) * i128::from(self.count) + i128::from(self.count) - 1)
            .div_euclid(i128::from(self.span)) as i64;
        // Rounding down in `start` lets a copy begin up to one sample early.
        if self.start(last + 1) <= at {
            last + 1
        } else {
            last
        }
    }

    /// Copies that follow each other until the video ends.
    fn open(len: i64, crossfade: i64) -> Self {
        Self {
            span: len - crossfade,
            count: 1,
            crossfade,
        }
    }

    /// Copies of which the last meets the first after `total` samples.
    fn round(len: i64, crossfade: i64, total: i64) -> Self {
        let crossfade = crossfade.min(total / 4);
        let fewer = total / (len - crossfade);
        if fewer > 0 {
            let left = len - (total + fewer - 1) / fewer;
            if left >= crossfade.div_euclid(2).max(1) {
                return Self {
                    span: total,
                    count: fewer,
                    crossfade: left.min(crossfade),
                };
            }
        }
        let step = len - crossfade;
        Self {
            span: total,
            count: (total + step - 1) / step,
            crossfade,
        }
    }
}

/// A looped sound of exact length.
pub struct Bed {
    source: Box<dyn Source>,
    copies: Copies,
    law: Law,
    total: i64,
    looped: bool,
    block: usize,
    at: i64,
    scratch: Vec<f32>,
}

impl Bed {
    /// Lays `source` under `total` sample frames.
    pub fn new(source: impl Source + 'static, total: u64, options: Options) -> Result<Self, Error> {
        let mut source: Box<dyn Source> = Box::new(source);
        let len = source.len() as i64;
        if len == 0 {
            return Err(Error::Empty);
        }
        if source.len() <= SHORT {
            let mut samples = vec![0.0; len as usize * CHANNELS];
            source.read(0, &mut samples)?;
            source = Box::new(Memory::new(samples));
        }
        let total = total as i64;
        let crossfade = (i64::from(options.crossfade_ms) * i64::from(RATE) / 1000).min(len / 4);
        let copies = if options.looped && total > 0 {
            Copies::round(len, crossfade, total)
        } else {
            Copies::open(len, crossfade)
        };
        Ok(Self {
            law: law(source.as_mut(), copies)?,
            source,
            copies,
            total,
            looped: options.looped,
            block: options.block.max(1),
            at: 0,
            scratch: Vec::new(),
        })
    }

    fn voice(&self, copy: i64) -> Voice {
        let length = self.copies.crossfade;
        let start = self.copies.start(copy);
        let end = self.copies.start(copy + 1);
        let alone = copy == 0 && !self.looped;
        Voice {
            shift: -start,
            rise: Fade {
                from: start,
                to: if alone { start } else { start + length },
            },
            fall: Fade {
                from: end,
                to: end + length,
            },
        }
    }

    fn end_gently(&self, out: &mut [f32]) {
        let length = ENDING.min(self.total);
        let from = self.total - length;
        for (at, frame) in (self.at..).zip(out.chunks_exact_mut(CHANNELS)) {
            if at >= from {
                let gain = curve::fall(((at - from) as f32 + 0.5) / length as f32);
                for sample in frame {
                    *sample *= gain;
                }
            }
        }
    }
}

/// Compares the head of the sound with what of it lies over the head of the next copy.
fn law(source: &mut dyn Source, copies: Copies) -> Result<Law, Error> {
    let mut law = Law::default();
    let step = copies.start(1);
    let mut at = 0;
    while at < copies.crossfade {
        let frames = (copies.crossfade - at).min(BLOCK as i64);
        let mut tail = vec![0.0; frames as usize * CHANNELS];
        let mut head = tail.clone();
        read_around(source, step + at, &mut tail)?;
        read_around(source, at, &mut head)?;
        law.add(&tail, &head);
        at += frames;
    }
    Ok(law)
}

impl Stream for Bed {
    fn total(&self) -> u64 {
        self.total as u64
    }

    fn position(&self) -> u64 {
        self.at as u64
    }

    fn seek(&mut self, at: u64) {
        self.at = at.min(self.total()) as i64;
    }

    fn next(&mut self, out: &mut Vec<f32>) -> Result<bool, Error> {
        out.clear();
        let to = self.total.min(self.at + self.block as i64);
        if self.at >= to {
            return Ok(false);
        }
        out.resize((to - self.at) as usize * CHANNELS, 0.0);
        let mut first = self.copies.under(self.at - self.copies.crossfade);
        if !self.looped {
            first = first.max(0);
        }
        for copy in first..=self.copies.under(to - 1) {
            let part = Part {
                voice: self.voice(copy),
                source: self.source.as_mut(),
                gain: 1.0,
                rise: self.law,
                fall: self.law,
            };
            part.add_to(self.at, out, &mut self.scratch)?;
        }
        if !self.looped {
            self.end_gently(out);
        }
        limit::apply(out);
        self.at = to;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_copies_fit_the_total_and_stay_within_the_sound() {
        for len in [1, 2, 3, 7, 100, 1000, 4801] {
            for total in (1..6000).step_by(7) {
                let copies = Copies::round(len, (len / 4).min(96), total);
                assert_eq!(copies.start(copies.count), total);
                for copy in 0..copies.count {
                    let step = copies.start(copy + 1) - copies.start(copy);
                    assert!(step >= 1, "{len} {total} {copies:?}");
                    assert!(step + copies.crossfade <= len, "{len} {total} {copies:?}");
                    assert!(step >= copies.crossfade, "{len} {total} {copies:?}");
                }
            }
        }
    }

    #[test]
    fn the_copy_under_a_sample_is_the_last_begun() {
        let copies = Copies {
            span: 1000,
            count: 7,
            crossfade: 10,
        };
        for at in -300..2300 {
            let copy = copies.under(at);
            assert!(
                copies.start(copy) <= at && copies.start(copy + 1) > at,
                "{at} {copy}"
            );
        }
    }

    #[test]
    fn a_whole_sound_is_preferred_to_a_full_crossfade() {
        // 10 copies of 900 with 100 of crossfade would need 9000.
        assert_eq!(
            Copies::round(1000, 100, 9300),
            Copies {
                span: 9300,
                count: 10,
                crossfade: 70
            }
        );
        assert_eq!(
            Copies::round(1000, 100, 9900),
            Copies {
                span: 9900,
                count: 11,
                crossfade: 100
            }
        );
    }
}
