//! Real clips and broken files, where the machine has them: verdicts, and how well scores tell
//! natural successors from joins.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::OnceLock,
    time::Instant,
};

use loopy_core::{
    Clip, ClipPath, Hash,
    limits::Limits,
    normalise::{Fit, Normalise, Scaler},
    repair,
    tags::Tags,
};
use loopy_media::{decode::Reader, probe};
use rayon::prelude::*;

use crate::{
    features::{Builder, Features, SIZE},
    graph::{self, Options},
    joint::{self, View},
    same,
    verdict::{self, Faults},
};

/// The files of a folder beside the workspace, or of `LOOPY_SHARED`; `None` where there is none.
pub(crate) fn files(folder: &str) -> Option<Vec<PathBuf>> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let root = std::env::var_os("LOOPY_SHARED").map_or(beside, PathBuf::from);
    let Ok(entries) = std::fs::read_dir(root.join(folder)) else {
        println!("skipped: no folder `{folder}` of real files (LOOPY_SHARED)");
        return None;
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_none_or(|kind| kind != "md"));
    files.sort();
    Some(files)
}

/// What becomes of a file: a clip with features, or the reason against it.
fn read(path: &Path) -> Result<(Clip, Features, Vec<String>), String> {
    let limits = Limits::default();
    let words = |error: loopy_media::Error| error.to_string();
    let facts = probe::probe(path, &limits).map_err(words)?;
    let small = Normalise {
        fit: Fit::Stretch,
        scaler: Scaler::Bilinear,
        ..Normalise::to(SIZE)
    };
    let mut reader = Reader::open(path, &facts, &small, 1, &limits).map_err(words)?;
    let (mut builder, mut times) = (Builder::new(), Vec::new());
    while let Some(picture) = reader.next().map_err(words)? {
        builder.push(&picture.frame, picture.corrupt);
        times.push(picture.time);
    }
    let features = builder.finish();
    let repaired = repair::times(&times, facts.stated_rate);
    let faults = Faults {
        decode_errors: reader.faults().decode_errors,
        corrupt_frames: reader.faults().corrupt_frames,
        truncated: reader.faults().truncated,
    };
    let usable = verdict::judge(&features, &repaired.times, &facts, faults, &limits)?;
    let clip = Clip {
        path: ClipPath::from(path),
        hash: Hash::of(path.as_os_str().as_encoded_bytes()),
        facts,
        times: repaired.times,
        end: repaired.end,
        first: usable.first,
        until: usable.until,
        shot: 0,
        sound_offset: 0,
        tags: Tags::default(),
        scene: 0,
    };
    Ok((clip, features, usable.remarks))
}

type Outcome = Result<(Clip, Features, Vec<String>), String>;

/// The real clips, read once for all tests.
fn clips() -> Option<&'static [(PathBuf, Outcome)]> {
    static CLIPS: OnceLock<Option<Vec<(PathBuf, Outcome)>>> = OnceLock::new();
    CLIPS
        .get_or_init(|| {
            let files = files("clips")?;
            Some(
                files
                    .into_par_iter()
                    .map(|file| (file.clone(), read(&file)))
                    .collect(),
            )
        })
        .as_deref()
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Clips of one take or one place share a name up to their number; three pairs of names are the
/// same person.
fn scene(clip: &Clip) -> String {
    let name = name(clip.path.as_path());
    let stem = name
        .rsplit_once('_')
        .map_or(name.clone(), |(stem, _)| stem.to_owned());
    stem.replace("talking_joi", "idle_joi")
        .replace("laugh_tpsA", "idle_tpsA")
}

/// Probability that a value of `high` exceeds one of `low`, halves for equals.
fn auc(high: &[f64], low: &[f64]) -> f64 {
    let wins = |a: f64| {
        low.iter()
            .map(|b| {
                if a > *b {
                    1.0
                } else {
                    0.5 * f64::from(u8::from(a >= *b))
                }
            })
            .sum::<f64>()
    };
    high.iter().map(|a| wins(*a)).sum::<f64>() / (high.len() * low.len()) as f64
}

