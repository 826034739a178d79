//! What the steps between consecutive pictures look like, small enough to keep.

use std::collections::HashMap;

use loopy_core::Frame;

use super::{CELLS, SMALLS, blob, compare, look::Look, window};

/// A sequence of pictures, reduced: each picture, each step to the next, each three in a row.
#[derive(Clone, Default, PartialEq)]
pub struct Steps {
    pub(super) pictures: Vec<Picture>,
    /// One less than pictures.
    pub(super) each: Vec<Step>,
    /// Two less than pictures: of the second picture with its neighbours, of the third, ...
    pub(super) bends: Vec<Bend>,
}

/// One picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Picture {
    /// Fine detail of every cell, by [`blob::small`].
    pub(super) fine: [u8; CELLS],
    /// Mean luma of the cells of a finer grid.
    pub(super) small: [u8; SMALLS],
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    /// Mean absolute luma difference of every cell, by [`blob::small`].
    pub(super) change: [u8; CELLS],
    /// Motion of every cell, right and down, in units of [`super::MOTION_UNITS`].
    pub(super) motion: [[i8; 2]; CELLS],
    /// Middle cell of what motion leaves unexplained, in code values, and a high one.
    pub(super) unexplained: [f32; 2],
    /// Middle of the signed changes of Y, U and V over the cells.
    pub(super) light: [f32; 3],
}

/// A picture against its two neighbours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bend {
    /// Distance from the mean of its neighbours in code values: a high cell.
    pub(super) high: f32,
    /// That distance over the distance of the neighbours: 0 where the picture is their mix; a low
    /// one of the cells that change.
    pub(super) mixed: f32,
    /// The same of the whole picture.
    pub(super) mixed_all: f32,
}

impl std::fmt::Debug for Steps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Steps({})", self.len())
    }
}

impl Steps {
    /// The steps of these pictures, which have one size (320x180 is what the score is trained on;
    /// a picture of another size than the one before it begins as if nothing moved).
    pub fn of(pictures: &[Frame]) -> Self {
        let looks: Vec<Look> = pictures.iter().map(Look::new).collect();
        Self::among(&looks.iter().collect::<Vec<_>>())
    }

    fn among(looks: &[&Look]) -> Self {
        Self {
            pictures: looks.iter().map(|look| compare::picture(look)).collect(),
            each: looks
                .array_windows()
                .map(|[a, b]| compare::step(a, b))
                .collect(),
            bends: looks
                .array_windows()
                .map(|[a, b, c]| compare::bend(a, b, c))
                .collect(),
        }
    }

    /// Number of steps: one less than pictures.
    pub fn len(&self) -> usize {
        self.each.len()
    }

    /// Fewer than two pictures.
    pub fn is_empty(&self) -> bool {
        self.each.is_empty()
    }

    /// Number of pictures.
    pub fn pictures(&self) -> usize {
        self.pictures.len()
    }

    /// How large some of the steps are where they are largest, in code values.
    pub(super) fn sizes(&self, steps: std::ops::Range<usize>) -> Vec<f32> {
        let steps = self.each.get(steps).unwrap_or_default();
        steps.iter().map(window::high).collect()
    }

    /// The steps among these pictures alone; what lies outside is left out.
    #[must_use]
    pub fn part(&self, pictures: std::ops::Range<usize>) -> Self {
        let end = pictures.end.min(self.pictures.len());
        let start = pictures.start.min(end);
        let cut = |less: usize| start..(end - start).saturating_sub(less) + start;
        Self {
            pictures: self.pictures[cut(0)].to_vec(),
            each: self.each.get(cut(1)).unwrap_or_default().to_vec(),
            bends: self.bends.get(cut(2)).unwrap_or_default().to_vec(),
        }
    }

    /// The steps of `before`'s pictures, then `middle`'s, then `after`'s, where `middle` begins
    /// with the last two pictures of `before` and ends with the first two of `after`: what lies
    /// on both sides of a joint is measured once for all its candidates. `None` when one of them
    /// is too short for that (two pictures, `middle` four).
    pub fn spliced(before: &Self, middle: &Self, after: &Self) -> Option<Self> {
        if before.pictures.len() < 2 || after.pictures.len() < 2 || middle.pictures.len() < 4 {
            return None;
        }
        let (inner, last) = (2..middle.pictures.len() - 2, middle.each.len() - 1);
        Some(Self {
            pictures: [
                &before.pictures[..],
                &middle.pictures[inner],
                &after.pictures,
            ]
            .concat(),
            each: [&before.each[..], &middle.each[1..last], &after.each].concat(),
            bends: [&before.bends[..], &middle.bends, &after.bends].concat(),
        })
    }

    /// Adds the steps of `after`, whose pictures begin with the last two of these: a long row is
    /// measured in parts. Nothing is added when one of them has fewer than two pictures.
    pub fn extend(&mut self, after: &Self) {
        if self.pictures.len() < 2 || after.pictures.len() < 2 {
            return;
        }
        self.pictures.extend_from_slice(&after.pictures[2..]);
        self.each.extend_from_slice(&after.each[1..]);
        self.bends.extend_from_slice(&after.bends);
    }

    /// As bytes that [`Steps::from_bytes`] reads, equal for equal steps: about 1200 a picture.
    pub fn to_bytes(&self) -> Vec<u8> {
        blob::write(self)
    }

    /// Reads what [`Steps::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, blob::Error> {
        blob::read(bytes)
    }
}

/// Pictures that are measured in several rows, each reduced once.
#[derive(Default)]
pub(crate) struct Looks<'a>(HashMap<*const Frame, Look<'a>>);

impl<'a> Looks<'a> {
    /// [`Steps::of`] these pictures.
    pub(crate) fn steps(&mut self, pictures: &[&'a Frame]) -> Steps {
        for picture in pictures {
            let known = self.0.entry(std::ptr::from_ref(*picture));
            known.or_insert_with(|| Look::new(picture));
        }
        let looks = pictures.iter();
        let looks = looks.filter_map(|picture| self.0.get(&std::ptr::from_ref(*picture)));
        Steps::among(&looks.collect::<Vec<_>>())
    }
}
