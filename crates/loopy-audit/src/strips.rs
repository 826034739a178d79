//! The plainest seams as a picture to look at: one row a seam, time from left to right.

use loopy_pixels::{
    Rgb,
    sheet::{Kind, Sheet},
};

use crate::{audit::Looks, features::WINDOW, film::Film, outcome::Outcome};

/// One row for each of the worst seams: 8 pictures before, up to 12 of the bridge, 8 after. The
/// pictures that touch the seam and those of the bridge are marked. `None` without seams.
pub fn picture(outcome: &Outcome, film: &Film, looks: &Looks) -> Option<Rgb> {
    let longest = outcome
        .worst
        .iter()
        .map(|found| bridge(found.frames).len())
        .max()?;
    let first = looks.values().next()?;
    let size = first.picture().size();
    let tile = size.within(loopy_core::Size::new(200, 120));
    let columns = 2 * WINDOW + longest;
    let mut sheet = Sheet::new(tile, columns as u32);
    sheet.title(format!(
        "the {} plainest seams, the plainest first",
        outcome.worst.len()
    ));
    let blank = loopy_core::Frame::black(tile);
    for found in &outcome.worst {
        let start = found.start as usize;
        let inside = bridge(found.frames);
        let until = start + found.frames as usize;
        let rows = (start.saturating_sub(WINDOW)..start)
            .chain(inside.iter().map(|at| start + at))
            .chain(until..until + WINDOW);
        let mut count = 0;
        for at in rows {
            let look = film.frames.get(at).and_then(|id| looks.get(id));
            let edge = at + 1 >= start && at <= until;
            let label = if at + WINDOW == start {
                format!("{:.2} at {}", found.detected, found.start)
            } else if at + 1 == start {
                format!("out {}", found.from_frame)
            } else if at == until {
                format!("in {}", found.to_frame)
            } else if at >= start && at < until {
                format!("bridge {}", at - start + 1)
            } else {
                String::new()
            };
            let kind = if edge { Kind::Seam } else { Kind::Plain };
            sheet.push(look.map_or(&blank, |look| look.picture()), label, kind);
            count += 1;
        }
        for _ in count..columns {
            sheet.push(&blank, "", Kind::Plain);
        }
    }
    Some(sheet.compose())
}

/// Frames of a bridge that are shown: at most 12, spread evenly.
fn bridge(frames: u32) -> Vec<usize> {
    let frames = frames as usize;
    let shown = frames.min(12);
    (0..shown)
        .map(|index| index * frames / shown.max(1))
        .collect()
}
