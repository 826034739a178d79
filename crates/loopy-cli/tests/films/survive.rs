//! Interrupts, crashes, broken stores: the same command goes on and ends with the same bytes.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Output, Stdio},
    sync::LazyLock,
};

use crate::house::{House, text};
use loopy_core::Rate;

const RENDER: [&str; 16] = [
    "render",
    "clips",
    "-o",
    "o.mp4",
    "--frames",
    "300",
    "--seams",
    "motion",
    "--bridge-frames",
    "4",
    "--audio",
    "none",
    "--json",
    "--size=128x72",
    "--report",
    "r.json",
];

fn house() -> House {
    let house = House::new();
    house.truth_clips(Rate::new(30, 1).unwrap(), &[75, 80, 85, 90]);
    house
}

/// Starts the render and waits until it has told `count` lines that hold `word`.
fn start_until(house: &House, word: &str, count: usize) -> Child {
    let mut child = house
        .loopy(&RENDER)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let told = lines
        .map_while(Result::ok)
        .filter(|line| line.contains(word))
        .take(count)
        .count();
    assert_eq!(
        told, count,
        "the render ended before it told {count} times of {word}"
    );
    child
}

/// What the render gives when nothing happens.
struct Whole {
    bytes: Vec<u8>,
    /// Frames that it encoded.
    encoded: u64,
}

static WHOLE: LazyLock<Whole> = LazyLock::new(|| {
    let house = house();
    let output = house.run(&RENDER, 0);
    let seams = house.report("r.json").seams;
    assert!(
        seams.iter().any(|seam| seam.frames == 4),
        "there is nothing to resume a bridge of"
    );
    Whole {
        bytes: std::fs::read(house.path("o.mp4")).unwrap(),
        encoded: encoded(&output),
    }
});

/// Frames that a render says it encoded.
fn encoded(output: &Output) -> u64 {
    let last = text(&output.stdout).lines().last().unwrap().to_owned();
    let value: serde_json::Value = serde_json::from_str(&last).unwrap();
    value["encoded_frames"].as_u64().unwrap()
}

#[test]
fn ctrl_c_saves_and_exits_130_and_the_same_command_goes_on() {
    let house = house();
    let mut child = start_until(&house, r#""progress","stage":"encode""#, 1);
    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!house.path("o.mp4").exists());
    let output = house.run(&RENDER, 0);
    let (distinct, fresh) = (encoded(&output), WHOLE.encoded);
    assert!(
        distinct < fresh,
        "{distinct} of {fresh} frames encoded again"
    );
    assert!(std::fs::read(house.path("o.mp4")).unwrap() == WHOLE.bytes);
}

#[test]
fn kill_9_at_any_stage_leaves_no_file_and_the_same_command_ends_with_the_same_bytes() {
    let whole = &WHOLE.bytes;
    for (word, count) in [
        (r#""stage":"analyze""#, 3),
        (r#""progress","stage":"encode""#, 1),
        (r#""progress","stage":"encode""#, 3),
        (r#""stage_started","stage":"splice""#, 1),
    ] {
        let house = house();
        let mut child = start_until(&house, word, count);
        child.kill().unwrap();
        child.wait().unwrap();
        // It may have been done a moment before it was killed; then the file is whole.
        let left = std::fs::read(house.path("o.mp4"));
        assert!(left.is_err() || left.is_ok_and(|bytes| bytes == *whole));
        house.run(&RENDER, 0);
        assert!(
            std::fs::read(house.path("o.mp4")).unwrap() == *whole,
            "after {word} {count}"
        );
        let litter: Vec<_> = std::fs::read_dir(house.path(""))
            .unwrap()
            .flatten()
            .collect();
        let partial = |name: &std::ffi::OsStr| name.to_string_lossy().contains("partial");
        assert!(
            !litter.iter().any(|entry| partial(&entry.file_name())),
            "left: {litter:?}"
        );
    }
}

/// Processes that `parent` has started, by any of its threads.
fn children(parent: u32) -> Vec<i32> {
    let tasks = std::fs::read_dir(format!("/proc/{parent}/task"))
        .unwrap()
        .flatten();
    let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| {
            list.split(' ')
                .filter_map(|id| id.parse().ok())
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn a_killed_worker_costs_a_retry_and_nothing_else() {
    let house = house();
    let mut child = start_until(&house, r#""stage_started","stage":"encode""#, 1);
    let workers = children(child.id());
    for worker in workers {
        let id = rustix::process::Pid::from_raw(worker).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::KILL).unwrap();
    }
    assert!(child.wait().unwrap().success());
    assert!(std::fs::read(house.path("o.mp4")).unwrap() == WHOLE.bytes);
}

#[test]
fn a_damaged_store_is_noticed_and_mended() {
    let house = house();
    house.run(&RENDER, 0);
    let mut damaged = 0;
    for file in walkdir::WalkDir::new(house.path("store/objects"))
        .into_iter()
        .flatten()
    {
        if file.file_type().is_file() && damaged < 40 {
            let mut bytes = std::fs::read(file.path()).unwrap();
            let at = bytes.len() / 2;
            bytes[at] ^= 0x40;
            std::fs::write(file.path(), bytes).unwrap();
            damaged += 1;
        }
    }
    assert!(damaged > 5);
    house.run(&RENDER, 0);
    assert!(std::fs::read(house.path("o.mp4")).unwrap() == WHOLE.bytes);
}

#[test]
fn two_renders_at_once_on_one_store_both_end_right() {
    let house = house();
    let mut one = house
        .loopy(&RENDER)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut args = RENDER;
    args[3] = "p.mp4";
    args[15] = "s.json";
    let mut two = house
        .loopy(&args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    assert!(one.wait().unwrap().success());
    assert!(two.wait().unwrap().success());
    let bytes = |name| std::fs::read(house.path(name)).unwrap();
    assert!(bytes("o.mp4") == WHOLE.bytes && bytes("p.mp4") == WHOLE.bytes);
}
