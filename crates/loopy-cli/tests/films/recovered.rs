//! What the picture of a finished video tells: the walk over its clips, and its repeats.

use crate::house::{House, SIZE, shared, text, truth_clip, write_clip, write_coded};
use loopy_core::{Rate, Size, report::Report};
use loopy_demo::truth;
use serde_json::Value;

fn rate() -> Rate {
    Rate::new(25, 1).unwrap()
}

/// The line of this type that a command printed.
fn line(output: &[u8], kind: &str) -> Value {
    let lines = text(output);
    let values = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    values
        .into_iter()
        .find(|value| value["type"] == kind)
        .unwrap()
}

fn number(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap()
}

fn render(house: &House, out: &str, more: &[&str]) -> Report {
    let mut args = vec![
        "render", "clips", "-o", out, "--report", "r.json", "--audio", "none",
    ];
    args.extend(more);
    house.run(&args, 0);
    house.report("r.json")
}

/// Visits of the report that the recovered walk has, with clip, borders and source frames no more
/// than two frames off.
fn within(walk: &Value, report: &Report) -> usize {
    let visits = walk["visits"].as_array().unwrap();
    let near = |a: u64, b: u64| a.abs_diff(b) <= 2;
    let there = report.visits.iter().filter(|told| {
        visits.iter().any(|visit| {
            let (start, frames) = (number(visit, "start"), number(visit, "frames"));
            let moved = start as i64 - told.start as i64;
            visit["blake3"] == told.blake3.to_string()
                && near(start, told.start)
                && near(start + frames, told.start + u64::from(told.frames))
                && (number(visit, "first") as i64 - moved - i64::from(told.first)).abs() <= 2
        })
    });
    there.count()
}

#[test]
fn hard_cuts_are_recovered_and_the_certificate_is_that_of_the_plan() {
    let house = House::new();
    house.truth_clips(rate(), &[50, 61, 75, 90]);
    let report = render(&house, "out.mp4", &["--frames", "1000", "--seams", "cut"]);
    let output = house.run(&["verify", "out.mp4", "--clips", "clips", "--json"], 0);
    let walk = line(&output.stdout, "recovered");
    assert_eq!(within(&walk, &report), report.visits.len());
    assert_eq!(walk["unknown"], serde_json::json!([]));
    assert_eq!(
        (number(&walk, "frames"), number(&walk, "bridges")),
        (1000, 0)
    );
    let (found, told) = (&walk["certificate"], &report.certificate);
    assert_eq!(number(found, "visits"), told.visits);
    assert_eq!(found["return_gap_min"].as_u64(), told.return_gap_min);
    assert_eq!(number(found, "longest_repeat"), told.longest_repeat);
    for (key, told) in [
        ("repeated_pairs", told.repeated_pairs),
        ("repeated_triples", told.repeated_triples),
        ("entropy_rate", told.entropy_rate),
    ] {
        assert!((found[key].as_f64().unwrap() - told).abs() < 1e-9, "{key}");
    }
    // People get the same in words.
    let output = house.run(&["verify", "out.mp4", "--clips", "clips", "--visits"], 0);
    let words = text(&output.stderr);
    let summary = format!(
        "show {} visits to 4 of 4 clips, with 0 bridges",
        told.visits
    );
    assert!(words.contains(&summary), "{words}");
    assert!(words.contains("frame 0: clips/truth_"), "{words}");
}

#[test]
fn visits_between_bridges_are_recovered_and_agree_with_the_report() {
    let house = House::new();
    house.truth_clips(rate(), &[70, 81, 95]);
    let more = [
        "--frames",
        "1000",
        "--seams",
        "motion",
        "--bridge-frames",
        "6",
        "--seam-threshold",
        "0",
    ];
    let report = render(&house, "out.mp4", &more);
    let bridges = report.seams.iter().filter(|seam| seam.frames > 0).count() as u64;
    assert!(bridges > 5);
    let args = [
        "verify", "out.mp4", "--clips", "clips", "--report", "r.json", "--json",
    ];
    let output = house.run(&args, 0);
    let walk = line(&output.stdout, "recovered");
    assert_eq!(within(&walk, &report), report.visits.len());
    assert_eq!(number(&walk, "bridges"), bridges);
    let compared = line(&output.stdout, "compared");
    assert_eq!(number(&compared, "within"), report.visits.len() as u64);
    assert_eq!(compared["differences"], serde_json::json!([]));
}

