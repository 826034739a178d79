//! libavformat's muxers, set up so that the bytes depend on the packets alone.

use std::ptr::{self, NonNull};

use ffmpeg_sys_the_third as av;
use loopy_core::Rate;

use super::{Container, Options, Output, TAGS, index, io::Io};
use crate::{
    Error,
    audio::encode::{Codec, Packet, Track},
    ffi::{AvPacket, Dict, c_string, init, padded},
};

/// The picture's clock: whole ticks per frame at a whole number of ticks per second.
#[derive(Clone, Copy)]
pub(super) struct Clock {
    /// Ticks per second.
    pub(super) scale: i32,
    /// Ticks per frame.
    step: i64,
}

impl Clock {
    pub(super) fn new(fps: Rate) -> Result<Self, Error> {
        // Fine enough for players that round to the nearest tick.
        let mut finer = 1;
        while u64::from(fps.num()) * finer < 10_000 {
            finer *= 2;
        }
        let scale = i32::try_from(u64::from(fps.num()) * finer).map_err(|_large| {
            Error::Segment(format!("a frame rate of {fps} does not fit a container"))
        })?;
        Ok(Self { scale, step: i64::from(fps.den()) * finer as i64 })
    }
}

/// An open muxer and what it writes to.
pub(super) struct Format {
    context: NonNull<av::AVFormatContext>,
    io: Io,
    clock: Clock,
    sound_rate: i32,
    /// Samples by which times of the sound are moved. See [`delay_left_out`].
    sound_shift: i64,
    /// Bytes of room kept for the index.
    room: u64,
}

// SAFETY: the context is owned by one value, and libavformat ties none of it to a thread.
unsafe impl Send for Format {}

impl Drop for Format {
    fn drop(&mut self) {
        // SAFETY: the context came from avformat_alloc_output_context2 and is freed once; `io` is
        // ours and freed after it.
        unsafe { av::avformat_free_context(self.context.as_ptr()) };
    }
}

impl Format {
    pub(super) fn create(output: Output<'_>, options: &Options) -> Result<Self, Error> {
        init();
        let clock = Clock::new(options.fps)?;
        let mut io = Io::open(output)?;
        if options.container == Container::Mp4 && !io.is_file() {
            return Err(io.error("an mp4 needs a file; a stream takes fragmented mp4 or mkv"));
        }
        if let Some((key, _)) = options.tags.iter().find(|(key, _)| !TAGS.contains(&key.as_str())) {
            let why = format!("`{key}` is not a tag that it keeps: there are {}", TAGS.join(", "));
            return Err(io.error(why));
        }
        let name = match options.container {
            Container::Mp4 | Container::FragmentedMp4 => c"mp4",
            Container::Mkv => c"matroska",
        };
        let mut raw = ptr::null_mut();
        // SAFETY: the out pointer is ours; the name is a static string.
        let code = unsafe {
            let (none, no_name) = (ptr::null(), ptr::null());
            av::avformat_alloc_output_context2(&raw mut raw, none, name.as_ptr(), no_name)
        };
        io.check(code)?;
        let context = NonNull::new(raw).ok_or(Error::Missing("mp4 and Matroska muxers"))?;
        let sound_rate = options.audio.as_ref().map_or(1, |track| track.rate as i32);
        let moved = options.audio.as_ref().filter(|track| {
            options.container == Container::Mkv && track.codec == Codec::Opus && delay_left_out()
        });
        let sound_shift = moved.map_or(0, |track| i64::from(track.priming));
        let mut this = Self { context, io, clock, sound_rate, sound_shift, room: 0 };
        this.streams(options)?;
        this.words(options)?;
        this.header(options)?;
        Ok(this)
    }

