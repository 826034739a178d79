//! One stay of one sound on the output clock: where it is heard, and how it comes and goes.

use super::{
    CHANNELS, Error,
    curve::Law,
    source::{Source, read_around},
};

/// Output samples over which a sound comes or goes, `from..to`; empty for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fade {
    pub(super) from: i64,
    pub(super) to: i64,
}

impl Fade {
    /// The same fade, `by` samples later.
    pub(super) fn later(self, by: i64) -> Self {
        Self {
            from: self.from + by,
            to: self.to + by,
        }
    }

    /// How far along sample `index` of the fade is, at its middle.
    fn at(self, index: i64) -> f32 {
        (index as f32 + 0.5) / (self.to - self.from) as f32
    }
}

/// Where a source is heard: output sample `n` plays its sample `n + shift`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Voice {
    /// From output samples to the source's.
    pub(super) shift: i64,
    /// Comes; silent before.
    pub(super) rise: Fade,
    /// Goes; silent after. Where both fades overlap, both apply.
    pub(super) fall: Fade,
}

/// A voice together with all that decides how loud it is.
pub(super) struct Part<'a> {
    pub(super) voice: Voice,
    pub(super) source: &'a mut dyn Source,
    pub(super) gain: f32,
    /// How it shares its rise with the sound before.
    pub(super) rise: Law,
    /// How it shares its fall with the sound after.
    pub(super) fall: Law,
}

impl Part<'_> {
    /// Adds what is heard of it to `out`, the output from sample `at` on.
    pub(super) fn add_to(
        self,
        at: i64,
        out: &mut [f32],
        scratch: &mut Vec<f32>,
    ) -> Result<(), Error> {
        let Voice { shift, rise, fall } = self.voice;
        let end = at + (out.len() / CHANNELS) as i64;
        let from = rise.from.max(at);
        let to = fall.to.min(end);
        if from >= to {
            return Ok(());
        }
        scratch.resize((to - from) as usize * CHANNELS, 0.0);
        read_around(self.source, from + shift, scratch)?;
        scale(scratch, from, rise, |x| self.rise.gains(x).1);
        scale(scratch, from, fall, |x| self.fall.gains(x).0);
        let start = (from - at) as usize * CHANNELS;
        for (sum, sample) in out[start..].iter_mut().zip(scratch.iter()) {
            *sum += sample * self.gain;
        }
        Ok(())
    }
}

/// Multiplies the part of `samples`, which start at output sample `at`, that lies in `fade`.
fn scale(samples: &mut [f32], at: i64, fade: Fade, gain: impl Fn(f32) -> f32) {
    let end = at + (samples.len() / CHANNELS) as i64;
    let from = fade.from.max(at);
    let to = fade.to.min(end);
    if from >= to {
        return;
    }
    let part = &mut samples[(from - at) as usize * CHANNELS..(to - at) as usize * CHANNELS];
    for (index, frame) in (from - fade.from..).zip(part.chunks_exact_mut(CHANNELS)) {
        let gain = gain(fade.at(index));
        for sample in frame {
            *sample *= gain;
        }
    }
}
