//! Mistakes get one clear line, one hint, an honest exit code, and no file.

use crate::house::{House, text};
use loopy_core::Rate;

fn house() -> House {
    let house = House::new();
    house.truth_clips(Rate::new(30, 1).unwrap(), &[60, 70]);
    house
}

fn refused(house: &House, args: &[&str], code: i32, words: &[&str]) {
    let output = house.run(args, code);
    let said = text(&output.stderr);
    for word in words {
        assert!(said.contains(word), "loopy {args:?} said:\n{said}");
    }
    assert!(!said.contains("panicked"), "{said}");
    assert!(!house.path("o.mp4").exists());
}

#[test]
fn an_empty_folder_a_missing_path_and_no_input_are_told_apart() {
    let house = house();
    std::fs::create_dir(house.path("empty")).unwrap();
    refused(
        &house,
        &["render", "empty", "-o", "o.mp4"],
        4,
        &["no video files", "hint"],
    );
    refused(
        &house,
        &["render", "nowhere", "-o", "o.mp4"],
        4,
        &["nowhere", "no such file"],
    );
    refused(
        &house,
        &["render", "-o", "o.mp4"],
        2,
        &["at least one clip"],
    );
}

#[test]
fn nonsense_values_are_usage_errors_that_show_examples() {
    let house = house();
    for (flag, value, word) in [
        ("--duration", "soon", "90s"),
        ("--size", "641x361", "720p"),
        ("--fps", "0", "29.97"),
        ("--quality", "52", "draft"),
        ("--pad-color", "blurple", "#RRGGBB"),
        ("--fit", "squeeze", "crop"),
        ("--trim", "clip", "1.5:4"),
        ("--seams", "glue", "dissolve"),
        ("--codec", "h265", "h264"),
    ] {
        refused(
            &house,
            &["render", "clips", "-o", "o.mp4", flag, value],
            2,
            &[value, word],
        );
    }
    refused(&house, &["rendr", "clips"], 2, &["render"]);
}

#[test]
fn a_duration_of_nothing_is_refused() {
    let house = house();
    refused(
        &house,
        &["render", "clips", "-o", "o.mp4", "--duration", "0"],
        2,
        &["no frames"],
    );
    refused(
        &house,
        &["render", "clips", "-o", "o.mp4", "--frames", "0"],
        2,
        &["no frames"],
    );
}

#[test]
fn an_output_that_cannot_be_written_is_found_before_the_work() {
    let house = house();
    std::fs::create_dir(house.path("folder.mp4")).unwrap();
    refused(
        &house,
        &["render", "clips", "-o", "folder.mp4"],
        1,
        &["it is a folder"],
    );
    refused(
        &house,
        &["render", "clips", "-o", "not/there/o.mp4"],
        1,
        &["cannot write"],
    );
    refused(
        &house,
        &["render", "clips", "-o", "o.wmv"],
        2,
        &[".mp4", ".mkv"],
    );
    refused(
        &house,
        &["render", "clips", "-o", "o%sed%.mp4"],
        2,
        &["%seed%"],
    );
}

#[test]
fn a_trim_or_a_plan_that_does_not_fit_is_named() {
    let house = house();
    refused(
        &house,
        &["render", "clips", "-o", "o.mp4", "--trim", "x=1:2"],
        2,
        &["no such usable"],
    );
    refused(
        &house,
        &["render", "clips", "-o", "o.mp4", "--trim", "truth_00=50:60"],
        2,
        &["nothing is left"],
    );
    std::fs::write(house.path("bad.json"), "{\"schema\": 1,").unwrap();
    refused(
        &house,
        &["render", "clips", "-o", "o.mp4", "--plan", "bad.json"],
        1,
        &["bad.json", "line 1"],
    );
    refused(&house, &["verify", "bad.json"], 1, &["bad.json"]);
}

#[test]
fn errors_are_json_for_programs() {
    let house = house();
    let output = house.run(&["render", "nowhere", "-o", "o.mp4", "--json"], 4);
    let line = text(&output.stdout).lines().last().unwrap().to_owned();
    let value: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(value["type"], "error");
    assert_eq!(value["code"], 4);
    assert!(value["hint"].is_string());
}

#[test]
fn fields_of_the_name_are_filled_and_help_has_an_example() {
    let house = house();
    let args = [
        "render",
        "clips",
        "-o",
        "o-%seed%-%preset%.mkv",
        "--frames",
        "40",
        "--seed",
        "7",
        "--preset",
        "web",
    ];
    house.run(&args, 0);
    assert!(house.path("o-7-web.mkv").exists());
    for command in ["render", "analyze", "plan", "verify", "demo", "cache"] {
        let output = house.run(&[command, "--help"], 0);
        assert!(text(&output.stdout).contains("Example"), "{command}");
    }
}

