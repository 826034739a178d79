//! The last step: alpha onto the pad colour, and the picture into its frame with bars around it.

use ffmpeg_sys_the_third as av;
use loopy_core::{Frame, Size, frame::Area, normalise::Rgb};

use crate::{
    Error,
    ffi::{AvFrame, check},
};

/// `rgb` as BT.709 limited-range luma and chroma in 8-bit code values.
fn yuv(Rgb(red, green, blue): Rgb) -> [f64; 3] {
    let [r, g, b] = [red, green, blue].map(|value| f64::from(value) / 255.0);
    let luma = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    [
        16.0 + 219.0 * luma,
        128.0 + 224.0 * (b - luma) / 1.8556,
        128.0 + 224.0 * (r - luma) / 1.5748,
    ]
}

/// Where a picture of size `fitted` lies in a frame of size `size`: in the middle, at even pixels,
/// so that chroma lies on the same ones.
pub(crate) fn area(fitted: Size, size: Size) -> Area {
    Area {
        left: size.width.saturating_sub(fitted.width) / 4 * 2,
        top: size.height.saturating_sub(fitted.height) / 4 * 2,
        size: fitted,
    }
}

/// Copies a `yuv420p` picture of size `fitted` into its [`area`] of a frame of size `size`.
pub(crate) fn place(picture: &AvFrame, fitted: Size, size: Size, pad: Rgb) -> Result<Frame, Error> {
    // SAFETY: plain fields of a valid frame.
    let (width, height, format) = unsafe {
        let raw = picture.as_ptr();
        ((*raw).width, (*raw).height, (*raw).format)
    };
    let expected = (
        fitted.width as i32,
        fitted.height as i32,
        av::AVPixelFormat::YUV420P.0,
    );
    if (width, height, format) != expected
        || fitted.width > size.width
        || fitted.height > size.height
    {
        return Err(Error::Libav {
            what: "fit a picture",
            why: format!("the filters gave {width}x{height} instead of {fitted}"),
        });
    }
    let bars = yuv(pad).map(|value| value.round() as u8);
    let mut data = Vec::with_capacity(size.pixels() as usize * 3 / 2);
    for (plane, bar) in bars.into_iter().enumerate() {
        let share = if plane == 0 { 1 } else { 2 };
        let whole = Size::new(size.width / share, size.height / share);
        let part = Size::new(fitted.width / share, fitted.height / share);
        let area = area(fitted, size);
        let (left, top) = (area.left / share, area.top / share);
        let right = whole.width - left - part.width;
        let below = whole.height - top - part.height;
        // SAFETY: the format has three planes with these many rows and columns, each row
        // `linesize` after the one before (which may be negative).
        let (start, stride) = unsafe {
            let raw = picture.as_ptr();
            (
                (*raw).data[plane].cast_const(),
                (*raw).linesize[plane] as isize,
            )
        };
        let fill = |data: &mut Vec<u8>, count: u32| data.resize(data.len() + count as usize, bar);
        fill(&mut data, top * whole.width);
        for row in 0..part.height as isize {
            fill(&mut data, left);
            // SAFETY: as above.
            let pixels = unsafe {
                std::slice::from_raw_parts(start.offset(row * stride), part.width as usize)
            };
            data.extend_from_slice(pixels);
            fill(&mut data, right);
        }
        fill(&mut data, below * whole.width);
    }
    Frame::from_planes(size, data).ok_or_else(|| Error::Libav {
        what: "fit a picture",
        why: format!("{size} is not a size with even sides"),
    })
}

/// Lays a `yuva444p16le` picture over `pad` and makes it `yuv444p16le`.
///
/// Luma and chroma are mixed like colours: both are linear in them.
#[expect(
    clippy::cast_ptr_alignment,
    reason = "rows of 16-bit formats are aligned"
)]
pub(crate) fn flatten(picture: &mut AvFrame, pad: Rgb) -> Result<(), Error> {
    let raw = picture.as_ptr();
    // SAFETY: plain field of a valid frame.
    if unsafe { (*raw).format } != av::AVPixelFormat::YUVA444P16LE.0 {
        return Err(Error::Libav {
            what: "lay a picture over a colour",
            why: "the filters gave another pixel format".to_owned(),
        });
    }
    check(
        // SAFETY: the frame is valid; the call gives it memory of its own.
        unsafe { av::av_frame_make_writable(raw) },
        "write to a picture",
    )?;
    // SAFETY: plain fields.
    let (width, height) = unsafe { ((*raw).width.max(0) as usize, (*raw).height.max(0) as isize) };
    let pad = yuv(pad).map(|value| (value * 256.0).round() as u64);
    for row in 0..height {
        for (plane, pad) in pad.into_iter().enumerate() {
            // SAFETY: the format has four planes of `height` rows with `width` 16-bit words; rows
            // are aligned to words and planes do not overlap.
            let (colors, alphas) = unsafe {
                let at = |plane: usize| {
                    (*raw).data[plane]
                        .offset(row * (*raw).linesize[plane] as isize)
                        .cast::<u16>()
                };
                (
                    std::slice::from_raw_parts_mut(at(plane), width),
                    std::slice::from_raw_parts(at(3).cast_const(), width),
                )
            };
            for (color, alpha) in colors.iter_mut().zip(alphas) {
                let alpha = u64::from(u16::from_le(*alpha));
                let value = u64::from(u16::from_le(*color));
                let mixed = (value * alpha + pad * (65535 - alpha) + 32767) / 65535;
                *color = (mixed as u16).to_le();
            }
        }
    }
    // SAFETY: the first three planes are those of the new format. Filters take every plane that a
    // frame points to, so that the fourth has to go; its memory is freed with the frame's buffers.
    unsafe {
        (*raw).format = av::AVPixelFormat::YUV444P16LE.0;
        (*raw).data[3] = std::ptr::null_mut();
        (*raw).linesize[3] = 0;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pad_colours_have_their_standard_code_values() {
        let round = |rgb| yuv(rgb).map(|value| value.round() as u8);
        assert_eq!(round(Rgb(0, 0, 0)), [16, 128, 128]);
        assert_eq!(round(Rgb(255, 255, 255)), [235, 128, 128]);
        assert_eq!(round(Rgb(255, 0, 0)), [63, 102, 240]);
        assert_eq!(round(Rgb(0, 255, 0)), [173, 42, 26]);
        assert_eq!(round(Rgb(0, 0, 255)), [32, 240, 118]);
    }
}