#[test]
fn every_real_clip_is_used() {
    let Some(clips) = clips() else { return };
    for (path, outcome) in clips {
        let (clip, features, remarks) = outcome
            .as_ref()
            .unwrap_or_else(|why| panic!("{path:?}: {why}"));
        let used = f64::from(clip.frames()) / features.len() as f64;
        assert!(used > 0.98, "{path:?}: {remarks:?}");
    }
}

#[test]
fn natural_successors_score_above_joins_of_every_kind() {
    let Some(clips) = clips() else { return };
    let clips: Vec<&(Clip, Features, Vec<String>)> = clips
        .iter()
        .filter_map(|(_, outcome)| outcome.as_ref().ok())
        .collect();
    let views: Vec<View> = clips
        .iter()
        .map(|(clip, features, _)| View::new(features, clip.first, clip.until))
        .collect();
    let scenes: Vec<String> = clips.iter().map(|(clip, ..)| scene(clip)).collect();
    let mut found: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let mut state = 1_u64;
    let mut random = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for _ in 0..12 {
        for (index, a) in views.iter().enumerate() {
            let q = a.first() + 12 + random((a.until() - a.first()) as usize - 24) as u32;
            let mut add = |kind, b: &View, p| {
                found
                    .entry(kind)
                    .or_default()
                    .push(joint::joint(a, q, b, p).score.as_f64());
            };
            add("natural", a, q);
            add("freeze", a, q - 1);
            add("repeat 3", a, q - 3);
            for (kind, skip) in [("skip 1", 1), ("skip 2", 2), ("skip 4", 4), ("skip 8", 8)] {
                add(kind, a, q + skip);
            }
            for (kind, same) in [("same scene", true), ("other scene", false)] {
                let others: Vec<usize> = (0..views.len())
                    .filter(|b| *b != index && (scenes[*b] == scenes[index]) == same)
                    .collect();
                if !others.is_empty() {
                    let b = &views[others[random(others.len())]];
                    add(
                        kind,
                        b,
                        b.first() + random((b.until() - b.first()) as usize) as u32,
                    );
                }
            }
        }
    }
    let natural = found["natural"].clone();
    for (kind, scores) in &mut found {
        let auc = auc(&natural, scores);
        scores.sort_by(f64::total_cmp);
        let at = |part: usize| scores[scores.len() * part / 10];
        println!(
            "{kind:12} auc {auc:.3}, score median {:.2}, 10-90 % {:.2}-{:.2}",
            at(5),
            at(1),
            at(9)
        );
        let least = match *kind {
            "natural" => continue,
            "skip 1" => 0.55,
            "skip 2" => 0.8,
            "freeze" | "repeat 3" | "skip 4" | "skip 8" => 0.9,
            _ => 0.97,
        };
        assert!(auc > least, "{kind}: {auc}");
    }
    assert!(natural.iter().filter(|score| **score > 0.7).count() * 10 > natural.len() * 8);
}

