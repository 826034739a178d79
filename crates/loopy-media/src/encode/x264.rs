//! libx264 through libavcodec, opened so that equal settings give equal parameter sets.

use std::ptr::{self, NonNull};

use ffmpeg_sys_the_third as av;
use loopy_core::{Frame, Rate, Size, encode::Settings};

use super::{Encoder, nal};
use crate::{
    Error,
    ffi::{AGAIN, AvPacket, Dict, check, init},
};

const PRESETS: [&str; 10] = [
    "ultrafast",
    "superfast",
    "veryfast",
    "faster",
    "fast",
    "medium",
    "slow",
    "slower",
    "veryslow",
    "placebo",
];

/// What x264 must report of itself. libavcodec only warns of x264 options that it cannot set, and
/// one that is not in force would make parameter sets or key frames depend on the pictures.
const IN_FORCE: [&str; 4] = ["threads=1", "stitchable=1", "keyint=infinite", "scenecut=0"];
/// The same, where there are B-frames: without them x264 does not mention it.
const WITH_BFRAMES: &str = "open_gop=0";

/// The bits a second of a bounded encoder over the kilobits of the buffer that it fills: 200 ms. It
/// keeps key frames to about three quarters of it.
const BUFFER: u32 = 5000;

/// An open encoder.
pub(super) struct X264 {
    context: NonNull<av::AVCodecContext>,
    /// What x264 says of itself in the first packet; empty before that.
    banner: String,
    bframes: bool,
}

// SAFETY: the context is owned by one value, and libavcodec ties none of it to a thread.
unsafe impl Send for X264 {}

impl Drop for X264 {
    fn drop(&mut self) {
        let mut raw = self.context.as_ptr();
        // SAFETY: the context came from avcodec_alloc_context3 and is freed once.
        unsafe { av::avcodec_free_context(&raw mut raw) };
    }
}

/// The libx264 that is loaded, as it names itself: its bytes decide the bytes of a segment.
///
/// # Errors
///
/// [`Error::Missing`] without libx264, [`Error::Libav`] when it does not work.
pub fn version() -> Result<String, Error> {
    let (size, settings) = (Size::new(64, 64), Settings::lossless());
    let rate = Rate::new(25, 1).ok_or(Error::Missing("frame rates"))?;
    let mut encoder = Encoder::new(&settings, size, rate, 1)?;
    encoder.push(&Frame::black(size))?;
    // SAFETY: the context is open; NULL is the documented way to end the stream.
    let code = unsafe { av::avcodec_send_frame(encoder.x264.as_ptr(), ptr::null()) };
    check(code, "ask libx264 for its version")?;
    encoder.receive()?;
    let banner = encoder.x264.banner.as_str();
    Ok(banner
        .split_once(" - H.264")
        .map_or(banner, |(name, _)| name)
        .to_owned())
}

