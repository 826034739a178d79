//! Light and colour of a library: each clip's grade, kept in the index beside its ports.

use std::{collections::HashMap, sync::Arc};

use loopy_core::{Clip, Grade, Graph, Hash, Plan};
use loopy_sight::{features::Features, light};

use crate::{Error, library, render::Room, scan::Library};

/// Changes when other grades would come of the same graph.
const LIGHT: &str = "light-2";

/// The grade of each clip of `graph`, in its order.
///
/// As with ports, what a clip has stays: its runs are encoded. Clips that come later go by it.
///
/// # Errors
/// When the index fails, or an analysis is gone from the store.
pub fn grades(library: &Library, graph: &Graph, room: &Room) -> Result<Vec<Grade>, Error> {
    let key = library::key(library, LIGHT);
    let json = room.index.clip(&key, LIGHT)?;
    let kept = json.and_then(|json| serde_json::from_str::<Vec<Grade>>(&json).ok());
    if let Some(kept) = kept.filter(|kept| kept.len() == graph.clips.len()) {
        return Ok(kept);
    }
    let features = library::features(library, room)?;
    let features: Vec<&Features> = features.iter().map(Arc::as_ref).collect();
    // What shows through a transparent clip is the user's colour, not the clip's light.
    let opaque = |clip: u32| !graph.clips[clip as usize].facts.alpha;
    let mut pairs = light::pairs(graph, &features);
    pairs.retain(|pair| pair.clips.into_iter().all(opaque));
    let known = graph
        .clips
        .iter()
        .map(|clip| {
            let json = room.index.clip(&library::range_key(clip, LIGHT), LIGHT)?;
            Ok(json.and_then(|json| serde_json::from_str(&json).ok()))
        })
        .collect::<Result<Vec<Option<Grade>>, Error>>()?;
    let grades = light::solve(graph.clips.len(), &pairs, &known);
    for (clip, grade) in graph.clips.iter().zip(&grades) {
        let key = library::range_key(clip, LIGHT);
        room.index.set_clip(&key, LIGHT, &library::json(grade))?;
    }
    room.index.set_clip(&key, LIGHT, &library::json(&grades))?;
    Ok(grades)
}

/// No clip of `graph` is corrected.
pub fn plain(graph: &Graph) -> Vec<Grade> {
    vec![Grade::default(); graph.clips.len()]
}

/// Gives the clips of `plan` the grades of the same clips of `graph`.
pub fn correct(plan: &mut Plan, graph: &Graph, grades: &[Grade]) {
    let part = |clip: &Clip| (clip.hash, clip.first, clip.until);
    let clips = graph.clips.iter().map(part);
    let grades: HashMap<(Hash, u32, u32), Grade> = clips.zip(grades.iter().copied()).collect();
    for planned in &mut plan.clips {
        planned.grade = grades
            .get(&part(&planned.clip))
            .copied()
            .unwrap_or_default();
    }
}
