//! What a file's header says of its streams.

use std::{ffi::CStr, ptr};

use ffmpeg_sys_the_third as av;
use loopy_core::Size;

use super::{AudioInfo, VideoInfo};

/// # Safety
///
/// `stream` is a stream of an open context.
pub(super) unsafe fn video(stream: *const av::AVStream) -> VideoInfo {
    // SAFETY: as promised by the caller; the parameters own their extradata.
    unsafe {
        let par = (*stream).codecpar;
        let h264 = (*par).codec_id == av::AVCodecID::H264;
        VideoInfo {
            config: if h264 { extradata(par) } else { Vec::new() },
            size: Size::new((*par).width.max(0) as u32, (*par).height.max(0) as u32),
            time_base: fraction((*stream).time_base),
            frames: u64::try_from((*stream).nb_frames)
                .ok()
                .filter(|frames| *frames > 0),
            tags: Vec::new(),
        }
    }
}

/// # Safety
///
/// `stream` is a stream of an open context.
pub(super) unsafe fn audio(stream: *const av::AVStream) -> AudioInfo {
    // SAFETY: as promised by the caller; codec names are static strings.
    unsafe {
        let par = (*stream).codecpar;
        let name = CStr::from_ptr(av::avcodec_get_name((*par).codec_id));
        AudioInfo {
            codec: name.to_string_lossy().into_owned(),
            extradata: extradata(par),
            rate: (*par).sample_rate.max(0) as u32,
            channels: (*par).ch_layout.nb_channels.max(0) as u32,
            time_base: fraction((*stream).time_base),
        }
    }
}

/// # Safety
///
/// `par` are the parameters of a stream of an open context.
unsafe fn extradata(par: *const av::AVCodecParameters) -> Vec<u8> {
    // SAFETY: as promised by the caller, the parameters own `extradata_size` bytes.
    unsafe {
        if (*par).extradata.is_null() || (*par).extradata_size <= 0 {
            return Vec::new();
        }
        std::slice::from_raw_parts((*par).extradata, (*par).extradata_size as usize).to_vec()
    }
}

/// # Safety
///
/// `dictionary` is NULL or a dictionary that outlives the call.
pub(super) unsafe fn tags(dictionary: *const av::AVDictionary) -> Vec<(String, String)> {
    let mut tags = Vec::new();
    let mut entry: *const av::AVDictionaryEntry = ptr::null();
    loop {
        // SAFETY: iterates with the documented protocol; keys and values are C strings owned by the
        // dictionary.
        unsafe {
            let flags = av::AV_DICT_IGNORE_SUFFIX;
            entry = av::av_dict_get(dictionary, c"".as_ptr(), entry, flags);
            if entry.is_null() {
                return tags;
            }
            let text = |raw| CStr::from_ptr(raw).to_string_lossy().into_owned();
            tags.push((text((*entry).key).to_lowercase(), text((*entry).value)));
        }
    }
}

fn fraction(rational: av::AVRational) -> (u32, u32) {
    (rational.num.max(0) as u32, rational.den.max(1) as u32)
}