    fn streams(&mut self, options: &Options) -> Result<(), Error> {
        let (size, delay) = (options.size, options.delay);
        let (Ok(width), Ok(height)) = (i32::try_from(size.width), i32::try_from(size.height)) else {
            return Err(self.io.error(format!("a picture of {size} is too large")));
        };
        let (stream, par) = self.stream(&options.config)?;
        let fps = av::AVRational { num: options.fps.num() as i32, den: options.fps.den() as i32 };
        let square = av::AVRational { num: 1, den: 1 };
        // SAFETY: stream and parameters belong to the context, which has not written its header.
        unsafe {
            (*par).codec_type = av::AVMediaType::VIDEO;
            (*par).codec_id = av::AVCodecID::H264;
            (*par).format = av::AVPixelFormat::YUV420P.0 as i32;
            (*par).width = width;
            (*par).height = height;
            (*par).sample_aspect_ratio = square;
            (*par).color_range = av::AVColorRange::MPEG;
            (*par).color_space = av::AVColorSpace::BT709;
            (*par).color_primaries = av::AVColorPrimaries::BT709;
            (*par).color_trc = av::AVColorTransferCharacteristic::BT709;
            (*par).video_delay = delay as i32;
            (*stream).time_base = av::AVRational { num: 1, den: self.clock.scale };
            (*stream).avg_frame_rate = fps;
            (*stream).r_frame_rate = fps;
            (*stream).sample_aspect_ratio = square;
        }
        match &options.audio {
            Some(track) => self.sound_stream(track),
            None => Ok(()),
        }
    }

    fn sound_stream(&mut self, track: &Track) -> Result<(), Error> {
        let (stream, par) = self.stream(&track.extradata)?;
        // SAFETY: stream and parameters belong to the context, which has not written its header.
        unsafe {
            (*par).codec_type = av::AVMediaType::AUDIO;
            (*par).codec_id = track.codec.id();
            (*par).bit_rate = i64::from(track.bitrate);
            (*par).sample_rate = self.sound_rate;
            (*par).frame_size = track.frame_samples as i32;
            (*par).initial_padding = track.priming as i32;
            av::av_channel_layout_default(&raw mut (*par).ch_layout, i32::from(track.channels));
            (*stream).time_base = av::AVRational { num: 1, den: self.sound_rate };
        }
        Ok(())
    }

    fn stream(
        &mut self,
        extradata: &[u8],
    ) -> Result<(*mut av::AVStream, *mut av::AVCodecParameters), Error> {
        let copy = padded(extradata)?;
        // SAFETY: the context is ours; the stream and its parameters live as long as it, and the
        // parameters own the copy.
        unsafe {
            let stream = av::avformat_new_stream(self.context.as_ptr(), ptr::null());
            if stream.is_null() {
                av::av_free(copy.cast());
                return Err(self.io.error("out of memory"));
            }
            let par = (*stream).codecpar;
            (*par).extradata = copy;
            (*par).extradata_size = extradata.len() as i32;
            Ok((stream, par))
        }
    }

    fn words(&mut self, options: &Options) -> Result<(), Error> {
        let created = options.created.map(|seconds| ("creation_time".to_owned(), date(seconds)));
        for (key, value) in options.tags.iter().cloned().chain(created) {
            let (key, value) = (c_string(key.as_bytes()), c_string(value.as_bytes()));
            // SAFETY: both strings outlive the call, which copies them into the context's own
            // dictionary.
            let code = unsafe {
                let metadata = &raw mut (*self.context.as_ptr()).metadata;
                av::av_dict_set(metadata, key.as_ptr(), value.as_ptr(), 0)
            };
            self.io.check(code)?;
        }
        Ok(())
    }

