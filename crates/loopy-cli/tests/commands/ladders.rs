//! Steps down a ladder while the whole program runs: told, and with `--strict` not taken.

use crate::without;
use std::{fs, path::PathBuf};

use crate::house::{House, text};
use loopy_core::Rate;

const RENDER: [&str; 10] = [
    "render",
    "clips",
    "-o",
    "o.mp4",
    "--duration",
    "2s",
    "--quality",
    "draft",
    "--report",
    "r.json",
];

/// Clips, and a library that hides things.
fn place() -> Option<(House, PathBuf)> {
    let house = House::new();
    house.truth_clips(Rate::new(30, 1).unwrap(), &[40, 40, 40]);
    let library = without::library(&house.path(""))?;
    Some((house, library))
}

/// Runs `loopy render` where something is hidden; what it said.
fn render(house: &House, more: &[&str], hidden: &[(&str, &str)], code: i32) -> String {
    let mut command = house.loopy(&[&RENDER[..], more].concat());
    command.envs(hidden.iter().copied());
    let output = command.output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    said
}

#[test]
fn workers_that_cannot_be_started_any_more_leave_the_rest_to_this_process() {
    let Some((house, library)) = place() else {
        return;
    };
    let (library, tally) = (library.to_str().unwrap(), house.path("tally"));
    // What they would have made.
    render(&house, &["--audio", "none"], &[], 0);
    let wanted = fs::read(house.path("o.mp4")).unwrap();
    for after in ["0", "1", "3"] {
        fs::remove_file(house.path("o.mp4")).unwrap();
        house.run(&["cache", "clear"], 0);
        fs::remove_dir_all(house.path("store")).unwrap();
        let _none_yet = fs::remove_file(&tally);
        let hidden = [
            ("LD_PRELOAD", library),
            ("NO_WORKERS", tally.to_str().unwrap()),
            ("NO_WORKERS_AFTER", after),
        ];
        // It is no feature that was asked for: it happens while work goes on.
        let said = render(&house, &["--audio", "none", "--strict"], &hidden, 5);
        let told = "fallback: picture work: CPU, in this process instead of CPU workers";
        assert_eq!(said.matches(told).count(), 1, "{said}");
        assert!(said.contains("no workers today"), "{said}");
        assert_eq!(fs::read(house.path("o.mp4")).unwrap(), wanted, "{after}");
        let report = house.report("r.json");
        assert_eq!(report.fallbacks.len(), 1);
        assert_eq!(report.fallbacks[0].to, "CPU, in this process");
    }
}

#[test]
fn sound_that_cannot_be_coded_as_asked_is_coded_otherwise_and_said() {
    let Some((house, library)) = place() else {
        return;
    };
    let hidden = [
        ("LD_PRELOAD", library.to_str().unwrap()),
        ("WITHOUT", "libopus"),
    ];
    fs::write(house.path("bed.wav"), wav()).unwrap();
    let more = ["--audio", "bed.wav", "--audio-codec", "opus"];
    let said = render(&house, &more, &hidden, 0);
    assert!(
        said.contains("fallback: sound asked for as Opus: aac instead of opus"),
        "{said}"
    );
    let report = house.report("r.json");
    assert_eq!(report.audio.unwrap().codec, "aac");
    assert_eq!(report.fallbacks.len(), 1);
    // Under --strict nothing is begun.
    fs::remove_file(house.path("o.mp4")).unwrap();
    let said = render(&house, &[&more[..], &["--strict"]].concat(), &hidden, 1);
    assert!(said.contains("--enable-libopus"), "{said}");
    assert!(!house.path("o.mp4").exists());
    // And where it is there, nothing is said.
    let said = render(&house, &more, &[], 0);
    assert!(!said.contains("fallback"), "{said}");
    assert_eq!(house.report("r.json").audio.unwrap().codec, "opus");
}

/// A second of a tone: 16 bits, mono, 8 kHz.
fn wav() -> Vec<u8> {
    let samples = (0..8000_i32).flat_map(|at| ((at % 40 * 400 - 8000) as i16).to_le_bytes());
    let samples: Vec<u8> = samples.collect();
    let size = samples.len() as u32;
    let mut file = b"RIFF".to_vec();
    file.extend((36 + size).to_le_bytes());
    file.extend(b"WAVEfmt ");
    for (value, bytes) in [
        (16, 4),
        (1, 2),
        (1, 2),
        (8000, 4),
        (16_000, 4),
        (2, 2),
        (16, 2),
    ] {
        file.extend(&u32::to_le_bytes(value)[..bytes]);
    }
    file.extend(b"data");
    file.extend(size.to_le_bytes());
    file.extend(samples);
    file
}

#[test]
fn strict_fails_before_any_file_is_read_when_a_feature_is_not_there() {
    let house = House::new();
    fs::create_dir(house.path("clips")).unwrap();
    fs::write(house.path("clips/a.mp4"), "no video").unwrap();
    fs::write(
        house.path("c.yaml"),
        "features: {ml_enhanced: {enabled: true}}",
    )
    .unwrap();
    let said = render(&house, &["--config", "c.yaml", "--strict"], &[], 1);
    assert!(said.contains("features.ml_enhanced.enabled"), "{said}");
    assert!(!said.contains("left out"), "{said}");
    // Without it, it is said once, as one step from the tier that was asked for.
    let said = render(&house, &["--config", "c.yaml"], &[], 4);
    let told = "fallback: scores of joints: what is measured in the pictures instead of full model";
    assert_eq!(said.matches(told).count(), 1, "{said}");
    assert_eq!(said.matches("fallback").count(), 1, "{said}");
}
