//! What a file is, before anything of it is decoded.

use std::path::Path;

use ffmpeg_sys_the_third as av;
use loopy_core::{Rate, Size, clip::Facts, limits::Limits};

use crate::{
    Error,
    decode::{
        ColorTags, Layout,
        input::{Input, Stream, over_pixels, text},
        usual,
    },
};

/// The facts of the video in `path`.
///
/// # Errors
///
/// [`Error::Open`] for what is not a regular file with a container that FFmpeg reads,
/// [`Error::NoVideo`] for sound, single pictures and text, [`Error::Limit`] for pictures with more
/// pixels than allowed, and [`Error::Missing`] without a decoder.
pub fn probe(path: &Path, limits: &Limits) -> Result<Facts, Error> {
    let input = Input::open(path, limits)?;
    let index = video_stream(&input, path)?;
    let no_video = |why| Error::NoVideo {
        path: path.to_owned(),
        why,
    };
    let stream = input.stream(index).ok_or(no_video("no video stream"))?;
    let parameters = stream.parameters();
    if stream.pixels() > limits.pixels {
        return Err(over_pixels(path, stream.pixels(), limits));
    }
    if usual(parameters.codec_id).is_none() {
        return Err(Error::Missing("a decoder for this video"));
    }
    let coded = Size::new(
        parameters.width.max(0) as u32,
        parameters.height.max(0) as u32,
    );
    let layout = Layout::of(parameters.format)
        .filter(|_| coded.pixels() > 0)
        .ok_or(no_video(
            "its video cannot be decoded: no picture was found in it",
        ))?;
    let (rotation, mirrored) = stream.display_matrix().map_or((0, false), orientation);
    let aspect = input.sample_aspect(index, std::ptr::null_mut());
    // SAFETY: the names are static strings or NULL.
    let (codec, pixel_format) = unsafe {
        (
            text(av::avcodec_get_name(parameters.codec_id)),
            text(av::av_get_pix_fmt_name(av::AVPixelFormat(
                parameters.format,
            ))),
        )
    };
    let side_alpha = stream.tag(c"alpha_mode").is_some_and(|mode| mode == "1");
    Ok(Facts {
        container: input.format(),
        codec,
        pixel_format,
        coded,
        shown: shown(coded, aspect, rotation),
        rotation,
        mirrored,
        interlaced: ![av::AVFieldOrder::UNKNOWN, av::AVFieldOrder::PROGRESSIVE]
            .contains(&parameters.field_order),
        alpha: layout.alpha || side_alpha,
        color: color_tags(parameters).read(layout, coded.width, coded.height),
        stated_rate: stated_rate(stream),
        stated_micros: stated(&input, stream).map(Stated::micros),
        sound: sound_stream(&input).is_some(),
    })
}

/// The stream that holds the video: the default one, then the largest, then the first.
pub(crate) fn video_stream(input: &Input, path: &Path) -> Result<usize, Error> {
    let cover = av::AV_DISPOSITION_ATTACHED_PIC
        | av::AV_DISPOSITION_TIMED_THUMBNAILS
        | av::AV_DISPOSITION_STILL_IMAGE;
    let videos = || {
        input
            .streams()
            .filter(|stream| stream.is(av::AVMediaType::VIDEO))
    };
    let best = videos()
        .filter(|stream| !stream.disposed(cover))
        .max_by_key(|stream| {
            let default = stream.disposed(av::AV_DISPOSITION_DEFAULT);
            (default, stream.pixels(), std::cmp::Reverse(stream.index()))
        });
    best.map(Stream::index).ok_or_else(|| Error::NoVideo {
        path: path.to_owned(),
        why: if videos().next().is_some() {
            "only a cover picture, no video"
        } else if sound_stream(input).is_some() {
            "only sound, no video"
        } else {
            "no video stream"
        },
    })
}

/// The stream that holds the sound: the default one, then the first.
pub(crate) fn sound_stream(input: &Input) -> Option<usize> {
    input
        .streams()
        .filter(|stream| {
            let parameters = stream.parameters();
            stream.is(av::AVMediaType::AUDIO)
                && parameters.sample_rate > 0
                && usual(parameters.codec_id).is_some()
        })
        .max_by_key(|stream| {
            let default = stream.disposed(av::AV_DISPOSITION_DEFAULT);
            (default, std::cmp::Reverse(stream.index()))
        })
        .map(Stream::index)
}

/// The colour tags of a stream.
pub(crate) fn color_tags(parameters: &av::AVCodecParameters) -> ColorTags {
    ColorTags {
        range: parameters.color_range,
        matrix: parameters.color_space,
        primaries: parameters.color_primaries,
        transfer: parameters.color_trc,
    }
}

/// Clockwise rotation in quarter turns and mirroring of a display matrix: the picture is mirrored
/// left to right first, then turned.
fn orientation(matrix: [i32; 9]) -> (u16, bool) {
    let [a, b, _, c, d, ..] = matrix.map(f64::from);
    let mirrored = a * d - b * c < 0.0;
    let degrees = (-c).atan2(d).to_degrees();
    let quarters = (degrees / 90.0).round().rem_euclid(4.0);
    (quarters as u16 % 4 * 90, mirrored)
}

