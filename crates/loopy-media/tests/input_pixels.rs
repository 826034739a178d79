//! What the pixels of a source become: nothing at all when they are right already, and the right
//! colour, place and shape otherwise.

#![allow(clippy::unwrap_used, reason = "a test stops at what must not be")]

mod input_support;

use std::path::{Path, PathBuf};

use input_support::{at, brightness, ffmpeg, hostile, near, read, shared, to};
use loopy_core::{
    Size,
    limits::Limits,
    normalise::{Fit, Normalise, Rgb},
};
use loopy_media::{
    decode::{Faults, Picture, Reader},
    probe::probe,
};
use tempfile::TempDir;

/// BT.709 limited-range codes of red, green, blue and 50 % gray.
const RED: [u8; 3] = [63, 102, 240];
const GREEN: [u8; 3] = [173, 42, 26];
const BLUE: [u8; 3] = [32, 240, 118];

/// A source made by the `ffmpeg` program: quarters of red, green, blue and gray, 160x96.
struct Made {
    _folder: TempDir,
    path: PathBuf,
}

fn quarters(size: (u32, u32), filters: &str, encode: &str, extension: &str) -> Option<Made> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("made.{extension}"));
    let (width, height) = size;
    let (w, h) = (width / 2, height / 2);
    let quarter = |color: &str, x: u32, y: u32| {
        format!("drawbox=x={x}:y={y}:w={w}:h={h}:color={color}:t=fill:replace=1")
    };
    let draw = [
        quarter("red", 0, 0),
        quarter("lime", w, 0),
        quarter("blue", 0, h),
    ]
    .join(",");
    let arguments = format!(
        "-f lavfi -i color=c=0x808080:s={width}x{height}:r=25:d=0.2,format=gbrp,{draw},\
         format=gbrp,setparams=colorspace=gbr:color_primaries=bt709:color_trc=bt709:range=pc{filters} {encode}"
    );
    ffmpeg(&arguments, &path).then_some(Made {
        _folder: folder,
        path,
    })
}

/// Checks the quarters of a picture, red, green and blue from the upper left on.
#[track_caller]
fn check_quarters(path: &Path, wanted: &Normalise, by: u8) {
    let (pictures, _) = read(path, wanted).unwrap();
    assert_eq!(pictures.len(), 5);
    let Size { width, height } = wanted.size;
    let (x, y) = (width / 4, height / 4);
    for picture in &pictures {
        near(at(picture, x, y), RED, by);
        near(at(picture, 3 * x, y), GREEN, by);
        near(at(picture, x, 3 * y), BLUE, by);
        near(at(picture, 3 * x, 3 * y), [126, 128, 128], by);
    }
}

#[test]
fn a_source_that_is_right_already_keeps_every_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("right.mkv");
    let raw = folder.path().join("right.yuv");
    let source = "-f lavfi -i testsrc2=s=192x108:r=25:d=0.4,format=yuv420p,noise=alls=40";
    let tags = "-c:v libx264 -qp 0 -colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv";
    if !ffmpeg(&format!("{source} {tags}"), &path) {
        return;
    }
    assert!(ffmpeg(&format!("-i {} -f rawvideo", path.display()), &raw));
    let expected = std::fs::read(raw).unwrap();
    let (pictures, faults) = read(&path, &to(192, 108)).unwrap();
    let got: Vec<u8> = pictures
        .iter()
        .flat_map(|p| p.frame.data().to_vec())
        .collect();
    assert!(got == expected, "{} pictures", pictures.len());
    assert_eq!(faults, loopy_media::decode::Faults::default());
    // Bars do not touch the picture either.
    let (padded, _) = read(&path, &to(192, 192)).unwrap();
    let size = 192 * 42;
    assert_eq!(
        padded[3].frame.planes()[0][size..][..192 * 108],
        *pictures[3].frame.planes()[0]
    );
}

