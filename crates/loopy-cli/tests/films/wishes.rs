//! What a user expects of the options: each does what its help says.

use std::{
    collections::BTreeSet,
    process::{Command, Stdio},
};

use crate::house::{House, SIZE, ffmpeg_complaints, text, truth_clip};
use loopy_core::{Rate, Size, report::Report};
use loopy_media::demux::Packets;

fn thirty() -> Rate {
    Rate::new(30, 1).unwrap()
}

fn names(report: &Report) -> BTreeSet<String> {
    let stem = |path: &std::path::Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    report
        .visits
        .iter()
        .map(|visit| stem(visit.clip.as_path()))
        .collect()
}

/// Clips of several names and shapes, some in a folder inside.
fn library() -> House {
    let house = House::new();
    std::fs::create_dir_all(house.path("clips/inside")).unwrap();
    for (clip, (name, frames, size)) in [
        ("idle_1", 60, SIZE),
        ("idle_2", 120, SIZE),
        ("talk_1", 90, SIZE),
        ("tall_1", 75, Size::new(90, 160)),
        ("square_1", 66, Size::new(120, 120)),
        ("inside/idle_10", 80, SIZE),
    ]
    .into_iter()
    .enumerate()
    {
        let file = house.path(&format!("clips/{name}.mp4"));
        truth_clip(&file, clip as u16, thirty(), frames, size);
    }
    house
}

#[test]
fn scan_options_choose_the_clips() {
    let house = library();
    let chosen = |more: &[&str]| {
        let mut args = vec![
            "render",
            "clips",
            "-o",
            "o.mp4",
            "--frames",
            "9000",
            "--report",
            "r.json",
            "--audio",
            "none",
            "--size",
            "160x90",
            "--quality",
            "draft",
        ];
        args.extend(more);
        house.run(&args, 0);
        let report = house.report("r.json");
        (
            names(&report).into_iter().collect::<Vec<_>>().join(" "),
            report,
        )
    };
    assert_eq!(chosen(&["--pattern", "idle_*.mp4"]).0, "idle_1 idle_2");
    assert_eq!(
        chosen(&["--pattern", "idle_*", "--recursive"]).0,
        "idle_1 idle_10 idle_2"
    );
    assert_eq!(chosen(&["--filter", "vertical"]).0, "tall_1");
    assert_eq!(chosen(&["--filter", "square"]).0, "square_1");
    assert_eq!(chosen(&["--max-clips", "2"]).0, "idle_1 idle_2");
    assert_eq!(
        chosen(&["--max-clips", "1", "--sort", "duration"]).0,
        "idle_2"
    );
    let (left, report) = chosen(&["--exclude", "idle_*", "--exclude", "tall_1.mp4"]);
    assert_eq!(left, "square_1 talk_1");
    let said: Vec<_> = report
        .left_out
        .iter()
        .map(|left| left.reason.as_str())
        .collect();
    assert_eq!(
        said.iter()
            .filter(|reason| reason.contains("--exclude"))
            .count(),
        3
    );
    let (_, report) = chosen(&["--pattern", "talk_1*", "--trim", "talk_1=1:2"]);
    assert!(
        report
            .visits
            .iter()
            .all(|visit| visit.first >= 30 && visit.last < 60)
    );
}

#[test]
fn presets_and_sizes_give_the_size_they_promise() {
    let house = House::new();
    house.truth_clips(thirty(), &[15, 16]);
    for (flags, size) in [
        (&["--preset", "reels"][..], "1080x1920"),
        (&["--preset", "twitter"], "1280x720"),
        (&["--preset", "reels", "--size", "360p"], "640x360"),
        (&["--size", "cinema-2.35"], "2538x1080"),
        (&["--size", "source"], "160x90"),
    ] {
        let mut args = vec![
            "render", "clips", "-o", "o.mp4", "--frames", "8", "--report", "r.json",
        ];
        args.extend(flags);
        house.run(&args, 0);
        assert_eq!(house.report("r.json").size.to_string(), size);
    }
}

