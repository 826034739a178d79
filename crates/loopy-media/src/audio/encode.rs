//! Sound to packets: one continuous encode of 48 kHz stereo, placed to the sample.

use std::ptr::NonNull;

use ffmpeg_sys_the_third as av;

use crate::{
    Error,
    ffi::{AGAIN, AvFrame, AvPacket, Dict, check, init},
};

/// Samples per second of every output.
pub const RATE: u32 = 48_000;
/// Channels of every output.
pub const CHANNELS: u16 = 2;

/// Codec of an output's sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// AAC-LC by FFmpeg's own encoder.
    Aac,
    /// Opus by libopus.
    Opus,
}

impl Codec {
    /// The name that FFmpeg and reports give it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Aac => "aac",
            Self::Opus => "opus",
        }
    }

    pub(crate) fn id(self) -> av::AVCodecID {
        match self {
            Self::Aac => av::AVCodecID::AAC,
            Self::Opus => av::AVCodecID::OPUS,
        }
    }
}

/// What a container must know of a sound track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// Codec.
    pub codec: Codec,
    /// The codec's header: `AudioSpecificConfig` or `OpusHead`.
    pub extradata: Vec<u8>,
    /// Samples per channel in a packet.
    pub frame_samples: u32,
    /// Samples per channel that a decoder puts out before the first one of the sound.
    pub priming: u32,
    /// Samples per second.
    pub rate: u32,
    /// Channels.
    pub channels: u16,
    /// Bits per second asked of the encoder.
    pub bitrate: u32,
}

/// One encoded packet.
#[derive(Clone, PartialEq, Eq)]
pub struct Packet {
    /// First sample, counted from the start of the sound; negative while only priming comes out.
    pub pts: i64,
    /// Samples per channel; fewer than a whole packet's only in the last one.
    pub duration: u32,
    /// The packet.
    pub data: Vec<u8>,
}

impl std::fmt::Debug for Packet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Packet({}+{}, {} bytes)",
            self.pts,
            self.duration,
            self.data.len()
        )
    }
}

/// Takes packets as they come out.
pub type Sink<'a> = dyn FnMut(Packet) -> Result<(), Error> + 'a;

/// Encodes one continuous sound.
pub struct Encoder {
    context: NonNull<av::AVCodecContext>,
    frame: AvFrame,
    packet: AvPacket,
    track: Track,
    /// Interleaved samples that do not fill a packet yet.
    waiting: Vec<f32>,
    /// Samples per channel pushed.
    pushed: i64,
    /// Samples per channel sent to the encoder, with what pads the last packet.
    sent: i64,
    /// Packets taken.
    packets: i64,
}

// SAFETY: the context is owned by one value, and libavcodec ties none of it to a thread.
unsafe impl Send for Encoder {}

impl Drop for Encoder {
    fn drop(&mut self) {
        let mut raw = self.context.as_ptr();
        // SAFETY: the context came from avcodec_alloc_context3 and is freed once.
        unsafe { av::avcodec_free_context(&raw mut raw) };
    }
}

impl Encoder {
    /// An encoder of interleaved 48 kHz stereo at `bitrate` bits per second.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] when FFmpeg lacks the codec, [`Error::Libav`] when it refuses.
    pub fn new(codec: Codec, bitrate: u32) -> Result<Self, Error> {
        init();
        let (name, missing) = match codec {
            Codec::Aac => (c"aac", "AAC encoder"),
            Codec::Opus => (c"libopus", "libopus"),
        };
        // SAFETY: a static name; the result is NULL or a codec that lives forever.
        let found = unsafe { av::avcodec_find_encoder_by_name(name.as_ptr()) };
        if found.is_null() {
            return Err(Error::Missing(missing));
        }
        // SAFETY: the codec is valid; NULL is turned into an error.
        let context =
            NonNull::new(unsafe { av::avcodec_alloc_context3(found) }).ok_or_else(|| {
                Error::Libav {
                    what: "allocate a sound encoder",
                    why: "out of memory".to_owned(),
                }
            })?;
        let mut this = Self {
            context,
            frame: AvFrame::new()?,
            packet: AvPacket::new()?,
            track: Track {
                codec,
                extradata: Vec::new(),
                frame_samples: 0,
                priming: 0,
                rate: RATE,
                channels: CHANNELS,
                bitrate,
            },
            waiting: Vec::new(),
            pushed: 0,
            sent: 0,
            packets: 0,
        };
        this.open(found)?;
        Ok(this)
    }

