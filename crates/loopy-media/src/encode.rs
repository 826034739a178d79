//! One encoder instance per run of frames, with every setting fixed, so that any two segments of
//! equal settings can follow each other under one configuration record.

mod frames;
mod head;
pub(crate) mod nal;
mod x264;

use std::collections::VecDeque;

use ffmpeg_sys_the_third as av;
use loopy_core::{Frame, Rate, Size, encode::Settings};

pub use self::frames::{Frames, decode};
use self::x264::X264;
pub use self::x264::version;
use crate::{
    Error,
    ffi::{AvFrame, AvPacket, check},
    segment::{Sample, Segment},
};

/// Pictures shown to the encoder after the end of a run, the last ones to and fro, which move as the
/// run does. x264 spends bits on what later pictures refer to; without a future, the end of a run
/// would be visibly worse than the start of the next one. They are looked at and never encoded.
const FUTURE: usize = 12;
/// Pictures kept for that.
const RECENT: usize = 8;

/// Encodes one run of frames to one [`Segment`].
///
/// The bytes are a function of the settings, size, rate and frames alone: one thread, no clock, no
/// state from other runs.
pub struct Encoder {
    x264: X264,
    /// The last pictures, the newest at the back.
    recent: VecDeque<AvFrame>,
    packet: AvPacket,
    size: Size,
    frames: u32,
    /// Key frames in this run, evenly spread.
    groups: u32,
    /// Encode a copy of the frame first and drop it. See [`Encoder::new`].
    lead: u32,
    /// The encoder looks ahead: it is shown a future, and its key frames are made coarser.
    lookahead: bool,
    /// By so many half steps; unknown before the first pictures have been looked at.
    coarser: Option<i32>,
    /// The first pictures, until that is known.
    waiting: Vec<Frame>,
    settings: Settings,
    rate: Rate,
    /// Pictures that have come, and those of them that the encoder has been sent.
    came: u32,
    pushed: u32,
    samples: Vec<Sample>,
    data: Vec<u8>,
}

impl Encoder {
    /// An encoder for a run of exactly `frames` frames of `size` at `rate`.
    ///
    /// Key frames are at most `settings.key_seconds` apart and evenly spread, so that a run never
    /// ends with a lone key frame: two IDR pictures in a row must differ in `idr_pic_id`, which
    /// x264 alternates within a run from 0. A run of one frame is given 1, so that it can stand
    /// before and after any longer one.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] without libx264, [`Error::Segment`] for settings that cannot work, and
    /// [`Error::Libav`] when the encoder refuses.
    pub fn new(settings: &Settings, size: Size, rate: Rate, frames: u32) -> Result<Self, Error> {
        if frames == 0 {
            return Err(Error::Segment("a run has at least one frame".to_owned()));
        }
        let x264 = X264::open(settings, size, rate)?;
        let longest =
            u64::from(settings.key_seconds) * u64::from(rate.num()) / u64::from(rate.den());
        // These presets do without.
        let quick = ["ultrafast", "superfast"].contains(&&*settings.preset);
        let lookahead = settings.crf > 0 && !quick;
        Ok(Self {
            x264,
            recent: VecDeque::with_capacity(RECENT),
            packet: AvPacket::new()?,
            size,
            frames,
            // Groups of four and more halve into groups of two and more: none is a lone key frame.
            groups: u64::from(frames).div_ceil(longest.max(4)) as u32,
            lead: u32::from(frames == 1),
            lookahead,
            coarser: head::untold(frames).filter(|_| lookahead),
            waiting: Vec::new(),
            settings: settings.clone(),
            rate,
            came: 0,
            pushed: 0,
            samples: Vec::with_capacity(frames as usize),
            data: Vec::new(),
        })
    }

    /// Encodes the next frame in display order.
    ///
    /// # Errors
    ///
    /// [`Error::Segment`] for a frame of another size or beyond the announced count, and
    /// [`Error::Libav`] when the encoder fails.
    pub fn push(&mut self, frame: &Frame) -> Result<(), Error> {
        if frame.size() != self.size {
            return Err(Error::Segment(format!(
                "a {} frame in a {} run",
                frame.size(),
                self.size
            )));
        }
        if self.came == self.frames {
            return Err(Error::Segment(format!(
                "more than the {} frames announced",
                self.frames
            )));
        }
        self.came += 1;
        if !self.lookahead || self.coarser.is_some() {
            return self.encode(frame);
        }
        self.waiting.push(frame.clone());
        if self.came < self.frames.min(head::PICTURES) {
            return Ok(());
        }
        let waiting = std::mem::take(&mut self.waiting);
        self.coarser = Some(head::coarser(&self.settings, self.rate, &waiting)?);
        waiting.iter().try_for_each(|frame| self.encode(frame))
    }

    /// Sends the encoder the next picture.
    fn encode(&mut self, frame: &Frame) -> Result<(), Error> {
        let index = self.pushed;
        self.pushed += 1;
        let newest = self.picture(frame)?;
        if let Some(coarser) = self.coarser.filter(|_| self.key(index)) {
            head::set(&newest, self.size, coarser)?;
        }
        self.recent.push_back(newest);
        // The last picture closes the run in decode order too, whatever is seen to follow.
        let kind = if self.key(index) {
            av::AVPictureType::I
        } else if self.pushed == self.frames {
            av::AVPictureType::P
        } else {
            av::AVPictureType::NONE
        };
        for copy in 0..self.lead {
            self.send(self.recent.len() - 1, i64::from(copy), kind)?;
        }
        self.send(self.recent.len() - 1, i64::from(self.lead + index), kind)
    }

