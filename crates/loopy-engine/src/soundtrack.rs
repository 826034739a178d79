//! The sound of a render: clips or a bed decoded once into the store, evened in loudness, mixed
//! on the plan's clock and encoded as one continuous track.

pub mod along;

use std::{
    collections::{BTreeMap, VecDeque},
    path::{Path, PathBuf},
};

use loopy_core::{Hash, Plan, limits::Limits};
use loopy_media::audio::{
    decode,
    encode::{Codec, Encoder, Packet, Track as EncodedTrack},
};

use crate::{
    Error,
    events::{Event, Stage},
    executor::{self, Outcome},
    job::{Done, Job, SoundFacts},
    render::Room,
    scan::{Library, plain},
    sound::{
        Bed, BedOptions, Error as SoundError, Mixer, Options as MixOptions, RATE, Source, Stream,
        Track, loudness,
    },
    store::{Kind, Pin, Reader, Store},
};

/// What is heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Nothing; the video has no sound track.
    None,
    /// Each clip's own sound.
    Keep {
        /// Codec.
        codec: Codec,
        /// Bits per second.
        bitrate: u32,
    },
    /// One file under everything.
    Bed {
        /// The file.
        file: PathBuf,
        /// Codec.
        codec: Codec,
        /// Bits per second.
        bitrate: u32,
    },
}

impl Choice {
    /// The same with the codec that `choose` gives for the one that is wanted.
    ///
    /// # Errors
    /// Those of `choose`.
    pub(crate) fn with_codec<E>(
        &self,
        choose: impl FnOnce(Codec) -> Result<Codec, E>,
    ) -> Result<Self, E> {
        let mut choice = self.clone();
        if let Self::Keep { codec, .. } | Self::Bed { codec, .. } = &mut choice {
            *codec = choose(*codec)?;
        }
        Ok(choice)
    }
}

/// Changes when decoding would give other samples from the same file.
fn version() -> String {
    format!("sound-1 {}", loopy_media::versions())
}

fn key(hash: &Hash) -> Hash {
    Hash::of(format!("{} {hash}", version()).as_bytes())
}

/// The job: decodes a file's sound into the store; `None` when it has none.
pub fn keep(
    store: &Store,
    path: &Path,
    hash: &Hash,
    limits: &Limits,
) -> Result<Option<SoundFacts>, Error> {
    let Some(sound) = decode::sound(path, limits)? else {
        return Ok(None);
    };
    let measure = loudness::measure(&sound.samples)?;
    store.put_with(Kind::Sound, &key(hash), |out| {
        let mut bytes = Vec::with_capacity(1 << 16);
        for part in sound.samples.chunks(1 << 14) {
            bytes.clear();
            bytes.extend(part.iter().flat_map(|sample| sample.to_le_bytes()));
            out.write_all(&bytes)?;
        }
        Ok(())
    })?;
    Ok(Some(SoundFacts {
        start: sound.start,
        measure,
    }))
}

/// Samples in the store.
struct Stored {
    reader: Reader,
    bytes: Vec<u8>,
}

const FRAME_BYTES: u64 = 8;

impl Source for Stored {
    fn len(&self) -> u64 {
        self.reader.len() / FRAME_BYTES
    }

    fn read(&mut self, at: u64, out: &mut [f32]) -> Result<(), SoundError> {
        self.bytes.resize(size_of_val(out), 0);
        self.reader
            .read_exact_at(&mut self.bytes, at * FRAME_BYTES)
            .map_err(SoundError::Read)?;
        let (words, _none) = self.bytes.as_chunks::<4>();
        for (sample, word) in out.iter_mut().zip(words) {
            *sample = f32::from_le_bytes(*word);
        }
        Ok(())
    }
}

/// Mixed sound on its way to the file.
pub struct Soundtrack {
    stream: Box<dyn Stream>,
    encoder: Option<Encoder>,
    track: EncodedTrack,
    block: Vec<f32>,
    ready: VecDeque<Packet>,
    /// Keeps the samples in the store.
    _pin: Pin,
}

impl Soundtrack {
    /// What the muxer needs to know.
    pub fn track(&self) -> &EncodedTrack {
        &self.track
    }

    /// Samples per channel in all.
    pub fn samples(&self) -> u64 {
        self.stream.total()
    }

    /// The next packet if it starts before `sample`; more of the mix is encoded as needed.
    pub fn before(&mut self, sample: u64) -> Result<Option<Packet>, Error> {
        while self.ready.is_empty()
            && self.encoder.is_some()
            && self.stream.position() < sample.saturating_add(u64::from(RATE))
        {
            self.encode_block()?;
        }
        let due = |packet: &Packet| packet.pts < i64::try_from(sample).unwrap_or(i64::MAX);
        Ok(self.ready.pop_front_if(|packet| due(packet)))
    }

    fn encode_block(&mut self) -> Result<(), Error> {
        let ready = &mut self.ready;
        let mut sink = |packet| {
            ready.push_back(packet);
            Ok(())
        };
        if self.stream.next(&mut self.block)? {
            if let Some(encoder) = &mut self.encoder {
                encoder.push(&self.block, &mut sink)?;
            }
        } else if let Some(encoder) = self.encoder.take() {
            encoder.finish(&mut sink)?;
        }
        Ok(())
    }
}