impl X264 {
    pub(super) fn open(settings: &Settings, size: Size, rate: Rate) -> Result<Self, Error> {
        init();
        if !PRESETS.contains(&settings.preset.as_str()) {
            return Err(Error::Segment(format!(
                "`{}` is not a libx264 preset: give one of {}",
                settings.preset,
                PRESETS.join(", ")
            )));
        }
        let (Ok(num), Ok(den)) = (i32::try_from(rate.num()), i32::try_from(rate.den())) else {
            return Err(Error::Segment(format!(
                "a frame rate of {rate} cannot be encoded"
            )));
        };
        // SAFETY: a static name; the result is NULL or a codec that lives forever.
        let codec = unsafe { av::avcodec_find_encoder_by_name(c"libx264".as_ptr()) };
        if codec.is_null() {
            return Err(Error::Missing("libx264"));
        }
        // SAFETY: the codec is valid; NULL is turned into an error.
        let context =
            NonNull::new(unsafe { av::avcodec_alloc_context3(codec) }).ok_or_else(|| {
                Error::Libav {
                    what: "allocate an encoder",
                    why: "out of memory".to_owned(),
                }
            })?;
        let this = Self {
            context,
            banner: String::new(),
            // Without loss x264 makes none, whatever it was asked for.
            bframes: settings.bframes > 0 && settings.crf > 0,
        };
        let mut options = options(settings)?;
        // SAFETY: the context is ours and not yet open, which is when these fields may be set.
        let code = unsafe {
            let raw = context.as_ptr();
            (*raw).width = size.width as i32;
            (*raw).height = size.height as i32;
            (*raw).pix_fmt = av::AVPixelFormat::YUV420P;
            (*raw).time_base = av::AVRational { num: den, den: num };
            (*raw).framerate = av::AVRational { num, den };
            (*raw).sample_aspect_ratio = av::AVRational { num: 1, den: 1 };
            (*raw).thread_count = 1;
            (*raw).flags |= av::AV_CODEC_FLAG_GLOBAL_HEADER as i32;
            (*raw).color_range = av::AVColorRange::MPEG;
            (*raw).colorspace = av::AVColorSpace::BT709;
            (*raw).color_primaries = av::AVColorPrimaries::BT709;
            (*raw).color_trc = av::AVColorTransferCharacteristic::BT709;
            av::avcodec_open2(raw, codec, &raw mut options.0)
        };
        check(code, "open libx264")?;
        match options.leftovers().first() {
            None => Ok(this),
            Some(key) => Err(Error::Libav {
                what: "open libx264",
                why: format!("it has no option `{key}`"),
            }),
        }
    }

    pub(super) fn as_ptr(&self) -> *mut av::AVCodecContext {
        self.context.as_ptr()
    }

    /// The configuration record of the parameter sets.
    pub(super) fn config(&self) -> Result<Vec<u8>, Error> {
        // SAFETY: an open encoder with a global header owns `extradata_size` bytes at `extradata`.
        let header = unsafe {
            let raw = self.as_ptr();
            if (*raw).extradata.is_null() {
                &[]
            } else {
                std::slice::from_raw_parts((*raw).extradata, (*raw).extradata_size as usize)
            }
        };
        nal::config(header)
    }

    /// The next packet: its time stamp and whether it is a key frame; `None` when more input is
    /// needed or the stream has ended.
    pub(super) fn receive(&mut self, packet: &AvPacket) -> Result<Option<(i64, bool)>, Error> {
        // SAFETY: context and packet are ours; the call unreferences the packet's old content.
        let code = unsafe { av::avcodec_receive_packet(self.as_ptr(), packet.as_ptr()) };
        if code == AGAIN || code == av::AVERROR_EOF {
            return Ok(None);
        }
        check(code, "take an encoded frame")?;
        // SAFETY: the packet was just filled.
        let (pts, flags) = unsafe { ((*packet.as_ptr()).pts, (*packet.as_ptr()).flags) };
        Ok(Some((pts, flags & av::AV_PKT_FLAG_KEY != 0)))
    }

    /// Reads from the first packet which options are in force, and refuses to go on without one
    /// that splicing rests on.
    pub(super) fn inspect(&mut self, packet: &[u8]) -> Result<(), Error> {
        if !self.banner.is_empty() {
            return Ok(());
        }
        let banner = nal::annex_b(packet)
            .find_map(nal::banner)
            .unwrap_or_default();
        self.banner = String::from_utf8_lossy(banner).into_owned();
        let words = || self.banner.split(' ');
        let mut wanted = IN_FORCE
            .into_iter()
            .chain(self.bframes.then_some(WITH_BFRAMES));
        match wanted.find(|wanted| !words().any(|word| word == *wanted)) {
            None => Ok(()),
            Some(wanted) => Err(Error::Libav {
                what: "set up libx264",
                why: format!("`{wanted}` is not in force"),
            }),
        }
    }
}

