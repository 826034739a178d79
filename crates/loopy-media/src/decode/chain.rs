//! From what a picture is to the filters that make it an output picture: pure text and numbers.
//!
//! Order: planes -> deinterlace -> even sides -> (alpha onto the pad colour) -> crop -> colour and
//! size -> rotate. Bars are added while the result is copied out, since that is exact.

use loopy_core::{
    Size,
    color::{Color, Matrix},
    ledger::Entry,
    normalise::{Fit, Normalise, Scaler},
};

use super::{color, format::Layout, graph, ladders, place};

/// What a source picture is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Source {
    pub(crate) layout: Layout,
    pub(crate) size: Size,
    /// Width and height of a sample.
    pub(crate) aspect: (u32, u32),
    pub(crate) color: Color,
    /// Chroma lies where MPEG-2 and later put it: beside every other luma column, between rows.
    pub(crate) usual_chroma: bool,
    /// Clockwise, to show it upright.
    pub(crate) rotation: u16,
    pub(crate) mirrored: bool,
    /// Frames may be flagged as interlaced.
    pub(crate) interlaced: bool,
}

/// The filters that this FFmpeg offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tools {
    /// `zscale`: colour conversion and scaling by zimg.
    pub(crate) zimg: bool,
    pub(crate) tonemap: bool,
}

impl Tools {
    pub(crate) fn found() -> Self {
        Self {
            zimg: graph::has("zscale"),
            tonemap: graph::has("tonemap"),
        }
    }
}

/// The way to an output picture.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Chain {
    /// Filters that end in `yuva444p16le`, after which alpha is resolved.
    pub(crate) flatten: Option<String>,
    /// Size of the picture after `flatten`.
    pub(crate) flat: Size,
    /// Filters that end in `yuv420p` of size `fitted`; `None` when the pixels are right already.
    pub(crate) main: Option<String>,
    /// Size of the picture inside the output.
    pub(crate) fitted: Size,
    /// Rungs that were left for want of a filter.
    pub(crate) fallbacks: Vec<Entry>,
}

/// The chain from `source` to `wanted`.
pub(crate) fn chain(source: &Source, wanted: &Normalise, tools: Tools) -> Chain {
    let mut filters = Vec::new();
    let (layout, size) = prepare(source, &mut filters);
    let mut now = Source { size, ..*source };
    let depth = source.layout.depth;
    let flatten = layout.alpha.then(|| {
        let to = Target {
            size: now.size,
            format: "yuva444p16le",
            depth,
        };
        filters.push(color::setparams(now.color));
        filters.extend(convert(now.color, &to, wanted.scaler, tools));
        let text = filters.join(",");
        filters.clear();
        now.color = Color::SDR;
        now.usual_chroma = true;
        text
    });
    let turned = !now.rotation.is_multiple_of(180);
    let fit = Fitted::new(&now, wanted, turned);
    if let Some(crop) = fit.crop {
        filters.push(crop);
    }
    let turns = turns(now.rotation, now.mirrored);
    let right = flatten.is_none()
        && layout.is_output()
        && color::is_output(now.color)
        && now.usual_chroma
        && turns.is_empty()
        && fit.source == fit.picture;
    if !right {
        filters.push(color::setparams(now.color));
        let to = Target {
            size: fit.picture,
            format: "yuv420p",
            depth,
        };
        if turns.is_empty() {
            filters.extend(convert(now.color, &to, wanted.scaler, tools));
        } else {
            // Turned chroma would lie where no tag can say; with a chroma sample for every pixel
            // there is nothing to say.
            let whole = Target {
                format: "yuv444p16le",
                ..to
            };
            filters.extend(convert(now.color, &whole, wanted.scaler, tools));
            filters.extend(turns);
            let size = if turned {
                flip(fit.picture)
            } else {
                fit.picture
            };
            filters.extend(convert(
                Color::SDR,
                &Target { size, ..to },
                wanted.scaler,
                tools,
            ));
        }
    }
    Chain {
        flatten,
        flat: now.size,
        main: (!filters.is_empty()).then(|| filters.join(",")),
        fitted: if turned {
            flip(fit.picture)
        } else {
            fit.picture
        },
        fallbacks: fallbacks(source.color, tools),
    }
}

