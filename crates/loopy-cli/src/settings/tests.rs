//! What goes before what, option by option.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what must not be"
)]

use super::*;

fn line(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

/// Settings of a file and of variables.
fn settings(file: &str, variables: &[(String, String)]) -> Settings {
    let file = config::File {
        name: "c.yaml",
        bytes: file.as_bytes(),
    };
    config::resolve(Some(file), variables).unwrap()
}

/// A file that gives one key.
fn file_of(key: &str, value: &str) -> String {
    let (section, name) = key.split_once('.').unwrap();
    format!("{section}:\n  {name}: {value}\n")
}

/// An option's value as it was read.
fn value(settings: &Settings, words: &[&str], option: &str) -> Option<String> {
    let matches = matches(settings, &line(words)).unwrap();
    let (_, matches) = matches.subcommand().unwrap();
    let mut raw = matches.get_raw(option)?;
    raw.next().map(|value| value.to_string_lossy().into_owned())
}

/// Values of a file, of the environment and of the command line, each another.
const VALUES: [(&str, &str, &str, &str, &str); 25] = [
    ("render.size", "360p", "480p", "--size", "720p"),
    ("render.fps", "25", "24", "--fps", "50"),
    ("render.fit", "crop", "stretch", "--fit", "pad"),
    ("render.preset", "web", "fast", "--preset", "youtube"),
    ("render.quality", "18", "draft", "--quality", "best"),
    ("render.audio", "none", "bed.wav", "--audio", "keep"),
    ("seams.mode", "cut", "motion", "--seams", "dissolve"),
    ("seams.threshold", "0.25", "0.75", "--seam-threshold", "0.5"),
    ("seams.bridge_frames", "4", "5", "--bridge-frames", "6"),
    ("seams.bridge_budget", "50", "25", "--bridge-budget", "75"),
    (
        "walk.mode",
        "uniform",
        "visual_similarity",
        "--mode",
        "uniform",
    ),
    ("walk.min_gap", "3", "4", "--min-gap", "5"),
    ("walk.history_window", "30", "40", "--history-window", "50"),
    ("walk.temperature", "0.5", "2", "--temperature", "3"),
    (
        "walk.repetition_penalty",
        "0.5",
        "2",
        "--repetition-penalty",
        "3",
    ),
    (
        "live.rungs",
        "640x360@700000",
        "320x240@300000",
        "--rungs",
        "160x120@100000",
    ),
    ("live.max_viewers", "20", "30", "--max-viewers", "40"),
    ("live.max_per_address", "2", "3", "--max-per-address", "4"),
    ("live.allow_host", "a", "b", "--allow-host", "c"),
    (
        "live.allow_origin",
        "https://a",
        "https://b",
        "--allow-origin",
        "https://c",
    ),
    (
        "features.real_time.websocket.host",
        "127.0.0.1",
        "127.0.0.2",
        "--host",
        "127.0.0.3",
    ),
    (
        "features.real_time.websocket.port",
        "9000",
        "9001",
        "--port",
        "9002",
    ),
    ("store.path", "here", "there", "--cache", "elsewhere"),
    ("store.size", "1G", "2G", "--cache-size", "3G"),
    ("monitor.memory_limit", "4G", "5G", "--memory-limit", "6G"),
];

#[test]
fn of_every_option_the_command_line_goes_before_the_environment_and_that_before_the_file() {
    let every = &["render", "plan", "loop"][..];
    let options = OPTIONS.into_iter();
    let options: Vec<_> = options
        .chain(GLOBAL.map(|(key, option)| (key, option, every)))
        .collect();
    assert_eq!(
        VALUES.map(|value| value.0).as_slice(),
        options.iter().map(|option| option.0).collect::<Vec<_>>()
    );
    for ((key, in_file, in_environment, flag, by_hand), (_, option, commands)) in
        VALUES.into_iter().zip(options)
    {
        let file = settings(&file_of(key, in_file), &[]);
        let variables = [(config::variable(key), in_environment.to_owned())];
        let both = settings(&file_of(key, in_file), &variables);
        for command in commands {
            let words = match *command {
                "plan" | "serve" => &["loopy", command, "clips"][..],
                command => &["loopy", command, "clips", "-o", "o.mp4"][..],
            };
            let told = format!("{command} {key}");
            let plain = value(&Settings::default(), words, option);
            assert_ne!(plain.as_deref(), Some(in_file), "{told}");
            assert_eq!(
                value(&file, words, option).as_deref(),
                Some(in_file),
                "{told}"
            );
            let found = value(&both, words, option);
            assert_eq!(found.as_deref(), Some(in_environment), "{told}");
            let words = [words, &[flag, by_hand]].concat();
            let found = value(&both, &words, option);
            assert_eq!(found.as_deref(), Some(by_hand), "{told}");
        }
    }
}

#[test]
fn every_key_of_ours_is_the_default_of_an_option() {
    let ours = config::Key::ALL
        .into_iter()
        .filter(|key| !key.is_specified())
        .map(|key| key.path)
        // Read where they are used: nobody says them by hand for one command.
        .filter(|path| *path != "monitor.interval" && !path.starts_with("log."));
    // The specification's keys are read, too.
    let specified = |key: &&str| !key.starts_with("features.");
    let read = OPTIONS
        .into_iter()
        .map(|(key, ..)| key)
        .filter(specified)
        .chain(GLOBAL.map(|(key, _)| key));
    assert_eq!(ours.collect::<Vec<_>>(), read.collect::<Vec<_>>());
}

#[test]
fn workers_follow_parallel_processing_and_the_command_line_goes_before_it() {
    let workers = |file: &str, more: &[&str]| {
        let words = [&["loopy", "render", "clips", "-o", "o.mp4"], more].concat();
        parse(&settings(file, &[]), &line(&words))
            .unwrap()
            .global
            .workers
    };
    let on = "features:\n  parallel_processing:\n    enabled: true\n";
    let off = "features:\n  parallel_processing:\n    max_workers: 3\n";
    let cores = std::thread::available_parallelism().unwrap().get();
    assert_eq!(workers("", &[]), 1);
    assert_eq!(workers(off, &[]), 1);
    assert_eq!(usize::from(workers(on, &[])), cores);
    assert_eq!(workers(&format!("{on}    max_workers: 7\n"), &[]), 7);
    assert_eq!(
        workers(&format!("{on}    max_workers: 7\n"), &["--workers", "2"]),
        2
    );
    assert_eq!(workers(off, &["--workers", "2"]), 2);
}

#[test]
fn a_preset_goes_before_what_a_lesser_place_says_of_size_and_quality() {
    let file = "render:\n  size: 360p\n  quality: draft\n";
    let by_file = settings(file, &[]);
    let words = [
        "loopy", "render", "clips", "-o", "o.mp4", "--preset", "tiktok",
    ];
    assert_eq!(value(&by_file, &words, "size"), None);
    assert_eq!(value(&by_file, &words, "quality"), None);
    assert_eq!(
        value(&by_file, &words[..5], "size").as_deref(),
        Some("360p")
    );
    let both = settings(&format!("{file}  preset: web\n"), &[]);
    assert_eq!(value(&both, &words[..5], "size").as_deref(), Some("360p"));
    let variables = [(config::variable("render.preset"), "tiktok".to_owned())];
    let over = settings(file, &variables);
    assert_eq!(value(&over, &words[..5], "size"), None);
}

#[test]
fn settings_do_not_stand_in_the_way_of_a_given_plan() {
    let all: Vec<(String, String)> = VALUES
        .iter()
        .map(|(key, _, value, ..)| (config::variable(key), (*value).to_owned()))
        .collect();
    let settings = settings("", &all);
    let words = ["loopy", "render", "--plan", "p.json", "-o", "o.mp4"];
    assert!(parse(&settings, &line(&words)).is_ok());
    let words = ["loopy", "plan", "--from", "p.json"];
    assert!(parse(&settings, &line(&words)).is_ok());
}
