//! The log: one line an event, no secret in it, turned when it is full, and never a reason to stop.

use std::{fs, os::unix::fs::PermissionsExt as _};

use crate::house::{House, text};
use loopy_core::Rate;
use serde_json::Value;

const TOKEN: &str = "Zq8-secret_0123456789";

/// Clips, one of them broken and named after the token; settings with a log.
fn place(log: &str) -> House {
    let house = House::new();
    house.truth_clips(Rate::new(30, 1).unwrap(), &[40, 40]);
    fs::write(house.path(&format!("clips/{TOKEN}.mp4")), "no video").unwrap();
    let settings = format!(
        "features:\n  real_time: {{websocket: {{auth_token: \"{TOKEN}\"}}}}\n  \
         gpu_acceleration: {{enabled: true}}\n\
         debug: {{enabled: true, log_level: INFO, log_file: a.log}}\n{log}"
    );
    fs::write(house.path("c.yaml"), settings).unwrap();
    house
}

const RENDER: [&str; 12] = [
    "render",
    "clips",
    "-o",
    "o.mp4",
    "--duration",
    "1s",
    "--quality",
    "draft",
    "--audio",
    "none",
    "--config",
    "c.yaml",
];

#[test]
fn as_json_every_event_is_an_object_and_a_token_is_nowhere() {
    let house = place("log: {format: json}\n");
    let output = house.run(&RENDER, 0);
    let (said, log) = (
        text(&output.stderr),
        fs::read_to_string(house.path("a.log")).unwrap(),
    );
    assert!(
        !said.contains(TOKEN) && !log.contains(TOKEN),
        "{said}\n{log}"
    );
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of = |message: &str| {
        let found: Vec<&Value> = lines
            .iter()
            .filter(|line| line["message"] == message)
            .collect();
        assert!(!found.is_empty(), "{message}: {log}");
        found
    };
    let [left_out] = of("left out")[..] else {
        panic!("{log}")
    };
    assert!(left_out["file"].as_str().unwrap().ends_with("***.mp4"));
    assert_eq!(left_out["level"], "WARN");
    let [fallback] = of("fallback")[..] else {
        panic!("{log}")
    };
    assert_eq!(
        (&fallback["from"], &fallback["to"]),
        (&"GPU".into(), &"CPU workers".into())
    );
    assert!(fallback["timestamp"].as_str().unwrap().starts_with("20"));
    assert!(of("done").iter().any(|line| line["stage"] == "encode"));
    // A person was told as always, once.
    assert_eq!(said.matches("left out: ").count(), 1, "{said}");
    assert_eq!(said.matches("fallback: ").count(), 1, "{said}");
    let mode = fs::metadata(house.path("a.log"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);

    // What fails is in it, with its code and its hint.
    let nowhere = format!("nowhere-{TOKEN}");
    let args = ["render", &nowhere, "-o", "o.mp4", "--config", "c.yaml"];
    for args in [&[&args[..], &["--json"]].concat(), &args[..]] {
        let output = house.run(args, 4);
        let said = text(&output.stderr) + &text(&output.stdout);
        assert!(
            said.contains("nowhere-***") && !said.contains(TOKEN),
            "{said}"
        );
    }
    let log = fs::read_to_string(house.path("a.log")).unwrap();
    let last: Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&last["level"], &last["code"]),
        (&"ERROR".into(), &4.into())
    );
    assert!(last["hint"].as_str().unwrap().contains("path"));
}

#[test]
fn as_text_an_event_is_a_line_and_full_files_are_kept_so_often() {
    let house = place("log: {size: 4K, files: 2}\n");
    for _ in 0..14 {
        house.run(&RENDER, 0);
    }
    let mut names: Vec<String> = fs::read_dir(house.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("a.log"))
        .collect();
    names.sort();
    assert_eq!(names, ["a.log", "a.log.1", "a.log.2"]);
    for name in names {
        let text = fs::read_to_string(house.path(&name)).unwrap();
        assert!(text.len() <= 4096 && !text.contains(TOKEN));
        for line in text.lines() {
            let level = line.split_whitespace().nth(1).unwrap();
            assert!(["ERROR", "WARN", "INFO"].contains(&level), "{line}");
        }
    }
}

#[test]
fn a_log_that_cannot_be_written_is_a_warning() {
    let house = place("log: {format: json}\n");
    fs::create_dir(house.path("a.log")).unwrap();
    let said = text(&house.run(&RENDER, 0).stderr);
    assert!(
        said.contains("warning: the log `a.log` cannot be written"),
        "{said}"
    );
    assert!(house.path("o.mp4").exists());
    // Nothing is told twice for that.
    assert_eq!(said.matches("left out").count(), 1, "{said}");
}

#[test]
fn a_filter_that_is_none_is_a_warning() {
    let house = place("");
    let output = house
        .loopy(&["cache", "info", "--config", "c.yaml"])
        .env("LOOPYCOMFY_LOG", "loopy==7")
        .output()
        .unwrap();
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("LOOPYCOMFY_LOG is no filter"), "{said}");
}

#[test]
fn a_version_is_short_or_long() {
    let house = House::new();
    let short = text(&house.run(&["-V"], 0).stdout);
    assert_eq!(short, format!("loopy {}\n", env!("CARGO_PKG_VERSION")));
    let long = text(&house.run(&["--version"], 0).stdout);
    assert!(long.starts_with(&short), "{long}");
    for word in [
        "build: ",
        "features: ",
        "FFmpeg ",
        "libavcodec ",
        "x264 ",
        "licence: ",
    ] {
        assert!(long.contains(word), "{word}: {long}");
    }
}