#[test]
fn scenes_of_real_clips_are_told_apart() {
    let Some(clips) = clips() else { return };
    let usable: Vec<&(Clip, Features, Vec<String>)> = clips
        .iter()
        .filter_map(|(_, outcome)| outcome.as_ref().ok())
        .collect();
    let features: Vec<&Features> = usable.iter().map(|(_, features, _)| features).collect();
    let inputs: Vec<Clip> = usable.iter().map(|(clip, ..)| clip.clone()).collect();
    let begun = Instant::now();
    let graph = graph::build(inputs, &features, &Options::default(), &BTreeMap::new()).unwrap();
    println!(
        "{} clips, {} scenes, {} ports, {} edges ({} declared) in {:.2?}",
        graph.clips.len(),
        graph.scenes,
        graph.ports.iter().map(|ports| ports.0.len()).sum::<usize>(),
        graph.edges.len(),
        graph.edges.iter().filter(|edge| edge.declared).count(),
        begun.elapsed()
    );
    let mut by_scene: BTreeMap<u32, Vec<&Clip>> = BTreeMap::new();
    for clip in &graph.clips {
        by_scene.entry(clip.scene).or_default().push(clip);
    }
    for (number, members) in &by_scene {
        let names: Vec<String> = members
            .iter()
            .map(|clip| name(clip.path.as_path()))
            .collect();
        println!("scene {number}: {names:?}");
        // Objects on one table are one place.
        let kinds: Vec<String> = members
            .iter()
            .map(|clip| scene(clip))
            .map(|scene| {
                if scene.starts_with("table") {
                    "table".to_owned()
                } else {
                    scene
                }
            })
            .collect();
        assert!(kinds.iter().all(|kind| *kind == kinds[0]), "{names:?}");
    }
    for clip in &graph.clips {
        let takes = graph
            .clips
            .iter()
            .filter(|other| scene(other) == scene(clip));
        assert!(
            takes.into_iter().all(|other| other.scene == clip.scene),
            "{}",
            clip.path.display()
        );
    }
}

#[test]
fn broken_files_are_used_or_left_out_with_a_reason() {
    let Some(files) = files("hostile") else {
        return;
    };
    let wanted: [(&str, Result<(), &str>); 14] = [
        ("all_black.mp4", Err("black")),
        ("frozen_3s.mp4", Err("frozen")),
        ("one_frame.mp4", Err("short")),
        ("two_frames.mp4", Err("short")),
        ("fps_1.mp4", Err("slow")),
        ("corrupt_bitstream.mp4", Err("damaged")),
        ("vfr_irregular.mp4", Ok(())),
        ("fps_120.mp4", Ok(())),
        ("av1_8bit.mp4", Ok(())),
        ("animated.gif", Ok(())),
        ("tiny_17x9.mp4", Ok(())),
        ("rotated_90.mp4", Ok(())),
        ("truncated_mdat.mp4", Ok(())),
        ("playable_but_bad_container.mp4", Ok(())),
    ];
    files.par_iter().for_each(|file| {
        let name = name(file);
        let Some((_, wanted)) = wanted.iter().find(|(wanted, _)| *wanted == name) else {
            return;
        };
        match (read(file), wanted) {
            (Ok(_), Ok(())) => {}
            (Err(why), Err(word)) if why.contains(word) => {}
            (outcome, wanted) => {
                let outcome = outcome.map(|(clip, _, remarks)| (clip.first, clip.until, remarks));
                panic!("{name}: {outcome:?} instead of {wanted:?}");
            }
        }
    });
}

/// CPU time of this process in seconds, where the system tells it.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after.split_whitespace().skip(11).take(2);
    ticks
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}

fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.unwrap_or("VmHWM unknown").to_owned()
}