/// The AVX-512 lookahead of x264 0.164 reads memory that nobody wrote, unless rows have a multiple of 8
/// macroblocks: with it, equal pictures give other bytes in a process with another past. Up to AVX2
/// the bytes are a function of the pictures, and take no longer.
#[cfg(target_arch = "x86_64")]
fn instructions() -> &'static str {
    if std::arch::is_x86_feature_detected!("avx512f") {
        // x264 takes the names as they are, so only those that every CPU with AVX-512 has.
        ":asm=avx2,fma3,lzcnt,bmi1,bmi2"
    } else {
        ""
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn instructions() -> &'static str {
    ""
}

fn options(settings: &Settings) -> Result<Dict, Error> {
    let mut options = Dict::new();
    options.set("preset", &settings.preset)?;
    options.set("crf", &settings.crf.to_string())?;
    options.set("bf", &settings.bframes.to_string())?;
    options.set("forced-idr", "1")?;
    let fixed = "stitchable=1:open-gop=0:keyint=infinite:scenecut=0";
    // At the end of every run the encoder looks at as many pictures again as it looks ahead: 20
    // instead of 40 and more save time and a third of the memory, and cost no quality.
    let far = ["fast", "medium", "slow", "slower", "veryslow", "placebo"];
    let lookahead = if settings.crf > 0 && far.contains(&&*settings.preset) {
        ":rc-lookahead=20"
    } else {
        ""
    };
    let bound = settings.rate.filter(|_| settings.crf > 0);
    let bound = bound.map_or_else(String::new, |rate| {
        let (rate, buffer) = (rate.div_ceil(1000), rate.div_ceil(BUFFER));
        format!(":vbv-maxrate={rate}:vbv-bufsize={buffer}")
    });
    options.set(
        "x264-params",
        &format!("{fixed}{lookahead}{bound}{}", instructions()),
    )?;
    if settings.crf > 0 {
        options.set("profile", "high")?;
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use loopy_core::encode::{Preset, Quality};

    use super::*;

    /// What x264 says of itself when it encodes with these settings.
    fn banner(settings: &Settings) -> String {
        let size = Size::new(64, 64);
        let mut encoder = Encoder::new(settings, size, Rate::new(25, 1).unwrap(), 4).unwrap();
        for _ in 0..4 {
            encoder.push(&Frame::black(size)).unwrap();
        }
        // SAFETY: the context is open; NULL is the documented way to end the stream.
        let code = unsafe { av::avcodec_send_frame(encoder.x264.as_ptr(), ptr::null()) };
        check(code, "end").unwrap();
        encoder.receive().unwrap();
        encoder.x264.banner.clone()
    }

    #[test]
    fn x264_says_that_the_crf_and_the_preset_of_each_preset_are_in_force() {
        for preset in Preset::ALL {
            let values = preset.values();
            let settings = Settings {
                preset: values.x264.to_owned(),
                ..Settings::file(values.quality)
            };
            let crf = format!("crf={}.0", values.quality.crf());
            // What each of x264's presets is known by.
            let known = match values.x264 {
                "veryfast" => ["ref=1", "subme=2", "trellis=0"],
                "medium" => ["ref=3", "subme=7", "trellis=1"],
                "slow" => ["ref=5", "subme=8", "trellis=2"],
                other => panic!("`{other}` is new here"),
            };
            let said = banner(&settings);
            for word in known.into_iter().chain([crf.as_str(), "bframes=3"]) {
                let there = said.split(' ').any(|said| said == word);
                assert!(there, "{}: {word} in {said}", preset.name());
            }
        }
    }

    #[test]
    fn x264_says_that_every_quality_is_in_force() {
        for quality in [Quality::Draft, Quality::Good, Quality::Best] {
            let said = banner(&Settings::file(quality));
            let crf = format!(" crf={}.0 ", quality.crf());
            assert!(said.contains(&crf), "{quality:?}: {said}");
        }
        // Without loss, x264 speaks of a constant quantizer.
        let said = banner(&Settings::file(Quality::Crf(0)));
        assert!(
            said.contains(" rc=cqp ") && said.contains(" qp=0"),
            "{said}"
        );
        assert!(banner(&Settings::file(Quality::Crf(51))).contains(" crf=51.0 "));
    }
}
