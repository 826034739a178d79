//! `loopy plan`: the walk alone, as a plan or for other programs.

use std::process::ExitCode;

use loopy_core::{Plan as Walk, clip::show, export::Format};
use loopy_engine::{Error, documents, html, output::Target, render, usage::Meter};

use super::{House, render::planning};
use crate::{
    args::{Global, Plan},
    words,
};

pub(super) fn run(global: &Global, args: &Plan) -> Result<ExitCode, Error> {
    if let Some(file) = &args.html {
        if args.output.as_ref() == Some(file) {
            let name = show(file);
            return Err(Error::Usage(format!("`{name}` is given for two outputs")));
        }
        Target::File(file.clone()).check()?;
    }
    let plan = match &args.from {
        Some(from) if args.scan.inputs.is_empty() => {
            let plan = documents::plan(from)?;
            for note in plan.notes.iter().filter(|_| !global.json) {
                words::say(&format!("note: {note}"));
            }
            if let Some(file) = &args.html {
                html::write_plan(file, &plan)?;
            }
            plan
        }
        from => {
            let options = planning(
                global,
                &args.scan,
                &args.length,
                &args.walk,
                args.light,
                from.clone(),
            )?;
            let house = House::open(global, &options.limits, args.output.is_none())?;
            house.with(|room| {
                let mut meter = Meter::start(room.workers);
                let prepared = render::prepare(&options, room, &mut meter)?;
                if let Some(file) = &args.html {
                    let (plan, library) = (&prepared.plan, &prepared.library);
                    let limits = &options.limits;
                    html::write_plan_among(file, plan, library, options.matched, limits, room)?;
                }
                Ok(prepared.plan)
            })?
        }
    };
    let format = args.format.map(Format::from);
    if let Some(file) = &args.output {
        let format = format.or(Format::of(file)).unwrap_or(Format::Json);
        documents::write(file, &plan, format)?;
    } else if args.html.is_none() || format.is_some() {
        print(&plan, format.unwrap_or(Format::Json))?;
    }
    if !global.json
        && let Some(file) = args.output.as_ref().or(args.html.as_ref())
    {
        tell(&show(file), &plan);
    }
    Ok(ExitCode::SUCCESS)
}

/// The plan to standard output.
fn print(plan: &Walk, format: Format) -> Result<(), Error> {
    let mut bytes = documents::bytes_of(plan, format, None)?;
    if bytes.last() != Some(&b'\n') {
        bytes.push(b'\n');
    }
    if words::document(&bytes) {
        return Ok(());
    }
    Err(Error::Output {
        path: "-".into(),
        why: "standard output does not take it".to_owned(),
    })
}

/// What came of it, for people.
fn tell(file: &str, plan: &Walk) {
    words::say(&format!(
        "{file}: {} visits, {} frames",
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