/// `cargo test -p loopy-sight --release -- --ignored --nocapture costs`
#[test]
#[ignore = "a measurement"]
fn costs_of_the_bench_clips() {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../benches/clips.txt");
    let wanted = std::fs::read_to_string(list).unwrap();
    let Some(files) = files("clips") else { return };
    let bench: Vec<&PathBuf> = files
        .iter()
        .filter(|file| wanted.lines().any(|line| line == name(file)))
        .collect();
    let (mut decode, mut look, mut judge, mut frames, mut bytes) = (0.0, 0.0, 0.0, 0, 0);
    let (mut clips, mut features) = (Vec::new(), Vec::new());
    for file in &bench {
        let begun = cpu();
        let limits = Limits::default();
        let facts = probe::probe(file, &limits).unwrap();
        let small = Normalise {
            fit: Fit::Stretch,
            scaler: Scaler::Bilinear,
            ..Normalise::to(SIZE)
        };
        let mut reader = Reader::open(file, &facts, &small, 1, &limits).unwrap();
        let (mut pictures, mut times) = (Vec::new(), Vec::new());
        while let Some(picture) = reader.next().unwrap() {
            times.push(picture.time);
            pictures.push(picture.frame.clone());
        }
        decode += cpu() - begun;
        let begun = cpu();
        let mut builder = Builder::new();
        for picture in &pictures {
            builder.push(picture, false);
        }
        let seen = builder.finish();
        look += cpu() - begun;
        let begun = cpu();
        let repaired = repair::times(&times, facts.stated_rate);
        let shots =
            verdict::judge_shots(&seen, &repaired.times, &facts, Faults::default(), &limits);
        judge += cpu() - begun;
        for shot in shots.as_deref().unwrap_or_default() {
            if !shot.remarks.is_empty() {
                println!("{}: {:?}", name(file), shot.remarks);
            }
            clips.push(Clip {
                path: ClipPath::from(file.as_path()),
                hash: Hash::of(file.as_os_str().as_encoded_bytes()),
                facts: facts.clone(),
                times: repaired.times.clone(),
                end: repaired.end,
                first: shot.first,
                until: shot.until,
                shot: 0,
                sound_offset: 0,
                tags: Tags::default(),
                scene: 0,
            });
            features.push(seen.clone());
        }
        frames += seen.len();
        bytes += seen.to_bytes().len();
    }
    println!(
        "{} files, {frames} frames, {} bytes a frame; CPU s: decode {decode:.2}, features \
         {look:.2}, verdict {judge:.2}; {}",
        bench.len(),
        bytes / frames,
        peak()
    );
    for copies in [1, 3, 7] {
        let mut many = Vec::new();
        let mut seen = Vec::new();
        for copy in 0..copies {
            for (clip, features) in clips.iter().zip(&features) {
                let text = format!("{copy} {}", clip.hash);
                many.push(Clip {
                    hash: Hash::of(text.as_bytes()),
                    ..clip.clone()
                });
                seen.push(features);
            }
        }
        let begun = cpu();
        let known = BTreeMap::new();
        let built = graph::build_with(
            many,
            &seen,
            &Options::default(),
            &known,
            &crate::pairs::NoCache,
        )
        .unwrap();
        let graph = &built.graph;
        println!(
            "{} clips: graph {:.2} CPU s, {} scenes, {} ports inside, {} edges ({} declared), \
             {} edges above 0.5; {}",
            graph.clips.len(),
            cpu() - begun,
            graph.scenes,
            graph
                .ports
                .iter()
                .map(|ports| ports.0.len() - 2)
                .sum::<usize>(),
            graph.edges.len(),
            graph.edges.iter().filter(|edge| edge.declared).count(),
            graph
                .edges
                .iter()
                .filter(|edge| edge.score.as_f64() > 0.5)
                .count(),
            peak()
        );
        if copies == 1 {
            let names: Vec<String> = graph.clips.iter().map(Clip::name).collect();
            for missing in &built.missing {
                println!("{}", missing.words(&graph.clips, &names));
            }
        }
    }
}

#[test]
fn footage_in_two_codecs_is_found_and_takes_are_told_apart() {
    let Some(clips) = clips() else { return };
    let usable: Vec<&(Clip, Features, Vec<String>)> = clips
        .iter()
        .filter_map(|(_, outcome)| outcome.as_ref().ok())
        .collect();
    let inputs: Vec<Clip> = usable.iter().map(|(clip, ..)| clip.clone()).collect();
    let features: Vec<&Features> = usable.iter().map(|(_, features, _)| features).collect();
    let found: Vec<[String; 2]> = same::pairs(&inputs, &features)
        .into_iter()
        .map(|(a, b)| [a, b].map(|clip| name(inputs[clip].path.as_path())))
        .collect();
    let twice = ["nature_flower", "nature_stream", "table_monster"];
    let expected = twice.map(|stem| [format!("{stem}_001.mp4"), format!("{stem}_002.webm")]);
    assert_eq!(found, expected);
}
