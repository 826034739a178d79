//! Each clip's own sound along the walk.

use loopy_core::Plan;

use super::{
    BLOCK, CHANNELS, Error, RATE, Source, Stream,
    curve::Law,
    limit,
    source::read_around,
    timeline::{Sound, Timeline},
    voice::Part,
};

/// A clip's sound.
pub struct Track {
    /// Its samples.
    pub source: Box<dyn Source>,
    /// Microseconds from the first sample to the clip's first frame ([`loopy_core::Clip`]'s
    /// `sound_offset`); negative when the sound starts late.
    pub offset: i64,
    /// Factor that evens it with the other clips ([`super::loudness::gains`]).
    pub gain: f32,
}

/// How clips follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Milliseconds of the crossfade at a hard cut, and of each fade where sound comes or goes
    /// alone.
    pub fade_ms: u32,
    /// Most sample frames in a block, at least 1.
    pub block: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            fade_ms: 20,
            block: BLOCK,
        }
    }
}

/// The sound of a whole plan: `plan.fps.samples(plan.frames, RATE)` sample frames.
///
/// Holds one block of samples and a few numbers per visit, however long the plan is.
pub struct Mixer {
    tracks: Vec<Option<Track>>,
    timeline: Timeline,
    /// One per seam, once it has been needed.
    laws: Vec<Option<Law>>,
    looped: bool,
    block: usize,
    at: i64,
    scratch: Vec<f32>,
}

impl Mixer {
    /// `tracks` go with [`Plan::clips`]; a clip without one is silent.
    pub fn new(plan: &Plan, tracks: Vec<Option<Track>>, options: Options) -> Result<Self, Error> {
        plan.check()?;
        if tracks.len() != plan.clips.len() {
            return Err(Error::Tracks {
                tracks: tracks.len(),
                clips: plan.clips.len(),
            });
        }
        Ok(Self::along(plan, tracks, options, 0))
    }

    /// The sound of some visits of a longer walk, on the clock of that walk: the first of them starts
    /// at its output frame `origin`.
    pub(crate) fn along(
        plan: &Plan,
        tracks: Vec<Option<Track>>,
        options: Options,
        origin: u64,
    ) -> Self {
        let sounds: Vec<Option<Sound>> = tracks
            .iter()
            .map(|track| {
                track.as_ref().map(|track| Sound {
                    len: track.source.len(),
                    offset: track.offset,
                })
            })
            .collect();
        let fade = i64::from(options.fade_ms) * i64::from(RATE) / 1000;
        let timeline = Timeline::new(plan, &sounds, fade, origin);
        Self {
            tracks,
            laws: vec![None; timeline.shared.len()],
            timeline,
            looped: plan.looped,
            block: options.block.max(1),
            at: plan.fps.samples(origin, RATE) as i64,
            scratch: Vec::new(),
        }
    }

    /// Adds visit `index` to `out`, which starts at sample `at` of the clock of that visit.
    fn add(&mut self, index: usize, at: i64, out: &mut [f32]) -> Result<(), Error> {
        let stay = self.timeline.stays[index];
        let Some(voice) = stay.voice else {
            return Ok(());
        };
        let end = at + (out.len() / CHANNELS) as i64;
        if voice.rise.from >= end || voice.fall.to <= at {
            return Ok(());
        }
        let before = index
            .checked_sub(1)
            .or_else(|| self.looped.then(|| self.timeline.stays.len() - 1));
        let rise = match before {
            Some(seam) if voice.rise.to > at => self.law(seam)?,
            _ => Law::default(),
        };
        let fall = if voice.fall.from < end {
            self.law(index)?
        } else {
            Law::default()
        };
        let Some(track) = self.tracks[stay.clip].as_mut() else {
            return Ok(());
        };
        let part = Part {
            voice,
            source: track.source.as_mut(),
            gain: track.gain,
            rise,
            fall,
        };
        part.add_to(at, out, &mut self.scratch)
    }

    /// How the two sounds of seam `index` share their crossfade, found by reading both once.
    fn law(&mut self, index: usize) -> Result<Law, Error> {
        let Some(&known) = self.laws.get(index) else {
            return Ok(Law::default());
        };
        if let Some(law) = known {
            return Ok(law);
        }
        let mut law = Law::default();
        let next = (index + 1) % self.timeline.stays.len();
        let (a, b) = (self.timeline.stays[index], self.timeline.stays[next]);
        if let (Some(fade), Some(a_voice), Some(b_voice)) =
            (self.timeline.shared[index], a.voice, b.voice)
        {
            let lag = if next == 0 { self.timeline.total } else { 0 };
            let mut at = fade.from;
            while at < fade.to {
                let frames = (fade.to - at).min(BLOCK as i64);
                let a_sound = self.heard(a.clip, at + a_voice.shift, frames)?;
                let b_sound = self.heard(b.clip, at - lag + b_voice.shift, frames)?;
                law.add(&a_sound, &b_sound);
                at += frames;
            }
        }
        self.laws[index] = Some(law);
        Ok(law)
    }

    /// Samples of a clip as loud as they are played.
    fn heard(&mut self, clip: usize, at: i64, frames: i64) -> Result<Vec<f32>, Error> {
        let mut samples = vec![0.0; frames as usize * CHANNELS];
        if let Some(track) = self.tracks[clip].as_mut() {
            read_around(track.source.as_mut(), at, &mut samples)?;
            for sample in &mut samples {
                *sample *= track.gain;
            }
        }
        Ok(samples)
    }
}

impl Stream for Mixer {
    fn total(&self) -> u64 {
        self.timeline.total as u64
    }

    fn position(&self) -> u64 {
        self.at as u64
    }

    fn seek(&mut self, at: u64) {
        self.at = at.min(self.total()) as i64;
    }

    fn next(&mut self, out: &mut Vec<f32>) -> Result<bool, Error> {
        out.clear();
        let total = self.timeline.total;
        let from = self.at;
        let to = total.min(from + self.block as i64);
        if from >= to {
            return Ok(false);
        }
        out.resize((to - from) as usize * CHANNELS, 0.0);
        // A voice never reaches past the middles of the visits before and after its own.
        let stays = &self.timeline.stays;
        let count = stays.len();
        let begun = stays.partition_point(|stay| stay.middle <= from);
        let ended = stays.partition_point(|stay| stay.middle < to);
        for index in begun.saturating_sub(1)..=ended.min(count - 1) {
            self.add(index, from, out)?;
        }
        if self.looped && begun == 0 {
            self.add(count - 1, from + total, out)?;
        }
        if self.looped && ended == count {
            self.add(0, from - total, out)?;
        }
        limit::apply(out);
        self.at = to;
        Ok(true)
    }
}
