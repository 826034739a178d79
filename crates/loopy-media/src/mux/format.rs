//! libavformat's muxers, set up so that the bytes depend on the packets alone.

use std::ptr::{self, NonNull};

use ffmpeg_sys_the_third as av;

use super::{Container, Options, Output, TAGS, clock::Clock, index, io::Io};
use crate::{
    Error,
    audio::encode::{Codec, Packet},
    ffi::{AvPacket, init},
};

/// An open muxer and what it writes to.
pub(super) struct Format {
    pub(super) context: NonNull<av::AVFormatContext>,
    pub(super) io: Io,
    pub(super) clock: Clock,
    pub(super) sound_rate: i32,
    /// Samples by which times of the sound are moved. See [`delay_left_out`].
    sound_shift: i64,
    /// Bytes of room kept for the index.
    pub(super) room: u64,
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
        if let Some((key, _)) = options
            .tags
            .iter()
            .find(|(key, _)| !TAGS.contains(&key.as_str()))
        {
            let why = format!(
                "`{key}` is not a tag that it keeps: there are {}",
                TAGS.join(", ")
            );
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
        let mut this = Self {
            context,
            io,
            clock,
            sound_rate,
            sound_shift,
            room: 0,
        };
        this.streams(options)?;
        this.words(options)?;
        this.header(options)?;
        Ok(this)
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
                skip.add(4)
                    .copy_from_nonoverlapping(surplus.to_le_bytes().as_ptr(), 4);
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
            (*packet.as_ptr())
                .data
                .copy_from_nonoverlapping(data.as_ptr(), data.len());
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
            let den = if index == 0 {
                self.clock.scale
            } else {
                self.sound_rate
            };
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
            let code = unsafe {
                av::av_opt_set((*raw).priv_data, c"moov_size".as_ptr(), c"0".as_ptr(), 0)
            };
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
