//! The promise of memory, and that neither it nor the number of workers decides any byte.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends where something is not as it should be"
)]

mod house;

use std::{
    fs,
    process::{Command, Stdio},
    thread,
};

use house::{House, text, truth_clip};
use loopy_core::{Rate, Size, config::AdvancedFeaturesConfig};
use loopy_engine::executor::OWN_LEAST;
use loopy_monitor::{Machine, NoGpus, ResourceMonitor, Stop};

/// Less than six workers take when they may.
const NARROW: u64 = 768 << 20;

fn fps() -> Rate {
    Rate::new(30, 1).unwrap()
}

/// Runs a command; what it said, and the most that it and all below it had resident at one look.
/// What they share is counted for each.
fn peak(command: &mut Command) -> (String, u64) {
    let child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let machine = Machine::at("/proc", "/sys", child.id());
    let mut config = AdvancedFeaturesConfig::default();
    config.monitor.interval = 0.02;
    let gpus = Box::new(NoGpus("not asked".to_owned()));
    let mut monitor = ResourceMonitor::of(&config, machine, ".", gpus);
    let stop = Stop::default();
    thread::scope(|scope| {
        let stopped = stop.clone();
        let watch = scope.spawn(move || {
            let samples = monitor.monitor_resources(stopped);
            let together = samples.filter_map(|sample| {
                let tree = sample.tree.known()?;
                Some(tree.own + tree.workers)
            });
            together.max().unwrap_or(0)
        });
        let output = child.wait_with_output().unwrap();
        stop.stop();
        let said = text(&output.stderr);
        assert!(output.status.success(), "{said}");
        (said, watch.join().unwrap())
    })
}

/// What jobs took and what they had said before, in MiB.
fn needs(said: &str) -> Vec<(u64, u64)> {
    let number = |word: &str| word.parse::<u64>().unwrap();
    said.lines()
        .filter_map(|line| {
            let (_, line) = line.split_once(" took ")?;
            let (took, aside) = line.split_once(" MiB of ")?;
            Some((number(took), number(aside)))
        })
        .collect()
}

#[test]
fn a_render_stays_under_its_limit_and_makes_the_same_bytes() {
    let house = House::new();
    fs::create_dir_all(house.path("clips")).unwrap();
    let size = Size::new(1280, 720);
    for clip in 0..4 {
        let file = house.path(&format!("clips/truth_{clip}.mp4"));
        truth_clip(&file, clip, fps(), 72, size);
    }
    let render = [
        "render",
        "clips",
        "-o",
        "o.mp4",
        "--frames",
        "520",
        "--seams",
        "motion",
        "--seam-threshold",
        "0",
    ];
    let run = |more: &[&str], store: &str| {
        let mut command = house.loopy(&[&render[..], more].concat());
        command
            .env("LOOPYCOMFY_CACHE", house.path(store))
            .env("LOOPYCOMFY_LOG", "loopy_engine=debug");
        let (said, peak) = peak(&mut command);
        (fs::read(house.path("o.mp4")).unwrap(), said, peak)
    };
    let (free, said, wide) = run(&["--workers", "6", "--memory-limit", "64G"], "wide");
    let (bytes, told, narrow) = run(&["--workers", "6", "--memory-limit", "768M"], "narrow");
    // The rows of the clip that takes most, and the frames kept for its bridges, do not fit into one job
    // any more. What a file takes that is first looked at depends on the limit.
    let (_, known) = told.split_once("pairs of clips compared").unwrap();
    let most = needs(known).iter().map(|(_, aside)| *aside).max().unwrap();
    let limit = (OWN_LEAST >> 20) + most - 2;
    let just_under = format!("{limit}M");
    let tightly = ["--workers", "6", "--memory-limit", &just_under];
    let (least, told_least, tight) = run(&tightly, "tight");
    println!(
        "peak {} MiB with 64G, {} MiB with 768M, {} MiB with {limit}M",
        wide >> 20,
        narrow >> 20,
        tight >> 20
    );
    assert!(tight <= limit << 20, "{} MiB", tight >> 20);
    assert!(least == free, "smaller batches have changed the bytes");
    assert!(
        needs(&told_least).len() > needs(&told).len(),
        "{told_least}"
    );
    assert!(narrow > 100 << 20, "nothing was measured");
    assert!(narrow <= NARROW, "{} MiB", narrow >> 20);
    assert!(bytes == free, "the limit has changed the bytes");
    let needs = [needs(&said), needs(&told)].concat();
    assert!(needs.len() > 8, "{said}");
    for (took, aside) in needs {
        assert!(
            took > 0 && took <= aside,
            "a job took {took} MiB and had said {aside}"
        );
    }
}

#[test]
fn bytes_do_not_depend_on_how_many_work_or_on_what_follows_the_load() {
    let house = House::new();
    house.truth_clips(fps(), &[50, 55, 60]);
    let render = [
        "render", "clips", "-o", "o.mp4", "--frames", "500", "--seams", "motion",
    ];
    let run = |workers: &str, settings: &[(&str, &str)]| {
        let mut command = house.loopy(&[&render[..], &["--workers", workers]].concat());
        let names = settings.iter().map(|(name, _)| *name).collect::<String>();
        command
            .env(
                "LOOPYCOMFY_CACHE",
                house.path(&format!("store{workers}{names}")),
            )
            .envs(settings.iter().copied());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        fs::read(house.path("o.mp4")).unwrap()
    };
    let one = run("1", &[]);
    for workers in ["2", "4"] {
        assert!(
            run(workers, &[]) == one,
            "{workers} workers make other bytes"
        );
    }
    let balanced = [
        ("LOOPYCOMFY_FEATURES_PARALLEL_PROCESSING_ENABLED", "true"),
        ("LOOPYCOMFY_MONITOR_INTERVAL", "0.1"),
    ];
    assert!(
        run("4", &balanced) == one,
        "what follows the load makes other bytes"
    );
}

#[test]
fn a_job_that_can_never_fit_is_refused_with_a_hint_that_helps() {
    let house = House::new();
    house.truth_clips(fps(), &[40, 45]);
    let render = [
        "render", "clips", "-o", "o.mp4", "--frames", "60", "--size", "4k",
    ];
    let limit = |limit| [&render[..], &["--memory-limit", limit]].concat();
    let said = text(&house.run(&limit("512M"), 1).stderr);
    assert!(said.contains("error: a job needs about"), "{said}");
    assert!(said.contains("of the 512 MiB that may be used"), "{said}");
    assert!(!house.path("o.mp4").exists());
    let hint = said.split("--memory-limit ").nth(1).unwrap();
    let enough: u64 = hint.split('M').next().unwrap().parse().unwrap();
    assert!((1024..8192).contains(&enough), "{said}");
    for bad in ["255M", "0", "much"] {
        let said = text(&house.run(&limit(bad), 2).stderr);
        assert!(said.contains("--memory-limit"), "{said}");
    }
}
