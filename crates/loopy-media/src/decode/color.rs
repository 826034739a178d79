//! Between FFmpeg's colour tags and ours, with the usual assumptions where a file has no tags.

use ffmpeg_sys_the_third as av;
use loopy_core::color::{Color, Matrix, Primaries, Transfer};

use super::format::Layout;

/// The colour tags of a stream or frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ColorTags {
    pub(crate) range: av::AVColorRange,
    pub(crate) matrix: av::AVColorSpace,
    pub(crate) primaries: av::AVColorPrimaries,
    pub(crate) transfer: av::AVColorTransferCharacteristic,
}

impl ColorTags {
    /// These tags, and those of `other` where these say nothing.
    pub(crate) fn or(self, other: Self) -> Self {
        let range = if self.range == av::AVColorRange::UNSPECIFIED {
            other
        } else {
            self
        }
        .range;
        let matrix = if self.matrix == av::AVColorSpace::UNSPECIFIED {
            other
        } else {
            self
        }
        .matrix;
        let primaries = if self.primaries == av::AVColorPrimaries::UNSPECIFIED {
            other.primaries
        } else {
            self.primaries
        };
        let transfer = if self.transfer == av::AVColorTransferCharacteristic::UNSPECIFIED {
            other.transfer
        } else {
            self.transfer
        };
        Self {
            range,
            matrix,
            primaries,
            transfer,
        }
    }

    /// What the tags mean for pictures of `layout` and this size.
    ///
    /// Untagged: RGB is full range, everything else limited; up to 1024x576 the matrix is BT.601,
    /// above BT.709; primaries are BT.709, so that nothing is converted on a guess; the transfer
    /// is BT.709.
    pub(crate) fn read(self, layout: Layout, width: u32, height: u32) -> Color {
        use av::{
            AVColorPrimaries as P, AVColorRange as R, AVColorSpace as M,
            AVColorTransferCharacteristic as T,
        };
        let matrix = if layout.rgb {
            Matrix::Rgb
        } else {
            match self.matrix {
                M::BT709 => Matrix::Bt709,
                M::BT470BG | M::SMPTE170M => Matrix::Bt601,
                M::FCC => Matrix::Fcc,
                M::SMPTE240M => Matrix::Smpte240m,
                M::BT2020_NCL | M::BT2020_CL => Matrix::Bt2020,
                _ if height <= 576 && width <= 1024 => Matrix::Bt601,
                _ => Matrix::Bt709,
            }
        };
        let transfer = match self.transfer {
            T::SMPTE2084 => Transfer::Pq,
            T::ARIB_STD_B67 => Transfer::Hlg,
            T::LINEAR => Transfer::Linear,
            T::IEC61966_2_1 => Transfer::Srgb,
            T::GAMMA22 => Transfer::Gamma22,
            T::GAMMA28 => Transfer::Gamma28,
            _ => Transfer::Bt709,
        };
        let wide = matrix == Matrix::Bt2020 || matches!(transfer, Transfer::Pq | Transfer::Hlg);
        let primaries = match self.primaries {
            P::BT470BG | P::EBU3213 => Primaries::Bt470bg,
            P::SMPTE170M | P::SMPTE240M => Primaries::Smpte170m,
            P::BT2020 => Primaries::Bt2020,
            P::SMPTE431 | P::SMPTE432 => Primaries::Smpte432,
            P::UNSPECIFIED if wide => Primaries::Bt2020,
            _ => Primaries::Bt709,
        };
        Color {
            full_range: layout.rgb || layout.full_range || self.range == R::JPEG,
            matrix,
            primaries,
            transfer,
        }
    }
}

/// The options of the `setparams` filter that say `color`.
pub(crate) fn setparams(color: Color) -> String {
    let range = if color.full_range { "pc" } else { "tv" };
    let matrix = match color.matrix {
        Matrix::Rgb => "gbr",
        Matrix::Bt709 => "bt709",
        Matrix::Bt601 => "smpte170m",
        Matrix::Fcc => "fcc",
        Matrix::Smpte240m => "smpte240m",
        Matrix::Bt2020 => "bt2020nc",
    };
    let primaries = match color.primaries {
        Primaries::Bt709 => "bt709",
        Primaries::Bt470bg => "bt470bg",
        Primaries::Smpte170m => "smpte170m",
        Primaries::Bt2020 => "bt2020",
        Primaries::Smpte432 => "smpte432",
    };
    let transfer = match color.transfer {
        // The SDR curves are all made to be shown as they are: converting between them would
        // change the look on every screen.
        Transfer::Bt709 | Transfer::Srgb | Transfer::Gamma22 | Transfer::Gamma28 => "bt709",
        Transfer::Linear => "linear",
        Transfer::Pq => "smpte2084",
        Transfer::Hlg => "arib-std-b67",
    };
    format!(
        "setparams=range={range}:colorspace={matrix}:color_primaries={primaries}:color_trc={transfer}"
    )
}

/// The pixels need no conversion to be [`Color::SDR`].
pub(crate) fn is_output(color: Color) -> bool {
    let shown_alike = !matches!(
        color.transfer,
        Transfer::Linear | Transfer::Pq | Transfer::Hlg
    );
    shown_alike
        && Color {
            transfer: Color::SDR.transfer,
            ..color
        } == Color::SDR
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: ColorTags = ColorTags {
        range: av::AVColorRange::UNSPECIFIED,
        matrix: av::AVColorSpace::UNSPECIFIED,
        primaries: av::AVColorPrimaries::UNSPECIFIED,
        transfer: av::AVColorTransferCharacteristic::UNSPECIFIED,
    };

    fn layout(name: &str) -> Layout {
        Layout::named(name).unwrap()
    }

    #[test]
    fn untagged_pictures_are_read_by_their_size_and_format() {
        let small = NONE.read(layout("yuv420p"), 720, 576);
        assert_eq!(
            small,
            Color {
                matrix: Matrix::Bt601,
                ..Color::SDR
            }
        );
        assert_eq!(NONE.read(layout("yuv420p"), 1280, 720), Color::SDR);
        assert!(NONE.read(layout("yuvj420p"), 1280, 720).full_range);
        let rgb = NONE.read(layout("rgb24"), 160, 90);
        assert_eq!((rgb.matrix, rgb.full_range), (Matrix::Rgb, true));
    }

    #[test]
    fn tags_of_the_frame_win_over_those_of_the_stream() {
        let stream = ColorTags {
            matrix: av::AVColorSpace::BT709,
            range: av::AVColorRange::JPEG,
            ..NONE
        };
        let frame = ColorTags {
            matrix: av::AVColorSpace::SMPTE170M,
            ..NONE
        };
        let color = frame.or(stream).read(layout("yuv420p"), 1920, 1080);
        assert_eq!((color.matrix, color.full_range), (Matrix::Bt601, true));
    }

    #[test]
    fn hdr_without_primaries_is_wide() {
        let pq = ColorTags {
            transfer: av::AVColorTransferCharacteristic::SMPTE2084,
            ..NONE
        };
        assert_eq!(
            pq.read(layout("yuv420p10le"), 3840, 2160).primaries,
            Primaries::Bt2020
        );
    }
}
