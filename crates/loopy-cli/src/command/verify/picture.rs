//! What the picture of a video tells: its walk over clips, or its repeats.

use loopy_core::{certificate::Certificate, report::Report};
use loopy_engine::{
    Error,
    executor::Cancel,
    recover::{self, Compared, Walk},
    repeats, scan,
};
use serde_json::Value;

use crate::{
    args::{Global, Verify},
    command::House,
    interrupt,
    live::Live,
    words,
};

/// Repeats, and stretches of other things, that are told in lines of their own.
const MOST: usize = 20;

/// The walk as the picture tells it, beside the report where there is one; whether it shows the
/// clips that the report tells.
pub(super) fn walk(global: &Global, args: &Verify, report: Option<&Report>) -> Result<bool, Error> {
    let limits = crate::command::render::limits(global);
    let options = scan::Options {
        inputs: args.clips.clone(),
        ..scan::Options::default()
    };
    let house = House::open(global, &limits, false)?;
    let (walk, compared) =
        house.with(|room| recover::run(&args.file, &options, report, &limits, room))?;
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

/// What the video shows more than once.
pub(super) fn repeats(global: &Global, args: &Verify) -> Result<(), Error> {
    let live = Live::new(global, false);
    let cancel = Cancel::default();
    interrupt::watch(cancel.clone(), interrupt::Jobs::Finish);
    let sink = |event| live.take(&event);
    let found = repeats::run(&args.file, &sink, &|| cancel.requested())?;
    live.done();
    if global.json {
        data("repeats", serde_json::to_value(&found).unwrap_or_default());
        return Ok(());
    }
    let seconds = |frames: u64| words::seconds(frames as f64 / found.fps.as_f64());
    for repeat in found.repeats.iter().take(MOST) {
        words::say(&format!(
            "frame {}: {} as at frame {}",
            repeat.start,
            seconds(repeat.frames),
            repeat.earlier
        ));
    }
    if found.repeats.len() > MOST {
        words::say(&format!("and {} more", found.repeats.len() - MOST));
    }
    let ends = match found.soonest {
        Some(soonest) => format!(
            "; the soonest comes after {}, the longest lasts {}",
            seconds(soonest),
            seconds(found.longest)
        ),
        None => String::new(),
    };
    words::say(&format!(
        "{} stretches of 2 s and more were shown before, {:.1} % of {} frames{ends}",
        found.repeats.len(),
        found.repeated * 100.0,
        found.frames
    ));
    Ok(())
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
    for stretch in walk.unknown.iter().take(MOST) {
        lines.push(format!(
            "frames {}..{} show none of these clips",
            stretch.start,
            stretch.start + stretch.frames
        ));
    }
    if walk.unknown.len() > MOST {
        lines.push(format!("and {} stretches more", walk.unknown.len() - MOST));
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
            "{} more could be as the report says: clips look the same there, or hardly move",
            compared.open
        ));
    }
    lines
}