/// Where a picture lies in its frame: left and upper edge, width and height in parts of the frame's.
pub(crate) fn lies(source: &Source, wanted: &Normalise) -> [f64; 4] {
    let (_, size) = prepare(source, &mut Vec::new());
    let turned = !source.rotation.is_multiple_of(180);
    let fit = Fitted::new(&Source { size, ..*source }, wanted, turned);
    let upright = |size: Size| if turned { flip(size) } else { size };
    let (all, used) = (upright(size), upright(fit.source));
    let area = place::area(upright(fit.picture), wanted.size);
    let axis = |start: u32, length: u32, frame: u32, all: u32, used: u32| {
        let (frame, used) = (f64::from(frame), f64::from(used));
        let whole = f64::from(length) / frame * f64::from(all) / used;
        // What is cut off is cut off evenly.
        let beyond = (whole - f64::from(length) / frame) / 2.0;
        (f64::from(start) / frame - beyond, whole)
    };
    let frame = wanted.size;
    let (left, width) = axis(
        area.left,
        area.size.width,
        frame.width,
        all.width,
        used.width,
    );
    let (top, height) = axis(
        area.top,
        area.size.height,
        frame.height,
        all.height,
        used.height,
    );
    [left, top, width, height]
}

/// Filters that give planes, progressive frames and sides that chroma divides; what they yield.
fn prepare(source: &Source, filters: &mut Vec<String>) -> (Layout, Size) {
    let layout = source.layout;
    let mut chroma = layout.chroma;
    if let Some(planar) = layout.planar() {
        // Equal ranges on both sides: planes are rearranged, values stay.
        filters.push(format!("scale=in_range=pc:out_range=pc,format={planar}"));
        if layout.rgb || planar.contains("444") {
            chroma = (0, 0);
        }
    }
    let Size { width, height } = source.size;
    if source.interlaced && width >= 4 && height >= 4 {
        filters.push("bwdif=mode=send_frame:parity=auto:deint=interlaced".to_owned());
    }
    let even = Size::new(
        width.next_multiple_of(1 << chroma.0),
        height.next_multiple_of(1 << chroma.1),
    );
    if even != source.size {
        // `pad` may leave out the last chroma sample when only half of it is covered: that sample
        // and its luma are taken from the one before.
        let smear = |odd: bool, log: u32| if odd { 1 << log } else { 0 };
        filters.push(format!(
            "pad=w={}:h={}:x=0:y=0,fillborders=right={}:bottom={}:mode=smear",
            even.width,
            even.height,
            smear(even.width != width, chroma.0),
            smear(even.height != height, chroma.1)
        ));
    }
    (layout, even)
}

/// The geometry of a picture in a frame, in the source's orientation.
struct Fitted {
    /// What of the source is used.
    source: Size,
    crop: Option<String>,
    /// Size of that in the output.
    picture: Size,
}

