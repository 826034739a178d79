//! How much the clips of a library stick in memory, kept in the index for the next walk.

use std::sync::Arc;

use loopy_core::Graph;
use loopy_sight::salience::{self, Clip};

use crate::{Error, library, render::Room, scan::Library};

/// Changes when the same library would give other numbers.
const SALIENCE: &str = "salience-1";

/// 0 to 1 for each clip of `graph`, in its order.
///
/// # Errors
/// When the index fails, or an analysis is gone from the store.
pub(crate) fn of(library: &Library, graph: &Graph, room: &Room) -> Result<Vec<f32>, Error> {
    let key = library::key(library, SALIENCE);
    let json = room.index.clip(&key, SALIENCE)?;
    let kept = json.and_then(|json| serde_json::from_str::<Vec<f32>>(&json).ok());
    if let Some(kept) = kept.filter(|kept| kept.len() == graph.clips.len()) {
        return Ok(kept);
    }
    let features = library::features(library, room)?;
    let clips = graph.clips.iter().zip(&features);
    let clips: Vec<Clip> = clips
        .map(|(clip, features)| Clip {
            scene: clip.scene,
            features: Arc::as_ref(features),
            frames: clip.first..clip.until,
        })
        .collect();
    let found = salience::salience(&clips);
    room.index
        .set_clip(&key, SALIENCE, &library::json(&found))?;
    Ok(found)
}