#[test]
fn a_full_disk_is_named_and_nothing_is_left() {
    let house = house();
    let disk = house.path("disk");
    std::fs::create_dir(&disk).unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
        .arg(&disk)
        .output()
        .is_ok_and(|output| output.status.success());
    if !mounted {
        println!("skipped: a small disk cannot be mounted here");
        return;
    }
    let args = [
        "render",
        "clips",
        "-o",
        "disk/o.mp4",
        "--duration",
        "60s",
        "--quality",
        "1",
    ];
    let output = house.loopy(&args).output().unwrap();
    let dry = house.loopy(&[&args[..], &["--dry-run"]].concat()).output();
    let left: Vec<_> = std::fs::read_dir(&disk)
        .unwrap()
        .flatten()
        .map(|e| e.file_name())
        .collect();
    let store = house
        .loopy(&[
            "render",
            "clips",
            "-o",
            "o.mkv",
            "--cache",
            "disk/store",
            "--frames",
            "200",
            "--quality",
            "1",
        ])
        .output()
        .unwrap();
    std::process::Command::new("umount")
        .arg("-l")
        .arg(&disk)
        .status()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("free") || text(&output.stderr).contains("space"));
    let dry = dry.unwrap();
    let said = text(&dry.stderr);
    assert_eq!(dry.status.code(), Some(1), "{said}");
    // The estimate is told, and so is what it runs into.
    assert!(
        said.contains("to encode") && said.contains("MiB free"),
        "{said}"
    );
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(store.status.code(), Some(1), "{}", text(&store.stderr));
    assert!(!house.path("o.mkv").exists());
}

#[test]
fn a_clip_is_never_overwritten_and_an_output_of_ours_is_never_a_clip() {
    let house = house();
    let clip = house.path("clips/truth_00.mp4");
    let before = std::fs::read(&clip).unwrap();
    let args = [
        "render",
        "clips",
        "-o",
        "clips/truth_00.mp4",
        "--frames",
        "50",
    ];
    let output = house.run(&args, 2);
    assert!(text(&output.stderr).contains("one of the clips"));
    assert!(std::fs::read(&clip).unwrap() == before);
    let args = ["render", "clips", "-o", "clips/out.mp4", "--frames", "200"];
    house.run(&args, 0);
    let first = std::fs::read(house.path("clips/out.mp4")).unwrap();
    house.run(&args, 0);
    assert!(std::fs::read(house.path("clips/out.mp4")).unwrap() == first);
}

#[test]
fn bad_places_are_found_before_anything_is_encoded() {
    let house = house();
    for (flag, place, code) in [
        ("--report", "not/there.json", 1),
        ("--report", "o.mp4", 2),
        ("--contact-sheet", "not/there.png", 1),
        ("--audio", "keeep", 4),
    ] {
        let args = [
            "render", "clips", "-o", "o.mp4", "--frames", "50", flag, place,
        ];
        refused(&house, &args, code, &[place]);
    }
    let files = walkdir::WalkDir::new(house.path("store/objects/segment"))
        .into_iter()
        .flatten();
    assert_eq!(files.filter(|entry| entry.file_type().is_file()).count(), 0);
}

#[test]
fn impossible_lengths_and_dates_are_refused() {
    let house = house();
    let args = [
        "render",
        "clips",
        "-o",
        "o.mp4",
        "--frames",
        "99999999999999",
    ];
    refused(&house, &args, 2, &["31 days"]);
    let mut command = house.loopy(&["render", "clips", "-o", "o.mp4", "--frames", "50"]);
    let output = command
        .env("SOURCE_DATE_EPOCH", "999999999999")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_plan_changed_by_hand_is_checked_before_it_is_used() {
    let house = house();
    house.run(
        &[
            "plan",
            "clips",
            "--frames",
            "300",
            "--seams",
            "cut",
            "-o",
            "plan.json",
        ],
        0,
    );
    let plan = std::fs::read_to_string(house.path("plan.json")).unwrap();
    let mut plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let broken = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut copy = plan.clone();
        change(&mut copy);
        std::fs::write(house.path("bad.json"), copy.to_string()).unwrap();
        house.run(&["verify", "bad.json"], 1);
        let args = ["render", "clips", "--plan", "bad.json", "-o", "o.mp4"];
        refused(&house, &args, 1, &["plan"]);
    };
    broken(&|plan| plan["seams"][0]["frames"] = 10.into());
    broken(&|plan| plan["seams"][0]["kind"] = "dissolve".into());
    broken(&|plan| {
        plan["seams"][0]["kind"] = "dissolve".into();
        plan["seams"][0]["frames"] = 100_000.into();
    });
    broken(&|plan| plan["visits"][0]["clip"] = 99.into());
    broken(&|plan| plan["frames"] = 301.into());
    plan["schema"] = 9.into();
    std::fs::write(house.path("bad.json"), plan.to_string()).unwrap();
    refused(&house, &["verify", "bad.json"], 1, &["schema 9"]);
}
