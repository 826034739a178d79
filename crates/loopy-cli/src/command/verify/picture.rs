//! What the picture of a video tells: its walk over clips, or its repeats.

use loopy_core::{certificate::Certificate, report::Report};
use loopy_engine::{
    Error,
    recover::{self, Compared, Walk},
    scan,
};
use serde_json::Value;

use crate::{
    args::{Global, Verify},
    command::House,
    words,
};

/// The walk as the picture tells it, beside the report where there is one; whether it shows the
/// clips that the report tells.
pub(super) fn walk(global: &Global, args: &Verify, report: Option<&Report>) -> Result<bool, Error> {
    let limits = crate::command::render::limits(global);
    let options = scan::Options {
        inputs: args.clips.clone(),
        ..scan::Options::default()
    };
    let house = House::open(global, &limits, false)?;
    let walk = house.with(|room| recover::run(&args.file, &options, &limits, room))?;
    let compared = report.map(|report| recover::compare(&walk, report));
    if global.json {
        data("recovered", serde_json::to_value(&walk).unwrap_or_default());
        if let Some(compared) = &compared {
            data(
                "compared",
                serde_json::to_value(compared).unwrap_or_default(),
            );
        }
    } else {
        if args.visits {
            visits(&walk);
        }
        for line in lines(&walk) {
            words::say(&line);
        }
        for line in compared.iter().flat_map(beside) {
            words::say(&line);
        }
    }
    Ok(compared.is_none_or(|compared| compared.others == 0 && compared.untold == 0))
}

fn data(kind: &str, mut value: Value) {
    value["type"] = kind.into();
    words::data(&value.to_string());
}

fn visits(walk: &Walk) {
    for visit in &walk.visits {
        let also = match visit.also.first() {
            Some(other) => format!(", or {other}"),
            None => String::new(),
        };
        let slack = match visit.slack {
            0 => String::new(),
            slack => format!(", give or take {slack}"),
        };
        words::say(&format!(
            "frame {}: {} frames {} to {}{slack}{also}",
            visit.start,
            visit.clip.display(),
            visit.first,
            visit.last
        ));
    }
}

fn lines(walk: &Walk) -> Vec<String> {
    let mut lines = Vec::new();
    for group in &walk.alike {
        lines.push(format!(
            "{} look the same and are counted as one",
            group.join(" and ")
        ));
    }
    if let Some(fit) = walk.fit {
        lines.push(format!(
            "clips of another shape were taken to be fitted by {}",
            format!("{fit:?}").to_lowercase()
        ));
    }
    for stretch in walk.unknown.iter().take(10) {
        lines.push(format!(
            "frames {}..{} show none of these clips",
            stretch.start,
            stretch.start + stretch.frames
        ));
    }
    if walk.unknown.len() > 10 {
        lines.push(format!("and {} stretches more", walk.unknown.len() - 10));
    }
    let (unsure, ambiguous) = (walk.unsure(), walk.ambiguous());
    if unsure > 0 {
        lines.push(format!(
            "where in its clip {unsure} of the visits lie the picture does not tell: they hardly move"
        ));
    }
    if ambiguous > 0 {
        lines.push(format!(
            "{ambiguous} of the visits could be to another clip, too"
        ));
    }
    let found = &walk.certificate;
    lines.push(format!(
        "{} frames show {} visits to {} of {} clips, with {} bridges",
        walk.frames, found.visits, found.clips, walk.clips, walk.bridges
    ));
    lines.extend(certificate(found));
    lines
}

/// The figures of the certificate that need no library.
fn certificate(found: &Certificate) -> Vec<String> {
    let mut lines = words::certificate(found);
    if found.visits > 1 {
        lines.push(format!(
            "repeated pairs {:.1} %, triples {:.1} %; the longest repeat is {} visits; {:.2} bits a \
             visit of surprise",
            found.repeated_pairs * 100.0,
            found.repeated_triples * 100.0,
            found.longest_repeat,
            found.entropy_rate
        ));
    }
    lines
}

fn beside(compared: &Compared) -> Vec<String> {
    let mut lines = compared.differences.clone();
    lines.push(format!(
        "{} of the {} visits of the report ({:.1} %) are there within 2 frames",
        compared.within,
        compared.visits,
        100.0 * compared.within as f64 / compared.visits.max(1) as f64
    ));
    if compared.open > 0 {
        lines.push(format!(
            "{} more lie elsewhere in their clip by no more than the picture leaves open",
            compared.open
        ));
    }
    lines
}
