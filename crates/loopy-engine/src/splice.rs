//! From segments to a file: packets are copied in the plan's order, sound is laid beside them,
//! and the file gets its name when it is whole.

use std::{collections::VecDeque, io::Write, sync::Arc};

use loopy_core::{Hash, report};
use loopy_media::{
    mux::{Container, Options as MuxOptions, Output, Writer},
    segment::Segment,
};

use crate::{
    Error,
    events::{Event, Stage},
    output::{Partial, Target},
    realize,
    render::{Options, Prepared, Room},
    sound::RATE,
    soundtrack::Soundtrack,
    store::Kind,
};

/// What was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Spliced {
    /// Bytes of the file.
    pub bytes: u64,
    /// Distinct segments, in the timeline's order.
    pub segments: Vec<report::Segment>,
    /// Sound of the file.
    pub audio: Option<report::Audio>,
}

/// Segments kept in memory while splicing, in bytes: what repeats soon is not read again, and
/// memory stays flat however long the video is.
const CACHE_BYTES: usize = 8 << 20;

/// Writes the video.
///
/// # Errors
/// When the output cannot be written. Nothing is left under the final name.
pub fn splice(
    prepared: &Prepared,
    options: &Options,
    container: Container,
    mut sound: Option<Soundtrack>,
    room: &Room,
) -> Result<Spliced, Error> {
    let plan = &prepared.plan;
    loopy_media::give_back_large_blocks();
    let mut shelf = Shelf::new(prepared, options, room);
    let (segments, delay, config) = shelf.survey()?;
    let audio = sound.as_ref().map(|sound| report::Audio {
        codec: sound.track().codec.name().to_owned(),
        rate: RATE,
        samples: sound.samples(),
        bitrate: sound.track().bitrate,
    });
    let partial = match &options.target {
        Target::File(path) => Some(Partial::create(path)?),
        Target::Stdout => None,
    };
    let output = match &partial {
        Some(partial) => Output::File(partial.path()),
        None => Output::Stream(Box::new(std::io::stdout()) as Box<dyn Write + Send>),
    };
    let mut writer = Writer::create(
        output,
        MuxOptions {
            container,
            size: prepared.size,
            fps: plan.fps,
            config,
            delay,
            frames: plan.frames,
            audio: sound.as_ref().map(|sound| sound.track().clone()),
            tags: tags(prepared, options),
            created: plan.created,
        },
    )?;
    (room.sink)(Event::StageStarted {
        stage: Stage::Splice,
        total: plan.frames,
        unit: "frames",
    });
    let mut done = 0;
    for index in prepared.timeline.rows() {
        if (room.interrupted)() {
            return Err(Error::Interrupted);
        }
        let segment = shelf.get(index)?;
        // Sound goes into the file beside the pictures that it belongs to.
        if let Some(sound) = &mut sound {
            let until = plan.fps.samples(done, RATE);
            while let Some(packet) = sound.before(until)? {
                writer.sound(&packet)?;
            }
        }
        writer.segment(&segment)?;
        done += u64::from(segment.frames());
        (room.sink)(Event::Progress {
            stage: Stage::Splice,
            done,
            total: plan.frames,
        });
    }
    if let Some(sound) = &mut sound {
        while let Some(packet) = sound.before(u64::MAX)? {
            writer.sound(&packet)?;
        }
    }
    let bytes = writer.finish()?;
    if let Some(partial) = partial {
        partial.finish()?;
    }
    Ok(Spliced {
        bytes,
        segments,
        audio,
    })
}

/// Words in the file: the user's, and what it takes to make it again.
fn tags(prepared: &Prepared, options: &Options) -> Vec<(String, String)> {
    let plan = &prepared.plan;
    let mut tags = Vec::new();
    let words = &options.words;
    for (name, value) in [
        ("title", &words.title),
        ("artist", &words.artist),
        ("comment", &words.comment),
    ] {
        if let Some(value) = value {
            tags.push((name.to_owned(), value.clone()));
        }
    }
    let made = format!(
        "LoopyComfy {} seed={} plan={}{}",
        env!("CARGO_PKG_VERSION"),
        plan.seed,
        plan.hash(),
        plan.certificate.short(),
    );
    tags.push(("description".to_owned(), made));
    tags
}

/// Segments at hand.
struct Shelf<'a> {
    prepared: &'a Prepared,
    options: &'a Options,
    room: &'a Room<'a>,
    recent: VecDeque<(u32, Arc<Segment>)>,
    bytes: usize,
}

impl<'a> Shelf<'a> {
    fn new(prepared: &'a Prepared, options: &'a Options, room: &'a Room<'a>) -> Self {
        Self {
            prepared,
            options,
            room,
            recent: VecDeque::new(),
            bytes: 0,
        }
    }

    /// Reads every distinct segment once: digests for the report, the reorder delay and the
    /// configuration for the file. What is damaged is made again here, before anything is written.
    fn survey(&mut self) -> Result<(Vec<report::Segment>, u32, Vec<u8>), Error> {
        let mut delay = 0;
        let mut config: Option<Vec<u8>> = None;
        let count = self.prepared.timeline.segments.len();
        let mut segments = Vec::with_capacity(count);
        for index in 0..count as u32 {
            let segment = self.get(index)?;
            delay = delay.max(segment.delay());
            match &config {
                Some(config) if *config != segment.config => {
                    return Err(Error::Usage(
                        "two segments have different parameter sets; `loopy cache clear` and try \
                         again"
                            .to_owned(),
                    ));
                }
                Some(_) => {}
                None => config = Some(segment.config.clone()),
            }
            segments.push(report::Segment {
                key: self.prepared.timeline.segments[index as usize].key,
                digest: segment.digest(),
                frames: segment.frames(),
                bytes: segment.data.len() as u64,
            });
        }
        Ok((segments, delay, config.unwrap_or_default()))
    }

    fn get(&mut self, index: u32) -> Result<Arc<Segment>, Error> {
        if let Some(at) = self.recent.iter().position(|(known, _)| *known == index)
            && let Some(found) = self.recent.remove(at)
        {
            let segment = found.1.clone();
            self.recent.push_back(found);
            return Ok(segment);
        }
        let key = self.prepared.timeline.segments[index as usize].key;
        let segment = match self.read(&key)? {
            Some(segment) => segment,
            None => self.mend(index, &key)?,
        };
        let segment = Arc::new(segment);
        self.bytes += segment.data.len();
        self.recent.push_back((index, segment.clone()));
        while self.bytes > CACHE_BYTES && self.recent.len() > 1 {
            if let Some((_, old)) = self.recent.pop_front() {
                self.bytes -= old.data.len();
            }
        }
        Ok(segment)
    }

    fn read(&self, key: &Hash) -> Result<Option<Segment>, Error> {
        let bytes = self.room.store.get(Kind::Segment, key)?;
        // The store has checked the bytes; what it cannot parse was written by another version.
        Ok(bytes.and_then(|bytes| Segment::from_bytes(&bytes).ok()))
    }

    /// A segment that is damaged or gone is made again.
    fn mend(&self, index: u32, key: &Hash) -> Result<Segment, Error> {
        tracing::warn!(
            segment = index,
            "a piece is damaged or gone from the store; it is made again"
        );
        realize::realize(
            &self.prepared.plan.clips,
            &self.prepared.timeline,
            self.room.store,
            self.room.executor,
            &self.options.limits,
            self.room.sink,
        )?;
        self.read(key)?.ok_or_else(|| {
            Error::Usage("a piece cannot be kept in the store; is its disk failing?".to_owned())
        })
    }
}
