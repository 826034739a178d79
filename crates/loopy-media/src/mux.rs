//! Splicing: segments and sound become one file or stream by copying packets.
//!
//! Timestamps are rebuilt from the frame count and never taken from an encoder, so that every joint
//! is exact and nothing drifts. The bytes depend on the input alone.

mod clock;
mod format;
mod header;
mod index;
mod io;
mod lane;
pub mod parts;
pub mod push;

use std::{io::Write, path::Path};

use loopy_core::{Rate, Size};

pub use self::clock::date;
use self::{
    format::Format,
    lane::{Lane, Lanes},
};
use crate::{
    Error,
    audio::encode::{Packet, Track},
    segment::Segment,
};

/// Kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Container {
    /// mp4 with its index in front.
    Mp4,
    /// Matroska.
    Mkv,
    /// mp4 in fragments of about 2 s: needs no seeking and can be played while it is written.
    FragmentedMp4,
}

/// Where the bytes go.
pub enum Output<'a> {
    /// A file, which is replaced.
    File(&'a Path),
    /// A stream that cannot seek; takes [`Container::FragmentedMp4`] and [`Container::Mkv`].
    Stream(Box<dyn Write + Send>),
}

/// What is known before the first packet.
#[derive(Clone, Debug)]
pub struct Options {
    /// Kind of file.
    pub container: Container,
    /// Size of the pictures.
    pub size: Size,
    /// Frame rate.
    pub fps: Rate,
    /// Configuration record that all segments share.
    pub config: Vec<u8>,
    /// The largest [`Segment::delay`] of the segments to come.
    pub delay: u32,
    /// Frames to come in all, as well as is known: decides how much room is kept for an mp4's
    /// index. With 0, or when there are many more, the index goes to the end of the file.
    pub frames: u64,
    /// The sound, if there is one.
    pub audio: Option<Track>,
    /// Words for people: keys out of [`TAGS`].
    pub tags: Vec<(String, String)>,
    /// Time of creation in seconds since 1970; none is written without it.
    pub created: Option<i64>,
}

/// Tags that every container here keeps.
pub const TAGS: [&str; 7] = [
    "title",
    "artist",
    "comment",
    "description",
    "album",
    "genre",
    "copyright",
];

/// Writes one file or stream.
pub struct Writer {
    format: Format,
    lanes: Lanes,
    config: Vec<u8>,
    delay: u32,
    sound: Option<Track>,
    frames: u64,
    samples: u64,
}

impl Writer {
    /// Writes the header to `output`.
    ///
    /// # Errors
    ///
    /// [`Error::Write`] when the output cannot be written or the options do not fit it.
    pub fn create(output: Output<'_>, options: Options) -> Result<Self, Error> {
        let lanes = Lanes::new(
            options.container,
            clock::Clock::new(options.fps)?.scale,
            options.audio.as_ref().map(|track| track.rate),
        );
        let format = Format::create(output, &options)?;
        Ok(Self {
            format,
            lanes,
            config: options.config,
            delay: options.delay,
            sound: options.audio,
            frames: 0,
            samples: 0,
        })
    }

    /// Appends `segment` to the picture.
    ///
    /// # Errors
    ///
    /// [`Error::Segment`] when its configuration or reorder delay does not fit the file, and
    /// [`Error::Write`].
    pub fn segment(&mut self, segment: &Segment) -> Result<(), Error> {
        if segment.config != self.config {
            return Err(Error::Segment(
                "its configuration record is not the file's".to_owned(),
            ));
        }
        if segment.delay() > self.delay {
            return Err(Error::Segment(format!(
                "its reorder delay of {} frames is over the file's {}",
                segment.delay(),
                self.delay
            )));
        }
        let base = self.frames as i64;
        for (index, (sample, unit)) in (0..).zip(segment.units()) {
            let packet = self.format.picture(
                unit,
                base + i64::from(sample.order),
                base + index - i64::from(self.delay),
                sample.key,
            )?;
            self.lanes.push(Lane::Video, packet);
            self.drain(false)?;
        }
        self.frames += u64::from(segment.frames());
        Ok(())
    }

    /// Appends the next packet of sound.
    ///
    /// Sound and picture may run ahead of each other by up to 10 s; beyond that the file still
    /// plays, but a player has to look further ahead.
    ///
    /// # Errors
    ///
    /// [`Error::Write`].
    pub fn sound(&mut self, packet: &Packet) -> Result<(), Error> {
        let whole = self.sound.as_ref().map_or(0, |track| track.frame_samples);
        let encoded = self.format.sound(packet, whole)?;
        self.lanes.push(Lane::Sound, encoded);
        self.samples = self
            .samples
            .max((packet.pts + i64::from(packet.duration)).max(0) as u64);
        self.drain(false)
    }

    /// Frames of picture and samples of sound (per channel) appended so far.
    pub fn position(&self) -> (u64, u64) {
        (self.frames, self.samples)
    }

    /// Writes what is left and the index; the size of the output in bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Write`].
    pub fn finish(mut self) -> Result<u64, Error> {
        self.drain(true)?;
        self.format.finish()
    }

    fn drain(&mut self, end: bool) -> Result<(), Error> {
        while let Some(packet) = self.lanes.pop(end) {
            self.format.write(&packet)?;
        }
        Ok(())
    }
}
