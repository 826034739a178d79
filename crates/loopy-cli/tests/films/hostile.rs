//! Broken and odd files beside good ones: the render succeeds and every bad file is named.

use std::{
    ffi::OsString,
    os::unix::{ffi::OsStringExt as _, fs::symlink},
};

use crate::house::{
    House, SIZE, each_picture, ffmpeg_complaints, shared, text, truth_clip, write_clip,
};
use loopy_core::{Frame, Rate, report::Report};
use loopy_pixels::measure;

fn thirty() -> Rate {
    Rate::new(30, 1).unwrap()
}

fn reason<'a>(report: &'a Report, name: &str) -> &'a str {
    let entry = report
        .left_out
        .iter()
        .find(|entry| entry.file.display().contains(name));
    &entry
        .unwrap_or_else(|| panic!("{name} is not among {:?}", report.left_out))
        .reason
}

#[test]
fn odd_names_and_things_that_are_no_files_are_used_or_named() {
    let house = House::new();
    house.truth_clips(thirty(), &[60]);
    let clips = house.path("clips");
    let odd = [
        OsString::from("with space.mp4"),
        OsString::from("it's \"quoted\".mp4"),
        OsString::from("two\nlines.mp4"),
        OsString::from("-dash.mp4"),
        OsString::from("file:colon.mp4"),
        OsString::from("%d.mp4"),
        OsString::from_vec(b"latin\xe9.mp4".to_vec()),
    ];
    for (index, name) in odd.iter().enumerate() {
        truth_clip(&clips.join(name), 10 + index as u16, thirty(), 60, SIZE);
    }
    std::fs::create_dir(clips.join("folder.mp4")).unwrap();
    std::fs::write(clips.join("empty.mp4"), b"").unwrap();
    std::fs::write(clips.join("words.mp4"), b"this is no video at all").unwrap();
    std::fs::write(clips.join("notes.txt"), b"shopping").unwrap();
    std::fs::copy(clips.join("truth_00.mp4"), clips.join("zz copy.mp4")).unwrap();
    symlink("nowhere.mp4", clips.join("dangling.mp4")).unwrap();
    symlink(".", clips.join("loop.mp4")).unwrap();
    symlink("round.mp4", clips.join("round.mp4")).unwrap();
    let fifo = std::process::Command::new("mkfifo")
        .arg(clips.join("fifo.mp4"))
        .status()
        .unwrap();
    assert!(fifo.success());
    house.run(
        &[
            "render",
            "clips",
            "-o",
            "o.mp4",
            "--frames",
            "3000",
            "--report",
            "r.json",
            "--recursive",
        ],
        0,
    );
    let report = house.report("r.json");
    let shown: std::collections::BTreeSet<_> = report
        .visits
        .iter()
        .map(|visit| visit.clip.as_path().to_owned())
        .collect();
    for name in &odd {
        assert!(
            shown.contains(&std::path::Path::new("clips").join(name)),
            "{name:?}"
        );
    }
    assert!(reason(&report, "empty.mp4").contains("empty"));
    assert!(!reason(&report, "words.mp4").is_empty());
    assert!(reason(&report, "notes.txt").contains("not that of a video"));
    assert!(reason(&report, "zz copy").contains("same content"));
    assert!(reason(&report, "dangling").contains("nowhere"));
    assert!(!reason(&report, "loop.mp4").is_empty());
    assert!(!reason(&report, "round.mp4").is_empty());
    assert!(reason(&report, "fifo.mp4").contains("regular file"));
    assert_eq!(ffmpeg_complaints(&house.path("o.mp4")), "");
}

