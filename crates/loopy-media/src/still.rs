//! Single pictures, as a viewer without a video decoder gets them: JPEG and WebP.
//!
//! Both formats are BT.601 in every reader, JPEG with the full range of values, and the stream is
//! BT.709 with the limited one: each picture is converted, and made smaller in the same step.

use std::ptr::{self, NonNull};

use ffmpeg_sys_the_third as av;
use loopy_core::{Frame, Size};

use crate::{
    Error,
    ffi::{AvFrame, AvPacket, Dict, check, init},
};

/// Kind of picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// JPEG, by FFmpeg's own encoder.
    Jpeg,
    /// WebP, by libwebp.
    Webp,
}

impl Format {
    fn encoder(self) -> (*const av::AVCodec, &'static str) {
        // SAFETY: the calls read a table of codecs that live forever.
        unsafe {
            match self {
                Self::Jpeg => (
                    av::avcodec_find_encoder(av::AVCodecID::MJPEG),
                    "JPEG encoder",
                ),
                Self::Webp => (
                    av::avcodec_find_encoder_by_name(c"libwebp".as_ptr()),
                    "WebP encoder (libwebp)",
                ),
            }
        }
    }

    fn pixels(self) -> av::AVPixelFormat {
        match self {
            Self::Jpeg => av::AVPixelFormat::YUVJ420P,
            Self::Webp => av::AVPixelFormat::YUV420P,
        }
    }

    fn range(self) -> av::AVColorRange {
        match self {
            Self::Jpeg => av::AVColorRange::JPEG,
            Self::Webp => av::AVColorRange::MPEG,
        }
    }
}

/// Encodes pictures one by one; each is whole in itself.
pub struct Stills {
    context: NonNull<av::AVCodecContext>,
    scaler: NonNull<av::SwsContext>,
    picture: AvFrame,
    packet: AvPacket,
    from: Size,
}

// SAFETY: encoder and scaler are owned by one value, run on one thread, and are not tied to which.
unsafe impl Send for Stills {}

impl Drop for Stills {
    fn drop(&mut self) {
        let mut raw = self.context.as_ptr();
        // SAFETY: both came from their allocators and are freed once.
        unsafe {
            av::avcodec_free_context(&raw mut raw);
            av::sws_freeContext(self.scaler.as_ptr());
        }
    }
}

impl Stills {
    /// An encoder for pictures of size `from`, shown at size `to`, at a `quality` of 1 to 100.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] where this FFmpeg has no such encoder, and [`Error::Libav`].
    pub fn new(format: Format, from: Size, to: Size, quality: u8) -> Result<Self, Error> {
        init();
        let (codec, name) = format.encoder();
        if codec.is_null() {
            return Err(Error::Missing(name));
        }
        // SAFETY: the codec is valid; NULL is turned into an error.
        let context = NonNull::new(unsafe { av::avcodec_alloc_context3(codec) })
            .ok_or_else(|| out_of_memory("allocate an encoder of pictures"))?;
        let scaler = match scaler(format, from, to) {
            Ok(scaler) => scaler,
            Err(error) => {
                let mut raw = context.as_ptr();
                // SAFETY: the context was just allocated and nobody else has it.
                unsafe { av::avcodec_free_context(&raw mut raw) };
                return Err(error);
            }
        };
        let this = Self {
            context,
            scaler,
            picture: AvFrame::new()?,
            packet: AvPacket::new()?,
            from,
        };
        this.open(format, codec, to, quality.clamp(1, 100))?;
        Ok(this)
    }

    fn open(
        &self,
        format: Format,
        codec: *const av::AVCodec,
        to: Size,
        quality: u8,
    ) -> Result<(), Error> {
        // The quantiser goes from 2, the best, to 31.
        let quantiser = 2 + i32::from(100 - quality) * 29 / 99;
        let mut options = Dict::new();
        if format == Format::Webp {
            options.set("quality", &quality.to_string())?;
            // The quickest methods lose much; this is the first that does not.
            options.set("compression_level", "2")?;
        }
        // SAFETY: context and picture are ours; the context is not open yet, the picture is empty.
        let code = unsafe {
            let raw = self.context.as_ptr();
            (*raw).width = to.width as i32;
            (*raw).height = to.height as i32;
            (*raw).pix_fmt = format.pixels();
            (*raw).color_range = format.range();
            (*raw).colorspace = av::AVColorSpace::SMPTE170M;
            (*raw).time_base = av::AVRational { num: 1, den: 25 };
            (*raw).thread_count = 1;
            let picture = self.picture.as_ptr();
            (*picture).width = (*raw).width;
            (*picture).height = (*raw).height;
            (*picture).format = format.pixels().0;
            (*picture).color_range = format.range();
            (*picture).colorspace = av::AVColorSpace::SMPTE170M;
            if format == Format::Jpeg {
                (*raw).flags |= av::AV_CODEC_FLAG_QSCALE as i32;
                (*raw).global_quality = quantiser * av::FF_QP2LAMBDA;
                (*picture).quality = (*raw).global_quality;
            }
            av::avcodec_open2(raw, codec, &raw mut options.0)
        };
        check(code, "open an encoder of pictures")?;
        // SAFETY: the picture has its size and format and no buffers yet.
        let code = unsafe { av::av_frame_get_buffer(self.picture.as_ptr(), 0) };
        check(code, "allocate a picture").map(|_| ())
    }

