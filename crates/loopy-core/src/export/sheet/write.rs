//! A plan written as a sheet.

use super::{CLIP, COLUMNS, HASH, PLAN, PORTS, kind_name, label};
use crate::{
    Plan,
    clock::ClipClock,
    export::seconds,
    plan::{Seam, Visit},
};

/// Some spreadsheets cut off a cell after 32,767 UTF-16 units.
const CELL: usize = 30_000;

/// Line for people above the rows.
const HELP: &str = "# Rows can be moved, copied and deleted; `clip`, `in` and `out` can be changed: to \
                    ports, only the last `out` can be anywhere. `seam` can become `cut` with \
                    `seam_frames` 0. Other columns are for reading. Keep the lines above.";

/// Writes `plan`, which holds together ([`Plan::check`]).
pub fn write(plan: &Plan) -> Vec<u8> {
    let mut out = csv::WriterBuilder::new()
        .flexible(true)
        .from_writer(Vec::new());
    let mut put = |cells: &[String]| {
        // A vector takes every byte, and records may be of any length.
        let _infallible = out.write_record(cells);
    };
    let facts = Plan {
        clips: Vec::new(),
        visits: Vec::new(),
        seams: Vec::new(),
        ..plan.clone()
    };
    put(&parted(PLAN, &facts));
    put(&[HASH.to_owned(), plan.hash().to_string()]);
    for planned in &plan.clips {
        put(&parted(CLIP, planned));
    }
    for planned in &plan.clips {
        let clock = ClipClock::new(&planned.clip, plan.fps, plan.rate_mode);
        let positions = planned.positions(&clock);
        let mut cells = vec![PORTS.to_owned(), label(&planned.clip)];
        cells.extend(positions.iter().map(u32::to_string));
        put(&cells);
    }
    put(&[HELP.to_owned()]);
    put(&COLUMNS.map(str::to_owned));
    for (index, visit) in plan.visits.iter().enumerate() {
        let next = &plan.visits[(index + 1) % plan.visits.len()];
        let joint = plan.seams.get(index).map(|seam| (seam, next));
        put(&row(plan, index, visit, joint));
    }
    out.into_inner().unwrap_or_default()
}

fn row(plan: &Plan, index: usize, visit: &Visit, joint: Option<(&Seam, &Visit)>) -> Vec<String> {
    let time = |frame: u32| seconds(plan.fps.micros(u64::from(frame)));
    let mut cells = vec![
        index.to_string(),
        label(&plan.clip(visit).clip),
        visit.first.to_string(),
        visit.last.to_string(),
        visit.enter.to_string(),
        visit.leave.to_string(),
        time(visit.enter),
        time(visit.leave),
        visit.start.to_string(),
    ];
    if let Some((seam, next)) = joint {
        cells.extend([
            kind_name(seam.kind).to_owned(),
            seam.frames.to_string(),
            seam.steps.to_string(),
            seam.holds.to_string(),
            if seam.declared { "yes" } else { "no" }.to_owned(),
            // Five digits tell all scores apart.
            format!("{:.5}", seam.score.as_f64()),
            seam.step.to_string(),
            seam.rsv.map_or_else(String::new, |rsv| rsv.to_string()),
            label(&plan.clip(next).clip),
            next.enter.to_string(),
        ]);
    }
    cells.resize(COLUMNS.len(), String::new());
    cells
}

/// `mark` and `value` as JSON in cells of bearable length.
fn parted(mark: &str, value: &impl serde::Serialize) -> Vec<String> {
    // Plans and clips hold nothing that JSON cannot.
    let json = serde_json::to_string(value).unwrap_or_default();
    let mut cells = vec![mark.to_owned()];
    let mut rest = json.as_str();
    while rest.len() > CELL {
        let (part, left) = rest.split_at(rest.floor_char_boundary(CELL));
        cells.push(part.to_owned());
        rest = left;
    }
    cells.push(rest.to_owned());
    cells
}