#[test]
fn black_frozen_and_one_frame_clips_are_not_passed_off_as_good() {
    let house = House::new();
    house.truth_clips(thirty(), &[60, 70]);
    let clips = house.path("clips");
    let black = || Frame::black(SIZE);
    write_clip(
        &clips.join("black.mp4"),
        thirty(),
        SIZE,
        60,
        (0..60).map(|_| black()),
    );
    let still = loopy_demo::truth::plain(9, 0, SIZE);
    write_clip(
        &clips.join("frozen.mp4"),
        thirty(),
        SIZE,
        60,
        (0..60).map(|_| still.clone()),
    );
    truth_clip(&clips.join("short.mp4"), 8, thirty(), 3, SIZE);
    house.run(
        &[
            "render", "clips", "-o", "o.mp4", "--frames", "300", "--report", "r.json",
        ],
        0,
    );
    let report = house.report("r.json");
    assert!(reason(&report, "black").contains("black"));
    assert!(
        reason(&report, "frozen").contains("froz") || reason(&report, "frozen").contains("still")
    );
    assert!(reason(&report, "short").contains("short"));
    house.run(
        &["render", "clips/black.mp4", "-o", "n.mp4", "--frames", "30"],
        4,
    );
    assert!(!house.path("n.mp4").exists());
}

#[test]
fn every_hostile_file_is_survived_beside_good_clips() {
    let Some(shared) = shared() else { return };
    let house = House::new();
    house.truth_clips(thirty(), &[60, 70, 80]);
    let hostile = shared.join("hostile");
    let hostile = hostile.to_str().unwrap();
    let output = house.run(
        &[
            "render",
            "clips",
            hostile,
            "-o",
            "o.mp4",
            "--size",
            "320x180",
            "--fps",
            "30",
            "--duration",
            "25m",
            "--report",
            "r.json",
            "--quality",
            "draft",
            "--workers",
            "2",
        ],
        0,
    );
    let said = text(&output.stderr);
    assert!(!said.contains("panicked"), "{said}");
    let report = house.report("r.json");
    assert_eq!(report.frames, 45_000);
    assert_eq!(ffmpeg_complaints(&house.path("o.mp4")), "");
    house.run(&["verify", "o.mp4", "--report", "r.json"], 0);
    for name in [
        "all_black",
        "frozen_3s",
        "empty.mp4",
        "audio_only.mp4",
        "audio_only_renamed",
        "audio_with_cover",
        "text_renamed",
        "jpeg_renamed",
        "one_frame",
        "two_frames",
        "truncated_no_moov",
        "huge_12000x9000",
        "huge_65535_header",
        "huge_8192",
        "corrupt_bitstream",
        "mp4parse_chunk",
        "fps_1.mp4",
        "MANIFEST.md",
    ] {
        assert!(reason(&report, name).len() > 8, "{name}");
    }
    let used = |name: &str| {
        report
            .visits
            .iter()
            .any(|v| v.clip.display().contains(name))
    };
    for name in [
        "-leading-dash",
        "anamorphic",
        "av1_10bit",
        "fragmented",
        "full_range",
        "h264_gbrp",
        "h264_gray",
        "hdr10",
        "hlg",
        "interlaced_tff_h264",
        "missing_pts_raw",
        "odd_641x361_vp9",
        "rotated_90",
        "start_at_100s",
        "start_offset_wrap",
        "tiny_17x9",
        "vfr_irregular",
        "vp9_alpha",
        "editlist",
        "two_video_streams",
        "vfr_gap",
    ] {
        // Many of them are one film in other clothes.
        let same = report.left_out.iter().any(|out| {
            out.file.display().contains(name) && out.reason.contains("the same footage as")
        });
        assert!(used(name) || same, "{name}: {:?}", report.left_out);
    }
    assert_moves(&house.path("o.mp4"));
}

/// No stretch of more than two seconds is black or stands still.
fn assert_moves(video: &std::path::Path) {
    let mut still = 0;
    let mut index = 0;
    let mut last: Option<Frame> = None;
    each_picture(video, |picture| {
        let dark = picture.planes()[0].iter().all(|luma| *luma < 30);
        let same = last
            .as_ref()
            .is_some_and(|last| measure::mean_abs(last, &picture) < 0.02);
        still = if dark || same { still + 1 } else { 0 };
        assert!(still < 60, "frames up to {index} are black or stand still");
        last = Some(picture);
        index += 1;
    });
}

