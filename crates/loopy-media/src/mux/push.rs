//! The stream to another server: packets go out as they come, and nothing here waits longer than it is
//! told to.

use std::{
    ffi::{c_int, c_void},
    ptr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use ffmpeg_sys_the_third as av;
use loopy_core::{Rate, Size};

use crate::{
    Error,
    audio::encode::Track,
    ffi::{AvPacket, Dict, c_string, init, padded, reason},
};

/// Ticks of picture time a second.
const MICROS: i32 = 1_000_000;
/// A server that is left gets so long to take the last words.
const FAREWELL: Duration = Duration::from_millis(500);

/// What is known before the first packet.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where to; holds the user's secret.
    pub url: String,
    /// Size of the pictures.
    pub size: Size,
    /// Frame rate.
    pub fps: Rate,
    /// Decoder configuration record.
    pub config: Vec<u8>,
    /// Bits a second, as they are meant to be.
    pub bitrate: u32,
    /// The sound, where there is some.
    pub sound: Option<Track>,
}

/// `url` without anything that may be secret: its scheme and host.
pub fn shown(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return "a target without a scheme".to_owned();
    };
    let place = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = place.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}")
}

/// The muxer that servers of a scheme take; `None` for a scheme that is not known.
pub fn muxer(url: &str) -> Option<&'static str> {
    let scheme = url.split_once("://")?.0.to_ascii_lowercase();
    match &*scheme {
        "rtmp" | "rtmps" | "rtmpt" | "rtmpts" => Some("flv"),
        "srt" | "udp" => Some("mpegts"),
        _ => None,
    }
}

/// When libav has to give up.
struct Guard {
    stop: Arc<AtomicBool>,
    deadline: Mutex<Instant>,
}

unsafe extern "C" fn overdue(guard: *mut c_void) -> c_int {
    // SAFETY: the pointer is the guard that `Push` keeps alive while libav has it.
    let guard = unsafe { &*guard.cast::<Guard>() };
    let deadline = *guard
        .deadline
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    c_int::from(guard.stop.load(Ordering::Acquire) || Instant::now() > deadline)
}

/// A connection to a server that takes the stream.
pub struct Push {
    context: *mut av::AVFormatContext,
    guard: Arc<Guard>,
    name: String,
    patience: Duration,
    /// The header is written.
    begun: bool,
}

// SAFETY: the context is owned by one value, and libavformat ties none of it to a thread.
unsafe impl Send for Push {}

impl Drop for Push {
    fn drop(&mut self) {
        self.hurry(FAREWELL);
        // SAFETY: context and connection are ours and closed once; a NULL connection is allowed.
        unsafe {
            if self.begun {
                av::av_write_trailer(self.context);
            }
            av::avio_closep(&raw mut (*self.context).pb);
            av::avformat_free_context(self.context);
        }
    }
}

impl Push {
    /// Connects to `target`. No call takes much longer than `patience`, nor goes on after `stop`.
    ///
    /// # Errors
    ///
    /// [`Error::Write`], in which nothing of the URL but its scheme and host is named.
    pub fn open(target: &Target, patience: Duration, stop: Arc<AtomicBool>) -> Result<Self, Error> {
        init();
        let name = shown(&target.url);
        let fail = |why: String| Error::Write {
            to: name.clone(),
            why,
        };
        let muxer = muxer(&target.url).ok_or_else(|| {
            fail("its scheme is none of rtmp, rtmps, rtmpt, rtmpts, srt and udp".to_owned())
        })?;
        let mut context = ptr::null_mut();
        let kind = c_string(muxer.as_bytes());
        // SAFETY: the out pointer is ours; the name outlives the call.
        unsafe {
            let none = ptr::null();
            av::avformat_alloc_output_context2(&raw mut context, none, kind.as_ptr(), ptr::null());
        }
        if context.is_null() {
            return Err(Error::Missing("muxer for what is pushed"));
        }
        let deadline = Mutex::new(Instant::now() + patience);
        let mut this = Self {
            context,
            guard: Arc::new(Guard { stop, deadline }),
            name: name.clone(),
            patience,
            begun: false,
        };
        this.stream(target)?;
        if let Some(track) = &target.sound {
            this.sound_stream(track)?;
        }
        this.connect(target)?;
        Ok(this)
    }