/// Decodes what is not in the store yet and sets up the mix; `None` when the video has no sound.
///
/// # Errors
/// A bed that cannot be read is an error; a clip whose sound cannot be read is silent, with a
/// remark.
pub fn prepare(
    choice: &Choice,
    plan: &Plan,
    library: &Library,
    limits: &Limits,
    room: &Room,
) -> Result<Option<Soundtrack>, Error> {
    let keys: Vec<(Kind, Hash)> = plan
        .clips
        .iter()
        .map(|planned| (Kind::Sound, key(&planned.clip.hash)))
        .collect();
    let pin = room.store.pin(&keys)?;
    let total = plan.fps.samples(plan.frames, RATE);
    let (stream, codec, bitrate): (Box<dyn Stream>, Codec, u32) = match choice {
        Choice::None => return Ok(None),
        Choice::Keep { codec, bitrate } => {
            let Some(mixer) = clips(plan, library, limits, room)? else {
                let message =
                    "no clip that is shown has sound; the video is made without".to_owned();
                (room.sink)(Event::Note { message });
                return Ok(None);
            };
            (Box::new(mixer), *codec, *bitrate)
        }
        Choice::Bed {
            file,
            codec,
            bitrate,
        } => {
            let source = bed(file, limits, room)?;
            let options = BedOptions {
                looped: plan.looped,
                ..BedOptions::default()
            };
            (
                Box::new(Bed::new(source, total, options)?),
                *codec,
                *bitrate,
            )
        }
    };
    let encoder = Encoder::new(codec, bitrate)?;
    let track = encoder.track().clone();
    Ok(Some(Soundtrack {
        stream,
        encoder: Some(encoder),
        track,
        block: Vec::new(),
        ready: VecDeque::new(),
        _pin: pin,
    }))
}

/// What the sound of a render will be and need.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Expected {
    /// Bits per second of the track; 0 without one.
    pub(crate) bitrate: u32,
    /// Seconds of sound to decode into the store.
    pub(crate) undecoded: f64,
}

impl Expected {
    /// Bytes that the store grows by.
    pub(crate) fn bytes(&self) -> u64 {
        (self.undecoded * f64::from(RATE)) as u64 * FRAME_BYTES
    }
}

/// Bits per second of compressed sound whose length nobody states.
const USUAL_BITS: u64 = 192_000;

/// Foresees the sound of a render; nothing is decoded.
///
/// # Errors
/// When a bed cannot be read.
pub(crate) fn expect(
    choice: &Choice,
    plan: &Plan,
    limits: &Limits,
    store: &Store,
) -> Result<Expected, Error> {
    let decoded = |hash: &Hash| store.contains(Kind::Sound, &key(hash));
    match choice {
        Choice::None => Ok(Expected::default()),
        Choice::Keep { bitrate, .. } => {
            let heard: BTreeMap<Hash, f64> = plan
                .clips
                .iter()
                .map(|planned| &planned.clip)
                .filter(|clip| clip.facts.sound)
                .map(|clip| {
                    let micros = clip.facts.stated_micros.unwrap_or(0).max(clip.end);
                    (clip.hash, micros as f64 / 1e6)
                })
                .collect();
            let missing = heard.iter().filter(|(hash, _)| !decoded(hash));
            Ok(Expected {
                bitrate: if heard.is_empty() { 0 } else { *bitrate },
                undecoded: missing.map(|(_, seconds)| seconds).sum(),
            })
        }
        Choice::Bed { file, bitrate, .. } => {
            let fail = |why: String| Error::Input {
                path: file.clone(),
                why,
            };
            let undecoded = if decoded(&hash_of(file)?) {
                0.0
            } else {
                let stated = decode::stated_micros(file, limits);
                let micros = match stated.map_err(|error| fail(error.to_string()))? {
                    Some(micros) => micros.max(0) as u64,
                    None => file.metadata().map_or(0, |file| file.len()) * 8_000_000 / USUAL_BITS,
                };
                micros as f64 / 1e6
            };
            Ok(Expected {
                bitrate: *bitrate,
                undecoded,
            })
        }
    }
}

/// Hash of a bed's bytes.
fn hash_of(file: &Path) -> Result<Hash, Error> {
    let fail = |error: std::io::Error| Error::Input {
        path: file.to_owned(),
        why: plain(&error),
    };
    let open = std::fs::File::open(file).map_err(fail)?;
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(open).map_err(fail)?;
    Ok(Hash::from_bytes(*hasher.finalize().as_bytes()))
}

