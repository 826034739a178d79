//! `loopy verify`: a plan; or a video against its report, against its clips, or by itself.

mod picture;

use std::process::ExitCode;

use loopy_core::{export::Format, graph::UNUSUAL, report::Report};
use loopy_engine::{
    Error, documents, verify,
    visibility::{self, Visibility},
};

use crate::{
    args::{Global, Verify},
    words,
};

pub(super) fn run(global: &Global, args: &Verify) -> Result<ExitCode, Error> {
    let report = match &args.report {
        Some(report) => Some(verify::read_report(report)?),
        None => None,
    };
    let checked = match &report {
        Some(report) => packets(global, args, report)?,
        None if !args.clips.is_empty() => true,
        None if Format::of(&args.file).is_some() => {
            plan(global, args)?;
            true
        }
        None => {
            picture::repeats(global, args)?;
            true
        }
    };
    let walked = args.clips.is_empty() || picture::walk(global, args, report.as_ref())?;
    Ok(ExitCode::from(u8::from(!(checked && walked))))
}

/// A plan holds together.
fn plan(global: &Global, args: &Verify) -> Result<(), Error> {
    let plan = documents::plan(&args.file)?;
    let line = format!("the plan holds together: {} visits", plan.visits.len());
    if global.json {
        words::data(
            &serde_json::json!({"type": "verified", "problems": [], "notes": plan.notes})
                .to_string(),
        );
    } else {
        for note in &plan.notes {
            words::say(&format!("note: {note}"));
        }
        words::say(&line);
    }
    Ok(())
}

/// Whether the video's packets are those of its report.
fn packets(global: &Global, args: &Verify, report: &Report) -> Result<bool, Error> {
    let findings = verify::video(&args.file, report)?;
    if global.json {
        let mut value = serde_json::to_value(&findings).unwrap_or_default();
        value["type"] = "verified".into();
        words::data(&value.to_string());
    } else {
        for problem in &findings.problems {
            words::say(&format!("problem: {problem}"));
        }
        words::say(&verify::summary(&args.file, &findings));
    }
    if args.seams && findings.problems.is_empty() {
        tell_seams(global, &visibility::measure(&args.file, report)?);
    }
    Ok(findings.problems.is_empty())
}

/// How visible the joints are.
fn tell_seams(global: &Global, found: &Visibility) {
    if global.json {
        let mut value = serde_json::to_value(found).unwrap_or_default();
        value["type"] = "visibility".into();
        words::data(&value.to_string());
        return;
    }
    words::say(&visibility::summary(found));
    for joint in &found.worst {
        if joint.rsv > UNUSUAL {
            words::say(&format!(
                "frame {}, {} to {}: {}",
                joint.start,
                joint.clips.0.display(),
                joint.clips.1.display(),
                joint.words
            ));
        }
    }
}