    fn stream(&self, target: &Target) -> Result<(), Error> {
        let stream = self.add_stream(&target.config)?;
        // SAFETY: stream and parameters are ours and live as long as the context.
        unsafe {
            let par = (*stream).codecpar;
            (*par).codec_type = av::AVMediaType::VIDEO;
            (*par).codec_id = av::AVCodecID::H264;
            (*par).format = av::AVPixelFormat::YUV420P.0;
            (*par).width = target.size.width as i32;
            (*par).height = target.size.height as i32;
            (*par).bit_rate = i64::from(target.bitrate);
            let (num, den) = (target.fps.num() as i32, target.fps.den() as i32);
            (*stream).avg_frame_rate = av::AVRational { num, den };
        }
        Ok(())
    }

    fn sound_stream(&self, track: &Track) -> Result<(), Error> {
        let stream = self.add_stream(&track.extradata)?;
        // SAFETY: as for the picture.
        unsafe {
            let par = (*stream).codecpar;
            (*par).codec_type = av::AVMediaType::AUDIO;
            (*par).codec_id = track.codec.id();
            (*par).bit_rate = i64::from(track.bitrate);
            (*par).sample_rate = track.rate as i32;
            (*par).frame_size = track.frame_samples as i32;
            av::av_channel_layout_default(&raw mut (*par).ch_layout, i32::from(track.channels));
        }
        Ok(())
    }

    /// A new stream with what its decoder must know, and times in microseconds.
    fn add_stream(&self, config: &[u8]) -> Result<*mut av::AVStream, Error> {
        let copy = padded(config)?;
        // SAFETY: the context is ours; stream and parameters live as long as it, and the parameters
        // own the copy.
        unsafe {
            let stream = av::avformat_new_stream(self.context, ptr::null());
            if stream.is_null() {
                av::av_free(copy.cast());
                return Err(self.error("out of memory".to_owned()));
            }
            let par = (*stream).codecpar;
            (*par).extradata = copy;
            (*par).extradata_size = config.len() as i32;
            (*stream).time_base = av::AVRational {
                num: 1,
                den: MICROS,
            };
            Ok(stream)
        }
    }

    fn connect(&mut self, target: &Target) -> Result<(), Error> {
        self.hurry(self.patience);
        let interrupt = av::AVIOInterruptCB {
            callback: Some(overdue),
            opaque: Arc::as_ptr(&self.guard).cast_mut().cast::<c_void>(),
        };
        let url = c_string(target.url.as_bytes());
        let mut options = Dict::new();
        if target.url.starts_with("udp") {
            // Whole packets of the transport stream in each datagram.
            options.set("pkt_size", "1316")?;
        }
        // SAFETY: all pointers are valid for the call; the guard outlives the connection.
        let code = unsafe {
            (*self.context).interrupt_callback = interrupt;
            (*self.context).flags |= av::AVFMT_FLAG_FLUSH_PACKETS;
            (*self.context).flush_packets = 1;
            av::avio_open2(
                &raw mut (*self.context).pb,
                url.as_ptr(),
                av::AVIO_FLAG_WRITE,
                &raw const interrupt,
                &raw mut options.0,
            )
        };
        self.check(code)?;
        let mut options = Dict::new();
        // A connection cannot go back to fill these in; other muxers leave the option unused.
        options.set("flvflags", "no_duration_filesize")?;
        // SAFETY: the context is ours and connected.
        let code = unsafe { av::avformat_write_header(self.context, &raw mut options.0) };
        self.check(code)?;
        self.begun = true;
        Ok(())
    }

    /// Sends a picture; times in microseconds. Bytes that were handed over since the beginning.
    ///
    /// # Errors
    ///
    /// [`Error::Write`] when the connection is lost or takes nothing for too long.
    pub fn picture(
        &mut self,
        unit: &[u8],
        pts_us: u64,
        duration_us: u32,
        key: bool,
    ) -> Result<u64, Error> {
        self.send(0, unit, pts_us, duration_us, key)
    }

