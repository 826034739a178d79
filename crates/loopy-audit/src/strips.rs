//! The plainest seams as a picture to look at: one row a seam, time from left to right.

use std::sync::Arc;

use loopy_core::{Frame, Size};
use loopy_pixels::{
    Rgb,
    sheet::{Kind, Sheet},
};

use crate::{
    evidence::Evidence, features::WINDOW, film::Film, look::Look, outcome::Found, pool::worst,
    score::Looks,
};

/// Pictures around the plainest seams of the films so far.
#[derive(Default)]
pub struct Strips {
    rows: Vec<Row>,
}

struct Row {
    found: Found,
    /// Where the looks are known: those of [`places`].
    looks: Vec<Option<Arc<Look>>>,
}

impl Strips {
    /// Takes the pictures of those seams of the last of `films` that are among the plainest of all,
    /// and lets go of those that no longer are.
    pub fn keep(&mut self, films: &[Evidence], film: &Film, looks: &Looks) {
        let mut known = std::mem::take(&mut self.rows);
        let row = |found: Found| {
            let same = known.iter().position(|row| row.found == found);
            same.map_or_else(
                || Row::cut(found, film, looks),
                |index| known.swap_remove(index),
            )
        };
        self.rows = worst(films).into_iter().map(row).collect();
    }

    /// One row for each of the worst seams: 8 pictures before, up to 12 of the bridge, 8 after. The
    /// pictures that touch the seam and those of the bridge are marked. With `named` the film's name
    /// stands beside. `None` without seams.
    pub fn picture(&self, named: bool) -> Option<Rgb> {
        let columns = self.rows.iter().map(|row| row.looks.len()).max()?;
        let looks = self.rows.iter().flat_map(|row| row.looks.iter().flatten());
        let sizes = looks.map(|look| look.picture().size().within(Size::new(200, 120)));
        let tile = sizes.reduce(|a, b| Size::new(a.width.max(b.width), a.height.max(b.height)))?;
        let mut sheet = Sheet::new(tile, columns as u32);
        sheet.title(format!(
            "the {} plainest seams, the plainest first",
            self.rows.len()
        ));
        let blank = Frame::black(tile);
        for row in &self.rows {
            row.show(&mut sheet, &blank, named);
            for _ in row.looks.len()..columns {
                sheet.push(&blank, "", Kind::Plain);
            }
        }
        Some(sheet.compose())
    }
}

impl Row {
    fn cut(found: Found, film: &Film, looks: &Looks) -> Self {
        let look = |at: usize| film.frames.get(at).and_then(|id| looks.get(id)).cloned();
        Self {
            looks: places(&found).into_iter().map(look).collect(),
            found,
        }
    }

    fn show(&self, sheet: &mut Sheet, blank: &Frame, named: bool) {
        let found = &self.found;
        let start = found.start as usize;
        let until = start + found.frames as usize;
        for (at, look) in places(found).into_iter().zip(&self.looks) {
            let edge = at + 1 >= start && at <= until;
            let label = if at + WINDOW == start {
                format!("{:.2} at {}", found.detected, found.start)
            } else if at + WINDOW == start + 1 && named {
                found.film.clone()
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
            let picture = look.as_ref().map_or(blank, |look| look.picture());
            sheet.push(picture, label, kind);
        }
    }
}

/// Output frames of a row.
fn places(found: &Found) -> Vec<usize> {
    let start = found.start as usize;
    let frames = found.frames as usize;
    // At most 12 of the bridge, spread evenly.
    let shown = frames.min(12);
    let inside = (0..shown).map(|index| start + index * frames / shown.max(1));
    (start.saturating_sub(WINDOW)..start)
        .chain(inside)
        .chain(start + frames..start + frames + WINDOW)
        .collect()
}
