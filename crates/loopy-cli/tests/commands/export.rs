//! A plan goes to other programs and comes back edited.

use std::process::Command;

use crate::house::{House, text};
use loopy_core::{Plan, Rate};

/// Clips with names that need quotes, and a plan of ten seconds.
fn planned() -> (House, Plan) {
    let house = House::new();
    house.truth_clips(Rate::new(30, 1).unwrap(), &[60, 70, 80]);
    for (old, new) in [
        ("truth_00.mp4", "it's 0.mp4"),
        ("truth_01.mp4", "a, b#1.mp4"),
    ] {
        let clips = house.path("clips");
        std::fs::rename(clips.join(old), clips.join(new)).unwrap();
    }
    house.run(&["plan", "clips", "--frames", "300", "-o", "p.json"], 0);
    let plan = serde_json::from_slice(&std::fs::read(house.path("p.json")).unwrap()).unwrap();
    (house, plan)
}

fn read(house: &House, name: &str) -> String {
    std::fs::read_to_string(house.path(name)).unwrap()
}

#[test]
fn a_plan_is_written_for_other_programs_with_or_without_its_clips() {
    let (house, plan) = planned();
    for name in ["p.csv", "p.ffconcat", "p.otio"] {
        house.run(&["plan", "--from", "p.json", "-o", name], 0);
    }
    let args = ["plan", "clips", "--frames", "300", "-o", "q.csv"];
    house.run(&args, 0);
    assert_eq!(read(&house, "p.csv"), read(&house, "q.csv"));
    house.run(&["plan", "--from", "p.csv", "-o", "q.json"], 0);
    assert_eq!(read(&house, "p.json"), read(&house, "q.json"));
    let out = house.run(&["plan", "--from", "p.json", "--format", "csv"], 0);
    assert_eq!(text(&out.stdout), read(&house, "p.csv"));
    house.run(&["verify", "p.csv"], 0);

    let timeline: serde_json::Value = serde_json::from_str(&read(&house, "p.otio")).unwrap();
    let items = &timeline["tracks"]["children"][0]["children"];
    let urls: Vec<&str> = (items.as_array().unwrap().iter())
        .filter_map(|item| item["media_references"]["DEFAULT_MEDIA"]["target_url"].as_str())
        .collect();
    assert_eq!(urls.len(), plan.visits.len());
    assert!(urls.iter().all(|url| url.starts_with("file:///")));
    assert!(
        urls.iter()
            .any(|url| url.ends_with("/clips/a%2C%20b%231.mp4")),
        "{urls:?}"
    );
}

#[test]
fn ffmpeg_reads_the_script_and_agrees_about_its_length() {
    let (house, plan) = planned();
    house.run(&["plan", "--from", "p.json", "-o", "p.ffconcat"], 0);
    let out = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-safe",
            "0",
            "-show_entries",
            "format=duration",
        ])
        .args(["-of", "csv=p=0"])
        .arg(house.path("p.ffconcat"))
        .output()
        .unwrap();
    assert_eq!(text(&out.stderr), "");
    let length: f64 = text(&out.stdout).trim().parse().unwrap();
    let frames: u32 = plan.visits.iter().map(|visit| visit.frames()).sum();
    let tolerance = plan.visits.len() as f64 / 30.0;
    assert!(
        (length - f64::from(frames) / 30.0).abs() < tolerance,
        "{length} s, {frames} frames"
    );

    // Every file of the script is opened, and its pictures are decoded.
    let out = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-safe", "0", "-i"])
        .arg(house.path("p.ffconcat"))
        .args(["-f", "null", "-"])
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", text(&out.stderr));
}

