//! The shots of a file: what lies between faults and changes of picture, without the fades at the
//! ends.

use std::ops::Range;

use super::marks::{Fault, runs};
use crate::{defects, features::Features};

/// Frames without a fault of each shot, in order. Fades that are left out are marked.
pub(super) fn shots(features: &Features, marks: &mut [Option<Fault>]) -> Vec<Range<usize>> {
    let mut shots = Vec::new();
    for run in runs(marks.len(), |index| marks[index].is_none()) {
        let cuts = defects::jumps(features, run.clone()).cuts;
        let ends = cuts.iter().copied().chain([run.end]);
        let starts = [run.start].into_iter().chain(cuts.iter().copied());
        for (start, end) in starts.zip(ends) {
            let shot = unfaded(features, start..end);
            marks[start..shot.start].fill(Some(Fault::Fade));
            marks[shot.end..end].fill(Some(Fault::Fade));
            shots.push(shot);
        }
    }
    shots
}

/// A shot without the fades that it begins and ends with.
fn unfaded(features: &Features, shot: Range<usize>) -> Range<usize> {
    let fades = defects::fades(features, shot.clone());
    let start = fades.iter().find(|fade| fade.start == shot.start);
    let end = fades.iter().find(|fade| fade.end == shot.end);
    let start = start.map_or(shot.start, |fade| fade.end);
    let end = end.map_or(shot.end, |fade| fade.start);
    // All of it may be one fade.
    start.min(end)..end
}
