//! Sound: one mix along the walk, encoded once for all viewers, on the pictures' clock.
//!
//! What has been handed out cannot change, so it is mixed and queued a little ahead of its pictures, in
//! short steps: whoever begins to listen hears it soon, and nobody gets seconds of it in one go. Where
//! nobody asked for a bed, each clip is heard with its pictures, as in a film.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc::Receiver},
};

use loopy_core::{Clip, Rate, Size, clock::Mode};
use loopy_engine::{
    Error,
    sound::{Bed, BedOptions, RATE, Source, Stream as _, loudness},
    soundtrack::along::{Along, Heard, Stay},
    store::Store,
};
use loopy_media::audio::encode::{Codec, Encoder, Packet};

use crate::{
    director::{course::Row, ground::Part},
    hub::{Coding, Hub, Reel, Rung},
    packet::{Flags, Unit},
    publisher::{due, wait},
};

/// Bits a second of each encoding.
const BITRATE: u32 = 128_000;
/// Samples of a bed in one go: half a second at most is held.
const BED_BLOCK: usize = RATE as usize / 50;
/// Sound is mixed in steps of so many microseconds of picture time, or of one picture.
const STEP_US: u64 = 200_000;
/// And queued so long before its pictures are due, in microseconds.
const AHEAD_US: u64 = 400_000;
/// A bed is laid for so long; nobody hears its end.
const FOR_EVER: u64 = RATE as u64 * 86_400 * 365 * 1000;

/// What is heard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// Nothing.
    None,
    /// Each clip's own sound.
    #[default]
    Keep,
    /// One file under everything.
    Bed(PathBuf),
}

/// The sounds of clips, as they become known.
#[derive(Debug, Default)]
pub struct Sounds(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    clips: HashMap<Part, (Arc<Clip>, Option<Heard>)>,
    gains: HashMap<Part, f32>,
}

/// A clip, its sound, and the factor that evens it with the others.
type Evened = (Arc<Clip>, Option<(Heard, f32)>);

impl Sounds {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the sound of a clip, if it has one.
    pub fn add(&self, part: Part, clip: Clip, heard: Option<Heard>) {
        let mut known = self.known();
        known.clips.insert(part, (Arc::new(clip), heard));
        let parts: Vec<Part> = known.clips.keys().copied().collect();
        let measure = |part: &Part| {
            let heard = known.clips.get(part)?.1.as_ref()?;
            Some(heard.facts.measure)
        };
        let measures: Vec<_> = parts.iter().map(measure).collect();
        known.gains = parts.into_iter().zip(loudness::gains(&measures)).collect();
    }

    /// The sound of a clip is known, or that it has none.
    pub fn knows(&self, part: &Part) -> bool {
        self.known().clips.contains_key(part)
    }

    /// A clip as it is heard.
    fn of(&self, part: &Part) -> Option<Evened> {
        let known = self.known();
        let (clip, heard) = known.clips.get(part)?;
        let gain = known.gains.get(part).copied().unwrap_or(1.0);
        Some((Arc::clone(clip), heard.map(|heard| (heard, gain))))
    }

    /// Some clip has sound.
    fn any(&self) -> bool {
        self.known()
            .clips
            .values()
            .any(|(_, heard)| heard.is_some())
    }
}

/// Picture time in microseconds at which a sample frame of the stream is heard.
pub(crate) fn micros(sample: u64) -> u64 {
    (u128::from(sample) * 1_000_000 / u128::from(RATE)) as u64
}

/// One encoding of the mix, made while somebody wants it.
struct Lane {
    codec: Codec,
    reel: Arc<Reel>,
    /// The encoder, and the sample frame of the stream with which its sound begins.
    open: Option<(Encoder, u64)>,
}

impl Lane {
    fn new(codec: Codec, hub: &Hub) -> Result<Self, loopy_media::Error> {
        let encoder = Encoder::new(codec, BITRATE)?;
        let track = encoder.track();
        let head = track.extradata.clone().into();
        let coding = match codec {
            Codec::Opus => Coding::Opus { head },
            Codec::Aac => Coding::Aac { config: head },
        };
        let fps = Rate::new(RATE, track.frame_samples.max(1));
        let reel = hub.add(Rung {
            name: codec.name().to_owned(),
            coding,
            size: Size::new(0, 0),
            fps: fps.ok_or(loopy_media::Error::Missing("a sound rate"))?,
            bitrate: BITRATE,
            sound: Some((RATE, track.channels as u8)),
        });
        Ok(Self {
            codec,
            reel,
            open: None,
        })
    }

    /// Somebody wants it. The other ways out take AAC, and listen before there is any.
    fn is_wanted(&self, hub: &Hub) -> bool {
        self.reel.wanted() > 0 || (self.codec == Codec::Aac && hub.listeners() > 0)
    }

    /// Encodes `samples`, the first of which is sample frame `at`, and queues what comes out.
    fn push(&mut self, samples: &[f32], at: u64, hub: &Hub) -> Result<(), loopy_media::Error> {
        if !self.is_wanted(hub) {
            if self.open.take().is_some() {
                hub.clear(&self.reel);
            }
            return Ok(());
        }
        let (encoder, begin) = match &mut self.open {
            Some(open) => open,
            none => none.insert((Encoder::new(self.codec, BITRATE)?, at)),
        };
        let (begin, reel) = (*begin, &self.reel);
        encoder.push(samples, &mut |packet: Packet| {
            // What comes before the sound begins only prepares the decoder.
            let Some(first) = begin.checked_add_signed(packet.pts) else {
                return Ok(());
            };
            let pts_us = micros(first);
            let end = micros(first + u64::from(packet.duration));
            hub.publish(
                reel,
                Unit {
                    flags: Flags {
                        key: true,
                        last: true,
                        ..Flags::default()
                    },
                    pts_us,
                    duration_us: (end - pts_us) as u32,
                    data: packet.data.into(),
                },
            );
            Ok(())
        })
    }
}

