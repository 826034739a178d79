//! Decoding: the frames of a file in presentation order, each made an output picture.
//!
//! Faults in single packets do not end a file: they are counted, and pictures that the decoder
//! marks as damaged say so.

mod chain;
mod codec;
mod color;
mod format;
mod graph;
pub(crate) mod input;
mod ladders;
mod pipe;
mod place;

use std::{collections::VecDeque, path::Path, path::PathBuf};

use ffmpeg_sys_the_third as av;
use loopy_core::{
    Frame, Size,
    clip::Facts,
    frame::Area,
    ledger::{Entry, Ledger},
    limits::Limits,
    normalise::Normalise,
    repair,
};

pub use self::ladders::ladders;
use self::{
    chain::{Source, Tools, chain},
    input::{Input, Read},
    pipe::Pipe,
};
pub(crate) use self::{
    codec::usual,
    codec::{Decoded, Decoder},
    color::ColorTags,
    format::Layout,
};
use crate::{
    Error,
    ffi::{AvFrame, AvPacket},
    probe::Stated,
};

/// One decoded and normalised frame.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The pixels: BT.709, limited range, of the size that was asked for.
    pub frame: Frame,
    /// The part of it that is the source's picture; the rest is bars of the pad colour.
    pub area: Area,
    /// Presentation time in the container's clock, in microseconds.
    pub time: Option<i64>,
    /// The decoder says that parts are damaged or made up.
    pub corrupt: bool,
}

/// What went wrong while decoding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Packets or parts of the file that could not be read or decoded.
    pub decode_errors: u32,
    /// Pictures that came out damaged.
    pub corrupt_frames: u32,
    /// The first error, in FFmpeg's words.
    pub first: Option<String>,
    /// The file ends before the length that its container states; known at the end.
    pub truncated: bool,
    /// Times the size of the picture changed within the stream.
    pub resolution_changes: u32,
}

/// Frames of one make share one set of filters.
#[derive(Clone, Copy, PartialEq)]
struct Make {
    format: i32,
    size: Size,
    aspect: (u32, u32),
    tags: ColorTags,
    chroma: av::AVChromaLocation,
    interlaced: bool,
}

/// A file that is being decoded.
pub struct Reader {
    path: PathBuf,
    input: Input,
    stream: usize,
    stated: Option<Stated>,
    decoder: Decoder,
    facts: Facts,
    wanted: Normalise,
    limits: Limits,
    tools: Tools,
    /// Some frame was flagged as interlaced, or the stream is.
    interlaced: bool,
    stream_tags: ColorTags,
    pipe: Option<(Make, Pipe)>,
    ready: VecDeque<Picture>,
    frame: AvFrame,
    packet: AvPacket,
    faults: Faults,
    ledger: Ledger,
    frames: u32,
    /// First and last presentation time so far, in microseconds.
    span: Option<(i64, i64)>,
    /// The demuxer has nothing more; the decoder may.
    drained: bool,
    finished: bool,
    /// Faults since the decoder last took or gave something.
    stuck: u32,
}

/// Faults in a row after which a decoder counts as ended.
pub(crate) const STUCK: u32 = 1000;

impl Reader {
    /// Opens `path`, whose facts [`crate::probe::probe`] told, to be read as `wanted`.
    ///
    /// `threads` is the number of threads of the decoder. The pixels do not depend on it for
    /// streams without faults.
    ///
    /// # Errors
    ///
    /// Like [`crate::probe::probe`], and [`Error::Missing`] without a decoder for the stream.
    pub fn open(
        path: &Path,
        facts: &Facts,
        wanted: &Normalise,
        threads: u32,
        limits: &Limits,
    ) -> Result<Self, Error> {
        Self::with_tools(path, facts, wanted, threads, limits, Tools::found())
    }

    fn with_tools(
        path: &Path,
        facts: &Facts,
        wanted: &Normalise,
        threads: u32,
        limits: &Limits,
        tools: Tools,
    ) -> Result<Self, Error> {
        let mut input = Input::open(path, limits)?;
        let stream = crate::probe::video_stream(&input, path)?;
        let mut ledger = Ledger::default();
        let Some(video) = input.stream(stream) else {
            return Err(Error::NoVideo {
                path: path.to_owned(),
                why: "no video stream",
            });
        };
        let parameters = video.parameters();
        let mut codec = codec::usual(parameters.codec_id);
        if let Some(name) = alpha_decoder(parameters.codec_id).filter(|_| facts.alpha) {
            let found = codec::named(name);
            codec = found.or(codec);
            let (_, steps) = ladders::transparency(found.is_some()).settle();
            for entry in steps {
                ledger.add(entry, None);
            }
        }
        let codec = codec.ok_or(Error::Missing("a decoder for this video"))?;
        let decoder = Decoder::open(codec, video, threads, limits)?;
        let stated = crate::probe::stated(&input, video);
        let stream_tags = crate::probe::color_tags(parameters);
        if !matches!(stated, Some(Stated::Longest(_))) {
            input.select(stream);
        }
        Ok(Self {
            path: path.to_owned(),
            stream,
            stated,
            decoder,
            facts: facts.clone(),
            wanted: *wanted,
            limits: *limits,
            tools,
            interlaced: facts.interlaced,
            stream_tags,
            pipe: None,
            ready: VecDeque::new(),
            frame: AvFrame::new()?,
            packet: AvPacket::new()?,
            faults: Faults::default(),
            ledger,
            frames: 0,
            span: None,
            drained: false,
            finished: false,
            stuck: 0,
            input,
        })
    }