#[test]
fn a_report_of_another_film_is_seen_in_the_picture() {
    let house = House::new();
    house.truth_clips(rate(), &[60, 70, 80]);
    render(
        &house,
        "a.mp4",
        &["--frames", "400", "--seed", "1", "--seams", "cut"],
    );
    std::fs::rename(house.path("r.json"), house.path("a.json")).unwrap();
    render(
        &house,
        "b.mp4",
        &["--frames", "400", "--seed", "5", "--seams", "cut"],
    );
    let args = [
        "verify", "a.mp4", "--clips", "clips", "--report", "r.json", "--json",
    ];
    let output = house.run(&args, 1);
    let compared = line(&output.stdout, "compared");
    assert!(number(&compared, "others") > 0);
    assert!(!compared["differences"].as_array().unwrap().is_empty());
    let args = ["verify", "a.mp4", "--clips", "clips", "--report", "a.json"];
    house.run(&args, 0);
}

#[test]
fn clips_of_another_shape_and_rate_are_recognised_as_they_were_fitted() {
    let house = House::new();
    house.truth_clips(rate(), &[60, 75]);
    let square = Size::new(120, 120);
    let thirty = Rate::new(30, 1).unwrap();
    // Cropped, they lose their numbers: their tints, which are the farthest apart, tell them.
    truth_clip(&house.path("clips/square_03.mp4"), 3, thirty, 80, square);
    truth_clip(&house.path("clips/square_08.mp4"), 8, thirty, 90, square);
    for fit in ["pad", "crop", "stretch"] {
        let more = [
            "--frames", "500", "--size", "160x90", "--fps", "25", "--seams", "cut",
        ];
        let report = render(&house, "out.mp4", &[&more[..], &["--fit", fit]].concat());
        let output = house.run(&["verify", "out.mp4", "--clips", "clips", "--json"], 0);
        let walk = line(&output.stdout, "recovered");
        assert_eq!(walk["fit"], fit);
        assert_eq!(within(&walk, &report), report.visits.len(), "{fit}");
    }
}