#[test]
fn a_file_that_changes_after_it_was_scanned_is_read_again() {
    let house = House::new();
    house.truth_clips(thirty(), &[60, 70]);
    let render = |out: &str| {
        let args = [
            "render", "clips", "-o", out, "--frames", "200", "--report", "r.json", "--audio",
            "none",
        ];
        house.run(&args, 0);
        house
            .report("r.json")
            .visits
            .iter()
            .map(|visit| visit.blake3)
            .collect::<Vec<_>>()
    };
    let before = render("a.mp4");
    truth_clip(&house.path("clips/truth_00.mp4"), 77, thirty(), 66, SIZE);
    let after = render("b.mp4");
    assert_ne!(before, after);
}

#[test]
fn an_unchanged_folder_is_not_decoded_again() {
    let house = House::new();
    house.truth_clips(thirty(), &[60, 70]);
    let jobs = |output: &std::process::Output| {
        let said = text(&output.stdout);
        let line = said
            .lines()
            .find(|line| line.contains(r#""stage_started","stage":"analyze""#));
        let value: serde_json::Value = serde_json::from_str(line.unwrap()).unwrap();
        value["total"].as_u64().unwrap()
    };
    let args = [
        "render", "clips", "-o", "a.mp4", "--frames", "200", "--audio", "none", "--json",
    ];
    assert_eq!(jobs(&house.run(&args, 0)), 2);
    assert_eq!(jobs(&house.run(&args, 0)), 0);
}

/// Samples that have nothing to do with each other.
fn noise(index: u32) -> Frame {
    let mut frame = Frame::black(SIZE);
    let mut state = index.wrapping_mul(0x9e37_79b9) | 1;
    for sample in &mut *frame.planes_mut()[0] {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *sample = 16 + (state >> 24) as u8 % 220;
    }
    frame
}

/// Stripes on every second frame, nothing between.
fn strobe(index: u32) -> Frame {
    if index.is_multiple_of(2) {
        loopy_demo::truth::plain(5, index, SIZE)
    } else {
        Frame::black(SIZE)
    }
}

#[test]
fn noise_and_strobing_clips_are_shown_or_left_out_with_a_reason_and_loops_of_them_too() {
    let house = House::new();
    house.truth_clips(thirty(), &[60]);
    let clip = |name: &str| house.path(&format!("clips/{name}.mp4"));
    write_clip(&clip("noise"), thirty(), SIZE, 75, (0..75).map(noise));
    write_clip(&clip("strobe"), thirty(), SIZE, 75, (0..75).map(strobe));
    let args = [
        "render", "clips", "-o", "o.mp4", "--frames", "900", "--report", "r.json", "--audio",
        "none",
    ];
    house.run(&args, 0);
    let report = house.report("r.json");
    assert_eq!(report.frames, 900);
    for name in ["noise", "strobe"] {
        let file = format!("clips/{name}.mp4");
        let shown = report
            .visits
            .iter()
            .any(|visit| visit.clip.display() == file);
        let out = report
            .left_out
            .iter()
            .find(|out| out.file.display() == file);
        assert!(
            shown || out.is_some_and(|out| out.reason.len() > 8),
            "{name}: {out:?}"
        );

        let alone = house.loopy(&[
            "render", &file, "-o", "a.mp4", "--frames", "200", "--audio", "none",
        ]);
        let code = { alone }.output().unwrap().status.code();
        assert!(matches!(code, Some(0 | 4)), "{name}: {code:?}");
        let looped = house.loopy(&["loop", &file, "-o", "l.mp4", "--audio", "none"]);
        let output = { looped }.output().unwrap();
        let said = text(&output.stderr);
        let refused = output.status.code() == Some(1) && said.contains("no loop; ");
        assert!(
            refused || matches!(output.status.code(), Some(0 | 4)),
            "{name}: {said}"
        );
    }
}