    /// The next picture, or `None` at the end.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`] when the file has more frames or larger ones than allowed, and
    /// [`Error::Libav`] when the filters fail.
    #[allow(
        clippy::should_implement_trait,
        reason = "a step may fail and the reader stays usable"
    )]
    pub fn next(&mut self) -> Result<Option<Picture>, Error> {
        self.go_on(true)?;
        Ok(self.ready.pop_front())
    }

    /// Goes past the next picture, which is decoded, but not made where none of its neighbours needs
    /// it. `false` at the end.
    ///
    /// # Errors
    ///
    /// Like [`Reader::next`].
    pub fn skip(&mut self) -> Result<bool, Error> {
        Ok(self.go_on(false)? || self.ready.pop_front().is_some())
    }

    /// Decodes until a picture is ready, or one has been gone past, which is `true`, or the end.
    fn go_on(&mut self, make: bool) -> Result<bool, Error> {
        while self.ready.is_empty() && !self.finished {
            match self.decoder.receive(&mut self.frame) {
                Decoded::Frame => {
                    if self.take_frame(make)? {
                        return Ok(true);
                    }
                }
                Decoded::Hungry => self.feed()?,
                Decoded::Fault(error) => {
                    self.fault(error.to_string());
                    self.stuck += 1;
                    if self.stuck > STUCK {
                        self.end()?;
                    }
                }
                Decoded::End => self.end()?,
            }
        }
        Ok(false)
    }

    /// Where the file's pictures, read as `wanted`, would lie in their frames: left and upper edge,
    /// width and height in parts of the frame's. Cropped ones reach beyond it. `None` before the
    /// first picture.
    pub fn lies(&self, wanted: &Normalise) -> Option<[f64; 4]> {
        let (make, _) = self.pipe.as_ref()?;
        let layout = Layout::of(make.format)?;
        Some(chain::lies(&self.source(*make, layout), wanted))
    }

    /// What went wrong so far.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Steps down that were taken for want of a part of FFmpeg.
    pub fn fallbacks(&self) -> Vec<Entry> {
        self.ledger.entries()
    }

    fn fault(&mut self, what: String) {
        self.faults.decode_errors += 1;
        self.faults.first.get_or_insert(what);
    }

    fn feed(&mut self) -> Result<(), Error> {
        self.stuck = 0;
        if self.drained {
            // A decoder that is hungry after the end has nothing left to give.
            return self.end();
        }
        match self.input.read(self.stream, &mut self.packet) {
            Read::Packet => {
                if let Err(error) = self.decoder.send(Some(&self.packet)) {
                    self.fault(error.to_string());
                }
            }
            Read::Fault(why) => self.fault(why),
            Read::End => {
                self.drained = true;
                if let Err(error) = self.decoder.send(None) {
                    self.fault(error.to_string());
                }
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Error> {
        self.finished = true;
        if let Some((_, mut pipe)) = self.pipe.take() {
            pipe.finish(&mut self.ready)?;
        }
        let step = self.facts.stated_rate.map_or(0, |rate| rate.micros(1));
        let decoded = match (self.stated, self.span) {
            (Some(Stated::Longest(_)), _) => self.input.reach(),
            (_, Some((first, last))) => last.saturating_sub(first).saturating_add(step),
            (_, None) => step * i64::from(self.frames),
        };
        let stated = self.stated.map(Stated::micros);
        self.faults.truncated = repair::cut_short(decoded, stated);
        Ok(())
    }

    /// Has the decoded frame made a picture, or goes past it, which is `true`, where it need not be made.
    fn take_frame(&mut self, make: bool) -> Result<bool, Error> {
        self.stuck = 0;
        if self.frames >= self.limits.frames {
            return Err(Error::Limit {
                path: self.path.clone(),
                what: "the number of frames".to_owned(),
                limit: self.limits.frames.into(),
            });
        }
        let raw = self.frame.as_ptr();
        // SAFETY: a frame that was just decoded; all fields are plain.
        let (size, format, time, flags, errors, tags, chroma) = unsafe {
            let tags = ColorTags {
                range: (*raw).color_range,
                matrix: (*raw).colorspace,
                primaries: (*raw).color_primaries,
                transfer: (*raw).color_trc,
            };
            (
                Size::new((*raw).width.max(0) as u32, (*raw).height.max(0) as u32),
                (*raw).format,
                (*raw).best_effort_timestamp,
                (*raw).flags,
                (*raw).decode_error_flags,
                tags,
                (*raw).chroma_location,
            )
        };
        if size.pixels() > self.limits.pixels {
            return Err(input::over_pixels(&self.path, size.pixels(), &self.limits));
        }
        let Some(layout) = Layout::of(format).filter(|_| size.pixels() > 0) else {
            self.fault("a frame without pixels".to_owned());
            return Ok(false);
        };
        let aspect = self.input.sample_aspect(self.stream, raw);
        // SAFETY: a valid frame.
        self.interlaced |= unsafe { is_interlaced(raw) };
        let kind = Make {
            format,
            size,
            aspect,
            tags,
            chroma,
            interlaced: self.interlaced,
        };
        if self.pipe.as_ref().is_none_or(|(now, _)| *now != kind) {
            self.change(kind, layout)?;
        }
        let time = self.micros(time);
        let corrupt = flags & av::AV_FRAME_FLAG_CORRUPT != 0 || errors != 0;
        self.frames += 1;
        self.faults.corrupt_frames += u32::from(corrupt);
        if let Some(time) = time {
            let (first, last) = self.span.unwrap_or((time, time));
            self.span = Some((first.min(time), last.max(time)));
        }
        if let Some((_, pipe)) = &mut self.pipe {
            if !make && !self.interlaced && pipe.is_empty() && self.ready.is_empty() {
                return Ok(true);
            }
            // SAFETY: the format without its mark has the same memory; the mark is in the tags.
            unsafe { (*raw).format = layout.unmarked() };
            pipe.push(&mut self.frame, time, corrupt, &mut self.ready)?;
        }
        Ok(false)
    }

    /// Ends the filters of the frames so far and builds those for frames of another make.
    fn change(&mut self, make: Make, layout: Layout) -> Result<(), Error> {
        if let Some((old, mut pipe)) = self.pipe.take() {
            pipe.finish(&mut self.ready)?;
            self.faults.resolution_changes += u32::from(old.size != make.size);
        }
        let source = self.source(make, layout);
        let chain = chain(&source, &self.wanted, self.tools);
        for entry in &chain.fallbacks {
            self.ledger.add(entry.clone(), None);
        }
        tracing::debug!(path = ?self.path, ?chain, "filters");
        let pipe = Pipe::new(&chain, make.size, layout.unmarked(), &self.wanted)?;
        self.pipe = Some((make, pipe));
        Ok(())
    }

    fn source(&self, make: Make, layout: Layout) -> Source {
        let Size { width, height } = make.size;
        let left = [
            av::AVChromaLocation::UNSPECIFIED,
            av::AVChromaLocation::LEFT,
        ];
        Source {
            layout,
            size: make.size,
            aspect: make.aspect,
            color: make.tags.or(self.stream_tags).read(layout, width, height),
            usual_chroma: left.contains(&make.chroma),
            rotation: self.facts.rotation,
            mirrored: self.facts.mirrored,
            interlaced: make.interlaced,
        }
    }

    fn micros(&self, time: i64) -> Option<i64> {
        if time == av::AV_NOPTS_VALUE {
            return None;
        }
        let base = self.input.stream(self.stream)?.time_base();
        // SAFETY: pure arithmetic.
        Some(unsafe { av::av_rescale_q(time, base, av::AV_TIME_BASE_Q) })
    }
}

/// Whether a frame is flagged as two fields.
///
/// # Safety
///
/// `frame` is valid.
unsafe fn is_interlaced(frame: *const av::AVFrame) -> bool {
    // SAFETY: plain fields; promised by the caller.
    #[cfg(ffmpeg_6_1)]
    return unsafe { (*frame).flags & av::AV_FRAME_FLAG_INTERLACED != 0 };
    // SAFETY: as above.
    #[cfg(not(ffmpeg_6_1))]
    return unsafe { (*frame).interlaced_frame != 0 };
}

/// The decoder that also decodes the alpha side stream of `codec`; FFmpeg's own ones do not.
fn alpha_decoder(codec: av::AVCodecID) -> Option<&'static std::ffi::CStr> {
    match codec {
        av::AVCodecID::VP8 => Some(c"libvpx"),
        av::AVCodecID::VP9 => Some(c"libvpx-vp9"),
        _ => None,
    }
}