    fn open(&mut self, codec: *const av::AVCodec) -> Result<(), Error> {
        let raw = self.context.as_ptr();
        let mut options = options(self.track.codec)?;
        // SAFETY: the context is ours and not yet open, which is when these fields may be set; once
        // open it owns `extradata_size` bytes at `extradata`.
        unsafe {
            (*raw).sample_rate = RATE as i32;
            (*raw).sample_fmt = self.format();
            (*raw).bit_rate = i64::from(self.track.bitrate);
            (*raw).time_base = av::AVRational {
                num: 1,
                den: RATE as i32,
            };
            (*raw).flags |= (av::AV_CODEC_FLAG_GLOBAL_HEADER | av::AV_CODEC_FLAG_BITEXACT) as i32;
            av::av_channel_layout_default(&raw mut (*raw).ch_layout, i32::from(CHANNELS));
            check(
                av::avcodec_open2(raw, codec, &raw mut options.0),
                "open the sound encoder",
            )?;
            self.track.frame_samples = (*raw).frame_size as u32;
            self.track.priming = (*raw).initial_padding as u32;
            if !(*raw).extradata.is_null() {
                let size = (*raw).extradata_size as usize;
                self.track.extradata = std::slice::from_raw_parts((*raw).extradata, size).to_vec();
            }
        }
        if let Some(key) = options.leftovers().first() {
            let why = format!("it has no option `{key}`");
            return Err(Error::Libav {
                what: "open the sound encoder",
                why,
            });
        }
        let frame = self.frame.as_ptr();
        // SAFETY: a fresh frame that we own; the buffer call reads the fields set before it.
        let code = unsafe {
            (*frame).format = self.format().0;
            (*frame).nb_samples = self.track.frame_samples as i32;
            (*frame).sample_rate = RATE as i32;
            av::av_channel_layout_default(&raw mut (*frame).ch_layout, i32::from(CHANNELS));
            av::av_frame_get_buffer(frame, 0)
        };
        check(code, "allocate a sound frame").map(|_| ())
    }

    fn format(&self) -> av::AVSampleFormat {
        match self.track.codec {
            Codec::Aac => av::AVSampleFormat::FLTP,
            Codec::Opus => av::AVSampleFormat::FLT,
        }
    }

    /// What a container must know of the sound.
    pub fn track(&self) -> Track {
        self.track.clone()
    }

    /// Encodes the next interleaved `samples`, left first; the packets that are ready go to `sink`.
    ///
    /// # Errors
    ///
    /// [`Error::Libav`] when the encoder fails, and whatever `sink` returns.
    pub fn push(&mut self, samples: &[f32], sink: &mut Sink<'_>) -> Result<(), Error> {
        self.pushed += (samples.len() / usize::from(CHANNELS)) as i64;
        let whole = self.track.frame_samples as usize * usize::from(CHANNELS);
        let mut rest = samples;
        while self.waiting.len() + rest.len() >= whole {
            let (now, later) = rest.split_at(whole - self.waiting.len());
            self.waiting.extend_from_slice(now);
            rest = later;
            self.send(sink)?;
        }
        self.waiting.extend_from_slice(rest);
        Ok(())
    }

