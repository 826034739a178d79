//! Broken and unusual files: each gives pictures of the size asked for or a sensible error, in
//! bounded time.

mod input_support;

use std::time::{Duration, Instant};

use input_support::{hostile, read, shared, to};
use loopy_core::{Size, limits::Limits, repair};
use loopy_media::{Error, decode::Reader, probe::probe};

/// How many pictures a file gives, and whether it ends before its stated length.
const EXPECTED: [(&str, usize, bool); 24] = [
    ("-leading-dash.mp4", 90, false),
    ("animated.gif", 15, false),
    ("audio_longer_than_video.mp4", 120, false),
    ("avi_buggy_megamind.avi", 102, true),
    ("editlist_cut_nonkey.mp4", 90, false),
    ("fragmented.mp4", 150, false),
    ("huge_dims_header_mp4.mp4", 90, false),
    ("interlaced_tff_h264.mp4", 45, false),
    ("interlaced_tff_mpeg2.mpg", 45, false),
    ("missing_pts_mpeg4_bframes.avi", 90, false),
    ("missing_pts_raw.h264", 92, false),
    ("one_frame.mp4", 1, false),
    ("prores4444_alpha.mov", 5, false),
    ("resolution_change.ts", 72, false),
    ("start_at_100s.mkv", 45, false),
    ("start_offset_wrap.ts", 45, false),
    ("tiny_17x9.mp4", 24, false),
    ("truncated.webm", 50, true),
    ("truncated_mdat.mp4", 49, true),
    ("two_frames.mp4", 2, false),
    ("two_video_streams.mkv", 32, false),
    ("vfr_gap_2s.mp4", 119, false),
    ("vfr_irregular.mp4", 94, false),
    ("vp9_alpha.webm", 75, false),
];

#[test]
fn every_hostile_file_gives_its_pictures_or_a_reason_in_bounded_time() {
    let Some(folder) = shared("hostile") else {
        return;
    };
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    paths.sort();
    let wanted = to(160, 90);
    let mut checked = 0;
    for path in paths {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let start = Instant::now();
        let rate = probe(&path, &Limits::default())
            .ok()
            .and_then(|facts| facts.stated_rate);
        match read(&path, &wanted) {
            Ok((pictures, faults)) => {
                assert!(
                    pictures.iter().all(|p| p.frame.size() == wanted.size),
                    "{name}"
                );
                let raw: Vec<_> = pictures.iter().map(|picture| picture.time).collect();
                let fixed = repair::times(&raw, rate);
                assert_eq!(fixed.times.len(), pictures.len(), "{name}");
                if let Some((_, frames, cut)) = EXPECTED.iter().find(|(file, ..)| *file == name) {
                    assert_eq!(
                        (pictures.len(), faults.truncated),
                        (*frames, *cut),
                        "{name}"
                    );
                    checked += 1;
                }
            }
            Err(error) => {
                let text = error.to_string();
                assert!(
                    text.contains(&name) && text.len() > name.len() + 10,
                    "{text}"
                );
                assert!(EXPECTED.iter().all(|(file, ..)| *file != name), "{text}");
            }
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{name}");
    }
    assert_eq!(checked, EXPECTED.len());
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
fn a_change_of_size_within_a_stream_keeps_the_output_size() {
    let Some(path) = hostile("resolution_change.ts") else {
        return;
    };
    let (pictures, faults) = read(&path, &to(320, 180)).unwrap();
    assert_eq!(faults.resolution_changes, 1);
    assert!(
        pictures
            .iter()
            .all(|picture| picture.frame.size() == Size::new(320, 180))
    );
    // The second half is square and stands between bars.
    assert_eq!(input_support::at(&pictures[71], 4, 90), [16, 128, 128]);
}

#[test]
fn damage_is_marked_on_the_pictures() {
    let Some(path) = hostile("corrupt_bitstream.mp4") else {
        return;
    };
    let (pictures, faults) = read(&path, &to(64, 64)).unwrap();
    let marked = pictures.iter().filter(|picture| picture.corrupt).count();
    assert!(marked > 10, "{marked}");
    assert_eq!(faults.corrupt_frames as usize, marked);
    assert!(faults.first.is_some());
}

#[test]
fn a_hole_in_the_timestamps_is_closed() {
    let Some(path) = hostile("vfr_gap_2s.mp4") else {
        return;
    };
    let (pictures, _) = read(&path, &to(64, 64)).unwrap();
    let raw: Vec<_> = pictures.iter().map(|picture| picture.time).collect();
    let fixed = repair::times(&raw, None);
    assert!(fixed.remark.unwrap().contains("holes"));
    assert!(
        fixed
            .times
            .windows(2)
            .all(|pair| pair[1] - pair[0] < 200_000)
    );
}

#[test]
fn the_limit_on_frames_holds() {
    let Some(path) = hostile("fps_120.mp4") else {
        return;
    };
    let limits = Limits {
        frames: 100,
        ..Limits::default()
    };
    let facts = probe(&path, &limits).unwrap();
    let mut reader = Reader::open(&path, &facts, &to(64, 64), 1, &limits).unwrap();
    let mut frames = 0;
    let error = loop {
        match reader.next() {
            Ok(Some(_)) => frames += 1,
            Ok(None) => panic!("no limit"),
            Err(error) => break error,
        }
    };
    assert_eq!(frames, 100);
    assert!(matches!(error, Error::Limit { limit: 100, .. }), "{error}");
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
        (
            "list.m3u8",
            "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nother.ts\n#EXT-X-ENDLIST\n",
        ),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let error = probe(&path, &Limits::default()).unwrap_err();
        assert!(
            matches!(error, Error::NoVideo { .. } | Error::Open { .. }),
            "{error}"
        );
        println!("{error}");
    }
}

#[cfg(unix)]
#[test]
fn odd_names_open() {
    use std::os::unix::ffi::OsStrExt;
    let Some(source) = hostile("one_frame.mp4") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for name in [
        &b"-i.mp4"[..],
        b"a:b%03d.mp4",
        b"new\nline.mp4",
        b"\xff\xfe.mp4",
        b"http:x.mp4",
    ] {
        let path = folder.path().join(std::ffi::OsStr::from_bytes(name));
        std::fs::copy(&source, &path).unwrap();
        assert_eq!(
            probe(&path, &Limits::default()).unwrap().codec,
            "h264",
            "{path:?}"
        );
    }
}
