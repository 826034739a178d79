//! What can go wrong around a render: whatever happens, it ends with the right bytes or a clear error,
//! and leaves no process and no temporary file.

use std::{
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::PathBuf,
    process::{Child, Output, Stdio},
    sync::{LazyLock, mpsc},
    time::{Duration, Instant},
};

use crate::house::{self, House, text};
use loopy_core::Rate;
use rustix::process::{Pid, Signal, kill_process};

const RENDER: &[&str] = &[
    "render",
    "clips",
    "-o",
    "o.mp4",
    "--frames",
    "110",
    "--seams",
    "motion",
    "--bridge-frames",
    "3",
    "--audio",
    "none",
    "--json",
    "--workers",
    "2",
];

/// A render that is killed so often: more in `make chaos`.
const CHAOS: u64 = 20;
/// Time by which whatever was started has to be gone.
const PATIENCE: Duration = Duration::from_mins(1);

fn house() -> House {
    let house = House::new();
    house.truth_clips(Rate::new(30, 1).unwrap(), &[40, 44, 48]);
    house
}

fn video(house: &House) -> Vec<u8> {
    std::fs::read(house.path("o.mp4")).unwrap()
}

/// What the render gives when nothing happens.
struct Whole {
    bytes: Vec<u8>,
    /// Lines that it tells.
    lines: u64,
}

static WHOLE: LazyLock<Whole> = LazyLock::new(|| {
    let house = house();
    let output = house.run(RENDER, 0);
    Whole {
        bytes: video(&house),
        lines: text(&output.stdout).lines().count() as u64,
    }
});

/// All that a command says: with `--json`, errors are lines of standard output, too.
fn words(output: &Output) -> String {
    text(&output.stdout) + &text(&output.stderr)
}

