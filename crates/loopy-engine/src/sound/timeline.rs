//! The plan's joints in samples: when each visit's sound comes and goes.
//!
//! A cut crossfades over the fade length, centred on the joint; a dissolve crossfades over its
//! bridge. Both need handles: A's sound after its out-port and B's before its in-port. Where one
//! side has too little, the crossfade moves towards the other, or shortens, never below the fade
//! length; where both together have too little, A goes and B comes by itself, each over the fade
//! length and inside its own sound. A source that starts late or ends early within a visit comes
//! and goes the same way. No fade reaches past the middle of a visit, so that fades of visits
//! shorter than them shrink and never more than two sounds are heard at once.

use loopy_core::{Plan, Rate};

use super::{
    RATE,
    voice::{Fade, Voice},
};

/// What is known of a clip's sound before anything is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sound {
    /// Sample frames.
    pub(super) len: u64,
    /// Microseconds from the first sample to the clip's first frame.
    pub(super) offset: i64,
}

/// One visit's voice and its middle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stay {
    /// Index of the clip.
    pub(super) clip: usize,
    /// Output sample in the middle of the visit.
    pub(super) middle: i64,
    /// Its sound, where there is any.
    pub(super) voice: Option<Voice>,
}

/// All stays and crossfades of a plan, on a clock of output samples.
#[derive(Clone, Debug)]
pub(super) struct Timeline {
    /// Sample frames in all.
    pub(super) total: i64,
    /// One stay per visit.
    pub(super) stays: Vec<Stay>,
    /// One per seam: where the visit before and the visit after share a crossfade, on the clock
    /// of the one before.
    pub(super) shared: Vec<Option<Fade>>,
}

/// One visit while its fades are being found.
struct Span {
    from: i64,
    to: i64,
    shift: i64,
    /// Output samples at which the source begins and ends, where the clip has sound.
    heard: Option<(i64, i64)>,
    rise: Fade,
    fall: Fade,
}

impl Span {
    fn middle(&self) -> i64 {
        self.from.midpoint(self.to)
    }
}

impl Timeline {
    /// Lays out a plan that holds together ([`Plan::check`]); `sounds` go with [`Plan::clips`];
    /// `fade` is in samples. The plan's first frame is frame `origin` of the clock.
    pub(super) fn new(plan: &Plan, sounds: &[Option<Sound>], fade: i64, origin: u64) -> Self {
        let total = plan.fps.samples(origin + plan.frames, RATE) as i64;
        let mut spans = spans(plan, sounds, origin);
        let mut shared = Vec::with_capacity(plan.seams.len());
        for (index, seam) in plan.seams.iter().enumerate() {
            let next = (index + 1) % spans.len();
            // After the last seam of a looped plan the first visit comes round again.
            let lag = if next == 0 { total } else { 0 };
            let joint = Joint {
                from: spans[index].to,
                to: spans[next].from + lag,
                blended: seam.frames > 0,
                fade: fade
                    .min(spans[index].to - spans[index].middle())
                    .min(spans[next].middle() - spans[next].from),
            };
            let ends = spans[index].heard.map(|(_, end)| end);
            let begins = spans[next].heard.map(|(begin, _)| begin + lag);
            let both = ends
                .zip(begins)
                .and_then(|(ends, begins)| joint.crossfade(ends, begins));
            if let Some(end) = ends {
                spans[index].fall = both.unwrap_or_else(|| joint.fall(end));
            }
            if let Some(begin) = begins {
                spans[next].rise = both.unwrap_or_else(|| joint.rise(begin)).later(-lag);
            }
            shared.push(both);
        }
        if !plan.looped {
            begin_and_end(&mut spans, fade);
        }
        let stays = spans
            .iter()
            .zip(&plan.visits)
            .map(|(span, visit)| Stay {
                clip: visit.clip as usize,
                middle: span.middle(),
                voice: span
                    .heard
                    .filter(|_| span.rise.from < span.fall.to)
                    .map(|_| Voice {
                        shift: span.shift,
                        rise: span.rise,
                        fall: span.fall,
                    }),
            })
            .collect();
        Self {
            total,
            stays,
            shared,
        }
    }
}

fn spans(plan: &Plan, sounds: &[Option<Sound>], origin: u64) -> Vec<Span> {
    plan.visits
        .iter()
        .map(|visit| {
            let start = origin + visit.start;
            let from = plan.fps.samples(start, RATE) as i64;
            let to = plan.fps.samples(start + u64::from(visit.frames()), RATE) as i64;
            let sound = sounds.get(visit.clip as usize).copied().flatten();
            let clip = &plan.clip(visit).clip;
            let shift = sound.map_or(0, |sound| {
                let origin = clip.time(clip.first) + sound.offset;
                source_sample(origin, visit.enter, plan.fps) - from
            });
            Span {
                from,
                to,
                shift,
                heard: sound.map(|sound| (-shift, sound.len as i64 - shift)),
                rise: Fade { from, to: from },
                fall: Fade { from: to, to },
            }
        })
        .collect()
}

/// The source's sample under frame `frame` of an output clock that starts `origin` microseconds
/// after the source's first sample; rounded once.
fn source_sample(origin: i64, frame: u32, fps: Rate) -> i64 {
    let (num, den) = (i128::from(fps.num()), i128::from(fps.den()));
    let micros = i128::from(origin) * num + i128::from(frame) * den * 1_000_000;
    let over = num * 1_000_000;
    (micros * i128::from(RATE) + over / 2).div_euclid(over) as i64
}

