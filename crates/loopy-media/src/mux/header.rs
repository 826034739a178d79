//! What a file says before its first packet: streams, words and the muxer's own settings.

use std::ptr;

use ffmpeg_sys_the_third as av;

use super::{
    Container, Options,
    clock::{date, gcd},
    format::Format,
    index,
};
use crate::{
    Error,
    audio::encode::Track,
    ffi::{Dict, c_string, padded},
};

impl Format {
    pub(super) fn streams(&mut self, options: &Options) -> Result<(), Error> {
        let (size, delay) = (options.size, options.delay);
        let (Ok(width), Ok(height)) = (i32::try_from(size.width), i32::try_from(size.height))
        else {
            return Err(self.io.error(format!("a picture of {size} is too large")));
        };
        let (stream, par) = self.stream(&options.config)?;
        let fps = av::AVRational {
            num: options.fps.num() as i32,
            den: options.fps.den() as i32,
        };
        let square = av::AVRational { num: 1, den: 1 };
        // SAFETY: stream and parameters belong to the context, which has not written its header.
        unsafe {
            (*par).codec_type = av::AVMediaType::VIDEO;
            (*par).codec_id = av::AVCodecID::H264;
            (*par).format = av::AVPixelFormat::YUV420P.0;
            (*par).width = width;
            (*par).height = height;
            (*par).sample_aspect_ratio = square;
            (*par).color_range = av::AVColorRange::MPEG;
            (*par).color_space = av::AVColorSpace::BT709;
            (*par).color_primaries = av::AVColorPrimaries::BT709;
            (*par).color_trc = av::AVColorTransferCharacteristic::BT709;
            (*par).video_delay = delay as i32;
            (*stream).time_base = av::AVRational {
                num: 1,
                den: self.clock.scale,
            };
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
            (*stream).time_base = av::AVRational {
                num: 1,
                den: self.sound_rate,
            };
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

    pub(super) fn words(&mut self, options: &Options) -> Result<(), Error> {
        let created = options
            .created
            .map(|seconds| ("creation_time".to_owned(), date(seconds)));
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

    pub(super) fn header(&mut self, options: &Options) -> Result<(), Error> {
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
            return Err(self
                .io
                .error(format!("this FFmpeg has no muxer option `{key}`")));
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
        if options.frames > 0 && fits {
            both
        } else {
            video
        }
    }
}
