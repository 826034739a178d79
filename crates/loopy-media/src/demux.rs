//! Packets of a finished file as they were written, to verify it.

mod streams;
mod times;

use std::{
    ffi::CStr,
    path::{Path, PathBuf},
    ptr::{self, NonNull},
};

use ffmpeg_sys_the_third as av;
use loopy_core::Size;

use self::times::DecodeTimes;
use crate::{
    Error,
    ffi::{AvPacket, c_string, check, init, reason},
};

/// What a packet belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The picture.
    Video,
    /// The sound.
    Audio,
}

/// One packet. Times are in the time base of its stream.
#[derive(Clone, PartialEq, Eq)]
pub struct Packet {
    /// What it belongs to.
    pub kind: Kind,
    /// When it is shown or heard.
    pub pts: i64,
    /// When it is decoded. Matroska stores none: there it is worked out from the display times of
    /// the packets so far.
    pub dts: i64,
    /// How long; 0 when the file does not say.
    pub duration: i64,
    /// Decoding can start here.
    pub key: bool,
    /// The packet: of the picture, NAL units with 4-byte lengths.
    pub data: Vec<u8>,
}

impl std::fmt::Debug for Packet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            kind,
            pts,
            dts,
            duration,
            key,
            data,
        } = self;
        write!(
            f,
            "{kind:?}({pts}/{dts}+{duration}, {} bytes, key {key})",
            data.len()
        )
    }
}

/// The picture's stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoInfo {
    /// Configuration record (`avcC`).
    pub config: Vec<u8>,
    /// Size of the pictures.
    pub size: Size,
    /// Seconds per tick, as numerator and denominator.
    pub time_base: (u32, u32),
    /// Number of frames, if the header has it.
    pub frames: Option<u64>,
    /// Words of the file, keys in lower case.
    pub tags: Vec<(String, String)>,
}

/// The sound's stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioInfo {
    /// FFmpeg's name of the codec.
    pub codec: String,
    /// The codec's header.
    pub extradata: Vec<u8>,
    /// Samples per second.
    pub rate: u32,
    /// Channels.
    pub channels: u32,
    /// Seconds per tick, as numerator and denominator.
    pub time_base: (u32, u32),
}

/// Reads the packets of one file in the order in which they lie.
pub struct Packets {
    context: NonNull<av::AVFormatContext>,
    packet: AvPacket,
    path: PathBuf,
    video: VideoInfo,
    audio: Option<AudioInfo>,
    /// Indices of the streams.
    video_index: i32,
    audio_index: i32,
    /// For a file that stores no decode times.
    decode: Option<DecodeTimes>,
}

// SAFETY: the context is owned by one value, and libavformat ties none of it to a thread.
unsafe impl Send for Packets {}

impl Drop for Packets {
    fn drop(&mut self) {
        let mut raw = self.context.as_ptr();
        // SAFETY: the context came from avformat_open_input and is closed once.
        unsafe { av::avformat_close_input(&raw mut raw) };
    }
}

impl Packets {
    /// Opens the file at `path`.
    ///
    /// # Errors
    ///
    /// [`Error::Open`] when it cannot be read, [`Error::NoVideo`] when it has no H.264 picture of
    /// the form that is written here.
    pub fn open(path: &Path) -> Result<Self, Error> {
        init();
        let failed = |code| Error::Open {
            path: path.to_owned(),
            why: reason(code),
        };
        // With a scheme, a name that looks like an address or an option is still a file.
        let mut url = b"file:".to_vec();
        url.extend(path.as_os_str().as_encoded_bytes());
        let url = c_string(&url);
        let mut raw = ptr::null_mut();
        // SAFETY: the out pointer is ours and NULL, the name is a C string; on failure nothing is
        // left to free.
        let code = unsafe {
            av::avformat_open_input(&raw mut raw, url.as_ptr(), ptr::null(), ptr::null_mut())
        };
        let context = match NonNull::new(raw) {
            Some(context) if code >= 0 => context,
            _ => return Err(failed(code)),
        };
        let mut this = Self {
            context,
            packet: AvPacket::new()?,
            path: path.to_owned(),
            video: VideoInfo {
                config: Vec::new(),
                size: Size::new(0, 0),
                time_base: (0, 1),
                frames: None,
                tags: Vec::new(),
            },
            audio: None,
            video_index: -1,
            audio_index: -1,
            decode: None,
        };
        // SAFETY: the context is open and ours.
        let code = unsafe { av::avformat_find_stream_info(context.as_ptr(), ptr::null_mut()) };
        if code < 0 {
            return Err(failed(code));
        }
        this.find_streams()?;
        Ok(this)
    }