/// A plan that does not loop begins and ends in silence.
fn begin_and_end(spans: &mut [Span], fade: i64) {
    if let Some(first) = spans.first_mut()
        && let Some((begin, _)) = first.heard
    {
        let length = fade.min(first.middle() - first.from);
        let from = first.from.max(begin);
        first.rise = Fade {
            from,
            to: from + length,
        };
    }
    if let Some(last) = spans.last_mut()
        && let Some((_, end)) = last.heard
    {
        let length = fade.min(last.to - last.middle());
        let to = last.to.min(end);
        last.fall = Fade {
            from: to - length,
            to,
        };
    }
}

/// A joint between A, which ends at `from`, and B, which begins at `to`.
struct Joint {
    from: i64,
    to: i64,
    /// The pictures between are a blend.
    blended: bool,
    /// Samples of a short fade; less than asked where a visit is short.
    fade: i64,
}

impl Joint {
    /// Where the crossfade lies when nothing is in its way.
    fn wish(&self) -> Fade {
        if self.blended {
            Fade {
                from: self.from,
                to: self.to,
            }
        } else {
            let from = self.from - self.fade / 2;
            Fade {
                from,
                to: from + self.fade,
            }
        }
    }

    /// The crossfade nearest to the wish in which A has not ended and B has begun.
    fn crossfade(&self, a_ends: i64, b_begins: i64) -> Option<Fade> {
        let wish = self.wish();
        let least = self.fade.min(wish.to - wish.from);
        let low = b_begins.max(self.from - self.fade);
        let high = a_ends.min(self.to + self.fade);
        if high - low < least {
            return None;
        }
        let mut from = wish.from.max(low);
        let mut to = wish.to.min(high);
        if to - from < least {
            to = high.min(to.max(from + least));
            from = low.max(from.min(to - least));
        }
        Some(Fade { from, to })
    }

    /// A goes by itself; its sound lasts until `end`.
    fn fall(&self, end: i64) -> Fade {
        let wish = self.wish();
        let to = end.min(wish.to);
        Fade {
            from: wish.from.min(to - self.fade),
            to,
        }
    }

    /// B comes by itself; its sound begins at `begin`.
    fn rise(&self, begin: i64) -> Fade {
        let wish = self.wish();
        let from = begin.max(wish.from);
        Fade {
            from,
            to: wish.to.max(from + self.fade),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUT: Joint = Joint {
        from: 10_000,
        to: 10_000,
        blended: false,
        fade: 960,
    };
    const DISSOLVE: Joint = Joint {
        from: 10_000,
        to: 16_400,
        blended: true,
        fade: 960,
    };

    fn range(fade: Option<Fade>) -> Option<(i64, i64)> {
        fade.map(|fade| (fade.from, fade.to))
    }

    #[test]
    fn a_crossfade_moves_to_where_both_sides_have_sound() {
        assert_eq!(range(CUT.crossfade(20_000, 0)), Some((9520, 10_480)));
        assert_eq!(range(CUT.crossfade(20_000, 10_000)), Some((10_000, 10_960)));
        assert_eq!(range(CUT.crossfade(10_000, 0)), Some((9040, 10_000)));
        assert_eq!(range(CUT.crossfade(10_400, 9000)), Some((9440, 10_400)));
        assert_eq!(range(CUT.crossfade(10_400, 9500)), None);
        assert_eq!(range(CUT.crossfade(5000, 0)), None);

        assert_eq!(range(DISSOLVE.crossfade(20_000, 0)), Some((10_000, 16_400)));
        assert_eq!(
            range(DISSOLVE.crossfade(15_000, 12_000)),
            Some((12_000, 15_000))
        );
        assert_eq!(range(DISSOLVE.crossfade(10_100, 0)), Some((9140, 10_100)));
        assert_eq!(
            range(DISSOLVE.crossfade(20_000, 16_300)),
            Some((16_300, 17_260))
        );
        assert_eq!(range(DISSOLVE.crossfade(12_000, 12_000)), None);
    }

    #[test]
    fn without_handles_sound_goes_before_the_joint_and_comes_after_it() {
        assert_eq!(
            CUT.fall(10_000),
            Fade {
                from: 9040,
                to: 10_000
            }
        );
        assert_eq!(
            CUT.rise(10_000),
            Fade {
                from: 10_000,
                to: 10_960
            }
        );
        assert_eq!(
            CUT.fall(4000),
            Fade {
                from: 3040,
                to: 4000
            }
        );
        assert_eq!(
            CUT.rise(50_000),
            Fade {
                from: 50_000,
                to: 50_960
            }
        );
        assert_eq!(
            DISSOLVE.fall(12_000),
            Fade {
                from: 10_000,
                to: 12_000
            }
        );
        assert_eq!(
            DISSOLVE.rise(12_000),
            Fade {
                from: 12_000,
                to: 16_400
            }
        );
    }

    #[test]
    fn source_samples_are_rounded_once() {
        let rate = Rate::new(30000, 1001).unwrap();
        assert_eq!(source_sample(0, 5, rate), 8008);
        assert_eq!(source_sample(0, 1, rate), 1602);
        assert_eq!(source_sample(-1_000_000, 0, rate), -48_000);
        // A whole day of frames: 1601.6 samples each.
        assert_eq!(source_sample(0, 2_589_410, rate), 4_147_199_056);
    }
}