    /// Sends a unit of sound, where the target has some; otherwise as [`Push::picture`].
    ///
    /// # Errors
    ///
    /// As [`Push::picture`].
    pub fn sound(&mut self, unit: &[u8], pts_us: u64, duration_us: u32) -> Result<u64, Error> {
        self.send(1, unit, pts_us, duration_us, true)
    }

    fn send(
        &mut self,
        stream: u32,
        unit: &[u8],
        pts_us: u64,
        duration_us: u32,
        key: bool,
    ) -> Result<u64, Error> {
        // SAFETY: the context is ours.
        if stream >= unsafe { (*self.context).nb_streams } {
            return Err(self.error("sound came, but none was announced".to_owned()));
        }
        self.hurry(self.patience);
        let packet = AvPacket::new()?;
        let size = i32::try_from(unit.len());
        let size = size.map_err(|_large| self.error("a packet is too large".to_owned()))?;
        // SAFETY: packet and context are ours; av_new_packet gives `size` bytes to write to, and the
        // stream is one that is there.
        let code = unsafe {
            let raw = packet.as_ptr();
            self.check(av::av_new_packet(raw, size))?;
            (*raw)
                .data
                .copy_from_nonoverlapping(unit.as_ptr(), unit.len());
            (*raw).pts = pts_us as i64;
            (*raw).dts = pts_us as i64;
            (*raw).duration = i64::from(duration_us);
            if key {
                (*raw).flags |= av::AV_PKT_FLAG_KEY;
            }
            let micros = av::AVRational {
                num: 1,
                den: MICROS,
            };
            (*raw).stream_index = stream as c_int;
            let stream = *(*self.context).streams.add(stream as usize);
            av::av_packet_rescale_ts(raw, micros, (*stream).time_base);
            av::av_write_frame(self.context, raw)
        };
        self.check(code)?;
        // SAFETY: the connection is open; it keeps the first error it meets.
        let (code, written) = unsafe {
            let io = (*self.context).pb;
            ((*io).error, av::avio_seek(io, 0, 1))
        };
        self.check(code)?;
        Ok(written.unsigned_abs())
    }

    fn hurry(&self, most: Duration) {
        let mut deadline = self
            .guard
            .deadline
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *deadline = Instant::now() + most;
    }

    fn error(&self, why: String) -> Error {
        Error::Write {
            to: self.name.clone(),
            why,
        }
    }

    fn check(&self, code: c_int) -> Result<(), Error> {
        match code {
            0.. => Ok(()),
            av::AVERROR_EXIT => Err(self.error(format!(
                "nothing was taken for {} s",
                self.patience.as_secs_f64()
            ))),
            _ => Err(self.error(reason(code))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_of_a_target_holds_no_secret() {
        for (url, wanted) in [
            ("rtmp://a.example:1935/live/KEY", "rtmp://a.example:1935"),
            ("rtmps://me:KEY@a.example/KEY", "rtmps://a.example"),
            ("srt://a.example:9000?streamid=KEY", "srt://a.example:9000"),
            ("udp://239.0.0.1:1234#KEY", "udp://239.0.0.1:1234"),
            ("KEY", "a target without a scheme"),
        ] {
            assert_eq!(shown(url), wanted);
        }
    }

    #[test]
    fn other_schemes_are_refused_before_anything_is_opened() {
        for url in ["file:///tmp/x", "http://a/KEY", "KEY", "pipe:1"] {
            assert_eq!(muxer(url), None);
            let target = Target {
                url: url.to_owned(),
                size: Size::new(2, 2),
                fps: Rate::new(30, 1).unwrap(),
                config: vec![1],
                bitrate: 1,
                sound: None,
            };
            let stop = Arc::new(AtomicBool::new(false));
            let refused = Push::open(&target, Duration::from_secs(1), stop).err();
            let why = refused.unwrap().to_string();
            assert!(why.contains("rtmp") && !why.contains("KEY"), "{why}");
        }
    }
}