    fn header(&mut self, options: &Options) -> Result<(), Error> {
        let mut dict = Dict::new();
        let room = match options.container {
            Container::Mp4 => index::room(options),
            Container::Mkv | Container::FragmentedMp4 => 0,
        };
        if options.container != Container::Mkv {
            dict.set("video_track_timescale", &self.clock.scale.to_string())?;
            dict.set("movie_timescale", &self.movie_scale(options).to_string())?;
        }
        match options.container {
            Container::Mp4 if room > 0 => dict.set("moov_size", &room.to_string())?,
            Container::Mp4 => {}
            Container::FragmentedMp4 => {
                let flags = "frag_keyframe+empty_moov+delay_moov+default_base_moof+skip_trailer";
                dict.set("movflags", flags)?;
                dict.set("min_frag_duration", "1500000")?;
            }
            Container::Mkv => dict.set("default_mode", "infer_no_subs")?,
        }
        // SAFETY: the context is ours; `io` outlives it.
        let code = unsafe {
            let raw = self.context.as_ptr();
            (*raw).pb = self.io.as_ptr();
            (*raw).flags |= av::AVFMT_FLAG_BITEXACT | av::AVFMT_FLAG_CUSTOM_IO;
            (*raw).flags &= !av::AVFMT_FLAG_AUTO_BSF;
            // Priming lies before zero, and picture starts at zero: nothing may be shifted.
            (*raw).avoid_negative_ts = av::AVFMT_AVOID_NEG_TS_DISABLED;
            (*raw).flush_packets = i32::from(!self.io.is_file());
            av::avformat_write_header(raw, &raw mut dict.0)
        };
        self.io.check(code)?;
        if let Some(key) = dict.leftovers().first() {
            return Err(self.io.error(format!("this FFmpeg has no muxer option `{key}`")));
        }
        self.room = room;
        Ok(())
    }

    /// Ticks per second of an mp4's own clock, in which edits are measured: exact for picture and
    /// sound as long as the whole length fits 31 bits.
    fn movie_scale(&self, options: &Options) -> i64 {
        let (video, sound) = (i64::from(self.clock.scale), i64::from(self.sound_rate));
        let both = video / gcd(video, sound) * sound;
        let length = u128::from(options.frames) * self.clock.step as u128 * both as u128;
        let fits = length / (video as u128) < i32::MAX as u128 && both <= i64::from(i32::MAX);
        if options.frames > 0 && fits { both } else { video }
    }

    /// A packet of the picture; times in frames.
    pub(super) fn picture(
        &self,
        unit: &[u8],
        pts: i64,
        dts: i64,
        key: bool,
    ) -> Result<AvPacket, Error> {
        let packet = self.packet(unit)?;
        // SAFETY: the packet is ours.
        unsafe {
            let raw = packet.as_ptr();
            (*raw).stream_index = 0;
            (*raw).pts = pts * self.clock.step;
            (*raw).dts = dts * self.clock.step;
            (*raw).duration = self.clock.step;
            if key {
                (*raw).flags |= av::AV_PKT_FLAG_KEY;
            }
        }
        Ok(packet)
    }

    /// A packet of the sound; one that is shorter than `whole` samples says how much to discard.
    pub(super) fn sound(&self, sound: &Packet, whole: u32) -> Result<AvPacket, Error> {
        if whole == 0 {
            return Err(self.io.error("sound came, but none was announced"));
        }
        let packet = self.packet(&sound.data)?;
        let surplus = whole.saturating_sub(sound.duration);
        // SAFETY: the packet is ours; the side data is 10 bytes long.
        unsafe {
            let raw = packet.as_ptr();
            (*raw).stream_index = 1;
            (*raw).pts = sound.pts + self.sound_shift;
            (*raw).dts = (*raw).pts;
            (*raw).duration = i64::from(sound.duration);
            (*raw).flags |= av::AV_PKT_FLAG_KEY;
            if surplus > 0 {
                let kind = av::AVPacketSideDataType::SKIP_SAMPLES;
                let skip = av::av_packet_new_side_data(raw, kind, 10);
                if skip.is_null() {
                    return Err(self.io.error("out of memory"));
                }
                skip.write_bytes(0, 10);
                skip.add(4).copy_from_nonoverlapping(surplus.to_le_bytes().as_ptr(), 4);
            }
        }
        Ok(packet)
    }