#[test]
fn words_seed_and_plan_hash_are_in_the_file() {
    let house = House::new();
    house.truth_clips(thirty(), &[60, 70]);
    for out in ["o.mp4", "o.mkv"] {
        let args = [
            "render",
            "clips",
            "-o",
            out,
            "--frames",
            "90",
            "--seed",
            "11",
            "--title",
            "A title",
            "--artist",
            "Someone",
            "--comment",
            "Ein Wort",
            "--report",
            "r.json",
        ];
        house.run(&args, 0);
        let packets = Packets::open(&house.path(out)).unwrap();
        let tags = &packets.video().tags;
        let tag = |name: &str| {
            let found = tags.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        assert_eq!(tag("title"), "A title");
        assert_eq!(tag("artist"), "Someone");
        assert_eq!(tag("comment"), "Ein Wort");
        let made = tag("description");
        assert!(made.contains("seed=11"), "{made}");
        assert!(
            made.contains(&house.report("r.json").plan.to_string()),
            "{made}"
        );
    }
}

#[test]
fn the_creation_time_is_that_of_source_date_epoch_or_none() {
    let house = House::new();
    house.truth_clips(thirty(), &[60, 70]);
    let render = |out: &str, epoch: Option<&str>| {
        let mut command = house.loopy(&["render", "clips", "-o", out, "--frames", "90"]);
        if let Some(epoch) = epoch {
            command.env("SOURCE_DATE_EPOCH", epoch);
        }
        assert!(command.output().unwrap().status.success());
        let probe = std::process::Command::new("ffprobe")
            .args([
                "-v",
                "error",
                "-show_entries",
                "format_tags=creation_time",
                "-of",
                "csv=p=0",
            ])
            .arg(house.path(out))
            .output()
            .unwrap();
        text(&probe.stdout).trim().to_owned()
    };
    assert_eq!(render("a.mp4", None), "");
    assert!(render("b.mp4", Some("1700000000")).starts_with("2023-11-14T22:13:20"));
}

/// The line of a dry run.
fn estimate(output: &std::process::Output) -> serde_json::Value {
    let said = text(&output.stdout);
    let line = said
        .lines()
        .find(|line| line.contains(r#""type":"estimate""#))
        .unwrap();
    serde_json::from_str(line).unwrap()
}

#[test]
fn the_version_names_every_library_that_decides_the_bytes() {
    let house = House::new();
    let said = text(&house.run(&["--version"], 0).stdout);
    assert!(said.starts_with(concat!("loopy ", env!("CARGO_PKG_VERSION"), "\n")));
    for library in [
        "FFmpeg ",
        "libavcodec ",
        "libavfilter ",
        "libswscale ",
        "x264 - core ",
    ] {
        let line = said.lines().find(|line| line.starts_with(library));
        let version = line.and_then(|line| line.strip_prefix(library));
        let number = version.is_some_and(|text| text.starts_with(|c: char| c.is_ascii_digit()));
        assert!(number, "{library}in\n{said}");
    }
}

#[test]
fn a_terminal_gets_one_live_line_a_stage_and_anything_else_none() {
    let house = House::new();
    house.truth_clips(thirty(), &[60, 70, 80]);
    let args = ["render", "clips", "-o", "o.mp4", "--frames", "900"];
    let plain = house.run(&args, 0);
    let said = text(&plain.stderr);
    assert!(!said.contains(['\r', '\u{1b}']), "{said:?}");
    assert!(plain.stdout.is_empty());
    // `script` gives a command a terminal of its own; the store is left out so that there is work.
    let shown = |more: &str| {
        std::fs::remove_dir_all(house.path("store")).unwrap();
        let line = format!("{} {} {more}", env!("CARGO_BIN_EXE_loopy"), args.join(" "));
        let output = Command::new("script")
            .args(["-qec", &line, "/dev/null"])
            .current_dir(house.path("."))
            .env("LOOPYCOMFY_CACHE", house.path("store"))
            .env("TERM", "xterm")
            .stdin(Stdio::null())
            .output();
        output.map(|output| text(&output.stdout))
    };
    let Ok(live) = shown("") else {
        println!("skipped: there is no `script` here");
        return;
    };
    let line = live
        .split(['\r', '\n'])
        .find(|line| line.contains("encode") && line.contains(" frames "));
    let line = line.unwrap_or_else(|| panic!("{live:?}"));
    assert!(line.contains("/s") && line.contains(" left"), "{line:?}");
    assert!(!shown("--no-progress").unwrap().contains(" left"));
}

#[test]
fn a_dry_run_counts_the_frames_around_ports_and_the_sound_that_the_store_will_keep() {
    let house = House::new();
    house.truth_clips(thirty(), &[60, 70, 80]);
    let tone = ["-f", "lavfi", "-i", "sine=duration=40", "-c:a", "aac"];
    let made = Command::new("ffmpeg")
        .args(["-v", "error"])
        .args(tone)
        .arg(house.path("tone.m4a"))
        .status();
    assert!(made.unwrap().success());
    let args = [
        "render", "clips", "-o", "o.mp4", "--frames", "900", "--seams", "motion", "--audio",
        "tone.m4a",
    ];
    let dry = [&args[..], &["--dry-run", "--json"]].concat();
    let cold = estimate(&house.run(&dry, 0));
    let kept = |kind: &str| -> u64 {
        let files = walkdir::WalkDir::new(house.path("store/objects").join(kind)).into_iter();
        files
            .map(|file| file.unwrap().metadata().unwrap())
            .filter(std::fs::Metadata::is_file)
            .map(|file| file.len())
            .sum()
    };
    assert_eq!((kept("frames"), kept("sound")), (0, 0));
    house.run(&args, 0);
    let near = |told: &serde_json::Value, truth: u64, factor: f64| {
        let share = told.as_f64().unwrap() / truth as f64;
        assert!(
            (1.0 / factor..factor).contains(&share),
            "told {told}, is {truth}"
        );
    };
    near(&cold["handle_bytes"], kept("frames"), 4.0);
    near(&cold["sound_bytes"], kept("sound"), 1.05);
    let warm = estimate(&house.run(&dry, 0));
    assert_eq!(
        (&warm["handle_bytes"], &warm["sound_bytes"]),
        (&0.into(), &0.into())
    );
    assert_eq!(warm["store_bytes"], 0);
}

#[test]
fn a_dry_run_estimates_and_writes_nothing() {
    let house = House::new();
    house.truth_clips(thirty(), &[60, 70, 80]);
    let args = [
        "render",
        "clips",
        "-o",
        "o.mp4",
        "--frames",
        "3000",
        "--dry-run",
        "--json",
    ];
    let cold = estimate(&house.run(&args, 0));
    assert_eq!(cold["frames"], 3000);
    assert_eq!(cold["missing_frames"], cold["distinct_frames"]);
    assert!(!house.path("o.mp4").exists());
    house.run(&["render", "clips", "-o", "o.mp4", "--frames", "3000"], 0);
    let warm = estimate(&house.run(&args, 0));
    assert_eq!(warm["missing_frames"], 0);
    let truth = std::fs::metadata(house.path("o.mp4")).unwrap().len() as f64;
    let told = warm["output_bytes"].as_f64().unwrap();
    assert!((told / truth - 1.0).abs() < 0.35, "told {told}, is {truth}");
}

#[test]
fn standard_output_carries_a_fragmented_mp4_and_nothing_else() {
    let house = House::new();
    house.truth_clips(thirty(), &[60, 70, 80]);
    for more in [&[][..], &["--json"][..]] {
        let mut args = vec!["render", "clips", "-o", "-", "--frames", "400"];
        args.extend(more);
        let output = house.run(&args, 0);
        let file = house.path("piped.mp4");
        std::fs::write(&file, &output.stdout).unwrap();
        assert_eq!(ffmpeg_complaints(&file), "");
        assert_eq!(Packets::open(&file).unwrap().video().size, SIZE);
    }
    let mut child = house
        .loopy(&["render", "clips", "-o", "-", "--frames", "90000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A reader that goes away, as `head` does, ends the render with a reason and without a panic.
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(!text(&output.stderr).contains("panicked"));
}

#[test]
fn the_store_tells_what_it_holds_and_can_be_emptied() {
    let house = House::new();
    house.truth_clips(thirty(), &[60, 70]);
    let render = || {
        house.run(
            &[
                "render", "clips", "-o", "o.mp4", "--frames", "200", "--report", "r.json",
            ],
            0,
        );
        house.report("r.json").totals.encoded_frames
    };
    assert!(render() > 0);
    assert_eq!(render(), 0);
    let info = |house: &House| -> serde_json::Value {
        serde_json::from_slice(&house.run(&["cache", "info", "--json"], 0).stdout).unwrap()
    };
    assert!(
        info(&house)["kinds"]["segment"]["objects"]
            .as_u64()
            .unwrap()
            > 0
    );
    house.run(&["cache", "clear"], 0);
    assert_eq!(info(&house)["kinds"]["segment"]["objects"], 0);
    assert!(render() > 0);
}

#[test]
fn a_clip_that_comes_later_leaves_the_others_encoded() {
    let house = House::new();
    house.truth_clips(thirty(), &[90, 100, 110]);
    let render = || {
        let args = [
            "render", "clips", "-o", "o.mp4", "--frames", "6000", "--report", "r.json", "--audio",
            "none", "--seams", "cut",
        ];
        house.run(&args, 0);
        house.report("r.json").totals
    };
    let first = render();
    truth_clip(&house.path("clips/truth_77.mp4"), 77, thirty(), 90, SIZE);
    let second = render();
    // The new clip, one run of an old clip for each port that it brought there, and the end.
    assert!(
        second.encoded_frames < first.encoded_frames,
        "{} then {}",
        first.encoded_frames,
        second.encoded_frames
    );
}
