//! `loopy analyze`: the library and its graph.

use std::process::ExitCode;

use loopy_core::Grade;
use loopy_engine::{Error, html, library, light, output::Target, scan::Library, usage::Meter};

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
    let (library, graph, grades) = house.with(|room| {
        let mut meter = Meter::start(room.workers);
        let (library, _pin) = library::load(&scan_options(&args.scan), &limits, room, &mut meter)?;
        let graph = library::graph(&library, room)?;
        let grades = if args.light.no_match {
            vec![Grade::default(); graph.clips.len()]
        } else {
            light::grades(&library, &graph, room)?
        };
        if let Some(file) = &args.html {
            html::write(file, &library, &graph, &grades, &limits, room)?;
        }
        Ok::<_, Error>((library, graph, grades))
    })?;
    tell(global, &library, &grades);
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

fn tell(global: &Global, library: &Library, grades: &[Grade]) {
    for (clip, grade) in library.clips.iter().zip(grades) {
        let rate = clip.rate().map_or(0.0, loopy_core::Rate::as_f64);
        let length = clip.micros() as f64 / 1e6;
        if global.json {
            let value = serde_json::json!({
                "type": "clip", "file": clip.path, "blake3": clip.hash, "size": clip.facts.shown,
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
                clip.path.display(),
                clip.facts.shown,
                clip.facts.codec,
            ));
        }
    }
}
