//! `loopy audit` as a person runs it.

use crate::house::{House, text};
use loopy_core::Rate;

fn rendered() -> House {
    let house = House::new();
    house.truth_clips(Rate::new(30, 1).unwrap(), &[90, 80, 100]);
    house.run(
        &[
            "render",
            "clips",
            "-o",
            "o.mp4",
            "--duration",
            "30s",
            "--seams",
            "cut",
            // The clips have nothing in common.
            "--seam-threshold",
            "0",
            "--report",
            "r.json",
        ],
        0,
    );
    house
}

#[test]
fn a_rendered_video_is_audited_in_words_in_json_and_in_a_picture() {
    let house = rendered();
    let args = [
        "audit",
        "o.mp4",
        "--report",
        "r.json",
        "--worst",
        "worst.png",
    ];
    let said = text(&house.run(&args, 0).stderr);
    for word in [
        "0.5 = invisible",
        "control: random cuts",
        "natural rejoins",
        "not counted",
    ] {
        assert!(said.contains(word), "{said}");
    }
    let png = std::fs::read(house.path("worst.png")).unwrap();
    assert!(png.starts_with(b"\x89PNG"));
    let args = ["audit", "o.mp4", "--report", "r.json", "--json", "--strict"];
    let output = house.loopy(&args).output().unwrap();
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let doubts = !value["doubts"].as_array().unwrap().is_empty();
    assert_eq!(output.status.code(), Some(i32::from(doubts)), "{value}");
    assert_eq!(value["type"], "audited");
    assert!(
        value["all"]["seams"]["positives"].as_u64().unwrap() > 0,
        "{value}"
    );
    assert_eq!(value["all"]["controls"].as_array().unwrap().len(), 4);
    let seams = value["seams"].as_array().unwrap();
    assert_eq!(value["all"]["seams"]["positives"], seams.len());
    assert_eq!(value["worst"].as_array().unwrap()[0], seams[0]);
    assert_eq!(
        (&seams[0]["film"], &seams[0]["kind"]),
        (&"o.mp4".into(), &"cut".into())
    );
    // The same video again adds nothing but repeats.
    std::fs::copy(house.path("o.mp4"), house.path("again.mp4")).unwrap();
    let mut args = vec!["audit", "o.mp4", "again.mp4", "--json"];
    args.extend(["--report", "r.json", "--report", "r.json"]);
    let output = house.run(&args, 0);
    let both: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&both["all"], &both["seams"]),
        (&value["all"], &value["seams"])
    );
    let repeats = |of: &serde_json::Value| of["excluded"]["repeats"].as_u64().unwrap();
    assert_eq!(repeats(&both), 2 * repeats(&value) + seams.len() as u64);
}

#[test]
fn the_joints_of_a_finished_video_are_measured_again() {
    let house = rendered();
    let args = ["verify", "o.mp4", "--report", "r.json", "--seams"];
    let said = text(&house.run(&args, 0).stderr);
    assert!(said.contains("distinct joints"), "{said}");
    let output = house.run(&[&args[..], &["--json"]].concat(), 0);
    let lines = text(&output.stdout);
    let last: serde_json::Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert_eq!(last["type"], "visibility");
    let number = |name: &str| last[name].as_u64().unwrap();
    // Cuts between clips that have nothing in common, and clips that run on.
    assert!(number("joints") > 3, "{last}");
    assert!(number("ordinary") * 4 < number("joints"), "{last}");
    assert!(
        number("ordinary_moments") * 10 > number("moments") * 8,
        "{last}"
    );
    assert!(number("moments") > 10, "{last}");
    house.run(&["verify", "o.mp4", "--seams"], 2);
}

#[test]
fn mistakes_are_told_apart() {
    let house = rendered();
    let refused = |args: &[&str], code: i32, word: &str| {
        let said = text(&house.run(args, code).stderr);
        assert!(
            said.contains(word) && !said.contains("panicked"),
            "loopy {args:?} said:\n{said}"
        );
    };
    std::fs::write(house.path("bad.json"), "{\"schema\": 1}").unwrap();
    std::fs::write(house.path("bad.txt"), "truth_00.mp4 take soon").unwrap();
    refused(&["audit", "o.mp4"], 2, "--report");
    let two = ["audit", "o.mp4", "o.mp4", "--report", "r.json"];
    refused(&two, 2, "2 videos and 1 reports");
    refused(&["audit", "--report", "r.json"], 2, "FILE");
    refused(&["audit", "o.mp4", "--report", "bad.json"], 1, "bad.json");
    refused(&["audit", "o.mp4", "--report", "none.json"], 1, "none.json");
    refused(&["audit", "none.mp4", "--report", "r.json"], 1, "none.mp4");
    refused(
        &["audit", "clips/truth_00.mp4", "--report", "r.json"],
        2,
        "not this video's",
    );
    refused(
        &["audit", "o.mp4", "--report", "r.json", "--takes", "bad.txt"],
        1,
        "line 1",
    );
}