#[test]
fn files_that_cannot_be_read_are_named_and_the_others_are_compared() {
    let house = House::new();
    house.truth_clips(rate(), &[60, 75, 90]);
    let report = render(
        &house,
        "clips/out.mp4",
        &["--frames", "400", "--seams", "cut"],
    );
    std::fs::write(house.path("clips/broken.mp4"), b"no video").unwrap();
    let output = house.run(
        &["verify", "clips/out.mp4", "--clips", "clips", "--json"],
        0,
    );
    let walk = line(&output.stdout, "recovered");
    assert_eq!(within(&walk, &report), report.visits.len());
    let left_out = walk["left_out"].as_array().unwrap();
    let names: Vec<&str> = left_out
        .iter()
        .map(|left| left["file"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["clips/broken.mp4", "clips/out.mp4"]);
}

#[test]
fn takes_that_are_copies_of_one_another_count_as_one() {
    let house = House::new();
    house.truth_clips(rate(), &[60, 75, 90]);
    let report = render(&house, "out.mp4", &["--frames", "600", "--seams", "cut"]);
    let copy = (0..75).map(|index| truth::plain(1, index, SIZE));
    write_coded(
        &house.path("clips/truth_copy.mp4"),
        rate(),
        SIZE,
        75,
        copy,
        16,
    );
    let output = house.run(&["verify", "out.mp4", "--clips", "clips", "--json"], 0);
    let walk = line(&output.stdout, "recovered");
    let pair = serde_json::json!([["clips/truth_01.mp4", "clips/truth_copy.mp4"]]);
    assert_eq!(walk["alike"], pair);
    let certificate = &walk["certificate"];
    assert_eq!(number(certificate, "visits"), report.certificate.visits);
    assert_eq!(number(certificate, "clips"), 3);
    assert_eq!(
        certificate["return_gap_min"].as_u64(),
        report.certificate.return_gap_min
    );
}

#[test]
fn a_video_of_other_clips_a_picture_and_an_empty_folder_are_said_to_be_that() {
    let house = House::new();
    house.truth_clips(rate(), &[60, 75]);
    let other = (0..100).map(|index| {
        let mut frame = truth::plain(9, index, SIZE);
        // Upside down, nothing of the clips is where it was.
        frame.planes_mut()[0].reverse();
        frame
    });
    write_clip(&house.path("other.mp4"), rate(), SIZE, 100, other);
    let output = house.run(&["verify", "other.mp4", "--clips", "clips", "--json"], 0);
    let walk = line(&output.stdout, "recovered");
    assert_eq!(walk["visits"], serde_json::json!([]));
    assert_eq!(
        walk["unknown"],
        serde_json::json!([{"start": 0, "frames": 100}])
    );

    truth_clip(&house.path("one.mp4"), 1, rate(), 1, SIZE);
    let output = house.run(&["verify", "one.mp4", "--clips", "clips", "--json"], 0);
    assert_eq!(number(&line(&output.stdout, "recovered"), "frames"), 1);
    let output = house.run(&["verify", "one.mp4", "--json"], 0);
    assert_eq!(
        line(&output.stdout, "repeats")["repeats"],
        serde_json::json!([])
    );

    std::fs::create_dir(house.path("empty")).unwrap();
    let output = house.run(&["verify", "one.mp4", "--clips", "empty"], 4);
    assert!(text(&output.stderr).contains("no video files in empty"));
    std::fs::write(house.path("noise.mp4"), b"no video").unwrap();
    house.run(&["verify", "noise.mp4", "--clips", "clips"], 1);
    house.run(&["verify", "noise.mp4"], 1);
}

/// What every frame of a film shows: clip and source frame, nothing in a bridge.
fn shown(report: &Report) -> Vec<Option<(String, u32)>> {
    let mut shown = vec![None; report.frames as usize];
    for visit in &report.visits {
        for at in 0..visit.frames {
            let frame = (visit.clip.display(), visit.first + at);
            shown[(visit.start + u64::from(at)) as usize] = Some(frame);
        }
    }
    shown
}

#[test]
fn what_a_video_repeats_is_told_from_itself_and_every_claim_is_true() {
    let house = House::new();
    house.truth_clips(rate(), &[70, 81, 95]);
    let report = render(&house, "out.mp4", &["--frames", "1600", "--seams", "cut"]);
    let output = house.run(&["verify", "out.mp4", "--json"], 0);
    let told = line(&output.stdout, "repeats");
    let shown = shown(&report);
    let repeats = told["repeats"].as_array().unwrap();
    assert!(repeats.len() >= 8, "{repeats:?}");
    for repeat in repeats {
        let (start, earlier) = (number(repeat, "start"), number(repeat, "earlier"));
        let frames = number(repeat, "frames");
        assert!(frames >= 50 && earlier + frames <= start);
        let same = (0..frames).filter(|at| {
            let [a, b] = [start, earlier].map(|from| &shown[(from + at) as usize]);
            a.is_some() && a == b
        });
        assert!(same.count() as u64 * 100 >= frames * 99, "{repeat}");
    }
    let output = house.run(&["verify", "out.mp4"], 0);
    assert!(text(&output.stderr).contains("were shown before"));
}

#[test]
fn real_clips_are_recovered() {
    let Some(shared) = shared() else { return };
    let house = House::new();
    std::fs::create_dir(house.path("clips")).unwrap();
    for name in ["001", "002", "003"] {
        let file = format!("avatar_talking_furhat_{name}.mp4");
        std::fs::copy(
            shared.join("clips").join(&file),
            house.path(&format!("clips/{file}")),
        )
        .unwrap();
    }
    let more = ["--duration", "40s", "--size", "320x180", "--seams", "cut"];
    let report = render(&house, "out.mp4", &more);
    let output = house.run(&["verify", "out.mp4", "--clips", "clips", "--json"], 0);
    let walk = line(&output.stdout, "recovered");
    assert!(report.visits.len() > 5);
    assert_eq!(within(&walk, &report), report.visits.len());
}