    /// Ends the sound; the packets that are left go to `sink`.
    ///
    /// The durations of all packets add up to the samples pushed and the priming.
    ///
    /// # Errors
    ///
    /// As [`Encoder::push`].
    pub fn finish(mut self, sink: &mut Sink<'_>) -> Result<(), Error> {
        // Silence after the end, until the packet that holds the last sample is complete.
        let whole = self.track.frame_samples as usize * usize::from(CHANNELS);
        while self.sent < self.pushed + i64::from(self.track.priming) {
            self.waiting.resize(whole, 0.0);
            self.send(sink)?;
        }
        // SAFETY: the context is open; NULL is the documented way to end the stream.
        let code = unsafe { av::avcodec_send_frame(self.context.as_ptr(), std::ptr::null()) };
        check(code, "finish the sound encoder")?;
        self.receive(sink)
    }

    /// Sends one whole packet's samples, which are waiting.
    fn send(&mut self, sink: &mut Sink<'_>) -> Result<(), Error> {
        let raw = self.frame.as_ptr();
        // SAFETY: the frame has buffers of its own; the call copies them if the encoder still holds
        // a reference.
        let code = unsafe { av::av_frame_make_writable(raw) };
        check(code, "reuse a sound frame")?;
        let planes = match self.track.codec {
            Codec::Opus => 1,
            Codec::Aac => usize::from(CHANNELS),
        };
        let length = self.waiting.len() / planes * size_of::<f32>();
        for plane in 0..planes {
            // SAFETY: the buffers hold `frame_samples` samples of `CHANNELS` channels, which is what
            // is waiting: interleaved in the first plane, or one plane for each channel.
            let target = unsafe { std::slice::from_raw_parts_mut((*raw).data[plane], length) };
            let samples = self.waiting.iter().skip(plane).step_by(planes);
            for (target, sample) in target.as_chunks_mut().0.iter_mut().zip(samples) {
                *target = sample.to_ne_bytes();
            }
        }
        // SAFETY: the frame is ours.
        unsafe { (*raw).pts = self.sent };
        self.sent += i64::from(self.track.frame_samples);
        self.waiting.clear();
        // SAFETY: context and frame are open and ours; the encoder takes its own reference.
        let code = unsafe { av::avcodec_send_frame(self.context.as_ptr(), raw) };
        check(code, "encode sound")?;
        self.receive(sink)
    }

    fn receive(&mut self, sink: &mut Sink<'_>) -> Result<(), Error> {
        let whole = i64::from(self.track.frame_samples);
        loop {
            let raw = self.packet.as_ptr();
            // SAFETY: context and packet are ours; the call unreferences the packet's old content.
            let code = unsafe { av::avcodec_receive_packet(self.context.as_ptr(), raw) };
            if code == AGAIN || code == av::AVERROR_EOF {
                return Ok(());
            }
            check(code, "take encoded sound")?;
            // SAFETY: a packet that was just received owns `size` bytes at `data`.
            let data = unsafe { std::slice::from_raw_parts((*raw).data, (*raw).size as usize) };
            let pts = self.packets * whole - i64::from(self.track.priming);
            self.packets += 1;
            let duration = whole.min(self.pushed - pts);
            if duration > 0 {
                sink(Packet {
                    pts,
                    duration: duration as u32,
                    data: data.to_vec(),
                })?;
            }
        }
    }
}

/// Chosen by measuring speed against signal-to-noise and noise-to-mask ratios on real sound at 160
/// kb/s: AAC's two-loop search takes twice the time for 3 dB less, and its substitutions (noise,
/// intensity) are for lower rates; Opus gains nothing above complexity 5.
fn options(codec: Codec) -> Result<Dict, Error> {
    let mut options = Dict::new();
    let pairs: &[(&str, &str)] = match codec {
        Codec::Aac => &[
            ("aac_coder", "fast"),
            ("aac_pns", "0"),
            ("aac_is", "0"),
            ("aac_tns", "0"),
        ],
        Codec::Opus => &[("compression_level", "5")],
    };
    for (key, value) in pairs {
        options.set(key, value)?;
    }
    Ok(options)
}
