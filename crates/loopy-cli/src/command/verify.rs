//! `loopy verify`: a plan, or a video against its report.

use std::process::ExitCode;

use loopy_core::export::Format;
use loopy_engine::{
    Error, documents, verify,
    visibility::{self, Visibility},
};

use crate::{
    args::{Global, Verify},
    words,
};

pub(super) fn run(global: &Global, args: &Verify) -> Result<ExitCode, Error> {
    let Some(report) = &args.report else {
        if Format::of(&args.file).is_none() {
            return Err(Error::Usage(
                "a video is verified against its report: give --report FILE".to_owned(),
            ));
        }
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
        return Ok(ExitCode::SUCCESS);
    };
    let report = verify::read_report(report)?;
    let findings = verify::video(&args.file, &report)?;
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
        tell_seams(global, &visibility::measure(&args.file, &report)?);
    }
    Ok(ExitCode::from(u8::from(!findings.problems.is_empty())))
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
        if joint.rsv > visibility::ORDINARY {
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