#[test]
fn the_primaries_keep_their_colour_through_every_matrix_range_and_format() {
    let x264 = "-c:v libx264 -qp 0";
    for (filters, encode, by) in [
        (
            ",zscale=p=709:t=709:m=709:r=limited,format=yuv444p",
            "-colorspace bt709 -color_range tv",
            2,
        ),
        (
            ",zscale=p=709:t=709:m=170m:r=limited,format=yuv444p",
            "-colorspace smpte170m -color_range tv",
            2,
        ),
        (
            ",zscale=p=709:t=709:m=470bg:r=limited,format=yuv420p",
            "-colorspace bt470bg",
            2,
        ),
        (
            ",zscale=p=709:t=709:m=170m:r=full,format=yuv420p",
            "-colorspace smpte170m -color_range pc",
            2,
        ),
        (
            ",zscale=p=709:t=709:m=709:r=full,format=yuvj420p",
            "-colorspace bt709 -color_range pc",
            2,
        ),
        (",zscale=p=709:t=709:m=170m:r=limited,format=yuv420p", "", 2), // untagged and small
        (
            ",zscale=p=709:t=709:m=709:r=limited,format=yuv422p10",
            "-colorspace bt709",
            2,
        ),
        (
            ",zscale=p=709:t=709:m=2020_ncl:r=limited,format=yuv444p10",
            "-colorspace bt2020nc -color_primaries bt709",
            2,
        ),
    ] {
        let encode = format!("{x264} {encode}");
        let Some(made) = quarters((160, 96), filters, &encode, "mkv") else {
            return;
        };
        for wanted in [to(160, 96), to(80, 48), to(320, 192)] {
            println!("{filters} {encode} {}", wanted.size);
            check_quarters(&made.path, &wanted, by);
        }
    }
}

#[test]
fn rgb_packed_and_palette_sources_keep_their_colour() {
    for (filters, encode, extension) in [
        ("", "-c:v libx264rgb -qp 0 -pix_fmt bgr24", "mkv"),
        ("", "-c:v ffv1 -pix_fmt bgr0", "mkv"),
        ("", "-c:v ffv1 -pix_fmt gbrp10le", "mkv"),
        ("", "-c:v rawvideo -pix_fmt rgb24", "nut"),
        ("", "-c:v png -pix_fmt rgba", "mov"),
        ("", "-c:v ffv1 -pix_fmt rgb48le", "mkv"),
        (
            ",zscale=p=709:t=709:m=170m:r=limited,format=yuv422p",
            "-c:v rawvideo -pix_fmt yuyv422",
            "nut",
        ),
        (
            ",zscale=p=709:t=709:m=170m:r=limited,format=yuv420p",
            "-c:v rawvideo -pix_fmt nv12",
            "nut",
        ),
    ] {
        let Some(made) = quarters((160, 96), filters, encode, extension) else {
            return;
        };
        println!("{filters} {encode}");
        check_quarters(&made.path, &to(160, 96), 3);
        check_quarters(&made.path, &to(96, 64).clone_with(Fit::Stretch), 3);
    }
}

#[test]
fn gray_is_neutral_and_its_range_is_read() {
    for (format, range, luma) in [
        ("gray", "pc", 126),
        ("gray", "tv", 128),
        ("gray10le", "tv", 128),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gray.mkv");
        let source = "-f lavfi -i color=c=black:s=64x64:r=25:d=0.2,format=gray,lutyuv=y=128";
        let encode = format!(
            "-vf scale=in_range=pc:out_range=pc,format={format} -c:v ffv1 -color_range {range}"
        );
        if !ffmpeg(&format!("{source} {encode}"), &path) {
            return;
        }
        let (pictures, _) = read(&path, &to(64, 64)).unwrap();
        println!("{format} {range}");
        near(at(&pictures[2], 30, 30), [luma, 128, 128], 1);
    }
}

#[test]
fn odd_sides_are_filled_to_the_edge() {
    for (size, filters) in [
        (
            (35, 21),
            ",zscale=p=709:t=709:m=170m:r=limited,format=yuv444p",
        ),
        (
            (17, 9),
            ",zscale=p=709:t=709:m=170m:r=limited,format=yuv444p",
        ),
    ] {
        let Some(made) = quarters(size, filters, "-c:v ffv1", "mkv") else {
            return;
        };
        let (pictures, _) = read(&made.path, &to(70, 42).clone_with(Fit::Stretch)).unwrap();
        near(at(&pictures[0], 69, 41), [126, 128, 128], 4);
        near(at(&pictures[0], 4, 4), RED, 4);
    }
    let Some(path) = hostile("odd_641x361_vp9.webm") else {
        return;
    };
    let (pictures, _) = read(&path, &to(642, 362)).unwrap();
    let last = |x| at(&pictures[10], x, 200);
    near(last(641), last(639), 12);
}

#[test]
fn pictures_are_turned_upright() {
    let x264 = ",zscale=p=709:t=709:m=170m:r=limited,format=yuv420p";
    let Some(upright) = quarters((160, 96), x264, "-c:v libx264 -qp 0", "mp4") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    // ffmpeg's `rotate` is counterclockwise: the player turns the picture by as much.
    for (degrees, corner) in [(0, RED), (90, GREEN), (180, [126, 128, 128]), (270, BLUE)] {
        let path = folder.path().join(format!("{degrees}.mp4"));
        let rotate = format!(
            "-i {} -c copy -metadata:s:v:0 rotate={degrees}",
            upright.path.display()
        );
        assert!(ffmpeg(&rotate, &path));
        let turned = degrees % 180 != 0;
        let wanted = if turned { to(96, 160) } else { to(160, 96) };
        let (pictures, _) = read(&path, &wanted).unwrap();
        assert_eq!(pictures.len(), 5);
        println!("{degrees}: {:?}", at(&pictures[0], 10, 10));
        near(at(&pictures[0], 10, 10), corner, 4);
        near(at(&pictures[4], 10, 10), corner, 4);
    }
}

