//! Writing a picture as PNG.

use crate::Rgb;

/// The picture as a PNG file, sRGB tagged.
#[expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "writing to memory cannot fail and a picture always fits its size"
)]
pub fn encode(picture: &Rgb) -> Vec<u8> {
    let mut file = Vec::new();
    let size = picture.size();
    let mut encoder = png::Encoder::new(&mut file, size.width, size.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
    let mut writer = encoder.write_header().expect("the size is not zero");
    writer
        .write_image_data(picture.data())
        .expect("the pixels fit the size");
    writer.finish().expect("memory takes every write");
    file
}

#[cfg(test)]
mod tests {
    use loopy_core::Size;

    use super::*;

    #[test]
    fn a_written_picture_reads_back_to_the_same_pixels() {
        let mut picture = Rgb::filled(Size::new(7, 3), [1, 2, 3]);
        picture.fill(2, 1, Size::new(3, 9), [250, 100, 0]);
        let file = encode(&picture);
        let mut reader = png::Decoder::new(std::io::Cursor::new(&file))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (7, 3));
        assert_eq!(pixels, picture.data());
    }
}