/// The size on screen: samples made square by widening one side, turned upright, sides even.
fn shown(coded: Size, aspect: (u32, u32), rotation: u16) -> Size {
    let ratio = f64::from(aspect.0) / f64::from(aspect.1.max(1));
    let (width, height) = (f64::from(coded.width), f64::from(coded.height));
    let (width, height) = if ratio > 1.0 {
        (width * ratio, height)
    } else {
        (width, height / ratio)
    };
    let even = |side: f64| ((side / 2.0).round() as u32 * 2).max(2);
    if rotation.is_multiple_of(180) {
        Size::new(even(width), even(height))
    } else {
        Size::new(even(height), even(width))
    }
}

fn stated_rate(stream: Stream<'_>) -> Option<Rate> {
    // SAFETY: plain fields of a stream of an open context.
    let (average, real) = unsafe { ((*stream.raw()).avg_frame_rate, (*stream.raw()).r_frame_rate) };
    let rate = |rate: av::AVRational| {
        (rate.num > 0 && rate.den > 0).then(|| f64::from(rate.num) / f64::from(rate.den))
    };
    rate(average)
        .and_then(Rate::from_f64)
        .or_else(|| rate(real).and_then(Rate::from_f64))
}

/// A length that a container states, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stated {
    /// Of the video stream alone.
    Video(i64),
    /// Of the longest stream.
    Longest(i64),
}

impl Stated {
    pub(crate) fn micros(self) -> i64 {
        let (Self::Video(micros) | Self::Longest(micros)) = self;
        micros
    }
}

/// The length that `stream` is said to have, or else the whole file.
pub(crate) fn stated(input: &Input, stream: Stream<'_>) -> Option<Stated> {
    // SAFETY: plain fields of a stream of an open context.
    let (duration, start) = unsafe { ((*stream.raw()).duration, (*stream.raw()).start_time) };
    let whole = input.stated_micros()?;
    // SAFETY: pure arithmetic.
    let micros = |time| unsafe { av::av_rescale_q(time, stream.time_base(), av::AV_TIME_BASE_Q) };
    if duration > 0 {
        return Some(Stated::Video(micros(duration)));
    }
    // Matroska counts a stream's length from the zero of its clock.
    let start = if start == av::AV_NOPTS_VALUE {
        0
    } else {
        micros(start).max(0)
    };
    let tagged = stream.tag(c"DURATION").and_then(|tag| clock_micros(&tag));
    match tagged.map(|end| end - start).filter(|length| *length > 0) {
        Some(length) => Some(Stated::Video(length)),
        None => Some(Stated::Longest(whole)),
    }
}

/// `00:00:03.003000000`, as Matroska writes the length of a stream.
fn clock_micros(text: &str) -> Option<i64> {
    let seconds = text.split(':').try_fold(0.0, |total, part| {
        Some(total * 60.0 + part.trim().parse::<f64>().ok()?)
    })?;
    (seconds > 0.0 && seconds < 1e9).then_some((seconds * 1e6) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: i32 = 1 << 16;

    fn matrix(a: i32, b: i32, c: i32, d: i32) -> [i32; 9] {
        [a * ONE, b * ONE, 0, c * ONE, d * ONE, 0, 0, 0, 1 << 30]
    }

    #[test]
    fn display_matrices_are_read_as_turns_and_mirrors() {
        assert_eq!(orientation(matrix(1, 0, 0, 1)), (0, false));
        assert_eq!(orientation(matrix(0, 1, -1, 0)), (90, false));
        assert_eq!(orientation(matrix(-1, 0, 0, -1)), (180, false));
        assert_eq!(orientation(matrix(0, -1, 1, 0)), (270, false));
        assert_eq!(orientation(matrix(-1, 0, 0, 1)), (0, true));
        assert_eq!(orientation(matrix(1, 0, 0, -1)), (180, true));
    }

    #[test]
    fn the_shown_size_widens_turns_and_is_even() {
        assert_eq!(
            shown(Size::new(720, 576), (64, 45), 0),
            Size::new(1024, 576)
        );
        assert_eq!(shown(Size::new(720, 576), (1, 2), 0), Size::new(720, 1152));
        assert_eq!(
            shown(Size::new(1280, 720), (1, 1), 90),
            Size::new(720, 1280)
        );
        assert_eq!(shown(Size::new(641, 361), (1, 1), 0), Size::new(642, 362));
        assert_eq!(shown(Size::new(17, 9), (1, 1), 270), Size::new(10, 18));
    }

    #[test]
    fn lengths_of_matroska_streams_are_read() {
        assert_eq!(clock_micros("00:01:03.003000000"), Some(63_003_000));
        assert_eq!(clock_micros("soon"), None);
    }
}
