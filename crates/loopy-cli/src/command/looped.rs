//! `loopy loop`: a perfect loop of one clip.

use std::process::ExitCode;

use loopy_core::{plan::SeamKind, report::Report};
use loopy_engine::{
    Error, loop_points,
    output::Target,
    render::{self, Options},
};

use super::{House, render::options};
use crate::{
    args::{Global, Length, Light, Loop, More, RateMode, Render, Scan, Sort, Walk},
    words::{self, size},
};

/// A visit of less shows nothing.
const LEAST: i64 = 500_000;

pub(super) fn run(global: &Global, args: &Loop) -> Result<ExitCode, Error> {
    let options = wishes(global, args)?;
    let house = House::open(global, &options.limits, options.target == Target::Stdout)?;
    let report = house.with(|room| render::render(&options, room))?;
    tell(global, &house, &report);
    Ok(ExitCode::SUCCESS)
}

fn wishes(global: &Global, args: &Loop) -> Result<Options, Error> {
    let [least, most] =
        [args.min, args.max].map(|span| i64::try_from(span.micros()).unwrap_or(i64::MAX));
    if least < LEAST || most < least {
        return Err(Error::Usage(
            "a loop lasts half a second at least; `--min` is no more than `--max`".to_owned(),
        ));
    }
    if !args.clip.is_file() && args.clip.exists() {
        return Err(Error::Usage(format!(
            "`{}` is no file; a loop is made of one clip",
            loopy_core::clip::show(&args.clip)
        )));
    }
    let render = Render {
        scan: Scan {
            inputs: vec![args.clip.clone()],
            pattern: None,
            recursive: false,
            max_clips: None,
            sort: Sort::Name,
            filter: None,
            exclude: Vec::new(),
            trim: args.trim.clone(),
        },
        output: args.output.clone(),
        length: Length {
            duration: args.max,
            frames: None,
            looped: true,
        },
        walk: Walk {
            seed: 1,
            min_gap: None,
            chain: crate::args::Chain::default(),
            seams: args.seams,
            bridge_frames: args.bridge_frames,
            bridge_budget: 1.0,
            seam_threshold: 0.0,
            fps: args.fps,
            rate: RateMode::Duplicate,
        },
        picture: args.picture.clone(),
        light: Light { no_match: true },
        sound: args.sound.clone(),
        more: More {
            report: args.report.clone(),
            ..More::default()
        },
    };
    Ok(Options {
        single: Some(loop_points::Wish { least, most }),
        ..options(global, &render)?
    })
}

fn tell(global: &Global, house: &House, report: &Report) {
    let (Some(visit), Some(seam)) = (report.visits.first(), report.seams.first()) else {
        return;
    };
    let seconds = report.frames as f64 / report.fps.as_f64();
    if global.json {
        let value = serde_json::json!({
            "type": "looped",
            "output": report.output,
            "file": visit.clip,
            "first": visit.first,
            "last": visit.last,
            "frames": report.frames,
            "fps": report.fps,
            "size": report.size,
            "seconds": seconds,
            "joint": seam.kind,
            "bridge_frames": seam.frames,
            "score": seam.score,
            "step": seam.step,
            "bytes": report.totals.bytes,
        });
        house.live.data(&value.to_string());
        return;
    }
    let joint = match seam.kind {
        SeamKind::Motion => format!("{} frames of motion", seam.frames),
        SeamKind::Morph => format!("a morph of {} frames", seam.frames),
        SeamKind::Dissolve => format!("a dissolve of {} frames", seam.frames),
        SeamKind::Cut | SeamKind::SceneChange => "a cut".to_owned(),
    };
    words::say(&format!(
        "{}: {seconds:.2} s ({} frames, {} at {:.4} fps), {}",
        report.output.display(),
        report.frames,
        report.size,
        report.fps.as_f64(),
        size(report.totals.bytes),
    ));
    words::say(&format!(
        "frames {} to {} of {}; it closes with {joint}: score {:.2}, {:.1} ordinary steps",
        visit.first,
        visit.last,
        visit.clip.display(),
        seam.score,
        seam.step,
    ));
}