fn start(house: &House) -> Child {
    let mut command = house.loopy(RENDER);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Draws that are the same in every run.
struct Draws(u64);

impl Draws {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Processes whose folder is this house.
fn processes(house: &House) -> Vec<i32> {
    let here = house.path("").canonicalize().unwrap();
    let ids = std::fs::read_dir("/proc").unwrap().flatten();
    let ids = ids.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    ids.filter(|id| {
        std::fs::read_link(format!("/proc/{id}/cwd")).is_ok_and(|folder| folder == here)
    })
    .collect()
}

/// Nothing that was started in this house lives on.
fn assert_no_orphans(house: &House, after: &str) {
    let begun = Instant::now();
    while !processes(house).is_empty() {
        assert!(
            begun.elapsed() < PATIENCE,
            "{after}: {:?} live on",
            processes(house)
        );
        std::thread::yield_now();
    }
}

/// The same command goes on, ends with the right bytes, and cleans up.
fn assert_goes_on(house: &House, after: &str) {
    assert_no_orphans(house, after);
    house.run(RENDER, 0);
    assert!(video(house) == WHOLE.bytes, "{after}: other bytes");
    assert_no_orphans(house, after);
    assert_eq!(house.litter(), Vec::<PathBuf>::new(), "{after}");
}

/// Processes that `parent` has started.
fn children(parent: u32) -> Vec<i32> {
    let tasks = std::fs::read_dir(format!("/proc/{parent}/task")).into_iter();
    let lists = tasks
        .flatten()
        .flatten()
        .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| {
            list.split(' ')
                .filter_map(|id| id.parse().ok())
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Lets `child` run until it has told `lines` lines and `more` has passed, or is done. What it tells
/// later can be received.
fn run_for(child: &mut Child, lines: u64, more: Duration) -> mpsc::Receiver<String> {
    let out = child.stdout.take().unwrap();
    let (told, heard) = mpsc::channel();
    std::thread::spawn(move || {
        use std::io::BufRead as _;
        for line in std::io::BufReader::new(out).lines().map_while(Result::ok) {
            drop(told.send(line));
        }
    });
    for _ in 0..lines {
        if heard.recv_timeout(PATIENCE).is_err() {
            return heard;
        }
    }
    let until = Instant::now() + more;
    while let Some(rest) = until.checked_duration_since(Instant::now()) {
        if heard.recv_timeout(rest).is_err() {
            break;
        }
    }
    heard
}

#[test]
fn a_render_killed_at_any_moment_goes_on_and_ends_with_the_same_bytes() {
    let rounds = std::env::var("LOOPY_CHAOS").map_or(CHAOS, |rounds| rounds.parse().unwrap());
    let mut draws = Draws(1);
    let mut cut_short = 0;
    for round in 0..rounds {
        let house = house();
        let mut child = start(&house);
        let (line, more) = (
            draws.below(WHOLE.lines),
            Duration::from_millis(draws.below(60)),
        );
        let heard = run_for(&mut child, line, more);
        let signal = match draws.below(5) {
            0 => Signal::TERM,
            1 => Signal::HUP,
            2 => Signal::INT,
            _ => Signal::KILL,
        };
        let worker = (draws.below(4) == 0)
            .then(|| children(child.id()).first().copied())
            .flatten();
        let what = format!("round {round}: {signal:?} after {line} lines and {more:?}");
        if let Some(worker) = worker {
            // It may have ended by itself a moment ago.
            let _gone = kill_process(Pid::from_raw(worker).unwrap(), Signal::KILL);
            let status = child.wait().unwrap();
            let told: Vec<String> = heard.iter().collect();
            assert!(status.success(), "{what}, a worker: {status}\n{told:#?}");
            assert!(
                video(&house) == WHOLE.bytes,
                "{what}, a worker: other bytes"
            );
        } else {
            let _gone = kill_process(Pid::from_child(&child), signal);
            let status = child.wait().unwrap();
            cut_short += u64::from(!status.success());
            if let Ok(bytes) = std::fs::read(house.path("o.mp4")) {
                assert!(bytes == WHOLE.bytes, "{what}: a file that is not whole");
            } else {
                assert!(!status.success(), "{what}: no file");
            }
        }
        assert_goes_on(&house, &what);
    }
    assert!(
        cut_short * 3 > rounds,
        "only {cut_short} of {rounds} were cut short"
    );
}

#[test]
fn a_request_to_stop_ends_a_render_in_order() {
    for signal in [Signal::TERM, Signal::HUP] {
        let house = house();
        let mut child = start(&house);
        run_for(&mut child, WHOLE.lines / 3, Duration::ZERO);
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130), "{signal:?}");
        assert!(!house.path("o.mp4").exists(), "{signal:?}");
        assert_goes_on(&house, &format!("{signal:?}"));
    }
}

/// Files of the store, objects and index.
fn stored(house: &House) -> Vec<PathBuf> {
    let files = walkdir::WalkDir::new(house.path("store")).into_iter();
    let mut files: Vec<_> = files
        .flatten()
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .collect();
    files.sort();
    files
}

/// What can happen to the bytes of a file.
type Harm = fn(Vec<u8>) -> Vec<u8>;

#[test]
fn a_store_that_was_cut_short_flipped_or_emptied_is_made_again() {
    let house = house();
    house.run(RENDER, 0);
    let harm: [(&str, Harm); 3] = [
        ("cut short", |mut bytes| {
            bytes.truncate(bytes.len() / 2);
            bytes
        }),
        ("flipped", |mut bytes| {
            let at = bytes.len() * 2 / 3;
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 0x10;
            }
            bytes
        }),
        ("emptied", |_| Vec::new()),
    ];
    for (what, harm) in harm {
        let files = stored(&house);
        assert!(files.len() > 5, "{files:?}");
        for file in files {
            std::fs::write(&file, harm(std::fs::read(&file).unwrap())).unwrap();
        }
        assert_goes_on(&house, what);
    }
}

#[test]
fn a_clock_that_jumps_changes_nothing() {
    let house = house();
    house.run(RENDER, 0);
    let year = Duration::from_hours(24 * 365);
    let now = std::time::SystemTime::now();
    for (what, time) in [("ahead", now + 50 * year), ("back", now - 40 * year)] {
        for file in stored(&house) {
            let file = std::fs::File::options().write(true).open(file).unwrap();
            file.set_modified(time).unwrap();
        }
        assert_goes_on(&house, what);
    }
}

#[test]
fn settings_that_break_while_a_render_goes_on_do_not_disturb_it() {
    let house = house();
    let file = house.path("settings.yaml");
    std::fs::write(&file, "version: \"2.0\"\n").unwrap();
    let mut command = house.loopy(RENDER);
    command.env("LOOPYCOMFY_CONFIG", &file);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    run_for(&mut child, WHOLE.lines / 4, Duration::ZERO);
    std::fs::write(&file, "version: [\nfeatures").unwrap();
    assert!(child.wait().unwrap().success());
    assert!(video(&house) == WHOLE.bytes);
    // The next command reads them, and says what is wrong.
    let mut command = house.loopy(RENDER);
    let output = command.env("LOOPYCOMFY_CONFIG", &file).output().unwrap();
    let said = words(&output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("settings.yaml"), "{said}");
}

#[test]
fn a_clip_that_goes_away_is_a_clear_error_or_not_needed_any_more() {
    for (line, gone) in [
        (WHOLE.lines / 5, "truth_01.mp4"),
        (WHOLE.lines / 2, "truth_02.mp4"),
    ] {
        let house = house();
        let mut child = start(&house);
        let heard = run_for(&mut child, line, Duration::ZERO);
        let clip = house.path("clips").join(gone);
        let bytes = std::fs::read(&clip).unwrap();
        std::fs::remove_file(&clip).unwrap();
        let said = heard.iter().collect::<Vec<_>>().join("\n");
        let done = child.wait().unwrap().success();
        if done {
            let whole = video(&house) == WHOLE.bytes;
            assert!(
                whole || said.contains(gone),
                "other bytes without a word: {said}"
            );
        } else {
            assert!(said.contains(gone), "{said}");
            assert!(!house.path("o.mp4").exists());
        }
        // It is not held against the file that it was away.
        std::fs::write(&clip, bytes).unwrap();
        let output = house.run(RENDER, 0);
        assert!(!words(&output).contains(gone), "{}", words(&output));
        assert_no_orphans(&house, gone);
        assert_eq!(house.litter(), Vec::<PathBuf>::new(), "{gone}");
    }
}

#[test]
fn a_full_disk_is_a_clear_error_and_the_same_command_goes_on_when_there_is_room() {
    for (place, size) in [("store", "size=100k"), ("out", "size=12k")] {
        let house = house();
        let Some(disk) = house::Disk::mount(house.path(place), size) else {
            return;
        };
        let mut args = RENDER.to_vec();
        args[3] = "out/o.mp4";
        std::fs::create_dir_all(house.path("out")).unwrap();
        let output = house.run(&args, 1);
        let said = words(&output);
        let clear = said.contains("o room in") || said.contains("o space left");
        assert!(clear, "{place}: {said}");
        assert!(said.contains(place), "{place}: {said}");
        assert!(!house.path("out/o.mp4").exists());
        assert_no_orphans(&house, place);
        assert_eq!(house.litter(), Vec::<PathBuf>::new(), "{place}");
        drop(disk);
        house.run(&args, 0);
        assert!(std::fs::read(house.path("out/o.mp4")).unwrap() == WHOLE.bytes);
    }
}

#[test]
fn what_may_not_be_read_or_written_is_named() {
    let house = house();
    let may = |path: &str, mode| {
        let path = house.path(path);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let run = |args: &[&str]| {
        let mut command = house.loopy(args);
        if rustix::process::getuid().is_root() {
            // Nothing is forbidden to root.
            command.uid(65_534).gid(65_534);
        }
        command.output().unwrap()
    };
    may("", 0o777);
    may("clips/truth_02.mp4", 0o000);
    std::fs::create_dir(house.path("shut")).unwrap();
    may("shut", 0o555);

    // One clip more or less: the rest is rendered.
    let output = run(RENDER);
    let said = words(&output);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("truth_02.mp4") && said.contains("ermission"),
        "{said}"
    );

    let mut args = RENDER.to_vec();
    args[3] = "shut/o.mp4";
    let output = run(&args);
    let said = words(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("shut") && said.contains("ermission"),
        "{said}"
    );

    let mut args = RENDER.to_vec();
    args.extend(["--cache", "shut/store"]);
    let output = run(&args);
    let said = words(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("shut/store") && said.contains("ermission"),
        "{said}"
    );
}