#[test]
fn rows_moved_and_deleted_by_hand_are_rendered_in_their_new_order() {
    let (house, plan) = planned();
    house.run(&["plan", "--from", "p.json", "-o", "p.csv"], 0);
    let sheet = read(&house, "p.csv");
    let lines: Vec<&str> = sheet.lines().collect();
    let head = lines
        .iter()
        .position(|line| line.starts_with("index,"))
        .unwrap();
    let rows = &lines[head + 1..];
    assert!(rows.len() >= 4);
    // The last row, which may end anywhere, goes; the second comes first.
    let order: Vec<usize> = std::iter::once(1)
        .chain([0])
        .chain(2..rows.len() - 1)
        .collect();
    let mut edited: Vec<&str> = lines[..=head].to_vec();
    edited.extend(order.iter().map(|row| rows[*row]));
    std::fs::write(house.path("e.csv"), edited.join("\n")).unwrap();

    let joint = |from: usize, to: usize| {
        let (from, to) = (plan.visits[from], plan.visits[to]);
        (from.clip, from.last, to.clip, to.first)
    };
    let known: Vec<_> = (1..rows.len()).map(|at| joint(at - 1, at)).collect();
    let new = order.windows(2).map(|pair| joint(pair[0], pair[1]));
    let new = new.filter(|joint| !known.contains(joint)).count();
    assert!(new > 0);
    let out = house.run(&["verify", "e.csv"], 0);
    assert!(
        text(&out.stderr).contains(&format!("edited by hand: {new} new joint")),
        "{}",
        text(&out.stderr)
    );
    let args = [
        "render", "clips", "--plan", "e.csv", "-o", "e.mp4", "--audio", "none", "--report",
        "e.r.json",
    ];
    let out = house.run(&args, 0);
    assert!(
        text(&out.stderr).contains("edited by hand"),
        "{}",
        text(&out.stderr)
    );
    let report = house.report("e.r.json");
    assert_eq!(report.visits.len(), order.len());
    for (shown, row) in report.visits.iter().zip(&order) {
        let visit = plan.visits[*row];
        assert_eq!((shown.first, shown.last), (visit.first, visit.last));
        assert_eq!(shown.blake3, plan.clip(&visit).clip.hash);
    }
    let lengths = report
        .visits
        .iter()
        .map(|visit| u64::from(visit.frames))
        .sum::<u64>()
        + report
            .seams
            .iter()
            .map(|seam| u64::from(seam.frames))
            .sum::<u64>();
    assert_eq!(report.frames, lengths);
    let changes = report.seams.iter().filter(|seam| seam.changes_scene());
    assert_eq!(report.certificate.scene_changes, changes.count() as u64);
    house.run(&["verify", "e.mp4", "--report", "e.r.json"], 0);
}

#[test]
fn a_sheet_with_a_mistake_is_refused_by_row_and_column_and_nothing_is_made() {
    let (house, _) = planned();
    house.run(&["plan", "--from", "p.json", "-o", "p.csv"], 0);
    let sheet = read(&house, "p.csv");
    let head = sheet
        .lines()
        .position(|line| line.starts_with("index,"))
        .unwrap();
    let mut lines: Vec<String> = sheet.lines().map(str::to_owned).collect();
    let cells = lines[head + 1].split(',').count();
    lines[head + 1] = format!("0,ghost.mp4,0,9,0,10{}", ",".repeat(cells - 6));
    std::fs::write(house.path("bad.csv"), lines.join("\n")).unwrap();
    for args in [
        &["verify", "bad.csv"][..],
        &["plan", "--from", "bad.csv", "-o", "o.otio"],
        &["render", "clips", "--plan", "bad.csv", "-o", "o.mp4"],
    ] {
        let said = text(&house.run(args, 1).stderr);
        let place = format!(
            "row {}, column `clip`: there is no clip `ghost.mp4`",
            head + 2
        );
        assert!(said.contains(&place), "{said}");
        assert!(said.contains("hint: known are "), "{said}");
    }
    house.run(&["plan", "--from", "p.json", "-o", "p.otio"], 0);
    let said = text(&house.run(&["verify", "p.otio"], 2).stderr);
    assert!(said.contains("not read back"), "{said}");
    assert!(!house.path("o.mp4").exists() && !house.path("o.otio").exists());
}

#[test]
fn clips_and_places_alone_become_the_plan_that_the_library_gave_them() {
    let (house, plan) = planned();
    let rows = plan.visits.iter().map(|visit| {
        let clip = plan.clip(visit).clip.short_name();
        format!("\"{clip}\",{},{}\n", visit.enter, visit.leave)
    });
    let sheet = "clip,in,out\n".to_owned() + &rows.collect::<String>();
    std::fs::write(house.path("bare.csv"), sheet).unwrap();
    house.run(
        &["plan", "clips", "--from", "bare.csv", "-o", "bare.json"],
        0,
    );
    let bare: Plan = serde_json::from_str(&read(&house, "bare.json")).unwrap();
    assert_eq!(bare.hash(), plan.hash());
    let said = text(&house.run(&["verify", "bare.csv"], 1).stderr);
    assert!(said.contains("hint: give the clips"), "{said}");
}