#[test]
fn transparent_pixels_show_the_pad_colour() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alpha.mov");
    // Left opaque red, right transparent green, with half-transparent blue below.
    let part = |upper_left: u8, upper_right: u8, below: u8| {
        format!("'if(lt(Y,48),if(lt(X,80),{upper_left},{upper_right}),{below})'")
    };
    let (r, g, b, a) = (
        part(255, 0, 0),
        part(0, 255, 0),
        part(0, 0, 255),
        part(255, 0, 128),
    );
    let source = format!(
        "-f lavfi -i color=c=black:s=160x96:r=25:d=0.2,format=rgba,geq=r={r}:g={g}:b={b}:a={a}"
    );
    for encode in [
        "-c:v png",
        "-c:v qtrle -pix_fmt argb",
        "-c:v prores_ks -profile:v 4444 -pix_fmt yuva444p10le",
    ] {
        if !ffmpeg(&format!("{source} {encode}"), &path) {
            return;
        }
        let wanted = Normalise {
            pad: Rgb(255, 255, 255),
            ..to(160, 160)
        };
        let (pictures, _) = read(&path, &wanted).unwrap();
        assert_eq!(pictures.len(), 5);
        let picture = &pictures[2];
        println!("{encode}");
        near(at(picture, 20, 40), RED, 4);
        near(at(picture, 140, 40), [235, 128, 128], 4);
        near(at(picture, 80, 4), [235, 128, 128], 0);
        // Half blue, half white.
        near(at(picture, 80, 110), [134, 184, 123], 4);
    }
}

#[test]
fn vp9_alpha_shows_the_pad_colour() {
    let Some(path) = hostile("vp9_alpha.webm") else {
        return;
    };
    let white = Normalise {
        pad: Rgb(255, 255, 255),
        ..to(128, 128)
    };
    let (over_black, _) = read(&path, &to(128, 128)).unwrap();
    let (over_white, _) = read(&path, &white).unwrap();
    assert!(brightness(&over_white[30]) > brightness(&over_black[30]) + 10.0);
}

#[test]
fn crop_and_stretch_leave_no_bars() {
    let filters = ",zscale=p=709:t=709:m=170m:r=limited,format=yuv420p";
    let Some(made) = quarters((160, 96), filters, "-c:v libx264 -qp 0", "mkv") else {
        return;
    };
    for (size, fit) in [
        ((96, 96), Fit::Crop),
        ((96, 160), Fit::Crop),
        ((96, 96), Fit::Stretch),
    ] {
        check_quarters(&made.path, &to(size.0, size.1).clone_with(fit), 3);
    }
    let (padded, _) = read(&made.path, &to(96, 96)).unwrap();
    near(at(&padded[0], 48, 2), [16, 128, 128], 0);
}

#[test]
fn wide_samples_are_shown_wide() {
    let Some(path) = hostile("anamorphic_sar64_45.mp4") else {
        return;
    };
    // 720x576 at 64:45 is 16:9, so that nothing is left for bars.
    let (pictures, _) = read(&path, &to(320, 180)).unwrap();
    let [luma, ..] = pictures[10].frame.planes();
    let row: f64 = luma[..320].iter().map(|v| f64::from(*v)).sum::<f64>() / 320.0;
    let column: f64 = luma.iter().step_by(320).map(|v| f64::from(*v)).sum::<f64>() / 180.0;
    assert!(row > 17.0 && column > 17.0, "{row} {column}");
}

#[test]
fn hdr_becomes_a_picture_of_ordinary_brightness() {
    for name in ["hdr10_pq_hevc10.mp4", "hlg_h264_high10.mp4"] {
        let Some(path) = hostile(name) else { return };
        let (pictures, _) = read(&path, &to(320, 180)).unwrap();
        let light = brightness(&pictures[20]);
        println!("{name}: {light}");
        assert!((50.0..190.0).contains(&light), "{name}: {light}");
    }
}

/// How much rows stand out from the rows above and below them: combs make it large.
fn combs(luma: &[u8], width: usize) -> f64 {
    let rows: Vec<_> = luma.chunks_exact(width).collect();
    let stand_out = rows.windows(3).flat_map(|rows| {
        rows[0]
            .iter()
            .zip(rows[1])
            .zip(rows[2])
            .map(|((above, here), below)| {
                (f64::from(*here) * 2.0 - f64::from(*above) - f64::from(*below)).abs()
            })
    });
    stand_out.sum::<f64>() / luma.len() as f64
}

