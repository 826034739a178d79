//! Back from a segment to pictures: to check what was encoded, and to use what was kept losslessly.

use std::ptr::{self, NonNull};

use ffmpeg_sys_the_third as av;
use loopy_core::{Frame, Size};

use crate::{
    Error,
    ffi::{AGAIN, AvFrame, AvPacket, check, init, padded},
    segment::{Segment, Units},
};

/// All frames of `segment` in display order.
///
/// # Errors
///
/// As [`Frames`].
pub fn decode(segment: &Segment) -> Result<Vec<Frame>, Error> {
    Frames::new(segment)?.collect()
}

/// The frames of a segment in display order, decoded as they are asked for: only the decoder's
/// own reference pictures are in memory.
///
/// Ends with an error when a unit cannot be decoded, or when more or fewer frames come out than
/// the segment has.
pub struct Frames<'a> {
    context: NonNull<av::AVCodecContext>,
    units: Units<'a>,
    packet: AvPacket,
    frame: AvFrame,
    /// Frames still to come.
    left: u32,
    next: i64,
    done: bool,
}

impl Drop for Frames<'_> {
    fn drop(&mut self) {
        let mut raw = self.context.as_ptr();
        // SAFETY: the context came from avcodec_alloc_context3 and is freed once.
        unsafe { av::avcodec_free_context(&raw mut raw) };
    }
}

// SAFETY: the decoder is owned by one value, runs on one thread, and is not tied to which one.
unsafe impl Send for Frames<'_> {}

impl<'a> Frames<'a> {
    /// A decoder at the start of `segment`.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] without an H.264 decoder, [`Error::Libav`] when it cannot be opened.
    pub fn new(segment: &'a Segment) -> Result<Self, Error> {
        init();
        // SAFETY: the call reads a table of codecs that live forever.
        let codec = unsafe { av::avcodec_find_decoder(av::AVCodecID::H264) };
        if codec.is_null() {
            return Err(Error::Missing("H.264 decoder"));
        }
        // SAFETY: the codec is valid; NULL is turned into an error.
        let context = NonNull::new(unsafe { av::avcodec_alloc_context3(codec) })
            .ok_or_else(|| out_of_memory("allocate a decoder"))?;
        let this = Self {
            context,
            units: segment.units(),
            packet: AvPacket::new()?,
            frame: AvFrame::new()?,
            left: segment.frames(),
            next: 0,
            done: false,
        };
        let extradata = padded(&segment.config)?;
        // SAFETY: the context is ours and not yet open; from here on it owns the extradata.
        let code = unsafe {
            let raw = context.as_ptr();
            (*raw).extradata = extradata;
            (*raw).extradata_size = segment.config.len() as i32;
            (*raw).thread_count = 1;
            (*raw).err_recognition |= av::AV_EF_EXPLODE;
            av::avcodec_open2(raw, codec, ptr::null_mut())
        };
        check(code, "open the H.264 decoder")?;
        Ok(this)
    }

    /// The next frame, or `None` when the decoder has ended.
    fn receive(&mut self) -> Result<Option<Frame>, Error> {
        loop {
            // SAFETY: context and frame are ours; the call unreferences the frame's old content.
            let code =
                unsafe { av::avcodec_receive_frame(self.context.as_ptr(), self.frame.as_ptr()) };
            if code == av::AVERROR_EOF {
                return Ok(None);
            }
            if code != AGAIN {
                check(code, "decode a segment")?;
                return self.take().map(Some);
            }
            let packet = match self.units.next() {
                Some((sample, unit)) => {
                    self.load(unit, i64::from(sample.order))?;
                    self.packet.as_ptr().cast_const()
                }
                None => ptr::null(),
            };
            // SAFETY: the packet is filled and ours; NULL ends the stream.
            let code = unsafe { av::avcodec_send_packet(self.context.as_ptr(), packet) };
            check(code, "decode a segment")?;
        }
    }

    fn load(&mut self, unit: &[u8], pts: i64) -> Result<(), Error> {
        let size = i32::try_from(unit.len())
            .map_err(|_large| Error::Segment("a unit is too large to decode".to_owned()))?;
        // SAFETY: the packet is ours; av_new_packet gives it `size` bytes, padded, to write to.
        unsafe {
            let raw = self.packet.as_ptr();
            av::av_packet_unref(raw);
            check(av::av_new_packet(raw, size), "allocate a packet")?;
            (*raw)
                .data
                .copy_from_nonoverlapping(unit.as_ptr(), unit.len());
            (*raw).pts = pts;
            (*raw).dts = pts;
        }
        Ok(())
    }

    /// Copies the decoded picture.
    fn take(&mut self) -> Result<Frame, Error> {
        let raw = self.frame.as_ptr();
        // SAFETY: the frame was just filled by the decoder.
        let (width, height, format, pts) =
            unsafe { ((*raw).width, (*raw).height, (*raw).format, (*raw).pts) };
        if format != av::AVPixelFormat::YUV420P.0 || pts != self.next {
            return Err(Error::Segment(format!(
                "picture {pts} of format {format} came where picture {} was due",
                self.next
            )));
        }
        self.next += 1;
        let size = Size::new(width as u32, height as u32);
        let mut data = Vec::with_capacity(size.pixels() as usize * 3 / 2);
        for (plane, divisor) in [(0, 1), (1, 2), (2, 2)] {
            let (width, height) = (width as usize / divisor, height as usize / divisor);
            for row in 0..height {
                // SAFETY: a YUV 4:2:0 picture has `height` rows of at least `width` bytes in this
                // plane, `linesize` apart (which may be negative).
                data.extend_from_slice(unsafe {
                    let start = (*raw).data[plane];
                    let stride = (*raw).linesize[plane] as isize;
                    std::slice::from_raw_parts(start.offset(row as isize * stride), width)
                });
            }
        }
        Frame::from_planes(size, data)
            .ok_or_else(|| Error::Segment(format!("a picture of {size} has odd sides")))
    }
}

impl Iterator for Frames<'_> {
    type Item = Result<Frame, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let item = match self.receive() {
            Ok(Some(_)) if self.left == 0 => Err(Error::Segment(
                "more pictures come out than are in it".to_owned(),
            )),
            Ok(Some(frame)) => {
                self.left -= 1;
                return Some(Ok(frame));
            }
            Ok(None) if self.left == 0 => {
                self.done = true;
                return None;
            }
            Ok(None) => Err(Error::Segment(format!(
                "{} pictures are missing",
                self.left
            ))),
            Err(error) => Err(error),
        };
        self.done = true;
        Some(item)
    }
}

fn out_of_memory(what: &'static str) -> Error {
    Error::Libav {
        what,
        why: "out of memory".to_owned(),
    }
}
