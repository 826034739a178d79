//! What is read another way where FFmpeg lacks something, as ladders.

use loopy_core::ladder::Known;

use super::{chain::Tools, codec};

fn lacks(there: bool, what: &str) -> Result<(), String> {
    if there {
        Ok(())
    } else {
        Err(format!("this FFmpeg has no {what}"))
    }
}

fn built_with(option: &str) -> String {
    format!("install an FFmpeg that was built with --enable-{option}")
}

pub(super) fn scaling(tools: Tools) -> Known {
    Known {
        what: "colour conversion and scaling",
        rungs: vec![
            (
                "zimg",
                built_with("libzimg"),
                lacks(tools.zimg, "zscale filter"),
            ),
            ("swscale", String::new(), Ok(())),
        ],
    }
}

pub(super) fn tones(tools: Tools) -> Known {
    let works = lacks(tools.zimg, "zscale filter");
    Known {
        what: "HDR to SDR",
        rungs: vec![
            (
                "tone mapping",
                built_with("libzimg"),
                works.and_then(|()| lacks(tools.tonemap, "tonemap filter")),
            ),
            (
                "the HDR code values as they are, which look dull",
                String::new(),
                Ok(()),
            ),
        ],
    }
}

pub(super) fn transparency(libvpx: bool) -> Known {
    Known {
        what: "transparency of VP8 and VP9",
        rungs: vec![
            (
                "libvpx",
                built_with("libvpx"),
                lacks(libvpx, "libvpx decoder"),
            ),
            (
                "FFmpeg's own decoder, which shows the picture as opaque",
                String::new(),
                Ok(()),
            ),
        ],
    }
}

/// Every ladder of reading, as this FFmpeg stands on it.
pub fn ladders() -> Vec<Known> {
    let tools = Tools::found();
    let libvpx = [c"libvpx", c"libvpx-vp9"].map(|name| codec::named(name).is_some());
    vec![
        scaling(tools),
        tones(tools),
        transparency(libvpx == [true; 2]),
    ]
}