/// The samples of a file that plays under everything; decoded where it is not known.
///
/// # Errors
/// When it cannot be read or has no sound, or the store or the index fails.
pub fn bed(file: &Path, limits: &Limits, room: &Room) -> Result<Box<dyn Source>, Error> {
    let fail = |why: String| Error::Input {
        path: file.to_owned(),
        why,
    };
    let hash = hash_of(file)?;
    let wanted = BTreeMap::from([(hash, file.to_owned())]);
    let facts = decoded(&wanted, limits, room)?;
    match facts.get(&hash) {
        Some(Ok(Some(_))) => stored(room.store, &hash)?.ok_or_else(|| fail("it got lost".into())),
        Some(Ok(None)) => Err(fail("it has no sound".to_owned())),
        Some(Err(why)) => Err(fail(why.clone())),
        None => Err(fail("it could not be decoded".to_owned())),
    }
}

fn stored(store: &Store, hash: &Hash) -> Result<Option<Box<dyn Source>>, Error> {
    let reader = store.open_reader(Kind::Sound, &key(hash))?;
    Ok(reader.map(|reader| {
        Box::new(Stored {
            reader,
            bytes: Vec::new(),
        }) as Box<dyn Source>
    }))
}

fn clips(
    plan: &Plan,
    library: &Library,
    limits: &Limits,
    room: &Room,
) -> Result<Option<Mixer>, Error> {
    let wanted: BTreeMap<Hash, PathBuf> = plan
        .clips
        .iter()
        .filter(|planned| planned.clip.facts.sound)
        .map(|planned| (planned.clip.hash, planned.clip.path.as_path().to_owned()))
        .collect();
    let facts = decoded(&wanted, limits, room)?;
    let facts_of = |hash: &Hash| {
        facts
            .get(hash)
            .and_then(|found| found.as_ref().ok())
            .copied()
            .flatten()
    };
    let measures: Vec<_> = plan
        .clips
        .iter()
        .map(|planned| facts_of(&planned.clip.hash).map(|facts| facts.measure))
        .collect();
    let gains = loudness::gains(&measures);
    let mut tracks = Vec::with_capacity(plan.clips.len());
    for (planned, gain) in plan.clips.iter().zip(gains) {
        let hash = planned.clip.hash;
        let start = library
            .clips
            .iter()
            .zip(&library.starts)
            .find_map(|(clip, start)| (clip.hash == hash).then_some(*start));
        let track = match (facts_of(&hash), start) {
            (Some(facts), Some(start)) => {
                let lost = || Error::Trouble {
                    why:
                        "the sound of a clip has gone from the store; is `--cache-size` too small?"
                            .to_owned(),
                };
                Some(Track {
                    source: stored(room.store, &hash)?.ok_or_else(lost)?,
                    offset: start - facts.start,
                    gain,
                })
            }
            _ => None,
        };
        tracks.push(track);
    }
    for (hash, found) in &facts {
        if let (Err(why), Some(path)) = (found, wanted.get(hash)) {
            let reason = format!("its sound is left out: {why}");
            (room.sink)(Event::Remark {
                file: path.as_path().into(),
                reason,
            });
        }
    }
    if tracks.iter().all(Option::is_none) {
        return Ok(None);
    }
    Ok(Some(Mixer::new(plan, tracks, MixOptions::default())?))
}

type Decoded = BTreeMap<Hash, Result<Option<SoundFacts>, String>>;

/// The sound facts of files: from the index where they are known, from jobs where not.
fn decoded(
    wanted: &BTreeMap<Hash, PathBuf>,
    limits: &Limits,
    room: &Room,
) -> Result<Decoded, Error> {
    let version = version();
    let mut facts = Decoded::new();
    let mut jobs = Vec::new();
    let mut hashes = Vec::new();
    for (hash, path) in wanted {
        let known: Option<Option<SoundFacts>> = room
            .index
            .clip(hash, &version)?
            .and_then(|json| serde_json::from_str(&json).ok())
            .filter(|known: &Option<SoundFacts>| {
                known.is_none() || room.store.contains(Kind::Sound, &key(hash))
            });
        if let Some(known) = known {
            facts.insert(*hash, Ok(known));
        } else {
            hashes.push(*hash);
            jobs.push(Job::Sound {
                path: path.as_path().into(),
                hash: *hash,
                limits: *limits,
            });
        }
    }
    if jobs.is_empty() {
        return Ok(facts);
    }
    let total = jobs.len() as u64;
    (room.sink)(Event::StageStarted {
        stage: Stage::Sound,
        total,
        unit: "clips",
    });
    let mut done = 0;
    let outcomes = room.executor.run(jobs, &mut |event| {
        if let executor::Event::Finished { .. } = event {
            done += 1;
            (room.sink)(Event::Progress {
                stage: Stage::Sound,
                done,
                total,
            });
        }
    })?;
    for (hash, outcome) in hashes.into_iter().zip(outcomes) {
        let found = match outcome {
            Outcome::Done(Done::Sound { facts }) => Ok(facts),
            Outcome::Done(Done::Trouble { why }) => return Err(Error::Trouble { why }),
            Outcome::Done(_) => Err("its decoding got lost".to_owned()),
            Outcome::Failed(failure) => Err(failure.reason),
        };
        if let Ok(found) = &found
            && let Ok(json) = serde_json::to_string(found)
        {
            room.index.set_clip(&hash, &version, &json)?;
        }
        facts.insert(hash, found);
    }
    Ok(facts)
}