    /// The segment of all frames pushed.
    ///
    /// # Errors
    ///
    /// [`Error::Segment`] when fewer frames than announced were pushed or what came out breaks a
    /// rule of [`Segment::check`], and [`Error::Libav`] when the encoder fails.
    pub fn finish(mut self) -> Result<Segment, Error> {
        if self.came < self.frames {
            return Err(Error::Segment(format!(
                "{} of {} frames came",
                self.came, self.frames
            )));
        }
        if self.lookahead {
            // From the last picture but one to the first, back to the last, and so on.
            let turn = self.recent.len() - 1;
            for step in 1..=FUTURE {
                let back = if turn == 0 { 0 } else { step % (2 * turn) };
                let at = turn.abs_diff(back);
                let pts = i64::from(self.lead + self.frames) + step as i64 - 1;
                self.send(at, pts, self.later(step))?;
            }
        }
        if self.samples.len() < self.frames as usize {
            // SAFETY: the context is open; NULL is the documented way to end the stream.
            let code = unsafe { av::avcodec_send_frame(self.x264.as_ptr(), std::ptr::null()) };
            check(code, "finish the encoder")?;
            self.receive()?;
        }
        let segment = Segment {
            config: self.x264.config()?,
            samples: self.samples,
            data: self.data,
        };
        segment.check()?;
        Ok(segment)
    }

    /// The kind of a picture `step` behind the end: as many B-frames before each P-frame as there may be.
    /// To choose among kinds takes longer than all else that is done with it, and tells nothing more.
    fn later(&self, step: usize) -> av::AVPictureType {
        if step.is_multiple_of(usize::from(self.settings.bframes) + 1) {
            av::AVPictureType::P
        } else {
            av::AVPictureType::B
        }
    }

    /// Frame `index` starts one of the run's groups.
    fn key(&self, index: u32) -> bool {
        let (frames, groups) = (u64::from(self.frames), u64::from(self.groups));
        let group = (u64::from(index) * groups).div_ceil(frames);
        group * frames / groups == u64::from(index)
    }

    /// A copy of `frame` as libavcodec wants it, in the place of one that is no longer recent.
    fn picture(&mut self, frame: &Frame) -> Result<AvFrame, Error> {
        let oldest = if self.recent.len() == RECENT {
            self.recent.pop_front()
        } else {
            None
        };
        let picture = match oldest {
            Some(picture) => picture,
            None => self.blank()?,
        };
        let raw = picture.as_ptr();
        // SAFETY: the frame has buffers of its own; the call copies them if the encoder still holds
        // a reference.
        let code = unsafe {
            av::av_frame_remove_side_data(raw, av::AVFrameSideDataType::REGIONS_OF_INTEREST);
            av::av_frame_make_writable(raw)
        };
        check(code, "reuse a picture")?;
        for (plane, source) in frame.planes().into_iter().enumerate() {
            let width = if plane == 0 {
                self.size.width
            } else {
                self.size.width / 2
            } as usize;
            // SAFETY: the planes were allocated for this size, so that every row has room for
            // `width` bytes at a distance of `linesize`; source and target cannot overlap.
            unsafe {
                let (start, stride) = ((*raw).data[plane], (*raw).linesize[plane] as usize);
                for (row, line) in source.chunks_exact(width).enumerate() {
                    start
                        .add(row * stride)
                        .copy_from_nonoverlapping(line.as_ptr(), width);
                }
            }
        }
        Ok(picture)
    }

    fn blank(&self) -> Result<AvFrame, Error> {
        let frame = AvFrame::new()?;
        // SAFETY: a fresh frame that we own; the buffer call reads the fields set before it.
        let code = unsafe {
            let raw = frame.as_ptr();
            (*raw).format = av::AVPixelFormat::YUV420P.0;
            (*raw).width = self.size.width as i32;
            (*raw).height = self.size.height as i32;
            av::av_frame_get_buffer(raw, 0)
        };
        check(code, "allocate a picture for the encoder")?;
        Ok(frame)
    }

    /// Sends picture `at` of the recent ones to the encoder and takes what is ready.
    fn send(&mut self, at: usize, pts: i64, kind: av::AVPictureType) -> Result<(), Error> {
        let raw = self.recent[at].as_ptr();
        // SAFETY: context and frame are open and ours; the encoder takes its own reference.
        let code = unsafe {
            (*raw).pts = pts;
            (*raw).pict_type = kind;
            av::avcodec_send_frame(self.x264.as_ptr(), raw)
        };
        check(code, "encode a frame")?;
        self.receive()
    }

    /// Takes all packets that are ready, up to the end of the run: each one that is asked for after
    /// the last frame was sent is encoded then.
    fn receive(&mut self) -> Result<(), Error> {
        while self.samples.len() < self.frames as usize
            && let Some((pts, key)) = self.x264.receive(&self.packet)?
        {
            let order = pts - i64::from(self.lead);
            // SAFETY: a packet that was just received owns `size` bytes at `data`.
            let bytes = unsafe {
                let raw = self.packet.as_ptr();
                std::slice::from_raw_parts((*raw).data, (*raw).size as usize)
            };
            self.x264.inspect(bytes)?;
            if !(0..i64::from(self.frames)).contains(&order) {
                continue;
            }
            let start = self.data.len();
            for unit in nal::annex_b(bytes).filter(|unit| nal::kind(unit) != nal::Kind::Banner) {
                self.data.extend((unit.len() as u32).to_be_bytes());
                self.data.extend(unit);
            }
            let bytes = (self.data.len() - start) as u32;
            self.samples.push(Sample {
                bytes,
                order: order as u32,
                key,
            });
        }
        Ok(())
    }
}
