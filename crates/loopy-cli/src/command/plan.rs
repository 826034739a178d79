//! `loopy plan` and `loopy analyze`: the walk alone, and the library alone.

use std::process::ExitCode;

use loopy_engine::{Error, library, output, render, scan::Library, usage::Meter};

use super::{House, render::planning, render::scan_options};
use crate::{
    args::{Global, Plan, Scan},
    words,
};

pub(super) fn run(global: &Global, args: &Plan) -> Result<ExitCode, Error> {
    let options = planning(global, &args.scan, &args.walk)?;
    let house = House::open(global, &options.limits, args.output.is_none())?;
    let plan = house.with(|room| {
        let mut meter = Meter::start(room.workers);
        render::prepare(&options, room, &mut meter).map(|prepared| prepared.plan)
    })?;
    if let Some(file) = &args.output {
        output::write_json(file, &plan)?;
        house.live.say(&format!(
            "{}: {} visits, {} frames",
            loopy_core::clip::show(file),
            plan.visits.len(),
            plan.frames
        ));
    } else {
        let json = serde_json::to_string_pretty(&plan).unwrap_or_default();
        if !words::data(&json) {
            return Err(Error::Output {
                path: "-".into(),
                why: "standard output does not take it".to_owned(),
            });
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn analyze(global: &Global, args: &Scan) -> Result<ExitCode, Error> {
    if args.inputs.is_empty() {
        return Err(Error::Usage(
            "give at least one clip or folder of clips".to_owned(),
        ));
    }
    let limits = super::render::limits(global);
    let house = House::open(global, &limits, false)?;
    let (library, graph) = house.with(|room| {
        let mut meter = Meter::start(room.workers);
        let (library, _pin) = library::load(&scan_options(args), &limits, room, &mut meter)?;
        let graph = library::graph(&library, room)?;
        Ok::<_, Error>((library, graph))
    })?;
    tell(global, &library);
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

fn tell(global: &Global, library: &Library) {
    for clip in &library.clips {
        let rate = clip.rate().map_or(0.0, loopy_core::Rate::as_f64);
        let length = clip.micros() as f64 / 1e6;
        if global.json {
            let value = serde_json::json!({
                "type": "clip", "file": clip.path, "blake3": clip.hash, "size": clip.facts.shown,
                "fps": rate, "seconds": length, "codec": clip.facts.codec,
                "sound": clip.facts.sound, "state": clip.tags.state,
            });
            words::data(&value.to_string());
        } else {
            let state = clip.tags.state.as_deref().unwrap_or("-");
            words::say(&format!(
                "{}: {} {rate:.3} fps {length:.2} s {} {state}",
                clip.path.display(),
                clip.facts.shown,
                clip.facts.codec,
            ));
        }
    }
}
