//! `loopy plan`: the walk alone.

use std::process::ExitCode;

use loopy_engine::{Error, output, render, usage::Meter};

use super::{House, render::planning};
use crate::{
    args::{Global, Plan},
    words,
};

pub(super) fn run(global: &Global, args: &Plan) -> Result<ExitCode, Error> {
    let options = planning(global, &args.scan, &args.walk, args.light)?;
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
        for line in words::certificate(&plan.certificate) {
            house.live.say(&line);
        }
        for pair in &plan.reactions {
            let within = match pair.frames {
                Some(frames) => format!(
                    "within {}",
                    words::seconds(f64::from(frames) / plan.fps.as_f64())
                ),
                None => "over no joint that the library has".to_owned(),
            };
            house
                .live
                .say(&format!("from {} to {} {within}", pair.from, pair.to));
        }
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