    /// The bytes of a file that shows `frame`.
    ///
    /// # Errors
    ///
    /// [`Error::Segment`] for a frame of another size, and [`Error::Libav`].
    pub fn encode(&mut self, frame: &Frame) -> Result<Vec<u8>, Error> {
        if frame.size() != self.from {
            return Err(Error::Segment(format!(
                "a {} frame where {} was announced",
                frame.size(),
                self.from
            )));
        }
        let planes = frame.planes().map(<[u8]>::as_ptr);
        let width = self.from.width as i32;
        let strides = [width, width / 2, width / 2];
        let picture = self.picture.as_ptr();
        // SAFETY: the frame has three planes of `from`, which is what the scaler reads; the picture
        // has buffers for what it writes, and is made ours alone before.
        let code = unsafe {
            check(
                av::av_frame_make_writable(picture),
                "make a picture writable",
            )?;
            av::sws_scale(
                self.scaler.as_ptr(),
                planes.as_ptr(),
                strides.as_ptr(),
                0,
                self.from.height as i32,
                (*picture).data.as_ptr(),
                (*picture).linesize.as_ptr(),
            )
        };
        check(code, "scale a picture")?;
        // SAFETY: encoder, picture and packet are ours; the packet's data is read before it is
        // given back.
        unsafe {
            (*picture).pts += 1;
            let code = av::avcodec_send_frame(self.context.as_ptr(), picture);
            check(code, "encode a picture")?;
            let packet = self.packet.as_ptr();
            let code = av::avcodec_receive_packet(self.context.as_ptr(), packet);
            check(code, "encode a picture")?;
            let size = usize::try_from((*packet).size).unwrap_or_default();
            let bytes = std::slice::from_raw_parts((*packet).data, size).to_vec();
            av::av_packet_unref(packet);
            Ok(bytes)
        }
    }
}

/// From the stream's pictures to those of `format`.
fn scaler(format: Format, from: Size, to: Size) -> Result<NonNull<av::SwsContext>, Error> {
    let flags = if from == to {
        av::SWS_BICUBIC
    } else {
        av::SWS_AREA
    };
    // SAFETY: the call takes numbers; unused pointers are NULL, which it allows.
    let raw = unsafe {
        av::sws_getContext(
            from.width as i32,
            from.height as i32,
            av::AVPixelFormat::YUV420P,
            to.width as i32,
            to.height as i32,
            format.pixels(),
            (flags | av::SWS_ACCURATE_RND | av::SWS_BITEXACT) as _,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null(),
        )
    };
    let scaler = NonNull::new(raw).ok_or_else(|| out_of_memory("allocate a scaler"))?;
    let full = i32::from(format == Format::Jpeg);
    // SAFETY: the scaler is ours; the tables are constants of the library.
    let code = unsafe {
        let stream = av::sws_getCoefficients(av::SWS_CS_ITU709 as _);
        let shown = av::sws_getCoefficients(av::SWS_CS_ITU601 as _);
        av::sws_setColorspaceDetails(raw, stream, 0, shown, full, 0, 1 << 16, 1 << 16)
    };
    if code < 0 {
        // SAFETY: the scaler was just allocated and nobody else has it.
        unsafe { av::sws_freeContext(raw) };
        return Err(Error::Libav {
            what: "set the colours of a picture",
            why: "the scaler does not take them".to_owned(),
        });
    }
    Ok(scaler)
}

fn out_of_memory(what: &'static str) -> Error {
    Error::Libav {
        what,
        why: "out of memory".to_owned(),
    }
}