/// The sound engineer's room.
pub struct Engineer<'a> {
    /// Samples of clips.
    pub store: &'a Store,
    /// Where sound goes.
    pub hub: &'a Hub,
    /// What is known of clips.
    pub sounds: &'a Sounds,
    /// Output rate.
    pub fps: Rate,
    /// How other rates are fitted.
    pub rate_mode: Mode,
    /// Samples of a bed, where there is one.
    pub bed: Option<Box<dyn Source>>,
}

impl Engineer<'_> {
    /// Mixes along the rows that come until there are no more.
    ///
    /// # Errors
    /// When sound cannot be encoded or read; the pictures go on without it.
    pub fn run(mut self, rows: &Receiver<Arc<Row>>) -> Result<(), Error> {
        let mut lanes: Vec<Lane> = Vec::new();
        let mut along: Option<Along> = None;
        let mut bed = match self.bed.take() {
            Some(source) => {
                let options = BedOptions {
                    block: BED_BLOCK,
                    ..BedOptions::default()
                };
                Some(Bed::new(source, FOR_EVER, options)?)
            }
            None => None,
        };
        let mut block = Vec::new();
        for row in rows {
            if lanes.is_empty() {
                if bed.is_none() && !self.sounds.any() {
                    continue;
                }
                let begin = self.fps.samples(row.start, RATE);
                if let Some(bed) = &mut bed {
                    bed.seek(begin);
                }
                lanes = self.lanes()?;
                along = Some(Along::new(self.store, self.fps, self.rate_mode, row.start));
            }
            let step = self.fps.frames_in(STEP_US).max(1) as u32;
            for from in (0..row.frames).step_by(step as usize) {
                let stretch = Stretch {
                    row: &row,
                    from,
                    frames: step.min(row.frames - from),
                };
                let due = due(self.fps, stretch.start()).saturating_sub(AHEAD_US);
                wait(self.hub, due);
                if self.hub.is_over() {
                    return Ok(());
                }
                match (&mut bed, &mut along) {
                    (Some(bed), _) => self.lay(bed, &stretch, &mut lanes, &mut block)?,
                    (None, Some(along)) => self.mix(along, &stretch, &mut lanes, &mut block)?,
                    (None, None) => {}
                }
            }
        }
        Ok(())
    }

    /// Opus where this FFmpeg has it, and AAC always.
    fn lanes(&self) -> Result<Vec<Lane>, Error> {
        let opus = Lane::new(Codec::Opus, self.hub);
        let opus = opus.inspect_err(|error| tracing::warn!(%error, "no Opus; AAC alone is sent"));
        let aac = Lane::new(Codec::Aac, self.hub)?;
        Ok(opus.ok().into_iter().chain([aac]).collect())
    }

    /// Lays the bed under a part of a row.
    fn lay(
        &self,
        bed: &mut Bed,
        stretch: &Stretch,
        lanes: &mut [Lane],
        block: &mut Vec<f32>,
    ) -> Result<(), Error> {
        let until = self.fps.samples(stretch.end(), RATE);
        if !listened(lanes, self.hub) {
            bed.seek(until);
        }
        let mut at = bed.position();
        while at < until && bed.next(block)? {
            push(lanes, block, at, self.hub)?;
            at = bed.position();
        }
        Ok(())
    }

    /// Mixes the sound of the clips along a part of a row.
    fn mix(
        &self,
        along: &mut Along,
        stretch: &Stretch,
        lanes: &mut [Lane],
        block: &mut Vec<f32>,
    ) -> Result<(), Error> {
        let is_known = self.follow(along, stretch);
        let at = along.position();
        if !is_known {
            along.rest(stretch.end(), block);
        } else if listened(lanes, self.hub) {
            along.mix(stretch.end(), block)?;
        } else {
            along.skip(stretch.end());
            block.clear();
        }
        push(lanes, block, at, self.hub)
    }

    /// Notes where the walk has gone; false where the sound there is not known yet.
    fn follow(&self, along: &mut Along, stretch: &Stretch) -> bool {
        let row = stretch.row;
        let (enter, start) = if row.bridge {
            // The clip that it leads to is heard when it is over, and fades in before.
            (row.from, row.start + u64::from(row.frames))
        } else {
            (row.from + stretch.from, stretch.start())
        };
        let frames = if row.bridge { 0 } else { stretch.frames };
        if let Some(last) = along.last_mut()
            && last.clip.hash == row.part.0
            && last.clip.first == row.part.1
            && last.leave == enter
            && last.start + u64::from(last.leave - last.enter) == start
        {
            last.leave += frames;
            return true;
        }
        let Some((clip, heard)) = self.sounds.of(&row.part) else {
            return false;
        };
        along.push(Stay {
            clip,
            heard,
            enter,
            leave: enter + frames,
            start,
        });
        true
    }
}

/// Some frames of a row.
struct Stretch<'a> {
    row: &'a Row,
    from: u32,
    frames: u32,
}

impl Stretch<'_> {
    /// Its first output frame.
    fn start(&self) -> u64 {
        self.row.start + u64::from(self.from)
    }

    /// One past its last.
    fn end(&self) -> u64 {
        self.start() + u64::from(self.frames)
    }
}

fn listened(lanes: &[Lane], hub: &Hub) -> bool {
    lanes.iter().any(|lane| lane.is_wanted(hub))
}

fn push(lanes: &mut [Lane], samples: &[f32], at: u64, hub: &Hub) -> Result<(), Error> {
    for lane in lanes {
        lane.push(samples, at, hub)?;
    }
    Ok(())
}
