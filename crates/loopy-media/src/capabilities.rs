//! What the FFmpeg that is loaded can do: encoders, decoders, and devices it can reach.

use std::{ffi::CStr, ptr};

use ffmpeg_sys_the_third as av;
use loopy_core::{Frame, Rate, Size, encode::Settings};

use crate::{
    Error,
    audio::encode::Codec,
    encode::{self, Encoder},
    ffi::{check, init},
};

/// A video encoder of FFmpeg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoEncoder {
    /// Its name: `libx264`, `h264_nvenc`.
    pub name: String,
    /// What it makes: `h264`.
    pub codec: String,
    /// It runs on a device.
    pub hardware: bool,
}

/// Every video encoder, in FFmpeg's order. That one is there does not mean that its device is.
pub fn video_encoders() -> Vec<VideoEncoder> {
    let mut found = Vec::new();
    let mut state = ptr::null_mut();
    loop {
        // SAFETY: the state begins at NULL and is only passed back, as the iteration asks for.
        let codec = unsafe { av::av_codec_iterate(&raw mut state) };
        if codec.is_null() {
            return found;
        }
        // SAFETY: a codec of the iteration lives forever, and its name is a C string.
        let (is_encoder, kind, id, flags, name) = unsafe {
            (
                av::av_codec_is_encoder(codec) != 0,
                (*codec).type_,
                (*codec).id,
                (*codec).capabilities as u32,
                CStr::from_ptr((*codec).name),
            )
        };
        if !is_encoder || kind != av::AVMediaType::VIDEO {
            continue;
        }
        // SAFETY: the result is a static C string for every number.
        let codec = unsafe { CStr::from_ptr(av::avcodec_get_name(id)) };
        let device = av::AV_CODEC_CAP_HARDWARE | av::AV_CODEC_CAP_HYBRID;
        found.push(VideoEncoder {
            name: name.to_string_lossy().into_owned(),
            codec: codec.to_string_lossy().into_owned(),
            hardware: flags & device != 0,
        });
    }
}

/// Every kind of device that this FFmpeg was built for, and whether one can be opened. A driver is
/// asked, which may take its time.
pub fn devices() -> Vec<(String, Result<(), String>)> {
    init();
    let mut found = Vec::new();
    let mut kind = av::AVHWDeviceType::NONE;
    loop {
        // SAFETY: takes and gives numbers.
        kind = unsafe { av::av_hwdevice_iterate_types(kind) };
        if kind == av::AVHWDeviceType::NONE {
            return found;
        }
        let mut context = ptr::null_mut();
        // SAFETY: the kind is one of FFmpeg's; the name is static or NULL; NULL stands for the usual
        // device and for no options; what was made is given back once.
        let (name, code) = unsafe {
            let name = av::av_hwdevice_get_type_name(kind);
            let (device, options) = (ptr::null(), ptr::null_mut());
            let code = av::av_hwdevice_ctx_create(&raw mut context, kind, device, options, 0);
            av::av_buffer_unref(&raw mut context);
            (name, code)
        };
        if name.is_null() {
            continue;
        }
        // SAFETY: checked above; names of kinds are static C strings.
        let name = unsafe { CStr::from_ptr(name) };
        let opened = check(code, "open the device").map(|_| ());
        found.push((
            name.to_string_lossy().into_owned(),
            opened.map_err(|error| error.to_string()),
        ));
    }
}

/// The licence under which the FFmpeg that is loaded may be passed on.
pub fn licence() -> String {
    // SAFETY: the result is a static C string.
    let text = unsafe { CStr::from_ptr(av::avcodec_license()) };
    text.to_string_lossy().into_owned()
}

/// Pictures of the proof.
const PROOF: u32 = 4;

/// Encodes some pictures with libx264 and decodes them again; how far the worst of them is from what
/// it was, as mean difference of luma.
///
/// # Errors
/// As for [`Encoder`] and [`encode::decode`], and [`Error::Segment`] when pictures are missing.
pub fn prove_video() -> Result<f64, Error> {
    let (size, settings) = (Size::new(64, 64), Settings::lossless());
    let rate = Rate::new(25, 1).ok_or(Error::Missing("frame rates"))?;
    let pictures: Vec<Frame> = (0..PROOF).map(|number| picture(size, number)).collect();
    let mut encoder = Encoder::new(&settings, size, rate, PROOF)?;
    for picture in &pictures {
        encoder.push(picture)?;
    }
    let segment = encoder.finish()?;
    let shown = encode::decode(&segment)?;
    if shown.len() != pictures.len() {
        return Err(Error::Segment("pictures are missing".to_owned()));
    }
    let apart = |(picture, shown): (&Frame, &Frame)| {
        let pairs = picture.planes()[0].iter().zip(shown.planes()[0]);
        let apart: u64 = pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        apart as f64 / f64::from(size.width * size.height)
    };
    let worst = pictures.iter().zip(&shown).map(apart);
    let worst = worst.fold(0.0, f64::max);
    Ok(worst)
}

/// A slope that moves.
fn picture(size: Size, number: u32) -> Frame {
    let mut frame = Frame::black(size);
    let stride = frame.stride() as u32;
    for (at, sample) in (0_u32..).zip(&mut *frame.planes_mut()[0]) {
        *sample = (16 + (at % stride + at / stride * 2 + number * 5) % 200) as u8;
    }
    frame
}

/// Encodes a moment of silence; how many packets came of it.
///
/// # Errors
/// As for the sound encoder.
pub fn prove_sound(codec: Codec) -> Result<u32, Error> {
    let mut packets = 0;
    let mut take = |_packet| {
        packets += 1;
        Ok(())
    };
    let mut encoder = crate::audio::encode::Encoder::new(codec, 96_000)?;
    encoder.push(&vec![0.0; 9600], &mut take)?;
    encoder.finish(&mut take)?;
    Ok(packets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoders_that_renders_need_are_listed_and_proven() {
        let all = video_encoders();
        let x264 = all.iter().find(|encoder| encoder.name == "libx264");
        let x264 = x264.unwrap();
        assert_eq!((&*x264.codec, x264.hardware), ("h264", false));
        assert!(all.len() > 10);
        assert!(prove_video().unwrap() < 0.001);
        assert!(prove_sound(Codec::Aac).unwrap() > 3);
        assert!(licence().contains("GPL"));
    }
}
