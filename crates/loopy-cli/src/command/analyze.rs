//! `loopy analyze`: the library and its graph.

use std::process::ExitCode;

use loopy_core::{Clip, Grade, report::LeftOut};
use loopy_engine::{
    Built, Error, html, library, light, output::Target, scan::Library, trial, usage::Meter,
};

use super::{House, render::scan_options};
use crate::{
    args::{Analyze, Global},
    words,
};

pub(super) fn run(global: &Global, args: &Analyze) -> Result<ExitCode, Error> {
    if args.scan.inputs.is_empty() {
        return Err(Error::Usage(
            "give at least one clip or folder of clips".to_owned(),
        ));
    }
    if let Some(file) = &args.html {
        Target::File(file.clone()).check()?;
    }
    let limits = super::render::limits(global);
    let house = House::open(global, &limits, false)?;
    let (library, built, grades) = house.with(|room| {
        let mut meter = Meter::start(room.workers);
        let (library, _pin) = library::load(&scan_options(&args.scan), &limits, room, &mut meter)?;
        let mut built = library::graph(&library, room)?;
        let graph = &built.graph;
        let grades = if args.light.no_match {
            light::plain(graph)
        } else {
            light::grades(&library, graph, room)?
        };
        built.graph = trial::settle(built.graph, &grades, &limits, room)?;
        if let Some(file) = &args.html {
            html::write(file, &library, &built, &grades, &limits, room)?;
        }
        Ok::<_, Error>((library, built, grades))
    })?;
    let graph = &built.graph;
    tell(global, &library, &grades);
    tell_habits(global, &library);
    tell_missing(global, &built);
    let ports: usize = graph.ports.iter().map(|ports| ports.0.len()).sum();
    let line = format!(
        "{} clips, {ports} ports, {} edges, {} scenes",
        library.clips.len(),
        graph.edges.len(),
        graph.scenes
    );
    if global.json {
        let value = serde_json::json!({
            "type": "graph", "clips": library.clips.len(), "ports": ports,
            "edges": graph.edges.len(), "scenes": graph.scenes,
        });
        words::data(&value.to_string());
    } else {
        words::say(&line);
    }
    Ok(ExitCode::SUCCESS)
}

/// What is odd about clips and only keeps joints away.
fn tell_habits(global: &Global, library: &Library) {
    for LeftOut { file, reason } in &library.habits {
        if global.json {
            let value = serde_json::json!({ "type": "habit", "file": file, "reason": reason });
            words::data(&value.to_string());
        } else {
            words::say(&format!("{}: {reason}", file.display()));
        }
    }
}

/// What would attach the clips that fit no other.
fn tell_missing(global: &Global, built: &Built) {
    let clips = &built.graph.clips;
    let names: Vec<String> = clips.iter().map(Clip::short_name).collect();
    for joint in &built.missing {
        let words = joint.words(clips, &names);
        if global.json {
            let file = clips.get(joint.clip as usize).map(|clip| &clip.path);
            let value = serde_json::json!({
                "type": "missing", "file": file, "from": joint.from, "to": joint.to,
                "score": joint.score.as_f64(), "words": words,
            });
            words::data(&value.to_string());
        } else {
            words::say(&words);
        }
    }
}

fn tell(global: &Global, library: &Library, grades: &[Grade]) {
    for (clip, grade) in library.clips.iter().zip(grades) {
        let rate = clip.rate().map_or(0.0, loopy_core::Rate::as_f64);
        let length = clip.micros() as f64 / 1e6;
        if global.json {
            let value = serde_json::json!({
                "type": "clip", "file": clip.path, "blake3": clip.hash, "shot": clip.shot,
                "first": clip.first, "until": clip.until, "size": clip.facts.shown,
                "fps": rate, "seconds": length, "codec": clip.facts.codec,
                "sound": clip.facts.sound, "state": clip.tags.state, "grade": grade,
            });
            words::data(&value.to_string());
        } else {
            let state = clip.tags.state.as_deref().unwrap_or("-");
            let light = if grade.is_identity() {
                String::new()
            } else {
                format!(", corrected: {grade}")
            };
            words::say(&format!(
                "{}: {} {rate:.3} fps {length:.2} s {} {state}{light}",
                clip.name(),
                clip.facts.shown,
                clip.facts.codec,
            ));
        }
    }
}
