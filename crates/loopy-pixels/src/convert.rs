//! Between our pictures (BT.709, limited range, 4:2:0) and packed 8-bit RGB.

use loopy_core::{Frame, Size};
use yuv::{
    BufferStoreMut, YuvConversionMode, YuvPlanarImage, YuvPlanarImageMut, YuvRange,
    YuvStandardMatrix,
};

/// The picture as packed RGB, 3 bytes a pixel, rows tight.
#[expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "the planes of a frame always fit its size"
)]
pub fn rgb(frame: &Frame) -> Vec<u8> {
    let size = frame.size();
    let [y_plane, u_plane, v_plane] = frame.planes();
    let image = YuvPlanarImage {
        y_plane,
        y_stride: size.width,
        u_plane,
        u_stride: size.width / 2,
        v_plane,
        v_stride: size.width / 2,
        width: size.width,
        height: size.height,
    };
    let mut out = vec![0; size.pixels() as usize * 3];
    yuv::yuv420_to_rgb(
        &image,
        &mut out,
        size.width * 3,
        YuvRange::Limited,
        YuvStandardMatrix::Bt709,
    )
    .expect("planes fit the size");
    out
}

/// The picture from packed RGB; `None` when `size` has an odd side or `rgb` is not 3 bytes a
/// pixel.
#[expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "both buffers are checked against the size before"
)]
pub fn from_rgb(size: Size, rgb: &[u8]) -> Option<Frame> {
    if size != size.even() || rgb.len() as u64 != size.pixels() * 3 {
        return None;
    }
    let mut frame = Frame::black(size);
    let [y_plane, u_plane, v_plane] = frame.planes_mut();
    let mut image = YuvPlanarImageMut {
        y_plane: BufferStoreMut::Borrowed(y_plane),
        y_stride: size.width,
        u_plane: BufferStoreMut::Borrowed(u_plane),
        u_stride: size.width / 2,
        v_plane: BufferStoreMut::Borrowed(v_plane),
        v_stride: size.width / 2,
        width: size.width,
        height: size.height,
    };
    yuv::rgb_to_yuv420(
        &mut image,
        rgb,
        size.width * 3,
        YuvRange::Limited,
        YuvStandardMatrix::Bt709,
        YuvConversionMode::Balanced,
    )
    .expect("buffers fit the size");
    Some(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_colours_have_their_bt709_codes() {
        let size = Size::new(4, 2);
        for (colour, wanted) in [
            ([0, 0, 0], [16, 128, 128]),
            ([255, 255, 255], [235, 128, 128]),
            ([255, 0, 0], [63, 102, 240]),
            ([0, 255, 0], [173, 42, 26]),
            ([0, 0, 255], [32, 240, 118]),
        ] {
            let frame = from_rgb(size, &colour.repeat(8)).unwrap();
            for (plane, wanted) in frame.planes().iter().zip(wanted) {
                assert!(
                    plane.iter().all(|s| s.abs_diff(wanted) <= 1),
                    "{colour:?} {plane:?}"
                );
            }
        }
    }

    #[test]
    fn smooth_colours_survive_the_way_there_and_back() {
        let size = Size::new(32, 16);
        let picture: Vec<u8> = (0..512_u32)
            .flat_map(|i| [(i % 32 * 7) as u8, (i / 32 * 15) as u8, 128])
            .collect();
        let back = rgb(&from_rgb(size, &picture).unwrap());
        let worst = picture.iter().zip(&back).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(worst.unwrap() <= 12, "{worst:?}");
    }

    #[test]
    fn buffers_that_do_not_fit_are_refused() {
        assert!(from_rgb(Size::new(4, 2), &[0; 23]).is_none());
        assert!(from_rgb(Size::new(3, 2), &[0; 18]).is_none());
    }
}