impl Fitted {
    fn new(source: &Source, wanted: &Normalise, turned: bool) -> Self {
        let Size { width, height } = source.size;
        let target = if turned {
            flip(wanted.size)
        } else {
            wanted.size
        };
        let aspect = f64::from(source.aspect.0) / f64::from(source.aspect.1.max(1));
        let (shown_width, shown_height) = (f64::from(width) * aspect, f64::from(height));
        let (target_width, target_height) = (f64::from(target.width), f64::from(target.height));
        let (across, down) = (target_width / shown_width, target_height / shown_height);
        match wanted.fit {
            Fit::Stretch => Self {
                source: source.size,
                crop: None,
                picture: target,
            },
            Fit::Pad => {
                let scale = across.min(down);
                let side = |shown: f64, most: u32| {
                    ((shown * scale / 2.0).round() as u32 * 2).clamp(2, most)
                };
                let picture = Size::new(
                    side(shown_width, target.width),
                    side(shown_height, target.height),
                );
                Self {
                    source: source.size,
                    crop: None,
                    picture,
                }
            }
            Fit::Crop => {
                let scale = across.max(down);
                // Whole chroma samples are cut off on both sides alike.
                let side = |target: f64, shown: f64, side: u32| {
                    let kept = target / (shown * scale) * f64::from(side);
                    let cut = ((f64::from(side) - kept) / 4.0).round().max(0.0) as u32 * 4;
                    side.saturating_sub(cut).max(side.min(2))
                };
                let kept = Size::new(
                    side(target_width, shown_width, width),
                    side(target_height, shown_height, height),
                );
                let crop = (kept != source.size).then(|| {
                    let (x, y) = ((width - kept.width) / 2, (height - kept.height) / 2);
                    format!("crop=w={}:h={}:x={x}:y={y}", kept.width, kept.height)
                });
                Self {
                    source: kept,
                    crop,
                    picture: target,
                }
            }
        }
    }
}

fn flip(size: Size) -> Size {
    Size::new(size.height, size.width)
}

fn turns(rotation: u16, mirrored: bool) -> Vec<String> {
    let mut turns: Vec<&str> = Vec::new();
    if mirrored {
        turns.push("hflip");
    }
    match rotation {
        90 => turns.push("transpose=clock"),
        180 => turns.extend(["hflip", "vflip"]),
        270 => turns.push("transpose=cclock"),
        _ => {}
    }
    turns.into_iter().map(str::to_owned).collect()
}

/// What a conversion ends in; the colour is always [`Color::SDR`].
#[derive(Clone, Copy)]
struct Target {
    size: Size,
    format: &'static str,
    /// Bits that the source has: what is more than 8 is dithered when it is cut off.
    depth: u32,
}

/// Filters that turn frames tagged `from` into [`Color::SDR`] of the target's size and format.
fn convert(from: Color, to: &Target, scaler: Scaler, tools: Tools) -> Vec<String> {
    let Size { width, height } = to.size;
    if !tools.zimg {
        return vec![swscale(from, to, scaler)];
    }
    let filter = match scaler {
        Scaler::Lanczos => "lanczos",
        Scaler::Bicubic => "bicubic",
        Scaler::Bilinear => "bilinear",
        Scaler::Spline36 => "spline36",
    };
    // Ordered dither stays put from frame to frame, so that a still picture stays still.
    let dither = if to.depth > 8 || from.hdr() {
        "ordered"
    } else {
        "none"
    };
    let size = format!("w={width}:h={height}:f={filter}");
    let out = format!(
        "d={dither}:r=limited:m=709:p=709:t=709:c=left,format={}",
        to.format
    );
    if from.hdr() && tools.tonemap {
        let float = if to.format.starts_with("yuva") {
            "gbrapf32le"
        } else {
            "gbrpf32le"
        };
        vec![
            // 203 nits is the light of white paper in HDR (ITU-R BT.2408): it becomes 1.0.
            format!("zscale={size}:t=linear:p=709:npl=203,format={float}"),
            "tonemap=tonemap=mobius:param=0.3:desat=0:peak=5".to_owned(),
            format!("zscale={out}"),
        ]
    } else {
        vec![format!("zscale={size}:{out}")]
    }
}

fn swscale(from: Color, to: &Target, scaler: Scaler) -> String {
    let filter = match scaler {
        Scaler::Lanczos => "lanczos",
        Scaler::Bicubic => "bicubic",
        Scaler::Bilinear => "bilinear",
        Scaler::Spline36 => "spline",
    };
    let matrix = match from.matrix {
        Matrix::Rgb | Matrix::Bt709 => "bt709",
        Matrix::Bt601 => "bt601",
        Matrix::Fcc => "fcc",
        Matrix::Smpte240m => "smpte240m",
        Matrix::Bt2020 => "bt2020",
    };
    let range = if from.full_range { "pc" } else { "tv" };
    format!(
        "scale=w={}:h={}:flags={filter}+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact\
         :in_color_matrix={matrix}:out_color_matrix=bt709:in_range={range}:out_range=tv,\
         format={},setparams=range=tv:colorspace=bt709",
        to.size.width, to.size.height, to.format
    )
}

