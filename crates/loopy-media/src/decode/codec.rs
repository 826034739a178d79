//! A libavcodec decoder with its life tied to a Rust value.

use std::{ffi::CStr, ptr};

use ffmpeg_sys_the_third as av;
use loopy_core::limits::Limits;

use super::input::Stream;
use crate::{
    Error,
    ffi::{AvFrame, AvPacket, check},
};

/// An open decoder.
pub(crate) struct Decoder(*mut av::AVCodecContext);

// SAFETY: the context is owned by this value and used through it alone; libav's own threads are
// joined before its calls return or when it is freed.
unsafe impl Send for Decoder {}

/// What a decoder gave.
pub(crate) enum Decoded {
    /// A frame is in the buffer.
    Frame,
    /// It wants more packets.
    Hungry,
    /// All frames are out.
    End,
    /// Something in the last packets could not be decoded.
    Fault(Error),
}

/// The decoder named `name`, if this FFmpeg has it.
pub(crate) fn named(name: &CStr) -> Option<*const av::AVCodec> {
    // SAFETY: the name is NUL-terminated; the result is static or NULL.
    let codec = unsafe { av::avcodec_find_decoder_by_name(name.as_ptr()) };
    (!codec.is_null()).then_some(codec)
}

/// The usual decoder for `id`, if this FFmpeg has one.
pub(crate) fn usual(id: av::AVCodecID) -> Option<*const av::AVCodec> {
    // SAFETY: any id may be asked for; the result is static or NULL.
    let codec = unsafe { av::avcodec_find_decoder(id) };
    (!codec.is_null()).then_some(codec)
}

impl Decoder {
    /// Opens `codec` for `stream` with `threads` threads.
    pub(crate) fn open(
        codec: *const av::AVCodec,
        stream: Stream<'_>,
        threads: u32,
        limits: &Limits,
    ) -> Result<Self, Error> {
        // SAFETY: the codec is static; NULL is checked below.
        let decoder = Self(unsafe { av::avcodec_alloc_context3(codec) });
        if decoder.0.is_null() {
            return Err(Error::Libav {
                what: "open a decoder",
                why: "out of memory".to_owned(),
            });
        }
        // SAFETY: the context is valid and not yet open, so that its fields may be set; the
        // parameters belong to the stream.
        unsafe {
            check(
                av::avcodec_parameters_to_context(decoder.0, &raw const *stream.parameters()),
                "read the stream's parameters",
            )?;
            (*decoder.0).pkt_timebase = stream.time_base();
            (*decoder.0).thread_count = threads.clamp(1, 64) as i32;
            (*decoder.0).max_pixels = limits.pixels.min(i64::MAX as u64) as i64;
            // The same pixels on every machine.
            (*decoder.0).flags |= av::AV_CODEC_FLAG_BITEXACT as i32;
            check(
                av::avcodec_open2(decoder.0, codec, ptr::null_mut()),
                "open a decoder",
            )?;
        }
        Ok(decoder)
    }

    /// Hands over a packet, or the end when `None`.
    pub(crate) fn send(&mut self, packet: Option<&AvPacket>) -> Result<(), Error> {
        let raw = packet.map_or(ptr::null_mut(), AvPacket::as_ptr);
        // SAFETY: the context is open; the packet is NULL or valid.
        let code = unsafe { av::avcodec_send_packet(self.0, raw) };
        check(code, "decode a packet").map(|_| ())
    }

    /// Takes the next frame, if one is ready.
    pub(crate) fn receive(&mut self, frame: &mut AvFrame) -> Decoded {
        // SAFETY: the context is open; the frame is valid and is unreferenced by the call.
        let code = unsafe { av::avcodec_receive_frame(self.0, frame.as_ptr()) };
        if code == av::AVERROR_EOF {
            Decoded::End
        } else if code == av::AVERROR(EAGAIN) {
            Decoded::Hungry
        } else {
            match check(code, "decode a frame") {
                Ok(_) => Decoded::Frame,
                Err(error) => Decoded::Fault(error),
            }
        }
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: NULL or ours; freed once.
        unsafe { av::avcodec_free_context(&raw mut self.0) };
    }
}

/// "Try again": more input is wanted.
#[cfg(not(any(target_os = "macos", target_os = "ios", target_os = "freebsd")))]
pub(crate) const EAGAIN: i32 = 11;
/// "Try again": more input is wanted.
#[cfg(any(target_os = "macos", target_os = "ios", target_os = "freebsd"))]
pub(crate) const EAGAIN: i32 = 35;
