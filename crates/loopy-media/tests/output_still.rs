//! Single pictures: their colours are those of the stream, as any reader sees them.

#![allow(clippy::unwrap_used, reason = "tests fail by it")]
#![allow(clippy::print_stdout, reason = "a skipped part says so")]

use std::{path::Path, process::Command};

use loopy_core::{Frame, Size};
use loopy_media::{
    Error,
    still::{Format, Stills},
};

const FROM: Size = Size {
    width: 256,
    height: 128,
};

/// BT.709, limited range: black, white, red, green, blue, grey, skin, and a dark blue.
const PATCHES: [([u8; 3], [u8; 3]); 8] = [
    ([16, 128, 128], [0, 0, 0]),
    ([235, 128, 128], [255, 255, 255]),
    ([63, 102, 240], [255, 0, 0]),
    ([173, 42, 26], [0, 255, 0]),
    ([32, 240, 118], [0, 0, 255]),
    ([126, 128, 128], [128, 128, 128]),
    ([167, 108, 150], [216, 166, 134]),
    ([40, 150, 122], [17, 28, 75]),
];

/// Eight upright stripes.
fn stripes() -> Frame {
    let mut frame = Frame::black(FROM);
    for (plane, divisor) in [(0, 1), (1, 2), (2, 2)] {
        let width = FROM.width as usize / divisor;
        for (at, value) in frame.planes_mut()[plane].iter_mut().enumerate() {
            *value = PATCHES[at % width * 8 / width].0[plane];
        }
    }
    frame
}

/// The picture's size and RGB bytes, as the `ffmpeg` command reads it.
fn read(path: &Path) -> Option<Vec<u8>> {
    let out = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(path)
        .args([
            "-sws_flags",
            "accurate_rnd+full_chroma_int",
            "-f",
            "rawvideo",
        ])
        .args(["-pix_fmt", "rgb24", "-"])
        .output();
    match out {
        Ok(out) => {
            assert!(
                out.status.success(),
                "{}",
                String::from_utf8_lossy(&out.stderr)
            );
            Some(out.stdout)
        }
        Err(error) => {
            println!("skipped: no ffmpeg to read pictures with: {error}");
            None
        }
    }
}

fn check(format: Format, name: &str, to: Size) {
    let made = Stills::new(format, FROM, to, 90);
    if let Err(Error::Missing(what)) = &made {
        println!("skipped: this FFmpeg has no {what}");
        return;
    }
    let bytes = made.unwrap().encode(&stripes()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, &bytes).unwrap();
    let Some(rgb) = read(&path) else { return };
    assert_eq!(rgb.len(), to.pixels() as usize * 3);
    for (stripe, (_, wanted)) in PATCHES.iter().enumerate() {
        let x = (2 * stripe + 1) * to.width as usize / 16;
        let y = to.height as usize / 2;
        let at = (y * to.width as usize + x) * 3;
        let seen = &rgb[at..at + 3];
        for (seen, wanted) in seen.iter().zip(wanted) {
            let off = seen.abs_diff(*wanted);
            assert!(
                off <= 6,
                "stripe {stripe}: {:?} for {wanted:?}",
                &rgb[at..at + 3]
            );
        }
    }
}

#[test]
fn a_jpeg_has_the_colours_of_the_stream() {
    check(Format::Jpeg, "a.jpg", FROM);
    check(Format::Jpeg, "b.jpg", Size::new(128, 64));
}

#[test]
fn a_webp_has_the_colours_of_the_stream() {
    check(Format::Webp, "a.webp", FROM);
    check(Format::Webp, "b.webp", Size::new(128, 64));
}

#[test]
fn pictures_do_not_depend_on_those_before_them() {
    let mut stills = Stills::new(Format::Jpeg, FROM, FROM, 75).unwrap();
    let first = stills.encode(&stripes()).unwrap();
    assert_ne!(stills.encode(&Frame::black(FROM)).unwrap(), first);
    assert_eq!(stills.encode(&stripes()).unwrap(), first);
}

#[test]
fn quality_decides_how_large_a_picture_is() {
    let mut grain = Frame::black(FROM);
    for (at, value) in (0_u32..).zip(grain.planes_mut()[0].iter_mut()) {
        *value = 64 + (at.wrapping_mul(2_654_435_761) >> 25) as u8;
    }
    let bytes = |quality| {
        let mut stills = Stills::new(Format::Jpeg, FROM, FROM, quality).unwrap();
        stills.encode(&grain).unwrap().len()
    };
    assert!(bytes(95) > bytes(60));
    assert!(bytes(60) > bytes(10));
}
