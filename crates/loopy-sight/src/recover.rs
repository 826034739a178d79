//! Which clip a film shows when, told from the picture alone: fingerprints of the film are laid
//! beside those of the clips, and the cheapest way through all of them is the walk.

mod borders;
mod doubt;
mod noise;
mod path;
mod shelf;

use std::ops::Range;

use self::shelf::Shelf;
use crate::fingerprint::{Part, Prints};

/// A clip on the film's clock.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Fingerprints of the clip's frames, in the film's picture.
    pub prints: &'a Prints,
    /// For each output frame of the clip the frame that it shows, all of them among the prints.
    pub taps: &'a [u32],
}

/// One stay in a clip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The clip, as an index into the rows.
    pub row: usize,
    /// First frame of the film that shows it.
    pub start: u64,
    /// Frames of the film that show it.
    pub frames: u32,
    /// Output frame of the clip that `start` shows.
    pub enter: u32,
    /// By so many frames the visit could lie earlier or later in the clip and look the same.
    pub slack: u32,
    /// Other rows that look the same for all of the visit.
    pub also: Vec<usize>,
}

impl Visit {
    /// First frame of the film after it.
    pub fn end(&self) -> u64 {
        self.start + u64::from(self.frames)
    }
}

/// The walk of a film.
#[derive(Clone, Debug, PartialEq)]
pub struct Recovered {
    /// Visits in order.
    pub visits: Vec<Visit>,
    /// Frames of the film.
    pub frames: u64,
    /// What frames of the film differ by from those of the clips that they show, in code values.
    pub noise: f32,
    /// For each row the first one that looks the same within the noise: itself, mostly.
    pub class: Vec<usize>,
}

impl Recovered {
    /// Stretches of the film that show no clip, in order.
    pub fn gaps(&self) -> Vec<Range<u64>> {
        let starts = self.visits.iter().map(|visit| visit.start);
        let ends = self.visits.iter().map(Visit::end);
        let gaps = std::iter::once(0).chain(ends);
        gaps.zip(starts.chain([self.frames]))
            .filter(|(end, start)| start > end)
            .map(|(end, start)| end..start)
            .collect()
    }

    /// Rows that look the same, each group in order; rows that are like no other are not told.
    pub fn alike(&self) -> Vec<Vec<usize>> {
        let mut groups = vec![Vec::new(); self.class.len()];
        for (row, class) in self.class.iter().enumerate() {
            groups[*class].push(row);
        }
        groups.retain(|group| group.len() > 1);
        groups
    }
}

/// A film beside clips.
pub struct Comparison<'a> {
    film: &'a Prints,
    shelf: Shelf,
}

impl<'a> Comparison<'a> {
    /// Of `film` with the clips of `rows`.
    pub fn new(film: &'a Prints, rows: &[Row]) -> Self {
        let shelf = Shelf::new(rows);
        Self { film, shelf }
    }

    /// Finds the walk of the film over the rows. `progress` is told how many frames are done.
    pub fn recover(&self, progress: &mut dyn FnMut(u64)) -> Recovered {
        let Self { film, shelf } = self;
        let noise = noise::measure(shelf, film);
        let pieces = path::joined(path::cheapest(shelf, film, noise, progress));
        let mut pieces = borders::settle(shelf, film, pieces);
        pieces.retain(|piece| piece.frames.start < piece.frames.end);
        let visits = pieces.iter().map(|piece| Visit {
            row: shelf.row(piece.state),
            start: piece.frames.start as u64,
            frames: piece.frames.len() as u32,
            enter: (piece.state - piece.clip.0) as u32,
            slack: doubt::slack(shelf, film, piece),
            also: doubt::others(shelf, film, piece),
        });
        Recovered {
            visits: visits.collect(),
            frames: film.len() as u64,
            noise: noise.sqrt(),
            class: doubt::classes(shelf, noise),
        }
    }

    /// Whether frames of the film could just as well show a row from its output frame `enter` on,
    /// which need not be what was found. `noise` is what was found to be usual.
    pub fn could_show(&self, row: usize, frames: Range<u64>, enter: u32, noise: f32) -> bool {
        let states = self.shelf.states(row);
        let first = states.start + enter as usize;
        let count = (frames.end - frames.start) as usize;
        if count == 0 || first + count > states.end || frames.end > self.film.len() as u64 {
            return false;
        }
        doubt::fits(
            &self.shelf,
            self.film,
            (frames.start as usize, first),
            count,
            noise,
        )
    }

    /// How far some frames of the film are from all output frames of all rows.
    pub(crate) fn apart(&self, frames: &[usize]) -> ndarray::Array2<f32> {
        self.shelf.apart(self.film, frames)
    }

    /// How far one frame of the film is from one output frame.
    pub(crate) fn one(&self, frame: usize, state: usize) -> f32 {
        self.shelf.one(self.film, frame, state)
    }

    /// The same where the two differ most.
    pub(crate) fn peak(&self, frame: usize, state: usize) -> f32 {
        self.shelf.peak(self.film, frame, state)
    }
}

/// Of several ways in which clips may lie in the film's picture, the one that its frames bear out:
/// `ways` holds for each of them the fingerprints of the same clips.
pub fn likeliest(film: &Prints, ways: &[Vec<&Prints>]) -> Option<usize> {
    /// Frames of the film, and of each clip, that are compared.
    const SAMPLES: usize = 160;
    /// A clip that is not in the film says nothing: differences above this count as this.
    const MOST: f32 = 25.0;
    let cost = |clips: &Vec<&Prints>| {
        let mut sum = 0.0;
        for prints in clips {
            let count = prints.len();
            let taps: Vec<u32> = (0..count.min(SAMPLES))
                .map(|at| (at * count / count.min(SAMPLES)) as u32)
                .collect();
            let taps = taps.as_slice();
            let shelf = Shelf::new(&[Row { prints, taps }]);
            let frames = evenly(film.len(), SAMPLES);
            let apart = shelf.apart(film, &frames);
            sum += apart.iter().copied().fold(MOST, f32::min);
        }
        sum
    };
    let costs: Vec<f32> = ways.iter().map(cost).collect();
    (0..costs.len()).min_by(|a, b| costs[*a].total_cmp(&costs[*b]))
}

/// At most `most` frames of `count`, evenly spread, in order.
fn evenly(count: usize, most: usize) -> Vec<usize> {
    let taken = count.min(most);
    (0..taken)
        .map(|at| (2 * at + 1) * count / (2 * taken))
        .collect()
}

/// Cells of one frame about their mean: a unit vector, the mean and the spread.
fn normal(cells: impl Iterator<Item = f32> + Clone, into: &mut [f32]) -> (f32, f32) {
    let count = into.len().max(1) as f32;
    let mean = cells.clone().sum::<f32>() / count;
    let mut squares = 0.0;
    for (slot, cell) in into.iter_mut().zip(cells) {
        *slot = cell - mean;
        squares += *slot * *slot;
    }
    let norm = squares.sqrt();
    if norm > 0.0 {
        for slot in into.iter_mut() {
            *slot /= norm;
        }
    }
    (mean, norm / count.sqrt())
}

#[cfg(test)]
mod tests;
