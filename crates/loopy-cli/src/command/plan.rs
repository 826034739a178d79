//! `loopy plan`: the walk alone, as a plan or for other programs.

use std::process::ExitCode;

use loopy_core::{clip::show, export::Format};
use loopy_engine::{Error, documents, render, usage::Meter};

use super::{House, render::planning};
use crate::{
    args::{Global, Plan},
    words,
};

pub(super) fn run(global: &Global, args: &Plan) -> Result<ExitCode, Error> {
    let plan = match &args.from {
        Some(from) if args.scan.inputs.is_empty() => {
            let plan = documents::plan(from)?;
            for note in plan.notes.iter().filter(|_| !global.json) {
                words::say(&format!("note: {note}"));
            }
            plan
        }
        from => {
            let options = planning(global, &args.scan, &args.walk, args.light, from.clone())?;
            let house = House::open(global, &options.limits, args.output.is_none())?;
            house.with(|room| {
                let mut meter = Meter::start(room.workers);
                render::prepare(&options, room, &mut meter).map(|prepared| prepared.plan)
            })?
        }
    };
    let format = args.format.map(Format::from);
    let Some(file) = &args.output else {
        let mut bytes = documents::bytes_of(&plan, format.unwrap_or(Format::Json), None)?;
        if bytes.last() != Some(&b'\n') {
            bytes.push(b'\n');
        }
        if !words::document(&bytes) {
            return Err(Error::Output {
                path: "-".into(),
                why: "standard output does not take it".to_owned(),
            });
        }
        return Ok(ExitCode::SUCCESS);
    };
    let format = format.or(Format::of(file)).unwrap_or(Format::Json);
    documents::write(file, &plan, format)?;
    if !global.json {
        words::say(&format!(
            "{}: {} visits, {} frames",
            show(file),
            plan.visits.len(),
            plan.frames
        ));
        for line in words::certificate(&plan.certificate) {
            words::say(&line);
        }
        for pair in &plan.reactions {
            let within = match pair.frames {
                Some(frames) => format!(
                    "within {}",
                    words::seconds(f64::from(frames) / plan.fps.as_f64())
                ),
                None => "over no joint that the library has".to_owned(),
            };
            words::say(&format!("from {} to {} {within}", pair.from, pair.to));
        }
    }
    Ok(ExitCode::SUCCESS)
}
