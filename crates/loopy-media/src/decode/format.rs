//! What a pixel format is made of, and the planar format that holds the same pixels for filters.

use std::ffi::c_int;

use ffmpeg_sys_the_third as av;

use super::input::text;
#[cfg(test)]
use crate::ffi::c_string;

/// The make of a pixel format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) id: c_int,
    /// Red, green and blue (or a palette of them) rather than luma and chroma.
    pub(crate) rgb: bool,
    pub(crate) alpha: bool,
    /// The format itself says full range (`yuvj420p` and the like).
    pub(crate) full_range: bool,
    /// Bits of the deepest component.
    pub(crate) depth: u32,
    /// Chroma is subsampled by `1 << n` in each direction.
    pub(crate) chroma: (u32, u32),
    components: u8,
    /// Planes of native words, one component each.
    plain: bool,
    float: bool,
}

impl Layout {
    /// The make of format `id`; `None` for no format and for those that live on a device.
    pub(crate) fn of(id: c_int) -> Option<Self> {
        // SAFETY: the call takes any number; the descriptor is static or NULL.
        let descriptor = unsafe { av::av_pix_fmt_desc_get(av::AVPixelFormat(id)).as_ref() }?;
        let has = |flag: c_int| descriptor.flags & flag as u64 != 0;
        if has(av::AV_PIX_FMT_FLAG_HWACCEL) {
            return None;
        }
        let count = usize::from(descriptor.nb_components).min(4);
        let parts = &descriptor.comp[..count];
        let palette = has(av::AV_PIX_FMT_FLAG_PAL);
        // SAFETY: the name is a static string.
        let name = unsafe { text(descriptor.name) };
        let own_plane = parts.iter().enumerate().all(|(index, part)| {
            let planes = parts
                .iter()
                .take(index)
                .all(|other| other.plane != part.plane);
            planes && part.shift == 0
        });
        Some(Self {
            id,
            rgb: has(av::AV_PIX_FMT_FLAG_RGB) || palette,
            alpha: has(av::AV_PIX_FMT_FLAG_ALPHA) || palette,
            full_range: name.starts_with("yuvj"),
            depth: parts
                .iter()
                .map(|part| part.depth.max(0) as u32)
                .max()
                .unwrap_or(8),
            chroma: (
                descriptor.log2_chroma_w.into(),
                descriptor.log2_chroma_h.into(),
            ),
            components: descriptor.nb_components,
            plain: own_plane
                && !palette
                && !has(av::AV_PIX_FMT_FLAG_BE)
                && !has(av::AV_PIX_FMT_FLAG_BAYER)
                && !has(av::AV_PIX_FMT_FLAG_BITSTREAM)
                && !name.starts_with("xyz"),
            float: has(av::AV_PIX_FMT_FLAG_FLOAT),
        })
    }

    /// The make of the format with this name.
    #[cfg(test)]
    pub(crate) fn named(name: &str) -> Option<Self> {
        // SAFETY: the name is NUL-terminated.
        let id = unsafe { av::av_get_pix_fmt(c_string(name.as_bytes()).as_ptr()) };
        Self::of(id.0)
    }

    /// The planar format without a range of its own that has the same memory: `yuvj420p` is
    /// `yuv420p` with a mark that travels as a tag here.
    pub(crate) fn unmarked(self) -> c_int {
        use av::AVPixelFormat as F;
        match F(self.id) {
            F::YUVJ420P => F::YUV420P.0,
            F::YUVJ422P => F::YUV422P.0,
            F::YUVJ444P => F::YUV444P.0,
            F::YUVJ440P => F::YUV440P.0,
            F::YUVJ411P => F::YUV411P.0,
            F(other) => other,
        }
    }

    /// The memory is that of an output picture.
    pub(crate) fn is_output(self) -> bool {
        self.unmarked() == av::AVPixelFormat::YUV420P.0
    }

    /// The format to convert to before filtering; `None` when every filter takes this one.
    ///
    /// Conversion loses nothing but bits beyond the sixteenth.
    pub(crate) fn planar(self) -> Option<String> {
        let depth = self.depth;
        let gray = !self.rgb && self.components <= 2;
        let direct = self.plain
            && if self.float {
                self.rgb && depth == 32
            } else if gray {
                false
            } else if self.alpha {
                matches!(depth, 8 | 16) || (!self.rgb && depth == 10)
            } else {
                matches!(depth, 8 | 9 | 10 | 12 | 14 | 16)
            };
        if direct {
            return None;
        }
        let bits = match depth {
            ..=8 => "",
            9 | 10 if !(self.rgb && self.alpha) => "10le",
            11 | 12 if !self.alpha => "12le",
            _ => "16le",
        };
        let chroma = match (gray, self.chroma) {
            (false, (1, 1)) => "420",
            (false, (1, 0)) => "422",
            (false, (0, 1)) if depth <= 8 && !self.alpha => "440",
            (false, (2, 0)) if depth <= 8 && !self.alpha => "411",
            (false, (2, 2)) if depth <= 8 && !self.alpha => "410",
            _ => "444",
        };
        Some(match (self.rgb, self.alpha) {
            (true, true) => format!("gbrap{bits}"),
            (true, false) => format!("gbrp{bits}"),
            (false, true) => format!("yuva{chroma}p{bits}"),
            (false, false) => format!("yuv{chroma}p{bits}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planar_formats_pass_and_packed_ones_get_planes_of_their_own_kind() {
        for (name, planar) in [
            ("yuv420p", None),
            ("yuv422p10le", None),
            ("yuva420p", None),
            ("gbrp", None),
            ("gray", Some("yuv444p")),
            ("gray10le", Some("yuv444p10le")),
            ("nv12", Some("yuv420p")),
            ("p010le", Some("yuv420p10le")),
            ("yuyv422", Some("yuv422p")),
            ("rgb24", Some("gbrp")),
            ("bgra", Some("gbrap")),
            ("rgba64le", Some("gbrap16le")),
            ("pal8", Some("gbrap")),
            ("ya8", Some("yuva444p")),
            ("yuva444p12le", Some("yuva444p16le")),
            ("monow", Some("yuv444p")),
        ] {
            let layout = Layout::named(name).unwrap();
            assert_eq!(layout.planar().as_deref(), planar, "{name}");
        }
    }
}
