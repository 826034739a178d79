//! `loopy audit`: tries to find the seams of finished videos.

use std::{path::PathBuf, process::ExitCode};

use loopy_core::report::Report;
use loopy_engine::{
    Error, audit,
    audit::{Figure, Outcome, Scene},
    verify,
};

use crate::{
    args::{Audit, Global},
    words,
};

pub(super) fn run(global: &Global, args: &Audit) -> Result<ExitCode, Error> {
    if args.files.len() != args.reports.len() {
        return Err(Error::Usage(format!(
            "give one --report for each video, in the same order: there are {} videos and {} reports",
            args.files.len(),
            args.reports.len()
        )));
    }
    let films = args.files.iter().zip(&args.reports);
    let films: Vec<(PathBuf, Report)> = films
        .map(|(file, report)| Ok((file.clone(), verify::read_report(report)?)))
        .collect::<Result<_, Error>>()?;
    let options = audit::Options {
        takes: args.takes.as_deref(),
        worst: args.worst.as_deref(),
        seed: args.seed,
    };
    let outcome = audit::run(&films, &options)?;
    if global.json {
        let mut value = serde_json::to_value(&outcome).unwrap_or_default();
        value["type"] = "audited".into();
        words::data(&value.to_string());
    } else {
        for line in lines(&outcome, films.len() > 1) {
            words::say(&line);
        }
    }
    let failed = args.strict && !outcome.doubts.is_empty();
    Ok(ExitCode::from(u8::from(failed)))
}

/// With `named` the film's name stands beside a seam.
fn lines(outcome: &Outcome, named: bool) -> Vec<String> {
    let mut lines = vec![format!(
        "{:32} {:>6} {:>8}   {:24} {:>13}",
        "", "seams", "natural", "AUC (0.5 = invisible)", "found at 1 %"
    )];
    for scene in outcome.scenes.iter().chain([&outcome.all]) {
        lines.extend(table(scene));
    }
    let excluded = &outcome.excluded;
    lines.push(format!(
        "not counted: {} repeats, {} where a take goes on, {} scene changes, {} at the ends, {} beyond the most",
        excluded.repeats,
        excluded.continuing,
        excluded.scene_changes,
        excluded.at_the_ends,
        excluded.beyond_the_most
    ));
    lines.push(format!(
        "detector: {} seams judged by trees that were trained on other scenes, {} of clips unknown to it, {} by trees that saw one of their clips",
        outcome.judged_by_other_fold, outcome.judged_as_unknown, outcome.judged_by_all
    ));
    for found in outcome.worst.iter().take(3) {
        let film = if named {
            format!("{}, ", found.film)
        } else {
            String::new()
        };
        lines.push(format!(
            "plain: {film}frame {}, {} {} to {} {} ({:.2})",
            found.start,
            found.from.display(),
            found.from_frame,
            found.to.display(),
            found.to_frame,
            found.detected
        ));
    }
    for doubt in &outcome.doubts {
        lines.push(format!("this audit does not count: {doubt}"));
    }
    lines
}

fn table(scene: &Scene) -> Vec<String> {
    let mut lines = vec![row(&scene.name, &scene.seams, "")];
    for control in &scene.controls {
        let mark = if control.holds { "" } else { "  (fails)" };
        lines.push(row(
            &format!("  control: {}", control.name),
            &control.figure,
            mark,
        ));
    }
    lines
}

fn row(name: &str, figure: &Figure, mark: &str) -> String {
    let auc = match (figure.auc, figure.interval) {
        (Some(auc), Some((low, high))) => format!("{auc:.2} ({low:.2} to {high:.2})"),
        (Some(auc), None) => format!("{auc:.2}"),
        (None, _) => "too few".to_owned(),
    };
    let recall = figure
        .recall
        .map_or_else(String::new, |recall| format!("{:.0} %", recall * 100.0));
    format!(
        "{name:32} {:>6} {:>8}   {auc:24} {recall:>13}{mark}",
        figure.positives, figure.negatives
    )
}