#[test]
fn interlaced_frames_come_out_one_for_one_and_without_combs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fields.mkv");
    let bars = "geq=lum='if(mod(floor((X+T*500)/32),2),200,50)':cb=128:cr=128";
    let source = format!(
        "-f lavfi -i color=s=320x192:r=50:d=0.8,format=yuv420p,{bars},tinterlace=interleave_top,setparams=field_mode=tff:colorspace=bt709:range=tv"
    );
    if !ffmpeg(
        &format!(
            "{source} -c:v libx264 -qp 4 -flags +ildct+ilme -x264opts tff=1 -colorspace bt709"
        ),
        &path,
    ) {
        return;
    }
    let raw = folder.path().join("fields.yuv");
    assert!(ffmpeg(&format!("-i {} -f rawvideo", path.display()), &raw));
    let raw = std::fs::read(raw).unwrap();
    let (pictures, _) = read(&path, &to(320, 192)).unwrap();
    assert_eq!(pictures.len(), raw.len() / (320 * 192 * 3 / 2));
    assert!(pictures.windows(2).all(|pair| pair[0].time < pair[1].time));
    let before = combs(&raw[10 * 320 * 192 * 3 / 2..][..320 * 192], 320);
    let after = combs(pictures[10].frame.planes()[0], 320);
    assert!(before > 5.0 && after < before / 4.0, "{before} {after}");
}

#[test]
fn the_same_file_gives_the_same_bytes_again() {
    let Some(path) = hostile("hdr10_pq_hevc10.mp4") else {
        return;
    };
    let frames = |(pictures, _): (Vec<loopy_media::decode::Picture>, _)| {
        pictures
            .into_iter()
            .map(|picture| picture.frame)
            .collect::<Vec<_>>()
    };
    let first = frames(read(&path, &to(160, 90)).unwrap());
    assert!(first == frames(read(&path, &to(160, 90)).unwrap()));
}

/// Every third picture of a file from the second on; the others are gone past.
fn every_third(path: &Path, wanted: &Normalise) -> (Vec<Picture>, u32, Faults) {
    let limits = Limits::default();
    let facts = probe(path, &limits).unwrap();
    let mut reader = Reader::open(path, &facts, wanted, 1, &limits).unwrap();
    let (mut pictures, mut count) = (Vec::new(), 0);
    loop {
        if count % 3 == 1 {
            match reader.next().unwrap() {
                Some(picture) => pictures.push(picture),
                None => break,
            }
        } else if !reader.skip().unwrap() {
            break;
        }
        count += 1;
    }
    (pictures, count, reader.faults().clone())
}

#[test]
fn pictures_are_the_same_when_those_between_them_are_gone_past() {
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("plain.mp4");
    let fields = folder.path().join("fields.mkv");
    let source = "-f lavfi -i testsrc2=s=320x192:r=50:d=0.8";
    let interlaced =
        "-vf format=yuv420p,tinterlace=interleave_top -flags +ildct+ilme -x264opts tff=1";
    let mut paths = Vec::new();
    for (path, how) in [(plain, "-bf 2 -g 9"), (fields, interlaced)] {
        if ffmpeg(&format!("{source} {how} -c:v libx264"), &path) {
            paths.push(path);
        }
    }
    let unusual = shared("hostile").into_iter().flat_map(|folder| {
        let names = [
            "interlaced_tff_mpeg2.mpg",
            "resolution_change.ts",
            "hdr10_pq_hevc10.mp4",
            "vp9_alpha.webm",
        ];
        names.map(|name| folder.join(name)).into_iter()
    });
    paths.extend(unusual.filter(|path| path.exists()));
    for path in paths {
        let wanted = to(160, 90);
        let (all, faults) = read(&path, &wanted).unwrap();
        let (some, count, faults_too) = every_third(&path, &wanted);
        assert_eq!(
            (count as usize, faults_too),
            (all.len(), faults),
            "{path:?}"
        );
        let expected: Vec<_> = all.iter().skip(1).step_by(3).collect();
        assert_eq!(some.len(), expected.len());
        for (got, wanted) in some.iter().zip(expected) {
            assert_eq!(got.time, wanted.time);
            assert!(got.frame == wanted.frame, "{path:?} at {:?}", got.time);
        }
    }
}

/// A changed copy, to be read in one line.
trait CloneWith {
    fn clone_with(&self, fit: Fit) -> Normalise;
}

impl CloneWith for Normalise {
    fn clone_with(&self, fit: Fit) -> Normalise {
        Normalise { fit, ..*self }
    }
}