fn fallbacks(color: Color, tools: Tools) -> Vec<Entry> {
    let mut entries = ladders::scaling(tools).settle().1;
    if color.hdr() {
        entries.extend(ladders::tones(tools).settle().1);
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOLS: Tools = Tools {
        zimg: true,
        tonemap: true,
    };

    fn source(width: u32, height: u32) -> Source {
        Source {
            layout: Layout::named("yuv420p").unwrap(),
            size: Size::new(width, height),
            aspect: (1, 1),
            color: Color::SDR,
            usual_chroma: true,
            rotation: 0,
            mirrored: false,
            interlaced: false,
        }
    }

    fn wanted(width: u32, height: u32, fit: Fit) -> Normalise {
        Normalise {
            fit,
            ..Normalise::to(Size::new(width, height))
        }
    }

    fn fitted(source: &Source, wanted: &Normalise) -> (u32, u32) {
        let fitted = chain(source, wanted, TOOLS).fitted;
        (fitted.width, fitted.height)
    }

    #[test]
    fn what_is_right_already_is_not_touched() {
        let chain = chain(&source(1280, 720), &wanted(1280, 720, Fit::Pad), TOOLS);
        assert_eq!((chain.main, chain.flatten), (None, None));
        let bars = wanted(1280, 1280, Fit::Pad);
        assert_eq!(super::chain(&source(1280, 720), &bars, TOOLS).main, None);
    }

    #[test]
    fn pad_keeps_the_shape_and_lets_no_hairline_bar_in() {
        assert_eq!(
            fitted(&source(640, 480), &wanted(1280, 720, Fit::Pad)),
            (960, 720)
        );
        let narrow = Source {
            aspect: (512, 513),
            ..source(256, 256)
        };
        assert_eq!(fitted(&narrow, &wanted(256, 256, Fit::Pad)), (256, 256));
        let wide = Source {
            aspect: (64, 45),
            ..source(720, 576)
        };
        assert_eq!(fitted(&wide, &wanted(1920, 1080, Fit::Pad)), (1920, 1080));
        let thin = source(4000, 2);
        assert_eq!(fitted(&thin, &wanted(160, 90, Fit::Pad)), (160, 2));
    }

    #[test]
    fn a_turned_picture_is_fitted_as_it_is_shown() {
        let phone = Source {
            rotation: 90,
            ..source(1280, 720)
        };
        assert_eq!(fitted(&phone, &wanted(720, 1280, Fit::Pad)), (720, 1280));
        assert_eq!(fitted(&phone, &wanted(1280, 720, Fit::Pad)), (406, 720));
    }

    #[test]
    fn crop_cuts_evenly_and_fills_the_size() {
        let chain = chain(&source(640, 480), &wanted(640, 360, Fit::Crop), TOOLS);
        assert_eq!(chain.main.as_deref(), Some("crop=w=640:h=360:x=0:y=60"));
        assert_eq!(chain.fitted, Size::new(640, 360));
    }

    #[test]
    fn fallbacks_are_told_only_when_they_happen() {
        let hdr = Color {
            transfer: loopy_core::color::Transfer::Pq,
            ..Color::SDR
        };
        assert_eq!(fallbacks(hdr, TOOLS), []);
        assert_eq!(
            fallbacks(
                Color::SDR,
                Tools {
                    zimg: true,
                    tonemap: false
                }
            ),
            []
        );
        assert_eq!(
            fallbacks(
                hdr,
                Tools {
                    zimg: false,
                    tonemap: true
                }
            )
            .len(),
            2
        );
    }
}
