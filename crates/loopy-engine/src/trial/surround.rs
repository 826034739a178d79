//! What joints are tried with: the steps of their clips and the pictures around their ends, kept in
//! the store by one decode of each clip.

use std::collections::{BTreeMap, BTreeSet};

use loopy_core::{Grade, Graph, Hash, graph::Edge, limits::Limits};

use super::run;
use crate::{
    Error,
    around::{self, Wanted},
    events::Event,
    executor::Outcome,
    job::{Done, Job},
    render::Room,
    store::Kind,
};

/// Keeps the surroundings of the edges' ports; the clips for which that failed.
pub(super) fn surround<'a>(
    graph: &Graph,
    grades: &[Grade],
    edges: impl Iterator<Item = &'a Edge>,
    limits: &Limits,
    room: &Room,
) -> Result<BTreeSet<u32>, Error> {
    let mut wanted: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for port in edges.flat_map(|edge| [edge.from, edge.to]) {
        wanted.entry(port.clip).or_default().insert(port.boundary);
    }
    // What is usual for a scene is asked of clips that may have no joint to try.
    let scenes: BTreeSet<u32> = wanted
        .keys()
        .map(|clip| graph.clips[*clip as usize].scene)
        .collect();
    for (index, clip) in (0..).zip(&graph.clips) {
        if scenes.contains(&clip.scene) {
            wanted.entry(index).or_default();
        }
    }
    let mut jobs: Vec<(u32, u32, Job)> = Vec::new();
    for (index, boundaries) in wanted {
        let (clip, grade) = (&graph.clips[index as usize], grades[index as usize]);
        if !kept(&around::steps_key(clip, &grade), &boundaries, room)? {
            let wanted = Wanted {
                clip: clip.clone(),
                grade,
                boundaries: boundaries.into_iter().collect(),
                limits: *limits,
            };
            jobs.push((clip.frames(), index, Job::Around(Box::new(wanted))));
        }
    }
    jobs.sort_by_key(|(frames, index, _)| (std::cmp::Reverse(*frames), *index));
    let clips: Vec<u32> = jobs.iter().map(|(_, index, _)| *index).collect();
    let outcomes = run(
        jobs.into_iter().map(|(.., job)| job).collect(),
        "clips",
        room,
    )?;
    let mut lost = BTreeSet::new();
    for (index, outcome) in clips.into_iter().zip(outcomes) {
        match outcome {
            Outcome::Done(Done::Trouble { why }) => return Err(Error::Trouble { why }),
            Outcome::Done(_) => {}
            Outcome::Failed(failure) => {
                let name = graph.clips[index as usize].path.display();
                let message = format!(
                    "{name}: its joints are not tried and keep their estimates: {}",
                    failure.reason
                );
                (room.sink)(Event::Note { message });
                lost.insert(index);
            }
        }
    }
    Ok(lost)
}

/// Steps and pictures are there and whole; what is damaged is gone afterwards.
fn kept(steps: &Hash, boundaries: &BTreeSet<u32>, room: &Room) -> Result<bool, Error> {
    let pictures = boundaries.iter();
    let pictures = pictures.map(|boundary| around::pictures_key(steps, *boundary));
    let mut whole = true;
    for key in std::iter::once(*steps).chain(pictures) {
        whole &= room.store.get(Kind::Analysis, &key)?.is_some();
    }
    Ok(whole)
}
