//! Broken and unusual files: each gives pictures of the size asked for or a sensible error, in
//! bounded time.

mod input_support;

use std::time::{Duration, Instant};

use input_support::{hostile, read, shared, to};
use loopy_core::{Size, limits::Limits, repair};
use loopy_media::{Error, audio::decode::sound, probe::probe};

#[test]
fn every_hostile_file_gives_pictures_or_a_reason() {
    let Some(folder) = shared("hostile") else { return };
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    let wanted = to(160, 90);
    for path in paths {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let start = Instant::now();
        let rate = probe(&path, &Limits::default()).ok().and_then(|facts| facts.stated_rate);
        match read(&path, &wanted) {
            Ok((pictures, faults)) => {
                assert!(pictures.iter().all(|p| p.frame.size() == wanted.size), "{name}");
                let raw: Vec<_> = pictures.iter().map(|picture| picture.time).collect();
                let fixed = repair::times(&raw, rate);
                assert_eq!(fixed.times.len(), pictures.len(), "{name}");
                println!(
                    "{name}: {} pictures, {} corrupt, {:.2} s {:?} {faults:?} {:?} ms",
                    pictures.len(),
                    pictures.iter().filter(|p| p.corrupt).count(),
                    fixed.end as f64 / 1e6,
                    fixed.remark,
                    start.elapsed().as_millis()
                );
            }
            Err(error) => {
                let text = error.to_string();
                assert!(text.contains(&name) && text.len() > name.len() + 10, "{text}");
                println!("{text} {:?} ms", start.elapsed().as_millis());
            }
        }
        if let Err(error) = sound(&path, &Limits::default()) {
            println!("    sound: {error}");
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{name}");
    }
}

#[test]
fn frames_are_neither_lost_nor_made_up() {
    for (name, frames) in [
        ("-leading-dash.mp4", 90),
        ("interlaced_tff_h264.mp4", 45),
        ("interlaced_tff_mpeg2.mpg", 45),
        ("one_frame.mp4", 1),
        ("two_frames.mp4", 2),
        ("resolution_change.ts", 72),
        ("vp9_alpha.webm", 75),
        ("prores4444_alpha.mov", 5),
        ("animated.gif", 15),
        ("tiny_17x9.mp4", 24),
        ("missing_pts_mpeg4_bframes.avi", 90),
        ("missing_pts_raw.h264", 92),
        ("start_offset_wrap.ts", 45),
        ("editlist_cut_nonkey.mp4", 90),
        ("vfr_irregular.mp4", 94),
        ("huge_dims_header_mp4.mp4", 90),
        ("two_video_streams.mkv", 32),
    ] {
        let Some(path) = hostile(name) else { return };
        let (pictures, _) = read(&path, &to(64, 64)).unwrap();
        assert_eq!(pictures.len(), frames, "{name}");
    }
}

#[test]
fn what_is_no_video_says_what_it_is() {
    for (name, why) in [
        ("audio_only.mp4", "only sound"),
        ("audio_with_cover_art.m4a", "cover picture"),
        ("jpeg_renamed.mp4", "single picture"),
        ("animated.webp", "animated WebP"),
        ("empty.mp4", "empty"),
        ("huge_8192_h264.mp4", "pixels"),
        ("huge_12000x9000_mjpeg.avi", "pixels"),
    ] {
        let Some(path) = hostile(name) else { return };
        let error = probe(&path, &Limits::default()).unwrap_err().to_string();
        assert!(error.contains(why), "{name}: {error}");
    }
}

#[test]
fn a_cut_file_says_so_and_a_whole_one_does_not() {
    for (name, cut) in [
        ("truncated.webm", true),
        ("truncated_mdat.mp4", true),
        ("truncated_faststart_60pct.mp4", true),
        ("avi_buggy_megamind.avi", true),
        ("editlist_cut_nonkey.mp4", false),
        ("audio_longer_than_video.mp4", false),
        ("start_at_100s.mkv", false),
        ("start_offset_wrap.ts", false),
        ("vfr_gap_2s.mp4", false),
        ("fragmented.mp4", false),
        ("missing_pts_raw.h264", false),
    ] {
        let Some(path) = hostile(name) else { return };
        let (_, faults) = read(&path, &to(64, 64)).unwrap();
        assert_eq!(faults.truncated, cut, "{name}");
    }
}

#[test]
fn a_change_of_size_within_a_stream_keeps_the_output_size() {
    let Some(path) = hostile("resolution_change.ts") else { return };
    let (pictures, faults) = read(&path, &to(320, 180)).unwrap();
    assert_eq!(faults.resolution_changes, 1);
    assert!(pictures.iter().all(|picture| picture.frame.size() == Size::new(320, 180)));
    // The second half is square and stands between bars.
    assert_eq!(input_support::at(&pictures[71], 4, 90), [16, 128, 128]);
}

#[test]
fn damage_is_marked_on_the_pictures() {
    let Some(path) = hostile("corrupt_bitstream.mp4") else { return };
    let (pictures, faults) = read(&path, &to(64, 64)).unwrap();
    let marked = pictures.iter().filter(|picture| picture.corrupt).count();
    assert!(marked > 10, "{marked}");
    assert_eq!(faults.corrupt_frames as usize, marked);
    assert!(faults.first.is_some());
}

#[test]
fn a_hole_in_the_timestamps_is_closed() {
    let Some(path) = hostile("vfr_gap_2s.mp4") else { return };
    let (pictures, _) = read(&path, &to(64, 64)).unwrap();
    let raw: Vec<_> = pictures.iter().map(|picture| picture.time).collect();
    let fixed = repair::times(&raw, None);
    assert!(fixed.remark.unwrap().contains("holes"));
    assert!(fixed.times.windows(2).all(|pair| pair[1] - pair[0] < 200_000));
}

#[test]
fn only_regular_files_are_opened() {
    let folder = tempfile::tempdir().unwrap();
    let error = probe(folder.path(), &Limits::default()).unwrap_err();
    assert!(error.to_string().contains("a directory"), "{error}");
    #[cfg(unix)]
    {
        let pipe = folder.path().join("pipe.mp4");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        if made.is_ok_and(|status| status.success()) {
            let error = probe(&pipe, &Limits::default()).unwrap_err();
            assert!(error.to_string().contains("pipe"), "{error}");
        }
        let error = probe(std::path::Path::new("/dev/zero"), &Limits::default()).unwrap_err();
        assert!(matches!(error, Error::Open { .. }), "{error}");
    }
    let error = probe(&folder.path().join("none.mp4"), &Limits::default()).unwrap_err();
    assert!(matches!(error, Error::Open { .. }), "{error}");
}

#[test]
fn a_playlist_opens_no_other_file() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("list.mp4", "ffconcat version 1.0\nfile 'other.mp4'\n"),
        ("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nother.ts\n#EXT-X-ENDLIST\n"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let error = probe(&path, &Limits::default()).unwrap_err();
        assert!(matches!(error, Error::NoVideo { .. } | Error::Open { .. }), "{error}");
        println!("{error}");
    }
}

#[cfg(unix)]
#[test]
fn odd_names_open() {
    use std::os::unix::ffi::OsStrExt;
    let Some(source) = hostile("one_frame.mp4") else { return };
    let folder = tempfile::tempdir().unwrap();
    for name in [&b"-i.mp4"[..], b"a:b%03d.mp4", b"new\nline.mp4", b"\xff\xfe.mp4", b"http:x.mp4"] {
        let path = folder.path().join(std::ffi::OsStr::from_bytes(name));
        std::fs::copy(&source, &path).unwrap();
        assert_eq!(probe(&path, &Limits::default()).unwrap().codec, "h264", "{path:?}");
    }
}