    fn find_streams(&mut self) -> Result<(), Error> {
        // SAFETY: the context is open, and has `nb_streams` streams, each with parameters.
        unsafe {
            let raw = self.context.as_ptr();
            for index in 0..(*raw).nb_streams as i32 {
                let stream = *(*raw).streams.add(index as usize);
                let par = (*stream).codecpar;
                match (*par).codec_type {
                    av::AVMediaType::VIDEO if self.video_index < 0 => {
                        self.video_index = index;
                        self.video = streams::video(stream);
                        let format = CStr::from_ptr((*(*raw).iformat).name);
                        if format.to_bytes().starts_with(b"matroska") {
                            self.decode = Some(DecodeTimes::new(stream));
                        }
                    }
                    av::AVMediaType::AUDIO if self.audio_index < 0 => {
                        self.audio_index = index;
                        self.audio = Some(streams::audio(stream));
                    }
                    _ => (*stream).discard = av::AVDiscard::ALL,
                }
            }
            self.video.tags = streams::tags((*raw).metadata);
        }
        let why = match &self.video.config[..] {
            _ if self.video_index < 0 => "it has no picture",
            [1, _, _, _, lengths, ..] if lengths & 3 == 3 => return Ok(()),
            _ => "its picture is not H.264 with 4-byte NAL lengths",
        };
        Err(Error::NoVideo {
            path: self.path.clone(),
            why,
        })
    }

    /// The picture's stream.
    pub fn video(&self) -> &VideoInfo {
        &self.video
    }

    /// The sound's stream, if there is one.
    pub fn audio(&self) -> Option<&AudioInfo> {
        self.audio.as_ref()
    }

    /// The next packet, or `None` at the end of the file.
    ///
    /// # Errors
    ///
    /// [`Error::Libav`] when the file cannot be read further.
    #[allow(
        clippy::should_implement_trait,
        reason = "a failed read ends the packets"
    )]
    pub fn next(&mut self) -> Result<Option<Packet>, Error> {
        let raw = self.packet.as_ptr();
        loop {
            // SAFETY: context and packet are ours; the packet is emptied before it is filled again.
            let code = unsafe {
                av::av_packet_unref(raw);
                av::av_read_frame(self.context.as_ptr(), raw)
            };
            if code == av::AVERROR_EOF {
                return Ok(None);
            }
            check(code, "read a packet")?;
            // SAFETY: a packet that was just read owns `size` bytes at `data`.
            unsafe {
                let kind = match (*raw).stream_index {
                    index if index == self.video_index => Kind::Video,
                    index if index == self.audio_index => Kind::Audio,
                    _ => continue,
                };
                let data = match (*raw).size {
                    0 => &[],
                    size => std::slice::from_raw_parts((*raw).data, size as usize),
                };
                let (pts, dts) = ((*raw).pts, (*raw).dts);
                let decode = self.decode.as_mut().filter(|_| kind == Kind::Video);
                return Ok(Some(Packet {
                    kind,
                    pts,
                    dts: decode.map_or(dts, |decode| decode.next(pts)),
                    duration: (*raw).duration,
                    key: (*raw).flags & av::AV_PKT_FLAG_KEY != 0,
                    data: data.to_vec(),
                }));
            }
        }
    }
}
