//! `loopy doctor`: what this machine can do, which rung of every ladder is used and why, and how to
//! climb. It proves that the main job runs by doing a small one.

mod checks;
pub(crate) mod issues;
mod places;
mod trial;

use std::{
    process::ExitCode,
    time::{Duration, SystemTime},
};

use loopy_core::{ladder::State, ledger::Noted, limits::Limits};

use self::checks::{Check, Mark};
use super::House;
use crate::{args::Global, live::Live, words};

pub(super) fn run(global: &Global) -> ExitCode {
    let limits = super::render::limits(global);
    let mut checks = checks::all(global);
    let (proof, stands) = prove(global, &limits);
    let ready = proof.mark == Mark::Good && checks.iter().all(|check| check.mark != Mark::Bad);
    checks.push(proof);
    if global.json {
        tell_json(&checks, &stands, ready);
    } else {
        tell(&checks, &stands, ready);
    }
    ExitCode::from(u8::from(!ready))
}

/// Where the ladders stand.
#[derive(Default)]
struct Stands {
    ladders: Vec<State>,
    steps: Vec<Noted>,
}

/// Renders something small in a store of its own, and looks at every ladder there.
fn prove(global: &Global, limits: &Limits) -> (Check, Stands) {
    let id = "main-job";
    let opened = tempfile::Builder::new()
        .prefix("loopy-doctor-")
        .tempdir()
        .map_err(|error| format!("there is no place for it: {error}"))
        .and_then(|place| {
            let mut inside = global.clone();
            inside.cache = Some(place.path().join("store"));
            let house = House::open(&inside, limits, false);
            let mut house = house.map_err(|error| error.to_string())?;
            house.live = Live::silent();
            Ok((place, house))
        });
    match opened {
        Ok((place, house)) => {
            let ladders = house.fallbacks.capabilities();
            let check = match trial::run(place.path(), &house, global) {
                Ok(says) => Check::good(id, says),
                Err(why) => Check::bad(id, why, "the lines above say what is missing"),
            };
            let steps = house.fallbacks.ledger();
            (check, Stands { ladders, steps })
        }
        Err(why) => {
            let fix =
                "make room for temporary files, or set TMPDIR to a folder that may be written";
            (Check::bad(id, why, fix), Stands::default())
        }
    }
}

fn tell_json(checks: &[Check], stands: &Stands, ready: bool) {
    let mut lines = Vec::new();
    let mut add = |kind: &str, value: serde_json::Value| {
        let mut value = value;
        value["type"] = kind.into();
        lines.push(value.to_string());
    };
    for check in checks {
        add("check", serde_json::to_value(check).unwrap_or_default());
    }
    for ladder in &stands.ladders {
        add("ladder", serde_json::to_value(ladder).unwrap_or_default());
    }
    for step in &stands.steps {
        add("fallback", serde_json::to_value(step).unwrap_or_default());
    }
    for row in issues::ROWS {
        let here: Vec<&str> = about(row, checks).map(|check| &*check.says).collect();
        let (issue, advice) = (row.issue, row.answer);
        add(
            "issue",
            serde_json::json!({ "issue": issue, "row": row.look, "here": here, "answer": advice }),
        );
    }
    add("doctor", serde_json::json!({ "ready": ready }));
    // Nobody may read to the end.
    let _read = lines.iter().all(|line| words::data(line));
}

/// The checks that a row of the table is about.
fn about<'a>(row: &issues::Row, checks: &'a [Check]) -> impl Iterator<Item = &'a Check> {
    let ids = row.checks;
    checks.iter().filter(move |check| ids.contains(&check.id))
}

fn tell(checks: &[Check], stands: &Stands, ready: bool) {
    let mut lines = Vec::new();
    for check in checks {
        let sign = match check.mark {
            Mark::Good => "ok",
            Mark::Note => "--",
            Mark::Bad => "!!",
        };
        lines.push(format!("{sign}  {:<12} {}", check.title(), check.says));
        if let Some(fix) = &check.fix {
            lines.push(format!("    {:<12} -> {fix}", ""));
        }
    }
    lines.push(String::new());
    lines.push("Ladders, best first; what is used is marked *:".to_owned());
    for ladder in &stands.ladders {
        lines.push(format!("  {}", ladder.what));
        for rung in &ladder.rungs {
            let used = ladder.used.as_ref() == Some(&rung.name);
            let sign = if used { '*' } else { ' ' };
            let why = rung
                .why
                .as_ref()
                .map_or(String::new(), |why| format!(": {why}"));
            lines.push(format!("  {sign} {}: {}{why}", rung.name, rung.standing));
            if let Some(climb) = &rung.climb {
                lines.push(format!("      -> {climb}"));
            }
        }
    }
    for Noted { entry, when, .. } in &stands.steps {
        let when = SystemTime::UNIX_EPOCH + Duration::from_secs(when.unwrap_or(0));
        let when = humantime::format_rfc3339_seconds(when);
        lines.push(format!("{when} {}", words::fallback(entry)));
    }
    lines.push(String::new());
    let mut issue = "";
    for row in issues::ROWS {
        if row.issue != issue {
            issue = row.issue;
            lines.push(format!("{issue}:"));
        }
        lines.push(format!("  {}", row.look));
        for check in about(row, checks) {
            lines.push(format!("    here: {}", check.says));
        }
        for line in words::wrapped(row.answer, 92) {
            lines.push(format!("    {line}"));
        }
    }
    lines.push(String::new());
    lines.push(
        if ready {
            "`loopy render` works here"
        } else {
            "`loopy render` does not work here; the lines that begin with !! say why"
        }
        .to_owned(),
    );
    let _read = lines.iter().all(|line| words::data(line));
}