    fn packet(&self, data: &[u8]) -> Result<AvPacket, Error> {
        let packet = AvPacket::new()?;
        let size = i32::try_from(data.len())
            .map_err(|_large| self.io.error("a packet is larger than 2 GiB"))?;
        // SAFETY: the packet is ours; av_new_packet gives it `size` bytes to write to.
        unsafe {
            if av::av_new_packet(packet.as_ptr(), size) < 0 {
                return Err(self.io.error("out of memory"));
            }
            (*packet.as_ptr()).data.copy_from_nonoverlapping(data.as_ptr(), data.len());
        }
        Ok(packet)
    }

    /// Writes a packet whose times are in its lane's ticks.
    pub(super) fn write(&mut self, packet: &AvPacket) -> Result<(), Error> {
        // SAFETY: context and packet are ours; the stream index is one that `streams` made.
        let code = unsafe {
            let raw = packet.as_ptr();
            let index = (*raw).stream_index;
            let stream = *(*self.context.as_ptr()).streams.add(index as usize);
            let den = if index == 0 { self.clock.scale } else { self.sound_rate };
            av::av_packet_rescale_ts(raw, av::AVRational { num: 1, den }, (*stream).time_base);
            av::av_write_frame(self.context.as_ptr(), raw)
        };
        self.io.check(code)
    }

    /// Ends the file; its size in bytes.
    pub(super) fn finish(&mut self) -> Result<u64, Error> {
        let raw = self.context.as_ptr();
        if self.room > 0 {
            // SAFETY: the context is open and ours; its private data has options.
            let code = unsafe { av::av_opt_set((*raw).priv_data, c"moov_size".as_ptr(), c"0".as_ptr(), 0) };
            self.io.check(code)?;
        }
        // SAFETY: the context is open and ours.
        let (end, code) = unsafe {
            let end = av::avio_seek(self.io.as_ptr(), 0, 1);
            (end, av::av_write_trailer(raw))
        };
        self.io.check(code)?;
        let mut bytes = self.io.flush()?;
        if let (1.., Some(file)) = (self.room, self.io.file()) {
            let placed = index::place(file, self.room, end as u64);
            placed.map_err(|error| self.io.error(error.to_string()))?;
            bytes = self.io.flush()?;
        }
        Ok(bytes)
    }
}

/// Matroska stores times that count from the start of the priming, and how long it is. FFmpeg before
/// 6.0 writes how long it is (for Opus only), but does not count from there.
fn delay_left_out() -> bool {
    // SAFETY: the call only reads a constant of the loaded library.
    unsafe { av::avformat_version() < 59 << 16 | 31 << 8 }
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// `seconds` since 1970 as an ISO 8601 date and time in UTC.
fn date(seconds: i64) -> String {
    let (days, clock) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Years that start in March put the leap day last; 400 of them always have as many days.
    let from_march = days + 719_468;
    let (era, day) = (from_march.div_euclid(146_097), from_march.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, year) = if month < 10 { (month + 3, year) } else { (month - 9, year + 1) };
    let (hour, minute, second) = (clock / 3600, clock / 60 % 60, clock % 60);
    format!("{:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z", era * 400 + year)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(date(0), "1970-01-01T00:00:00Z");
        assert_eq!(date(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(date(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(date(951_868_800), "2000-03-01T00:00:00Z");
        assert_eq!(date(-1), "1969-12-31T23:59:59Z");
        assert_eq!(date(4_107_542_400), "2100-03-01T00:00:00Z");
    }

    #[test]
    fn every_rate_has_whole_ticks_per_frame() {
        for (num, den) in [(25, 1), (30_000, 1001), (24_000, 1001), (1, 1), (240, 1), (1499, 50)] {
            let fps = Rate::new(num, den).unwrap();
            let clock = Clock::new(fps).unwrap();
            assert!(clock.scale >= 10_000);
            assert_eq!(i64::from(clock.scale) * i64::from(den), clock.step * i64::from(num));
        }
    }
}
